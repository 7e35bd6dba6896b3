/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz.h - what the fuzzing targets share.
 *
 * A target is a function in a file of its own, fuzz_NAME.c, and a row in
 * targets.def. It takes any bytes, gives them to a parser and checks what must
 * hold whatever the bytes are; FUZZ_CHECK aborts when something does not. It
 * leaves nothing behind that the next call could see. It is called by
 * libFuzzer (driver.c), and by make check for each file of its corpus
 * (replay.c).
 *
 * Inputs are text as far as possible, so that people can read and write them:
 * a byte is a choice ('a' is the first one), a line is a string.
 */
#ifndef MUSTER_TESTS_FUZZ_H
#define MUSTER_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct buf;

#define TARGET(name, files) int fuzz_##name(const uint8_t *data, size_t size);
#include "targets.def"
#undef TARGET

#define FUZZ_CHECK(cond)						\
	do {								\
		if (!(cond))						\
			fuzz_failed(__FILE__, __LINE__, #cond);		\
	} while (0)

void fuzz_failed(const char *file, int line, const char *what)
	__attribute__((noreturn));

#define IN_KEPT	64

/* The bytes, taken piece by piece. Past their end there are empty strings and
 * first choices. */
struct in {
	const char *at;
	const char *end;
	char *kept[IN_KEPT];	/* what was handed out */
	size_t nkept;
};

void in_begin(struct in *in, const uint8_t *data, size_t size);
/* Frees what was handed out. */
void in_end(struct in *in);

/* The next byte as one of n choices, 0 .. n - 1. */
unsigned in_choice(struct in *in, unsigned n);
/* Up to the next newline, which is taken along, but no further than a NUL. In
 * memory of its own, so that a sanitizer sees what reads beyond. */
char *in_line(struct in *in);
/* All that is left, a NUL behind it, in memory of its own. */
char *in_rest(struct in *in, size_t *len);
/* What is left as lines, at most max of them; returns how many. */
size_t in_lines(struct in *in, char **lines, size_t max);

/* Must be a message when has_failed, and none otherwise: one line without
 * control characters but for TABs, not longer than it takes. */
void fuzz_check_message(const struct buf *err, int has_failed);
/* Must be valid UTF-8. */
void fuzz_check_utf8(const char *s, size_t len);

/* The path of a file of that name with these bytes, in a directory of our own
 * that is gone when the process ends; the next one of the name replaces it.
 * Static memory, for two names at a time. */
const char *fuzz_file(const char *name, const void *data, size_t len);
/* That directory. */
const char *fuzz_dir(void);
/* A descriptor that gives these bytes: of a file, or of a pipe if they fit. */
int fuzz_fd(const void *data, size_t len, int by_pipe);

#endif
