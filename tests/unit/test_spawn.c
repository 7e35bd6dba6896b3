/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_spawn.c - starting one process: what it is, has, and lacks.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/redir.h"
#include "base/thread.h"
#include "proc/sigstate.h"
#include "proc/spawn.h"
#include "tap.h"

extern char **environ;

struct started {
	pid_t pid;
	int pidfd;
	int out;		/* read end of its 1 and 2 */
};

static void set_up(void)
{
	CHECK(fd_setup() == 0);
	sigstate_setup();
	thread_setup();
}

static enum spawn_result spawn_in(struct started *s, const char *path,
				  char *const *argv, const char *cwd, int in)
{
	struct spawn_request req = {
		.path = path, .argv = argv, .envp = environ, .cwd = cwd,
		.in = in,
	};
	enum spawn_result r;
	int ends[2];
	int err;

	s->pid = -1;
	s->out = -1;
	if (!CHECK(fd_pipe(ends) == 0))
		return SPAWN_NO_PROCESS;
	req.out = ends[1];
	req.err = ends[1];
	r = spawn_process(&req, &s->pid, &s->pidfd);
	err = errno;
	close(ends[1]);
	s->out = ends[0];
	errno = err;
	return r;
}

/* sh -c script. */
static void start_sh(struct started *s, const char *script)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	int null = fd_open("/dev/null", O_RDONLY, 0);

	CHECK_INT(spawn_in(s, "/bin/sh", argv, NULL, null), SPAWN_OK);
	close(null);
}

static int finish(struct started *s, struct buf *out)
{
	int status = -1;
	ssize_t n;

	do {
		buf_reserve(out, 4096);
		n = fd_read(s->out, out->data + out->len, 4096);
		if (n > 0)
			out->len += (size_t)n;
		out->data[out->len] = '\0';
	} while (n > 0);
	CHECK(s->pid > 0 && waitpid(s->pid, &status, 0) == s->pid);
	fd_close(&s->out);
	fd_close(&s->pidfd);
	return status;
}

static void check_sh(const char *script, int status, const char *output)
{
	struct buf out = BUF_INIT;
	struct started s;

	start_sh(&s, script);
	CHECK_INT(finish(&s, &out), status);
	CHECK_STR(out.data, output);
	buf_release(&out);
}

static void exit_status(void)
{
	set_up();
	check_sh("echo hello; echo error >&2; exit 7", 7 << 8,
		 "hello\nerror\n");
	check_sh("exit 0", 0, "");
}

static void signal_death(void)
{
	set_up();
	check_sh("kill -TERM $$", SIGTERM, "");
}

static void reads_its_input(void)
{
	char *argv[] = { (char *)"cat", NULL };
	struct buf out = BUF_INIT;
	struct started s;
	int ends[2];

	set_up();
	CHECK(fd_pipe(ends) == 0);
	CHECK_INT(spawn_in(&s, "/bin/cat", argv, NULL, ends[0]), SPAWN_OK);
	close(ends[0]);
	CHECK(fd_write_all(ends[1], "through the pipe", 16) == 0);
	close(ends[1]);
	CHECK_INT(finish(&s, &out), 0);
	CHECK_STR(out.data, "through the pipe");
	buf_release(&out);
}

/* What 0, 1 and 2 of sh are then: O is the pipe, n the null device. */
static void check_redirected(const struct redirs *redirs, const char *want)
{
	static char script[] =
		"test ! -e /proc/$$/fd/3 && exec 3>$1 && "
		"for fd in 0 1 2; do case $(readlink /proc/$$/fd/$fd) in "
		"pipe*) s=O;; /dev/null) s=n;; *) s='?';; esac; "
		"printf $s >&3; done";
	char path[] = "/tmp/test_spawn-XXXXXX";
	char *argv[] = { (char *)"sh", (char *)"-c", script, (char *)"sh",
			 path, NULL };
	int null = fd_open("/dev/null", O_RDONLY, 0);
	int fd = mkstemp(path);
	struct spawn_request req = {
		.path = "/bin/sh", .argv = argv, .envp = environ,
		.in = null, .redirs = redirs,
	};
	struct buf out = BUF_INIT;
	struct started s;
	char got[4] = "";
	int ends[2];

	CHECK(fd >= 0 && fd_pipe(ends) == 0);
	req.out = req.err = ends[1];
	CHECK_INT(spawn_process(&req, &s.pid, &s.pidfd), SPAWN_OK);
	close(ends[1]);
	s.out = ends[0];
	CHECK_INT(finish(&s, &out), 0);
	CHECK(pread(fd, got, 3, 0) == 3);
	CHECK_STR(got, want);
	close(fd);
	close(null);
	unlink(path);
	buf_release(&out);
}

