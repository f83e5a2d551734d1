// SPDX-License-Identifier: GPL-2.0-or-later
// Turns a seed into changes: bits, extreme values in fields that matter, parts of other metadata.
#include "change.h"

#include "base/bytes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* splitmix64 */
uint64_t change_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint32_t below(uint64_t *rng, uint64_t limit)
{
	return limit ? (uint32_t)(change_random(rng) % limit) : 0;
}

/* The number of changes per hundred that hit each kind, if the image has it. */
static const unsigned weights[TARGET_KINDS] = {
	[TARGET_SUPER] = 8,    [TARGET_DESC] = 8,     [TARGET_BITMAP] = 3, [TARGET_INODE] = 39,
	[TARGET_EXTENTS] = 14, [TARGET_INDIRECT] = 8, [TARGET_DIR] = 8,	   [TARGET_ORPHANS] = 4,
	[TARGET_JOURNAL] = 2,  [TARGET_XATTR] = 4,    [TARGET_BLOCKS] = 1, [TARGET_MMP] = 1,
};

/* Fields with a length of two or four bytes. */
struct field {
	uint16_t off, len;
};

static const struct field super_fields[] = {
	{0x00, 4},  {0x04, 4},	{0x14, 4},  {0x18, 4},	{0x1c, 4},  {0x20, 4},
	{0x24, 4},  {0x28, 4},	{0x4c, 4},  {0x54, 4},	{0x58, 2},  {0x5c, 4},
	{0x60, 4},  {0x64, 4},	{0xce, 2},  {0xe0, 4},	{0xe8, 4},  {0xfe, 2},
	{0x104, 4}, {0x150, 4}, {0x168, 4}, {0x174, 2}, {0x240, 4}, {0x244, 4},
	{0x24c, 4}, {0x250, 4}, {0x26c, 4}, {0x270, 4}, {0x280, 4},
};

static const struct field inode_fields[] = {
	{0x00, 2}, {0x04, 4}, {0x14, 4}, {0x1a, 2}, {0x20, 4}, {0x28, 2}, {0x2a, 2}, {0x2c, 2},
	{0x2e, 2}, {0x34, 4}, {0x38, 2}, {0x38, 4}, {0x3a, 2}, {0x3c, 4}, {0x40, 4}, {0x44, 2},
	{0x44, 4}, {0x48, 4}, {0x54, 4}, {0x58, 4}, {0x5c, 4}, {0x60, 4}, {0x68, 4}, {0x6c, 4},
	{0x76, 2}, {0x80, 2}, {0xa0, 4}, {0xa4, 2}, {0xa6, 2}, {0xa8, 4}, {0xac, 4},
};

static const uint32_t inode_flags[] = {
	0x1000, 0x80000, 0x800, 0x100000, 0x200000, 0x10000000, 0x40000000, 0x20000, 0x40000,
};

static uint32_t some_block(const struct fuzz_image *img, uint64_t *rng)
{
	const struct target_vec *v = &img->targets[below(rng, TARGET_KINDS)];

	if (!v->count)
		return below(rng, img->blocks);
	return (uint32_t)(v->items[below(rng, v->count)].off / img->bs);
}

/* A value that code may not expect. */
static uint32_t extreme(const struct fuzz_image *img, uint64_t *rng, uint32_t now)
{
	static const uint32_t fixed[] = {
		0,	  1,	      2,	  3,	      5,	  6,	  8,
		0x7f,	  0x80,	      0xff,	  0x100,      0x7fff,	  0x8000, 0x8001,
		0xf30a,	  0xfffe,     0xffff,	  0x10000,    60,	  61,	  4096,
		0xffffff, 0x7fffffff, 0x80000000, 0xffff0000, 0xfffffffe, ~0u,
	};
	const uint32_t sizes[] = {(uint32_t)img->blocks,
				  (uint32_t)img->blocks - 1,
				  (uint32_t)img->blocks + 1,
				  img->inodes,
				  img->inodes + 1,
				  img->bs,
				  img->bs - 1,
				  img->inode_size,
				  img->per_group,
				  img->groups};

	switch (below(rng, 8)) {
	case 0:
	case 1: return some_block(img, rng);
	case 2: return sizes[below(rng, COUNT(sizes))];
	case 3: return now + 1;
	case 4: return now - 1;
	case 5: return now ^ 1u << below(rng, 32);
	default: return fixed[below(rng, COUNT(fixed))];
	}
}

static void set_field(const struct fuzz_image *img, uint64_t *rng, uint8_t *p, unsigned len)
{
	if (len == 1)
		*p ^= 1u << below(rng, 8);
	else if (len < 4)
		put_le16(p, extreme(img, rng, get_le16(p)));
	else
		put_le32(p, extreme(img, rng, get_le32(p)));
}

/* Where a field of T may begin, and its length. */
static struct field pick_field(const struct target *t, uint64_t *rng)
{
	struct field f = {0, below(rng, 2) ? 2 : 4};

