/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adapt.c - see adapt.h; doc/internals/pool.md has the reasons at length.
 *
 * The base is the number of workers that is thought best, and at_base what it
 * achieves. A probe is a try with a step more or fewer: accepted, it is the
 * new base; rejected, the goal goes back. After two fruitless probes, one each
 * way, there is a pause, which doubles each time; steps halve when a probe
 * fails and grow when one succeeds.
 *
 * After each change of the goal nothing is measured until as many jobs have
 * ended as ran then (the system settles). Then samples are added up to a span
 * until it decides. How long that takes follows from the number of jobs that
 * end, not from the clock: a second for short jobs, minutes for long ones.
 *
 * Pressure of memory acts at once. That of CPU and I/O, and load, say which
 * way to try first and who has to prove what.
 */
#include <config.h>

#include <math.h>

#include "base/buf.h"
#include "sched/adapt_impl.h"

/* Twice as many. */
#define STEP_MAX	0.6931

/* Without evidence not above so many, and not faster. */
#define BLIND_MAX	8
#define BLIND_BUSY	16
#define BLIND_NS	(500 * NS_PER_MS)

/* In spans. */
#define PATIENCE_MAX	16

/* Shares of time in which something waited. I/O-bound jobs wait for I/O by
 * nature, and busy CPUs are what we want: these bounds are high. */
#define CPU_BOUND	0.8
#define MEMORY_BOUND	0.2
#define IO_BOUND	0.95
#define LOAD_BOUND	1.5

/* Keeps what led to the change that follows. */
static void tell(struct adapt *a, const char *why)
{
	a->told.why = why;
	a->told.base = a->base;
	a->told.base_rate = adapt_rate(&a->at_base);
	a->told.tried = a->is_probing ? a->goal : 0;
	a->told.tried_rate = adapt_rate(&a->span);
}

static void start_span(struct adapt *a)
{
	a->span = (struct adapt_span){ 0 };
}

static void settle(struct adapt *a, const struct adapt_sample *s)
{
	a->is_settling = true;
	a->changed_ns = s->now_ns;
	a->changed_done = s->done;
	a->changed_running = s->running;
	start_span(a);
}

static void set_goal(struct adapt *a, const struct adapt_sample *s,
		     unsigned goal)
{
	if (goal < s->min)
		goal = s->min;
	if (goal > s->max)
		goal = s->max;
	if (goal == a->goal) {
		start_span(a);
		return;
	}
	settle(a, s);
	a->goal = goal;
	a->has_moved = true;
}

/* Begins anew at goal, of which nothing is known. */
static void rebase(struct adapt *a, const struct adapt_sample *s,
		   unsigned goal)
{
	set_goal(a, s, goal);
	a->base = a->goal;
	a->is_probing = false;
	a->at_base = (struct adapt_span){ 0 };
	a->best = 0;
	a->pause = 1;
	a->patience = 2;
	a->fails = 0;
	a->odd = 0;
}

void adapt_init(struct adapt *a, unsigned min, unsigned max, int64_t now_ns)
{
	*a = (struct adapt){
		.goal = min ? min : 1,
		.min = min,
		.max = max,
		.last.now_ns = now_ns,
		.dir = 1,
		.is_rising = true,
		.step = STEP_MAX,
		.pause = 1,
		.patience = 2,
		.is_settling = true,
		.changed_ns = now_ns,
		.changed_running = 1,
		.ceiling = max,
		.cpu.share = -1,
		.memory.share = -1,
		.io.share = -1,
		.load.share = -1,
	};
	a->base = a->goal;
}

/* Pressure. */

static void feel_one(double *smooth, unsigned *held, double now, double limit)
{
	if (now < 0) {
		*smooth = -1;
		*held = 0;
		return;
	}
	*smooth += (now - *smooth) * (*smooth < 0 ? 1 : 0.4);
	/* Both: one odd sample neither raises nor ends it. */
	if (*smooth > limit)
		(*held)++;
	else
		*held = 0;
}

