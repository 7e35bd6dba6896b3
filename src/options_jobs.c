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
