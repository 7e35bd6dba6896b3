/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * records.h - delimited records from a descriptor.
 *
 * Read lazily: a record is handed out as soon as its delimiter has arrived,
 * and no more is read ahead than one read(2) gave. The last record may lack
 * its delimiter; an empty rest is no record. CR and all other bytes are kept.
 * Memory is one buffer, as large as the longest record seen. One thread, but
 * for records_stop.
 */
#ifndef MUSTER_INPUT_RECORDS_H
#define MUSTER_INPUT_RECORDS_H

#include <stddef.h>
#include <stdint.h>

struct records;

/* A longer record is no input that anyone could use, but one without an end:
 * see records_next. */
#define RECORDS_LEN_MAX	((size_t)256 << 20)

/*
 * Takes over fd (closed by records_free unless it is 0); name is copied and
 * used by the caller's messages. delimiter is a byte value.
 */
struct records *records_new(int fd, const char *name, unsigned char delimiter);
void records_free(struct records *r);

/*
 * The next record, without delimiter, followed by a NUL that *len does not
 * count; valid until the next call. Returns 1, 0 at the end of input, -1 with
 * errno when reading failed (EISDIR for a directory, EFBIG for a record
 * longer than RECORDS_LEN_MAX); what comes after -1 is the end. Blocks for
 * input, also when the descriptor is non-blocking; a FIFO that was opened
 * with O_NONBLOCK is waited for until it has had a writer.
 */
int records_next(struct records *r, char **rec, size_t *len);

/* The number of the record handed out last, from 1; 0 before the first. */
uint64_t records_number(const struct records *r);
const char *records_name(const struct records *r);

/* Asks a reader blocked in records_next, from another thread, to give up:
 * it returns 0. For good. (A blocking descriptor whose bytes someone else
 * takes between poll and read can hold the reader until there are more.) */
void records_stop(struct records *r);

#endif