static void feel(struct adapt *a, const struct adapt_pressure *p)
{
	/* With pressure stall information, load says nothing new. */
	double load = p->cpu < 0 ? p->load : -1;

	feel_one(&a->cpu.share, &a->cpu.held, p->cpu, CPU_BOUND);
	feel_one(&a->memory.share, &a->memory.held, p->memory, MEMORY_BOUND);
	feel_one(&a->io.share, &a->io.held, p->io, IO_BOUND);
	feel_one(&a->load.share, &a->load.held, load, LOAD_BOUND);
	/* One worker alone makes no such pressure. */
	if (!a->has_moved)
		a->is_busy_place = a->cpu.held || a->load.held;
}

/* Memory that is short makes everything slow, and the more so the longer it
 * lasts: no evidence is waited for. True when that changed the goal. */
static bool flee(struct adapt *a, const struct adapt_sample *s)
{
	unsigned goal = a->base;

	/* What ran before the last change may be what presses. */
	if (s->running > a->goal)
		a->memory.held = 0;
	if (a->memory.held < ADAPT_HELD || a->goal <= s->min)
		return false;
	a->ceiling = a->goal - 1;
	a->is_rising = false;
	a->step = ADAPT_STEP_MIN;
	if (!a->is_probing || a->base >= a->goal)
		goal = a->goal - (a->goal + 3) / 4;
	else
		a->step = larger(maths->log((double)a->goal / goal) / 2,
				 ADAPT_STEP_MIN);
	tell(a, "memory is short");
	rebase(a, s, goal);
	a->memory.held = 0;
	a->dir = 1;
	/* Not up again at once. */
	a->pause = 2;
	a->patience = 4;
	return true;
}

/* Measuring. */

/* Adds the time since the last sample, if it tells anything. */
static void collect(struct adapt *a, const struct adapt_sample *s)
{
	bool was_settling = a->is_settling;
	/* Those that ran before, or when that is more, each of the new ones
	 * its first: they began together, and so they end. */
	unsigned to_end = a->changed_running > a->goal ? a->changed_running
						       : a->goal;

	if (s->queued == 0) {
		/* Too little work for those there are. */
		start_span(a);
		return;
	}
	if (!a->last.has_waiting) {
		settle(a, s);
		return;
	}
	if (s->done - a->changed_done >= to_end && s->running <= a->goal)
		a->is_settling = false;
	if (was_settling || a->is_settling)
		return;
	a->span.seconds += (double)(s->now_ns - a->last.now_ns) / 1e9;
	a->span.done += (double)(s->done - a->last.done);
	a->span.busy_seconds += (double)(s->busy_ns - a->last.busy_ns) / 1e9;
	a->span.samples++;
}

/*
 * At the start nothing is known to compare with, and measuring single jobs
 * that last minutes would take hours. So few workers double when each has had
 * a job, or no job has ended yet in twice the time before. Pressure that comes
 * with them ends this; when it was there before, it only takes twice as long.
 */
static bool grow_blindly(struct adapt *a, const struct adapt_sample *s)
{
	int64_t here_ns = s->now_ns - a->changed_ns;
	int64_t wait_ns = a->goal * NS_PER_SEC / 2;
	unsigned most = a->is_busy_place ? BLIND_BUSY : BLIND_MAX;
	unsigned goal = 2 * a->goal;

	if (a->at_base.samples || a->is_probing || a->goal >= most ||
	    a->goal >= s->max || a->goal >= a->ceiling || s->queued == 0 ||
	    here_ns < BLIND_NS || a->best > 0 || a->memory.held)
		return false;
	if ((a->cpu.held || a->load.held) && !a->is_busy_place)
		return false;
	if (s->done == 0 ? here_ns < (a->is_busy_place ? 2 : 1) * wait_ns
			 : a->is_settling || a->span.done >= 8)
		return false;
	tell(a, s->done ? "all have ended a job" : "no job has ended yet");
	set_goal(a, s, goal > most ? most : goal);
	a->base = a->goal;
	return true;
}

