/* SPDX-License-Identifier: GPL-3.0-or-later */
/* launch.c - see launch.h. */
#include <config.h>

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/tmpname.h"
#include "input/filter.h"
#include "input/template.h"
#include "proc/shell.h"
#include "proc/sigstate.h"
#include "proc/spawn.h"
#include "runner/launch.h"
#include "runner/launcher.h"
#include "sched/job.h"

/* PARALLEL_* (6), a slot, PWD, OLDPWD, SHLVL, _ and the NULL. */
#define ENV_EXTRA 13
#define TMP_NAME "PARALLEL_TMP"
/* A longer command may be more than a shell can be given. */
#define KNOWN_MAX ((size_t)64 << 10)
/* Any pipe takes that at once, so all is in it before the program begins,
 * whoever reads it when. */
#define FED_MAX 4096

/* Has the job settings that make more than splitting of what a shell does? */
static bool needs_shell(const struct job *job)
{
	if (job->cwd)
		return true;
	for (char **var = job->env; var && *var; var++) {
		if (launcher_is_unsettling(*var))
			return true;
	}
	return false;
}

static void front_init(struct launch_front *f)
{
	words_init(&f->words);
	buf_init(&f->path);
	buf_init(&f->underscore);
	buf_init(&f->text);
}

static void front_release(struct launch_front *f)
{
	words_release(&f->words);
	buf_release(&f->path);
	buf_release(&f->underscore);
	buf_release(&f->text);
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
	for (unsigned i = 0; i < LAUNCH_FRONTS_MAX; i++)
		front_init(&l->front[i]);
	known_init(&l->known);
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
	for (unsigned i = 0; i < LAUNCH_FRONTS_MAX; i++)
		front_release(&l->front[i]);
	known_release(&l->known);
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
		!l->is_direct ? by->shlvl
		: (l->is_fed || l->nfronts) && by->is_bash
			? (char *)by->piped_shlvl : by->direct_shlvl,
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

/* The words become what is executed, if PATH has the program. */
static bool execute_words(struct launch *l, const struct job *job)
{
	const struct launcher *by = l->by;

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

/*
 * setsid(1) forks when it leads a group, as our child does, and then the job
 * is over at once. So it is below a bash, which executes it; a dash stays, and
 * its child leads nothing. Wherever the word is: nice setsid, env setsid ...
 */
static bool has_setsid(char *const *words)
{
	while (*words && strcmp(path_last(*words), "setsid") != 0)
		words++;
	return *words;
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
	return execute_words(l, job) && !(by->is_dash && has_setsid(l->argv));
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

/* The command has been made. */
static void give_to_shell(struct launch *l, const struct job *job)
{
	char **arg = l->shell_argv;

	l->is_direct = false;
	l->is_fed = false;
	l->nfronts = 0;
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
}

/* Neither input nor environment nor directory of its own, and nobody wants to
 * end it. */
static bool is_bare(const struct job *job)
{
	return !job->cwd && !job->env && !job->input && !job->has_data &&
	       !job->inlet && !job->block_path &&
	       atomic_load_explicit(&job->order, memory_order_acquire) ==
	       JOB_GO;
}

/* Is it known what that command does? */
static bool is_known(struct launch *l, const char *text, size_t len)
{
	const struct launcher *by = l->by;
	char **words;

	if (words_scan(&l->words, text, len) < 0 ||
	    (l->words.redirs.n && !by->may_redirect))
		return false;
	words = words_argv(&l->words);
	return !words_is_overridden(words[0], strlen(words[0]), by->kind) &&
	       known_outcome(&l->known, words, &l->words.redirs);
}

/* Is it known what goes into the program behind the bar? */
static bool is_fed(struct launch *l, const struct job *job, size_t bar)
{
	/* Where nobody dies of SIGPIPE, a builtin may complain. */
	return !l->by->is_preloaded && is_bare(job) &&
	       !sigstate_was_ignored(SIGPIPE) &&
	       is_known(l, l->command.data, bar) &&
	       l->known.to == KNOWN_TO_STDOUT && l->known.out.len <= FED_MAX;
}

/* Is that a program? Then it is one more in front. */
static bool add_front(struct launch *l, const char *text, size_t len)
{
	const struct launcher *by = l->by;
	struct launch_front *f = &l->front[l->nfronts];
	const char *path;

	if (!by->may_pipe || l->nfronts == LAUNCH_FRONTS_MAX ||
	    words_split(&f->words, text, len, by->kind) < 0 ||
	    (f->words.redirs.n && !by->may_redirect))
		return false;
	path = find_program(l, words_argv(&f->words)[0]);
	if (!path)
		return false;
	/* The cache may forget it for the next one. */
	buf_reset(&f->path);
	buf_addstr(&f->path, path);
	buf_reset(&f->underscore);
	buf_addf(&f->underscore, "_=%s", path);
	buf_reset(&f->text);
	buf_add(&f->text, text, len);
	l->nfronts++;
	return true;
}

/* SOMETHING | PROGRAM ...: what is before the first bar is known, or a program
 * as well. */
static bool find_programs(struct launch *l, const struct job *job, size_t bar)
{
	const char *text = l->command.data;
	size_t left = l->command.len;

	l->is_fed = is_fed(l, job, bar);
	if (l->is_fed) {
		text += bar + 1;
		left -= bar + 1;
		bar = words_find_pipe(text, left);
	}
	while (bar < left) {
		if (!add_front(l, text, bar))
			return false;
		text += bar + 1;
		left -= bar + 1;
		bar = words_find_pipe(text, left);
	}
	return words_split(&l->words, text, left, l->by->kind) == 0 &&
	       execute_words(l, job);
}

static bool prepare_piped(struct launch *l, const struct job *job, size_t bar)
{
	if (!l->never_pipes && l->command.len <= KNOWN_MAX &&
	    find_programs(l, job, bar))
		return true;
	l->is_fed = false;
	l->nfronts = 0;
	return false;
}

/* The command has been made. Is there no need to give it to the shell? */
static bool prepare_without_shell(struct launch *l, const struct job *job)
{
	const struct buf *text = &l->command;
	size_t bar;

	if (!l->by->may_direct || needs_shell(job))
		return false;
	bar = words_find_pipe(text->data, text->len);
	if (bar < text->len)
		return prepare_piped(l, job, bar);
	l->is_known = l->by->may_know && !l->by->is_preloaded &&
		      is_bare(job) && text->len <= KNOWN_MAX &&
		      is_known(l, text->data, text->len);
	return l->is_known;
}

int launch_prepare(struct launch *l, struct job *job)
{
	l->skip = false;
	l->is_known = false;
	l->is_fed = false;
	l->nfronts = 0;
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
	if (!l->by->want_command && make_command(l, job) < 0)
		return -1;
	if (!prepare_without_shell(l, job))
		give_to_shell(l, job);
	return 0;
}

int launch_by_shell(struct launch *l, struct job *job)
{
	if (!l->by->want_command && make_command(l, job) < 0)
		return -1;
	give_to_shell(l, job);
	return 0;
}

void launch_fill(const struct launch *l, struct spawn_request *req)
{
	req->path = l->path;
	req->argv = l->argv;
	req->envp = l->env;
	req->redirs = l->redirs;
}

static void replace_var(struct launch *l, const char *old, char *new)
{
	for (char **var = l->env; *var; var++) {
		if (*var == old)
			*var = new;
	}
}

void launch_front(struct launch *l, unsigned i)
{
	struct launch_front *f = &l->front[i];

	l->path = f->path.data;
	l->argv = words_argv(&f->words);
	l->redirs = f->words.redirs.n ? &f->words.redirs : NULL;
	if (!l->by->is_bash)
		return;
	replace_var(l, l->underscore.data, f->underscore.data);
	for (unsigned k = 0; k < l->nfronts; k++)
		replace_var(l, l->front[k].underscore.data, f->underscore.data);
}

void launch_front_by_shell(struct launch *l, unsigned i)
{
	char **arg = l->shell_argv;

	*arg++ = (char *)l->by->shell;
	*arg++ = (char *)"-c";
	*arg++ = l->front[i].text.data;
	*arg = NULL;
	l->path = l->by->shell;
	l->argv = l->shell_argv;
	l->redirs = NULL;
}
