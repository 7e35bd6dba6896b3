/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_options.c - the command line as data, its errors, and --help. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/num.h"
#include "options.h"
#include "tap.h"

static struct options o;
static struct buf err = BUF_INIT;

/* Forgets what the last command line gave. */
static void forget(void)
{
	options_release(&o);
	buf_release(&err);
}

static enum options_result parse(const char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return options_parse(&o, argc, (char **)argv, &err);
}

static bool good(const char **argv)
{
	bool is_good = CHECK_INT(parse(argv), OPTIONS_RUN);

	return CHECK_STR(err.data, "") && is_good;
}

/* The words behind "muster" are a good command line. (No statement of its
 * own: the words have to last as long as o.) */
#define GOOD(...) good((const char *[]){ "muster", __VA_ARGS__, NULL })

/* They are a bad one, for this reason. */
#define BAD(message, ...)						\
	do {								\
		CHECK_INT(parse((const char *[]){			\
				"muster", __VA_ARGS__, NULL }),		\
			  OPTIONS_BAD);					\
		CHECK_STR(err.data, message);				\
		forget();						\
	} while (0)

static void defaults(void)
{
	static const char *none[] = { "muster", NULL };

	CHECK_INT(parse(none), OPTIONS_RUN);
	CHECK_STR(o.command, NULL);
	CHECK_INT(o.max.kind, JOBSPEC_PERCENT);
	CHECK(o.max.percent == 100);
	CHECK_INT(o.min.kind, JOBSPEC_UNSET);
	CHECK_INT(o.idle_timeout_ns, 5 * NS_PER_SEC);
	CHECK_INT(o.queue_size, 1024);
	CHECK_INT(o.scale, SCALE_EAGER);
	CHECK_INT(o.scale_threshold, 2);
	CHECK_INT(o.dispatch, DISPATCH_SHARED);
	CHECK_INT(o.queue_order, QUEUE_PRIORITY);
	CHECK_INT(o.on_full, FULL_BLOCK);
	CHECK_INT(o.priority_aging_ns, 0);
	CHECK_INT(o.rate.n, 0);
	CHECK_INT(o.delay_ns, 0);
	CHECK_INT(o.deadline_ns, 0);
	CHECK_INT(o.retry_delay.delay_ns, 0);
	CHECK(!o.retry_delay.jitter && !o.retry_on.is_set && !o.retry_output);
	CHECK_INT(o.timeout_ns, 0);
	CHECK_INT(o.term_seq.n, 4);
	CHECK_INT(o.retries, 1);
	CHECK_INT(o.grace_ns, 10 * NS_PER_SEC);
	CHECK(o.die_with_parent);
	CHECK_INT(o.order, ORDER_DEFAULT);
	CHECK_INT(o.output_memory, 32 << 20);
	CHECK_INT(o.halt.when, HALT_NEVER);
	CHECK_INT(o.exit_as, EXIT_COUNT);
	CHECK_INT(o.summary, SUMMARY_NONE);
	CHECK_INT(o.source.delimiter, '\n');
	forget();
}

static void no_input_named(void)
{
	if (!GOOD("--priority", "high", "echo"))
		return;
	CHECK_INT(o.ninputs, 1);
	CHECK_INT(o.inputs[0].kind, INPUT_STDIN);
	CHECK_INT(o.inputs[0].priority, 10);
	CHECK_INT(o.inputs[0].timeout_ns, -1);
	forget();
}

static void command_words(void)
{
	GOOD("-k", "echo", "-k", "--jobs", "a  b", "--", ":::", "x");
	CHECK_STR(o.command, "echo -k --jobs a  b --");
	CHECK_INT(o.order, ORDER_KEEP);
	CHECK_INT(o.max.kind, JOBSPEC_PERCENT);
	forget();
}

static void double_dash(void)
{
	GOOD("-j", "2", "--", "-x", "y", ":::", "1");
	CHECK_STR(o.command, "-x y");
	CHECK_INT(o.ninputs, 1);
	forget();
}

static void values_are_commands(void)
{
	GOOD(":::", "echo a", "echo b");
	CHECK_STR(o.command, NULL);
	CHECK_INT(o.ninputs, 1);
	CHECK_INT(o.inputs[0].kind, INPUT_ARGS);
	CHECK_INT(o.inputs[0].nargs, 2);
	CHECK_STR(o.inputs[0].args[1], "echo b");
	CHECK_STR(o.inputs[0].option, ":::");
	forget();
}

