/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shquote.c - values as shell words.
 *
 * Single quotes are the only quotes inside which nothing at all is special to
 * a POSIX shell; everything here comes down to them, or to backslashes before
 * the four bytes that stay special in double quotes. A value in backticks is
 * quoted as usual and then protected from the one round of unescaping that a
 * shell does before it looks at what backticks hold.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/path.h"
#include "input/shquote.h"

struct shell_name {
	const char *name;
	enum shell_kind kind;
};

static const struct shell_name shell_names[] = {
	{ "sh", SHELL_SH },
	{ "ash", SHELL_SH },
	{ "dash", SHELL_SH },
	{ "posh", SHELL_SH },
	{ "yash", SHELL_SH },
	{ "sash", SHELL_SH },
	{ "static-sh", SHELL_SH },
	{ "bash", SHELL_BASH },
	{ "rbash", SHELL_BASH },
	{ "ksh", SHELL_KSH },
	{ "rksh", SHELL_KSH },
	{ "mksh", SHELL_KSH },
	{ "rmksh", SHELL_KSH },
	{ "lksh", SHELL_KSH },
	{ "oksh", SHELL_KSH },
	{ "loksh", SHELL_KSH },
	{ "pdksh", SHELL_KSH },
	{ "zsh", SHELL_ZSH },
	{ "rzsh", SHELL_ZSH },
	{ "fizsh", SHELL_ZSH },
	{ "fish", SHELL_FISH },
	{ "csh", SHELL_CSH },
	{ "tcsh", SHELL_CSH },
	{ "bsd-csh", SHELL_CSH },
};

/* What may be behind a name: bash-5.1, zsh5, ksh93u, mksh-static. */
static bool is_variant(const char *rest)
{
	if (*rest == '\0' || strcmp(rest, "-static") == 0 ||
	    strcmp(rest, "-beta") == 0)
		return true;
	if (*rest == '-')
		rest++;
	return *rest >= '0' && *rest <= '9';
}

/* The row with the longest name that path's last part begins with. */
static const struct shell_name *find_shell(const char *path)
{
	const char *base = path_last(path);
	const struct shell_name *best = NULL;
	size_t best_len = 0;

	/* A login shell is called "-bash". */
	if (*base == '-')
		base++;
	for (size_t i = 0; i < ARRAY_SIZE(shell_names); i++) {
		const struct shell_name *s = &shell_names[i];
		size_t len = strlen(s->name);

		if (len > best_len && strncmp(base, s->name, len) == 0 &&
		    is_variant(base + len)) {
			best = s;
			best_len = len;
		}
	}
	return best;
}

enum shell_kind shell_kind_of(const char *path)
{
	const struct shell_name *s = find_shell(path);

	return s ? s->kind : SHELL_SH;
}

bool shell_is_known(const char *path)
{
	return find_shell(path) != NULL;
}

static bool is_number_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '+' ||
	       c == '-';
}

/* Words that are more than words where a shell looks for a command. */
static bool is_keyword(const char *value, size_t len)
{
	static const char *const keywords[] = {
		"case", "coproc", "do", "done", "elif", "else", "esac", "fi",
		"for", "function", "if", "in", "select", "then", "time",
		"until", "while",
	};

	/* Most values begin otherwise. */
	if (len < 2 || len > 8 || value[0] < 'c' || value[0] > 'w')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strlen(keywords[i]) == len &&
		    memcmp(keywords[i], value, len) == 0)
			return true;
	}
	return false;
}

bool shquote_is_safe(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_number_char(value[i]) && value[i] != '/')
			return false;
	}
	return len > 0 && !is_keyword(value, len);
}

static bool is_number(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_number_char(value[i]))
			return false;
	}
	return true;
}

/* The bytes of value, each one of special with a backslash before it. */
static void add_escaped(struct buf *out, const char *value, size_t len,
			const char *special)
{
	for (size_t i = 0; i < len; i++) {
		if (value[i] && strchr(special, value[i]))
			buf_addch(out, '\\');
		buf_addch(out, value[i]);
	}
}

/* What stands for value inside single quotes; they are open before and
 * behind it. */
static void add_in_single(struct buf *out, const char *value, size_t len)
{
	const char *end = value + len;

	while (value < end) {
		const char *quote = memchr(value, '\'', (size_t)(end - value));

		buf_add(out, value, (size_t)((quote ? quote : end) - value));
		if (!quote)
			return;
		buf_addstr(out, "'\"'\"'");
		value = quote + 1;
	}
}

/*
 * The same for csh: ! calls up history and newline ends the command even in
 * quotes, and $backslash_quote decides whether a backslash there is one.
 */
static void add_in_csh_single(struct buf *out, const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (value[i]) {
		case '\'':
		case '\\':
		case '!':
			buf_addstr(out, "'\\");
			buf_addch(out, value[i]);
			buf_addch(out, '\'');
			break;
		case '\n':
			buf_addch(out, '\\');
			buf_addch(out, '\n');
			break;
		default:
			buf_addch(out, value[i]);
		}
	}
}

