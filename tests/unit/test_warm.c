/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_warm.c - a shell that is kept warm, and the processes it makes.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/thread.h"
#include "proc/sigstate.h"
#include "proc/warm.h"
#include "tap.h"

#ifdef HAVE_WARM

static char *const bare_env[] = { (char *)"PATH=/usr/bin:/bin", NULL };

struct made {
	enum spawn_result result;
	pid_t pid;
	int pidfd;
	struct buf out;
};

static void set_up(struct warm *w)
{
	struct spawn_request req = {
		.path = "/bin/sh", .envp = bare_env,
		.argv = (char *[]){ (char *)"sh", NULL },
	};
	int library;

	CHECK(fd_setup() == 0);
	sigstate_setup();
	thread_setup();
	warm_init(w);
	library = warm_open_library();
	if (!CHECK(library >= 0))
		return;
	CHECK_INT(warm_start(w, &req, library), 0);
	CHECK(warm_is_up(w));
	close(library);
}

/* sh -c script, in dir, its output read to the end. */
static void make(struct warm *w, struct made *m, const char *script,
		 char *const *env, const char *dir)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	struct spawn_request req = {
		.path = "/bin/sh", .argv = argv, .envp = env, .cwd = dir,
		.die_with_parent = true,
	};
	char bytes[4096];
	int ends[2];
	ssize_t n;

	*m = (struct made){ .pid = -1, .pidfd = -1, .out = BUF_INIT };
	req.in = fd_open("/dev/null", O_RDONLY, 0);
	if (!CHECK(fd_pipe(ends) == 0))
		return;
	req.out = req.err = ends[1];
	m->result = warm_process(w, &req, &m->pid, &m->pidfd);
	if (m->result == SPAWN_NO_EXEC)
		CHECK_INT(errno, ENOENT);
	close(req.in);
	close(ends[1]);
	while ((n = fd_read(ends[0], bytes, sizeof(bytes))) > 0)
		buf_add(&m->out, bytes, (size_t)n);
	close(ends[0]);
}

static int finish(struct made *m)
{
	struct pollfd p = { .fd = m->pidfd, .events = POLLIN };
	int status = -1;

	CHECK_INT(m->result, SPAWN_OK);
	CHECK(m->pidfd >= 0);
	CHECK_INT(poll(&p, 1, -1), 1);
	CHECK_INT(waitpid(m->pid, &status, 0), m->pid);
	close(m->pidfd);
	buf_release(&m->out);
	return status;
}

static void is_as_asked_for(void)
{
	char *env[] = { (char *)"A=1", (char *)"PATH=/usr/bin:/bin", NULL };
	struct buf want = BUF_INIT;
	struct warm w;
	struct made m;
	int status;

	set_up(&w);
	make(&w, &m, "echo $A $0 $$ $PPID; pwd; ls /proc/$$/fd | tr '\\n' ' ';"
	     "tr '\\0' ' ' </proc/$$/cmdline | cut -c 1-10;"
	     "tr '\\0' ' ' </proc/$$/environ; exit 7", env, "/");
	buf_addf(&want, "1 sh %ld %ld\n/\n0 1 2 sh -c echo\n"
		 "A=1 PATH=/usr/bin:/bin ", (long)m.pid, (long)getpid());
	CHECK_STR(m.out.data, want.data);
	status = finish(&m);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 7);
	buf_release(&want);
	warm_release(&w);
}

static void has_a_group_and_dies_of_signals(void)
{
	struct warm w;
	struct made m;
	int status;

	set_up(&w);
	make(&w, &m, "exec >&- 2>&-; sleep 1000; :", bare_env, NULL);
	CHECK_INT(getpgid(m.pid), m.pid);
	CHECK_INT(kill(-m.pid, SIGUSR1), 0);
	status = finish(&m);
	CHECK(WIFSIGNALED(status));
	CHECK_INT(WTERMSIG(status), SIGUSR1);
	make(&w, &m, "kill -9 $$", bare_env, NULL);
	status = finish(&m);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	make(&w, &m, "exit 137", bare_env, NULL);
	status = finish(&m);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 137);
	warm_release(&w);
}

static void nothing_stays(void)
{
	struct warm w;
	struct made m;

	set_up(&w);
	make(&w, &m, "cd /; umask 0; x=1; export x; trap '' TERM; f() { :; }",
	     bare_env, NULL);
	CHECK_INT(finish(&m), 0);
	make(&w, &m, "[ -z \"$x\" ] && [ \"$PWD\" != / ] && [ $(umask) != 0000 "
	     "] && ! type f && kill $$", bare_env, NULL);
	CHECK_INT(finish(&m), SIGTERM);
	warm_release(&w);
}

