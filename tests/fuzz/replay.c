/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.c - gives the targets their corpora, without libFuzzer: a case for
 * each target, which runs the files of tests/fuzz/corpus/NAME.
 *
 * "replay NAME FILE..." gives the target these files alone, in this process.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "fuzz.h"
#include "tap.h"

typedef int target_fn(const uint8_t *data, size_t size);

/* What it had when it died is the last one named. */
static void run_file(target_fn *run, const char *path)
{
	struct buf text = BUF_INIT;
	uint8_t *copy;

	fprintf(stderr, "# %s\n", path);
	if (fd_read_file(path, &text) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		CHECK(false);
	}
	/* With nothing behind it, as libFuzzer does. */
	copy = malloc(text.len ? text.len : 1);
	memcpy(copy, text.data, text.len);
	run(copy, text.len);
	free(copy);
	buf_release(&text);
}

static void replay(const char *name, target_fn *run)
{
	const char *srcdir = getenv("srcdir");
	struct buf path = BUF_INIT;
	struct dirent **list;
	int n, files = 0;

	buf_addf(&path, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", name);
	n = scandir(path.data, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		size_t len = path.len;

		if (list[i]->d_name[0] != '.') {
			buf_addf(&path, "/%s", list[i]->d_name);
			run_file(run, path.data);
			buf_truncate(&path, len);
			files++;
		}
		free(list[i]);
	}
	CHECK(files > 0);
	/* The shortest one of all. */
	run((const uint8_t *)"", 0);
	if (n >= 0)
		free(list);
	buf_release(&path);
}

#define TARGET(name, files)							\
	static void replay_##name(void)					\
	{								\
		replay(#name, fuzz_##name);				\
	}
#include "targets.def"
#undef TARGET

static const struct tap_case cases[] = {
#define TARGET(name, files) { #name, replay_##name },
#include "targets.def"
#undef TARGET
};

static target_fn *const targets[] = {
#define TARGET(name, files) fuzz_##name,
#include "targets.def"
#undef TARGET
};

int main(int argc, char **argv)
{
	size_t n = sizeof(cases) / sizeof(*cases);

	if (argc < 3)
		return tap_main(cases, n, argc, argv);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(cases[i].name, argv[1]) != 0)
			continue;
		for (int k = 2; k < argc; k++)
			run_file(targets[i], argv[k]);
		return 0;
	}
	fprintf(stderr, "'%s' is no target\n", argv[1]);
	return 2;
}
