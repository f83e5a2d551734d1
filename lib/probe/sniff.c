// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Identifies an image that is not ext. libblkid knows the formats of disks. Formats that contain a
 * disk (image formats of emulators, compressed files) are known by their first bytes.
 */
#include "probe/sniff.h"

#include "device/glimpse.h"
#include "probe/signatures.h"
#include <blkid/blkid.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The name in libblkid, the common name, and the advice. */
struct known_type {
	const char *type, *what, *help;
};

#define OPEN_LUKS "open it with \"cryptsetup open IMAGE NAME\" and use /dev/mapper/NAME"
#define OPEN_RAID "assemble it with \"mdadm --assemble --readonly\" and use the md device"

static const struct known_type known_types[] = {
	{"crypto_LUKS", "LUKS encrypted", OPEN_LUKS},
	{"BitLocker", "BitLocker encrypted", "open it with \"cryptsetup open --type bitlk\""},
	{"LVM2_member", "an LVM physical volume",
	 "activate it with \"vgchange --activate y GROUP\" and use /dev/GROUP/VOLUME"},
	{"LVM1_member", "an LVM physical volume",
	 "activate it with \"vgchange --activate y\" and use the logical volume"},
	{"linux_raid_member", "a Linux RAID member", OPEN_RAID},
	{"isw_raid_member", "an Intel RAID member", OPEN_RAID},
	{"ddf_raid_member", "a DDF RAID member", OPEN_RAID},
	{"zfs_member", "a ZFS pool member", "check it with \"zpool scrub\""},
	{"bcache", "a bcache device", "register it with \"make-bcache\" and use /dev/bcacheN"},
	{"xfs", "an XFS file system", "check it with \"xfs_repair -n IMAGE\""},
	{"btrfs", "a btrfs file system", "check it with \"btrfs check IMAGE\""},
	{"f2fs", "an F2FS file system", "check it with \"fsck.f2fs IMAGE\""},
	{"bcachefs", "a bcachefs file system", "check it with \"bcachefs fsck -n IMAGE\""},
	{"jfs", "a JFS file system", "check it with \"jfs_fsck -n IMAGE\""},
	{"reiserfs", "a ReiserFS file system", "check it with \"reiserfsck --check IMAGE\""},
	{"swap", "swap space", "recreate it with \"mkswap IMAGE\" to discard old pages"},
	{"swsuspend", "a hibernated system in swap space", "resume or \"mkswap IMAGE\""},
	{"squashfs", "a squashfs image", "unpack it with \"unsquashfs IMAGE\""},
	{"squashfs3", "a squashfs image", "unpack it with \"unsquashfs IMAGE\""},
	{"erofs", "an EROFS image", "check it with \"fsck.erofs IMAGE\""},
	{"cramfs", "a cramfs image", "check it with \"fsck.cramfs IMAGE\""},
	{"ntfs", "an NTFS file system", "check it with \"ntfsfix --no-action IMAGE\""},
	{"vfat", "a FAT file system", "check it with \"fsck.fat -n IMAGE\""},
	{"exfat", "an exFAT file system", "check it with \"fsck.exfat -n IMAGE\""},
	{"hfsplus", "an HFS+ file system", "check it with \"fsck.hfsplus -n IMAGE\""},
	{"apfs", "an APFS container", "check it with \"fsck_apfs -n IMAGE\""},
	{"iso9660", "an ISO 9660 image", "list it with \"xorriso -indev IMAGE -find\""},
	{"udf", "a UDF file system", "examine it with \"udfinfo IMAGE\""},
	{"jbd", "an external journal of ext, not a file system",
	 "name the file system that it belongs to"},
};

struct magic {
	size_t off;
	const char *bytes;
	size_t len;
	const char *what, *help;
};

#define MAGIC(off, bytes) off, bytes, sizeof(bytes) - 1
#define CONVERT "convert it with \"qemu-img convert -O raw IMAGE RAW\""
/* A format that origin_enter() opens: it is inside another format, or opened as a raw image. */
#define ALONE "open it as a separate file, not as a raw image"
#define HEAD_SIZE 512

static const struct magic magics[] = {
	{MAGIC(0, "QFI\xfb\0\0\0\x02"), "a qcow2 image", ALONE},
	{MAGIC(0, "QFI\xfb\0\0\0\x03"), "a qcow2 image", ALONE},
	{MAGIC(0, "QFI\xfb"), "a qcow image of another version than 2 and 3", CONVERT},
	{MAGIC(0, "KDMV"), "a VMDK image", ALONE},
	{MAGIC(0, "COWD"), "a VMDK image of ESX 2", CONVERT},
	{MAGIC(0, "# Disk DescriptorFile"), "a VMDK descriptor", ALONE},
	{MAGIC(0, "vhdxfile"), "a VHDX image", ALONE},
	{MAGIC(0, "conectix"), "a dynamic VHD image", ALONE},
	{MAGIC(64, "\x7f\x10\xda\xbe"), "a VDI image", ALONE},
	{MAGIC(0, "WithoutFreeSpace"), "a Parallels image", ALONE},
	{MAGIC(0, "WithouFreSpacExt"), "a Parallels image", ALONE},
	{MAGIC(0, "QED\0"), "a QED image", ALONE},
	{MAGIC(0, "\x3a\xff\x26\xed"), "an Android sparse image",
	 "expand it with \"simg2img IMAGE RAW\""},
	{MAGIC(0, "partclone-image"), "a partclone image",
	 "restore it with \"partclone.restore --restore_raw_file\""},
	{MAGIC(0, "\x1f\x8b"), "gzip compressed", "unpack it with \"gunzip\""},
	{MAGIC(0, "\3757zXZ\0"), "xz compressed", "unpack it with \"unxz\""},
	{MAGIC(0, "\x28\xb5\x2f\xfd"), "zstd compressed", "unpack it with \"unzstd\""},
	{MAGIC(0, "BZh"), "bzip2 compressed", "unpack it with \"bunzip2\""},
	{MAGIC(0, "\x04\x22\x4d\x18"), "lz4 compressed", "unpack it with \"unlz4\""},
	{MAGIC(0, "LZIP"), "lzip compressed", "unpack it with \"lzip -d\""},
	{MAGIC(0, "7z\xbc\xaf\x27\x1c"), "a 7z archive", "unpack it with \"7z x\""},
	{MAGIC(0, "PK\x03\x04"), "a zip archive", "unpack it with \"unzip\""},
	{MAGIC(257, "ustar"), "a tar archive", "unpack it with \"tar -xf\""},
	{MAGIC(0, "MSWIM\0\0\0"), "a WIM archive", "unpack it with \"wimapply\""},
	{MAGIC(0, "LRZI"), "lrzip compressed", "unpack it with \"lrunzip\""},
};

