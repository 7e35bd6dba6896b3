/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_term.c - term sequences and signal names. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "proc/term.h"
#include "tap.h"

static void names(void)
{
	CHECK_INT(signal_by_name("TERM"), SIGTERM);
	CHECK_INT(signal_by_name("SIGTERM"), SIGTERM);
	CHECK_INT(signal_by_name("term"), SIGTERM);
	CHECK_INT(signal_by_name("sigKill"), SIGKILL);
	CHECK_INT(signal_by_name("USR2"), SIGUSR2);
	CHECK_INT(signal_by_name("CONT"), SIGCONT);
}

static void numbers(void)
{
	CHECK_INT(signal_by_name("15"), SIGTERM);
	CHECK_INT(signal_by_name("9"), SIGKILL);
	CHECK_INT(signal_by_name("040"), 40);
	CHECK_INT(signal_by_name("0"), 0);
	CHECK_INT(signal_by_name("-9"), 0);
	CHECK_INT(signal_by_name("+9"), 0);
	CHECK_INT(signal_by_name("1000"), 0);
	CHECK_INT(signal_by_name("99999999999999999999"), 0);
}

static void no_names(void)
{
	CHECK_INT(signal_by_name(""), 0);
	CHECK_INT(signal_by_name("SIG"), 0);
	CHECK_INT(signal_by_name("SIGSIGTERM"), 0);
	CHECK_INT(signal_by_name("TERMX"), 0);
	CHECK_INT(signal_by_name(" TERM"), 0);
	CHECK_INT(signal_by_name("SIG9"), 0);
}

static void other_names(void)
{
#ifdef SIGIOT
	CHECK_INT(signal_by_name("IOT"), SIGABRT);
#endif
#ifdef SIGCLD
	CHECK_INT(signal_by_name("CLD"), SIGCHLD);
#endif
	CHECK_STR(signal_name(SIGABRT), "ABRT");
	CHECK_STR(signal_name(SIGCHLD), "CHLD");
}

static void shown(void)
{
	CHECK_STR(signal_name(SIGTERM), "TERM");
	CHECK_STR(signal_name(SIGKILL), "KILL");
	CHECK_STR(signal_name(SIGXFSZ), "XFSZ");
	CHECK_STR(signal_name(0), "0");
	CHECK_STR(signal_name(50), "50");
	CHECK_STR(signal_name(129), "129");
	CHECK_STR(signal_name(130), "?");
	CHECK_STR(signal_name(-1), "?");
}

static void names_go_both_ways(void)
{
	for (int sig = 1; sig < 64; sig++)
		CHECK_INT(signal_by_name(signal_name(sig)), sig);
}

static void default_sequence(void)
{
	struct term_seq s;

	CHECK_INT(term_seq_parse(TERM_SEQ_DEFAULT, &s), 0);
	CHECK_INT(s.n, 4);
	CHECK_INT(s.stage[0].signal, SIGTERM);
	CHECK_INT(s.stage[0].wait_ns, 200 * NS_PER_MS);
	CHECK_INT(s.stage[1].signal, SIGTERM);
	CHECK_INT(s.stage[1].wait_ns, 100 * NS_PER_MS);
	CHECK_INT(s.stage[2].signal, SIGTERM);
	CHECK_INT(s.stage[2].wait_ns, 50 * NS_PER_MS);
	CHECK_INT(s.stage[3].signal, SIGKILL);
	CHECK_INT(s.stage[3].wait_ns, 25 * NS_PER_MS);
}

static void mixed_sequence(void)
{
	struct term_seq s;

	CHECK_INT(term_seq_parse("sigint,0,15,86400000,Kill,1", &s), 0);
	CHECK_INT(s.n, 3);
	CHECK_INT(s.stage[0].signal, SIGINT);
	CHECK_INT(s.stage[0].wait_ns, 0);
	CHECK_INT(s.stage[1].signal, SIGTERM);
	CHECK_INT(s.stage[1].wait_ns, 86400 * NS_PER_SEC);
}

static void last_wait_left_out(void)
{
	struct term_seq s;

	CHECK_INT(term_seq_parse("KILL", &s), 0);
	CHECK_INT(s.n, 1);
	CHECK_INT(s.stage[0].wait_ns, 0);
	CHECK_INT(term_seq_parse("TERM,100,KILL", &s), 0);
	CHECK_INT(s.n, 2);
}

static void bad_sequences(void)
{
	static const char *const bad[] = {
		"", ",", "TERM,", "TERM,100,", ",100", "FOO,100", "TERM,x",
		"TERM,-1", "TERM,+1", "TERM,1.5", "TERM,100,KILL,25,",
		"TERM KILL", "TERM, 100", "0,100", "TERM,,KILL",
		"TERM,1,A-WORD-THAT-IS-MUCH-TOO-LONG-FOR-A-SIGNAL",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct term_seq s = { .n = 77 };

		errno = 0;
		if (!CHECK_INT(term_seq_parse(bad[i], &s), -1) ||
		    !CHECK_INT(errno, EINVAL) || !CHECK_INT(s.n, 77))
			CHECK_STR(bad[i], NULL);
	}
}

static void waits_too_long(void)
{
	struct term_seq s = { .n = 77 };

	errno = 0;
	CHECK_INT(term_seq_parse("TERM,86400001", &s), -1);
	CHECK_INT(errno, ERANGE);
	CHECK_INT(s.n, 77);
}

/* So many stages, the last without a wait. */
static int parse_stages(unsigned n, struct term_seq *s)
{
	struct buf text = BUF_INIT;
	int result;

	for (unsigned i = 0; i < n; i++)
		buf_addstr(&text, i ? ",1,TERM" : "TERM");
	result = term_seq_parse(text.data, s);
	buf_release(&text);
	return result;
}

static void too_many_stages(void)
{
	struct term_seq s;

	CHECK_INT(parse_stages(TERM_STAGES_MAX, &s), 0);
	CHECK_INT(s.n, TERM_STAGES_MAX);
	errno = 0;
	CHECK_INT(parse_stages(TERM_STAGES_MAX + 1, &s), -1);
	CHECK_INT(errno, ERANGE);
}

static const struct tap_case cases[] = {
	{ "signals by name", names },
	{ "signals by number", numbers },
	{ "what is no signal", no_names },
	{ "second names of a signal", other_names },
	{ "names that are shown", shown },
	{ "names and numbers go both ways", names_go_both_ways },
	{ "the default sequence", default_sequence },
	{ "a sequence of names and numbers", mixed_sequence },
	{ "the last wait may be left out", last_wait_left_out },
	{ "bad sequences", bad_sequences },
	{ "a wait of more than a day", waits_too_long },
	{ "too many stages", too_many_stages },
};
TAP_MAIN(cases)
