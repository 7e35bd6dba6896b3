/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the command line, as plain data.
 *
 * options.def is the only list of options. options_parse reads the whole
 * command line: options up to the first other word, then the command, then
 * inputs (::: :::+ :::: ::::+). It changes nothing but *o and err.
 */
#ifndef MUSTER_OPTIONS_H
#define MUSTER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inform.h"
#include "input/source.h"
#include "input/tags.h"
#include "jobspec.h"
#include "proc/term.h"
#include "profile.h"
#include "sched/engine.h"
#include "sched/halt.h"
#include "sched/tally.h"
#include "sem.h"
#include "tmux.h"
#include "sink/logfile.h"

struct buf;

enum summary_mode { SUMMARY_NONE, SUMMARY_FAILED, SUMMARY_ALL };

enum order_mode {
	ORDER_DEFAULT,	/* input order */
	ORDER_KEEP,	/* -k was given */
	ORDER_COMPLETION,	/* --no-keep-order */
};

enum limit_kind { LIMIT_COMMAND, LIMIT_MEMORY, LIMIT_LOAD, LIMIT_IO };

/* --then: a stage behind the first, with the bounds given before it. */
struct then {
	const char *command;
	struct jobspec max;
	struct jobspec min;
};

/* Pipe mode: jobs get blocks of the input. */
struct pipe_opts {
	bool is_on;			/* --pipe, or what implies it */
	bool is_part;			/* --pipe-part */
	bool is_cat;
	bool is_fifo;
	double block;			/* bytes; < 0: so many a slot; 0: not
					   given */
	int64_t block_timeout_ns;	/* 0: none */
	const char *recstart;		/* NULL: not given */
	const char *recend;
	bool is_regexp;
	bool remove_separators;
	uint64_t records;		/* -N; 0: not given */
	uint64_t lines;			/* -L; likewise */
	const char *header;		/* NULL: none */
	bool round_robin;
	bool is_tee;
	const char *group_by;		/* NULL: none */
};

/* How many values a job gets: -n, -N, -L, -X, -m, --xargs, -s, -x. */
struct packing {
	bool is_on;		/* more than one item, or none */
	bool repeat_words;	/* as template.h has it */
	bool has_rows;		/* as pack.h, if there is a {1} */
	bool spreads;		/* the last ones over all slots */
	bool takes_none;
	bool gives_up;		/* -x */
	uint64_t tuples_max;
	uint64_t chars_max;	/* -s; 0: as the system has it */
};

struct options {
	/* input */
	struct input_spec *inputs;
	size_t ninputs;
	struct source_opts source;
	bool no_attributes;
	bool shuffle;
	struct packing pack;
	int64_t total_jobs;		/* as the user has it; 0: unknown */
	struct tag_opts tags;		/* replacement strings */
	const char **filters;		/* --filter */
	size_t nfilters;

	struct pipe_opts pipe;

	/* command: words joined by blanks; NULL: lines are commands */
	char *command;
	char *const *words;		/* those, nwords of them */
	size_t nwords;
	bool quote;			/* -q */
	unsigned shell_quote;		/* how often --shell-quote was given */
	bool dry_run;
	bool verbose;			/* -v: print commands to stdout */
	bool trace;			/* -t: print commands to stderr */

	/* concurrency */
	struct jobspec max;
	struct jobspec min;
	bool count_cores;		/* -j counts these, not threads */
	bool count_sockets;
	enum scale_policy scale;
	unsigned scale_threshold;
	int64_t idle_timeout_ns;
	enum engine_dispatch dispatch;
	size_t queue_size;
	enum queue_order queue_order;
	enum engine_full on_full;
	int64_t priority_aging_ns;	/* 0: none */
	struct rate rate;		/* n 0: any */
	int64_t delay_ns;
	bool delay_auto;		/* it follows failures and successes */
	int64_t deadline_ns;		/* of the run; 0: none */
	bool has_load;			/* --load: start nothing above */
	struct jobspec load;		/* this, or if unset ... */
	double load_number;		/* ... this many tasks */
	bool noswap;
	uint64_t memfree;		/* bytes that must be there; 0: any */
	uint64_t memsuspend;
	const char *limit;		/* --limit as given, or NULL */
	enum limit_kind limit_kind;
	double limit_number;
	struct then *then;		/* further stages */
	size_t nthen;

