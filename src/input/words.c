/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.c - argument vectors, and which commands need no shell.
 *
 * words_scan runs once for every input line: one table look-up a byte, and no
 * allocation once the buffers have grown. What a shell knows by itself is
 * looked up among names sorted by their first byte, behind a mask of the
 * lengths that occur with it, which settles nearly every program's name.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "input/words.h"

/* Bytes of a command. What is not listed needs the shell. */
enum {
	DOUBTFUL,
	WORD,		/* stands for itself in every word */
	ARGUMENT,	/* stands for itself behind the first word */
	BLANK,
	SINGLE,		/* ' */
	DOUBLE,		/* " */
};

#define TWICE(c)	[c] = WORD, [(c) + ('a' - 'A')] = WORD

static const unsigned char classes[256] = {
	TWICE('A'), TWICE('B'), TWICE('C'), TWICE('D'), TWICE('E'),
	TWICE('F'), TWICE('G'), TWICE('H'), TWICE('I'), TWICE('J'),
	TWICE('K'), TWICE('L'), TWICE('M'), TWICE('N'), TWICE('O'),
	TWICE('P'), TWICE('Q'), TWICE('R'), TWICE('S'), TWICE('T'),
	TWICE('U'), TWICE('V'), TWICE('W'), TWICE('X'), TWICE('Y'),
	TWICE('Z'),
	['0'] = WORD, ['1'] = WORD, ['2'] = WORD, ['3'] = WORD, ['4'] = WORD,
	['5'] = WORD, ['6'] = WORD, ['7'] = WORD, ['8'] = WORD, ['9'] = WORD,
	['_'] = WORD, ['.'] = WORD, ['/'] = WORD, ['+'] = WORD, ['-'] = WORD,
	[','] = ARGUMENT, [':'] = ARGUMENT, ['@'] = ARGUMENT,
	['%'] = ARGUMENT, ['='] = ARGUMENT,
	[' '] = BLANK, ['\t'] = BLANK,
	['\''] = SINGLE, ['"'] = DOUBLE,
};

/*
 * Builtins and keywords of dash, bash (to 5.3), busybox ash, posh, yash and
 * the BSDs' sh; the names that are no plain word ([ : { !) need no row.
 */
static const char *const own_names[] = {
	"alias", "array", "async",
	"bg", "bind", "bindkey", "break", "builtin",
	"caller", "case", "cd", "chdir", "command", "compgen", "complete",
	"compopt", "continue", "coproc",
	"declare", "dirs", "disown", "do", "done",
	"echo", "elif", "else", "enable", "esac", "eval", "exec", "exit",
	"export",
	"false", "fc", "fdflags", "fg", "fi", "for", "freebsd_wordexp",
	"function",
	"getopts",
	"hash", "help", "histcmd", "history",
	"if", "in", "inputrc",
	"jobid", "jobs",
	"kill",
	"let", "local", "logout",
	"mapfile", "msearch",
	"namespace",
	"popd", "printf", "pushd", "pwd",
	"read", "readarray", "readonly", "return",
	"select", "set", "setvar", "shift", "shopt", "source", "specialvar",
	"suspend",
	"test", "then", "time", "times", "trap", "true", "type", "typeset",
	"ulimit", "umask", "unalias", "unset", "until",
	"wait", "while", "wordexp",
};

/* What ksh88, ksh93, mksh and pdksh have besides. ksh93 has more or fewer of
 * the file utilities, as it was built. */
static const char *const ksh_names[] = {
	"autoload",
	"basename",
	"cat", "chgrp", "chmod", "chown", "cksum", "cmp", "comm", "compound",
	"cp", "cut",
	"date", "dirname", "domainname",
	"enum", "expr",
	"fds", "float", "fmt", "fold", "functions",
	"getconf", "global",
	"head", "hist",
	"id", "integer",
	"join",
	"ln", "login", "logname",
	"md5sum", "mkdir", "mkfifo", "mknod", "mktemp", "mv",
	"nameref", "newgrp", "nohup",
	"od",
	"paste", "pathchk", "pids", "poll", "print",
	"r", "readlink", "realpath", "redirect", "rename", "rev", "rm",
	"rmdir",
	"sleep", "stop", "stty", "sum", "sync",
	"tail", "tee", "touch", "tty",
	"uname", "uniq",
	"vmap", "vmstate", "vpath",
	"wc", "whence", "which",
	"xgrep",
};

/* Longer names share the last bit. */
#define LEN_BIT(len)	(UINT32_C(1) << ((len) < 31 ? (len) : 31))

/* Names sorted by their first byte. */
struct names {
	const char *const *rows;
	unsigned char first[129];	/* row with a byte >= this */
	uint32_t lengths[128];		/* LEN_BITs that occur */
};

/* Written by words_env_setup alone, before there is a second thread. */
static struct {
	bool is_ready;
	bool has_bash_env;	/* bash reads a file first */
	bool has_env;		/* some sh and ksh do */
	struct names own;
	struct names ksh;
	char **functions;	/* exported by a bash */
	size_t nfunctions;
} known;

