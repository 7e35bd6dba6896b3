/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_shquote_shells.c - quoting against the real shells.
 *
 * Every case is one shell and one place in a command ("frame"): for a few
 * dozen hostile values the shell has to print exactly the value from there,
 * and must not create a file. Frames for which a shell has no syntax, and
 * shells that are not installed, make no cases. The last case of each shell
 * builds commands at random and looks for files alone. Everything is seeded.
 */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "input/template.h"
#include "tap.h"

#define VALUES		24	/* random ones, beside those written down */
#define SCRIPT_MAX	60000	/* one argument may have 128 KiB */
#define TEMPLATES	120	/* $MUSTER_TEST_TEMPLATES: more of them */

struct shell {
	const char *name;
	const char *option;	/* first argument, or NULL */
	enum shell_kind kind;
	bool is_ascii;		/* takes no other bytes, quoted or not */
};

enum shell_id {
	dash, bash, bash_sh, zsh, fish, tcsh, csh, ksh, ksh93, mksh, yash,
	busybox,
	SHELLS
};

static const struct shell shells[SHELLS] = {
	[dash] = { .name = "dash", .kind = SHELL_SH },
	[bash] = { .name = "bash", .kind = SHELL_BASH },
	[bash_sh] = { .name = "bash", .option = "--posix", .kind = SHELL_SH },
	[zsh] = { .name = "zsh", .kind = SHELL_ZSH },
	[fish] = { .name = "fish", .option = "--no-config",
		   .kind = SHELL_FISH },
	[tcsh] = { .name = "tcsh", .kind = SHELL_CSH },
	[csh] = { .name = "csh", .kind = SHELL_CSH },
	[ksh] = { .name = "ksh", .kind = SHELL_KSH },
	[ksh93] = { .name = "ksh93", .kind = SHELL_KSH },
	[mksh] = { .name = "mksh", .kind = SHELL_KSH },
	[yash] = { .name = "yash", .kind = SHELL_SH, .is_ascii = true },
	[busybox] = { .name = "busybox", .option = "sh", .kind = SHELL_SH },
};

#define K(kind)		(1U << (kind))
#define K_KSH		(K(SHELL_BASH) | K(SHELL_KSH) | K(SHELL_ZSH))
#define K_POSIX		(K(SHELL_SH) | K_KSH)
#define K_SUBST		(K_POSIX | K(SHELL_FISH))
#define K_ALL		(K_SUBST | K(SHELL_CSH))

/* What a shell prints for the frame: before VALUE after, or before alone. */
enum { PRINTS_VALUE, PRINTS_NONE, TAKES_NUMBERS };

struct frame {
	const char *text;
	const char *before;
	const char *after;
	unsigned kinds;
	int what;
};

#define P	"printf '%s\\0' "

