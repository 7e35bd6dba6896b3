/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.c - see child.h. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#ifdef HAVE_PIDFD_OPEN
#include <sys/syscall.h>
#endif
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
	warden_enter(c->place, c->pid, c->same_group);
}

/* Parts that are ours and not reaped, and have not left the group. They pin its
 * number. */
static bool has_part_in_group(const struct child *c)
{
	for (unsigned i = 0; i < c->nparts; i++) {
		if (!c->part[i].is_reaped &&
		    getpgid(c->part[i].pid) == c->pid)
			return true;
	}
	return false;
}

/* A part may have left the group, but the job does not end without it. */
static void signal_parts_locked(struct child *c, int sig)
{
	if (c->part_is_starting)
		c->missed = sig;
	if (has_part_in_group(c))
		kill(-c->pid, sig);
	for (unsigned i = 0; i < c->nparts; i++) {
		const struct child_part *part = &c->part[i];

		if (!part->is_reaped && getpgid(part->pid) != c->pid)
			kill(part->pid, sig);
	}
}

/* Not yet reaped, or with members that are. */
static void send_signal_locked(struct child *c, int sig)
{
	if (c->is_group && !c->is_reaped)
		signal_parts_locked(c, sig);
	else
		kill(c->same_group ? c->pid : -c->pid, sig);
}

static enum spawn_result start(struct child *c, const struct spawn_request *req)
{
	struct spawn_request own = *req;

	c->pidfd = -1;
	own.place = c->place;
	if (c->is_group)
		return spawn_leader(c->place, &c->pid);
	return req->warm ? warm_process(req->warm, req, &c->pid, &c->pidfd)
			 : spawn_process(&own, &c->pid, &c->pidfd);
}

static enum spawn_result begin(struct child *c, const struct spawn_request *req)
{
	enum spawn_result r;
	unsigned before;
	int err;

	c->has_ended = false;
	c->is_reaped = false;
	c->leaves_some = false;
	c->is_held = false;
	c->same_group = req->same_group;
	c->nparts = 0;
	c->part_is_starting = false;
	c->usage = (struct child_usage){ 0 };
	c->owner = thread_self();
	c->is_owned = true;
	mutex_lock(&registry_lock);
	spawning++;
	before = spawn_continued();
	c->place = req->die_with_parent ? warden_take() : 0;
	mutex_unlock(&registry_lock);
	if (req->die_with_parent && !spawn_has_parent_death())
		warden_start();
	r = start(c, req);
	err = errno;
	mutex_lock(&registry_lock);
	spawning--;
	if (r == SPAWN_OK)
		list_append(&children, &c->link);
	else
		warden_give_back(c->place);
	/* Stopped with us, but not with its group: it was not here yet. */
	if (r == SPAWN_OK && spawn_continued() != before)
		send_signal_locked(c, SIGCONT);
	/* It could not do so itself. */
	if (r == SPAWN_OK && req->warm)
		enter_in_table(c);
	mutex_unlock(&registry_lock);
	errno = err;
	return r;
}

enum spawn_result child_start(struct child *c, const struct spawn_request *req)
{
	c->is_group = false;
	return begin(c, req);
}

enum spawn_result child_start_group(struct child *c,
				    const struct spawn_request *req)
{
	c->is_group = true;
	return begin(c, req);
}

enum spawn_result child_start_part(struct child *c,
				   const struct spawn_request *req)
{
	struct child_part part = { .pid = 0 };
	struct spawn_request own = *req;
	enum spawn_result r;
	bool is_first = c->nparts == 0;
	int err;

	BUG_ON(c->nparts == CHILD_PARTS_MAX);
	own.group = c->pid;
	own.place = 0;
	mutex_lock(&registry_lock);
	spawning++;
	c->part_is_starting = true;
	c->missed = 0;
	mutex_unlock(&registry_lock);
	r = spawn_process(&own, &part.pid, is_first ? &c->pidfd : NULL);
	err = errno;
	mutex_lock(&registry_lock);
	spawning--;
	c->part_is_starting = false;
	part.is_watched = is_first;
	if (r == SPAWN_OK) {
		c->part[c->nparts++] = part;
		/* It holds the number of the group from now on. */
		if (is_first)
			spawn_reap(c->pid);
		if (c->missed)
			kill(part.pid, c->missed);
		else if (c->is_held)
			kill(part.pid, SIGSTOP);
	}
	mutex_unlock(&registry_lock);
	errno = err;
	return r;
}

void child_disown(struct child *c)
{
	mutex_lock(&registry_lock);
	c->is_owned = false;
	mutex_unlock(&registry_lock);
}

