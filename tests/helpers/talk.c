/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * talk.c - talk [-m] SOCKET: sends standard input to a Unix socket, then
 * closes that side; what comes back goes to standard output. Ends when the
 * other side has closed. With -m (mute) nothing is ever read.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct talk {
	int fd;
	bool is_mute;
	bool is_sent;		/* all of it */
	char out[65536];	/* still to be sent, from at to len */
	size_t at, len;
};

static int dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, path);
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0
		? fd : -1;
}

/* Sends what there is room for; false when the other side is gone. */
static bool push(struct talk *t)
{
	ssize_t n = 0;

	if (t->at == t->len) {
		n = read(STDIN_FILENO, t->out, sizeof(t->out));
		t->at = 0;
		t->len = n > 0 ? (size_t)n : 0;
		if (n <= 0) {
			t->is_sent = true;
			shutdown(t->fd, SHUT_WR);
			return true;
		}
	}
	n = send(t->fd, t->out + t->at, t->len - t->at, MSG_DONTWAIT);
	if (n > 0)
		t->at += (size_t)n;
	return n > 0 || errno == EAGAIN;
}

/* Passes on what has come; false at the end. */
static bool pull(struct talk *t)
{
	char in[65536];
	ssize_t n = read(t->fd, in, sizeof(in));

	return n > 0 && write(STDOUT_FILENO, in, (size_t)n) == n;
}

int main(int argc, char **argv)
{
	struct talk t = { .is_mute = argc > 2 && strcmp(argv[1], "-m") == 0 };
	bool is_open = true;

	if (argc < 2)
		return 125;
	signal(SIGPIPE, SIG_IGN);
	t.fd = dial(argv[argc - 1]);
	if (t.fd < 0) {
		perror(argv[argc - 1]);
		return 1;
	}
	while (is_open) {
		struct pollfd p = {
			.fd = t.fd,
			.events = (short)((t.is_mute ? 0 : POLLIN) |
					  (t.is_sent ? 0 : POLLOUT)),
		};

		if (poll(&p, 1, -1) < 0)
			return 125;
		if (p.revents & POLLIN)
			is_open = pull(&t);
		else if (p.revents & (POLLHUP | POLLERR))
			is_open = false;
		else if (p.revents & POLLOUT)
			is_open = push(&t) || !t.is_mute;
	}
	return 0;
}
