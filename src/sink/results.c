/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results.c - see results.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/thread.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"
#include "sink/results.h"
#include "sink/results_name.h"
#include "sink/results_record.h"
#include "sink/store.h"

/* Of one stream, held in memory; what is more goes into a file. */
#define HELD_MAX	((size_t)1 << 20)
#define PIECE_BYTES	((size_t)65536)

struct results {
	struct output output;
	struct runner runner;
	struct runner *inner_runner;
	struct results_config cfg;
	struct mutex lock;
	bool has_header;	/* guarded by lock */
	size_t columns;		/* of values in it; constant then */
};

/* One stream of a running job. */
struct stream {
	struct store store;	/* its file, or one for what is not held */
	struct buf held;	/* records: what is not in the file */
	int err;		/* the file could not be made: errno */
	bool is_lost;		/* something could not be kept; that was told */
};

/* What job->out is. */
struct result {
	struct stream stream[2];
	struct buf seq_path;
	void *inner;		/* and what it is for the emitter */
	bool counts;		/* what the last try wrote stays */
	bool is_named;		/* its file's name has been given out */
};

static struct results *results_of(struct output *o)
{
	return container_of(o, struct results, output);
}

static bool are_records(const struct results *r)
{
	return results_are_records(r->cfg.kind);
}

/* Does the emitter hear of it? */
static bool has_inner(const struct results *r)
{
	return are_records(r) || r->cfg.prints_names;
}

/* Is that stream held in memory, and not all in a file of its own? */
static bool is_held(const struct results *r)
{
	return are_records(r) && !r->cfg.prints_names;
}

/* Is its file a temporary one? */
static bool is_temporary(const struct results *r)
{
	return r->cfg.kind == RESULTS_TEMPORARY ||
	       (are_records(r) && r->cfg.prints_names);
}

/* The emitter's operations, which have a job->out of their own. */

static bool inner_begin(struct results *r, struct result *res,
			struct job *job, bool last, void (*wake)(void *),
			void *wake_arg)
{
	bool go;

	job->out = res->inner;
	go = r->cfg.inner->ops->begin(r->cfg.inner, job, last, wake, wake_arg);
	res->inner = job->out;
	job->out = res;
	return go;
}

static void inner_append(struct results *r, struct result *res,
			 struct job *job, enum output_stream stream,
			 const struct buf *text)
{
	job->out = res->inner;
	r->cfg.inner->ops->append(r->cfg.inner, job, stream, text->data,
				  text->len);
	job->out = res;
}

static void inner_end(struct results *r, struct result *res, struct job *job,
		      bool keep)
{
	job->out = res->inner;
	r->cfg.inner->ops->end(r->cfg.inner, job, keep);
	res->inner = NULL;
	job->out = res;
}

/* Files. */

/* A failure to open them is told by the runner. */
static void open_files(struct results *r, struct job *job, struct result *res)
{
	struct stream *out = &res->stream[0], *err = &res->stream[1];

	if (is_temporary(r)) {
		/* As in GNU parallel, that of the other one is lost. */
		if (store_open_temporary(&out->store, r->cfg.tmpdir) < 0)
			out->err = errno;
		return;
	}
	results_name_files(&r->cfg, job, &out->store.path, &err->store.path,
			   &res->seq_path);
	/* What is there of an earlier run is not whole any more. */
	(void)unlink(res->seq_path.data);
	if (store_open(&out->store) < 0)
		out->err = errno;
	else if (store_open(&err->store) < 0)
		err->err = errno;
}

/* Streams. */

static struct result *result_new(const struct results *r)
{
	struct result *res = xcalloc(1, sizeof(*res));

	for (int i = 0; i < 2; i++) {
		store_init(&res->stream[i].store,
			   is_held(r) ? NULL : r->cfg.compress);
		buf_init(&res->stream[i].held);
	}
	buf_init(&res->seq_path);
	return res;
}

static void result_free(struct result *res)
{
	for (int i = 0; i < 2; i++) {
		store_release(&res->stream[i].store);
		buf_release(&res->stream[i].held);
	}
	buf_release(&res->seq_path);
	free(res);
}

/* err is what could not be done. */
static void fail(struct results *r, struct stream *s, struct buf *err)
{
	if (!s->is_lost)
		r->cfg.failed(r->cfg.arg, err->data);
	s->is_lost = true;
	buf_release(err);
}

static void fail_spool(struct results *r, struct stream *s)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "cannot write to '%s': %s", r->cfg.tmpdir,
		 strerror(errno));
	fail(r, s, &text);
}

static void hold(struct results *r, struct stream *s, const char *data,
		 size_t len)
{
	buf_add(&s->held, data, len);
	if (s->held.len < HELD_MAX || s->is_lost)
		return;
	if (s->store.fd < 0)
		s->store.fd = fd_tmpfile(r->cfg.tmpdir);
	if (s->store.fd < 0 ||
	    fd_write_all(s->store.fd, s->held.data, s->held.len) < 0)
		fail_spool(r, s);
	buf_reset(&s->held);
}

