// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the gaps between extended attributes.
#include "slack/attributes.h"

#include "format/xattr.h"

/* Of the hash over the name and the value, as ext4_xattr_hash_entry() has it. */
#define NAME_SHIFT 5
#define VALUE_SHIFT 16

#define AREA_MAX 65536

/* Of fields after the first 128 bytes, where an inode does not say how many it has. */
#define EXTRA_DEFAULT 32

/* A bit for each byte of an area. */
struct taken {
	uint8_t bits[AREA_MAX / 8];
};

/* One attribute; offsets are in the unit. */
struct attribute {
	size_t at, len;		     /* its entry, and the bytes of it */
	size_t name_end;	     /* of its name */
	size_t value, value_len;     /* 0: it has none here */
	size_t padding, padding_end; /* what follows the value, up to a whole word */
	uint32_t hash;
};

static bool taken_has(const struct taken *taken, size_t n)
{
	return taken->bits[n / 8] >> n % 8 & 1;
}

/* [from, end) of the area is somebody's. False: a byte of it was already. */
static bool take(struct taken *taken, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		if (taken_has(taken, i))
			return false;
		taken->bits[i / 8] = (uint8_t)(taken->bits[i / 8] | 1 << i % 8);
	}
	return true;
}

static uint32_t turn(uint32_t hash, unsigned shift)
{
	return hash << shift ^ hash >> (32 - shift);
}

/* The hash of A; some kernels and programs took bytes of the name as SIGNED. */
static uint32_t hash_of(const uint8_t *p, const struct attribute *a, bool sign)
{
	uint32_t hash = 0;

	for (size_t i = a->at + XATTR_ENTRY; i < a->name_end; i++)
		hash = turn(hash, NAME_SHIFT) ^ (sign ? (uint32_t)(int8_t)p[i] : p[i]);
	for (size_t i = 0; i < a->value_len; i += 4)
		hash = turn(hash, VALUE_SHIFT) ^ get_le32(p + a->value + i);
	return hash;
}

/* The attribute at AT. False: it does not fit into AREA. */
static bool parse(const uint8_t *p, const struct attributes *area, size_t at, struct attribute *a)
{
	const uint8_t *e = p + at;
	size_t room = area->end - area->base, off, len;

	*a = (struct attribute){.at = at, .len = xattr_entry_len(e), .hash = xattr_hash(e)};
	if (a->len + XATTR_LAST > area->end - at)
		return false;
	a->name_end = at + XATTR_ENTRY + e[XATTR_AT(e_name_len)];
	off = xattr_value_off(e);
	len = xattr_value_len(e);
	if (xattr_value_inode(e) || !len)
		return true;
	if (off > room || len > room - off || ((len + 3) & ~(size_t)3) > room - off)
		return false;
	a->value = area->base + off;
	a->value_len = len;
	a->padding = a->value + len;
	a->padding_end = a->value + ((len + 3) & ~(size_t)3);
	return true;
}

/* Whether A, whose padding is not zero, can have zeroes there, and by which hash. */
static bool hash_known(const uint8_t *p, const struct attribute *a, bool *sign)
{
	*sign = a->hash != hash_of(p, a, false);
	return !a->hash || !*sign || a->hash == hash_of(p, a, true);
}

static bool is_padded(const uint8_t *p, const struct attribute *a)
{
	for (size_t i = a->padding; i < a->padding_end; i++)
		if (p[i])
			return true;
	return false;
}

/* All attributes are valid; *TAKEN has their bytes. */
static const char *verify(const uint8_t *p, const struct attributes *area, struct taken *taken)
{
	const size_t from = area->first;
	struct attribute a;
	size_t at;
	bool sign;

	for (at = from; get_le32(p + at); at += a.len) {
		if (!parse(p, area, at, &a) || !take(taken, at - from, at + a.len - from) ||
		    (a.value_len &&
		     (a.value < from || !take(taken, a.value - from, a.padding_end - from))))
			return "the extended attributes are corrupt";
		if (is_padded(p, &a) && !hash_known(p, &a, &sign))
			return "the hash of an extended attribute is wrong";
	}
	return take(taken, at - from, at + XATTR_LAST - from)
		       ? NULL
		       : "the extended attributes are corrupt";
}

static void add_attribute(const struct unit *unit, const struct attribute *a, struct slack *slack)
{
	bool sign = false, padded = is_padded(unit->bytes, a);

	if (padded)
		hash_known(unit->bytes, a, &sign);
	slack_add(slack, a->name_end, a->at + a->len);
	slack_add(slack, a->padding, a->padding_end);
	if (padded && a->hash && slack->to)
		xattr_set_hash(slack->to + a->at, hash_of(slack->to, a, sign));
}

static void add_gaps(const struct attributes *area, const struct taken *taken, struct slack *slack)
{
	size_t room = area->end - area->first;

	for (size_t i = 0, end; i < room; i = end) {
		end = i + 1;
		if (taken_has(taken, i))
			continue;
		while (end < room && !taken_has(taken, end))
			end++;
		slack_add(slack, area->first + i, area->first + end);
	}
}

size_t attributes_body(const uint8_t *raw, size_t size)
{
	size_t extra = get_le16(raw + I_EXTRA_ISIZE);

	if (extra % 4 || extra > size - EXT2_GOOD_OLD_INODE_SIZE)
		return 0;
	/* the kernel reads the fields that it knows anyway, and no attributes */
	return EXT2_GOOD_OLD_INODE_SIZE + (extra ? extra : EXTRA_DEFAULT);
}

const char *attributes_block_fault(const struct e4z_image *img, uint64_t pblk, const uint8_t *bytes)
{
	if (get_le32(bytes) != XATTR_MAGIC || xattr_block_count(bytes) != 1)
		return "the extended-attribute block is corrupt";
	if (img->metadata_csum &&
	    xattr_block_csum(bytes) !=
		    xattr_block_csum_right(bytes, img->block_size, pblk, img->csum_seed))
		return "the checksum of the extended-attribute block is wrong";
	return NULL;
}

static const char *verify_area(const uint8_t *p, const struct attributes *area, struct taken *taken)
{
	size_t room = area->end - area->first;

	if (room > AREA_MAX || room < XATTR_LAST)
		return "the extended attributes are corrupt";
	return verify(p, area, taken);
}

const char *attributes_inodes(const uint8_t *bytes, const struct attributes *area,
			      attributes_inode_fn *fn, void *arg, errcode_t *err)
{
	struct taken taken = {{0}};
	struct attribute a;
	const char *why = verify_area(bytes, area, &taken);

	*err = 0;
	for (size_t at = area->first; !why && !*err && get_le32(bytes + at); at += a.len) {
		const uint8_t *e = bytes + at;

		if (parse(bytes, area, at, &a) && xattr_value_inode(e))
			*err = fn(arg, xattr_value_inode(e), xattr_value_len(e));
	}
	return why;
}

void attributes_slack(const struct unit *unit, const struct attributes *area, struct slack *slack)
{
	struct taken taken = {{0}};
	struct attribute a;

	slack->why = verify_area(unit->bytes, area, &taken);
	if (slack->why)
		return;
	for (size_t at = area->first; get_le32(unit->bytes + at); at += a.len) {
		if (!parse(unit->bytes, area, at, &a))
			return;
		add_attribute(unit, &a, slack);
	}
	add_gaps(area, &taken, slack);
}
