/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_rules.c - small languages of options: --halt, --retry-on, --term-seq,
 * --retry-delay, -j, --exit-as, priorities, signals. What is read keeps its
 * bounds and can be carried out.
 */
#include <config.h>

#include <errno.h>
#include <float.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/buf.h"
#include "base/num.h"
#include "fuzz.h"
#include "input/attributes.h"
#include "jobspec.h"
#include "proc/term.h"
#include "sched/halt.h"
#include "sched/job.h"
#include "sched/retry.h"
#include "sched/tally.h"

static void check_halt(const char *word)
{
	struct halt_rule rule;
	struct tally t = { 0 };
	bool is_reached;

	memset(&rule, 0xff, sizeof(rule));
	if (halt_parse(word, &rule) < 0)
		return;
	if (rule.when != HALT_NEVER && rule.count == 0)
		FUZZ_CHECK(rule.percent >= 0 && rule.percent <= DBL_MAX);
	for (unsigned i = 0; i < 8; i++) {
		int status;

		t = (struct tally){
			.started = 100, .failed = i * 16,
			.succeeded = 100 - i,
		};
		is_reached = halt_is_reached(&rule, &t, 200);
		FUZZ_CHECK(!is_reached || rule.when != HALT_NEVER);
		/* Without a total a percentage is not judged. */
		FUZZ_CHECK(rule.count || !halt_is_reached(&rule, &t, 0));
		status = halt_exit_status(&rule, &t, 3, 200);
		FUZZ_CHECK(status >= 0 && status <= 255);
		status = halt_unmet_status(&rule, &t);
		FUZZ_CHECK(status >= -1 && status <= 255);
	}
}

static void check_retry(const char *word)
{
	struct retry_rule rule, was;
	struct job job = { 0 };

	memset(&rule, 0x5a, sizeof(rule));
	was = rule;
	if (retry_parse(word, signal_by_name, &rule) < 0) {
		FUZZ_CHECK(memcmp(&rule, &was, sizeof(rule)) == 0);
		FUZZ_CHECK(errno == EINVAL);
		return;
	}
	FUZZ_CHECK(rule.is_set);
	for (int end = JOB_EXITED; end <= JOB_SKIPPED; end++) {
		bool wanted;

		job.outcome.end = (enum job_end)end;
		job.outcome.status = 255;
		job.outcome.signal = 64;
		wanted = retry_is_wanted(&rule, &job);
		FUZZ_CHECK(!wanted ||
			   (end != JOB_KILLED && end < JOB_REFUSED) ||
			   end == JOB_LOST);
	}
}

/* Written out again it is the same. */
static void check_term_seq(const char *word)
{
	struct term_seq seq, again;
	struct buf text = BUF_INIT;

	if (term_seq_parse(word, &seq) < 0) {
		FUZZ_CHECK(errno == EINVAL || errno == ERANGE);
		return;
	}
	FUZZ_CHECK(seq.n >= 1 && seq.n <= TERM_STAGES_MAX);
	for (unsigned i = 0; i < seq.n; i++) {
		FUZZ_CHECK(seq.stage[i].signal > 0);
		FUZZ_CHECK(seq.stage[i].signal < NSIG);
		FUZZ_CHECK(seq.stage[i].wait_ns >= 0);
		buf_addf(&text, "%s%s,%lld", i ? "," : "",
			 signal_name(seq.stage[i].signal),
			 (long long)(seq.stage[i].wait_ns / NS_PER_MS));
	}
	FUZZ_CHECK(term_seq_parse(text.data, &again) == 0);
	FUZZ_CHECK(again.n == seq.n);
	for (unsigned i = 0; i < seq.n; i++)
		FUZZ_CHECK(again.stage[i].signal == seq.stage[i].signal);
	buf_release(&text);
}

static void check_backoff(const char *word)
{
	struct backoff b = { .delay_ns = 77, .factor = 2, .jitter = true };

	if (backoff_parse(word, &b) < 0) {
		FUZZ_CHECK(b.delay_ns == 77 && b.jitter);
		FUZZ_CHECK(errno == EINVAL || errno == ERANGE);
		return;
	}
	FUZZ_CHECK(b.delay_ns >= 0 && b.max_ns >= 0 && b.jitter);
	FUZZ_CHECK(b.factor >= 1 && b.factor <= DBL_MAX);
	for (unsigned tries = 1; tries != 0; tries <<= 3) {
		int64_t full, some;

		b.jitter = false;
		full = backoff_ns(&b, tries, 0);
		b.jitter = true;
		some = backoff_ns(&b, tries, UINT64_MAX);
		FUZZ_CHECK(full >= 0 && some >= 0 && some <= full);
		FUZZ_CHECK(!b.max_ns || full <= b.max_ns);
		FUZZ_CHECK(backoff_ns(&b, tries, 0) == 0 || full > 0);
	}
}

static void check_jobspec(const char *word)
{
	static const unsigned cpus[] = { 1, 2, 64, 100000 };
	struct buf err = BUF_INIT;
	struct jobspec spec = { 0 };
	int ret = jobspec_parse(&spec, "-j", word, &err);

	fuzz_check_message(&err, ret < 0);
	for (size_t i = 0; ret == 0 && i < 4; i++) {
		unsigned n;

		if (spec.kind == JOBSPEC_FILE)
			break;
		n = jobspec_resolve(&spec, cpus[i], 5000, &err);
		fuzz_check_message(&err, 0);
		FUZZ_CHECK(n >= 1);
	}
	buf_release(&err);
}

static void check_words(const char *word)
{
	int priority = 77, sig = signal_by_name(word);
	enum exit_rule rule;

	if (attributes_priority(word, &priority) == 0)
		FUZZ_CHECK(priority >= -1000 && priority <= 1000);
	else
		FUZZ_CHECK(priority == 77);
	FUZZ_CHECK(sig >= 0 && sig < NSIG);
	if (sig)
		FUZZ_CHECK(signal_by_name(signal_name(sig)) == sig);
	if (exit_rule_parse(word, &rule) == 0)
		FUZZ_CHECK(rule <= EXIT_XARGS);
}

int fuzz_rules(const uint8_t *data, size_t size)
{
	static void (*const checks[])(const char *) = {
		check_halt, check_retry, check_term_seq, check_backoff,
		check_jobspec, check_words,
	};
	struct in in;
	unsigned which;

	in_begin(&in, data, size);
	which = in_choice(&in, sizeof(checks) / sizeof(*checks));
	checks[which](in_line(&in));
	in_end(&in);
	return 0;
}
