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

#include "base/library.h"

/* What we call of PCRE2: pcre2_code_free_8 is pcre2.code_free. */
#define PCRE2_CALLS(X) \
	X(code_free) X(compile) X(get_error_message) \
	X(get_ovector_pointer) X(match) X(match_data_create_from_pattern) \
	X(match_data_free) X(pattern_info)
#define POINTER(f) __typeof__(&pcre2_##f##_8) f;
#define SYMBOL(f) "pcre2_" #f "_8\0"

#ifdef PCRE2_SONAME
#define FIRST(f) NULL,
#else
#define PCRE2_SONAME NULL
#define FIRST(f) pcre2_##f##_8,
#endif

static struct { PCRE2_CALLS(POINTER) } pcre2 = { PCRE2_CALLS(FIRST) };
static struct library library =
	LIBRARY(PCRE2_SONAME, PCRE2_CALLS(SYMBOL), pcre2);

struct pattern {
	pcre2_code *code;
	unsigned groups;
};

static void add_error(struct buf *err, int code)
{
	PCRE2_UCHAR text[160];

	if (pcre2.get_error_message(code, text, sizeof(text)) < 0)
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
	struct pattern *p;
	PCRE2_SIZE at;
	uint32_t groups;
	int code;

	if (library_load(&library, err) < 0)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->code = pcre2.compile((PCRE2_SPTR)text, len, options, &code, &at,
				NULL);
	if (!p->code) {
		add_error(err, code);
		free(p);
		return NULL;
	}
	pcre2.pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	p->groups = groups;
	return p;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2.code_free(p->code);
	free(p);
}

int pattern_match(const struct pattern *p, const char *s, size_t len,
		  size_t from, bool is_fresh, struct span *spans,
		  struct buf *err)
{
	uint32_t options = is_fresh ? PCRE2_NOTEMPTY_ATSTART : 0;
	pcre2_match_data *data =
		pcre2.match_data_create_from_pattern(p->code, NULL);
	PCRE2_SIZE *at;
	int n;

	if (!data) {
		buf_addstr(err, "no memory");
		return -1;
	}
	n = pcre2.match(p->code, (PCRE2_SPTR)s, len, from, options, data,
			NULL);
	at = pcre2.get_ovector_pointer(data);
	if (n > PATTERN_SPANS)
		n = PATTERN_SPANS;
	unset(spans, n > 0 ? (size_t)n : 0);
	for (int i = 0; i < n; i++)
		spans[i] = (struct span){ at[2 * i], at[2 * i + 1] };
	/* With \K in a lookahead. */
	if (n > 0 && spans[0].start > spans[0].end)
		spans[0].start = spans[0].end;
	pcre2.match_data_free(data);
	if (n > 0)
		return 1;
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	add_error(err, n);
	return -1;
}

#else

#include <regex.h>

#include "input/ere.h"

struct pattern {
	regex_t code;
	unsigned groups;
};

static int needs_pcre(struct buf *err, const char *what, size_t len)
{
	buf_addstr(err, "'");
	buf_add_visible(err, what, len);
	buf_addstr(err, "' needs PCRE2, which muster was built without");
	return -1;
}

static int translate(struct buf *out, const char *s, struct buf *err)
{
	struct ere_refusal r;

	if (ere_translate(out, s, 0, &r) == 0)
		return 0;
	return needs_pcre(err, r.len ? r.at : "\\", r.len ? r.len : 1);
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