/* id, text, what is printed before and behind the value, kinds, what */
#define FRAMES(F, sh)							\
	F(sh, plain, P "{}", "", "", K_ALL, PRINTS_VALUE)		\
	F(sh, glued, P "a{}b", "a", "b", K_ALL, PRINTS_VALUE)		\
	F(sh, twice, P "{}{1}''", "", NULL, K_ALL, PRINTS_VALUE)	\
	F(sh, single, P "'a {} b'", "a ", " b", K_ALL, PRINTS_VALUE)	\
	F(sh, double_, P "\"a {} b\"", "a ", " b", K_ALL, PRINTS_VALUE)	\
	F(sh, variable, "x=V\n" P "$x{}", "V", "", K_POSIX, PRINTS_VALUE) \
	F(sh, variable_double, "x=V\n" P "\"$x{}y\"", "V", "y",		\
	  K_POSIX, PRINTS_VALUE)					\
	F(sh, dollar_double, "set -- V\n" P "\"$1{} $#{2}a\"", "V",	\
	  " 1a", K_POSIX, PRINTS_VALUE)					\
	F(sh, set_variable, "set x = V\n" P "$x{}", "V", "",		\
	  K(SHELL_CSH), PRINTS_VALUE)					\
	F(sh, set_variable_double, "set x = V\n" P "\"$x{}y\"", "V",	\
	  "y", K(SHELL_CSH), PRINTS_VALUE)				\
	F(sh, fish_variable, "set x V\n" P "$x{}\"$x{2}z\"", "V", "Vz",	\
	  K(SHELL_FISH), PRINTS_VALUE)					\
	F(sh, ansi, P "$'a\\t{} b'", "a\t", " b", K_KSH, PRINTS_VALUE)	\
	F(sh, ansi_octal, P "$'\\4{}'", "\4", "", K_KSH, PRINTS_VALUE)	\
	F(sh, subst, P "\"$(printf '%s.' {})\"", "", ".", K_SUBST,	\
	  PRINTS_VALUE)							\
	F(sh, subst_bare, "x=$(printf '%s.' {})\n" P "\"$x\"", "", ".",	\
	  K_POSIX, PRINTS_VALUE)					\
	F(sh, subst_single, P "\"$(printf '%s.' 'a {}')\"", "a ", ".",	\
	  K_SUBST, PRINTS_VALUE)					\
	F(sh, subst_double, P "\"a$(printf '%s.' \"b {} c\")d\"",	\
	  "ab ", " c.d", K_SUBST, PRINTS_VALUE)				\
	F(sh, subst_nested,						\
	  P "\"$(printf '%s.' \"$(printf '%s,' '{}')\")\"", "", ",.",	\
	  K_SUBST, PRINTS_VALUE)					\
	F(sh, subshell, "(printf '%s\\0' {})", "", "", K_POSIX,		\
	  PRINTS_VALUE)							\
	F(sh, subst_subshell, P "\"$( (printf '%s.' {}) )\"", "", ".",	\
	  K_POSIX, PRINTS_VALUE)					\
	F(sh, subst_arith, P "\"$(( $(: {}; echo 3) ))\"", "3", "",	\
	  K_POSIX, PRINTS_NONE)						\
	F(sh, backtick, "x=`printf '%s.' {}`\n" P "\"$x\"", "", ".",	\
	  K_POSIX, PRINTS_VALUE)					\
	F(sh, backtick_single, "x=`printf '%s.' 'a {} b'`\n" P "\"$x\"",\
	  "a ", " b.", K_POSIX, PRINTS_VALUE)				\
	F(sh, backtick_double, "x=`printf '%s.' \"a {} b\"`\n" P	\
	  "\"$x\"", "a ", " b.", K_POSIX, PRINTS_VALUE)			\
	F(sh, backtick_subst,						\
	  "x=`printf '%s.' \"$(printf '%s,' {})\"`\n" P "\"$x\"", "",	\
	  ",.", K_POSIX, PRINTS_VALUE)					\
	F(sh, subst_backtick,						\
	  P "\"$(x=`printf '%s.' {}`; printf '%s,' \"$x\")\"", "",	\
	  ".,", K_POSIX, PRINTS_VALUE)					\
	F(sh, brace, P "${nope:-{}}", "", "", K_POSIX, PRINTS_VALUE)	\
	F(sh, brace_glued, P "${nope-a{}b}", "a", "b", K_POSIX,		\
	  PRINTS_VALUE)							\
	F(sh, brace_quoted, P "${nope-\"a {} b\"}", "a ", " b",		\
	  K_POSIX, PRINTS_VALUE)					\
	F(sh, brace_nested, P "${nope-${nix:-'a {} b'}}", "a ", " b",	\
	  K_POSIX, PRINTS_VALUE)					\
	F(sh, brace_subst, P "\"${nope:-$(printf '%s.' {})}\"", "",	\
	  ".", K_POSIX, PRINTS_VALUE)					\
	F(sh, here_string, "cat <<< {}\nprintf '\\0'", "", "\n", K_KSH,	\
	  PRINTS_VALUE)							\
	F(sh, comment, P "ok # {}", "ok", "", K_SUBST, PRINTS_NONE)	\
	F(sh, comment_line, "# {}\n" P "ok", "ok", "", K_SUBST,		\
	  PRINTS_NONE)							\
	F(sh, no_comment, P "{2}#{1}", "#", "", K_SUBST, PRINTS_VALUE)	\
	F(sh, case_, "case {} in {}) printf '%s\\0' {};; esac", "", "",	\
	  K_POSIX, PRINTS_VALUE)					\
	F(sh, array, "a=(x {})\n" P "\"${a[@]:1}\"", "", "",		\
	  K(SHELL_BASH), PRINTS_VALUE)					\
	F(sh, test, "[[ {} == {} ]] && " P "{}", "", "", K_KSH,		\
	  PRINTS_VALUE)							\
	F(sh, redirection, P "{}>&1", "", "", K_ALL & ~K(SHELL_CSH),	\
	  PRINTS_VALUE)							\
	F(sh, fd_redirection, P "a{}2>&1", "a", "2",			\
	  K_ALL & ~K(SHELL_CSH), PRINTS_VALUE)				\
	F(sh, arith, P "$(({}))", "", "", K_POSIX, TAKES_NUMBERS)	\
	F(sh, arith_double, P "\"$((0 + ({})))\"", "", "", K_POSIX,	\
	  TAKES_NUMBERS)						\
	F(sh, arith_shift, P "$((({} << 1) >> 1))", "", "", K_POSIX,	\
	  TAKES_NUMBERS)						\
	F(sh, arith_command, "((x = {}))\n" P "$x", "", "", K_KSH,	\
	  TAKES_NUMBERS)						\
	F(sh, number_test, "[[ {} -eq 70007 ]] || " P "{}", "", "",	\
	  K_KSH, TAKES_NUMBERS)

