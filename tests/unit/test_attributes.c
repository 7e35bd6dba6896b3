/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_attributes.c - a task's own settings, and where in a command line they
 * are looked for.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/num.h"
#include "input/attributes.h"
#include "tap.h"

static struct arena arena;
static struct attributes attrs;
static struct buf err = BUF_INIT;

static void clean(void)
{
	arena_release(&arena);
	buf_release(&err);
}

static size_t split_for(enum shell_kind shell, const char *line)
{
	memset(&attrs, 0, sizeof(attrs));
	buf_reset(&err);
	return attributes_split(&attrs, &arena, shell, line, strlen(line),
				&err);
}

/* The line has attributes behind this command. */
static void has(const char *line, const char *command)
{
	size_t len = split_for(SHELL_SH, line);

	CHECK_STR(err.data, "");
	if (CHECK(len <= strlen(line)))
		CHECK_MEM(line, len, command, strlen(command));
	CHECK(attrs.text != NULL);
}

/* It has none, and stays as it is. */
static void lacks(const char *line)
{
	CHECK_UINT(split_for(SHELL_SH, line), strlen(line));
	CHECK_STR(err.data, "");
	CHECK(attrs.text == NULL);
}

static void is_bad(const char *line, const char *message)
{
	CHECK_UINT(split_for(SHELL_SH, line), ATTRIBUTES_BAD);
	CHECK_STR(err.data, message);
}

/* The words behind the mark are. */
static void word_is_bad(const char *words, const char *message)
{
	struct buf line = BUF_INIT, want = BUF_INIT;

	buf_addf(&line, "c #muster: %s", words);
	buf_addf(&want, "#muster: %s", message);
	is_bad(line.data, want.data);
	buf_release(&line);
	buf_release(&want);
}

static void no_comment(void)
{
	lacks("");
	lacks("make docs");
	lacks("make # docs");
	lacks("make #muster");
	lacks("make #Muster: id=x");
	lacks("make # muster: id=x");
	lacks("#muster");
	lacks("#");
	lacks("########muster");
	clean();
}

static void command_before(void)
{
	has("make docs #muster: id=x", "make docs");
	has("make docs\t \t#muster: id=x", "make docs");
	has("  make; docs  #muster: id=x  ", "  make; docs");
	has("make docs #muster:id=x", "make docs");
	has("make #docs#muster:\n #muster: id=x", "make #docs#muster:");
	has("make & #muster: id=x", "make &");
	has("make\n#muster: id=x\n\n", "make");
	clean();
}

static void empty_comment(void)
{
	has("make #muster:", "make");
	has("make #muster: # no more", "make");
	CHECK_UINT(attrs.has, 0);
	CHECK(attrs.id == NULL);
	clean();
}

static void inside_of_something(void)
{
	lacks("echo '#muster: id=x'");
	lacks("echo ' #muster: id=x'");
	lacks("echo \" #muster: id=x\"");
	lacks("echo ' #muster: id=x");
	lacks("echo $( #muster: id=x");
	lacks("echo $(a #muster: id=x\n)");
	lacks("(a #muster: id=x\n)");
	lacks("echo ` #muster: id=x`");
	lacks("echo ${x #muster: id=x}");
	lacks("echo ${x#muster: id=x}");
	lacks("echo $((1 #muster: id=x))");
	lacks("# a comment #muster: id=x");
	lacks("make # a comment #muster: id=x");
	clean();
}

static void inside_of_a_word(void)
{
	lacks("echo a#muster: id=x");
	lacks("echo \\#muster: id=x");
	lacks("echo \\ #muster: id=x");
	lacks("echo ''#muster: id=x");
	lacks("echo \"\"#muster: id=x");
	lacks("echo $(a)#muster: id=x");
	lacks("echo $#muster: id=x");
	clean();
}

static void after_quotes(void)
{
	has("echo '#muster: a' #muster: id=x", "echo '#muster: a'");
	has("echo \"it's\" #muster: id=x", "echo \"it's\"");
	has("echo it\\'s #muster: id=x", "echo it\\'s");
	has("echo \"$(a \"b c\")\" #muster: id=x", "echo \"$(a \"b c\")\"");
	has("echo ${x#y} $((1 << 2)) `a` #muster: id=x",
	    "echo ${x#y} $((1 << 2)) `a`");
	has("(a; b) #muster: id=x", "(a; b)");
	has("if a; then b; fi #muster: id=x", "if a; then b; fi");
	clean();
}

