/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tmux.c - see tmux.h. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "input/shquote.h"
#include "options.h"
#include "proc/child.h"
#include "proc/shell.h"
#include "proc/sigstate.h"
#include "sched/job.h"
#include "tmux.h"

extern char **environ;

/* What tmux takes as the path of a socket. */
#define SOCKET_BYTES	100
#define TITLE_BYTES	200
/* How often a process without a pidfd is asked for. */
#define LOOK		(100 * NS_PER_MS)

/*
 * $1 the directory, $2 tmux. Hangs up when its window is gone, which may be
 * the user's doing. cat and sleep are waited for, since traps come only then.
 */
static const char keeper[] =
	"trap 'rm -rf \"$1\"; exit' HUP TERM\n"
	"trap : INT QUIT\n"
	"echo 'muster: the jobs of this run are in the other windows.'\n"
	"cat <\"$1/alive\" >\"$1/word\" &\n"
	"wait $!\n"
	"if [ -s \"$1/word\" ]; then sleep 10 & wait $!; fi\n"
	"trap '' HUP\n"
	"\"$2\" -S \"$1/tmux\" kill-server\n"
	"rm -rf \"$1\"\n";

/*
 * $1 the directory, $2 tmux, $3 the job's files, $4 its title, $5 pane or
 * window, $6 the shell for its file. A second signal is harder on the job than
 * the first. The status is waited for by a process that no signal but KILL
 * ends; none: the window was closed, as by a hang-up. It holds the one end of
 * a second FIFO: if it is killed, the window hears of it and ends the job.
 */
static const char proxy[] =
	"pid= sig=TERM file=$3\n"
	"stop() {\n"
	"	[ -z \"$pid\" ] || kill -s $sig -- \"-$pid\" 2>/dev/null\n"
	"	sig=KILL\n"
	"}\n"
	"ask() { \"$tmux\" -S \"$dir/tmux\" \"$@\"; }\n"
	"end() { rm -f \"$file\" \"$file.life\" \"$file.status\" "
	"\"$file.said\"; }\n"
	"dir=$1 tmux=$2\n"
	"trap stop TERM HUP INT QUIT\n"
	"mkfifo -m 600 \"$file.life\" \"$file.status\" || exit 255\n"
	"(trap '' TERM HUP INT QUIT\n"
	"	exec cat 4<>\"$file.life\" <\"$file.status\" \\\n"
	"		>\"$file.said\") &\n"
	"reader=$!\n"
	"if [ \"$5\" = pane ]; then\n"
	"	ask select-layout -t 'muster:^' tiled >/dev/null\n"
	"	pid=$(ask split-window -dP -F '#{pane_pid}' -t 'muster:^' \\\n"
	"		\"$6\" \"$file\" 2>/dev/null) &&\n"
	"		ask select-layout -t 'muster:^' tiled >/dev/null\n"
	"fi\n"
	"[ -n \"$pid\" ] || pid=$(ask new-window -dP -F '#{pane_pid}' \\\n"
	"	-t muster: -n \"$4\" \"$6\" \"$file\") || {\n"
	"	kill -KILL \"$reader\"\n"
	"	end\n"
	"	exit 255\n"
	"}\n"
	"[ $sig = TERM ] || { sig=TERM; stop; }\n"
	"while :; do\n"
	"	wait \"$reader\"\n"
	"	kill -0 \"$reader\" 2>/dev/null || break\n"
	"done\n"
	"status=\n"
	"read -r status <\"$file.said\"\n"
	"end\n"
	"[ -z \"$status\" ] || exit \"$status\"\n"
	"trap - HUP\n"
	"kill -HUP $$\n";

/*
 * In the window, before the job: nobody waits any more? And behind it. Between
 * them the signals that tmux has not left as they were: those that it sets to
 * their default, and two that it ignores, which no shell can undo.
 */
static const char window_head[] =
	"[ -p \"$0.status\" ] || exit\n"
	"exec 4<\"$0.life\" 3>\"$0.status\" || exit\n"
	"(trap '' HUP INT QUIT TERM\n"
	"	read -r word <&4\n"
	"	kill -KILL -- -$$) 3>&- &\n"
	"watch=$!\n"
	"exec 4<&-\n"
	"trap : INT QUIT TERM\n";
