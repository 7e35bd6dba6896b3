/* SPDX-License-Identifier: GPL-3.0-or-later */
/* launch.c - see launch.h. */
#include <config.h>

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/tmpname.h"
#include "input/filter.h"
#include "input/template.h"
#include "proc/limits.h"
#include "proc/shell.h"
#include "runner/launch.h"
#include "sched/job.h"

/* PARALLEL_* (6), a slot, PWD, OLDPWD, SHLVL, _ and the NULL. */
#define ENV_EXTRA 13
#define TMP_NAME "PARALLEL_TMP"

/* Variables with which a shell does more to a command or its environment
 * than hand it on. */
static const char *const unsettling[] = {
	"IFS", "OPTIND", "OPTARG", "OPTERR", "LINENO", "PPID", "PS4", "UID",
	"EUID", "BASH", "BASHOPTS", "SHELLOPTS", "POSIXLY_CORRECT", "RANDOM",
	"SECONDS", "GROUPS", "DIRSTACK", "FUNCNAME", "PIPESTATUS", "HISTCMD",
	"SRANDOM", "EPOCHSECONDS", "EPOCHREALTIME", "COPROC", "FUNCNEST",
	"BASHPID", "COMP_WORDBREAKS", "IGNOREEOF", "TMOUT",
};

static bool is_named(const char *var, const char *name)
{
	size_t n = strlen(name);

	return strncmp(var, name, n) == 0 && var[n] == '=';
}

/* The same for what a job sets: also what is put right for muster's own, and
 * what the shell itself would start differently with. */
static const char *const unsettling_own[] = {
	"PATH", "PWD", "OLDPWD", "SHLVL", "_", "PS1", "PS2", "ENV", "LANG",
	"EXECIGNORE", "PARALLEL_SEQ", "PARALLEL_PID", "PARALLEL_JOBSLOT",
	"PARALLEL_JOBSLOT0", "PARALLEL_SSHLOGIN", "PARALLEL_SSHHOST",
};

static bool is_unsettling(const char *var)
{
	for (size_t i = 0; i < ARRAY_SIZE(unsettling); i++) {
		if (is_named(var, unsettling[i]))
			return true;
	}
	/* Also for functions and what bash keeps for itself. */
	return strncmp(var, "BASH_", 5) == 0 &&
	       strncmp(var, "BASH_FUNC_", 10) != 0;
}

/* One that a job or an option sets. */
static bool is_unsettling_own(const char *var)
{
	if (is_unsettling(var) || strncmp(var, "BASH", 4) == 0 ||
	    strncmp(var, "LC_", 3) == 0 || strncmp(var, "LD_", 3) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(unsettling_own); i++) {
		if (is_named(var, unsettling_own[i]))
			return true;
	}
	return false;
}

/* Has the job settings that make more than splitting of what a shell does? */
static bool needs_shell(const struct job *job)
{
	if (job->cwd)
		return true;
	for (char **var = job->env; var && *var; var++) {
		if (is_unsettling_own(*var))
			return true;
	}
	return false;
}

/* NAME=... with a name that any shell hands on. */
static bool is_identifier(const char *var)
{
	if (!isalpha((unsigned char)*var) && *var != '_')
		return false;
	while (isalnum((unsigned char)*var) || *var == '_')
		var++;
	return *var == '=';
}

/* What the shell is, links followed: /bin/sh may be dash or bash. */
static bool program_is(const char *shell, const char *name)
{
	char path[PATH_MAX];
	const char *base;

	if (!realpath(shell, path))
		return false;
	base = strrchr(path, '/');
	return strcmp(base ? base + 1 : path, name) == 0;
}

