/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options_rows.c - the rows of options.def, and for each kind of option the
 * function that reads its argument.
 *
 * set_<parser> writes the field that the row names; where several options
 * decide together, it takes a note in struct parser for options.c to settle.
 */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/mem.h"
#include "base/num.h"
#include "input/attributes.h"
#include "input/jsonl.h"
#include "options_impl.h"

#define QUEUE_MAX	100000000
#define RETRIES_MAX	1000000000
/* As good as for ever, and no sum of a few overflows. */
#define DURATION_MAX	(NS_PER_SEC * 86400 * 36500)

static const struct {
	enum option_id id;
	const char *words;
} values[] = {
#define VALUES(id, words) { OPTION_##id, words },
#include "options.def"
};

void options_bad(struct parser *p, const char *fmt, ...)
{
	va_list ap;

	if (p->result == OPTIONS_BAD)
		return;
	p->result = OPTIONS_BAD;
	va_start(ap, fmt);
	buf_vaddf(p->err, fmt, ap);
	va_end(ap);
}

/* For an argument that is not what it should be; errno ERANGE, left
 * by a parser, means that it is such a thing, only too large. */
static void bad_arg(struct parser *p, const struct given *g, const char *what)
{
	if (errno == ERANGE)
		options_bad(p, "%s: '%s' is too large", g->name, g->arg);
	else
		options_bad(p, "%s: '%s' is not %s", g->name, g->arg, what);
}

static void *field_of(struct parser *p, const struct given *g)
{
	return (char *)p->o + g->field;
}

/* The words behind VALUES(id, ...). */
static const char *words_of(enum option_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (values[i].id == id)
			return values[i].words;
	}
	BUG("option without words");
}

static void bad_word(struct parser *p, const struct given *g, const char *word,
		     size_t len)
{
	const char *choice = words_of(g->id);

	options_bad(p, "%s: '%.*s' is none of", g->name, (int)len, word);
	while (*choice) {
		size_t n = strcspn(choice, " ");

		buf_addf(p->err, " %.*s%s", (int)n, choice,
			 choice[n] ? "," : "");
		choice += n + (choice[n] == ' ');
	}
}

/* Which of its words the argument is, from 0; -1 and an error for another. */
static int word_index(struct parser *p, const struct given *g)
{
	const char *word = words_of(g->id);
	size_t len = strlen(g->arg);

	for (int i = 0; *word; i++) {
		size_t n = strcspn(word, " ");

		if (n == len && memcmp(word, g->arg, n) == 0)
			return i;
		word += n + (word[n] == ' ');
	}
	bad_word(p, g, g->arg, len);
	return -1;
}

/* Setters, by kind. */

static void set_flag(struct parser *p, const struct given *g)
{
	*(bool *)field_of(p, g) = true;
}

static void set_off(struct parser *p, const struct given *g)
{
	*(bool *)field_of(p, g) = false;
}

static void set_string(struct parser *p, const struct given *g)
{
	*(const char **)field_of(p, g) = g->arg;
}

static int duration(const char *word, int64_t *ns)
{
	if (num_duration(word, ns) < 0)
		return -1;
	if (*ns > DURATION_MAX)
		*ns = DURATION_MAX;
	return 0;
}

static void set_duration(struct parser *p, const struct given *g)
{
	if (duration(g->arg, field_of(p, g)) < 0)
		bad_arg(p, g, "a time (such as 90, 1.5m or 2h)");
}

/* Of what is done again and again. */
static void set_interval(struct parser *p, const struct given *g)
{
	int64_t *field = field_of(p, g);
	int64_t ns = 0;

	errno = 0;
	if (duration(g->arg, &ns) < 0 || ns < NS_PER_MS)
		bad_arg(p, g, "a time of 1ms or more (such as 5, 0.5 or 1m)");
	else
		*field = ns;
}

static void set_size(struct parser *p, const struct given *g)
{
	if (num_size(g->arg, field_of(p, g)) < 0)
		bad_arg(p, g, "a size (such as 4096, 64M or 1.5G)");
}

