/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inform.h - what can be asked of muster beside running jobs: how many CPUs
 * there are, what fits on a command line, which GNU parallel it stands for;
 * and --record-env. For the main thread.
 */
#ifndef MUSTER_INFORM_H
#define MUSTER_INFORM_H

#include <stdbool.h>
#include <stdint.h>

/* The release of GNU parallel whose options are meant. */
#define INFORM_PARALLEL	20260522

enum inform_what {
	INFORM_CORES,		/* also "CPUs" */
	INFORM_SOCKETS,
	INFORM_THREADS,
	INFORM_LINE_LENGTH,
	INFORM_MINVERSION,
	INFORM_RECORD_ENV,
};

struct inform {
	enum inform_what what;
	int64_t minversion;
};

/* Answers on standard output. Returns the exit status of the program; what
 * went wrong has been said. */
int inform_print(const struct inform *i);

/* --show-limits. 0, or -1 with errno when it could not be written. */
int inform_print_limits(void);

/* Does $PARALLEL_HOME/ignored_vars, or the like, exist? (--env _) */
bool inform_has_recorded_env(void);

#endif
