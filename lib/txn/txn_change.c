// SPDX-License-Identifier: GPL-2.0-or-later
// The changes of an open transaction: whole blocks in the view, bytes at their final location, what
// is freed.
#include "txn/txn.h"

#include "base/bytes.h"
#include "format/fields.h"
#include "format/super.h"
#include "sets/tmpfiles.h"
#include "txn/txn_state.h"
#include <errno.h>
#include <stddef.h>

errcode_t txn_may_change(struct e4z_image *img)
{
	errcode_t err = img->txn ? txn_check(img) : 0;

	if (err || (img->txn && img->txn->state == OPEN))
		return err;
	return image_refuse(img, E4Z_ET_STATE, "no transaction is open");
}

void txn_stamp(struct e4z_image *img)
{
	img->txn->stamped = true;
}

errcode_t txn_edit(struct e4z_image *img, uint64_t block, uint8_t **data)
{
	errcode_t err = txn_may_change(img);

	return err ? err : capture_edit(img->view, block, data);
}

errcode_t txn_create(struct e4z_image *img, uint64_t block, uint8_t **data)
{
	errcode_t err = txn_may_change(img);

	return err ? err : capture_create(img->view, block, data);
}

static errcode_t home_block(struct e4z_image *img, uint64_t block, const uint8_t *data, bool only)
{
	struct homes *homes = &img->txn->homes;
	errcode_t err;

	if (!homes->stash) {
		homes->stash = stash_new(img->block_size, STASH_BYTES, &img->tmpfiles);
		if (!homes->stash)
			return ENOMEM;
		capture_set_stash(img->view, homes->stash);
	}
	err = capture_rewrite(img->view, block, data);
	if (err)
		return err;
	err = homes_add_block(homes, block, img->block_size, data, only);
	/* it is not the file system that is full */
	return err && err != ENOMEM
		       ? image_fail(img, err, "storing data of the edit in %s", tmpfiles_dir())
		       : err;
}

errcode_t txn_home(struct e4z_image *img, uint64_t off, size_t len, const void *data)
{
	uint32_t bs = img->block_size;
	errcode_t err = txn_may_change(img);

	if (err || !len)
		return err;
	if (off > img->dev->len || len > img->dev->len - off)
		return E4Z_ET_CLIPPED;
	if (off % bs == 0 && len == bs)
		return home_block(img, off / bs, data, false);
	if (off / bs != (off + len - 1) / bs)
		return E4Z_ET_USAGE;
	err = capture_write_home(img->view, off, len, data);
	return err ? err : homes_add(&img->txn->homes, off, len, bs, data);
}

errcode_t txn_home_again(struct e4z_image *img, uint64_t block, const void *data)
{
	errcode_t err = txn_may_change(img);

	return err ? err : home_block(img, block, data, true);
}

/* Of a block that is in the stash a part becomes zero: it has to be held, so that it is seen. */
static errcode_t hold_stashed(struct e4z_image *img, uint64_t off, uint64_t len)
{
	const struct stash *stash = img->txn->homes.stash;
	uint64_t bs = img->block_size, ends[] = {off, off + len};
	errcode_t err = 0;

	for (size_t i = 0; i < 2 && stash && !err; i++)
		if (ends[i] % bs && stash_find(stash, ends[i] / bs))
			err = capture_hold(img->view, ends[i] / bs);
	return err;
}

errcode_t txn_home_zero(struct e4z_image *img, uint64_t off, uint64_t len)
{
	errcode_t err = txn_may_change(img);

	if (err || !len)
		return err;
	if (off > img->dev->len || len > img->dev->len - off)
		return E4Z_ET_CLIPPED;
	err = hold_stashed(img, off, len);
	if (!err)
		err = capture_zero_home(img->view, off, len);
	return err ? err : homes_add_zero(&img->txn->homes, off, len, img->block_size);
}

void txn_barrier(struct e4z_image *img)
{
	homes_barrier(&img->txn->homes);
}

size_t txn_homes(const struct e4z_image *img)
{
	return homes_count(&img->txn->homes);
}

errcode_t txn_super(struct e4z_image *img, uint8_t **raw)
{
	errcode_t err = txn_may_change(img);

	if (err)
		return err;
	err = capture_edit(img->view, SUPER_OFFSET / img->block_size, raw);
	if (err)
		return image_fail(img, err, "reading the superblock");
	*raw += SUPER_OFFSET % img->block_size;
	return 0;
}

static void drop_ro_compat(uint8_t *raw, uint32_t bits)
{
	put_le32(raw + S_FEATURE_RO_COMPAT, get_le32(raw + S_FEATURE_RO_COMPAT) & ~bits);
}

errcode_t txn_drop_ro_compat(struct e4z_image *img, uint32_t bits)
{
	struct txn *txn = img->txn;
	bool with_replay = txn->replay_pending && !txn_has_changes(img);
	uint8_t *raw;
	errcode_t err = txn_super(img, &raw);

	if (err)
		return err;
	drop_ro_compat(raw, bits);
	if (with_replay)
		drop_ro_compat(txn->clean_super, bits);
	if (with_replay && img->metadata_csum)
		super_csum_set(txn->clean_super);
	return 0;
}

errcode_t txn_note_freed(struct e4z_image *img, uint64_t block, uint64_t count)
{
	errcode_t err = img->freed ? rangeset_add(img->freed, block, count, NULL) : 0;

	img->txn->freed_count += count;
	return err ? err : rangeset_add(img->txn->freed, block, count, NULL);
}

const struct rangeset *txn_closed(const struct e4z_image *img)
{
	return img->faults & COMMIT_FAULT_REUSE_FREED ? NULL : img->txn->freed;
}

uint64_t txn_freed(const struct e4z_image *img)
{
	return txn_closed(img) ? img->txn->freed_count : 0;
}

struct space *txn_space(struct e4z_image *img)
{
	if (!img->txn->space)
		img->txn->space = space_new(img);
	return img->txn->space;
}