	if (t->kind == TARGET_SUPER && below(rng, 8))
		return super_fields[below(rng, COUNT(super_fields))];
	if (t->kind == TARGET_INODE && below(rng, 8))
		f = inode_fields[below(rng, COUNT(inode_fields))];
	else if ((t->kind == TARGET_EXTENTS || t->kind == TARGET_JOURNAL) && below(rng, 2))
		/* the header and the first entries: the rest of the block is often empty */
		f.off = (uint16_t)(below(rng, 30) * 2);
	else if (t->kind == TARGET_DIR && below(rng, 2))
		f.off = (uint16_t)(below(rng, 32) * 4);
	else
		f.off = (uint16_t)(below(rng, t->len / f.len) * f.len);
	if (f.off + f.len > t->len)
		f.off = 0;
	/* the bitmap of eight inodes is one byte */
	if (f.len > t->len)
		f.len = (uint16_t)t->len;
	return f;
}

static void change_inode(const struct fuzz_image *img, uint64_t *rng, uint8_t *raw)
{
	static const uint16_t types[] = {0x8000, 0x4000, 0xa000, 0x1000, 0xc000, 0x0000};

	switch (below(rng, 4)) {
	case 0:
		put_le32(raw + 0x20,
			 get_le32(raw + 0x20) ^ inode_flags[below(rng, COUNT(inode_flags))]);
		break;
	case 1: put_le16(raw, types[below(rng, COUNT(types))] | 0644); break;
	case 2:
		/* a size near the end of the map */
		put_le32(raw + 4,
			 get_le32(raw + 4) + (below(rng, 9) - 4) * img->bs - below(rng, 3));
		break;
	default:
		/* another inode's map */
		memcpy(raw + 0x28,
		       img->data +
			       img->targets[TARGET_INODE]
				       .items[below(rng, img->targets[TARGET_INODE].count)]
				       .off +
			       0x28,
		       60);
	}
}

/* Any bytes of T. */
static void change_bytes(const struct fuzz_image *img, const struct target *t, uint64_t *rng)
{
	const struct target_vec *others = &img->targets[t->kind];
	uint32_t at = below(rng, t->len), len = 1 + below(rng, t->len - at < 64 ? t->len - at : 64);
	const struct target *other = &others->items[below(rng, others->count)];
	uint8_t *p = img->data + t->off;

	switch (below(rng, 5)) {
	case 0: p[at] ^= (uint8_t)(1u << below(rng, 8)); break;
	case 1: p[at] = (uint8_t)change_random(rng); break;
	case 2: memset(p + at, below(rng, 2) ? 0 : 0xff, len); break;
	case 3:
		for (uint32_t i = 0; i < len; i++)
			p[at + i] = (uint8_t)change_random(rng);
		break;
	default:
		if (other->len >= t->len)
			memmove(p, img->data + other->off, t->len);
	}
}

void change_one(const struct fuzz_image *img, const struct target *t, uint64_t *rng)
{
	struct field f;

	if (t->kind == TARGET_INODE && below(rng, 3) == 0) {
		change_inode(img, rng, img->data + t->off);
	} else if (below(rng, 3)) {
		f = pick_field(t, rng);
		set_field(img, rng, img->data + t->off + f.off, f.len);
	} else {
		change_bytes(img, t, rng);
	}
}

const struct target *change_pick(const struct fuzz_image *img, uint64_t *rng)
{
	for (;;) {
		unsigned at = below(rng, 100), kind = 0;
		const struct target_vec *v;

		while (kind < TARGET_KINDS - 1 && at >= weights[kind])
			at -= weights[kind++];
		v = &img->targets[kind];
		if (v->count)
			return &v->items[below(rng, v->count)];
	}
}

static void remember(const struct fuzz_image *img, uint64_t off, uint32_t len,
		     struct change_vec *changes)
{
	struct change c = {off, len, malloc(len)};

	if (!c.before || vec_push(changes, c))
		abort();
	memcpy(c.before, img->data + off, len);
}

void change_make(struct fuzz_image *img, uint64_t seed, struct change_vec *changes)
{
	uint64_t rng = seed * 0x2545f4914f6cdd1dull + 1;
	unsigned count = 1 + below(&rng, 4);
	bool repair = below(&rng, 8) != 0;

	for (unsigned i = 0; i < count; i++) {
		const struct target *t = change_pick(img, &rng);

		remember(img, t->off, t->len, changes);
		/* the checksum of a bitmap is in the descriptor */
		if (t->kind == TARGET_BITMAP || t->kind == TARGET_BLOCKS)
			remember(img, (uint64_t)(target_desc(img, t->owner) - img->data),
				 img->desc_size, changes);
		change_one(img, t, &rng);
		if (repair)
			target_repair(img, t);
	}
}

void change_undo(struct fuzz_image *img, struct change_vec *changes)
{
	while (changes->count) {
		struct change *c = &changes->items[--changes->count];

		memcpy(img->data + c->off, c->before, c->len);
		free(c->before);
	}
}
