/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pipe.c - see pipe.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "input/blocks.h"
#include "input/group.h"
#include "input/recsep.h"
#include "options.h"
#include "pipe.h"
#include "sched/job.h"
#include "tempdir.h"

#define BLOCK_DEFAULT	((size_t)1 << 20)
/* --pipe-part without --block: so many parts a slot. */
#define PARTS_DEFAULT	10

/* A file that is cut into parts. */
struct part_file {
	const char *path;	/* NULL: standard input */
	int fd;
	int64_t size;
	int64_t header;		/* its length */
};

struct pipe {
	const struct options *options;
	struct recsep *recsep;
	struct blocks_opts cut;

	struct blocks *blocks;		/* --pipe */
	struct part_file *files;	/* --pipe-part */
	size_t nfiles;
	size_t file;			/* the one that is read now */
	int64_t at;
	atomic_bool stop;
	struct group *group;		/* --group-by, or NULL */
	bool has_failed;		/* an expression */
	bool is_stdin_file;		/* which is cut by offset */
	const char *tee_path;		/* all of it for each job, or NULL */

	struct input_spec *values;
	size_t nvalues;
	struct input_spec none;

	struct tempdir *temp;		/* --cat, --fifo */
	const char *dir;		/* its path */
	uint64_t jobs;
};

/* As GNU parallel: with --pipe all inputs are values, and standard input is
 * the data; with --pipe-part files are data, with --tee only the first. */
static bool holds_values(const struct pipe *p, const struct input_spec *spec)
{
	if (spec->kind == INPUT_ARGS || spec->kind == INPUT_STDIN)
		return spec->kind == INPUT_ARGS;
	return !p->options->pipe.is_part ||
	       (p->tee_path && spec->path != p->tee_path);
}

static void sort_inputs(struct pipe *p)
{
	const struct options *o = p->options;

	if (o->pipe.is_part && o->pipe.is_tee) {
		for (size_t i = 0; i < o->ninputs && !p->tee_path; i++)
			p->tee_path = o->inputs[i].path;
	}

	p->none = (struct input_spec){
		.kind = INPUT_ARGS, .option = ":::", .timeout_ns = -1,
	};
	p->values = xcalloc(o->ninputs + 1, sizeof(*p->values));
	for (size_t i = 0; i < o->ninputs; i++) {
		if (holds_values(p, &o->inputs[i]))
			p->values[p->nvalues++] = o->inputs[i];
	}
	if (p->nvalues)
		p->values[0].linked = false;
	if (p->nvalues == 0)
		p->values[p->nvalues++] = p->none;
}

const struct input_spec *pipe_values(const struct pipe *p, size_t *n)
{
	*n = p->nvalues;
	return p->values;
}

/* The descriptor; -1 with a message in err. */
static int open_file(const struct input_spec *spec, struct stat *st,
		     struct buf *err)
{
	int fd = fd_open(spec->path, O_RDONLY, 0);

	if (fd >= 0 && fstat(fd, st) == 0 && S_ISDIR(st->st_mode)) {
		fd_close(&fd);
		errno = EISDIR;
	}
	if (fd < 0)
		buf_addf(err, "%s: cannot open '%s': %s", spec->option,
			 spec->path, strerror(errno));
	return fd;
}

static bool is_stdin(const struct input_spec *spec)
{
	return spec->kind == INPUT_STDIN || strcmp(spec->path, "-") == 0;
}

/* --pipe */

static int64_t header_of(struct pipe *p, int fd, struct buf *err);

/* Files of the kernel's own (/proc, /sys) say that they have no bytes, or a
 * page of them, whatever they have. 1: it has as many, 0: not, -1: errno. */
static int has_its_size(int fd, int64_t size)
{
	char c;
	ssize_t n = fd_pread(fd, &c, 1, size ? size - 1 : 0);

	return n < 0 ? -1 : n == (size > 0);
}

