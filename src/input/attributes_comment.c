/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attributes_comment.c - where in a command line attributes are, and the words
 * they are made of.
 *
 * Nearly no line has any, so the first look is for the bytes "#muster:" alone.
 * Only a line that has them is followed with shlex up to there.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "input/attributes.h"
#include "input/shlex.h"

static const char mark[] = "#muster:";
#define MARK_LEN	(sizeof(mark) - 1)

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *find_mark(const char *s, const char *end)
{
	while ((size_t)(end - s) >= MARK_LEN) {
		const char *at = memchr(s, '#', (size_t)(end - s) -
						(MARK_LEN - 1));

		if (!at)
			return NULL;
		if (memcmp(at, mark, MARK_LEN) == 0)
			return at;
		s = at + 1;
	}
	return NULL;
}

/* Where the comment at s ends; NULL when it is not the last thing there is. */
static const char *end_of_comment(const char *s, const char *end)
{
	const char *nl = memchr(s, '\n', (size_t)(end - s));

	for (const char *p = nl; p && p < end; p++) {
		if (!is_blank(*p))
			return NULL;
	}
	end = nl ? nl : end;
	while (is_blank(end[-1]))
		end--;
	return end;
}

static const char *why_doubtful(const struct shlex *l)
{
	if (shlex_context(l) == QUOTE_IMPOSSIBLE)
		return shlex_why(l);
	return "without a blank before it";
}

/* 1 when *at, the first mark in line, or a later one it is moved to, begins
 * the comment that is looked for; 0: none does; -1 with a message. */
static int find_comment(enum shell_kind shell, const char *line,
			const char *end, const char **at, struct buf *err)
{
	const char *fed = line;
	struct shlex l;

	shlex_init(&l, shell);
	for (; *at; *at = find_mark(*at + 1, end)) {
		shlex_feed(&l, fed, (size_t)(*at - fed));
		fed = *at;
		switch (shlex_sharp(&l)) {
		case SHARP_TEXT:
			break;
		case SHARP_COMMENT:
			if (end_of_comment(*at, end))
				return 1;
			break;
		case SHARP_DOUBTFUL:
			buf_addf(err, "%s this may be a comment or not, %s "
				 "(--no-attributes leaves it alone)", mark,
				 why_doubtful(&l));
			return -1;
		}
	}
	return 0;
}

/* The command before the comment, without trailing blanks; one behind a
 * backslash is none. */
static size_t command_len(const char *line, size_t len)
{
	size_t slashes = 0;
	size_t end = len;

	while (end && is_blank(line[end - 1]))
		end--;
	while (slashes < end && line[end - 1 - slashes] == '\\')
		slashes++;
	return slashes % 2 && end < len ? end + 1 : end;
}

/* Adds what is between two double quotes. *p is behind the first, and then
 * behind the second. -1: there is none. */
static int add_double(struct buf *word, const char **p, const char *end)
{
	const char *s = *p;

	for (; s < end && *s != '"'; s++) {
		if (*s == '\\' && s + 1 < end && strchr("$`\"\\", s[1]))
			s++;
		buf_addch(word, *s);
	}
	*p = s + 1;
	return s < end ? 0 : -1;
}

static int add_single(struct buf *word, const char **p, const char *end)
{
	const char *s = *p;
	const char *quote = memchr(s, '\'', (size_t)(end - s));

	if (!quote)
		return -1;
	buf_add(word, s, (size_t)(quote - s));
	*p = quote + 1;
	return 0;
}

/* The word at *p without its quotes; *p is then behind it. -1: a quote has no
 * end. */
static int read_word(struct buf *word, const char **p, const char *end)
{
	buf_reset(word);
	while (*p < end && !is_blank(**p)) {
		char c = *(*p)++;
		int ret = 0;

		if (c == '\'')
			ret = add_single(word, p, end);
		else if (c == '"')
			ret = add_double(word, p, end);
		else if (c == '\\' && *p < end)
			buf_addch(word, *(*p)++);
		else
			buf_addch(word, c);
		if (ret < 0)
			return -1;
	}
	return 0;
}

/* key=value; changes word. */
static int take_word(struct attributes *a, struct arena *arena,
		     struct buf *word, struct buf *err)
{
	char *value = strchr(word->data, '=');

	if (value) {
		*value = '\0';
		return attributes_set(a, arena, word->data, value + 1, err);
	}
	if (strcmp(word->data, "barrier") == 0) {
		a->is_barrier = true;
		return 0;
	}
	if (attributes_is_key(word->data))
		buf_addf(err, "%s: needs a value (%s=...)", word->data,
			 word->data);
	else
		attributes_add_unknown(err, word->data, NULL);
	return -1;
}

/* Moves *p to the next word. False when there is none, or a # comes first
 * that is not one of ours. */