/* What the try before wrote does not count. */
static void drop(struct result *res)
{
	for (int i = 0; i < 2; i++) {
		struct stream *s = &res->stream[i];
		const struct compress *by = s->store.by;

		store_release(&s->store);
		store_init(&s->store, by);
		buf_reset(&s->held);
		s->err = 0;
		s->is_lost = false;
	}
	buf_reset(&res->seq_path);
}

/* --files: the name of the first stream's file. */

static void add_name(const struct results *r, const struct result *res,
		     struct buf *out)
{
	buf_addstr(out, res->stream[0].store.path.data);
	buf_addch(out, r->cfg.name_end);
}

static void print_name(struct results *r, struct result *res, struct job *job)
{
	struct buf text = BUF_INIT;

	if (res->is_named)
		return;
	res->is_named = true;
	add_name(r, res, &text);
	inner_append(r, res, job, are_records(r) ? OUTPUT_ERR : OUTPUT_OUT,
		     &text);
	buf_release(&text);
}

/* The file has its name from now on. */
static bool keep_file(struct results *r, struct stream *s)
{
	struct buf err = BUF_INIT;

	if (store_keep(&s->store, r->cfg.tmpdir, &err) == 0)
		return true;
	fail(r, s, &err);
	return false;
}

/* Output, the operations. */

static bool results_begin(struct output *o, struct job *job, bool last,
			  void (*wake)(void *), void *wake_arg)
{
	struct results *r = results_of(o);
	struct result *res = job->out;
	bool is_first = !res;
	bool is_new = is_first || !res->counts;

	if (is_first)
		res = result_new(r);
	if (has_inner(r) &&
	    !inner_begin(r, res, job, last, wake, wake_arg)) {
		if (is_first) {
			result_free(res);
			job->out = NULL;
		}
		return false;
	}
	/* Not before: else it would be the job's. */
	if (!is_first && is_new)
		drop(res);
	res->counts = last;
	if (!is_held(r) && is_new)
		open_files(r, job, res);
	job->out = res;
	return true;
}

static bool results_room(struct output *o, struct job *job)
{
	(void)o;
	(void)job;
	return true;
}

static void write_file(struct results *r, struct stream *s, struct job *job,
		       const char *data, size_t len)
{
	struct buf err = BUF_INIT;

	if (s->store.fd < 0 || s->is_lost)
		return;
	if (store_write(&s->store, data, len, &job->order, &err) < 0)
		fail(r, s, &err);
}

static void results_append(struct output *o, struct job *job,
			   enum output_stream stream, const char *data,
			   size_t len)
{
	struct results *r = results_of(o);
	struct result *res = job->out;
	struct stream *s = &res->stream[stream];

	if (is_held(r)) {
		hold(r, s, data, len);
		return;
	}
	write_file(r, s, job, data, len);
	if (r->cfg.names_early && res->counts && !s->is_lost &&
	    stream == OUTPUT_OUT && keep_file(r, s))
		print_name(r, res, job);
}

static void flush(struct results *r, struct result *res, struct job *job,
		  struct buf *record)
{
	inner_append(r, res, job, OUTPUT_OUT, record);
	buf_reset(record);
}

/* What is in the file, piece by piece, then what is held. */
static void add_stream(struct results *r, struct result *res, struct job *job,
		       int which, struct buf *record)
{
	struct stream *s = &res->stream[which];
	bool is_empty = s->store.fd < 0 && !s->held.len;
	struct buf piece = BUF_INIT;
	off_t at = 0;

	record_open_stream(record, r->cfg.kind, which, is_empty);
	while (s->store.fd >= 0) {
		char *room = buf_reserve(&piece, PIECE_BYTES);
		ssize_t n = fd_pread(s->store.fd, room, PIECE_BYTES, at);
		size_t taken;

		if (n < 0)
			fail_spool(r, s);
		if (n <= 0)
			break;
		at += n;
		piece.len += (size_t)n;
		taken = record_add_text(record, r->cfg.kind, piece.data,
					piece.len, false);
		memmove(piece.data, piece.data + taken, piece.len - taken);
		buf_truncate(&piece, piece.len - taken);
		flush(r, res, job, record);
	}
	buf_add(&piece, s->held.data, s->held.len);
	record_add_text(record, r->cfg.kind, piece.data, piece.len, true);
	record_close_stream(record, r->cfg.kind, is_empty);
	buf_release(&piece);
}

