/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * items.h - the items of one input as named on the command line, words and
 * records alike. Embedded in source.c's arrays; one thread, but for items_stop
 * and items_count.
 */
#ifndef MUSTER_INPUT_ITEMS_H
#define MUSTER_INPUT_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/jsonl.h"
#include "input/source.h"

struct records;
struct split;

struct items {
	const struct input_spec *spec;
	const struct source_opts *opts;
	const struct split *split;	/* that opts->csv asks for */
	struct records *records;	/* NULL for words */
	size_t next_word;
	bool has_ended;			/* the line of -E has come */
	size_t to_skip;			/* items to be read and forgotten */
	size_t taken;			/* items that were no one's value */
	struct buf joined;		/* one made of several */
	/* For counting: where a regular file was when it was opened. */
	int fd;				/* records' own, -1: no such file */
	off_t start;
	/* The item handed out last. */
	char *value;
	size_t len;
	/* If it was a task: */
	bool reads_comments;		/* for attributes */
	bool is_plain;			/* no tasks: -E, -L, --csv apply */
	bool has_attributes;		/* task.attributes hold something */
	struct jsonl_task task;		/* INPUT_JSONL: instead of value */
	struct arena arena;		/* what these are in */
};

/*
 * Opens the file, if it is one. 0, or -1 with a message in err (*it needs no
 * release then). spec, opts and split must outlive the items.
 */
int items_init(struct items *it, const struct input_spec *spec,
	       const struct source_opts *opts, const struct split *split,
	       struct buf *err);
void items_release(struct items *it);

bool items_are_stdin(const struct input_spec *spec);
/* As in struct tuple. */
const char *items_file(const struct items *it);
uint64_t items_number(const struct items *it);
/* Adds where the item handed out last stands, the beginning of a message. */
void items_add_place(const struct items *it, struct buf *err);

/*
 * The next item that is not to be skipped, in it->value and it->len, valid
 * until the next call. A task's attributes are not in its value. SOURCE_BAD
 * and SOURCE_FAILED come with a message in err, the former with the bytes in
 * it->value as they are.
 */
enum source_result items_next(struct items *it, struct buf *err);
/* The same for an item that is no value: the names of columns. */
enum source_result items_take(struct items *it, struct buf *err);
/* From any thread: items_next gives SOURCE_END, of records. */
void items_stop(struct items *it);

/*
 * How many items there are in all; -1 when that is not known. With
 * read_files, regular files are read for it, at offsets of its own.
 */
int64_t items_count(const struct items *it, bool read_files);

#endif
