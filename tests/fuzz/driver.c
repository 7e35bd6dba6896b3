/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver.c - the targets for libFuzzer: one program for all of them, which
 * takes the one in $FUZZ_TARGET.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
} targets[] = {
#define TARGET(name, files) { #name, fuzz_##name },
#include "targets.def"
#undef TARGET
};

static size_t chosen;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET");

	(void)argc;
	(void)argv;
	for (size_t i = 0; name && i < sizeof(targets) / sizeof(*targets); i++)
		if (strcmp(targets[i].name, name) == 0) {
			chosen = i;
			return 0;
		}
	fprintf(stderr, "FUZZ_TARGET: '%s' is no target\n", name ? name : "");
	exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return targets[chosen].run(data, size);
}
