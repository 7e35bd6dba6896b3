/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_topology.c - sockets, cores and threads, from trees made for it. */
#include <config.h>

#include <stdio.h>
#include <unistd.h>

#include "base/compiler.h"
#include "proc/topology.h"
#include "tap.h"

#define CPUS "/sys/devices/system/cpu/"

static void put_cpu(unsigned cpu, int socket, int core)
{
	char path[128], text[32];

	snprintf(path, sizeof(path),
		 CPUS "cpu%u/topology/physical_package_id", cpu);
	snprintf(text, sizeof(text), "%d\n", socket);
	tap_put(path, text);
	snprintf(path, sizeof(path), CPUS "cpu%u/topology/core_id", cpu);
	snprintf(text, sizeof(text), "%d\n", core);
	tap_put(path, text);
}

static void expect(unsigned sockets, unsigned cores, unsigned threads)
{
	struct topology t;

	topology_read(&t, tap_tmpdir());
	CHECK_UINT(t.sockets, sockets);
	CHECK_UINT(t.cores, cores);
	CHECK_UINT(t.threads, threads);
}

static void expect_fallback(void)
{
	unsigned n = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

	expect(1, n, n);
}

static void two_sockets(void)
{
	/* Cores have the same numbers in both. */
	tap_put(CPUS "online", "0-7\n");
	for (unsigned i = 0; i < 8; i++)
		put_cpu(i, i / 4, i % 2);
	expect(2, 4, 8);
}

static void some_are_offline(void)
{
	tap_put(CPUS "online", "0,2-3\n");
	put_cpu(0, 0, 0);
	put_cpu(2, 0, 7);
	put_cpu(3, 0, 7);
	expect(1, 2, 3);
}

static void socket_unknown(void)
{
	tap_put(CPUS "online", "0-1\n");
	put_cpu(0, -1, 0);
	put_cpu(1, -1, 1);
	expect(1, 2, 2);
}

static void nothing_there(void)
{
	expect_fallback();
}

static void a_list_of_rubbish(void)
{
	static const char *const lists[] = {
		"", "\n", "x", "0-", "3-1", "0,,1", "0 1", "99999999999",
	};

	put_cpu(0, 0, 0);
	put_cpu(1, 0, 1);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		tap_put(CPUS "online", lists[i]);
		expect_fallback();
	}
}

static void a_cpu_without_place(void)
{
	tap_put(CPUS "online", "0-1\n");
	put_cpu(0, 0, 0);
	expect_fallback();
	put_cpu(1, 0, 0);
	tap_put(CPUS "cpu1/topology/core_id", "one\n");
	expect_fallback();
}

static void the_real_one(void)
{
	struct topology t;

	topology_read(&t, NULL);
	CHECK(t.sockets >= 1);
	CHECK(t.cores >= t.sockets);
	CHECK(t.threads >= t.cores);
}

static const struct tap_case cases[] = {
	{ "two sockets whose cores have the same numbers", two_sockets },
	{ "some are offline", some_are_offline },
	{ "a socket that is not known", socket_unknown },
	{ "nothing there", nothing_there },
	{ "a list of rubbish", a_list_of_rubbish },
	{ "a CPU without a place", a_cpu_without_place },
	{ "this machine", the_real_one },
};
TAP_MAIN(cases)