void words_init(struct words *w)
{
	*w = (struct words){ .bytes = BUF_INIT };
}

void words_release(struct words *w)
{
	buf_release(&w->bytes);
	free(w->offs);
	free(w->argv);
	words_init(w);
}

void words_reset(struct words *w)
{
	buf_reset(&w->bytes);
	w->n = 0;
	w->redirs.n = 0;
}

static void grow(struct words *w)
{
	w->cap = w->cap ? w->cap * 2 : 16;
	w->offs = xreallocarray(w->offs, w->cap, sizeof(*w->offs));
	w->argv = xreallocarray(w->argv, w->cap + 1, sizeof(*w->argv));
}

static void begin_at(struct words *w, size_t off)
{
	if (UNLIKELY(w->n == w->cap))
		grow(w);
	w->offs[w->n++] = off;
}

void words_begin(struct words *w)
{
	begin_at(w, w->bytes.len);
}

void words_end(struct words *w)
{
	buf_addch(&w->bytes, '\0');
}

void words_add(struct words *w, const char *s, size_t len)
{
	words_begin(w);
	buf_add(&w->bytes, s, len);
	words_end(w);
}

char **words_argv(struct words *w)
{
	if (!w->argv)
		grow(w);
	for (size_t i = 0; i < w->n; i++)
		w->argv[i] = w->bytes.data + w->offs[i];
	w->argv[w->n] = NULL;
	return w->argv;
}

static void index_names(struct names *names, const char *const *rows, size_t n)
{
	size_t row = 0;

	memset(names, 0, sizeof(*names));
	names->rows = rows;
	for (unsigned c = 0; c < 128; c++) {
		names->first[c] = (unsigned char)row;
		for (; row < n && (unsigned char)rows[row][0] == c; row++)
			names->lengths[c] |= LEN_BIT(strlen(rows[row]));
	}
	names->first[128] = (unsigned char)row;
	BUG_ON(row != n);
}

static void forget_functions(void)
{
	for (size_t i = 0; i < known.nfunctions; i++)
		free(known.functions[i]);
	free(known.functions);
	known.functions = NULL;
	known.nfunctions = 0;
}

static void add_function(const char *name, size_t len)
{
	known.functions = xreallocarray(known.functions, known.nfunctions + 1,
					sizeof(*known.functions));
	known.functions[known.nfunctions++] = xmemdup0(name, len);
}