#define FRAME_ID(sh, id, ...)	FRAME_##id,
#define FRAME_ROW(sh, id, ...)	[FRAME_##id] = { __VA_ARGS__ },

enum frame_id { FRAMES(FRAME_ID, ) FRAME_COUNT };
static const struct frame frames[] = { FRAMES(FRAME_ROW, ) };

/* Values */

static uint64_t random_state;

static unsigned pick(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 32) % n);
}

/* Taken as they are, and as what the random ones are made of. */
static const char *const hostile[] = {
	"", "a", "a b", " ", "-", "-n", "--", "'", "\"", "\\", "`", "$", "!",
	"''", "\\'", "'\\''", "\n", "a\nb", "\\\n", "*", "?", "[a-z]", "~",
	"~root", "#", "# x", "a#b", "{a,b}", "{1..3}", "$(touch hit)",
	"`touch hit`", "$HOME", "${HOME}", "${x:=touch}", "';touch hit;'",
	"\";touch hit;\"", "\ntouch hit\n", "$((1+1))", "a[$(touch hit)]",
	"x[`touch hit`]", "&touch hit&", "|touch hit", ">x", "<x", "2", "12",
	"\\2",
	"=", "a=b", "=ls", "%1", "%s", "\\0", "\\n", "\\\\", "!!", "!t", "^a^b",
	"\x80", "\xff\xfe", "\xc3", "\xc3\xa9", "\xe2\x80\xa8", "\r", "\t",
	"\x01", "\x7f", "\x1b[31m", "<<EOF", "EOF", ")", "}", "));touch hit;((",
	"};touch hit;{", "\\`touch hit\\`", "\\$(touch hit)",
	"'\\\ntouch hit\n'",
	"*/", ";;", "esac", "if", "+(a)", "(N)", "(touch hit)", "@", "\"'\"'\"",
	"'\"'\"';touch hit;'", "\\\";touch hit;#", "'$(touch hit)'",
};

static void make_value(struct buf *out, unsigned i)
{
	unsigned n = 1 + pick(6);

	buf_reset(out);
	if (i < sizeof(hostile) / sizeof(*hostile)) {
		buf_addstr(out, hostile[i]);
		return;
	}
	while (n-- > 0) {
		unsigned what = pick(4);

		if (what == 0)
			buf_addch(out, (char)(1 + pick(255)));
		else if (what == 1)
			buf_addch(out, (char)(' ' + pick(95)));
		else
			buf_addstr(out, hostile[pick(sizeof(hostile) /
						     sizeof(*hostile))]);
	}
}

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/* Running */

/* Everything the shell writes to fd. */
static void read_all(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = fd_read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
}

/* The child: in dir, with nothing of the user's around it. */
static void exec_shell(const struct shell *sh, const char *dir,
		       const char *locale, const char *script)
{
	const char *argv[8];
	int n = 0;

	if (chdir(dir) < 0)
		_exit(126);
	setenv("LC_ALL", locale, 1);
	setenv("HOME", "/nonexistent", 1);
	setenv("ZDOTDIR", "/nonexistent", 1);
	argv[n++] = sh->name;
	if (sh->option)
		argv[n++] = sh->option;
	argv[n++] = "-c";
	argv[n++] = script;
	argv[n] = NULL;
	execvp(sh->name, (char **)argv);
	_exit(127);
}

/* Runs script; what it prints goes to out, what it complains to nowhere. */
static void run_shell(const struct shell *sh, const char *dir,
		      const char *locale, const char *script, struct buf *out)
{
	int ends[2];
	pid_t pid;

	buf_reset(out);
	if (!CHECK(fd_pipe(ends) == 0))
		return;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(ends[1], 1);
		dup2(null, 2);
		exec_shell(sh, dir, locale, script);
	}
	close(ends[1]);
	read_all(ends[0], out);
	close(ends[0]);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

