/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.c - see ledger.h.
 *
 * Two tables. `live` has the jobs of the run that is being read, by number,
 * from their first start to what ends them: the last record of them that
 * there can be. `keys` has the counts. What is undone when a run comes to its
 * end, and what failed, may be run again by the next one: then its new start
 * takes the old count away. Which of several jobs of one key that was does not
 * matter, since they are the same.
 *
 * With an output file a job is done only when its output is on record, too: in
 * that file, or in the one where it is kept meanwhile. Those in the file are
 * also on a stack, in its order: if it turns out to be shorter, the last ones
 * are undone. Behind output of a job that is to be run again nothing counts,
 * for all of that will be cut off; but what was kept still is.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "input/ledger_impl.h"

#define READ_BYTES	((size_t)1 << 16)
static const char magic[] = "{\"event\":\"run\",\"format\":";

static void id_of(uint64_t number, unsigned char id[LEDGER_KEY_BYTES])
{
	memset(id, 0, LEDGER_KEY_BYTES);
	memcpy(id, &number, sizeof(number));
}

/* Counts. */

static struct cell *counts_of(struct ledger *l, const unsigned char *key)
{
	struct cell *c = table_add(&l->keys, key);

	if (c->run != l->run) {
		c->count[OLD_FAILED] += c->count[FAILED];
		c->count[OLD_UNDONE] += c->count[UNDONE];
		c->count[FAILED] = c->count[UNDONE] = 0;
		c->run = l->run;
	}
	return c;
}

static void add_failure(struct ledger *l, const unsigned char *key, off_t at,
			enum count kind)
{
	struct failure *f;

	if (l->nfailures == l->failures_cap) {
		l->failures_cap = l->failures_cap ? 2 * l->failures_cap : 16;
		l->failures = xreallocarray(l->failures, l->failures_cap,
					    sizeof(*l->failures));
	}
	f = &l->failures[l->nfailures++];
	memcpy(f->key, key, sizeof(f->key));
	f->at = at;
	f->kind = kind;
}

static void count_again(struct ledger *l, const unsigned char *key, off_t at,
			enum count kind)
{
	add_failure(l, key, at, kind);
	counts_of(l, key)->count[kind]++;
}

/* It is over, and what it printed is kept, or has to be had again. */
static void count_kept(struct ledger *l, struct cell *c)
{
	struct keep keep = {
		.at = c->at, .kept = c->kept,
		.has_failed = c->end == LEDGER_FAILED,
	};

	if (c->end == LEDGER_NONE || c->end == LEDGER_UNDONE || c->is_lost) {
		count_again(l, c->key, c->at, UNDONE);
		return;
	}
	memcpy(keep.key, c->key, sizeof(keep.key));
	c->kept = (struct kept){ 0 };
	add_failure(l, keep.key, keep.at, keep.has_failed ? FAILED : DONE);
	keeps_add(&l->keeps, counts_of(l, keep.key), &keep);
}

/* What is kept and not there is lost; NULL: all of it. */
static void lose_kept(struct ledger *l,
		      bool (*is_there)(void *arg, const struct kept *kept),
		      void *arg)
{
	struct keep *keep;
	size_t at = 0;

	while ((keep = keeps_missing(&l->keeps, &at, is_there,
				     arg)) != NULL) {
		keeps_del(&l->keeps, counts_of(l, keep->key), keep);
		count_again(l, keep->key, keep->at, UNDONE);
	}
}

static void count_end(struct ledger *l, const unsigned char *key, off_t at,
		      enum ledger_end end)
{
	switch (end) {
	case LEDGER_SUCCEEDED:
		counts_of(l, key)->count[DONE]++;
		break;
	case LEDGER_FAILED:
		count_again(l, key, at, FAILED);
		break;
	case LEDGER_NONE:
	case LEDGER_UNDONE:
		count_again(l, key, at, UNDONE);
		break;
	}
}

/* A job is run again: what it was counted as before does not count. */
static void uncount(struct ledger *l, const unsigned char *key)
{
	struct cell *c = counts_of(l, key);

	if (!l->resumes)
		return;
	if (c->count[OLD_UNDONE])
		c->count[OLD_UNDONE]--;
	else if (l->redoes_failed && c->count[OLD_FAILED])
		c->count[OLD_FAILED]--;
	else if (l->redoes_failed)
		(void)keeps_take(&l->keeps, c, true);
}

/* Output on record. */

static void push_mark(struct ledger *l, const struct cell *c, uint64_t offset)
{
	struct mark *m;

	if (l->nmarks == l->marks_cap) {
		l->marks_cap = l->marks_cap ? 2 * l->marks_cap : 64;
		l->marks = xreallocarray(l->marks, l->marks_cap,
					 sizeof(*l->marks));
	}
	m = &l->marks[l->nmarks++];
	memcpy(m->key, c->key, sizeof(m->key));
	m->offset = offset;
	m->at = c->at;
	m->has_failed = c->end == LEDGER_FAILED;
}

