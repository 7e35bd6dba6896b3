/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strain.c - see strain.h. */
#include <config.h>

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "proc/strain.h"

/* A kernel thread, among the flags in a stat file (PF_KTHREAD). */
#define KERNEL_THREAD	0x00200000UL

/* No machine has more, in kilobytes: an exabyte. */
#define KB_MAX		(INT64_C(1) << 50)

static bool read_proc(struct buf *text, const char *root, const char *name)
{
	struct buf path = BUF_INIT;
	bool ok;

	buf_addf(&path, "%s/proc/%s", root ? root : "", name);
	ok = fd_read_file(path.data, text) == 0;
	buf_release(&path);
	return ok;
}

/* The number behind that name at the start of a line; -1 when there is none. */
static int64_t number_behind(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *line = text;

	while (line) {
		if (strncmp(line, name, len) == 0 &&
		    (line[len] == ':' || line[len] == ' '))
			return strtoll(line + len + 1, NULL, 10);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return -1;
}

/* PID (NAME) STATE PPID PGRP SESSION TTY TPGID FLAGS ...: does it count? */
static bool is_busy(const char *stat)
{
	const char *s = strrchr(stat, ')');
	char state;

	if (!s || s[1] != ' ')
		return false;
	state = s[2];
	if (state != 'R' && state != 'D')
		return false;
	s += 3;
	for (int i = 0; i < 5; i++) {
		s += strspn(s, " ");
		s += strcspn(s, " ");
	}
	return !(strtoul(s, NULL, 10) & KERNEL_THREAD);
}

/* Busy threads of the process. */
static int64_t count_threads(const char *root, const char *pid,
			     struct buf *text)
{
	struct buf path = BUF_INIT;
	const struct dirent *entry;
	int64_t n = 0;
	DIR *dir;

	buf_addf(&path, "%s/proc/%s/task", root ? root : "", pid);
	dir = opendir(path.data);
	while (dir && (entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s/proc/%s/task/%s/stat", root ? root : "",
			 pid, entry->d_name);
		n += fd_read_file(path.data, text) == 0 &&
		     is_busy(text->data);
	}
	if (dir)
		closedir(dir);
	buf_release(&path);
	return n;
}

int64_t strain_tasks(const char *root)
{
	struct buf path = BUF_INIT;
	struct buf text = BUF_INIT;
	const struct dirent *entry;
	int64_t n = 0;
	DIR *dir;

	buf_addf(&path, "%s/proc", root ? root : "");
	dir = opendir(path.data);
	buf_release(&path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		if (isdigit((unsigned char)*name) && atol(name) != getpid())
			n += count_threads(root, name, &text);
	}
	closedir(dir);
	buf_release(&text);
	return n;
}

int64_t strain_memory(const char *root)
{
	static const char *const parts[] = {
		"MemFree", "Buffers", "Cached", "SwapCached",
	};
	struct buf text = BUF_INIT;
	int64_t kb = -1;

	if (read_proc(&text, root, "meminfo"))
		kb = number_behind(text.data, "MemAvailable");
	/* Linux before 3.14 tells of parts only. */
	if (kb < 0 && number_behind(text.data, "MemFree") >= 0) {
		kb = 0;
		for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
			int64_t part = number_behind(text.data, parts[i]);

			if (part > 0 && part < KB_MAX)
				kb += part;
		}
	}
	buf_release(&text);
	return kb < 0 || kb > KB_MAX ? -1 : kb * 1024;
}

bool strain_swaps(const char *root, uint64_t *in, uint64_t *out)
{
	struct buf text = BUF_INIT;
	int64_t i = -1, o = -1;

	if (read_proc(&text, root, "vmstat")) {
		i = number_behind(text.data, "pswpin");
		o = number_behind(text.data, "pswpout");
	}
	buf_release(&text);
	*in = (uint64_t)i;
	*out = (uint64_t)o;
	return i >= 0 && o >= 0;
}

/* The tenth number behind the name, in "MAJOR MINOR NAME n n n ...". */
static int64_t busy_ms(const char *line)
{
	const char *s = line;

	for (int i = 0; i < 12; i++) {
		s += strspn(s, " ");
		s += strcspn(s, " \n");
	}
	return *s == ' ' ? strtoll(s, NULL, 10) : -1;
}

int64_t strain_disk_ms(const char *root)
{
	struct buf text = BUF_INIT;
	int64_t most = -1;
	const char *line;

	if (read_proc(&text, root, "diskstats")) {
		for (line = text.data; line && *line;
		     line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
			int64_t ms = busy_ms(line);

			if (ms > most)
				most = ms;
		}
	}
	buf_release(&text);
	return most;
}
