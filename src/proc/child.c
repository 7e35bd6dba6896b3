/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.c - see child.h. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_SUBREAPER
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "proc/child.h"
#include "proc/warden.h"
#include "proc/warm.h"

/* So many ends of children between two looks for adopted strays. */
#define STRAYS_EVERY	64

/* Rounds of KILL, 100 ms each, that an unkillable leftover gets. */
#define KILL_ROUNDS	50

/* A group whose leader is reaped but which still has members that are our
 * (adopted) children. */
struct leftover {
	struct list link;
	pid_t pgid;
	int place;		/* the warden's */
};

/* guarded by registry_lock, as is all that hangs on the two lists */
static struct mutex registry_lock = MUTEX_INIT;
static struct list children = LIST_INIT(children);
static struct list leftovers = LIST_INIT(leftovers);
/* Children that may exist already, but are not in the list yet. */
static unsigned spawning;

/* Written once by child_setup. */
static bool adopts;

void child_setup(void)
{
	warden_setup();
#ifdef HAVE_SUBREAPER
	adopts = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
#endif
}

/* Its group, or itself alone where that is ours. */
static void enter_in_table(const struct child *c)
{
	warden_enter_group(c->place, c->same_group ? -c->pid : c->pid);
}

enum spawn_result child_start(struct child *c, const struct spawn_request *req)
{
	struct spawn_request own = *req;
	enum spawn_result r;
	int err;

	c->has_ended = false;
	c->is_reaped = false;
	c->leaves_some = false;
	c->is_held = false;
	c->same_group = req->same_group;
	c->usage = (struct child_usage){ 0 };
	c->owner = thread_self();
	mutex_lock(&registry_lock);
	spawning++;
	c->place = req->die_with_parent ? warden_take() : 0;
	mutex_unlock(&registry_lock);
	if (req->die_with_parent && !spawn_has_parent_death())
		warden_start();
	own.place = c->place;
	r = req->warm ? warm_process(req->warm, req, &c->pid, &c->pidfd)
		      : spawn_process(&own, &c->pid, &c->pidfd);
	err = errno;
	mutex_lock(&registry_lock);
	spawning--;
	if (r == SPAWN_OK)
		list_append(&children, &c->link);
	else
		warden_give_back(c->place);
	/* It could not do so itself. */
	if (r == SPAWN_OK && req->warm)
		enter_in_table(c);
	mutex_unlock(&registry_lock);
	errno = err;
	return r;
}

void child_lasts(const struct child *c)
{
	if (c->place && !c->has_ended)
		warden_start();
}

#ifdef HAVE_WAIT4
static int64_t timeval_ns(struct timeval t)
{
	return t.tv_sec * NS_PER_SEC + t.tv_usec * INT64_C(1000);
}
#endif

static bool reap(struct child *c, int flags)
{
	pid_t got;
#ifdef HAVE_WAIT4
	struct rusage ru;

	do
		got = wait4(c->pid, &c->wait_status, flags, &ru);
	while (got < 0 && errno == EINTR);
	if (got == c->pid) {
		c->usage.user_ns = timeval_ns(ru.ru_utime);
		c->usage.system_ns = timeval_ns(ru.ru_stime);
		c->usage.rss_bytes = (uint64_t)ru.ru_maxrss * 1024;
	}
#else
	do
		got = waitpid(c->pid, &c->wait_status, flags);
	while (got < 0 && errno == EINTR);
#endif
	return got == c->pid;
}

