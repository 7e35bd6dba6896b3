/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer.h - --control: a run answers requests on a Unix socket.
 *
 * A thread of its own takes the connections. A request is a line of words, an
 * answer one line with one JSON object:
 *
 *	{"ok":true,...}		or	{"ok":false,"error":"..."}
 *
 *	status			counts, workers, times
 *	jobs			those that run or wait
 *	scale MIN MAX [STAGE]	bounds of the pool
 *	pause, resume		start nothing more; go on
 *	stop			as SIGTERM
 *	kill SEQ		end a job, or cancel it
 *	retry SEQ		one more try, also of a job that has failed
 *	priority SEQ P		of a job that waits
 *	add COMMAND		one more job
 *
 * Words are separated by blanks. COMMAND is the rest of the line, with \n for
 * a newline and \\ for a backslash; a backslash before anything else is an
 * error. A line without its newline is no request: what a client that was cut
 * off meant is not guessed.
 *
 * The server never waits for anyone. An answer is sent as fast as the client
 * takes it, and its next request is read after that. Who takes nothing for
 * ten seconds, or lets too many bytes pile up, is dropped.
 *
 * Requests come to the run through struct steer_ops, so that tests can stand
 * in for the engine. They are made from the server's thread.
 */
#ifndef MUSTER_STEER_H
#define MUSTER_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "sched/engine.h"

struct buf;
struct job;
struct sink;
struct steer;
struct template;

/* As the functions of the engine with these names. */
struct steer_ops {
	void (*get_stats)(struct engine *e, struct engine_stats *out);
	void (*each_job)(struct engine *e,
			 void (*fn)(const struct job *, enum job_state,
				    void *),
			 void *arg);
	void (*resize)(struct engine *e, unsigned stage, unsigned min,
		       unsigned max);
	void (*pause)(struct engine *e, bool paused);
	int (*kill_job)(struct engine *e, uint64_t seq);
	int (*retry_job)(struct engine *e, uint64_t seq);
	int (*set_priority)(struct engine *e, uint64_t seq, int priority);
	bool (*add)(struct engine *e, struct job *job, uint64_t *seq);
};

struct steer_config {
	const char *path;
	const struct steer_ops *ops;
	struct engine *engine;
	bool is_resumed;	/* numbers of jobs are those of a log */
	unsigned stages;		/* of the run; 0: one */
	/* A job of that text, as of a line of input; the caller's. NULL with a
	 * message in err. */
	struct job *(*make_job)(void *arg, const char *text, size_t len,
				struct buf *err);
	/* As SIGTERM does. */
	void (*stop)(void *arg);
	/* What makes the commands of a stage; NULL: values are commands. */
	const struct template *(*template)(void *arg, unsigned stage);
	void *arg;
	int64_t patience_ns;		/* with a client; 0: ten seconds */
};

/*
 * Makes the socket. Pointers in config are kept, but path. NULL with a message
 * in err.
 */
struct steer *steer_new(const struct steer_config *config,
			struct buf *err) MUST_USE;
/* To be added to the engine before it starts; it notes which jobs have failed,
 * and when those that run were started. */
struct sink *steer_sink(struct steer *s);
/* Starts to answer. 0, or -1 with errno when there is no thread. */
int steer_start(struct steer *s);
/* Ends that, removes the socket; the sink may still be told things. To be
 * called when the engine is over, before the logs are closed. May be called
 * again. */
void steer_stop(struct steer *s);
/* After the engine has been freed, which knows the sink. */
void steer_free(struct steer *s);

/* May a process of that user steer a run of owner's? */
bool steer_may(uid_t owner, uid_t peer);

#endif
