/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_ledger.c - journals read back.
 *
 * Most journals here are written as short words, a record each:
 *	run, again, failed		headers: resume no, all, failed
 *	s1=a	job 1, of key a, starts
 *	e1=a	ends with 0; f1=a with 1; k1=a was killed; r1=a is retried
 *	o1@5	its output ends at 5
 *	E1=a@7	as e1=a, and what it printed is kept: 3 bytes from 7 on; F1=a@7
 *		as f1=a; N1=a: nothing was printed
 *	K1=a@7	job 1 has taken over what a job of key a had kept
 * A header with a number behind it has an output that begins there: run0. Its
 * output is kept in the file "m", or, with x behind the number, in "x".
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/kept.h"
#include "base/mem.h"
#include "input/ledger.h"
#include "tap.h"

static char path[4096];
static struct buf err = BUF_INIT;

static struct ledger *ledger_of(const char *text, size_t len)
{
	int fd;

	snprintf(path, sizeof(path), "%s/journal", tap_tmpdir());
	fd = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	CHECK(fd >= 0);
	CHECK(fd_write_all(fd, text, len) == 0);
	fd_close(&fd);
	buf_reset(&err);
	return ledger_new(path, &err);
}

static void add_header(struct buf *out, const char *resume, const char *offset)
{
	buf_addf(out, "{\"event\":\"run\",\"format\":1,\"version\":\"1\","
		 "\"resume\":\"%s\",\"stages\":1", resume);
	if (*offset)
		buf_addf(out, ",\"output\":\"/o\",\"offset\":%d,"
			 "\"kept\":\"%s\"", atoi(offset),
			 strchr(offset, 'x') ? "x" : "m");
	buf_addstr(out, "}\n");
}

static void add_job(struct buf *out, const char *word)
{
	static const char *const ends[] = {
		['e'] = "\"end\":\"exited\",\"status\":0",
		['f'] = "\"end\":\"exited\",\"status\":1",
		['k'] = "\"end\":\"killed\",\"status\":255",
		['r'] = "\"end\":\"exited\",\"status\":1,\"again\":true",
		['E'] = "\"end\":\"exited\",\"status\":0",
		['F'] = "\"end\":\"exited\",\"status\":1",
		['N'] = "\"end\":\"exited\",\"status\":0",
		['K'] = "\"slot\":3,\"status\":0",
	};
	const char *at = strchr(word, '@');
	int job = atoi(word + 1);
	const char *rest = word + 1 + strspn(word + 1, "0123456789") + 1;

	if (*word == 'o') {
		buf_addf(out, "{\"event\":\"out\",\"job\":%d,\"offset\":%s}\n",
			 job, rest);
		return;
	}
	buf_addf(out, "{\"event\":\"%s\",\"job\":%d,\"try\":1,\"key\":"
		 "\"%030d%02x\",", *word == 's' ? "start"
		 : *word == 'K' ? "kept" : "end", job, 0,
		 (unsigned char)*rest);
	if (*word == 's')
		buf_addf(out, "\"slot\":3,\"command\":\"run %s\"", rest);
	else
		buf_addstr(out, ends[(unsigned char)*word]);
	if (at)
		buf_addf(out, ",\"kept\":[1,1,%s,3,5]", at + 1);
	buf_addstr(out, *word == 'N' ? ",\"kept\":[]}\n" : "}\n");
}

static void add_word(struct buf *out, const char *word)
{
	if (strncmp(word, "run", 3) == 0)
		add_header(out, "no", word + 3);
	else if (strncmp(word, "again", 5) == 0)
		add_header(out, "all", word + 5);
	else if (strncmp(word, "failed", 6) == 0)
		add_header(out, "failed", word + 6);
	else
		add_job(out, word);
}

static void add_words(struct buf *out, const char *words)
{
	char *copy = xstrdup(words);

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		add_word(out, word);
	free(copy);
}

static struct ledger *ledger_words(const char *words)
{
	struct buf text = BUF_INIT;
	struct ledger *l;

	add_words(&text, words);
	l = ledger_of(text.data, text.len);
	CHECK_STR(err.data, "");
	buf_release(&text);
	return l;
}

static enum ledger_end take(struct ledger *l, char key)
{
	unsigned char bytes[LEDGER_KEY_BYTES] = { 0 };
	const struct kept *kept;

