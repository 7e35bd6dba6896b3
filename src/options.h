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

#include "input/source.h"
#include "jobspec.h"
#include "proc/term.h"
#include "sched/engine.h"
#include "sched/halt.h"
#include "sched/tally.h"

struct buf;

enum summary_mode { SUMMARY_NONE, SUMMARY_FAILED, SUMMARY_ALL };

enum order_mode {
	ORDER_DEFAULT,	/* input order */
	ORDER_KEEP,	/* -k was given */
	ORDER_COMPLETION,	/* --no-keep-order */
};

/* --then: a stage behind the first, with the bounds given before it. */
struct then {
	const char *command;
	struct jobspec max;
	struct jobspec min;
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
	const char *replace;		/* -I; NULL: {} */
	bool shuffle;
	struct packing pack;
	int64_t total_jobs;		/* as the user has it; 0: unknown */

	/* command: words joined by blanks; NULL: lines are commands */
	char *command;
	bool dry_run;
	bool verbose;			/* -v: print commands to stdout */
	bool trace;			/* -t: print commands to stderr */

	/* concurrency */
	struct jobspec max;
	struct jobspec min;
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
	int64_t deadline_ns;		/* of the run; 0: none */
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
	bool force_shell;		/* --always-shell */

	/* output */
	enum order_mode order;
	bool ungroup;
	bool line_buffer;
	bool tag;
	char *tagstring;		/* escapes resolved; NULL: none */
	uint64_t output_memory;		/* bytes held in memory at most */
	const char *tmpdir;		/* NULL: $TMPDIR, else /tmp */

	/* results */
	struct halt_rule halt;
	enum exit_rule exit_as;
	const char *joblog;		/* NULL: none */
	bool joblog_append;		/* +FILE */
	enum summary_mode summary;
	const char *failed_to;
	int64_t grace_ns;

	/* for people */
	bool bar;
	bool eta;
	bool progress;
	unsigned debug;			/* enum diag_area bits */
	const char *metrics;		/* file, or NULL */
	int64_t metrics_interval_ns;
	bool pool_stats;
	const char *control;		/* socket, or NULL */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_HELP,		/* --help asked for: help_print, exit 0 */
	OPTIONS_VERSION,
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
