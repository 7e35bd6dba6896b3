/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pressure.h - how hard pressed this machine is, as the kernel says.
 *
 * Linux's pressure stall information (PSI): of the cgroup this process is in
 * where that has its files (cpu.pressure, memory.pressure, io.pressure), else
 * of the system (/proc/pressure). The "some" line's total, in microseconds, is
 * read, and the share of the time since the last reading returned: faster than
 * the ten-second average. Without PSI: getloadavg. Belongs to one thread.
 */
#ifndef MUSTER_PROC_PRESSURE_H
#define MUSTER_PROC_PRESSURE_H

#include <stdint.h>

struct pressure;

/* Shares of 0..1, load in runnable tasks per CPU; negative: not known (the
 * first reading knows no shares). */
struct pressure_sample {
	double cpu;
	double memory;
	double io;
	double load;
};

/* cpus: how many may be used (for load). root: NULL, or a directory that
 * stands for / in tests. Never fails: what is missing is not known. */
struct pressure *pressure_new(unsigned cpus, const char *root);
void pressure_free(struct pressure *p);
void pressure_read(struct pressure *p, int64_t now_ns,
		   struct pressure_sample *out);

#endif