	bytes[LEDGER_KEY_BYTES - 1] = (unsigned char)key;
	return ledger_take(l, bytes, &kept);
}

/* For each letter of keys what one takes: + done, - failed, ? undone, and
 * a blank: not there. */
static void check_words(const char *words, const char *keys, const char *want)
{
	static const char shown[] = {
		[LEDGER_NONE] = ' ', [LEDGER_SUCCEEDED] = '+',
		[LEDGER_FAILED] = '-', [LEDGER_UNDONE] = '?',
	};
	struct ledger *l = ledger_words(words);
	struct buf got = BUF_INIT;

	if (!CHECK(l != NULL))
		return;
	for (; *keys; keys++)
		buf_addch(&got, shown[take(l, *keys)]);
	if (!CHECK_STR(got.data, want))
		CHECK_STR(words, "");
	CHECK_INT(ledger_left(l), 0);
	buf_release(&got);
	ledger_free(l);
}

static void ends(void)
{
	check_words("run s1=a e1=a s2=b f2=b s3=c k3=c s4=d", "abcde",
		    "+-?? ");
	check_words("run s1=a r1=a", "a", "?");
	check_words("run s1=a r1=a s1=a e1=a", "a", "+");
	/* Never started. */
	check_words("run k1=a", "a", " ");
	check_words("", "a", " ");
	check_words("run", "a", " ");
}

static void same_keys(void)
{
	check_words("run s1=a s2=a e2=a e1=a s3=a f3=a s4=a", "aaaaa",
		    "++-? ");
}

static void several_runs(void)
{
	/* Only the last account counts. */
	check_words("run s1=a e1=a run s1=b e1=b", "ab", " +");
	check_words("run s1=a e1=a again s1=b e1=b", "ab", "++");
	/* What was undone is done by the next run. */
	check_words("run s1=a again s1=a e1=a", "aa", "+ ");
	check_words("run s1=a s2=a again s1=a e1=a", "aaa", "+? ");
	check_words("run s1=a again s1=a again s1=a", "aa", "? ");
	/* A failure stays, unless it is run again. */
	check_words("run s1=a f1=a again s2=a e2=a", "aaa", "+- ");
	check_words("run s1=a f1=a failed s1=a e1=a", "aa", "+ ");
	check_words("run s1=a f1=a failed s1=a f1=a", "aa", "- ");
	check_words("run s1=a f1=a failed s1=a", "aa", "? ");
	check_words("run s1=a f1=a failed", "aa", "- ");
	check_words("run s1=a f1=a s2=a f2=a failed s1=a e1=a s2=a e2=a",
		    "aaa", "++ ");
}

static void outputs(void)
{
	/* Done when it is there. */
	check_words("run0 s1=a e1=a s2=b e2=b o1@5", "ab", "+?");
	check_words("run0 s1=a f1=a o1@5", "a", "-");
	check_words("run0 s1=a o1@5 e1=a", "a", "?");
	/* Behind what is undone nothing counts. */
	check_words("run0 s1=a s2=b s3=c e1=a k2=b e3=c o1@1 o2@2 o3@3",
		    "abc", "+??");
	/* The next run began where the file was shorter. */
	check_words("run0 s1=a e1=a o1@4 s2=b e2=b o2@8 again4", "ab", "+?");
	check_words("run0 s1=a e1=a o1@4 s2=b e2=b o2@8 again4 s2=b e2=b o2@8",
		    "ab", "++");
	check_words("run0 s1=a e1=a o1@4 s2=b e2=b o2@8 again4 s2=b", "ab",
		    "+?");
	check_words("run0 s1=a f1=a o1@4 failed0 s1=a e1=a o1@4", "aa", "+ ");
}

