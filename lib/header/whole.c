// SPDX-License-Identifier: GPL-2.0-or-later
// Walks tables of an image: no more entries than fit in the file; holes are not read.
#include "header/whole.h"

#include "base/bytes.h"
#include "errors.h"
#include <inttypes.h>
#include <stdio.h>

#define PIECE 4096
/* Bounds the work: a corrupt image can refer to the same table many times. */
#define READ_MAX ((uint64_t)16 << 30)

errcode_t whole_corrupt(struct whole *w)
{
	snprintf(w->why, w->why_size, "the header or a table of the %s image is corrupt",
		 e4z_format_name(w->format));
	return E4Z_ET_IMAGE_FORMAT;
}

errcode_t whole_need(struct whole *w, uint64_t at, uint64_t len)
{
	if (at <= w->dev->size && len <= w->dev->size - at)
		return 0;
	snprintf(w->why, w->why_size,
		 "the file of the %s image is cut off: it has %" PRIu64
		 " bytes, but a table refers to %" PRIu64 " bytes at %" PRIu64,
		 e4z_format_name(w->format), w->dev->size, len, at);
	return E4Z_ET_TRUNCATED;
}

errcode_t whole_get(struct whole *w, uint64_t at, size_t len, void *buf)
{
	errcode_t err = whole_need(w, at, len);

	return err ? err : blkdev_read(w->dev, at, len, buf);
}

/* LEN bytes at AT are a hole of the file, so they are zero. */
static bool in_hole(struct whole *w, uint64_t at, uint64_t len)
{
	uint64_t start, end;

	blkdev_next_data(w->dev, at, &start, &end);
	return start - at >= len;
}

static errcode_t walk_piece(struct whole *w, const struct whole_table *t, uint64_t first,
			    uint64_t count, whole_take *take, void *arg)
{
	uint8_t piece[PIECE];
	uint64_t at = t->at + first * t->width, len = count * t->width;
	errcode_t err;

	if (!t->zeros && in_hole(w, at, len))
		return 0;
	w->read += len;
	if (w->read > READ_MAX)
		return whole_corrupt(w);
	err = blkdev_read(w->dev, at, (size_t)len, piece);
	for (uint64_t i = 0; i < count && !err; i++) {
		const uint8_t *entry = piece + i * t->width;

		if (t->zeros || !bytes_are_zero(entry, t->width))
			err = take(w, arg, first + i, entry);
	}
	return err;
}

errcode_t whole_walk(struct whole *w, const struct whole_table *t, whole_take *take, void *arg)
{
	const uint64_t most = PIECE / t->width;
	uint64_t len;
	errcode_t err = bytes_mul(t->count, t->width, &len) ? whole_need(w, t->at, len)
							    : whole_corrupt(w);

	for (uint64_t i = 0; i < t->count && !err; i += most)
		err = walk_piece(w, t, i, t->count - i < most ? t->count - i : most, take, arg);
	return err;
}

errcode_t whole_look(struct blkdev *dev, enum e4z_format format, char *why, size_t why_size)
{
	static errcode_t (*const look[E4Z_FORMAT_COUNT])(struct whole *) = {
		[E4Z_FORMAT_QCOW2] = whole_qcow2,	  [E4Z_FORMAT_QED] = whole_qed,
		[E4Z_FORMAT_VMDK] = whole_vmdk,		  [E4Z_FORMAT_VDI] = whole_vdi,
		[E4Z_FORMAT_PARALLELS] = whole_parallels, [E4Z_FORMAT_VHD] = whole_sectors,
		[E4Z_FORMAT_VHDX] = whole_sectors,
	};
	struct whole w = {.dev = dev, .format = format, .why = why, .why_size = why_size};

	return look[format] ? look[format](&w) : 0;
}