/* Has the leader become a zombie? Leaves it one. */
static bool leader_has_ended(struct child *c)
{
	siginfo_t si = { .si_pid = 0 };

	return waitid(P_PID, c->pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       si.si_pid == c->pid;
}

/* Numbers are not given away while a group has them, so who has the number of
 * a leader that is reaped has it because the group is gone, too. */
static bool is_given_away(pid_t pgid)
{
	return kill(pgid, 0) == 0 || errno == EPERM;
}

/*
 * Reaps adopted members of the group that have ended. True while any of our
 * children is left in it. The leader must have been reaped. Where numbers are
 * short its own may be that of a new child of ours by now, whose end is not
 * ours to take: a walk that finds the leader has found another's.
 */
static bool group_has_children(pid_t pgid)
{
	if (is_given_away(pgid))
		return false;
	for (;;) {
		siginfo_t si = { .si_pid = 0 };

		if (waitid(P_PGID, (id_t)pgid, &si,
			   WEXITED | WNOHANG | WNOWAIT) < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (si.si_pid == 0)
			return !is_given_away(pgid);
		if (si.si_pid == pgid)
			return false;
		waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG);
	}
}

/* What the leader, which is reaped, has left must die with us, too. */
static void look_at_rest(struct child *c)
{
	c->leaves_some = !c->same_group && group_has_children(c->pid);
	if (!c->place)
		return;
	warden_enter_group(c->place, c->leaves_some ? c->pid : 0);
	if (c->leaves_some)
		warden_start();
}

/*
 * Reaping happens under the registry's lock, so that a broadcast can never
 * use a number that is free again; nor must the warden.
 */
bool child_poll(struct child *c)
{
	if (c->has_ended)
		return true;
	if (!adopts) {
		c->has_ended = leader_has_ended(c);
		return c->has_ended;
	}
	/* With a pidfd nobody asks before it has. */
	if (c->pidfd < 0 && !leader_has_ended(c))
		return false;
	mutex_lock(&registry_lock);
	warden_clear(c->place);
	c->is_reaped = reap(c, WNOHANG);
	if (!c->is_reaped)
		enter_in_table(c);
	mutex_unlock(&registry_lock);
	if (c->is_reaped)
		look_at_rest(c);
	c->has_ended = c->is_reaped;
	return c->has_ended;
}

bool child_group_lives(struct child *c)
{
	if (c->same_group)
		return !c->is_reaped && !leader_has_ended(c);
	if (c->is_reaped) {
		look_at_rest(c);
		return c->leaves_some;
	}
	/* The zombie leader counts as a member on some systems; then this
	 * says yes too often, which costs time but no harm. */
	return kill(-c->pid, 0) == 0;
}

/* Not yet reaped, or with members that are. */
static void send_signal(const struct child *c, int sig)
{
	kill(c->same_group ? c->pid : -c->pid, sig);
}

/* With the lock nobody else reaps who pins the number meanwhile. */
static void signal_the_rest(struct child *c, int sig)
{
	mutex_lock(&registry_lock);
	if (group_has_children(c->pid))
		send_signal(c, sig);
	mutex_unlock(&registry_lock);
}

void child_signal(struct child *c, int sig)
{
	if (!c->is_reaped)
		send_signal(c, sig);
	else if (!c->same_group)
		signal_the_rest(c, sig);
}

/*
 * Reaps what was adopted from elsewhere (daemons in sessions of their own
 * whose parent is gone). One of ours that is about to be reaped by its owner
 * may stand in the way: then the next call goes on.
 */
static void reap_strays_locked(void)
{
	while (spawning == 0) {
		siginfo_t si = { .si_pid = 0 };
		struct list *pos;

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    si.si_pid == 0)
			return;
		list_for_each(pos, &children) {
			struct child *c = container_of(pos, struct child, link);

			if (c->pid == si.si_pid && !c->is_reaped)
				return;
		}
		waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG);
	}
}

/* Forgets groups that are gone, sends sig (unless 0) to the others. */
static bool sweep_locked(int sig)
{
	struct list *pos, *tmp;

	list_for_each_safe(pos, tmp, &leftovers) {
		struct leftover *l = container_of(pos, struct leftover, link);

		if (!group_has_children(l->pgid)) {
			warden_give_back(l->place);
			list_del(&l->link);
			free(l);
		} else if (sig) {
			kill(-l->pgid, sig);
			kill(-l->pgid, SIGCONT);
		}
	}
	return !list_is_empty(&leftovers);
}