/* Empties dir; true when no file had that name, or for NULL none was there. */
static bool has_none(const char *dir, const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool is_found = false;

	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		is_found |= !name || strcmp(e->d_name, name) == 0;
		CHECK(unlinkat(dirfd(d), e->d_name, 0) == 0);
	}
	closedir(d);
	return !is_found;
}

static char *make_dir(void)
{
	struct buf dir = BUF_INIT;

	buf_addf(&dir, "%s/work", tap_tmpdir());
	CHECK(mkdir(dir.data, 0700) == 0);
	return buf_take(&dir);
}

/* A script under construction and what it has to print. */
struct batch {
	const struct shell *sh;
	const struct frame *frame;
	struct template *template;
	const char *locale;
	char *dir;
	struct buf script;
	struct buf want;
	unsigned ran;
	unsigned refused;
};

static void run_batch(struct batch *b)
{
	struct buf got = BUF_INIT;

	run_shell(b->sh, b->dir, b->locale, b->script.data, &got);
	if (!CHECK_MEM(got.data, got.len, b->want.data, b->want.len))
		fprintf(stderr, "# %s\n", b->script.data);
	CHECK(has_none(b->dir, NULL));
	buf_reset(&b->script);
	buf_reset(&b->want);
	buf_release(&got);
}

static void expect(struct batch *b, const char *value)
{
	const struct frame *f = b->frame;

	buf_addstr(&b->want, f->before);
	if (f->what != PRINTS_NONE)
		buf_addstr(&b->want, value);
	buf_addstr(&b->want, f->after ? f->after : value);
	buf_addch(&b->want, '\0');
}

static void add_value(struct batch *b, char *value)
{
	struct template_args args = { .values = &value, .n = 1 };
	struct buf err = BUF_INIT;
	size_t mark = b->script.len;

	if (template_expand(b->template, &args, &b->script, &err) < 0) {
		CHECK(err.len > 0);
		CHECK_UINT(b->script.len, mark);
		b->refused++;
	} else {
		buf_addch(&b->script, '\n');
		expect(b, value);
		b->ran++;
	}
	buf_release(&err);
	if (b->script.len > SCRIPT_MAX)
		run_batch(b);
}

static bool is_fit(const struct batch *b, const char *value)
{
	if (b->sh->is_ascii)
		for (const char *s = value; *s; s++)
			if (*s & 0x80)
				return false;
	return b->frame->what != TAKES_NUMBERS || is_number(value) ||
	       value[strcspn(value, "$`'\"[](){};&|\n\\")];
}

static void add_values(struct batch *b)
{
	struct buf value = BUF_INIT;
	unsigned fixed = sizeof(hostile) / sizeof(*hostile);

	for (unsigned i = 0; i < fixed + VALUES; i++) {
		make_value(&value, i);
		if (is_fit(b, value.data))
			add_value(b, value.data);
	}
	run_batch(b);
	buf_release(&value);
}

static void run_frame(enum shell_id id, enum frame_id frame)
{
	static const char *const locales[] = { "C", "C.UTF-8" };
	struct template_opts opts = { .shell = shells[id].kind };
	struct buf err = BUF_INIT;
	struct batch b = {
		.sh = &shells[id], .frame = &frames[frame],
		.script = BUF_INIT, .want = BUF_INIT,
	};

	b.dir = make_dir();
	b.template = template_new(b.frame->text, &opts, &err);
	CHECK_STR(err.data, "");
	random_state = 88172645463325252 + frame;
	/* Each shell sees both, and so does each frame. */
	b.locale = locales[(id + frame) % 2];
	if (b.template)
		add_values(&b);
	CHECK(b.ran > 0);
	CHECK((b.refused > 0) == (b.frame->what == TAKES_NUMBERS));
	template_free(b.template);
	free(b.dir);
	buf_release(&b.script);
	buf_release(&b.want);
	buf_release(&err);
}

/* Commands at random */

static void add_command(struct buf *out, unsigned depth);