unsigned child_list_parts(struct child *c, pid_t pid[CHILD_PARTS_MAX])
{
	unsigned n = 0;

	mutex_lock(&registry_lock);
	for (unsigned i = 0; i < c->nparts; i++) {
		if (!c->part[i].is_reaped)
			pid[n++] = c->part[i].pid;
	}
	mutex_unlock(&registry_lock);
	return n;
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

static void add_usage(struct child_usage *to, const struct rusage *ru)
{
	uint64_t rss = (uint64_t)ru->ru_maxrss * 1024;

	to->user_ns += timeval_ns(ru->ru_utime);
	to->system_ns += timeval_ns(ru->ru_stime);
	if (rss > to->rss_bytes)
		to->rss_bytes = rss;
}
#endif

/* What pid has used is added to usage. */
static bool reap(pid_t pid, int *status, struct child_usage *usage, int flags)
{
	pid_t got;
#ifdef HAVE_WAIT4
	struct rusage ru;

	do
		got = wait4(pid, status, flags, &ru);
	while (got < 0 && errno == EINTR);
	if (got == pid)
		add_usage(usage, &ru);
#else
	(void)usage;
	do
		got = waitpid(pid, status, flags);
	while (got < 0 && errno == EINTR);
#endif
	return got == pid;
}

static bool reap_part_locked(struct child *c, struct child_part *part,
			     int flags)
{
	if (!part->is_reaped)
		part->is_reaped = reap(part->pid, &part->wait_status,
				       &c->usage, flags);
	return part->is_reaped;
}

/* Has that child of ours become a zombie? Leaves it one. */
static bool has_become_zombie(pid_t pid)
{
	siginfo_t si = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
	       0 && si.si_pid == pid;
}

/* A pidfd of an unreaped child of ours; -1 where there is none. */
static int open_pidfd(pid_t pid)
{
#if SPAWN_BY_CLONE && defined(HAVE_PIDFD_OPEN)
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

/* Where nobody is adopted the zombies stay, for the number of the group. */
static bool part_has_ended_locked(struct child *c, struct child_part *part)
{
	return part->is_reaped || (adopts ? reap_part_locked(c, part, WNOHANG)
					  : has_become_zombie(part->pid));
}

/*
 * Have all ended? If not, and it is one that has ended whose pidfd is polled,
 * one of another takes its place: so a pipeline needs no more descriptors than
 * any job. With the lock: else someone might reap it, and its number be given
 * away.
 */
static bool parts_have_ended(struct child *c)
{
	struct child_part *rest = NULL;

	mutex_lock(&registry_lock);
	warden_clear(c->place);
	for (unsigned i = 0; i < c->nparts; i++) {
		struct child_part *part = &c->part[i];

		if (!part_has_ended_locked(c, part) &&
		    (!rest || part->is_watched))
			rest = part;
	}
	if (rest && !rest->is_watched) {
		fd_close(&c->pidfd);
		c->pidfd = open_pidfd(rest->pid);
		rest->is_watched = true;
	}
	if (rest && has_part_in_group(c))
		enter_in_table(c);
	c->is_reaped = !rest && adopts;
	mutex_unlock(&registry_lock);
	return !rest;
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
	warden_enter(c->place, c->leaves_some ? c->pid : 0, false);
	if (c->leaves_some)
		warden_start();
}

/*
 * Reaping happens under the registry's lock, so that a broadcast can never
 * use a number that is free again; nor must the warden.
 */
static bool leader_has_ended(struct child *c)
{
	if (!adopts)
		return has_become_zombie(c->pid);
	/* With a pidfd nobody asks before it has. */
	if (c->pidfd < 0 && !has_become_zombie(c->pid))
		return false;
	mutex_lock(&registry_lock);
	warden_clear(c->place);
	c->is_reaped = reap(c->pid, &c->wait_status, &c->usage, WNOHANG);
	if (!c->is_reaped)
		enter_in_table(c);
	mutex_unlock(&registry_lock);
	return c->is_reaped;
}

bool child_poll(struct child *c)
{
	if (c->has_ended)
		return true;
	c->has_ended = c->is_group ? parts_have_ended(c) : leader_has_ended(c);
	if (c->is_reaped)
		look_at_rest(c);
	return c->has_ended;
}

bool child_group_lives(struct child *c)
{
	if (c->same_group)
		return !c->is_reaped && !has_become_zombie(c->pid);
	if (c->is_reaped) {
		look_at_rest(c);
		return c->leaves_some;
	}
	/* The zombie leader counts as a member on some systems; then this
	 * says yes too often, which costs time but no harm. */
	return kill(-c->pid, 0) == 0;
}

/* With the lock nobody else reaps who pins the number meanwhile. */
static void signal_the_rest_locked(struct child *c, int sig)
{
	if (group_has_children(c->pid))
		send_signal_locked(c, sig);
}

void child_signal(struct child *c, int sig)
{
	mutex_lock(&registry_lock);
	if (!c->is_reaped)
		send_signal_locked(c, sig);
	else if (!c->same_group)
		signal_the_rest_locked(c, sig);
	mutex_unlock(&registry_lock);
}

static void reap_part_of_locked(struct child *c, pid_t pid)
{
	for (unsigned i = 0; i < c->nparts; i++) {
		if (c->part[i].pid != pid || c->part[i].is_reaped)
			continue;
		warden_clear(c->place);
		reap_part_locked(c, &c->part[i], WNOHANG);
		if (has_part_in_group(c))
			enter_in_table(c);
	}
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
			/* May stay a zombie for long: not in our way. */
			reap_part_of_locked(c, si.si_pid);
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
	for (unsigned i = 0; i < c->nparts; i++)
		BUG_ON(!reap_part_locked(c, &c->part[i], 0));
	if (c->is_group && c->nparts == 0)
		spawn_reap(c->pid);
	else if (!c->is_group)
		BUG_ON(!reap(c->pid, &c->wait_status, &c->usage, 0));
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
	if (c->nparts)
		c->wait_status = c->part[0].wait_status;
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

	if (sig == SIGCONT)
		spawn_continue();
	mutex_lock(&registry_lock);
	list_for_each(pos, &children) {
		struct child *c = container_of(pos, struct child, link);

		if (!c->is_reaped)
			send_signal_locked(c, sig);
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
			send_signal_locked(c, hold ? SIGSTOP : SIGCONT);
		c->is_held = hold;
	}
	mutex_unlock(&registry_lock);
}

void child_notice(void)
{
	struct list *pos;

	mutex_lock(&registry_lock);
	list_for_each(pos, &children) {
		struct child *c = container_of(pos, struct child, link);

		if (c->is_owned)
			thread_wake(c->owner);
	}
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
