/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.c - walks over the command line: options by getopt_long, then the
 * command, then the inputs; and says what is wrong with it.
 *
 * Unique prefixes of long names are getopt_long's own; spellings of one
 * option have one value in its table, so that they are never ambiguous among
 * themselves.
 */
#include <config.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/path.h"
#include "options_impl.h"
#include "profile.h"
#include "sink/results.h"

/* What getopt_long returns for a long name lies above all letters. */
#define LONG_BASE	256

static bool has_name(const struct option_row *row)
{
	return row->name[2] != '\0';
}

/* The row that says what an alias is. */
static const struct option_row *own_row(const struct option_row *row)
{
	size_t i = 0;

	if (row->kind != ROW_ALIAS)
		return row;
	while (options_rows[i].kind != ROW_OWN || options_rows[i].id != row->id)
		i++;
	return &options_rows[i];
}

static const struct option_row *row_of_letter(int c)
{
	for (size_t i = 0; i < options_nrows; i++) {
		if (options_rows[i].letter[1] == c)
			return &options_rows[i];
	}
	BUG("letter without an option");
}

/* The tables of getopt_long. */

struct tables {
	struct option *longs;
	const struct option_row **rows;	/* one for each of longs */
	struct buf letters;
};

/* One for all spellings of an option, one for all that is ignored. */
static int value_of(size_t i)
{
	const struct option_row *row = &options_rows[i];

	if (row->kind == ROW_FOREIGN)
		return LONG_BASE + OPTION_COUNT + 1 + (int)i;
	return LONG_BASE + (int)row->id;
}

static void tables_init(struct tables *t)
{
	size_t n = 0;

	t->longs = xcalloc(options_nrows + 1, sizeof(*t->longs));
	t->rows = xcalloc(options_nrows, sizeof(*t->rows));
	buf_init(&t->letters);
	/* +: stop at the first word; a colon: tell what is missing */
	buf_addstr(&t->letters, "+:");
	for (size_t i = 0; i < options_nrows; i++) {
		const struct option_row *row = &options_rows[i];
		int argument = own_row(row)->argument;

		if (row->letter[1]) {
			buf_addch(&t->letters, row->letter[1]);
			if (argument != no_argument)
				buf_addch(&t->letters, ':');
			if (argument == optional_argument)
				buf_addch(&t->letters, ':');
		}
		if (!has_name(row))
			continue;
		t->longs[n] = (struct option){
			.name = row->name + 2,
			.has_arg = argument,
			.val = value_of(i),
		};
		t->rows[n++] = row;
	}
}

static void tables_release(struct tables *t)
{
	free(t->longs);
	free(t->rows);
	buf_release(&t->letters);
}

/* What is wrong. */

static bool same_but_dashes(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, "-");
		b += strspn(b, "-");
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

static bool is_foreign(const char *name)
{
	for (size_t i = 0; i < options_nrows; i++) {
		if (options_rows[i].kind == ROW_FOREIGN &&
		    has_name(&options_rows[i]) &&
		    same_but_dashes(options_rows[i].name, name))
			return true;
	}
	return false;
}

const char *options_nearest(const char *name)
{
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < options_nrows; i++) {
		const struct option_row *row = &options_rows[i];

		if (has_name(row) &&
		    (row->kind == ROW_OWN || row->kind == ROW_ALIAS))
			nearest_offer(&n, row->name + 2);
	}
	return n.best;
}

/* Adds the options that name (len bytes, with dashes) is a prefix of, each
 * under its first spelling that is. Returns how many. */
static size_t add_candidates(struct buf *out, const char *name, size_t len)
{
	bool seen[OPTION_COUNT + 1] = { false };
	size_t n = 0;

	for (size_t i = 0; i < options_nrows; i++) {
		const struct option_row *row = &options_rows[i];

		if (strncmp(row->name, name, len) != 0 || !has_name(row))
			continue;
		if (row->kind != ROW_FOREIGN) {
			if (seen[row->id])
				continue;
			seen[row->id] = true;
		}
		buf_addf(out, "%s'%s'", n++ ? ", " : "", row->name);
	}
	return n;
}

