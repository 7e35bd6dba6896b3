/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * race.c - times commands against each other, interleaved: A B C A B C ...
 *
 * Usage: race WORK WARM ROUNDS OUTPUT <ENTRANTS
 * ENTRANTS has a line for each, NAME EXPECT COMMAND, TAB-separated. COMMAND is
 * run by sh -c with an empty standard input, standard output into the file
 * OUTPUT and standard error into OUTPUT.err. It must end with status 0, have
 * nothing to say there, and have written what EXPECT says:
 *   none          nothing
 *   starts:N      nothing; but the system has started N processes, or more,
 *                 meanwhile (where /proc/stat tells)
 *   same:FILE     the bytes of FILE
 *   lines:FILE    the lines of FILE, in any order
 *   sum:N         lines whose numbers sum up to N
 * WARM rounds before the first are not counted, but verified as well.
 *
 * Prints a line a run, TAB-separated: "run", WORK, NAME, round, seconds,
 * seconds of CPU time (user and system, with all children it waited for),
 * peak memory in KiB (of the largest process), and "ok" or what was wrong.
 * Then the status is 1. An entrant that was wrong is not run again.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>

#define ENTRANTS_MAX	64
#define CHUNK		65536

struct entrant {
	char *name;
	char *expect;
	char *command;
	bool is_out;
};

/* What one run was like. */
struct run {
	double seconds;
	double cpu_seconds;
	unsigned long long starts;	/* by the whole system */
	long rss_kib;
	char verdict[64];
};

static const char *out_path;
static char *err_path;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* Lines in any order have the same digest; mixed-up lines have another. */
struct digest {
	uint64_t bytes;
	uint64_t lines;
	uint64_t hashes;	/* sum over all lines */
	uint64_t numbers;	/* sum of the numbers that lines begin with */
};

