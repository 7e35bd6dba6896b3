/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tap.c - the harness of the unit tests; tap.h says how to use it.
 *
 * A case runs in a child that leads its own process group. It reports through
 * a page of shared memory, so a case may close, fill or replace any descriptor,
 * crash, or check things in threads and in further children. The time limit is
 * kept by the parent, because a case is free to block every signal.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define CASE_SECONDS	60
#define SHOWN_BYTES	200

struct report {
	atomic_uint failed;		/* checks */
	atomic_size_t used;		/* bytes of text asked for so far */
	char tmpdir[512];		/* empty: none was made */
	char text[32 * 1024];		/* diagnostics, whole lines */
};

static struct report *report;
static volatile sig_atomic_t timed_out;
static volatile pid_t running;

/* Async-signal-safe; the leader is not reaped yet when this can run. */
static void on_alarm(int sig)
{
	(void)sig;
	timed_out = 1;
	kill(-running, SIGKILL);
	kill(running, SIGKILL);
}

int tap_slow(void)
{
	const char *s = getenv("MUSTER_TEST_SLOW");
	int n = s ? atoi(s) : 1;

	return n > 1 ? n : 1;
}

/* Quoted and cut, so that no value can look like TAP. */
static void show(char *out, size_t size, const void *p, size_t len)
{
	const unsigned char *s = p;
	size_t at = 0;

	if (!s) {
		snprintf(out, size, "NULL");
		return;
	}
	out[at++] = '"';
	for (size_t i = 0; i < len && at + 10 < size; i++) {
		if (s[i] >= ' ' && s[i] < 0x7f && s[i] != '\\')
			out[at++] = (char)s[i];
		else
			at += (size_t)snprintf(out + at, 5, "\\x%02x", s[i]);
		if (i + 1 < len && at + 10 >= size)
			at += (size_t)snprintf(out + at, 4, "...");
	}
	out[at++] = '"';
	out[at] = '\0';
}

__attribute__((format(printf, 3, 4)))
static bool fail(const char *file, int line, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;
	size_t n;
	size_t at;

	n = (size_t)snprintf(buf, sizeof(buf) / 2, "# %s:%d: ", file, line);
	va_start(ap, fmt);
	vsnprintf(buf + n, sizeof(buf) - n - 1, fmt, ap);
	va_end(ap);
	n = strlen(buf);
	buf[n++] = '\n';

	/* Threads and children report at once: each takes its own place. */
	at = atomic_fetch_add(&report->used, n);
	if (at + n <= sizeof(report->text))
		memcpy(report->text + at, buf, n);
	atomic_fetch_add(&report->failed, 1);
	return false;
}

bool tap_check(bool ok, const char *file, int line, const char *what)
{
	return ok || fail(file, line, "%.400s does not hold", what);
}

bool tap_check_int(long long got, long long want, const char *file, int line,
		   const char *what)
{
	return got == want ||
	       fail(file, line, "%.400s, expected %lld, got %lld", what, want,
		    got);
}

bool tap_check_uint(unsigned long long got, unsigned long long want,
		    const char *file, int line, const char *what)
{
	return got == want ||
	       fail(file, line, "%.400s, expected %llu, got %llu", what, want,
		    got);
}

bool tap_check_str(const char *got, const char *want, const char *file,
		   int line, const char *what)
{
	if (!got || !want)
		return got == want || tap_check_mem(got, got ? strlen(got) : 0,
						    want,
						    want ? strlen(want) : 0,
						    file, line, what);
	return tap_check_mem(got, strlen(got), want, strlen(want), file, line,
			     what);
}

bool tap_check_mem(const void *got, size_t got_len, const void *want,
		   size_t want_len, const char *file, int line,
		   const char *what)
{
	char shown_got[SHOWN_BYTES];
	char shown_want[SHOWN_BYTES];
	size_t same = 0;

	if (got && want) {
		const char *g = got;
		const char *w = want;

		while (same < got_len && same < want_len && g[same] == w[same])
			same++;
		if (got_len == want_len && same == got_len)
			return true;
	} else if (got == want && got_len == want_len) {
		return true;
	}
	show(shown_got, sizeof(shown_got), got, got_len);
	show(shown_want, sizeof(shown_want), want, want_len);
	return fail(file, line,
		    "%.200s, expected %s (%zu bytes), got %s (%zu bytes), "
		    "differs at byte %zu",
		    what, shown_want, want_len, shown_got, got_len, same);
}

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(99);
}

