/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_child.c - a process and its group from start to reaped, and what it
 * leaves behind.
 *
 * That something has ended is seen by the end of a pipe that it held.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/num.h"
#include "proc/child.h"
#include "proc/warden.h"
#include "proc/sigstate.h"
#include "tap.h"

extern char **environ;

struct proc {
	struct child c;
	int in;			/* write end of its 0 */
	int out;		/* read end of its 1 */
};

static void set_up(void)
{
	CHECK(fd_setup() == 0);
	sigstate_setup();
	thread_setup();
	child_setup();
}

static void start_as(struct proc *p, const char *script, bool is_group)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	struct spawn_request req = {
		.path = "/bin/sh", .argv = argv, .envp = environ, .err = 2,
		.die_with_parent = true,
	};
	int in[2], out[2];

	CHECK(fd_pipe(in) == 0 && fd_pipe(out) == 0);
	req.in = in[0];
	req.out = out[1];
	memset(&p->c, 0xee, sizeof(p->c));
	if (is_group) {
		CHECK_INT(child_start_group(&p->c, &req), SPAWN_OK);
		CHECK_INT(child_start_part(&p->c, &req), SPAWN_OK);
	} else {
		CHECK_INT(child_start(&p->c, &req), SPAWN_OK);
	}
	close(in[0]);
	close(out[1]);
	p->in = in[1];
	p->out = out[0];
}

static void start(struct proc *p, const char *script)
{
	start_as(p, script, false);
}

static void await_end(struct proc *p)
{
	while (!child_poll(&p->c))
		usleep(200);
}

static void finish(struct proc *p)
{
	await_end(p);
	child_finish(&p->c);
	fd_close(&p->in);
}

/* Waits for a line of its output. */
static void await_line(struct proc *p, char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && read(p->out, line + n, 1) == 1 &&
	       line[n] != '\n')
		n++;
	line[n] = '\0';
}

/* Waits until nobody holds its output any more. */
static void await_silence(struct proc *p)
{
	char scratch[256];

	while (fd_read(p->out, scratch, sizeof(scratch)) > 0)
		;
	fd_close(&p->out);
}

