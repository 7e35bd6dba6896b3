/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_source.c - inputs become tuples, and tuples are packed: all values are
 * strings of the length that is said, what is bad has a message, the count
 * made beforehand is right, and nothing gets lost in a pack.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "input/jsonl.h"
#include "input/names.h"
#include "input/pack.h"
#include "input/source.h"

#define WORDS	4

struct input {
	struct input_spec specs[2];
	struct source_opts opts;
	struct pack_opts pack;
	char *words[WORDS];
	bool reads_names;
};

static void check_tuple(const struct tuple *t, enum source_result result)
{
	FUZZ_CHECK(result != SOURCE_BAD || t->n == 1);
	for (size_t i = 0; i < t->n; i++)
		FUZZ_CHECK(strlen(t->values[i]) == t->lens[i]);
	FUZZ_CHECK(t->priority >= -1000 && t->priority <= 1000);
}

/* Goes through all of them; how many values there were. */
static size_t read_all(enum source_result (*next)(void *, struct tuple *,
						  struct buf *),
		       void *arg, int64_t *tuples, bool *any_bad)
{
	struct buf err = BUF_INIT;
	enum source_result result;
	size_t values = 0;
	struct tuple t;

	*tuples = 0;
	*any_bad = false;
	for (int rounds = 0; rounds < 5000; rounds++) {
		memset(&t, 0, sizeof(t));
		buf_reset(&err);
		result = next(arg, &t, &err);
		FUZZ_CHECK((err.len > 0) == (result == SOURCE_BAD ||
					     result == SOURCE_FAILED));
		if (result == SOURCE_END)
			break;
		*tuples += result != SOURCE_FAILED;
		*any_bad |= result == SOURCE_BAD;
		if (result == SOURCE_TUPLE || result == SOURCE_BAD) {
			check_tuple(&t, result);
			values += t.n;
		}
	}
	buf_release(&err);
	return values;
}

static enum source_result next_tuple(void *arg, struct tuple *t,
				     struct buf *err)
{
	return source_next(arg, t, err);
}

static enum source_result next_pack(void *arg, struct tuple *t,
				    struct buf *err)
{
	return pack_next(arg, t, err);
}

/* NULL: it, or its names, can't be had. */
static struct source *open_source(const struct input *i, int64_t *total)
{
	struct buf err = BUF_INIT;
	struct source *s = source_new(i->specs, 2, &i->opts, &err);
	struct names names;

	fuzz_check_message(&err, !s);
	names_init(&names);
	if (s && i->reads_names && source_read_names(s, &names, &err) < 0) {
		FUZZ_CHECK(err.len > 0);
		source_free(s);
		s = NULL;
	}
	names_release(&names);
	*total = s ? source_total(s, true) : -1;
	buf_release(&err);
	return s;
}

static void run(struct input *i)
{
	int64_t total, tuples, packs;
	size_t values, packed;
	struct source *s = open_source(i, &total);
	struct pack *p;
	bool any_bad;

	if (!s)
		return;
	values = read_all(next_tuple, s, &tuples, &any_bad);
	/* A bad item counts once in the end, like all others before. */
	FUZZ_CHECK(total < 0 || total == tuples || tuples >= 5000 ||
		   (any_bad && total > tuples));
	source_free(s);
	s = open_source(i, &total);
	FUZZ_CHECK(s != NULL);
	i->pack.next = next_tuple;
	i->pack.arg = s;
	p = pack_new(&i->pack);
	packed = read_all(next_pack, p, &packs, &any_bad);
	FUZZ_CHECK(packs <= tuples);
	if (!i->pack.takes_none && tuples < 5000)
		FUZZ_CHECK(packed == values);
	pack_free(p);
	source_free(s);
}

static void set_options(struct in *in, struct input *i)
{
	unsigned flags = in_choice(in, 256);
	unsigned more = in_choice(in, 64);
	const char *colsep = in_line(in);

	i->opts.delimiter = '\n';
	i->opts.skip_blank = flags & 1;
	i->opts.no_attributes = flags & 2;
	i->opts.are_commands = flags & 4;
	i->opts.linked = flags & 8;
	i->opts.skip_first_line = flags & 16;
	i->opts.eof = flags & 32 ? "end" : NULL;
	i->opts.joins_lines = flags & 64;
	i->opts.csv = flags & 128;
	if (*colsep && strlen(colsep) < 20 && !strpbrk(colsep, "{*+"))
		i->opts.colsep = colsep;
	i->opts.trim = more & 3;
	if (i->opts.csv || i->opts.colsep)
		i->opts.header = more & 4 ? HEADER_FIRST : HEADER_NONE;
	i->reads_names = i->opts.header != HEADER_NONE;
	i->pack.tuples_max = more & 8 ? 2 : SIZE_MAX;
	i->pack.has_rows = more & 16;
	i->pack.takes_none = more & 32;
}

int fuzz_source(const uint8_t *data, size_t size)
{
	static const enum input_kind kinds[] = {
		INPUT_FILE, INPUT_TASKS, INPUT_JSONL,
	};
	struct input i = { .opts = { .shell = SHELL_SH } };
	struct in in;
	const char *text;
	size_t len;

	in_begin(&in, data, size);
	i.specs[0].kind = kinds[in_choice(&in, 3)];
	i.specs[1].kind = INPUT_ARGS;
	i.specs[1].linked = in_choice(&in, 2);
	set_options(&in, &i);
	for (size_t k = in_choice(&in, WORDS); k > 0; k--)
		i.words[i.specs[1].nargs++] = in_line(&in);
	i.specs[1].args = i.words;
	i.specs[1].option = ":::";
	text = in_rest(&in, &len);
	i.specs[0].path = fuzz_file("input", text, len);
	i.specs[0].option = "-a";
	run(&i);
	in_end(&in);
	return 0;
}
