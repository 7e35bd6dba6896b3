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
#include "runner/launch.h"
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
	for (size_t i = 0; i < by->nbase; i++) {
		const char *var = by->base_env[i];

		if (strncmp(var, "LD_", 3) == 0 &&
		    strncmp(var, "LD_LIBRARY_PATH=", 16) != 0)
			return "loaded with variables LD_*";
	}
	/* Where there are none at all, that is nothing to speak of. */
	return warm_is_built_in() ? warm_objection(by->shell) : NULL;
}

void fast_init(struct fast *f, const struct launcher *by, bool is_on)
{
	*f = (struct fast){ .by = by, .is_on = is_on, .library = -1 };
	mutex_init(&f->lock);
	list_init(&f->slots);
	if (!is_on)
		return;
	f->may_evaluate = by->may_direct;
	f->objection = objection_of(by);
	if (!f->objection)
		f->library = warm_open_library();
}

void fast_release(struct fast *f)
{
	fd_close(&f->library);
	mutex_release(&f->lock);
}

void fast_slot_init(struct fast_slot *s, struct fast *f)
{
	*s = (struct fast_slot){ .of = f, .out = BUF_INIT };
	words_init(&s->words);
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
	words_release(&s->words);
	buf_release(&s->out);
}

/* Builtins. */

/* Only what all shells take for itself in every place, and no option. */
static bool is_plain(const char *word)
{
	if (*word == '-')
		return false;
	for (; *word; word++) {
		if (*word < ' ' || *word > '~' || *word == '\\')
			return false;
	}
	return true;
}

static bool are_plain(char *const *words)
{
	for (; *words; words++) {
		if (!is_plain(*words))
			return false;
	}
	return true;
}

static bool do_echo(char *const *args, struct buf *out, int *status)
{
	if (!are_plain(args))
		return false;
	for (; *args; args++) {
		buf_addstr(out, *args);
		if (args[1])
			buf_addch(out, ' ');
	}
	buf_addch(out, '\n');
	*status = 0;
	return true;
}

/* Once over the format; *args: moved by what it uses. False: it has what not
 * all shells have. */
static bool print_round(const char *format, char *const **args,
			struct buf *out)
{
	for (; *format; format++) {
		if (*format < ' ' || *format > '~')
			return false;
		if (*format != '%' && *format != '\\') {
			buf_addch(out, *format);
			continue;
		}
		switch (*format++) {
		case '%':
			if (*format == '%')
				buf_addch(out, '%');
			else if (*format != 's')
				return false;
			else if (**args)
				buf_addstr(out, *(*args)++);
			break;
		default:
			if (*format == 'n')
				buf_addch(out, '\n');
			else if (*format == 't')
				buf_addch(out, '\t');
			else if (*format == '\\')
				buf_addch(out, '\\');
			else
				return false;
		}
	}
	return true;
}

static bool do_printf(char *const *args, struct buf *out, int *status)
{
	const char *format = *args;

	if (!format || *format == '-' || !are_plain(args + 1))
		return false;
	args++;
	do {
		char *const *before = args;

		if (!print_round(format, &args, out))
			return false;
		/* Shells differ in what they make of those. */
		if (*args && args == before)
			return false;
	} while (*args);
	*status = 0;
	return true;
}

static bool do_true(char *const *args, struct buf *out, int *status)
{
	(void)out;
	*status = 0;
	return are_plain(args);
}

static bool do_false(char *const *args, struct buf *out, int *status)
{
	(void)out;
	*status = 1;
	return are_plain(args);
}

/* With a number as any shell would write it. */
static bool do_exit(char *const *args, struct buf *out, int *status)
{
	const char *s = args[0];
	int n = 0;

	(void)out;
	if (!s || args[1] || !*s || (*s == '0' && s[1]))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || n > 25)
			return false;
		n = n * 10 + (*s - '0');
	}
	*status = n;
	return n <= 255;
}

static const struct {
	const char *name;
	bool (*run)(char *const *args, struct buf *out, int *status);
} builtins[] = {
	{ "echo", do_echo },
	{ "printf", do_printf },
	{ "true", do_true },
	{ "false", do_false },
	{ "exit", do_exit },
};

/* Neither input nor environment nor directory of its own, and nobody wants to
 * end it. */
static bool is_bare(const struct job *job)
{
	return !job->is_argv && !job->cwd && !job->env && !job->input &&
	       !job->has_data && !job->inlet && !job->block_path &&
	       atomic_load_explicit(&job->order, memory_order_acquire) ==
	       JOB_GO;
}

bool fast_evaluate(struct fast_slot *s, const struct launch *launch,
		   const struct job *job, const struct buf **out, int *status)
{
	enum shell_kind kind = s->of->by->kind;
	char **words;
	size_t len;

	if (!s->of->may_evaluate || launch->is_direct || !is_bare(job) ||
	    words_scan(&s->words, launch->command.data,
		       launch->command.len) < 0 ||
	    s->words.redirs.n)
		return false;
	words = words_argv(&s->words);
	len = strlen(words[0]);
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++) {
		if (strcmp(words[0], builtins[i].name) != 0)
			continue;
		buf_reset(&s->out);
		*out = &s->out;
		return !words_is_overridden(words[0], len, kind) &&
		       builtins[i].run(words + 1, &s->out, status);
	}
	return false;
}

/* Warm shells. */

void fast_retreat(struct fast *f)
{
	struct list *pos;

	if (!f->is_on)
		return;
	mutex_lock(&f->lock);
	atomic_store(&f->is_over, true);
	list_for_each(pos, &f->slots) {
		struct fast_slot *s = container_of(pos, struct fast_slot, link);

		mutex_lock(&s->lock);
		warm_end(&s->warm);
		mutex_unlock(&s->lock);
	}
	mutex_unlock(&f->lock);
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
	if (s->of->library < 0 || s->failures >= FAILURES_MAX)
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
	if (warm_start(&s->warm, &bare, s->of->library) == 0)
		return true;
	note_failure(s, errno);
	return false;
}

static enum spawn_result start_warm(struct fast_slot *s, struct child *c,
				    struct spawn_request *req)
{
	enum spawn_result r;

	req->warm = &s->warm;
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
			r = start_warm(s, c, req);
		mutex_unlock(&s->lock);
	}
	s->was_warm = r != SPAWN_NO_WARM;
	return s->was_warm ? r : child_start(c, req);
}