/* Probes. */

static unsigned neighbour(const struct adapt *a, const struct adapt_sample *s)
{
	double x = a->base * maths->exp(a->dir * a->step);
	unsigned top = a->ceiling < s->max ? a->ceiling : s->max;
	unsigned low = s->min ? s->min : 1;

	if (a->dir > 0) {
		unsigned n = x >= top ? top : (unsigned)(x + 0.5);

		/* Half the way to where it was bad */
		if (n == top && top < s->max)
			n = (a->base + top + 1) / 2;
		if (n <= a->base)
			n = a->base + 1;
		return n > top ? a->base : n;
	} else {
		unsigned n = (unsigned)(x + 0.5);

		if (n >= a->base)
			n = a->base - 1;
		return n < low ? low : n;
	}
}

/* Neither way is better, for now. */
static void stay(struct adapt *a)
{
	a->fails = 0;
	a->pause = a->patience;
	a->patience = a->patience < PATIENCE_MAX / 2 ? 2 * a->patience
						     : PATIENCE_MAX;
	/* What was bad may be over some day. */
	if (a->patience > 4 && a->ceiling < a->max)
		a->ceiling += 1 + a->ceiling / 8;
}

static void begin_probe(struct adapt *a, const struct adapt_sample *s)
{
	unsigned n;

	if ((adapt_is_hot(a) || adapt_is_warm(a)) && a->fails == 0 &&
	    !a->is_rising)
		a->dir = -1;
	n = neighbour(a, s);
	if (n == a->base) {
		a->dir = -a->dir;
		a->step = smaller(a->step, ADAPT_STEP_WAKE);
		n = neighbour(a, s);
	}
	start_span(a);
	if (n == a->base) {
		stay(a);
		return;
	}
	a->is_probing = true;
	set_goal(a, s, n);
}

static void accept(struct adapt *a)
{
	a->is_rising = a->goal > a->base;
	tell(a, a->is_rising ? "these earned their share, another step"
			     : "those were of little use, another step");
	a->base = a->goal;
	/* It is not bad there any more. */
	if (a->base >= a->ceiling)
		a->ceiling = a->base + 1 + a->base / 4;
	a->at_base = a->span;
	a->best = larger(a->best, adapt_rate(&a->at_base));
	a->step = smaller(a->step * 1.5, STEP_MAX);
	a->is_probing = false;
	a->pause = 0;
	a->patience = 2;
	a->fails = 0;
	start_span(a);
}

static void reject(struct adapt *a, const struct adapt_sample *s)
{
	bool is_up = a->goal > a->base;

	tell(a, is_up ? "these did not earn their share"
		      : "those are missing");
	if (is_up && (adapt_is_collapse(a, s) ||
		      adapt_gain(a) + adapt_error(a) < -ADAPT_FAR_LESS))
		a->ceiling = a->goal - 1;
	a->is_probing = false;
	a->is_rising = false;
	set_goal(a, s, a->base);
	a->step = larger(a->step / 2, adapt_step_min(a));
	a->fails++;
	a->dir = -a->dir;
	/* At the end of the range there is no other way to try. */
	if (neighbour(a, s) == a->base)
		a->fails++;
	a->pause = (a->patience + 1) / 2;
	if (a->fails >= 2)
		stay(a);
}

/* Between probes. */

/* What is old counts no more than the same length of what is new, twice. */
static void fold(struct adapt *a)
{
	struct adapt_span *b = &a->at_base;
	double keep = 1;

	if (b->done > 2 * a->span.done)
		keep = 2 * a->span.done / b->done;
	b->seconds = b->seconds * keep + a->span.seconds;
	b->done = b->done * keep + a->span.done;
	b->busy_seconds = b->busy_seconds * keep + a->span.busy_seconds;
	b->samples = (unsigned)(b->samples * keep) + a->span.samples;
	a->best = larger(a->best * 0.97, adapt_rate(b));
}