static void add_single(struct buf *out, const char *value, size_t len,
		       enum shell_kind kind)
{
	switch (kind) {
	case SHELL_SH:
	case SHELL_BASH:
	case SHELL_KSH:
	case SHELL_ZSH:
		add_in_single(out, value, len);
		break;
	case SHELL_FISH:
		add_escaped(out, value, len, "\\'");
		break;
	case SHELL_CSH:
		add_in_csh_single(out, value, len);
	}
}

/* Takes an empty '' off both ends of what is behind mark, as GNU parallel
 * does, unless that is all there is. */
static void trim_empty_quotes(struct buf *out, size_t mark)
{
	if (out->len >= mark + 4 && memcmp(out->data + mark, "''", 2) == 0) {
		memmove(out->data + mark, out->data + mark + 2,
			out->len - mark - 2);
		buf_truncate(out, out->len - 2);
	}
	if (out->len >= mark + 4 &&
	    memcmp(out->data + out->len - 2, "''", 2) == 0)
		buf_truncate(out, out->len - 2);
}

static void add_apart(struct buf *out, const char *value, size_t len,
		      enum shell_kind kind)
{
	size_t mark = out->len;

	buf_addch(out, '\'');
	add_single(out, value, len, kind);
	buf_addch(out, '\'');
	/* fish has a backslash and not a quote before the last '. */
	if (kind != SHELL_FISH)
		trim_empty_quotes(out, mark);
}

/* Inside "...", closed around the value where that is the only sure way. */
static void add_double(struct buf *out, const char *value, size_t len,
		       bool apart, enum shell_kind kind)
{
	if (apart || kind == SHELL_CSH) {
		buf_addch(out, '"');
		add_apart(out, value, len, kind);
		buf_addch(out, '"');
	} else {
		add_escaped(out, value, len,
			    kind == SHELL_FISH ? "\\$\"" : "\\$\"`");
	}
}

/* What is behind mark as it has to be written inside `...`. */
static void escape_for_backtick(struct buf *out, size_t mark)
{
	struct buf inner = BUF_INIT;

	buf_add(&inner, out->data + mark, out->len - mark);
	buf_truncate(out, mark);
	add_escaped(out, inner.data, inner.len, "\\`");
	buf_release(&inner);
}

static void add_in_backtick(struct buf *out, const char *value, size_t len,
			    enum quote_context ctx, enum shell_kind kind)
{
	size_t mark = out->len;

	if (ctx == QUOTE_BACKTICK)
		add_apart(out, value, len, kind);
	else if (ctx == QUOTE_BACKTICK_SINGLE)
		add_single(out, value, len, kind);
	else
		add_double(out, value, len, false, kind);
	escape_for_backtick(out, mark);
}

static void add_comment(struct buf *out, const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_addch(out, value[i] == '\n' ? ' ' : value[i]);
}

static bool can_stand(const char *value, size_t len, enum quote_context ctx,
		      enum shell_kind kind)
{
	bool is_other = kind == SHELL_FISH || kind == SHELL_CSH;

	switch (ctx) {
	case QUOTE_NUMBER:
		return is_number(value, len);
	case QUOTE_ANSI:
		return !is_other && kind != SHELL_SH;
	case QUOTE_BACKTICK:
	case QUOTE_BACKTICK_SINGLE:
	case QUOTE_BACKTICK_DOUBLE:
		return !is_other;
	case QUOTE_IMPOSSIBLE:
		return false;
	case QUOTE_PLAIN:
	case QUOTE_PLAIN_APART:
	case QUOTE_SINGLE:
	case QUOTE_DOUBLE:
	case QUOTE_DOUBLE_APART:
	case QUOTE_COMMENT:
	case QUOTE_RAW:
		return true;
	}
	BUG("quote context out of range");
}

int shquote_add(struct buf *out, const char *value, size_t len,
		enum quote_context ctx, enum shell_kind kind)
{
	if (!can_stand(value, len, ctx, kind))
		return -1;
	switch (ctx) {
	case QUOTE_PLAIN:
		if (shquote_is_safe(value, len))
			buf_add(out, value, len);
		else
			add_apart(out, value, len, kind);
		break;
	case QUOTE_PLAIN_APART:
		add_apart(out, value, len, kind);
		break;
	case QUOTE_SINGLE:
		add_single(out, value, len, kind);
		break;
	case QUOTE_DOUBLE:
	case QUOTE_DOUBLE_APART:
		add_double(out, value, len, ctx == QUOTE_DOUBLE_APART, kind);
		break;
	case QUOTE_ANSI:
		/* What is before it may end in an unfinished \x4. */
		buf_addstr(out, "''");
		add_single(out, value, len, kind);
		buf_addstr(out, "'$'");
		break;
	case QUOTE_BACKTICK:
	case QUOTE_BACKTICK_SINGLE:
	case QUOTE_BACKTICK_DOUBLE:
		add_in_backtick(out, value, len, ctx, kind);
		break;
	case QUOTE_COMMENT:
		add_comment(out, value, len);
		break;
	case QUOTE_NUMBER:
	case QUOTE_RAW:
	case QUOTE_IMPOSSIBLE:
		buf_add(out, value, len);
	}
	return 0;
}