const char *tap_tmpdir(void)
{
	const char *base = getenv("TMPDIR");
	char *dir = report->tmpdir;

	if (!*dir) {
		snprintf(dir, sizeof(report->tmpdir),
			 "%.400s/muster-test.XXXXXX",
			 base && *base ? base : "/tmp");
		if (!mkdtemp(dir)) {
			fail(__FILE__, __LINE__, "mkdtemp %s: %s", dir,
			     strerror(errno));
			exit(1);
		}
	}
	return dir;
}

void tap_put(const char *path, const char *text)
{
	char name[PATH_MAX];
	FILE *f;

	snprintf(name, sizeof(name), "%s%s", tap_tmpdir(), path);
	for (char *p = strchr(name + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		CHECK(mkdir(name, 0700) == 0 || errno == EEXIST);
		*p = '/';
	}
	f = fopen(name, "w");
	if (!CHECK(f != NULL))
		return;
	CHECK(fputs(text, f) >= 0);
	CHECK(fclose(f) == 0);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int run_child(void (*fn)(void *), void *arg, int fd)
{
	if (dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(98);
	fn(arg);
	fflush(NULL);
	/* Not exit(): what the case's own process holds is no leak here. */
	_exit(0);
}

int tap_run(void (*fn)(void *), void *arg, char *out, size_t out_size)
{
	char scratch[4096];
	size_t len = 0;
	int ends[2];
	int status;
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	if (pipe(ends) < 0 || (pid = fork()) < 0) {
		fail(__FILE__, __LINE__, "tap_run: %s", strerror(errno));
		exit(1);
	}
	if (pid == 0) {
		close(ends[0]);
		run_child(fn, arg, ends[1]);
	}
	close(ends[1]);
	while ((n = read(ends[0], scratch, sizeof(scratch))) > 0) {
		size_t room = out_size - 1 - len;

		if ((size_t)n < room)
			room = (size_t)n;
		memcpy(out + len, scratch, room);
		len += room;
	}
	close(ends[0]);
	out[len] = '\0';
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void case_child(const struct tap_case *c)
{
	setpgid(0, 0);
	signal(SIGALRM, SIG_DFL);
	if (dup2(2, 1) < 0)
		_exit(98);
	c->run();
	fflush(NULL);
	/* exit(), so that leak checkers have their look. */
	exit(0);
}

/* Ends the whole group while its leader's number is still ours. */
static int wait_case(pid_t pid)
{
	siginfo_t info;
	int status;

	alarm((unsigned)(CASE_SECONDS * tap_slow()));
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			die("waitid");
	alarm(0);
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return status;
}

static void print_report(const char *name, int status)
{
	size_t used = report->used;

	if (timed_out)
		printf("# %s: no end after %d seconds\n", name,
		       CASE_SECONDS * tap_slow());
	else if (WIFSIGNALED(status))
		printf("# %s: killed by signal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		printf("# %s: ended with status %d\n", name,
		       WEXITSTATUS(status));
	if (used > sizeof(report->text)) {
		used = sizeof(report->text);
		printf("# %s: only the first checks that failed:\n", name);
	}
	/* A line that found no room left NULs behind. */
	for (size_t i = 0; i < used; i++)
		if (report->text[i])
			putchar(report->text[i]);
	if (used && report->text[used - 1] != '\n')
		putchar('\n');
}

static bool run_case(const struct tap_case *c, size_t number)
{
	bool ok;
	int status;

	memset(report, 0, sizeof(*report));
	timed_out = 0;
	fflush(NULL);
	running = fork();
	if (running < 0)
		die("fork");
	if (running == 0)
		case_child(c);
	/* Both sides: whoever comes first. */
	setpgid(running, running);
	status = wait_case(running);
	if (report->tmpdir[0])
		nftw(report->tmpdir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	ok = status == 0 && !timed_out && report->failed == 0;
	printf("%sok %zu - %s\n", ok ? "" : "not ", number, c->name);
	if (!ok)
		print_report(c->name, status);
	fflush(stdout);
	return ok;
}

static bool is_wanted(const struct tap_case *c, const char *word)
{
	return !word || strstr(c->name, word);
}

int tap_main(const struct tap_case *cases, size_t n, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	struct sigaction sa = { .sa_handler = on_alarm };
	struct rlimit no_core = { 0, 0 };
	size_t planned = 0;
	size_t number = 0;
	bool ok = true;

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		die("mmap");
	sigaction(SIGALRM, &sa, NULL);
	/* Some cases abort on purpose. */
	setrlimit(RLIMIT_CORE, &no_core);
	for (size_t i = 0; i < n; i++)
		planned += is_wanted(&cases[i], word);
	printf("1..%zu\n", planned);
	for (size_t i = 0; i < n; i++)
		if (is_wanted(&cases[i], word))
			ok &= run_case(&cases[i], ++number);
	return ok ? 0 : 1;
}
