/* SPDX-License-Identifier: GPL-3.0-or-later */
/* book.c - see book.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/kept.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "book.h"
#include "input/ledger.h"
#include "options.h"
#include "sched/job.h"
#include "sink/emit.h"
#include "sink/journal.h"
#include "sink/logfile.h"
#include "texts.h"

/* Keys. */

/* Fields of any bytes, so that no two lists of them look the same. */
static void hash_field(struct siphash *h, char kind, const void *p, size_t n)
{
	uint64_t len = n;
	unsigned char head[9] = { (unsigned char)kind };

	for (int i = 1; i < 9; i++, len >>= 8)
		head[i] = (unsigned char)len;
	siphash_add(h, head, sizeof(head));
	siphash_add(h, p, n);
}

static void hash_text(struct siphash *h, char kind, const char *text)
{
	if (text)
		hash_field(h, kind, text, strlen(text));
}

/* The commands of all its stages as they would be in slot 1: which one it
 * gets is chance. */
static void hash_commands(const struct book *b, struct siphash *h,
			  struct job *job)
{
	struct buf text = BUF_INIT;

	for (unsigned i = 0; i <= b->options->nthen; i++) {
		const char *command = job->command;

		job->stage = i;
		if (i)
			job->command = NULL;
		buf_reset(&text);
		/* One that was refused may not even have values. */
		if (job->message ||
		    !texts_add_command(b->texts, job, 1, &text))
			job_add_values(job, &text);
		hash_field(h, 'c', text.data, text.len);
		job->command = command;
	}
	job->stage = 0;
	buf_release(&text);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void hash_env(struct siphash *h, char *const *env)
{
	size_t n = 0;
	char **sorted;

	while (env[n])
		n++;
	sorted = xcalloc(n + 1, sizeof(*sorted));
	memcpy(sorted, env, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_texts);
	for (size_t i = 0; i < n; i++)
		hash_text(h, 'e', sorted[i]);
	free(sorted);
}

/* The directory that is the same in any run. */
static void hash_cwd(const struct book *b, struct siphash *h,
		     const struct job *job)
{
	struct buf dir = BUF_INIT;

	hash_text(h, 'd', b->cwd);
	if (job->cwd) {
		hash_text(h, 'w', job->cwd);
	} else if (b->texts->cwd) {
		texts_add_cwd(b->texts, job, &dir);
		hash_field(h, 'w', dir.data, dir.len);
	}
	buf_release(&dir);
}

static void hash_block(struct siphash *h, const struct job *job)
{
	struct buf part = BUF_INIT;

	if (!job->has_data)
		return;
	hash_field(h, 'b', job->data ? job->data : "", job->data_len);
	if (job->part_path || job->part_of_stdin) {
		buf_addf(&part, "%lld %lld %s", (long long)job->part_from,
			 (long long)job->part_len,
			 job->part_path ? job->part_path : "-");
		hash_field(h, 'p', part.data, part.len);
	}
	buf_release(&part);
}

void book_identify(const struct book *b, struct job *job, uint64_t number)
{
	static const unsigned char seed[SIPHASH_BYTES] = "muster journal 1";
	bool has_file = job->block_path != NULL;
	char *path = has_file ? job->values[0] : NULL;
	struct siphash h;

	if (!b->has_keys)
		return;
	/* The name of its file is another one each time. */
	if (has_file)
		job->values[0] = (char *)"$PARALLEL_TMP";
	/* For {#}; the engine gives it the one that counts. */
	job->number = number;
	siphash_init(&h, seed);
	hash_commands(b, &h, job);
	hash_cwd(b, &h, job);
	/* Nothing but that name is in its environment. */
	if (has_file)
		job->values[0] = path;
	else if (job->env)
		hash_env(&h, job->env);
	hash_text(&h, 'i', job->input);
	hash_block(&h, job);
	siphash_end(&h, job->key);
	job->has_key = true;
}

/* Files. */

static char *own_directory(void)
{
	struct buf dir = BUF_INIT;
	size_t size = PATH_MAX;

	while (!getcwd(buf_reserve(&dir, size), size)) {
		if (errno != ERANGE) {
			buf_truncate(&dir, 0);
			return buf_take(&dir);
		}
		size *= 2;
	}
	dir.len = strlen(dir.data);
	return buf_take(&dir);
}

static char *absolute(const struct book *b, const char *path)
{
	struct buf whole = BUF_INIT;

	if (*path != '/')
		buf_addf(&whole, "%s/", b->cwd);
	buf_addstr(&whole, path);
	return buf_take(&whole);
}

static int open_output(struct book *b, struct stat *st, struct buf *err)
{
	const struct options *o = b->options;

	b->out_path = absolute(b, o->output);
	b->out_fd = logfile_claim("--output", o->output, false, st, err);
	if (b->out_fd < 0)
		return -1;
	b->out_is_regular = S_ISREG(st->st_mode);
	if (o->sync != LOGFILE_NONE && st->st_size == 0)
		logfile_sync_dir(o->output);
	return 0;
}

static int open_journal(struct book *b, struct buf *err)
{
	const struct options *o = b->options;
	struct logfile_config config = {
		.option = "--journal",
		.path = o->journal,
		.sync = o->sync,
	};

	b->file = logfile_open(&config, err);
	if (!b->file)
		return -1;
	if (strcmp(o->journal, "-") == 0)
		return 0;
	b->ledger = ledger_new(o->journal, err);
	if (!b->ledger)
		return -1;
	return logfile_cut(b->file, ledger_size(b->ledger), err);
}

static bool is_resumed(const struct options *o)
{
	return o->resume || o->retry_failed;
}

/* The output goes on where the journal says, which must be the one it was. */
static int check_output(const struct book *b, struct buf *err)
{
	const char *then = ledger_output(b->ledger);

	if (!ledger_has_run(b->ledger) ||
	    (!then && !b->options->output) ||
	    (then && b->out_path && strcmp(then, b->out_path) == 0))
		return 0;
	buf_addf(err, "--journal: the output of the run in '%s' went to ",
		 b->options->journal);
	if (then) {
		buf_addch(err, '\'');
		buf_add_visible(err, then, strlen(then));
		buf_addstr(err, "': give the same --output");
	} else {
		buf_addstr(err, "standard output: --output cannot go on with "
			   "it");
	}
	return -1;
}

/* What waits for its turn is on record, too, and outlives us. */
static bool keeps_output(const struct book *b)
{
	return b->options->journal && strcmp(b->options->journal, "-") != 0 &&
	       b->out_is_regular;
}

static bool is_kept(void *arg, const struct kept *kept)
{
	return stash_has(&((struct book *)arg)->stash, kept);
}

static int resume_from(struct book *b, const struct stat *st, struct buf *err)
{
	uint64_t size = UINT64_MAX;

	if (b->out_fd >= 0 && b->out_is_regular)
		size = (uint64_t)st->st_size;
	if (b->ledger) {
		if (check_output(b, err) < 0)
			return -1;
		ledger_trust_kept(b->ledger, b->stash.fd >= 0 ? b->stash.mark
			: NULL, is_kept, b);
		b->offset = ledger_trust(b->ledger, size);
	} else if (b->out_is_regular) {
		b->offset = size;
	}
	return 0;
}

static bool describe(void *arg, const struct job *job, struct buf *out)
{
	const struct book *b = arg;

	/* It may have been refused for having none. */
	if (job->outcome.end == JOB_REFUSED && job->tries == 0)
		return false;
	return texts_add_command(b->texts, job, job->slot, out);
}

/* Opens, and reads what is there. */
static int open_files(struct book *b, struct buf *err)
{
	const struct options *o = b->options;
	struct journal_config config = { .describe = describe, .arg = b };
	struct stat st = { .st_size = 0 };

	if ((o->output && open_output(b, &st, err) < 0) ||
	    (o->journal && open_journal(b, err) < 0) ||
	    (keeps_output(b) && stash_open(&b->stash, o->output, err) < 0))
		return -1;
	if (is_resumed(o)) {
		if (resume_from(b, &st, err) < 0)
			return -1;
	} else {
		ledger_free(b->ledger);
		b->ledger = NULL;
		/* Where the lock is lost when the file is closed. */
		if (b->file && o->journal && strcmp(o->journal, "-") != 0 &&
		    logfile_cut(b->file, INT64_MAX, err) < 0)
			return -1;
	}
	config.file = b->file;
	if (o->journal)
		b->journal = journal_new(&config);
	return 0;
}

int book_open(struct book *b, const struct options *o, const struct texts *t,
	      struct buf *err)
{
	bool is_dry = o->dry_run || o->shell_quote;