static const int reset[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGTSTP, SIGCONT, SIGUSR1,
	SIGUSR2, SIGCHLD,
};
static const char window_env[] =
	"if env --default-signal=%s true 2>/dev/null; then\n"
	"	set -- env --default-signal=%s\n"
	"fi\n";
static const char window_tail[] =
	"status=$?\n"
	"{ kill -KILL $watch; wait $watch; } 2>/dev/null\n"
	"echo $status >&3\n"
	"exec 3>&-\n"
	"trap - HUP\n"
	"printf '\\n%s\\n\\aJob finished at: ' ";

struct tmux {
	bool in_panes;
	char *program;
	char *dir;
	int niceness;		/* to be added to ours */
	int alive;		/* write end of the keeper's FIFO */
	atomic_uint njobs;	/* so far, for the names of their files */
	bool is_attached;
	struct child client;	/* then */
};

/* The server. */

static int wait_for(struct child *c)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	while (!child_poll(c))
		thread_poll(&p, c->pidfd >= 0, LOOK);
	child_finish(c);
	return WIFEXITED(c->wait_status) ? WEXITSTATUS(c->wait_status) : 255;
}

static char *socket_of(const struct tmux *t)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/tmux", t->dir);
	return buf_take(&path);
}

static int make_alive(struct tmux *t)
{
	struct buf path = BUF_INIT;
	int in = -1;

	buf_addf(&path, "%s/alive", t->dir);
	if (mkfifo(path.data, 0600) == 0)
		in = fd_open(path.data, O_RDONLY | O_NONBLOCK, 0);
	/* With a reader there, this does not wait for one. */
	if (in >= 0)
		t->alive = fd_open(path.data, O_WRONLY | O_NONBLOCK, 0);
	fd_close(&in);
	buf_release(&path);
	return t->alive < 0 ? -1 : 0;
}

static int make_files(struct tmux *t, const char *tmpdir, struct buf *err)
{
	struct buf dir = BUF_INIT;

	buf_addf(&dir, "%s/muster-XXXXXX", tmpdir);
	if (dir.len + strlen("/tmux") > SOCKET_BYTES) {
		buf_addf(err, "--tmux: '%s' is too long for a socket in it "
			 "(see --tmpdir)", tmpdir);
	} else if (!mkdtemp(dir.data)) {
		buf_addf(err, "--tmux: cannot make a directory in '%s': %s",
			 tmpdir, strerror(errno));
	} else {
		t->dir = buf_take(&dir);
		if (make_alive(t) == 0)
			return 0;
		buf_addf(err, "--tmux: '%s/alive': %s", t->dir,
			 strerror(errno));
	}
	buf_release(&dir);
	return -1;
}

static int start_server(struct tmux *t, struct buf *err)
{
	char *path = socket_of(t);
	int devnull = fd_open("/dev/null", O_RDWR, 0);
	const char *argv[] = {
		t->program, "-S", path, "new-session", "-d", "-s", "muster",
		"-n", "muster", "-x", "200", "-y", "60",
		"/bin/sh", "-c", keeper, "muster", t->dir, t->program, NULL,
	};
	struct spawn_request req = {
		.path = t->program, .argv = (char *const *)argv,
		.envp = environ, .in = devnull, .out = devnull, .err = 2,
	};
	struct child child = { .number = 0 };
	enum spawn_result r = SPAWN_NO_PROCESS;
	int status = 0;

	if (devnull >= 0)
		r = child_start(&child, &req);
	if (r != SPAWN_OK)
		buf_addf(err, "--tmux: cannot run '%s': %s", t->program,
			 strerror(errno));
	else
		status = wait_for(&child);
	if (status)
		buf_addf(err, "--tmux: '%s' could not start a server "
			 "(status %d)", t->program, status);
	fd_close(&devnull);
	free(path);
	return err->len ? -1 : 0;
}