static void redirected(void)
{
	static const struct redirs none = { .n = 0 };
	static const struct redirs out = { 1, { { REDIR_WRITE, 1, 0 } } };
	static const struct redirs both = { 2, {
		{ REDIR_APPEND, 1, 0 }, { REDIR_DUP, 2, 1 },
	} };
	static const struct redirs swapped = { 3, {
		{ REDIR_DUP, 0, 2 }, { REDIR_DUP, 2, 2 }, { REDIR_READ, 2, 0 },
	} };

	set_up();
	if (access("/proc/self/fd", R_OK) < 0)
		return;
	check_redirected(NULL, "nOO");
	check_redirected(&none, "nOO");
	check_redirected(&out, "nnO");
	check_redirected(&both, "nnn");
	check_redirected(&swapped, "OOn");
}

static void environment(void)
{
	char *argv[] = { (char *)"sh", (char *)"-c",
			 (char *)"echo \"$ONE:$HOME\"", NULL };
	char *envp[] = { (char *)"ONE=eins", NULL };
	struct spawn_request req = {
		.path = "/bin/sh", .argv = argv, .envp = envp,
	};
	struct buf out = BUF_INIT;
	struct started s;
	int ends[2];

	set_up();
	CHECK(fd_pipe(ends) == 0);
	req.out = req.err = ends[1];
	CHECK_INT(spawn_process(&req, &s.pid, &s.pidfd), SPAWN_OK);
	close(ends[1]);
	s.out = ends[0];
	CHECK_INT(finish(&s, &out), 0);
	CHECK_STR(out.data, "eins:\n");
	buf_release(&out);
}

static void directory(void)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"pwd -P", NULL };
	struct buf out = BUF_INIT;
	struct started s;
	char before[4096], after[4096];

	set_up();
	CHECK(getcwd(before, sizeof(before)) != NULL);
	CHECK_INT(spawn_in(&s, "/bin/sh", argv, "/usr", 0), SPAWN_OK);
	CHECK_INT(finish(&s, &out), 0);
	CHECK_STR(out.data, "/usr\n");
	/* Not ours as well. */
	CHECK(getcwd(after, sizeof(after)) != NULL);
	CHECK_STR(after, before);
	buf_release(&out);
}

/* Failures: the errno, and no process or descriptor left. */

static void check_failure(const char *path, char *const *argv,
			  const char *cwd, int want)
{
	struct started s;

	CHECK_INT(spawn_in(&s, path, argv, cwd, 0), SPAWN_NO_EXEC);
	CHECK_INT(errno, want);
	CHECK_INT(s.pidfd, -1);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	close(s.out);
}

static void make_file(char *path, size_t size, const char *name,
		      const char *text, mode_t mode)
{
	int fd;

	snprintf(path, size, "%s/%s", tap_tmpdir(), name);
	fd = fd_open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd_write_all(fd, text, strlen(text)) == 0);
	CHECK(fchmod(fd, mode) == 0);
	close(fd);
}

static void no_such_program(void)
{
	char *argv[] = { (char *)"x", NULL };

	set_up();
	check_failure("/no/such/program", argv, NULL, ENOENT);
}

static void no_permission(void)
{
	char *argv[] = { (char *)"x", NULL };
	char path[4096];

	set_up();
	make_file(path, sizeof(path), "plain", "#!/bin/sh\n", 0644);
	check_failure(path, argv, NULL, EACCES);
}

static void no_program(void)
{
	char *argv[] = { (char *)"x", NULL };
	char path[4096];

	set_up();
	make_file(path, sizeof(path), "text", "no interpreter\n", 0755);
	check_failure(path, argv, NULL, ENOEXEC);
}

static void too_big(void)
{
	static char big[8 << 20];
	char *argv[] = { (char *)"x", big, NULL };

	set_up();
	memset(big, 'x', sizeof(big) - 1);
	check_failure("/bin/echo", argv, NULL, E2BIG);
}

static void no_directory(void)
{
	char *argv[] = { (char *)"pwd", NULL };

	set_up();
	check_failure("/bin/pwd", argv, "/no/such/directory", ENOENT);
}

static void no_descriptor(void)
{
	char *argv[] = { (char *)"true", NULL };

	set_up();
	CHECK_INT(spawn_in(&(struct started){ .pid = 0 }, "/bin/true", argv,
			   NULL, 999), SPAWN_NO_EXEC);
	CHECK_INT(errno, EBADF);
}

