/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_usock.c - sockets at a path: whose they are, and what is there before.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/usock.h"
#include "tap.h"

static char path[4096];

static void setup(void)
{
	snprintf(path, sizeof(path), "%s/s", tap_tmpdir());
}

static void check_refused(const char *at, const char *want)
{
	struct buf err = BUF_INIT;
	struct usock u;

	CHECK_INT(usock_listen(&u, at, &err), -1);
	if (!CHECK(strstr(err.data, want) != NULL))
		CHECK_STR(err.data, want);
	CHECK_INT(u.fd, -1);
	buf_release(&err);
}

static struct usock listen_at_path(void)
{
	struct buf err = BUF_INIT;
	struct usock u;

	if (!CHECK_INT(usock_listen(&u, path, &err), 0))
		CHECK_STR(err.data, "");
	buf_release(&err);
	return u;
}

static int mode_of(const char *at)
{
	struct stat st;

	return lstat(at, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

/* A socket that nobody listens on, as a killed process leaves it. */
static void leave_stale(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.100s", path);
	CHECK_INT(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void connects(void)
{
	struct usock u;
	int client, server;
	uid_t peer = (uid_t)-1;
	char byte = 0;

	setup();
	u = listen_at_path();
	errno = 0;
	CHECK_INT(usock_accept(&u), -1);
	CHECK(errno == EAGAIN || errno == EWOULDBLOCK);
	client = usock_connect(path);
	CHECK(client >= 0);
	server = usock_accept(&u);
	CHECK(server >= 0);
	CHECK(fcntl(u.fd, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(client, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(server, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(server, F_GETFL) & O_NONBLOCK);
	if (usock_peer(server, &peer))
		CHECK_INT(peer, geteuid());
	CHECK_INT(write(client, "x", 1), 1);
	CHECK_INT(read(server, &byte, 1), 1);
	CHECK_INT(byte, 'x');
	close(client);
	close(server);
	usock_close(&u);
	CHECK_INT(mode_of(path), -1);
	/* Once more changes nothing. */
	usock_close(&u);
	CHECK_INT(u.fd, -1);
}

static void mode_whatever_the_umask(void)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };

	setup();
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		mode_t before = umask(masks[i]);
		struct usock u = listen_at_path();

		umask(before);
		CHECK_INT(mode_of(path), 0600);
		usock_close(&u);
	}
}

static void existing_files(void)
{
	char link[sizeof(path) + 8];
	int fd;

	setup();
	check_refused(tap_tmpdir(), "exists and is not a socket");
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	close(fd);
	check_refused(path, "exists and is not a socket");
	CHECK_INT(mode_of(path), 0644);
	/* Not even one that leads nowhere is followed. */
	snprintf(link, sizeof(link), "%s.link", path);
	CHECK_INT(symlink("nowhere", link), 0);
	check_refused(link, "exists and is not a socket");
}

static void living_one(void)
{
	struct usock u;
	int client;

	setup();
	u = listen_at_path();
	check_refused(path, "another process listens on '");
	client = usock_connect(path);
	CHECK(client >= 0);
	close(client);
	usock_close(&u);
}

static void stale_one(void)
{
	struct usock u;
	int client;

	setup();
	leave_stale();
	u = listen_at_path();
	CHECK_INT(mode_of(path), 0600);
	client = usock_connect(path);
	CHECK(client >= 0);
	close(client);
	usock_close(&u);
}

#ifdef HAVE_FLOCK

/* Tells by `told` whether it got the path; keeps it until `end` is closed. */
static void compete(int start, int told, int end)
{
	struct buf err = BUF_INIT;
	struct usock u;
	char byte;

	if (read(start, &byte, 1) != 0)
		_exit(1);
	byte = usock_listen(&u, path, &err) == 0;
	if (write(told, &byte, 1) != 1 || read(end, &byte, 1) != 0)
		_exit(1);
	_exit(0);
}

/* Many at once find the same stale socket: one of them gets the path. */
static void stale_for_many(void)
{
	enum { N = 8 };

	setup();
	for (int round = 0; round < 20; round++) {
		int start[2], told[2], end[2];
		int won = 0;

		leave_stale();
		CHECK_INT(pipe(start) | pipe(told) | pipe(end), 0);
		for (int i = 0; i < N; i++) {
			if (fork() != 0)
				continue;
			close(start[1]);
			close(end[1]);
			compete(start[0], told[1], end[0]);
		}
		close(start[1]);
		for (int i = 0; i < N; i++) {
			char byte = 0;

			CHECK_INT(read(told[0], &byte, 1), 1);
			won += byte;
		}
		CHECK_INT(won, 1);
		close(end[1]);
		for (int i = 0; i < N; i++)
			CHECK(wait(NULL) > 0);
		close(start[0]);
		close(end[0]);
		close(told[0]);
		close(told[1]);
		CHECK_INT(unlink(path), 0);
	}
}

#endif

static void not_ours_any_more(void)
{
	struct usock u;
	int fd;

	setup();
	u = listen_at_path();
	CHECK_INT(unlink(path), 0);
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	close(fd);
	usock_close(&u);
	CHECK_INT(mode_of(path), 0644);
}

static void bad_paths(void)
{
	char longest[8192];

	setup();
	check_refused("", "is not the path of a socket");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	check_refused(longest, "is too long for the path of a socket");
	/* The first that does not fit, with its NUL. */
	longest[sizeof(((struct sockaddr_un *)0)->sun_path)] = '\0';
	check_refused(longest, "is too long for the path of a socket");
	check_refused("/no/such/directory", "cannot make '/no/such/directory'");
	errno = 0;
	CHECK_INT(usock_connect(longest), -1);
	CHECK_INT(errno, ENAMETOOLONG);
	CHECK_INT(usock_connect(path), -1);
	CHECK_INT(errno, ENOENT);
}

static const struct tap_case cases[] = {
	{ "a client gets through, and the file goes", connects },
	{ "the mode is 0600 whatever the umask is", mode_whatever_the_umask },
	{ "what is no socket is left alone", existing_files },
	{ "a socket somebody listens on is left alone", living_one },
	{ "a socket nobody listens on is replaced", stale_one },
#ifdef HAVE_FLOCK
	{ "of many that find it, one gets the path", stale_for_many },
#endif
	{ "a file that has taken its place is left alone",
	  not_ours_any_more },
	{ "bad paths are errors", bad_paths },
};
TAP_MAIN(cases)