static void inputs_in_order(void)
{
	GOOD("-a", "f", "-a", "+g", "-a", "-", "echo", ":::", "a", ":::+", "b",
	     "c", "::::", "h", "i", "::::+", "-");
	CHECK_INT(o.ninputs, 8);
	CHECK_STR(o.inputs[0].path, "f");
	CHECK(!o.inputs[0].linked);
	CHECK_STR(o.inputs[1].path, "g");
	CHECK(o.inputs[1].linked);
	CHECK_STR(o.inputs[2].path, "-");
	CHECK_STR(o.inputs[2].option, "-a");
	CHECK_INT(o.inputs[3].nargs, 1);
	CHECK(o.inputs[4].linked);
	CHECK_INT(o.inputs[4].nargs, 2);
	CHECK_STR(o.inputs[5].path, "h");
	CHECK_STR(o.inputs[6].path, "i");
	CHECK_STR(o.inputs[6].option, "::::");
	CHECK(!o.inputs[6].linked);
	CHECK_INT(o.inputs[7].kind, INPUT_FILE);
	CHECK(o.inputs[7].linked);
	forget();
}

static void nothing_to_link_to(void)
{
	GOOD("--tasks", "t", "echo", ":::+", "a");
	CHECK(!o.inputs[1].linked);
	forget();
	GOOD("-a", "+f", "echo");
	CHECK(!o.inputs[0].linked);
	CHECK_STR(o.inputs[0].path, "f");
	forget();
}

static void empty_inputs(void)
{
	GOOD("echo", ":::", "::::", ":::", "a");
	CHECK_INT(o.ninputs, 2);
	CHECK_INT(o.inputs[0].nargs, 0);
	CHECK_INT(o.inputs[1].nargs, 1);
	forget();
	/* As GNU parallel: no files named, so standard input. */
	GOOD("echo", "::::");
	CHECK_INT(o.inputs[0].kind, INPUT_STDIN);
	forget();
}

static void more_colons_are_words(void)
{
	GOOD("echo", ":::::", "::", ":::-", ":::++", ":::", "::", "a:::");
	CHECK_STR(o.command, "echo ::::: :: :::- :::++");
	CHECK_INT(o.inputs[0].nargs, 2);
	forget();
}

static void priority_by_place(void)
{
	GOOD("--tasks", "a", "--priority", "low", "--tasks", "b",
	     "--priority=-1000", "-a", "c", "--priority", "normal", "echo",
	     ":::", "d");
	CHECK_INT(o.inputs[0].priority, 0);
	CHECK_INT(o.inputs[1].priority, -10);
	CHECK_INT(o.inputs[2].priority, -1000);
	CHECK_INT(o.inputs[3].priority, 0);
	forget();
}

static void timeout_by_place(void)
{
	GOOD("--tasks", "a", "--timeout", "5", "--tasks", "b", "-a", "c",
	     "--timeout", "0", "--tasks", "d", "--timeout", "1.5m");
	CHECK_INT(o.inputs[0].timeout_ns, -1);
	CHECK_INT(o.inputs[1].timeout_ns, 5 * NS_PER_SEC);
	CHECK_INT(o.inputs[2].timeout_ns, -1);
	CHECK_INT(o.inputs[3].timeout_ns, 0);
	CHECK_INT(o.timeout_ns, 90 * NS_PER_SEC);
	forget();
}

static void timeout_percent(void)
{
	GOOD("--timeout", "3", "--tasks", "a", "--timeout", "150.5%",
	     "--tasks", "b");
	CHECK_INT(o.inputs[0].timeout_ns, 3 * NS_PER_SEC);
	CHECK_INT(o.inputs[1].timeout_ns, -1);
	CHECK_INT(o.timeout_ns, 0);
	CHECK(o.timeout_percent == 150.5);
	forget();
	GOOD("--timeout", "50%", "--timeout", "2", "cmd");
	CHECK_INT(o.timeout_ns, 2 * NS_PER_SEC);
	CHECK(o.timeout_percent == 0);
	forget();
	BAD("--timeout: a percentage given before --tasks must be the last "
	    "--timeout", "--timeout", "50%", "--tasks", "a", "--timeout", "2");
}

static void timeout_bad(void)
{
	BAD("--timeout: '5x' is not a time or a percentage (such as 90, 1.5m, "
	    "2h or 200%)", "--timeout", "5x");
	BAD("--timeout: '' is not a time or a percentage (such as 90, 1.5m, "
	    "2h or 200%)", "--timeout", "");
	BAD("--timeout: '-1' is not a time or a percentage (such as 90, 1.5m, "
	    "2h or 200%)", "--timeout", "-1");
	BAD("--timeout: '400y%' is not a percentage above 0",
	    "--timeout", "400y%");
	BAD("--timeout: '0%' is not a percentage above 0", "--timeout", "0%");
	BAD("--timeout: '1000000d' is too large", "--timeout", "1000000d");
}