static void kept(void)
{
	/* Done, though not in its place; or when nothing was printed. */
	check_words("run0 s1=a s2=b E2=b@7 s3=c F3=c@9 s4=d N4=d", "abcd",
		    "?+-+");
	/* The next run goes on with the same file, or does not. */
	check_words("run0 s1=a E1=a@7 again0", "a", "+");
	check_words("run0 s1=a E1=a@7 again0x", "a", "?");
	check_words("run0 s1=a E1=a@7 again", "a", "?");
	check_words("run0 s1=a E1=a@7 run0", "a", " ");
	/* It takes it over, and writes it. */
	check_words("run0 s1=a E1=a@7 again0 K1=a@7", "aa", "+ ");
	check_words("run0 s1=a E1=a@7 again0 K1=a@7 o1@3", "aa", "+ ");
	check_words("run0 s1=a E1=a@7 again0 K1=a@7 again0 K1=a@7 o1@3",
		    "aa", "+ ");
	/* What nobody has kept can't be taken. */
	check_words("run0 s1=a again0 K1=a@7", "aa", "? ");
	/* A failure that is run again. */
	check_words("run0 s1=a F1=a@7 failed0 s1=a E1=a@9", "aa", "+ ");
	check_words("run0 s1=a F1=a@7 failed0 s1=a", "aa", "? ");
	/* Behind what is undone it is still kept. */
	check_words("run0 s1=a s2=b k1=a E2=b@7 o1@1 o2@4", "ab", "?+");
	check_words("run0 s1=a s2=b k1=a E2=b@7 o1@0 o2@3 again3", "ab", "?+");
	/* No rows of five numbers. */
	check_words("run0 s1=a E1=a@7,7", "a", "?");
	check_words("run0 s1=a E1=a@7,0", "a", "?");
}

static bool is_there(void *arg, const struct kept *k)
{
	return k->n == 1 && k->ranges[0].at == 7 && k->ranges[0].sum == 5 &&
	       *(uint64_t *)arg >= 10;
}

static void check_kept(const char *mark, uint64_t size, enum ledger_end want)
{
	static const char words[] = "run0 s1=a E1=a@7";
	const unsigned char key[LEDGER_KEY_BYTES] = { [15] = 'a' };
	struct ledger *l = ledger_words(words);
	const struct kept *k;

	if (!CHECK(l != NULL))
		return;
	ledger_trust_kept(l, mark, is_there, &size);
	CHECK_INT(ledger_has_kept(l), want == LEDGER_SUCCEEDED);
	CHECK_INT(ledger_left(l), 1);
	CHECK_INT(ledger_take(l, key, &k), want);
	if (want == LEDGER_SUCCEEDED && CHECK(k != NULL) &&
	    CHECK_UINT(k->n, 1)) {
		CHECK_UINT(k->ranges[0].at, 7);
		CHECK_UINT(k->ranges[0].len, 3);
		CHECK_UINT(k->slot, 3);
	}
	CHECK(!ledger_has_kept(l));
	CHECK_INT(ledger_left(l), 0);
	ledger_free(l);
}

static void trusts_kept(void)
{
	check_kept("m", 10, LEDGER_SUCCEEDED);
	check_kept("m", 9, LEDGER_UNDONE);
	check_kept("x", 10, LEDGER_UNDONE);
	check_kept(NULL, 10, LEDGER_UNDONE);
}

static void trusts(void)
{
	static const char words[] = "run0 s1=a e1=a o1@4 s2=b f2=b o2@8 "
		"s3=c e3=c o3@8 s4=d";
	static const struct {
		uint64_t size, whole;
		const char *want;
	} sizes[] = {
		{ UINT64_MAX, 8, "+-+?" }, { 9, 8, "+-+?" }, { 8, 8, "+-+?" },
		{ 7, 4, "+???" }, { 4, 4, "+???" }, { 3, 0, "????" },
		{ 0, 0, "????" },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		static const char shown[] = " +-?";
		struct ledger *l = ledger_words(words);
		char got[5] = "";

		if (!CHECK(l != NULL))
			return;
		CHECK_STR(ledger_output(l), "/o");
		CHECK_UINT(ledger_trust(l, sizes[i].size), sizes[i].whole);
		for (int k = 0; k < 4; k++)
			got[k] = shown[take(l, (char)('a' + k))];
		CHECK_STR(got, sizes[i].want);
		CHECK_INT(ledger_left(l), 0);
		ledger_free(l);
	}
}

/* Cut at each byte: what has whole records behind it is as without the rest,
 * and where the file is to be cut is told. */
static void cut_anywhere(void)
{
	struct buf text = BUF_INIT;

	add_words(&text, "run s1=a e1=a s2=b f2=b again s3=c e3=c s2=d");
	for (size_t len = 0; len <= text.len; len++) {
		struct ledger *l = ledger_of(text.data, len);
		size_t whole = len;
		struct buf part = BUF_INIT;

		if (!CHECK(l != NULL))
			return;
		while (whole && text.data[whole - 1] != '\n')
			whole--;
		CHECK_INT(ledger_size(l), (off_t)whole);
		buf_add(&part, text.data, whole);
		CHECK_INT(take(l, 'a'),
			  strstr(part.data, "\"status\":0") ? LEDGER_SUCCEEDED
			  : strstr(part.data, "run a") ? LEDGER_UNDONE
						       : LEDGER_NONE);
		CHECK_INT(ledger_has_run(l), whole > 0);
		buf_release(&part);
		ledger_free(l);
	}
	buf_release(&text);
}

