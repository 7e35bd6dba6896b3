/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_launch.c - from a job to path, arguments and environment. That the
 * result is what the shell would have given is tested with real shells by
 * tests/cli/launch.bats.
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "input/template.h"
#include "runner/launch.h"
#include "runner/launcher.h"
#include "sched/job.h"
#include "tap.h"

static char *const plain_env[] = {
	(char *)"HOME=/home/me", (char *)"X=1", (char *)"PARALLEL_SEQ=old",
	NULL,
};

/* One launcher, one worker, one job. */
struct pad {
	struct launcher launcher;
	struct launch l;
	struct template *t;
	struct job *job;
};

static void start(struct pad *p, const char *shell, const char *command,
		  char *const *envp, bool force)
{
	struct template_opts opts = { .append = true };
	struct buf err = BUF_INIT;

	memset(p, 0, sizeof(*p));
	setenv("PATH", "/usr/bin:/bin", 1);
	if (command) {
		p->t = template_new(command, &opts, &err);
		CHECK(p->t != NULL);
	}
	launcher_init(&p->launcher, shell, p->t, envp, force);
	p->launcher.want_command = true;
	launch_init(&p->l, &p->launcher);
	buf_release(&err);
}

static int prepare(struct pad *p, uint64_t seq, const char *value)
{
	char *values[] = { (char *)value };
	size_t lens[] = { strlen(value) };

	job_free(p->job);
	p->job = job_new(seq, values, lens, 1);
	p->job->slot = 3;
	return launch_prepare(&p->l, p->job);
}

static void end(struct pad *p)
{
	job_free(p->job);
	launch_release(&p->l);
	launcher_release(&p->launcher);
	template_free(p->t);
}

static const char *env_of(struct pad *p, const char *name)
{
	size_t n = strlen(name);

	for (char **e = p->l.env; *e; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

static void line_by_shell(void)
{
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, false);
	CHECK_INT(prepare(&p, 1, "echo $HOME | cat"), 0);
	CHECK(!p.l.is_direct);
	CHECK_STR(p.l.path, "/bin/sh");
	CHECK_STR(p.l.argv[0], "/bin/sh");
	CHECK_STR(p.l.argv[1], "-c");
	CHECK_STR(p.job->command, "echo $HOME | cat");
	end(&p);
}

static void line_directly(void)
{
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, false);
	CHECK_INT(prepare(&p, 1, "  grep -e 'a b'  \"c\"d "), 0);
	CHECK(p.l.is_direct);
	CHECK(strcmp(p.l.path, "/usr/bin/grep") == 0 ||
	      strcmp(p.l.path, "/bin/grep") == 0);
	CHECK_STR(p.l.argv[0], "grep");
	CHECK_STR(p.l.argv[1], "-e");
	CHECK_STR(p.l.argv[2], "a b");
	CHECK_STR(p.l.argv[3], "cd");
	CHECK(p.l.argv[4] == NULL);
	CHECK_STR(p.job->command, "  grep -e 'a b'  \"c\"d ");
	end(&p);
}

static void redirections(void)
{
	struct pad p;

	start(&p, "/bin/dash", NULL, plain_env, false);
	CHECK_INT(prepare(&p, 1, "cat 2>&1 >/dev/null"), 0);
	CHECK(p.l.is_direct);
	CHECK(p.l.redirs != NULL && p.l.redirs->n == 2);
	CHECK(p.l.argv[1] == NULL);
	CHECK_STR(p.job->command, "cat 2>&1 >/dev/null");
	CHECK_INT(prepare(&p, 2, "cat x"), 0);
	CHECK(p.l.is_direct && !p.l.redirs);
	CHECK_INT(prepare(&p, 3, "cat </dev/null"), 0);
	CHECK(p.l.redirs != NULL);
	/* What the shell gets redirects itself. */
	CHECK_INT(launch_by_shell(&p.l, p.job), 0);
	CHECK(!p.l.redirs);
	CHECK_STR(p.l.argv[2], "cat </dev/null");
	end(&p);
	start(&p, "/bin/dash", "cat {} >&2", plain_env, false);
	CHECK_INT(prepare(&p, 1, "1"), 0);
	CHECK(p.l.is_direct && p.l.redirs && p.l.redirs->n == 1);
	CHECK_STR(p.l.argv[1], "1");
	end(&p);
}