static void long_short_glued(void)
{
	GOOD("-j8");
	CHECK_INT(o.max.n, 8);
	CHECK_STR(o.max.option, "-j");
	forget();
	GOOD("-P", "-2");
	CHECK_INT(o.max.kind, JOBSPEC_OFFSET);
	CHECK_INT(o.max.n, -2);
	CHECK_STR(o.max.option, "-P");
	forget();
	GOOD("--jobs=+3");
	CHECK_STR(o.max.option, "--jobs");
	forget();
	GOOD("--max-procs", "25%");
	CHECK_STR(o.max.option, "--max-procs");
	CHECK(o.max.percent == 25);
	forget();
	GOOD("-kurj3", "cmd");
	CHECK(o.ungroup && o.source.skip_blank);
	CHECK_INT(o.order, ORDER_KEEP);
	CHECK_INT(o.max.n, 3);
	forget();
}

static void last_bound_wins(void)
{
	GOOD("-j", "4", "--max", "0");
	CHECK_INT(o.max.kind, JOBSPEC_ALL);
	CHECK_STR(o.max.option, "--max");
	forget();
	GOOD("--max", "0", "-j", "4", "--min", "2");
	CHECK_INT(o.max.kind, JOBSPEC_COUNT);
	CHECK_INT(o.max.n, 4);
	CHECK_INT(o.min.n, 2);
	CHECK_STR(o.min.option, "--min");
	forget();
	BAD("--min: '0' is not a number of workers from 1 on", "--min", "0");
	BAD("--max: 'nofile' is neither N, +N, -N, N% nor a file",
	    "--max", "nofile");
}

static void prefixes(void)
{
	GOOD("--ti", "7", "--dry", "--keep", "--retri", "2");
	CHECK_INT(o.timeout_ns, 7 * NS_PER_SEC);
	CHECK(o.dry_run);
	CHECK_INT(o.order, ORDER_KEEP);
	CHECK_INT(o.retries, 2);
	forget();
	/* The name in messages is the whole one. */
	BAD("--term-seq: 'x' is not SIGNAL,MILLISECONDS,... (such as "
	    "TERM,500,KILL,25)", "--term", "x");
	BAD("option '--job' is ambiguous: '--jobs', '--joblog'", "--job=3");
}

static void undashed(void)
{
	GOOD("--keeporder", "--dryrun", "--linebuffer", "--norunifempty",
	     "--maxprocs", "3", "--argfile", "f", "--termseq", "KILL",
	     "--jl", "log", "--haltonerror", "2", "--tag-string", "x");
	CHECK(o.dry_run && o.line_buffer && o.source.skip_blank);
	CHECK_INT(o.max.n, 3);
	CHECK_STR(o.inputs[0].option, "--argfile");
	CHECK_INT(o.term_seq.n, 1);
	CHECK_STR(o.joblog, "log");
	CHECK_INT(o.halt.when, HALT_NOW);
	CHECK_STR(o.tagstring, "x");
	forget();
}

static void ignored(void)
{
	GOOD("--will-cite", "--no-notice", "--nn", "--citation", "--bibtex",
	     "--gnu", "--will", "cmd");
	CHECK_STR(o.command, "cmd");
	forget();
	BAD("option '--gnu' takes no argument", "--gnu=1");
}

static void foreign(void)
{
	BAD("option '--bin' of GNU parallel is not supported", "--bin");
	BAD("option '--basefile' of GNU parallel is not supported",
	    "--basefile", ",");
	BAD("option '--basefile' of GNU parallel is not supported",
	    "--basef=,");
	BAD("option '-S' of GNU parallel is not supported", "-kS", "x");
	BAD("option '-S' of GNU parallel is not supported", "-Sx");
	BAD("option '--hgrp' of GNU parallel is not supported", "--hgrp");
}

