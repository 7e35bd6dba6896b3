/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sem.c - see sem.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/slots.h"
#include "bounds.h"
#include "jobspec.h"
#include "options.h"
#include "proc/limits.h"
#include "proc/sigstate.h"
#include "run.h"
#include "sem.h"

/* What a file system takes, less the end. */
#define NAME_BYTES	250

/* The directory. */

static int bad_directory(struct buf *err, const char *path, const char *why)
{
	buf_addf(err, "--semaphore: '%s' %s", path, why);
	return -1;
}

/* The directory at path, if it is ours alone; else -1 with a message. */
static int open_private(const char *path, struct buf *err)
{
	int fd = fd_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	struct stat st;

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return bad_directory(err, path, "is not a directory");
	if (fd < 0 && errno == EACCES && stat(path, &st) == 0 &&
	    st.st_uid != geteuid())
		return bad_directory(err, path, "belongs to another user");
	if (fd < 0 || fstat(fd, &st) < 0)
		bad_directory(err, path, strerror(errno));
	else if (st.st_uid != geteuid())
		bad_directory(err, path, "belongs to another user");
	else if (st.st_mode & (S_IWGRP | S_IWOTH))
		bad_directory(err, path, "can be written to by others");
	else
		return fd;
	fd_close(&fd);
	return -1;
}

/* As sem_directory for path; -2 when it is not there and can't be made. */
static int make_private(const char *path, struct buf *err)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -2;
	return open_private(path, err);
}

static bool is_given(const char *dir)
{
	return dir && *dir;
}

int sem_directory(const struct sem_places *p, struct buf *err)
{
	struct buf path = BUF_INIT;
	int fd = -2;

	if (is_given(p->chosen)) {
		/* It need not be private, nor there yet. */
		mkdir(p->chosen, 0777);
		buf_addf(&path, "%s/semaphores", p->chosen);
		fd = make_private(path.data, err);
		goto found;
	}
	buf_addf(&path, "%s/muster-%lu", p->tmp, (unsigned long)geteuid());
	fd = make_private(path.data, err);
	if (fd == -2 && is_given(p->runtime)) {
		buf_reset(&path);
		buf_addf(&path, "%s/muster", p->runtime);
		fd = make_private(path.data, err);
	}
	if (fd == -2 && is_given(p->home)) {
		buf_reset(&path);
		buf_addf(&path, "%s/.muster", p->home);
		fd = make_private(path.data, err);
	}
found:
	if (fd == -2) {
		buf_addf(err, "--semaphore: cannot make directory '%s': %s",
			 path.data, strerror(errno));
		fd = -1;
	}
	buf_release(&path);
	return fd;
}

/* The semaphore. */

/* The terminal; as GNU parallel, but standard input may be a file. */
static const char *default_id(void)
{
	const char *name = ttyname(STDIN_FILENO);

	if (!name)
		name = ttyname(STDERR_FILENO);
	if (!name)
		name = ttyname(STDOUT_FILENO);
	return name ? name : "not a tty";
}

/* Bytes that are no good in names of files become %XX. */
static void add_name(struct buf *out, const char *id)
{
	static const char good[] = "-_.+@0123456789"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	buf_addstr(out, "sem-");
	for (; *id; id++) {
		if (strchr(good, *id))
			buf_addch(out, *id);
		else
			buf_addf(out, "%%%02X", (unsigned char)*id);
	}
}

/* Opens directory and semaphore: 0, or -1 with a message. */
static int open_semaphore(struct slots *s, const struct sem_opts *sem, int *dir,
			  struct buf *err)
{
	const struct sem_places places = {
		.chosen = getenv("PARALLEL_HOME"),
		.tmp = "/tmp",
		.runtime = getenv("XDG_RUNTIME_DIR"),
		.home = getenv("HOME"),
	};
	struct buf name = BUF_INIT;

	add_name(&name, sem->id ? sem->id : default_id());
	if (name.len > NAME_BYTES) {
		buf_addf(err, "--id: '%s' is too long", sem->id);
		buf_release(&name);
		return -1;
	}
	*dir = sem_directory(&places, err);
	if (*dir >= 0)
		slots_init(s, *dir, name.data);
	buf_release(&name);
	return *dir >= 0 ? 0 : -1;
}

static enum slots_result await(struct slots *s, const struct sem_opts *sem,
			       unsigned n)
{
	int64_t timeout_ns = sem->has_timeout ? sem->timeout_ns : -1;
	enum slots_result r;
	sigset_t mask;

	/* Nothing is to be put in order yet: signals may kill us. */
	sigprocmask(SIG_SETMASK, sigstate_job_mask(), &mask);
	r = sem->wait ? slots_await_none(s, timeout_ns)
		      : slots_take(s, n, timeout_ns);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (r != SLOTS_TIMEOUT || sem->gives_up)
		return r;
	diag_msg("--semaphore-timeout: no slot in time; going on without");
	return sem->wait ? SLOTS_GOT : slots_seize(s);
}

/* The exit status, or -1: the slot is there. */
static int get_slot(struct slots *s, const struct sem_opts *sem, unsigned n)
{
	switch (await(s, sem, n)) {
	case SLOTS_GOT:
		return -1;
	case SLOTS_TIMEOUT:
		diag_msg("--semaphore-timeout: no slot in time; giving up");
		return 1;
	case SLOTS_FAILED:
		break;
	}
	if (errno == ENOSYS)
		diag_msg("--semaphore: this system lacks the locks it needs");
	else
		diag_err(errno, "--semaphore: cannot lock '%s'", s->name);
	return RUN_ERROR;
}

/* The command. */

/* Gives the command path as standard input; NULL: ours. */
static int set_input(const char *path)
{
	int fd;

	if (!path || strcmp(path, "-") == 0)
		return 0;
	fd = fd_open(path, O_RDONLY, 0);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) {
		diag_err(errno, "-a: cannot open '%s'", path);
		fd_close(&fd);
		return -1;
	}
	fd_close(&fd);
	return 0;
}

/* In the child, or where there is none. */
static int run_command(struct slots *s, const struct options *o)
{
	int status = run(o);

	slots_release(s);
	return status;
}

static int run_in_background(struct slots *s, const struct options *o)
{
	pid_t pid = fork();

	if (pid == 0)
		return run_command(s, o);
	if (pid < 0)
		diag_err(errno, "--semaphore: cannot start a process");
	slots_abandon(s);
	return pid < 0 ? RUN_ERROR : 0;
}

/* How many there are; 0 with a message. */
static unsigned count_slots(const struct options *o, struct buf *err)
{
	return jobspec_resolve(&o->max, bounds_cpus(o),
			       limits_possible_jobs(0), err);
}

int sem_run(const struct options *o)
{
	struct buf err = BUF_INIT;
	struct slots s;
	unsigned n = count_slots(o, &err);
	int status = RUN_ERROR;
	int dir = -1;

	if (n == 0 || open_semaphore(&s, &o->sem, &dir, &err) < 0) {
		diag_msg("%s", err.data);
		buf_release(&err);
		return RUN_ERROR;
	}
	/* Before anything is waited for. */
	if (set_input(o->sem.input) == 0)
		status = get_slot(&s, &o->sem, n);
	if (status >= 0 || o->sem.wait) {
		slots_release(&s);
		status = status < 0 ? 0 : status;
	} else {
		status = o->sem.fg ? run_command(&s, o)
				   : run_in_background(&s, o);
	}
	fd_close(&dir);
	return status;
}
