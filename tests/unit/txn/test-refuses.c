// SPDX-License-Identifier: GPL-2.0-or-later
// What a transaction refuses: groups whose descriptor or bitmaps cannot be believed, places outside
// the image, data that nobody can store, an invalid superblock; and all of it once it is
// broken.
#include "../../props/small.h"
#include "../check.h"
#include "base/bytes.h"
#include "errors.h"
#include "format/fields.h"
#include "txn/alloc.h"
#include "txn/part.h"
#include "txn/txn.h"
#include "txn/txn_state.h"
#include <stdlib.h>
#include <string.h>

#define BS 1024u

static const struct e4z_edit_options defaults;
static struct small small;
static uint32_t ino;

static struct e4z_image *begin(void)
{
	const struct e4z_open_options options = {.write = true};
	struct e4z_image *img;

	CHECK(e4z_open(small.path, &options, &img) == 0);
	CHECK(txn_begin(img, &defaults) == 0);
	return img;
}

/* The descriptor of group 0, for changing. */
static struct part descriptor(struct e4z_image *img)
{
	struct part p = {.img = img};

	CHECK(part_load_desc(&p) == 0);
	return p;
}

/* ---- groups ---- */

static void desc_csum(struct e4z_image *img)
{
	descriptor(img).desc[BG_CHECKSUM] ^= 1;
}

static void block_bitmap_place(struct e4z_image *img)
{
	struct part p = descriptor(img);

	p.desc[BG_BLOCK_BITMAP + 2] ^= 0x40;
	part_seal(&p);
}

static void block_bitmap(struct e4z_image *img)
{
	uint8_t *bitmap;

	CHECK(txn_edit(img, ext2fs_block_bitmap_loc(img->fs, 0), &bitmap) == 0);
	bitmap[BS / 2 - 1] ^= 0x40;
}

static void inode_uninit(struct e4z_image *img)
{
	struct part p = descriptor(img);

	p.desc[BG_FLAGS] |= EXT2_BG_INODE_UNINIT;
	part_seal(&p);
}

static void inode_count(struct e4z_image *img)
{
	struct part p = descriptor(img);

	p.desc[BG_FREE_INODES]++;
	part_seal(&p);
}

static void inode_csum(struct e4z_image *img)
{
	struct part p = descriptor(img);

	p.desc[BG_INODE_BITMAP_CSUM] ^= 1;
	part_seal(&p);
}

static void inode_bitmap_place(struct e4z_image *img)
{
	ext2fs_inode_bitmap_loc_set(img->fs, 0, 2000);
}

static void is_free(struct e4z_image *img)
{
	CHECK(alloc_give_inode(img, ino, false) == 0);
}

static void nothing(struct e4z_image *img)
{
	(void)img;
}

static errcode_t take(struct e4z_image *img)
{
	uint64_t pblk, got;

	return alloc_take_run(img, 0, 1, true, &pblk, &got);
}

static errcode_t give_inode(struct e4z_image *img)
{
	return alloc_give_inode(img, ino, false);
}

static errcode_t give_directory(struct e4z_image *img)
{
	struct part p = descriptor(img);

	p.desc[BG_USED_DIRS] = 0;
	part_seal(&p);
	return alloc_give_inode(img, ino, true);
}

static errcode_t give_block_twice(struct e4z_image *img)
{
	struct run runs[] = {{.pblk = 4000, .len = 2}, {.pblk = 3900, .len = 1}};

	return alloc_give_all(img, runs, 2);
}

static const struct {
	void (*damage)(struct e4z_image *img);
	errcode_t (*op)(struct e4z_image *img);
	const char *why;
} groups[] = {
	{desc_csum, take, "group 0: the descriptor's checksum is wrong"},
	{desc_csum, give_inode, "group 0: the descriptor's checksum is wrong"},
	{block_bitmap_place, take, "group 0: the block bitmap has an invalid location"},
	{block_bitmap, take, "group 0: the block bitmap's checksum is wrong"},
	{nothing, give_block_twice, "block 3900 is free already"},
	{inode_uninit, give_inode, "group 0: no inode of it is in use"},
	{inode_count, give_inode, "group 0: its count of free inodes is wrong"},
	{inode_csum, give_inode, "group 0: the inode bitmap's checksum is wrong"},
	{inode_bitmap_place, give_inode, "group 0: the inode bitmap has an invalid location"},
	{is_free, give_inode, "it is free already"},
	{nothing, give_directory, "its group counts no directory"},
};

static void test_groups(void)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct e4z_image *img = begin();
		errcode_t err;

		groups[i].damage(img);
		err = groups[i].op(img);
		if (err != E4Z_ET_CORRUPT_MAP || !strstr(e4z_message(img, err), groups[i].why)) {
			fprintf(stderr, "wanted %s, got %s\n", groups[i].why,
				e4z_message(img, err));
			exit(1);
		}
		e4z_close(img);
	}
}

/* Blocks that are allocated are recorded in img->taken. */
static void test_taken(void)
{
	struct e4z_image *img = begin();
	uint64_t pblk, got;

	img->taken = rangeset_new(img->blocks);
	CHECK(img->taken);
	CHECK(alloc_take_run(img, 0, 7, true, &pblk, &got) == 0 && got == 7);
	for (uint64_t b = pblk - 1; b <= pblk + 7; b++)
		CHECK(rangeset_has(img->taken, b) == (b >= pblk && b < pblk + 7));
	rangeset_free(img->taken);
	img->taken = NULL;
	e4z_close(img);
}

