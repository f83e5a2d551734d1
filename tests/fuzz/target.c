// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the metadata of an image by walking it, and repairs checksums.
#include "target.h"

#include "../journal/repair.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/csum.h"
#include "journal/jbd2.h"

#define SUPER_AT 1024
#define EXTENTS_FL 0x80000u
#define INLINE_FL 0x10000000u
#define TREE_DEPTH 5

static void add(struct fuzz_image *img, enum target_kind kind, uint32_t owner, uint64_t off,
		uint32_t len)
{
	struct target t = {.kind = kind, .owner = owner, .off = off, .len = len};

	if (off > img->len || len > img->len - off)
		return;
	if (kind >= TARGET_INODE)
		t.generation = get_le32(target_inode(img, owner) + 0x64);
	if (vec_push(&img->targets[kind], t))
		abort();
}

static uint8_t *block_at(const struct fuzz_image *img, uint64_t block)
{
	if (!block || block >= img->blocks || (block + 1) * img->bs > img->len)
		return NULL;
	return img->data + block * img->bs;
}

uint8_t *target_desc(const struct fuzz_image *img, uint32_t group)
{
	uint64_t first = SUPER_AT / img->bs + 1;

	return img->data + first * img->bs + (uint64_t)group * img->desc_size;
}

static uint64_t desc_block(const struct fuzz_image *img, uint32_t group, unsigned at)
{
	const uint8_t *d = target_desc(img, group);
	uint64_t high = img->desc_size >= 64 ? get_le32(d + 0x20 + at) : 0;

	return get_le32(d + at) | high << 32;
}

uint8_t *target_inode(const struct fuzz_image *img, uint32_t ino)
{
	uint32_t group = (ino - 1) / img->per_group;
	uint64_t off;

	if (!ino || group >= img->groups)
		return NULL;
	off = desc_block(img, group, 8) * img->bs +
	      (uint64_t)((ino - 1) % img->per_group) * img->inode_size;
	return off + img->inode_size <= img->len ? img->data + off : NULL;
}

/* ---- finding ---- */

static bool read_super(struct fuzz_image *img)
{
	const uint8_t *sb = img->data + SUPER_AT;
	uint32_t incompat, ro, bpg, per_block;
	bool old;

	if (img->len < 4096 || get_le16(sb + 0x38) != 0xef53 || get_le32(sb + 0x18) > 6)
		return false;
	old = get_le32(sb + 0x4c) == 0;
	incompat = get_le32(sb + 0x60);
	ro = get_le32(sb + 0x64);
	img->bs = 1024u << get_le32(sb + 0x18);
	img->inode_size = old ? 128 : get_le16(sb + 0x58);
	img->inodes = get_le32(sb);
	img->per_group = get_le32(sb + 0x28);
	img->blocks = get_le32(sb + 4) |
		      (incompat & 0x80 ? (uint64_t)get_le32(sb + 0x150) << 32 : 0);
	img->desc_size = incompat & 0x80 ? get_le16(sb + 0xfe) : 32;
	bpg = get_le32(sb + 0x20);
	img->clusters = ro & 0x200 ? get_le32(sb + 0x24) : bpg;
	if (!bpg || !img->per_group || img->desc_size < 32 || img->inode_size < 128)
		return false;
	img->groups = (uint32_t)((img->blocks - get_le32(sb + 0x14) + bpg - 1) / bpg);
	/* meta_bg: the first block of descriptors is enough */
	per_block = img->bs / img->desc_size;
	if (incompat & 0x10 && img->groups > per_block)
		img->groups = per_block;
	img->csum = ro & 0x400;
	img->crc16 = !img->csum && ro & 0x10;
	img->orphan_file = get_le32(sb + 0x5c) & 0x1000;
	img->seed = incompat & 0x2000 ? get_le32(sb + 0x270) : crc32c(~0u, sb + 0x68, 16);
	return (uint64_t)img->groups * img->desc_size + 3 * (uint64_t)img->bs <= img->len;
}