/* -n and the like are of items, or with --pipe of records. */
static void packing(void)
{
	GOOD("cmd");
	CHECK(!o.pack.is_on && !o.source.joins_lines);
	CHECK_INT(o.pack.tuples_max, 1);
	forget();
	GOOD("-N2", "-n", "3", "-L4", "cmd");
	CHECK(o.pack.is_on && o.pack.repeat_words && o.source.joins_lines);
	CHECK_INT(o.pack.tuples_max, 2);
	CHECK_INT(o.pipe.records, 0);
	CHECK_INT(o.pipe.lines, 0);
	forget();
	GOOD("-n", "1k", "-L4", "cmd");
	CHECK(o.pack.is_on && !o.pack.repeat_words);
	CHECK_INT(o.pack.tuples_max, 1000);
	forget();
	GOOD("-n0", "cmd");
	CHECK(o.pack.is_on && o.pack.takes_none);
	forget();
	GOOD("-X", "-s", "2K", "-x", "cmd");
	CHECK(o.pack.is_on && o.pack.repeat_words && o.pack.has_rows &&
	      o.pack.spreads && o.pack.gives_up);
	CHECK_INT(o.pack.chars_max, 2048);
	forget();
	GOOD("-L4", "--pipe", "--maxargs=3", "cmd");
	CHECK(!o.source.joins_lines);
	CHECK_INT(o.pipe.records, 3);
	CHECK_INT(o.pipe.lines, 4);
	forget();
	BAD("-n: 'x' is not a number from 0 on", "-nx", "cmd");
	BAD("-l: '0' is not a number of lines from 1 on", "-l0", "cmd");
	BAD("--pipe cannot be combined with --xargs", "--xargs", "--pipe",
	    "cmd");
}

static void unknown(void)
{
	BAD("unknown option '--jbos' (did you mean '--jobs'?)", "--jbos", "3");
	BAD("unknown option '--sumary' (did you mean '--summary'?)",
	    "--sumary=all");
	BAD("unknown option '--xyzzy'", "--xyzzy");
	BAD("unknown option '-Q'", "-Q");
	BAD("unknown option '-Q'", "-kQj");
	BAD("unknown option '--'", "--=x");
}

static void arguments_missing_or_not(void)
{
	BAD("option '-j' needs an argument", "-j");
	BAD("option '-j' needs an argument", "-kj");
	BAD("option '--max-procs' needs an argument", "--max-procs");
	BAD("option '--bar' takes no argument", "--bar=x");
	BAD("option '--dry' takes no argument", "--dry=");
}

static void first_error_stops(void)
{
	BAD("unknown option '-Q'", "-Q", "--jbos");
	BAD("--queue-size: '0' is not a whole number from 1 on",
	    "--queue-size", "0", "--help");
}

static void parsed_again(void)
{
	/* getopt's state would be within "-kQ". */
	BAD("unknown option '-Q'", "-kQuuu");
	GOOD("-r", "a");
	CHECK_STR(o.command, "a");
	CHECK(!o.ungroup);
	forget();
	GOOD("b", "-r");
	CHECK_STR(o.command, "b -r");
	CHECK(!o.source.skip_blank);
	forget();
}

static void delimiters(void)
{
	static const struct {
		const char *word;
		unsigned char byte;
	} known[] = {
		{ ",", ',' }, { "\\", '\\' }, { "\\\\", '\\' },
		{ "\\t", '\t' }, { "\\n", '\n' }, { "\\r", '\r' },
		{ "\\0", '\0' }, { "\\54", ',' }, { "\\054", ',' },
		{ "\\377", 255 }, { "\\x2C", ',' }, { "\\x9", '\t' },
		{ "\xff", 255 }, { " ", ' ' }, { "\\'", '\'' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		GOOD("-d", known[i].word);
		CHECK_INT(o.source.delimiter, known[i].byte);
		forget();
	}
}

static void delimiters_bad(void)
{
	static const char *const bad[] = {
		"", "ab", "\\q", "\\400", "\\x", "\\x123", "\\t ", "\\08",
	};
	struct buf message = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		buf_reset(&message);
		buf_addf(&message, "-d: '%s' is not one byte (such as ',', "
			 "'\\t', '\\0', '\\054' or '\\x2c')", bad[i]);
		BAD(message.data, "-d", bad[i]);
	}
	buf_release(&message);
}

static void null_and_delimiter(void)
{
	GOOD("-0");
	CHECK_INT(o.source.delimiter, '\0');
	forget();
	/* In any order, as GNU parallel. */
	GOOD("-d", ",", "-0");
	CHECK_INT(o.source.delimiter, ',');
	forget();
	GOOD("--null", "--delimiter=,");
	CHECK_INT(o.source.delimiter, ',');
	forget();
}

static void replacement_word(void)
{
	GOOD("-I", "@", "echo", "@");
	CHECK_STR(o.tags.values, "@");
	forget();
	GOOD("-i@", "echo");
	CHECK_STR(o.tags.values, "@");
	forget();
	GOOD("--replace=,,", "echo");
	CHECK_STR(o.tags.values, ",,");
	forget();
	/* The next word, unless it is an option. */
	GOOD("-i", "%", "echo");
	CHECK_STR(o.tags.values, "%");
	CHECK_STR(o.command, "echo");
	forget();
	GOOD("--replace", "-k", "echo");
	CHECK_STR(o.tags.values, NULL);
	CHECK_STR(o.command, "echo");
	forget();
	GOOD("echo", "-i");
	CHECK_STR(o.tags.values, NULL);
	forget();
	BAD("-I: an empty word cannot stand for a value", "-I", "", "echo");
}