static bool begins_with(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* BASH_FUNC_f%%=() {, BASH_FUNC_f()=() { of early fixed releases, and f=() {
 * of those before. */
static void note_function(const char *var)
{
	const char *equals = strchr(var, '=');

	if (!equals || !begins_with(equals, "=() {"))
		return;
	if (begins_with(var, "BASH_FUNC_") && equals - var > 12)
		add_function(var + 10, (size_t)(equals - var) - 12);
	else
		add_function(var, (size_t)(equals - var));
}

void words_env_setup(char *const *envp)
{
	forget_functions();
	known.has_bash_env = false;
	known.has_env = false;
	for (; *envp; envp++) {
		bool is_both = begins_with(*envp, "SHELLOPTS=");

		if (is_both || begins_with(*envp, "BASH_ENV="))
			known.has_bash_env = true;
		if (is_both || begins_with(*envp, "ENV="))
			known.has_env = true;
		note_function(*envp);
	}
	index_names(&known.own, own_names, ARRAY_SIZE(own_names));
	index_names(&known.ksh, ksh_names, ARRAY_SIZE(ksh_names));
	known.is_ready = true;
}

static bool is_among(const struct names *names, const char *name, size_t len)
{
	unsigned char c = (unsigned char)name[0];

	if (!(names->lengths[c] & LEN_BIT(len)))
		return false;
	for (unsigned i = names->first[c]; i < names->first[c + 1]; i++) {
		const char *row = names->rows[i];

		if (strncmp(row, name, len) == 0 && !row[len])
			return true;
	}
	return false;
}

static bool is_function(const char *name, size_t len)
{
	for (size_t i = 0; i < known.nfunctions; i++) {
		const char *f = known.functions[i];

		if (strncmp(f, name, len) == 0 && !f[len])
			return true;
	}
	return false;
}

/* [A-Za-z0-9_./] and then also + and - */
static bool is_plain_name(const char *name, size_t len)
{
	if (!len || name[0] == '-' || name[0] == '+')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (classes[(unsigned char)name[i]] != WORD)
			return false;
	}
	return len > 1 || name[0] != '.';
}

bool words_is_overridden(const char *name, size_t len, enum shell_kind kind)
{
	if (!known.is_ready)
		return true;
	switch (kind) {
	case SHELL_SH:
	case SHELL_KSH:
		if (known.has_env)
			return true;
		break;
	case SHELL_BASH:
		if (known.has_bash_env)
			return true;
		break;
	case SHELL_ZSH:
	case SHELL_FISH:
	case SHELL_CSH:
		/* Files read at every start may define anything. */
		return true;
	}
	return known.nfunctions && is_function(name, len);
}

bool words_is_shells_own(const char *name, size_t len, enum shell_kind kind)
{
	if (!is_plain_name(name, len) || words_is_overridden(name, len, kind))
		return true;
	if (kind == SHELL_KSH && is_among(&known.ksh, name, len))
		return true;
	return is_among(&known.own, name, len);
}

/*
 * What is between the quotes at p, to *to. Returns what is behind the closing
 * one; NULL when there is none or a shell would do more than take them off.
 */
static const char *take_quoted(const char *p, const char *end, char **to)
{
	char quote = *p++;

	for (; p < end; p++) {
		if (*p == quote)
			return p + 1;
		if (*p == '\n' || *p == '\0')
			return NULL;
		if (quote == '"' && (*p == '$' || *p == '`' || *p == '\\' ||
				     *p == '!'))
			return NULL;
		*(*to)++ = *p;
	}
	return NULL;
}

/* One word at p, to *to. Returns what is behind it; NULL when in doubt. */
static const char *take_word(const char *p, const char *end, char **to,
			     bool is_first)
{
	while (p && p < end) {
		switch (classes[(unsigned char)*p]) {
		case WORD:
			*(*to)++ = *p++;
			break;
		case ARGUMENT:
			if (is_first)
				return NULL;
			*(*to)++ = *p++;
			break;
		case BLANK:
			return p;
		case SINGLE:
		case DOUBLE:
			if (is_first)
				return NULL;
			p = take_quoted(p, end, to);
			break;
		default:
			return NULL;
		}
	}
	return p;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool begins_redir(const char *p, const char *end)
{
	p += is_digit(*p);
	return p < end && (*p == '<' || *p == '>');
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && classes[(unsigned char)*p] == BLANK)
		p++;
	return p;
}

/* Its target at p. Returns what is behind it; NULL: it is of another sort. */
static const char *take_target(const char *p, const char *end, struct redir *r)
{
	static const char null[] = "/dev/null";

	if (r->kind == REDIR_DUP) {
		if (p == end || *p < '0' || *p > '2')
			return NULL;
		r->from = *p++ - '0';
		return p;
	}
	if ((size_t)(end - p) < sizeof(null) - 1 ||
	    memcmp(p, null, sizeof(null) - 1) != 0)
		return NULL;
	return p + sizeof(null) - 1;
}

/* The redirection at p, which has to end with a blank or the line: shells
 * disagree about 2>&1>file. Returns what is behind it; NULL when in doubt. */
static const char *take_redir(struct words *w, const char *line, const char *p,
			      const char *end)
{
	const char *from = p;
	struct redir r = { .kind = REDIR_READ, .fd = 0 };

	if (is_digit(*p))
		r.fd = *p++ - '0';
	else if (*p == '>')
		r.fd = 1;
	if (*p++ == '>')
		r.kind = REDIR_WRITE;
	if (p < end && *p == '&') {
		r.kind = REDIR_DUP;
		p++;
	} else if (p < end && *p == '>' && r.kind == REDIR_WRITE) {
		r.kind = REDIR_APPEND;
		p++;
	}
	p = take_target(skip_blanks(p, end), end, &r);
	if (!p || (p < end && classes[(unsigned char)*p] != BLANK) ||
	    r.fd > 2 || w->redirs.n == REDIRS_MAX)
		return NULL;
	w->redir_at[w->redirs.n][0] = (size_t)(from - line);
	w->redir_at[w->redirs.n][1] = (size_t)(p - line);
	w->redirs.at[w->redirs.n++] = r;
	return p;
}

int words_scan(struct words *w, const char *line, size_t len)
{
	const char *end = line + len;
	const char *p = line;
	char *to;

	words_reset(w);
	/* A word is never longer than its text, its NUL takes the place of
	 * the blank behind it or the line's end. */
	to = buf_reserve(&w->bytes, len + 1);
	for (;;) {
		p = skip_blanks(p, end);
		if (p == end)
			break;
		if (w->n && begins_redir(p, end)) {
			p = take_redir(w, line, p, end);
			if (!p)
				goto doubtful;
			continue;
		}
		begin_at(w, (size_t)(to - w->bytes.data));
		p = take_word(p, end, &to, w->n == 1);
		if (!p)
			goto doubtful;
		*to++ = '\0';
	}
	if (!w->n)
		goto doubtful;
	w->bytes.len = (size_t)(to - w->bytes.data);
	*to = '\0';
	return 0;

doubtful:
	words_reset(w);
	return -1;
}

size_t words_find_pipe(const char *line, size_t len)
{
	char quote = '\0';
	size_t i;

	for (i = 0; i < len && (quote || line[i] != '|'); i++) {
		if (quote == line[i])
			quote = '\0';
		else if (!quote && (line[i] == '\'' || line[i] == '"'))
			quote = line[i];
	}
	return i;
}

int words_split(struct words *w, const char *line, size_t len,
		enum shell_kind kind)
{
	const char *name;

	if (words_scan(w, line, len) < 0)
		return -1;
	name = w->bytes.data;
	if (!words_is_shells_own(name, strlen(name), kind))
		return 0;
	words_reset(w);
	return -1;
}
