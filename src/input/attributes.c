/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attributes.c - a task's own settings, by key. See attributes.h. */
#include <config.h>

#include "input/attributes.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/nearest.h"
#include "base/num.h"

#define PRIORITY_MAX	1000
#define RETRIES_MAX	1000000000
#define WEIGHT_MAX	1000000
/* As good as for ever, and no sum of a few overflows. */
#define DURATION_MAX	(NS_PER_SEC * 86400 * 36500)

/* More of a value tells nothing more. */
#define VALUE_SHOWN	200

/* One attribute on its way. */
struct setting {
	struct attributes *a;
	struct arena *arena;
	const char *key;
	const char *value;
	struct buf *err;
};

/* Messages. */

void attributes_add_value(struct buf *err, const char *value)
{
	size_t len = strnlen(value, VALUE_SHOWN + 1);
	bool is_cut = len > VALUE_SHOWN;

	buf_addch(err, '\'');
	buf_add_visible(err, value, is_cut ? VALUE_SHOWN : len);
	buf_addstr(err, is_cut ? "...'" : "'");
}

/* errno ERANGE: it is such a thing, only too large. */
static int bad_value(const struct setting *s, const char *what)
{
	bool is_large = errno == ERANGE && *s->value != '-';

	buf_addf(s->err, "%s: ", s->key);
	attributes_add_value(s->err, s->value);
	if (is_large)
		buf_addstr(s->err, " is too large");
	else
		buf_addf(s->err, " is not %s", what);
	return -1;
}

static int twice(const struct setting *s)
{
	buf_addf(s->err, "%s: given twice", s->key);
	return -1;
}

static int no_value(const struct setting *s, const char *what)
{
	buf_addf(s->err, "%s: empty, where %s should be", s->key, what);
	return -1;
}

/* Setters, by key: 0, or -1 with a message. */

/* Takes note that it was given; false when it was before. */
static bool is_first(const struct setting *s, unsigned bit)
{
	bool was = s->a->has & bit;

	s->a->has |= bit;
	return !was;
}

static int set_string(const struct setting *s, const char **field)
{
	if (*field)
		return twice(s);
	*field = arena_strdup(s->arena, s->value);
	return 0;
}

static int check_id(const struct setting *s, const char *id, size_t len)
{
	if (len == 0)
		return no_value(s, "an id");
	if (!memchr(id, ',', len))
		return 0;
	buf_addf(s->err, "%s: ", s->key);
	attributes_add_value(s->err, id);
	buf_addstr(s->err, " has a comma, which stands between ids");
	return -1;
}

static int set_id(const struct setting *s)
{
	if (check_id(s, s->value, strlen(s->value)) < 0)
		return -1;
	return set_string(s, &s->a->id);
}

/* Room for one more of n elements: at each power of two twice as much. */
static void *grow(struct arena *arena, void *old, size_t n, size_t size)
{
	void *array;

	if (n & (n - 1))
		return old;
	array = arena_alloc(arena, (n ? 2 * n : 1) * size);
	if (old)
		memcpy(array, old, n * size);
	return array;
}

static void add_after(const struct setting *s, const char *id, size_t len,
		      enum after_when when)
{
	struct attributes *a = s->a;

	a->after = grow(s->arena, a->after, a->nafter, sizeof(*a->after));
	a->after[a->nafter++] = (struct after){
		.id = arena_memdup0(s->arena, id, len), .when = when,
	};
}

static int add_ids(const struct setting *s, enum after_when when)
{
	const char *id = s->value;

	for (;;) {
		size_t len = strcspn(id, ",");

		if (check_id(s, id, len) < 0)
			return -1;
		add_after(s, id, len, when);
		id += len;
		if (*id++ == '\0')
			return 0;
	}
}

static int set_after(const struct setting *s)
{
	return add_ids(s, AFTER_SUCCESS);
}

static int set_after_end(const struct setting *s)
{
	return add_ids(s, AFTER_END);
}

static int set_after_failure(const struct setting *s)
{
	return add_ids(s, AFTER_FAILURE);
}

int attributes_priority(const char *word, int *priority)
{
	static const struct {
		const char *word;
		int priority;
	} named[] = { { "low", -10 }, { "normal", 0 }, { "high", 10 } };
	int64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		if (strcmp(word, named[i].word) == 0) {
			*priority = named[i].priority;
			return 0;
		}
	}
	if (num_int(word, -PRIORITY_MAX, PRIORITY_MAX, &n) < 0)
		return -1;
	*priority = (int)n;
	return 0;
}

static int set_priority(const struct setting *s)
{
	if (!is_first(s, ATTR_PRIORITY))
		return twice(s);
	if (attributes_priority(s->value, &s->a->priority) == 0)
		return 0;
	errno = 0;
	return bad_value(s, "low, normal, high or a whole number from -1000 "
			 "to 1000");
}

