/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * faultlib.c - faultlib.so: lets a call of the C library fail, or the process
 * die in it.
 *
 *	LD_PRELOAD=.../faultlib.so FAULT=CALL[@PART]:N:WHAT[:from] muster ...
 *
 * CALL	write (writev and pwrite count as it), read (pread), fsync (fdatasync),
 *	ftruncate, open, close, pipe (pipe2), malloc (calloc, realloc), thread
 *	(pthread_create), clone (fork), clock (clock_gettime of the wall clock)
 * PART	counts only calls on files whose path has this text in it
 * N	which of them, from 1
 * WHAT	the name of an errno; "kill": SIGKILL instead of the call; "after":
 *	SIGKILL behind it; "tear": SIGKILL behind half of the bytes (write);
 *	"short": half of the bytes, and no error (read and write); "jump": the
 *	wall clock is a year ahead (clock); "plant": where a file is to be made
 *	there is a link to $FAULT_PLANT first, and O_TMPFILE is unknown (open)
 * from	also all that follow
 *
 * FAULT_HIT=FILE is made when the call has come, so that a sweep knows when N
 * is larger than there are calls. Only the program FAULT_PROGRAM (default:
 * muster) is meant: the variables, and LD_PRELOAD, are taken out of its
 * environment, so that its jobs know nothing of this.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum what { FAIL, KILL, AFTER, TEAR, SHORT, JUMP, PLANT };

/* Set before main, constant then. */
static char call[16];
static char part[PATH_MAX];
static long nth;
static enum what what;
static int error;
static bool from;
static char hit[PATH_MAX];
static char planted[PATH_MAX];
static bool is_on;

static atomic_long count;

static const struct {
	const char *name;
	int err;
} errors[] = {
	{ "EACCES", EACCES }, { "EAGAIN", EAGAIN }, { "EBADF", EBADF },
	{ "EDQUOT", EDQUOT }, { "EFBIG", EFBIG }, { "EINTR", EINTR },
	{ "EIO", EIO }, { "EISDIR", EISDIR }, { "EMFILE", EMFILE },
	{ "ENFILE", ENFILE }, { "ENODEV", ENODEV }, { "ENOENT", ENOENT },
	{ "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC }, { "EPERM", EPERM },
	{ "EPIPE", EPIPE }, { "EROFS", EROFS }, { "ESTALE", ESTALE },
};

static void bad(const char *spec)
{
	fprintf(stderr, "faultlib: bad FAULT '%s'\n", spec);
	_exit(125);
}

static void set_what(const char *word, const char *spec)
{
	static const char *const names[] = {
		[KILL] = "kill", [AFTER] = "after", [TEAR] = "tear",
		[SHORT] = "short", [JUMP] = "jump", [PLANT] = "plant",
	};

	for (size_t i = KILL; i <= PLANT; i++) {
		if (strcmp(word, names[i]) == 0) {
			what = (enum what)i;
			return;
		}
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(word, errors[i].name) == 0) {
			what = FAIL;
			error = errors[i].err;
			return;
		}
	}
	bad(spec);
}

static void parse(const char *spec)
{
	char *copy = strdup(spec);
	char *rest = copy;
	char *word = strsep(&rest, ":");
	char *at = word ? strchr(word, '@') : NULL;

	if (at) {
		*at++ = '\0';
		snprintf(part, sizeof(part), "%s", at);
	}
	if (!rest)
		bad(spec);
	snprintf(call, sizeof(call), "%s", word);
	word = strsep(&rest, ":");
	nth = atol(word);
	if (!rest || nth < 1)
		bad(spec);
	set_what(strsep(&rest, ":"), spec);
	from = rest && strcmp(rest, "from") == 0;
	free(copy);
}