	*b = (struct book){ .options = o, .texts = t, .out_fd = -1 };
	if (!o->journal && !o->output)
		return 0;
	b->cwd = own_directory();
	b->has_keys = o->journal != NULL;
	if (is_dry) {
		if (o->journal && is_resumed(o))
			b->ledger = ledger_new(o->journal, err);
		return !b->ledger && err->len ? -1 : 0;
	}
	return open_files(b, err);
}

void book_release(struct book *b)
{
	/* Only what was never begun is still open with no word about it. */
	if (b->journal)
		journal_free(b->journal);
	else
		(void)!logfile_free(b->file);
	b->journal = NULL;
	b->file = NULL;
	ledger_free(b->ledger);
	b->ledger = NULL;
	if (b->options)
		fd_close(&b->out_fd);
	stash_release(&b->stash);
	free(b->out_path);
	free(b->cwd);
	b->out_path = b->cwd = NULL;
}

/* The run. */

static const char *resume_name(const struct options *o)
{
	return o->retry_failed ? "retry" : o->resume_failed ? "failed"
	       : o->resume ? "all" : "no";
}

static void journal_failed(void *arg, const char *path, int err)
{
	struct book *b = arg;

	b->failed(b->arg, "--journal", path, err);
}

static int begin_journal(struct book *b, struct buf *err)
{
	const struct options *o = b->options;
	struct journal_run run = {
		.version = PACKAGE_VERSION,
		.cwd = b->cwd,
		.resume = resume_name(o),
		.stages = 1 + (unsigned)o->nthen,
		.options = o->given,
		.noptions = o->ngiven,
		.command = o->command,
		.output = b->out_path,
		.offset = b->offset,
		.kept = keeps_output(b) ? b->stash.mark : NULL,
	};

	if (journal_begin(b->journal, &run) < 0) {
		buf_addf(err, "--journal: can't write to '%s': %s", o->journal,
			 strerror(errno));
		return -1;
	}
	logfile_set_failed(b->file, journal_failed, b);
	return 0;
}

/* Nobody keeps anything any more. */
static void finish_stash(struct book *b)
{
	bool is_wanted = emit_is_keeping(b->emit) ||
			 (b->ledger && ledger_has_kept(b->ledger));

	if (b->stash.path)
		stash_end(&b->stash, is_wanted);
}

/* An earlier run's file is gone on with; else a new one is made. */
static int begin_stash(struct book *b, struct buf *err)
{
	if (b->ledger && b->stash.fd >= 0 && ledger_has_kept(b->ledger))
		return 0;
	return stash_begin(&b->stash, b->options->sync != LOGFILE_NONE, err);
}

static void reserve(void *arg, const struct kept *kept)
{
	emit_reserve(arg, kept);
}

int book_begin(struct book *b, struct emit *e, struct buf *err)
{
	b->emit = e;
	if (b->out_fd >= 0 && b->out_is_regular &&
	    ftruncate(b->out_fd, (off_t)b->offset) < 0) {
		logfile_explain("--output", "write to", b->options->output,
				err);
		return -1;
	}
	if (keeps_output(b) && begin_stash(b, err) < 0)
		return -1;
	if (b->journal && begin_journal(b, err) < 0) {
		finish_stash(b);
		return -1;
	}
	if (keeps_output(b))
		emit_keep(e, b->stash.fd, STASH_HEADER, b->stash.size,
			  b->options->sync == LOGFILE_ALWAYS);
	if (keeps_output(b) && b->ledger)
		ledger_each_kept(b->ledger, reserve, e);
	return 0;
}

struct sink *book_sink(struct book *b)
{
	return b->journal ? journal_sink(b->journal) : NULL;
}

int book_out_fd(const struct book *b)
{
	return b->out_fd >= 0 ? b->out_fd : 0;
}

static void output_failed(struct book *b, int err)
{
	if (!atomic_exchange(&b->out_failed, true))
		b->failed(b->arg, "--output", b->options->output, err);
}

static bool put_written(void *book, const struct emit_written *w, size_t n)
{
	struct book *b = book;

	if (atomic_load(&b->out_failed))
		return false;
	/* The bytes first: what is on record is there. */
	if (b->options->sync == LOGFILE_ALWAYS &&
	    logfile_sync_fd(b->out_fd) < 0) {
		output_failed(b, errno);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		int ret = w[i].is_gap
			? journal_add_gap(b->journal, w[i].seq, w[i].offset)
			: journal_add_out(b->journal, w[i].seq, w[i].offset);

		if (ret < 0)
			return false;
	}
	return journal_commit(b->journal) == 0;
}

static void put_end(void *book, struct job *job, const struct kept *kept)
{
	struct book *b = book;

	journal_end(b->journal, job, kept);
}

static void put_replay(void *book, const struct job *job)
{
	struct book *b = book;

	journal_replay(b->journal, job);
}

void book_configure(struct book *b, struct emit_config *config)
{
	if (!b->journal || b->out_fd < 0)
		return;
	config->written = put_written;
	config->ended = put_end;
	config->replays = put_replay;
	config->book = b;
	config->stages = 1 + (unsigned)b->options->nthen;
}

static bool finish_output(struct book *b, bool closes)
{
	int err = 0;

	if (b->out_fd < 0)
		return true;
	if (closes)
		finish_stash(b);
	if (!atomic_load(&b->out_failed) && b->options->sync != LOGFILE_NONE &&
	    logfile_sync_fd(b->out_fd) < 0)
		err = errno;
	/* Network file systems tell only here that something was lost. */
	if (closes && close(b->out_fd) < 0 && errno != EINTR && !err)
		err = errno;
	if (closes)
		b->out_fd = -1;
	if (err)
		output_failed(b, err);
	return !atomic_load(&b->out_failed);
}

bool book_finish(struct book *b, const struct tally *tally, bool closes)
{
	bool is_good = finish_output(b, closes);
	bool is_whole;

	if (!b->journal)
		return is_good;
	is_whole = journal_finish(b->journal, tally) == 0;
	if (!closes)
		return is_good && is_whole;
	/* What has been told is not told again. */
	if (journal_close(b->journal) < 0 && is_whole) {
		journal_failed(b, b->options->journal, errno);
		is_whole = false;
	}
	return is_good && is_whole;
}
