/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_proc.c - what the kernel tells in files: cgroups, pressure, load,
 * memory, disks, topology, processes. Whatever stands there, the numbers that
 * come of it keep their bounds.
 *
 * An input is files: a line "@" and a letter begins one.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Functions of its own are asked. */
#include "proc/tree.c"

#include "fuzz.h"
#include "proc/cpus.h"
#include "proc/pressure.h"
#include "proc/strain.h"
#include "proc/topology.h"

static const char *const names[] = {
	"proc/self/cgroup",
	"proc/self/mountinfo",
	"sys/fs/cgroup/a/cpu.max",
	"sys/fs/cgroup/a/cpu.cfs_quota_us",
	"sys/fs/cgroup/a/cpu.cfs_period_us",
	"sys/fs/cgroup/a/cpu.pressure",
	"proc/pressure/memory",
	"proc/meminfo",
	"proc/vmstat",
	"proc/diskstats",
	"proc/7/task/7/stat",
	"sys/devices/system/cpu/online",
	"sys/devices/system/cpu/cpu0/topology/core_id",
	"sys/devices/system/cpu/cpu0/topology/physical_package_id",
	"sys/devices/system/cpu/cpu1/topology/core_id",
	"sys/devices/system/cpu/cpu1/topology/physical_package_id",
};

#define NAMES	(sizeof(names) / sizeof(*names))

static void make_dirs(const char *name)
{
	char path[700];
	size_t root = strlen(fuzz_dir());

	snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), name);
	for (char *s = path + root + 1; (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		FUZZ_CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
		*s = '/';
	}
}

static void set_up(void)
{
	static bool is_done;

	for (size_t i = 0; !is_done && i < NAMES; i++)
		make_dirs(names[i]);
	is_done = true;
}

/* Returns which there are, as bits. */
static unsigned write_files(const char *s, const char *end)
{
	unsigned made = 0;

	while (end - s >= 3 && *s == '@') {
		size_t which = (unsigned char)(s[1] - 'a') % NAMES;
		const char *text = s + 2 + (s[2] == '\n');
		const char *next = text;

		while (next < end && !(*next == '@' && next[-1] == '\n'))
			next++;
		fuzz_file(names[which], text, (size_t)(next - text));
		made |= 1U << which;
		s = next;
	}
	return made;
}

static void remove_files(unsigned made)
{
	char path[700];

	for (size_t i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), names[i]);
		if (made & 1U << i)
			FUZZ_CHECK(remove(path) == 0);
	}
}

static void check_share(double x)
{
	FUZZ_CHECK(x < 0 || (x >= 0 && x <= 1));
}

static void check_files(const char *root)
{
	struct pressure_sample sample;
	struct topology t;
	struct pressure *p;
	uint64_t in, out;

	FUZZ_CHECK(cpus_cgroup_quota(root) <= 1U << 20);
	p = pressure_new(2, root);
	pressure_read(p, 1000, &sample);
	pressure_read(p, 2000, &sample);
	check_share(sample.cpu);
	check_share(sample.memory);
	check_share(sample.io);
	pressure_free(p);
	FUZZ_CHECK(strain_tasks(root) >= 0 && strain_tasks(root) <= 1);
	FUZZ_CHECK(strain_memory(root) >= -1);
	(void)strain_swaps(root, &in, &out);
	FUZZ_CHECK(strain_disk_ms(root) >= -1);
	topology_read(&t, root);
	FUZZ_CHECK(t.sockets >= 1 && t.cores >= t.sockets);
	FUZZ_CHECK(t.threads >= t.cores);
}

/* Of the process itself, whose file has no other root. */
static void check_tree(const char *text, size_t len)
{
#if defined(HAVE_PROCFS) && defined(HAVE_PIDFD_OPEN)
	struct process p = { .pid = 7 };
	struct buf b = BUF_INIT;

	buf_add(&b, text, len);
	(void)parse_stat(b.data, &p);
	(void)number_in(&b);
	buf_release(&b);
#else
	(void)text;
	(void)len;
#endif
}

int fuzz_proc(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	unsigned made;

	set_up();
	made = write_files(s, s + size);
	check_files(fuzz_dir());
	remove_files(made);
	check_tree(s, size);
	return 0;
}
