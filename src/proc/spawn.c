/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spawn.c - see spawn.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_PDEATHSIG
#include <sys/prctl.h>
#endif

#include "base/affinity.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/list.h"
#include "base/redir.h"
#include "base/thread.h"
#include "proc/cgroup.h"
#include "proc/limits.h"
#include "proc/sigstate.h"
#include "proc/spawn.h"
#include "proc/warden.h"

#define CHILD_STACK_BYTES 16384

/* A process that has not come to its exec. */
struct starting {
	struct list link;
	_Atomic pid_t pid;	/* 0: not known yet */
	unsigned continued;	/* spawn_continued() when it was begun */
};

struct child_args {
	const struct spawn_request *req;
	pid_t parent;
	int err;	/* set by the child before it gives up */
	struct starting *starting;
};

/* Guards the list. */
static struct mutex starting_lock = MUTEX_INIT;
static struct list starting_list = LIST_INIT(starting_list);
static atomic_uint continued;	/* how often all were let go on */

unsigned spawn_continued(void)
{
	return atomic_load(&continued);
}

static void begin_start(struct starting *s)
{
	mutex_lock(&starting_lock);
	list_append(&starting_list, &s->link);
	s->continued = spawn_continued();
	mutex_unlock(&starting_lock);
}

/* Before anyone waits for it: from then on its number may be another's. */
static void end_start(struct starting *s)
{
	mutex_lock(&starting_lock);
	list_del(&s->link);
	mutex_unlock(&starting_lock);
}

void spawn_continue(void)
{
	struct list *pos;

	mutex_lock(&starting_lock);
	atomic_fetch_add(&continued, 1);
	list_for_each(pos, &starting_list) {
		pid_t pid = atomic_load(
			&container_of(pos, struct starting, link)->pid);

		if (pid > 0)
			kill(pid, SIGCONT);
	}
	mutex_unlock(&starting_lock);
}

void spawn_reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* As a shell does it, in the child: 0, or -1 with errno. */
static int redirect(const struct redirs *redirs)
{
	static const int flags[] = {
		[REDIR_READ] = O_RDONLY | O_CLOEXEC,
		[REDIR_WRITE] = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		[REDIR_APPEND] = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	};

	for (unsigned i = 0; redirs && i < redirs->n; i++) {
		const struct redir *r = &redirs->at[i];
		int fd = r->kind == REDIR_DUP ? r->from
			: open("/dev/null", flags[r->kind], 0666);

		if (fd < 0 || dup2(fd, r->fd) < 0)
			return -1;
	}
	return 0;
}

/*
 * Runs in the child, between clone and exec: async-signal-safe calls only,
 * and with CLONE_VM no write but to this stack and *args.
 */
static int child_become(struct child_args *args)
{
	const struct spawn_request *req = args->req;
	pid_t pid = getpid();

	/* As long as it is in our group, signals to that reach it. */
	atomic_store(&args->starting->pid, pid);
	if (!req->same_group) {
		/* Where a zombie's group is none any more: one of its own. */
		if (setpgid(0, req->group) < 0)
			setpgid(0, 0);
		sigstate_drop_pending();
	}
	warden_enter(req->place, pid, req->same_group);
#ifdef HAVE_PDEATHSIG
	if (req->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Muster may have died before the line above. */
		if (getppid() != args->parent)
			_exit(127);
	}
#endif
	if (req->cgroup && cgroup_enter(req->cgroup) < 0)
		goto fail;
	if (dup2(req->in, 0) < 0 || dup2(req->out, 1) < 0 ||
	    dup2(req->err, 2) < 0 || redirect(req->redirs) < 0)
		goto fail;
	if (req->cwd && chdir(req->cwd) < 0)
		goto fail;
	if (req->has_nice)
		setpriority(PRIO_PROCESS, 0, req->nice);
	limits_restore();
	affinity_let_go();
	if (sigstate_restore_sigchld())
		signal(SIGCHLD, SIG_IGN);
	sigprocmask(SIG_SETMASK, sigstate_job_mask(), NULL);
	execve(req->path, req->argv, req->envp);
fail:
	args->err = errno;
	return -1;
}

static void lead(int place)
{
	setpgid(0, 0);
	warden_enter(place, getpid(), false);
	_exit(0);
}

#if SPAWN_BY_CLONE