/* With uninit_bg alone a descriptor has a crc16, whatever its size: libext2fs's. */
static void test_crc16(uint32_t desc_size)
{
	struct e4z_image *img = begin();
	struct ext2_super_block *sb = img->fs->super;
	struct part p = descriptor(img);

	img->metadata_csum = false;
	sb->s_feature_ro_compat &= ~(uint32_t)EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
	sb->s_feature_ro_compat |= EXT4_FEATURE_RO_COMPAT_GDT_CSUM;
	sb->s_feature_incompat |= EXT4_FEATURE_INCOMPAT_64BIT;
	sb->s_desc_size = (uint16_t)desc_size;
	p.desc[BG_FREE_INODES] ^= 1;
	part_seal(&p);
	memcpy(img->fs->group_desc, p.desc, desc_size);
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		ext2fs_swap_group_desc2(img->fs,
					ext2fs_group_desc(img->fs, img->fs->group_desc, 0));
	CHECK(get_le16(p.desc + BG_CHECKSUM) == ext2fs_group_desc_csum(img->fs, 0));
	e4z_close(img);
}

/* With meta_bg the descriptors follow the superblock of their own groups. */
static void test_meta_bg(void)
{
	struct e4z_image *img = begin();

	CHECK(part_desc_block(img, 0) == 2 && part_desc_block(img, 3) == 5);
	img->fs->super->s_feature_incompat |= EXT2_FEATURE_INCOMPAT_META_BG;
	img->fs->super->s_first_meta_bg = 1;
	CHECK(part_desc_block(img, 0) == 2);
	CHECK(part_desc_block(img, 1) == ext2fs_descriptor_block_loc2(img->fs, 1, 1));
	CHECK(part_desc_block(img, 1) > img->fs->super->s_blocks_per_group);
	e4z_close(img);
}

/* ---- places ---- */

static void test_places(void)
{
	static const uint8_t data[2 * BS];
	struct e4z_image *img = begin();
	uint64_t end = img->dev->len;

	CHECK(txn_home(img, end, 1, data) == E4Z_ET_CLIPPED);
	CHECK(txn_home(img, end - 1, 2, data) == E4Z_ET_CLIPPED);
	CHECK(txn_home(img, end + BS, 0, data) == 0);
	CHECK(txn_home(img, end - BS - 1, 2, data) == E4Z_ET_USAGE);
	CHECK(txn_home(img, end + 1, 1, data) == E4Z_ET_CLIPPED);
	CHECK(txn_home_zero(img, end, BS) == E4Z_ET_CLIPPED);
	CHECK(txn_home_zero(img, end + BS, BS) == E4Z_ET_CLIPPED);
	CHECK(txn_home_zero(img, end + BS, 0) == 0);
	CHECK(txn_homes(img) == 0 && !txn_has_changes(img) && txn_logged(img) == 0);
	e4z_done(img, NULL);
	CHECK(txn_home(img, end - 1, 1, data) == 0 && txn_homes(img) == 1);
	e4z_close(img);
}

/* The file that takes data when there are many of them cannot be made. */
static void test_no_spill(void)
{
	static const uint8_t data[BS];
	struct e4z_image *img = begin();
	errcode_t err = 0;

	CHECK(setenv("TMPDIR", "/nonexistent", 1) == 0);
	for (unsigned i = 0; !err && i < 40000; i++) {
		txn_barrier(img);
		err = txn_home(img, 3900 * BS, BS, data);
	}
	CHECK(err == ENOENT);
	CHECK(strstr(e4z_context(img), "storing data of the edit in /nonexistent"));
	CHECK(!img->dev->touched);
	e4z_close(img);
}

/* ---- the superblock ---- */

/* What is to be seen must be a file system: the handle of libext2fs is what it was. */
static void test_super(void)
{
	struct e4z_image *img = begin();
	ext2_filsys fs = img->fs;
	uint8_t *raw;

	CHECK(txn_super(img, &raw) == 0);
	raw[S_FEATURE_INCOMPAT + 3] |= 0x40;
	CHECK(txn_seal(img) == E4Z_ET_FEATURE);
	CHECK(img->fs == fs && !img->dev->touched);
	e4z_close(img);
}

/* ---- BROKEN ---- */

static void test_broken(void)
{
	static const uint8_t data[BS];
	struct e4z_image *img = begin();
	struct e4z_commit_summary sum;
	uint8_t *block;

	img->txn->state = BROKEN;
	CHECK(txn_edit(img, 100, &block) == E4Z_ET_STATE);
	CHECK(txn_create(img, 100, &block) == E4Z_ET_STATE);
	CHECK(txn_super(img, &block) == E4Z_ET_STATE);
	CHECK(txn_home(img, 3900 * BS, BS, data) == E4Z_ET_STATE);
	CHECK(txn_home_again(img, 3900, data) == E4Z_ET_STATE);
	CHECK(txn_home_zero(img, 3900 * BS, BS) == E4Z_ET_STATE);
	CHECK(txn_drop_ro_compat(img, 1) == E4Z_ET_STATE);
	CHECK(take(img) == E4Z_ET_STATE && give_inode(img) == E4Z_ET_STATE);
	CHECK(txn_seal(img) == E4Z_ET_STATE && txn_commit(img, &sum) == E4Z_ET_STATE);
	txn_mark(img);
	txn_back(img);
	CHECK(img->txn->state == BROKEN && !txn_has_changes(img) && !img->dev->touched);
	txn_abort(img);
	CHECK(txn_edit(img, 100, &block) == E4Z_ET_STATE);
	e4z_close(img);
}

int main(void)
{
	const struct small_options options = {
		.block_size = BS, .blocks = 4096, .inodes = 32, .journal = true};

	small_begin(&small, &options);
	ino = small_file(&small, "file", "", 0);
	small_end(&small);
	test_groups();
	test_taken();
	test_crc16(32);
	test_crc16(64);
	test_meta_bg();
	test_places();
	test_super();
	test_broken();
	test_no_spill();
	small_free(&small);
	return 0;
}