/* A block of the log: the first one has its format, others are known by their magic number. */
static void found_log(struct fuzz_image *img, uint32_t ino, uint8_t *p)
{
	struct jbd2_sb sb;
	uint32_t tid;

	if (vec_push(&img->log_blocks, (uint64_t)(p - img->data)))
		abort();
	if (!img->log && jbd2_super_decode((const struct jbd2_super *)(const void *)p, &sb) &&
	    sb.block_size == img->bs) {
		img->log = true;
		img->log_seed = csum_seed(sb.uuid);
		img->log_shape = jbd2_shape(&sb);
	}
	if (jbd2_block_type(p, &tid))
		add(img, TARGET_JOURNAL, ino, (uint64_t)(p - img->data), img->bs);
}

static void found_data(struct fuzz_image *img, uint32_t ino, uint64_t block, uint64_t count)
{
	const uint8_t *raw = target_inode(img, ino);
	const uint8_t *sb = img->data + SUPER_AT;
	enum target_kind kind = TARGET_DIR;

	if (img->orphan_file && ino == get_le32(sb + 0x280))
		kind = TARGET_ORPHANS;
	else if (ino == get_le32(sb + 0xe0))
		kind = TARGET_JOURNAL;
	else if ((get_le16(raw) & 0xf000) != 0x4000)
		return;
	for (uint64_t i = 0; i < count; i++) {
		uint8_t *p = block_at(img, block + i);

		if (p && kind == TARGET_JOURNAL)
			found_log(img, ino, p);
		else if (p)
			add(img, kind, ino, (block + i) * img->bs, img->bs);
	}
}

static void walk_extents(struct fuzz_image *img, uint32_t ino, const uint8_t *node, unsigned depth)
{
	unsigned entries = get_le16(node + 2);

	if (get_le16(node) != 0xf30a || get_le16(node + 6) != depth || entries > img->bs / 12 - 1)
		return;
	for (unsigned i = 0; i < entries; i++) {
		const uint8_t *e = node + 12 + i * 12, *child;
		uint64_t leaf = get_le32(e + 8) | (uint64_t)get_le16(e + 6) << 32;
		uint64_t index = get_le32(e + 4) | (uint64_t)get_le16(e + 8) << 32;

		if (!depth) {
			found_data(img, ino, leaf, get_le16(e + 4) & 0x7fff);
			continue;
		}
		child = block_at(img, index);
		if (!child)
			continue;
		add(img, TARGET_EXTENTS, ino, index * img->bs, img->bs);
		walk_extents(img, ino, child, depth - 1);
	}
}

static void walk_indirect(struct fuzz_image *img, uint32_t ino, uint64_t block, unsigned level)
{
	const uint8_t *p = block_at(img, block);

	if (!p)
		return;
	if (!level) {
		found_data(img, ino, block, 1);
		return;
	}
	add(img, TARGET_INDIRECT, ino, block * img->bs, img->bs);
	for (uint32_t i = 0; i < img->bs / 4; i++)
		walk_indirect(img, ino, get_le32(p + i * 4), level - 1);
}

static void walk_inode(struct fuzz_image *img, uint32_t ino)
{
	const uint8_t *raw = target_inode(img, ino);
	uint16_t type = get_le16(raw) & 0xf000;
	uint32_t flags = get_le32(raw + 0x20), acl = get_le32(raw + 0x68);

	if (!type || ino == 1 || ino == 7)
		return;
	add(img, TARGET_INODE, ino, (uint64_t)(raw - img->data), img->inode_size);
	if (block_at(img, acl))
		add(img, TARGET_XATTR, ino, (uint64_t)acl * img->bs, img->bs);
	if (flags & INLINE_FL || (type != 0x8000 && type != 0x4000 && type != 0xa000))
		return;
	if (flags & EXTENTS_FL) {
		if (get_le16(raw + 0x2e) <= TREE_DEPTH && get_le16(raw + 0x2a) <= 4)
			walk_extents(img, ino, raw + 0x28, get_le16(raw + 0x2e));
		return;
	}
	if (type == 0xa000 && get_le32(raw + 4) < 60)
		return;
	for (unsigned i = 0; i < 15; i++)
		walk_indirect(img, ino, get_le32(raw + 0x28 + i * 4), i < 12 ? 0 : i - 11);
}

