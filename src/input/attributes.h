/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attributes.h - a task's own settings, as "#muster: key=value ..." in a
 * trailing shell comment, or as the members of a JSON object.
 *
 * Plain data; strings lie in the arena given. Both spellings come to the same
 * struct through attributes_set, so that they can't differ in what they take.
 * What could be a comment to one shell and none to another is an error, not a
 * guess. Pure functions.
 */
#ifndef MUSTER_INPUT_ATTRIBUTES_H
#define MUSTER_INPUT_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/mem.h"
#include "input/shquote.h"

struct buf;

enum after_when { AFTER_SUCCESS, AFTER_END, AFTER_FAILURE };

struct after {
	const char *id;
	enum after_when when;
};

/* Which were given. */
enum {
	ATTR_PRIORITY = 1 << 0,
	ATTR_TIMEOUT = 1 << 1,
	ATTR_RETRIES = 1 << 2,
	ATTR_RETRY_DELAY = 1 << 3,
	ATTR_WEIGHT = 1 << 4,
};

struct attributes {
	unsigned has;
	const char *id;		/* NULL: none, as all pointers here */
	struct after *after;
	size_t nafter;
	int priority;
	int64_t timeout_ns;
	unsigned tries_max;	/* retries=: tries in all, 0 until success */
	struct backoff backoff;	/* retry-delay= */
	const char *cwd;
	char **env;		/* NAME=value, nenv of them and NULL */
	size_t nenv;
	const char *input;	/* stdin= */
	const char *tag;
	unsigned weight;
	bool is_barrier;	/* the word `barrier`, alone, without command */
	const char *text;	/* all of it as a comment "#muster: ..." */
};

/* What attributes_split returns for attributes that are wrong. */
#define ATTRIBUTES_BAD	((size_t)-1)

/*
 * Sets one attribute: key as spelled ("after!" and "after?" for these forms,
 * "env:NAME"), value without quotes. 0, or -1 with a message in err that
 * names key and value ("priority: 'hi' is not ...", "unknown attribute 'x'"
 * with the nearest known one). What is no list can be set once.
 */
int attributes_set(struct attributes *a, struct arena *arena, const char *key,
		   const char *value, struct buf *err);

/* False for what attributes_set calls unknown; that message, for which `more`
 * is known too. */
bool attributes_is_key(const char *key);
void attributes_add_unknown(struct buf *err, const char *key,
			    const char *more);

/*
 * Looks for a trailing comment "#muster:" in the command line (len bytes): a
 * '#' that is a comment for that kind of shell (at the start of a word,
 * outside of quotes, parentheses, here-documents) with "muster:" right behind
 * it, and no more commands on further lines. Returns the length of the command
 * before it, without trailing blanks, and fills *a; len, with *a not to be
 * looked at, when there is none. ATTRIBUTES_BAD with a message in err when
 * they are bad, or have no command; *a then holds what of them could be read.
 * Values may be quoted as in the shell ('...', "...", \c); nothing is
 * expanded. A word that begins with # ends them.
 */
size_t attributes_split(struct attributes *a, struct arena *arena,
			enum shell_kind shell, const char *line, size_t len,
			struct buf *err);

/* A priority's word: low, normal, high, -1000..1000. 0, or -1. */
int attributes_priority(const char *word, int *priority);

/* Adds value, visible and not without end, in quotes: for messages. */
void attributes_add_value(struct buf *err, const char *value);

#endif
