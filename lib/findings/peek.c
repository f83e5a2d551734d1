// SPDX-License-Identifier: GPL-2.0-or-later
// Shows a few of the bytes that a finding is about.
#include "e4zero.h"

#include "image/turn.h"
#include "io/blkdev.h"

/* LEN bytes at OFF of what F counts its offsets in. */
static errcode_t read_there(struct e4z_image *img, const struct e4z_finding *f, uint64_t off,
			    size_t len, void *buf)
{
	if (f->kind == E4Z_JOURNAL && img->journal_dev)
		return blkdev_read(img->journal_dev, off, len, buf);
	return image_read(img, off, len, buf);
}

errcode_t e4z_peek(struct e4z_image *img, const struct e4z_finding *f, void *buf, size_t len,
		   size_t *got)
{
	uint64_t block, end;
	errcode_t err;

	*got = 0;
	/* `opened` is called before any bytes can be read */
	if (img->turn && img->rights)
		return turn_check(img, 0);
	/* the blocks of an orphan may be anywhere; inline data has none */
	if (!f->nonzero || f->pblk == E4Z_NONE || f->kind == E4Z_PENDING_TRUNCATE)
		return 0;
	/* what is in no file has offsets in the file system */
	block = f->first >> img->block_bits;
	if (f->lblk != E4Z_NONE)
		block += f->pblk - f->lblk;
	end = f->last - f->first + 1;
	if (len > end)
		len = (size_t)end;
	err = read_there(img, f, (block << img->block_bits) + (f->first & (img->block_size - 1)),
			 len, buf);
	if (err)
		return image_fail(img, err, "reading block %llu", (unsigned long long)block);
	*got = len;
	return 0;
}
