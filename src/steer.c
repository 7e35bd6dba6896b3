/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer.c - the server: connections in, lines out of them, answers back.
 *
 * One thread, one poll, all descriptors non-blocking. A client is read from
 * only while it has taken its last answer, so what it can make us hold is one
 * request and one answer. A line ends in a newline; what follows the last one
 * at the end of a connection is dropped.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "steer_impl.h"

#define PATIENCE	(10 * NS_PER_SEC)
/* How long nobody is let in when there was no descriptor for one. */
#define DEAF		(100 * NS_PER_MS)
#define READ_BYTES	((size_t)64 << 10)
/* Answers that clients have not taken yet, of all of them. */
#define UNSENT_MAX	((size_t)256 << 20)

bool steer_may(uid_t owner, uid_t peer)
{
	return peer == owner || peer == 0;
}

/* A client. */

static size_t unsent(const struct steer_client *c)
{
	return c->out.len - c->sent;
}

static void drop(struct steer *s, size_t i)
{
	struct steer_client *c = &s->clients[i];

	fd_close(&c->fd);
	buf_release(&c->in);
	buf_release(&c->out);
	s->clients[i] = s->clients[--s->nclients];
}

/* Sends what the client takes now. False when it is gone. */
static bool flush(struct steer_client *c)
{
	while (unsent(c)) {
		ssize_t n = write(c->fd, c->out.data + c->sent, unsent(c));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		c->sent += (size_t)n;
		c->taken_ns = clock_now_ns();
	}
	buf_reset(&c->out);
	c->sent = 0;
	return true;
}

/* The length of the line at `from` of what has been read; -1 when its end has
 * not come yet. */
static ssize_t find_line(struct steer_client *c, size_t from)
{
	size_t at = c->scanned > from ? c->scanned : from;
	const char *end = memchr(c->in.data + at, '\n', c->in.len - at);

	c->scanned = end ? 0 : c->in.len;
	return end ? end - (c->in.data + from) : -1;
}

static void consume(struct steer_client *c, size_t n)
{
	if (n == 0)
		return;
	memmove(c->in.data, c->in.data + n, c->in.len - n);
	buf_truncate(&c->in, c->in.len - n);
	c->scanned = c->scanned > n ? c->scanned - n : 0;
}

/* Answers what has been read, as far as the answers are taken. False when the
 * client is gone. */
static bool answer(struct steer *s, struct steer_client *c)
{
	size_t from = 0;
	ssize_t len = 0;
	bool is_there = true;

	while (is_there && !unsent(c) && !c->is_closing &&
	       (len = find_line(c, from)) >= 0 && (size_t)len <= STEER_LINE) {
		c->in.data[from + (size_t)len] = '\0';
		c->taken_ns = clock_now_ns();
		steer_request(s, c->in.data + from, (size_t)len, &c->out);
		from += (size_t)len + 1;
		is_there = flush(c);
	}
	consume(c, from);
	if (is_there && !unsent(c) && !c->is_closing &&
	    c->in.len > STEER_LINE) {
		c->is_closing = true;
		steer_refuse(&c->out, "a request has more than %zu bytes",
			     STEER_LINE);
		is_there = flush(c);
	}
	return is_there && !(c->is_closing && !unsent(c));
}

/* False at the end, whatever that is. */
static bool take_bytes(struct steer_client *c)
{
	char *to = buf_reserve(&c->in, READ_BYTES);
	ssize_t n = read(c->fd, to, READ_BYTES);

	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ||
		       errno == EINTR;
	c->in.len += (size_t)n;
	c->in.data[c->in.len] = '\0';
	return n > 0;
}

/* Returns false when the client is to be dropped. */
static bool serve(struct steer *s, struct steer_client *c, short revents)
{
	bool is_end;

	if (unsent(c)) {
		if (!(revents & (POLLOUT | POLLERR | POLLHUP)))
			return true;
		return flush(c) && answer(s, c);
	}
	if (!revents)
		return true;
	is_end = !take_bytes(c);
	/* It may have asked several things, and only then closed its side. */
	return answer(s, c) && (!is_end || unsent(c));
}

/* New ones. */

/* Says why not, as far as that is taken at once. */
static void turn_away(int fd, const char *why)
{
	struct buf out = BUF_INIT;

	steer_refuse(&out, "%s", why);
	if (write(fd, out.data, out.len) < 0)
		errno = 0;
	fd_close(&fd);
	buf_release(&out);
}

