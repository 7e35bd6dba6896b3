/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_strain.c - load, memory, swap and disks, from trees made for it. */
#include <config.h>

#include "proc/strain.h"
#include "tap.h"

#define STAT(state, flags) \
	"7 (a) R b) " state " 1 7 7 0 -1 " flags " 0 0 0 0 0 0\n"

static void busy_threads(void)
{
	tap_put("/proc/7/task/7/stat", STAT("R", "4194304"));
	tap_put("/proc/7/task/8/stat", STAT("D", "64"));
	tap_put("/proc/7/task/9/stat", STAT("S", "64"));
	/* of the kernel */
	tap_put("/proc/11/task/11/stat", STAT("D", "2129984"));
	tap_put("/proc/12/task/12/stat", STAT("Z", "64"));
	tap_put("/proc/13/task/13/stat", "nonsense");
	tap_put("/proc/self/task/1/stat", STAT("R", "64"));
	CHECK_INT(strain_tasks(tap_tmpdir()), 2);
}

static void memory(void)
{
	tap_put("/proc/meminfo", "MemTotal: 9 kB\nMemFree: 1 kB\n"
	    "MemAvailable:      5 kB\nCached: 2 kB\n");
	CHECK_INT(strain_memory(tap_tmpdir()), 5 * 1024);
	tap_put("/proc/meminfo",
	    "MemTotal: 9 kB\nMemFree: 1 kB\nBuffers: 10 kB\n"
	    "Cached:  100 kB\nSwapCached: 1000 kB\n");
	CHECK_INT(strain_memory(tap_tmpdir()), 1111 * 1024);
	tap_put("/proc/meminfo", "MemTotal: 9 kB\n");
	CHECK_INT(strain_memory(tap_tmpdir()), -1);
}

static void swap(void)
{
	uint64_t in, out;

	tap_put("/proc/vmstat", "pgpgin 1\npswpin 22\npswpout 333\n");
	CHECK(strain_swaps(tap_tmpdir(), &in, &out));
	CHECK_UINT(in, 22);
	CHECK_UINT(out, 333);
	tap_put("/proc/vmstat", "pswpin 22\n");
	CHECK(!strain_swaps(tap_tmpdir(), &in, &out));
}

static void disks(void)
{
	tap_put("/proc/diskstats",
	    "   8       0 sda 1 2 3 4 5 6 7 8 9 500 11 12\n"
	    "   8       1 sda1 1 2 3 4 5 6 7 8 9 700 11\n"
	    "   8       2 sda2 1 2\n");
	CHECK_INT(strain_disk_ms(tap_tmpdir()), 700);
}

static void nothing_there(void)
{
	uint64_t in, out;

	CHECK_INT(strain_tasks(tap_tmpdir()), -1);
	CHECK_INT(strain_memory(tap_tmpdir()), -1);
	CHECK(!strain_swaps(tap_tmpdir(), &in, &out));
	CHECK_INT(strain_disk_ms(tap_tmpdir()), -1);
}

static void this_machine(void)
{
	CHECK(strain_tasks(NULL) >= 0);
	CHECK(strain_memory(NULL) > 0);
}

static const struct tap_case cases[] = {
	{ "threads that run or wait for a disk", busy_threads },
	{ "memory", memory },
	{ "swap", swap },
	{ "disks", disks },
	{ "what is missing is not known", nothing_there },
	{ "this machine", this_machine },
};
TAP_MAIN(cases)
