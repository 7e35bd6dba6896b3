/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * halt.c - the rules of --halt.
 */
#include <config.h>

#include "sched/halt.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "base/num.h"
#include "sched/tally.h"

/* A word of one position; none begins another of its table. */
struct word {
	const char *text;
	int value;
};

static const struct word when_words[] = {
	{ "soon", HALT_SOON },
	{ "now", HALT_NOW },
};

static const struct word why_words[] = {
	{ "fail", HALT_FAIL },
	{ "success", HALT_SUCCESS },
	{ "done", HALT_DONE },
};

static const struct {
	const char *text;
	struct halt_rule rule;
} whole_words[] = {
	{ "never", { .when = HALT_NEVER } },
	{ "0", { .when = HALT_NEVER } },
	{ "1", { HALT_SOON, HALT_FAIL, 1, 0 } },
	{ "2", { HALT_NOW, HALT_FAIL, 1, 0 } },
	{ "-1", { HALT_SOON, HALT_SUCCESS, 1, 0 } },
	{ "-2", { HALT_NOW, HALT_SUCCESS, 1, 0 } },
};

/* Returns what follows the word that *p begins with, or NULL. */
static const char *skip_word(const char *p, const struct word *words,
			     size_t n, int *value)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words[i].text);

		if (strncmp(p, words[i].text, len) == 0) {
			*value = words[i].value;
			return p + len;
		}
	}
	return NULL;
}

static int parse_amount(const char *p, struct halt_rule *rule)
{
	size_t len = strlen(p);
	int64_t count;

	if (len > 0 && p[len - 1] == '%') {
		rule->count = 0;
		if (num_percent(p, &rule->percent) < 0)
			return -1;
		return rule->percent > 0 ? 0 : -1;
	}
	/* num_int takes a sign, a count has none. */
	if (*p < '0' || *p > '9' || num_int(p, 1, INT64_MAX, &count) < 0)
		return -1;
	rule->count = (uint64_t)count;
	return 0;
}

/* GNU parallel splits at commas and equals signs alike. */
static bool is_separator(char c)
{
	return c == ',' || c == '=';
}

static int parse_parts(const char *p, struct halt_rule *rule)
{
	int when;
	int why;

	p = skip_word(p, when_words, ARRAY_SIZE(when_words), &when);
	if (!p || !is_separator(*p++))
		return -1;
	p = skip_word(p, why_words, ARRAY_SIZE(why_words), &why);
	if (!p)
		return -1;
	rule->when = (enum halt_when)when;
	rule->why = (enum halt_why)why;
	rule->count = 1;
	if (*p == '\0')
		return 0;
	return is_separator(*p++) ? parse_amount(p, rule) : -1;
}

int halt_parse(const char *word, struct halt_rule *rule)
{
	struct halt_rule parsed = { .when = HALT_SOON, .why = HALT_FAIL };

	for (size_t i = 0; i < ARRAY_SIZE(whole_words); i++) {
		if (strcmp(word, whole_words[i].text) == 0) {
			*rule = whole_words[i].rule;
			return 0;
		}
	}
	if (strchr(word, '%') && parse_amount(word, &parsed) == 0) {
		*rule = parsed;
		return 0;
	}
	if (parse_parts(word, &parsed) < 0)
		return -1;
	*rule = parsed;
	return 0;
}

static uint64_t counted(const struct halt_rule *rule, const struct tally *t)
{
	switch (rule->why) {
	case HALT_FAIL:
		/* Not for jobs that a stop, whoever asked for it, cancelled. */
		return t->failed - t->cancelled;
	case HALT_SUCCESS:
		return t->succeeded;
	case HALT_DONE:
		return t->failed - t->cancelled + t->succeeded;
	}
	BUG("no such reason to halt");
}

bool halt_is_reached(const struct halt_rule *rule, const struct tally *t,
		     uint64_t total)
{
	uint64_t n;

	if (rule->when == HALT_NEVER)
		return false;
	n = counted(rule, t);
	if (rule->count)
		return n >= rule->count;
	return total && n && (double)n * 100 >= rule->percent * (double)total;
}

/* Rounded up, so that 0 still means no failure. */
static int failed_percent(const struct tally *t, uint64_t total)
{
	if (t->failed >= total)
		return t->failed ? 100 : 0;
	return (int)((t->failed * 100 + total - 1) / total);
}

/* True when one job was enough: then its own status tells more. */
static bool takes_one_job(const struct halt_rule *rule, uint64_t total)
{
	if (rule->count)
		return rule->count == 1;
	return rule->percent * (double)total == 100;
}

int halt_exit_status(const struct halt_rule *rule, const struct tally *t,
		     int job_status, uint64_t total)
{
	if (rule->why == HALT_SUCCESS)
		return 0;
	if (takes_one_job(rule, total))
		return job_status;
	if (!rule->count)
		return failed_percent(t, total);
	return tally_exit_status(t, EXIT_COUNT);
}

int halt_unmet_status(const struct halt_rule *rule, const struct tally *t)
{
	if (rule->when == HALT_NEVER || rule->count)
		return -1;
	return failed_percent(t, t->failed + t->succeeded);
}