static int leader_main(void *place)
{
	lead(*(int *)place);
	return 0;
}

enum spawn_result spawn_leader(int place, pid_t *pid)
{
	char stack[CHILD_STACK_BYTES] __attribute__((aligned(64)));

	*pid = clone(leader_main, stack + sizeof(stack),
		     CLONE_VM | CLONE_VFORK | SIGCHLD, &place);
	return *pid < 0 ? SPAWN_NO_PROCESS : SPAWN_OK;
}

static int child_main(void *arg)
{
	child_become(arg);
	_exit(127);
}

enum spawn_result spawn_process(const struct spawn_request *req, pid_t *pid,
				int *pidfd)
{
	char stack[CHILD_STACK_BYTES] __attribute__((aligned(64)));
	struct starting starting = { .pid = 0 };
	struct child_args args = {
		.req = req, .parent = getpid(), .starting = &starting,
	};
	int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	int err;

	if (pidfd) {
		*pidfd = -1;
		flags |= CLONE_PIDFD;
	}
	affinity_prepare();
	begin_start(&starting);
	*pid = clone(child_main, stack + sizeof(stack), flags, &args, pidfd);
	err = errno;
	end_start(&starting);
	errno = err;
	if (*pid < 0)
		return SPAWN_NO_PROCESS;
	if (LIKELY(args.err == 0))
		return SPAWN_OK;
	warden_clear(req->place);
	spawn_reap(*pid);
	if (pidfd)
		fd_close(pidfd);
	errno = args.err;
	return SPAWN_NO_EXEC;
}

#else

static void child_report(struct child_args *args, int pipe_end)
{
	child_become(args);
	if (write(pipe_end, &args->err, sizeof(args->err)) < 0)
		_exit(126);
	_exit(127);
}

enum spawn_result spawn_leader(int place, pid_t *pid)
{
	fd_fork_lock();
	*pid = fork();
	if (*pid == 0)
		lead(place);
	/* Whoever comes first. */
	if (*pid > 0)
		setpgid(*pid, *pid);
	fd_fork_unlock();
	return *pid < 0 ? SPAWN_NO_PROCESS : SPAWN_OK;
}

/* The parent says its number, perhaps when all have been let go on. */
static void note_pid(struct starting *s, pid_t pid)
{
	mutex_lock(&starting_lock);
	atomic_store(&s->pid, pid);
	if (pid > 0 && s->continued != spawn_continued())
		kill(pid, SIGCONT);
	mutex_unlock(&starting_lock);
}

static enum spawn_result await_exec(struct starting *s, int place,
				    int pipe_end)
{
	pid_t pid = atomic_load(&s->pid);
	ssize_t n;
	int err;

	n = fd_read(pipe_end, &err, sizeof(err));
	end_start(s);
	if (n != sizeof(err))
		return SPAWN_OK;
	warden_clear(place);
	spawn_reap(pid);
	errno = err;
	return SPAWN_NO_EXEC;
}

enum spawn_result spawn_process(const struct spawn_request *req, pid_t *pid,
				int *pidfd)
{
	struct starting starting = { .pid = 0 };
	struct child_args args = {
		.req = req, .parent = getpid(), .starting = &starting,
	};
	enum spawn_result result = SPAWN_NO_PROCESS;
	int ends[2];
	int err;

	if (pidfd)
		*pidfd = -1;
	fd_fork_lock();
	if (fd_pipe(ends) < 0)
		goto unlock;
	affinity_prepare();
	begin_start(&starting);
	*pid = fork();
	if (*pid == 0)
		child_report(&args, ends[1]);
	err = errno;
	fd_close(&ends[1]);
	if (*pid > 0) {
		note_pid(&starting, *pid);
		/* The child does this too: whoever comes first. */
		if (!req->same_group)
			setpgid(*pid, req->group ? req->group : *pid);
		result = SPAWN_OK;
	}
	fd_fork_unlock();
	if (result == SPAWN_OK) {
		result = await_exec(&starting, req->place, ends[0]);
		err = errno;
	} else {
		end_start(&starting);
	}
	fd_close(&ends[0]);
	errno = err;
	return result;
unlock:
	err = errno;
	fd_fork_unlock();
	errno = err;
	return result;
}

#endif

bool spawn_has_parent_death(void)
{
#ifdef HAVE_PDEATHSIG
	return true;
#else
	return false;
#endif
}