static void order(void)
{
	GOOD("-k");
	CHECK_INT(o.order, ORDER_KEEP);
	forget();
	GOOD("--no-keep-order", "-k");
	CHECK_INT(o.order, ORDER_COMPLETION);
	forget();
	GOOD("-k", "--no-k");
	CHECK_INT(o.order, ORDER_COMPLETION);
	forget();
}

static void output_conflicts(void)
{
	BAD("--group cannot be combined with --ungroup", "--group", "-u");
	BAD("--group cannot be combined with --line-buffer",
	    "--lb", "--group");
	BAD("--ungroup cannot be combined with --line-buffer", "-u", "--lb");
	GOOD("-u", "--tag", "-k");
	CHECK(o.ungroup && o.tag);
	forget();
	GOOD("--group", "--tag");
	CHECK(!o.ungroup && !o.line_buffer);
	forget();
}

static void showing_commands(void)
{
	GOOD("-v");
	CHECK(o.verbose && !o.trace);
	forget();
	GOOD("-t");
	CHECK(o.trace && !o.verbose);
	forget();
	GOOD("--verbose");
	CHECK(o.trace && !o.verbose);
	forget();
	GOOD("--silent", "-v", "-t");
	CHECK(o.trace && !o.verbose);
	forget();
}

static void tagstrings(void)
{
	GOOD("--tagstring", "a\\tb\\x41\\101{}\\q\\");
	CHECK_STR(o.tagstring, "a\tbAA{}\\q\\");
	forget();
	GOOD("--tagstring", "x", "--tagstring=");
	CHECK_STR(o.tagstring, "");
	forget();
}

static void sizes_and_times(void)
{
	GOOD("--output-memory", "1.5K", "--idle-timeout", "100ms", "--grace",
	     "0", "--queue-size", "7", "--retries", "0", "--tmpdir", "/x");
	CHECK_INT(o.output_memory, 1536);
	CHECK_INT(o.idle_timeout_ns, 100 * NS_PER_MS);
	CHECK_INT(o.grace_ns, 0);
	CHECK_INT(o.queue_size, 7);
	CHECK_INT(o.retries, 0);
	CHECK_STR(o.tmpdir, "/x");
	forget();
}

static void sizes_and_times_bad(void)
{
	BAD("--output-memory: '5q' is not a size (such as 4096, 64M or 1.5G)",
	    "--output-memory", "5q");
	BAD("--output-memory: '99999999P' is too large",
	    "--output-memory", "99999999P");
	BAD("--grace: 'soon' is not a time (such as 90, 1.5m or 2h)",
	    "--grace", "soon");
	BAD("--queue-size: '-7' is not a whole number from 1 on",
	    "--queue-size", "-7");
	BAD("--queue-size: '99999999999999999999' is too large",
	    "--queue-size", "99999999999999999999");
	BAD("--retries: '1.5' is not a whole number from 0 on",
	    "--retries", "1.5");
	BAD("--priority: '1001' is not low, normal, high or a whole number "
	    "from -1000 to 1000", "--priority", "1001");
}

static void term_sequences(void)
{
	GOOD("--term-seq", "INT,1000,KILL,25");
	CHECK_INT(o.term_seq.n, 2);
	CHECK_INT(o.term_seq.stage[0].wait_ns, NS_PER_SEC);
	forget();
	BAD("--term-seq: 'TERM,99999999999999999999' has more than 32 stages, "
	    "or too long a wait", "--term-seq", "TERM,99999999999999999999");
}

static void queues(void)
{
	GOOD("--queue-order", "lifo", "--on-full", "drop", "--dispatch",
	     "stealing");
	CHECK_INT(o.queue_order, QUEUE_LIFO);
	CHECK_INT(o.on_full, FULL_DROP);
	CHECK_INT(o.dispatch, DISPATCH_STEALING);
	forget();
	GOOD("--queueorder=fifo", "--onfull=run", "--dispatch=shared");
	CHECK_INT(o.queue_order, QUEUE_FIFO);
	CHECK_INT(o.on_full, FULL_RUN);
	CHECK_INT(o.dispatch, DISPATCH_SHARED);
	forget();
	GOOD("--on-full", "drop", "--on-full", "block", "--queue-order",
	     "lifo", "--queue-order", "priority", "--priority-aging", "1.5m");
	CHECK_INT(o.on_full, FULL_BLOCK);
	CHECK_INT(o.queue_order, QUEUE_PRIORITY);
	CHECK_INT(o.priority_aging_ns, 90 * NS_PER_SEC);
	forget();
}

