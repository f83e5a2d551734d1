// SPDX-License-Identifier: GPL-2.0-or-later
// Converts blocks of a file between written, unwritten and hole; its content stays what it was.
//
// Unwritten blocks become written only below EOF, and only after they are zero on the disk: what
// the host knows to be a hole is, the rest is zeroed before the commit. Written ones are given up
// only where they are read and found to be all zero.
#include "convert/convert.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/reserved.h"
#include "edit/pieces.h"
#include "edit/session.h"
#include "format/node.h"
#include "open/guard.h"
#include "path/lookup.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

errcode_t convert_open(struct e4z_image *img, const struct e4z_convert_options *options,
		       struct convert *c)
{
	*c = (struct convert){.img = img, .options = options, .work = {.stop = options->stop}};
	if (!RESERVED_IS_ZERO(options) || !IS_KNOWN(options->to, E4Z_TO_HOLE))
		return image_refuse(img, E4Z_ET_USAGE, RESERVED_WHY);
	return map_work_init(img, &c->work);
}

void convert_clear(struct convert *c)
{
	c->pieces.count = c->files.count = c->found.count = 0;
}

void convert_close(struct convert *c)
{
	map_work_free(&c->work);
	vec_free(&c->pieces);
	vec_free(&c->files);
	vec_free(&c->found);
}

/* ---- what may be converted ---- */

/* mkswap writes its signature at the end of the first page, of whatever size. */
struct swap_search {
	const struct convert *c;
	bool found;
};

static void look_for_swap(void *arg, const struct run *run)
{
	static const char *const signatures[] = {"SWAPSPACE2", "SWAP-SPACE"};
	struct swap_search *search = arg;
	const struct e4z_image *img = search->c->img;
	char got[10];

	for (uint64_t page = 4096; page <= 65536 && !run->unwritten; page *= 2) {
		uint64_t off = page - sizeof(got), lblk = off >> img->block_bits;

		if (lblk < run->lblk || lblk >= run->lblk + run->len ||
		    image_read(img,
			       (run->pblk + lblk - run->lblk) * img->block_size +
				       (off & (img->block_size - 1)),
			       sizeof(got), got))
			continue;
		for (size_t i = 0; i < 2; i++)
			search->found |= memcmp(got, signatures[i], sizeof(got)) == 0;
	}
}

static bool is_swap(struct convert *c, const struct inode *inode)
{
	struct swap_search search = {.c = c};
	const struct map_sink sink = {.arg = &search, .run = look_for_swap};

	return !map_walk(c->img, &c->work, inode, &sink) && search.found;
}

const char *convert_exempts(struct convert *c, const struct inode *inode, bool every)
{
	bool hole = c->options->to == E4Z_TO_HOLE;

	if (inode->flags & EXT4_ENCRYPT_FL)
		return "encrypted: zeros cannot be recognized without the key";
	if (inode->flags & EXT4_VERITY_FL)
		return "a verity file";
	if (inode->flags & EXT4_INLINE_DATA_FL)
		return NULL;
	if (c->options->to == E4Z_TO_UNWRITTEN && !(inode->flags & EXT4_EXTENTS_FL) &&
	    inode->sectors)
		return "mapped by indirect blocks, which have no unwritten state";
	if (hole && every && inode->flags & EXT2_IMMUTABLE_FL)
		return "immutable: converted only if it is named";
	if (hole && every && inode->sectors && is_swap(c, inode))
		return "a swap file: it must not have holes";
	return NULL;
}

unsigned convert_depth(const struct inode *inode)
{
	if (!(inode->flags & EXT4_EXTENTS_FL))
		return 0;
	return node_depth(inode->raw + INODE_I_BLOCK);
}

/*
 * Not past EOF: written blocks there would come into sight, and e2fsck minds others in deep trees.
 */
static void limit_to_eof(struct convert *c, const struct inode *inode, uint64_t eof)
{
	bool minds = c->options->to == E4Z_TO_WRITTEN ||
		     (c->options->to == E4Z_TO_UNWRITTEN && convert_depth(inode) > 1);

	if (minds && c->end > eof)
		c->end = eof;
}

static errcode_t set_range(struct convert *c, const struct inode *inode, uint64_t eof)
{
	const struct e4z_convert_options *options = c->options;
	uint64_t end = UINT64_MAX;

	if (options->length && !bytes_add(options->offset, options->length, &end))
		return image_refuse(c->img, EFBIG,
				    "the range ends past byte %" PRIu64 ", the last possible one",
				    UINT64_MAX - 1);
	c->from = options->offset >> c->img->block_bits;
	c->end = (end >> c->img->block_bits) + ((end & (c->img->block_size - 1)) != 0);
	if (c->end > EXTENTS_END)
		c->end = EXTENTS_END;
	limit_to_eof(c, inode, eof);
	if (c->from > c->end)
		c->from = c->end;
	return 0;
}