bool count_drop(uint32_t *count)
{
	if (*count == 0)
		return false;
	--*count;
	return true;
}

uint64_t ledger_trust(struct ledger *l, uint64_t size)
{
	while (l->nmarks && l->marks[l->nmarks - 1].offset > size) {
		const struct mark *m = &l->marks[--l->nmarks];
		struct cell *c = counts_of(l, m->key);
		bool was_counted = m->has_failed
			? count_drop(&c->count[OLD_FAILED]) ||
			  count_drop(&c->count[FAILED])
			: count_drop(&c->count[DONE]);

		/* Else it has been run again since. */
		if (was_counted)
			count_again(l, m->key, m->at, UNDONE);
	}
	return l->nmarks ? l->marks[l->nmarks - 1].offset : 0;
}

/* What they say. */

static void release_live(struct ledger *l)
{
	for (size_t i = 0; i < l->live.cap; i++) {
		if (l->live.cells[i].is_used)
			free(l->live.cells[i].kept.ranges);
	}
	table_release(&l->live);
}

static void end_run(struct ledger *l)
{
	for (size_t i = 0; i < l->live.cap; i++) {
		if (l->live.cells[i].is_used)
			count_kept(l, &l->live.cells[i]);
	}
	release_live(l);
}

static void forget(struct ledger *l)
{
	table_release(&l->keys);
	release_live(l);
	keeps_release(&l->keeps);
	l->nfailures = 0;
	l->nmarks = 0;
	l->run = 0;
}

/* Another file than the one before: that is gone. */
static void take_mark(struct ledger *l, const struct record *r)
{
	struct buf mark = BUF_INIT;

	if (r->kept.text)
		(void)!json_get_str(&r->kept, &mark);
	if (mark.len != l->kept_mark.len ||
	    memcmp(mark.data, l->kept_mark.data, mark.len) != 0)
		lose_kept(l, NULL, NULL);
	buf_release(&l->kept_mark);
	l->kept_mark = mark;
}

static void begin_run(struct ledger *l, const struct record *r)
{
	l->resumes = r->resume.text && !record_is_text(&r->resume, "no");
	l->redoes_failed = record_is_text(&r->resume, "failed") ||
			   record_is_text(&r->resume, "retry");
	if (l->resumes)
		end_run(l);
	else
		forget(l);
	/* What the files had lost by then. */
	if (r->output.text)
		ledger_trust(l, r->offset);
	take_mark(l, r);
	l->run++;
	l->is_cut = false;
	l->offset = r->offset;
	l->open_job = 0;
	l->stages = r->stages;
	buf_reset(&l->output);
	l->has_output = r->output.text &&
			record_get_text(&r->output, &r->output_hex,
					&l->output) == 0;
}

static void start_job(struct ledger *l, const struct record *r, off_t at)
{
	unsigned char id[LEDGER_KEY_BYTES];
	struct cell *c;

	id_of(r->job, id);
	c = table_find(&l->live, id);
	if (c) {
		c->end = LEDGER_NONE;
		return;
	}
	c = table_add(&l->live, id);
	memcpy(c->key, r->key, sizeof(c->key));
	c->at = at;
	c->kept.slot = (unsigned)r->slot;
	uncount(l, r->key);
}

static void forget_stage(struct kept *kept, uint64_t stage)
{
	size_t n = 0;

	for (size_t i = 0; i < kept->n; i++) {
		if (kept->ranges[i].stage + 1 != stage)
			kept->ranges[n++] = kept->ranges[i];
	}
	kept->n = n;
}

/* What that stage of it printed. */
static void take_kept(struct cell *c, const struct record *r)
{
	forget_stage(&c->kept, r->stage);
	if (!r->kept.text || record_get_kept(&r->kept, &c->kept) < 0)
		c->is_lost = true;
}

/* A run has taken over what an earlier one had kept. */
static void replay_job(struct ledger *l, const struct record *r)
{
	unsigned char id[LEDGER_KEY_BYTES];
	struct cell *keys = table_find(&l->keys, r->key);
	struct keep *keep = keys ? keeps_take(&l->keeps, keys, r->status != 0)
				 : NULL;
	struct cell *c;

	id_of(r->job, id);
	if (!keep || table_find(&l->live, id))
		return;
	c = table_add(&l->live, id);
	memcpy(c->key, r->key, sizeof(c->key));
	c->at = keep->at;
	c->end = keep->has_failed ? LEDGER_FAILED : LEDGER_SUCCEEDED;
	c->kept.slot = (unsigned)r->slot;
	take_kept(c, r);
	c->stage = c->kept.n ? c->kept.ranges[c->kept.n - 1].stage + 1 : 1;
}

