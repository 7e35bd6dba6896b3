/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warm_inside.c - the part of warm.c that runs inside the warm program.
 *
 * A library of its own, preloaded; nothing of muster is linked to it. It takes
 * the place of __libc_start_main, which every program calls first: everything
 * is loaded, linked and initialised by then, and main has not begun. In any
 * program that is not meant (a shell that is a script, or starts another one)
 * it does nothing but take its traces out of the environment.
 *
 * The process that waits holds three descriptors: the socket as 0, /dev/null
 * as 1 and 2. It allocates nothing after the start.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc/warm_wire.h"

#define EXPORTED __attribute__((visibility("default")))

/* The new process is muster's child, not ours; else it is a fork. */
#define SIBLING	(CLONE_PARENT | SIGCHLD)

typedef int main_fn(int argc, char **argv, char **envp);
typedef int start_fn(main_fn *main, int argc, char **argv, void (*init)(void),
		     void (*fini)(void), void (*rtld_fini)(void), void *end);

static main_fn *real_main;
static int *tid;		/* where libc keeps the thread's number */
static struct prctl_mm_map map;	/* as it is in the process that waits */

/* The last request; a new process has its arguments and environment here. */
static union {
	struct warm_request head;
	char bytes[WARM_BYTES];
} request;
static char *strings[WARM_STRINGS + 2];
static int32_t home = -1;	/* the CPU that this process stays on */

static void say(uint32_t seq, pid_t pid, int err)
{
	struct warm_reply reply = { .seq = seq, .pid = pid, .err = err };

	while (send(0, &reply, sizeof(reply), MSG_NOSIGNAL) < 0) {
		if (errno != EINTR)
			_exit(127);
	}
}

/* Text of the request as a vector that ends with NULL; returns what is
 * behind it. */
static char *take_strings(char *text, uint32_t n, char **to)
{
	for (uint32_t i = 0; i < n; i++) {
		*to++ = text;
		text += strlen(text) + 1;
	}
	*to = NULL;
	return text;
}

/* What ps and /proc show of arguments and environment. */
static void show_as(const char *args, const char *env)
{
	struct prctl_mm_map now = map;

	now.arg_start = (uintptr_t)args;
	now.arg_end = now.env_start = (uintptr_t)env;
	now.env_end = (uintptr_t)env + request.head.env_bytes;
	now.brk = (uintptr_t)sbrk(0);
	prctl(PR_SET_MM, PR_SET_MM_MAP, &now, sizeof(now), 0);
}

static bool may_run_everywhere(void)
{
	return syscall(SYS_sched_setaffinity, 0, sizeof(request.head.cpus),
		       request.head.cpus) >= 0;
}

/* As where muster may run, if that is not what it was: it says so from the
 * first time on that its worker has been bound. */
static void leave_home(void)
{
	static unsigned char last[WARM_CPUS_BYTES];
	bool is_other = memcmp(last, request.head.cpus, sizeof(last)) != 0;

	if ((home < 0 && !is_other) || !may_run_everywhere())
		return;
	memcpy(last, request.head.cpus, sizeof(last));
	home = -1;
}

/* Where the worker is, which is woken by what happens here. */
static void go_home(void)
{
	cpu_set_t one;

	if (request.head.cpu < 0) {
		leave_home();
		return;
	}
	if (request.head.cpu == home)
		return;
	home = request.head.cpu;
	CPU_ZERO(&one);
	CPU_SET(home, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* In the new process: makes of it what exec would have made; its status. */
static int become(const int fd[3])
{
	const struct warm_request *r = &request.head;
	char *args = request.bytes + sizeof(*r);
	char *env = args + r->args_bytes;
	char *cwd = env + r->env_bytes;
	char **envp = strings + r->argc + 1;
	pid_t pid = getpid();
	int err = 0;

	*tid = pid;
	syscall(SYS_set_tid_address, tid);
	setpgid(0, 0);
	if (home >= 0)
		may_run_everywhere();
	if (r->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Muster may have died before the line above. */
		if (getppid() != r->parent)
			_exit(127);
	}
	if (r->cwd_bytes && chdir(cwd) < 0)
		err = errno;
	take_strings(args, r->argc, strings);
	take_strings(env, r->envc, envp);
	show_as(args, env);
	/* From here on it is the job. */
	say(r->seq, pid, err);
	if (err)
		_exit(127);
	for (int i = 0; i < 3; i++)
		dup2(fd[i], i);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	environ = envp;
	return real_main((int)r->argc, strings, envp);
}

/* 1, with *fd, when there is one; 0 at the end; -1: it had no room for the
 * descriptors. */
static int await_request(int fd[3])
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = &request,
			     .iov_len = sizeof(request) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(0, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(request.head) || (msg.msg_flags & MSG_TRUNC))
		return 0;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_len != CMSG_LEN(3 * sizeof(int))) {
		/* Only some of them, perhaps. */
		for (int i = 3; i < 6; i++)
			close(i);
		return -1;
	}
	memcpy(fd, CMSG_DATA(c), 3 * sizeof(int));
	return 1;
}

