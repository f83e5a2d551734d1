// SPDX-License-Identifier: GPL-2.0-or-later
/* What must not be edited, in the order of how little there is to be done about it. */
#include "open/guard.h"

#include "base/invariant.h"
#include "format/feature_names.h"
#include "format/system.h"
#include "journal/log.h"
#include <inttypes.h>

#define FC_REPLAY 0x20 /* s_state: a kernel was replaying fast commits */

/* ---- the file system ---- */

struct mark {
	uint32_t bit;
	errcode_t err;
	const char *why;
};

/* Features that --check reads past. */
static const struct mark ro_compat_marks[] = {
	{EXT4_FEATURE_RO_COMPAT_READONLY, E4Z_ET_READ_ONLY,
	 "the file system is permanently read-only (feature read-only)"},
	{EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, E4Z_ET_FEATURE,
	 "files share blocks (feature shared_blocks): an edit of one would change others"},
};

/* Features that an edit keeps right. What is not here is refused, though a check may read it. */
#define INCOMPAT_EDITABLE                                                                          \
	(EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_RECOVER |                          \
	 EXT2_FEATURE_INCOMPAT_META_BG | EXT3_FEATURE_INCOMPAT_EXTENTS |                           \
	 EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_MMP | EXT4_FEATURE_INCOMPAT_FLEX_BG | \
	 EXT4_FEATURE_INCOMPAT_EA_INODE | EXT4_FEATURE_INCOMPAT_CSUM_SEED |                        \
	 EXT4_FEATURE_INCOMPAT_LARGEDIR | EXT4_FEATURE_INCOMPAT_INLINE_DATA |                      \
	 EXT4_FEATURE_INCOMPAT_ENCRYPT | EXT4_FEATURE_INCOMPAT_CASEFOLD)
#define RO_COMPAT_EDITABLE                                                                         \
	(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |                 \
	 EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |                      \
	 EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |                   \
	 EXT4_FEATURE_RO_COMPAT_QUOTA | EXT4_FEATURE_RO_COMPAT_BIGALLOC |                          \
	 EXT4_FEATURE_RO_COMPAT_METADATA_CSUM | EXT4_FEATURE_RO_COMPAT_PROJECT |                   \
	 EXT4_FEATURE_RO_COMPAT_VERITY | EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT)
#define COMPAT_EDITABLE                                                                            \
	(EXT2_FEATURE_COMPAT_DIR_PREALLOC | EXT2_FEATURE_COMPAT_IMAGIC_INODES |                    \
	 EXT3_FEATURE_COMPAT_HAS_JOURNAL | EXT2_FEATURE_COMPAT_EXT_ATTR |                          \
	 EXT2_FEATURE_COMPAT_RESIZE_INODE | EXT2_FEATURE_COMPAT_DIR_INDEX |                        \
	 EXT4_FEATURE_COMPAT_SPARSE_SUPER2 | EXT4_FEATURE_COMPAT_FAST_COMMIT |                     \
	 EXT4_FEATURE_COMPAT_STABLE_INODES | EXT4_FEATURE_COMPAT_ORPHAN_FILE)

static errcode_t check_marks(struct e4z_image *img, uint32_t bits, const struct mark *marks,
			     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bits & marks[i].bit)
			return image_refuse(img, marks[i].err, "%s", marks[i].why);
	return 0;
}

#define CHECK_MARKS(img, bits, marks)                                                              \
	check_marks(img, bits, marks, sizeof(marks) / sizeof(marks[0]))

static errcode_t check_bits(struct e4z_image *img, enum feature_set set, uint32_t strange)
{
	char name[FEATURE_NAME];

	if (!strange)
		return 0;
	return image_refuse(img, E4Z_ET_FEATURE,
			    "the feature %s is not supported for editing: the file system can only "
			    "be checked",
			    feature_name(set, strange & -strange, name));
}

/*
 * The kernel mounts none of the Hurd's that has fields where the Hurd keeps others, and verifies
 * no inode's checksum where the file system is not Linux's, which e2fsck does.
 */
static errcode_t check_creator(struct e4z_image *img)
{
	struct ext2_super_block *sb = img->fs->super;

	if (img->hurd && (ext2fs_has_feature_64bit(sb) || ext2fs_has_feature_ea_inode(sb)))
		return image_refuse(img, E4Z_ET_FEATURE,
				    "the file system is the Hurd's, which has neither 64bit nor "
				    "ea_inode: no kernel mounts it");
	if (img->metadata_csum && !img->inode_csum)
		return image_refuse(
			img, E4Z_ET_FEATURE,
			"metadata_csum in a file system of an operating system other than Linux: "
			"the kernel and e2fsck disagree on the "
			"checksums of inodes");
	return 0;
}

static errcode_t check_features(struct e4z_image *img)
{
	struct ext2_super_block *sb = img->fs->super;
	errcode_t err = CHECK_MARKS(img, sb->s_feature_ro_compat, ro_compat_marks);

	if (!err)
		err = check_bits(img, FEATURE_INCOMPAT,
				 sb->s_feature_incompat & ~INCOMPAT_EDITABLE);
	if (!err)
		err = check_bits(img, FEATURE_RO_COMPAT,
				 sb->s_feature_ro_compat & ~RO_COMPAT_EDITABLE);
	if (!err)
		err = check_bits(img, FEATURE_COMPAT, sb->s_feature_compat & ~COMPAT_EDITABLE);
	if (!err)
		err = check_creator(img);
	return err;
}