static uint64_t scatter(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

static bool digest_file(struct digest *d, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	*d = (struct digest){ 0 };
	if (!f)
		return false;
	while ((len = getline(&line, &room, f)) > 0) {
		uint64_t h = UINT64_C(0xcbf29ce484222325);

		for (ssize_t i = 0; i < len; i++)
			h = (h ^ (unsigned char)line[i]) * 0x100000001b3;
		d->bytes += (uint64_t)len;
		d->lines++;
		d->hashes += scatter(h);
		d->numbers += strtoull(line, NULL, 10);
	}
	free(line);
	len = ferror(f);
	fclose(f);
	return !len;
}

static bool has_same_lines(const char *path)
{
	struct digest a, b;

	return digest_file(&a, out_path) && digest_file(&b, path) &&
	       a.bytes == b.bytes && a.lines == b.lines &&
	       a.hashes == b.hashes;
}

static bool has_sum(const char *sum)
{
	struct digest d;

	return digest_file(&d, out_path) && d.lines &&
	       d.numbers == strtoull(sum, NULL, 10);
}

static bool is_same(const char *path)
{
	static char a[CHUNK], b[CHUNK];
	FILE *f = fopen(out_path, "r");
	FILE *g = fopen(path, "r");
	bool same = f && g;
	size_t n = 1;

	while (same && n) {
		n = fread(a, 1, sizeof(a), f);
		same = fread(b, 1, sizeof(b), g) == n && !memcmp(a, b, n);
	}
	same = same && !ferror(f) && !ferror(g);
	if (f)
		fclose(f);
	if (g)
		fclose(g);
	return same;
}

static bool is_empty(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size == 0;
}

/* How many processes and threads the system has started; 0: unknown. */
static unsigned long long count_starts(void)
{
	unsigned long long n = 0;
	FILE *f = fopen("/proc/stat", "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "processes %llu", &n) == 1)
			break;
	}
	if (f)
		fclose(f);
	return n;
}

static bool has_started(const struct run *r, const char *most)
{
	return is_empty(out_path) &&
	       (!count_starts() || r->starts >= strtoull(most, NULL, 10));
}

static bool is_as_expected(const struct run *r, const char *expect)
{
	if (strcmp(expect, "none") == 0)
		return is_empty(out_path);
	if (strncmp(expect, "starts:", 7) == 0)
		return has_started(r, expect + 7);
	if (strncmp(expect, "same:", 5) == 0)
		return is_same(expect + 5);
	if (strncmp(expect, "lines:", 6) == 0)
		return has_same_lines(expect + 6);
	if (strncmp(expect, "sum:", 4) == 0)
		return has_sum(expect + 4);
	fprintf(stderr, "race: what is '%s'?\n", expect);
	exit(2);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double of_timeval(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void redirect(int fd, const char *path, int flags)
{
	int from = open(path, flags, 0600);

	if (from < 0 || dup2(from, fd) < 0)
		_exit(126);
	if (from != fd)
		close(from);
}

static void exec_command(const char *command)
{
	redirect(0, "/dev/null", O_RDONLY);
	redirect(1, out_path, O_WRONLY | O_CREAT | O_TRUNC);
	redirect(2, err_path, O_WRONLY | O_CREAT | O_TRUNC);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void judge(struct run *r, int status, const char *expect)
{
	if (WIFSIGNALED(status))
		snprintf(r->verdict, sizeof(r->verdict), "SIGNAL %d",
			 WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(r->verdict, sizeof(r->verdict), "STATUS %d",
			 WEXITSTATUS(status));
	else if (!is_empty(err_path))
		strcpy(r->verdict, "MESSAGE");
	else
		strcpy(r->verdict,
		       is_as_expected(r, expect) ? "ok" : "WRONG OUTPUT");
}

static struct run run(const struct entrant *e)
{
	struct run r;
	struct rusage u;
	double start;
	int status;
	pid_t pid;

	/* The old output's pages are freed here, not in the entrant's time. */
	unlink(out_path);
	fflush(stdout);
	r.starts = count_starts();
	start = now();
	pid = fork();
	if (pid == 0)
		exec_command(e->command);
	if (pid < 0 || wait4(pid, &status, 0, &u) < 0)
		die("race: fork");
	r.seconds = now() - start;
	r.starts = count_starts() - r.starts;
	r.cpu_seconds = of_timeval(&u.ru_utime) + of_timeval(&u.ru_stime);
	r.rss_kib = u.ru_maxrss;
	judge(&r, status, e->expect);
	return r;
}

/* What the entrant itself had to say, one line of it. */
static void explain(const struct entrant *e, const struct run *r)
{
	char line[256] = "";
	FILE *f = fopen(err_path, "r");

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
	}
	line[strcspn(line, "\n")] = '\0';
	fprintf(stderr, "race: %s: %s%s%s\n", e->name, r->verdict,
		line[0] ? ": " : "", line);
}

static size_t read_entrants(struct entrant *e)
{
	char *line = NULL;
	size_t room = 0, n = 0;

	while (getline(&line, &room, stdin) > 0) {
		char *rest = line;

		line[strcspn(line, "\n")] = '\0';
		e[n].name = strsep(&rest, "\t");
		e[n].expect = strsep(&rest, "\t");
		e[n].command = rest;
		if (!rest || n + 1 == ENTRANTS_MAX) {
			fprintf(stderr, "race: bad entrant: %s\n", line);
			exit(2);
		}
		n++;
		line = NULL;
	}
	free(line);
	return n;
}

static bool take_turns(struct entrant *e, size_t n, const char *work,
		       int warm, int rounds)
{
	bool good = true;

	for (int round = 1 - warm; round <= rounds; round++) {
		for (size_t i = 0; i < n; i++) {
			struct run r;

			if (e[i].is_out)
				continue;
			r = run(&e[i]);
			e[i].is_out = strcmp(r.verdict, "ok") != 0;
			if (e[i].is_out)
				explain(&e[i], &r);
			if (e[i].is_out || round > 0)
				printf("run\t%s\t%s\t%d\t%.6f\t%.6f\t%ld\t%s\n",
				       work, e[i].name, round, r.seconds,
				       r.cpu_seconds, r.rss_kib, r.verdict);
			good &= !e[i].is_out;
		}
	}
	return good;
}

int main(int argc, char **argv)
{
	struct entrant e[ENTRANTS_MAX] = { 0 };
	int warm = argc == 5 ? atoi(argv[2]) : 0;
	int rounds = argc == 5 ? atoi(argv[3]) : 0;
	size_t n;
	bool good;

	if (rounds < 1) {
		fprintf(stderr,
			"usage: race WORK WARM ROUNDS OUTPUT <ENTRANTS\n");
		return 2;
	}
	out_path = argv[4];
	err_path = malloc(strlen(out_path) + 5);
	if (!err_path)
		die("race");
	sprintf(err_path, "%s.err", out_path);
	n = read_entrants(e);
	good = n && take_turns(e, n, argv[1], warm, rounds);
	unlink(out_path);
	unlink(err_path);
	free(err_path);
	for (size_t i = 0; i < n; i++)
		free(e[i].name);
	return !good;
}
