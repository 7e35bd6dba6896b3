/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.h - argument vectors, and which commands need no shell.
 *
 * A command provably needs no shell when splitting it into words is all a
 * shell would do: its bytes outside simple quotes are [A-Za-z0-9_./+,:@%-]
 * (= too, behind the first word), blanks and tabs; quotes are '...' without
 * more, or "..." without $ ` \ and ! ; and its first word is a plain name
 * that no shell of that kind knows as builtin, keyword, function or alias.
 * Behind that name, apart from other words, redirections of /dev/null and of
 * descriptors 0 to 2 may stand (base/redir.h); they are no words.
 * Everything doubtful goes to the shell: a false "needs a shell" costs a
 * millisecond, the opposite costs the truth. Pure functions of their
 * arguments, but for words_env_setup and what asks for it.
 */
#ifndef MUSTER_INPUT_WORDS_H
#define MUSTER_INPUT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/redir.h"
#include "input/shquote.h"

/* An argument vector under construction. Embedded; not thread-safe. Its
 * memory is kept from one command to the next. */
struct words {
	struct buf bytes;	/* the words, each with its NUL */
	size_t *offs;		/* where each begins */
	char **argv;		/* made by words_argv */
	size_t n;
	size_t cap;		/* of offs; argv has one place more */
	struct redirs redirs;
	/* Where in the line words_scan found each, from and up to. */
	size_t redir_at[REDIRS_MAX][2];
};

void words_init(struct words *w);
void words_release(struct words *w);
void words_reset(struct words *w);
/* Begins a word; bytes added to w->bytes until words_end belong to it. */
void words_begin(struct words *w);
void words_end(struct words *w);
/* One whole word. */
void words_add(struct words *w, const char *s, size_t len);
/* The vector, NULL behind the last; valid until w changes. */
char **words_argv(struct words *w);

/*
 * What of the environment decides: exported bash functions, BASH_ENV, ENV,
 * SHELLOPTS. Called before any thread, a second time only by tests; without
 * it every command needs a shell. envp is only read during the call.
 */
void words_env_setup(char *const *envp);

/*
 * True when name, as the first word of a command for a shell of that kind,
 * could be anything but a program found in PATH. Asks words_env_setup.
 */
bool words_is_shells_own(const char *name, size_t len, enum shell_kind kind);

/*
 * True when name, a builtin of all shells, could be something else there: a
 * function, or what a file that is read first makes of it.
 */
bool words_is_overridden(const char *name, size_t len, enum shell_kind kind);

/*
 * Splits line (len bytes). Returns 0 and leaves the words in w (reset first),
 * at least one; or -1 when the line needs a shell (blank lines do).
 */
int words_split(struct words *w, const char *line, size_t len,
		enum shell_kind kind);

/* As words_split, without asking whether the first word is a shell's own. */
int words_scan(struct words *w, const char *line, size_t len);

/* The offset of the first | that is in no quotes as words_scan knows them; len
 * when there is none. */
size_t words_find_pipe(const char *line, size_t len);

#endif
