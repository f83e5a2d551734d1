// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The format of an image.
 *
 * The guest of a raw image can write anything to the first sector of its disk. If an image has a
 * qcow2 header and is also a file system or a disk with partitions, only its owner can know the
 * format.
 */
#include "header/format.h"

#include "base/bytes.h"
#include "errors.h"
#include "format/fields.h"
#include "format/super.h"
#include <ext2fs/ext2_fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct magic {
	enum e4z_format format;
	uint8_t at, len;
	const char *bytes;
};

#define MAGIC(format, at, bytes)                                                                   \
	{                                                                                          \
		format, at, sizeof(bytes) - 1, bytes                                               \
	}
#define HEAD_SIZE 512

static const struct magic magics[] = {
	MAGIC(E4Z_FORMAT_QCOW2, 0, "QFI\xfb\0\0\0\x02"),
	MAGIC(E4Z_FORMAT_QCOW2, 0, "QFI\xfb\0\0\0\x03"),
	MAGIC(E4Z_FORMAT_VMDK, 0, "KDMV"),
	MAGIC(E4Z_FORMAT_VMDK, 0, "# Disk DescriptorFile"),
	MAGIC(E4Z_FORMAT_VHDX, 0, "vhdxfile"),
	MAGIC(E4Z_FORMAT_VHD, 0, "conectix"),
	MAGIC(E4Z_FORMAT_VDI, 64, "\x7f\x10\xda\xbe"),
	MAGIC(E4Z_FORMAT_PARALLELS, 0, "WithoutFreeSpace"),
	MAGIC(E4Z_FORMAT_PARALLELS, 0, "WithouFreSpacExt"),
	MAGIC(E4Z_FORMAT_QED, 0, "QED\0"),
	MAGIC(E4Z_FORMAT_LUKS, 0, "LUKS\xba\xbe\0\x01"),
	MAGIC(E4Z_FORMAT_ANDROID_SPARSE, 0, "\x3a\xff\x26\xed"),
};

static bool has_bytes(struct blkdev *dev, uint64_t at, const char *bytes, size_t len)
{
	char found[8];

	return at < dev->size && len <= dev->size - at && !dev->ops->read(dev, at, len, found) &&
	       !memcmp(found, bytes, len);
}

/* A signature of a raw image in the same bytes, or NULL. */
static const char *raw_content(struct blkdev *dev)
{
	if (has_bytes(dev, SUPER_OFFSET + S_MAGIC, "\x53\xef", 2))
		return "an ext superblock";
	if (has_bytes(dev, SECTOR, "EFI PART", 8) || has_bytes(dev, 4096, "EFI PART", 8))
		return "a partition table (GPT)";
	if (has_bytes(dev, SECTOR - 2, "\x55\xaa", 2))
		return "the signature of a partition table (MBR)";
	return NULL;
}

static enum e4z_format look(struct blkdev *dev)
{
	char head[HEAD_SIZE] = {0};
	size_t len = dev->size < sizeof(head) ? (size_t)dev->size : sizeof(head);

	/* not counted as bytes read: those are of the disk in the image */
	if (dev->ops->read(dev, 0, len, head))
		return E4Z_FORMAT_RAW;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if ((size_t)m->at + m->len <= len && !memcmp(head + m->at, m->bytes, m->len))
			return m->format;
	}
	return E4Z_FORMAT_RAW;
}

errcode_t format_decide(struct blkdev *dev, enum e4z_format want, enum e4z_format *format,
			char *why, size_t why_size)
{
	enum e4z_format found = want == E4Z_FORMAT_RAW ? want : look(dev);
	const char *other = NULL;

	*format = found;
	if (want == E4Z_FORMAT_AUTO && found != E4Z_FORMAT_RAW)
		other = raw_content(dev);
	if (other)
		snprintf(
			why, why_size,
			"the header is that of a %s image, but there is also %s, as in a raw image "
			"whose guest has written the header",
			e4z_format_name(found), other);
	else if (want != E4Z_FORMAT_AUTO && found != want)
		snprintf(why, why_size, "the header is not that of a %s image",
			 e4z_format_name(want));
	else
		return 0;
	return other ? E4Z_ET_FORMAT_DOUBT : E4Z_ET_IMAGE_FORMAT;
}
