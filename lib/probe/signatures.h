/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the types that libblkid knows cannot be in a place, because the first bytes of each of
 * their signatures are missing. libblkid allocates and reads for each type. On an image with only
 * ext in it, comparing the bytes answers most of the question.
 */
#ifndef E4Z_PROBE_SIGNATURES_H
#define E4Z_PROBE_SIGNATURES_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_TYPES_MAX 128

struct signatures {
	/* the types that cannot be present, and NULL: a filter for the probe of libblkid */
	char *absent[SIGNATURE_TYPES_MAX + 1];
	/* a type other than ext and its journal may be present */
	bool others;
};

/* Examine the place that DEV is set to. */
void signatures_look(struct blkdev *dev, struct signatures *found);

/* DEV, set to all of the image, may begin with a partition table. */
bool signatures_table(struct blkdev *dev);

/* ---- the table, for its test ---- */

/* In libblkid's order. */
#define TYPES(T)                                                                                   \
	T(linux_raid, "linux_raid_member")                                                         \
	T(ddf, "ddf_raid_member")                                                                  \
	T(isw, "isw_raid_member")                                                                  \
	T(lsi, "lsi_mega_raid_member")                                                             \
	T(via, "via_raid_member")                                                                  \
	T(silicon, "silicon_medley_raid_member")                                                   \
	T(nvidia, "nvidia_raid_member")                                                            \
	T(promise, "promise_fasttrack_raid_member")                                                \
	T(hpt45x, "hpt45x_raid_member")                                                            \
	T(hpt37x, "hpt37x_raid_member")                                                            \
	T(adaptec, "adaptec_raid_member")                                                          \
	T(jmicron, "jmicron_raid_member")                                                          \
	T(bcache, "bcache")                                                                        \
	T(bcachefs, "bcachefs")                                                                    \
	T(bluestore, "ceph_bluestore")                                                             \
	T(drbd, "drbd")                                                                            \
	T(drbdmanage, "drbdmanage_control_volume")                                                 \
	T(drbdproxy, "drbdproxy_datalog")                                                          \
	T(lvm2, "LVM2_member")                                                                     \
	T(lvm1, "LVM1_member")                                                                     \
	T(snapcow, "DM_snapshot_cow")                                                              \
	T(verity, "DM_verity_hash")                                                                \
	T(integrity, "DM_integrity")                                                               \
	T(luks, "crypto_LUKS")                                                                     \
	T(vmfs_volume, "VMFS_volume_member")                                                       \
	T(ubi, "ubi")                                                                              \
	T(vdo, "vdo")                                                                              \
	T(stratis, "stratis")                                                                      \
	T(bitlocker, "BitLocker")                                                                  \
	T(fvault2, "cs_fvault2")                                                                   \
	T(vfat, "vfat")                                                                            \
	T(swsuspend, "swsuspend")                                                                  \
	T(swap, "swap")                                                                            \
	T(xfs, "xfs")                                                                              \
	T(xfs_log, "xfs_external_log")                                                             \
	T(exfs, "exfs")                                                                            \
	T(reiserfs, "reiserfs")                                                                    \
	T(reiser4, "reiser4")                                                                      \
	T(jfs, "jfs")                                                                              \
	T(udf, "udf")                                                                              \
	T(iso9660, "iso9660")                                                                      \
	T(zfs, "zfs_member")                                                                       \
	T(hfsplus, "hfsplus")                                                                      \
	T(hfs, "hfs")                                                                              \
	T(ufs, "ufs")                                                                              \
	T(hpfs, "hpfs")                                                                            \
	T(sysv, "sysv")                                                                            \
	T(xenix, "xenix")                                                                          \
	T(ntfs, "ntfs")                                                                            \
	T(refs, "ReFS")                                                                            \
	T(cramfs, "cramfs")                                                                        \
	T(romfs, "romfs")                                                                          \
	T(scoutfs_meta, "scoutfs_meta")                                                            \
	T(scoutfs_data, "scoutfs_data")                                                            \
	T(minix, "minix")                                                                          \
	T(gfs, "gfs")                                                                              \
	T(gfs2, "gfs2")                                                                            \
	T(ocfs, "ocfs")                                                                            \
	T(ocfs2, "ocfs2")                                                                          \
	T(oracleasm, "oracleasm")                                                                  \
	T(vxfs, "vxfs")                                                                            \
	T(squashfs, "squashfs")                                                                    \
	T(squashfs3, "squashfs3")                                                                  \
	T(netware, "nss")                                                                          \
	T(btrfs, "btrfs")                                                                          \
	T(ubifs, "ubifs")                                                                          \
	T(bfs, "bfs")                                                                              \
	T(vmfs, "VMFS")                                                                            \
	T(befs, "befs")                                                                            \
	T(nilfs2, "nilfs2")                                                                        \
	T(exfat, "exfat")                                                                          \
	T(f2fs, "f2fs")                                                                            \
	T(mpool, "mpool")                                                                          \
	T(apfs, "apfs")                                                                            \
	T(zonefs, "zonefs")                                                                        \
	T(erofs, "erofs")

#define AS_NUMBER(type, name) type,
enum sign_type { TYPES(AS_NUMBER) SIGN_TYPES };

/* Their names. No pointers: they would have to be relocated whenever the program starts. */
extern const char sign_names[SIGN_TYPES][32];

/* AT from the start, or negative from the end. */
struct sign {
	int32_t at;
	uint8_t type, len;
	char mark[8];
};

/* Signs from the start come first, in ascending order, so that their bytes are read once. */
extern const struct sign signs[];
extern const size_t sign_count;

#endif