/* No child of ours is left, not even as a zombie. */
static void check_no_children(void)
{
	/* Started if one had left something. */
	warden_end();
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void has_a_status(void)
{
	struct proc p;

	set_up();
	start(&p, "read x; exit 5");
	CHECK(!child_poll(&p.c));
	CHECK(!p.c.has_ended);
	fd_close(&p.in);
	finish(&p);
	CHECK(WIFEXITED(p.c.wait_status));
	CHECK_INT(WEXITSTATUS(p.c.wait_status), 5);
	/* It stays true, and asking does no harm. */
	CHECK(child_poll(&p.c));
	check_no_children();
}

static void has_a_signal(void)
{
	struct proc p;

	set_up();
	start(&p, "kill -KILL $$");
	finish(&p);
	CHECK(WIFSIGNALED(p.c.wait_status));
	CHECK_INT(WTERMSIG(p.c.wait_status), SIGKILL);
}

static void has_usage(void)
{
	struct proc p;

	set_up();
	start(&p, "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done");
	finish(&p);
#ifdef HAVE_WAIT4
	CHECK(p.c.usage.user_ns + p.c.usage.system_ns > 0);
	CHECK(p.c.usage.rss_bytes > 100000);
#else
	CHECK_INT(p.c.usage.user_ns, 0);
	CHECK_INT(p.c.usage.rss_bytes, 0);
#endif
}

static void failed_start_leaves_nothing(void)
{
	char *argv[] = { (char *)"x", NULL };
	struct spawn_request req = {
		.path = "/no/such/program", .argv = argv, .envp = environ,
		.in = 0, .out = 1, .err = 2,
	};
	struct child c;

	set_up();
	CHECK_INT(child_start(&c, &req), SPAWN_NO_EXEC);
	CHECK_INT(errno, ENOENT);
	check_no_children();
	/* It is not in the list, of which this would make use. */
	memset(&c, 0xee, sizeof(c));
	child_broadcast(SIGTERM);
	child_notice();
}

static void signals_the_whole_group(void)
{
	struct proc p;
	char line[16];

	set_up();
	start(&p, "sleep 300 & sleep 300 & echo go; wait");
	await_line(&p, line, sizeof(line));
	CHECK(child_group_lives(&p.c));
	child_signal(&p.c, SIGTERM);
	/* All three held it. */
	await_silence(&p);
	finish(&p);
	CHECK_INT(WTERMSIG(p.c.wait_status), SIGTERM);
}

static void broadcasts(void)
{
	struct proc p[3];
	char line[16];

	set_up();
	for (int i = 0; i < 3; i++) {
		start(&p[i], "echo go; read x");
		await_line(&p[i], line, sizeof(line));
	}
	fd_close(&p[1].in);
	finish(&p[1]);
	child_broadcast(SIGUSR1);
	for (int i = 0; i < 3; i += 2) {
		finish(&p[i]);
		CHECK_INT(WTERMSIG(p[i].c.wait_status), SIGUSR1);
	}
	CHECK(WIFEXITED(p[1].c.wait_status));
}

static void stops_and_continues(void)
{
	struct proc p;
	char line[16];
	siginfo_t si;

	set_up();
	start(&p, "echo go; read x; exit 9");
	await_line(&p, line, sizeof(line));
	child_broadcast(SIGSTOP);
	CHECK(waitid(P_PID, (id_t)p.c.pid, &si, WSTOPPED) == 0);
	CHECK_INT(si.si_status, SIGSTOP);
	/* That is no end. */
	CHECK(!child_poll(&p.c));
	child_broadcast(SIGCONT);
	fd_close(&p.in);
	finish(&p);
	CHECK_INT(WEXITSTATUS(p.c.wait_status), 9);
}

static void notice_wakes_the_owner(void)
{
	struct proc p;

	set_up();
	start(&p, "read x");
	child_notice();
	CHECK_INT(thread_poll(NULL, 0, -1), -1);
	CHECK_INT(errno, EINTR);
	fd_close(&p.in);
	finish(&p);
}

/* The child of another thread that has ended is not taken from it. */
static void sweep_leaves_others(void)
{
	struct proc p;

	set_up();
	start(&p, "exit 6");
	await_silence(&p);
	for (int i = 0; i < 20; i++)
		child_sweep();
	finish(&p);
	CHECK_INT(WEXITSTATUS(p.c.wait_status), 6);
}

struct runs {
	struct thread thread;
	int base;
};

static void *run_many(void *arg)
{
	struct runs *r = arg;

	for (int i = 0; i < 100; i++) {
		char script[64];
		struct proc p;

		snprintf(script, sizeof(script), "exit %d",
			 (r->base + i) % 200);
		start(&p, script);
		finish(&p);
		fd_close(&p.out);
		CHECK_INT(p.c.wait_status, ((r->base + i) % 200) << 8);
	}
	return NULL;
}

static void from_many_threads(void)
{
	struct runs r[4];

	set_up();
	for (int i = 0; i < 4; i++) {
		r[i].base = 50 * i;
		CHECK(thread_start(&r[i].thread, 0, run_many, &r[i]) == 0);
	}
	for (int i = 0; i < 4; i++)
		thread_join(&r[i].thread);
	check_no_children();
}

/* A group of one, with what comes from us as its input. */
static void start_group(struct proc *p, const char *script)
{
	start_as(p, script, true);
}

/* In front of p: its output is p's input. */
static void start_front(struct proc *p, const char *script)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	struct spawn_request req = {
		.path = "/bin/sh", .argv = argv, .envp = environ,
		.out = p->in, .err = 2, .die_with_parent = true,
	};

	CHECK_INT(child_start_part(&p->c, &req), SPAWN_OK);
	fd_close(&p->in);
}

static void is_over_with_all_in_front(void)
{
	struct proc p;
	char line[32];
	int hold[2];

	set_up();
	CHECK(fd_pipe(hold) == 0);
	start_group(&p, "read x; echo $x; exit 7");
	/* It goes on when the others are over, until it is let go. */
	fcntl(hold[0], F_SETFD, 0);
	dup2(hold[0], 9);
	start_front(&p, "echo word; exec >&-; read y <&9; exit 4");
	close(hold[0]);
	close(9);
	await_line(&p, line, sizeof(line));
	CHECK_STR(line, "word");
	await_silence(&p);
	for (int i = 0; i < 20; i++) {
		CHECK(!child_poll(&p.c));
		usleep(200);
	}
	/* The number of the group is still ours. */
	CHECK_INT(getpgid(p.c.part[1].pid), p.c.pid);
	close(hold[1]);
	finish(&p);
	CHECK_INT(WEXITSTATUS(p.c.wait_status), 7);
	CHECK_INT(WEXITSTATUS(p.c.part[1].wait_status), 4);
	check_no_children();
}

/* Nobody leads it. */
static void parts_may_leave(void)
{
	struct proc p;

	set_up();
	start_group(&p, "cat >/dev/null; exec setsid sh -c 'exit 6'");
	start_front(&p, "exec setsid true");
	finish(&p);
	CHECK_INT(WEXITSTATUS(p.c.wait_status), 6);
	fd_close(&p.out);
	check_no_children();
}

