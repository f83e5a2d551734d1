// SPDX-License-Identifier: GPL-2.0-or-later
// Finishes the orphans that a check found to be valid, and remembers what they freed.
#include "fix/fix_orphans.h"

#include "base/cleanup.h"
#include "file/map.h"
#include "image/groups.h"
#include "ops/orphan.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

errcode_t fix_orphans_init(const struct e4z_image *img, struct fix_orphans *orphans)
{
	*orphans = (struct fix_orphans){
		.leave = rangeset_new((uint64_t)img->inodes + 1),
		.finished = rangeset_new((uint64_t)img->inodes + 1),
		.evict = rangeset_new((uint64_t)img->inodes + 1),
		.gone = rangeset_new((uint64_t)img->inodes + 1),
	};
	return orphans->leave && orphans->finished && orphans->evict && orphans->gone ? 0 : ENOMEM;
}

void fix_orphans_free(struct fix_orphans *orphans)
{
	rangeset_free(orphans->leave);
	rangeset_free(orphans->finished);
	rangeset_free(orphans->evict);
	rangeset_free(orphans->gone);
	for (size_t i = 0; i < orphans->left.count; i++)
		free(orphans->left.items[i].why);
	vec_free(&orphans->left);
}

/* ---- a walk over one inode's blocks ---- */

/* WHY: the map cannot be read to its end. */
static errcode_t walk(const struct e4z_image *img, uint32_t ino, const struct map_sink *sink,
		      const char **why)
{
	struct map_work work = {.stop = NULL};
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct inode inode;
	errcode_t err = map_work_init(img, &work);

	*why = NULL;
	if (!raw)
		err = ENOMEM;
	if (!err)
		err = inode_read(img, ino, raw, &inode);
	if (!err && inode_has_map(&inode))
		*why = map_walk(img, &work, &inode, sink);
	map_work_free(&work);
	return err;
}

/* ---- before ---- */

struct doubting {
	const struct doubt *doubt;
	bool met;
};

static bool doubt_node(void *arg, uint64_t pblk)
{
	struct doubting *d = arg;

	d->met |= doubt_meets(d->doubt, pblk, 1);
	return true;
}

static void doubt_run(void *arg, const struct run *run)
{
	struct doubting *d = arg;

	d->met |= doubt_meets(d->doubt, run->pblk, run->len);
}

errcode_t fix_orphans_check(const struct e4z_image *img, struct fix_orphans *orphans,
			    const struct e4z_finding *f, const struct doubt *doubt)
{
	struct doubting d = {.doubt = doubt};
	const struct map_sink sink = {.arg = &d, .node = doubt_node, .run = doubt_run};
	const char *why;
	errcode_t err = walk(img, f->ino, &sink, &why);

	if (err || !(d.met || why))
		return err;
	return rangeset_add(orphans->leave, f->ino, 1, NULL);
}

struct searching {
	uint64_t pblk;
	bool met;
};

static bool search_node(void *arg, uint64_t pblk)
{
	struct searching *s = arg;

	s->met |= pblk == s->pblk;
	return !s->met;
}

static void search_run(void *arg, const struct run *run)
{
	(void)arg, (void)run;
}

errcode_t fix_orphans_has_node(const struct e4z_image *img, const struct e4z_finding *f,
			       bool *there)
{
	struct searching s = {.pblk = f->pblk};
	const struct map_sink sink = {.arg = &s, .node = search_node, .run = search_run};
	const char *why;
	errcode_t err = walk(img, f->ino, &sink, &why);

	*there = s.met;
	return err;
}

/* ---- finishing ---- */

static errcode_t note(void *arg, uint32_t ino, const char *why)
{
	struct fix_orphans *orphans = arg;
	struct orphan_left left = {.ino = ino};
	errcode_t err;

	if (!why)
		return rangeset_add(orphans->finished, ino, 1, NULL);
	left.why = strdup(why);
	if (!left.why)
		return ENOMEM;
	err = vec_push(&orphans->left, left);
	if (err)
		free(left.why);
	return err;
}

static int compare(const void *pa, const void *pb)
{
	const struct orphan_left *a = pa, *b = pb;

	return (a->ino > b->ino) - (a->ino < b->ino);
}

errcode_t fix_orphans_begin(struct e4z_image *img, struct fix_orphans *orphans)
{
	const struct e4z_edit_options options = {.orphan = note, .orphan_arg = orphans};
	const struct orphan_rules rules = {
		.leave = orphans->leave, .evict = orphans->evict, .gone = orphans->gone};
	errcode_t err = orphan_begin(img, &options, &rules);

	if (orphans->left.count)
		qsort(orphans->left.items, orphans->left.count, sizeof(*orphans->left.items),
		      compare);
	return err;
}

const char *fix_orphans_why(const struct fix_orphans *orphans, uint32_t ino)
{
	const struct orphan_left wanted = {.ino = ino}, *left = NULL;

	if (orphans->left.count)
		left = bsearch(&wanted, orphans->left.items, orphans->left.count, sizeof(wanted),
			       compare);
	return left ? left->why : NULL;
}

/* ---- afterwards ---- */

struct kept {
	struct e4z_image *img;
	uint64_t start, end; /* blocks that are wanted */
	errcode_t err;
};

/* A cluster is the inode's while one block of it is mapped. */
static void zero_kept(void *arg, const struct run *run)
{
	struct kept *kept = arg;
	struct e4z_image *img = kept->img;
	uint64_t ratio = img->cluster_ratio;
	uint64_t start = run->pblk - run->pblk % ratio, end = run->pblk + run->len + ratio - 1;

	end -= end % ratio;
	start = start > kept->start ? start : kept->start;
	end = end < kept->end ? end : kept->end;
	if (start < end && !kept->err)
		kept->err = txn_home_zero(img, start << img->block_bits,
					  (end - start) << img->block_bits);
}

errcode_t fix_orphans_zero(struct e4z_image *img, const struct e4z_finding *f, uint64_t first,
			   uint64_t len)
{
	struct kept kept = {.img = img, .start = f->pblk + first, .end = f->pblk + first + len};
	const struct map_sink sink = {.arg = &kept, .run = zero_kept};
	const char *why;
	errcode_t err = walk(img, f->ino, &sink, &why);

	return err ? err : kept.err;
}
