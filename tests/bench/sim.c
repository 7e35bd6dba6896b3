/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sim.c - --scale adaptive against models of work, in virtual time.
 *
 * Usage: sim [-v] [MODEL...]
 *
 * A model says how much work so many jobs get done at once (1: what one job
 * alone does), and which pressure the system shows then. All running jobs get
 * the same share, each has a length of its own, and a job that has been
 * started runs to its end, whatever the goal has become. Every 250 ms the
 * machine's speed changes a little, and adapt_step gets its sample.
 *
 * Each row of the table is a model and a mean length of jobs. What counts is
 * the jobs that ended by the time in which there was work. The fixed -j it is
 * compared with is the best one over all seeds, found by trying; "worst" is
 * the ratio of the seed in which adaptive did worst. The status is 1 when any
 * ratio is below 0.8. -v prints the goal as it changes.
 */
#include <config.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/maths.h"
#include "sched/adapt.h"

#define MAX		64
#define CORES		8
#define OTHERS		4	/* cores that someone else takes at times */
#define RIVALS		8	/* runnable tasks of others, where they are
				   busy all the time */
#define SEEDS		5
#define TICK		0.25
#define BOUND		0.8
/* Jobs shorter than this are run in strings, by the same worker. */
#define GRAIN		0.02

/* Randomness: xorshift64*, so that all machines see the same. */

static uint64_t seed;

static double uniform(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (double)((seed * UINT64_C(2685821657736338717)) >> 11) /
	       9007199254740992.0;
}

static double normal(void)
{
	double u = uniform();

	return sqrt(-2 * log(u > 0 ? u : 1e-300)) * cos(6.283185307179586 *
							uniform());
}