static void check_bad(const char *text, size_t len, const char *want)
{
	struct ledger *l = ledger_of(text, len);
	struct buf whole = BUF_INIT;

	CHECK(l == NULL);
	buf_addf(&whole, "--journal: '%s'%s", path, want);
	CHECK_STR(err.data, whole.data);
	buf_release(&whole);
	ledger_free(l);
}

static void bad_lines(void)
{
	static const char *const bad[] = {
		"junk\n", "\n", "{}x\n",
		"{\"event\":\"start\",\"job\":1}\n",
		"{\"event\":\"start\",\"job\":-1,"
		"\"key\":\"00000000000000000000000000000000\"}\n",
		"{\"event\":\"start\",\"job\":1,\"key\":\"0000\"}\n",
		"{\"event\":\"start\",\"job\":1,"
		"\"key\":\"0000000000000000000000000000000g\"}\n",
		"{\"event\":\"end\",\"job\":1,"
		"\"key\":\"00000000000000000000000000000000\"}\n",
		"{\"event\":\"out\",\"job\":1}\n",
		"{\"event\":\"run\",\"format\":2}\n",
		"{\"event\":\"run\",\"format\":1,\"stages\":0}\n",
		"{\"event\":\"run\",\"format\":1,\"output\":\"x\"}\n",
	};
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ledger *l;

		buf_reset(&text);
		add_words(&text, "run s1=a");
		buf_addstr(&text, bad[i]);
		/* At the end it is what a crash has left. */
		l = ledger_of(text.data, text.len);
		if (CHECK(l != NULL))
			CHECK(ledger_size(l) ==
			      (off_t)(text.len - strlen(bad[i])));
		ledger_free(l);
		add_words(&text, "e1=a");
		check_bad(text.data, text.len,
			  ": line 3 is not a record of a journal");
	}
	buf_release(&text);
}

static void no_journals(void)
{
	check_bad("x", 1, " is not a journal");
	check_bad("Seq\tHost\n", 9, " is not a journal");
	check_bad("{\"event\":\"start\"}\n", 18, " is not a journal");
	check_bad("\0\0x", 3, " is not a journal");
	CHECK(ledger_new(tap_tmpdir(), &err) == NULL);
}

static void unknown_things(void)
{
	struct buf text = BUF_INIT;
	struct ledger *l;

	add_words(&text, "run s1=a");
	buf_addstr(&text, "{\"event\":\"weather\",\"is\":[{\"x\":1},5]}\n"
		   "{\"n\":null}\n"
		   "{\"new\":{\"status\":1},\"event\":\"end\",\"job\":1,"
		   "\"key\":\"00000000000000000000000000000061\","
		   "\"end\":\"exited\",\"status\":0,\"other\":[true]}\n");
	l = ledger_of(text.data, text.len);
	if (CHECK(l != NULL))
		CHECK_INT(take(l, 'a'), LEDGER_SUCCEEDED);
	ledger_free(l);
	buf_release(&text);
}

static void again(void)
{
	struct ledger *l = ledger_words("run s1=a e1=a s2=b f2=b s3=c f3=c "
					"s4=d failed s3=c e3=c s9=b f9=b");
	struct ledger_task t;

	if (!CHECK(l != NULL))
		return;
	ledger_task_init(&t);
	CHECK_INT(ledger_next(l, &t, &err), 1);
	CHECK_STR(t.command.data, "run b");
	CHECK_INT(ledger_next(l, &t, &err), 1);
	CHECK_STR(t.command.data, "run d");
	CHECK_INT(t.number, 4);
	CHECK(!t.is_bound);
	CHECK_INT(ledger_next(l, &t, &err), 0);
	ledger_task_release(&t);
	ledger_free(l);
}

