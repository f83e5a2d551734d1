// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Identifies the bytes after a file system. libblkid knows formats that begin there, and formats
 * whose superblock is at the end of the place. Footers of image files are known by their marks.
 */
#include "probe/trailer.h"

#include "base/bytes.h"
#include "device/glimpse.h"
#include <blkid/blkid.h>
#include <stdio.h>
#include <string.h>

/* A mark that is AT bytes before the end. */
struct footer {
	uint32_t at;
	uint8_t len;
	const char *mark, *what;
};

#define FOOTER(at, mark) at, sizeof(mark) - 1, mark

static const struct footer footers[] = {
	{FOOTER(512, "conectix"), "a VHD footer is there"},
	{FOOTER(511, "conectix"), "a VHD footer is there"},
	{FOOTER(512, "EFI PART"), "the backup GPT of the disk is there"},
	{FOOTER(4096, "EFI PART"), "the backup GPT of the disk is there"},
	{FOOTER(64, "AVBf"), "a footer of Android Verified Boot is there"},
	{FOOTER(4096, "\xfe\xcf\xec\xfe"), "the header of Android's error correction is there"},
};

/* Places of a header: bytes before its first byte that is not zero. */
static const uint32_t before[] = {0, 512, 1024, 4096, 8192, 32768, 65536};

/* Ask libblkid about [off, end) of DEV's place: with WHOLE, for all types but ext. */
static bool ask_blkid(struct blkdev *dev, uint64_t off, uint64_t end, bool whole, char *what,
		      size_t size)
{
	char ours[][8] = {"ext2", "ext3", "ext4", "ext4dev", "jbd"};
	char *names[] = {ours[0], ours[1], ours[2], ours[3], ours[4], NULL};
	blkid_probe probe = blkid_new_probe();
	const char *type;
	int rc = -1, fd = -1;

	if (probe)
		fd = glimpse_take(dev, dev->base + off, end - off,
				  whole ? GLIMPSE_CONTENT : GLIMPSE_CONTENT | GLIMPSE_TABLES);
	if (fd >= 0 && blkid_probe_set_device(probe, fd, (blkid_loff_t)(dev->base + off),
					      (blkid_loff_t)(end - off)) == 0) {
		blkid_probe_enable_superblocks(probe, 1);
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE);
		blkid_probe_enable_partitions(probe, !whole);
		if (whole)
			blkid_probe_filter_superblocks_type(probe, BLKID_FLTR_NOTIN, names);
		rc = blkid_do_safeprobe(probe);
	}
	if (rc == 0 && (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0 ||
			blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL) == 0))
		snprintf(what, size, "%s is there, as libblkid calls it", type);
	else if (rc == -2)
		snprintf(what, size, "libblkid finds several things there");
	else if (rc < 0)
		snprintf(what, size, "what is there cannot be examined");
	else
		rc = 1;
	blkid_free_probe(probe);
	glimpse_drop(dev, fd);
	return rc != 1;
}

static bool has_footer(struct blkdev *dev, uint64_t off, uint64_t end, char *what, size_t size)
{
	char mark[8];

	for (size_t i = 0; i < sizeof(footers) / sizeof(footers[0]); i++) {
		const struct footer *f = &footers[i];

		if (end - off < f->at || blkdev_read(dev, end - f->at, f->len, mark) ||
		    memcmp(mark, f->mark, f->len) != 0)
			continue;
		snprintf(what, size, "%s", f->what);
		return true;
	}
	return false;
}

bool trailer_known(struct blkdev *dev, uint64_t off, uint64_t end, uint64_t first, char *what,
		   size_t size)
{
	uint64_t sector = off + (first - off) / SECTOR * SECTOR;

	if (has_footer(dev, off, end, what, size) || ask_blkid(dev, off, end, false, what, size))
		return true;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (sector - off > before[i] &&
		    ask_blkid(dev, sector - before[i], end, false, what, size))
			return true;
	/* a RAID superblock at the end has a distance that depends on the start of the device */
	return ask_blkid(dev, 0, end, true, what, size);
}