/* Before the emitter has got anything to write. */
static void write_header(struct results *r, const struct job *job)
{
	struct buf header = BUF_INIT;

	mutex_lock(&r->lock);
	if (!r->has_header) {
		r->columns = record_values(&r->cfg, job);
		record_add_header(&header, &r->cfg, r->columns);
		if (fd_write_all(r->cfg.fd, header.data, header.len) < 0) {
			buf_reset(&header);
			buf_addf(&header, "cannot write to '%s': %s",
				 r->cfg.path, strerror(errno));
			r->cfg.failed(r->cfg.arg, header.data);
		}
	}
	r->has_header = true;
	mutex_unlock(&r->lock);
	buf_release(&header);
}

/* What its program makes of the rest is in the file, too. */
static void finish_file(struct results *r, struct stream *s, struct job *job)
{
	struct buf err = BUF_INIT;

	if (store_finish(&s->store, &job->order, &err) < 0)
		fail(r, s, &err);
}

static bool close_file(struct results *r, struct stream *s)
{
	struct buf err = BUF_INIT;

	if (store_close(&s->store, &err) < 0)
		fail(r, s, &err);
	return !s->err && !s->is_lost;
}

/* --files: true when its file is there, and is to be named. */
static bool keep_named(struct results *r, struct result *res, struct job *job,
		       bool keep)
{
	struct stream *s = &res->stream[0];

	finish_file(r, s, job);
	return r->cfg.prints_names && keep && job->outcome.has_run &&
	       !s->err && !s->is_lost && keep_file(r, s);
}

static void add_record(struct results *r, struct result *res, struct job *job)
{
	struct buf record = BUF_INIT;

	write_header(r, job);
	record_add_begin(&record, &r->cfg, job, r->columns);
	add_stream(r, res, job, 0, &record);
	add_stream(r, res, job, 1, &record);
	record_add_end(&record, r->cfg.kind);
	flush(r, res, job, &record);
	buf_release(&record);
}

static void end_record(struct results *r, struct result *res, struct job *job,
		       bool keep)
{
	struct stream *s = &res->stream[0];

	if (r->cfg.prints_names) {
		bool is_named = keep_named(r, res, job, keep);

		/* The record has the name in the place of the output. */
		is_named &= close_file(r, s);
		if (is_named)
			buf_add(&s->held, s->store.path.data,
				s->store.path.len);
		if (is_named && r->cfg.fd != STDOUT_FILENO)
			print_name(r, res, job);
	}
	if (keep)
		add_record(r, res, job);
	inner_end(r, res, job, keep);
}

static void write_seq(struct results *r, struct result *res,
		      const struct job *job)
{
	struct buf text = BUF_INIT;
	int fd = fd_open(res->seq_path.data, O_WRONLY | O_CREAT | O_TRUNC,
			 0666);

	buf_addu(&text, job->seq);
	if (fd < 0 || fd_write_all(fd, text.data, text.len) < 0) {
		int err = errno;

		buf_reset(&text);
		buf_addf(&text, "cannot write to '%s': %s", res->seq_path.data,
			 strerror(err));
		r->cfg.failed(r->cfg.arg, text.data);
	}
	fd_close(&fd);
	buf_release(&text);
}

/* Both files. True: they are whole. */
static bool end_streams(struct results *r, struct result *res,
			struct job *job)
{
	bool is_whole = true;

	for (int i = 0; i < 2; i++) {
		finish_file(r, &res->stream[i], job);
		is_whole &= close_file(r, &res->stream[i]);
	}
	return is_whole;
}

static void end_files(struct results *r, struct result *res, struct job *job,
		      bool keep)
{
	bool is_whole;

	if (keep_named(r, res, job, keep))
		print_name(r, res, job);
	is_whole = end_streams(r, res, job);
	if (has_inner(r))
		inner_end(r, res, job, keep);
	/* It has none where the files could not be opened. */
	if (!is_temporary(r) && keep && is_whole && res->seq_path.len &&
	    job->outcome.end != JOB_KILLED)
		write_seq(r, res, job);
}

static void results_end(struct output *o, struct job *job, bool keep)
{
	struct results *r = results_of(o);
	struct result *res = job->out;

	if (are_records(r))
		end_record(r, res, job, keep);
	else
		end_files(r, res, job, keep);
	result_free(res);
	job->out = NULL;
}

static bool is_shortage(const struct stream *s)
{
	return fd_is_short(s->err);
}

static void results_rest(struct output *o, struct job *job)
{
	struct results *r = results_of(o);
	struct result *res = job->out;

	/* Its files could not be opened: the next try may have more luck. */
	if (is_shortage(&res->stream[0]) || is_shortage(&res->stream[1])) {
		drop(res);
		res->counts = false;
	}
	/* Many may wait so, and their files need not be open meanwhile. */
	if (!is_held(r) && !is_temporary(r) && !res->counts)
		end_streams(r, res, job);
	if (!has_inner(r))
		return;
	job->out = res->inner;
	r->cfg.inner->ops->rest(r->cfg.inner, job);
	job->out = res;
}

