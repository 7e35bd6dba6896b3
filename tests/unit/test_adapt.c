/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_adapt.c - --scale adaptive in virtual time, on machines that do exactly
 * what their curve says. tests/bench/sim has those with noise and delays.
 */
#include <config.h>

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/maths.h"
#include "sched/adapt.h"
#include "tap.h"

#define TICK	((double)ADAPT_INTERVAL / NS_PER_SEC)

/* A machine that always has work. */
struct plant {
	struct adapt a;
	double (*power)(double n);	/* jobs' lengths a second, by workers */
	void (*press)(double n, struct adapt_pressure *p);
	double length;			/* of a job, seconds */
	unsigned min, max;
	double seconds;
	double done;
	double busy;
	double speed;			/* for one sample; 0: 1 */
	size_t queued;
	unsigned resizes, turns;
	int dir;
};

static double power_all(double n)
{
	return n;
}

static double power_8(double n)
{
	return n < 8 ? n : 8;
}

static double power_one(double n)
{
	(void)n;
	return 1;
}

static double power_lock(double n)
{
	return n / (1 + 0.03 * (n - 1) + n * (n - 1) / 144);
}

/* Eight tasks of others on eight cores, and each gets its share. */
static double power_fair(double n)
{
	return 8 * n / (n + 8);
}

static void press_cpu(double n, struct adapt_pressure *p)
{
	p->cpu = n < 8 ? 0.05 : n < 9 ? 0.3 : 0.98;
	p->load = n / 8;
}

static void press_memory(double n, struct adapt_pressure *p)
{
	p->memory = n > 12 ? 0.5 : 0.01;
}

static void press_much(double n, struct adapt_pressure *p)
{
	(void)n;
	p->memory = 0.5;
}

static void press_full(double n, struct adapt_pressure *p)
{
	(void)n;
	p->cpu = 1;
}

/* Our own: there is none with one worker. */
static void press_own(double n, struct adapt_pressure *p)
{
	p->cpu = n > 1 ? 1 : 0.02;
}

static void press_busy_unknown(double n, struct adapt_pressure *p)
{
	p->cpu = p->memory = p->io = -1;
	p->load = 4 + n / 8;
}

static void press_unknown(double n, struct adapt_pressure *p)
{
	p->cpu = p->memory = p->io = -1;
	p->load = n / 8;
}

static struct plant make(double (*power)(double), double length)
{
	struct plant p = {
		.power = power, .length = length, .min = 1, .max = 64,
		.queued = 1000,
	};

	CHECK_INT(maths_load(NULL), 0);
	adapt_init(&p.a, p.min, p.max, 0);
	return p;
}

static void count(struct plant *p, unsigned was)
{
	int dir = p->a.goal > was ? 1 : -1;

	if (p->a.goal == was)
		return;
	p->resizes++;
	p->turns += p->dir && dir != p->dir;
	p->dir = dir;
}

static unsigned step(struct plant *p)
{
	struct adapt_sample s = { .min = p->min, .max = p->max };
	unsigned was = p->a.goal, goal;
	double speed = p->speed > 0 ? p->speed : 1;

	p->seconds += TICK;
	if (p->queued) {
		p->done += p->power(was) / p->length * TICK * speed;
		p->busy += was * TICK;
		s.running = was;
	}
	s.now_ns = (int64_t)(p->seconds * NS_PER_SEC);
	/* What is not whole has not ended. */
	s.done = (uint64_t)(p->done + 1e-9);
	s.busy_ns = (int64_t)(p->busy * NS_PER_SEC);
	s.queued = p->queued;
	if (p->press)
		p->press(was, &s.pressure);
	p->speed = 0;
	goal = adapt_step(&p->a, &s);
	CHECK_INT(goal, p->a.goal);
	CHECK(p->a.goal >= 1);
	CHECK(p->a.goal >= p->min);
	CHECK(p->a.goal <= p->max);
	count(p, was);
	return p->a.goal;
}

/* Returns the mean goal of the time. */
static double run(struct plant *p, double seconds)
{
	double until = p->seconds + seconds;
	double sum = 0;
	unsigned n = 0;

	while (p->seconds < until) {
		sum += step(p);
		n++;
	}
	return sum / n;
}

/* The share of the best possible in that time. */
static double achieved(struct plant *p, double seconds, double best)
{
	double before = p->done;

	run(p, seconds);
	return (p->done - before) * p->length / (seconds * best);
}

