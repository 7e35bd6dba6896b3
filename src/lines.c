/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lines.c - see lines.h. */
#include <config.h>

#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/num.h"
#include "lines.h"
#include "options.h"
#include "sink/latest.h"
#include "texts.h"

#define REDRAW_NS	(100 * NS_PER_MS)

static struct winsize size_of(int fd)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w) < 0 || w.ws_col == 0 || w.ws_row == 0)
		w = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	return w;
}

void lines_init(struct lines *l, const struct options *o,
		const struct texts *texts)
{
	*l = (struct lines){
		.texts = texts,
		.is_on = o->latest_line && !o->dry_run && !o->shell_quote,
		.is_drawn = isatty(2) == 1,
		.is_cut = isatty(1) == 1,
		.has_colour = o->color || o->color_failed,
	};
	buf_init(&l->shown);
}

void lines_release(struct lines *l)
{
	latest_free(l->latest);
	buf_release(&l->shown);
}

static void add_tag(void *arg, const struct job *job, struct buf *out)
{
	texts_add_tag(((struct lines *)arg)->texts, job, out);
}

static void add_colour(void *arg, const struct job *job, struct buf *out)
{
	const struct lines *l = arg;

	if (l->has_colour)
		texts_add_colour(l->texts, job, out);
}

static unsigned width(void *arg)
{
	return ((struct lines *)arg)->is_cut ? size_of(1).ws_col : 0;
}

struct output *lines_output(struct lines *l, struct output *inner)
{
	struct latest_config config = {
		.inner = inner,
		.tag = add_tag,
		.colour = add_colour,
		.width = width,
		.arg = l,
	};

	if (!l->is_on)
		return inner;
	if (!l->latest)
		l->latest = latest_new(&config);
	return latest_output(l->latest);
}

int64_t lines_tick(struct lines *l)
{
	struct buf text = BUF_INIT;
	struct winsize w;

	if (!l->is_on || !l->is_drawn)
		return -1;
	w = size_of(2);
	/* A line for the bar and one for messages; none is full, so that the
	 * cursor stays in it. */
	if (w.ws_row > 2 && w.ws_col > 1)
		latest_format(l->latest, &text, w.ws_col - 1u, w.ws_row - 2u);
	if (text.len != l->shown.len ||
	    memcmp(text.data, l->shown.data, text.len) != 0)
		diag_lines(text.data, text.len);
	buf_release(&l->shown);
	l->shown = text;
	return REDRAW_NS;
}

void lines_clear(struct lines *l)
{
	if (l->shown.len)
		diag_lines("", 0);
	buf_reset(&l->shown);
	l->is_drawn = false;
}
