/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_logfile.c - files of records: locked, cut, written, synced.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/num.h"
#include "base/thread.h"
#include "sink/logfile.h"
#include "tap.h"

static char path[4096];
static int nfailures;
static int failure;

static void note_failure(void *arg, const char *which, int err)
{
	CHECK(arg == &failure);
	CHECK_STR(which, path);
	nfailures++;
	failure = err;
}

static struct logfile *open_log(enum logfile_sync sync)
{
	struct logfile_config config = {
		.option = "--log", .path = path, .sync = sync,
	};
	struct buf err = BUF_INIT;
	struct logfile *l;

	snprintf(path, sizeof(path), "%s/log", tap_tmpdir());
	l = logfile_open(&config, &err);
	CHECK_STR(err.data, "");
	if (l)
		logfile_set_failed(l, note_failure, &failure);
	buf_release(&err);
	return l;
}

static off_t size_of(void)
{
	struct stat st;

	CHECK_INT(stat(path, &st), 0);
	return st.st_size;
}

static void appends(void)
{
	struct logfile *l = open_log(LOGFILE_NONE);
	struct buf err = BUF_INIT;

	if (!l)
		return;
	CHECK_INT(logfile_whole(l), 0);
	CHECK_INT(logfile_add(l, "abc\nde", 6), 0);
	CHECK_INT(logfile_free(l), 0);
	l = open_log(LOGFILE_NONE);
	CHECK_INT(logfile_whole(l), 4);
	CHECK_INT(logfile_cut(l, 4, &err), 0);
	CHECK_INT(logfile_add(l, "f\n", 2), 0);
	CHECK_INT(size_of(), 6);
	CHECK_INT(logfile_free(l), 0);
}

static void one_owner(void)
{
	struct logfile *l = open_log(LOGFILE_NONE);
	struct logfile_config config = { .option = "--log", .path = path };
	struct buf err = BUF_INIT;
	char want[8192];

	if (!l)
		return;
	CHECK(logfile_open(&config, &err) == NULL);
	snprintf(want, sizeof(want), "--log: '%s' is in use by another run",
		 path);
	CHECK_STR(err.data, want);
	CHECK_INT(logfile_free(l), 0);
	l = open_log(LOGFILE_NONE);
	CHECK(l != NULL);
	logfile_free(l);
	buf_release(&err);
}

/* A record that does not fit leaves nothing, and is the last one. */
static void no_room(void)
{
	struct rlimit limit = { 10, 10 };
	struct logfile *l = open_log(LOGFILE_ALWAYS);

	signal(SIGXFSZ, SIG_IGN);
	if (!l || !CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0))
		return;
	CHECK_INT(logfile_add(l, "123456\n", 7), 0);
	CHECK_INT(logfile_add(l, "123456\n", 7), -1);
	CHECK_INT(errno, EFBIG);
	CHECK_INT(size_of(), 7);
	CHECK_INT(logfile_add(l, "1\n", 2), -1);
	CHECK_INT(errno, EFBIG);
	CHECK_INT(size_of(), 7);
	CHECK_INT(logfile_commit(l), -1);
	CHECK_INT(logfile_finish(l), -1);
	CHECK_INT(nfailures, 1);
	CHECK_INT(failure, EFBIG);
	CHECK_INT(logfile_free(l), -1);
	CHECK_INT(errno, EFBIG);
}

#define THREADS	8
#define RECORDS	50

static void *add_records(void *arg)
{
	struct logfile *l = arg;

	for (int i = 0; i < RECORDS; i++) {
		CHECK_INT(logfile_add(l, "0123456789\n", 11), 0);
		CHECK_INT(logfile_commit(l), 0);
	}
	return NULL;
}

static atomic_int nsyncs, nadded;

#ifdef HAVE_FDATASYNC
/* Takes the place of the system's. */
int fdatasync(int fd)
{
	atomic_fetch_add(&nsyncs, 1);
	return fsync(fd);
}
#endif

static void *add_one(void *arg)
{
	struct logfile *l = arg;

	CHECK_INT(logfile_add(l, "1\n", 2), 0);
	atomic_fetch_add(&nadded, 1);
	while (atomic_load(&nadded) < THREADS)
		(void)thread_poll(NULL, 0, NS_PER_MS);
	CHECK_INT(logfile_commit(l), 0);
	return NULL;
}

/* fn by each thread; waits for all. */
static void by_all(struct logfile *l, void *(*fn)(void *))
{
	struct thread threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		CHECK_INT(thread_start(&threads[i], 0, fn, l), 0);
	for (int i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
}

/* What ends at the same time needs one sync. */
static void one_for_all(void)
{
	struct logfile *l = open_log(LOGFILE_ALWAYS);
	int before = atomic_load(&nsyncs);

	if (!l)
		return;
	by_all(l, add_one);
#ifdef HAVE_FDATASYNC
	CHECK_INT(atomic_load(&nsyncs) - before, 1);
#else
	(void)before;
#endif
	CHECK_INT(logfile_free(l), 0);
}

static void group_commit(void)
{
	struct logfile *l = open_log(LOGFILE_ALWAYS);

	if (!l)
		return;
	by_all(l, add_records);
	CHECK_INT(size_of(), (off_t)11 * THREADS * RECORDS);
	CHECK_INT(logfile_finish(l), 0);
	CHECK_INT(logfile_free(l), 0);
}

static void no_disk(void)
{
	struct logfile_config config = {
		.option = "--log", .path = "/dev/null",
		.sync = LOGFILE_ALWAYS,
	};
	struct buf err = BUF_INIT;
	struct logfile *l = logfile_open(&config, &err);

	if (!CHECK(l != NULL))
		return;
	CHECK_INT(logfile_whole(l), 0);
	CHECK_INT(logfile_cut(l, 0, &err), 0);
	CHECK_INT(logfile_add(l, "1\n", 2), 0);
	CHECK_INT(logfile_commit(l), 0);
	CHECK_INT(logfile_free(l), 0);
}

static const struct tap_case cases[] = {
	{ "records are appended, a torn one is cut off", appends },
	{ "a file has one owner", one_owner },
	{ "a record that does not fit", no_room },
	{ "many threads commit", group_commit },
	{ "what ends together is synced together", one_for_all },
	{ "what has no disk is synced without a word", no_disk },
};
TAP_MAIN(cases)
