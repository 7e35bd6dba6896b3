/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options_jobs.c - as options_rows.c, for options of GNU parallel about jobs,
 * their output and the machine, and about muster itself.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "options_impl.h"

/* Each job. */

void set_nice(struct parser *p, const struct given *g)
{
	int64_t n;

	if (num_int(g->arg, -1000, 1000, &n) < 0) {
		options_bad(p, "%s: '%s' is not a whole number from -20 to 19",
			    g->name, g->arg);
		return;
	}
	/* The system takes what is beyond as the last one. */
	p->o->nice = (int)n;
	p->o->has_nice = true;
}

/* Has the list, with commas, the word _ in it? */
static bool has_underscore(const char *list)
{
	for (; *list; list += strcspn(list, ","), list += *list == ',') {
		if (list[0] == '_' && (list[1] == ',' || !list[1]))
			return true;
	}
	return false;
}

/* Jobs on this host have all variables as it is. */
void set_env(struct parser *p, const struct given *g)
{
	if (has_underscore(g->arg) && !inform_has_recorded_env())
		options_bad(p, "%s: '_' needs what 'muster --record-env' "
			    "writes, run in a clean environment", g->name);
	p->o->env = g->arg;
}

void set_slot_var(struct parser *p, const struct given *g)
{
	if (*g->arg && !strchr(g->arg, '='))
		p->o->slot_var = g->arg;
	else
		options_bad(p, "%s: '%s' cannot be the name of a variable",
			    g->name, g->arg);
}

void set_on_done(struct parser *p, const struct given *g)
{
	if (g->arg[strspn(g->arg, " \t\n")])
		p->o->on_done = g->arg;
	else
		options_bad(p, "%s: an empty command", g->name);
}

/* -j Nauto is for one stage, whose jobs come and go. */
void options_settle_auto(struct parser *p)
{
	const struct options *o = p->o;
	const char *other = o->nthen ? "--then" :
			    o->sem.is_on ? "--semaphore" :
			    o->pipe.round_robin ? "--round-robin" :
			    o->pipe.is_tee ? "--tee" : NULL;
	bool is_auto = o->max.is_auto;

	for (size_t i = 0; i < o->nthen; i++)
		is_auto |= o->then[i].max.is_auto;
	if (is_auto && other)
		options_bad(p, "%s with 'auto' cannot be combined with %s",
			    o->max.option, other);
}

/* What the machine has to bear. */

void set_load(struct parser *p, const struct given *g)
{
	struct options *o = p->o;

	o->has_load = true;
	o->load = (struct jobspec){ .kind = JOBSPEC_UNSET };
	/* Also such as 1.5; and 0, which is no number of workers. */
	if (num_double(g->arg, &o->load_number) == 0)
		return;
	if (jobspec_parse(&o->load, g->name, g->arg, p->err) < 0)
		p->result = OPTIONS_BAD;
	else if (o->load.is_auto)
		options_bad(p, "%s: '%s' is no load", g->name, g->arg);
}

static bool is_limit(const char *arg, const char *word)
{
	size_t n = strlen(word);

	return strncmp(arg, word, n) == 0 && strchr(" \t", arg[n]);
}

/* A command, or one of three words with a number behind it. */
void set_limit(struct parser *p, const struct given *g)
{
	struct options *o = p->o;
	const char *number = g->arg + strcspn(g->arg, " \t");
	uint64_t n = 0;

	o->limit = g->arg;
	o->limit_kind = is_limit(g->arg, "mem") ? LIMIT_MEMORY :
			is_limit(g->arg, "load") ? LIMIT_LOAD :
			is_limit(g->arg, "io") ? LIMIT_IO : LIMIT_COMMAND;
	number += strspn(number, " \t");
	if (!g->arg[strspn(g->arg, " \t")])
		options_bad(p, "%s: an empty command", g->name);
	else if (o->limit_kind != LIMIT_COMMAND && num_size(number, &n) < 0)
		options_bad(p, "%s: '%s' is not a number (such as 2, or 1.5G)",
			    g->name, number);
	o->limit_number = (double)n;
}

/* Output. */

void set_tty(struct parser *p, const struct given *g)
{
	(void)g;
	p->o->tty = true;
	p->o->open_tty = true;
}

void set_ctag(struct parser *p, const struct given *g)
{
	(void)g;
	p->o->color = true;
	p->o->tag = true;
}

void set_ctagstring(struct parser *p, const struct given *g)
{
	p->o->color = true;
	set_tagstring(p, g);
}

void set_files0(struct parser *p, const struct given *g)
{
	(void)g;
	p->o->files = true;
	p->o->files0 = true;
}

void set_compress_program(struct parser *p, const struct given *g)
{
	const char **field = (const char **)((char *)p->o + g->field);

	if (!g->arg[strspn(g->arg, " \t\n")])
		options_bad(p, "%s: an empty command", g->name);
	else
		*field = g->arg;
}

/* Options from elsewhere. In the parsing in earnest, which is the second one,
 * they have had their effect. */

void set_profile(struct parser *p, const struct given *g)
{
	p->profiles = xreallocarray(p->profiles, p->nprofiles + 1,
				    sizeof(*p->profiles));
	p->profiles[p->nprofiles++] = g->arg;
}

void set_plain(struct parser *p, const struct given *g)
{
	(void)g;
	p->plain = true;
}

/* What is no run. */

static void inform(struct parser *p, enum inform_what what)
{
	p->o->inform.what = what;
	p->result = OPTIONS_INFORM;
}

void set_inform_cores(struct parser *p, const struct given *g)
{
	(void)g;
	inform(p, INFORM_CORES);
}

void set_inform_sockets(struct parser *p, const struct given *g)
{
	(void)g;
	inform(p, INFORM_SOCKETS);
}

void set_inform_threads(struct parser *p, const struct given *g)
{
	(void)g;
	inform(p, INFORM_THREADS);
}

void set_inform_line_length(struct parser *p, const struct given *g)
{
	(void)g;
	inform(p, INFORM_LINE_LENGTH);
}

void set_inform_record_env(struct parser *p, const struct given *g)
{
	(void)g;
	inform(p, INFORM_RECORD_ENV);
}

void set_minversion(struct parser *p, const struct given *g)
{
	if (num_int(g->arg, 0, INT64_MAX, &p->o->inform.minversion) < 0)
		options_bad(p, "%s: '%s' is not a release of GNU parallel "
			    "(such as 20221122)", g->name, g->arg);
	else
		inform(p, INFORM_MINVERSION);
}
