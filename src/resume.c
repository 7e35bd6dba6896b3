/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resume.c - see resume.h. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/kept.h"
#include "input/ledger.h"
#include "input/past.h"
#include "options.h"
#include "resume.h"
#include "sched/job.h"
#include "sink/results.h"
#include "texts.h"

/* Slots that may have been in a command. */
#define SLOTS_TRIED	4096
/* Of a command in a message. */
#define SHOWN_MAX	((size_t)400)

/* What makes the directory of a job's file another one in each run; see
 * tempdir.c. */
#define CHANCE_LEN	6

/* The number of the last job that is to be run again; 0: none. */
static uint64_t last_failed(const struct past *p)
{
	for (size_t i = past_count(p); i > 0; i--) {
		uint64_t seq = past_seq(p, i - 1);

		if (past_find(p, seq) != PAST_SUCCEEDED)
			return seq;
	}
	return 0;
}

int resume_open(struct resume *r, const struct options *o,
		const struct texts *t, struct ledger *ledger, struct buf *err)
{
	const char *path = o->joblog;

	*r = (struct resume){ .options = o, .texts = t, .ledger = ledger };
	if (!path || o->journal)
		return 0;
	/* A dry run makes none. */
	if (o->dry_run && access(path, F_OK) < 0 && errno == ENOENT)
		path = "/dev/null";
	r->past = past_new(path, err);
	if (!r->past)
		return -1;
	r->last = last_failed(r->past);
	return 0;
}

void resume_release(struct resume *r)
{
	past_free(r->past);
	r->past = NULL;
}

/* The command as it would be in that slot; the values where there is none. */
static void make_command(const struct resume *r, const struct job *job,
			 unsigned slot, struct buf *out)
{
	buf_reset(out);
	if (!texts_add_command(r->texts, job, slot, out))
		job_add_values(job, out);
}

/* A command that names its slot is the same in any. */
static bool is_same_elsewhere(const struct resume *r, const struct job *job,
			      uint64_t seq, const struct buf *first)
{
	struct buf other = BUF_INIT;
	bool is_same = false;

	for (unsigned slot = 2; slot <= SLOTS_TRIED && !is_same; slot++) {
		make_command(r, job, slot, &other);
		if (slot == 2 && strcmp(other.data, first->data) == 0)
			break;
		is_same = past_is_command(r->past, seq, other.data, other.len);
	}
	buf_release(&other);
	return is_same;
}

/* What was never started may be in the log by its values. */
static bool is_by_values(const struct resume *r, const struct job *job,
			 uint64_t seq)
{
	struct buf values = BUF_INIT;
	bool is_same;

	job_add_values(job, &values);
	is_same = past_is_command(r->past, seq, values.data, values.len);
	buf_release(&values);
	return is_same;
}

static void add_shown(struct buf *out, const struct buf *command)
{
	bool is_long = command->len > SHOWN_MAX;

	buf_addch(out, '\'');
	buf_add_visible(out, command->data,
			is_long ? SHOWN_MAX : command->len);
	buf_addstr(out, is_long ? "...'" : "'");
}

static void tell_change(const struct resume *r, uint64_t seq,
			const struct buf *now, struct buf *err)
{
	struct buf then = BUF_INIT;

	if (past_add_command(r->past, seq, &then) < 0)
		buf_addstr(&then, "?");
	buf_addf(err, "--resume: the input has changed: job %llu is ",
		 (unsigned long long)seq);
	add_shown(err, now);
	buf_addf(err, ", in '%s' it was ", r->options->joblog);
	add_shown(err, &then);
	buf_release(&then);
}

/* The commands are the same but for the directory of the job's file. */
static bool is_same_but_chance(const struct job *job, const struct buf *now,
			       const struct buf *then)
{
	const char *path = job->block_path;
	size_t len = strlen(path);
	size_t chance = (size_t)(strrchr(path, '/') - path) - CHANCE_LEN;
	const char *at = now->data;
	size_t i = 0;

	if (now->len != then->len)
		return false;
	while ((at = strstr(at, path)) != NULL) {
		size_t from = (size_t)(at - now->data) + chance;

		if (memcmp(now->data + i, then->data + i, from - i) != 0)
			return false;
		i = from + CHANCE_LEN;
		at += len;
	}
	return memcmp(now->data + i, then->data + i, now->len - i) == 0;
}

static bool is_same_but_for_file(const struct resume *r,
				 const struct job *job, uint64_t seq,
				 const struct buf *now)
{
	struct buf then = BUF_INIT;
	bool is_same = job->block_path &&
		       past_add_command(r->past, seq, &then) == 0 &&
		       is_same_but_chance(job, now, &then);

	buf_release(&then);
	return is_same;
}