static void add_word(struct buf *out, unsigned depth)
{
	static const char *const plain[] = {
		"a", "-x", "$x", "$1", "{}", "{}", "{}", "\\a", "[a]", "x[",
		"=", "${x}", "~", "\\\n", "a#", "$$", "$x:", "\\'", "\\\"",
	};
	static const char *const around[][2] = {
		{ "'", "'" }, { "\"", "\"" }, { "$'", "'" }, { "${y:-", "}" },
		{ "${x#", "}" }, { "\"${y:-", "}\"" }, { "$((1+", "))" },
		{ "\"$x[", "]\"" }, { "a[", "]" },
	};
	static const char *const program[][2] = {
		{ "$(", ")" }, { "\"$(", ")\"" }, { "`", "`" },
		{ "\"`", "`\"" }, { "\"${y:-$(", ")}\"" },
		{ "$( (", ") )" }, { "$((", "); :)" },
	};
	unsigned n;

	switch (depth ? pick(4) : 0) {
	case 0:
	case 1:
		buf_addstr(out, plain[pick(sizeof(plain) / sizeof(*plain))]);
		break;
	case 2:
		n = pick(sizeof(around) / sizeof(*around));
		buf_addstr(out, around[n][0]);
		for (unsigned i = pick(3) + 1; i-- > 0;)
			add_word(out, depth - 1);
		buf_addstr(out, around[n][1]);
		break;
	default:
		n = pick(sizeof(program) / sizeof(*program));
		buf_addstr(out, program[n][0]);
		add_command(out, depth - 1);
		buf_addstr(out, program[n][1]);
	}
}

static void add_command(struct buf *out, unsigned depth)
{
	static const char *const begin[] = {
		": ", ": ", ": ", "echo ", "cat <<E\n", "cat <<< ", "x=", "((",
		"[[ ", "( : ", "# ", "case a in a) : ", "a[1]=", ": >&2",
		"{ : ", ": #", "! : ", ": x#", ": >&", "if : ", "for i in ",
		": <(: ", "a=(", ": 2>/dev/null ", "a[x]+=",
	};
	static const char *const end[] = {
		"", "", "", "", "\nE\n", "", "", "))", " -eq 1 ]]", ")", "\n:",
		";; esac", "", "", "; }", "\n", "", "", "",
		"; then :; fi", "; do :; done", ")", ")", "", "",
	};
	unsigned which = pick(sizeof(begin) / sizeof(*begin));

	buf_addstr(out, begin[which]);
	for (unsigned n = pick(4); n-- > 0;) {
		add_word(out, depth);
		if (pick(3))
			buf_addch(out, ' ');
	}
	buf_addstr(out, end[which]);
	if (pick(3) == 0) {
		buf_addch(out, pick(2) ? ';' : '\n');
		add_command(out, depth);
	}
}

/* Takes a byte out, doubles one or puts another in. */
static void mutate(struct buf *text)
{
	static const char signs[] = "'\"`$(){}[]#\\<;\n &|!:";
	size_t at = pick((unsigned)text->len + 1);
	struct buf out = BUF_INIT;
	unsigned how = pick(4);

	if (how == 3)
		return;
	buf_add(&out, text->data, at);
	if (how > 0)
		buf_addch(&out, signs[pick(sizeof(signs) - 1)]);
	if (how < 2 && at < text->len)
		at++;
	buf_add(&out, text->data + at, text->len - at);
	buf_release(text);
	*text = out;
}

/* Whatever the command, these must not get at the shell through it. */
static const char *const weapons[] = {
	"$(touch hit)", "`touch hit`", "';touch hit;'", "\";touch hit;\"",
	"\ntouch hit\n", ";touch hit;#", "a[$(touch hit)]", ");touch hit;(",
	"};touch hit;{", "\\';touch hit;:'", "\\\";touch hit;:\"",
	"'`touch hit`'", "\"$(touch hit)\"", "))\ntouch hit\n((",
	"E\ntouch hit\n", "'\ntouch hit\n'", "(touch hit)", "{touch,hit}",
	"&touch hit&", "'$(touch hit)'\"$(touch hit)\"",
};

/* Runs script and ends whatever it left running. */
static void run_briefly(const struct shell *sh, const char *dir,
			const char *script)
{
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		setpgid(0, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		alarm((unsigned)(2 * tap_slow()));
		exec_shell(sh, dir, "C", script);
	}
	setpgid(pid, pid);
	CHECK(waitpid(pid, NULL, 0) == pid);
	kill(-pid, SIGKILL);
}

static void attack(const struct shell *sh, const char *dir,
		   const struct template *t, unsigned weapon)
{
	char *value = xstrdup(weapons[weapon]);
	struct template_args args = { .values = &value, .n = 1 };
	struct buf script = BUF_INIT;
	struct buf err = BUF_INIT;

	buf_addstr(&script, "x=7\n");
	if (template_expand(t, &args, &script, &err) == 0) {
		run_briefly(sh, dir, script.data);
		/* What csh makes of 2>&1 is a file as well. */
		if (!CHECK(has_none(dir, "hit")))
			fprintf(stderr, "# %s\n", script.data);
	}
	free(value);
	buf_release(&script);
	buf_release(&err);
}