/* By hand, as no call of libc's takes flags for a fork. */
static pid_t fork_sibling(void)
{
#if defined(__s390__) || defined(__CRIS__)
	return (pid_t)syscall(SYS_clone, 0, SIBLING, 0, 0, 0);
#else
	return (pid_t)syscall(SYS_clone, SIBLING, 0, 0, 0, 0);
#endif
}

static int serve(void)
{
	int fd[3];

	for (;;) {
		int got = await_request(fd);
		pid_t pid;

		if (got == 0)
			_exit(0);
		if (got < 0) {
			say(request.head.seq, 0, WARM_CANNOT);
			continue;
		}
		go_home();
		pid = fork_sibling();
		if (pid == 0)
			return become(fd);
		if (pid < 0)
			say(request.head.seq, 0, errno);
		for (int i = 0; i < 3; i++)
			close(fd[i]);
	}
}

/* Field number n (from 1, as proc(5) counts) behind the name. */
static unsigned long long stat_field(const char *behind_name, int n)
{
	const char *s = behind_name;

	for (int i = 2; i < n && s; i++) {
		s = strchr(s, ' ');
		if (s)
			s++;
	}
	return s ? strtoull(s, NULL, 10) : 0;
}

/* What the kernel knows of this process' memory, which can only be set as a
 * whole; and may it be? */
static bool learn_map(void)
{
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char text[2048];
	const char *s;
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	s = strrchr(text, ')');
	if (!s)
		return false;
	map = (struct prctl_mm_map){
		.start_code = stat_field(s, 26), .end_code = stat_field(s, 27),
		.start_stack = stat_field(s, 28),
		.start_data = stat_field(s, 45), .end_data = stat_field(s, 46),
		.start_brk = stat_field(s, 47), .brk = (uintptr_t)sbrk(0),
		.arg_start = stat_field(s, 48), .arg_end = stat_field(s, 49),
		.env_start = stat_field(s, 50), .env_end = stat_field(s, 51),
		.exe_fd = (uint32_t)-1,
	};
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0;
}

static bool learn_tid(void)
{
	return prctl(PR_GET_TID_ADDRESS, &tid, 0, 0, 0) == 0 && tid &&
	       *tid == getpid();
}

/* Is descriptor 0 what muster gives a program that is to be warm? */
static bool has_socket(void)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

static bool begins_with(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Takes what muster has put there out of the environment; returns the value of
 * WARM_VAR, or NULL. By hand: shells bring a getenv of their own, which is not
 * for use before main. */
static const char *clear_environment(char **envp)
{
	const char *value = NULL;
	char **to = envp;

	for (; *envp; envp++) {
		if (begins_with(*envp, WARM_VAR "="))
			value = *envp + sizeof(WARM_VAR);
		else if (!begins_with(*envp, "LD_PRELOAD=") &&
			 !begins_with(*envp, "LD_BIND_NOW="))
			*to++ = *envp;
	}
	*to = NULL;
	return value;
}

/* Instead of main. */
static int hold(int argc, char **argv, char **envp)
{
	const char *for_whom = clear_environment(envp);
	bool is_meant = for_whom && atol(for_whom) == (long)getppid() &&
			argc == 3 && has_socket();

	if (is_meant && dup2(2, 1) == 1 && learn_map() && learn_tid()) {
		/* What jobs will ask for is then in memory; never freed. */
		newlocale(LC_ALL_MASK, "", (locale_t)0);
		say(0, getpid(), 0);
		return serve();
	}
	if (for_whom) {
		dup2(2, 0);
		dup2(2, 1);
	}
	return real_main(argc, argv, envp);
}

EXPORTED int __libc_start_main(main_fn *main, int argc, char **argv,
			       void (*init)(void), void (*fini)(void),
			       void (*rtld_fini)(void), void *end)
{
	start_fn *real = (start_fn *)dlsym(RTLD_NEXT, "__libc_start_main");

	real_main = main;
	return real(hold, argc, argv, init, fini, rtld_fini, end);
}
