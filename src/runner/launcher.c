/* SPDX-License-Identifier: GPL-3.0-or-later */
/* launcher.c - see launcher.h. */
#include <config.h>

#include <ctype.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "input/words.h"
#include "proc/limits.h"
#include "runner/launcher.h"

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

bool launcher_is_unsettling(const char *var)
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

/* NAME=... with a name that any shell hands on. */
static bool is_identifier(const char *var)
{
	if (!isalpha((unsigned char)*var) && *var != '_')
		return false;
	while (isalnum((unsigned char)*var) || *var == '_')
		var++;
	return *var == '=';
}

/* What the shell is, links followed: /bin/sh may be dash or bash. One that is
 * called rbash, or -bash, behaves otherwise. */
static const char *program_of(const char *shell, char path[PATH_MAX])
{
	if (strchr("r-", *path_last(shell)) || !realpath(shell, path))
		return "";
	return path_last(path);
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
	if (!is_level(l->direct_shlvl + 6))
		l->may_direct = false;
	else
		snprintf(l->piped_shlvl, sizeof(l->piped_shlvl), "SHLVL=%d",
			 atoi(l->direct_shlvl + 6) + 1);
}

/*
 * A function as bash exports it; of any other form bash makes its own. If it
 * cannot read it, each bash says so: a name that it does not take, or patterns
 * that it knows with extglob only.
 */
static bool is_function(const char *var)
{
	const char *text = strstr(var, "%%=() {  ");
	size_t len = strlen(var);

	if (!text || strncmp(var, "BASH_FUNC_", 10) != 0 ||
	    strcmp(var + len - 2, "\n}") != 0)
		return false;
	for (const char *c = var + 10; c < text; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("_-.:", *c))
			return false;
	}
	for (const char *c = text; (c = strchr(c + 1, '(')) != NULL;) {
		if (strchr("?*+@!", c[-1]))
			return false;
	}
	return true;
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

/* Of a locale that is not there bash says so. To look means to open a file for
 * each category, and most variables name the same one. */
static bool is_bad_locale(struct launcher *l, const char *var)
{
	locale_t locale;

	if (strncmp(var, "LC_", 3) != 0)
		return false;
	var = strchr(var, '=') + 1;
	if (!*var || strcmp(var, "C") == 0 || strcmp(var, "POSIX") == 0 ||
	    (l->locale && strcmp(var, l->locale) == 0))
		return false;
	locale = newlocale(LC_ALL_MASK, var, (locale_t)0);
	if (!locale)
		return true;
	freelocale(locale);
	l->locale = var;
	return false;
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
	    (!is_identifier(var) && !is_function(var)) ||
	    (l->is_bash && is_bad_locale(l, var)))
		l->may_direct = false;
	if (strncmp(var, "LD_", 3) == 0 && !is_named(var, "LD_LIBRARY_PATH"))
		l->is_preloaded = true;
}

void launcher_init(struct launcher *l, const char *shell,
		   const struct template *t, char *const *envp,
		   bool force_shell)
{
	const char *path = getenv("PATH");
	char real[PATH_MAX];
	const char *program;
	size_t n = 0;

	memset(l, 0, sizeof(*l));
	l->shell = shell;
	l->kind = shell_kind_of(shell);
	l->template = t;
	program = program_of(shell, real);
	l->is_bash = strcmp(program, "bash") == 0;
	l->is_dash = strcmp(program, "dash") == 0;
	l->can_be_warm = l->is_bash || l->is_dash ||
			 strcmp(program, "zsh") == 0 ||
			 strcmp(program, "zsh5") == 0 ||
			 strcmp(program, "mksh") == 0;
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
	if (launcher_is_unsettling(var.data) || !is_identifier(var.data))
		l->may_direct = false;
	buf_release(&var);
}

void launcher_allow_known(struct launcher *l)
{
	l->may_know = true;
}

void launcher_release(struct launcher *l)
{
	free(l->search);
	free(l->base_env);
	free(l->direct_pwd);
}