/* --fg: not within the session that muster itself may be in. */
static int attach(struct tmux *t, struct buf *err)
{
	char *path = socket_of(t);
	const char *argv[] = {
		"/bin/sh", "-c", "unset TMUX; exec \"$0\" -S \"$1\" attach",
		t->program, path, NULL,
	};
	struct spawn_request req = {
		.path = argv[0], .argv = (char *const *)argv,
		.envp = environ, .in = 0, .out = 1, .err = 2,
		.same_group = true,
	};

	t->is_attached = child_start(&t->client, &req) == SPAWN_OK;
	if (!t->is_attached)
		buf_addf(err, "--fg: cannot run '/bin/sh': %s",
			 strerror(errno));
	free(path);
	return t->is_attached ? 0 : -1;
}

static void tell(const struct tmux *t)
{
	struct buf line = BUF_INIT;

	/* In GNU parallel's words: scripts may look for them. */
	buf_addf(&line, "See output with: %s -S %s/tmux attach\n", t->program,
		 t->dir);
	diag_raw(line.data, line.len);
	buf_release(&line);
}

static char *find_tmux(struct buf *err)
{
	const char *name = getenv("PARALLEL_TMUX");
	const char *path = getenv("PATH");
	char *found;

	if (!name || !*name)
		name = "tmux";
	found = path_search(name, path ? path : "/bin:/usr/bin", NULL);
	if (found && access(found, X_OK) == 0)
		return found;
	buf_addf(err, "--tmux: '%s' is not installed (not found in PATH)",
		 name);
	free(found);
	return NULL;
}

struct tmux *tmux_new(const struct options *o, const char *tmpdir,
		      struct buf *err)
{
	struct tmux *t = xcalloc(1, sizeof(*t));

	t->in_panes = o->tmux.in_panes;
	if (o->has_nice)
		t->niceness = o->nice - getpriority(PRIO_PROCESS, 0);
	t->alive = -1;
	atomic_init(&t->njobs, 0);
	t->program = find_tmux(err);
	if (!t->program || make_files(t, tmpdir, err) < 0 ||
	    start_server(t, err) < 0)
		goto fail;
	if (o->tmux.attach) {
		if (attach(t, err) < 0)
			goto fail;
	} else {
		tell(t);
	}
	return t;
fail:
	tmux_free(t);
	return NULL;
}

/* Nobody has opened the FIFO when there is no server. */
static void say_goodbye(struct tmux *t)
{
	static const char *const files[] = { "alive", "word", "tmux", "" };
	bool is_heard = t->alive >= 0 && write(t->alive, "bye\n", 4) == 4;

	fd_close(&t->alive);
	for (size_t i = 0; !is_heard && i < ARRAY_SIZE(files); i++) {
		struct buf path = BUF_INIT;

		buf_addf(&path, "%s/%s", t->dir, files[i]);
		if (unlink(path.data) < 0)
			rmdir(path.data);
		buf_release(&path);
	}
}

void tmux_free(struct tmux *t)
{
	if (!t)
		return;
	if (t->dir)
		say_goodbye(t);
	if (t->is_attached)
		wait_for(&t->client);
	free(t->program);
	free(t->dir);
	free(t);
}

/* A job. */

static void add_quoted(struct buf *out, const char *s)
{
	shquote_add(out, s, strlen(s), QUOTE_PLAIN, SHELL_SH);
}