/* Until it rests: the next probe is some time away. */
static void run_to_rest(struct plant *p)
{
	unsigned same = 0;
	unsigned goal = p->a.goal;

	run(p, 60);
	for (int i = 0; i < 4000 && same < 12; i++) {
		same = step(p) == goal ? same + 1 : 0;
		goal = p->a.goal;
	}
	CHECK_INT(same, 12);
}

static void starts(void)
{
	struct adapt a;

	adapt_init(&a, 3, 8, 0);
	CHECK_INT(a.goal, 3);
	adapt_init(&a, 0, 8, 0);
	CHECK_INT(a.goal, 1);
}

static void grows(void)
{
	struct plant p = make(power_all, 0.01);

	run(&p, 20);
	CHECK_INT(p.a.goal, 64);
	CHECK(run(&p, 120) > 58);
}

static void finds_cores(void)
{
	struct plant p = make(power_8, 0.1);
	double mean;

	p.press = press_cpu;
	run(&p, 60);
	CHECK(achieved(&p, 200, 8) > 0.95);
	mean = run(&p, 200);
	CHECK(mean > 7);
	CHECK(mean < 10);
}

static void finds_peak(void)
{
	struct plant p = make(power_lock, 0.01);
	double best = 0;

	for (unsigned n = 1; n <= 64; n++)
		best = fmax(best, power_lock(n));
	run(&p, 60);
	CHECK(achieved(&p, 200, best) > 0.93);
}

static void long_jobs(void)
{
	struct plant p = make(power_all, 60);

	/* Before anything has ended it grows, but not far. */
	run(&p, 30);
	CHECK_INT(p.a.goal, 8);
	run(&p, 2000);
	CHECK(p.a.goal > 40);
	CHECK(achieved(&p, 3000, 64) > 0.9);
}

static void long_jobs_cores(void)
{
	struct plant p = make(power_8, 60);

	p.press = press_cpu;
	run(&p, 3000);
	CHECK(achieved(&p, 6000, 8) > 0.9);
	CHECK(run(&p, 3000) < 13);
}

static void not_blindly_under_pressure(void)
{
	struct plant p = make(power_one, 1e6);

	p.press = press_own;
	run(&p, 100);
	CHECK(p.a.goal <= 2);
	/* Pressure that others make tells nothing, not even this. */
	p = make(power_one, 1e6);
	p.press = press_full;
	run(&p, 3);
	CHECK(p.a.goal <= 4);
	run(&p, 100);
	CHECK_INT(p.a.goal, 16);
}

/* Seconds from the start to the maximum. */
static double climb(struct plant *p)
{
	while (p->a.goal < p->max && p->seconds < 1000)
		step(p);
	CHECK_INT(p->turns, 0);
	return p->seconds;
}

static void ramp(void)
{
	static const double lengths[] = { 0.001, 0.02, 0.1 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct plant p = make(power_all, lengths[i]);

		CHECK(climb(&p) < 5);
	}
}

static void busy_sleep(void)
{
	static const double lengths[] = { 0.01, 0.1, 2, 60 };

	for (size_t i = 0; i < 8; i++) {
		struct plant p = make(power_all, lengths[i / 2]);
		double t = fmax(30, 30 * lengths[i / 2]);

		p.press = i % 2 ? press_full : press_busy_unknown;
		run(&p, t);
		CHECK(p.a.goal > 40);
		CHECK(achieved(&p, 4 * t, 64) > 0.9);
	}
}

static void busy_ramp(void)
{
	struct plant p = make(power_all, 0.1);

	p.press = press_full;
	CHECK(climb(&p) < 8);
}

static void busy_fair(void)
{
	struct plant p = make(power_fair, 0.1);
	double mean;

	p.press = press_full;
	run(&p, 30);
	CHECK(achieved(&p, 200, power_fair(64)) > 0.8);
	/* But not those that bring nothing. */
	p.power = power_8;
	run(&p, 60);
	CHECK(achieved(&p, 100, 8) > 0.95);
	mean = run(&p, 100);
	CHECK(mean < 11);
}

static void busy_peak(void)
{
	struct plant p = make(power_lock, 0.1);
	double best = 0;

	for (unsigned n = 1; n <= 64; n++)
		best = fmax(best, power_lock(n));
	p.press = press_full;
	run(&p, 60);
	CHECK(achieved(&p, 200, best) > 0.93);
}

