/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_spool.c - the file of held output: extents, their use, failures.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "sink/spool.h"
#include "tap.h"

static unsigned entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void nothing_before_it_is_needed(void)
{
	struct spool s;

	spool_init(&s, tap_tmpdir());
	CHECK_INT(s.fd, -1);
	CHECK(!s.full);
	spool_release(&s);
	CHECK_INT(entries(tap_tmpdir()), 2);
}

static void has_no_name(void)
{
	struct spool s;
	struct stat st;

	spool_init(&s, tap_tmpdir());
	CHECK_INT(spool_alloc(&s), 0);
	CHECK_INT(entries(tap_tmpdir()), 2);
	CHECK(fstat(s.fd, &st) == 0);
	CHECK_INT(st.st_nlink, 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	/* No job inherits it. */
	CHECK(fcntl(s.fd, F_GETFD) & FD_CLOEXEC);
	spool_release(&s);
	CHECK_INT(s.fd, -1);
}

static void reads_what_was_written(void)
{
	static char block[SPOOL_EXTENT], back[SPOOL_EXTENT];
	struct spool s;
	off_t at[3];

	spool_init(&s, tap_tmpdir());
	for (int i = 0; i < 3; i++) {
		at[i] = spool_alloc(&s);
		CHECK_INT(at[i], i * (off_t)SPOOL_EXTENT);
	}
	for (int i = 2; i >= 0; i--) {
		memset(block, 'a' + i, sizeof(block));
		CHECK(spool_write(&s, at[i], block, sizeof(block)) == 0);
	}
	for (int i = 0; i < 3; i++) {
		memset(block, 'a' + i, sizeof(block));
		CHECK(spool_read(&s, at[i], back, sizeof(back)) == 0);
		CHECK_MEM(back, sizeof(back), block, sizeof(block));
	}
	spool_release(&s);
}

static void extents_are_used_again(void)
{
	struct spool s;
	off_t a, b, c;

	spool_init(&s, tap_tmpdir());
	a = spool_alloc(&s);
	b = spool_alloc(&s);
	c = spool_alloc(&s);
	spool_free(&s, b);
	CHECK_INT(spool_alloc(&s), b);
	CHECK_INT(s.size, 3 * SPOOL_EXTENT);
	spool_free(&s, a);
	spool_free(&s, c);
	CHECK_INT(s.size, 3 * SPOOL_EXTENT);
	spool_release(&s);
}

static void many_extents(void)
{
	struct spool s;

	spool_init(&s, tap_tmpdir());
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 500; i++)
			CHECK(spool_alloc(&s) >= 0);
		CHECK_INT(s.size, 500 * (off_t)SPOOL_EXTENT);
		for (int i = 0; i < 499; i++)
			spool_free(&s, i * (off_t)SPOOL_EXTENT);
		CHECK_INT(s.nunused, 499);
		spool_free(&s, 499 * (off_t)SPOOL_EXTENT);
	}
	spool_release(&s);
}

static void gives_the_disk_back(void)
{
	struct spool s;
	struct stat st;

	spool_init(&s, tap_tmpdir());
	CHECK_INT(spool_alloc(&s), 0);
	CHECK_INT(spool_alloc(&s), SPOOL_EXTENT);
	CHECK(spool_write(&s, SPOOL_EXTENT, "x", 1) == 0);
	spool_free(&s, 0);
	CHECK(fstat(s.fd, &st) == 0);
	CHECK(st.st_size > 0);
	spool_free(&s, SPOOL_EXTENT);
	CHECK(fstat(s.fd, &st) == 0);
	CHECK_INT(st.st_size, 0);
	CHECK_INT(spool_alloc(&s), 0);
	spool_release(&s);
}

static void no_directory(void)
{
	struct spool s;

	spool_init(&s, "/dev/null/no such directory");
	CHECK_INT(spool_alloc(&s), -1);
	CHECK(s.full);
	CHECK_INT(s.err, ENOTDIR);
	CHECK_INT(spool_alloc(&s), -1);
	spool_release(&s);
}

static void last_descriptors_are_for_others(void)
{
	struct rlimit old, few;
	int next = dup(2);
	struct spool s;

	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = (rlim_t)next + 5;
	setrlimit(RLIMIT_NOFILE, &few);
	spool_init(&s, tap_tmpdir());
	CHECK_INT(spool_alloc(&s), -1);
	CHECK(s.full);
	CHECK_INT(s.err, EMFILE);
	CHECK_INT(s.fd, -1);
	setrlimit(RLIMIT_NOFILE, &old);
	/* All that were taken to look are free again. */
	CHECK_INT(dup(2), next);
	close(next);
	CHECK_INT(spool_alloc(&s), -1);
	spool_retry(&s);
	CHECK(!s.full);
	CHECK_INT(spool_alloc(&s), 0);
	/* What has a file waits until something in it is free. */
	spool_fail(&s, ENOSPC);
	spool_retry(&s);
	CHECK(s.full);
	spool_release(&s);
}