static void group_without_parts(void)
{
	char *argv[] = { (char *)"none", NULL };
	struct spawn_request req = {
		.path = "/none", .argv = argv, .envp = environ, .err = 2,
		.out = 1, .die_with_parent = true,
	};
	struct child c;

	set_up();
	memset(&c, 0xee, sizeof(c));
	CHECK_INT(child_start_group(&c, &req), SPAWN_OK);
	CHECK_INT(child_start_part(&c, &req), SPAWN_NO_EXEC);
	child_signal(&c, SIGKILL);
	child_finish(&c);
	check_no_children();
}

static void front_is_first(void)
{
	struct proc p;
	char line[32];

	set_up();
	start_group(&p, "cat; echo end");
	start_front(&p, "echo a; kill -KILL $$");
	await_line(&p, line, sizeof(line));
	CHECK_STR(line, "a");
	await_line(&p, line, sizeof(line));
	CHECK_STR(line, "end");
	finish(&p);
	CHECK(WIFSIGNALED(p.c.part[1].wait_status));
	CHECK_INT(WEXITSTATUS(p.c.wait_status), 0);
	fd_close(&p.out);
	check_no_children();
}

static void all_in_front_get_signals(void)
{
	struct proc p;

	set_up();
	start_group(&p, "exec sleep 300");
	start_front(&p, "exec sleep 301");
	CHECK_INT(getpgid(p.c.part[1].pid), p.c.pid);
	p.in = fcntl(2, F_DUPFD, 10);
	/* One that leaves the group is of the job all the same. */
	start_front(&p, "exec setsid sleep 302");
	while (getpgid(p.c.part[2].pid) == p.c.pid)
		usleep(200);
	child_signal(&p.c, SIGKILL);
	finish(&p);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(WIFSIGNALED(p.c.part[i].wait_status));
		CHECK_INT(WTERMSIG(p.c.part[i].wait_status), SIGKILL);
	}
	CHECK_INT(WTERMSIG(p.c.wait_status), SIGKILL);
	fd_close(&p.out);
	check_no_children();
}

#ifdef HAVE_WAIT4
/* Of all that stand in the pipeline. */
static void usage_is_that_of_all(void)
{
	static const char burn[] = "i=0; while [ $i -lt 300000 ]; do"
				   " i=$((i + 1)); done";
	struct proc p;

	set_up();
	start_group(&p, "cat >/dev/null");
	start_front(&p, burn);
	finish(&p);
	CHECK(p.c.usage.user_ns + p.c.usage.system_ns > 10 * NS_PER_MS);
	fd_close(&p.out);
	check_no_children();
}
#endif

#ifdef HAVE_SUBREAPER

/* What is left of a group when its leader has ended. */

/* Does anyone hold its output, some time later? */
static bool is_held(struct proc *p)
{
	struct pollfd pfd = { .fd = p->out, .events = POLLIN };

	return poll(&pfd, 1, 20) == 0;
}

/* Who is in front may end long before the last one: strays behind it in the
 * list of children are reaped all the same. */
static void front_is_in_nobodys_way(void)
{
	struct proc p, other;

	set_up();
	start_group(&p, "exec sleep 300");
	start_front(&p, "exit 3");
	start(&other, "setsid sh -c 'exit 3' & setsid sh -c 'exit 4' & exit 0");
	finish(&other);
	await_silence(&other);
	/* Both strays and the front: then there is only the sleep. */
	for (;;) {
		siginfo_t si = { .si_pid = 0 };

		child_sweep();
		CHECK(waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0);
		if (si.si_pid == 0 && p.c.part[1].is_reaped)
			break;
		usleep(200);
	}
	CHECK_INT(WEXITSTATUS(p.c.part[1].wait_status), 3);
	child_signal(&p.c, SIGKILL);
	finish(&p);
	fd_close(&p.out);
	warden_end();
	while (waitpid(-1, NULL, WNOHANG) >= 0)
		child_sweep();
	check_no_children();
}

static void leftover_is_known(void)
{
	struct proc p;

	set_up();
	start(&p, "sleep 300 & exit 0");
	await_end(&p);
	CHECK(child_group_lives(&p.c));
	child_signal(&p.c, SIGKILL);
	await_silence(&p);
	while (child_group_lives(&p.c))
		usleep(200);
	finish(&p);
	check_no_children();
}

static void leftovers_are_ended(void)
{
	struct proc p[3];

	set_up();
	start(&p[0], "sleep 300 & exit 0");
	start(&p[1], "(trap '' TERM; sleep 300; sleep 300) & exit 1");
	start(&p[2], "sh -c 'kill -STOP $$' & exit 2");
	for (int i = 0; i < 3; i++)
		finish(&p[i]);
	CHECK(is_held(&p[0]));
	child_end_leftovers(0);
	for (int i = 0; i < 3; i++)
		await_silence(&p[i]);
	check_no_children();
}

