// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a block bitmap, decides whether it is believed, and compares it with the claims.
#include "ledger/group_map.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/fields.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bitmaps of a map: used, owned, fixed, free, leaked, disputed. */
#define PLANES 6

static size_t words(const struct e4z_image *img)
{
	return img->block_size / sizeof(uint64_t);
}

errcode_t group_map_new(const struct e4z_image *img, struct group_map *map)
{
	size_t n = words(img);

	*map = (struct group_map){.img = img, .raw = malloc(img->block_size)};
	map->used = calloc(PLANES * n, sizeof(uint64_t));
	if (!map->raw || !map->used)
		return ENOMEM;
	map->owned = map->used + n;
	map->fixed = map->used + 2 * n;
	map->free = map->used + 3 * n;
	map->leaked = map->used + 4 * n;
	map->disputed = map->used + 5 * n;
	return 0;
}

void group_map_free(struct group_map *map)
{
	free(map->raw);
	free(map->used);
}

/* ---- bits ---- */

static void set_bits(uint64_t *bits, uint64_t at, uint64_t end)
{
	for (; at < end && at % 64; at++)
		bits[at / 64] |= 1ull << at % 64;
	for (; at + 64 <= end; at += 64)
		bits[at / 64] = UINT64_MAX;
	for (; at < end; at++)
		bits[at / 64] |= 1ull << at % 64;
}

/* The first bit at or after FROM that is WANTED, or END. */
static uint32_t find_bit(const uint64_t *bits, uint32_t from, uint32_t end, bool wanted)
{
	uint64_t flip = wanted ? 0 : UINT64_MAX, mask = UINT64_MAX << from % 64;

	for (uint32_t at = from - from % 64; at < end; at += 64, mask = UINT64_MAX) {
		uint64_t word = (bits[at / 64] ^ flip) & mask;

		if (!word)
			continue;
		at += (uint32_t)__builtin_ctzll(word);
		return at < end ? at : end;
	}
	return end;
}

bool group_map_next(const struct group_map *map, const uint64_t *bits, uint32_t *at, uint32_t *end)
{
	if (*at >= map->clusters)
		return false;
	*at = find_bit(bits, *at, map->clusters, true);
	*end = find_bit(bits, *at, map->clusters, false);
	return *at < map->clusters;
}

uint32_t group_map_count(const struct group_map *map, const uint64_t *bits)
{
	uint32_t count = 0;

	for (uint32_t w = 0; w * 64 < map->clusters; w++) {
		/* counting is a function where the processor may have no instruction for it */
		if (bits[w] == UINT64_MAX)
			count += 64;
		else if (bits[w])
			count += (uint32_t)__builtin_popcountll(bits[w]);
	}
	return count;
}

struct e4z_span group_map_blocks(const struct group_map *map, uint32_t at, uint32_t end)
{
	uint64_t ratio = map->img->cluster_ratio, start = (map->first + at) * ratio;
	uint64_t stop = (map->first + end) * ratio;

	stop = stop < map->img->blocks ? stop : map->img->blocks;
	return (struct e4z_span){start, stop - start};
}

uint64_t group_map_size(const struct group_map *map, const uint64_t *bits)
{
	uint64_t blocks = (uint64_t)group_map_count(map, bits) * map->img->cluster_ratio;
	uint64_t end = (map->first + map->clusters) * map->img->cluster_ratio;
	uint32_t last = map->clusters - 1;

	if (end > map->img->blocks && bits[last / 64] >> last % 64 & 1)
		blocks -= end - map->img->blocks;
	return blocks;
}

/* ---- the bitmap ---- */

static uint32_t stored_csum(const struct e4z_image *img, const struct ext4_group_desc *desc)
{
	uint32_t csum = desc->bg_block_bitmap_csum_lo;

	if (EXT2_DESC_SIZE(img->fs->super) >= EXT4_BG_BLOCK_BITMAP_CSUM_HI_LOCATION)
		csum |= (uint32_t)desc->bg_block_bitmap_csum_hi << 16;
	else
		csum &= 0xffff;
	return csum;
}

static bool csum_ok(const struct group_map *map)
{
	const struct e4z_image *img = map->img;
	const void *desc = ext2fs_group_desc(img->fs, img->fs->group_desc, map->group);
	uint32_t csum, mask = UINT16_MAX;

	if (!img->metadata_csum)
		return true;
	if (EXT2_DESC_SIZE(img->fs->super) >= EXT4_BG_BLOCK_BITMAP_CSUM_HI_LOCATION)
		mask = UINT32_MAX;
	csum = crc32c(img->csum_seed, map->raw, img->fs->super->s_clusters_per_group / 8);
	return (csum & mask) == stored_csum(img, desc);
}

