/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpus.h - how many CPUs this process may use.
 *
 * Neither function fails, blocks or changes anything; both may be called
 * from any thread.
 */
#ifndef MUSTER_PROC_CPUS_H
#define MUSTER_PROC_CPUS_H

/*
 * The least of: CPUs in the affinity mask (cpusets of cgroups show there),
 * the CPU quota of the cgroups. Where there is no mask: CPUs online. At
 * least 1.
 */
unsigned cpus_usable(void);

/*
 * The smallest CPU quota, rounded up, of the process' cgroup and those above
 * it, version 2 (cpu.max) and version 1 (cpu.cfs_quota_us); 0 when there is
 * none. root stands before the names of all files that are read: "" for the
 * real ones.
 */
unsigned cpus_cgroup_quota(const char *root);

#endif
