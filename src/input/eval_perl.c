/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_perl.c - expressions that only perl can run, and what it has said.
 *
 * The memo is filled by who makes the job, before anyone else sees that, and
 * is only read from then on: so nobody who just wants to know a command, maybe
 * with a lock held, has to wait for perl.
 */
#include <config.h>

#include <ctype.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "input/eval_impl.h"

/* The code */

/* The group that s ($$1) names, or NULL. */
static const char *find_group(const char *s, const char *end,
			      char *const *groups, size_t ngroups,
			      const char **behind)
{
	size_t n = 0;

	if (end - s < 3 || s[0] != '$' || s[1] != '$')
		return NULL;
	for (s += 2; s < end && isdigit((unsigned char)*s) && n < 100; s++)
		n = n * 10 + (size_t)(*s - '0');
	*behind = s;
	return n && n <= ngroups ? groups[n - 1] : NULL;
}

void eval_keep_code(struct eval *e, const char *text, size_t len,
		    char *const *groups, size_t ngroups)
{
	const char *end = text + len;
	struct buf code = BUF_INIT;

	while (text < end) {
		const char *behind;
		const char *group = find_group(text, end, groups, ngroups,
					       &behind);

		if (group)
			buf_addstr(&code, group);
		else
			buf_addch(&code, *text);
		text = group ? behind : text + 1;
	}
	e->code = arena_memdup0(&e->arena, code.data, code.len);
	e->len = code.len;
	buf_release(&code);
}

int eval_hand_over(struct eval *e, struct buf *why)
{
	struct buf said = BUF_INIT;
	int ret = e->perl->ops->check(e->perl, e->code, e->len, &said);

	e->root = NULL;
	e->wishes = 0;
	if (strstr(e->code, "total_jobs"))
		e->wishes |= EVAL_TOTAL;
	if (strstr(e->code, "slot"))
		e->wishes |= EVAL_SLOT;
	if (strstr(e->code, "uq"))
		e->wishes |= EVAL_UNQUOTED;
	if (strstr(e->code, "skip"))
		e->wishes |= EVAL_SKIP;
	if (ret == 0)
		atomic_store(&e->perl->is_used, true);
	if (said.len) {
		buf_reset(why);
		buf_addstr(why, said.data);
	}
	buf_release(&said);
	return ret;
}

bool eval_perl_is_used(const struct eval_perl *p)
{
	return atomic_load(&p->is_used);
}

bool eval_needs_perl(const struct eval *e)
{
	return !e->root || (e->sets_globals && e->perl &&
			    atomic_load(&e->perl->is_used));
}

/* The memo */

struct entry {
	struct entry *next;	/* of the same bucket */
	const void *key;
	const char *code;	/* NULL: of eval_memo_set */
	int what;
	unsigned wishes;
	const char *text;
	size_t len;
};

struct eval_memo {
	struct arena *arena;
	struct entry **buckets;
	size_t nbuckets;	/* a power of two */
	size_t n;
};

struct eval_memo *eval_memo_new(struct arena *arena)
{
	struct eval_memo *memo = arena_alloc(arena, sizeof(*memo));

	*memo = (struct eval_memo){ .arena = arena };
	return memo;
}

static size_t bucket_of(const struct eval_memo *memo, const void *key)
{
	uint64_t sum = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(sum >> 32) & (memo->nbuckets - 1);
}

static void grow(struct eval_memo *memo)
{
	struct entry **old = memo->buckets;
	size_t n = memo->nbuckets;

	memo->nbuckets = n ? 2 * n : 8;
	memo->buckets = arena_alloc(memo->arena,
				    memo->nbuckets * sizeof(*old));
	memset(memo->buckets, 0, memo->nbuckets * sizeof(*old));
	for (size_t i = 0; i < n; i++) {
		while (old[i]) {
			struct entry *moved = old[i];
			size_t to = bucket_of(memo, moved->key);

			old[i] = moved->next;
			moved->next = memo->buckets[to];
			memo->buckets[to] = moved;
		}
	}
}

static void add(struct eval_memo *memo, const struct entry *what)
{
	struct entry *added = arena_alloc(memo->arena, sizeof(*added));
	size_t to;

	if (memo->n++ >= memo->nbuckets)
		grow(memo);
	*added = *what;
	to = bucket_of(memo, what->key);
	added->next = memo->buckets[to];
	memo->buckets[to] = added;
}

static const struct entry *find(const struct eval_memo *memo, const void *key,
				const char *code)
{
	const struct entry *at;

	if (!memo || !memo->n)
		return NULL;
	for (at = memo->buckets[bucket_of(memo, key)]; at; at = at->next) {
		if (at->key == key && (at->code == code ||
		    (at->code && code && strcmp(at->code, code) == 0)))
			return at;
	}
	return NULL;
}

void eval_memo_set(struct eval_memo *memo, const void *key, int what)
{
	add(memo, &(struct entry){ .key = key, .what = what });
}

bool eval_memo_get(const struct eval_memo *memo, const void *key, int *what)
{
	const struct entry *known = find(memo, key, NULL);

	if (known)
		*what = known->what;
	return known != NULL;
}

/* Asking */

bool eval_is_early(const struct eval *e, const struct eval_job *job)
{
	return !(e->wishes & EVAL_SLOT) &&
	       (!(e->wishes & EVAL_TOTAL) || job->total);
}

void eval_learn(const struct eval *e, const struct eval_job *job,
		struct eval_memo *memo)
{
	struct entry known = { .key = job->value, .code = e->code };
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;

	if (eval_needs_perl(e) && eval_is_early(e, job) &&
	    !find(memo, job->value, e->code) &&
	    e->perl->ops->run(e->perl, e->code, e->len, job, false, &out,
			      &known.wishes, &err) >= 0) {
		known.text = arena_memdup0(memo->arena, out.data, out.len);
		known.len = out.len;
		add(memo, &known);
	}
	buf_release(&out);
	buf_release(&err);
}

int eval_ask(const struct eval *e, const struct eval_job *job, bool is_test,
	     struct buf *out, unsigned *wishes, struct buf *err)
{
	const struct entry *known = NULL;

	if (!is_test)
		known = find(job->memo, job->value, e->code);
	if (known) {
		buf_add(out, known->text, known->len);
		*wishes |= known->wishes;
		return 0;
	}
	if (job->is_quick) {
		buf_addstr(err, "only perl could tell now");
		return -1;
	}
	return e->perl->ops->run(e->perl, e->code, e->len, job, is_test, out,
				 wishes, err);
}
