// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the entries of an inode's owners, once each, and changes the usage in them.
#include "quota/quota.h"

#include "base/bytes.h"
#include "base/invariant.h"
#include "format/system.h"
#include "quota/quota_file.h"
#include "sets/numbermap.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What was found of one type. */
struct known {
	struct quota_file file;
	struct numbermap of; /* an id's place among them; its key is the id plus 1 */
	VEC(, uint64_t) places;
};

struct quota {
	struct known type[QUOTA_TYPES];
	uint8_t *bitmap; /* of GROUP: alloc_check_taken() */
	uint32_t group;
};

/* ---- who is counted ---- */

/* As the kernel's S_NOQUOTA, and e2fsck in check_blocks(). */
static bool is_counted(const struct e4z_image *img, const struct inode *inode)
{
	const struct ext2_super_block *sb = img->fs->super;

	return quota_applies(sb) && !is_system_inode(sb, inode->ino) &&
	       !(inode->flags & EXT4_EA_INODE_FL);
}

static uint32_t project_of(const struct e4z_image *img, const struct inode *inode)
{
	bool has = ext2fs_has_feature_project(img->fs->super) &&
		   img->inode_size > EXT2_GOOD_OLD_INODE_SIZE &&
		   EXT2_GOOD_OLD_INODE_SIZE + get_le16(inode->raw + I_EXTRA_ISIZE) >= I_PROJECT + 4;

	return has ? get_le32(inode->raw + I_PROJECT) : 0;
}

static uint32_t id_of(const struct e4z_image *img, const struct inode *inode, enum quota_type type)
{
	const uint8_t *raw = inode->raw;

	switch (type) {
	case QUOTA_USER:
		return get_le16(raw + I_USER) | (uint32_t)get_le16(raw + I_USER_HIGH) << 16;
	case QUOTA_GROUP:
		return get_le16(raw + I_GROUP) | (uint32_t)get_le16(raw + I_GROUP_HIGH) << 16;
	default: return project_of(img, inode);
	}
}

/* ---- finding ---- */

static errcode_t make(struct e4z_image *img)
{
	const struct ext2_super_block *sb = img->fs->super;
	const uint32_t ino[QUOTA_TYPES] = {
		[QUOTA_USER] = sb->s_usr_quota_inum,
		[QUOTA_GROUP] = sb->s_grp_quota_inum,
		[QUOTA_PROJECT] = sb->s_prj_quota_inum,
	};
	struct quota *q = calloc(1, sizeof(*q));

	if (!q)
		return ENOMEM;
	img->quota = q;
	q->group = UINT32_MAX;
	for (unsigned t = 0; t < QUOTA_TYPES; t++)
		q->type[t].file = (struct quota_file){.type = t, .ino = ino[t]};
	q->bitmap = malloc(img->block_size);
	if (q->bitmap)
		return 0;
	quota_free(img);
	return ENOMEM;
}

void quota_free(struct e4z_image *img)
{
	struct quota *q = img->quota;

	for (unsigned t = 0; q && t < QUOTA_TYPES; t++) {
		quota_file_close(&q->type[t].file);
		numbermap_free(&q->type[t].of);
		vec_free(&q->type[t].places);
	}
	if (q)
		free(q->bitmap);
	free(q);
	img->quota = NULL;
}

errcode_t quota_reserve(struct e4z_image *img)
{
	errcode_t err = 0;

	if (!quota_applies(img->fs->super))
		return 0;
	if (!img->quota)
		err = make(img);
	for (unsigned t = 0; t < QUOTA_TYPES && !err; t++) {
		struct quota_file *file = &img->quota->type[t].file;

		if (file->ino && !file->open)
			err = quota_file_open(img, file);
		if (err != ENOMEM)
			err = 0;
	}
	return err;
}