static void forced_shell(void)
{
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, true);
	CHECK_INT(prepare(&p, 1, "ls"), 0);
	CHECK(!p.l.is_direct);
	end(&p);
}

/* Of a shell that is not known well enough, nothing is presumed. */
static void unknown_shell(void)
{
	struct pad p;

	start(&p, "/bin/cat", NULL, plain_env, false);
	CHECK_INT(prepare(&p, 1, "ls"), 0);
	CHECK(!p.l.is_direct);
	CHECK_STR(p.l.path, "/bin/cat");
	end(&p);
}

static void unknown_program(void)
{
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, false);
	CHECK_INT(prepare(&p, 1, "no-such-program-anywhere x"), 0);
	/* The shell has to say so. */
	CHECK(!p.l.is_direct);
	end(&p);
}

static void by_the_shell_after_all(void)
{
	struct pad p;

	start(&p, "/bin/sh", "ls -l {}", plain_env, false);
	CHECK_INT(prepare(&p, 1, "a b"), 0);
	CHECK(p.l.is_direct);
	CHECK_STR(p.l.argv[2], "a b");
	CHECK_INT(launch_by_shell(&p.l, p.job), 0);
	CHECK(!p.l.is_direct);
	CHECK_STR(p.l.path, "/bin/sh");
	CHECK_STR(p.job->command, "ls -l 'a b'");
	CHECK_STR(p.l.command.data, "ls -l 'a b'");
	end(&p);
}

static void template_value(void)
{
	struct pad p;

	start(&p, "/bin/sh", "cat {} > {#}.{%}", plain_env, false);
	CHECK_INT(prepare(&p, 12, "$(reboot)"), 0);
	CHECK(!p.l.is_direct);
	CHECK_STR(p.job->command, "cat '$(reboot)' > 12.3");
	CHECK_INT(prepare(&p, 13, "x"), 0);
	CHECK_STR(p.job->command, "cat x > 13.3");
	end(&p);
}

static void impossible_value(void)
{
	struct pad p;

	start(&p, "/bin/bash", "echo $((1 + {}))", plain_env, false);
	CHECK_INT(prepare(&p, 1, "2"), 0);
	CHECK_STR(p.job->command, "echo $((1 + 2))");
	CHECK_INT(prepare(&p, 2, "a[$(reboot)]"), -1);
	CHECK(p.job->message != NULL && *p.job->message);
	end(&p);
}

static void without_command(void)
{
	struct pad p;

	start(&p, "/bin/sh", "echo $X {}", plain_env, false);
	p.launcher.want_command = false;
	CHECK_INT(prepare(&p, 1, "v"), 0);
	CHECK(p.job->command == NULL);
	CHECK(!p.l.is_direct);
	CHECK_STR(p.l.command.data, "echo $X v");
	end(&p);
}

/* A job that is tried again and again does not grow. */
static void retries_do_not_grow(void)
{
	struct pad p;
	const char *first;

	start(&p, "/bin/sh", "echo $X {} {%}", plain_env, false);
	CHECK_INT(prepare(&p, 1, "v"), 0);
	first = p.job->command;
	CHECK_INT(launch_prepare(&p.l, p.job), 0);
	CHECK(p.job->command == first);
	p.job->slot = 4;
	CHECK_INT(launch_prepare(&p.l, p.job), 0);
	CHECK_STR(p.job->command, "echo $X v 4");
	end(&p);
}