/* Why the bitmap of the group cannot be read into map->raw, or not be believed; else NULL. */
static const char *read_bitmap(struct group_map *map, bool *uninit)
{
	const struct e4z_image *img = map->img;
	uint64_t block = ext2fs_block_bitmap_loc(img->fs, map->group);

	*uninit = false;
	if (img->group_csum && !ext2fs_group_desc_csum_verify(img->fs, map->group))
		return "the group descriptor's checksum is wrong";
	*uninit = img->group_csum &&
		  ext2fs_bg_flags_test(img->fs, map->group, EXT2_BG_BLOCK_UNINIT);
	if (*uninit)
		return NULL;
	if (block < img->fs->super->s_first_data_block || block >= img->blocks)
		return "the block bitmap lies outside the file system";
	if (image_read(img, block << img->block_bits, img->block_size, map->raw))
		return "the block bitmap cannot be read";
	return csum_ok(map) ? NULL : "the block bitmap's checksum is wrong";
}

static void load_bitmap(struct group_map *map)
{
	size_t n = words(map->img);
	uint32_t free;
	bool uninit;

	memset(map->raw, 0xff, map->img->block_size);
	map->why = read_bitmap(map, &uninit);
	/* no bitmap is on the disk: static metadata is used, and nothing else */
	if (uninit) {
		memcpy(map->used, map->fixed, n * sizeof(uint64_t));
		return;
	}
	for (size_t w = 0; w < n; w++)
		map->used[w] = get_le64(map->raw + w * sizeof(uint64_t));
	free = map->clusters;
	for (uint32_t i = map->clusters; i % 64; i++)
		map->used[i / 64] &= ~(1ull << i % 64);
	free -= group_map_count(map, map->used);
	if (!map->why && free != ext2fs_bg_free_blocks_count(map->img->fs, map->group))
		map->why = "the block bitmap and the group's number of free blocks disagree";
}

/* ---- the claims ---- */

/* Set the bits of what SET, in units of UNIT to a cluster, has of the group. */
static void set_members(const struct group_map *map, const struct rangeset *set, uint64_t unit,
			uint64_t *bits)
{
	uint64_t from = map->first * unit, end = (map->first + map->clusters) * unit, start, len;

	while (set && rangeset_next_in(set, &from, end, &start, &len))
		set_bits(bits, start / unit - map->first,
			 (start + len + unit - 1) / unit - map->first);
}

static void decide(struct group_map *map, const uint64_t *claimed, const uint64_t *twice)
{
	for (uint32_t w = 0; w * 64 < map->clusters; w++) {
		uint32_t left = map->clusters - w * 64;
		uint64_t all = left < 64 ? (1ull << left) - 1 : UINT64_MAX;
		uint64_t unsure = twice[w] | (map->fixed[w] & claimed[w]);

		map->owned[w] = map->fixed[w] | claimed[w];
		unsure |= map->why ? ~map->owned[w] : map->owned[w] & ~map->used[w];
		map->disputed[w] = unsure & all;
		map->free[w] = ~map->owned[w] & ~map->used[w] & ~unsure & all;
		map->leaked[w] = ~map->owned[w] & map->used[w] & ~unsure & all;
	}
}

errcode_t group_map_load(struct group_map *map, const struct statics *statics,
			 const struct claims *claims, uint32_t g)
{
	const struct e4z_image *img = map->img;
	uint64_t ratio = img->cluster_ratio, first = ext2fs_group_first_block2(img->fs, g);
	uint64_t blocks = ext2fs_group_blocks_count(img->fs, g);
	size_t bytes = words(img) * sizeof(uint64_t);

	map->group = g;
	map->first = first / ratio;
	map->clusters = (uint32_t)((blocks + ratio - 1) / ratio);
	if (map->clusters > img->block_size * 8)
		return E4Z_ET_BAD_SUPER;
	memset(map->used, 0, PLANES * bytes);
	set_members(map, statics->blocks, ratio, map->fixed);
	/* what will be the verdict is room for what it is made of until then */
	if (claims) {
		set_members(map, claims_taken(claims), 1, map->free);
		set_members(map, claims_shared(claims), ratio, map->free);
		set_members(map, claims_twice(claims), 1, map->leaked);
	}
	set_members(map, statics->twice, ratio, map->leaked);
	load_bitmap(map);
	if (!claims)
		memcpy(map->free, map->used, bytes);
	decide(map, map->free, map->leaked);
	return 0;
}