/*
 * May standard input be cut by offset, so that its bytes go to the jobs
 * without a copy? The blocks are to be those that reading it makes.
 */
static bool can_splice(const struct pipe *p, struct stat *st)
{
	const struct pipe_opts *po = &p->options->pipe;
	size_t separator = (po->recstart ? strlen(po->recstart) : 0) +
			   (po->recend ? strlen(po->recend) : 0);

	return fstat(0, st) == 0 && S_ISREG(st->st_mode) && !po->is_tee &&
	       !po->round_robin && !p->group && !po->is_regexp &&
	       !p->options->source.csv &&
	       !po->records && !po->lines && !po->remove_separators &&
	       !p->cut.skip_blank && separator < 1024 &&
	       lseek(0, 0, SEEK_CUR) == 0 && has_its_size(0, st->st_size) > 0;
}

static int open_stdin_file(struct pipe *p, const struct stat *st,
			   struct buf *err)
{
	struct part_file *f = xcalloc(1, sizeof(*f));

	f->size = st->st_size;
	p->files = f;
	p->is_stdin_file = true;
	f->header = header_of(p, 0, err);
	if (f->header < 0) {
		if (err->len == 0)
			buf_addf(err, "--pipe: cannot read the input: %s",
				 strerror(errno));
		return -1;
	}
	p->at = f->header;
	(void)lseek(0, p->at, SEEK_SET);
	if (p->cut.parts)
		p->cut.bytes = blocks_bytes(f->size, p->cut.parts);
	p->nfiles = 1;
	return 0;
}

static int open_stream(struct pipe *p, struct buf *err)
{
	struct stat st;

	for (size_t i = 0; i < p->nvalues; i++) {
		if (p->values[i].kind != INPUT_FILE || !is_stdin(&p->values[i]))
			continue;
		buf_addf(err, "%s: standard input holds the data of --pipe, "
			 "not values", p->values[i].option);
		return -1;
	}
	if (fd_was_closed(0)) {
		buf_addstr(err, "standard input is closed");
		return -1;
	}
	if (can_splice(p, &st))
		return open_stdin_file(p, &st, err);
	p->blocks = blocks_new(0, &p->cut, err);
	return p->blocks ? 0 : -1;
}

/* --pipe-part */

static int check_size(const struct part_file *f, struct buf *err)
{
	int fits = has_its_size(f->fd, f->size);

	if (fits < 0)
		buf_addf(err, "--pipe-part: cannot read '%s': %s", f->path,
			 strerror(errno));
	else if (!fits)
		buf_addf(err, "--pipe-part: '%s' has another size than it "
			 "says, as files of the kernel have: use --pipe",
			 f->path);
	return fits > 0 ? 0 : -1;
}

static int add_file(struct pipe *p, const struct input_spec *spec,
		    struct buf *err)
{
	struct part_file *f = &p->files[p->nfiles];
	struct stat st;

	if (is_stdin(spec)) {
		buf_addstr(err, "--pipe-part: needs files (-a FILE), standard "
			   "input cannot be cut by offset");
		return -1;
	}
	f->path = spec->path;
	f->fd = open_file(spec, &st, err);
	if (f->fd < 0)
		return -1;
	p->nfiles++;
	if (S_ISREG(st.st_mode))
		f->size = st.st_size;
	else if (S_ISBLK(st.st_mode))
		f->size = lseek(f->fd, 0, SEEK_END);
	else
		f->size = -1;
	if (f->size < 0) {
		buf_addf(err, "--pipe-part: '%s' is neither a file nor a "
			 "block device", f->path);
		return -1;
	}
	if (S_ISREG(st.st_mode) && check_size(f, err) < 0)
		return -1;
	f->header = header_of(p, f->fd, err);
	if (f->header < 0 && err->len == 0)
		buf_addf(err, "--pipe-part: '%s': %s", f->path,
			 strerror(errno));
	return f->header < 0 ? -1 : 0;
}