static bool has_changed(const struct resume *r, const struct job *job,
			uint64_t seq, struct buf *err)
{
	struct buf now = BUF_INIT;
	bool has_changed;

	make_command(r, job, 1, &now);
	has_changed = !past_is_command(r->past, seq, now.data, now.len) &&
		      !is_by_values(r, job, seq) &&
		      !is_same_but_for_file(r, job, seq, &now) &&
		      !is_same_elsewhere(r, job, seq, &now);
	if (has_changed)
		tell_change(r, seq, &now, err);
	buf_release(&now);
	return has_changed;
}

/* What became of the input whose first stage has that number: it is over when
 * all its stages succeeded, or one failed. */
static enum past_end end_of(const struct resume *r, uint64_t first)
{
	enum past_end end = PAST_NONE;

	for (size_t i = 0; i <= r->options->nthen; i++) {
		end = past_find(r->past, first + i);
		if (end != PAST_SUCCEEDED)
			break;
	}
	return end;
}

/* Which do not say how a job ended; but what values it had. */
static enum resume_verdict judge_by_results(struct resume *r,
					    const struct job *job)
{
	if (r->options->resume_failed || !r->results ||
	    !results_has(r->results, job))
		return RESUME_RUN;
	r->passed++;
	return RESUME_PASS;
}

void resume_keep(struct job *job, const struct kept *kept, bool has_failed)
{
	job->kept = kept;
	if (!kept)
		return;
	job->slot = kept->slot;
	job->outcome.end = JOB_EXITED;
	job->outcome.status = has_failed;
}

static enum resume_verdict judge_by_key(struct resume *r, struct job *job)
{
	const struct kept *kept;
	enum ledger_end end = ledger_take(r->ledger, job->key, &kept);

	switch (end) {
	case LEDGER_NONE:
		r->fresh++;
		return RESUME_RUN;
	case LEDGER_UNDONE:
		return RESUME_RUN;
	case LEDGER_SUCCEEDED:
		resume_keep(job, kept, false);
		r->passed++;
		return RESUME_PASS;
	case LEDGER_FAILED:
		break;
	}
	if (r->options->resume_failed)
		return RESUME_RUN;
	resume_keep(job, kept, true);
	r->passed++;
	r->failed++;
	return RESUME_PASS_FAILED;
}

enum resume_verdict resume_judge(struct resume *r, struct job *job,
				 struct buf *err)
{
	uint64_t first = r->number * (r->options->nthen + 1) + 1;
	enum past_end end;

	job->number = ++r->number;
	if (r->ledger)
		return judge_by_key(r, job);
	if (!r->past)
		return judge_by_results(r, job);
	end = end_of(r, first);
	if (end == PAST_NONE || end == PAST_KILLED ||
	    (end == PAST_FAILED && r->options->resume_failed))
		return RESUME_RUN;
	if (has_changed(r, job, first, err)) {
		r->has_changed = true;
		return RESUME_CHANGED;
	}
	r->passed++;
	r->failed += end == PAST_FAILED;
	return end == PAST_FAILED ? RESUME_PASS_FAILED : RESUME_PASS;
}

void resume_count(struct resume *r)
{
	r->number++;
}

bool resume_next(struct resume *r, bool *is_failed, struct buf *command,
		 int *error)
{
	enum past_end end;

	*error = 0;
	if (r->number >= r->last)
		return false;
	end = past_find(r->past, ++r->number);
	*is_failed = end == PAST_FAILED || end == PAST_KILLED;
	buf_reset(command);
	if (*is_failed && past_add_command(r->past, r->number, command) < 0)
		*error = errno;
	return true;
}

/* Jobs that the log has and the input has not. */
static uint64_t vanished(const struct resume *r)
{
	uint64_t end = r->number * (r->options->nthen + 1);
	size_t n = past_count(r->past);
	uint64_t count = 0;

	while (count < n && past_seq(r->past, n - 1 - count) > end)
		count++;
	return count;
}

void resume_report(const struct resume *r)
{
	struct buf line = BUF_INIT;
	bool by_key = r->ledger && ledger_has_run(r->ledger);
	uint64_t gone = 0;

	if (r->has_ended && r->ledger)
		gone = ledger_left(r->ledger);
	else if (r->has_ended && r->past)
		gone = vanished(r);
	if (r->options->retry_failed || r->has_changed ||
	    (!r->passed && !gone && !by_key))
		return;
	buf_addf(&line, "resumed: %llu job%s skipped",
		 (unsigned long long)r->passed, r->passed == 1 ? "" : "s");
	if (r->failed)
		buf_addf(&line, ", %llu of them failed",
			 (unsigned long long)r->failed);
	if (by_key)
		buf_addf(&line, ", %llu new", (unsigned long long)r->fresh);
	if (gone)
		buf_addf(&line, "; %llu in '%s' not in the input any more",
			 (unsigned long long)gone, r->ledger
			 ? r->options->journal : r->options->joblog);
	diag_msg("%s", line.data);
	buf_release(&line);
}