static void environment(void)
{
	struct pad p;
	char pid[32];

	start(&p, "/bin/sh", NULL, plain_env, false);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	for (uint64_t seq = 8; seq <= 12; seq += 4) {
		char want[32];

		CHECK_INT(prepare(&p, seq, seq == 8 ? "ls" : "ls; ls"), 0);
		CHECK_INT(p.l.is_direct, seq == 8);
		snprintf(want, sizeof(want), "%d", (int)seq);
		CHECK_STR(env_of(&p, "PARALLEL_SEQ"), want);
		CHECK_STR(env_of(&p, "PARALLEL_JOBSLOT"), "3");
		CHECK_STR(env_of(&p, "PARALLEL_PID"), pid);
		CHECK_STR(env_of(&p, "HOME"), "/home/me");
		CHECK_STR(env_of(&p, "X"), "1");
	}
	end(&p);
}

/* What a shell would change on the way is changed without one. */
static void settled_environment(void)
{
	static char *const envp[] = {
		(char *)"PWD=/no/such/place", (char *)"OLDPWD=/no/such/place",
		(char *)"SHLVL=4", (char *)"_=/usr/bin/muster", NULL,
	};
	char cwd[4096];
	struct pad p;

	CHECK(chdir("/usr") == 0 && getcwd(cwd, sizeof(cwd)) != NULL);
	start(&p, "/bin/bash", NULL, envp, false);
	CHECK_INT(prepare(&p, 1, "ls"), 0);
	CHECK(p.l.is_direct);
	CHECK_STR(env_of(&p, "PWD"), cwd);
	CHECK(env_of(&p, "OLDPWD") == NULL);
	CHECK_STR(env_of(&p, "_"), p.l.path);
	/* The shell itself gets what there was. */
	CHECK_INT(launch_by_shell(&p.l, p.job), 0);
	CHECK_STR(env_of(&p, "PWD"), "/no/such/place");
	CHECK_STR(env_of(&p, "OLDPWD"), "/no/such/place");
	CHECK_STR(env_of(&p, "SHLVL"), "4");
	CHECK_STR(env_of(&p, "_"), "/usr/bin/muster");
	end(&p);
}

static void unsettling_environment(void)
{
	static char *const bad[][2] = {
		{ (char *)"BASH_ENV=/etc/profile", NULL },
		{ (char *)"SHELLOPTS=errexit", NULL },
		{ (char *)"IFS=x", NULL },
		{ (char *)"SHLVL=many", NULL },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pad p;

		start(&p, "/bin/bash", NULL, bad[i], false);
		CHECK_INT(prepare(&p, 1, "ls"), 0);
		CHECK(!p.l.is_direct);
		end(&p);
	}
}

static void make_program(const char *dir, const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = fd_open(path, O_WRONLY | O_CREAT, 0755);
	CHECK(fd >= 0);
	close(fd);
}

/* More programs than are remembered, again and again. */
static void programs_are_found(void)
{
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, false);
	free(p.launcher.search);
	p.launcher.search = strdup(tap_tmpdir());
	for (int i = 0; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), "prog%d", i);
		make_program(tap_tmpdir(), name);
	}
	for (int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "prog%d", i * 7 % 20);
		CHECK_INT(prepare(&p, 1, name), 0);
		CHECK(p.l.is_direct);
		CHECK(strncmp(p.l.path, tap_tmpdir(), strlen(tap_tmpdir()))
		      == 0);
		CHECK_STR(strrchr(p.l.path, '/') + 1, name);
		CHECK_STR(p.l.argv[0], name);
	}
	end(&p);
}

/* A job of one line with these variables of its own. */
static int prepare_with(struct pad *p, const char *line, char **env)
{
	char *values[] = { (char *)line };
	size_t lens[] = { strlen(line) };

	job_free(p->job);
	p->job = job_new(1, values, lens, 1);
	p->job->env = env;
	return launch_prepare(&p->l, p->job);
}

static void own_environment(void)
{
	char *env[] = { (char *)"X=2", (char *)"NEW=3", NULL };
	struct pad p;
	int n = 0;

	start(&p, "/bin/sh", NULL, plain_env, false);
	CHECK_INT(prepare_with(&p, "ls", env), 0);
	CHECK(p.l.is_direct);
	CHECK_STR(env_of(&p, "X"), "2");
	CHECK_STR(env_of(&p, "NEW"), "3");
	CHECK_STR(env_of(&p, "HOME"), "/home/me");
	for (char **e = p.l.env; *e; e++)
		n += strncmp(*e, "X=", 2) == 0;
	CHECK_INT(n, 1);
	/* The next one has nothing of it. */
	CHECK_INT(prepare(&p, 2, "ls"), 0);
	CHECK_STR(env_of(&p, "X"), "1");
	CHECK_STR(env_of(&p, "NEW"), NULL);
	end(&p);
}

