// SPDX-License-Identifier: GPL-2.0-or-later
// free-inode: slots that the inode bitmap calls free, counted, examined and reported.
#include "exam/exam_part.h"

#include "base/bytes.h"
#include "format/system.h"
#include <stdlib.h>

/* Parts of one group are read by several threads at a time, and come in no order. */
#define NEAR 64

/* Why a slot that the bitmap calls free may be in use; or NULL. */
static const char *in_use(const uint8_t *raw)
{
	return get_le16(raw + I_MODE) && get_le16(raw + I_LINKS)
		       ? "an inode with links is free in the inode bitmap"
		       : NULL;
}

static struct spares *spares_of(struct spare_vec *slots, uint32_t group)
{
	size_t n = slots->count;

	for (size_t i = n; i > 0 && n - i < NEAR; i--)
		if (slots->items[i - 1].group == group)
			return &slots->items[i - 1];
	if (vec_push(slots, ((struct spares){.group = group, .examined = EXAMINED_NOTHING})))
		return NULL;
	return &slots->items[slots->count - 1];
}

static errcode_t examine(struct exam *exam, uint32_t ino, const uint8_t *raw, uint64_t off,
			 const char *why)
{
	const struct e4z_image *img = exam->img;
	struct spares *slots =
		spares_of(&exam->spares, (ino - 1) / img->fs->super->s_inodes_per_group);

	if (!slots)
		return ENOMEM;
	slots->blocks += slots->examined.last == E4Z_NONE ||
			 slots->examined.last >> img->block_bits != off >> img->block_bits;
	examine_memory(raw, img->inode_size, off, &slots->examined);
	if (!slots->why)
		slots->why = why ? why : in_use(raw);
	return 0;
}

/* Somebody else has the slot of INO, too: *BLOCK, *OFF is where it is. */
static bool is_disputed(const struct exam *exam, uint32_t ino, uint64_t *block, uint32_t *off)
{
	inode_place(exam->img, ino, block, off);
	return exam->disputed && rangeset_has(exam->disputed, *block / exam->img->cluster_ratio);
}

errcode_t exam_spare_unread(struct exam *exam, uint32_t ino)
{
	struct spares *slots;
	uint64_t block;
	uint32_t off;

	if (is_disputed(exam, ino, &block, &off))
		return 0;
	slots = spares_of(&exam->spares, (ino - 1) / exam->img->fs->super->s_inodes_per_group);
	if (!slots)
		return ENOMEM;
	slots->why = "a block of the inode table cannot be read";
	return 0;
}

errcode_t exam_spare_slot(struct exam *exam, uint32_t ino, const uint8_t *raw, const char *doubt)
{
	const struct e4z_image *img = exam->img;
	uint64_t block;
	uint32_t off;

	if (!exam_wants(exam, E4Z_FREE_INODE) || rangeset_has(exam->orphans, ino) ||
	    (ino <= exam->last_system && is_system_inode(img->fs->super, ino)))
		return 0;
	if (is_disputed(exam, ino, &block, &off))
		return 0;
	tally_move(&exam->tally, OWNER_INODES, owner_of_kind(E4Z_FREE_INODE), img->inode_size);
	if (bytes_are_zero(raw, img->inode_size))
		return 0;
	return examine(exam, ino, raw, (block << img->block_bits) + off, doubt);
}

/* ---- groups ---- */

static void join(struct spares *to, const struct spares *from)
{
	struct examined *a = &to->examined;
	const struct examined *b = &from->examined;

	to->blocks += from->blocks;
	a->first = a->first < b->first ? a->first : b->first;
	a->last = a->last == E4Z_NONE || a->last < b->last ? b->last : a->last;
	a->nonzero += b->nonzero;
	to->why = to->why ? to->why : from->why;
}

errcode_t exam_join_spares(struct spare_vec *to, struct spare_vec *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct spares *slots = spares_of(to, from->items[i].group);

		if (!slots)
			return ENOMEM;
		join(slots, &from->items[i]);
	}
	from->count = 0;
	return 0;
}

static int by_group(const void *pa, const void *pb)
{
	const struct spares *a = pa, *b = pb;

	return (a->group > b->group) - (a->group < b->group);
}

static errcode_t report(const struct e4z_image *img, const struct spares *slots,
			struct findings *findings)
{
	struct e4z_finding f = {
		.kind = E4Z_FREE_INODE,
		.group = slots->group,
		.lblk = E4Z_NONE,
		.pblk = slots->examined.nonzero ? slots->examined.first >> img->block_bits
						: E4Z_NONE,
		.blocks = slots->blocks,
		.first = slots->examined.first,
		.last = slots->examined.last,
		.nonzero = slots->examined.nonzero,
		.why = slots->why,
	};

	if (img->group_csum && !ext2fs_group_desc_csum_verify(img->fs, f.group))
		f.why = "the group descriptor's checksum is wrong";
	if (img->shared_blocks)
		f.why = "files share blocks";
	f.fixable = !f.why;
	return findings_add(findings, &f);
}

errcode_t exam_report_spares(const struct e4z_image *img, struct spare_vec *slots,
			     struct findings *findings)
{
	errcode_t err = 0;

	if (slots->count)
		qsort(slots->items, slots->count, sizeof(*slots->items), by_group);
	for (size_t i = 0, next; i < slots->count && !err; i = next) {
		struct spares *group = &slots->items[i];

		for (next = i + 1; next < slots->count && slots->items[next].group == group->group;
		     next++)
			join(group, &slots->items[next]);
		err = report(img, group, findings);
	}
	return err;
}
