/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logfile.h - a file that records are appended to, and that is to be trusted
 * after a crash: --joblog and --journal.
 *
 * The file is locked against other runs. Each record is one write(2) on an
 * O_APPEND descriptor; when it fails half way, that half is cut off again.
 * With LOGFILE_ALWAYS logfile_commit returns when the record is on disk: one
 * thread at a time calls fdatasync, which serves all records written before
 * the call (group commit). The first failure of a write, or of a sync, is
 * final: nothing is written or synced afterwards, because what a failed sync
 * has dropped, a second one would take for written. Thread-safe but for open,
 * cut and free.
 */
#ifndef MUSTER_SINK_LOGFILE_H
#define MUSTER_SINK_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/compiler.h"

struct buf;
struct logfile;

enum logfile_sync {
	LOGFILE_NONE,		/* the system writes it in its own time */
	LOGFILE_END,		/* once, when the file is closed */
	LOGFILE_ALWAYS,		/* each record that is committed */
};

struct logfile_config {
	const char *option;	/* for messages, such as "--joblog" */
	const char *path;	/* "-" is standard output */
	enum logfile_sync sync;
};

/*
 * Opens, makes and locks the file. What config points to is copied. NULL with
 * a message in err, also when another run has it.
 */
struct logfile *logfile_open(const struct logfile_config *config,
			     struct buf *err) MUST_USE;

/* Where the last line begins that has lost its newline; the end of the file
 * when it has none. A file that may be written but not read is taken to be
 * whole. 0 for what is no regular file. */
off_t logfile_whole(const struct logfile *l);
/* Cuts the file to that size, before anything is added; no effect on what is
 * no regular file. 0, or -1 with a message in err. */
int logfile_cut(struct logfile *l, off_t size, struct buf *err) MUST_USE;

/* From now on failed is called, once and without locks, when something can't
 * be written or synced. */
void logfile_set_failed(struct logfile *l,
			void (*failed)(void *arg, const char *path, int err),
			void *arg);

/* Appends one record. 0, or -1 with errno: of this failure or of the first. */
int logfile_add(struct logfile *l, const void *record, size_t len);
/* With LOGFILE_ALWAYS: waits until all that has been added is on disk. As
 * logfile_add. */
int logfile_commit(struct logfile *l);
/* Unless LOGFILE_NONE: the same at the end. */
int logfile_finish(struct logfile *l);
/* Closes the file; nothing may be added any more. 0, or -1 with errno when
 * something was lost, also at the close; and the same with all freed. */
int logfile_close(struct logfile *l);
int logfile_free(struct logfile *l);

/* Takes the descriptor of a regular file for this run alone. 0, or -1 with
 * errno; EWOULDBLOCK: another run has it, for two seconds by then. File
 * systems without locks give 0. */
int logfile_lock(int fd);
/* What fd, opened for writing, is: *st; a regular file is for this run alone
 * from now on. As logfile_lock. */
int logfile_take(int fd, struct stat *st);
/* Opens path for that, to append to; empties: without what is in a regular
 * file. The descriptor, the caller's; -1 with a message in err. */
int logfile_claim(const char *option, const char *path, bool empties,
		  struct stat *st, struct buf *err);
/* Says in err why that, or else what, failed with errno. */
void logfile_explain(const char *option, const char *what, const char *path,
		     struct buf *err);
/* Brings the bytes of a file to the disk; 0 for what has no disk. */
int logfile_sync_fd(int fd);
/* And its name, when it has just been made. Best effort. */
void logfile_sync_dir(const char *path);

#endif