static enum ledger_end end_of(const struct record *r)
{
	if (record_is_text(&r->end, "exited"))
		return r->status == 0 ? LEDGER_SUCCEEDED : LEDGER_FAILED;
	if (record_is_text(&r->end, "signaled") ||
	    record_is_text(&r->end, "timeout") ||
	    record_is_text(&r->end, "unstarted") ||
	    record_is_text(&r->end, "refused"))
		return LEDGER_FAILED;
	return LEDGER_UNDONE;
}

static void settle(struct ledger *l, struct cell *c)
{
	count_end(l, c->key, c->at, c->end);
	free(c->kept.ranges);
	table_del(&l->live, c);
}

static void end_job(struct ledger *l, const struct record *r)
{
	unsigned char id[LEDGER_KEY_BYTES];
	enum ledger_end end = end_of(r);
	struct cell *c;

	id_of(r->job, id);
	c = table_find(&l->live, id);
	/* It never started, or is to go on. */
	if (!c || r->again)
		return;
	if (l->has_output)
		take_kept(c, r);
	if (end == LEDGER_SUCCEEDED && r->stage < l->stages)
		return;
	c->end = end;
	c->stage = r->stage;
	/* What has printed nothing need not wait for its turn. */
	if (!l->has_output ||
	    (end != LEDGER_UNDONE && !c->is_lost && c->kept.n == 0))
		settle(l, c);
}

static void put_out(struct ledger *l, const struct record *r)
{
	unsigned char id[LEDGER_KEY_BYTES];
	bool has_bytes = r->offset != l->offset;
	struct cell *c;

	id_of(r->job, id);
	c = table_find(&l->live, id);
	l->is_cut |= r->offset < l->offset ||
		     (l->open_job && l->open_job != r->job);
	l->offset = r->offset;
	if (!c)
		return;
	/* Of a stage that another one follows. */
	if (c->end == LEDGER_NONE || r->stage != c->stage) {
		if (has_bytes)
			l->open_job = r->job;
		return;
	}
	l->is_cut |= c->end == LEDGER_UNDONE && (has_bytes || l->open_job);
	l->open_job = 0;
	if (l->is_cut) {
		count_kept(l, c);
		free(c->kept.ranges);
		table_del(&l->live, c);
		return;
	}
	if (c->end != LEDGER_UNDONE)
		push_mark(l, c, r->offset);
	settle(l, c);
}

static void take_record(struct ledger *l, const struct record *r, off_t at)
{
	switch (r->event) {
	case EVENT_OTHER:
		break;
	case EVENT_RUN:
		begin_run(l, r);
		break;
	case EVENT_START:
		start_job(l, r, at);
		break;
	case EVENT_END:
		end_job(l, r);
		break;
	case EVENT_KEPT:
		replay_job(l, r);
		break;
	case EVENT_OUT:
		put_out(l, r);
		break;
	case EVENT_GAP:
		/* Nor is anything behind it where it belongs. */
		l->is_cut = true;
		break;
	}
}

/* Reading. */

struct reading {
	struct ledger *l;
	const char *path;
	struct buf b;		/* what has been read and not taken */
	off_t at;		/* where that begins */
	unsigned long long line;
	unsigned long long bad;	/* number of the first bad line; 0: none */
};

static int tell_bad(const struct reading *r, struct buf *err)
{
	buf_addf(err, "--journal: '%s': line %llu is not a record of a "
		 "journal", r->path, r->bad);
	return -1;
}

/* One line without its newline. */
static int take_line(struct reading *r, const char *line, size_t len,
		     struct buf *err)
{
	off_t at = r->at + (line - r->b.data);
	struct record record;

	r->line++;
	if (!record_parse(&record, line, len)) {
		r->bad = r->bad ? r->bad : r->line;
		return 0;
	}
	/* A record behind one that is bad, or before the first run. */
	if (!r->bad && !r->l->run && record.event != EVENT_RUN)
		r->bad = r->line;
	if (r->bad)
		return tell_bad(r, err);
	take_record(r->l, &record, at);
	r->l->size = at + (off_t)len + 1;
	return 0;
}

