/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_template.c - commands with replacement strings. Expanding is the same
 * each time and leaves nothing behind when it fails; the words of a command
 * that needs no shell are those a shell would make; and where a model of the
 * shell can follow, values change no number of words.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "input/tags.h"
#include "input/template.h"
#include "input/words.h"
#include "shmodel.h"

#define VALUES	6

struct input {
	struct template_opts opts;
	struct tag_opts tag_opts;
	const char *text;
	char *values[VALUES];
	size_t n;
	size_t width;
};

static int expand(const struct template *t, const struct input *in,
		  char *const *values, struct buf *out)
{
	struct template_args args = {
		.values = values, .n = in->n, .seq = 12, .slot = 3,
		.width = in->width,
	};
	struct buf err = BUF_INIT;
	size_t len = out->len;
	int ret = template_expand(t, &args, out, &err);

	FUZZ_CHECK(ret == 0 || out->len == len);
	FUZZ_CHECK((err.len > 0) == (ret < 0));
	buf_release(&err);
	return ret;
}

static void check_direct(const struct template *t, const struct input *in,
			 const char *text, size_t len)
{
	struct template_args args = {
		.values = in->values, .n = in->n, .seq = 12, .slot = 3,
		.width = in->width,
	};
	struct words words, wanted;
	char **x, **y;

	words_init(&words);
	words_init(&wanted);
	FUZZ_CHECK(template_argv(t, &args, &words) == 0);
	FUZZ_CHECK(shmodel_words(&wanted, text, len, in->opts.shell) == 0);
	FUZZ_CHECK(words.n == wanted.n);
	x = words_argv(&words);
	y = words_argv(&wanted);
	for (size_t i = 0; i < words.n; i++)
		FUZZ_CHECK(strcmp(x[i], y[i]) == 0);
	words_release(&words);
	words_release(&wanted);
}

/* {} and nothing else in braces, and none of it in the first word. */
static bool is_simple(const struct input *in)
{
	const char *s = in->text + strspn(in->text, " \t");

	s += strcspn(s, " \t{");
	if (in->opts.plain_text || (*s != ' ' && *s != '\t'))
		return false;
	/* What options name may be the first word, or all of the text: then
	 * what it stands for is the command. */
	if (in->tag_opts.values || in->tag_opts.parens || in->tag_opts.nrpl)
		return false;
	while ((s = strchr(s, '{')) != NULL) {
		if (s[1] != '}')
			return false;
		s += 2;
	}
	for (size_t i = 0; i < in->n; i++) {
		if (!*in->values[i])
			return false;
	}
	return true;
}

static void check_words(const struct template *t, const struct input *in,
			const struct buf *text)
{
	char *benign[VALUES];
	struct buf other = BUF_INIT;
	struct words words, wanted;

	for (size_t i = 0; i < in->n; i++)
		benign[i] = (char *)"x";
	words_init(&words);
	words_init(&wanted);
	if (expand(t, in, benign, &other) == 0 &&
	    shmodel_words(&wanted, other.data, other.len,
			  in->opts.shell) == 0) {
		FUZZ_CHECK(shmodel_words(&words, text->data, text->len,
					 in->opts.shell) == 0);
		FUZZ_CHECK(words.n == wanted.n);
	}
	words_release(&words);
	words_release(&wanted);
	buf_release(&other);
}

static void check_template(const struct template *t, const struct input *in)
{
	struct buf text = BUF_INIT, again = BUF_INIT;

	(void)template_has_slot(t);
	(void)template_has_positions(t);
	(void)template_wants_total(t);
	if (expand(t, in, in->values, &text) == 0) {
		FUZZ_CHECK(strlen(text.data) == text.len);
		FUZZ_CHECK(expand(t, in, in->values, &again) == 0);
		FUZZ_CHECK(strcmp(text.data, again.data) == 0);
		if (template_is_direct(t))
			check_direct(t, in, text.data, text.len);
		if (is_simple(in))
			check_words(t, in, &text);
		if (!strchr(in->text, '{') && !in->opts.append &&
		    !in->opts.words && !in->opts.tags)
			FUZZ_CHECK(strcmp(text.data, in->text) == 0);
	}
	buf_release(&text);
	buf_release(&again);
}

static void run(struct input *in)
{
	struct buf err = BUF_INIT;
	struct template *t = template_new(in->text, &in->opts, &err);

	fuzz_check_message(&err, !t);
	if (t)
		check_template(t, in);
	template_free(t);
	buf_release(&err);
}

static void take_values(struct input *i, struct in *in)
{
	i->n = in_lines(in, i->values, VALUES);
	/* Rows of two, at times. */
	if (i->opts.repeat_words && i->n % 2 == 0 && i->n)
		i->width = 2;
}

int fuzz_template(const uint8_t *data, size_t size)
{
	static char *no_env[] = { NULL };
	struct input i = { 0 };
	char *word[1];
	struct in in;
	unsigned flags;

	words_env_setup(no_env);
	in_begin(&in, data, size);
	i.opts.shell = (enum shell_kind)in_choice(&in, SHELL_CSH + 1);
	flags = in_choice(&in, 16);
	i.opts.append = flags & 1;
	i.opts.repeat_words = flags & 2;
	i.opts.plain_text = flags & 4;
	i.text = in_line(&in);
	word[0] = (char *)i.text;
	if (flags & 8) {
		i.opts.words = word;
		i.opts.nwords = 1;
	}
	take_values(&i, &in);
	run(&i);
	in_end(&in);
	return 0;
}

/* What options say replacement strings are. */
int fuzz_tags(const uint8_t *data, size_t size)
{
	struct buf err = BUF_INIT;
	struct input i = { 0 };
	const char *rpl[2], *match[1];
	struct tags *tags;
	struct in in;
	unsigned flags;
	const char *s;

	in_begin(&in, data, size);
	flags = in_choice(&in, 64);
	rpl[0] = in_line(&in);
	rpl[1] = in_line(&in);
	s = in_line(&in);
	i.opts.shell = SHELL_BASH;
	i.text = in_line(&in);
	match[0] = s;
	i.tag_opts.plus = flags & 1;
	i.tag_opts.rpl = rpl;
	i.tag_opts.nrpl = flags >> 1 & 3;
	if (i.tag_opts.nrpl == 3)
		i.tag_opts.nrpl = 0;
	if (flags & 8 && *s)
		i.tag_opts.parens = s;
	if (flags & 16) {
		i.tag_opts.match = match;
		i.tag_opts.nmatch = 1;
	}
	if (flags & 32 && *s)
		i.tag_opts.values = s;
	take_values(&i, &in);
	tags = tags_new(&i.tag_opts, &err);
	fuzz_check_message(&err, !tags);
	i.opts.tags = tags;
	if (tags)
		run(&i);
	tags_free(tags);
	buf_release(&err);
	in_end(&in);
	return 0;
}
