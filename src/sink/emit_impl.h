/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit_impl.h - the emitter's insides, for emit.c, emit_order.c, emit_pack.c,
 * emit_pass.c and emit_writer.c alone. See emit.c for how they work together.
 */
#ifndef MUSTER_SINK_EMIT_IMPL_H
#define MUSTER_SINK_EMIT_IMPL_H

#include "base/buf.h"
#include "base/kept.h"
#include "base/list.h"
#include "base/thread.h"
#include "sched/output.h"
#include "sink/emit.h"
#include "sink/held.h"
#include "sink/spool.h"
#include "sink/writer.h"

/* What a live job may be ahead of the writer. */
#define LIVE_MAX	((size_t)1 << 20)
/* What may be ready for the writer before no new job begins, counting
 * OUT_COST for each job, which is what a line takes with all about it, and a
 * quarter of what is long (emit_cost). */
#define BACKLOG_MAX	((size_t)4 << 20)
#define OUT_COST	((size_t)600)
/*
 * While jobs run, what comes so soon after the writer has written is written
 * together, unless it is so much: else each short job would wake it, who would
 * take the lock and the CPU from the very worker that has called it.
 */
#define NAP_NS		INT64_C(2000000)
#define NAP_BYTES	((size_t)64 << 10)

/* What a later run will make of a job's end. */
enum fate {
	FATE_UNDONE,		/* it runs the job again */
	FATE_GOES_ON,		/* that is up to the next stage */
	FATE_DONE,
};

struct out {
	uint64_t seq;
	struct held stream[2];
	struct buf rest[2];	/* EMIT_LINES: a line without its end */
	size_t loose[2];	/* with compression: bytes not looked at yet */
	size_t pending;		/* bytes in stream[] */
	size_t cost;		/* what it adds to the backlog */
	bool last;		/* its output counts whatever comes */
	bool is_done;
	bool is_resting;	/* between two tries */
	bool is_waiting;	/* on the waiting list */
	bool wants_pass;	/* once nothing of it is held */
	int64_t passed;		/* bytes of this try; its worker's */
	struct list waiting;
	struct list ready;	/* not EMIT_ORDERED: the writer's list */
	void (*wake)(void *);
	void *wake_arg;
	unsigned nparts;	/* of the batch it ends in, its own the last */
	struct writer_tag tag;	/* the writer's once is_done or live */
	/* with emit_keep, from its end on */
	enum fate fate;
	bool has_bytes;		/* on standard output */
	uint64_t gap;		/* the first one missing, to be said before
				   it; or 0 */
	struct siphash sum[2];	/* of each stream */
	struct kept_range *ranges;	/* what has been promised */
	size_t nranges;
};

extern struct out emit_gone;	/* its address only */
#define GONE (&emit_gone)

struct emit {
	struct output output;		/* what runners see */
	struct emit_config cfg;		/* constant */
	struct thread thread;
	bool out_is_file;		/* constant */
	bool wants_relay;		/* the live job's worker's, as this: */
	int relay[2];			/* a pipe on the way to a file, or -1 */

	struct mutex lock;		/* guards all that follows */
	struct cond work;		/* for the writer */
	struct cond gate;		/* for those who would begin */
	struct spool spool;
	struct out **ring;		/* EMIT_ORDERED */
	size_t ring_cap;		/* a power of two */
	uint64_t head;
	uint64_t end;			/* no entry at or behind it */
	uint64_t ready_end;		/* all before it have ended */
	struct list ready;		/* other modes */
	struct list waiting;
	struct out *patron;
	uint64_t memory;		/* bytes in memory */
	struct held_pool pool;
	struct list spare;		/* free outs, linked by ready */
	unsigned nspare;
	size_t backlog;
	bool is_broken[2];
	bool packs;			/* as long as that works */
	bool keeps;			/* likewise; see emit_keep */
	bool keep_syncs;
	bool retains;			/* nothing kept is freed any more */
	uint64_t gap;			/* EMIT_ORDERED: the first that is
					   missing; 0: none */
	bool gap_is_said;		/* by an out behind it */
	size_t promised;		/* outs whose ranges are not freed */
	struct list open;		/* of those, earlier stages of a job */
	uint64_t open_number;		/* whose; 0: there are none, or they
					   have printed nothing */
	bool can_pass;			/* as long as splice works */
	bool is_writing;		/* the writer has a batch */
	bool stop_waiting;
	bool closing;
	bool writer_idle;
	bool writer_naps;		/* and is not to be woken for little */
	unsigned running;		/* jobs between begin and end */
	bool is_finished;
};

/* emit_order.c: whose turn it is. All want the lock. */

struct out **emit_ring_slot(const struct emit *e, uint64_t seq);
struct out *emit_ring_get(const struct emit *e, uint64_t seq);
void emit_ring_grow(struct emit *e);
void emit_ring_set(struct emit *e, uint64_t seq, struct out *out);
struct out *emit_out_new(uint64_t seq);
/* The same, a spare one if there is one. */
struct out *emit_out_take_locked(struct emit *e, uint64_t seq);
void emit_release_spares(struct emit *e);
void emit_drop_chunks_locked(struct emit *e, struct held_chunk *c);
void emit_out_free_locked(struct emit *e, struct out *out);
bool emit_out_is_empty(const struct out *out);
bool emit_is_live(const struct emit *e, const struct out *out);
size_t emit_live_max(const struct emit *e, const struct out *out);
/* What it adds to the backlog, once it has ended. */
size_t emit_cost(const struct out *out);
void emit_wake_locked(struct out *out);
void emit_wake_all_locked(struct emit *e);
/* There is something to write of out; NULL: and someone waits for that. */
void emit_kick_writer_locked(struct emit *e, const struct out *out);
bool emit_head_is_absent(const struct emit *e);
void emit_new_head_locked(struct emit *e);
void emit_advance_locked(struct emit *e);
/* That one is still to be run, or to be run again, by another run. */
void emit_miss_locked(struct emit *e, uint64_t seq);
void emit_count_ready_locked(struct emit *e);

/*
 * emit_pack.c: what is held, compressed. Both want the lock, and give it back
 * for a while.
 */
void emit_store_packed_locked(struct emit *e, struct out *out, int stream,
			      const char *data, size_t len);
/* The job is over: the rest of it. */
void emit_pack_rest_locked(struct emit *e, struct out *out);

/* emit_keep.c */

/* The job of out is about to end, and counts: keeps its output if that is
 * asked for, and has its end put on record. */
void emit_put_on_record(struct emit *e, struct out *out, struct job *job);
/* out is written, and is_told: that is on record. Frees it. */
void emit_settle_locked(struct emit *e, struct out *out, bool is_told);
/* Something could not be kept. Gives the lock back for a while. */
void emit_keep_failed_locked(struct emit *e, int err);
/* What is kept of that stage of the job, ended. */
struct out *emit_out_kept(const struct job *job);
void emit_keep_release(struct emit *e);
/* emit_pass.c: does the output take what is spliced? And output_ops.pass. */
bool emit_can_pass(struct emit *e);
int64_t emit_pass(struct output *o, struct job *job, int fd, int *full);

/* emit_writer.c: the writer thread; arg is the struct emit. */
void *emit_writer_main(void *arg);

#endif
