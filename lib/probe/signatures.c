// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares the bytes of a place with the signatures that libblkid looks for. A sign may match bytes
 * that are not a signature: then libblkid is asked. libblkid is always asked for a type without a
 * sign.
 */
#include "probe/signatures.h"

#include "base/bytes.h"
#include <blkid/blkid.h>
#include <string.h>

#define WINDOW (16u << 10)
#define CHUNK (8u << 10)
#define XFS_LOG_END (256u << 10) /* an XFS log has a record in one of its first 512 sectors */

#define AS_NAME(type, name) name,
const char sign_names[SIGN_TYPES][32] = {TYPES(AS_NAME)};

#define S(at, type, mark)                                                                          \
	{                                                                                          \
		at, type, sizeof(mark) - 1, mark                                                   \
	}

#define SWAP_AT(at)                                                                                \
	S(at, swap, "SWAP"), S(at, swsuspend, "S1SUSPEN"), S(at, swsuspend, "S2SUSPEN"),           \
		S(at, swsuspend, "ULSUSPEN"), S(at, swsuspend, "LINHIB00")
#define LUKS2_AT(at) S(at, luks, "SKUL\xba\xbe")
#define SYSV_AT(at) S(at, sysv, "\x20\x7e\x18\xfd"), S(at, sysv, "\xfd\x18\x7e\x20")
#define UFS_AT(at)                                                                                 \
	S(at, ufs, "\x54\x19\x01\0"), S(at, ufs, "\0\x01\x19\x54"),                                \
		S(at, ufs, "\x19\x01\x54\x19"), S(at, ufs, "\x19\x54\x01\x19"),                    \
		S(at, ufs, "\x12\x56\x19\0"), S(at, ufs, "\0\x19\x56\x12"),                        \
		S(at, ufs, "\x14\x50\x09\0"), S(at, ufs, "\0\x09\x50\x14"),                        \
		S(at, ufs, "\x95\x21\x61\0"), S(at, ufs, "\0\x61\x21\x95"),                        \
		S(at, ufs, "\x94\x19\x23\x05"), S(at, ufs, "\x05\x23\x19\x94")
#define END(sectors) (-512 * (sectors))
#define PROMISE_AT(sectors) S(END(sectors), promise, "Promise ")
#define BCACHE_MARK "\xc6\x85\x73\xf6"
#define MD_MARK "\xfc\x4e\x2b\xa9"

