/* SPDX-License-Identifier: GPL-3.0-or-later */
/* path.c - see path.h. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/path.h"

const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_directory(const char *path)
{
	const char *last = path_last(path);

	return last == path ? xstrdup(".")
			    : xmemdup0(path, (size_t)(last - path));
}

int path_make_parents(char *path)
{
	int ret = 0;

	for (char *s = path + 1; *s && ret == 0; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			ret = -1;
		*s = '/';
	}
	return ret;
}