static void full_until_freed(void)
{
	struct spool s;
	off_t at;

	spool_init(&s, tap_tmpdir());
	at = spool_alloc(&s);
	CHECK(spool_alloc(&s) >= 0);
	spool_fail(&s, ENOSPC);
	CHECK(s.full);
	CHECK_INT(s.err, ENOSPC);
	CHECK_INT(spool_alloc(&s), -1);
	spool_free(&s, at);
	CHECK(!s.full);
	CHECK_INT(spool_alloc(&s), at);
	spool_release(&s);
}

static void write_fails(void)
{
	static char block[SPOOL_EXTENT];
	struct rlimit old, small;
	struct spool s;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = SPOOL_EXTENT + 1000;
	setrlimit(RLIMIT_FSIZE, &small);
	spool_init(&s, tap_tmpdir());
	CHECK(spool_alloc(&s) == 0);
	CHECK(spool_write(&s, 0, block, sizeof(block)) == 0);
	/* Part of it would go: that is not enough. */
	CHECK(spool_write(&s, SPOOL_EXTENT, block, sizeof(block)) < 0);
	CHECK_INT(errno, EFBIG);
	spool_release(&s);
	setrlimit(RLIMIT_FSIZE, &old);
}

static void short_read_is_an_error(void)
{
	char back[10];
	struct spool s;

	spool_init(&s, tap_tmpdir());
	CHECK_INT(spool_alloc(&s), 0);
	CHECK(spool_write(&s, 0, "hello", 5) == 0);
	CHECK(spool_read(&s, 0, back, 5) == 0);
	CHECK(spool_read(&s, 0, back, 6) < 0);
	CHECK_INT(errno, EIO);
	spool_release(&s);
}

static void kept_file_grows(void)
{
	int fd = fd_tmpfile(tap_tmpdir());
	off_t a, b, c;
	struct spool s;

	spool_init(&s, "/nowhere");
	spool_keep(&s, fd, 100, 500);
	spool_reserve(&s, 200, 50);
	a = spool_take(&s, 10);
	b = spool_alloc(&s);
	c = spool_take(&s, 3 << 20);
	CHECK_INT(a, 500);
	CHECK_INT(b, 510);
	CHECK_INT(c, 510 + (off_t)SPOOL_EXTENT);
	CHECK(spool_write(&s, c, "x", 1) == 0);
	/* No place twice as long as anything is there. */
	spool_drop(&s, b, SPOOL_EXTENT);
	spool_drop(&s, c, 3 << 20);
	CHECK_INT(spool_take(&s, 1), c + (3 << 20));
	spool_drop(&s, c + (3 << 20), 1);
	spool_drop(&s, a, 10);
	spool_drop(&s, 200, 50);
	CHECK_UINT(s.total, 0);
	CHECK_INT(s.size, 100);
	CHECK_INT(lseek(fd, 0, SEEK_END), 100);
	spool_release(&s);
	/* It is the caller's. */
	CHECK(close(fd) == 0);
}

/* Can there be any? Asked behind the end of that file. */
static bool has_holes(int fd)
{
#ifdef FALLOC_FL_PUNCH_HOLE
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)1 << 30, 1 << 20) == 0;
#else
	(void)fd;
	return false;
#endif
}

static void kept_file_has_holes(void)
{
	static char block[SPOOL_EXTENT];
	int fd = fd_tmpfile(tap_tmpdir());
	struct stat full, st;
	struct spool s;

	memset(block, 'x', sizeof(block));
	spool_init(&s, "/nowhere");
	spool_keep(&s, fd, 0, 0);
	for (int i = 0; i < 64; i++)
		CHECK(spool_write(&s, spool_alloc(&s), block,
				  sizeof(block)) == 0);
	CHECK(fstat(fd, &full) == 0);
	for (int i = 0; i < 63; i++)
		spool_drop(&s, i * (off_t)SPOOL_EXTENT, SPOOL_EXTENT);
	CHECK(fstat(fd, &st) == 0);
	CHECK_INT(st.st_size, full.st_size);
	if (has_holes(fd))
		CHECK(st.st_blocks < full.st_blocks);
	CHECK(spool_read(&s, 63 * (off_t)SPOOL_EXTENT, block,
			 sizeof(block)) == 0);
	CHECK_INT(block[sizeof(block) - 1], 'x');
	spool_release(&s);
	close(fd);
}

static const struct tap_case cases[] = {
	{ "nothing is made before it is needed",
	  nothing_before_it_is_needed },
	{ "the file has no name and is nobody else's", has_no_name },
	{ "extents hold what was written to them",
	  reads_what_was_written },
	{ "freed extents are used again", extents_are_used_again },
	{ "five hundred extents come and go", many_extents },
	{ "when all is free the disk is given back",
	  gives_the_disk_back },
	{ "without a directory there is no extent", no_directory },
	{ "the last descriptors are for others",
	  last_descriptors_are_for_others },
	{ "a full spool is full until something is freed",
	  full_until_freed },
	{ "a failed write is told", write_fails },
	{ "a short read is an error", short_read_is_an_error },
	{ "a kept file grows, and is cut in the end", kept_file_grows },
	{ "a kept file has holes where nothing is used",
	  kept_file_has_holes },
};
TAP_MAIN(cases)
