/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jsonl.h - tasks as JSON objects, one a line.
 *
 * The keys are those of attributes.h and "command", a string for the shell or
 * an array of strings, program and arguments, for no shell at all. Only here
 * is jansson called; without it every line is an error. One thread.
 */
#ifndef MUSTER_INPUT_JSONL_H
#define MUSTER_INPUT_JSONL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "input/attributes.h"

struct buf;

struct jsonl_task {
	struct attributes attributes;
	bool has_attributes;	/* at least one */
	char **values;		/* n of them: the command, or its words */
	size_t *lens;
	size_t n;		/* 0 for a barrier */
	bool is_argv;
};

/* Before any thread: loads jansson. 0, or -1 with a message in err: muster was
 * built without it, or it is not there. */
int jsonl_setup(struct buf *err);

/*
 * Reads line (len bytes) into *t; all of it lies in the arena. 0, or -1 with a
 * message in err that names the key ("timeout: 'x' is not a time ..."); *t then
 * holds what could be read of the attributes.
 */
int jsonl_parse(struct jsonl_task *t, struct arena *arena, const char *line,
		size_t len, struct buf *err);

#endif
