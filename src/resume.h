/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resume.h - --resume, --resume-failed and --retry-failed: what of this run
 * an earlier one has done.
 *
 * With a journal by what the jobs are to do (input/ledger.h). With a log
 * alone by number, as GNU parallel; but a job that would be passed over must
 * have the command that the log has for its number, else the input is not the
 * one of then, and nothing can be told by number. For the reader thread, but
 * for open, report and release.
 */
#ifndef MUSTER_RESUME_H
#define MUSTER_RESUME_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct job;
struct kept;
struct ledger;
struct options;
struct past;
struct results;
struct texts;

struct resume {
	const struct options *options;
	const struct texts *texts;
	struct ledger *ledger;	/* the caller's; or NULL */
	struct past *past;	/* NULL: no log, go by results */
	const struct results *results;	/* the caller's to set before a job is
					   judged, or NULL */
	uint64_t last;		/* number of the last one that failed */
	uint64_t number;	/* inputs judged so far */
	uint64_t passed;	/* of them, those passed over */
	uint64_t failed;	/* and of these, those that had failed */
	uint64_t fresh;		/* jobs that the ledger does not have */
	bool has_ended;		/* all of the input has been seen */
	bool has_changed;
};

enum resume_verdict {
	RESUME_RUN,
	RESUME_PASS,		/* it was run, and succeeded */
	RESUME_PASS_FAILED,	/* or failed */
	RESUME_CHANGED,		/* it is not the job that was run */
};

/* After the log has been opened for writing (and locked). Options, texts and
 * ledger (NULL: there is no journal) must outlive r. 0, or -1 with a message
 * in err; release in both cases. */
int resume_open(struct resume *r, const struct options *o,
		const struct texts *t, struct ledger *ledger, struct buf *err);
void resume_release(struct resume *r);

/* The next job of the input, in reading order, which gets its number;
 * RESUME_CHANGED with a message in err. */
enum resume_verdict resume_judge(struct resume *r, struct job *job,
				 struct buf *err);
/* An earlier run has done the job, and kept its output there; NULL: that is
 * where it belongs. */
void resume_keep(struct job *job, const struct kept *kept, bool has_failed);
/* The next item of the input is no job. */
void resume_count(struct resume *r);

/*
 * --retry-failed: the next number, up to the last one that failed. Returns
 * false behind it. is_failed: its job is to be run again, and its command was
 * added to command; -1 in *error (errno): it could not be read.
 */
bool resume_next(struct resume *r, bool *is_failed, struct buf *command,
		 int *error);

/* One line on standard error, if anything was passed over. */
void resume_report(const struct resume *r);

#endif
