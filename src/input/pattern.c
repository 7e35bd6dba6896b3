/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pattern.c - see pattern.h. */
#include <config.h>

#include "input/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static void unset(struct span *spans, size_t from)
{
	for (size_t i = from; i < PATTERN_SPANS; i++)
		spans[i] = (struct span){ PATTERN_UNSET, PATTERN_UNSET };
}

#ifdef HAVE_PCRE2

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct pattern {
	pcre2_code *code;
	unsigned groups;
};

static void add_error(struct buf *err, int code)
{
	PCRE2_UCHAR text[160];

	if (pcre2_get_error_message(code, text, sizeof(text)) < 0)
		text[0] = '\0';
	buf_addstr(err, (const char *)text);
}

struct pattern *pattern_new(const char *text, size_t len, unsigned flags,
			    struct buf *err)
{
	uint32_t options = (flags & PATTERN_ICASE ? PCRE2_CASELESS : 0) |
		(flags & PATTERN_MULTILINE ? PCRE2_MULTILINE : 0) |
		(flags & PATTERN_DOTALL ? PCRE2_DOTALL : 0) |
		(flags & PATTERN_EXTENDED ? PCRE2_EXTENDED : 0) |
		PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C;
	struct pattern *p = xcalloc(1, sizeof(*p));
	PCRE2_SIZE at;
	uint32_t groups;
	int code;

	p->code = pcre2_compile((PCRE2_SPTR)text, len, options, &code, &at,
				NULL);
	if (!p->code) {
		add_error(err, code);
		free(p);
		return NULL;
	}
	pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	p->groups = groups;
	return p;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	free(p);
}

int pattern_match(const struct pattern *p, const char *s, size_t len,
		  size_t from, bool is_fresh, struct span *spans,
		  struct buf *err)
{
	uint32_t options = is_fresh ? PCRE2_NOTEMPTY_ATSTART : 0;
	pcre2_match_data *data =
		pcre2_match_data_create_from_pattern(p->code, NULL);
	PCRE2_SIZE *at;
	int n;

	if (!data) {
		buf_addstr(err, "no memory");
		return -1;
	}
	n = pcre2_match(p->code, (PCRE2_SPTR)s, len, from, options, data,
			NULL);
	at = pcre2_get_ovector_pointer(data);
	if (n > PATTERN_SPANS)
		n = PATTERN_SPANS;
	unset(spans, n > 0 ? (size_t)n : 0);
	for (int i = 0; i < n; i++)
		spans[i] = (struct span){ at[2 * i], at[2 * i + 1] };
	/* With \K in a lookahead. */
	if (n > 0 && spans[0].start > spans[0].end)
		spans[0].start = spans[0].end;
	pcre2_match_data_free(data);
	if (n > 0)
		return 1;
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	add_error(err, n);
	return -1;
}

#else

#include <regex.h>

struct pattern {
	regex_t code;
	unsigned groups;
};

/* What Perl's \c is in an extended expression; NULL: none. */
static const char *translate_escape(char c, bool in_class)
{
	switch (c) {
	case 'd':
		return in_class ? "0-9" : "[0-9]";
	case 'w':
		return in_class ? "[:alnum:]_" : "[[:alnum:]_]";
	case 's':
		return in_class ? "[:space:]" : "[[:space:]]";
	case 'D':
		return in_class ? NULL : "[^0-9]";
	case 'W':
		return in_class ? NULL : "[^[:alnum:]_]";
	case 'S':
		return in_class ? NULL : "[^[:space:]]";
	case 'n':
		return "\n";
	case 't':
		return "\t";
	case 'r':
		return "\r";
	}
	return NULL;
}

static int needs_pcre(struct buf *err, const char *what, size_t len)
{
	buf_addstr(err, "'");
	buf_add_visible(err, what, len);
	buf_addstr(err, "' needs PCRE2, which muster was built without");
	return -1;
}

/* A backslash in the pattern. */
static int add_escape(struct buf *out, const char *s, bool in_class,
		      struct buf *err)
{
	const char *text = translate_escape(s[1], in_class);

	if (text) {
		buf_addstr(out, text);
	} else if (!s[1] || (s[1] >= '0' && s[1] <= '9') ||
		   (s[1] >= 'A' && s[1] <= 'Z') ||
		   (s[1] >= 'a' && s[1] <= 'z') ||
		   (in_class && strchr("]^-[", s[1]))) {
		return needs_pcre(err, s, s[1] ? 2 : 1);
	} else {
		if (!in_class)
			buf_addch(out, '\\');
		buf_addch(out, s[1]);
	}
	return 0;
}

/* A repetition behind s[0] that POSIX does not know. */
static bool is_perl_only(const char *s)
{
	if (*s == '(' && s[1] == '?')
		return true;
	return strchr("*+?}", *s) && *s && (s[1] == '?' || s[1] == '+');
}

static int translate(struct buf *out, const char *s, struct buf *err)
{
	bool in_class = false;

	for (; *s; s++) {
		if (*s == '\\') {
			if (add_escape(out, s, in_class, err) < 0)
				return -1;
			s++;
			continue;
		}
		if (!in_class && is_perl_only(s))
			return needs_pcre(err, s, 2);
		if (!in_class && *s == '[') {
			in_class = true;
			buf_addch(out, *s);
			if (s[1] == '^')
				buf_addch(out, *++s);
			if (s[1] == ']')
				buf_addch(out, *++s);
			continue;
		}
		if (in_class && *s == ']')
			in_class = false;
		buf_addch(out, *s);
	}
	return 0;
}

struct pattern *pattern_new(const char *text, size_t len, unsigned flags,
			    struct buf *err)
{
	int options = REG_EXTENDED |
		(flags & PATTERN_ICASE ? REG_ICASE : 0) |
		(flags & PATTERN_MULTILINE ? REG_NEWLINE : 0);
	struct pattern *p = xcalloc(1, sizeof(*p));
	char *copy = xmemdup0(text, len);
	struct buf out = BUF_INIT;
	char message[160];
	int code = -1;

	if (flags & PATTERN_EXTENDED)
		needs_pcre(err, "x", 1);
	else if (translate(&out, copy, err) == 0)
		code = regcomp(&p->code, out.data, options);
	if (code > 0) {
		regerror(code, &p->code, message, sizeof(message));
		buf_addstr(err, message);
	}
	if (code == 0)
		p->groups = (unsigned)p->code.re_nsub;
	buf_release(&out);
	free(copy);
	if (code == 0)
		return p;
	free(p);
	return NULL;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	regfree(&p->code);
	free(p);
}

int pattern_match(const struct pattern *p, const char *s, size_t len,
		  size_t from, bool is_fresh, struct span *spans,
		  struct buf *err)
{
	regmatch_t m[PATTERN_SPANS];

	(void)err;
	unset(spans, 0);
	for (; from <= len; from++, is_fresh = false) {
		if (regexec(&p->code, s + from, PATTERN_SPANS, m,
			    from ? REG_NOTBOL : 0) != 0)
			return 0;
		if (!is_fresh || m[0].rm_eo > 0)
			break;
	}
	if (from > len)
		return 0;
	for (size_t i = 0; i < PATTERN_SPANS; i++) {
		if (m[i].rm_so >= 0)
			spans[i] = (struct span){
				from + (size_t)m[i].rm_so,
				from + (size_t)m[i].rm_eo,
			};
	}
	return 1;
}

#endif

unsigned pattern_groups(const struct pattern *p)
{
	return p->groups;
}