static void queues_bad(void)
{
	BAD("--queue-order: 'random' is none of priority, fifo, lifo",
	    "--queue-order", "random");
	BAD("--on-full: 'bloc' is none of block, drop, run",
	    "--on-full", "bloc");
	BAD("--on-full: 'block drop' is none of block, drop, run",
	    "--on-full", "block drop");
	BAD("--dispatch: '' is none of shared, stealing", "--dispatch", "");
	BAD("--priority-aging: '-1' is not a time (such as 90, 1.5m or 2h)",
	    "--priority-aging", "-1");
	BAD("--priority-aging cannot be combined with --queue-order lifo",
	    "--priority-aging", "1", "--queue-order", "lifo");
	BAD("--priority-aging cannot be combined with --queue-order fifo",
	    "--queue-order", "fifo", "--priority-aging", "1");
	GOOD("--queue-order", "fifo", "--priority-aging", "0");
	forget();
}

static void rates(void)
{
	GOOD("--rate", "20/m:5", "--delay", "0.25", "--deadline", "6h");
	CHECK_INT(o.rate.n, 20);
	CHECK_INT(o.rate.unit_ns, 60 * NS_PER_SEC);
	CHECK_INT(o.rate.burst, 5);
	CHECK_INT(o.delay_ns, 250 * NS_PER_MS);
	CHECK_INT(o.deadline_ns, 6 * 3600 * NS_PER_SEC);
	forget();
	GOOD("--rate=7/s", "--delay", "1.5m");
	CHECK_INT(o.rate.burst, 1);
	CHECK_INT(o.delay_ns, 90 * NS_PER_SEC);
	forget();
	BAD("--rate: '5' is not a rate: a whole number (such as 5/s, or "
	    "30/m for one every 2 seconds, or 20/h:10)",
	    "--rate", "5");
	BAD("--rate: '0/s' is not a rate: a whole number (such as 5/s, or "
	    "30/m for one every 2 seconds, or 20/h:10)",
	    "--rate", "0/s");
	BAD("--rate: '1/s:9999999999' is too large",
	    "--rate", "1/s:9999999999");
	BAD("--delay: 'auto' is not a time (such as 90, 1.5m or 2h), with "
	    "auto behind it or not", "--delay", "auto");
	BAD("--delay: '-1' is not a time (such as 90, 1.5m or 2h), with "
	    "auto behind it or not", "--delay", "-1");
	BAD("--deadline: 'noon' is not a time (such as 90, 1.5m or 2h)",
	    "--deadline", "noon");
	BAD("--deadline: '1000000d' is too large", "--deadline", "1000000d");
}

static void retrying(void)
{
	GOOD("--retry-jitter", "--retry-delay", "0.5s,1.5,5m", "--retry-on",
	     "3,10-20,sigkill,timeout", "--retry-output", "all");
	CHECK_INT(o.retry_delay.delay_ns, 500 * NS_PER_MS);
	CHECK(o.retry_delay.factor == 1.5);
	CHECK_INT(o.retry_delay.max_ns, 300 * NS_PER_SEC);
	CHECK(o.retry_delay.jitter);
	CHECK(o.retry_on.is_set && o.retry_on.timeout && !o.retry_on.start);
	CHECK_INT(o.retry_on.status[0], 1 << 3);
	CHECK_INT(o.retry_on.signal[1], 1 << (9 - 8));
	CHECK(o.retry_output);
	forget();
	GOOD("--retry-delay", "5", "--retry-jitter", "--retry-output=all",
	     "--retry-output=last");
	CHECK_INT(o.retry_delay.delay_ns, 5 * NS_PER_SEC);
	CHECK(o.retry_delay.factor == 1);
	CHECK(o.retry_delay.jitter);
	CHECK(!o.retry_output);
	forget();
	/* The moment of the next try can't overflow. */
	GOOD("--retry-delay", "290d,1e300");
	CHECK(o.retry_delay.max_ns > 0 &&
	      o.retry_delay.max_ns < INT64_MAX / 2);
	forget();
}