static void here_documents(void)
{
	lacks("cat <<E\n #muster: id=x\nE");
	lacks("cat <<E\n'\nE\necho a #muster: id=x");
	lacks("cat <<E #muster: id=x");
	clean();
}

static void escaped_blank_stays(void)
{
	has("echo a\\  #muster: id=x", "echo a\\ ");
	has("echo a\\\\  #muster: id=x", "echo a\\\\");
	has("echo a\\\\\\  #muster: id=x", "echo a\\\\\\ ");
	clean();
}

static void not_at_the_end(void)
{
	lacks("a #muster: id=x\nb");
	lacks("for i in 1 2; do a; #muster: id=x\ndone");
	has("a #muster: id=x\nb #muster: id=y", "a #muster: id=x\nb");
	CHECK_STR(attrs.id, "y");
	clean();
}

static void doubtful(void)
{
	is_bad("a;#muster: id=x",
	       "#muster: this may be a comment or not, without a blank "
	       "before it (--no-attributes leaves it alone)");
	is_bad("echo $[1] #muster: id=x",
	       "#muster: this may be a comment or not, behind $[ "
	       "(--no-attributes leaves it alone)");
	clean();
}

static void other_shells(void)
{
	const char *line = "echo 'a\\' #muster: id='x";

	/* The quote is escaped for fish. */
	CHECK_UINT(split_for(SHELL_FISH, line), strlen(line));
	CHECK_UINT(split_for(SHELL_BASH, "a #muster: id=x"), 1);
	CHECK_UINT(split_for(SHELL_ZSH, "a #muster: id=x"), 1);
	CHECK_UINT(split_for(SHELL_KSH, "a #muster: id=x"), 1);
	CHECK_UINT(split_for(SHELL_FISH, "a #muster: id=x"), 1);
	CHECK_UINT(split_for(SHELL_CSH, "'a' #muster: id=x"), 3);
	clean();
}

static void all_keys(void)
{
	has("c #muster: id=a after=b,c after!=d after?=e,f priority=high "
	    "timeout=1.5m retries=3 retry-delay=1,2,1m cwd=/d env:A=1 "
	    "env:_b2=x=y stdin=in tag=t weight=0", "c");
	CHECK_UINT(attrs.has, ATTR_PRIORITY | ATTR_TIMEOUT | ATTR_RETRIES |
		   ATTR_RETRY_DELAY | ATTR_WEIGHT);
	CHECK_STR(attrs.id, "a");
	CHECK_INT(attrs.priority, 10);
	CHECK_INT(attrs.timeout_ns, 90 * NS_PER_SEC);
	CHECK_UINT(attrs.tries_max, 3);
	CHECK_INT(attrs.backoff.delay_ns, NS_PER_SEC);
	CHECK(attrs.backoff.factor == 2);
	CHECK_INT(attrs.backoff.max_ns, 60 * NS_PER_SEC);
	CHECK_STR(attrs.cwd, "/d");
	CHECK_STR(attrs.input, "in");
	CHECK_STR(attrs.tag, "t");
	CHECK_UINT(attrs.weight, 0);
	CHECK(!attrs.is_barrier);
	if (CHECK_UINT(attrs.nenv, 2)) {
		CHECK_STR(attrs.env[0], "A=1");
		CHECK_STR(attrs.env[1], "_b2=x=y");
		CHECK(attrs.env[2] == NULL);
	}
	clean();
}

