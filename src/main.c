/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - muster, a parallel task executor.
 *
 * The map, in the order in which a run calls:
 *
 *   main.c              this file
 *   options.c .def .h   the command line as data; options.def is the list
 *   options_rows.c      what each row of it does
 *   options_input.c     and those of the input
 *   options_pipe.c      those of pipe mode
 *   options_jobs.c      and those of jobs and of information
 *   options_sem.c       and those of --semaphore
 *   options_impl.h      what these share
 *   profile.c           options from files and from $PARALLEL
 *   inform.c            --number-of-cpus and what else is no run
 *   help.c              --help and --version from the same list
 *   jobspec.c           -j N, +N, -N, N%, 0, FILE
 *   sem.c               --semaphore: waits for a slot, then it is a run
 *   run_setup.c         puts everything together
 *   run.c               carries it out and ends it; the exit status
 *   run_impl.h          what these two share
 *   intake.c            the input, from source to tuples
 *   bounds.c            how many workers it has
 *   clash.c             files that would be both read and written
 *   pipe.c              --pipe, --pipe-part: blocks of input for jobs
 *   tempdir.c           where it puts blocks for --cat and --fifo
 *   deal.c              --round-robin, --tee: for jobs that run
 *   texts.c             its templates
 *   perl.c              a perl for what is beyond our own expressions
 *   perl_text.c         what that perl runs
 *   colours.c           the colours of its output
 *   feed.c              the reader thread: source -> jobs -> engine
 *   resume.c            --resume: what an earlier run has done
 *   keep.c              --results and --files put in place
 *   lines.c             --latest-line put in place
 *   book.c              --journal and --output put in place
 *   watch.c             --metrics, --pool-stats and --on-done put in place
 *   ask.c               --interactive
 *   tmux.c              --tmux, --tmuxpane
 *   vary.c              -j Nauto
 *   gate.c              --load, --memfree and what else holds jobs back
 *   control.c           signals, grace, bar and job file while jobs run
 *   steer.c             --control: the server of a run's socket
 *   steer_request.c     what can be asked of it
 *   steer_sink.c        what it knows of jobs that are not its own
 *   steer_impl.h        what these four share
 *
 *   input/source_make.c stdin, files and ::: opened, and put into groups
 *   input/source.c      and combined into tuples
 *   input/source_impl.h what these two share
 *   input/records.c     lines or other records from a descriptor
 *   input/blocks.c      blocks of whole records from a descriptor
 *   input/blocks_part.c the same of files, by offset
 *   input/blocks_impl.h what these two share
 *   input/recsep.c      where these end
 *   input/group.c       --group-by: where those end
 *   input/items.c       the items of one input
 *   input/link.c        inputs in step (--link)
 *   input/split.c       items cut into columns
 *   input/ere.c         by regular expressions
 *   input/names.c       columns that have names
 *   input/shuffle.c     tuples in random order
 *   input/pack.c        several tuples in a job
 *   input/attributes.c  a task's own settings, by key
 *   input/attributes_comment.c  and in a comment
 *   input/jsonl.c       tasks as JSON objects
 *   input/past.c        a job log read back
 *   input/ledger.c      a journal read back
 *   input/ledger_record.c  one record of it
 *   input/ledger_again.c   jobs that are to be run again
 *   input/ledger_kept.c    output that has not been written
 *   input/ledger_table.c   tables of jobs and of keys
 *   input/ledger_impl.h what these five share
 *   input/template.c    a command with {} compiled and expanded
 *   input/template_places.c  and how values are quoted at each place of it
 *   input/template_repeat.c  and the values that stand in it
 *   input/template_words.c  the same as words, for -q and without a shell
 *   input/template_impl.h   what these three share
 *   input/tags.c        which replacement strings there are: --plus, --rpl
 *   input/braces.c      positions and path forms
 *   input/filter.c      --filter
 *   input/eval.c        expressions: the useful part of Perl
 *   input/eval_parse.c  their statements and operators become a tree
 *   input/eval_term.c   variables, numbers, parentheses
 *   input/eval_quote.c  texts, patterns, translations
 *   input/eval_func.c   functions
 *   input/eval_text.c   those of one text or number
 *   input/eval_ops.c    what operators and blocks do
 *   input/eval_vars.c   what variables hold
 *   input/eval_match.c  m// s/// tr/// and split
 *   input/eval_value.c  texts, numbers, sprintf
 *   input/eval_perl.c   what only perl can run, and what it has said
 *   input/eval_impl.h   what all these share
 *   input/pattern.c     regular expressions
 *   input/shlex.c       follows the text of a command, byte by byte
 *   input/shlex_verdict.c  what that means for a value behind it
 *   input/shlex_impl.h  what these three share
 *   input/shquote.c     values as shell words, wherever they stand
 *   input/words.c       commands that need no shell
 *
 *   sched/engine.c      what becomes of a job; halting and stopping
 *   sched/engine_submit.c  jobs come in
 *   sched/engine_steer.c   timers, bounds, single jobs
 *   sched/work.c        what a worker does: a try, retries, shortage
 *   sched/engine_impl.h what these share
 *   sched/stage.c       a queue and its pool: who runs what
 *   sched/pool.c        workers and their slots
 *   sched/scale.c       how many workers there should be
 *   sched/adapt.c       the same by feedback
 *   sched/adapt_judge.c what has been measured, and what follows from it
 *   sched/adapt_impl.h  what these two share
 *   sched/queue.c       jobs that wait, by priority
 *   sched/deps.c        jobs that wait for others
 *   sched/throttle.c    --rate and --delay
 *   sched/retry.c       --retry-on
 *   sched/deps_close.c  those that wait for what will never be
 *   sched/deps_impl.h   what these three share
 *   sched/job.c         a job and how it ended
 *   sched/tally.c       outcomes added up; exit status rules
 *   sched/halt.c        --halt
 *   sched/median.c      --timeout N%
 *   sched/runner.h output.h sink.h   what the engine calls
 *
 *   runner/local.c      runs a job as a process of this machine
 *   runner/launcher.c   the shell and the environment of all jobs
 *   runner/pipeline.c   programs with pipes between them, and no shell
 *   runner/launch.c     a job's path, arguments and environment
 *   runner/show.c       commands as people see them: -v
 *   runner/known.c      commands that need not be run at all
 *   runner/fast.c       without starting a shell: --fast
 *   runner/feeder.c     writes a block to its standard input
 *   runner/inlet.c      or what comes while it runs
 *   runner/attempt.c    watches it: pipes, process, clock, orders
 *
 *   proc/spawn.c        clone or fork, up to the exec
 *   proc/warm.c         a shell that is kept loaded, and forks
 *   proc/warm_inside.c  what is loaded into it
 *   proc/warm_wire.h    what these two say to each other
 *   proc/child.c        waits for and signals process groups
 *   proc/term.c         the term sequence
 *   proc/shell.c        which shell; programs in PATH
 *   proc/sigstate.c     signals at start, and those we wait for
 *   proc/limits.c       descriptors and processes
 *   proc/cpus.c         how many CPUs we may use
 *   proc/topology.c     how many cores and sockets there are
 *   proc/tree.c         what a job has started outside its group
 *   proc/cgroup.c       the same by control groups
 *   proc/warden.c       ends the jobs when muster is gone
 *   proc/pressure.c     how hard pressed the machine is
 *   proc/strain.c       its load, memory, swap and disks at this instant
 *
 *   sink/emit.c         output in order: what workers bring
 *   sink/emit_order.c   whose turn it is
 *   sink/emit_keep.c    held output that outlives muster
 *   sink/emit_pack.c    held output, compressed
 *   sink/emit_pass.c    output that is not held, without a copy
 *   sink/emit_writer.c  the writer thread
 *   sink/emit_impl.h    what these five share
 *   sink/held.c         held output of one stream
 *   sink/spool.c        held output on disk
 *   sink/stash.c        the file in which it outlives muster
 *   sink/writer.c       writes batches, with tags
 *   sink/results.c      --results: in files, or as records
 *   sink/results_name.c which files
 *   sink/results_record.c  what these look like
 *   sink/store.c        a file in which a stream is kept; --files
 *   sink/compress.c     the programs of --compress
 *   sink/latest.c       --latest-line
 *   sink/joblog.c       --joblog
 *   sink/journal.c      --journal
 *   sink/logfile.c      the files of both: locked, appended to, synced
 *   sink/summary.c      --summary and --failed-to
 *   sink/metrics.c      --metrics
 *   sink/poolstats.c    --pool-stats
 *   sink/hook.c         --on-done
 *   sink/bar.c          --bar, --eta, --progress
 *   sink/columns.c      text cut to the columns of a terminal
 *
 *   ctl/musterctl.c     the other program: asks a run through its socket
 *
 *   base/               compiler.h list.h kept.h redir.h affinity mem buf num
 *                       arith backoff nearest heap clock thread tmpname slots
 *                       fdio diag json jsonscan siphash usock library maths
 *                       path: they know nothing of jobs
 */
#include <config.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/thread.h"
#include "options.h"
#include "proc/sigstate.h"
#include "run.h"
#include "sem.h"

static int finish_print(int result)
{
	if (result == 0)
		return 0;
	diag_msg("standard output could not be written");
	return RUN_ERROR;
}

int main(int argc, char **argv)
{
	struct buf err = BUF_INIT;
	struct options o;
	int status = RUN_ERROR;

	diag_setup("muster");
	if (fd_setup() < 0)
		return RUN_ERROR;
	sigstate_setup();
	thread_setup();
	switch (options_parse(&o, argc, argv, &err)) {
	case OPTIONS_RUN:
		status = o.sem.is_on ? sem_run(&o) : run(&o);
		break;
	case OPTIONS_HELP:
		status = finish_print(help_print());
		break;
	case OPTIONS_VERSION:
		status = finish_print(help_version());
		break;
	case OPTIONS_INFORM:
		status = inform_print(&o.inform);
		break;
	case OPTIONS_BAD:
		diag_msg("%s", err.data);
		break;
	}
	options_release(&o);
	buf_release(&err);
	return status;
}
