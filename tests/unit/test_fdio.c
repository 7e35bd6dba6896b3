/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_fdio.c - descriptors: born close-on-exec, written to the end.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/thread.h"
#include "tap.h"

#define MUCH		(1 << 20)
#define HIGH_FD		200

/* Pseudo-random, so that a piece out of place is noticed. */
static char *make_bytes(size_t len)
{
	unsigned state = 99;
	char *p = malloc(len);

	if (!p)
		abort();
	for (size_t i = 0; i < len; i++) {
		state = state * 1103515245 + 12345;
		p[i] = (char)(state >> 16);
	}
	return p;
}

static bool is_cloexec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static bool is_null(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat("/dev/null", &b) == 0 &&
	       S_ISCHR(a.st_mode) && a.st_rdev == b.st_rdev;
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = -2;	/* . and .. */

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* A pipe whose both ends do not block. */
static bool make_nonblocking_pipe(int ends[2])
{
	return CHECK_INT(fd_pipe(ends), 0) &&
	       CHECK_INT(fd_set_nonblock(ends[0]), 0) &&
	       CHECK_INT(fd_set_nonblock(ends[1]), 0);
}

static void setup_opens_closed_ones(void)
{
	close(0);
	close(1);
	CHECK_INT(fd_setup(), 0);
	CHECK(fd_was_closed(0));
	CHECK(fd_was_closed(1));
	CHECK(!fd_was_closed(2));
	CHECK(is_null(0));
	CHECK(is_null(1));
	/* Both ways: a job may write to its standard input. */
	CHECK_INT(fcntl(0, F_GETFL) & O_ACCMODE, O_RDWR);
	/* What a job writes there must not seem to have been written. */
	CHECK_INT(fcntl(1, F_GETFL) & O_ACCMODE, O_RDONLY);
}

static void setup_leaves_open_ones(void)
{
	struct stat before, after;

	CHECK_INT(fstat(2, &before), 0);
	CHECK_INT(fd_setup(), 0);
	CHECK_INT(fstat(2, &after), 0);
	CHECK(!fd_was_closed(2));
	CHECK_UINT(before.st_ino, after.st_ino);
}

static void setup_marks_all_from_3_on(void)
{
	CHECK_INT(dup2(2, 3), 3);
	CHECK_INT(dup2(2, HIGH_FD), HIGH_FD);
	CHECK(!is_cloexec(HIGH_FD));
	CHECK_INT(fd_setup(), 0);
	CHECK(is_cloexec(3));
	CHECK(is_cloexec(HIGH_FD));
	for (int fd = 0; fd < 3; fd++)
		CHECK(!is_cloexec(fd));
}

static void ask_about_3(void *arg)
{
	(void)arg;
	fd_was_closed(3);
}

static void was_closed_is_for_three(void)
{
	char out[256];
	int status = tap_run(ask_about_3, NULL, out, sizeof(out));

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void pipe_is_cloexec(void)
{
	int ends[2];
	char byte = 0;

	if (!CHECK_INT(fd_pipe(ends), 0))
		return;
	CHECK(is_cloexec(ends[0]));
	CHECK(is_cloexec(ends[1]));
	CHECK_INT(fd_write_all(ends[1], "x", 1), 0);
	CHECK_INT(fd_read(ends[0], &byte, 1), 1);
	CHECK_INT(byte, 'x');
	CHECK(!(fcntl(ends[0], F_GETFL) & O_NONBLOCK));
	CHECK_INT(fd_set_nonblock(ends[0]), 0);
	CHECK(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	CHECK(!(fcntl(ends[1], F_GETFL) & O_NONBLOCK));
}

static void set_nonblock_of_nothing(void)
{
	errno = 0;
	CHECK_INT(fd_set_nonblock(-1), -1);
	CHECK_INT(errno, EBADF);
}

static void open_is_cloexec(void)
{
	char path[600];
	struct stat st;
	int fd;

	umask(022);
	snprintf(path, sizeof(path), "%s/f", tap_tmpdir());
	errno = 0;
	CHECK_INT(fd_open(path, O_RDONLY, 0), -1);
	CHECK_INT(errno, ENOENT);
	fd = fd_open(path, O_WRONLY | O_CREAT | O_EXCL, 0640);
	if (!CHECK(fd >= 0))
		return;
	CHECK(is_cloexec(fd));
	CHECK_INT(fstat(fd, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0640);
	fd_close(&fd);
}

static void close_keeps_errno(void)
{
	int fd = fd_open("/dev/null", O_RDONLY, 0);
	int copy = fd;
	int bad = 12345;

	errno = EXDEV;
	fd_close(&fd);
	CHECK_INT(fd, -1);
	CHECK_INT(errno, EXDEV);
	CHECK_INT(fcntl(copy, F_GETFD), -1);
	errno = EXDEV;
	fd_close(&fd);
	CHECK_INT(fd, -1);
	fd_close(&bad);
	CHECK_INT(bad, -1);
	CHECK_INT(errno, EXDEV);
}

static void tmpfile_has_no_name(void)
{
	const char *dir = tap_tmpdir();
	char back[6] = "";
	struct stat st;
	int fd;

	umask(0);
	fd = fd_tmpfile(dir);
	if (!CHECK(fd >= 0))
		return;
	CHECK_INT(count_entries(dir), 0);
	CHECK(is_cloexec(fd));
	CHECK_INT(fstat(fd, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK_INT(st.st_nlink, 0);
	CHECK(S_ISREG(st.st_mode));
	CHECK_INT(fd_write_all(fd, "spool", 5), 0);
	CHECK_INT(fd_pread(fd, back, 5, 0), 5);
	CHECK_STR(back, "spool");
	fd_close(&fd);
}

static void tmpfile_needs_a_directory(void)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/none", tap_tmpdir());
	errno = 0;
	CHECK_INT(fd_tmpfile(path), -1);
	CHECK_INT(errno, ENOENT);
	CHECK_INT(count_entries(tap_tmpdir()), 0);
}

struct reader {
	int fd;
	char *bytes;
	size_t len;
};

/* Slow at first, so that the writer finds the pipe full. */
static void *read_all(void *arg)
{
	struct timespec ts = { .tv_nsec = 10000000 };
	struct reader *r = arg;
	ssize_t n;

	nanosleep(&ts, NULL);
	while ((n = fd_read(r->fd, r->bytes + r->len, 50000)) > 0)
		r->len += (size_t)n;
	CHECK_INT(n, 0);
	return NULL;
}

static void write_all_waits_for_room(void)
{
	struct reader r = { .bytes = malloc(MUCH + 50000) };
	char *bytes = make_bytes(MUCH);
	struct thread t;
	int ends[2];

	if (!make_nonblocking_pipe(ends))
		return;
	r.fd = ends[0];
	if (!CHECK_INT(thread_start(&t, 0, read_all, &r), 0))
		return;
	CHECK_INT(fd_write_all(ends[1], bytes, MUCH), 0);
	fd_close(&ends[1]);
	thread_join(&t);
	CHECK_MEM(r.bytes, r.len, bytes, MUCH);
	free(r.bytes);
	free(bytes);
}

/* Vectors of all lengths, empty ones at both ends, more than go at once. */
static void writev_all_takes_all(void)
{
	struct reader r = { .bytes = malloc(MUCH + 50000) };
	char *bytes = make_bytes(MUCH);
	struct iovec v[1500] = { { 0 } };
	struct thread t;
	size_t at = 0;
	int ends[2];

	for (size_t i = 1; i < 1498; i++) {
		size_t len = i % 5 ? i * 7 % 1000 : 0;

		v[i] = (struct iovec){ bytes + at, len };
		at += len;
	}
	if (!CHECK(at < MUCH) || !make_nonblocking_pipe(ends))
		return;
	r.fd = ends[0];
	if (!CHECK_INT(thread_start(&t, 0, read_all, &r), 0))
		return;
	CHECK_INT(fd_writev_all(ends[1], v, ARRAY_SIZE(v)), 0);
	fd_close(&ends[1]);
	thread_join(&t);
	CHECK_MEM(r.bytes, r.len, bytes, at);
	free(r.bytes);
	free(bytes);
}

static void writing_nothing_works(void)
{
	struct iovec v[2] = { { 0 } };

	CHECK_INT(fd_write_all(-1, "", 0), 0);
	CHECK_INT(fd_writev_all(-1, v, 2), 0);
	CHECK_INT(fd_writev_all(-1, v, 0), 0);
	CHECK_INT(fd_pwrite_all(-1, "", 0, 0), 0);
}

static void write_errors_are_told(void)
{
	struct iovec v = { (char[]){ "xyz" }, 3 };
	int full = fd_open("/dev/full", O_WRONLY, 0);
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	if (!make_nonblocking_pipe(ends))
		return;
	fd_close(&ends[0]);
	errno = 0;
	CHECK_INT(fd_write_all(ends[1], "x", 1), -1);
	CHECK_INT(errno, EPIPE);
	errno = 0;
	CHECK_INT(fd_writev_all(ends[1], &v, 1), -1);
	CHECK_INT(errno, EPIPE);
	errno = 0;
	CHECK_INT(fd_write_all(full, "x", 1), -1);
	CHECK_INT(errno, ENOSPC);
	errno = 0;
	CHECK_INT(fd_pwrite_all(ends[1], "x", 1, 0), -1);
	CHECK_INT(errno, ESPIPE);
}

static void pwrite_and_pread_at_offsets(void)
{
	int fd = fd_tmpfile(tap_tmpdir());
	char *bytes = make_bytes(100000);
	char *back = malloc(200000);

	CHECK_INT(fd_pwrite_all(fd, bytes + 50000, 50000, 51000), 0);
	CHECK_INT(fd_pwrite_all(fd, bytes, 50000, 1000), 0);
	/* The file's own position is where it was. */
	CHECK_INT(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_INT(fd_pread(fd, back, 100000, 1000), 100000);
	CHECK_MEM(back, 100000, bytes, 100000);
	CHECK_INT(fd_pread(fd, back, 200000, 100000), 1000);
	CHECK_MEM(back, 1000, bytes + 99000, 1000);
	CHECK_INT(fd_pread(fd, back, 10, 101000), 0);
	errno = 0;
	CHECK_INT(fd_pread(-1, back, 10, 0), -1);
	CHECK_INT(errno, EBADF);
	free(bytes);
	free(back);
	fd_close(&fd);
}

/* The first write is cut short by the limit, the rest has to go behind it. */
static void pwrite_goes_on_where_it_was(void)
{
	int fd = fd_tmpfile(tap_tmpdir());
	char *bytes = make_bytes(3000);
	struct rlimit limit, low;
	char back[1000];

	signal(SIGXFSZ, SIG_IGN);
	CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
	low = limit;
	low.rlim_cur = 2000;
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &low), 0);
	errno = 0;
	CHECK_INT(fd_pwrite_all(fd, bytes, 2000, 1000), -1);
	CHECK_INT(errno, EFBIG);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CHECK_INT(fd_pread(fd, back, sizeof(back), 1000), 1000);
	CHECK_MEM(back, sizeof(back), bytes, 1000);
	free(bytes);
	fd_close(&fd);
}

static void *write_late(void *arg)
{
	struct timespec ts = { .tv_nsec = 10000000 };
	int *fd = arg;

	nanosleep(&ts, NULL);
	CHECK_INT(fd_write_all(*fd, "late", 4), 0);
	nanosleep(&ts, NULL);
	fd_close(fd);
	return NULL;
}

static void read_waits_for_data(void)
{
	struct thread t;
	char bytes[10];
	int ends[2];

	if (!make_nonblocking_pipe(ends) ||
	    !CHECK_INT(thread_start(&t, 0, write_late, &ends[1]), 0))
		return;
	CHECK_INT(fd_read(ends[0], bytes, sizeof(bytes)), 4);
	CHECK_MEM(bytes, 4, "late", 4);
	CHECK_INT(fd_read(ends[0], bytes, sizeof(bytes)), 0);
	thread_join(&t);
	errno = 0;
	CHECK_INT(fd_read(-1, bytes, 1), -1);
	CHECK_INT(errno, EBADF);
}

static atomic_int signals_seen;

static void count_signal(int sig)
{
	(void)sig;
	atomic_fetch_add(&signals_seen, 1);
}

struct pesterer {
	struct thread victim;
	int fd;
};

static void *pester(void *arg)
{
	struct timespec ts = { .tv_nsec = 1000000 };
	struct pesterer *p = arg;

	while (atomic_load(&signals_seen) < 10) {
		pthread_kill(p->victim.id, SIGUSR1);
		nanosleep(&ts, NULL);
	}
	CHECK_INT(fd_write_all(p->fd, "data", 4), 0);
	return NULL;
}

/* The handler is installed without SA_RESTART: read sees every one. */
static void signals_do_not_end_a_read(void)
{
	struct sigaction sa = { .sa_handler = count_signal };
	struct pesterer p = { .victim = thread_self() };
	struct thread t;
	char bytes[10];
	int ends[2];

	sigaction(SIGUSR1, &sa, NULL);
	if (!CHECK_INT(fd_pipe(ends), 0))
		return;
	p.fd = ends[1];
	if (!CHECK_INT(thread_start(&t, 0, pester, &p), 0))
		return;
	CHECK_INT(fd_read(ends[0], bytes, sizeof(bytes)), 4);
	thread_join(&t);
	CHECK(atomic_load(&signals_seen) >= 10);
}

static atomic_bool stop;

static void *make_descriptors(void *arg)
{
	const char *dir = arg;

	while (!atomic_load(&stop)) {
		int ends[2];
		int fd;

		fd_fork_lock();
		CHECK_INT(fd_pipe(ends), 0);
		fd_fork_unlock();
		fd = fd_tmpfile(dir);
		CHECK(fd >= 0);
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		fd_close(&fd);
	}
	return NULL;
}

/* Only calls that are allowed in the child of a process with threads. */
static void check_none_inheritable(void)
{
	int n = 0;

	for (int fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) == 0)
			n++;
	CHECK_INT(n, 0);
	_exit(0);
}

/*
 * A process forked at any moment, as the lock asks, has no descriptor that an
 * exec would hand on.
 */
static void forks_catch_nothing(void)
{
	struct thread t;

	if (!CHECK_INT(fd_setup(), 0) ||
	    !CHECK_INT(thread_start(&t, 0, make_descriptors,
				    (void *)tap_tmpdir()), 0))
		return;
	for (int i = 0; i < 200; i++) {
		int status;
		pid_t pid;

		fd_fork_lock();
		pid = fork();
		if (pid == 0)
			check_none_inheritable();
		fd_fork_unlock();
		/* Valgrind has its own opinion on the status. */
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFEXITED(status));
	}
	atomic_store(&stop, true);
	thread_join(&t);
}

static void whole_files_are_read(void)
{
	static char big[10000];
	struct buf path = BUF_INIT;
	struct buf text = BUF_INIT;
	int fd;

	memset(big, 'x', sizeof(big));
	big[5000] = '\0';
	buf_addf(&path, "%s/whole", tap_tmpdir());
	fd = fd_open(path.data, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
	CHECK_INT(fd_write_all(fd, big, sizeof(big)), 0);
	fd_close(&fd);
	buf_addstr(&text, "what was there");
	CHECK_INT(fd_read_file(path.data, &text), 0);
	CHECK_INT(text.len, sizeof(big));
	CHECK(memcmp(text.data, big, sizeof(big)) == 0);
	CHECK(text.data[text.len] == '\0');
	CHECK(unlink(path.data) == 0);
	CHECK_INT(fd_read_file(path.data, &text), -1);
	CHECK_INT(errno, ENOENT);
	CHECK_INT(text.len, 0);
	CHECK_INT(fd_read_file(tap_tmpdir(), &text), -1);
	CHECK_INT(errno, EISDIR);
	buf_release(&path);
	buf_release(&text);
}

static const struct tap_case cases[] = {
	{ "setup opens what was closed", setup_opens_closed_ones },
	{ "setup leaves open descriptors alone", setup_leaves_open_ones },
	{ "setup marks all from 3 on", setup_marks_all_from_3_on },
	{ "was_closed is for three descriptors", was_closed_is_for_three },
	{ "a pipe is close-on-exec and blocking", pipe_is_cloexec },
	{ "set_nonblock of a bad descriptor", set_nonblock_of_nothing },
	{ "open is close-on-exec and passes errors on", open_is_cloexec },
	{ "close forgets the number and keeps errno", close_keeps_errno },
	{ "a temporary file is private and has no name", tmpfile_has_no_name },
	{ "a temporary file needs its directory", tmpfile_needs_a_directory },
	{ "write_all waits for room", write_all_waits_for_room },
	{ "writev_all takes many and empty ones", writev_all_takes_all },
	{ "writing nothing always works", writing_nothing_works },
	{ "errors of writing are told", write_errors_are_told },
	{ "pwrite and pread at offsets", pwrite_and_pread_at_offsets },
	{ "pwrite goes on where it was", pwrite_goes_on_where_it_was },
	{ "read waits for data and tells the end", read_waits_for_data },
	{ "signals do not end a read", signals_do_not_end_a_read },
	{ "whole files are read", whole_files_are_read },
	{ "no fork catches a new descriptor", forks_catch_nothing },
};
TAP_MAIN(cases)