/* A long option that getopt_long knows not, or more than one of. */
static void bad_long(struct parser *p, const char *name)
{
	const char *nearest = options_nearest(name + 2);
	struct buf candidates = BUF_INIT;

	if (is_foreign(name))
		options_bad(p, "option '%s' of GNU parallel is not supported",
			    name);
	else if (name[2] &&
		 add_candidates(&candidates, name, strlen(name)) > 1)
		options_bad(p, "option '%s' is ambiguous: %s", name,
			    candidates.data);
	else if (nearest)
		options_bad(p, "unknown option '%s' (did you mean '--%s'?)",
			    name, nearest);
	else
		options_bad(p, "unknown option '%s'", name);
	buf_release(&candidates);
}

/*
 * getopt_long returned c, '?' or ':'. For long names the word that was wrong
 * is the one before optind, and optopt is 0 where no option fits; for letters
 * optopt is the letter.
 */
static void bad_option(struct parser *p, int c, const char *word)
{
	bool is_long = optopt == 0 || optopt >= LONG_BASE;
	char letter[] = { '-', (char)optopt, '\0' };
	char *name = is_long ? xmemdup0(word, strcspn(word, "="))
			     : xstrdup(letter);

	if (c == ':')
		options_bad(p, "option '%s' needs an argument", name);
	else if (is_long && optopt)
		options_bad(p, "option '%s' takes no argument", name);
	else if (is_long)
		bad_long(p, name);
	else
		options_bad(p, "unknown option '%s'", name);
	free(name);
}

/* The parts of a command line. */

/* A bare -i, -e, --replace or --eof takes the next word, as GNU parallel's
 * does, unless that is an option. */
static char *next_word(int argc, char **argv)
{
	const char *word = optind < argc ? argv[optind] : "-?";

	if (*word == '-' && word[1])
		return NULL;
	return argv[optind++];
}

/* -l and --max-lines take it if it is a number. */
static char *next_number(int argc, char **argv)
{
	if (optind == argc || argv[optind][0] < '0' || argv[optind][0] > '9')
		return NULL;
	return argv[optind++];
}

static void take_option(struct parser *p, const struct option_row *row,
			const char *name, int argc, char **argv)
{
	const struct option_row *own = own_row(row);
	struct given g = {
		.name = name,
		.arg = optarg,
		.id = own->id,
		.field = own->field,
	};

	if (p->is_scan && row->kind != ROW_OWN && row->kind != ROW_ALIAS)
		return;
	switch (row->kind) {
	case ROW_IGNORED:
		return;
	case ROW_FOREIGN:
		options_bad(p, "option '%s' of GNU parallel is not supported",
			    name);
		return;
	case ROW_OWN:
	case ROW_ALIAS:
		if (!g.arg && (g.id == OPTION_REPLACE ||
			       g.id == OPTION_END_LINE_OPTIONAL))
			g.arg = next_word(argc, argv);
		if (!g.arg && g.id == OPTION_MAX_LINES)
			g.arg = next_number(argc, argv);
		if (!p->is_scan || g.id == OPTION_PROFILE ||
		    g.id == OPTION_PLAIN)
			own->set(p, &g);
		return;
	}
}

/* Returns the index of the first word that is no option's. */
static int parse_options(struct parser *p, int argc, char **argv)
{
	const struct tables *t = p->tables;

	/* 0, not 1: start anew, also within a word like -uk */
	optind = 0;
	opterr = 0;
	while (p->result == OPTIONS_RUN) {
		int at = -1;
		int c = getopt_long(argc, argv, t->letters.data, t->longs, &at);
		const struct option_row *row;

		if (c == -1)
			break;
		p->at = optind - 1;
		if (c == '?' || c == ':') {
			bad_option(p, c, argv[optind - 1]);
			break;
		}
		row = at >= 0 ? t->rows[at] : row_of_letter(c);
		take_option(p, row, at >= 0 ? row->name : row->letter, argc,
			    argv);
	}
	return optind;
}

