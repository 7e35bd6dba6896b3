/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_warden.c - whom the warden ends when muster is gone, and whom not.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/fdio.h"
#include "proc/warden.h"
#include "tap.h"

enum kind { IN_GROUP, ALONE, STRANGER, CLEARED, LAST, KINDS };

/* One child of each kind, of an owner that stands for muster. */
struct scene {
	int ready[2];
	pid_t pid[KINDS];
	pid_t owner;
};

static void NORETURN live(enum kind kind)
{
	if (kind == STRANGER)
		setsid();
	else if (kind != ALONE)
		setpgid(0, 0);
	/* Not for ever, should the case fail. */
	sleep(60);
	_exit(0);
}

/* Enters as the child of a real job does, but from outside. */
static void enter(enum kind kind, pid_t pid)
{
	int place = warden_take();

	CHECK(place > 0);
	if (kind != ALONE && kind != STRANGER)
		setpgid(pid, pid);
	warden_enter(place, pid, kind == ALONE);
	if (kind == CLEARED)
		warden_clear(place);
}

static void NORETURN own(struct scene *s)
{
	warden_setup();
	for (int i = 0; i < KINDS; i++) {
		s->pid[i] = fork();
		if (s->pid[i] == 0)
			live((enum kind)i);
		/* It has a session of its own before it is looked at. */
		while (i == STRANGER && getsid(s->pid[i]) != s->pid[i])
			usleep(1000);
		enter((enum kind)i, s->pid[i]);
	}
	warden_start();
	CHECK(write(s->ready[1], s->pid, sizeof(s->pid)) == sizeof(s->pid));
	sleep(60);
	_exit(0);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* Its new parent may take its time to reap it. */
static bool goes(pid_t pid)
{
	for (int i = 0; i < 20000 * tap_slow(); i++) {
		if (is_gone(pid))
			return true;
		usleep(1000);
	}
	return false;
}

static void ends_groups(void)
{
	struct scene s = { .owner = 0 };

	CHECK(fd_pipe(s.ready) == 0);
	s.owner = fork();
	if (s.owner == 0)
		own(&s);
	CHECK(fd_read(s.ready[0], s.pid, sizeof(s.pid)) == sizeof(s.pid));
	kill(s.owner, SIGKILL);
	CHECK(waitpid(s.owner, NULL, 0) == s.owner);
	/* The last one in the table: all others have been passed. */
	CHECK(goes(s.pid[LAST]));
	CHECK(goes(s.pid[IN_GROUP]));
	CHECK(goes(s.pid[ALONE]));
	CHECK(!is_gone(s.pid[STRANGER]));
	CHECK(!is_gone(s.pid[CLEARED]));
	kill(s.pid[STRANGER], SIGKILL);
	kill(s.pid[CLEARED], SIGKILL);
}

static void ends_itself(void)
{
	warden_setup();
	warden_start();
	warden_start();
	warden_end();
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	/* Never started, or ended before. */
	warden_end();
}

static void places(void)
{
	int a, b;

	CHECK_INT(warden_take(), 0);
	warden_give_back(0);
	warden_clear(0);
	warden_enter(0, getpid(), false);
	warden_setup();
	a = warden_take();
	b = warden_take();
	CHECK(a > 0 && b > 0 && a != b);
	warden_give_back(a);
	CHECK_INT(warden_take(), a);
}

/* Descriptors that are free get that many. */
static void leave_free(rlim_t n)
{
	struct rlimit r;
	int first = dup(0);

	CHECK(first > 0 && getrlimit(RLIMIT_NOFILE, &r) == 0);
	close(first);
	r.rlim_cur = (rlim_t)first + n;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &r), 0);
}

static void leaves_the_last(void)
{
	int ends[2];

	warden_setup();
	leave_free(FD_START);
	warden_start();
	CHECK_INT(pipe(ends), 0);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	close(ends[0]);
	close(ends[1]);
	leave_free(FD_START + 1);
	warden_start();
	CHECK_INT(waitpid(-1, NULL, WNOHANG), 0);
	CHECK_INT(pipe(ends), 0);
	warden_end();
}

static const struct tap_case cases[] = {
	{ "groups and single processes die, nobody else", ends_groups },
	{ "it leaves descriptors for jobs", leaves_the_last },
	{ "it ends with its run", ends_itself },
	{ "places are taken and given back", places },
};
TAP_MAIN(cases)