static void results_skip(struct output *o, uint64_t seq, bool undone)
{
	struct results *r = results_of(o);

	r->cfg.inner->ops->skip(r->cfg.inner, seq, undone);
}

static void results_replay(struct output *o, struct job *job)
{
	struct results *r = results_of(o);

	r->cfg.inner->ops->replay(r->cfg.inner, job);
}

static void results_stop_waiting(struct output *o)
{
	struct results *r = results_of(o);

	r->cfg.inner->ops->stop_waiting(r->cfg.inner);
}

static const struct output_ops results_ops = {
	.begin = results_begin,
	.room = results_room,
	.append = results_append,
	.end = results_end,
	.rest = results_rest,
	.skip = results_skip,
	.replay = results_replay,
	.stop_waiting = results_stop_waiting,
};

/* The runner. */

static struct results *of_runner(struct runner *runner)
{
	return container_of(runner, struct results, runner);
}

static void *open_slot(struct runner *runner, unsigned slot)
{
	struct runner *inner = of_runner(runner)->inner_runner;

	return inner->ops->slot_open(inner, slot);
}

static void close_slot(struct runner *runner, void *state)
{
	struct runner *inner = of_runner(runner)->inner_runner;

	inner->ops->slot_close(inner, state);
}

static void interrupt(struct runner *runner, void *state)
{
	struct runner *inner = of_runner(runner)->inner_runner;

	inner->ops->interrupt(inner, state);
}

/* There is no place for what the job would write. */
static enum run_result refuse(const struct results *r, struct job *job,
			      const struct stream *s)
{
	const char *what = s->store.path.len ? s->store.path.data
					     : r->cfg.tmpdir;
	struct buf text = BUF_INIT;

	if (is_shortage(s)) {
		job->outcome.err = s->err;
		return RUN_AGAIN;
	}
	buf_addf(&text, "%s: cannot create %s'", r->cfg.option,
		 s->store.path.len ? "" : "a file in ");
	buf_add_visible(&text, what, strlen(what));
	buf_addf(&text, "': %s", strerror(s->err));
	job->message = arena_strdup(&job->arena, text.data);
	buf_release(&text);
	job->is_misuse = true;
	job->outcome = (struct job_outcome){
		.end = JOB_UNSTARTED,
		.err = s->err,
	};
	return RUN_ENDED;
}

static enum run_result run_job(struct runner *runner, void *state,
			       struct job *job)
{
	struct results *r = of_runner(runner);
	const struct result *res = job->out;

	for (int i = 0; i < 2; i++) {
		if (res->stream[i].err)
			return refuse(r, job, &res->stream[i]);
	}
	return r->inner_runner->ops->run(r->inner_runner, state, job);
}

static const struct runner_ops runner_ops = {
	.slot_open = open_slot,
	.slot_close = close_slot,
	.run = run_job,
	.interrupt = interrupt,
};

/* Life. */

enum results_kind results_kind_of(const char *path, bool *to_stdout)
{
	static const struct {
		const char *end;
		enum results_kind kind;
	} ends[] = {
		{ ".csv", RESULTS_CSV },
		{ ".tsv", RESULTS_TSV },
		{ ".json", RESULTS_JSON },
	};
	size_t len = strlen(path);

	*to_stdout = false;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t n = strlen(ends[i].end);

		if (len < n || strcasecmp(path + len - n, ends[i].end) != 0)
			continue;
		*to_stdout = len == n + 1 && *path == '-';
		return ends[i].kind;
	}
	return RESULTS_TREE;
}

struct results *results_new(const struct results_config *config)
{
	struct results *r = xcalloc(1, sizeof(*r));

	r->output.ops = &results_ops;
	r->runner.ops = &runner_ops;
	r->cfg = *config;
	r->has_header = config->has_header;
	mutex_init(&r->lock);
	return r;
}

void results_free(struct results *r)
{
	if (!r)
		return;
	mutex_release(&r->lock);
	free(r);
}

struct output *results_output(struct results *r)
{
	return &r->output;
}

struct runner *results_runner(struct results *r, struct runner *inner)
{
	r->inner_runner = inner;
	return &r->runner;
}

bool results_has(const struct results *r, const struct job *job)
{
	struct buf out = BUF_INIT, err = BUF_INIT, seq = BUF_INIT;
	bool has;

	if (r->cfg.kind != RESULTS_TREE && r->cfg.kind != RESULTS_FILES)
		return false;
	results_name_files(&r->cfg, job, &out, &err, &seq);
	has = access(out.data, F_OK) == 0 && access(seq.data, F_OK) == 0;
	buf_release(&out);
	buf_release(&err);
	buf_release(&seq);
	return has;
}
