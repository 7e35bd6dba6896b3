/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pressure.c - see pressure.h.
 *
 * A file of pressure stall information is
 *
 *	some avg10=0.00 avg60=0.00 avg300=0.00 total=12345
 *	full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * Each of the three is looked for on its own: a kernel can have some, a
 * cgroup without the controller has none.
 */
#include <config.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "proc/cgroup.h"
#include "proc/pressure.h"

/* Where version 2 is mounted: alone, or beside version 1. */
static const char *const mounts[] = {
	"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
};

enum resource { CPU, MEMORY, IO, RESOURCES };

static const char *const names[] = { "cpu", "memory", "io" };

struct source {
	int fd;			/* -1: not known */
	bool has_last;
	int64_t last_us;
	int64_t last_ns;
};

struct pressure {
	unsigned cpus;
	bool is_real;		/* not a test's root */
	struct source source[RESOURCES];
};

/* The number behind "total=" in the line "some"; false when there is none. */
static bool find_total(const char *text, int64_t *us)
{
	const char *line = text;
	char word[32];
	const char *at;
	size_t len;

	while (strncmp(line, "some ", 5) != 0) {
		line = strchr(line, '\n');
		if (!line)
			return false;
		line++;
	}
	at = strstr(line, " total=");
	if (!at || at > line + strcspn(line, "\n"))
		return false;
	at += strlen(" total=");
	len = strcspn(at, " \n");
	if (len >= sizeof(word))
		return false;
	memcpy(word, at, len);
	word[len] = '\0';
	return num_int(word, 0, INT64_MAX, us) == 0;
}

static bool read_total(int fd, int64_t *us)
{
	char text[512];
	ssize_t n = fd_pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return find_total(text, us);
}

/* A descriptor of the file, if that can be understood; else -1. */
static int open_file(const char *path)
{
	int64_t us;
	int fd = fd_open(path, O_RDONLY, 0);

	/* Where the kernel has it switched off, opening works. */
	if (fd >= 0 && !read_total(fd, &us))
		fd_close(&fd);
	return fd;
}

/* Of the cgroup, path, if it has one, else of the system; -1. */
static int open_resource(const char *root, const char *path, const char *name)
{
	struct buf file = BUF_INIT;
	int fd = -1;

	for (size_t i = 0; path && i < ARRAY_SIZE(mounts) && fd < 0; i++) {
		buf_reset(&file);
		buf_addf(&file, "%s%s%s/%s.pressure", root, mounts[i], path,
			 name);
		fd = open_file(file.data);
	}
	if (fd < 0) {
		buf_reset(&file);
		buf_addf(&file, "%s/proc/pressure/%s", root, name);
		fd = open_file(file.data);
	}
	buf_release(&file);
	return fd;
}

static void open_sources(struct pressure *p, const char *root)
{
	struct buf path = BUF_INIT;
	bool has_cgroup = cgroup_own(root, &path);

	for (int i = 0; i < RESOURCES; i++)
		p->source[i].fd = open_resource(
			root, has_cgroup ? path.data : NULL, names[i]);
	buf_release(&path);
}

struct pressure *pressure_new(unsigned cpus, const char *root)
{
	struct pressure *p = xcalloc(1, sizeof(*p));

	p->cpus = cpus ? cpus : 1;
	p->is_real = !root;
	open_sources(p, root ? root : "");
	return p;
}

void pressure_free(struct pressure *p)
{
	if (!p)
		return;
	for (int i = 0; i < RESOURCES; i++)
		fd_close(&p->source[i].fd);
	free(p);
}

/* The share of the time since it was last read; negative: not known. */
static double share(struct source *s, int64_t now_ns)
{
	struct source was = *s;
	int64_t us;
	double x;

	if (s->fd < 0)
		return -1;
	s->has_last = read_total(s->fd, &us);
	if (!s->has_last)
		return -1;
	s->last_us = us;
	s->last_ns = now_ns;
	if (!was.has_last || now_ns <= was.last_ns || us < was.last_us)
		return -1;
	x = (double)(us - was.last_us) * 1000 / (double)(now_ns - was.last_ns);
	/* Kernel and clock do not look at the same moment. */
	return x > 1 ? 1 : x;
}

static double load(const struct pressure *p)
{
#ifdef HAVE_GETLOADAVG
	double average;

	if (p->is_real && getloadavg(&average, 1) == 1)
		return average / p->cpus;
#else
	(void)p;
#endif
	return -1;
}

void pressure_read(struct pressure *p, int64_t now_ns,
		   struct pressure_sample *out)
{
	out->cpu = share(&p->source[CPU], now_ns);
	out->memory = share(&p->source[MEMORY], now_ns);
	out->io = share(&p->source[IO], now_ns);
	out->load = load(p);
}