/* The whole lines there are; what is behind them stays. */
static int take_lines(struct reading *r, struct buf *err)
{
	const char *s = r->b.data;
	const char *end = s + r->b.len;
	const char *nl;
	size_t left;

	while ((nl = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		if (take_line(r, s, (size_t)(nl - s), err) < 0)
			return -1;
		s = nl + 1;
	}
	left = (size_t)(end - s);
	r->at += s - r->b.data;
	memmove(r->b.data, s, left);
	buf_truncate(&r->b, left);
	return 0;
}

/* Nobody's file but a journal's is to be cut: it begins as one, as far as it
 * goes. */
static int check_magic(const struct reading *r, struct buf *err)
{
	size_t n = r->b.len < sizeof(magic) - 1 ? r->b.len
						: sizeof(magic) - 1;
	size_t zeros = 0;

	if (memcmp(r->b.data, magic, n) == 0)
		return 0;
	/* A crash of the system may leave that. */
	while (zeros < r->b.len && r->b.data[zeros] == '\0')
		zeros++;
	if (zeros == r->b.len)
		return 0;
	buf_addf(err, "--journal: '%s' is not a journal", r->path);
	return -1;
}

static int read_all(struct reading *r, struct buf *err)
{
	bool is_first = true;
	ssize_t n;

	for (;;) {
		size_t want = r->b.len > READ_BYTES ? r->b.len : READ_BYTES;

		n = fd_read(r->l->fd, buf_reserve(&r->b, want), want);
		if (n <= 0)
			break;
		r->b.len += (size_t)n;
		r->b.data[r->b.len] = '\0';
		if ((is_first && check_magic(r, err) < 0) ||
		    take_lines(r, err) < 0)
			return -1;
		is_first = false;
	}
	if (n == 0)
		return 0;
	buf_addf(err, "--journal: cannot read '%s': %s", r->path,
		 strerror(errno));
	return -1;
}

struct ledger *ledger_new(const char *path, struct buf *err)
{
	struct ledger *l = xcalloc(1, sizeof(*l));
	struct reading r = { .l = l, .path = path, .b = BUF_INIT };
	struct stat st;
	int ret = 0;

	table_init(&l->keys);
	table_init(&l->live);
	buf_init(&l->output);
	buf_init(&l->kept_mark);
	l->fd = fd_open(path, O_RDONLY | O_NONBLOCK, 0);
	if (l->fd < 0 && errno != ENOENT) {
		buf_addf(err, "--journal: cannot read '%s': %s", path,
			 strerror(errno));
		ret = -1;
	} else if (l->fd >= 0 && fstat(l->fd, &st) == 0 &&
		   (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		ret = read_all(&r, err);
	}
	buf_release(&r.b);
	if (ret < 0) {
		ledger_free(l);
		return NULL;
	}
	end_run(l);
	l->run++;
	return l;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	fd_close(&l->fd);
	table_release(&l->keys);
	release_live(l);
	keeps_release(&l->keeps);
	free(l->failures);
	free(l->marks);
	buf_release(&l->output);
	buf_release(&l->kept_mark);
	free(l);
}

off_t ledger_size(const struct ledger *l)
{
	return l->size;
}

bool ledger_has_run(const struct ledger *l)
{
	/* The last one has been ended. */
	return l->run > 1;
}

const char *ledger_output(const struct ledger *l)
{
	return l->has_output ? l->output.data : NULL;
}

void ledger_trust_kept(struct ledger *l, const char *mark,
		       bool (*is_there)(void *arg, const struct kept *kept),
		       void *arg)
{
	bool is_it = mark && strlen(mark) == l->kept_mark.len &&
		     memcmp(mark, l->kept_mark.data, l->kept_mark.len) == 0;

	lose_kept(l, is_it ? is_there : NULL, arg);
}

enum ledger_end ledger_take(struct ledger *l,
			    const unsigned char key[LEDGER_KEY_BYTES],
			    const struct kept **kept)
{
	static const struct {
		bool is_kept;
		enum count count;
		enum ledger_end end;
	} order[] = {
		{ false, DONE, LEDGER_SUCCEEDED },
		{ true, DONE, LEDGER_SUCCEEDED },
		{ false, FAILED, LEDGER_FAILED },
		{ false, OLD_FAILED, LEDGER_FAILED },
		{ true, FAILED, LEDGER_FAILED },
		{ false, UNDONE, LEDGER_UNDONE },
		{ false, OLD_UNDONE, LEDGER_UNDONE },
	};
	struct cell *c = table_find(&l->keys, key);

	*kept = NULL;
	for (size_t i = 0; c && i < ARRAY_SIZE(order); i++) {
		struct keep *keep;

		if (!order[i].is_kept && count_drop(&c->count[order[i].count]))
			return order[i].end;
		keep = order[i].is_kept
		       ? keeps_take(&l->keeps, c, order[i].count == FAILED)
		       : NULL;
		if (keep) {
			*kept = &keep->kept;
			return order[i].end;
		}
	}
	return LEDGER_NONE;
}

uint64_t ledger_left(const struct ledger *l)
{
	uint64_t left = 0;

	for (size_t i = 0; i < l->keys.cap; i++) {
		const struct cell *c = &l->keys.cells[i];

		for (int k = 0; c->is_used && k < COUNTS; k++)
			left += c->count[k];
	}
	for (size_t i = 0; i < l->keeps.n; i++)
		left += !l->keeps.v[i].is_taken;
	return left;
}
