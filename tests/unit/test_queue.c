/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_queue.c - the order and the bounds of waiting jobs.
 */
#include <config.h>

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/num.h"
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

/* A queue in that order, with room for all. */
static void in_order(struct queue *q, enum queue_order order, int64_t aging_ns)
{
	queue_init(q, &(struct queue_config){
		.order = order, .aging_ns = aging_ns, .capacity = 1000 });
}

static void push_ready(struct queue *q, uint64_t seq, int priority,
		       int64_t ready_ns)
{
	struct job *job = make(seq, priority);

	job->ready_ns = ready_ns;
	queue_push(q, job);
}

static void check_peek(const struct queue *q, uint64_t want)
{
	if (CHECK(queue_peek(q) != NULL))
		CHECK_INT(queue_peek(q)->seq, want);
}

static void orders_by_name(void)
{
	enum queue_order order = QUEUE_LIFO;

	CHECK_INT(queue_order_parse("fifo", &order), 0);
	CHECK_INT(order, QUEUE_FIFO);
	CHECK_INT(queue_order_parse("lifo", &order), 0);
	CHECK_INT(order, QUEUE_LIFO);
	CHECK_INT(queue_order_parse("priority", &order), 0);
	CHECK_INT(order, QUEUE_PRIORITY);
	order = QUEUE_LIFO;
	CHECK_INT(queue_order_parse("", &order), -1);
	CHECK_INT(queue_order_parse("FIFO", &order), -1);
	CHECK_INT(queue_order_parse("fifos", &order), -1);
	CHECK_INT(order, QUEUE_LIFO);
}

static void oldest_first(void)
{
	struct queue q;

	in_order(&q, QUEUE_FIFO, 0);
	push_ready(&q, 2, 10, 0);
	push_ready(&q, 1, -10, 5);
	push_ready(&q, 4, 1000, 0);
	push_ready(&q, 3, 0, 0);
	for (uint64_t seq = 1; seq <= 4; seq++)
		check_pop(&q, seq);
	queue_release(&q);
}

static void newest_first(void)
{
	struct queue q;

	in_order(&q, QUEUE_LIFO, 0);
	push_ready(&q, 2, 10, 0);
	push_ready(&q, 1, 1000, 5);
	push_ready(&q, 4, -10, 0);
	check_pop(&q, 4);
	push_ready(&q, 3, 0, 0);
	check_pop(&q, 3);
	check_pop(&q, 2);
	check_pop(&q, 1);
	queue_release(&q);
}

/* One level a second: a low job that waits for ten seconds is worth one that
 * is ten levels above it and has just come. */
static void old_ones_overtake(void)
{
	struct queue q;

	in_order(&q, QUEUE_PRIORITY, NS_PER_SEC);
	push_ready(&q, 1, -10, 100 * NS_PER_SEC);
	push_ready(&q, 2, 0, 109 * NS_PER_SEC);
	push_ready(&q, 3, 0, 110 * NS_PER_SEC);
	push_ready(&q, 4, 0, 111 * NS_PER_SEC);
	push_ready(&q, 5, 0, 110 * NS_PER_SEC - 1);
	push_ready(&q, 6, 0, 110 * NS_PER_SEC + 1);
	check_pop(&q, 2);
	check_pop(&q, 5);
	/* A tie: the one that comes first in the input. */
	check_pop(&q, 1);
	check_pop(&q, 3);
	check_pop(&q, 6);
	check_pop(&q, 4);
	queue_release(&q);
}

/* High jobs that never stop coming: without ageing the low one never runs. */
static unsigned until_low(int64_t aging_ns)
{
	struct queue q;
	unsigned n = 0;
	bool found = false;

	in_order(&q, QUEUE_PRIORITY, aging_ns);
	push_ready(&q, 1, -10, 0);
	while (!found && n < 100) {
		struct job *job;

		push_ready(&q, 2 + n, 10, n * NS_PER_SEC);
		job = queue_pop(&q);
		found = job->seq == 1;
		job_free(job);
		n++;
	}
	queue_release(&q);
	return n;
}

static void none_starves(void)
{
	CHECK_INT(until_low(0), 100);
	/* Twenty levels, so twenty seconds, and that one is the 21st. */
	CHECK_INT(until_low(NS_PER_SEC), 21);
	CHECK_INT(until_low(2 * NS_PER_SEC), 41);
}

/* Where nothing can be so old, priorities are as without ageing. */
static void ageing_in_range(void)
{
	static const int64_t agings[] = {
		NS_PER_SEC * 86400, NS_PER_SEC * 86400 * 365, INT64_MAX / 4,
		INT64_MAX,
	};
	static const int priorities[] = { 1000, 999, 1, 0, -1, -999, -1000 };
	int64_t week = NS_PER_SEC * 86400 * 7;

	for (size_t i = 0; i < ARRAY_SIZE(agings); i++) {
		int64_t late = INT64_MAX / 2;
		struct queue q;

		in_order(&q, QUEUE_PRIORITY, agings[i]);
		/* The higher, the later. */
		for (size_t n = ARRAY_SIZE(priorities); n > 0; n--)
			push_ready(&q, n, priorities[n - 1],
				   late - (int64_t)n * NS_PER_SEC);
		for (size_t n = 1; n <= ARRAY_SIZE(priorities); n++)
			check_pop(&q, n);
		push_ready(&q, 1, 1000, late);
		push_ready(&q, 2, 999, late);
		push_ready(&q, 3, 1000, late - week);
		check_pop(&q, 3);
		check_pop(&q, 1);
		check_pop(&q, 2);
		queue_release(&q);
	}
}

