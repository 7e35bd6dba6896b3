/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shmodel.c - see shmodel.h. */
#include <config.h>

#include "shmodel.h"

#include <string.h>

#include "base/buf.h"
#include "input/words.h"

static const char harmless[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	"_./+,:@%-=";

/* p is behind the quote; returns what is behind the other, NULL in doubt. */

static const char *take_single(struct buf *word, const char *p,
			       const char *end, enum shell_kind kind)
{
	for (; p < end; p++) {
		if (*p == '\'')
			return p + 1;
		if (kind == SHELL_CSH && (*p == '\n' || *p == '!'))
			return NULL;
		if (*p == '\\' && p + 1 < end &&
		    (kind == SHELL_FISH ? p[1] == '\\' || p[1] == '\''
					: kind == SHELL_CSH && p[1] == '\n'))
			p++;
		buf_addch(word, *p);
	}
	return NULL;
}

static const char *take_double(struct buf *word, const char *p,
			       const char *end, enum shell_kind kind)
{
	const char *escapes = kind == SHELL_FISH ? "\\$\"" : "\\$\"`";

	for (; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '$' || (*p == '`' && kind != SHELL_FISH))
			return NULL;
		if (kind == SHELL_CSH && (*p == '!' || *p == '\n'))
			return NULL;
		if (*p == '\\' && kind != SHELL_CSH && p + 1 < end) {
			if (p[1] == '\n')
				return NULL;
			if (strchr(escapes, p[1]))
				p++;
		}
		buf_addch(word, *p);
	}
	return NULL;
}

static const char *take_ansi(struct buf *word, const char *p, const char *end)
{
	for (; p < end && *p != '\\'; p++) {
		if (*p == '\'')
			return p + 1;
		buf_addch(word, *p);
	}
	return NULL;
}

static const char *take_word(struct buf *word, const char *p, const char *end,
			     enum shell_kind kind)
{
	while (p && p < end && *p != ' ' && *p != '\t') {
		if (*p && strchr(harmless, *p)) {
			buf_addch(word, *p++);
		} else if (*p == '\'') {
			p = take_single(word, p + 1, end, kind);
		} else if (*p == '"') {
			p = take_double(word, p + 1, end, kind);
		} else if (*p == '$' && p + 1 < end && p[1] == '\'' &&
			   (kind == SHELL_BASH || kind == SHELL_KSH ||
			    kind == SHELL_ZSH)) {
			p = take_ansi(word, p + 2, end);
		} else if (*p == '\\' && kind != SHELL_FISH && p + 1 < end &&
			   p[1] != '\n') {
			buf_addch(word, p[1]);
			p += 2;
		} else {
			return NULL;
		}
	}
	return p;
}

static size_t word_len(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] != ' ' && p[n] != '\t')
		n++;
	return n;
}

/* A redirection at p, of a shell like sh. Returns what is behind it; p: there
 * is none; NULL: it is not as simple as /dev/null or another descriptor. */
static const char *take_redir(struct redirs *redirs, const char *p,
			      const char *end)
{
	static const struct {
		const char *text;
		int fd;
		enum redir_kind kind;
	} ops[] = {
		{ ">>", 1, REDIR_APPEND }, { ">&", 1, REDIR_DUP },
		{ "<&", 0, REDIR_DUP }, { ">", 1, REDIR_WRITE },
		{ "<", 0, REDIR_READ },
	};
	const char *op = *p >= '0' && *p <= '9' ? p + 1 : p;
	struct redir r = { 0 };
	size_t i = 0, n;

	while (i < 5 && (strlen(ops[i].text) > (size_t)(end - op) ||
			 memcmp(op, ops[i].text, strlen(ops[i].text)) != 0))
		i++;
	if (i == 5)
		return p;
	r.kind = ops[i].kind;
	r.fd = op > p ? *p - '0' : ops[i].fd;
	p = op + strlen(ops[i].text);
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	n = word_len(p, end);
	if (r.kind == REDIR_DUP && n == 1 && *p >= '0' && *p <= '2')
		r.from = *p - '0';
	else if (r.kind == REDIR_DUP || n != 9 || memcmp(p, "/dev/null", 9))
		return NULL;
	if (r.fd > 2 || redirs->n == REDIRS_MAX)
		return NULL;
	redirs->at[redirs->n++] = r;
	return p + n;
}

int shmodel_words(struct words *w, const char *text, size_t len,
		  enum shell_kind kind)
{
	const char *p = text, *end = text + len;

	words_reset(w);
	for (;;) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end)
			return 0;
		if (kind < SHELL_FISH) {
			const char *from = p;

			p = take_redir(&w->redirs, p, end);
			if (!p)
				return -1;
			if (p > from)
				continue;
		}
		words_begin(w);
		p = take_word(&w->bytes, p, end, kind);
		words_end(w);
		if (!p)
			return -1;
	}
}

int shmodel_backtick(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '`')
			return -1;
		if (text[i] == '\\' && i + 1 < len &&
		    strchr("$`\\", text[i + 1]) && text[i + 1])
			i++;
		buf_addch(out, text[i]);
	}
	return 0;
}