/* True when the last two spans were unlike those before. */
static bool has_changed(struct adapt *a)
{
	double e = adapt_error(a);
	double gain = adapt_gain(a);

	if (fabs(gain) < 2.5 * e + 0.05) {
		a->odd = 0;
		return false;
	}
	if (++a->odd < 2)
		return false;
	a->odd = 0;
	a->at_base = a->span;
	a->best = adapt_rate(&a->span);
	a->dir = gain > 0 ? 1 : -1;
	if (gain > 0)
		a->ceiling = a->max;
	a->step = larger(a->step, ADAPT_STEP_WAKE);
	a->pause = 0;
	a->patience = 2;
	a->fails = 0;
	return true;
}

static void rest(struct adapt *a, const struct adapt_sample *s)
{
	if (a->is_settling || !adapt_is_span_full(a, s))
		return;
	if (a->span.done < 1)
		return;
	if (a->at_base.samples == 0) {
		a->at_base = a->span;
		a->best = adapt_rate(&a->span);
	} else if (!has_changed(a) && a->odd == 0) {
		fold(a);
	}
	start_span(a);
	if (a->odd)
		return;
	if (a->pause)
		a->pause--;
	if (a->pause)
		return;
	tell(a, "to see whether that is better");
	begin_probe(a, s);
}

static void probe(struct adapt *a, const struct adapt_sample *s)
{
	switch (adapt_judge(a, s)) {
	case ADAPT_UNDECIDED:
		return;
	case ADAPT_ACCEPT:
		accept(a);
		begin_probe(a, s);
		return;
	case ADAPT_REJECT:
		reject(a, s);
		return;
	}
}

/* Bounds can have moved since the last sample. */
static void bind(struct adapt *a, const struct adapt_sample *s)
{
	if (a->goal < s->min || a->goal > s->max) {
		tell(a, "other bounds");
		rebase(a, s, a->goal);
	}
	if (s->max > a->max) {
		/* There is room that was not there before. */
		a->ceiling = s->max;
		a->dir = 1;
		a->step = larger(a->step, ADAPT_STEP_WAKE);
		a->pause = 1;
		a->patience = 2;
	}
	a->min = s->min;
	a->max = s->max;
}

unsigned adapt_step(struct adapt *a, const struct adapt_sample *s)
{
	if (s->now_ns <= a->last.now_ns)
		return a->goal;
	bind(a, s);
	feel(a, &s->pressure);
	collect(a, s);
	if (s->min < s->max && !flee(a, s) && !grow_blindly(a, s)) {
		if (a->is_probing)
			probe(a, s);
		else
			rest(a, s);
	}
	a->last.now_ns = s->now_ns;
	a->last.done = s->done;
	a->last.busy_ns = s->busy_ns;
	a->last.has_waiting = s->queued > 0;
	return a->goal;
}

static void add_share(struct buf *out, const char *name, double share)
{
	if (share >= 0)
		buf_addf(out, " %s %.2f", name, share);
}

void adapt_explain(const struct adapt *a, struct buf *out)
{
	buf_addstr(out, a->told.why ? a->told.why : "start");
	if (a->told.base_rate > 0)
		buf_addf(out, "; %u: %.4g jobs/s", a->told.base,
			 a->told.base_rate);
	if (a->told.tried)
		buf_addf(out, ", %u: %.4g", a->told.tried, a->told.tried_rate);
	buf_addstr(out, "; pressure:");
	add_share(out, "CPU", a->cpu.share);
	add_share(out, "memory", a->memory.share);
	add_share(out, "I/O", a->io.share);
	add_share(out, "load", a->load.share);
}