static void own_unsettling_environment(void)
{
	static const char *const vars[] = {
		"PATH=/bin", "IFS=x", "BASH_ENV=/x", "ENV=/x", "PWD=/",
		"LC_ALL=C", "LANG=C", "LD_PRELOAD=/x", "SHLVL=3", "_=x",
		"PS1=x", "POSIXLY_CORRECT=1", "PARALLEL_SEQ=9",
	};
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, false);
	for (size_t i = 0; i < ARRAY_SIZE(vars); i++) {
		char *env[] = { (char *)vars[i], NULL };
		char *name = xmemdup0(vars[i], strcspn(vars[i], "="));

		CHECK_INT(prepare_with(&p, "ls", env), 0);
		CHECK(!p.l.is_direct);
		CHECK_STR(env_of(&p, name), strchr(vars[i], '=') + 1);
		free(name);
	}
	end(&p);
}

static void own_directory(void)
{
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, false);
	CHECK_INT(prepare(&p, 1, "ls"), 0);
	CHECK(p.l.is_direct);
	p.job->cwd = "/";
	CHECK_INT(launch_prepare(&p.l, p.job), 0);
	CHECK(!p.l.is_direct);
	CHECK_STR(p.l.path, "/bin/sh");
	end(&p);
}

/* A job of words; the last one is NULL. */
static int prepare_words(struct pad *p, const char *const *words,
			 const char *cwd)
{
	size_t lens[8], n = 0;

	for (; words[n]; n++)
		lens[n] = strlen(words[n]);
	job_free(p->job);
	p->job = job_new(1, (char *const *)words, lens, n);
	p->job->is_argv = true;
	p->job->cwd = cwd;
	return launch_prepare(&p->l, p->job);
}

static void words_as_they_are(void)
{
	static const char *const words[] = { "sh", "a b", "$x", "", NULL };
	struct pad p;

	start(&p, "/bin/sh", "template {}", plain_env, true);
	CHECK_INT(prepare_words(&p, words, NULL), 0);
	CHECK(!p.l.is_direct);
	CHECK(strcmp(p.l.path, "/usr/bin/sh") == 0 ||
	      strcmp(p.l.path, "/bin/sh") == 0);
	for (int i = 0; i < 5; i++)
		CHECK_STR(p.l.argv[i], words[i]);
	CHECK_STR(p.job->command, "sh 'a b' '$x' ''");
	end(&p);
}

static void words_in_a_directory(void)
{
	static const char *const words[] = { "printenv", NULL };
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, false);
	CHECK_INT(prepare_words(&p, words, "/usr/../usr"), 0);
	CHECK_STR(env_of(&p, "PWD"), "/usr");
	CHECK_INT(prepare_words(&p, words, "/none"), 0);
	CHECK_STR(env_of(&p, "PWD"), NULL);
	end(&p);
}

static void words_without_program(void)
{
	static const char *const missing[] = { "no-such-program", NULL };
	static const char *const nothing[] = { "", NULL };
	static const char *const relative[] = { "./x/y", NULL };
	struct pad p;

	start(&p, "/bin/sh", NULL, plain_env, false);
	CHECK_INT(prepare_words(&p, missing, NULL), 0);
	CHECK_STR(p.l.path, "");
	CHECK_INT(prepare_words(&p, nothing, NULL), 0);
	CHECK_STR(p.l.path, "");
	CHECK_INT(prepare_words(&p, relative, "/"), 0);
	CHECK_STR(p.l.path, "./x/y");
	end(&p);
}

