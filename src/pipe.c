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
	const char *path;
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

	struct input_spec *values;
	size_t nvalues;
	struct input_spec none;

	struct tempdir *temp;		/* --cat, --fifo */
	const char *dir;		/* its path */
	uint64_t jobs;
};

static bool holds_values(const struct input_spec *spec)
{
	return spec->kind == INPUT_ARGS;
}

static void sort_inputs(struct pipe *p)
{
	const struct options *o = p->options;

	p->none = (struct input_spec){
		.kind = INPUT_ARGS, .option = ":::", .timeout_ns = -1,
	};
	p->values = xcalloc(o->ninputs + 1, sizeof(*p->values));
	for (size_t i = 0; i < o->ninputs; i++) {
		if (holds_values(&o->inputs[i]))
			p->values[p->nvalues++] = o->inputs[i];
	}
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

static int open_stream(struct pipe *p, struct buf *err)
{
	const struct options *o = p->options;
	const struct input_spec *from = NULL;
	struct stat st;
	int fd = 0;

	for (size_t i = 0; i < o->ninputs; i++) {
		if (holds_values(&o->inputs[i]))
			continue;
		if (from) {
			buf_addstr(err, "--pipe reads one input (for several "
				   "files, use --pipe-part)");
			return -1;
		}
		from = &o->inputs[i];
	}
	if (from && !is_stdin(from)) {
		fd = open_file(from, &st, err);
		if (fd < 0)
			return -1;
	}
	p->blocks = blocks_new(fd, &p->cut, err);
	if (!p->blocks && fd > 0)
		fd_close(&fd);
	return p->blocks ? 0 : -1;
}

/* --pipe-part */

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
	f->header = blocks_part_header(f->fd, &p->cut, err);
	if (f->header < 0 && err->len == 0)
		buf_addf(err, "--pipe-part: '%s': %s", f->path,
			 strerror(errno));
	return f->header < 0 ? -1 : 0;
}

static int open_parts(struct pipe *p, unsigned slots, struct buf *err)
{
	const struct pipe_opts *po = &p->options->pipe;
	int64_t all = 0;
	double parts = po->block < 0 ? -po->block : PARTS_DEFAULT;

	p->files = xcalloc(p->options->ninputs, sizeof(*p->files));
	for (size_t i = 0; i < p->options->ninputs; i++) {
		if (!holds_values(&p->options->inputs[i]) &&
		    add_file(p, &p->options->inputs[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < p->nfiles; i++)
		all += p->files[i].size;
	if (po->block <= 0)
		p->cut.bytes = (size_t)((double)all / slots / parts) + 1;
	if (p->nfiles)
		p->at = p->files[0].header;
	return 0;
}

/* Life cycle. */

static int make_dir(struct pipe *p, struct buf *err)
{
	const struct options *o = p->options;
	const char *dir = o->tmpdir ? o->tmpdir : getenv("TMPDIR");
	struct buf path = BUF_INIT;

	if ((!o->pipe.is_cat && !o->pipe.is_fifo) || o->dry_run)
		return 0;
	p->temp = tempdir_new(dir && *dir ? dir : "/tmp",
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

	(void)slots;
	p->cut = (struct blocks_opts){
		.recsep = p->recsep,
		.bytes = po->block > 0 ? (size_t)po->block : BLOCK_DEFAULT,
		.records = po->records,
		.lines = po->lines,
		.timeout_ns = po->block_timeout_ns,
		.header = po->header,
		.repeat_header = true,
		.remove_separators = po->remove_separators,
		.skip_blank = o->source.skip_blank,
	};
}

struct pipe *pipe_new(const struct options *o, unsigned slots,
		      struct buf *err)
{
	const struct pipe_opts *po = &o->pipe;
	struct recsep_opts sep = {
		.start = po->recstart, .end = po->recend,
		.is_regexp = po->is_regexp,
	};
	struct pipe *p = xcalloc(1, sizeof(*p));
	int ret;

	p->options = o;
	atomic_init(&p->stop, false);
	sort_inputs(p);
	p->recsep = recsep_new(&sep, err);
	if (!p->recsep)
		goto fail;
	set_cut(p, slots);
	ret = po->is_part ? open_parts(p, slots, err) : open_stream(p, err);
	if (ret < 0 || make_dir(p, err) < 0)
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
	for (size_t i = 0; i < p->nfiles; i++)
		fd_close(&p->files[i].fd);
	free(p->files);
	blocks_free(p->blocks);
	recsep_free(p->recsep);
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

	if (ret < 0)
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

static int next_part(struct pipe *p, struct piece *piece, struct buf *err)
{
	const struct part_file *f;
	int64_t n;

	while (p->file < p->nfiles && p->at >= p->files[p->file].size) {
		if (++p->file < p->nfiles)
			p->at = p->files[p->file].header;
	}
	if (p->file == p->nfiles || atomic_load(&p->stop))
		return 0;
	f = &p->files[p->file];
	n = blocks_part(f->fd, &p->cut, p->at, f->size);
	if (n < 0 || copy_header(f, piece) < 0) {
		buf_addf(err, "--pipe-part: cannot read '%s': %s", f->path,
			 strerror(errno));
		p->at = f->size;
		return -1;
	}
	piece->path = f->path;
	piece->from = p->at;
	piece->part_len = n;
	p->at += n;
	return 1;
}

int pipe_next(struct pipe *p, struct piece *piece, struct buf *err)
{
	*piece = (struct piece){ .data = NULL };
	return p->blocks ? next_block(p, piece, err)
			 : next_part(p, piece, err);
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

void pipe_attach(struct pipe *p, struct job *job, const struct piece *piece)
{
	job_set_data(job, piece->data, piece->len);
	if (piece->path) {
		job->part_path = copy_text(job, piece->path);
		job->part_from = piece->from;
		job->part_len = piece->part_len;
	}
	if (p->options->pipe.is_cat || p->options->pipe.is_fifo)
		name_file(p, job);
}