static void retrying_bad(void)
{
	static const char *const delays[] = {
		"", "x", "1,0.5", "1,2,x", "1,2,3,4", "-1",
	};
	struct buf message = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		buf_reset(&message);
		buf_addf(&message, "--retry-delay: '%s' is not "
			 "TIME[,FACTOR[,MAX]] (such as 5, 1s,2 or "
			 "0.5s,1.5,5m)", delays[i]);
		BAD(message.data, "--retry-delay", delays[i]);
	}
	buf_release(&message);
	BAD("--retry-delay: '1000000d' is too large",
	    "--retry-delay", "1000000d");
	BAD("--retry-on: '0' is not a list of exit statuses (1 to 255, such "
	    "as 3,10-20), signals, fail, signal, timeout, start",
	    "--retry-on", "0");
	BAD("--retry-on: '3,NOSUCH' is not a list of exit statuses (1 to 255, "
	    "such as 3,10-20), signals, fail, signal, timeout, start",
	    "--retry-on", "3,NOSUCH");
	BAD("--retry-output: 'first' is none of last, all",
	    "--retry-output", "first");
	BAD("option '--retry-jitter' takes no argument", "--retry-jitter=1");
}

static void halting(void)
{
	GOOD("--halt", "soon,fail=20%");
	CHECK_INT(o.halt.when, HALT_SOON);
	CHECK(o.halt.percent == 20);
	forget();
	GOOD("--halt-on-error", "-2");
	CHECK_INT(o.halt.why, HALT_SUCCESS);
	forget();
	BAD("--halt: 'later' is not never or WHEN,WHY=N (such as now,fail=1 "
	    "or soon,done=50%)", "--halt", "later");
}

static void exit_rules(void)
{
	GOOD("--exit-as", "xargs");
	CHECK_INT(o.exit_as, EXIT_XARGS);
	forget();
	BAD("--exit-as: 'worst' is none of count, first, max, any, xargs",
	    "--exit-as", "worst");
}

static void logs(void)
{
	GOOD("--joblog", "+l", "--failed-to=f", "--joblog", "m");
	CHECK_STR(o.joblog, "m");
	CHECK(!o.joblog_append);
	CHECK_STR(o.failed_to, "f");
	forget();
	GOOD("--joblog", "+l");
	CHECK_STR(o.joblog, "l");
	CHECK(o.joblog_append);
	forget();
}

static void summaries(void)
{
	GOOD("--summary", "all");
	CHECK_INT(o.summary, SUMMARY_FAILED);
	CHECK_STR(o.command, "all");
	forget();
	GOOD("--summary=all");
	CHECK_INT(o.summary, SUMMARY_ALL);
	forget();
	BAD("--summary: 'foo' is none of all, failed", "--summary=foo");
}

static void debugging(void)
{
	GOOD("--debug=sched,emit", "--debug", "input");
	CHECK_INT(o.debug, DIAG_SCHED | DIAG_EMIT | DIAG_INPUT);
	forget();
	GOOD("--debug", "all");
	CHECK_INT(o.debug,
		  DIAG_SCHED | DIAG_PROC | DIAG_EMIT | DIAG_INPUT);
	forget();
	BAD("--debug: 'pool' is none of sched, proc, emit, input, all",
	    "--debug", "sched,pool,proc");
	BAD("--debug: '' is none of sched, proc, emit, input, all",
	    "--debug", "sched,");
}

static void flags(void)
{
	GOOD("--always-shell", "--no-die-with-parent", "--bar", "--eta",
	     "--progress", "--tag", "--lb");
	CHECK(o.force_shell && o.bar && o.eta && o.progress && o.tag &&
	      o.line_buffer);
	CHECK(!o.die_with_parent);
	forget();
}

static void help_and_version(void)
{
	CHECK_INT(parse((const char *[]){ "muster", "-kh", "--jbos", NULL }),
		  OPTIONS_HELP);
	forget();
	CHECK_INT(parse((const char *[]){ "muster", "--version", NULL }),
		  OPTIONS_VERSION);
	forget();
	GOOD("cmd", "--help");
	CHECK_STR(o.command, "cmd --help");
	forget();
}

static void nearest(void)
{
	CHECK_STR(options_nearest("jbos"), "jobs");
	CHECK_STR(options_nearest("keep-odrer"), "keep-order");
	CHECK_STR(options_nearest("no-keeporder"), "no-keep-order");
	CHECK_STR(options_nearest("jobs"), "jobs");
	CHECK_STR(options_nearest("quux"), NULL);
	CHECK_STR(options_nearest(""), NULL);
	CHECK_STR(options_nearest("a-name-longer-than-any-option-that-there-"
				  "will-ever-be"), NULL);
	/* What is not supported is no help. */
	CHECK_STR(options_nearest("transferfiles"), NULL);
}