static int64_t at_most(int64_t ns)
{
	return ns < DURATION_MAX ? ns : DURATION_MAX;
}

static int set_timeout(const struct setting *s)
{
	int64_t ns;

	if (!is_first(s, ATTR_TIMEOUT))
		return twice(s);
	if (num_duration(s->value, &ns) < 0)
		return bad_value(s, "a time (such as 90, 1.5m or 2h)");
	s->a->timeout_ns = at_most(ns);
	return 0;
}

static int set_retries(const struct setting *s)
{
	int64_t n;

	if (!is_first(s, ATTR_RETRIES))
		return twice(s);
	if (num_int(s->value, 0, RETRIES_MAX, &n) < 0)
		return bad_value(s, "a whole number from 0 on");
	s->a->tries_max = (unsigned)n;
	return 0;
}

static int set_retry_delay(const struct setting *s)
{
	struct backoff *b = &s->a->backoff;

	if (!is_first(s, ATTR_RETRY_DELAY))
		return twice(s);
	if (backoff_parse(s->value, b) < 0)
		return bad_value(s, "TIME[,FACTOR[,MAX]] (such as 2, 1s,2 or "
				 "500ms,1.5,1m)");
	b->delay_ns = at_most(b->delay_ns);
	b->max_ns = at_most(b->max_ns);
	return 0;
}

static int set_weight(const struct setting *s)
{
	int64_t n;

	if (!is_first(s, ATTR_WEIGHT))
		return twice(s);
	if (num_int(s->value, 0, WEIGHT_MAX, &n) < 0)
		return bad_value(s, "a whole number from 0 on");
	s->a->weight = (unsigned)n;
	return 0;
}

static int set_cwd(const struct setting *s)
{
	if (!*s->value)
		return no_value(s, "a directory");
	return set_string(s, &s->a->cwd);
}

static int set_stdin(const struct setting *s)
{
	if (!*s->value)
		return no_value(s, "a file");
	return set_string(s, &s->a->input);
}

static int set_tag(const struct setting *s)
{
	return set_string(s, &s->a->tag);
}

static int set_barrier(const struct setting *s)
{
	buf_addf(s->err, "%s: takes no value", s->key);
	return -1;
}

static const struct {
	const char *key;
	int (*set)(const struct setting *s);
} rows[] = {
	{ "id", set_id },
	{ "after", set_after },
	{ "after!", set_after_end },
	{ "after?", set_after_failure },
	{ "priority", set_priority },
	{ "timeout", set_timeout },
	{ "retries", set_retries },
	{ "retry-delay", set_retry_delay },
	{ "cwd", set_cwd },
	{ "stdin", set_stdin },
	{ "tag", set_tag },
	{ "weight", set_weight },
	{ "barrier", set_barrier },
};

/* The environment. */

static const char *env_name(const char *key)
{
	return strncmp(key, "env:", 4) == 0 ? key + 4 : NULL;
}

static bool is_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return *s && !(*s >= '0' && *s <= '9') && !s[strspn(s, letters)];
}

static int set_env(const struct setting *s, const char *name)
{
	struct attributes *a = s->a;
	size_t len = strlen(name);
	struct buf var = BUF_INIT;

	if (!is_name(name)) {
		buf_addf(s->err, "%s: has to be env: and a name of letters, "
			 "digits and _", s->key);
		return -1;
	}
	for (size_t i = 0; i < a->nenv; i++) {
		if (strncmp(a->env[i], name, len) == 0 &&
		    a->env[i][len] == '=')
			return twice(s);
	}
	buf_addf(&var, "%s=%s", name, s->value);
	/* The NULL behind the last counts. */
	a->env = grow(s->arena, a->env, a->nenv + 1, sizeof(*a->env));
	a->env[a->nenv++] = arena_strdup(s->arena, var.data);
	a->env[a->nenv] = NULL;
	buf_release(&var);
	return 0;
}

/* Any attribute. */

bool attributes_is_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].key, key) == 0)
			return true;
	}
	return env_name(key) != NULL;
}

void attributes_add_unknown(struct buf *err, const char *key,
			    const char *more)
{
	struct nearest n;

	nearest_init(&n, key);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		nearest_offer(&n, rows[i].key);
	if (more)
		nearest_offer(&n, more);
	buf_addstr(err, "unknown attribute ");
	attributes_add_value(err, key);
	if (n.best)
		buf_addf(err, " (did you mean '%s'?)", n.best);
}

int attributes_set(struct attributes *a, struct arena *arena, const char *key,
		   const char *value, struct buf *err)
{
	struct setting s = { a, arena, key, value, err };
	const char *name = env_name(key);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].set(&s);
	}
	if (name)
		return set_env(&s, name);
	attributes_add_unknown(err, key, NULL);
	return -1;
}