static double clip(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

/* Models. n: jobs at once; at: how much of the run is over, 0..1. */

struct model {
	const char *name;
	double (*power)(double n, double at);
	void (*press)(double n, double at, struct adapt_pressure *p);
	double variation;	/* of lengths, by their mean */
	double load;		/* bursts: work offered by the best power */
};

static void press_none(double n, double at, struct adapt_pressure *p)
{
	(void)n, (void)at;
	p->cpu = 0.03;
	p->io = 0.01;
}

/* CPU-bound: as many as there are cores; more cost a little each. */
static double power_cpu(double n, double at)
{
	(void)at;
	return n <= CORES ? n : CORES * (1 - 0.002 * (n - CORES));
}

static void press_cpu(double n, double at, struct adapt_pressure *p)
{
	(void)at;
	p->cpu = n <= CORES ? 0.02 + 0.3 * pow(n / CORES, 4)
			    : 1 - 0.6 * exp(CORES - n);
	p->load = n / CORES;
}

/* A device that serves 24 at once, and seeks more beyond. */
static double power_io(double n, double at)
{
	(void)at;
	return n / pow(1 + pow(n / 24, 6), 1.0 / 6) *
	       (n > 32 ? 1 - 0.004 * (n - 32) : 1);
}

static void press_io(double n, double at, struct adapt_pressure *p)
{
	(void)at;
	p->cpu = 0.05;
	p->io = 1 - exp(-n / 3);
	p->load = n / CORES;
}

/* A lock that all take: more in line make it slower. Best at peak. */
static double contention(double n, double peak)
{
	double a = 0.03;

	return n / (1 + a * (n - 1) + (1 - a) / (peak * peak) * n * (n - 1));
}

static double power_lock(double n, double at)
{
	(void)at;
	return contention(n, 12);
}

/* Memory for 12; beyond that, swapping. */
static double power_memory(double n, double at)
{
	double over = n > 12 ? n - 12 : 0;

	(void)at;
	return n / (1 + over * over / 6);
}

static void press_memory(double n, double at, struct adapt_pressure *p)
{
	(void)at;
	p->cpu = 0.05;
	p->memory = n > 12 ? 1 - exp((12 - n) / 3) : 0.01;
	p->io = p->memory;
	p->load = n / CORES;
}

/* The best number goes from 8 to 40 and back to 12. */
static double peak_at(double at)
{
	if (at < 0.3)
		return 8;
	if (at < 0.5)
		return 8 + 32 * (at - 0.3) / 0.2;
	return at < 0.75 ? 40 : 12;
}

static double power_drift(double n, double at)
{
	return contention(n, peak_at(at));
}

static double power_sleep(double n, double at)
{
	(void)at;
	return n;
}

/* The cores, half of which are someone else's for a third of the time. */
static double power_shared(double n, double at)
{
	double cores = at > 0.33 && at < 0.66 ? CORES - OTHERS : CORES;

	return n <= cores ? n : cores * (1 - 0.002 * (n - cores));
}

static void press_shared(double n, double at, struct adapt_pressure *p)
{
	press_cpu(at > 0.33 && at < 0.66 ? n + OTHERS : n, at, p);
}

/*
 * Others are busy all the time: there is hardly a moment in which nobody waits
 * for a CPU, whatever we do.
 */
static void press_busy(double n, double at, struct adapt_pressure *p)
{
	(void)at;
	p->cpu = 0.95;
	p->load = (n + RIVALS) / CORES;
}

/* Jobs that sleep add nothing to that. */
static void press_busy_sleep(double n, double at, struct adapt_pressure *p)
{
	(void)n;
	press_busy(0, at, p);
	p->io = 0.05;
}

static void press_busy_io(double n, double at, struct adapt_pressure *p)
{
	press_io(n, at, p);
	press_busy(n, at, p);
}

/* Each runnable task gets the same share of the cores. */
static double power_fair(double n, double at)
{
	(void)at;
	return n + RIVALS <= CORES ? n : CORES * n / (n + RIVALS);
}

static const struct model models[] = {
	{ "cpu", power_cpu, press_cpu, 0.5, 0 },
	{ "cpu, equal jobs", power_cpu, press_cpu, 0.01, 0 },
	{ "io, knee at 24", power_io, press_io, 0.7, 0 },
	{ "lock, best 12", power_lock, press_none, 0.5, 0 },
	{ "memory for 12", power_memory, press_memory, 0.5, 0 },
	{ "bursts, io", power_io, press_io, 0.5, 0.7 },
	{ "bursts, lock", power_lock, press_none, 0.5, 0.7 },
	{ "drift 8-40-12", power_drift, press_none, 0.5, 0 },
	{ "sleep", power_sleep, press_none, 0.7, 0 },
	{ "sleep, equal jobs", power_sleep, press_none, 0.01, 0 },
	{ "cpu, shared", power_shared, press_shared, 0.5, 0 },
	{ "busy: sleep", power_sleep, press_busy_sleep, 0.7, 0 },
	{ "busy: io", power_io, press_busy_io, 0.7, 0 },
	{ "busy: fair cpu", power_fair, press_busy, 0.5, 0 },
};

static const double lengths[] = { 0.001, 0.1, 2, 60 };

/* A run. */

struct work {
	const struct model *model;
	double length;		/* of a job, mean, seconds */
	double grain;		/* jobs in a string */
	double until;		/* the end */
	bool has_psi;
};

struct pool {
	const struct work *work;
	double now;
	double progress;	/* of each job since the beginning, seconds */
	double ends[MAX];	/* heap: progress at which the jobs end */
	double starts[MAX];	/* and the times they started */
	unsigned running;
	double backlog;		/* jobs */
	double done;
	double ended_seconds;	/* of jobs that ended */
	double with_work;	/* time */
	double speed;		/* of the machine, about 1 */
	double next_burst;
};

static void swap(double *a, double *b)
{
	double t = *a;

	*a = *b;
	*b = t;
}

static void exchange(struct pool *p, unsigned i, unsigned j)
{
	swap(&p->ends[i], &p->ends[j]);
	swap(&p->starts[i], &p->starts[j]);
}

static void start(struct pool *p)
{
	const struct work *w = p->work;
	double v = w->model->variation / sqrt(w->grain);
	double s2 = log(1 + v * v);
	unsigned i = p->running++;

	/* lognormal */
	p->ends[i] = p->progress + w->length * w->grain *
				   exp(sqrt(s2) * normal() - s2 / 2);
	p->starts[i] = p->now;
	p->backlog -= w->grain;
	for (; i && p->ends[(i - 1) / 2] > p->ends[i]; i = (i - 1) / 2)
		exchange(p, i, (i - 1) / 2);
}

static void end_first(struct pool *p)
{
	unsigned i = 0;

	p->done += p->work->grain;
	p->ended_seconds += p->now - p->starts[0];
	exchange(p, 0, --p->running);
	for (;;) {
		unsigned child = 2 * i + 1;

		if (child + 1 < p->running &&
		    p->ends[child + 1] < p->ends[child])
			child++;
		if (child >= p->running || p->ends[i] <= p->ends[child])
			return;
		exchange(p, i, child);
		i = child;
	}
}

static void fill(struct pool *p, unsigned goal)
{
	while (p->running < goal && p->backlog >= p->work->grain)
		start(p);
}

/* Everything up to the time to. */
static void advance(struct pool *p, double to, unsigned goal)
{
	const struct model *m = p->work->model;

	fill(p, goal);
	while (p->now < to && p->running) {
		double each = p->speed / p->running *
			      m->power(p->running, p->now / p->work->until);
		double next = (p->ends[0] - p->progress) / each;

		if (p->now + next > to) {
			p->progress += (to - p->now) * each;
			p->with_work += to - p->now;
			p->now = to;
			return;
		}
		p->with_work += next;
		p->now += next;
		p->progress = p->ends[0];
		end_first(p);
		fill(p, goal);
	}
	p->now = to;
}

static double best_power(const struct model *m)
{
	double best = 0;

	for (unsigned n = 1; n <= MAX; n++)
		best = fmax(best, m->power(n, 0));
	return best;
}

/* Jobs come in bursts, every 20 to 60 job lengths or 5 to 15 seconds. */
static void arrive(struct pool *p)
{
	const struct work *w = p->work;
	double pause;

	if (!(w->model->load > 0)) {
		p->backlog = 1e9;
		return;
	}
	if (p->now < p->next_burst)
		return;
	pause = (0.5 + uniform()) * fmax(10, 40 * w->length);
	p->next_burst = p->now + pause;
	p->backlog += pause * w->model->load * best_power(w->model) /
		      w->length;
}

/* A few per cent, slowly; rarely nothing goes on for a moment. */
static void jitter(struct pool *p, double *slow)
{
	*slow = 0.9 * *slow + 0.02 * normal();
	p->speed = clip(1 + *slow + 0.04 * normal(), 0.3, 2);
	if (uniform() < 0.005)
		p->speed = 0.05;
}

static void press(const struct pool *p, struct adapt_pressure *out)
{
	struct adapt_pressure a = { .cpu = 0.01 };

	p->work->model->press(p->running, p->now / p->work->until, &a);
	out->cpu = clip(a.cpu + 0.05 * normal(), 0, 1);
	out->memory = clip(a.memory + 0.03 * normal(), 0, 1);
	out->io = clip(a.io + 0.05 * normal(), 0, 1);
	/* The load average is one of a minute. */
	out->load += (a.load - out->load) * (1 - exp(-TICK / 60));
}

static struct adapt_sample look(const struct pool *p,
				const struct adapt_pressure *pressure)
{
	struct adapt_sample s = {
		.now_ns = (int64_t)(p->now * 1e9),
		.min = 1,
		.max = MAX,
		.done = (uint64_t)p->done,
		.running = p->running,
		.queued = (size_t)(p->backlog > 1024 ? 1024 : p->backlog),
		.pressure = *pressure,
	};
	double busy = p->ended_seconds;

	for (unsigned i = 0; i < p->running; i++)
		busy += p->now - p->starts[i];
	s.busy_ns = (int64_t)(busy * 1e9);
	if (!p->work->has_psi) {
		s.pressure.cpu = s.pressure.memory = s.pressure.io = -1;
	}
	return s;
}

struct result {
	double rate;
	unsigned resizes;
	unsigned turns;		/* changes of direction */
	double mean;		/* workers, over time */
};

static bool is_verbose;

static void note(struct result *r, unsigned was, unsigned is, int *dir,
		 double now)
{
	int d = is > was ? 1 : -1;

	if (is == was)
		return;
	if (is_verbose)
		printf("%.2f s: %u\n", now, is);
	r->resizes++;
	r->turns += *dir && d != *dir;
	*dir = d;
}

/* fixed: that many workers; 0: as adapt_step says. */
static struct result run(const struct work *w, unsigned fixed, uint64_t n)
{
	struct pool p = { .work = w, .speed = 1 };
	struct adapt_pressure pressure = { .cpu = 0 };
	struct result r = { 0 };
	struct adapt a;
	unsigned goal = fixed;
	double slow = 0;
	int dir = 0;
	unsigned ticks = 0;

	seed = UINT64_C(0x9e3779b97f4a7c15) * (n + 1);
	adapt_init(&a, 1, MAX, 0);
	if (!fixed)
		goal = a.goal;
	while (p.now < w->until) {
		struct adapt_sample s;

		jitter(&p, &slow);
		arrive(&p);
		advance(&p, ++ticks * TICK, goal);
		press(&p, &pressure);
		r.mean += goal * TICK / w->until;
		if (fixed)
			continue;
		s = look(&p, &pressure);
		note(&r, goal, adapt_step(&a, &s), &dir, p.now);
		goal = a.goal;
	}
	r.rate = p.with_work > 0 ? p.done / p.with_work : 0;
	return r;
}

/* Best of all fixed numbers, over the seeds. */
static unsigned best_fixed(const struct work *w, double rates[SEEDS])
{
	double best = 0;
	unsigned best_n = 1;

	for (unsigned n = 1; n <= MAX; n += 1 + n / 12) {
		double each[SEEDS], sum = 0;

		for (unsigned i = 0; i < SEEDS; i++) {
			each[i] = run(w, n, i).rate;
			sum += each[i];
		}
		if (sum > best) {
			best = sum;
			best_n = n;
			memcpy(rates, each, sizeof(each));
		}
	}
	return best_n;
}

static bool row(const struct work *w)
{
	double fixed[SEEDS] = { 0 };
	double fixed_rate = 0, rate = 0, worst = 1e9, resizes = 0, turns = 0;
	double mean = 0;
	unsigned n = best_fixed(w, fixed);

	for (unsigned i = 0; i < SEEDS; i++) {
		struct result r = run(w, 0, i);

		fixed_rate += fixed[i] / SEEDS;
		rate += r.rate / SEEDS;
		worst = fmin(worst, r.rate / fixed[i]);
		resizes += (double)r.resizes / SEEDS;
		turns += (double)r.turns / SEEDS;
		mean += r.mean / SEEDS;
	}
	printf("| %-17s | %-3s | %6g s | %4.0f s | %2u | %8.4g | %8.4g | %4.1f "
	       "| %.2f | %.2f | %3.0f | %3.0f |%s\n", w->model->name,
	       w->has_psi ? "yes" : "no", w->length, w->until, n, fixed_rate,
	       rate, mean, rate / fixed_rate, worst, resizes, turns,
	       rate < BOUND * fixed_rate ? " BELOW" : "");
	fflush(stdout);
	return rate >= BOUND * fixed_rate;
}

static bool is_wanted(const struct model *m, int argc, char **argv)
{
	if (argc == 0)
		return true;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], m->name, strlen(argv[i])) == 0)
			return true;
	}
	return false;
}

static bool rows(const struct model *m)
{
	bool good = true;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(lengths); i++) {
		double length = lengths[i / 2];
		struct work w = {
			.model = m,
			.length = length,
			.grain = length < GRAIN ? ceil(GRAIN / length) : 1,
			.until = fmax(120, 100 * length),
			.has_psi = i % 2 == 0,
		};

		good &= row(&w);
	}
	return good;
}

int main(int argc, char **argv)
{
	bool good = true;

	if (maths_load(NULL) < 0)
		return 1;
	is_verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	argv += 1 + is_verbose;
	argc -= 1 + is_verbose;
	printf("| model | PSI | jobs | run | best -j | its jobs/s | adaptive "
	       "| workers | ratio | worst | resizes | turns |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | "
	       "--- | --- |\n");
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		if (is_wanted(&models[i], argc, argv))
			good &= rows(&models[i]);
	}
	return good ? 0 : 1;
}
