/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retry.c - see retry.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "base/num.h"
#include "sched/job.h"
#include "sched/retry.h"

#define STATUS_MAX	255
#define SIGNAL_MAX	127
/* Longer words mean nothing. */
#define WORD_LEN_MAX	20

static void set_bits(uint8_t *bits, int first, int last)
{
	for (int i = first; i <= last; i++)
		bits[i / 8] |= (uint8_t)(1u << i % 8);
}

static bool has_bit(const uint8_t *bits, int i, int max)
{
	return i >= 0 && i <= max && (bits[i / 8] >> i % 8 & 1);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* N or N-M. A status of 0 is a success, which is never tried again. */
static int add_statuses(char *word, struct retry_rule *rule)
{
	char *dash = strchr(word, '-');
	int64_t first, last;

	if (dash)
		*dash++ = '\0';
	if (num_int(word, 1, STATUS_MAX, &first) < 0)
		return -1;
	last = first;
	if (dash && (!is_digit(*dash) ||
		     num_int(dash, first, STATUS_MAX, &last) < 0))
		return -1;
	set_bits(rule->status, (int)first, (int)last);
	return 0;
}

static int add_signal(const char *name, int (*signal_number)(const char *),
		      struct retry_rule *rule)
{
	int n;

	/* "+9" is a number, too. */
	if (*name == '+' || *name == '-')
		return -1;
	n = signal_number(name);
	if (n <= 0 || n > SIGNAL_MAX)
		return -1;
	set_bits(rule->signal, n, n);
	return 0;
}

static int add_word(char *word, int (*signal_number)(const char *),
		    struct retry_rule *rule)
{
	if (is_digit(*word))
		return add_statuses(word, rule);
	if (strcmp(word, "timeout") == 0)
		rule->timeout = true;
	else if (strcmp(word, "start") == 0)
		rule->start = true;
	else if (strcmp(word, "fail") == 0)
		set_bits(rule->status, 1, STATUS_MAX);
	else if (strcmp(word, "signal") == 0)
		set_bits(rule->signal, 1, SIGNAL_MAX);
	else
		return add_signal(word, signal_number, rule);
	return 0;
}

int retry_parse(const char *word, int (*signal_number)(const char *name),
		struct retry_rule *rule)
{
	struct retry_rule r = { .is_set = true };
	char part[WORD_LEN_MAX + 1];

	for (;;) {
		size_t len = strcspn(word, ",");

		if (len > WORD_LEN_MAX)
			break;
		memcpy(part, word, len);
		part[len] = '\0';
		if (add_word(part, signal_number, &r) < 0)
			break;
		word += len;
		if (*word++ == '\0') {
			*rule = r;
			return 0;
		}
	}
	errno = EINVAL;
	return -1;
}

bool retry_is_wanted(const struct retry_rule *rule, const struct job *job)
{
	const struct job_outcome *o = &job->outcome;

	switch (o->end) {
	case JOB_EXITED:
		return !rule->is_set ||
		       has_bit(rule->status, o->status, STATUS_MAX);
	case JOB_SIGNALED:
		return !rule->is_set ||
		       has_bit(rule->signal, o->signal, SIGNAL_MAX);
	case JOB_TIMEOUT:
		return !rule->is_set || rule->timeout;
	case JOB_UNSTARTED:
	case JOB_LOST:
		return !rule->is_set || rule->start;
	case JOB_KILLED:
	case JOB_REFUSED:
	case JOB_CANCELLED:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		return false;
	}
	BUG("end out of range");
}