static void all_ids(void)
{
	static const struct {
		const char *id;
		enum after_when when;
	} want[] = {
		{ "b", AFTER_SUCCESS }, { "c", AFTER_SUCCESS },
		{ "d", AFTER_END }, { "e", AFTER_FAILURE },
		{ "f", AFTER_FAILURE }, { "g", AFTER_SUCCESS },
	};

	has("c #muster: after=b,c after!=d after?=e,f after=g", "c");
	if (!CHECK_UINT(attrs.nafter, ARRAY_SIZE(want)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		CHECK_STR(attrs.after[i].id, want[i].id);
		CHECK_INT(attrs.after[i].when, want[i].when);
	}
	clean();
}

static void many_ids(void)
{
	struct buf line = BUF_INIT;

	buf_addstr(&line, "c #muster:");
	for (int i = 0; i < 1000; i++)
		buf_addf(&line, " after=id%d env:V%d=%d", i, i, i);
	has(line.data, "c");
	CHECK_UINT(attrs.nafter, 1000);
	CHECK_STR(attrs.after[0].id, "id0");
	CHECK_STR(attrs.after[999].id, "id999");
	CHECK_UINT(attrs.nenv, 1000);
	CHECK_STR(attrs.env[0], "V0=0");
	CHECK_STR(attrs.env[999], "V999=999");
	CHECK(attrs.env[1000] == NULL);
	buf_release(&line);
	clean();
}

static void quoted_values(void)
{
	has("c #muster: tag='a  b'", "c");
	CHECK_STR(attrs.tag, "a  b");
	has("c #muster: tag=\"a 'b' \\\"c\\\" \\x \\$d\"", "c");
	CHECK_STR(attrs.tag, "a 'b' \"c\" \\x $d");
	has("c #muster: tag=a\\ b\\'c", "c");
	CHECK_STR(attrs.tag, "a b'c");
	has("c #muster: tag='a'\"'\"'b'", "c");
	CHECK_STR(attrs.tag, "a'b");
	has("c #muster: 'tag=a b' id=x", "c");
	CHECK_STR(attrs.tag, "a b");
	CHECK_STR(attrs.id, "x");
	has("c #muster: tag=$HOME", "c");
	CHECK_STR(attrs.tag, "$HOME");
	has("c #muster: tag=", "c");
	CHECK_STR(attrs.tag, "");
	has("c #muster: tag=a#b env:X='#' # tag=c", "c");
	CHECK_STR(attrs.tag, "a#b");
	has("c #muster: id=a #muster: tag=b", "c");
	CHECK_STR(attrs.id, "a");
	CHECK_STR(attrs.tag, "b");
	clean();
}

static void text_as_it_was(void)
{
	has("c   #muster: tag='a  b'  id=x # y  \n", "c");
	CHECK_STR(attrs.text, "#muster: tag='a  b'  id=x # y");
	clean();
}

static void barriers(void)
{
	has("#muster: barrier", "");
	CHECK(attrs.is_barrier);
	has("  #muster: barrier # all of it", "");
	CHECK(attrs.is_barrier);
	word_is_bad("barrier", "barrier: has to stand on a line of its own");
	is_bad("#muster: barrier id=x",
	       "#muster: barrier: has to stand on a line of its own");
	word_is_bad("barrier=1", "barrier: takes no value");
	is_bad("#muster: id=x", "#muster: there is no command before it");
	is_bad("#muster:", "#muster: there is no command before it");
	clean();
}

static void bad_numbers(void)
{
	word_is_bad("timeout=abc", "timeout: 'abc' is not a time (such as 90, "
		    "1.5m or 2h)");
	word_is_bad("timeout=-1", "timeout: '-1' is not a time (such as 90, "
		    "1.5m or 2h)");
	word_is_bad("timeout=10%", "timeout: '10%' is not a time (such as 90, "
		    "1.5m or 2h)");
	word_is_bad("timeout=", "timeout: '' is not a time (such as 90, 1.5m "
		    "or 2h)");
	word_is_bad("timeout=999999999d",
		    "timeout: '999999999d' is too large");
	word_is_bad("priority=hi", "priority: 'hi' is not low, normal, high "
		    "or a whole number from -1000 to 1000");
	word_is_bad("priority=1001", "priority: '1001' is not low, normal, "
		    "high or a whole number from -1000 to 1000");
	word_is_bad("retries=-1",
		    "retries: '-1' is not a whole number from 0 on");
	word_is_bad("retries=1.5",
		    "retries: '1.5' is not a whole number from 0 on");
	word_is_bad("retries=99999999999999999999",
		    "retries: '99999999999999999999' is too large");
	word_is_bad("weight=x", "weight: 'x' is not a whole number from 0 on");
	word_is_bad("weight=1000001", "weight: '1000001' is too large");
	word_is_bad("retry-delay=1,0.5", "retry-delay: '1,0.5' is not "
		    "TIME[,FACTOR[,MAX]] (such as 2, 1s,2 or 500ms,1.5,1m)");
	clean();
}

static void bad_strings(void)
{
	word_is_bad("id=", "id: empty, where an id should be");
	word_is_bad("id=a,b",
		    "id: 'a,b' has a comma, which stands between ids");
	word_is_bad("after=a,,b", "after: empty, where an id should be");
	word_is_bad("after?=a,", "after?: empty, where an id should be");
	word_is_bad("cwd=", "cwd: empty, where a directory should be");
	word_is_bad("stdin=", "stdin: empty, where a file should be");
	word_is_bad("env:=x", "env:: has to be env: and a name of letters, "
		    "digits and _");
	word_is_bad("env:1A=x", "env:1A: has to be env: and a name of "
		    "letters, digits and _");
	word_is_bad("env:A-B=x", "env:A-B: has to be env: and a name of "
		    "letters, digits and _");
	clean();
}

static void bad_words(void)
{
	word_is_bad("timout=3",
		    "unknown attribute 'timout' (did you mean 'timeout'?)");
	word_is_bad("quux=3", "unknown attribute 'quux'");
	word_is_bad("quux", "unknown attribute 'quux'");
	word_is_bad("barier",
		    "unknown attribute 'barier' (did you mean 'barrier'?)");
	word_is_bad("id", "id: needs a value (id=...)");
	word_is_bad("env:X", "env:X: needs a value (env:X=...)");
	word_is_bad("tag='a", "tag: a quote without its end");
	word_is_bad("tag=\"a\\\"", "tag: a quote without its end");
	word_is_bad("'tag", "a quote without its end");
	clean();
}

static void given_twice(void)
{
	word_is_bad("id=a id=a", "id: given twice");
	word_is_bad("timeout=1 timeout=0", "timeout: given twice");
	word_is_bad("priority=0 priority=0", "priority: given twice");
	word_is_bad("retries=0 retries=0", "retries: given twice");
	word_is_bad("retry-delay=0 retry-delay=0",
		    "retry-delay: given twice");
	word_is_bad("weight=0 weight=0", "weight: given twice");
	word_is_bad("cwd=a cwd=b", "cwd: given twice");
	word_is_bad("stdin=a stdin=b", "stdin: given twice");
	word_is_bad("tag= tag=", "tag: given twice");
	word_is_bad("env:A=1 env:AB=2 env:A=1", "env:A: given twice");
	clean();
}

/* Others may name it, and must not be told that it is unknown. */
static void id_behind_a_mistake(void)
{
	word_is_bad("timeout=x id=a weight=y",
		    "timeout: 'x' is not a time (such as 90, 1.5m or 2h)");
	CHECK_STR(attrs.id, "a");
	clean();
}

static void long_value(void)
{
	struct buf line = BUF_INIT;

	buf_addstr(&line, "c #muster: timeout=");
	for (int i = 0; i < 100000; i++)
		buf_addch(&line, 'x');
	CHECK_UINT(split_for(SHELL_SH, line.data), ATTRIBUTES_BAD);
	CHECK(err.len < 400);
	CHECK(strstr(err.data, "xxx...' is not a time") != NULL);
	buf_release(&line);
	clean();
}

static void priority_words(void)
{
	int p = 5;

	CHECK_INT(attributes_priority("low", &p), 0);
	CHECK_INT(p, -10);
	CHECK_INT(attributes_priority("normal", &p), 0);
	CHECK_INT(p, 0);
	CHECK_INT(attributes_priority("-1000", &p), 0);
	CHECK_INT(p, -1000);
	CHECK_INT(attributes_priority("1001", &p), -1);
	CHECK_INT(attributes_priority("", &p), -1);
	CHECK_INT(attributes_priority("High", &p), -1);
	CHECK_INT(p, -1000);
}

static const struct tap_case cases[] = {
	{ "most lines have none", no_comment },
	{ "the command is what is before it", command_before },
	{ "an empty comment sets nothing", empty_comment },
	{ "none in quotes, parentheses and other comments",
	  inside_of_something },
	{ "none within a word", inside_of_a_word },
	{ "behind quotes and parentheses", after_quotes },
	{ "none in a here-document", here_documents },
	{ "an escaped blank belongs to the command", escaped_blank_stays },
	{ "only at the very end", not_at_the_end },
	{ "what may be a comment or not is an error", doubtful },
	{ "each kind of shell has its own quotes", other_shells },
	{ "all keys", all_keys },
	{ "ids and what is waited for", all_ids },
	{ "a thousand ids and variables", many_ids },
	{ "values are quoted as in the shell", quoted_values },
	{ "the comment as it was", text_as_it_was },
	{ "barriers", barriers },
	{ "bad numbers", bad_numbers },
	{ "bad strings", bad_strings },
	{ "bad words", bad_words },
	{ "what is no list is given once", given_twice },
	{ "the id counts behind a mistake", id_behind_a_mistake },
	{ "a message is never long", long_value },
	{ "words for priorities", priority_words },
};
TAP_MAIN(cases)