static void is_known(struct pad *p, const char *line, bool want)
{
	CHECK_INT(prepare(p, 1, line), 0);
	CHECK_INT(p->l.is_known, want);
	CHECK(!p->l.is_fed);
	CHECK(want || (!p->l.is_direct && strcmp(p->l.path, "/bin/dash") == 0));
}

static void known_outcomes(void)
{
	char *vars[] = { (char *)"X=1", NULL };
	char *line = xmalloc(100001);
	struct pad p;

	start(&p, "/bin/dash", NULL, plain_env, false);
	is_known(&p, "echo a", false);
	launcher_allow_known(&p.launcher);
	is_known(&p, "echo a >&2", true);
	CHECK_STR(p.l.known.out.data, "a\n");
	CHECK_INT(p.l.known.to, KNOWN_TO_STDERR);
	is_known(&p, "exit 3", true);
	CHECK_INT(p.l.known.status, 3);
	is_known(&p, "echo $HOME", false);
	is_known(&p, "cd /", false);
	/* What might be more than a shell can be given. */
	memset(line, 'x', 100000);
	memcpy(line, "echo ", 5);
	line[100000] = '\0';
	is_known(&p, line, false);
	free(line);
	p.job->env = vars;
	CHECK_INT(launch_prepare(&p.l, p.job), 0);
	CHECK(!p.l.is_known);
	end(&p);
	start(&p, "/bin/dash", NULL, plain_env, true);
	launcher_allow_known(&p.launcher);
	is_known(&p, "echo a", false);
	end(&p);
}

static void fed_program(struct pad *p, const char *line, bool want)
{
	CHECK_INT(prepare(p, 1, line), 0);
	CHECK_INT(p->l.is_fed, want);
	CHECK_INT(p->l.is_direct, want);
	CHECK(!p->l.is_known);
}