static void let_in(struct steer *s, int fd)
{
	uid_t peer;

	if (usock_peer(fd, &peer) && !steer_may(s->owner, peer)) {
		turn_away(fd, "this run belongs to another user");
		return;
	}
	if (s->nclients == STEER_CLIENTS) {
		turn_away(fd, "too many connections");
		return;
	}
	s->clients[s->nclients++] = (struct steer_client){
		.fd = fd,
		.in = BUF_INIT,
		.out = BUF_INIT,
		.taken_ns = clock_now_ns(),
	};
}

static void accept_all(struct steer *s)
{
	for (;;) {
		int fd = usock_accept(&s->socket);

		if (fd >= 0) {
			let_in(s, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		/* The socket stays readable: do not go round in circles. */
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			s->deaf_until_ns = clock_now_ns() + DEAF;
		return;
	}
}

/* The loop. */

static int64_t patience_ns(const struct steer *s)
{
	return s->cfg.patience_ns ? s->cfg.patience_ns : PATIENCE;
}

/* Drops who takes nothing for too long, and the one who holds most when it
 * is too much in all. Returns the next moment to look; -1: none. */
static int64_t drop_the_slow(struct steer *s, int64_t now)
{
	int64_t next = -1;
	size_t sum = 0;
	size_t most = 0;

	for (size_t i = s->nclients; i-- > 0;) {
		struct steer_client *c = &s->clients[i];
		int64_t end = c->taken_ns + patience_ns(s);

		if (!unsent(c))
			continue;
		if (now >= end) {
			drop(s, i);
			continue;
		}
		if (next < 0 || end < next)
			next = end;
	}
	for (size_t i = 0; i < s->nclients; i++) {
		sum += unsent(&s->clients[i]);
		if (unsent(&s->clients[i]) > unsent(&s->clients[most]))
			most = i;
	}
	if (sum > UNSENT_MAX)
		drop(s, most);
	return next;
}

/* Fills in what is waited for, returns for how long; negative: no limit. */
static int64_t prepare(struct steer *s, struct pollfd *fds)
{
	int64_t now = clock_now_ns();
	int64_t next = drop_the_slow(s, now);

	if (s->deaf_until_ns && now >= s->deaf_until_ns)
		s->deaf_until_ns = 0;
	if (s->deaf_until_ns && (next < 0 || s->deaf_until_ns < next))
		next = s->deaf_until_ns;
	for (size_t i = 0; i < s->nclients; i++) {
		struct steer_client *c = &s->clients[i];

		fds[i] = (struct pollfd){
			.fd = c->fd,
			.events = unsent(c) ? POLLOUT : POLLIN,
		};
	}
	fds[s->nclients] = (struct pollfd){
		.fd = s->deaf_until_ns ? -1 : s->socket.fd,
		.events = POLLIN,
	};
	return next < 0 ? -1 : next - now;
}

static void *steer_main(void *arg)
{
	struct pollfd fds[STEER_CLIENTS + 1];
	struct steer *s = arg;

	thread_set_name("muster-control");
	while (!atomic_load(&s->quit)) {
		int64_t timeout = prepare(s, fds);
		size_t n = s->nclients;

		if (thread_poll(fds, n + 1, timeout) <= 0)
			continue;
		/* From the end: who is dropped is replaced by the last. */
		for (size_t i = n; i-- > 0 && !atomic_load(&s->quit);) {
			if (!serve(s, &s->clients[i], fds[i].revents))
				drop(s, i);
		}
		if (fds[n].revents)
			accept_all(s);
	}
	return NULL;
}

/* Life. */

struct steer *steer_new(const struct steer_config *config, struct buf *err)
{
	struct steer *s = xcalloc(1, sizeof(*s));

	buf_addstr(err, "--control: ");
	if (usock_listen(&s->socket, config->path, err) < 0) {
		free(s);
		return NULL;
	}
	buf_reset(err);
	s->cfg = *config;
	s->cfg.path = NULL;
	if (s->cfg.stages == 0)
		s->cfg.stages = 1;
	s->start_ns = clock_run_ns();
	s->owner = geteuid();
	atomic_init(&s->quit, false);
	steer_sink_init(s);
	return s;
}

struct sink *steer_sink(struct steer *s)
{
	return &s->sink;
}

int steer_start(struct steer *s)
{
	s->has_thread = thread_start(&s->thread, 0, steer_main, s) == 0;
	return s->has_thread ? 0 : -1;
}

void steer_stop(struct steer *s)
{
	if (s->has_thread) {
		atomic_store(&s->quit, true);
		thread_wake(s->thread);
		thread_join(&s->thread);
		s->has_thread = false;
	}
	while (s->nclients)
		drop(s, s->nclients - 1);
	usock_close(&s->socket);
}

void steer_free(struct steer *s)
{
	if (!s)
		return;
	steer_stop(s);
	steer_sink_release(s);
	free(s);
}