bool target_find(struct fuzz_image *img)
{
	if (!read_super(img))
		return false;
	add(img, TARGET_SUPER, 0, SUPER_AT, 1024);
	if (get_le32(img->data + SUPER_AT + 0x60) & 0x100)
		add(img, TARGET_MMP, 0, get_le32(img->data + SUPER_AT + 0x168) * (uint64_t)img->bs,
		    1024);
	for (uint32_t g = 0; g < img->groups; g++) {
		const uint8_t *bitmap = block_at(img, desc_block(img, g, 4));
		const uint8_t *blocks = block_at(img, desc_block(img, g, 0));

		add(img, TARGET_DESC, g, (uint64_t)(target_desc(img, g) - img->data),
		    img->desc_size);
		if (blocks)
			add(img, TARGET_BLOCKS, g, (uint64_t)(blocks - img->data),
			    img->clusters / 8);
		if (!bitmap || !block_at(img, desc_block(img, g, 8)))
			continue;
		add(img, TARGET_BITMAP, g, (uint64_t)(bitmap - img->data), img->per_group / 8);
		for (uint32_t i = 0; i < img->per_group; i++)
			if (bitmap[i / 8] >> i % 8 & 1 &&
			    target_inode(img, g * img->per_group + i + 1))
				walk_inode(img, g * img->per_group + i + 1);
	}
	return img->targets[TARGET_INODE].count != 0;
}

/* ---- repairing ---- */

static uint32_t inode_seed(const struct fuzz_image *img, uint32_t ino, uint32_t generation)
{
	uint8_t words[8];

	put_le32(words, ino);
	put_le32(words + 4, generation);
	return crc32c(img->seed, words, sizeof(words));
}

static void repair_inode(const struct fuzz_image *img, uint8_t *raw, uint32_t ino)
{
	bool wide = img->inode_size > 128 && get_le16(raw + 0x80) >= 4;
	uint32_t crc;

	put_le16(raw + 0x7c, 0);
	if (wide)
		put_le16(raw + 0x82, 0);
	crc = crc32c(inode_seed(img, ino, get_le32(raw + 0x64)), raw, img->inode_size);
	put_le16(raw + 0x7c, crc);
	if (wide)
		put_le16(raw + 0x82, crc >> 16);
}

static void repair_desc(const struct fuzz_image *img, uint32_t group)
{
	uint8_t *d = target_desc(img, group), number[4];
	uint16_t crc;

	put_le32(number, group);
	put_le16(d + 0x1e, 0);
	if (img->csum) {
		crc = (uint16_t)crc32c(crc32c(img->seed, number, 4), d, img->desc_size);
	} else {
		crc = crc16(0xffff, img->data + SUPER_AT + 0x68, 16);
		crc = crc16(crc16(crc, number, 4), d, 0x1e);
		crc = crc16(crc, d + 0x20, img->desc_size - 0x20);
	}
	put_le16(d + 0x1e, crc);
}

static void repair_extents(const struct fuzz_image *img, uint8_t *p, uint32_t seed)
{
	size_t tail = 12 + (size_t)get_le16(p + 4) * 12;

	if (tail + 4 <= img->bs)
		put_le32(p + tail, crc32c(seed, p, tail));
}