static void behind_a_pipe(void)
{
	struct pad p;

	start(&p, "/bin/dash", NULL, plain_env, false);
	fed_program(&p, "echo 'a | b' | grep -c a 2>&1", true);
	CHECK_STR(p.l.known.out.data, "a | b\n");
	CHECK_STR(p.l.argv[1], "-c");
	CHECK(p.l.argv[3] == NULL);
	CHECK(p.l.redirs && p.l.redirs->n == 1);
	CHECK_STR(p.job->command, "echo 'a | b' | grep -c a 2>&1");
	/* Should its exec fail. */
	CHECK_INT(launch_by_shell(&p.l, p.job), 0);
	CHECK(!p.l.is_fed && !p.l.is_direct);
	CHECK_STR(p.l.argv[2], "echo 'a | b' | grep -c a 2>&1");
	fed_program(&p, "true | cat", true);
	CHECK_UINT(p.l.known.out.len, 0);
	fed_program(&p, "echo a >&2 | cat", false);
	fed_program(&p, "echo a | nosuchprogram", false);
	fed_program(&p, "echo a | read x", false);
	fed_program(&p, "echo a | cat | cat", false);
	fed_program(&p, "cat | cat", false);
	end(&p);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void pipeline(struct pad *p, const char *line, unsigned fronts)
{
	CHECK_INT(prepare(p, 1, line), 0);
	CHECK_INT(p->l.nfronts, fronts);
	CHECK_INT(p->l.is_direct, fronts > 0);
	CHECK_INT(p->l.is_fed, false);
}

static void pipelines(void)
{
	struct pad p;

	start(&p, "/bin/bash", NULL, plain_env, false);
	p.launcher.may_pipe = true;
	pipeline(&p, "cat 'a | b' 2>&1 | sort -u|wc -l >/dev/null", 2);
	CHECK_STR(p.l.argv[0], "wc");
	CHECK_STR(p.l.argv[1], "-l");
	CHECK(p.l.argv[2] == NULL && p.l.redirs && p.l.redirs->n == 1);
	CHECK_STR(base_of(p.l.path), "wc");
	CHECK_STR(base_of(env_of(&p, "_")), "wc");
	CHECK_STR(env_of(&p, "SHLVL"), "1");
	launch_front(&p.l, 0);
	CHECK_STR(p.l.argv[1], "a | b");
	CHECK_STR(base_of(p.l.path), "cat");
	CHECK_STR(base_of(env_of(&p, "_")), "cat");
	CHECK(p.l.redirs && p.l.redirs->n == 1);
	launch_front(&p.l, 1);
	CHECK_STR(p.l.argv[0], "sort");
	CHECK_STR(base_of(p.l.path), "sort");
	CHECK_STR(base_of(env_of(&p, "_")), "sort");
	CHECK(!p.l.redirs);
	launch_front_by_shell(&p.l, 0);
	CHECK_STR(p.l.path, "/bin/bash");
	CHECK_STR(p.l.argv[1], "-c");
	CHECK_STR(p.l.argv[2], "cat 'a | b' 2>&1 ");
	/* Should the exec of the last one fail. */
	CHECK_INT(launch_by_shell(&p.l, p.job), 0);
	CHECK(p.l.nfronts == 0 && !p.l.is_direct);
	CHECK_STR(p.l.argv[2], "cat 'a | b' 2>&1 | sort -u|wc -l >/dev/null");
	/* One program forgets another's place in the cache. */
	pipeline(&p, "cat | sort | wc | head | tail", 4);
	pipeline(&p, "cat | sort | wc | head | tail | cat", 0);
	pipeline(&p, "cat | nosuchprogram", 0);
	pipeline(&p, "nosuchprogram | cat", 0);
	pipeline(&p, "cat | read x", 0);
	pipeline(&p, "cd / | cat", 0);
	pipeline(&p, "cat || sort", 0);
	pipeline(&p, "cat |& sort", 0);
	pipeline(&p, "cat | sort &", 0);
	pipeline(&p, "cat | sort; wc", 0);
	pipeline(&p, "cat | ", 0);
	pipeline(&p, "| cat", 0);
	pipeline(&p, "time cat | sort", 0);
	pipeline(&p, "X=1 cat | sort", 0);
	p.l.never_pipes = true;
	pipeline(&p, "cat | sort", 0);
	end(&p);
}

static void behind_what_is_known(void)
{
	struct pad p;

	start(&p, "/bin/dash", NULL, plain_env, false);
	p.launcher.may_pipe = true;
	CHECK_INT(prepare(&p, 1, "echo b a | tr ' ' . | sort"), 0);
	CHECK(p.l.is_fed && p.l.is_direct);
	CHECK_UINT(p.l.nfronts, 1);
	CHECK_STR(p.l.argv[0], "sort");
	CHECK_STR(p.l.known.out.data, "b a\n");
	end(&p);
}

static const struct tap_case cases[] = {
	{ "a line for the shell", line_by_shell },
	{ "programs with pipes between them", pipelines },
	{ "programs behind what is known", behind_what_is_known },
	{ "a line that needs no shell", line_directly },
	{ "redirections, without a shell", redirections },
	{ "a command that need not be run", known_outcomes },
	{ "a program behind one and a pipe", behind_a_pipe },
	{ "the shell can be forced", forced_shell },
	{ "an unknown shell gets every command", unknown_shell },
	{ "an unknown program is the shell's to report", unknown_program },
	{ "a direct command can go to the shell after all",
	  by_the_shell_after_all },
	{ "a template with its value quoted", template_value },
	{ "a value that can't stand there is refused", impossible_value },
	{ "nobody wants to know the command", without_command },
	{ "a job that is tried again does not grow", retries_do_not_grow },
	{ "number, slot and pid are in the environment", environment },
	{ "without a shell the environment is as behind one",
	  settled_environment },
	{ "variables that unsettle a shell", unsettling_environment },
	{ "programs are found and remembered", programs_are_found },
	{ "variables of one job", own_environment },
	{ "variables of a job that unsettle a shell",
	  own_unsettling_environment },
	{ "a job with a directory gets a shell", own_directory },
	{ "words instead of a command", words_as_they_are },
	{ "words in a directory of their own", words_in_a_directory },
	{ "words that name no program", words_without_program },
};
TAP_MAIN(cases)
