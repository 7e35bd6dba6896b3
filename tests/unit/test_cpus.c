/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_cpus.c - CPU quotas of cgroups, on trees made for it. */
#include <config.h>

#include <unistd.h>

#include "base/compiler.h"
#include "proc/cpus.h"
#include "tap.h"

/* As mountinfo says them: where, which part of the hierarchy. */
#define V2(top, point) \
	"36 23 0:28 " top " " point " rw,nosuid - cgroup2 cgroup2 rw\n"
#define V1(top, point) \
	"37 23 0:29 " top " " point " rw shared:4 master:1 - cgroup cgroup " \
	"rw,cpu,cpuacct\n"
#define ROOT_FS \
	"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"

static void check(unsigned want)
{
	CHECK_INT(cpus_cgroup_quota(tap_tmpdir()), want);
}

static void no_proc(void)
{
	check(0);
	tap_put("/proc/self/cgroup", "0::/\n");
	check(0);
	tap_put("/proc/self/mountinfo", "");
	check(0);
}

static void v2_in_root(void)
{
	tap_put("/proc/self/cgroup", "0::/\n");
	tap_put("/proc/self/mountinfo", ROOT_FS V2("/", "/sys/fs/cgroup"));
	check(0);
	tap_put("/sys/fs/cgroup/cpu.max", "max 100000\n");
	check(0);
	tap_put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
	check(3);
}

static void v2_rounds_up(void)
{
	tap_put("/proc/self/cgroup", "0::/\n");
	tap_put("/proc/self/mountinfo", V2("/", "/sys/fs/cgroup"));
	tap_put("/sys/fs/cgroup/cpu.max", "150000 100000\n");
	check(2);
	tap_put("/sys/fs/cgroup/cpu.max", "1000 100000\n");
	check(1);
	tap_put("/sys/fs/cgroup/cpu.max", "100001 100000\n");
	check(2);
}

static void v2_tightest_of_the_path(void)
{
	tap_put("/proc/self/cgroup", "0::/a/b/c\n");
	tap_put("/proc/self/mountinfo", V2("/", "/cg"));
	tap_put("/cg/a/b/c/cpu.max", "800000 100000\n");
	tap_put("/cg/a/b/cpu.max", "max 100000\n");
	check(8);
	tap_put("/cg/a/cpu.max", "200000 100000\n");
	check(2);
	tap_put("/cg/cpu.max", "500000 100000\n");
	check(2);
	tap_put("/cg/a/b/c/cpu.max", "100000 100000\n");
	check(1);
	/* Not on the way. */
	tap_put("/cg/a/d/cpu.max", "1 100000\n");
	tap_put("/cpu.max", "1 100000\n");
	tap_put("/cg/a/b/c/d/cpu.max", "1 100000\n");
	check(1);
}

static void v2_part_of_hierarchy(void)
{
	tap_put("/proc/self/cgroup", "0::/docker/x/job\n");
	tap_put("/proc/self/mountinfo", V2("/docker/x", "/sys/fs/cgroup"));
	tap_put("/sys/fs/cgroup/job/cpu.max", "400000 100000\n");
	check(4);
	tap_put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
	check(2);
}

static void v2_elsewhere(void)
{
	/* Names that begin alike, and what a namespace hides. */
	tap_put("/proc/self/mountinfo", V2("/docker/x", "/cg"));
	tap_put("/cg/cpu.max", "100000 100000\n");
	tap_put("/proc/self/cgroup", "0::/docker/xy\n");
	check(0);
	tap_put("/proc/self/cgroup", "0::/../other\n");
	check(0);
	tap_put("/proc/self/cgroup", "0::/docker/x\n");
	check(1);
}