static void set_workers(struct parser *p, const struct given *g)
{
	p->has_jobs |= g->id == OPTION_JOBS || g->id == OPTION_MAX;
	if (jobspec_parse(field_of(p, g), g->name, g->arg, p->err) < 0)
		p->result = OPTIONS_BAD;
}

/* A whole number from min on; returns it, or min when it is none. */
static int64_t number(struct parser *p, const struct given *g, int64_t min,
		      int64_t max)
{
	int64_t n = min;

	if (num_int(g->arg, min, max, &n) == 0)
		return n;
	/* Below min is out of range too, but not too large. */
	if (num_int(g->arg, INT64_MIN, min - 1, &n) == 0 || *g->arg == '-')
		errno = EINVAL;
	bad_arg(p, g, min ? "a whole number from 1 on"
			  : "a whole number from 0 on");
	return min;
}

/* Input. */

void options_add_input(struct parser *p, const struct input_spec *spec)
{
	struct options *o = p->o;
	struct input_spec *s;

	o->inputs = xreallocarray(o->inputs, o->ninputs + 1,
				  sizeof(*o->inputs));
	s = &o->inputs[o->ninputs];
	*s = *spec;
	s->priority = p->priority;
	/* In step with the input before it, if there is one to combine with */
	if (o->ninputs == 0 || input_is_tasks(s[-1].kind))
		s->linked = false;
	o->ninputs++;
}

static void set_arg_file(struct parser *p, const struct given *g)
{
	bool linked = *g->arg == '+';
	struct input_spec spec = {
		.kind = INPUT_FILE,
		.linked = linked,
		.path = linked ? g->arg + 1 : g->arg,
		.option = g->name,
		.timeout_ns = -1,
	};

	options_add_input(p, &spec);
}

/*
 * A task file has the --timeout given before it, if any was; else, as all
 * other inputs, that of the run, which is the last one. A percentage is of
 * the run's median, so it can only be the run's.
 */
static void add_tasks(struct parser *p, const struct given *g,
		      enum input_kind kind)
{
	struct input_spec spec = {
		.kind = kind,
		.path = g->arg,
		.option = g->name,
		.timeout_ns = -1,
	};

	if (p->has_timeout) {
		p->tasks_percent = p->o->timeout_percent;
		if (p->o->timeout_percent == 0)
			spec.timeout_ns = p->o->timeout_ns;
	}
	options_add_input(p, &spec);
}

static void set_tasks(struct parser *p, const struct given *g)
{
	add_tasks(p, g, INPUT_TASKS);
}

static void set_jsonl(struct parser *p, const struct given *g)
{
	struct buf why = BUF_INIT;

	if (jsonl_setup(&why) == 0)
		add_tasks(p, g, INPUT_JSONL);
	else
		options_bad(p, "%s: %s", g->name, why.data);
	buf_release(&why);
}

