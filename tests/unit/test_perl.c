/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_perl.c - the perl that runs expressions, and what stands in for one. */
#include <config.h>

#include "perl.h"

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/compiler.h"
#include "base/thread.h"
#include "input/eval.h"
#include "proc/child.h"
#include "proc/shell.h"
#include "proc/sigstate.h"
#include "proc/warden.h"
#include "tap.h"

extern char **environ;

#define THREADS	4
#define ROUNDS	50

static struct perl *start(const char *path, int64_t patience_ns)
{
	sigstate_setup();
	thread_setup();
	child_setup();
	return perl_new(&(struct perl_config){
		.path = path, .envp = environ, .patience_ns = patience_ns,
	});
}

static bool has_no_children(void)
{
	/* Elsewhere it comes with the first child. */
	warden_end();
	return waitpid(-1, NULL, WNOHANG) < 0;
}

/* Without a perl there is nothing to be tested but that it is missed. */
static bool has_perl(void)
{
	char path[PATH_MAX];

	return path_find("perl", getenv("PATH"), path, sizeof(path)) == 0;
}

static int ask(struct perl *p, const char *code, const char *value,
	       struct buf *out, unsigned *wishes, struct buf *err)
{
	char one[] = "one", two[] = "two";
	char *values[] = { one, two, NULL };
	char text[] = "a'b\"$c";
	char *texts[] = { text, NULL };
	struct eval_job job = {
		.value = value, .values = values, .n = 2,
		.seq = 7, .slot = 2, .total = 12, .most = 4,
		.texts = texts, .ntexts = 1,
	};

	return perl_eval(p)->ops->run(perl_eval(p), code, strlen(code), &job,
				      false, out, wishes, err);
}

static void gives(struct perl *p, const char *code, const char *value,
		  const char *want)
{
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	unsigned wishes = 0;

	if (CHECK_INT(ask(p, code, value, &out, &wishes, &err), 0))
		CHECK_STR(out.data, want);
	CHECK_STR(err.data, "");
	buf_release(&out);
	buf_release(&err);
}

static void fails(struct perl *p, const char *code, const char *why)
{
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	unsigned wishes = 0;

	CHECK_INT(ask(p, code, "v", &out, &wishes, &err), -1);
	CHECK_STR(err.data, why);
	CHECK_UINT(out.len, 0);
	buf_release(&out);
	buf_release(&err);
}

static void runs_perl(void)
{
	struct perl *p = start(getenv("PATH"), 0);

	if (!has_perl())
		goto out;
	gives(p, "$_ = join ',', sort split //", "cab", "a,b,c");
	gives(p, "$_ = seq().slot().total_jobs().max_jobs()", "", "72124");
	gives(p, "$_ = $job->seq . $arg[1] . $arg[-1] . $#arg", "", "7onetwo2");
	gives(p, "$_ = ${\\$muster::v[0]}", "", "a'b\"$c");
	gives(p, "$n .= $_; $_ = $n", "a", "a");
	gives(p, "$n .= $_; $_ = $n", "b", "ab");
	gives(p, "$_ = Q($_) . ::Q('c') # no end", "it's", "'it'\"'\"'s'c");
	gives(p, "undef $_", "a", "");
	gives(p, "$_ = chr 300", "a", "\xc4\xac");
	gives(p, "$_ = ref \\$job; system 'true'; $_ .= <STDIN>", "", "REF");
	gives(p, "$_ = defined $link ? 1 : 0", "", "0");
	fails(p, "die qq{no\\nyes\\n}", "perl: no");
	fails(p, "nothing()",
	      "perl: Undefined subroutine &Arg::nothing called");
	fails(p, "last", "perl: it was left by last or next");
	fails(p, "(", "perl: syntax error, at EOF");
	gives(p, "$_ = $n", "c", "ab");
out:
	perl_free(p);
}

static void takes_any_bytes(void)
{
	static const char all[] = "a\0b\nc\xff";
	struct perl *p = start(getenv("PATH"), 0);
	size_t n = (size_t)3 << 20;
	char *big = malloc(n + 1);
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	unsigned wishes = 0;

	if (!CHECK(big != NULL) || !has_perl())
		goto out;
	memset(big, 'x', n);
	big[n] = '\0';
	CHECK_INT(ask(p, "$_ .= 'y'; uq(); skip()", big, &out, &wishes, &err),
		  0);
	CHECK_UINT(out.len, n + 1);
	CHECK(memcmp(out.data, big, n) == 0 && out.data[n] == 'y');
	CHECK_INT(wishes, EVAL_UNQUOTED | EVAL_SKIP);
	buf_reset(&out);
	wishes = 0;
	CHECK_INT(ask(p, "$_ = \"a\\0b\\nc\\xff\"", "", &out, &wishes, &err),
		  0);
	CHECK_MEM(out.data, out.len, all, sizeof(all) - 1);
	CHECK_INT(wishes, 0);
out:
	free(big);
	buf_release(&out);
	buf_release(&err);
	perl_free(p);
}

