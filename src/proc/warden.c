/* SPDX-License-Identifier: GPL-3.0-or-later */
/* warden.c - see warden.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_PDEATHSIG
#include <sys/prctl.h>
#endif

#include "base/affinity.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/thread.h"
#include "proc/warden.h"

/* More jobs than limits.c lets run at once. */
#define PLACES		(1 << 17)

/* Shared with the warden: only muster and its children write. */
struct table {
	atomic_int used;		/* the highest place that ever was */
	/* By place. 0: nobody; a group; or negative: that process alone */
	_Atomic pid_t entry[PLACES];
};

static struct table *table;		/* written by warden_setup alone */
static pid_t session;			/* likewise */

/* Guarded by the lock of who calls. */
static int freed[PLACES];
static int nfreed;

static struct mutex lock = MUTEX_INIT;
static atomic_bool is_started;
/* guarded by lock */
static pid_t warden;			/* 0: none */
static int alive = -1;			/* the pipe's write end */

void warden_setup(void)
{
	void *p = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	table = p == MAP_FAILED ? NULL : p;
	session = getsid(0);
}

int warden_take(void)
{
	int place;

	if (!table)
		return 0;
	if (nfreed > 0)
		return freed[--nfreed];
	place = atomic_load(&table->used) + 1;
	if (place == PLACES)
		return 0;
	atomic_store(&table->used, place);
	return place;
}

static void set_entry(int place, pid_t entry)
{
	if (place)
		atomic_store(&table->entry[place], entry);
}

void warden_give_back(int place)
{
	if (!place)
		return;
	set_entry(place, 0);
	freed[nfreed++] = place;
}

void warden_enter(int place, pid_t pid, bool alone)
{
	set_entry(place, alone ? -pid : pid);
}

void warden_clear(int place)
{
	set_entry(place, 0);
}

/*
 * The warden itself: a copy of a process with threads, so no call but those
 * that a signal handler may make.
 */

/* Muster is gone, and whoever is reaped by now may have left its number to a
 * stranger; a leader never leaves its session. */
static void end_one(pid_t entry)
{
	pid_t leader = entry < 0 ? -entry : entry;
	pid_t of = getsid(leader);

	if (of >= 0 ? of == session : entry > 0)
		kill(-entry, SIGKILL);
}

static void NORETURN watch(int end)
{
	ssize_t n;
	char c;

	setsid();
#ifdef HAVE_PDEATHSIG
	prctl(PR_SET_NAME, "muster-warden");
#endif
	if (dup2(end, 0) < 0)
		_exit(1);
	fd_close_from(1);
	do
		n = read(0, &c, 1);
	while (n < 0 && errno == EINTR);
	/* Only its end says that muster is gone. */
	if (n != 0)
		_exit(1);
	for (int i = 1; i <= atomic_load(&table->used); i++) {
		pid_t entry = atomic_load(&table->entry[i]);

		if (entry)
			end_one(entry);
	}
	_exit(0);
}

/* The last descriptors are for jobs: without them none could be started again.
 * One end of the pipe is closed again. */
#define SPARE_FDS	(FD_START - 1)

static int make_pipe(int ends[2])
{
	if (fd_pipe(ends) < 0)
		return -1;
	if (fd_has_spare(ends[0], SPARE_FDS))
		return 0;
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	return -1;
}

static bool start_locked(void)
{
	int ends[2];

	fd_fork_lock();
	if (make_pipe(ends) < 0) {
		fd_fork_unlock();
		return false;
	}
	warden = fork();
	if (warden == 0)
		watch(ends[0]);
	fd_fork_unlock();
	fd_close(&ends[0]);
	if (warden < 0) {
		warden = 0;
		fd_close(&ends[1]);
		return false;
	}
	alive = ends[1];
	return true;
}

void warden_start(void)
{
	if (!table || atomic_load_explicit(&is_started, memory_order_relaxed))
		return;
	affinity_leave();
	mutex_lock(&lock);
	if (!atomic_load(&is_started) && start_locked())
		atomic_store(&is_started, true);
	mutex_unlock(&lock);
}

/*
 * It may be reaped already, as one that muster has adopted (child.c); else its
 * number is its own. Killed it ends at once, also when someone has stopped it,
 * and it has nobody to end any more.
 */
void warden_end(void)
{
	pid_t pid;
	int end;

	mutex_lock(&lock);
	pid = warden;
	warden = 0;
	end = alive;
	alive = -1;
	mutex_unlock(&lock);
	if (pid && waitpid(pid, NULL, WNOHANG) == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	fd_close(&end);
}