const struct sign signs[] = {
	S(0, linux_raid, MD_MARK),
	S(0, bluestore, "bluestor"),
	S(0, drbdmanage, "$DRBDmgr"),
	S(0, drbdproxy, "DRBDdlh*"),
	S(0, lvm1, "HM"),
	S(0, snapcow, "SnAp"),
	S(0, verity, "verity"),
	S(0, integrity, "integrt"),
	S(0, luks, "LUKS\xba\xbe"),
	S(0, ubi, "UBI#"),
	S(0, vdo, "dmvdo001"),
	S(0, bitlocker, "\xeb"),
	S(0, vfat, "\xeb"),
	S(0, vfat, "\xe9"),
	S(0, swsuspend, "\xed\xc3\x02\xe9"),
	S(0, xfs, "XFSB"),
	S(0, exfs, "EXFS"),
	S(0, refs, "\0\0\0ReFS\0"),
	S(0, cramfs, "\x45\x3d\xcd\x28"),
	S(0, cramfs, "\x28\xcd\x3d\x45"),
	S(0, romfs, "-rom1fs-"),
	S(0, squashfs, "hsqs"),
	S(0, squashfs, "sqsh"),
	S(0, squashfs3, "hsqs"),
	S(0, squashfs3, "sqsh"),
	S(0, ubifs, "\x31\x18\x10\x06"),
	S(0, bfs, "\xce\xfa\xad\x1b"),
	S(0, mpool, "mpoolDev"),
	S(0, zonefs, "SFOZ"),
	S(3, ntfs, "NTFS"),
	S(3, exfat, "EXFAT"),
	S(0x18, lvm2, "LVM2"),
	S(32, oracleasm, "ORCLDISK"),
	S(32, apfs, "NXSB"),
	S(32, befs, "BFS1"),
	S(32, befs, "1SFB"),
	S(0x36, vfat, "MSDOS"),
	S(0x36, vfat, "FAT"),
	S(0x52, vfat, "MSWIN"),
	S(0x52, vfat, "FAT32"),
	S(88, fvault2, "CS"),
	S(0x1fe, vfat, "\x55\xaa"),
	S(516, stratis, "!Stra0ti"),
	S(0x218, lvm2, "LVM2"),
	S(0x220, befs, "BFS1"),
	S(0x220, befs, "1SFB"),
	SYSV_AT(1016),
	S(1024, hfsplus, "BD"),
	S(1024, hfsplus, "H+"),
	S(1024, hfsplus, "HX"),
	S(1024, hfs, "BD"),
	S(1024, ocfs2, "OCFSV2"),
	S(1024, vxfs, "\xf5\xfc\x01\xa5"),
	S(1024, f2fs, "\x10\x20\xf5\xf2"),
	S(1024, erofs, "\xe2\xe1\xf5\xe0"),
	S(1030, nilfs2, "\x34\x34"),
	S(1040, minix, "\x7f\x13"),
	S(1040, minix, "\x8f\x13"),
	S(1040, minix, "\x13\x7f"),
	S(1040, minix, "\x13\x8f"),
	S(1040, minix, "\x68\x24"),
	S(1040, minix, "\x78\x24"),
	S(1040, minix, "\x24\x68"),
	S(1040, minix, "\x24\x78"),
	S(1048, minix, "\x5a\x4d"),
	S(1048, minix, "\x4d\x5a"),
	S(1048, lvm2, "LVM2"),
	UFS_AT(1372),
	S(1560, lvm2, "LVM2"),
	S(2048, ocfs2, "OCFSV2"),
	S(2048, xenix, "\x2b\x55\x44"),
	S(2048, xenix, "\x44\x55\x2b"),
	SWAP_AT(0xff6),
	S(4096, linux_raid, MD_MARK),
	S(4096, ocfs2, "OCFSV2"),
	S(4096, netware, "SPB5"),
	S(4120, bcache, BCACHE_MARK),
	S(4120, bcachefs, BCACHE_MARK),
	S(4612, stratis, "!Stra0ti"),
	S(4640, hpt37x, "\xf0\x16\x78\x5a"),
	S(4640, hpt37x, "\xfd\x16\x78\x5a"),
	SWAP_AT(0x1ff6),
	S(8192, ocfs, "OracleCF"),
	S(8192, ocfs2, "OCFSV2"),
	S(8192, vxfs, "\xa5\x01\xfc\xf5"),
	S(8192, hpfs, "\x49\xe8\x95\xf9"),
	S(8212, reiserfs, "ReIsEr"),
	S(8244, reiserfs, "ReIsEr"),
	UFS_AT(9564),
	SYSV_AT(10232),
	SWAP_AT(0x3ff6),
	SYSV_AT(16376),
	LUKS2_AT(0x4000),
	SYSV_AT(19448),
	SWAP_AT(0x7ff6),
	LUKS2_AT(0x8000),
	S(32768, jfs, "JFS1"),
	S(32769, iso9660, "CD"),
	S(32769, udf, "BEA01"),
	S(32769, udf, "BOOT2"),
	S(32769, udf, "CD"),
	S(32769, udf, "NSR0"),
	S(32769, udf, "TEA01"),
	S(32777, iso9660, "CDROM"),
	SWAP_AT(0xfff6),
	LUKS2_AT(0x10000),
	S(65536, reiser4, "ReIsEr4"),
	S(65536, gfs, "\x01\x16\x19\x70"),
	S(65536, gfs2, "\x01\x16\x19\x70"),
	S(65540, scoutfs_meta, "\x8b\x42\x3c\x10"),
	S(65540, scoutfs_data, "\x8b\x42\x3c\x10"),
	S(65588, reiserfs, "ReIsEr"),
	S(65600, btrfs, "_BHRfS_M"),
	UFS_AT(66908),
	LUKS2_AT(0x20000),
	LUKS2_AT(0x40000),
	UFS_AT(263516),
	LUKS2_AT(0x80000),
	LUKS2_AT(0x100000),
	S(0x100000, vmfs_volume, "\x0d\xd0\x01\xc0"),
	LUKS2_AT(0x200000),
	S(0x200000, vmfs, "\x5e\xf1\xab\x2f"),
	S(0x200018, bcachefs, BCACHE_MARK),
	LUKS2_AT(0x400000),
	S(END(1), ddf, "\xde\x11\xde\x11"),
	S(END(1), lsi, "$XIDE$"),
	S(END(1), via, "\x55\xaa"),
	S(END(1) + 0x60, silicon, "\0\0\0\x2f"),
	S(END(1), adaptec, "\x37\xfc\x4d\x1e"),
	S(END(1), jmicron, "JM"),
	S(END(2), isw, "Intel Ra"),
	S(END(2), nvidia, "NVIDIA"),
	S(END(8) + 6, nilfs2, "\x34\x34"),
	S(END(8) + 60, drbd, "\x83\x74\x02"),
	S(END(11), hpt45x, "\xf3\x16\x78\x5a"),
	S(END(11), hpt45x, "\xfd\x16\x78\x5a"),
	PROMISE_AT(16),
	PROMISE_AT(63),
	PROMISE_AT(255),
	PROMISE_AT(256),
	S(END(257), ddf, "\xde\x11\xde\x11"),
	PROMISE_AT(399),
	PROMISE_AT(591),
	PROMISE_AT(675),
	PROMISE_AT(735),
	PROMISE_AT(911),
	PROMISE_AT(951),
	PROMISE_AT(974),
	PROMISE_AT(991),
	S(END(2048) + 0x18, bcachefs, BCACHE_MARK),
	PROMISE_AT(3087),
};

