/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ledger_record.c - one record of a journal, for ledger.c. */
#include <config.h>

#include <limits.h>
#include <string.h>

#include "base/compiler.h"
#include "input/ledger_impl.h"

bool record_is_text(const struct json_value *v, const char *text)
{
	size_t n = strlen(text);

	return v->text && v->len == n + 2 && *v->text == '"' &&
	       memcmp(v->text + 1, text, n) == 0;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A string of an even number of hexadecimal digits. */
static int get_hex(const struct json_value *v, struct buf *out)
{
	if (v->len < 2 || v->len % 2 || *v->text != '"')
		return -1;
	for (size_t i = 1; i + 1 < v->len; i += 2) {
		int high = digit_of(v->text[i]);
		int low = digit_of(v->text[i + 1]);

		if (high < 0 || low < 0)
			return -1;
		buf_addch(out, (char)(high << 4 | low));
	}
	return 0;
}

static int get_key(const struct json_value *v, struct record *r)
{
	struct buf key = BUF_INIT;
	int ret = get_hex(v, &key);

	if (ret == 0 && key.len == sizeof(r->key))
		memcpy(r->key, key.data, sizeof(r->key));
	else
		ret = -1;
	buf_release(&key);
	return ret;
}

static enum event event_of(const struct json_value *v)
{
	return record_is_text(v, "run") ? EVENT_RUN
	       : record_is_text(v, "start") ? EVENT_START
	       : record_is_text(v, "end") ? EVENT_END
	       : record_is_text(v, "out") ? EVENT_OUT
	       : record_is_text(v, "gap") ? EVENT_GAP
	       : record_is_text(v, "kept") ? EVENT_KEPT : EVENT_OTHER;
}

/* The members that are numbers. 1: it is none of them. */
static int take_number(struct record *r, const char *name, size_t len,
		       const struct json_value *v)
{
	const struct {
		const char *name;
		uint64_t *n;
		unsigned has;
	} numbers[] = {
		{ "job", &r->job, HAS_JOB },
		{ "stage", &r->stage, 0 },
		{ "status", &r->status, HAS_STATUS },
		{ "format", &r->format, 0 },
		{ "stages", &r->stages, 0 },
		{ "offset", &r->offset, HAS_OFFSET },
		{ "slot", &r->slot, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strlen(numbers[i].name) != len ||
		    memcmp(numbers[i].name, name, len) != 0)
			continue;
		r->has |= numbers[i].has;
		return json_get_uint(v, numbers[i].n);
	}
	return 1;
}

static void take_text(struct record *r, const char *name, size_t len,
		      const struct json_value *v)
{
	const struct {
		const char *name;
		struct json_value *v;
	} texts[] = {
		{ "end", &r->end },
		{ "resume", &r->resume },
		{ "output", &r->output },
		{ "output_hex", &r->output_hex },
		{ "kept", &r->kept },
		{ "command", &r->command },
		{ "command_hex", &r->command_hex },
		{ "cwd", &r->cwd },
		{ "cwd_hex", &r->cwd_hex },
		{ "stdin", &r->input },
		{ "stdin_hex", &r->input_hex },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strlen(texts[i].name) == len &&
		    memcmp(texts[i].name, name, len) == 0)
			*texts[i].v = *v;
	}
}

static bool is_name(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

static int take_member(void *arg, const char *name, size_t len,
		       const struct json_value *v)
{
	struct record *r = arg;
	int ret = take_number(r, name, len, v);

	if (ret <= 0)
		return ret;
	if (is_name(name, len, "event")) {
		r->event = event_of(v);
	} else if (is_name(name, len, "key")) {
		r->has |= HAS_KEY;
		return get_key(v, r);
	} else if (is_name(name, len, "again")) {
		r->again = json_is_true(v);
	} else if (is_name(name, len, "env")) {
		r->has_env = true;
	} else if (is_name(name, len, "block")) {
		r->has_block = true;
	} else {
		take_text(r, name, len, v);
	}
	return 0;
}

static bool is_whole(const struct record *r)
{
	const unsigned job = HAS_JOB | HAS_KEY;

	switch (r->event) {
	case EVENT_OTHER:
		return true;
	case EVENT_RUN:
		return r->format == LEDGER_FORMAT && r->stages > 0 &&
		       (!r->output.text || (r->has & HAS_OFFSET));
	case EVENT_START:
		return (r->has & job) == job && r->stage > 0;
	case EVENT_END:
		return (r->has & job) == job && (r->has & HAS_STATUS) &&
		       r->end.text && r->stage > 0;
	case EVENT_KEPT:
		return (r->has & job) == job && (r->has & HAS_STATUS) &&
		       r->kept.text;
	case EVENT_OUT:
	case EVENT_GAP:
		return (r->has & HAS_JOB) && (r->has & HAS_OFFSET) &&
		       r->stage > 0;
	}
	BUG("event out of range");
}

bool record_parse(struct record *r, const char *line, size_t len)
{
	*r = (struct record){ .stage = 1, .stages = 1 };
	return json_scan(line, len, take_member, r) == 0 && is_whole(r);
}

/* The next number of a row, behind what separates it. */
static int next_number(const char **s, const char *end, uint64_t *n)
{
	struct json_value v;

	while (*s < end && (**s < '0' || **s > '9'))
		++*s;
	v.text = *s;
	while (*s < end && **s >= '0' && **s <= '9')
		++*s;
	v.len = (size_t)(*s - v.text);
	return v.len ? json_get_uint(&v, n) : -1;
}

int record_get_kept(const struct json_value *v, struct kept *kept)
{
	const char *s = v->text;
	const char *end = s + v->len;
	uint64_t n[5];

	if (v->len < 2 || *s != '[')
		return -1;
	while (next_number(&s, end, &n[0]) == 0) {
		for (int i = 1; i < 5; i++) {
			if (next_number(&s, end, &n[i]) < 0)
				return -1;
		}
		if (n[0] < 1 || n[0] > UINT_MAX || n[1] < 1 || n[1] > 2 ||
		    n[2] > INT64_MAX || n[3] < 1 || n[3] > INT64_MAX - n[2])
			return -1;
		*kept_add(&kept->ranges, &kept->n) = (struct kept_range){
			.stage = (unsigned)n[0] - 1,
			.stream = (unsigned)n[1] - 1,
			.at = n[2], .len = n[3], .sum = n[4],
		};
	}
	return 0;
}

int record_get_text(const struct json_value *text,
		    const struct json_value *hex, struct buf *out)
{
	if (hex->text)
		return get_hex(hex, out);
	return text->text ? json_get_str(text, out) : 0;
}
