/* SPDX-License-Identifier: GPL-3.0-or-later */
/* load.c - see load.h. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/mem.h"
#include "load.h"

static _Thread_local struct load_lane *my_lane;

void load_init(struct load *l)
{
	l->runs = xcalloc(l->jobs, sizeof(*l->runs));
	atomic_init(&l->nlanes, 0);
	memset(l->lanes, 0, sizeof(l->lanes));
	mutex_init(&l->lock);
	l->locked = 0;
}

void load_release(struct load *l)
{
	mutex_release(&l->lock);
	free(l->runs);
}

static int64_t of_timeval(const struct timeval *t)
{
	return ((int64_t)t->tv_sec * 1000000 + t->tv_usec) * 1000;
}

static void add_usage(struct load *l, int sign)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	l->cpu_ns += sign * (of_timeval(&u.ru_utime) + of_timeval(&u.ru_stime));
	l->switches += sign * u.ru_nvcsw;
}

void load_begin(struct load *l)
{
	l->cpu_ns = 0;
	l->switches = 0;
	add_usage(l, -1);
	l->begin_ns = clock_now_ns();
}

void load_end(struct load *l)
{
	l->end_ns = clock_now_ns();
	add_usage(l, 1);
}

static struct load_lane *lane(struct load *l)
{
	unsigned n;

	if (!my_lane) {
		n = atomic_fetch_add(&l->nlanes, 1);
		if (n >= LOAD_WORKERS_MAX) {
			fprintf(stderr, "pool: too many threads\n");
			abort();
		}
		my_lane = &l->lanes[n];
	}
	return my_lane;
}

/* Each round needs the one before: nothing here can be done at once. */
static uint64_t spin(uint64_t x, uint64_t rounds)
{
	while (rounds--)
		x = x * 6364136223846793005u + 1442695040888963407u;
	return x;
}

void load_job(struct load *l, size_t id)
{
	struct load_lane *mine = lane(l);

	mine->jobs++;
	atomic_fetch_add_explicit(&l->runs[id], 1, memory_order_relaxed);
	switch (l->work) {
	case LOAD_NOTHING:
		break;
	case LOAD_SPIN:
		mine->result += spin(id, l->spins);
		break;
	case LOAD_LOCK:
		mutex_lock(&l->lock);
		l->locked++;
		mutex_unlock(&l->lock);
		break;
	}
}

bool load_is_right(const struct load *l)
{
	unsigned lanes = atomic_load(&l->nlanes);
	uint64_t sum = 0;

	for (size_t id = 0; id < l->jobs; id++) {
		if (atomic_load(&l->runs[id]) != 1)
			return false;
	}
	for (unsigned i = 0; i < lanes; i++)
		sum += l->lanes[i].jobs;
	if (l->work == LOAD_LOCK && l->locked != l->jobs)
		return false;
	return sum == l->jobs && lanes <= l->threads;
}

/* The fastest of some trials: the others were disturbed. */
uint64_t load_spins(int64_t ns)
{
	const uint64_t rounds = 200000;
	int64_t best = INT64_MAX;
	volatile uint64_t result;

	for (int i = 0; i < 20; i++) {
		int64_t start = clock_now_ns();

		result = spin((uint64_t)i, rounds);
		(void)result;
		start = clock_now_ns() - start;
		if (start < best)
			best = start;
	}
	return (uint64_t)((double)rounds * (double)ns / (double)(best + 1));
}
