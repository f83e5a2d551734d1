// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a small file through e4z_map() and the view.
#include "content.h"

#include "edit/session.h"
#include "file/inode.h"
#include "image/groups.h"
#include <stdio.h>
#include <string.h>

struct reading {
	struct e4z_image *img;
	struct content *c;
};

static errcode_t read_piece(void *arg, const struct e4z_map_piece *piece)
{
	const struct reading *r = arg;
	uint64_t bs = r->img->block_size, off = piece->lblk * bs;

	if (piece->state == E4Z_MAP_UNWRITTEN)
		r->c->unwritten += (uint32_t)piece->blocks;
	if (piece->state != E4Z_MAP_WRITTEN)
		return 0;
	r->c->written += (uint32_t)piece->blocks;
	r->c->past_eof += piece->past_eof ? (uint32_t)piece->blocks : 0;
	if (off + piece->blocks * bs > MODEL_BYTES)
		return E4Z_ET_USAGE;
	return image_read(r->img, piece->pblk * bs, piece->blocks * bs, r->c->data + off);
}

static void content_clear(struct content *c)
{
	c->written = c->unwritten = c->past_eof = 0;
	c->tail_nonzero = 0;
	memset(c->data, 0, sizeof(c->data));
	memset(c->past, 0, sizeof(c->past));
}

/* What is past EOF shows nowhere. */
static void cut_at_eof(struct content *c, uint64_t bs)
{
	uint64_t eof = (c->size + bs - 1) / bs * bs;

	for (uint64_t at = c->size; at < MODEL_BYTES; at++) {
		c->tail_nonzero += at < eof && c->data[at];
		c->data[at] = 0;
	}
}

/* Block LBLK, of RUN or a hole. */
static errcode_t read_block(const struct edit_file *f, uint64_t lblk, const struct run *run,
			    uint8_t *to)
{
	const struct cache_block *held = cache_find(f->blocks, lblk);

	if (held)
		memcpy(to, held->data, f->img->block_size);
	if (held || run->unwritten)
		return 0;
	return edit_read(f, run->pblk + lblk - run->lblk, to);
}

bool content_of_session(struct e4z_image *img, uint32_t ino, struct content *c)
{
	uint64_t bs = img->block_size;
	struct edit_file *f;
	errcode_t err = session_open(img, ino, &f);

	content_clear(c);
	for (uint64_t i = 0; !err && i < MODEL_BYTES / bs; i++) {
		struct run run;
		bool mapped = extents_find(f->list, i, &run);

		c->written += mapped && !run.unwritten;
		c->unwritten += mapped && run.unwritten;
		run.unwritten |= !mapped;
		err = read_block(f, i, &run, c->data + i * bs);
	}
	if (err)
		return false;
	c->size = f->inode.size;
	cut_at_eof(c, bs);
	return true;
}

bool content_read(struct e4z_image *img, const char *name, uint32_t ino, struct content *c)
{
	struct reading r = {img, c};
	uint8_t raw[4096];
	struct inode inode;
	errcode_t err = groups_load(img);

	content_clear(c);
	if (!err)
		err = inode_read(img, ino, raw, &inode);
	if (!err)
		err = e4z_map(img, name, read_piece, &r);
	if (err) {
		fprintf(stderr, "%s: %s: %s\n", name, e4z_message(img, err), e4z_context(img));
		return false;
	}
	c->size = inode.size;
	memcpy(c->past + c->size, c->data + c->size, MODEL_BYTES - c->size);
	cut_at_eof(c, img->block_size);
	return true;
}
