/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adapt_judge.c - see adapt_impl.h.
 *
 * Rates are compared as logarithms, and each comparison with how far both may
 * be off: that depends on how many jobs have ended.
 */
#include <config.h>

#include <math.h>

#include "sched/adapt_impl.h"

/* What a step up has to gain of its length, and what a step down may lose
 * when pressure is high; when it is not, a step down has to gain. */
#define UP_SHARE	0.15
#define DOWN_LOSS	(-0.05)
#define DOWN_GAIN	0.1

/* Under pressure a step up has to be surer by so much. */
#define HOT_PROOF	1.5

#define SPAN_SECONDS	1.0
/* A probe decides by what it has when it is so long, but when that is hardly
 * more than the error, only when it is so many times as long. */
#define PROBE_SECONDS	3.0
#define PROBE_TURNS	4
#define PROBE_JOBS	16
#define LONGER	3
#define LONGER_DOWN	2
#define SURE	0.7

double adapt_rate(const struct adapt_span *s)
{
	return s->seconds > 0 ? s->done / s->seconds : 0;
}

/* Of workers really at work. */
static double parallelism(const struct adapt_span *s)
{
	return s->seconds > 0 ? s->busy_seconds / s->seconds : 0;
}

/* How long a job takes there: jobs at once by jobs a second. */
static double turn_seconds(const struct adapt_span *s)
{
	return s->done > 0 ? s->busy_seconds / s->done : 0;
}

/* Square of the relative error of a rate: by the count (run times vary about
 * as much as 0.7 of their mean), by each sample's own trouble, and what no
 * length of time averages out. */
static double error_of(double done, double samples)
{
	return 0.5 / larger(done, 1) + 0.03 / larger(samples, 1) + 0.0003;
}

/* What the span at goal has more than the base, as a logarithm. */
double adapt_gain(const struct adapt *a)
{
	return maths->log(larger(adapt_rate(&a->span), 1e-9) /
			  adapt_rate(&a->at_base));
}

/* And how far that may be off. */
double adapt_error(const struct adapt *a)
{
	return sqrt(error_of(a->span.done, a->span.samples) +
		    error_of(a->at_base.done, a->at_base.samples));
}

/* Busy beyond what more workers could use. */
bool adapt_is_hot(const struct adapt *a)
{
	return a->cpu.held >= ADAPT_HELD;
}

/* Perhaps: who is bound by I/O shows this in the best of cases, too. */
bool adapt_is_warm(const struct adapt *a)
{
	return a->io.held >= ADAPT_HELD || a->load.held >= ADAPT_HELD;
}

/*
 * Equal jobs end in flocks. From the end of one job to another, and over whole
 * turns (as many ends as there are workers), these do not mislead. True when
 * the last sample, n ends, completed a turn.
 */
static bool is_turn(const struct adapt *a, double n)
{
	double turns = floor(a->span.done / a->goal);

	return n > 0 && turns > floor((a->span.done - n) / a->goal);
}

/* The smallest step that a probe of reasonable length could tell from none. */
double adapt_step_min(const struct adapt *a)
{
	double jobs = larger(PROBE_TURNS * a->base,
			     PROBE_SECONDS * adapt_rate(&a->at_base));
	double e = sqrt(error_of(jobs, 12) + error_of(a->at_base.done, 12));

	return smaller(larger(ADAPT_STEP_MIN, 1.5 * e), ADAPT_STEP_WAKE);
}

/* Far less has ended than the base would have done in this time, whatever the
 * errors: no need to wait until the system has settled. */
bool adapt_is_collapse(const struct adapt *a, const struct adapt_sample *s)
{
	double seconds = (double)(s->now_ns - a->changed_ns) / 1e9;
	/* Equal jobs that share a CPU all take so much longer, and then end
	 * together. */
	double slower = larger((double)a->goal / a->base, 1);
	double want = adapt_rate(&a->at_base) * seconds;
	double got = (double)(s->done - a->changed_done);
	double e = sqrt(error_of(want, 4 * seconds) +
			error_of(a->at_base.done, a->at_base.samples));

	if (!a->is_busy_place && !adapt_is_hot(a))
		slower = 1;
	return a->last.has_waiting && s->queued > 0 && seconds > 1 &&
	       seconds > 1.5 * turn_seconds(&a->at_base) * slower &&
	       maths->log(larger(got, 0.5) / want) < -ADAPT_FAR_LESS - 1.5 * e;
}

