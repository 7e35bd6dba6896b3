/* SPDX-License-Identifier: GPL-3.0-or-later */
/* warm.c - see warm.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_WARM
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#endif

#include "base/affinity.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "proc/warm.h"
#include "proc/warm_wire.h"

void warm_init(struct warm *w)
{
	*w = (struct warm){ .sock = -1, .pidfd = -1, .request = BUF_INIT };
}

void warm_release(struct warm *w)
{
	warm_end(w);
	buf_release(&w->request);
}

bool warm_is_built_in(void)
{
#ifdef HAVE_WARM
	return true;
#else
	return false;
#endif
}

#ifdef HAVE_WARM

/* So long nothing is heard of the warm program before it is killed: then the
 * socket says for certain whether there is a process. */
#define PATIENCE_S	5

/* How often to look meanwhile whether it is to end at once. */
#define LOOKS_PER_S	20

/* Made by make from warm_inside.c. */
static const unsigned char library_bytes[] = {
#include <src/proc/warm_library.inc>
};

/* Does the file, which begins so, name a linker to be loaded with it? */
static bool is_dynamic(const unsigned char *file, size_t len)
{
	ElfW(Ehdr) head;
	ElfW(Phdr) part;

	if (len < sizeof(head) || memcmp(file, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(&head, file, sizeof(head));
	for (unsigned i = 0; i < head.e_phnum; i++) {
		if (head.e_phoff > len ||
		    (i + 1) * sizeof(part) > len - head.e_phoff)
			return false;
		memcpy(&part, file + head.e_phoff + i * sizeof(part),
		       sizeof(part));
		if (part.p_type == PT_INTERP)
			return true;
	}
	return false;
}

const char *warm_objection(const char *path)
{
	unsigned char head[4096];
	int fd = fd_open(path, O_RDONLY, 0);
	ssize_t n;

	if (fd < 0)
		return "not readable";
	n = fd_read(fd, head, sizeof(head));
	fd_close(&fd);
	if (n < 0 || !is_dynamic(head, (size_t)n))
		return "not a dynamically linked program";
	return NULL;
}

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

int warm_open_library(void)
{
	int fd = memfd_create("muster-warm", MFD_CLOEXEC | MFD_EXEC);

	/* Before Linux 6.3 there was no such flag, nor a need for it. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("muster-warm", MFD_CLOEXEC);
	if (fd >= 0 &&
	    fd_write_all(fd, library_bytes, sizeof(library_bytes)) < 0)
		fd_close(&fd);
	return fd;
}

/* The program's environment: what jobs have, and ours before it. The caller
 * frees it. */
static char **make_environment(char *const *envp, char *whom)
{
	size_t n = 0;
	char **env;

	while (envp[n])
		n++;
	env = xcalloc(n + 4, sizeof(*env));
	env[0] = (char *)"LD_PRELOAD=/proc/self/fd/1";
	/* So that no job has to look up what all of them need. */
	env[1] = (char *)"LD_BIND_NOW=1";
	env[2] = whom;
	memcpy(env + 3, envp, n * sizeof(*env));
	return env;
}

static int set_patience(int sock)
{
	struct timeval t = { .tv_usec = 1000000 / LOOKS_PER_S };

	return setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

/* EAGAIN: patience is at its end, or hurry has become other than 0. */
static ssize_t receive(int sock, struct warm_reply *reply,
		       const atomic_int *hurry)
{
	ssize_t n = -1;

	for (int i = 0; n < 0 && i < PATIENCE_S * LOOKS_PER_S; i++) {
		do
			n = recv(sock, reply, sizeof(*reply), 0);
		while (n < 0 && errno == EINTR);
		if (n < 0 && errno != EAGAIN)
			break;
		if (n < 0 && hurry && atomic_load(hurry))
			break;
	}
	return n;
}

static int send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/* It may have been reaped as a stray before. */
static void await_end(int pidfd)
{
	siginfo_t si;

	while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &si, WEXITED) < 0 &&
	       errno == EINTR)
		;
}

/* req: of the warm program itself. */
static int start(struct warm *w, const struct spawn_request *req, int sock)
{
	pid_t pid;

	if (set_patience(sock) < 0)
		return -1;
	if (spawn_process(req, &pid, &w->pidfd) != SPAWN_OK)
		return -1;
	if (w->pidfd < 0)
		w->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	/* With its socket closed it ends by itself. */
	if (w->pidfd < 0)
		return -1;
	w->sock = sock;
	return 0;
}

int warm_start(struct warm *w, const struct spawn_request *req, int library)
{
	char whom[sizeof(WARM_VAR) + 24];
	char *argv[] = { req->argv[0], (char *)"-c", (char *)":", NULL };
	struct spawn_request own = {
		.path = req->path, .argv = argv, .out = library,
		.die_with_parent = true, .has_nice = req->has_nice,
		.nice = req->nice,
	};
	struct warm_reply hello;
	char **env;
	int ends[2], err, ret;

	own.err = fd_open("/dev/null", O_RDWR, 0);
	if (own.err < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		goto close_null;
	snprintf(whom, sizeof(whom), WARM_VAR "=%ld", (long)getpid());
	env = make_environment(req->envp, whom);
	own.envp = env;
	own.in = ends[1];
	ret = start(w, &own, ends[0]);
	err = errno;
	free(env);
	fd_close(&ends[1]);
	fd_close(&own.err);
	if (ret < 0) {
		fd_close(&ends[0]);
		errno = err;
		return -1;
	}
	if (receive(w->sock, &hello, NULL) == sizeof(hello) && hello.seq == 0)
		return 0;
	warm_end(w);
	errno = ENOSYS;
	return -1;

close_null:
	err = errno;
	fd_close(&own.err);
	errno = err;
	return -1;
}

void warm_end(struct warm *w)
{
	if (w->pidfd >= 0) {
		send_signal(w->pidfd, SIGKILL);
		await_end(w->pidfd);
	}
	fd_close(&w->sock);
	fd_close(&w->pidfd);
}

/* Adds the strings up to NULL; returns how many bytes, *n how many. */
static uint32_t add_strings(struct buf *to, char *const *from, uint32_t *n)
{
	size_t before = to->len;

	for (*n = 0; from[*n]; ++*n)
		buf_add(to, from[*n], strlen(from[*n]) + 1);
	return (uint32_t)(to->len - before);
}

/* False: too much. */
static bool make_request(struct warm *w, const struct spawn_request *req)
{
	struct buf *b = &w->request;
	struct warm_request head = {
		.seq = ++w->seq, .parent = getpid(),
		.die_with_parent = req->die_with_parent,
	};

	affinity_prepare();
	head.cpu = affinity_get(head.cpus, sizeof(head.cpus));
	buf_reset(b);
	buf_add(b, &head, sizeof(head));
	head.args_bytes = add_strings(b, req->argv, &head.argc);
	head.env_bytes = add_strings(b, req->envp, &head.envc);
	if (req->cwd) {
		head.cwd_bytes = (uint32_t)strlen(req->cwd) + 1;
		buf_add(b, req->cwd, head.cwd_bytes);
	}
	memcpy(b->data, &head, sizeof(head));
	return b->len <= WARM_BYTES && head.argc + head.envc <= WARM_STRINGS;
}

static ssize_t send_request(struct warm *w, const struct spawn_request *req)
{
	const int fd[3] = { req->in, req->out, req->err };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(fd))];
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = w->request.data,
			     .iov_len = w->request.len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), fd, sizeof(fd));
	do
		n = sendmsg(w->sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n;
}

