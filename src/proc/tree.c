/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tree.c - see tree.h. */
#include <config.h>

#include <signal.h>
#include <stdlib.h>

#include "proc/tree.h"

void tree_init(struct tree *t, pid_t leader, bool own_group, uint64_t number)
{
	*t = (struct tree){
		.leader = leader, .group = own_group ? leader : 0,
		.number = number,
	};
}

void tree_add_root(struct tree *t, pid_t pid)
{
	t->root[t->nroots++] = (struct tree_member){ .pid = pid };
}

void tree_release(struct tree *t)
{
	free(t->members);
	t->members = NULL;
	t->n = 0;
}

#if defined(HAVE_PROCFS) && defined(HAVE_PIDFD_OPEN)

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/thread.h"

/* Rounds of stopping new ones: who forks faster than that is stopped by what
 * it has no more of. */
#define STOP_ROUNDS	64

/* A process as a walk found it. */
struct process {
	pid_t pid, parent, group;
	uint64_t start;
	uint64_t number;	/* the job's whose it says it is; 0: none */
};

/* One walk, shared by those who asked before it began. */
struct walk {
	unsigned users;		/* guarded by walk_lock */
	struct process *processes;
	size_t n;
};

static struct mutex walk_lock = MUTEX_INIT;
static struct cond walk_done = { PTHREAD_COND_INITIALIZER };
/* guarded by walk_lock */
static uint64_t walks_begun, walks_done;
static struct walk *last_walk;

/* A small file of a process. */
static bool read_file(pid_t pid, const char *name, struct buf *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return fd_read_file(path, text) == 0;
}

/* PID (NAME) STATE PPID PGRP ... and the start as field 22; NAME can hold
 * anything. False for one that has ended. */
static bool parse_stat(const char *text, struct process *p)
{
	const char *s = strrchr(text, ')');
	long parent, group;
	char state;

	if (!s || sscanf(s + 1, " %c %ld %ld", &state, &parent, &group) != 3)
		return false;
	p->parent = (pid_t)parent;
	p->group = (pid_t)group;
	for (int i = 0; i < 20 && s; i++)
		s = strchr(s + 1, ' ');
	if (!s)
		return false;
	p->start = strtoull(s + 1, NULL, 10);
	return state != 'Z' && state != 'X';
}

/* The number of the job that a process with this environment came from, when
 * it was one of ours. */
static uint64_t number_in(const struct buf *environment)
{
	const char *s = environment->data;
	const char *end = s + environment->len;
	uint64_t number = 0;
	bool is_ours = false;

	for (; s < end; s += strlen(s) + 1) {
		if (strncmp(s, "PARALLEL_SEQ=", 13) == 0)
			number = strtoull(s + 13, NULL, 10);
		else if (strncmp(s, "PARALLEL_PID=", 13) == 0)
			is_ours = strtol(s + 13, NULL, 10) == (long)getpid();
	}
	return is_ours ? number : 0;
}

static void add_process(struct walk *w, pid_t pid, struct buf *text)
{
	struct process p = { .pid = pid };

	if (!read_file(pid, "stat", text) || !parse_stat(text->data, &p))
		return;
	/* Those that lost their parent are ours now. */
	if (p.parent == getpid() && read_file(pid, "environ", text))
		p.number = number_in(text);
	if ((w->n & (w->n - 1)) == 0)
		w->processes = xreallocarray(w->processes,
					     w->n ? 2 * w->n : 1,
					     sizeof(*w->processes));
	w->processes[w->n++] = p;
}

static struct walk *walk_all(void)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	struct buf text = BUF_INIT;
	DIR *dir = opendir("/proc");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]))
			add_process(w, (pid_t)atol(entry->d_name), &text);
	}
	if (dir)
		closedir(dir);
	buf_release(&text);
	return w;
}

static void put_walk_locked(struct walk *w)
{
	if (!w || --w->users > 0)
		return;
	free(w->processes);
	free(w);
}

static void put_walk(struct walk *w)
{
	mutex_lock(&walk_lock);
	put_walk_locked(w);
	mutex_unlock(&walk_lock);
}

/* A walk that begins after the call: many jobs are often ended together, and
 * one serves them all. Ends with put_walk. */
static struct walk *get_walk(void)
{
	uint64_t mine;
	struct walk *w;

	mutex_lock(&walk_lock);
	mine = walks_begun + 1;
	while (walks_done < mine) {
		if (walks_begun > walks_done) {
			cond_wait(&walk_done, &walk_lock);
			continue;
		}
		walks_begun++;
		mutex_unlock(&walk_lock);
		w = walk_all();
		mutex_lock(&walk_lock);
		put_walk_locked(last_walk);
		w->users = 1;
		last_walk = w;
		walks_done = walks_begun;
		cond_broadcast(&walk_done);
	}
	w = last_walk;
	w->users++;
	mutex_unlock(&walk_lock);
	return w;
}

/* Members. */

static struct tree_member *find_member(struct tree *t, const struct process *p)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->members[i].pid == p->pid &&
		    t->members[i].start == p->start)
			return &t->members[i];
	}
	return NULL;
}

