/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_queue.c - the order and the bounds of waiting jobs.
 */
#include <config.h>

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "sched/job.h"
#include "sched/queue.h"
#include "tap.h"

static struct job *make(uint64_t seq, int priority)
{
	char *values[] = { (char *)"true" };
	size_t lens[] = { 4 };
	struct job *job = job_new(seq, values, lens, 1);

	job->priority = priority;
	return job;
}

static void check_pop(struct queue *q, uint64_t want)
{
	struct job *job = queue_pop(q);

	if (!CHECK(job != NULL))
		return;
	CHECK_INT(job->seq, want);
	job_free(job);
}

static void pops_nothing(void)
{
	struct queue q;

	queue_init(&q, &(struct queue_config){
		.capacity = 1, .bytes_max = 0 });
	CHECK(queue_pop(&q) == NULL);
	CHECK_INT(queue_len(&q), 0);
	CHECK(!queue_is_full(&q));
	queue_release(&q);
}

static void reading_order(void)
{
	struct queue q;

	queue_init(&q, &(struct queue_config){
		.capacity = 100, .bytes_max = 0 });
	for (uint64_t seq = 1; seq <= 50; seq++)
		queue_push(&q, make(seq, 0));
	CHECK_INT(queue_len(&q), 50);
	for (uint64_t seq = 1; seq <= 50; seq++)
		check_pop(&q, seq);
	CHECK(queue_pop(&q) == NULL);
	queue_release(&q);
}

static void priority_first(void)
{
	struct queue q;

	queue_init(&q, &(struct queue_config){
		.capacity = 100, .bytes_max = 0 });
	queue_push(&q, make(1, 0));
	queue_push(&q, make(2, -10));
	queue_push(&q, make(3, 10));
	queue_push(&q, make(4, 0));
	queue_push(&q, make(5, 10));
	queue_push(&q, make(6, INT32_MIN));
	queue_push(&q, make(7, INT32_MAX));
	check_pop(&q, 7);
	check_pop(&q, 3);
	check_pop(&q, 5);
	check_pop(&q, 1);
	check_pop(&q, 4);
	check_pop(&q, 2);
	check_pop(&q, 6);
	queue_release(&q);
}

static void comes_back_in_order(void)
{
	struct queue q;
	struct job *first;

	queue_init(&q, &(struct queue_config){
		.capacity = 3, .bytes_max = 0 });
	for (uint64_t seq = 1; seq <= 3; seq++)
		queue_push(&q, make(seq, 0));
	first = queue_pop(&q);
	queue_push(&q, make(4, 0));
	CHECK(queue_is_full(&q));
	/* A job to be tried again finds room all the same. */
	queue_push(&q, first);
	CHECK_INT(queue_len(&q), 4);
	check_pop(&q, 1);
	check_pop(&q, 2);
	queue_release(&q);
}

static void full_by_count(void)
{
	struct queue q;

	queue_init(&q, &(struct queue_config){
		.capacity = 2, .bytes_max = 0 });
	queue_push(&q, make(1, 0));
	CHECK(!queue_is_full(&q));
	queue_push(&q, make(2, 0));
	CHECK(queue_is_full(&q));
	check_pop(&q, 1);
	CHECK(!queue_is_full(&q));
	queue_release(&q);
}

static void full_by_bytes(void)
{
	struct queue q;
	struct job *a = make(1, 0);
	struct job *b = make(2, 0);

	a->bytes = 60;
	b->bytes = 40;
	queue_init(&q, &(struct queue_config){
		.capacity = 100, .bytes_max = 100 });
	queue_push(&q, a);
	CHECK(!queue_is_full(&q));
	queue_push(&q, b);
	CHECK(queue_is_full(&q));
	CHECK_INT(q.bytes, 100);
	check_pop(&q, 1);
	CHECK(!queue_is_full(&q));
	CHECK_INT(q.bytes, 40);
	check_pop(&q, 2);
	CHECK_INT(q.bytes, 0);
	queue_release(&q);
}

/* However large a job is, an empty queue takes it. */
static void one_always_fits(void)
{
	struct queue q;
	struct job *job = make(1, 0);

	job->bytes = 1000;
	queue_init(&q, &(struct queue_config){
		.capacity = 1, .bytes_max = 1 });
	CHECK(!queue_is_full(&q));
	queue_push(&q, job);
	CHECK(queue_is_full(&q));
	queue_release(&q);
}

/* What is left over is the leak checkers' to find. */
static void release_frees(void)
{
	struct queue q;

	queue_init(&q, &(struct queue_config){
		.capacity = 1000, .bytes_max = 0 });
	for (uint64_t seq = 1; seq <= 600; seq++)
		queue_push(&q, make(seq, (int)(seq % 3)));
	queue_release(&q);
	CHECK_INT(queue_len(&q), 0);
	CHECK_INT(q.bytes, 0);
}

static void mixed_against_a_scan(void)
{
	bool waits[301] = { false };
	uint32_t state = 12345;
	struct queue q;

	queue_init(&q, &(struct queue_config){
		.capacity = 1000, .bytes_max = 0 });
	for (uint64_t seq = 1; seq <= 300; seq++) {
		waits[seq] = true;
		queue_push(&q, make(seq, (int)(seq % 7)));
		state = state * 1664525 + 1013904223;
		if (state >> 31) {
			uint64_t best = 0;

			for (uint64_t i = 1; i <= seq; i++) {
				if (waits[i] &&
				    (!best || i % 7 > best % 7))
					best = i;
			}
			waits[best] = false;
			check_pop(&q, best);
		}
	}
	queue_release(&q);
}

static const struct tap_case cases[] = {
	{ "an empty queue gives nothing", pops_nothing },
	{ "jobs of one priority come in reading order", reading_order },
	{ "a higher priority comes first", priority_first },
	{ "a job that comes back finds room and its place",
	  comes_back_in_order },
	{ "the queue is full by count", full_by_count },
	{ "the queue is full by bytes", full_by_bytes },
	{ "an empty queue is never full", one_always_fits },
	{ "release frees what waits", release_frees },
	{ "pushing and popping agrees with a plain scan",
	  mixed_against_a_scan },
};
TAP_MAIN(cases)