static bool next_word(const char **p, const char *end)
{
	for (;;) {
		while (*p < end && is_blank(**p))
			(*p)++;
		if (*p == end)
			return false;
		if (**p != '#')
			return true;
		if ((size_t)(end - *p) < MARK_LEN ||
		    memcmp(*p, mark, MARK_LEN) != 0)
			return false;
		*p += MARK_LEN;
	}
}

static void add_open_quote(struct buf *err, const char *word)
{
	const char *value = strchr(word, '=');

	if (value)
		buf_addf(err, "%.*s: ", (int)(value - word), word);
	buf_addstr(err, "a quote without its end");
}

/* All words from p to end. The first mistake is told, but the others are
 * still read: the id counts. Returns their number, -1 after a mistake. */
static int take_words(struct attributes *a, struct arena *arena, const char *p,
		      const char *end, struct buf *err)
{
	struct buf word = BUF_INIT;
	struct buf ignored = BUF_INIT;
	struct buf *to = err;
	int n = 0;

	for (; next_word(&p, end); n++) {
		if (read_word(&word, &p, end) < 0) {
			add_open_quote(to, word.data);
			to = &ignored;
			break;
		}
		if (take_word(a, arena, &word, to) < 0)
			to = &ignored;
	}
	buf_release(&word);
	buf_release(&ignored);
	return to == err ? n : -1;
}

/* Adds those of the ids that are not gone, with commas between. Returns
 * whether there are as many as before. Changes ids. */
static bool add_kept_ids(struct buf *out, char *ids,
			 bool (*is_gone)(const char *id, void *arg), void *arg)
{
	size_t start = out->len;
	bool all = true;

	for (char *next = ids; next; ids = next) {
		next = strchr(ids, ',');
		if (next)
			*next++ = '\0';
		if (is_gone(ids, arg))
			all = false;
		else
			buf_addf(out, "%s%s", out->len > start ? "," : "",
				 ids);
	}
	return all;
}

/* The value of a word that names ids; NULL: another word. Cuts the word. */
static char *ids_of(struct buf *word)
{
	char *value = strchr(word->data, '=');

	if (!value || strncmp(word->data, "after", 5) != 0)
		return NULL;
	*value = '\0';
	return value + 1;
}

void attributes_add_kept(struct buf *out, const char *text,
			 bool (*is_gone)(const char *id, void *arg), void *arg)
{
	const char *end = text + strlen(text);
	struct buf word = BUF_INIT;
	struct buf kept = BUF_INIT;

	for (const char *p = text; next_word(&p, end); text = p) {
		const char *start = p;
		char *ids;

		if (read_word(&word, &p, end) < 0)
			break;
		ids = ids_of(&word);
		buf_reset(&kept);
		if (!ids || add_kept_ids(&kept, ids, is_gone, arg)) {
			buf_add(out, text, (size_t)(p - text));
			continue;
		}
		/* The mark may be before it; the blanks are the word's. */
		while (start > text && is_blank(start[-1]))
			start--;
		buf_add(out, text, (size_t)(start - text));
		if (kept.len == 0)
			continue;
		buf_addf(out, " %s=", word.data);
		shquote_add(out, kept.data, kept.len, QUOTE_PLAIN, SHELL_SH);
	}
	buf_addstr(out, text);
	buf_release(&word);
	buf_release(&kept);
}

/* What the words and the command make together. */
static int check_barrier(const struct attributes *a, int nwords,
			 bool has_command, struct buf *err)
{
	if (a->is_barrier && (has_command || nwords > 1))
		buf_addstr(err, "barrier: has to stand on a line of its own");
	else if (!a->is_barrier && !has_command)
		buf_addstr(err, "there is no command before it");
	else
		return 0;
	return -1;
}

static size_t split_at(struct attributes *a, struct arena *arena,
		       const char *line, const char *at, const char *end,
		       struct buf *err)
{
	size_t len = command_len(line, (size_t)(at - line));
	size_t mark_len = err->len;
	int n;

	end = end_of_comment(at, end);
	a->text = arena_memdup0(arena, at, (size_t)(end - at));
	buf_addf(err, "%s ", mark);
	n = take_words(a, arena, at, end, err);
	if (n < 0 || check_barrier(a, n, len > 0, err) < 0)
		return ATTRIBUTES_BAD;
	buf_truncate(err, mark_len);
	return len;
}

size_t attributes_split(struct attributes *a, struct arena *arena,
			enum shell_kind shell, const char *line, size_t len,
			struct buf *err)
{
	const char *at = find_mark(line, line + len);

	if (LIKELY(!at))
		return len;
	memset(a, 0, sizeof(*a));
	switch (find_comment(shell, line, line + len, &at, err)) {
	case 0:
		return len;
	case 1:
		return split_at(a, arena, line, at, line + len, err);
	default:
		return ATTRIBUTES_BAD;
	}
}
