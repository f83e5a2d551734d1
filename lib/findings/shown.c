// SPDX-License-Identifier: GPL-2.0-or-later
// Collects what inodes show: whole blocks in a set, EOF blocks with how much of them it is.
#include "findings/shown.h"

#include "base/vec.h"
#include "findings/contested.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first LEN bytes of a block. */
struct part {
	uint64_t pblk;
	uint32_t len;
};
VEC(part_vec, struct part);

struct shown {
	const struct e4z_image *img;
	struct rangeset *whole;
	struct contested nodes;
	struct part_vec parts;
	/* of the inode that is added */
	const struct map_work *work;
	const struct inode *inode;
	uint64_t eof, tree; /* blocks: EOF lies in it; a verity file's tree begins */
	uint32_t rest;	    /* bytes of block EOF */
	errcode_t err;
};

struct shown *shown_new(const struct e4z_image *img)
{
	struct shown *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->img = img;
	s->whole = rangeset_new(img->blocks);
	if (!contested_init(&s->nodes, img->blocks) && s->whole)
		return s;
	shown_free(s);
	return NULL;
}

void shown_free(struct shown *s)
{
	if (!s)
		return;
	rangeset_free(s->whole);
	contested_free(&s->nodes);
	vec_free(&s->parts);
	free(s);
}

static void add_whole(struct shown *s, uint64_t pblk, uint64_t len)
{
	if (!s->err && len && pblk < s->img->blocks && len <= s->img->blocks - pblk)
		s->err = rangeset_add(s->whole, pblk, len, NULL);
}

static bool on_node(void *arg, uint64_t pblk)
{
	struct shown *s = arg;
	bool descend = false;

	add_whole(s, pblk, 1);
	if (!s->err)
		s->err = contested_meet(&s->nodes, pblk, s->work->pointers, &descend);
	return descend && !s->err;
}

static void on_run(void *arg, const struct run *run)
{
	struct shown *s = arg;
	uint64_t end = run->lblk + run->len, below = end < s->eof ? end : s->eof;

	/* an unwritten block shows zeroes, whatever it holds */
	if (run->unwritten || s->err)
		return;
	if (run->lblk < below)
		add_whole(s, run->pblk, below - run->lblk);
	if (s->rest && run->lblk <= s->eof && s->eof < end) {
		struct part part = {run->pblk + (s->eof - run->lblk), s->rest};

		if (vec_push(&s->parts, part))
			s->err = ENOMEM;
	}
	if (end > s->tree) {
		uint64_t from = run->lblk > s->tree ? run->lblk : s->tree;

		add_whole(s, run->pblk + (from - run->lblk), end - from);
	}
}

errcode_t shown_add(struct shown *s, struct map_work *work, const struct inode *inode, bool whole)
{
	const struct map_sink sink = {.arg = s, .node = on_node, .run = on_run};
	uint32_t bs = s->img->block_size;

	s->inode = inode;
	s->work = work;
	s->err = 0;
	s->eof = inode->size >> s->img->block_bits;
	s->rest = (uint32_t)(inode->size & (bs - 1));
	s->tree = UINT64_MAX;
	/* the rest of an encrypted block is ciphertext of the same block */
	if (inode->flags & EXT4_ENCRYPT_FL && s->rest) {
		s->eof++;
		s->rest = 0;
	}
	if (inode->flags & EXT4_VERITY_FL)
		s->tree = (inode->size + 65535) / 65536 * (65536 / bs);
	if (whole)
		s->eof = UINT64_MAX;
	if (inode->acl_block)
		add_whole(s, inode->acl_block, 1);
	if (inode->translator)
		add_whole(s, inode->translator, 1);
	if (inode_has_map(inode))
		(void)map_walk(s->img, work, inode, &sink);
	return s->err;
}

static int compare(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;

	return (a->pblk > b->pblk) - (a->pblk < b->pblk);
}

/* The longest part of each block is what is shown of it. */
static void sort_parts(struct shown *s)
{
	struct part_vec *v = &s->parts;
	size_t kept = 0;

	if (v->count)
		qsort(v->items, v->count, sizeof(*v->items), compare);
	for (size_t i = 0; i < v->count; i++) {
		if (kept && v->items[kept - 1].pblk == v->items[i].pblk) {
			if (v->items[kept - 1].len < v->items[i].len)
				v->items[kept - 1].len = v->items[i].len;
			continue;
		}
		v->items[kept++] = v->items[i];
	}
	v->count = kept;
}

static void on_listed(void *arg, const struct run *run)
{
	if (!run->unwritten)
		add_whole(arg, run->pblk, run->len);
}

errcode_t shown_seal(struct shown *s, struct map_work *work)
{
	uint64_t from = 0, start, len;
	errcode_t err = 0;

	s->err = 0;
	if (contested_any(&s->nodes))
		err = contested_spread(&s->nodes, s->img, work, on_listed, s);
	while (!err && rangeset_next(s->nodes.again, &from, &start, &len))
		add_whole(s, start, len);
	sort_parts(s);
	return err ? err : s->err;
}

/* Bytes of the block that are shown, from its first on. */
static uint32_t length_of(const struct shown *s, uint64_t pblk)
{
	const struct part key = {.pblk = pblk}, *part = NULL;

	if (rangeset_has(s->whole, pblk))
		return s->img->block_size;
	if (s->parts.count)
		part = bsearch(&key, s->parts.items, s->parts.count, sizeof(key), compare);
	return part ? part->len : 0;
}

void shown_mask(const struct shown *s, uint64_t off, size_t len, uint8_t *buf)
{
	uint32_t bs = s->img->block_size;

	for (size_t at = 0; at < len;) {
		uint32_t in = (uint32_t)((off + at) & (bs - 1)), n = bs - in;
		uint32_t is_shown = length_of(s, (off + at) / bs);

		if (n > len - at)
			n = (uint32_t)(len - at);
		if (is_shown > in)
			memset(buf + at, 0, is_shown - in < n ? is_shown - in : n);
		at += n;
	}
}
