/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter.c - see filter.h. */
#include <config.h>

#include "input/filter.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/eval.h"
#include "input/tags.h"
#include "input/template.h"

struct filter {
	struct template *template;
	const struct template_run *run;
	bool wants_total;	/* as far as its text says */
	struct eval_perl *perl;	/* or NULL */
};

struct filter *filter_new(const char *text, const struct template_opts *opts,
			  struct buf *err)
{
	struct template_opts plain = *opts;
	struct filter *f = xcalloc(1, sizeof(*f));
	struct buf why = BUF_INIT;

	plain.plain_text = true;
	plain.append = false;
	plain.words = NULL;
	plain.nwords = 0;
	f->run = opts->run;
	f->perl = opts->tags ? tags_perl(opts->tags) : NULL;
	f->wants_total = strstr(text, "total_jobs") != NULL;
	f->template = template_new(text, &plain, &why);
	if (!f->template) {
		buf_addf(err, "--filter: %s", why.data);
		free(f);
		f = NULL;
	}
	buf_release(&why);
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	template_free(f->template);
	free(f);
}

/* Its text may have that only once values are in it. */
bool filter_wants_total(const struct filter *f)
{
	return f->wants_total || template_wants_total(f->template);
}

/* What comes out once values are in it; early: only if no slot is needed for
 * it. -1 with a message. */
static int test(const struct filter *f, const struct buf *text,
		const struct template_args *a, bool early, struct buf *err)
{
	struct eval_job job = {
		.value = a->n ? a->values[0] : "",
		.values = a->values, .n = a->n,
		.seq = a->seq, .slot = a->slot,
	};
	struct eval *e = eval_new(text->data, text->len, NULL, 0, f->perl,
				  err);
	unsigned wishes = 0;
	int ret = -1;

	if (!e)
		return -1;
	if (f->run) {
		job.total = atomic_load(&f->run->total);
		job.most = f->run->most;
	}
	if (!early || eval_is_early(e, &job))
		ret = eval_test(e, &job, &wishes, err);
	if (ret > 0 && (wishes & EVAL_SKIP))
		ret = 0;
	eval_free(e);
	return ret;
}

void filter_learn(const struct filter *f, const struct template_args *a,
		  struct eval_memo *memo)
{
	struct buf text = BUF_INIT;
	struct buf err = BUF_INIT;
	int ret = -1;

	if (f->perl && !template_has_slot(f->template) &&
	    template_expand(f->template, a, &text, &err) == 0)
		ret = test(f, &text, a, true, &err);
	if (ret >= 0)
		eval_memo_set(memo, f, ret);
	buf_release(&text);
	buf_release(&err);
}

int filter_passes(const struct filter *f, const struct template_args *a,
		  struct buf *err)
{
	struct buf text = BUF_INIT;
	struct buf why = BUF_INIT;
	int ret = -1;

	if (a->memo && eval_memo_get(a->memo, f, &ret))
		return ret;
	if (template_expand(f->template, a, &text, &why) == 0)
		ret = test(f, &text, a, false, &why);
	if (ret < 0) {
		buf_addstr(err, "--filter: '");
		buf_add_visible(err, text.data, text.len);
		buf_addf(err, "': %s", why.data);
	}
	buf_release(&text);
	buf_release(&why);
	return ret;
}
