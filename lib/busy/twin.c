// SPDX-License-Identifier: GPL-2.0-or-later
/* The same bytes under other numbers: two superblocks are compared. */
#include "busy/twin.h"

#include "base/whole.h"
#include "format/super.h"
#include <string.h>

static bool same_wtime(const struct ext2_super_block *a, const struct ext2_super_block *b)
{
	return a->s_wtime == b->s_wtime && a->s_wtime_hi == b->s_wtime_hi;
}

enum twin twin_compare(struct blkdev *dev, int fd, uint64_t start)
{
	struct ext2_super_block ours, theirs;

	if (fd < 0 || whole_pread(fd, &theirs, sizeof(theirs), start + SUPER_OFFSET) ||
	    blkdev_read(dev, SUPER_OFFSET, sizeof(ours), &ours) ||
	    ext2fs_le16_to_cpu(ours.s_magic) != EXT2_SUPER_MAGIC)
		return TWIN_UNKNOWN;
	if (memcmp(ours.s_uuid, theirs.s_uuid, sizeof(ours.s_uuid)) != 0)
		return TWIN_OTHER;
	return same_wtime(&ours, &theirs) ? TWIN_ALIKE : TWIN_UNKNOWN;
}
