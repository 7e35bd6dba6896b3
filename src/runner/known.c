/* SPDX-License-Identifier: GPL-3.0-or-later */
/* known.c - see known.h. */
#include <config.h>

#include <string.h>

#include "base/mem.h"
#include "runner/known.h"

void known_init(struct known *k)
{
	*k = (struct known){ .out = BUF_INIT };
}

void known_release(struct known *k)
{
	buf_release(&k->out);
}

/* Only what all shells take for itself in every place, and no option. */
static bool is_plain(const char *word)
{
	if (*word == '-')
		return false;
	for (; *word; word++) {
		if (*word < ' ' || *word > '~' || *word == '\\')
			return false;
	}
	return true;
}

static bool are_plain(char *const *words)
{
	for (; *words; words++) {
		if (!is_plain(*words))
			return false;
	}
	return true;
}

static bool do_echo(char *const *args, struct buf *out, int *status)
{
	if (!are_plain(args))
		return false;
	for (; *args; args++) {
		buf_addstr(out, *args);
		if (args[1])
			buf_addch(out, ' ');
	}
	buf_addch(out, '\n');
	*status = 0;
	return true;
}

/* Once over the format; *args: moved by what it uses. False: it has what not
 * all shells have. */
static bool print_round(const char *format, char *const **args,
			struct buf *out)
{
	for (; *format; format++) {
		if (*format < ' ' || *format > '~')
			return false;
		if (*format != '%' && *format != '\\') {
			buf_addch(out, *format);
			continue;
		}
		switch (*format++) {
		case '%':
			if (*format == '%')
				buf_addch(out, '%');
			else if (*format != 's')
				return false;
			else if (**args)
				buf_addstr(out, *(*args)++);
			break;
		default:
			if (*format == 'n')
				buf_addch(out, '\n');
			else if (*format == 't')
				buf_addch(out, '\t');
			else if (*format == '\\')
				buf_addch(out, '\\');
			else
				return false;
		}
	}
	return true;
}

static bool do_printf(char *const *args, struct buf *out, int *status)
{
	const char *format = *args;

	if (!format || *format == '-' || !are_plain(args + 1))
		return false;
	args++;
	do {
		char *const *before = args;

		if (!print_round(format, &args, out))
			return false;
		/* Shells differ in what they make of those. */
		if (*args && args == before)
			return false;
		if (out->len > KNOWN_OUT_MAX)
			return false;
	} while (*args);
	*status = 0;
	return true;
}

static bool do_true(char *const *args, struct buf *out, int *status)
{
	(void)out;
	*status = 0;
	return are_plain(args);
}

static bool do_false(char *const *args, struct buf *out, int *status)
{
	(void)out;
	*status = 1;
	return are_plain(args);
}

/* With a number as any shell would write it. */
static bool do_exit(char *const *args, struct buf *out, int *status)
{
	const char *s = args[0];
	int n = 0;

	(void)out;
	if (!s || args[1] || !*s || (*s == '0' && s[1]))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || n > 25)
			return false;
		n = n * 10 + (*s - '0');
	}
	*status = n;
	return n <= 255;
}

static const struct {
	const char *name;
	bool (*run)(char *const *args, struct buf *out, int *status);
} builtins[] = {
	{ "echo", do_echo },
	{ "printf", do_printf },
	{ "true", do_true },
	{ "false", do_false },
	{ "exit", do_exit },
};

/* Where standard output goes. False: to where nothing can be written, which is
 * for the shell to say. */
static bool follow(const struct redirs *redirs, enum known_to *to)
{
	enum { IN = KNOWN_TO_NOBODY + 1 };
	int at[3] = { IN, KNOWN_TO_STDOUT, KNOWN_TO_STDERR };

	for (unsigned i = 0; i < redirs->n; i++) {
		const struct redir *r = &redirs->at[i];

		if (r->kind == REDIR_DUP)
			at[r->fd] = at[r->from];
		else
			at[r->fd] = r->kind == REDIR_READ ? IN
							  : KNOWN_TO_NOBODY;
	}
	*to = (enum known_to)at[1];
	return at[1] != IN;
}

bool known_outcome(struct known *k, char *const *words,
		   const struct redirs *redirs)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++) {
		if (strcmp(words[0], builtins[i].name) != 0)
			continue;
		buf_reset(&k->out);
		return follow(redirs, &k->to) &&
		       builtins[i].run(words + 1, &k->out, &k->status);
	}
	return false;
}
