// SPDX-License-Identifier: GPL-2.0-or-later
// The names of owners, and sums of what they have.
#include "findings/owners.h"

#include "format/system.h"

static const struct {
	const char *name, *left;
} owners[OWNER_COUNT] = {
#define X(id, name, left) [OWNER_##id] = {name, left},
	OWNERS(X)
#undef X
};

const char *owner_name(unsigned owner)
{
	return owner < OWNER_COUNT ? owners[owner].name
				   : e4z_kind_name((enum e4z_finding_kind)(owner - OWNER_COUNT));
}

const char *owner_left(unsigned owner)
{
	if (owner == owner_of_kind(E4Z_DISPUTED))
		return "their owner cannot be determined";
	return owner < OWNER_COUNT ? owners[owner].left : NULL;
}

void tally_add(struct tally *to, const struct tally *from)
{
	for (unsigned i = 0; i < OWNER_ALL; i++)
		to->bytes[i] += from->bytes[i];
}

unsigned owner_of_system(const struct ext2_super_block *sb, uint32_t ino)
{
	if (ino == sb->s_journal_inum)
		return OWNER_LOG;
	if (ino == EXT2_BOOT_LOADER_INO)
		return OWNER_BOOT_LOADER;
	return is_quota_file(sb, ino) ? OWNER_QUOTA : OWNER_SYSTEM;
}