/* A block of a hash tree has its checksum after the space for entries. */
static void repair_htree(const struct fuzz_image *img, uint8_t *p, uint32_t seed)
{
	static const uint8_t nothing[4];
	size_t at = get_le16(p + 4) == img->bs ? 8 : 0x20, end;
	uint8_t *tail;
	uint32_t crc;

	if (at == 0x20 && (get_le16(p + 4) != 12 || get_le16(p + 16) != img->bs - 12))
		return;
	tail = p + at + (size_t)get_le16(p + at) * 8;
	end = at + (size_t)get_le16(p + at + 2) * 8;
	if (tail + 8 > p + img->bs || end > img->bs)
		return;
	crc = crc32c(crc32c(seed, p, end), tail, 4);
	put_le32(tail + 4, crc32c(crc, nothing, 4));
}

/* The checksum of a directory block is in a fake entry at its end. */
static void repair_dir(const struct fuzz_image *img, uint8_t *p, uint32_t seed)
{
	uint8_t *tail = p + img->bs - 12;

	if (get_le32(tail) == 0 && get_le16(tail + 4) == 12 && tail[7] == 0xde)
		put_le32(tail + 8, crc32c(seed, p, img->bs - 12));
	else
		repair_htree(img, p, seed);
}

/* A block of attributes has its checksum in the header. */
static void repair_xattr(const struct fuzz_image *img, uint8_t *p)
{
	uint64_t block = (uint64_t)(p - img->data) / img->bs;
	uint8_t number[8];

	put_le32(number, (uint32_t)block);
	put_le32(number + 4, (uint32_t)(block >> 32));
	put_le32(p + 16, 0);
	put_le32(p + 16, crc32c(crc32c(img->seed, number, 8), p, img->bs));
}

static void repair_orphans(const struct fuzz_image *img, uint8_t *p, uint32_t seed)
{
	uint64_t block = (uint64_t)(p - img->data) / img->bs;
	uint8_t number[8];

	put_le32(number, (uint32_t)block);
	put_le32(number + 4, (uint32_t)(block >> 32));
	put_le32(p + img->bs - 4, crc32c(crc32c(seed, number, 8), p, img->bs - 8));
}

/* The checksum of a bitmap is in the descriptor, at LOW and, if that is large, at HIGH. */
static void repair_bitmap(const struct fuzz_image *img, const struct target *t, unsigned low,
			  unsigned high)
{
	uint8_t *d = target_desc(img, t->owner);
	uint32_t crc = crc32c(img->seed, img->data + t->off, t->len);

	put_le16(d + low, crc);
	if (img->desc_size >= 64)
		put_le16(d + high, crc >> 16);
	repair_desc(img, t->owner);
}

void target_repair(struct fuzz_image *img, const struct target *t)
{
	uint8_t *p = img->data + t->off;
	uint32_t seed = inode_seed(img, t->owner, t->generation);

	if (t->kind == TARGET_DESC && (img->csum || img->crc16))
		repair_desc(img, t->owner);
	if (t->kind == TARGET_JOURNAL)
		if (img->log)
			repair_log_block(&img->log_shape, img->log_seed, p);
	if (!img->csum)
		return;
	switch (t->kind) {
	case TARGET_SUPER: put_le32(p + 0x3fc, crc32c(~0u, p, 0x3fc)); break;
	case TARGET_BLOCKS: repair_bitmap(img, t, 0x18, 0x38); break;
	case TARGET_BITMAP: repair_bitmap(img, t, 0x1a, 0x3a); break;
	case TARGET_INODE: repair_inode(img, p, t->owner); break;
	case TARGET_EXTENTS: repair_extents(img, p, seed); break;
	case TARGET_DIR: repair_dir(img, p, seed); break;
	case TARGET_ORPHANS: repair_orphans(img, p, seed); break;
	case TARGET_XATTR: repair_xattr(img, p); break;
	case TARGET_MMP: put_le32(p + 0x3fc, crc32c(img->seed, p, 0x3fc)); break;
	default: break;
	}
}
