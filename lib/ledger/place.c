// SPDX-License-Identifier: GPL-2.0-or-later
// Takes bytes out of a class of static metadata, as far as nobody else claims them.
#include "ledger/place.h"

#include "findings/examine.h"
#include <errno.h>

static errcode_t take(const struct place *place, uint64_t from, uint64_t end, struct home *home,
		      struct tally *tally)
{
	if (from >= end)
		return 0;
	if (tally)
		tally_move(tally, place->owner, owner_of_kind(place->kind), end - from);
	return home_add(home, from, end - from);
}

/* [at, end), less what is disputed of it. */
static errcode_t take_certain(const struct place *place, const struct ledger *ledger, uint64_t at,
			      uint64_t end, struct home *home, struct tally *tally)
{
	const struct e4z_image *img = ledger->img;
	uint64_t size = img->blocks << img->block_bits, from, start, len;
	uint64_t cluster = (uint64_t)img->cluster_ratio << img->block_bits;
	errcode_t err = 0;

	end = end < size ? end : size;
	from = at / cluster;
	while (!err && at < end &&
	       rangeset_next_in(ledger->disputed, &from, (end - 1) / cluster + 1, &start, &len)) {
		err = take(place, at, start * cluster, home, tally);
		at = (start + len) * cluster;
	}
	return err ? err : take(place, at, end, home, tally);
}

/* Why nothing of FIXED, which group G has of PLACE, may be touched, or NULL. */
static const char *why_left(const struct place *place, const struct ledger *ledger, uint32_t g,
			    const struct fixed *fixed)
{
	uint32_t bits = ledger->img->block_bits, per_group;

	if (ledger->img->shared_blocks)
		return "files share blocks";
	for (unsigned i = 0; i < fixed->count; i++) {
		uint64_t first = fixed->at[i].off >> bits;
		uint64_t last = (fixed->at[i].off + fixed->at[i].len - 1) >> bits;

		if (rangeset_meets(ledger->doubt.blocks, first, last - first + 1))
			return "a block may belong to an inode that cannot be read";
	}
	per_group = ledger->img->fs->super->s_inodes_per_group;
	if (place->kind == E4Z_INODE_TABLE &&
	    rangeset_meets(ledger->strays, (uint64_t)g * per_group + 1, per_group))
		return "one of the unused inodes may be in use";
	return fixed->why;
}

/*
 * Something of FIXED is left, and F says why: that is to be the same while scrubbing, for what was
 * found would be passed over.
 */
static errcode_t leave(const struct ledger *ledger, const struct e4z_finding *f,
		       const struct fixed *fixed, bool scrub)
{
	uint64_t key = (uint64_t)f->group * E4Z_KIND_COUNT + f->kind;

	if (!scrub)
		return rangeset_add(ledger->doubted, key, 1, NULL);
	for (unsigned i = 0; i < fixed->count && !rangeset_has(ledger->doubted, key); i++)
		if (marks_meet(&ledger->stale, fixed->at[i].off, fixed->at[i].len))
			return image_refuse(ledger->img, EIO, "group %u: %s", f->group, f->why);
	return 0;
}

errcode_t place_fixed(const struct place *place, const struct ledger *ledger, uint32_t g,
		      struct home *home, struct tally *tally)
{
	struct fixed fixed = {.count = 0};
	struct e4z_finding f = {.kind = place->kind, .group = g};
	errcode_t err = place->fixed(ledger->img, g, &fixed);

	if (err || !fixed.count)
		return err;
	f.why = why_left(place, ledger, g, &fixed);
	f.fixable = !f.why;
	if (f.why)
		err = leave(ledger, &f, &fixed, !tally);
	if (!err)
		err = home_spot(home, &f, false);
	for (unsigned i = 0; i < fixed.count && !err; i++)
		err = take_certain(place, ledger, fixed.at[i].off,
				   fixed.at[i].off + fixed.at[i].len, home, tally);
	return err;
}

/* ---- in blocks that somebody reads ---- */

/* Add what PART has to F; false: it cannot be read. */
static bool examine_part(const struct e4z_image *img, const struct live *live,
			 const struct live_part *part, uint8_t *buf, struct e4z_finding *f)
{
	uint32_t len = part->end - part->from;
	uint64_t off = (part->block << img->block_bits) + part->from;
	struct examined examined = EXAMINED_NOTHING;

	if (part->unread || image_read(img, off, len, buf))
		return false;
	/* what is as it has to be is as good as zero */
	for (uint32_t i = 0; i < len; i++)
		if (buf[i] || !part->has_text)
			buf[i] ^= live_byte(live, part, i);
	examine_memory(buf, len, off, &examined);
	if (!examined.nonzero)
		return true;
	/* parts of one block follow each other */
	f->blocks += !f->nonzero || f->last >> img->block_bits != part->block;
	f->first = !f->nonzero || examined.first < f->first ? examined.first : f->first;
	f->last = !f->nonzero || examined.last > f->last ? examined.last : f->last;
	f->nonzero += examined.nonzero;
	return true;
}

errcode_t place_live(const struct place *place, const struct ledger *ledger, uint32_t g,
		     uint8_t *buf, struct findings *findings, struct tally *tally)
{
	const struct e4z_image *img = ledger->img;
	struct live live = {.count = 0};
	struct e4z_finding f = {.kind = place->kind,
				.group = g,
				.lblk = E4Z_NONE,
				.pblk = E4Z_NONE,
				.first = E4Z_NONE,
				.last = E4Z_NONE};
	errcode_t err = place->live(img, g, &live);

	live_drop(img, ledger->disputed, &live);
	for (unsigned i = 0; i < live.count && !err; i++) {
		const struct live_part *part = &live.parts[i];

		if (!examine_part(img, &live, part, buf, &f))
			f.why = "a block cannot be read";
		else if (!live.why)
			tally_move(tally, place->owner, owner_of_kind(place->kind),
				   part->end - part->from);
	}
	if (err || (!f.nonzero && !f.why))
		return err;
	if (f.nonzero)
		f.pblk = f.first >> img->block_bits;
	if (live.why && f.nonzero) {
		f.why = live.why;
		f.first = f.last = E4Z_NONE;
		f.nonzero = 0;
	}
	if (img->shared_blocks)
		f.why = "files share blocks";
	f.fixable = !f.why;
	return findings_add(findings, &f);
}