static bool is_same_dir(const char *path)
{
	struct stat a, b;

	return *path == '/' && stat(path, &a) == 0 && stat(".", &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Would a shell carry out any redirection to /dev/null? */
static bool can_redirect(void)
{
	struct stat st;

	/* Meanwhile it keeps the descriptors that were there as 10 and up. */
	return stat("/dev/null", &st) == 0 &&
	       S_ISCHR(st.st_mode) && limits_job_fds() > 20;
}

/* PWD as a shell sets it: what it was if that is right, else the truth. NULL
 * when that can't be said. */
static char *settled_pwd(const char *pwd)
{
	char cwd[PATH_MAX + 4];

	/* With . or .. in it, shells disagree. */
	if (pwd && (strstr(pwd, "/.") || strstr(pwd, "//")))
		return NULL;
	if (pwd && is_same_dir(pwd + 4))
		return xstrdup(pwd);
	memcpy(cwd, "PWD=", 4);
	return getcwd(cwd + 4, PATH_MAX) ? xstrdup(cwd) : NULL;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A level that bash adds 1 to, and no more than that: 0 to 99. */
static bool is_level(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return (n == 1 || (n == 2 && *s != '0')) && s[n] == '\0';
}

static void settle_environment(struct launcher *l)
{
	l->direct_pwd = settled_pwd(l->pwd);
	if (!l->direct_pwd)
		l->may_direct = false;
	if (!l->is_bash) {
		l->direct_oldpwd = l->oldpwd;
		l->direct_shlvl = l->shlvl;
		return;
	}
	if (l->oldpwd && is_dir(l->oldpwd + 7))
		l->direct_oldpwd = l->oldpwd;
	l->direct_shlvl = l->shlvl ? l->shlvl : (char *)"SHLVL=0";
	if (l->shlvl && !is_level(l->shlvl + 6))
		l->may_direct = false;
}

/* A function as bash exports it; of any other form bash makes its own. */
static bool is_function(const char *var)
{
	const char *text = strstr(var, "%%=() {  ");
	size_t len = strlen(var);

	return text && strncmp(var, "BASH_FUNC_", 10) == 0 &&
	       strcmp(var + len - 2, "\n}") == 0;
}

/* Variables that each job gets from us. */
static bool is_own(const char *var)
{
	return is_named(var, "PARALLEL_SEQ") || is_named(var, "PARALLEL_PID") ||
	       is_named(var, "PARALLEL_JOBSLOT") ||
	       is_named(var, "PARALLEL_JOBSLOT0") ||
	       is_named(var, "PARALLEL_TMP") ||
	       is_named(var, "PARALLEL_SSHLOGIN") ||
	       is_named(var, "PARALLEL_SSHHOST");
}

static void sort_variable(struct launcher *l, char *var)
{
	/* These reach no job through dash, or through bash. */
	if (l->is_dash && !is_identifier(var))
		return;
	if (l->is_bash && (is_named(var, "PS1") || is_named(var, "PS2")))
		return;
	if (is_own(var))
		return;
	if (is_named(var, "PWD"))
		l->pwd = var;
	else if (is_named(var, "OLDPWD"))
		l->oldpwd = var;
	else if (is_named(var, "SHLVL"))
		l->shlvl = var;
	else if (is_named(var, "_"))
		l->underscore = var;
	else
		l->base_env[l->nbase++] = var;
	/* Such a variable reaches a job through some shells only. */
	if (is_unsettling(var) ||
	    (!is_identifier(var) && !is_function(var)))
		l->may_direct = false;
}

void launcher_init(struct launcher *l, const char *shell,
		   const struct template *t, char *const *envp,
		   bool force_shell)
{
	const char *path = getenv("PATH");
	size_t n = 0;

	memset(l, 0, sizeof(*l));
	l->shell = shell;
	l->kind = shell_kind_of(shell);
	l->template = t;
	l->is_bash = program_is(shell, "bash");
	l->is_dash = program_is(shell, "dash");
	l->can_be_warm = l->is_bash || l->is_dash ||
			 program_is(shell, "zsh") ||
			 program_is(shell, "zsh5") || program_is(shell, "mksh");
	if (l->is_bash && l->kind == SHELL_SH)
		l->kind = SHELL_BASH;
	/* In PATH, ~ is bash's own, and % dash's. */
	l->may_direct = !force_shell && path && *path &&
			!strpbrk(path, "~%") && (l->is_dash || l->is_bash);
	l->search = xstrdup(path ? path : "");
	l->has_path = path != NULL;
	while (envp[n])
		n++;
	l->base_env = xcalloc(n + 1, sizeof(*l->base_env));
	for (size_t i = 0; i < n; i++)
		sort_variable(l, envp[i]);
	settle_environment(l);
	l->may_redirect = can_redirect();
	snprintf(l->pid_var, sizeof(l->pid_var), "PARALLEL_PID=%ld",
		 (long)getpid());
	l->slot_name = "PARALLEL_JOBSLOT0";
	words_env_setup(envp);
}

void launcher_set_slot_var(struct launcher *l, const char *name)
{
	struct buf var = BUF_INIT;
	size_t n = 0;

	l->slot_name = name;
	for (size_t i = 0; i < l->nbase; i++) {
		if (!is_named(l->base_env[i], name))
			l->base_env[n++] = l->base_env[i];
	}
	l->nbase = n;
	l->base_env[n] = NULL;
	buf_addf(&var, "%s=", name);
	if (is_unsettling_own(var.data) || !is_identifier(var.data))
		l->may_direct = false;
	buf_release(&var);
}

void launcher_release(struct launcher *l)
{
	free(l->search);
	free(l->base_env);
	free(l->direct_pwd);
}

void launch_init(struct launch *l, const struct launcher *by)
{
	memset(l, 0, sizeof(*l));
	l->by = by;
	buf_init(&l->command);
	buf_init(&l->error);
	buf_init(&l->underscore);
	buf_init(&l->own_pwd);
	buf_init(&l->slot0_var);
	buf_init(&l->tmp_var);
	words_init(&l->words);
	l->run_env = xcalloc(by->nbase + ENV_EXTRA, sizeof(*l->run_env));
	if (by->nbase)
		memcpy(l->run_env, by->base_env,
		       by->nbase * sizeof(*l->run_env));
	l->env = l->run_env;
}

void launch_release(struct launch *l)
{
	buf_release(&l->command);
	buf_release(&l->error);
	buf_release(&l->underscore);
	buf_release(&l->own_pwd);
	buf_release(&l->slot0_var);
	buf_release(&l->tmp_var);
	words_release(&l->words);
	free(l->program);
	for (unsigned i = 0; i < LAUNCH_CACHE; i++) {
		free(l->cache[i].name);
		free(l->cache[i].path);
	}
	free(l->run_env);
	free(l->own_env);
}

static size_t count_vars(char *const *env)
{
	size_t n = 0;

	while (env[n])
		n++;
	return n;
}

/* The variable of that name ("NAME=..."), or NULL. */
static const char *find_var(char *const *env, const char *var)
{
	size_t len = strcspn(var, "=") + 1;

	for (; env && *env; env++) {
		if (strncmp(*env, var, len) == 0)
			return *env;
	}
	return NULL;
}

/* What the job sets takes the place of what there was. */
static void add_own_env(struct launch *l, char *const *own)
{
	size_t n = count_vars(l->run_env) + count_vars(own) + 1;
	char **to;

	if (n > l->own_cap) {
		l->own_cap = n;
		l->own_env = xreallocarray(l->own_env, n, sizeof(*to));
	}
	to = l->own_env;
	for (char **var = l->run_env; *var; var++) {
		if (!find_var(own, *var))
			*to++ = *var;
	}
	while (*own)
		*to++ = *own++;
	*to = NULL;
	l->env = l->own_env;
}

/* No shell will say where a job of words is. */
static char *pwd_of(struct launch *l, const struct job *job)
{
	char *real;

	if (!job->is_argv || !job->cwd)
		return l->by->pwd;
	real = realpath(job->cwd, NULL);
	if (!real)
		return l->by->pwd;
	buf_reset(&l->own_pwd);
	buf_addf(&l->own_pwd, "PWD=%s", real);
	free(real);
	return l->own_pwd.data;
}

/* A name that the job may use, and nobody can guess. */
static void choose_tmp(struct launch *l)
{
	buf_reset(&l->tmp_var);
	buf_addf(&l->tmp_var, TMP_NAME "=%s/par", l->by->tmpdir);
	tmpname_add(&l->tmp_var, 10);
}

void launch_clean(struct launch *l)
{
	if (l->tmp_var.len)
		unlink(l->tmp_var.data + sizeof(TMP_NAME));
}

static void set_env(struct launch *l, const struct job *job)
{
	const struct launcher *by = l->by;
	char **env = l->run_env + by->nbase;
	char *const tail[] = {
		l->is_direct ? by->direct_pwd : pwd_of(l, job),
		l->is_direct ? by->direct_oldpwd : by->oldpwd,
		l->is_direct ? by->direct_shlvl : by->shlvl,
		l->is_direct && by->is_bash ? l->underscore.data
					    : by->underscore,
		l->seq_var, l->slot_var, (char *)by->pid_var,
		(char *)"PARALLEL_SSHLOGIN=:", (char *)"PARALLEL_SSHHOST=:",
	};

	snprintf(l->seq_var, sizeof(l->seq_var), "PARALLEL_SEQ=%llu",
		 (unsigned long long)job->number);
	snprintf(l->slot_var, sizeof(l->slot_var), "PARALLEL_JOBSLOT=%u",
		 job->slot);
	buf_reset(&l->slot0_var);
	buf_addstr(&l->slot0_var, by->slot_name);
	buf_addch(&l->slot0_var, '=');
	buf_addu(&l->slot0_var, job->slot - 1);
	for (size_t i = 0; i < ARRAY_SIZE(tail); i++) {
		if (tail[i])
			*env++ = tail[i];
	}
	*env++ = l->slot0_var.data;
	if (by->tmpdir) {
		choose_tmp(l);
		*env++ = l->tmp_var.data;
	}
	*env = NULL;
	l->env = l->run_env;
	if (job->env)
		add_own_env(l, job->env);
}

/* Where PATH has the program; looked up once for each name. */
static const char *find_program(struct launch *l, const char *name)
{
	char path[PATH_MAX];
	unsigned i;

	if (strchr(name, '/'))
		return name;
	for (i = 0; i < LAUNCH_CACHE && l->cache[i].name; i++) {
		if (strcmp(l->cache[i].name, name) == 0)
			return l->cache[i].path;
	}
	if (path_find(name, l->by->search, path, sizeof(path)) < 0)
		return NULL;
	i = l->cache_next++ % LAUNCH_CACHE;
	free(l->cache[i].name);
	free(l->cache[i].path);
	l->cache[i].name = xstrdup(name);
	l->cache[i].path = xstrdup(path);
	return l->cache[i].path;
}

static const struct template *template_of(const struct launcher *by,
					   const struct job *job)
{
	return job->stage ? by->then[job->stage - 1] : by->template;
}

static struct template_args args_of(struct launch *l, const struct job *job)
{
	return (struct template_args){
		.values = job->values, .n = job->nvalues,
		.width = job->width,
		.seq = job->number, .slot = job->slot, .skip = &l->skip,
		.memo = job->memo,
	};
}

static bool prepare_direct(struct launch *l, const struct job *job)
{
	const struct launcher *by = l->by;
	const struct template *t = template_of(by, job);

	if (!by->may_direct || needs_shell(job))
		return false;
	if (t) {
		struct template_args args = args_of(l, job);

		if (!template_is_direct(t) ||
		    template_argv(t, &args, &l->words) < 0)
			return false;
	} else if (words_split(&l->words, job->values[0],
			       strlen(job->values[0]), by->kind) < 0) {
		return false;
	}
	if (l->words.redirs.n && !by->may_redirect)
		return false;
	l->argv = words_argv(&l->words);
	l->redirs = l->words.redirs.n ? &l->words.redirs : NULL;
	l->path = find_program(l, l->argv[0]);
	if (!l->path)
		return false;
	if (by->is_bash) {
		buf_reset(&l->underscore);
		buf_addstr(&l->underscore, "_=");
		buf_addstr(&l->underscore, l->path);
	}
	l->is_direct = true;
	set_env(l, job);
	return true;
}

void launch_add_words(struct buf *out, const struct job *job,
		      enum shell_kind kind)
{
	for (unsigned i = 0; i < job->nvalues; i++) {
		const char *word = job->values[i];

		if (i)
			buf_addch(out, ' ');
		shquote_add(out, word, strlen(word), QUOTE_PLAIN, kind);
	}
}

/* Also a program that is not there gets its exec, which says so. */
static void prepare_words(struct launch *l, const struct job *job)
{
	const struct launcher *by = l->by;
	const char *var = find_var(job->env, "PATH=");
	const char *path = by->has_path ? by->search : "/bin:/usr/bin";

	free(l->program);
	l->program = path_search(job->values[0], var ? var + 5 : path,
				 job->cwd);
	l->path = l->program ? l->program : "";
	l->argv = job->values;
	l->redirs = NULL;
	l->is_direct = false;
	set_env(l, job);
}

/* The command as text, in l->command. */
static int make_command(struct launch *l, struct job *job)
{
	const struct template *t = template_of(l->by, job);
	struct template_args args = args_of(l, job);

	buf_reset(&l->command);
	if (job->is_argv) {
		launch_add_words(&l->command, job, l->by->kind);
		return 0;
	}
	if (!t) {
		buf_addstr(&l->command, job->values[0]);
		return 0;
	}
	buf_reset(&l->error);
	if (template_expand(t, &args, &l->command, &l->error) < 0) {
		job->message = arena_strdup(&job->arena, l->error.data);
		return -1;
	}
	return 0;
}

/* --filter; 0, or -1 as launch_prepare. */
static int filter(struct launch *l, struct job *job)
{
	struct template_args args = args_of(l, job);

	for (struct filter *const *f = l->by->filters; f && *f; f++) {
		int ret;

		buf_reset(&l->error);
		ret = filter_passes(*f, &args, &l->error);
		if (ret < 0) {
			job->message = arena_strdup(&job->arena,
						    l->error.data);
			return -1;
		}
		if (ret == 0)
			l->skip = true;
	}
	return 0;
}

/* --shell-quote, as often as it was given. */
static void quote_command(struct launch *l)
{
	for (unsigned i = 0; i < l->by->shell_quote; i++) {
		struct buf quoted = BUF_INIT;

		shquote_add(&quoted, l->command.data, l->command.len,
			    QUOTE_PLAIN, l->by->kind);
		buf_release(&l->command);
		l->command = quoted;
	}
}

int launch_prepare(struct launch *l, struct job *job)
{
	l->skip = false;
	if (filter(l, job) < 0)
		return -1;
	if (l->by->want_command) {
		if (make_command(l, job) < 0)
			return -1;
		quote_command(l);
		/* A retry may get another slot, so another command; but the
		 * arena must not grow with each. */
		if (!job->command ||
		    strcmp(job->command, l->command.data) != 0)
			job->command = arena_memdup0(&job->arena,
						     l->command.data,
						     l->command.len);
	}
	if (job->is_argv) {
		prepare_words(l, job);
		return 0;
	}
	if (prepare_direct(l, job))
		return 0;
	return launch_by_shell(l, job);
}

int launch_by_shell(struct launch *l, struct job *job)
{
	char **arg = l->shell_argv;

	if (!l->by->want_command && make_command(l, job) < 0)
		return -1;
	l->is_direct = false;
	l->redirs = NULL;
	*arg++ = (char *)l->by->shell;
	*arg++ = (char *)"-c";
	/* Else the shell would take the command for an option of its own;
	 * fish and csh know no way to say that. */
	if (strchr("-+", l->command.data[0]) &&
	    l->by->kind != SHELL_FISH && l->by->kind != SHELL_CSH)
		*arg++ = (char *)"--";
	*arg++ = l->command.data;
	*arg = NULL;
	l->path = l->by->shell;
	l->argv = l->shell_argv;
	set_env(l, job);
	return 0;
}
