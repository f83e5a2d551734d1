// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hash trees and footers around a file system. Sources: Documentation/admin-guide/device-mapper/
 * verity.rst and the superblock that veritysetup(8) writes; libavb's avb_footer.h; the md
 * superblocks of linux/raid/md_p.h; the footer of a fixed VHD.
 */
#include "image/follow.h"

#include "base/bytes.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW (1u << 20) /* in which a header is looked for after the file system */
#define SENTENCE 320

/* In the superblock of dm-verity, from its start: type of hash, block sizes, blocks of data. */
enum { VERITY_DATA_BLOCK_SIZE = 64, VERITY_DATA_BLOCKS = 72, VERITY_SIZE = 512 };

struct look {
	struct blkdev *dev;
	uint64_t fs_len;
	follow_fn *tell;
	void *arg;
};

__attribute__((format(printf, 2, 3))) static void say(const struct look *l, const char *format, ...)
{
	char sentence[SENTENCE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	l->tell(l->arg, sentence);
}

#define VERITY "verity\0\0"
#define LUKS "LUKS\xba\xbe"

/* The first header in the window that begins where the file system ends. */
static void look_after(const struct look *l)
{
	uint64_t off = l->fs_len, len = off < l->dev->len ? l->dev->len - off : 0;
	uint8_t *bytes;

	len = len < WINDOW ? len : WINDOW;
	bytes = len >= SECTOR ? malloc(len) : NULL;
	if (bytes && blkdev_read(l->dev, off, len, bytes))
		len = 0;
	for (uint64_t at = 0; bytes && at + SECTOR <= len; at += SECTOR) {
		uint64_t where = l->dev->base + off + at;

		if (!memcmp(bytes + at, VERITY, sizeof(VERITY) - 1)) {
			say(l,
			    "a dm-verity hash tree follows the file system at byte %" PRIu64
			    ": an edit invalidates its root hash; \"veritysetup format\" "
			    "creates a new one",
			    where);
			break;
		}
		if (!memcmp(bytes + at, LUKS, sizeof(LUKS) - 1)) {
			say(l, "a LUKS header follows the file system at byte %" PRIu64, where);
			break;
		}
	}
	free(bytes);
}

/* The last SIZE bytes of the place follow the file system, and begin with MAGIC. */
static bool ends_with(const struct look *l, uint64_t size, const void *magic, size_t len)
{
	uint8_t bytes[16];

	return l->dev->len >= size && l->dev->len - size >= l->fs_len &&
	       !blkdev_read(l->dev, l->dev->len - size, len, bytes) && !memcmp(bytes, magic, len);
}

/* 0.90 has its superblock in the last 64 KiB that are aligned so, 1.0 in the last 8 KiB. */
static bool is_md_member(const struct look *l)
{
	static const uint8_t le[] = {0xfc, 0x4e, 0x2b, 0xa9}, be[] = {0xa9, 0x2b, 0x4e, 0xfc};
	uint64_t len = l->dev->len, old = (len & ~0xffffull) - 0x10000;
	uint64_t new = (len & ~0x1ffull) - 0x2000;

	if (len < 0x20000)
		return false;
	new &= ~0xfffull;
	return ends_with(l, len - new, le, sizeof(le)) || ends_with(l, len - old, le, sizeof(le)) ||
	       ends_with(l, len - old, be, sizeof(be));
}

static void look_at_end(const struct look *l)
{
	if (ends_with(l, 64, "AVBf", 4))
		say(l, "a footer of Android Verified Boot follows the file system: an edit "
		       "invalidates its hashes; avbtool creates new ones");
	if (ends_with(l, SECTOR, "conectix", 8))
		say(l, "a VHD footer (fixed VHD) follows the file system; it stays valid");
	if (is_md_member(l))
		say(l, "an md superblock follows the file system: it is a member of a RAID "
		       "array, and an edit makes it differ from the other members");
}

/* A hash tree in a partition of its own does not name its data; it knows how long they are. */
static void look_at_part(const struct look *l, const struct part *part)
{
	struct blkdev *dev = l->dev;
	uint64_t base = dev->base, len = dev->len, data = 0;
	uint8_t sb[VERITY_SIZE];
	bool there;

	if (part->start == base || blkdev_set_place(dev, part->start, part->len))
		return;
	there = !blkdev_read(dev, 0, sizeof(sb), sb) && !memcmp(sb, VERITY, sizeof(VERITY) - 1) &&
		bytes_mul(get_le32(sb + VERITY_DATA_BLOCK_SIZE), get_le64(sb + VERITY_DATA_BLOCKS),
			  &data);
	if (blkdev_set_place(dev, base, len) || !there || (data != len && data != l->fs_len))
		return;
	say(l,
	    "partition %d holds a dm-verity hash tree for a file system of this size: if it is "
	    "this one's, an edit invalidates its root hash",
	    part->number);
}

void follow_look(struct blkdev *dev, uint64_t fs_len, const struct parts *parts, follow_fn *tell,
		 void *arg)
{
	const struct look l = {dev, fs_len, tell, arg};

	look_after(&l);
	look_at_end(&l);
	for (size_t i = 0; i < parts->count; i++)
		look_at_part(&l, &parts->items[i]);
}