/*
 * Options from elsewhere come first, so that those of the command line, which
 * are taken later, count. Of grouping, where options shut out each other, the
 * last place that says anything of it counts.
 */
struct grouping {
	bool group, ungroup, line_buffer;
};

static struct grouping take_grouping(struct parser *p)
{
	struct grouping g = { p->group, p->o->ungroup, p->o->line_buffer };

	p->group = false;
	p->o->ungroup = false;
	p->o->line_buffer = false;
	return g;
}

static void settle_grouping(struct parser *p, const struct grouping *before)
{
	struct options *o = p->o;

	if (p->group || o->ungroup || o->line_buffer)
		return;
	p->group = before->group;
	o->ungroup = before->ungroup;
	o->line_buffer = before->line_buffer;
}

/* Puts before the message where the option stands. */
static void blame(struct parser *p, const char *place)
{
	char *message = buf_take(p->err);

	buf_addf(p->err, "%s: %s", place, message);
	free(message);
}

/* Options of profiles and $PARALLEL; their other words go to rest. */
static void parse_defaults(struct parser *p, const struct profile *from,
			   char ***rest, int *nrest)
{
	int argc = (int)from->n;
	struct grouping before;
	int i;

	if (argc == 0 || p->result != OPTIONS_RUN)
		return;
	before = take_grouping(p);
	i = parse_options(p, argc, from->words);
	settle_grouping(p, &before);
	if (p->result == OPTIONS_BAD)
		blame(p, from->places[p->at]);
	if (p->result != OPTIONS_RUN)
		return;
	*rest = xreallocarray(*rest, (size_t)(*nrest + argc - i),
			      sizeof(**rest));
	while (i < argc)
		(*rest)[(*nrest)++] = from->words[i++];
}

/* Is there a -J or a --plain on the command line? What is wrong with it, the
 * parsing in earnest will say. */
static void scan(struct parser *p, int argc, char **argv)
{
	struct buf err = BUF_INIT;
	struct parser s = { .o = p->o, .err = &err, .result = OPTIONS_RUN,
			    .is_scan = true, .tables = p->tables };

	parse_options(&s, argc, argv);
	p->profiles = s.profiles;
	p->nprofiles = s.nprofiles;
	p->plain = s.plain;
	buf_release(&err);
}

static bool is_word(const char *word, const char *separator)
{
	size_t len = strlen(separator);

	return strncmp(word, separator, len) == 0 &&
	       (!word[len] || strcmp(word + len, "+") == 0);
}

/* :::: or ::::+ */
static bool names_files(const struct parser *p, const char *word)
{
	return is_word(word, p->arg_file_sep ? p->arg_file_sep : "::::");
}

/* ::: :::+ :::: ::::+ */
static bool is_separator(const struct parser *p, const char *word)
{
	return names_files(p, word) ||
	       is_word(word, p->arg_sep ? p->arg_sep : ":::");
}

/* How many words from i on are before the next separator. */
static int count_words(const struct parser *p, int argc, char **argv,
		       int i)
{
	int n = 0;

	while (i + n < argc && !is_separator(p, argv[i + n]))
		n++;
	return n;
}

static void parse_command(struct parser *p, char **words, int n)
{
	struct buf command = BUF_INIT;

	if (n == 0)
		return;
	for (int i = 0; i < n; i++) {
		if (i)
			buf_addch(&command, ' ');
		buf_addstr(&command, words[i]);
	}
	p->o->command = buf_take(&command);
	p->o->words = words;
	p->o->nwords = (size_t)n;
}

static void parse_input(struct parser *p, const char *separator, char **words,
			int n)
{
	struct input_spec spec = {
		.kind = INPUT_ARGS,
		.linked = separator[strlen(separator) - 1] == '+',
		.option = separator,
		.timeout_ns = -1,
	};

	if (!names_files(p, separator)) {
		spec.args = words;
		spec.nargs = (size_t)n;
		options_add_input(p, &spec);
		return;
	}
	spec.kind = INPUT_FILE;
	for (int i = 0; i < n; i++) {
		spec.path = words[i];
		options_add_input(p, &spec);
	}
}