__attribute__((constructor)) static void set_up(void)
{
	const char *spec = getenv("FAULT");
	const char *program = getenv("FAULT_PROGRAM");
	const char *file = getenv("FAULT_HIT");

	if (!spec || strcmp(program_invocation_short_name,
			    program ? program : "muster") != 0)
		return;
	parse(spec);
	if (file)
		snprintf(hit, sizeof(hit), "%s", file);
	if (getenv("FAULT_PLANT"))
		snprintf(planted, sizeof(planted), "%s", getenv("FAULT_PLANT"));
	unsetenv("FAULT");
	unsetenv("FAULT_PROGRAM");
	unsetenv("FAULT_HIT");
	unsetenv("LD_PRELOAD");
	is_on = true;
}

static bool is_part(int fd, const char *path)
{
	char link[64], target[PATH_MAX];
	ssize_t n;

	if (!*part)
		return true;
	if (path)
		return strstr(path, part) != NULL;
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	return strstr(target, part) != NULL;
}

static void die(void)
{
	syscall(SYS_kill, getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Is it the turn of this call? Then it dies, or fails with errno set; or, for
 * AFTER, TEAR and SHORT, the caller does the rest. */
static bool is_due(const char *name, int fd, const char *path)
{
	long n;
	int fd_hit;

	if (!is_on || strcmp(name, call) != 0 || !is_part(fd, path))
		return false;
	n = atomic_fetch_add(&count, 1) + 1;
	if (n < nth || (n > nth && !from))
		return false;
	if (*hit) {
		fd_hit = (int)syscall(SYS_openat, AT_FDCWD, hit,
				      O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (fd_hit >= 0)
			syscall(SYS_close, fd_hit);
	}
	if (what == KILL)
		die();
	errno = error;
	return true;
}

/* The next definition of that name. Casts from what dlsym returns are the
 * system's promise, not the language's. */
#define REAL(ret, name, ...) \
	static ret (*real)(__VA_ARGS__); \
	if (!real) \
		*(void **)&real = dlsym(RTLD_NEXT, name)

static size_t half(size_t len)
{
	return what == AFTER ? len : len > 1 ? len / 2 : len;
}

ssize_t write(int fd, const void *p, size_t len)
{
	ssize_t n;

	if (!is_due("write", fd, NULL))
		return syscall(SYS_write, fd, p, len);
	if (what == FAIL)
		return -1;
	n = syscall(SYS_write, fd, p, half(len));
	if (what != SHORT)
		die();
	return n;
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	if (!is_due("write", fd, NULL))
		return syscall(SYS_writev, fd, v, n);
	if (what == FAIL)
		return -1;
	if (what == AFTER)
		syscall(SYS_writev, fd, v, n);
	else if (what == TEAR)
		syscall(SYS_write, fd, v->iov_base, half(v->iov_len));
	else
		return syscall(SYS_write, fd, v->iov_base, half(v->iov_len));
	die();
	return -1;
}

ssize_t pwrite(int fd, const void *p, size_t len, off_t at)
{
	ssize_t n;
	REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);

	if (!is_due("write", fd, NULL))
		return real(fd, p, len, at);
	if (what == FAIL)
		return -1;
	n = real(fd, p, half(len), at);
	if (what != SHORT)
		die();
	return n;
}

ssize_t read(int fd, void *p, size_t len)
{
	ssize_t n;

	if (!is_due("read", fd, NULL))
		return syscall(SYS_read, fd, p, len);
	if (what == FAIL)
		return -1;
	n = syscall(SYS_read, fd, p, half(len));
	if (what != SHORT)
		die();
	return n;
}

ssize_t pread(int fd, void *p, size_t len, off_t at)
{
	REAL(ssize_t, "pread", int, void *, size_t, off_t);

	if (!is_due("read", fd, NULL))
		return real(fd, p, len, at);
	return what == SHORT ? real(fd, p, half(len), at) : -1;
}

ssize_t splice(int in, off64_t *from, int out, off64_t *to, size_t len,
	       unsigned flags)
{
	if (!is_due("read", in, NULL))
		return syscall(SYS_splice, in, from, out, to, len, flags);
	return what == SHORT ? syscall(SYS_splice, in, from, out, to, half(len),
				       flags) : -1;
}

/* A call that takes a descriptor and gives 0. */
static int plain(const char *name, int fd, long number, long arg)
{
	long ret;

	if (!is_due(name, fd, NULL))
		return (int)syscall(number, fd, arg);
	if (what == FAIL)
		return -1;
	ret = syscall(number, fd, arg);
	if (what != SHORT)
		die();
	return (int)ret;
}

int fsync(int fd)
{
	return plain("fsync", fd, SYS_fsync, 0);
}

int fdatasync(int fd)
{
	return plain("fsync", fd, SYS_fdatasync, 0);
}

int ftruncate(int fd, off_t size)
{
	return plain("ftruncate", fd, SYS_ftruncate, (long)size);
}

int close(int fd)
{
	/* As Linux does: what fails to be closed is closed all the same. */
	if (what == FAIL && is_due("close", fd, NULL)) {
		syscall(SYS_close, fd);
		errno = error;
		return -1;
	}
	if (what == FAIL)
		return (int)syscall(SYS_close, fd);
	return plain("close", fd, SYS_close, 0);
}

/* What somebody would do who knows each name beforehand. */
static int open_planted(const char *path, int flags, mode_t mode)
{
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EISDIR;
		return -1;
	}
	if ((flags & O_CREAT) && is_due("open", -1, path))
		(void)!symlink(planted, path);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	int fd;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (what == PLANT)
		return open_planted(path, flags, mode);
	if (!is_due("open", -1, path))
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (what == FAIL)
		return -1;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (what != SHORT)
		die();
	return fd;
}

/* What the same calls are where files are large. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));
ssize_t pwrite64(int fd, const void *p, size_t len, off_t at)
	__attribute__((alias("pwrite")));
ssize_t pread64(int fd, void *p, size_t len, off_t at)
	__attribute__((alias("pread")));

int pipe2(int ends[2], int flags)
{
	if (is_due("pipe", -1, NULL) && what == FAIL)
		return -1;
	return (int)syscall(SYS_pipe2, ends, flags);
}

int pipe(int ends[2])
{
	return pipe2(ends, 0);
}

int pthread_create(pthread_t *t, const pthread_attr_t *attr,
		   void *(*fn)(void *), void *arg)
{
	REAL(int, "pthread_create", pthread_t *, const pthread_attr_t *,
	     void *(*)(void *), void *);

	if (is_due("thread", -1, NULL) && what == FAIL)
		return error;
	return real(t, attr, fn, arg);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	REAL(int, "clock_gettime", clockid_t, struct timespec *);
	int ret = real(id, t);

	if (id == CLOCK_REALTIME && is_due("clock", -1, NULL) && what == JUMP)
		t->tv_sec += 365L * 86400;
	return ret;
}

pid_t fork(void)
{
	REAL(pid_t, "fork", void);

	if (is_due("clone", -1, NULL) && what == FAIL)
		return -1;
	return real();
}

/* Always with all of its optional arguments, as muster calls it: who does not
 * pass them does not look at them. */
int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	void *pidfd, *tls, *tid;
	va_list ap;
	REAL(int, "clone", int (*)(void *), void *, int, void *, ...);

	va_start(ap, arg);
	pidfd = va_arg(ap, void *);
	tls = va_arg(ap, void *);
	tid = va_arg(ap, void *);
	va_end(ap);
	if (is_due("clone", -1, NULL) && what == FAIL)
		return -1;
	return real(fn, stack, flags, arg, pidfd, tls, tid);
}

/* Memory: the C library's own names, for dlsym allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	return is_due("malloc", -1, NULL) && what == FAIL
		? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return is_due("malloc", -1, NULL) && what == FAIL
		? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return is_due("malloc", -1, NULL) && what == FAIL
		? NULL : __libc_realloc(p, size);
}
