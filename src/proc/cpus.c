/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpus.c - see cpus.h.
 *
 * /proc/self/cgroup tells the path of the process' cgroup within each
 * hierarchy, /proc/self/mountinfo where that hierarchy is mounted, and which
 * part of it: a container often sees its own cgroup, or one above it, as the
 * root of the mount. A quota of any cgroup from there up to the mount binds.
 */
#include <config.h>

#include "proc/cpus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif

#include "base/buf.h"
#include "base/fdio.h"
#include "base/num.h"

/* Masks of so many CPUs are tried, from 1024 on. */
#define MASK_CPUS_MAX	(1 << 20)

/* Of both versions; what is above is no limit. */
#define MICROSECONDS_MAX INT64_C(1000000000000)

/* A line of /proc/self/mountinfo, cut up. */
struct mount {
	const char *top;	/* the cgroup seen there, "" for the root */
	const char *point;	/* where it is mounted */
	const char *type;
	const char *options;
};

/* The whole of root + path + name; false when it can't be read. */
static bool read_file(struct buf *out, const char *root, const char *path,
		      const char *name)
{
	struct buf file = BUF_INIT;
	bool ok;

	buf_addf(&file, "%s%s%s", root, path, name);
	ok = fd_read_file(file.data, out) == 0;
	buf_release(&file);
	return ok;
}

/* The smaller one of two quotas, of which 0 is none. */
static unsigned smaller(unsigned a, unsigned b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* CPUs for quota microseconds in each period, rounded up; 0 for "max", -1
 * and anything else that is no quota. */
static unsigned cpus_of(const char *quota, const char *period)
{
	int64_t q, p;

	if (!quota || !period ||
	    num_int(quota, 1, MICROSECONDS_MAX, &q) < 0 ||
	    num_int(period, 1, MICROSECONDS_MAX, &p) < 0)
		return 0;
	q = (q + p - 1) / p;
	return q > MASK_CPUS_MAX ? 0 : (unsigned)q;
}

static unsigned quota_v2(const char *root, const char *dir)
{
	struct buf text = BUF_INIT;
	unsigned cpus = 0;

	if (read_file(&text, root, dir, "/cpu.max") && text.len) {
		char *rest;
		const char *quota = strtok_r(text.data, " \n", &rest);
		const char *period = strtok_r(NULL, " \n", &rest);

		cpus = cpus_of(quota, period);
	}
	buf_release(&text);
	return cpus;
}

static unsigned quota_v1(const char *root, const char *dir)
{
	struct buf quota = BUF_INIT;
	struct buf period = BUF_INIT;
	unsigned cpus = 0;

	if (read_file(&quota, root, dir, "/cpu.cfs_quota_us") && quota.len &&
	    read_file(&period, root, dir, "/cpu.cfs_period_us") && period.len) {
		quota.data[strcspn(quota.data, "\n")] = '\0';
		period.data[strcspn(period.data, "\n")] = '\0';
		cpus = cpus_of(quota.data, period.data);
	}
	buf_release(&quota);
	buf_release(&period);
	return cpus;
}

/* The smallest quota of the cgroup path below point and those above it. */
static unsigned quota_upwards(const char *root, const char *point,
			      const char *path, bool is_v2)
{
	struct buf dir = BUF_INIT;
	size_t top = strlen(point);
	unsigned cpus = 0;

	buf_addstr(&dir, point);
	buf_addstr(&dir, path);
	for (;;) {
		while (dir.len > top && dir.data[dir.len - 1] == '/')
			buf_truncate(&dir, dir.len - 1);
		cpus = smaller(cpus, is_v2 ? quota_v2(root, dir.data)
					   : quota_v1(root, dir.data));
		if (dir.len <= top)
			break;
		while (dir.len > top && dir.data[dir.len - 1] != '/')
			buf_truncate(&dir, dir.len - 1);
	}
	buf_release(&dir);
	return cpus;
}

/* Is word one of those in a list with commas, len bytes long? */
static bool has_word(const char *list, size_t len, const char *word)
{
	const char *end = list + len;
	size_t n = strlen(word);

	while (list < end) {
		size_t part = strcspn(list, ",:\n");

		if (part == n && strncmp(list, word, n) == 0)
			return true;
		list += part + 1;
	}
	return false;
}

/* Finds the path in a line "N:CONTROLLERS:PATH" of cgroups: that of version
 * 2, which has no controllers, or of cpu. Copies it to path. */
static bool find_own(const char *cgroups, bool is_v2, struct buf *path)
{
	const char *line = cgroups;

	while (*line) {
		size_t len = strcspn(line, "\n");
		const char *names = memchr(line, ':', len);
		const char *at = names ? strchr(names + 1, ':') : NULL;

		if (at && at < line + len) {
			size_t n = (size_t)(at - ++names);

			if (is_v2 ? n == 0 : has_word(names, n, "cpu")) {
				buf_reset(path);
				buf_add(path, at + 1,
					(size_t)(line + len - at - 1));
				return true;
			}
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The kernel writes blanks and the like as \040. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s != '\\' || s[1] < '0' || s[1] > '3' ||
		    !is_octal(s[2]) || !is_octal(s[3])) {
			*to++ = *s;
			continue;
		}
		*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
			       (s[3] - '0'));
		s += 3;
	}
	*to = '\0';
}