/* A name that sh can export. */
static bool is_exportable(const char *var)
{
	const char *s = var;

	if (isdigit((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return s > var && *s == '=';
}

static bool is_ours(const char *var)
{
	for (char **own = environ; *own; own++) {
		if (strcmp(*own, var) == 0)
			return true;
	}
	return false;
}

/* The server has our environment: what the job has beyond it. */
static void add_exports(struct buf *out, char *const *env)
{
	for (; *env; env++) {
		size_t name = strcspn(*env, "=");

		if (!is_exportable(*env) || is_ours(*env) ||
		    strncmp(*env, "PWD=", 4) == 0)
			continue;
		buf_addf(out, "export %.*s=", (int)name, *env);
		add_quoted(out, *env + name + 1);
		buf_addch(out, '\n');
	}
}

/* One line that tmux shows as it is: it would expand # and what is behind. */
static void add_title(struct buf *out, const char *command)
{
	for (size_t i = 0; i < TITLE_BYTES && command[i]; i++) {
		unsigned char c = (unsigned char)command[i];

		if (c == '#')
			buf_addch(out, '#');
		buf_addch(out, c < ' ' || c == 127 ? ' ' : (char)c);
	}
}

/*
 * The environment that tmux has changed, but for what describes it. (It takes
 * SHELL for a setting, as it is.)
 */
static void add_own(struct buf *out)
{
	static const char *const names[] = { "SHELL", "SHLVL" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (!value) {
			buf_addf(out, "unset %s\n", names[i]);
			continue;
		}
		buf_addf(out, "export %s=", names[i]);
		add_quoted(out, value);
		buf_addch(out, '\n');
	}
}

/* Its input, if not the window. Opening a FIFO must not wait for a writer who
 * has gone already: the proxy keeps what he wrote. */
static void add_input(struct buf *out, const char *path)
{
	struct buf word = BUF_INIT;

	add_quoted(&word, path);
	buf_addf(out, "[ ! -p %s ] || exec 9<>%s\n", word.data, word.data);
	buf_addf(out, "exec <%s 9>&-\n", word.data);
	buf_release(&word);
}

/* What is to be before the words of the job, in parentheses. */
static void add_start(struct buf *out, const struct tmux *t,
		      const struct job *job)
{
	const char *undo = "TTIN,TTOU";

	if (sigstate_was_ignored(SIGTTIN))
		undo = sigstate_was_ignored(SIGTTOU) ? NULL : "TTOU";
	else if (sigstate_was_ignored(SIGTTOU))
		undo = "TTIN";
	if (sigstate_was_ignored(SIGHUP))
		buf_addstr(out, "trap '' HUP\n");
	if (undo)
		buf_addf(out, window_env, undo, undo);
	buf_addch(out, '(');
	if (job->input)
		add_input(out, job->input);
	for (size_t i = 0; i < ARRAY_SIZE(reset); i++) {
		if (sigstate_was_ignored(reset[i]))
			buf_addf(out, "trap '' %d; ", reset[i]);
	}
	buf_addstr(out, "exec \"$@\" ");
	if (t->niceness)
		buf_addf(out, "nice -n %d ", t->niceness);
}

static int write_script(const struct tmux *t, const char *path,
			const struct job *job, char *const *argv,
			char *const *env)
{
	struct buf text = BUF_INIT;
	int fd = fd_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int ret = -1;

	buf_addstr(&text, window_head);
	add_own(&text);
	add_exports(&text, env);
	add_start(&text, t, job);
	for (; *argv; argv++) {
		add_quoted(&text, *argv);
		buf_addch(&text, ' ');
	}
	buf_addstr(&text, ") 3>&-\n");
	buf_addstr(&text, window_tail);
	add_quoted(&text, job->command);
	buf_addstr(&text, " || exit\ndate\nsleep 10\n");
	if (fd >= 0)
		ret = fd_write_all(fd, text.data, text.len);
	fd_close(&fd);
	buf_release(&text);
	return ret;
}

char *const *tmux_wrap(struct tmux *t, struct job *job, char *const *argv,
		       char *const *env)
{
	struct buf path = BUF_INIT;
	struct buf title = BUF_INIT;
	const char *words[11] = { "/bin/sh", "-c", proxy, "muster", t->dir,
				  t->program };
	char **out = NULL;

	buf_addf(&path, "%s/%u", t->dir, atomic_fetch_add(&t->njobs, 1));
	add_title(&title, job->command);
	words[6] = arena_strdup(&job->arena, path.data);
	words[7] = arena_strdup(&job->arena, title.data);
	words[8] = t->in_panes ? "pane" : "window";
	words[9] = "/bin/sh";
	/* Other shells may not hand on the functions that it exports. */
	if (shell_kind_of(argv[0]) == SHELL_BASH)
		words[9] = arena_strdup(&job->arena, argv[0]);
	if (write_script(t, path.data, job, argv, env) == 0) {
		out = arena_alloc(&job->arena, sizeof(words));
		memcpy(out, words, sizeof(words));
	}
	buf_release(&path);
	buf_release(&title);
	return out;
}