static void v1_quota(void)
{
	tap_put("/proc/self/cgroup",
	    "5:memory:/m\n4:cpu,cpuacct:/a/b\n1:name=systemd:/s\n");
	tap_put("/proc/self/mountinfo", ROOT_FS V1("/", "/sys/fs/cgroup/cpu"));
	tap_put("/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n");
	tap_put("/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n");
	check(0);
	tap_put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "250000\n");
	check(0);
	tap_put("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "50000\n");
	check(5);
}

static void v1_other_controllers(void)
{
	tap_put("/proc/self/cgroup", "3:cpuset:/a\n2:cpuacct:/a\n");
	tap_put("/proc/self/mountinfo",
	    "40 23 0:30 / /cs rw - cgroup cgroup rw,cpuset\n"
	    V1("/", "/cg"));
	tap_put("/cs/a/cpu.cfs_quota_us", "100000\n");
	tap_put("/cs/a/cpu.cfs_period_us", "100000\n");
	tap_put("/cg/a/cpu.cfs_quota_us", "100000\n");
	tap_put("/cg/a/cpu.cfs_period_us", "100000\n");
	check(0);
}

static void both_versions(void)
{
	tap_put("/proc/self/cgroup", "1:cpu:/\n0::/u\n");
	tap_put("/proc/self/mountinfo", V1("/", "/one") V2("/", "/two"));
	tap_put("/two/u/cpu.max", "600000 100000\n");
	check(6);
	tap_put("/one/cpu.cfs_quota_us", "200000\n");
	tap_put("/one/cpu.cfs_period_us", "100000\n");
	check(2);
	tap_put("/two/u/cpu.max", "100000 100000\n");
	check(1);
}

static void odd_names(void)
{
	tap_put("/proc/self/cgroup", "0::/a b:c\n");
	tap_put("/proc/self/mountinfo", V2("/", "/c\\040g"));
	tap_put("/c g/a b:c/cpu.max", "300000 100000\n");
	check(3);
}

static void junk(void)
{
	static const char *const texts[] = {
		"", "\n", "300000", "x 100000", "300000 0", "0 100000",
		"-1 100000", "300000 -5", "99999999999999999999 1",
	};

	tap_put("/proc/self/cgroup", "junk\n:\n::\n0:/\n0::/\n");
	tap_put("/proc/self/mountinfo", "junk\n1 2 3\n36 23 0:28 / /x rw -\n"
	    "36 23 0:28 / /x rw - cgroup2\n" V2("/", "/cg"));
	tap_put("/cg/cpu.max", "300000 100000\n");
	check(3);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tap_put("/cg/cpu.max", texts[i]);
		check(0);
	}
}

static void usable(void)
{
	unsigned cpus = cpus_usable();
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	CHECK(cpus >= 1);
	CHECK(online < 1 || cpus <= (unsigned)online);
}

#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>

static void affinity(void)
{
	cpu_set_t all, one;

	if (!CHECK_INT(sched_getaffinity(0, sizeof(all), &all), 0))
		return;
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &all)) {
			CPU_SET(cpu, &one);
			break;
		}
	}
	CHECK_INT(sched_setaffinity(0, sizeof(one), &one), 0);
	CHECK_INT(cpus_usable(), 1);
}
#endif

static const struct tap_case cases[] = {
	{ "without /proc or cgroups there is no quota", no_proc },
	{ "version 2 in the root of the mount", v2_in_root },
	{ "a part of a CPU counts as one", v2_rounds_up },
	{ "the tightest quota on the way up", v2_tightest_of_the_path },
	{ "a mount that shows a part of the hierarchy",
	  v2_part_of_hierarchy },
	{ "a mount that does not show our cgroup", v2_elsewhere },
	{ "version 1", v1_quota },
	{ "controllers that are not cpu", v1_other_controllers },
	{ "both versions at once", both_versions },
	{ "blanks and colons in names", odd_names },
	{ "junk is no quota", junk },
	{ "at least one CPU, at most those online", usable },
#ifdef HAVE_SCHED_GETAFFINITY
	{ "the affinity mask", affinity },
#endif
};
TAP_MAIN(cases)
