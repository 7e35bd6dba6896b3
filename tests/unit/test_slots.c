/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_slots.c - counting semaphores between processes, and where they are.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/num.h"
#include "base/slots.h"
#include "sem.h"
#include "tap.h"

#define N	5

static struct slots slots[N];
static int dir = -1;

/* All are of one semaphore. */
static void setup(void)
{
	dir = fd_open(tap_tmpdir(), O_RDONLY | O_DIRECTORY, 0);
	CHECK(dir >= 0);
	for (size_t i = 0; i < N; i++)
		slots_init(&slots[i], dir, "s");
}

static void teardown(void)
{
	for (size_t i = 0; i < N; i++)
		slots_release(&slots[i]);
	fd_close(&dir);
}

static bool is_there(void)
{
	return faccessat(dir, "s", F_OK, 0) == 0;
}

/* Without waiting. */
static enum slots_result take(size_t i, unsigned n)
{
	return slots_take(&slots[i], n, 0);
}

static void give(size_t i)
{
	slots_release(&slots[i]);
	slots_init(&slots[i], dir, "s");
}

static void one_of_one(void)
{
	setup();
	CHECK_INT(take(0, 1), SLOTS_GOT);
	CHECK_INT(take(1, 1), SLOTS_TIMEOUT);
	give(0);
	CHECK_INT(take(1, 1), SLOTS_GOT);
	CHECK_INT(take(0, 1), SLOTS_TIMEOUT);
	teardown();
}

static void one_of_many(void)
{
	setup();
	CHECK_INT(take(0, 3), SLOTS_GOT);
	CHECK_INT(take(1, 3), SLOTS_GOT);
	CHECK_INT(take(2, 3), SLOTS_GOT);
	CHECK_INT(take(3, 3), SLOTS_TIMEOUT);
	give(1);
	CHECK_INT(take(3, 3), SLOTS_GOT);
	CHECK_INT(take(1, 3), SLOTS_TIMEOUT);
	teardown();
}

static void different_counts(void)
{
	setup();
	CHECK_INT(take(0, 1), SLOTS_GOT);
	CHECK_INT(take(1, 2), SLOTS_GOT);
	/* The first number is free, but one is held. */
	give(0);
	CHECK_INT(take(0, 1), SLOTS_TIMEOUT);
	CHECK_INT(take(0, 2), SLOTS_GOT);
	CHECK_INT(take(2, 2), SLOTS_TIMEOUT);
	CHECK_INT(take(2, 1000000), SLOTS_GOT);
	CHECK_INT(take(3, 3), SLOTS_TIMEOUT);
	CHECK_INT(take(3, 4), SLOTS_GOT);
	teardown();
}

static void seizing(void)
{
	setup();
	CHECK_INT(slots_seize(&slots[0]), SLOTS_GOT);
	CHECK_INT(slots_seize(&slots[1]), SLOTS_GOT);
	CHECK_INT(slots_seize(&slots[2]), SLOTS_GOT);
	CHECK_INT(take(3, 3), SLOTS_TIMEOUT);
	CHECK_INT(take(3, 4), SLOTS_GOT);
	give(0);
	give(1);
	give(3);
	CHECK_INT(take(0, 1), SLOTS_TIMEOUT);
	give(2);
	CHECK_INT(take(0, 1), SLOTS_GOT);
	teardown();
}

static void awaiting_none(void)
{
	setup();
	CHECK_INT(slots_await_none(&slots[0], -1), SLOTS_GOT);
	CHECK_INT(take(1, 2), SLOTS_GOT);
	CHECK_INT(slots_await_none(&slots[0], NS_PER_MS), SLOTS_TIMEOUT);
	CHECK_INT(take(2, 2), SLOTS_GOT);
	give(1);
	CHECK_INT(slots_await_none(&slots[0], 0), SLOTS_TIMEOUT);
	give(2);
	CHECK_INT(slots_await_none(&slots[0], -1), SLOTS_GOT);
	CHECK_INT(slots_await_none(&slots[3], -1), SLOTS_GOT);
	/* It has taken none. */
	CHECK_INT(take(1, 1), SLOTS_GOT);
	teardown();
}