/* All of the file for each of the jobs. */
static int check_tee(struct pipe *p, struct buf *err)
{
	struct input_spec spec = { .path = p->tee_path, .option = "-a" };
	struct stat st;
	int fd;

	fd = open_file(&spec, &st, err);
	if (fd < 0)
		return -1;
	fd_close(&fd);
	return 0;
}

static int open_parts(struct pipe *p, unsigned slots, struct buf *err)
{
	const struct pipe_opts *po = &p->options->pipe;
	int64_t all = 0;
	double parts = po->round_robin ? 1
			: po->block < 0 ? -po->block : PARTS_DEFAULT;

	p->files = xcalloc(p->options->ninputs, sizeof(*p->files));
	for (size_t i = 0; i < p->options->ninputs; i++) {
		if (!holds_values(p, &p->options->inputs[i]) &&
		    add_file(p, &p->options->inputs[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < p->nfiles; i++)
		all += p->files[i].size;
	if (po->block <= 0 || po->round_robin)
		p->cut.bytes = (size_t)((double)all / slots / parts) + 1;
	if (p->nfiles)
		p->at = p->files[0].header;
	return 0;
}

/* The length of the header of that file, of which --group-by may want to know
 * the names; -1 with errno or a message in err. */
static int64_t header_of(struct pipe *p, int fd, struct buf *err)
{
	int64_t n = blocks_part_header(fd, &p->cut, err);
	char *names;

	if (n <= 0 || !p->group || !group_has_name(p->group))
		return n;
	names = xmalloc((size_t)n + 1);
	errno = ENODATA;
	if (fd_pread(fd, names, (size_t)n, 0) != (ssize_t)n ||
	    group_set_names(p->group, names, (size_t)n, err) < 0)
		n = -1;
	free(names);
	return n;
}

/* Life cycle. */

static const char *temporary(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static int make_dir(struct pipe *p, struct buf *err)
{
	const struct options *o = p->options;
	const char *dir = o->tmpdir ? o->tmpdir : temporary();
	struct buf path = BUF_INIT;

	if ((!o->pipe.is_cat && !o->pipe.is_fifo) || o->dry_run)
		return 0;
	p->temp = tempdir_new(*dir ? dir : "/tmp",
			      o->die_with_parent, &path);
	if (p->temp)
		p->dir = tempdir_path(p->temp);
	else
		buf_addf(err, "%s: cannot make a directory '%s': %s",
			 o->pipe.is_cat ? "--cat" : "--fifo", path.data,
			 strerror(errno));
	buf_release(&path);
	return p->temp ? 0 : -1;
}

static void set_cut(struct pipe *p, unsigned slots)
{
	const struct options *o = p->options;
	const struct pipe_opts *po = &o->pipe;

	p->cut = (struct blocks_opts){
		.recsep = p->recsep,
		.bytes = po->block > 0 ? (size_t)po->block : BLOCK_DEFAULT,
		.records = po->records,
		.lines = po->lines,
		.timeout_ns = po->block_timeout_ns,
		.header = po->header,
		.repeat_header = !po->round_robin,
		.is_eager = po->is_tee,
		.group = p->group,
		.tmpdir = o->tmpdir ? o->tmpdir : temporary(),
		.remove_separators = po->remove_separators,
		.skip_blank = o->source.skip_blank,
	};
	if (po->block < 0)
		p->cut.parts = (uint64_t)(slots * -po->block + 0.5);
	if (po->block < 0 && !p->cut.parts)
		p->cut.parts = 1;
	/* All jobs get all of it as it is. */
	if (po->is_tee) {
		p->cut.header = NULL;
		p->cut.remove_separators = p->cut.skip_blank = false;
		p->cut.records = p->cut.lines = 0;
	}
	/* A column that has a name stands in a first line of names. */
	if (p->group && group_has_name(p->group) && !po->header)
		p->cut.header = ":";
}

static int make_recsep(struct pipe *p, struct buf *err)
{
	const struct pipe_opts *po = &p->options->pipe;
	struct recsep_opts sep = {
		.start = po->is_tee ? NULL : po->recstart,
		.end = po->is_tee ? "" : po->recend,
		.is_regexp = po->is_regexp && !po->is_tee,
		.is_csv = p->options->source.csv && !po->is_tee,
	};

	if (po->group_by) {
		p->group = group_new(po->group_by, p->options->source.colsep,
				     err);
		if (!p->group)
			return -1;
	}
	sep.group = p->group;
	p->recsep = recsep_new(&sep, err);
	return p->recsep ? 0 : -1;
}

static int open_inputs(struct pipe *p, unsigned slots, struct buf *err)
{
	if (p->tee_path)
		return check_tee(p, err);
	return p->options->pipe.is_part ? open_parts(p, slots, err)
					: open_stream(p, err);
}

struct pipe *pipe_new(const struct options *o, unsigned slots,
		      struct buf *err)
{
	struct pipe *p = xcalloc(1, sizeof(*p));

	p->options = o;
	atomic_init(&p->stop, false);
	sort_inputs(p);
	if (make_recsep(p, err) < 0)
		goto fail;
	set_cut(p, slots);
	if (open_inputs(p, slots, err) < 0 || make_dir(p, err) < 0)
		goto fail;
	return p;

fail:
	pipe_free(p);
	return NULL;
}

void pipe_free(struct pipe *p)
{
	if (!p)
		return;
	tempdir_free(p->temp);
	for (size_t i = 0; !p->is_stdin_file && i < p->nfiles; i++)
		fd_close(&p->files[i].fd);
	free(p->files);
	blocks_free(p->blocks);
	recsep_free(p->recsep);
	group_free(p->group);
	free(p->values);
	free(p);
}

void pipe_stop(struct pipe *p)
{
	atomic_store(&p->stop, true);
	if (p->blocks)
		blocks_stop(p->blocks);
}

/* Pieces. */

static int next_block(struct pipe *p, struct piece *piece, struct buf *err)
{
	int ret = blocks_next(p->blocks, &piece->data, &piece->len);

	if (ret < 0 && blocks_problem(p->blocks))
		buf_addstr(err, blocks_problem(p->blocks));
	else if (ret < 0)
		buf_addf(err, "--pipe: cannot read the input: %s",
			 strerror(errno));
	return ret;
}

/* The header, for this one job. */
static int copy_header(const struct part_file *f, struct piece *piece)
{
	if (f->header == 0)
		return 0;
	piece->len = (size_t)f->header;
	piece->data = xmalloc(piece->len);
	if (fd_pread(f->fd, piece->data, piece->len, 0) ==
	    (ssize_t)piece->len)
		return 0;
	free(piece->data);
	piece->data = NULL;
	return -1;
}

/* The length of the part that begins at p->at. */
static int64_t part_length(struct pipe *p, struct part_file *f)
{
	struct stat st;

	if (!p->is_stdin_file || p->cut.parts)
		return blocks_part(f->fd, &p->cut, p->at, f->size);
	/* Someone may still write to it. */
	if (f->size - p->at <= (int64_t)p->cut.bytes && fstat(0, &st) == 0 &&
	    st.st_size > f->size)
		f->size = st.st_size;
	return blocks_cut(0, &p->cut, p->at, f->size, &p->cut.bytes);
}

/* As if the n bytes before p->at had been read; -1: they have been, and not by
 * us. */
static int take_place(const struct pipe *p, int64_t n)
{
	if (lseek(0, n, SEEK_CUR) == p->at)
		return 0;
	(void)lseek(0, -n, SEEK_CUR);
	return -1;
}

static int next_part(struct pipe *p, struct piece *piece, struct buf *err)
{
	struct part_file *f;
	int64_t n;

	while (p->file < p->nfiles && p->at >= p->files[p->file].size) {
		if (++p->file < p->nfiles)
			p->at = p->files[p->file].header;
	}
	if (p->file == p->nfiles || atomic_load(&p->stop))
		return 0;
	f = &p->files[p->file];
	n = part_length(p, f);
	if (n < 0 || copy_header(f, piece) < 0) {
		if (p->is_stdin_file)
			buf_addstr(err, "--pipe: cannot read the input");
		else
			buf_addf(err, "--pipe-part: cannot read '%s'",
				 f->path);
		buf_addf(err, ": %s", strerror(errno));
		p->at = f->size;
		return -1;
	}
	piece->path = f->path;
	piece->of_stdin = p->is_stdin_file;
	piece->from = p->at;
	piece->part_len = n;
	p->at += n;
	if (p->is_stdin_file && take_place(p, n) < 0) {
		free(piece->data);
		piece->data = NULL;
		buf_addstr(err, "--pipe: someone else reads standard input, "
			   "too; nothing is read any more");
		p->at = f->size;
		return -1;
	}
	return 1;
}

/* An expression that fails for a line fails the run. */
static int check_group(struct pipe *p, struct piece *piece, struct buf *err)
{
	if (!p->group || !group_problem(p->group) || p->has_failed)
		return 0;
	free(piece->data);
	p->has_failed = true;
	atomic_store(&p->stop, true);
	buf_addstr(err, group_problem(p->group));
	return -1;
}

int pipe_next(struct pipe *p, struct piece *piece, struct buf *err)
{
	int ret;

	*piece = (struct piece){ .data = NULL };
	if (p->has_failed)
		return 0;
	ret = p->blocks ? next_block(p, piece, err)
			: next_part(p, piece, err);
	if (ret > 0 && check_group(p, piece, err) < 0)
		return -1;
	return ret;
}

const char *pipe_header(const struct pipe *p, size_t *len)
{
	return blocks_header(p->blocks, len);
}

const char *pipe_tee_path(const struct pipe *p)
{
	return p->tee_path;
}

static char *copy_text(struct job *job, const char *s)
{
	job->bytes += strlen(s) + 1;
	return arena_strdup(&job->arena, s);
}

/* The job's file: {} and $PARALLEL_TMP. */
static void name_file(struct pipe *p, struct job *job)
{
	struct buf name = BUF_INIT;

	if (p->dir)
		buf_addf(&name, "%s/%llu", p->dir,
			 (unsigned long long)++p->jobs);
	else
		buf_addstr(&name, "$PARALLEL_TMP");
	job->values = arena_alloc(&job->arena, 2 * sizeof(*job->values));
	job->values[0] = copy_text(job, name.data);
	job->values[1] = NULL;
	job->nvalues = 1;
	job->block_path = p->dir ? job->values[0] : NULL;
	job->block_is_fifo = p->options->pipe.is_fifo;
	buf_reset(&name);
	buf_addf(&name, "PARALLEL_TMP=%s", job->values[0]);
	job->env = arena_alloc(&job->arena, 2 * sizeof(*job->env));
	job->env[0] = copy_text(job, name.data);
	job->env[1] = NULL;
	buf_release(&name);
}

void pipe_name_file(struct pipe *p, struct job *job)
{
	if (p->options->pipe.is_cat || p->options->pipe.is_fifo)
		name_file(p, job);
}

void pipe_attach(struct pipe *p, struct job *job, const struct piece *piece)
{
	job_set_data(job, piece->data, piece->len);
	if (piece->path || piece->of_stdin) {
		if (piece->path)
			job->part_path = copy_text(job, piece->path);
		job->part_of_stdin = piece->of_stdin;
		job->part_from = piece->from;
		job->part_len = piece->part_len;
	}
	pipe_name_file(p, job);
}
