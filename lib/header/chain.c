// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The other files that the header of an image refers to.
 *
 * The creator of an image may have written any name into it, such as /etc/shadow. No such file is
 * opened here, and QEMU does not open the image before the user has allowed other files.
 */
#include "header/chain.h"

#include "base/bytes.h"
#include "errors.h"
#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PARALLELS_IN_USE 0x746f6e59u
#define NAME_MAX_LEN 1023 /* of QEMU's formats */

errcode_t chain_corrupt(struct chain_reader *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->why, r->why_size, format, ap);
	va_end(ap);
	return E4Z_ET_IMAGE_FORMAT;
}

errcode_t chain_get(struct chain_reader *r, uint64_t at, size_t len, void *buf)
{
	if (at > r->dev->size || len > r->dev->size - at)
		return chain_corrupt(r, "the header of the image is truncated, or points past "
					"its end");
	return blkdev_read(r->dev, at, len, buf);
}

void chain_refer(struct chain_reader *r, const char *what, const char *name, size_t len)
{
	size_t shown = strnlen(name, len < 512 ? len : 512);

	if (!r->chain->other[0])
		snprintf(r->chain->other, sizeof(r->chain->other), "%s \"%.*s\"", what, (int)shown,
			 name);
}

errcode_t chain_refer_at(struct chain_reader *r, const char *what, uint64_t at, uint64_t len)
{
	char name[NAME_MAX_LEN + 1] = "";
	errcode_t err;

	if (!len || len > NAME_MAX_LEN)
		return chain_corrupt(r, "the name of %s has an invalid length in the header", what);
	err = chain_get(r, at, (size_t)len, name);
	if (!err)
		chain_refer(r, what, name, (size_t)len);
	return err;
}

/* UTF-16; LOW is the index of the low byte. Characters outside ASCII become "?". */
static void refer_wide(struct chain_reader *r, const char *what, const uint8_t *wide, size_t bytes,
		       size_t low)
{
	char name[256 + 1];
	size_t n = 0;

	for (size_t i = 0; i + 1 < bytes && n + 1 < sizeof(name); i += 2) {
		uint8_t c = wide[i + low], high = wide[i + 1 - low];

		if (!c && !high)
			break;
		name[n++] = (char)(high || c < ' ' || c > '~' ? '?' : c);
	}
	name[n] = '\0';
	chain_refer(r, what, name, n);
}

/* A dynamic VHD begins with a copy of its footer. */
static errcode_t look_vhd(struct chain_reader *r)
{
	uint8_t footer[SECTOR], parent[512];
	uint64_t header;
	uint32_t type;
	errcode_t err = chain_get(r, 0, sizeof(footer), footer);

	if (err)
		return err;
	memcpy(&type, footer + 60, sizeof(type));
	memcpy(&header, footer + 16, sizeof(header));
	if (be32toh(type) == 3)
		return 0;
	if (be32toh(type) != 4)
		return chain_corrupt(r, "the VHD is of type %u, which is not supported",
				     (unsigned)be32toh(type));
	r->chain->lost = true;
	header = be64toh(header);
	err = header < r->dev->size ? chain_get(r, header + 64, sizeof(parent), parent) : 0;
	if (err || header >= r->dev->size)
		return chain_corrupt(r, "the header of the differencing VHD is corrupt");
	refer_wide(r, "the parent", parent, sizeof(parent), 1);
	return 0;
}

static errcode_t look_vdi(struct chain_reader *r)
{
	static const uint8_t none[16];
	uint8_t header[SECTOR];
	errcode_t err = chain_get(r, 0, sizeof(header), header);

	if (err)
		return err;
	/* 1: dynamic, 2: fixed; a type that refers to others names them by UUID */
	if (get_le32(header + 76) == 1 || get_le32(header + 76) == 2) {
		if (!memcmp(header + 0x1a8, none, 16) && !memcmp(header + 0x1b8, none, 16))
			return 0;
	}
	return chain_corrupt(
		r, "the VDI image is a differencing image, or of a type that QEMU does not "
		   "support; convert it with \"VBoxManage clonemedium\"");
}

static errcode_t look_qed(struct chain_reader *r)
{
	uint8_t header[64];
	errcode_t err = chain_get(r, 0, sizeof(header), header);

	if (err)
		return err;
	/* "needs a check" */
	r->chain->repaired = get_le64(header + 16) & 2;
	if (!(get_le64(header + 16) & 1))
		return 0;
	return chain_refer_at(r, "the backing file", get_le32(header + 56), get_le32(header + 60));
}

static errcode_t look_parallels(struct chain_reader *r)
{
	uint8_t header[64];
	errcode_t err = chain_get(r, 0, sizeof(header), header);

	if (!err && get_le32(header + 44) == PARALLELS_IN_USE)
		r->chain->read_only = "the Parallels image was not closed; "
				      "\"qemu-img check -r all\" repairs it";
	return err;
}

static errcode_t look_luks(struct chain_reader *r)
{
	r->chain->lock = CHAIN_LUKS;
	return 0;
}

errcode_t chain_look(struct blkdev *dev, enum e4z_format format, struct chain *chain, char *why,
		     size_t why_size)
{
	static errcode_t (*const look[E4Z_FORMAT_COUNT])(struct chain_reader *) = {
		[E4Z_FORMAT_QCOW2] = chain_qcow2, [E4Z_FORMAT_VMDK] = chain_vmdk,
		[E4Z_FORMAT_VHDX] = chain_vhdx,	  [E4Z_FORMAT_VHD] = look_vhd,
		[E4Z_FORMAT_VDI] = look_vdi,	  [E4Z_FORMAT_QED] = look_qed,
		[E4Z_FORMAT_LUKS] = look_luks,	  [E4Z_FORMAT_PARALLELS] = look_parallels,
	};
	struct chain_reader r = {dev, chain, why, why_size};

	*chain = (struct chain){.lock = CHAIN_OPEN};
	return look[format] ? look[format](&r) : 0;
}