static void last_one_out(void)
{
	setup();
	CHECK(!is_there());
	CHECK_INT(take(0, 2), SLOTS_GOT);
	CHECK_INT(take(1, 2), SLOTS_GOT);
	CHECK(is_there());
	give(0);
	CHECK(is_there());
	CHECK_INT(take(1, 2), SLOTS_GOT);
	give(1);
	CHECK(!is_there());
	/* Who has only looked does not keep it. */
	CHECK_INT(take(0, 1), SLOTS_GOT);
	CHECK_INT(take(1, 1), SLOTS_TIMEOUT);
	give(0);
	CHECK(!is_there());
	/* And begins anew. */
	CHECK_INT(take(1, 1), SLOTS_GOT);
	CHECK_INT(take(0, 1), SLOTS_TIMEOUT);
	teardown();
}

static pid_t start_holder(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	CHECK_INT(fd_pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct slots s;

		slots_init(&s, dir, "s");
		if (slots_take(&s, 1, -1) != SLOTS_GOT)
			_exit(1);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK_INT(fd_read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static void killed_holder(void)
{
	pid_t pid;

	setup();
	pid = start_holder();
	CHECK_INT(take(0, 1), SLOTS_TIMEOUT);
	kill(pid, SIGKILL);
	CHECK_INT(slots_take(&slots[0], 1, -1), SLOTS_GOT);
	waitpid(pid, NULL, 0);
	teardown();
}

static void forked_holder(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	setup();
	CHECK_INT(fd_pipe(ends), 0);
	CHECK_INT(take(0, 1), SLOTS_GOT);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		_exit(fd_read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	slots_abandon(&slots[0]);
	slots_init(&slots[0], dir, "s");
	CHECK_INT(take(1, 1), SLOTS_TIMEOUT);
	close(ends[1]);
	CHECK_INT(slots_take(&slots[1], 1, -1), SLOTS_GOT);
	waitpid(pid, NULL, 0);
	close(ends[0]);
	teardown();
}

/* At the deadline the wait ends, and SIGALRM is what it was. */
static void limit_of_time(void)
{
	struct sigaction action;
	sigset_t mask;
	pid_t pid;

	setup();
	sigemptyset(&mask);
	sigaddset(&mask, SIGALRM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	pid = start_holder();
	CHECK_INT(slots_take(&slots[0], 1, 20 * NS_PER_MS), SLOTS_TIMEOUT);
	CHECK_INT(slots_take(&slots[1], 2, 20 * NS_PER_MS), SLOTS_GOT);
	CHECK_INT(slots_take(&slots[0], 2, 20 * NS_PER_MS), SLOTS_TIMEOUT);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(sigismember(&mask, SIGALRM));
	sigaction(SIGALRM, NULL, &action);
	CHECK(action.sa_handler == SIG_DFL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	teardown();
}

/* Takes a slot again and again, and writes down when it is in and out. */
static void compete(unsigned n, int log)
{
	for (int i = 0; i < 30; i++) {
		struct slots s;

		slots_init(&s, dir, "s");
		if (slots_take(&s, n, -1) != SLOTS_GOT ||
		    fd_write_all(log, "+", 1) < 0 ||
		    fd_write_all(log, "-", 1) < 0)
			_exit(1);
		slots_release(&s);
	}
	_exit(0);
}

static int most_at_once(int log, int *all)
{
	int now = 0;
	int most = 0;
	char c;

	for (*all = 0; fd_pread(log, &c, 1, *all) == 1; (*all)++) {
		now += c == '+' ? 1 : -1;
		if (now > most)
			most = now;
	}
	return most;
}

/* The file comes and goes meanwhile. */
static void check_competition(unsigned n)
{
	char path[4096];
	pid_t pids[12];
	int all;
	int log;

	setup();
	snprintf(path, sizeof(path), "%s/log", tap_tmpdir());
	log = fd_open(path, O_RDWR | O_APPEND | O_CREAT, 0600);
	CHECK(log >= 0);
	for (size_t i = 0; i < 12; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			compete(n, log);
	}
	for (size_t i = 0; i < 12; i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		CHECK_INT(status, 0);
	}
	CHECK(most_at_once(log, &all) <= (int)n);
	CHECK_INT(all, 12 * 30 * 2);
	CHECK(!is_there());
	fd_close(&log);
	teardown();
}

static void competition_for_one(void)
{
	check_competition(1);
}

static void competition_for_three(void)
{
	check_competition(3);
}

static void no_file(void)
{
	struct slots s;

	setup();
	slots_init(&s, dir, "no/file");
	CHECK_INT(slots_take(&s, 1, -1), SLOTS_FAILED);
	CHECK_INT(errno, ENOENT);
	CHECK_INT(slots_seize(&s), SLOTS_FAILED);
	CHECK_INT(slots_await_none(&s, -1), SLOTS_FAILED);
	slots_release(&s);
	teardown();
}

/* The directory. */

static char place[2048];
static char path[4096];

static void set_place(const char *name)
{
	snprintf(place, sizeof(place), "%s/%s", tap_tmpdir(), name);
	mkdir(place, 0700);
	snprintf(path, sizeof(path), "%s/muster-%lu", place,
		 (unsigned long)geteuid());
}

static void check_directory(const struct sem_places *p, const char *want)
{
	struct buf err = BUF_INIT;
	int fd = sem_directory(p, &err);
	struct stat a = { .st_ino = 0 };
	struct stat b = { .st_ino = 1 };

	CHECK(fd >= 0);
	CHECK_STR(err.data, "");
	CHECK_INT(fstat(fd, &a), 0);
	CHECK_INT(stat(want, &b), 0);
	CHECK(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
	CHECK_INT(a.st_mode & 07777, 0700);
	fd_close(&fd);
	buf_release(&err);
}

static void check_no_directory(const struct sem_places *p, const char *want)
{
	struct buf err = BUF_INIT;

	CHECK_INT(sem_directory(p, &err), -1);
	if (!CHECK(strstr(err.data, want) != NULL))
		CHECK_STR(err.data, want);
	buf_release(&err);
}

static void places_in_turn(void)
{
	struct sem_places p = { .tmp = place, .runtime = "/nonexistent" };
	char want[4096];

	set_place("tmp");
	check_directory(&p, path);
	check_directory(&p, path);
	/* One that was named goes before it, and is made. */
	snprintf(want, sizeof(want), "%s/chosen", place);
	p.chosen = want;
	CHECK(sem_directory(&p, NULL) >= 0);
	snprintf(want, sizeof(want), "%s/chosen/semaphores", place);
	CHECK_INT(access(want, F_OK), 0);
	/* No such thing can be made. */
	p = (struct sem_places){ .tmp = "/dev/null", .runtime = place };
	snprintf(want, sizeof(want), "%s/muster", place);
	check_directory(&p, want);
	p = (struct sem_places){ .tmp = "/dev/null", .runtime = "",
				 .home = place };
	snprintf(want, sizeof(want), "%s/.muster", place);
	check_directory(&p, want);
	p.home = "/dev/null";
	check_no_directory(&p, "cannot make directory '/dev/null/.muster'");
}

/* They are errors: others might have fallen for them already. */
static void bad_places(void)
{
	struct sem_places p = { .tmp = place, .runtime = tap_tmpdir() };

	set_place("a");
	CHECK_INT(symlink(tap_tmpdir(), path), 0);
	check_no_directory(&p, "is not a directory");
	set_place("b");
	CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
	check_no_directory(&p, "is not a directory");
	set_place("c");
	CHECK_INT(mkdir(path, 0700), 0);
	CHECK_INT(chmod(path, 0770), 0);
	check_no_directory(&p, "can be written to by others");
	if (geteuid() != 0)
		return;
	CHECK_INT(chmod(path, 0700), 0);
	CHECK_INT(chown(path, 1, 1), 0);
	check_no_directory(&p, "belongs to another user");
}

static const struct tap_case cases[] = {
	{ "one slot is for one", one_of_one },
	{ "several are for several", one_of_many },
	{ "each counts for himself", different_counts },
	{ "a slot can be taken whatever there is", seizing },
	{ "waiting for a moment without any", awaiting_none },
	{ "the last one removes the file", last_one_out },
	{ "a killed holder's slot is free", killed_holder },
	{ "a slot goes over to a child", forked_holder },
	{ "a limit of time", limit_of_time },
	{ "never two at once", competition_for_one },
	{ "never four of three at once", competition_for_three },
	{ "no file, no slot", no_file },
	{ "the directory is where it can be", places_in_turn },
	{ "a directory of others is an error", bad_places },
};
TAP_MAIN(cases)