/* What it is and has. */

static void leads_a_group(void)
{
	struct buf out = BUF_INIT;
	struct started s;

	set_up();
	start_sh(&s, "read x; :");
	/* At once, not some time later: signals are sent to it. */
	CHECK_INT(getpgid(s.pid), s.pid);
	CHECK_INT(kill(-s.pid, 0), 0);
	CHECK_INT(getsid(s.pid), getsid(0));
	finish(&s, &out);
	buf_release(&out);
}

static void polls_readable_at_its_end(void)
{
	struct buf out = BUF_INIT;
	struct started s;
	struct pollfd p = { .events = POLLIN };

	set_up();
	start_sh(&s, "exit 3");
	CHECK_INT(s.pidfd >= 0, SPAWN_BY_CLONE);
	p.fd = s.pidfd;
	if (SPAWN_BY_CLONE) {
		CHECK_INT(poll(&p, 1, -1), 1);
		CHECK(fcntl(s.pidfd, F_GETFD) & FD_CLOEXEC);
	}
	CHECK_INT(finish(&s, &out), 3 << 8);
	buf_release(&out);
}

/* The value of a mask in /proc/self/status as a process there sees it. */
static unsigned long long mask_of(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return CHECK(at != NULL) ? strtoull(at + strlen(name), NULL, 16) : 0;
}

static unsigned long long bit(int sig)
{
	return 1ull << (sig - 1);
}

/* As muster was started with them, not as muster has them. */
static void signals(void)
{
	/* Not by a shell, which would have its own ideas. */
	char *argv[] = { (char *)"grep", (char *)"^Sig[BI]",
			 (char *)"/proc/self/status", NULL };
	struct buf out = BUF_INIT;
	struct started s;
	sigset_t set;
	unsigned long long ignored;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	set_up();
	CHECK_INT(spawn_in(&s, "/bin/grep", argv, NULL, 0), SPAWN_OK);
	finish(&s, &out);
	CHECK_UINT(mask_of(out.data, "SigBlk:"), bit(SIGUSR1) | bit(SIGWINCH));
	ignored = mask_of(out.data, "SigIgn:");
	CHECK(ignored & bit(SIGHUP));
	CHECK(ignored & bit(SIGCHLD));
	CHECK(!(ignored & (bit(SIGINT) | bit(SIGPIPE) | bit(SIGTERM) |
			   bit(SIGQUIT) | bit(SIGURG) | bit(SIGTSTP))));
	/* Ours stayed as they were: all blocked, children waited for. */
	sigprocmask(SIG_SETMASK, NULL, &set);
	CHECK(sigismember(&set, SIGINT) == 1);
	CHECK(sigismember(&set, SIGUSR2) == 1);
	buf_release(&out);
}

static void only_three_descriptors(void)
{
	char *argv[] = { (char *)"readlink", (char *)"/proc/self/fd/3",
			 (char *)"/proc/self/fd/4", (char *)"/proc/self/fd/5",
			 (char *)"/proc/self/fd/6", (char *)"/proc/self/fd/7",
			 (char *)"/proc/self/fd/8", (char *)"/proc/self/fd/9",
			 (char *)"/proc/self/fd/10",
			 (char *)"/proc/self/fd/11",
			 (char *)"/proc/self/fd/200",
			 (char *)"/proc/self/fd/0", NULL };
	struct buf out = BUF_INIT;
	struct started s;

	/* Those that muster was given, */
	CHECK(open("/", O_RDONLY) >= 3);
	CHECK(dup2(0, 9) == 9 && dup2(1, 200) == 200);
	set_up();
	/* and those it opened itself. */
	CHECK(fd_open("/", O_RDONLY, 0) >= 3);
	CHECK_INT(spawn_in(&s, "/usr/bin/readlink", argv, NULL,
			   fd_open("/dev/null", O_RDONLY, 0)), SPAWN_OK);
	finish(&s, &out);
	CHECK_STR(out.data, "/dev/null\n");
	buf_release(&out);
}