/* Others come when it has found its number, and go. */
static void others_come(void)
{
	struct plant p = make(power_all, 0.1);

	run(&p, 30);
	CHECK_INT(p.a.goal, 64);
	p.press = press_full;
	CHECK(achieved(&p, 120, 64) > 0.9);
	p.power = power_8;
	run(&p, 60);
	CHECK(p.a.goal < 16);
	p.power = power_all;
	run(&p, 60);
	CHECK(p.a.goal > 40);
}

static void explains(void)
{
	struct plant p = make(power_all, 0.1);
	struct buf b = BUF_INIT;
	char *text;

	p.press = press_full;
	climb(&p);
	adapt_explain(&p.a, &b);
	text = strstr(b.data, "32: ");
	CHECK(text);
	CHECK(strstr(b.data, "jobs/s"));
	CHECK(strstr(text, "CPU 1.00"));
	CHECK(!strchr(b.data, '\n'));
	buf_release(&b);
}

static void flees_memory(void)
{
	struct plant p = make(power_all, 0.1);
	unsigned above = 0;

	p.press = press_memory;
	run(&p, 60);
	for (int i = 0; i < 1200; i++)
		above += step(&p) > 12;
	/* Now and then it looks whether there is more by now. */
	CHECK(above < 240);
	CHECK(run(&p, 100) > 9);
}

static void flees_to_min(void)
{
	struct plant p = make(power_all, 0.1);

	run(&p, 30);
	CHECK_INT(p.a.goal, 64);
	p.press = press_much;
	run(&p, 2);
	CHECK(p.a.goal < 64);
	run(&p, 60);
	CHECK(p.a.goal <= 2);
	p.min = 5;
	step(&p);
	CHECK_INT(p.a.goal, 5);
	run(&p, 10);
	CHECK_INT(p.a.goal, 5);
	/* And comes back. */
	p.press = NULL;
	run(&p, 120);
	CHECK(p.a.goal > 30);
}

static void cpu_pressure_sheds_waste(void)
{
	struct plant p = make(power_8, 0.1);

	/* Where nothing is known of pressure, more than needed may stay. */
	p.min = 32;
	run(&p, 10);
	CHECK(p.a.goal >= 32);
	p.min = 1;
	p.press = press_cpu;
	run(&p, 120);
	CHECK(p.a.goal <= 11);
	CHECK(p.a.goal >= 6);
}

static void odd_rate(void)
{
	static const double speeds[] = { 0.001, 0.3, 3, 10 };

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		struct plant p = make(power_lock, 0.01);
		unsigned goal;

		run_to_rest(&p);
		goal = p.a.goal;
		p.speed = speeds[i];
		CHECK_INT(step(&p), goal);
		CHECK_INT(step(&p), goal);
		CHECK_INT(step(&p), goal);
	}
}

static void odd_pressure(void)
{
	struct plant p = make(power_lock, 0.01);
	unsigned goal;

	run_to_rest(&p);
	goal = p.a.goal;
	p.press = press_much;
	CHECK_INT(step(&p), goal);
	p.press = press_full;
	CHECK_INT(step(&p), goal);
	p.press = NULL;
	CHECK_INT(step(&p), goal);
	CHECK_INT(step(&p), goal);
}

/* Ten minutes at rest: few probes, each there and back, none far. */
static void no_flapping(void)
{
	struct plant plants[] = {
		make(power_lock, 0.01), make(power_8, 0.1), make(power_8, 0.1),
		make(power_all, 0.05), make(power_one, 0.05),
		make(power_all, 0.05), make(power_fair, 0.05),
	};

	plants[1].press = press_cpu;
	plants[2].press = press_unknown;
	plants[5].press = press_full;
	plants[6].press = press_full;
	for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
		struct plant *p = &plants[i];
		double mean;

		run(p, 120);
		p->turns = 0;
		mean = run(p, 60);
		for (int j = 0; j < 2160; j++) {
			unsigned goal = step(p);

			CHECK(goal <= mean * 1.6 + 1);
			CHECK(goal + 1 >= mean * 0.6);
		}
		CHECK(p->turns <= 150);
	}
}