const size_t sign_count = sizeof(signs) / sizeof(signs[0]);

struct looking {
	struct blkdev *dev;
	bool here[SIGN_TYPES];
	uint64_t at; /* of the bytes */
	size_t len;
	uint8_t bytes[WINDOW];
};

/* Read the bytes at AT. False: they cannot be read. */
static bool see(struct looking *l, uint64_t at, size_t len)
{
	l->at = at;
	l->len = len < l->dev->len - at ? len : (size_t)(l->dev->len - at);
	return !blkdev_read(l->dev, at, l->len, l->bytes);
}

/* Look for SIGN at AT, which is among the bytes unless the place ends before it. */
static void compare(struct looking *l, const struct sign *sign, uint64_t at)
{
	size_t off = (size_t)(at - l->at);

	if (off < l->len && sign->len <= l->len - off &&
	    !memcmp(l->bytes + off, sign->mark, sign->len))
		l->here[sign->type] = true;
}

/* Look at the start, where most signs are. NULL: a read failed; else the first sign after it. */
static const struct sign *look_at_start(struct looking *l)
{
	static const uint8_t record[] = {0xfe, 0xed, 0xba, 0xbe};
	const struct sign *sign = signs;

	for (uint64_t at = 0; at < XFS_LOG_END && at < l->dev->len; at += WINDOW) {
		if (!see(l, at, WINDOW))
			return NULL;
		for (size_t i = 0; i + sizeof(record) <= l->len; i += SECTOR)
			if (!memcmp(l->bytes + i, record, sizeof(record)))
				l->here[xfs_log] = true;
		for (; sign->at >= 0 && (uint64_t)sign->at < at + WINDOW; sign++)
			compare(l, sign, (uint64_t)sign->at);
	}
	return sign;
}

/* Look for the other signs, from the start or from the end, in pieces that include neighbours. */
static bool look_elsewhere(struct looking *l, const struct sign *sign)
{
	uint64_t len = l->dev->len;

	for (l->len = 0; sign < signs + sign_count; sign++) {
		uint64_t back = sign->at < 0 ? (uint64_t) - (int64_t)sign->at : 0;
		uint64_t at = sign->at < 0 ? len - back : (uint64_t)sign->at;
		uint64_t piece = at - at % CHUNK;

		if (back > len || at >= len)
			continue;
		if (back) {
			back = (back + CHUNK - 1) / CHUNK * CHUNK;
			piece = back < len ? len - back : 0;
		}
		if ((!l->len || l->at != piece) && !see(l, piece, CHUNK))
			return false;
		compare(l, sign, at);
	}
	return true;
}

/* In either byte order. */
static bool has_word(const uint8_t *bytes, uint32_t word)
{
	return get_le32(bytes) == word || __builtin_bswap32(get_le32(bytes)) == word;
}

