/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile.c - see profile.h. */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "profile.h"

void profile_release(struct profile *p)
{
	free(p->words);
	free(p->places);
	arena_release(&p->arena);
	*p = (struct profile){ .words = NULL };
}

static void add_word(struct profile *p, const char *word, const char *place)
{
	p->words = xreallocarray(p->words, p->n + 2, sizeof(*p->words));
	p->places = xreallocarray(p->places, p->n + 2, sizeof(*p->places));
	p->words[p->n] = arena_strdup(&p->arena, word);
	p->places[p->n] = place;
	p->n++;
	/* getopt_long wants an end. */
	p->words[p->n] = NULL;
}

/* Takes what is quoted with q from *s on, behind the opening quote; moves *s
 * behind the closing one. False when there is none. */
static bool take_quoted(struct buf *word, const char **s, char q)
{
	for (; **s && **s != q; (*s)++) {
		if (q == '"' && **s == '\\' && (*s)[1])
			(*s)++;
		buf_addch(word, **s);
	}
	if (!**s)
		return false;
	(*s)++;
	return true;
}

/* One word from *s on, which is no blank. */
static bool take_word(struct buf *word, const char **s)
{
	buf_reset(word);
	while (**s && !strchr(" \t\r\n", **s)) {
		char c = *(*s)++;

		if (c == '\'' || c == '"') {
			if (!take_quoted(word, s, c))
				return false;
			continue;
		}
		if (c == '\\' && **s)
			c = *(*s)++;
		buf_addch(word, c);
	}
	return true;
}

int profile_add_line(struct profile *p, const char *line, const char *place)
{
	const char *at = arena_strdup(&p->arena, place);
	struct buf word = BUF_INIT;
	bool is_good = true;

	if (p->n == 0)
		add_word(p, "muster", at);
	for (;;) {
		line += strspn(line, " \t\r\n");
		if (!*line)
			break;
		is_good = take_word(&word, &line);
		if (!is_good)
			break;
		add_word(p, word.data, at);
	}
	buf_release(&word);
	return is_good ? 0 : -1;
}

static int add_or_complain(struct profile *p, const char *line,
			   const char *place, struct buf *err)
{
	if (profile_add_line(p, line, place) == 0)
		return 0;
	buf_addf(err, "%s: a quote has no end", place);
	return -1;
}

/* No word can hold a NUL, nor would anybody miss what is behind it. */
static int check_nul(const struct buf *text, const char *path, struct buf *err)
{
	const char *nul = text->len ? memchr(text->data, '\0', text->len)
				    : NULL;
	unsigned number = 1;

	if (!nul)
		return 0;
	for (const char *s = text->data; s < nul; s++)
		number += *s == '\n';
	buf_addf(err, "%s:%u: a NUL byte, which no option can hold", path,
		 number);
	return -1;
}

static int read_file(struct profile *p, const char *path, struct buf *err)
{
	struct buf text = BUF_INIT;
	struct buf place = BUF_INIT;
	unsigned number = 1;
	int result = 0;
	char *line;

	if (fd_read_file(path, &text) < 0) {
		buf_addf(err, "cannot read '%s': %s", path, strerror(errno));
		result = -1;
	} else {
		result = check_nul(&text, path, err);
	}
	line = text.data;
	while (result == 0 && *line) {
		size_t len = strcspn(line, "\n");
		bool is_last = line[len] == '\0';

		/* text.data is shared while it is empty, but then the loop
		 * has no round. */
		line[len] = '\0';
		buf_reset(&place);
		buf_addf(&place, "%s:%u", path, number++);
		if (line[strspn(line, " \t")] != '#')
			result = add_or_complain(p, line, place.data, err);
		line += len + !is_last;
	}
	buf_release(&text);
	buf_release(&place);
	return result;
}

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static void add_dir(struct buf *out, const char *dir, size_t len,
		    const char *below)
{
	struct buf path = BUF_INIT;
	struct stat st;

	buf_add(&path, dir, len);
	buf_addstr(&path, below);
	if (len && stat(path.data, &st) == 0 && S_ISDIR(st.st_mode))
		buf_add(out, path.data, path.len + 1);
	buf_release(&path);
}

static void add_dir_of(struct buf *out, const char *variable,
		       const char *below)
{
	const char *dir = getenv(variable);

	if (dir)
		add_dir(out, dir, strlen(dir), below);
}

void profile_add_dirs(struct buf *out)
{
	const char *dirs = getenv("XDG_CONFIG_DIRS");

	add_dir_of(out, "PARALLEL_HOME", "");
	add_dir_of(out, "XDG_CONFIG_HOME", "/parallel");
	while (dirs && *dirs) {
		size_t len = strcspn(dirs, ":");

		add_dir(out, dirs, len, "/parallel");
		dirs += len + (dirs[len] == ':');
	}
	add_dir_of(out, "HOME", "/.parallel");
}

/* The file of that name in each of the directories; says whether any was
 * there. */
static int read_named(struct profile *p, const char *dirs, size_t len,
		      const char *name, bool *found, struct buf *err)
{
	struct buf path = BUF_INIT;
	int result = 0;

	for (const char *dir = dirs; result == 0 && dir < dirs + len;
	     dir += strlen(dir) + 1) {
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, name);
		if (!is_there(path.data))
			continue;
		*found = true;
		result = read_file(p, path.data, err);
	}
	buf_release(&path);
	return result;
}

static int read_profile(struct profile *p, const char *dirs, size_t len,
			const char *name, struct buf *err)
{
	bool found = false;
	int result = 0;

	if (*name == '/' || strncmp(name, "./", 2) == 0) {
		found = is_there(name);
		if (found)
			result = read_file(p, name, err);
	} else {
		result = read_named(p, dirs, len, name, &found, err);
	}
	/* GNU parallel's goes on, too, but silently. */
	if (!found)
		diag_msg("--profile: there is no profile '%s'", name);
	return result;
}

static int read_usual(struct profile *p, const char *dirs, size_t len,
		      struct buf *err)
{
	static const char of_all[] = "/etc/parallel/config";
	const char *home = getenv("HOME");
	struct buf path = BUF_INIT;
	bool found = false;
	int result = 0;

	if (is_there(of_all))
		result = read_file(p, of_all, err);
	if (result == 0)
		result = read_named(p, dirs, len, "config", &found, err);
	buf_addf(&path, "%s/.parallelrc", home ? home : "");
	if (result == 0 && home && is_there(path.data))
		result = read_file(p, path.data, err);
	buf_release(&path);
	return result;
}

int profile_read(struct profile p[PROFILE_KINDS], const char *const *names,
		 size_t n, struct buf *err)
{
	const char *parallel = getenv("PARALLEL");
	struct buf dirs = BUF_INIT;
	int result = 0;

	profile_add_dirs(&dirs);
	if (n == 0)
		result = read_usual(&p[PROFILE_FILES], dirs.data, dirs.len,
				    err);
	for (size_t i = 0; result == 0 && i < n; i++)
		result = read_profile(&p[PROFILE_FILES], dirs.data, dirs.len,
				      names[i], err);
	if (result == 0 && parallel && *parallel)
		result = add_or_complain(&p[PROFILE_PARALLEL], parallel,
					 "$PARALLEL", err);
	buf_release(&dirs);
	return result;
}