/* A process between the test and the child, which dies by SIGKILL. */
static void middle(int report)
{
	char *argv[] = { (char *)"sleep", (char *)"300", NULL };
	struct spawn_request req = {
		.path = "/bin/sleep", .argv = argv, .envp = environ,
		.in = 0, .out = report, .err = 2, .die_with_parent = true,
	};
	pid_t pid;
	int pidfd;

	sigstate_setup();
	thread_setup();
	if (spawn_process(&req, &pid, &pidfd) != SPAWN_OK ||
	    write(report, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	close(report);
	for (;;)
		pause();
}

static void dies_with_its_parent(void)
{
	struct pollfd p = { .events = POLLIN };
	int ends[2];
	pid_t parent, child;
	char c;

	set_up();
	CHECK(fd_pipe(ends) == 0);
	parent = fork();
	if (parent == 0)
		middle(ends[1]);
	close(ends[1]);
	CHECK(read(ends[0], &child, sizeof(child)) == sizeof(child));
	p.fd = ends[0];
	CHECK_INT(poll(&p, 1, 0), 0);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	/* Nobody else holds the pipe now: this ends with the child. */
	if (!spawn_has_parent_death())
		kill(child, SIGKILL);
	CHECK_INT(read(ends[0], &c, 1), 0);
	close(ends[0]);
}

/* Many at once: each gets its own process back. */

static void *spawn_many(void *arg)
{
	int base = *(int *)arg;

	for (int i = 0; i < 40; i++) {
		char script[32];
		struct buf out = BUF_INIT;
		struct started s;

		snprintf(script, sizeof(script), "echo %d; exit %d", base + i,
			 (base + i) % 256);
		start_sh(&s, script);
		CHECK_INT(finish(&s, &out), ((base + i) % 256) << 8);
		CHECK_INT(atoi(out.data), base + i);
		buf_release(&out);
	}
	return NULL;
}

static void from_many_threads(void)
{
	int base[4] = { 0, 1000, 2000, 3000 };
	struct thread t[4];

	set_up();
	for (int i = 0; i < 4; i++)
		CHECK(thread_start(&t[i], 0, spawn_many, &base[i]) == 0);
	for (int i = 0; i < 4; i++)
		thread_join(&t[i]);
}

/* Stands still before its exec, in a group of its own: what stops our group
 * and lets it go on reaches it no more. */

#define FIFO "spawn.fifo"

static void *spawn_slowly(void *arg)
{
	char *argv[] = { (char *)"true", NULL };
	struct spawn_request req = {
		.path = "/bin/true", .argv = argv, .envp = environ,
		.out = 1, .err = 2, .cgroup = FIFO,
	};
	struct started *s = arg;

	CHECK_INT(spawn_process(&req, &s->pid, &s->pidfd), SPAWN_OK);
	return NULL;
}

/* It waits for who reads the FIFO. */
static pid_t find_starting(void)
{
	char command[80];
	long pid = 0;

	snprintf(command, sizeof(command),
		 "ps -o pid=,comm= --ppid %ld | "
		 "awk '/test_spawn/ { print $1 }'",
		 (long)getpid());
	while (pid == 0) {
		FILE *f = popen(command, "r");

		if (fscanf(f, "%ld", &pid) != 1)
			pid = 0;
		pclose(f);
	}
	return (pid_t)pid;
}

static void goes_on(void)
{
	struct started s = { .out = -1 };
	struct thread t;
	siginfo_t si;
	pid_t pid;
	int fd;

	set_up();
	CHECK(mkfifo(FIFO, 0600) == 0);
	CHECK(thread_start(&t, 0, spawn_slowly, &s) == 0);
	pid = find_starting();
	while (getpgid(pid) != pid)
		usleep(200);
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOWAIT) == 0);
	fd = open(FIFO, O_RDONLY | O_NONBLOCK);
	CHECK(fd >= 0);
	spawn_continue();
	thread_join(&t);
	CHECK_INT(s.pid, pid);
	CHECK(waitpid(pid, NULL, 0) == pid);
	close(fd);
	fd_close(&s.pidfd);
	unlink(FIFO);
}

static const struct tap_case cases[] = {
	{ "exit status and output", exit_status },
	{ "death by signal", signal_death },
	{ "standard input", reads_its_input },
	{ "redirections, each on what those before left", redirected },
	{ "the environment is what was given, no more", environment },
	{ "the directory is the child's alone", directory },
	{ "no such program", no_such_program },
	{ "a program that may not be executed", no_permission },
	{ "a program in no format", no_program },
	{ "arguments too long", too_big },
	{ "no such directory", no_directory },
	{ "a descriptor that is not open", no_descriptor },
	{ "the process leads its own group at once", leads_a_group },
	{ "its descriptor tells of its end", polls_readable_at_its_end },
	{ "signals are as muster was started with them", signals },
	{ "nothing is inherited but 0, 1 and 2", only_three_descriptors },
	{ "the process dies with its parent", dies_with_its_parent },
	{ "threads start processes at once", from_many_threads },
	{ "who is stopped before the exec can go on", goes_on },
};
TAP_MAIN(cases)
