/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fdio.h - descriptors: born close-on-exec, written to the end.
 *
 * Thread-safe. Functions return -1 with errno on failure. EINTR is handled
 * inside; so is EAGAIN, by polling, because descriptors 0, 1 and 2 can have
 * been made non-blocking by whoever shares them.
 */
#ifndef MUSTER_BASE_FDIO_H
#define MUSTER_BASE_FDIO_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/compiler.h"

struct buf;

/*
 * Once at start: opens /dev/null on whichever of 0, 1, 2 is closed and
 * remembers which; marks all descriptors from 3 on close-on-exec, so that no
 * job inherits what muster was given.
 */
int fd_setup(void);
/* True when fd (0, 1 or 2) was closed when muster started. */
bool fd_was_closed(int fd);

/* A pipe, both ends close-on-exec. Where pipe2 is missing, the caller holds
 * fd_fork_lock, as anyone does who starts a process there. */
int fd_pipe(int ends[2]) MUST_USE;
int fd_set_nonblock(int fd);
/* So that fd, if it is a pipe, holds that many bytes, if that is more than it
 * does; users may ask for FD_PIPE_MAX. Best effort. */
#define FD_PIPE_MAX	(1 << 20)
void fd_widen_pipe(int fd, int bytes);
/* Does that errno say that there are too many descriptors now? */
static inline bool fd_is_short(int err)
{
	return err == EMFILE || err == ENFILE;
}
/* What the start of a job takes at most (two pipes for its output, one for the
 * failure of its exec): who can do without a descriptor leaves so many. */
#define FD_START	6
/* Could n more be had now? fd: any of ours that is open. */
bool fd_has_spare(int fd, unsigned n);
/* open(2) with O_CLOEXEC | O_NOCTTY added. */
int fd_open(const char *path, int flags, mode_t mode) MUST_USE;
/* Closes all descriptors from first on. For a child of a process with threads,
 * too: async-signal-safe. */
void fd_close_from(int first);
/* Closes *fd unless it is negative, sets it to -1. */
void fd_close(int *fd);

/*
 * A temporary file without a name in dir, read-write, mode 0600: O_TMPFILE,
 * else mkostemp and unlink.
 */
int fd_tmpfile(const char *dir) MUST_USE;

/* All len bytes, or -1: some may have been written then. */
int fd_write_all(int fd, const void *p, size_t len) MUST_USE;
/* As fd_write_all for n vectors, which it changes. */
int fd_writev_all(int fd, struct iovec *v, int n) MUST_USE;
int fd_pwrite_all(int fd, const void *p, size_t len, off_t at) MUST_USE;
/* Up to len bytes; 0 at the end. */
ssize_t fd_read(int fd, void *p, size_t len) MUST_USE;
/* The whole file at path becomes text, whatever that was. Not for files that
 * may have no end. What was read is there also after -1. */
int fd_read_file(const char *path, struct buf *text) MUST_USE;
/* Up to len bytes from offset at; short only at the end of the file. */
ssize_t fd_pread(int fd, void *p, size_t len, off_t at) MUST_USE;

/*
 * Where pipe2 or mkostemp are missing: held from open to FD_CLOEXEC and from
 * fork to exec. No-ops elsewhere. Not held when calling fd_tmpfile and
 * thread_poll, which take it themselves there.
 */
void fd_fork_lock(void);
void fd_fork_unlock(void);

#endif