static void parse_words(struct parser *p, int argc, char **argv)
{
	int i = 0;
	int n = count_words(p, argc, argv, i);

	parse_command(p, argv + i, n);
	for (i += n; i < argc; i += n) {
		const char *separator = argv[i++];

		n = count_words(p, argc, argv, i);
		parse_input(p, separator, argv + i, n);
	}
	if (p->o->ninputs == 0) {
		struct input_spec spec = {
			.kind = INPUT_STDIN,
			.path = "-",
			.option = "standard input",
			.timeout_ns = -1,
		};

		options_add_input(p, &spec);
	}
}

/* The jobs come from the log: command and inputs do not count. */
static void settle_retry(struct parser *p)
{
	struct options *o = p->o;

	if (o->nthen)
		options_bad(p, "--retry-failed cannot be combined with "
			    "--then");
	free(o->command);
	o->command = NULL;
	o->ninputs = 1;
	o->inputs[0] = (struct input_spec){
		.kind = INPUT_ARGS,
		.option = ":::",
		.timeout_ns = -1,
	};
}

/* Which tell of each job that it was run. */
static bool has_result_files(const struct options *o)
{
	bool to_stdout;

	return o->results && !results_are_records(
		results_kind_of(o->results, &to_stdout));
}

static void settle_resume(struct parser *p)
{
	struct options *o = p->o;
	const char *name = o->retry_failed ? "--retry-failed"
			   : o->resume_failed ? "--resume-failed"
			   : o->resume ? "--resume" : NULL;

	o->resume |= o->resume_failed;
	if (!name)
		return;
	if (!o->journal && !o->joblog &&
	    (o->retry_failed || !has_result_files(o)))
		options_bad(p, "%s needs --joblog%s", name,
			    o->retry_failed ? " or --journal"
			    : ", --journal, or --results in files");
	else if (!o->journal && !o->joblog)
		return;
	else if (strcmp(o->journal ? o->journal : o->joblog, "-") == 0)
		options_bad(p, "%s: the log cannot be standard output", name);
	if (o->retry_failed)
		settle_retry(p);
}

/* All bytes must pass through our hands, one job's after the other's if a
 * journal is to know where they are. */
static void settle_output(struct parser *p)
{
	struct options *o = p->o;

	if (o->output && strcmp(o->output, "-") == 0)
		o->output = NULL;
	if (!o->output)
		return;
	if (o->ungroup)
		options_bad(p, "--output cannot be combined with --%s",
			    o->tty ? "tty" : "ungroup");
	if (o->results)
		options_bad(p, "--output cannot be combined with --results");
	if (o->journal && o->line_buffer && o->order != ORDER_KEEP)
		options_bad(p, "--output with --journal can be combined with "
			    "--line-buffer only if there is --keep-order");
	if (o->journal && o->nthen && o->order == ORDER_COMPLETION)
		options_bad(p, "--output with --journal can be combined with "
			    "--then only if there is --keep-order");
}