static void leftovers_have_time(void)
{
	struct proc p;
	char line[16];

	set_up();
	start(&p, "(trap 'echo bad; exit' TERM; read x <&3; echo good)"
		  " 3<&0 & exit 0");
	await_end(&p);
	child_finish(&p.c);
	/* It ends by itself, if let alone. */
	fd_close(&p.in);
	child_end_leftovers(1000 * NS_PER_SEC);
	await_line(&p, line, sizeof(line));
	CHECK_STR(line, "good");
	check_no_children();
}

/* Who has left the group and the session has left muster. */
static void daemons_are_left_alone(void)
{
	struct proc p;
	char line[32];
	pid_t daemon;

	set_up();
	start(&p, "setsid sh -c 'echo $$; exec sleep 300' & read x; exit 0");
	await_line(&p, line, sizeof(line));
	daemon = (pid_t)atoi(line);
	fd_close(&p.in);
	finish(&p);
	child_end_leftovers(0);
	CHECK(is_held(&p));
	CHECK(daemon > 1 && kill(daemon, SIGKILL) == 0);
	await_silence(&p);
	/* Adopted all the same, and reaped when they end. */
	while (waitpid(-1, NULL, WNOHANG) == 0)
		child_sweep();
	check_no_children();
}

static void strays_are_reaped_in_passing(void)
{
	struct proc p;

	set_up();
	start(&p, "setsid sh -c 'exit 3' & setsid sh -c 'exit 4' & exit 0");
	finish(&p);
	await_silence(&p);
	for (int i = 0; i < 200; i++) {
		start(&p, "exit 0");
		finish(&p);
		fd_close(&p.out);
	}
	check_no_children();
}

/*
 * A group that holds no child of ours is a stranger's: its number may have
 * been given anew. Here it is one that a daemon's child still holds.
 */
static void strangers_are_not_signalled(void)
{
	struct proc p;
	char line[32];
	pid_t stranger, daemon;

	set_up();
	start(&p, "sh -c 'sleep 300 & echo $!;"
		  " exec setsid sh -c \"echo \\$\\$; exec sleep 299 >&-\"' &"
		  " read x; exit 0");
	await_line(&p, line, sizeof(line));
	stranger = (pid_t)atoi(line);
	await_line(&p, line, sizeof(line));
	daemon = (pid_t)atoi(line);
	CHECK_INT(getpgid(stranger), p.c.pid);
	fd_close(&p.in);
	await_end(&p);
	CHECK(!child_group_lives(&p.c));
	child_signal(&p.c, SIGKILL);
	child_broadcast(SIGKILL);
	finish(&p);
	child_end_leftovers(0);
	/* The only one who still holds it. */
	CHECK(is_held(&p));
	CHECK(kill(stranger, SIGKILL) == 0);
	CHECK(kill(daemon, SIGKILL) == 0);
	await_silence(&p);
}

#endif

static const struct tap_case cases[] = {
	{ "an exit status", has_a_status },
	{ "a signal", has_a_signal },
	{ "time and memory used", has_usage },
	{ "a start that failed leaves nothing",
	  failed_start_leaves_nothing },
	{ "a signal reaches the whole group", signals_the_whole_group },
	{ "a broadcast reaches all that have not ended", broadcasts },
	{ "a stopped child has not ended", stops_and_continues },
	{ "a notice wakes the owner", notice_wakes_the_owner },
	{ "sweeping takes no status from its owner", sweep_leaves_others },
	{ "children of many threads", from_many_threads },
	{ "it is over when all in front of it are",
	  is_over_with_all_in_front },
	{ "who is in front may end first", front_is_first },
	{ "parts may have groups and sessions of their own", parts_may_leave },
	{ "a group in which nobody could be started", group_without_parts },
	{ "signals reach all in front", all_in_front_get_signals },
#ifdef HAVE_WAIT4
	{ "usage is that of all", usage_is_that_of_all },
#endif
#ifdef HAVE_SUBREAPER
	{ "a group whose leader has ended can be signalled",
	  leftover_is_known },
	{ "what is left of groups is ended", leftovers_are_ended },
	{ "what is left of groups has time to end by itself",
	  leftovers_have_time },
	{ "a zombie in front is in nobody's way", front_is_in_nobodys_way },
	{ "daemons are left alone", daemons_are_left_alone },
	{ "strays are reaped as jobs end", strays_are_reaped_in_passing },
	{ "a stranger's group is never signalled",
	  strangers_are_not_signalled },
#endif
};
TAP_MAIN(cases)
