// SPDX-License-Identifier: GPL-2.0-or-later
// Collects the written runs of a file through its map.
#include "file/runs.h"

#include "file/sound.h"

struct walk {
	const struct e4z_image *img;
	struct run_vec *runs;
	uint64_t end;
	uint64_t blocks, nodes;
	bool reserved, again;
	errcode_t err;
};

/* An invalid map would lead to some blocks again and again. */
static bool is_bounded(struct walk *w, uint64_t count)
{
	w->again |= count > w->img->blocks;
	return !w->again;
}

static bool on_node(void *arg, uint64_t pblk)
{
	struct walk *w = arg;

	(void)pblk;
	return is_bounded(w, ++w->nodes);
}

static void on_run(void *arg, const struct run *run)
{
	struct walk *w = arg;
	struct run part = *run;

	w->reserved |= sound_is_reserved(w->img, run->pblk, run->len);
	if (part.unwritten || part.lblk >= w->end)
		return;
	if (part.len > w->end - part.lblk)
		part.len = w->end - part.lblk;
	w->blocks += part.len;
	if (is_bounded(w, w->blocks) && vec_push(w->runs, part))
		w->err = ENOMEM;
}

errcode_t runs_read(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		    uint64_t end, struct run_vec *runs, const char **why, bool *reserved)
{
	struct walk w = {.img = img, .runs = runs, .end = end};
	const struct map_sink sink = {.arg = &w, .node = on_node, .run = on_run};

	*why = map_walk(img, work, inode, &sink);
	if (!*why && w.again)
		*why = "a block is mapped twice";
	if (reserved)
		*reserved = w.reserved;
	return w.err;
}