/* The longest line of text. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > width)
			width = len;
		text += len + (text[len] == '\n');
	}
	return width;
}

static void help_text(void)
{
	struct buf text = BUF_INIT;

	help_format(&text);
	CHECK(width_of(text.data) <= 80);
	CHECK(strchr(text.data, '\t') == NULL);
	CHECK(strstr(text.data, " \n") == NULL);
	CHECK(text.len && text.data[text.len - 1] == '\n');
	CHECK(strstr(text.data, TERM_SEQ_DEFAULT) != NULL);
	CHECK(strstr(text.data, "\n  -j, --jobs N              run ") != NULL);
	CHECK(strstr(text.data, "\n      --summary[=WHICH]     at ") != NULL);
	CHECK(strstr(text.data, "keeporder") == NULL);
	CHECK(strstr(text.data, "--onall") == NULL);
	buf_release(&text);
}

static void version_text(void)
{
	struct buf text = BUF_INIT;

	help_format_version(&text);
	CHECK(strncmp(text.data, "muster " PACKAGE_VERSION "\nCopyright",
		      strlen("muster " PACKAGE_VERSION "\nCopyright")) == 0);
	CHECK(width_of(text.data) <= 80);
	CHECK(strstr(text.data, "O_TMPFILE") != NULL);
	buf_release(&text);
}

static void scale_policies(void)
{
	GOOD("--scale", "adaptive", "--scale-threshold", "7", "echo");
	CHECK_INT(o.scale, SCALE_ADAPTIVE);
	CHECK_INT(o.scale_threshold, 7);
	forget();
	GOOD("--scale=lazy", "--scale=fixed", "--scalethreshold=1", "echo");
	CHECK_INT(o.scale, SCALE_FIXED);
	CHECK_INT(o.scale_threshold, 1);
	forget();
	BAD("--scale: 'greedy' is none of eager, balanced, lazy, fixed, "
	    "adaptive", "--scale", "greedy");
	BAD("--scale: '' is none of eager, balanced, lazy, fixed, adaptive",
	    "--scale=");
	BAD("--scale-threshold: '0' is not a whole number from 1 on",
	    "--scale-threshold", "0");
	BAD("--scale-threshold: '1.5' is not a whole number from 1 on",
	    "--scale-threshold=1.5");
	BAD("--scale-threshold: '100000001' is too large",
	    "--scale-threshold", "100000001");
}

static const struct tap_case cases[] = {
	{ "defaults", defaults },
	{ "without inputs there is standard input", no_input_named },
	{ "options behind the command are its own", command_words },
	{ "-- ends the options", double_dash },
	{ "without a command, values are commands", values_are_commands },
	{ "inputs keep their order", inputs_in_order },
	{ "the first input goes in step with none", nothing_to_link_to },
	{ "inputs without values", empty_inputs },
	{ "other words of colons are words", more_colons_are_words },
	{ "--priority is for what follows it", priority_by_place },
	{ "--timeout before --tasks is for that file", timeout_by_place },
	{ "--timeout N%", timeout_percent },
	{ "--timeout with bad times", timeout_bad },
	{ "short, long and glued arguments", long_short_glued },
	{ "the last of -j and --max counts", last_bound_wins },
	{ "unique prefixes", prefixes },
	{ "spellings without dashes", undashed },
	{ "citation switches are ignored", ignored },
	{ "GNU parallel's other options are named as such", foreign },
	{ "several items a job", packing },
	{ "unknown options", unknown },
	{ "missing and superfluous arguments", arguments_missing_or_not },
	{ "the first error is the one told", first_error_stops },
	{ "parsing twice", parsed_again },
	{ "-d", delimiters },
	{ "-d with what is not one byte", delimiters_bad },
	{ "-d goes before -0", null_and_delimiter },
	{ "-I, -i and --replace", replacement_word },
	{ "--no-keep-order goes before -k", order },
	{ "--group, -u and --line-buffer exclude each other",
	  output_conflicts },
	{ "-v, -t and --silent", showing_commands },
	{ "--tagstring resolves escapes", tagstrings },
	{ "sizes, times and numbers", sizes_and_times },
	{ "bad sizes, times and numbers", sizes_and_times_bad },
	{ "--term-seq", term_sequences },
	{ "--queue-order, --on-full, --dispatch, --priority-aging", queues },
	{ "what these do not take", queues_bad },
	{ "--rate, --delay and --deadline", rates },
	{ "--retry-delay and its kin", retrying },
	{ "what these do not take either", retrying_bad },
	{ "--halt", halting },
	{ "--exit-as", exit_rules },
	{ "--joblog and --failed-to", logs },
	{ "--summary", summaries },
	{ "--debug", debugging },
	{ "flags", flags },
	{ "--help and --version end the parsing", help_and_version },
	{ "the nearest name", nearest },
	{ "--help fits into 80 columns", help_text },
	{ "--version", version_text },
	{ "policies of scaling", scale_policies },
};
TAP_MAIN(cases)