static errcode_t refuse(struct e4z_image *img, const struct inode *inode,
			const struct quota_file *file, uint32_t id)
{
	static const char *const names[QUOTA_TYPES] = {
		[QUOTA_USER] = "user",
		[QUOTA_GROUP] = "group",
		[QUOTA_PROJECT] = "project",
	};
	static const char *const options[QUOTA_TYPES] = {
		[QUOTA_USER] = "usrquota",
		[QUOTA_GROUP] = "grpquota",
		[QUOTA_PROJECT] = "prjquota",
	};
	const char *option = options[file->type];
	char why[80];

	if (file->unmapped)
		return image_refuse_file(img, inode->ino, E4Z_ET_QUOTA,
					 "the edit would change its block count, and the %s quota "
					 "file %s; run \"e2fsck -f IMAGE\" first",
					 names[file->type], file->why);
	snprintf(why, sizeof(why), "has no entry for %" PRIu32, id);
	return image_refuse_file(img, inode->ino, E4Z_ET_QUOTA,
				 "the edit would change its block count, and the %s quota file %s; "
				 "\"tune2fs -Q ^%s IMAGE\" and \"tune2fs -Q %s IMAGE\" make a new "
				 "one, without limits",
				 names[file->type], file->why ? file->why : why, option, option);
}

static int remember(struct known *known, uint32_t id, uint64_t place)
{
	/* this one is nobody's */
	if (id == UINT32_MAX)
		return 0;
	if (vec_push(&known->places, place))
		return ENOMEM;
	return numbermap_add(&known->of, id + 1, (uint32_t)known->places.count - 1);
}

/* The block at PLACE is in use, says the bitmap: it is given to nobody else. */
static errcode_t check_taken(struct e4z_image *img, struct quota_file *file, uint64_t place)
{
	struct quota *q = img->quota;
	errcode_t err = alloc_check_taken(img, place >> img->block_bits, 1, q->bitmap, &q->group);

	if (err != E4Z_ET_CORRUPT_MAP)
		return err;
	image_forget(img);
	file->why = "has a block that is not marked as in use";
	file->unmapped = true;
	return 0;
}

static errcode_t look_up(struct e4z_image *img, struct known *known, uint32_t id, uint64_t *place)
{
	struct quota_file *file = &known->file;
	errcode_t err = file->open ? 0 : quota_file_open(img, file);

	if (!err && !file->why)
		err = quota_file_find(img, file, id, place);
	if (!err && *place)
		err = check_taken(img, file, *place);
	if (err)
		return image_fail(img, err, "reading the quota file, inode %" PRIu32, file->ino);
	if (file->why)
		*place = 0;
	return *place ? remember(known, id, *place) : 0;
}

static errcode_t find(struct e4z_image *img, const struct inode *inode, enum quota_type type,
		      uint64_t *place)
{
	struct known *known = &img->quota->type[type];
	uint32_t id = id_of(img, inode, type), at;
	errcode_t err;

	*place = 0;
	if (!known->file.ino)
		return 0;
	if (numbermap_find(&known->of, id + 1, &at)) {
		*place = known->places.items[at];
		return 0;
	}
	err = look_up(img, known, id, place);
	return err || *place ? err : refuse(img, inode, &known->file, id);
}

/* Where the entries of INODE's owners are; 0: not counted. */
static errcode_t find_all(struct e4z_image *img, const struct inode *inode, uint64_t *places)
{
	errcode_t err = img->quota ? 0 : make(img);

	for (unsigned t = 0; t < QUOTA_TYPES && !err; t++)
		err = find(img, inode, t, &places[t]);
	return err;
}

errcode_t quota_check(struct e4z_image *img, const struct inode *inode)
{
	uint64_t places[QUOTA_TYPES];

	return is_counted(img, inode) ? find_all(img, inode, places) : 0;
}

/* ---- changing ---- */

errcode_t quota_add(struct e4z_image *img, const struct inode *inode, int64_t bytes, int64_t inodes)
{
	uint64_t places[QUOTA_TYPES];
	uint8_t *data;
	errcode_t err;

	if (!is_counted(img, inode))
		return 0;
	err = find_all(img, inode, places);
	for (unsigned t = 0; t < QUOTA_TYPES && !err; t++) {
		if (!places[t])
			continue;
		err = txn_edit(img, places[t] >> img->block_bits, &data);
		if (err)
			return err;
		data += places[t] & (img->block_size - 1);
		err = INVARIANT("Q1", quota_is_of(data, id_of(img, inode, t)));
		if (!err)
			quota_charge(data, bytes, inodes);
	}
	return err;
}

unsigned quota_bound(const struct e4z_image *img)
{
	return quota_applies(img->fs->super) ? QUOTA_TYPES : 0;
}
