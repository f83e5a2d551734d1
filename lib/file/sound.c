// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the whole map of a file that is to be edited: a block that is in it twice, or a map that is
// corrupt, must never become part of a transaction.
#include "file/sound.h"

#include "file/map.h"
#include "sets/rangeset.h"
#include <errno.h>

struct walk {
	const struct e4z_image *img;
	unsigned cluster_shift; /* from blocks to clusters */
	struct rangeset *taken; /* clusters of tree blocks and of data */
	uint64_t start, end;	/* clusters of the last runs, not in TAKEN yet */
	uint64_t last_logical;	/* cluster that the last run ends in */
	bool twice, reserved;
	errcode_t err;
};

errcode_t sound_reserve(struct e4z_image *img, uint64_t pblk, uint64_t len)
{
	uint64_t ratio = img->cluster_ratio, start = pblk - pblk % ratio, end = pblk + len;

	end += (ratio - end % ratio) % ratio;
	end = end < img->blocks ? end : img->blocks;
	return rangeset_add(img->reserved, start, end - start, NULL);
}

bool sound_is_reserved(const struct e4z_image *img, uint64_t pblk, uint64_t len)
{
	return img->reserved && rangeset_meets(img->reserved, pblk, len);
}

static bool walk_node(void *arg, uint64_t pblk)
{
	struct walk *w = arg;
	bool again = false;

	if (!w->err)
		w->err = rangeset_add(w->taken, pblk >> w->cluster_shift, 1, &again);
	w->twice |= again;
	w->reserved |= sound_is_reserved(w->img, pblk, 1);
	return !again && !w->err;
}

static void take_last_runs(struct walk *w)
{
	if (!w->err)
		w->err = rangeset_add(w->taken, w->start, w->end - w->start, &w->twice);
}

/* Runs that follow each other on the disk are one claim, whatever their states. */
static void walk_run(void *arg, const struct run *run)
{
	struct walk *w = arg;
	unsigned shift = w->cluster_shift;
	uint64_t first = run->pblk >> shift, end = ((run->pblk + run->len - 1) >> shift) + 1;

	/* one logical cluster may be two extents */
	if (shift && first + 1 == w->end && run->lblk >> shift == w->last_logical)
		first++;
	w->last_logical = (run->lblk + run->len - 1) >> shift;
	w->reserved |= sound_is_reserved(w->img, run->pblk, run->len);
	if (first != w->end) {
		take_last_runs(w);
		w->start = first;
	}
	w->end = end;
}

errcode_t sound_map(struct e4z_image *img, const struct inode *inode)
{
	struct walk w = {
		.img = img,
		.cluster_shift = (unsigned)__builtin_ctz(img->cluster_ratio),
		.taken = rangeset_new(img->blocks / img->cluster_ratio + 1),
	};
	const struct map_sink sink = {.arg = &w, .node = walk_node, .run = walk_run};
	struct map_work work = {.stop = NULL};
	const char *why = NULL;
	errcode_t err = map_work_init(img, &work);

	if (!w.taken)
		err = ENOMEM;
	if (!err && inode->acl_block)
		walk_node(&w, inode->acl_block);
	if (!err && inode->translator)
		walk_node(&w, inode->translator);
	if (!err) {
		why = map_walk(img, &work, inode, &sink);
		take_last_runs(&w);
		err = w.err;
	}
	if (!err && w.twice)
		why = "a block is mapped twice";
	if (!err && !why && w.reserved)
		why = "a block belongs to the journal or a quota file";
	if (!err && why)
		err = map_refuse(img, &work, inode->ino, why);
	rangeset_free(w.taken);
	map_work_free(&work);
	return err;
}
