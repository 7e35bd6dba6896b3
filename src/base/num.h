/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * num.h - numbers, durations and sizes as users write them.
 *
 * Every parser takes the whole string, accepts no blanks around it, and
 * returns 0, or -1 with errno EINVAL (not such a number) or ERANGE (too
 * large), leaving *out alone. None depends on the locale. Thread-safe.
 */
#ifndef MUSTER_BASE_NUM_H
#define MUSTER_BASE_NUM_H

#include <stdint.h>

struct buf;

#define NS_PER_SEC	INT64_C(1000000000)
#define NS_PER_MS	INT64_C(1000000)

/* A decimal integer with optional sign, from min to max. */
int num_int(const char *s, int64_t min, int64_t max, int64_t *out);

/* A non-negative decimal number with optional fraction and exponent. */
int num_double(const char *s, double *out);

/*
 * A duration in nanoseconds: a plain number means seconds, or any sequence
 * of number+unit with units ms s m h d (also upper case), e.g. "1d3.5h16.6m4s";
 * a last number without unit is seconds there too, "1m30" (as GNU parallel).
 * 0 or more, rounded down. Up to 290 years; more is ERANGE.
 */
int num_duration(const char *s, int64_t *ns);

/*
 * A size in bytes: a number with optional unit: K M G T P are powers of 1024,
 * k m g t p powers of 1000; fractions are allowed and rounded down. (As GNU
 * parallel's --block.)
 */
int num_size(const char *s, uint64_t *bytes);

/* "12.5%" gives 12.5. */
int num_percent(const char *s, double *percent);

/*
 * Adds a duration for people: "0.003s", "12.3s", "4m05s", "3h07m", "2d04h".
 * Rounded down; one below zero counts as zero.
 */
void num_add_duration(struct buf *b, int64_t ns);
/* Adds a size for people, rounded down: "512B", "3.4K", "17M". */
void num_add_size(struct buf *b, uint64_t bytes);

#endif