/* At a level a nanosecond the age alone counts, in the end. */
static void ageing_at_its_fastest(void)
{
	struct queue q;

	in_order(&q, QUEUE_PRIORITY, 1);
	push_ready(&q, 1, INT32_MIN, 0);
	push_ready(&q, 2, INT32_MAX, INT64_MAX / 2);
	push_ready(&q, 3, 1000, 1001);
	push_ready(&q, 4, 0, 0);
	check_pop(&q, 4);
	check_pop(&q, 3);
	check_pop(&q, 1);
	check_pop(&q, 2);
	queue_release(&q);
}

/* The order looks at the priority when it is pushed; a changed one needs
 * remove and push. */
static void removed_and_pushed_again(void)
{
	struct queue q;
	struct job *job;

	in_order(&q, QUEUE_PRIORITY, 0);
	for (uint64_t seq = 1; seq <= 9; seq++)
		queue_push(&q, make(seq, 0));
	job = queue_find(&q, 5);
	if (!CHECK(job != NULL))
		return;
	CHECK_INT(job->seq, 5);
	queue_remove(&q, job);
	CHECK(queue_find(&q, 5) == NULL);
	CHECK_INT(queue_len(&q), 8);
	job->priority = 1;
	queue_push(&q, job);
	check_peek(&q, 5);
	CHECK(queue_find(&q, 5) == job);
	check_pop(&q, 5);
	for (uint64_t seq = 1; seq <= 9; seq++) {
		if (seq != 5)
			check_pop(&q, seq);
	}
	CHECK(queue_peek(&q) == NULL);
	CHECK(queue_find(&q, 1) == NULL);
	queue_release(&q);
}

static void remove_gives_bytes_back(void)
{
	struct queue q;
	struct job *job = make(2, 0);

	job->bytes = 70;
	in_order(&q, QUEUE_PRIORITY, 0);
	q.cfg.bytes_max = 100;
	for (uint64_t seq = 3; seq <= 5; seq++) {
		struct job *other = make(seq, 0);

		other->bytes = 10;
		queue_push(&q, other);
	}
	queue_push(&q, job);
	CHECK_INT(q.bytes, 100);
	CHECK(queue_is_full(&q));
	queue_remove(&q, job);
	CHECK_INT(q.bytes, 30);
	CHECK(!queue_is_full(&q));
	job_free(job);
	queue_release(&q);
}

static void add_seq(struct job *job, void *sum)
{
	*(uint64_t *)sum += job->seq;
}

/* Any one can be taken out, in any order, and the rest stays in order. */
static void remove_from_anywhere(void)
{
	static const enum queue_order orders[] = {
		QUEUE_PRIORITY, QUEUE_FIFO, QUEUE_LIFO,
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		uint64_t sum = 0;
		uint64_t last = 0;
		struct queue q;

		in_order(&q, orders[i], 0);
		for (uint64_t seq = 1; seq <= 100; seq++)
			queue_push(&q, make(seq * 37 % 101, 0));
		for (uint64_t seq = 3; seq <= 100; seq += 3) {
			struct job *job = queue_find(&q, seq);

			queue_remove(&q, job);
			job_free(job);
		}
		queue_each(&q, add_seq, &sum);
		CHECK_INT(sum, 5050 - 3 * 33 * 34 / 2);
		CHECK_INT(queue_len(&q), 67);
		for (int n = 0; n < 67; n++) {
			struct job *job = queue_pop(&q);

			CHECK(n == 0 || (job->seq < last) ==
					(orders[i] == QUEUE_LIFO));
			CHECK(job->seq % 3 != 0);
			last = job->seq;
			job_free(job);
		}
		queue_release(&q);
	}
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
	{ "orders have names", orders_by_name },
	{ "fifo: the oldest first, whatever its priority", oldest_first },
	{ "lifo: the newest first", newest_first },
	{ "ageing: who waits overtakes who has just come",
	  old_ones_overtake },
	{ "ageing: none starves", none_starves },
	{ "ageing so slow that priorities alone count", ageing_in_range },
	{ "ageing so fast that only time counts", ageing_at_its_fastest },
	{ "a job is taken out and comes back with another priority",
	  removed_and_pushed_again },
	{ "what is taken out gives its bytes back", remove_gives_bytes_back },
	{ "jobs are taken out from anywhere", remove_from_anywhere },
};
TAP_MAIN(cases)
