/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger_impl.h - a ledger's insides, for ledger*.c alone: what a record says,
 * and tables with 16 bytes as their keys.
 */
#ifndef MUSTER_INPUT_LEDGER_IMPL_H
#define MUSTER_INPUT_LEDGER_IMPL_H

#include "base/jsonscan.h"
#include "base/kept.h"
#include "base/siphash.h"
#include "input/ledger.h"

enum event {
	EVENT_OTHER, EVENT_RUN, EVENT_START, EVENT_END, EVENT_KEPT, EVENT_OUT,
	EVENT_GAP
};

/* What a record says; texts are views into it. */
struct record {
	enum event event;
	unsigned has;		/* bits HAS_... */
	uint64_t job, stage, status, format, stages, offset, slot;
	unsigned char key[LEDGER_KEY_BYTES];
	bool again;
	bool is_bad;
	struct json_value end, resume, output, output_hex, kept;
	struct json_value command, command_hex, cwd, cwd_hex;
	struct json_value input, input_hex;
	bool has_env, has_block;
};

#define HAS_JOB		(1u << 0)
#define HAS_KEY		(1u << 1)
#define HAS_STATUS	(1u << 2)
#define HAS_OFFSET	(1u << 3)

/* ledger_record.c. False: that line is no record. */
bool record_parse(struct record *r, const char *line, size_t len);
/* The string v, which is text and nothing else? */
bool record_is_text(const struct json_value *v, const char *text);
/* Adds a text; its bytes, if it had to be written twice. 0; -1: it is none. */
int record_get_text(const struct json_value *text,
		    const struct json_value *hex, struct buf *out);
/* Adds a row of ranges. 0; -1: it is none. */
int record_get_kept(const struct json_value *v, struct kept *kept);

/* Of one key. Those of earlier runs of the account are apart: they can be run
 * again. */
enum count { DONE, FAILED, UNDONE, OLD_FAILED, OLD_UNDONE, COUNTS };

struct cell {
	unsigned char id[LEDGER_KEY_BYTES];	/* key; or number */
	bool is_used;
	bool is_lost;		/* see kept */
	union {
		struct {	/* of keys */
			unsigned run;	/* in which FAILED and UNDONE were
					   counted */
			uint32_t count[COUNTS];
			size_t keeps;	/* see struct keep; 0: none */
		};
		struct {	/* of live jobs */
			unsigned char key[LEDGER_KEY_BYTES];
			off_t at;	/* of the start record */
			enum ledger_end end;	/* NONE: runs */
			uint64_t stage;	/* of that end */
			struct kept kept;	/* what it printed, unless
						   is_lost; the cell's */
		};
	};
};

struct table {
	struct cell *cells;
	size_t cap;		/* a power of two */
	size_t n;
	unsigned char seed[SIPHASH_BYTES];
};

/* ledger_table.c. Cells move when others are added or deleted. */
void table_init(struct table *t);
void table_release(struct table *t);
/* The cell of id, or NULL. */
struct cell *table_find(const struct table *t, const unsigned char *id);
/* The cell of id, made if there is none. */
struct cell *table_add(struct table *t, const unsigned char *id);
void table_del(struct table *t, struct cell *c);

/* A job that is done, but for its output, which is kept. Those of a key are on
 * a list, by their places in the array, counted from 1. */
struct keep {
	unsigned char key[LEDGER_KEY_BYTES];
	off_t at;
	struct kept kept;	/* the keep's */
	bool has_failed;
	bool is_taken;
	size_t next;
};

struct keeps {
	struct keep *v;
	size_t n, cap;
};

/* ledger_kept.c; cell: that of the key. Adds a copy, but takes the ranges. */
void keeps_add(struct keeps *k, struct cell *cell, const struct keep *keep);
/* One that failed, or that did not, or NULL. */
struct keep *keeps_take(struct keeps *k, struct cell *cell, bool has_failed);
/* The next one, from *at on, that is not there (NULL: none is), or NULL. */
struct keep *keeps_missing(struct keeps *k, size_t *at,
			   bool (*is_there)(void *arg, const struct kept *kept),
			   void *arg);
void keeps_del(struct keeps *k, struct cell *cell, struct keep *keep);
void keeps_release(struct keeps *k);

/* A job that can be run again. */
struct failure {
	unsigned char key[LEDGER_KEY_BYTES];
	off_t at;
	enum count kind;	/* FAILED or UNDONE; DONE: but for its output */
};

/* Output that is in the file. */
struct mark {
	unsigned char key[LEDGER_KEY_BYTES];
	uint64_t offset;
	off_t at;
	bool has_failed;
};

struct ledger {
	int fd;
	off_t size;
	struct table keys;
	struct table live;
	struct failure *failures;
	size_t nfailures, failures_cap;
	size_t next;		/* for ledger_next */
	struct mark *marks;
	size_t nmarks, marks_cap;
	struct keeps keeps;
	/* the run that is being read */
	unsigned run;		/* its number in the account; 0: none */
	bool resumes;
	bool redoes_failed;
	bool is_cut;		/* no more output counts */
	uint64_t stages;
	struct buf output;
	bool has_output;
	uint64_t offset;	/* of the last output */
	uint64_t open_job;	/* whose later stages are to come; 0: none */
	struct buf kept_mark;	/* of the file where output is kept; or empty */
};

/* One less, if there is any. */
bool count_drop(uint32_t *count);

#endif
