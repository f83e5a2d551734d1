// SPDX-License-Identifier: GPL-2.0-or-later
// Divides the block groups into shards of about equal work, and delivers their inodes' claims.
#include "shard/shard.h"

#include <endian.h>
#include <string.h>

#include "base/crc32c.h"
#include "format/fields.h"
#include "image/groups.h"
#include "sets/rangeset.h"

/* Examining an inode takes as long as skipping so many unused ones. */
#define IN_USE 16

/* Ranges that are delivered at a time. */
#define BATCH 512

errcode_t shard_check(struct e4z_image *img, const struct e4z_check_options *options)
{
	if (!options->shard && !options->shards)
		return 0;
	if (options->shards > E4Z_SHARDS_MAX || !options->shard || options->shard > options->shards)
		return image_refuse(img, E4Z_ET_USAGE, "shard %u of %u does not exist",
				    options->shard, options->shards);
	if (options->all || options->kinds & E4Z_KINDS_LEDGER || options->files)
		return image_refuse(img, E4Z_ET_USAGE,
				    "a shard cannot be checked with files, with all, or with "
				    "kinds that require all");
	return 0;
}

/* ---- groups ---- */

/* An estimate of the work on group G, by its descriptor. */
static uint64_t work_of(const struct e4z_image *img, uint32_t g)
{
	uint32_t per_group = img->fs->super->s_inodes_per_group, slots = groups_readable(img, g);
	uint32_t free = img->group[g].free, in_use = free < per_group ? per_group - free : 0;

	return 1 + slots + (uint64_t)IN_USE * (in_use < slots ? in_use : slots);
}

struct shard_groups shard_groups(const struct e4z_image *img, unsigned n, unsigned count)
{
	struct shard_groups groups = {0, img->groups};
	uint64_t all = 0, before = 0;

	if (!count)
		return groups;
	for (uint32_t g = 0; g < img->groups; g++)
		all += work_of(img, g);
	groups.end = 0;
	/* a group belongs to the shard in which its work begins; all of it is below 2^53 */
	for (uint32_t g = 0; g < img->groups; g++) {
		uint64_t at = before * count / all;

		groups.first += at < n - 1;
		groups.end += at < n;
		before += work_of(img, g);
	}
	return groups;
}

uint64_t shard_inodes(const struct e4z_image *img, const struct shard_groups *groups)
{
	return (uint64_t)img->fs->super->s_inodes_per_group * (groups->end - groups->first);
}

/* Of the bytes on disk: libext2fs keeps the superblock and the descriptors in host byte order, but
   shards may be checked on one machine and merged on another. */
uint32_t e4z_fingerprint(const struct e4z_image *img)
{
	const bool swapped = __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__;
	struct struct_ext2_filsys *fs = img->fs;
	const uint32_t mark = htole32(img->journal_mark);
	struct ext2_super_block super;
	size_t size;
	uint32_t crc;

	/* in `opened` of e4z_undo() there is no file system */
	if (!fs)
		return 0;
	super = *fs->super;
	size = EXT2_DESC_SIZE(fs->super) & ~7u;
	if (swapped)
		ext2fs_swap_super(&super);
	/* without s_checksum: the CRC of bytes with their CRC is the same for every superblock */
	crc = crc32c(~0u, &super, S_CHECKSUM);
	for (uint32_t g = 0; g < img->groups; g++) {
		struct ext4_group_desc desc;
		size_t len = size < sizeof(desc) ? size : sizeof(desc);

		memcpy(&desc, ext2fs_group_desc(fs, fs->group_desc, g), len);
		if (swapped)
			ext2fs_swap_group_desc2(fs, (struct ext2_group_desc *)&desc);
		crc = crc32c(crc, &desc, len);
	}
	/* an edit may leave both unchanged, but not the superblock of the journal */
	return crc32c(crc, &mark, sizeof(mark));
}

/* ---- claims ---- */

static errcode_t deliver(const struct rangeset *set, enum e4z_claims_of of,
			 const struct e4z_check_sink *sink)
{
	struct e4z_range ranges[BATCH];
	struct e4z_claims claims = {.of = of, .ranges = ranges};
	uint64_t from = 0, start, len;
	errcode_t err = 0;

	while (!err && rangeset_next(set, &from, &start, &len)) {
		ranges[claims.count++] = (struct e4z_range){start, len};
		if (claims.count < BATCH)
			continue;
		err = sink->claims(sink->arg, &claims);
		claims.count = 0;
	}
	return err || !claims.count ? err : sink->claims(sink->arg, &claims);
}

errcode_t shard_deliver(const struct e4z_image *img, const struct e4z_shard *shard,
			struct claims *claims, const struct e4z_check_sink *sink)
{
	struct e4z_shard all = *shard;
	const struct rangeset *alone, *xattr;
	errcode_t err;

	all.cluster_blocks = img->cluster_ratio;
	all.fingerprint = e4z_fingerprint(img);
	err = sink->shard ? sink->shard(sink->arg, &all) : 0;

	if (err || !sink->claims)
		return err;
	err = claims_divide(claims, img, &alone, &xattr);
	if (!err)
		err = deliver(alone, E4Z_CLAIMS_CLUSTERS, sink);
	/* if files share blocks, blocks of attributes are not claimed */
	return err || img->shared_blocks ? err : deliver(xattr, E4Z_CLAIMS_XATTR, sink);
}
