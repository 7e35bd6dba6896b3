/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usock.h - Unix stream sockets at a path, for one user.
 *
 * How the socket comes into being. bind(2) creates the file and never
 * replaces one, so PATH is either ours or an error. Nobody can connect before
 * listen(2), so its mode is set between the two: what the umask made of it in
 * the meantime opens nothing. (Linux takes the mode from the descriptor, so
 * there it is right from birth.) The umask itself, which belongs to all
 * threads, is left alone.
 *
 * A socket on which nobody listens any more (connect: ECONNREFUSED) is
 * removed first. A socket between bind and listen looks the same; so all this
 * is done under a lock on the directory, where the system has flock. Someone
 * who holds that lock delays us by a second at most.
 *
 * Thread-safe, as far as different sockets go.
 */
#ifndef MUSTER_BASE_USOCK_H
#define MUSTER_BASE_USOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"

struct buf;

struct usock {
	int fd;			/* -1: none */
	char *path;
	dev_t dev;		/* which file it is */
	ino_t ino;
};

/*
 * Listens at path, mode 0600; the descriptor is non-blocking and
 * close-on-exec. 0, or -1 with a message in err that names path; nothing is
 * left behind then.
 */
int usock_listen(struct usock *u, const char *path, struct buf *err) MUST_USE;
/* Removes the file, if it is still the one that was made, and closes. Does
 * nothing when that has been done, or u is { .fd = -1 }. */
void usock_close(struct usock *u);

/* A connection, non-blocking and close-on-exec, or -1 with errno. */
int usock_accept(const struct usock *u) MUST_USE;
/* Whose process made the connection. False when the system can't tell. */
bool usock_peer(int fd, uid_t *uid);

/* A blocking connection, close-on-exec; -1 with errno (ENAMETOOLONG, and
 * those of connect). */
int usock_connect(const char *path) MUST_USE;

#endif