static bool say(char *what, size_t size, const char *is, const char *help)
{
	snprintf(what, size, "%s; %s", is, help);
	return true;
}

static void copy_value(blkid_probe probe, const char *key, char *value, size_t size)
{
	const char *data;

	*value = '\0';
	if (blkid_probe_lookup_value(probe, key, &data, NULL) == 0)
		snprintf(value, size, "%s", data);
}

/* 0: TYPE and VERSION are set; 1: nothing but ext; -2: several types; -1: cannot be read. */
static int ask_blkid(struct blkdev *dev, char *type, size_t type_size, char *version,
		     size_t version_size)
{
	struct signatures found;
	blkid_probe probe;
	int rc = -1, fd;

	*type = *version = '\0';
	signatures_look(dev, &found);
	if (!found.others)
		return 1;
	probe = blkid_new_probe();
	fd = probe ? glimpse_take(dev, dev->base, dev->len, GLIMPSE_CONTENT) : -1;
	if (fd >= 0 && dev->len &&
	    blkid_probe_set_device(probe, fd, (blkid_loff_t)dev->base, (blkid_loff_t)dev->len) ==
		    0) {
		blkid_probe_enable_superblocks(probe, 1);
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_VERSION);
		if (*found.absent)
			blkid_probe_filter_superblocks_type(probe, BLKID_FLTR_NOTIN, found.absent);
		rc = blkid_do_safeprobe(probe);
	}
	if (rc == 0) {
		copy_value(probe, "TYPE", type, type_size);
		copy_value(probe, "VERSION", version, version_size);
	}
	blkid_free_probe(probe);
	glimpse_drop(dev, fd);
	return rc;
}

/* Describe libblkid's TYPE; false for ext. */
static bool say_type(const char *type, const char *version, char *what, size_t size)
{
	char is[128];

	for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++) {
		const struct known_type *k = &known_types[i];

		if (strcmp(k->type, type))
			continue;
		if (!strcmp(type, "crypto_LUKS") && *version) {
			snprintf(is, sizeof(is), "LUKS%s encrypted", version);
			return say(what, size, is, k->help);
		}
		return say(what, size, k->what, k->help);
	}
	if (!strncmp(type, "ext", 3))
		return false;
	snprintf(is, sizeof(is), "%s, as libblkid calls it", type);
	return say(what, size, is, "try \"file --special-files IMAGE\"");
}

static bool say_several(char *what, size_t size)
{
	return say(what, size, "something with the signatures of several file systems",
		   "\"wipefs --no-act IMAGE\" lists them");
}

static bool say_e2image(char *what, size_t size)
{
	return say(what, size, "a metadata image of e2image, which has no data in it",
		   "check the file system itself, or a copy made by \"e2image -ra\"");
}

/* With blocks of 1 KiB its superblock is where a file system has it. */
static bool is_e2image(struct blkdev *dev)
{
	static const char descriptor[] = "Ext2 Image";
	char head[sizeof(descriptor) - 1];

	return dev->len >= 4 + sizeof(head) && !blkdev_read(dev, 4, sizeof(head), head) &&
	       !memcmp(head, descriptor, sizeof(head));
}

bool sniff_contradicts(struct blkdev *dev, char *what, size_t size)
{
	char type[64], version[32];
	int rc;

	if (is_e2image(dev))
		return say_e2image(what, size);
	rc = ask_blkid(dev, type, sizeof(type), version, sizeof(version));
	if (rc == -2)
		return say_several(what, size);
	/* jbd: the superblock itself gives a better reason */
	return rc == 0 && strcmp(type, "jbd") && say_type(type, version, what, size);
}

static bool sniff_magic(struct blkdev *dev, char *what, size_t size)
{
	char head[HEAD_SIZE] = {0};
	size_t len = dev->len < sizeof(head) ? (size_t)dev->len : sizeof(head);

	if (blkdev_read(dev, 0, len, head))
		return false;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (m->off + m->len <= len && !memcmp(head + m->off, m->bytes, m->len))
			return say(what, size, m->what, m->help);
	}
	return false;
}

bool sniff_content(struct blkdev *dev, char *what, size_t size)
{
	char type[64], version[32];
	int rc;

	if (is_e2image(dev))
		return say_e2image(what, size);
	rc = ask_blkid(dev, type, sizeof(type), version, sizeof(version));
	if (rc == 0 && say_type(type, version, what, size))
		return true;
	return sniff_magic(dev, what, size) || (rc == -2 && say_several(what, size));
}