/* ID PARENT DEV TOP POINT OPTIONS [OPTIONAL...] - TYPE SOURCE OPTIONS */
static bool parse_mount(struct mount *m, char *line)
{
	char *rest;
	char *word = strtok_r(line, " ", &rest);
	char *field[5] = { NULL };

	for (int i = 0; word && i < 5; i++) {
		field[i] = word;
		word = strtok_r(NULL, " ", &rest);
	}
	while (word && strcmp(word, "-") != 0)
		word = strtok_r(NULL, " ", &rest);
	if (!word)
		return false;
	unescape(field[3]);
	unescape(field[4]);
	m->top = strcmp(field[3], "/") == 0 ? "" : field[3];
	m->point = field[4];
	m->type = strtok_r(NULL, " ", &rest);
	m->options = strtok_r(NULL, " ", &rest) ? strtok_r(NULL, " ", &rest)
						: NULL;
	return m->type && m->options;
}

static unsigned quota_of_mount(const char *root, const struct mount *m,
			       const char *cgroups)
{
	bool is_v2 = strcmp(m->type, "cgroup2") == 0;
	size_t top = strlen(m->top);
	struct buf own = BUF_INIT;
	unsigned cpus = 0;

	if (!is_v2 && (strcmp(m->type, "cgroup") != 0 ||
		       !has_word(m->options, strlen(m->options), "cpu")))
		return 0;
	/* Our own cgroup must be below what is seen there. */
	if (find_own(cgroups, is_v2, &own) &&
	    strncmp(own.data, m->top, top) == 0 &&
	    (own.data[top] == '/' || own.data[top] == '\0'))
		cpus = quota_upwards(root, m->point, own.data + top, is_v2);
	buf_release(&own);
	return cpus;
}

unsigned cpus_cgroup_quota(const char *root)
{
	struct buf cgroups = BUF_INIT;
	struct buf mounts = BUF_INIT;
	unsigned cpus = 0;

	if (read_file(&cgroups, root, "/proc/self/cgroup", "") &&
	    read_file(&mounts, root, "/proc/self/mountinfo", "") &&
	    mounts.len) {
		char *rest;
		char *line = strtok_r(mounts.data, "\n", &rest);
		struct mount m;

		for (; line; line = strtok_r(NULL, "\n", &rest)) {
			if (parse_mount(&m, line))
				cpus = smaller(cpus, quota_of_mount(root, &m,
						cgroups.data));
		}
	}
	buf_release(&cgroups);
	buf_release(&mounts);
	return cpus;
}

#ifdef HAVE_SCHED_GETAFFINITY
/* 0 when the system does not say. The mask must be as large as the kernel's,
 * whose size nobody tells. */
static unsigned cpus_in_mask(void)
{
	for (int max = 1024; max <= MASK_CPUS_MAX; max *= 2) {
		size_t size = CPU_ALLOC_SIZE(max);
		cpu_set_t *set = CPU_ALLOC(max);
		int n = -1;
		int err = ENOMEM;

		if (set && sched_getaffinity(0, size, set) == 0)
			n = CPU_COUNT_S(size, set);
		else if (set)
			err = errno;
		CPU_FREE(set);
		if (n > 0)
			return (unsigned)n;
		if (err != EINVAL)
			break;
	}
	return 0;
}
#else
static unsigned cpus_in_mask(void)
{
	return 0;
}
#endif

unsigned cpus_usable(void)
{
	unsigned cpus = cpus_in_mask();

	if (!cpus) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);

		cpus = online > 0 ? (unsigned)online : 1;
	}
	return smaller(cpus, cpus_cgroup_quota(""));
}
