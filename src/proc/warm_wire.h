/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warm_wire.h - what muster and a warm program say to each other (warm.h).
 *
 * One packet each on a pair of SOCK_SEQPACKET sockets: a request, with the
 * three descriptors, a reply; and a reply with seq 0, once, when the program
 * is ready. Both ends are made from the same source and run on the same
 * machine, so the structures go as they are.
 */
#ifndef MUSTER_PROC_WARM_WIRE_H
#define MUSTER_PROC_WARM_WIRE_H

#include <stdint.h>

/* In the environment of the program until it is warm: whom it is to serve,
 * and on which descriptor, which is always 0. */
#define WARM_VAR "MUSTER_WARM"

/*
 * A request with all its strings has so many bytes at most. With the pointers
 * that execve would make of them it stays below 128 KiB, which every system
 * grants, so nothing is run warm that exec would have found too long.
 */
#define WARM_BYTES	(96 << 10)
/* And so many strings. */
#define WARM_STRINGS	3072

#define WARM_CPUS_BYTES	128

/* Behind it: the strings, each with its NUL: arguments, environment, and the
 * directory if there is one. */
struct warm_request {
	uint32_t seq;		/* from 1 */
	int32_t parent;		/* muster's pid */
	uint32_t argc;
	uint32_t envc;
	uint32_t args_bytes;
	uint32_t env_bytes;
	uint32_t cwd_bytes;	/* 0: stay here */
	uint32_t die_with_parent;
	/* Whose CPU the program is to stay on, or -1; and where jobs may run:
	 * both as in affinity.h. */
	int32_t cpu;
	unsigned char cpus[WARM_CPUS_BYTES];
};

/* From the new process, just before it begins; or from the program when it
 * could not make one: then pid is 0. */
struct warm_reply {
	uint32_t seq;
	int32_t pid;
	int32_t err;		/* errno; 0: it runs */
};

/* An err of its own: not here, but exec may do it. */
#define WARM_CANNOT	(-1)

#endif