static errcode_t check_state(struct e4z_image *img, bool force)
{
	struct ext2_super_block *sb = img->fs->super;

	if (sb->s_state & FC_REPLAY)
		return image_refuse(img, E4Z_ET_FAST_COMMIT,
				    "a replay of fast commits was interrupted");
	if (img->log && img->log->sb.error && !force)
		return image_refuse(img, E4Z_ET_HAS_ERRORS,
				    "the journal was aborted with error %" PRId32,
				    (int32_t)img->log->sb.error);
	if (sb->s_state & EXT2_ERROR_FS && !force)
		return image_refuse(img, E4Z_ET_HAS_ERRORS,
				    "the file system is marked as having errors");
	/* with a journal a crash leaves the flag on: the log makes up for it */
	if (!ext2fs_has_feature_journal(sb) && !(sb->s_state & EXT2_VALID_FS) && !force)
		return image_refuse(img, E4Z_ET_HAS_ERRORS,
				    "the file system has no journal and was not unmounted");
	return 0;
}

errcode_t guard_super(struct e4z_image *img, bool force)
{
	errcode_t err = check_features(img);

	/* the journal may have another state */
	if (err || img->info.journal == E4Z_JOURNAL_NEEDS_REPLAY)
		return err;
	return check_state(img, force);
}

errcode_t guard_edit(struct e4z_image *img, bool force)
{
	bool logged = !ext2fs_has_feature_journal(img->fs->super) || img->log;
	errcode_t err = INVARIANT("G1", !img->info.mounted && !img->info.attached);

	if (!err)
		err = INVARIANT("G2", logged);
	if (!err)
		err = check_features(img);
	return err ? err : check_state(img, force);
}

/* ---- an inode ---- */

/* What a system inode is for. */
static const char *system_name(const struct e4z_image *img, uint32_t ino)
{
	static const char *const reserved[] = {
		[EXT2_BAD_INO] = "the list of bad blocks",
		[EXT4_USR_QUOTA_INO] = "the user quota",
		[EXT4_GRP_QUOTA_INO] = "the group quota",
		[EXT2_BOOT_LOADER_INO] = "the boot loader",
		[EXT2_UNDEL_DIR_INO] = "the undelete directory",
		[EXT2_RESIZE_INO] = "space for more group descriptors",
		[EXT2_JOURNAL_INO] = "the journal",
		[EXT2_EXCLUDE_INO] = "the exclude bitmap",
		[EXT4_REPLICA_INO] = "the replica",
	};
	const struct ext2_super_block *sb = img->fs->super;

	if (ino == sb->s_journal_inum)
		return "the journal";
	if (ino == sb->s_orphan_file_inum)
		return "the orphan file";
	if (ino == sb->s_prj_quota_inum)
		return "the project quota";
	if (ino < sizeof(reserved) / sizeof(reserved[0]) && reserved[ino])
		return reserved[ino];
	return "reserved";
}

errcode_t guard_number(struct e4z_image *img, uint32_t ino)
{
	if (!is_system_inode(img->fs->super, ino))
		return 0;
	return image_refuse_file(img, ino, E4Z_ET_REFUSED,
				 "belongs to the file system itself: it is %s",
				 system_name(img, ino));
}

static const char *type_name(const struct inode *inode)
{
	switch (inode->mode & LINUX_S_IFMT) {
	case LINUX_S_IFDIR: return "a directory";
	case LINUX_S_IFLNK: return "a symbolic link";
	case LINUX_S_IFCHR:
	case LINUX_S_IFBLK: return "a device";
	case LINUX_S_IFIFO: return "a FIFO";
	case LINUX_S_IFSOCK: return "a socket";
	default: return "of an unknown type";
	}
}

static errcode_t refuse(struct e4z_image *img, const struct inode *inode, const char *why)
{
	return image_refuse_file(img, inode->ino, E4Z_ET_REFUSED, "%s", why);
}

errcode_t guard_inode(struct e4z_image *img, const struct inode *inode, unsigned what)
{
	errcode_t err = guard_number(img, inode->ino);

	if (err)
		return err;
	if (!inode->links)
		return refuse(img, inode, "is unlinked: it is free, or an orphan to be removed");
	if (!inode_is(inode, LINUX_S_IFREG))
		return image_refuse_file(img, inode->ino, E4Z_ET_REFUSED,
					 "is %s, not a regular file", type_name(inode));
	if (inode->flags & EXT4_EA_INODE_FL)
		return refuse(img, inode, "holds an extended attribute's value");
	if (inode->flags & EXT4_VERITY_FL)
		return refuse(img, inode, "is a verity file: its data must not change");
	if (inode->flags & EXT4_SNAPFILE_FL)
		return refuse(img, inode, "is a snapshot");
	if (what & GUARD_EDGES && inode->flags & EXT4_ENCRYPT_FL)
		return refuse(img, inode, "is encrypted: only whole blocks of it can be changed");
	return 0;
}

const char *guard_remark(const struct inode *inode)
{
	if (inode->flags & EXT2_IMMUTABLE_FL)
		return "the file is immutable on a mounted file system";
	if (inode->flags & EXT2_APPEND_FL)
		return "the file is append-only on a mounted file system";
	return NULL;
}