static void has_no_such_directory(void)
{
	struct warm w;
	struct made m;

	set_up(&w);
	make(&w, &m, "echo not here", bare_env, "/nowhere");
	CHECK_INT(m.result, SPAWN_NO_EXEC);
	CHECK_STR(m.out.data, "");
	make(&w, &m, "echo here", bare_env, NULL);
	CHECK_STR(m.out.data, "here\n");
	CHECK_INT(finish(&m), 0);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), 0);	/* but the shell */
	warm_release(&w);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void is_killed(void)
{
	struct warm w;
	struct made m;

	set_up(&w);
	make(&w, &m, "for p in /proc/[0-9]*; do read -r x y z ppid t <$p/stat;"
	     "[ \"$ppid\" = $PPID ] && [ $x != $$ ] && kill -9 $x; done; :",
	     bare_env, NULL);
	CHECK_INT(finish(&m), 0);
	make(&w, &m, "echo not here", bare_env, NULL);
	CHECK_INT(m.result, SPAWN_NO_WARM);
	CHECK_STR(m.out.data, "");
	CHECK(!warm_is_up(&w));
	warm_release(&w);
	set_up(&w);
	make(&w, &m, "echo here", bare_env, NULL);
	CHECK_STR(m.out.data, "here\n");
	CHECK_INT(finish(&m), 0);
	warm_release(&w);
}

static void is_asked_for_too_much(void)
{
	char *script = malloc(1 << 20);
	struct warm w;
	struct made m;

	set_up(&w);
	for (size_t len = 64 << 10; len < 1 << 20; len *= 2) {
		memset(script, ' ', len);
		memcpy(script + len - 2, ":", 2);
		make(&w, &m, script, bare_env, NULL);
		if (len == 64 << 10)
			CHECK_INT(finish(&m), 0);
		else
			CHECK_INT(m.result, SPAWN_NO_WARM);
		CHECK(warm_is_up(&w));
	}
	free(script);
	warm_release(&w);
}

static unsigned count_open(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void many(void)
{
	struct warm w;
	struct made m;
	unsigned before;

	set_up(&w);
	before = count_open();
	for (int i = 0; i < 200; i++) {
		char script[64];

		snprintf(script, sizeof(script), "exit %d", i);
		make(&w, &m, script, bare_env, NULL);
		CHECK_INT(WEXITSTATUS(finish(&m)), i);
	}
	CHECK_INT(count_open(), before);
	warm_release(&w);
}

static void unwilling(void)
{
	char script[] = "/tmp/test_warm-XXXXXX";
	int fd = mkstemp(script);
	char *argv[] = { script, NULL };
	struct spawn_request req = {
		.path = script, .argv = argv, .envp = bare_env,
	};
	int library = warm_open_library();
	struct warm w;

	CHECK(write(fd, "#!/bin/sh\nexit 0\n", 17) == 17);
	CHECK(fchmod(fd, 0700) == 0);
	close(fd);
	CHECK(warm_objection(script));
	CHECK(warm_objection("/nowhere"));
	warm_init(&w);
	CHECK(warm_start(&w, &req, library) < 0);
	CHECK_INT(errno, ENOSYS);
	CHECK(!warm_is_up(&w));
	unlink(script);
	CHECK(warm_start(&w, &req, library) < 0);
	warm_release(&w);
	close(library);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

#endif

/* Where nothing can be kept warm. */
static void not_here(void)
{
	struct warm w;
	struct spawn_request req = { .path = "/bin/sh" };

	warm_init(&w);
	CHECK(warm_is_built_in() == !warm_objection("/bin/sh"));
	if (!warm_is_built_in()) {
		CHECK(warm_open_library() < 0);
		CHECK(warm_start(&w, &req, -1) < 0);
		CHECK_INT(errno, ENOSYS);
	}
	warm_release(&w);
}

#ifdef HAVE_WARM
static const struct tap_case cases[] = {
	{ "a process is as exec would have made it", is_as_asked_for },
	{ "it leads a group, and its death is the real one",
	  has_a_group_and_dies_of_signals },
	{ "nothing of it reaches the next one", nothing_stays },
	{ "a directory that is not there", has_no_such_directory },
	{ "a warm shell that is killed says so", is_killed },
	{ "what is too long is left to exec", is_asked_for_too_much },
	{ "many, and nothing stays open", many },
	{ "a program that can't be warm", unwilling },
	{ "it is built in, or says that it is not", not_here },
};
#else
static const struct tap_case cases[] = {
	{ "it is built in, or says that it is not", not_here },
};
#endif
TAP_MAIN(cases)
