/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options_impl.h - what options.c, which walks over the command line, shares
 * with options_rows.c and options_jobs.c, which know what each option means.
 */
#ifndef MUSTER_OPTIONS_IMPL_H
#define MUSTER_OPTIONS_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "options.h"

enum option_id {
#define OPT(id, ...) OPTION_##id,
#include "options.def"
	OPTION_COUNT,		/* also the id of what is no option of ours */
};

enum row_kind { ROW_OWN, ROW_ALIAS, ROW_IGNORED, ROW_FOREIGN };

/* While one command line is read. */
struct parser {
	const struct tables *tables;	/* options.c's own */
	struct options *o;
	struct buf *err;
	enum options_result result;	/* other than OPTIONS_RUN: stop */

	/* in force for the inputs that follow */
	int priority;
	bool has_timeout;	/* --timeout was given */
	double tasks_percent;	/* the --timeout N% a --tasks file came under */

	const char *arg_sep;	/* instead of :::, or NULL */
	const char *arg_file_sep;	/* instead of ::::, or NULL */
	bool has_trim;
	bool has_max_args, has_replace_args;
	uint64_t max_args, replace_args, max_lines;
	const char *filling;	/* -X, -m or --xargs as spelled; or NULL */
	bool has_context, has_many;
	/* options from elsewhere */
	bool is_scan;		/* only -J and --plain are looked for */
	int at;			/* index of the word that is looked at */
	const char **profiles;	/* -J */
	size_t nprofiles;
	bool plain;

	/* settled at the end, whatever the order */
	bool null;
	int delimiter;		/* of -d, or -1 */
	bool keep;
	bool no_keep;
	bool group;
	bool silent;
	bool has_jobs;		/* -j or --max was given */
	const char *records_option;	/* as -N or -n was spelled; or NULL */
	const char *lines_option;	/* -L or -l */
};

/* An option as given. */
struct given {
	const char *name;	/* as the user called it: "-j", "--jobs" */
	const char *arg;	/* or NULL */
	enum option_id id;
	size_t field;		/* offset in struct options */
};

/* A row of options.def. Names never move. */
struct option_row {
	enum row_kind kind;
	enum option_id id;
	const char *name;	/* "--jobs"; "--" when it has none */
	const char *letter;	/* "-j"; "-" when it has none */
	int argument;		/* getopt.h's; that of the ROW_OWN row counts */
	void (*set)(struct parser *p, const struct given *g);
	size_t field;
};

extern const struct option_row options_rows[];
extern const size_t options_nrows;

/* Ends the parsing with a message; the first one stays. */
void options_bad(struct parser *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* options_input.c */
void set_end_line(struct parser *p, const struct given *g);
void set_arg_sep(struct parser *p, const struct given *g);
void set_arg_file_sep(struct parser *p, const struct given *g);
void set_colsep(struct parser *p, const struct given *g);
void set_header(struct parser *p, const struct given *g);
void set_trim(struct parser *p, const struct given *g);
void set_max_args(struct parser *p, const struct given *g);
void set_replace_args(struct parser *p, const struct given *g);
void set_max_lines(struct parser *p, const struct given *g);
void set_context(struct parser *p, const struct given *g);
void set_many(struct parser *p, const struct given *g);
void set_xargs(struct parser *p, const struct given *g);
void set_max_chars(struct parser *p, const struct given *g);
void set_total_jobs(struct parser *p, const struct given *g);
/* What these come to together. */
void options_settle_input(struct parser *p);
void options_settle_auto(struct parser *p);
/* options_jobs.c */
void set_nice(struct parser *p, const struct given *g);
void set_env(struct parser *p, const struct given *g);
void set_slot_var(struct parser *p, const struct given *g);
void set_on_done(struct parser *p, const struct given *g);
void set_load(struct parser *p, const struct given *g);
void set_limit(struct parser *p, const struct given *g);
void set_tty(struct parser *p, const struct given *g);
void set_ctag(struct parser *p, const struct given *g);
void set_ctagstring(struct parser *p, const struct given *g);
void set_tagstring(struct parser *p, const struct given *g);
void set_files0(struct parser *p, const struct given *g);
void set_compress_program(struct parser *p, const struct given *g);
void set_profile(struct parser *p, const struct given *g);
void set_plain(struct parser *p, const struct given *g);
void set_inform_cores(struct parser *p, const struct given *g);
void set_inform_sockets(struct parser *p, const struct given *g);
void set_inform_threads(struct parser *p, const struct given *g);
void set_inform_line_length(struct parser *p, const struct given *g);
void set_inform_record_env(struct parser *p, const struct given *g);
void set_minversion(struct parser *p, const struct given *g);

/* options_sem.c */
void set_semaphore_id(struct parser *p, const struct given *g);
void set_semaphore_timeout(struct parser *p, const struct given *g);
/* Before other options of the input are settled. */
void options_settle_sem(struct parser *p);

/* Adds a copy of spec with the priority that is in force. */
void options_add_input(struct parser *p, const struct input_spec *spec);

/* options_pipe.c */
void set_block(struct parser *p, const struct given *g);
/* A number of things, or a sum of such; else an error. */
uint64_t options_count(struct parser *p, const struct given *g);
void options_settle_pipe(struct parser *p);

#endif