static void bounds_move(void)
{
	struct plant p = make(power_all, 0.01);

	run(&p, 20);
	p.max = 10;
	CHECK_INT(step(&p), 10);
	CHECK(run(&p, 30) > 8);
	p.min = 20;
	p.max = 30;
	CHECK(step(&p) >= 20);
	run(&p, 20);
	CHECK(p.a.goal > 25);
	p.max = 64;
	p.min = 1;
	run(&p, 30);
	CHECK(p.a.goal > 50);
}

static void one_choice(void)
{
	struct plant p = make(power_all, 0.01);

	p.min = p.max = 7;
	for (int i = 0; i < 400; i++)
		CHECK_INT(step(&p), 7);
	p.min = p.max = 1;
	for (int i = 0; i < 400; i++)
		CHECK_INT(step(&p), 1);
}

static void without_psi(void)
{
	struct plant p = make(power_8, 0.1);

	p.press = press_unknown;
	run(&p, 60);
	CHECK(achieved(&p, 200, 8) > 0.95);
	CHECK(run(&p, 100) < 14);
	p = make(power_all, 0.1);
	p.press = press_unknown;
	run(&p, 60);
	CHECK(achieved(&p, 200, 64) > 0.9);
}

static void without_work(void)
{
	struct plant p = make(power_all, 0.01);
	unsigned goal;

	run(&p, 3);
	goal = p.a.goal;
	p.queued = 0;
	p.resizes = 0;
	run(&p, 100);
	CHECK_INT(p.resizes, 0);
	CHECK_INT(p.a.goal, goal);
	p.queued = 1000;
	run(&p, 20);
	CHECK(p.a.goal > 50);
}

static void optimum_moves(void)
{
	struct plant p = make(power_8, 0.05);

	run(&p, 100);
	CHECK(p.a.goal < 24);
	p.power = power_all;
	run(&p, 120);
	CHECK(p.a.goal > 40);
	p.power = power_lock;
	run(&p, 60);
	CHECK(p.a.goal < 24);
	CHECK(achieved(&p, 100, power_lock(12)) > 0.85);
}

/* The worst that can be: nothing ends any more. */
static void stalls(void)
{
	struct plant p = make(power_all, 0.01);

	run(&p, 30);
	p.power = power_one;
	p.length = 1e6;
	run(&p, 100);
	p.power = power_all;
	p.length = 0.01;
	run(&p, 60);
	CHECK(p.a.goal > 40);
}

static void no_time(void)
{
	struct adapt_sample s = { .min = 1, .max = 8, .queued = 5, .done = 9,
				  .now_ns = 1000 };
	struct adapt a;

	CHECK_INT(maths_load(NULL), 0);
	adapt_init(&a, 2, 8, 1000);
	CHECK_INT(adapt_step(&a, &s), 2);
	s.now_ns = 0;
	CHECK_INT(adapt_step(&a, &s), 2);
}

static const struct tap_case cases[] = {
	{ "it starts at the minimum, at least one", starts },
	{ "more is better: it grows to the maximum", grows },
	{ "CPU-bound: it finds the cores", finds_cores },
	{ "throughput that falls: it finds the peak", finds_peak },
	{ "jobs of a minute", long_jobs },
	{ "jobs of a minute, CPU-bound", long_jobs_cores },
	{ "no blind growth under pressure", not_blindly_under_pressure },
	{ "the start is short when each worker counts", ramp },
	{ "others keep the CPUs busy: jobs that sleep", busy_sleep },
	{ "the same at the start", busy_ramp },
	{ "the same with jobs that get their share", busy_fair },
	{ "the same with a peak", busy_peak },
	{ "others come later", others_come },
	{ "it says why", explains },
	{ "it flees from pressure of memory", flees_memory },
	{ "down to the minimum while that lasts", flees_to_min },
	{ "pressure of CPUs sheds those that are of no use",
	  cpu_pressure_sheds_waste },
	{ "one odd rate changes nothing", odd_rate },
	{ "one odd pressure changes nothing", odd_pressure },
	{ "at rest it does not flap", no_flapping },
	{ "bounds that change", bounds_move },
	{ "minimum and maximum the same", one_choice },
	{ "without pressure stall information", without_psi },
	{ "without work nothing changes", without_work },
	{ "an optimum that moves", optimum_moves },
	{ "nothing ends, and then it goes on", stalls },
	{ "samples of no time", no_time },
};
TAP_MAIN(cases)