static void says_how_it_ended(void)
{
	struct perl *p = start(getenv("PATH"), 0);

	if (has_perl()) {
		fails(p, "exit 3", "perl has ended with exit status 3");
		fails(p, "1", "perl has ended with exit status 3");
	}
	perl_free(p);
	p = perl_new(&(struct perl_config){
		.path = getenv("PATH"), .envp = environ });
	if (has_perl()) {
		fails(p, "kill 9, $$; sleep 1 while 1",
		      "perl was killed by SIGKILL");
		fails(p, "1", "perl was killed by SIGKILL");
	}
	perl_free(p);
	CHECK(has_no_children());
}

static struct perl *the_perl;
static atomic_uint right;

static void *many(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct buf out = BUF_INIT;
		struct buf err = BUF_INIT;
		struct buf want = BUF_INIT;
		unsigned wishes = 0;
		char value[40];

		snprintf(value, sizeof(value), "%u-%u", *(unsigned *)arg, i);
		buf_addf(&want, "<%s>", value);
		if (ask(the_perl, "$count++; $_ = qq{<$_>}", value, &out,
			&wishes, &err) == 0 && strcmp(out.data, want.data) == 0)
			atomic_fetch_add(&right, 1);
		buf_release(&out);
		buf_release(&err);
		buf_release(&want);
	}
	return NULL;
}

static void serves_threads(void)
{
	struct thread threads[THREADS];
	unsigned numbers[THREADS];

	the_perl = start(getenv("PATH"), 0);
	for (unsigned i = 0; has_perl() && i < THREADS; i++) {
		numbers[i] = i;
		if (!CHECK_INT(thread_start(&threads[i], 0, many, &numbers[i]),
			       0))
			return;
	}
	for (unsigned i = 0; has_perl() && i < THREADS; i++)
		thread_join(&threads[i]);
	if (has_perl()) {
		CHECK_UINT(atomic_load(&right), THREADS * ROUNDS);
		gives(the_perl, "$_ = $count", "", "200");
	}
	perl_free(the_perl);
}

/* A directory with a perl that is this script. */
static const char *fake_perl(const char *script)
{
	static char path[PATH_MAX];
	const char *dir = tap_tmpdir();
	FILE *f;

	snprintf(path, sizeof(path), "%s/perl", dir);
	f = fopen(path, "w");
	if (!CHECK(f != NULL))
		return dir;
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	CHECK_INT(chmod(path, 0755), 0);
	return dir;
}

static void does_not_wait_for_ever(void)
{
	struct perl *p = start(fake_perl("exec sleep 1000"), 2 * NS_PER_SEC);

	fails(p, "1", "perl gave no answer in 2 seconds");
	fails(p, "1", "perl gave no answer in 2 seconds");
	perl_free(p);
	CHECK(has_no_children());
}

static void *stop(void *arg)
{
	perl_stop(arg);
	return NULL;
}

/* Whether it comes before, while or after the other waits. */
static void can_be_stopped(void)
{
	struct perl *p = start(fake_perl("exec sleep 1000"), 0);
	struct thread t;

	if (CHECK_INT(thread_start(&t, 0, stop, p), 0)) {
		fails(p, "1", "the run is being stopped");
		thread_join(&t);
	}
	perl_free(p);
	CHECK(has_no_children());
}

static void understands_no_nonsense(void)
{
	struct perl *p = start(fake_perl("printf '\\0\\0\\0\\4wxyz' >&0\n"
					 "exec sleep 1000"), 0);

	fails(p, "1", "perl gave an answer that cannot be understood");
	perl_free(p);
	p = perl_new(&(struct perl_config){
		.path = fake_perl("printf '\\377aaaaaaa' >&0\n"
				  "exec sleep 1000"), .envp = environ });
	fails(p, "1", "perl gave an answer that cannot be understood");
	perl_free(p);
}

static void is_not_there(void)
{
	struct perl *p = start("/nonexistent:/nowhere", 0);
	struct buf err = BUF_INIT;

	CHECK_INT(perl_eval(p)->ops->check(perl_eval(p), "1", 1, &err), -1);
	CHECK_STR(err.data, "");
	CHECK(!eval_perl_is_used(perl_eval(p)));
	perl_stop(p);
	perl_free(p);
	perl_free(NULL);
	buf_release(&err);
}

static const struct tap_case cases[] = {
	{ "expressions are perl's", runs_perl },
	{ "values may be long and hold any byte", takes_any_bytes },
	{ "how perl ended is told again and again", says_how_it_ended },
	{ "several threads ask at once", serves_threads },
	{ "a perl that does not answer is ended", does_not_wait_for_ever },
	{ "who waits is woken by a stop", can_be_stopped },
	{ "an answer must make sense", understands_no_nonsense },
	{ "without perl there is no message", is_not_there },
};
TAP_MAIN(cases)