static bool is_wanted(const struct convert *c, const struct run *run)
{
	switch (c->options->to) {
	case E4Z_TO_WRITTEN: return run->unwritten;
	case E4Z_TO_UNWRITTEN: return !run->unwritten;
	default: return true;
	}
}

static void end_run(struct convert *c)
{
	struct run run = c->run;
	uint64_t end = run.lblk + run.len < c->end ? run.lblk + run.len : c->end;
	uint64_t *count = run.unwritten ? &c->adding->edit.unwritten_clean
					: &c->adding->edit.written_disk;

	c->run.len = 0;
	if (run.lblk < c->from) {
		run.pblk += c->from - run.lblk;
		run.lblk = c->from;
	}
	if (run.lblk >= end || c->err)
		return;
	run.len = end - run.lblk;
	c->mapped += run.len;
	*count += run.len << c->img->block_bits;
	if (!is_wanted(c, &run))
		return;
	if (vec_push(&c->pieces, run))
		c->err = ENOMEM;
	c->adding->pieces++;
}

static void on_run(void *arg, const struct run *run)
{
	struct convert *c = arg;
	struct run *last = &c->run;

	c->map_end = run->lblk + run->len;
	if (last->len && run->lblk == last->lblk + last->len &&
	    run->pblk == last->pblk + last->len && run->unwritten == last->unwritten) {
		last->len += run->len;
		return;
	}
	if (last->len)
		end_run(c);
	*last = *run;
}

/* What of the range has no block, or no place for one. */
static void count_rest(struct convert *c, const struct inode *inode)
{
	struct e4z_edit *edit = &c->adding->edit;
	uint64_t end = c->map_end > c->adding->eof ? c->map_end : c->adding->eof;

	edit->size_before = edit->size_after = inode->size;
	if (inode->flags & EXT4_INLINE_DATA_FL) {
		edit->requested = edit->inline_bytes = inode->size;
		return;
	}
	end = end < c->end ? end : c->end;
	if (end > c->from)
		edit->requested = (end - c->from) << c->img->block_bits;
	edit->hole = edit->requested - (c->mapped << c->img->block_bits);
}

errcode_t convert_add(struct convert *c, const struct inode *inode, bool *empty, const char **why)
{
	static const char *const names[] = {
		[E4Z_TO_WRITTEN] = "convert written",
		[E4Z_TO_UNWRITTEN] = "convert unwritten",
		[E4Z_TO_HOLE] = "convert hole",
	};
	const struct map_sink sink = {.arg = c, .run = on_run};
	struct convert_file file = {.ino = inode->ino, .piece = c->pieces.count};
	errcode_t err;

	*why = NULL;
	file.eof = (inode->size >> c->img->block_bits) +
		   ((inode->size & (c->img->block_size - 1)) != 0);
	file.edit.op = names[c->options->to];
	file.edit.ino = inode->ino;
	err = set_range(c, inode, file.eof);
	if (err)
		return err;
	if (vec_push(&c->files, file))
		return ENOMEM;
	c->adding = &c->files.items[c->files.count - 1];
	c->run.len = c->mapped = c->map_end = 0;
	c->err = 0;
	if (inode_has_map(inode))
		*why = inode->size > map_max_size(c->img, inode)
			       ? "the size exceeds the maximum for the block map"
			       : map_walk(c->img, &c->work, inode, &sink);
	if (c->run.len)
		end_run(c);
	if (!c->err && *why)
		c->err = E4Z_ET_CORRUPT_MAP;
	if (c->err) {
		c->pieces.count = file.piece;
		c->files.count--;
		return c->err;
	}
	count_rest(c, inode);
	*empty = !c->adding->pieces;
	return 0;
}

/* ---- what reads as zero ---- */

/* The zeroes of a file, and what that says of its counts. */
static void take_zeros(struct convert *c, struct convert_file *file, size_t *at)
{
	file->zero = *at;
	for (; *at < c->found.count; ++*at) {
		const struct zeros *zeros = &c->found.items[*at];
		uint64_t bytes = zeros->len << c->img->block_bits;

		if (zeros->piece >= file->piece + file->pieces)
			break;
		file->zeros++;
		file->unreadable |= !zeros->len;
		if (c->pieces.items[zeros->piece].unwritten)
			continue;
		file->edit.already_zero += bytes;
		file->edit.written_disk -= bytes;
	}
}

errcode_t convert_look(struct convert *c, void (*watch)(void *arg, uint64_t taken, uint64_t all),
		       void *arg)
{
	const struct zeros_options options = {
		.workers = c->options->jobs,
		.stop = c->options->stop,
		.watch = watch,
		.arg = arg,
	};
	errcode_t err = zeros_find(c->img, c->pieces.items, c->pieces.count, &options, &c->found);
	size_t at = 0;

	for (size_t i = 0; i < c->files.count && !err; i++)
		take_zeros(c, &c->files.items[i], &at);
	return err;
}
