/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * topology.h - how many sockets, cores and threads the machine has.
 *
 * Of the CPUs that are online: how many this process may use is another
 * question (cpus.h).
 */
#ifndef MUSTER_PROC_TOPOLOGY_H
#define MUSTER_PROC_TOPOLOGY_H

struct topology {
	unsigned sockets;
	unsigned cores;
	unsigned threads;
};

/*
 * From /sys/devices/system/cpu; each is at least 1. Where the system does not
 * say, every CPU online is a core and all are in one socket. root: NULL, or a
 * directory that stands for / in tests.
 */
void topology_read(struct topology *t, const char *root);

#endif
