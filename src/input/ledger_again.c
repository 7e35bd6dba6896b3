/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ledger_again.c - for ledger.c: the jobs that a run begins again. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdio.h"
#include "input/ledger_impl.h"

#define READ_BYTES	((size_t)1 << 16)

void ledger_task_init(struct ledger_task *t)
{
	memset(t, 0, sizeof(*t));
	buf_init(&t->command);
	buf_init(&t->cwd);
	buf_init(&t->input);
}

void ledger_task_release(struct ledger_task *t)
{
	buf_release(&t->command);
	buf_release(&t->cwd);
	buf_release(&t->input);
}

static bool is_c_string(const struct buf *b)
{
	return strlen(b->data) == b->len;
}

/* The line at that place. 0, or -1 with errno. */
static int read_line(const struct ledger *l, off_t at, struct buf *line)
{
	for (;;) {
		char *to = buf_reserve(line, READ_BYTES);
		ssize_t n = fd_pread(l->fd, to, READ_BYTES,
				     at + (off_t)line->len);
		char *nl = n > 0 ? memchr(to, '\n', (size_t)n) : NULL;

		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		line->len += nl ? (size_t)(nl - to) : (size_t)n;
		line->data[line->len] = '\0';
		if (nl)
			return 0;
	}
}

static int read_task(const struct ledger *l, off_t at, struct ledger_task *t)
{
	struct buf line = BUF_INIT;
	struct record r;
	int ret = read_line(l, at, &line);

	if (ret == 0 && (!record_parse(&r, line.data, line.len) ||
			 record_get_text(&r.command, &r.command_hex,
					 &t->command) < 0 ||
			 record_get_text(&r.cwd, &r.cwd_hex, &t->cwd) < 0 ||
			 record_get_text(&r.input, &r.input_hex,
					 &t->input) < 0 ||
			 !is_c_string(&t->command) || !is_c_string(&t->cwd) ||
			 !is_c_string(&t->input))) {
		errno = EILSEQ;
		ret = -1;
	}
	if (ret == 0) {
		memcpy(t->key, r.key, sizeof(t->key));
		t->is_bound = r.has_env || r.has_block || !r.command.text;
		t->number = r.job;
	}
	buf_release(&line);
	return ret;
}

/* Is one of that key and kind left? Then it is taken. */
static bool take_failure(struct ledger *l, const struct failure *f,
			 const struct kept **kept)
{
	struct cell *c = table_find(&l->keys, f->key);
	enum count old = f->kind == FAILED ? OLD_FAILED : OLD_UNDONE;
	struct keep *keep = NULL;

	*kept = NULL;
	if (c && f->kind != DONE &&
	    (count_drop(&c->count[old]) || count_drop(&c->count[f->kind])))
		return true;
	if (c && f->kind != UNDONE)
		keep = keeps_take(&l->keeps, c, f->kind == FAILED);
	if (keep && f->kind == DONE)
		*kept = &keep->kept;
	return keep;
}

static int compare_places(const void *a, const void *b)
{
	const struct failure *x = a;
	const struct failure *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

int ledger_next(struct ledger *l, struct ledger_task *t, struct buf *err)
{
	const struct failure *f;

	if (l->next == 0 && l->nfailures)
		qsort(l->failures, l->nfailures, sizeof(*l->failures),
		      compare_places);
	do {
		if (l->next == l->nfailures)
			return 0;
		f = &l->failures[l->next++];
	} while (!take_failure(l, f, &t->kept));
	buf_reset(&t->command);
	buf_reset(&t->cwd);
	buf_reset(&t->input);
	if (read_task(l, f->at, t) == 0)
		return 1;
	buf_addf(err, "--journal: cannot read: %s", strerror(errno));
	return -1;
}
