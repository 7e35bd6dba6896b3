/* SPDX-License-Identifier: GPL-3.0-or-later */
/* topology.c - see topology.h. */
#include <config.h>

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "proc/topology.h"

/* No system has a CPU of a higher number. */
#define CPU_MAX		(1 << 20)

struct place {
	int64_t socket;
	int64_t core;		/* within the socket */
};

/* The first line of the file; false when it can't be read or is too long. */
static bool read_line(const char *path, char *line, size_t size)
{
	int fd = fd_open(path, O_RDONLY, 0);
	ssize_t n = fd < 0 ? -1 : fd_read(fd, line, size - 1);

	fd_close(&fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static bool read_id(const char *root, unsigned cpu, const char *name,
		    int64_t *id)
{
	struct buf path = BUF_INIT;
	char line[64];
	bool ok;

	buf_addf(&path, "%s/sys/devices/system/cpu/cpu%u/topology/%s", root,
		 cpu, name);
	ok = read_line(path.data, line, sizeof(line)) &&
	     num_int(line, INT64_MIN, INT64_MAX, id) == 0;
	buf_release(&path);
	return ok;
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->socket != y->socket)
		return x->socket < y->socket ? -1 : 1;
	return (x->core > y->core) - (x->core < y->core);
}

/* Counts what is different among n places. */
static void count(struct topology *t, struct place *places, unsigned n)
{
	qsort(places, n, sizeof(*places), compare);
	t->threads = n;
	for (unsigned i = 0; i < n; i++) {
		bool other = i == 0 || places[i].socket != places[i - 1].socket;

		t->sockets += other;
		t->cores += other || places[i].core != places[i - 1].core;
	}
}

/* A number of a list such as 0-3,8; moves *s behind it. */
static bool take_number(const char **s, unsigned *n)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)**s))
		return false;
	for (; isdigit((unsigned char)**s) && value <= CPU_MAX; (*s)++)
		value = value * 10 + (uint64_t)(**s - '0');
	*n = (unsigned)value;
	return value <= CPU_MAX;
}

/* Adds the CPUs from first to last; false when one has no place. */
static bool add_range(const char *root, unsigned first, unsigned last,
		      struct place **places, unsigned *n)
{
	if (last < first)
		return false;
	*places = xreallocarray(*places, *n + (last - first) + 1,
				sizeof(**places));
	for (unsigned cpu = first; cpu <= last; cpu++) {
		struct place *p = &(*places)[*n];

		if (!read_id(root, cpu, "physical_package_id", &p->socket) ||
		    !read_id(root, cpu, "core_id", &p->core))
			return false;
		++*n;
	}
	return true;
}

static bool read_places(const char *root, struct place **places, unsigned *n)
{
	struct buf path = BUF_INIT;
	char line[4096];
	const char *s = line;
	unsigned first = 0, last;
	bool ok;

	buf_addf(&path, "%s/sys/devices/system/cpu/online", root);
	ok = read_line(path.data, line, sizeof(line));
	buf_release(&path);
	while (ok) {
		ok = take_number(&s, &first);
		last = first;
		if (ok && *s == '-') {
			s++;
			ok = take_number(&s, &last);
		}
		ok = ok && add_range(root, first, last, places, n);
		if (*s != ',')
			break;
		s++;
	}
	return ok && *s == '\0' && *n > 0;
}

void topology_read(struct topology *t, const char *root)
{
	struct place *places = NULL;
	unsigned n = 0;

	*t = (struct topology){ 0 };
	if (read_places(root ? root : "", &places, &n)) {
		count(t, places, n);
	} else {
		long online = sysconf(_SC_NPROCESSORS_ONLN);

		t->sockets = 1;
		t->cores = online > 0 ? (unsigned)online : 1;
		t->threads = t->cores;
	}
	free(places);
}