/* Takes over its place with the warden. */
static void remember_leftover_locked(struct child *c)
{
	struct leftover *l = xmalloc(sizeof(*l));

	l->pgid = c->pid;
	l->place = c->place;
	c->place = 0;
	list_append(&leftovers, &l->link);
}

static void reap_now(struct child *c)
{
	mutex_lock(&registry_lock);
	warden_clear(c->place);
	BUG_ON(!reap(c, 0));
	c->is_reaped = true;
	mutex_unlock(&registry_lock);
}

void child_finish(struct child *c)
{
	static unsigned finished;	/* guarded by registry_lock */
	bool may_have_rest = c->leaves_some;

	fd_close(&c->pidfd);
	if (!c->is_reaped) {
		reap_now(c);
		may_have_rest = adopts;
	}
	if (may_have_rest)
		look_at_rest(c);
	mutex_lock(&registry_lock);
	list_del(&c->link);
	if (c->leaves_some)
		remember_leftover_locked(c);
	else
		warden_give_back(c->place);
	if (adopts && ++finished % STRAYS_EVERY == 0) {
		reap_strays_locked();
		/* Groups that are gone, before their numbers come again. */
		sweep_locked(0);
	}
	mutex_unlock(&registry_lock);
}

void child_broadcast(int sig)
{
	struct list *pos;

	mutex_lock(&registry_lock);
	list_for_each(pos, &children) {
		struct child *c = container_of(pos, struct child, link);

		if (!c->is_reaped)
			send_signal(c, sig);
	}
	mutex_unlock(&registry_lock);
}

void child_hold(bool (*holds)(uint64_t number, void *arg), void *arg)
{
	struct list *pos;

	mutex_lock(&registry_lock);
	list_for_each(pos, &children) {
		struct child *c = container_of(pos, struct child, link);
		bool hold;

		if (c->is_reaped || c->number == 0)
			continue;
		hold = holds(c->number, arg);
		if (hold != c->is_held)
			send_signal(c, hold ? SIGSTOP : SIGCONT);
		c->is_held = hold;
	}
	mutex_unlock(&registry_lock);
}

void child_notice(void)
{
	struct list *pos;

	mutex_lock(&registry_lock);
	list_for_each(pos, &children)
		thread_wake(container_of(pos, struct child, link)->owner);
	mutex_unlock(&registry_lock);
}

static bool sweep(int sig)
{
	bool any;

	mutex_lock(&registry_lock);
	any = sweep_locked(sig);
	mutex_unlock(&registry_lock);
	return any;
}

void child_sweep(void)
{
	mutex_lock(&registry_lock);
	sweep_locked(0);
	reap_strays_locked();
	mutex_unlock(&registry_lock);
}

/* Polls, with growing pauses, until no leftover is there or time is up. */
static bool leftovers_last(int64_t patience_ns)
{
	int64_t end = clock_now_ns() + patience_ns;
	int64_t pause = NS_PER_MS;

	while (sweep(0)) {
		if (clock_now_ns() >= end)
			return true;
		thread_poll(NULL, 0, pause);
		if (pause < 20 * NS_PER_MS)
			pause *= 2;
	}
	return false;
}

static void end_leftovers(int64_t patience_ns)
{
	if (!sweep(0) || !leftovers_last(patience_ns))
		return;
	sweep(SIGTERM);
	if (!leftovers_last(200 * NS_PER_MS))
		return;
	for (int i = 0; i < KILL_ROUNDS; i++) {
		sweep(SIGKILL);
		if (!leftovers_last(100 * NS_PER_MS))
			return;
	}
}

void child_end_leftovers(int64_t patience_ns)
{
	end_leftovers(patience_ns);
	warden_end();
}