/* The reply to the last request; false when nobody will ever give one. */
static bool await_reply(struct warm *w, const atomic_int *hurry,
			struct warm_reply *reply)
{
	for (;;) {
		ssize_t n = receive(w->sock, reply, hurry);

		if (n == sizeof(*reply) && reply->seq == w->seq)
			return true;
		if (n < 0 && errno == EAGAIN)
			send_signal(w->pidfd, SIGKILL);
		else if (n != sizeof(*reply))
			return false;
	}
}

/* It could not go to its directory, and ends. */
static enum spawn_result no_exec(pid_t pid, int err)
{
	spawn_reap(pid);
	errno = err;
	return SPAWN_NO_EXEC;
}

enum spawn_result warm_process(struct warm *w, const struct spawn_request *req,
			       pid_t *pid, int *pidfd)
{
	struct warm_reply reply;

	*pidfd = -1;
	if (!make_request(w, req))
		return SPAWN_NO_WARM;
	if (send_request(w, req) < 0) {
		/* It is gone, unless this one was too much for the socket. */
		if (errno != EMSGSIZE)
			warm_end(w);
		return SPAWN_NO_WARM;
	}
	if (!await_reply(w, req->hurry, &reply)) {
		warm_end(w);
		return SPAWN_NO_WARM;
	}
	if (reply.err == WARM_CANNOT)
		return SPAWN_NO_WARM;
	if (reply.pid == 0) {
		errno = reply.err;
		return SPAWN_NO_PROCESS;
	}
	if (reply.err)
		return no_exec(reply.pid, reply.err);
	*pid = reply.pid;
	/* Not reaped yet, so it can be no other. Without a descriptor for it
	 * the worker looks now and then. */
	*pidfd = (int)syscall(SYS_pidfd_open, reply.pid, 0);
	return SPAWN_OK;
}

#else

const char *warm_objection(const char *path)
{
	(void)path;
	return "not on a system that can do that";
}

int warm_open_library(void)
{
	errno = ENOSYS;
	return -1;
}

int warm_start(struct warm *w, const struct spawn_request *req, int library)
{
	(void)w, (void)req, (void)library;
	errno = ENOSYS;
	return -1;
}

void warm_end(struct warm *w)
{
	(void)w;
}

enum spawn_result warm_process(struct warm *w, const struct spawn_request *req,
			       pid_t *pid, int *pidfd)
{
	(void)w, (void)req, (void)pid, (void)pidfd;
	return SPAWN_NO_WARM;
}

#endif