static bool is_known_root(const struct tree *t, const struct process *p)
{
	for (unsigned i = 0; i < t->nroots; i++) {
		if (t->root[i].pid == p->pid && t->root[i].start == p->start)
			return true;
	}
	return false;
}

/* Without a parent among the job's own. */
static bool is_root(struct tree *t, const struct process *p)
{
	if (is_known_root(t, p))
		return true;
	if (p->pid == t->leader)
		return t->start == 0 || p->start == t->start;
	return find_member(t, p) || (t->group && p->group == t->group) ||
	       (p->number && p->number == t->number && p->start >= t->start);
}

static bool has_parent(const struct process *of, const struct process *all,
		       const size_t *ours, size_t nours)
{
	for (size_t i = 0; i < nours; i++) {
		if (all[ours[i]].pid == of->parent)
			return true;
	}
	return false;
}

/* The indices of all that are of the job; how many. */
static size_t find_ours(struct tree *t, const struct walk *w, size_t *ours)
{
	bool *taken = xcalloc(w->n + 1, sizeof(*taken));
	size_t n = 0, before;

	for (size_t i = 0; i < w->n; i++) {
		if (is_root(t, &w->processes[i])) {
			taken[i] = true;
			ours[n++] = i;
		}
	}
	do {
		before = n;
		for (size_t i = 0; i < w->n; i++) {
			if (taken[i] || !has_parent(&w->processes[i],
						    w->processes, ours, n))
				continue;
			taken[i] = true;
			ours[n++] = i;
		}
	} while (n != before && n > 0);
	free(taken);
	return n;
}

static void note_roots(struct tree *t, const struct process *p)
{
	for (unsigned i = 0; i < t->nroots; i++) {
		if (t->root[i].pid != p->pid)
			continue;
		t->root[i].start = p->start;
		if (!t->start || p->start < t->start)
			t->start = p->start;
	}
}

/* Who is gone at the first look has a number that may be another's later. */
static void note_start(struct tree *t, const struct walk *w)
{
	for (size_t i = 0; i < w->n && !t->knows_roots; i++)
		note_roots(t, &w->processes[i]);
	t->knows_roots = true;
	for (size_t i = 0; i < w->n && !t->start; i++) {
		if (w->processes[i].pid == t->leader)
			t->start = w->processes[i].start;
	}
}

/* The members that are alive, in place of those known; true when one is new. */
static bool look(struct tree *t)
{
	struct walk *w = get_walk();
	size_t *ours = xcalloc(w->n + 1, sizeof(*ours));
	struct tree_member *now = NULL;
	size_t n, kept = 0;
	bool is_new = false;

	note_start(t, w);
	n = find_ours(t, w, ours);
	if (n)
		now = xcalloc(n, sizeof(*now));
	for (size_t i = 0; i < n; i++) {
		const struct process *p = &w->processes[ours[i]];
		const struct tree_member *old = find_member(t, p);

		if (p->pid == t->leader || is_known_root(t, p) ||
		    (t->group && p->group == t->group))
			continue;
		is_new |= !old;
		now[kept++] = (struct tree_member){
			p->pid, p->start, old && old->is_stopped,
		};
	}
	put_walk(w);
	free(ours);
	free(t->members);
	t->members = now;
	t->n = kept;
	return is_new;
}

bool tree_look(struct tree *t)
{
	look(t);
	return t->n > 0;
}

static bool is_alive(const struct tree_member *m, struct buf *text)
{
	struct process p;

	return read_file(m->pid, "stat", text) &&
	       parse_stat(text->data, &p) && p.start == m->start;
}

bool tree_lives(const struct tree *t)
{
	struct buf text = BUF_INIT;
	bool lives = false;

	for (size_t i = 0; i < t->n && !lives; i++)
		lives = is_alive(&t->members[i], &text);
	buf_release(&text);
	return lives;
}

/* The number may be another's by now: the pidfd holds on to whoever has it,
 * and then we look who that is. */
static void send_signal(const struct tree_member *m, int sig)
{
	int fd = (int)syscall(SYS_pidfd_open, m->pid, 0);
	struct buf text = BUF_INIT;

	if (fd < 0)
		return;
	if (is_alive(m, &text))
		syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
	buf_release(&text);
	fd_close(&fd);
}

void tree_signal(struct tree *t, int sig)
{
	for (size_t i = 0; i < t->n; i++)
		send_signal(&t->members[i], sig);
}

void tree_kill(struct tree *t)
{
	for (int i = 0; i < STOP_ROUNDS && look(t); i++) {
		for (size_t k = 0; k < t->n; k++) {
			if (t->members[k].is_stopped)
				continue;
			send_signal(&t->members[k], SIGSTOP);
			t->members[k].is_stopped = true;
		}
	}
	tree_signal(t, SIGKILL);
}

#else

bool tree_look(struct tree *t)
{
	(void)t;
	return false;
}

bool tree_lives(const struct tree *t)
{
	(void)t;
	return false;
}

void tree_signal(struct tree *t, int sig)
{
	(void)t;
	(void)sig;
}

void tree_kill(struct tree *t)
{
	(void)t;
}

#endif
