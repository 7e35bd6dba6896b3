/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fast.c - see fast.h. */
#include <config.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "runner/fast.h"
#include "runner/launcher.h"
#include "sched/job.h"

/* A worker whose warm shells die so often does without. */
#define FAILURES_MAX 3

/* What the dynamic linker and libc look at before main: that has been done once
 * for all jobs. */
static bool is_early(const char *var)
{
	return strncmp(var, "LD_", 3) == 0 ||
	       strncmp(var, "GLIBC_", 6) == 0 ||
	       strncmp(var, "MALLOC_", 7) == 0;
}

/* What is there for all of them changes nothing, unless it adds libraries, or
 * has the linker say things. */
static const char *objection_of(const struct launcher *by)
{
	if (!by->can_be_warm)
		return "none of dash, bash, zsh and mksh";
	if (by->is_preloaded)
		return "loaded with variables LD_*";
	/* Where there are none at all, that is nothing to speak of. */
	return warm_is_built_in() ? warm_objection(by->shell) : NULL;
}

void fast_init(struct fast *f, const struct launcher *by, bool is_on)
{
	*f = (struct fast){ .by = by, .is_on = is_on };
	atomic_init(&f->library, -1);
	mutex_init(&f->lock);
	list_init(&f->slots);
	if (!is_on)
		return;
	f->objection = objection_of(by);
	if (!f->objection)
		atomic_store(&f->library, warm_open_library());
}

static void close_library(struct fast *f)
{
	int fd = atomic_exchange(&f->library, -1);

	fd_close(&fd);
}

void fast_release(struct fast *f)
{
	close_library(f);
	mutex_release(&f->lock);
}

void fast_slot_init(struct fast_slot *s, struct fast *f)
{
	*s = (struct fast_slot){ .of = f };
	mutex_init(&s->lock);
	warm_init(&s->warm);
	mutex_lock(&f->lock);
	list_append(&f->slots, &s->link);
	mutex_unlock(&f->lock);
}

void fast_slot_release(struct fast_slot *s)
{
	mutex_lock(&s->of->lock);
	list_del(&s->link);
	s->of->shells -= s->is_counted;
	mutex_unlock(&s->of->lock);
	warm_release(&s->warm);
	mutex_release(&s->lock);
}

bool fast_retreat(struct fast_slot *slot)
{
	struct fast *f = slot->of;
	struct list *pos;

	if (!f->is_on || slot->has_retreated)
		return false;
	slot->has_retreated = true;
	mutex_lock(&f->lock);
	atomic_store(&f->is_over, true);
	list_for_each(pos, &f->slots) {
		struct fast_slot *s = container_of(pos, struct fast_slot, link);

		mutex_lock(&s->lock);
		warm_end(&s->warm);
		mutex_unlock(&s->lock);
	}
	/* All have seen that there is to be no other. */
	close_library(f);
	mutex_unlock(&f->lock);
	return true;
}

/* May this worker have one? */
static bool is_allowed(struct fast_slot *s)
{
	struct fast *f = s->of;
	bool ok;

	mutex_lock(&f->lock);
	ok = !atomic_load(&f->is_over) &&
	     (s->is_counted || f->shells < FAST_SHELLS_MAX);
	if (ok && !s->is_counted) {
		f->shells++;
		s->is_counted = true;
	}
	mutex_unlock(&f->lock);
	return ok;
}

/* Would the new process be the same? */
static bool is_suitable(const struct spawn_request *req, const struct job *job)
{
	for (char **var = job->env; var && *var; var++) {
		if (is_early(*var))
			return false;
	}
	return !req->same_group;
}

/* One that can never be had is not tried again. */
static void note_failure(struct fast_slot *s, int err)
{
	s->failures++;
	diag_debug(DIAG_PROC, "no warm shell: %s", strerror(err));
	if (err == ENOSYS)
		atomic_store(&s->of->is_over, true);
}

/* The first shell command of a worker may be its last one. */
static bool is_due(struct fast_slot *s)
{
	if (atomic_load(&s->of->library) < 0 || s->failures >= FAILURES_MAX)
		return false;
	if (s->has_begun)
		return true;
	s->has_begun = true;
	return false;
}

/* Is there one, if need be a new one? Who retreats waits for our lock: it finds
 * the new one, or we know of it. */
static bool warm_up(struct fast_slot *s, const struct spawn_request *req)
{
	struct spawn_request bare = *req;

	if (warm_is_up(&s->warm))
		return true;
	if (atomic_load(&s->of->is_over))
		return false;
	bare.envp = s->of->by->base_env;
	if (warm_start(&s->warm, &bare,
		       atomic_load(&s->of->library)) == 0)
		return true;
	note_failure(s, errno);
	return false;
}

static enum spawn_result start_warm(struct fast_slot *s, struct child *c,
				    struct spawn_request *req,
				    const struct job *job)
{
	enum spawn_result r;

	req->warm = &s->warm;
	req->hurry = &job->order;
	r = child_start(c, req);
	req->warm = NULL;
	if (!warm_is_up(&s->warm))
		s->failures++;
	return r;
}

enum spawn_result fast_start(struct fast_slot *s, struct child *c,
			     struct spawn_request *req, const struct job *job)
{
	enum spawn_result r = SPAWN_NO_WARM;

	if (is_due(s) && is_suitable(req, job) && is_allowed(s)) {
		mutex_lock(&s->lock);
		if (warm_up(s, req))
			r = start_warm(s, c, req, job);
		mutex_unlock(&s->lock);
	}
	s->was_warm = r != SPAWN_NO_WARM;
	return s->was_warm ? r : child_start(c, req);
}