/* How far a probe has come: a third of its length, all of it, so far that it
 * has to decide. */
static bool has_lasted(const struct adapt *a, double times)
{
	double jobs = larger(PROBE_TURNS * (double)a->goal, PROBE_JOBS);

	return a->span.seconds >= times * PROBE_SECONDS &&
	       a->span.done >= times * jobs;
}

/* The gain is what is wanted or is not, by more than the error; later by more
 * than a part of it, at last in any case. */
static enum adapt_verdict compare(const struct adapt *a, double gain,
				  double want, double e)
{
	double margin = fabs(gain - want);

	double times = a->goal > a->base ? LONGER : LONGER_DOWN;

	if (!has_lasted(a, 1) || (margin < SURE * e && !has_lasted(a, times)))
		return ADAPT_UNDECIDED;
	return gain > want ? ADAPT_ACCEPT : ADAPT_REJECT;
}

/*
 * gain: of the rate, as a logarithm, as far as it is known to e. More workers
 * have to earn a part of their number, and under pressure beyond doubt; fewer
 * must not cost more than that.
 */
static enum adapt_verdict judge_up(const struct adapt *a, double gain,
				   double step, double e)
{
	double want = UP_SHARE * step;
	double proof = e;

	/* About to flee. */
	if (a->memory.held)
		return ADAPT_UNDECIDED;
	/* As many as before are really at work: something else bounds them. */
	if (has_lasted(a, 1) && parallelism(&a->span) <
					1.02 * parallelism(&a->at_base))
		return ADAPT_REJECT;
	if (adapt_is_hot(a) && !a->is_busy_place)
		proof = HOT_PROOF * e;
	if (gain - proof > want / 2)
		return ADAPT_ACCEPT;
	if (gain + e < want && a->span.samples >= 6)
		return ADAPT_REJECT;
	return compare(a, gain, want, e);
}

static enum adapt_verdict judge_down(const struct adapt *a, double gain,
				     double step, double e)
{
	bool is_pressed = adapt_is_hot(a) || adapt_is_warm(a);
	double loss = (is_pressed ? DOWN_LOSS : DOWN_GAIN) * step;

	if (gain - e > loss)
		return ADAPT_ACCEPT;
	if (gain + e < loss && a->span.samples >= 6)
		return ADAPT_REJECT;
	return compare(a, gain, loss, e);
}

enum adapt_verdict adapt_judge(const struct adapt *a,
			       const struct adapt_sample *s)
{
	const struct adapt_span *p = &a->span;
	double e = adapt_error(a);
	double step = fabs(maths->log((double)a->goal / a->base));
	double lag = maths->log(adapt_rate(&a->at_base) /
				larger(adapt_rate(&a->at_base), a->best));

	if (adapt_is_collapse(a, s))
		return ADAPT_REJECT;
	if (p->samples < (a->is_rising ? 1 : 2) || p->done < 3 ||
	    !is_turn(a, (double)(s->done - a->last.done)))
		return ADAPT_UNDECIDED;
	if (a->goal > a->base)
		return judge_up(a, adapt_gain(a), step, e);
	/* Against the best of late: small losses shall not add up. */
	return judge_down(a, adapt_gain(a) + lag, step, e);
}

/* Between probes. */

bool adapt_is_span_full(const struct adapt *a, const struct adapt_sample *s)
{
	const struct adapt_span *p = &a->span;
	double turn = turn_seconds(&a->at_base);

	if (a->at_base.samples && p->seconds > 3 * larger(turn, SPAN_SECONDS))
		return true;
	if (p->samples < 2 || !is_turn(a, (double)(s->done - a->last.done)))
		return false;
	if (p->done >= 64 && !a->at_base.samples)
		return true;
	if (a->is_rising && p->done >= 4 && p->done >= 2 * a->goal)
		return true;
	if (!a->at_base.samples && p->done < 16 && p->done < 2 * a->goal)
		return false;
	return p->seconds >= SPAN_SECONDS && p->done >= 4 && p->done >= a->goal;
}