static void texts(void)
{
	struct buf text = BUF_INIT;
	struct ledger_task t;
	struct ledger *l;

	add_words(&text, "run");
	buf_addstr(&text, "{\"event\":\"start\",\"job\":1,\"key\":"
		   "\"00000000000000000000000000000061\",\"command\":\"?\","
		   "\"command_hex\":\"ff0a\",\"cwd\":\"\\u20ac\","
		   "\"stdin\":\"in\",\"env\":[]}\n"
		   "{\"event\":\"start\",\"job\":2,\"key\":"
		   "\"00000000000000000000000000000062\",\"command\":"
		   "\"a\\u0000b\"}\n");
	l = ledger_of(text.data, text.len);
	if (!CHECK(l != NULL))
		return;
	ledger_task_init(&t);
	CHECK_INT(ledger_next(l, &t, &err), 1);
	CHECK_STR(t.command.data, "\xff\n");
	CHECK_STR(t.cwd.data, "\xe2\x82\xac");
	CHECK_STR(t.input.data, "in");
	CHECK(t.is_bound);
	/* A NUL can't be in a command. */
	CHECK_INT(ledger_next(l, &t, &err), -1);
	CHECK(strstr(err.data, "cannot read") != NULL);
	ledger_task_release(&t);
	ledger_free(l);
	buf_release(&text);
}

static void many(void)
{
	struct buf text = BUF_INIT;
	struct ledger *l;
	const int n = 20000;

	add_words(&text, "run");
	for (int i = 1; i <= n; i++)
		buf_addf(&text, "{\"event\":\"start\",\"job\":%d,\"key\":"
			 "\"%032x\"}\n", i, i / 2);
	for (int i = n; i > 0; i--)
		buf_addf(&text, "{\"event\":\"end\",\"job\":%d,\"key\":"
			 "\"%032x\",\"end\":\"exited\",\"status\":0}\n", i,
			 i / 2);
	l = ledger_of(text.data, text.len);
	if (CHECK(l != NULL))
		CHECK_INT(ledger_left(l), n);
	for (int i = 1; l && i <= n; i++) {
		unsigned char key[LEDGER_KEY_BYTES] = { 0 };
		const struct kept *kept;

		key[15] = (unsigned char)(i / 2);
		key[14] = (unsigned char)(i / 2 >> 8);
		CHECK_INT(ledger_take(l, key, &kept), LEDGER_SUCCEEDED);
	}
	if (l)
		CHECK_INT(ledger_left(l), 0);
	ledger_free(l);
	buf_release(&text);
}

/* Whatever stands there: an error or a ledger, and nothing that a sanitizer
 * would object to. */
static void any_bytes(void)
{
	static const char some[] = "{}[]\",:\\\n0e1-us\0\xff";
	uint64_t random = 88172645463325252U;
	struct buf whole = BUF_INIT, text = BUF_INIT;
	unsigned good = 0;

	add_words(&whole, "run0 s1=a e1=a o1@5 s2=b f2=b again5 s3=c s4=d");
	for (int i = 0; i < 4000; i++) {
		struct ledger_task t;
		struct ledger *l;

		buf_reset(&text);
		buf_add(&text, whole.data, whole.len);
		for (unsigned n = 0; n <= random % 3; n++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			text.data[random % text.len] =
				some[(random >> 32) % sizeof(some)];
		}
		l = ledger_of(text.data, text.len);
		CHECK((l == NULL) == (err.len > 0));
		if (!l)
			continue;
		good++;
		ledger_task_init(&t);
		ledger_trust(l, random % 10);
		for (char key = 'a'; key < 'c'; key++)
			take(l, key);
		while (ledger_next(l, &t, &err) == 1)
			;
		ledger_task_release(&t);
		ledger_free(l);
	}
	CHECK(good > 100);
	buf_release(&whole);
	buf_release(&text);
}

static const struct tap_case cases[] = {
	{ "how jobs ended", ends },
	{ "jobs of one key are counted", same_keys },
	{ "runs that resume others", several_runs },
	{ "jobs whose output goes to a file", outputs },
	{ "output that waits for its turn", kept },
	{ "another file than it is kept in", trusts_kept },
	{ "a file that is shorter", trusts },
	{ "a journal cut at each byte", cut_anywhere },
	{ "bad lines: at the end torn, else an error", bad_lines },
	{ "what is no journal", no_journals },
	{ "what is not known is passed over", unknown_things },
	{ "what can be run again", again },
	{ "commands of any bytes", texts },
	{ "20,000 jobs", many },
	{ "4,000 journals with random bytes in them", any_bytes },
};
TAP_MAIN(cases)