	/* each job */
	int64_t timeout_ns;		/* the run's own; 0 none */
	double timeout_percent;		/* or this; 0 none */
	struct term_seq term_seq;
	unsigned retries;		/* tries in all; 0: until success */
	struct backoff retry_delay;	/* with --retry-jitter */
	struct retry_rule retry_on;
	bool retry_output;		/* of all tries, not the last only */
	const char *on_done;		/* command to run after each */
	bool die_with_parent;
	bool kill_tree;
	const char *cgroup;		/* auto or its path; NULL: none */
	bool force_shell;		/* --always-shell */
	bool fast;
	bool has_nice;
	int nice;			/* niceness of jobs */
	const char *workdir;		/* template, or NULL: ours */
	const char *env;		/* last --env: names, or NULL */
	const char *slot_var;		/* variable with slot - 1, or NULL */
	bool interactive;		/* ask before each */

	/* output */
	enum order_mode order;
	bool ungroup;
	bool line_buffer;
	bool tag;
	bool tty;			/* --tty: open_tty, -j 1 and -u */
	bool open_tty;
	bool color;
	bool color_failed;
	char *tagstring;		/* escapes resolved; NULL: none */
	bool files;			/* --files, or: */
	bool files0;			/* names end in NUL */
	bool compress;
	const char *compress_program;	/* NULL: some program */
	const char *decompress_program;
	bool latest_line;
	uint64_t output_memory;		/* bytes held in memory at most */
	const char *tmpdir;		/* NULL: $TMPDIR, else /tmp */
	const char *output;		/* the file for what jobs print, NULL:
					   standard output */

	/* results */
	struct halt_rule halt;
	enum exit_rule exit_as;
	const char *results;		/* NULL: none */
	const char *joblog;		/* NULL: none */
	bool joblog_append;		/* +FILE */
	const char *journal;		/* NULL: none */
	enum logfile_sync sync;
	bool resume;			/* also when the next one is set */
	bool resume_failed;
	bool retry_failed;
	enum summary_mode summary;
	const char *failed_to;
	int64_t grace_ns;

	struct sem_opts sem;
	struct tmux_opts tmux;

	/* for people */
	bool bar;
	bool eta;
	bool progress;
	unsigned debug;			/* enum diag_area bits */
	const char *metrics;		/* file, or NULL */
	int64_t metrics_interval_ns;
	bool pool_stats;
	const char *control;		/* socket, or NULL */
	bool show_limits;
	struct inform inform;		/* asked for instead of a run */

	char *const *given;		/* the words of the command line before
					   the command; ngiven of them */
	size_t ngiven;

	/* The options of profiles and $PARALLEL; the words behind the options,
	 * theirs first. */
	struct profile defaults[PROFILE_KINDS];
	char **all_words;
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_HELP,		/* --help asked for: help_print, exit 0 */
	OPTIONS_VERSION,
	OPTIONS_INFORM,		/* o->inform asked for: inform_print */
	OPTIONS_BAD,		/* err holds one line */
};

/* Pointers in *o stay valid as long as argv and *o; release frees the rest. */
enum options_result options_parse(struct options *o, int argc, char **argv,
				  struct buf *err);
void options_release(struct options *o);

/* Writes the help text, in groups, or the version, to standard output.
 * 0, or -1 with errno when that could not be written. */
int help_print(void);
int help_version(void);
/* The same added to out. */
void help_format(struct buf *out);
void help_format_version(struct buf *out);

/* The long option most like name (both without dashes), in any of its
 * spellings, or NULL when none is near. */
const char *options_nearest(const char *name);

#endif