/* The superblocks of Linux RAID that lie near the end: 0.90, in either byte order, and 1.0. */
static bool look_for_md(struct looking *l)
{
	uint64_t len = l->dev->len, end_64k = len - len % (64 << 10), end_4k = len - len % 4096;
	const uint64_t at[] = {end_64k - (64 << 10), end_4k - (8 << 10)};

	for (size_t i = 0; i < 2; i++) {
		if (len < 64 << 10 || !see(l, at[i], 4))
			return len < 64 << 10;
		if (has_word(l->bytes, 0xa92b4efc))
			l->here[linux_raid] = true;
	}
	return true;
}

/*
 * Each of the four labels of a ZFS pool member begins its list of names and values with fixed
 * bytes; one label is enough. libblkid reads a megabyte for the same result.
 */
static bool look_for_zfs(struct looking *l)
{
	static const uint8_t unique_names[] = {0, 0, 0, 0, 0, 0, 0, 1};
	const uint64_t label = 256 << 10, list = 16 << 10;
	uint64_t end = l->dev->len - l->dev->len % label;
	const uint64_t labels[] = {0, label, end - 2 * label, end - label};

	for (size_t i = 0; end >= 2 * label && i < sizeof(labels) / sizeof(labels[0]); i++) {
		/* encoding (XDR), byte order, two unused bytes; then version and flags */
		if (!see(l, labels[i] + list, 12))
			return false;
		if (l->bytes[0] == 1 && !memcmp(l->bytes + 4, unique_names, sizeof(unique_names)))
			l->here[zfs] = true;
	}
	return true;
}

static bool look(struct looking *l)
{
	const struct sign *rest = look_at_start(l);

	return rest && look_elsewhere(l, rest) && look_for_md(l) && look_for_zfs(l);
}

/* SIGN_TYPES: it has no row. *NEXT is the row expected for the next type of libblkid. */
static unsigned find_type(const char *name, unsigned *next)
{
	unsigned type = *next;

	if (type == SIGN_TYPES || strcmp(sign_names[type], name) != 0)
		for (type = 0; type < SIGN_TYPES && strcmp(sign_names[type], name) != 0; type++)
			;
	if (type < SIGN_TYPES)
		*next = type + 1;
	return type;
}

void signatures_look(struct blkdev *dev, struct signatures *found)
{
	struct looking l = {.dev = dev};
	unsigned type, next = 0;
	const char *name;
	size_t count = 0;

	*found = (struct signatures){.others = true};
	/* types disagree about the end of a place that does not end with a sector */
	if (!dev->len || dev->len % SECTOR || !look(&l))
		return;
	found->others = false;
	for (size_t i = 0; !blkid_superblocks_get_name(i, &name, NULL); i++) {
		type = find_type(name, &next);
		if (type < SIGN_TYPES && !l.here[type]) {
			if (count < SIGNATURE_TYPES_MAX)
				found->absent[count++] = (char *)sign_names[type];
		} else if (strncmp(name, "ext", 3) != 0 && strcmp(name, "jbd") != 0) {
			found->others = true;
		}
	}
}

/* ---- partition tables ---- */

/* All of these begin in the first KiB, except those of Ultrix and UnixWare. */
static const char tables[][16] = {"aix",    "sgi", "sun",      "dos",	  "gpt",   "PMBR",  "mac",
				  "ultrix", "bsd", "unixware", "solaris", "minix", "atari", "dasd"};

static bool tables_are_known(void)
{
	const char *name;

	for (size_t i = 0; !blkid_partitions_get_name(i, &name); i++) {
		size_t k = 0;

		while (k < sizeof(tables) / sizeof(tables[0]) && strcmp(tables[k], name) != 0)
			k++;
		if (k == sizeof(tables) / sizeof(tables[0]))
			return false;
	}
	return true;
}

static bool may_have(struct blkdev *dev, uint64_t at, uint32_t mark)
{
	uint8_t bytes[4];

	return blkdev_read(dev, at, sizeof(bytes), bytes) || has_word(bytes, mark);
}

bool signatures_table(struct blkdev *dev)
{
	uint8_t head[1024];

	/* libblkid looks for UnixWare's in the second place, where it once was by mistake */
	return dev->len < WINDOW * 2 || blkdev_read(dev, 0, sizeof(head), head) ||
	       !bytes_are_zero(head, sizeof(head)) || may_have(dev, 16312, 0x032957) ||
	       may_have(dev, 14852, 0xcae5600d) || may_have(dev, 29174, 0xcae5600d) ||
	       !tables_are_known();
}