/* What several options decide together, and what they can't be together. */
static void settle(struct parser *p)
{
	struct options *o = p->o;

	if (p->null)
		o->source.delimiter = '\0';
	if (p->delimiter >= 0)
		o->source.delimiter = (unsigned char)p->delimiter;
	if (p->keep)
		o->order = ORDER_KEEP;
	if (p->no_keep)
		o->order = ORDER_COMPLETION;
	if (p->silent)
		o->verbose = false;
	if (o->tty && !p->has_jobs) {
		o->max.kind = JOBSPEC_COUNT;
		o->max.n = 1;
	}
	if (o->tty && !p->group && !o->line_buffer && !o->dry_run)
		o->ungroup = true;
	options_settle_sem(p);
	options_settle_pipe(p);
	options_settle_input(p);
	options_settle_auto(p);
	if (p->group && (o->ungroup || o->line_buffer))
		options_bad(p, "--group cannot be combined with --%s",
			    o->ungroup ? "ungroup" : "line-buffer");
	if (o->ungroup && o->line_buffer)
		options_bad(p, "--ungroup cannot be combined with "
			    "--line-buffer");
	if (o->priority_aging_ns && o->queue_order != QUEUE_PRIORITY)
		options_bad(p, "--priority-aging cannot be combined with "
			    "--queue-order %s",
			    o->queue_order == QUEUE_FIFO ? "fifo" : "lifo");
	/* As GNU parallel: an empty name is none. */
	if (o->results && !*o->results)
		o->results = NULL;
	if (o->latest_line && (o->files || o->results))
		options_bad(p, "--latest-line cannot be combined with --%s",
			    o->files ? "files" : "results");
	if (o->results && o->nthen)
		options_bad(p, "--results cannot be combined with --then");
	settle_resume(p);
	settle_output(p);
	if (p->tasks_percent > 0 && p->tasks_percent != o->timeout_percent)
		options_bad(p, "--timeout: a percentage given before --tasks "
			    "must be the last --timeout");
}

static void set_defaults(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->source.delimiter = '\n';
	o->max = (struct jobspec){
		.kind = JOBSPEC_PERCENT,
		.percent = 100,
		.option = "--jobs",
	};
	o->idle_timeout_ns = 5 * NS_PER_SEC;
	o->queue_size = 1024;
	o->scale_threshold = 2;
	BUG_ON(term_seq_parse(TERM_SEQ_DEFAULT, &o->term_seq) < 0);
	o->retries = 1;
	o->retry_delay.factor = 1;
	o->die_with_parent = true;
	o->kill_tree = true;
	o->output_memory = (uint64_t)32 << 20;
	o->grace_ns = 10 * NS_PER_SEC;
	o->metrics_interval_ns = 5 * NS_PER_SEC;
}

static void parse_all(struct parser *p, int argc, char **argv)
{
	struct grouping before;
	char **words = NULL;
	int n = 0;
	int i = argc;

	for (size_t k = 0; k < PROFILE_KINDS; k++)
		parse_defaults(p, &p->o->defaults[k], &words, &n);
	if (p->result == OPTIONS_RUN) {
		before = take_grouping(p);
		i = parse_options(p, argc, argv);
		settle_grouping(p, &before);
		p->o->given = argv + 1;
		p->o->ngiven = i > 1 ? (size_t)i - 1 : 0;
	}
	words = xreallocarray(words, (size_t)(n + argc - i) + 1,
			      sizeof(*words));
	while (i < argc)
		words[n++] = argv[i++];
	p->o->all_words = words;
	if (p->result == OPTIONS_RUN)
		parse_words(p, n, words);
}

/* By whatever path? */
static bool is_called(const char *path, const char *name)
{
	return path && strcmp(path_last(path), name) == 0;
}

enum options_result options_parse(struct options *o, int argc, char **argv,
				  struct buf *err)
{
	struct tables tables;
	struct parser p = {
		.o = o,
		.err = err,
		.result = OPTIONS_RUN,
		.delimiter = -1,
		.tables = &tables,
	};

	tables_init(&tables);
	set_defaults(o);
	o->sem.is_on = is_called(argv[0], "sem");
	scan(&p, argc, argv);
	if (!p.plain && profile_read(o->defaults, p.profiles, p.nprofiles,
				     err) < 0)
		p.result = OPTIONS_BAD;
	free(p.profiles);
	p.profiles = NULL;
	p.nprofiles = 0;
	parse_all(&p, argc, argv);
	if (p.result == OPTIONS_RUN)
		settle(&p);
	free(p.profiles);
	tables_release(&tables);
	return p.result;
}

void options_release(struct options *o)
{
	free(o->inputs);
	free(o->then);
	free(o->tags.rpl);
	free(o->tags.match);
	free(o->filters);
	free(o->command);
	free(o->tagstring);
	free(o->all_words);
	for (size_t k = 0; k < PROFILE_KINDS; k++)
		profile_release(&o->defaults[k]);
}