/* "x ()", with which zsh makes x and every word before it a function. */
static bool defines_function(const char *text)
{
	const char *paren = text;

	while ((paren = strchr(paren, '('))) {
		paren++;
		if (paren[strspn(paren, " \t\n\\")] == ')')
			return true;
	}
	return false;
}

static void run_random(enum shell_id id)
{
	const char *more = getenv("MUSTER_TEST_TEMPLATES");
	unsigned n = more ? (unsigned)atoi(more) : TEMPLATES;
	struct template_opts opts = { .shell = shells[id].kind };
	struct buf text = BUF_INIT;
	struct buf err = BUF_INIT;
	char *dir = make_dir();
	unsigned made = 0;

	random_state = 362436069 + n;
	for (unsigned i = 0; i < n; i++) {
		struct template *t;

		buf_reset(&text);
		buf_addstr(&text, ": ");
		add_command(&text, 3);
		mutate(&text);
		buf_addstr(&text, "\n: {}");
		buf_reset(&err);
		if (defines_function(text.data))
			continue;
		t = template_new(text.data, &opts, &err);
		if (t) {
			attack(&shells[id], dir, t, pick(sizeof(weapons) /
							  sizeof(*weapons)));
			made++;
		}
		template_free(t);
	}
	CHECK(made > n / 20);
	free(dir);
	buf_release(&text);
	buf_release(&err);
}

/* Cases */

#define FRAME_RUN(sh, id, ...)						\
	static void sh##_##id(void)					\
	{								\
		run_frame(sh, FRAME_##id);				\
	}
#define FRAME_CASE(sh, id, ...)	{ #sh ": " #id, sh##_##id },
#define SHELL_RUNS(sh)							\
	FRAMES(FRAME_RUN, sh)						\
	static void sh##_random(void)					\
	{								\
		run_random(sh);						\
	}
#define SHELL_CASES(sh)							\
	[sh] = { FRAMES(FRAME_CASE, sh)					\
		 { #sh ": random commands", sh##_random } },

SHELL_RUNS(dash)
SHELL_RUNS(bash)
SHELL_RUNS(bash_sh)
SHELL_RUNS(zsh)
SHELL_RUNS(fish)
SHELL_RUNS(tcsh)
SHELL_RUNS(csh)
SHELL_RUNS(ksh)
SHELL_RUNS(ksh93)
SHELL_RUNS(mksh)
SHELL_RUNS(yash)
SHELL_RUNS(busybox)

static const struct tap_case all_cases[SHELLS][FRAME_COUNT + 1] = {
	SHELL_CASES(dash)
	SHELL_CASES(bash)
	SHELL_CASES(bash_sh)
	SHELL_CASES(zsh)
	SHELL_CASES(fish)
	SHELL_CASES(tcsh)
	SHELL_CASES(csh)
	SHELL_CASES(ksh)
	SHELL_CASES(ksh93)
	SHELL_CASES(mksh)
	SHELL_CASES(yash)
	SHELL_CASES(busybox)
};

static bool is_installed(const char *name)
{
	char *path = xstrdup(getenv("PATH") ? getenv("PATH") : "");
	char *rest = path;
	bool found = false;
	char *dir;

	while (!found && (dir = strsep(&rest, ":"))) {
		struct buf file = BUF_INIT;

		buf_addf(&file, "%s/%s", dir, name);
		found = access(file.data, X_OK) == 0;
		buf_release(&file);
	}
	free(path);
	return found;
}

int main(int argc, char **argv)
{
	struct tap_case *cases = xcalloc(SHELLS * (FRAME_COUNT + 1),
					 sizeof(*cases));
	size_t n = 0;
	int ret;

	for (unsigned sh = 0; sh < SHELLS; sh++) {
		/* csh is often but another name. */
		if (!is_installed(shells[sh].name) ||
		    (sh == csh && is_installed("tcsh")))
			continue;
		for (unsigned i = 0; i <= FRAME_COUNT; i++) {
			if (i == FRAME_COUNT ||
			    (frames[i].kinds & K(shells[sh].kind)))
				cases[n++] = all_cases[sh][i];
		}
	}
	ret = tap_main(cases, n, argc, argv);
	free(cases);
	return ret;
}
