// SPDX-License-Identifier: GPL-2.0-or-later
// Opens the files of a session, and knows which of them an operation touched.
#include "edit/files.h"

#include "base/invariant.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static errcode_t make(struct e4z_image *img)
{
	const struct e4z_edit_options *options = txn_options(img);
	struct session *s = calloc(1, sizeof(*s));
	size_t limit = options->cache_blocks ? options->cache_blocks
					     : SESSION_CACHE_BYTES / img->block_size;

	if (!s)
		return ENOMEM;
	img->session = s;
	s->operation = 1;
	s->policy = options->policy;
	s->batch = options->batch ? options->batch : SESSION_BATCH;
	s->shared.cache = cache_new(img->block_size, limit);
	s->shared.hidden = rangeset_new(img->blocks);
	s->shared.seen = rangeset_new(img->blocks);
	s->shared.past_eof = rangeset_new(img->blocks);
	if (s->shared.cache && s->shared.hidden && s->shared.seen && s->shared.past_eof)
		return 0;
	session_drop(img);
	return ENOMEM;
}

errcode_t session_get(struct e4z_image *img, struct session **s)
{
	errcode_t err = 0;

	if (!img->txn)
		return image_refuse(img, E4Z_ET_STATE, "no transaction is open");
	if (!img->session)
		err = make(img);
	*s = img->session;
	if (!err && img->session->broken)
		err = image_refuse(img, E4Z_ET_STATE,
				   "a failed operation could not be rolled back");
	return err;
}

/* ---- what waits ---- */

void session_unwait(struct session *s, struct edit_file *f)
{
	if (!f->waits)
		return;
	if (f->newer)
		f->newer->older = f->older;
	else
		s->newest = f->older;
	if (f->older)
		f->older->newer = f->newer;
	f->older = f->newer = NULL;
	f->waits = false;
}

static void become_newest(struct session *s, struct edit_file *f)
{
	session_unwait(s, f);
	f->older = s->newest;
	if (f->older)
		f->older->newer = f;
	s->newest = f;
	f->waits = true;
}

static int by_place(const void *pa, const void *pb)
{
	const struct edit_file *const *a = pa, *const *b = pb;

	return ((*a)->place > (*b)->place) - ((*a)->place < (*b)->place);
}

errcode_t session_waiting(const struct session *s, uint64_t since, struct edit_file ***files,
			  size_t *count)
{
	VEC(, struct edit_file *) list = {.items = NULL};
	errcode_t err = 0;

	for (struct edit_file *f = s->newest; f && f->marked > since && !err; f = f->older) {
		err = INVARIANT("O3", f->waits && (!f->older || f->older->marked <= f->marked));
		if (!err && vec_push(&list, f))
			err = ENOMEM;
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(struct edit_file *), by_place);
	*files = list.items;
	*count = list.count;
	return err;
}

/* ---- closing ---- */

void session_close_files(struct session *s, size_t from)
{
	while (s->files.count > from) {
		struct edit_file *f = s->files.items[--s->files.count];

		numbermap_remove(&s->file_of, f->inode.ino);
		s->bound -= f->bound;
		s->giving -= f->gives;
		session_unwait(s, f);
		edit_close(f);
		free(f);
	}
	s->touched.count = 0;
}

void session_drop(struct e4z_image *img)
{
	struct session *s = img->session;

	if (!s)
		return;
	session_close_files(s, 0);
	vec_free(&s->files);
	vec_free(&s->touched);
	numbermap_free(&s->file_of);
	cache_free(s->shared.cache);
	rangeset_free(s->shared.hidden);
	rangeset_free(s->shared.seen);
	rangeset_free(s->shared.past_eof);
	vec_free(&s->shared.origins);
	numbermap_free(&s->shared.origin_of);
	free(s->last_name);
	free(s);
	img->session = NULL;
}

/* ---- opening ---- */

static errcode_t enter(struct session *s, struct edit_file *f)
{
	f->opened = s->operation;
	f->place = s->files.count;
	if (f->img->file_ino == f->inode.ino) {
		f->name = strdup(f->img->file);
		if (!f->name)
			return ENOMEM;
	}
	if (vec_push(&s->files, f))
		return ENOMEM;
	if (!numbermap_add(&s->file_of, f->inode.ino, (uint32_t)s->files.count - 1))
		return 0;
	s->files.count--;
	return ENOMEM;
}

static errcode_t check_file(const struct session *s, const struct edit_file *f)
{
	errcode_t err = INVARIANT("O1", f->place < s->files.count && s->files.items[f->place] == f);

	return err ? err : INVARIANT("O2", f->opened <= s->operation && f->marked <= s->operation);
}

errcode_t session_touch(struct session *s, struct edit_file *f)
{
	errcode_t err = check_file(s, f);

	if (err || f->marked == s->operation)
		return err;
	/* what the operation opened is closed when it is taken back */
	if (f->opened != s->operation)
		err = edit_mark(f);
	if (!err && vec_push(&s->touched, f))
		err = ENOMEM;
	if (err)
		return err;
	f->marked = s->operation;
	become_newest(s, f);
	return 0;
}

errcode_t session_open(struct e4z_image *img, uint32_t ino, struct edit_file **out)
{
	struct edit_file *f;
	struct session *s;
	uint32_t place;
	errcode_t err = session_get(img, &s);

	if (err)
		return err;
	if (numbermap_find(&s->file_of, ino, &place)) {
		*out = s->files.items[place];
		err = INVARIANT("O1", (*out)->inode.ino == ino);
		return err ? err : session_touch(s, *out);
	}
	*out = f = calloc(1, sizeof(*f));
	if (!f)
		return ENOMEM;
	err = edit_open(img, &s->shared, ino, f);
	if (!err)
		err = enter(s, f);
	if (err) {
		edit_close(f);
		free(f);
		return err;
	}
	return session_touch(s, f);
}
