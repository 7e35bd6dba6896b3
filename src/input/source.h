/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source.h - the user's inputs, combined into one stream of tuples.
 *
 * Inputs of one run form groups, read one after the other. A group is either
 * one --tasks or --jsonl file, or all of -a, ::::, ::: and standard input,
 * whose values are combined: every combination, the last source varying
 * fastest; :::+ and ::::+ sources go in step with the one before, the shorter
 * ends both. An empty source counts as one empty value, unless all are empty:
 * then there is nothing. The first source of a combination, with those in step
 * with it, is read lazily, the others are kept in memory. With --link all are
 * in step, and the shorter ones begin again. All functions belong to the one
 * reader thread, but for source_stop and source_total.
 *
 * Items can be cut into columns; the values of a tuple are then the cells of
 * its items, side by side.
 *
 * A file may be named more than once; standard input may not.
 */
#ifndef MUSTER_INPUT_SOURCE_H
#define MUSTER_INPUT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/shquote.h"

struct attributes;
struct buf;
struct source;

enum input_kind {
	INPUT_ARGS,	/* ::: words */
	INPUT_FILE,	/* -a, :::: ("-" is standard input) */
	INPUT_STDIN,	/* nothing else was named */
	INPUT_TASKS,	/* --tasks */
	INPUT_JSONL,	/* --jsonl */
};

/* Tasks are not combined with other inputs. */
static inline bool input_is_tasks(enum input_kind kind)
{
	return kind == INPUT_TASKS || kind == INPUT_JSONL;
}

/* One input as named on the command line. Strings are the caller's and must
 * outlive the source. */
struct input_spec {
	enum input_kind kind;
	bool linked;		/* :::+ ::::+; the first one never is */
	char *const *args;	/* INPUT_ARGS */
	size_t nargs;
	const char *path;	/* of a file; "-" is standard input */
	const char *option;	/* how it was named, for messages: "-a" */
	int priority;		/* in force where it was named */
	int64_t timeout_ns;	/* likewise; 0 none, negative: the run's own */
};

/* --header: do columns have names, and whose are they? */
enum source_header {
	HEADER_NONE,
	HEADER_FIRST,		/* the first item of each input */
	HEADER_FILES,		/* what inputs are called */
};

struct source_opts {
	unsigned char delimiter;	/* '\n' unless -0 or -d */
	bool skip_blank;		/* -r: drop items of blanks only */
	bool no_attributes;		/* read lines as they are */
	bool are_commands;		/* not only those of --tasks, so they
					   may have attributes */
	enum shell_kind shell;		/* whose comments these are in */

	/* Of what is no task: */
	bool linked;			/* --link: in step, shorter ones begin
					   again */
	bool skip_first_line;		/* the first item of the first input */
	const char *eof;		/* -E: the item that ends an input, or
					   NULL */
	bool joins_lines;		/* -L: an item that ends in a blank
					   goes on in the next */
	const char *colsep;		/* cells are values; NULL: items are */
	bool csv;			/* likewise */
	unsigned trim;			/* TRIM_LEFT | TRIM_RIGHT */
	enum source_header header;
};

/* One job's worth of input; pointers are valid until the next call. */
struct tuple {
	char **values;
	size_t *lens;
	size_t n;
	bool is_argv;		/* values are program and arguments */
	bool is_task;		/* of --tasks or --jsonl */
	int priority;		/* of the first source of the group */
	int64_t timeout_ns;
	const char *file;	/* where the first value came from, for
				   messages: a path, "standard input", or NULL
				   for a word behind ::: */
	uint64_t line;		/* and the number of the record or word */
	const struct attributes *attributes;	/* NULL: none. Of a bad item
						   what could be read */
	size_t width;		/* values of one row, where rows are packed
				   (pack.h); else 0 */
};

enum source_result {
	SOURCE_END = 0,
	SOURCE_TUPLE = 1,
	SOURCE_BAD = 2,		/* this item can't be run: err says why (file
				   and line in it); values[0] is what there is
				   of it, visible form, and the only one. It
				   counts once, however many combinations it
				   would be in; go on */
	SOURCE_BARRIER = 3,	/* no tuple: what follows waits for all that
				   was before */
	SOURCE_FAILED = -1,	/* input failed: err says which and why; what
				   comes next is the next group or the end */
};

/*
 * Opens every file at once, so that an unreadable one is an error before
 * anything runs. NULL with a message in err ("-a: cannot open 'x': ..." or
 * "... is a directory").
 */
struct source *source_new(const struct input_spec *specs, size_t n,
			  const struct source_opts *opts, struct buf *err);
void source_free(struct source *s);

enum source_result source_next(struct source *s, struct tuple *t,
			       struct buf *err);

struct names;

/*
 * Adds the names of the columns, in their order, as opts->header says. Reads
 * the first item of each input for that, so it comes before source_next; may
 * block. 0, or -1 with a message in err.
 */
int source_read_names(struct source *s, struct names *names, struct buf *err);

/* How many tuples there are in all, where that is known without reading
 * ahead (::: alone, or regular files counted on request); else -1. May read
 * the whole of regular files when count is true, without moving where the
 * reader is. Items that will be SOURCE_BAD or SOURCE_BARRIER count like
 * others. */
int64_t source_total(struct source *s, bool count);

/* True when standard input is one of the inputs. */
bool source_uses_stdin(const struct source *s);

/* From any thread: a blocked or later source_next returns SOURCE_END. */
void source_stop(struct source *s);

#endif