static void set_null(struct parser *p, const struct given *g)
{
	(void)g;
	p->null = true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Up to n digits to that base, from *s on; -1 when there is none. */
static int scan_digits(const char **s, int n, int base)
{
	int value = -1;

	for (; n > 0 && digit_of(**s) < base; n--, (*s)++)
		value = (value < 0 ? 0 : value) * base + digit_of(**s);
	return value;
}

/* What a backslash and the text at *s mean, as for printf; moves *s behind
 * it. -1 when that is nothing known. */
static int scan_escape(const char **s)
{
	static const char from[] = "abfnrtv\\'\"";
	static const char to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *at;

	if (digit_of(**s) < 8)
		return scan_digits(s, 3, 8);
	if (**s == 'x') {
		(*s)++;
		return scan_digits(s, 2, 16);
	}
	at = **s ? strchr(from, **s) : NULL;
	if (!at)
		return -1;
	(*s)++;
	return to[at - from];
}

static void set_delimiter(struct parser *p, const struct given *g)
{
	const char *s = g->arg;

	p->delimiter = (unsigned char)*s;
	if (*s && *++s && s[-1] == '\\')
		p->delimiter = scan_escape(&s);
	if (*g->arg && !*s && p->delimiter >= 0 && p->delimiter <= 255)
		return;
	options_bad(p, "%s: '%s' is not one byte (such as ',', '\\t', '\\0', "
		    "'\\054' or '\\x2c')", g->name, g->arg);
}

static void set_repl(struct parser *p, const struct given *g)
{
	if (*g->arg)
		*(const char **)field_of(p, g) = g->arg;
	else
		options_bad(p, "%s: an empty word cannot stand for a value",
			    g->name);
}

/* As GNU parallel's: a word that follows and is no option is the argument,
 * also without '='. */
static void set_replace(struct parser *p, const struct given *g)
{
	p->o->tags.values = g->arg && *g->arg ? g->arg : NULL;
}

static void set_parens(struct parser *p, const struct given *g)
{
	size_t len = strlen(g->arg);

	if (len >= 2 && len % 2 == 0)
		p->o->tags.parens = g->arg;
	else
		options_bad(p, "%s: '%s' is not two words of one length "
			    "behind each other (such as {==})", g->name,
			    g->arg);
}

static const char **add_word(const char **words, size_t *n, const char *word)
{
	words = xreallocarray(words, *n + 1, sizeof(*words));
	words[(*n)++] = word;
	return words;
}

static void set_rpl(struct parser *p, const struct given *g)
{
	struct tag_opts *t = &p->o->tags;

	t->rpl = add_word(t->rpl, &t->nrpl, g->arg);
}

static void set_match(struct parser *p, const struct given *g)
{
	struct tag_opts *t = &p->o->tags;

	t->match = add_word(t->match, &t->nmatch, g->arg);
}

static void set_filter(struct parser *p, const struct given *g)
{
	struct options *o = p->o;

	o->filters = add_word(o->filters, &o->nfilters, g->arg);
}

static void set_shell_quote(struct parser *p, const struct given *g)
{
	(void)g;
	/* Each doubles what is there; more only fills the memory. */
	if (p->o->shell_quote < 8)
		p->o->shell_quote++;
	else
		options_bad(p, "%s: more than 8 times", g->name);
}

/* A stage has the bounds that were given before it. */
static void set_then(struct parser *p, const struct given *g)
{
	struct options *o = p->o;

	if (!g->arg[strspn(g->arg, " \t\n")]) {
		options_bad(p, "%s: an empty command", g->name);
		return;
	}
	o->then = xreallocarray(o->then, o->nthen + 1, sizeof(*o->then));
	o->then[o->nthen++] = (struct then){
		.command = g->arg, .max = o->max, .min = o->min,
	};
}

/* Concurrency. */

static void set_min_workers(struct parser *p, const struct given *g)
{
	set_workers(p, g);
	if (p->o->min.kind == JOBSPEC_ALL || p->o->min.is_auto)
		options_bad(p, "%s: '%s' is not a number of workers from 1 on",
			    g->name, g->arg);
}

static void set_scale(struct parser *p, const struct given *g)
{
	if (scale_parse(g->arg, &p->o->scale) < 0)
		bad_word(p, g, g->arg, strlen(g->arg));
}

static void set_scale_threshold(struct parser *p, const struct given *g)
{
	p->o->scale_threshold = (unsigned)number(p, g, 1, QUEUE_MAX);
}

static void set_queue_size(struct parser *p, const struct given *g)
{
	p->o->queue_size = (size_t)number(p, g, 1, QUEUE_MAX);
}

static void set_priority(struct parser *p, const struct given *g)
{
	if (attributes_priority(g->arg, &p->priority) < 0)
		options_bad(p, "%s: '%s' is not low, normal, high or a whole "
			    "number from -1000 to 1000", g->name, g->arg);
}

static void set_queue_order(struct parser *p, const struct given *g)
{
	if (queue_order_parse(g->arg, &p->o->queue_order) < 0)
		bad_word(p, g, g->arg, strlen(g->arg));
}

static void set_on_full(struct parser *p, const struct given *g)
{
	static const enum engine_full meant[] = {
		FULL_BLOCK, FULL_DROP, FULL_RUN,
	};
	int i = word_index(p, g);

	if (i >= 0)
		p->o->on_full = meant[i];
}

static void set_dispatch(struct parser *p, const struct given *g)
{
	static const enum engine_dispatch meant[] = {
		DISPATCH_SHARED, DISPATCH_STEALING,
	};
	int i = word_index(p, g);

	if (i >= 0)
		p->o->dispatch = meant[i];
}

static void set_rate(struct parser *p, const struct given *g)
{
	if (rate_parse(g->arg, &p->o->rate) < 0)
		bad_arg(p, g, "a rate: a whole number (such as 5/s, or "
			"30/m for one every 2 seconds, or 20/h:10)");
}

static void set_delay(struct parser *p, const struct given *g)
{
	size_t len = strlen(g->arg);
	bool is_auto = len > 4 && strcmp(g->arg + len - 4, "auto") == 0;
	char *time = xmemdup0(g->arg, is_auto ? len - 4 : len);

	if (duration(time, &p->o->delay_ns) < 0)
		bad_arg(p, g, "a time (such as 90, 1.5m or 2h), with auto "
			"behind it or not");
	p->o->delay_auto = is_auto;
	free(time);
}

/* Each job. */

static void set_timeout(struct parser *p, const struct given *g)
{
	struct options *o = p->o;
	size_t len = strlen(g->arg);

	p->has_timeout = true;
	o->timeout_percent = 0;
	o->timeout_ns = 0;
	if (len == 0 || g->arg[len - 1] != '%') {
		if (duration(g->arg, &o->timeout_ns) < 0)
			bad_arg(p, g, "a time or a percentage (such as 90, "
				"1.5m, 2h or 200%)");
		return;
	}
	errno = 0;
	if (num_percent(g->arg, &o->timeout_percent) < 0 ||
	    o->timeout_percent == 0)
		bad_arg(p, g, "a percentage above 0");
}

static void set_term_seq(struct parser *p, const struct given *g)
{
	if (term_seq_parse(g->arg, &p->o->term_seq) == 0)
		return;
	if (errno == ERANGE)
		options_bad(p, "%s: '%s' has more than %d stages, or too long "
			    "a wait", g->name, g->arg, TERM_STAGES_MAX);
	else
		options_bad(p, "%s: '%s' is not SIGNAL,MILLISECONDS,... (such "
			    "as TERM,500,KILL,25)", g->name, g->arg);
}

static void set_retries(struct parser *p, const struct given *g)
{
	p->o->retries = (unsigned)number(p, g, 0, RETRIES_MAX);
}

static void set_retry_delay(struct parser *p, const struct given *g)
{
	struct backoff *b = &p->o->retry_delay;

	if (backoff_parse(g->arg, b) < 0) {
		bad_arg(p, g, "TIME[,FACTOR[,MAX]] (such as 5, 1s,2 or "
			"0.5s,1.5,5m)");
		return;
	}
	if (b->delay_ns > DURATION_MAX)
		b->delay_ns = DURATION_MAX;
	if (b->max_ns == 0 || b->max_ns > DURATION_MAX)
		b->max_ns = DURATION_MAX;
}

static void set_retry_on(struct parser *p, const struct given *g)
{
	if (retry_parse(g->arg, signal_by_name, &p->o->retry_on) < 0)
		options_bad(p, "%s: '%s' is not a list of exit statuses (1 to "
			    "255, such as 3,10-20), signals, fail, signal, "
			    "timeout, start", g->name, g->arg);
}

static void set_retry_output(struct parser *p, const struct given *g)
{
	p->o->retry_output = word_index(p, g) == 1;
}

/* Output. */

static void set_keep_order(struct parser *p, const struct given *g)
{
	(void)g;
	p->keep = true;
}

static void set_no_keep_order(struct parser *p, const struct given *g)
{
	(void)g;
	p->no_keep = true;
}

static void set_group(struct parser *p, const struct given *g)
{
	(void)g;
	p->group = true;
}

static void set_silent(struct parser *p, const struct given *g)
{
	(void)g;
	p->silent = true;
}

/* With C escapes, as GNU parallel's; what is none is ordinary text. */
void set_tagstring(struct parser *p, const struct given *g)
{
	struct buf text = BUF_INIT;
	const char *s = g->arg;

	while (*s) {
		const char *behind = s + 1;
		int c = *s == '\\' ? scan_escape(&behind) : -1;

		if (c > 0 && c <= 255) {
			buf_addch(&text, (char)c);
			s = behind;
		} else {
			buf_addch(&text, *s++);
		}
	}
	free(p->o->tagstring);
	p->o->tagstring = buf_take(&text);
}

/* Results. */

static void set_halt(struct parser *p, const struct given *g)
{
	if (halt_parse(g->arg, &p->o->halt) < 0)
		options_bad(p, "%s: '%s' is not never or WHEN,WHY=N (such as "
			    "now,fail=1 or soon,done=50%%)", g->name, g->arg);
}

static void set_exit_as(struct parser *p, const struct given *g)
{
	if (exit_rule_parse(g->arg, &p->o->exit_as) < 0)
		bad_word(p, g, g->arg, strlen(g->arg));
}

static void set_joblog(struct parser *p, const struct given *g)
{
	p->o->joblog_append = *g->arg == '+';
	p->o->joblog = g->arg + p->o->joblog_append;
}

static void set_sync(struct parser *p, const struct given *g)
{
	static const enum logfile_sync meant[] = {
		LOGFILE_NONE, LOGFILE_END, LOGFILE_ALWAYS,
	};
	int i = word_index(p, g);

	if (i >= 0)
		p->o->sync = meant[i];
}

static void set_summary(struct parser *p, const struct given *g)
{
	if (!g->arg || strcmp(g->arg, "failed") == 0)
		p->o->summary = SUMMARY_FAILED;
	else if (strcmp(g->arg, "all") == 0)
		p->o->summary = SUMMARY_ALL;
	else
		bad_word(p, g, g->arg, strlen(g->arg));
}

/* For people. */

static void set_debug(struct parser *p, const struct given *g)
{
	static const struct {
		const char *word;
		unsigned areas;
	} named[] = {
		{ "sched", DIAG_SCHED },
		{ "proc", DIAG_PROC },
		{ "emit", DIAG_EMIT },
		{ "input", DIAG_INPUT },
		{ "all", DIAG_SCHED | DIAG_PROC | DIAG_EMIT | DIAG_INPUT },
	};
	const char *s = g->arg;

	for (;;) {
		size_t len = strcspn(s, ",");
		size_t i = 0;

		while (i < ARRAY_SIZE(named) &&
		       (strlen(named[i].word) != len ||
			strncmp(s, named[i].word, len) != 0))
			i++;
		if (i == ARRAY_SIZE(named)) {
			bad_word(p, g, s, len);
			return;
		}
		p->o->debug |= named[i].areas;
		s += len;
		if (*s++ == '\0')
			return;
	}
}

static void set_help(struct parser *p, const struct given *g)
{
	(void)g;
	p->result = OPTIONS_HELP;
}

static void set_version(struct parser *p, const struct given *g)
{
	(void)g;
	p->result = OPTIONS_VERSION;
}

/* The table. */

#define LETTER(c)	((const char[]){ '-', (c), '\0' })

const struct option_row options_rows[] = {
#define OPT(id, name, c, argument, arg_name, group, parser, field, help) \
	{ ROW_OWN, OPTION_##id, "--" name, LETTER(c), argument, \
	  set_##parser, offsetof(struct options, field) },
#define ALIAS(id, name, c) \
	{ ROW_ALIAS, OPTION_##id, "--" name, LETTER(c), 0, NULL, 0 },
#define IGNORED(name) \
	{ ROW_IGNORED, OPTION_COUNT, "--" name, LETTER(0), no_argument, \
	  NULL, 0 },
#define FOREIGN(name, c) \
	{ ROW_FOREIGN, OPTION_COUNT, "--" name, LETTER(c), \
	  optional_argument, NULL, 0 },
#include "options.def"
};

const size_t options_nrows = ARRAY_SIZE(options_rows);
