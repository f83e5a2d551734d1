// SPDX-License-Identifier: GPL-2.0-or-later
// inode-slack: fields of an inode's slot that nobody reads any more, and what follows its fields.
#include "slack/places.h"

#include "format/xattr.h"
#include "slack/attributes.h"

/* What follows the fields: attributes, if it begins with their magic number, or nothing. */
static void add_body(const struct unit *unit, struct slack *slack)
{
	size_t body = attributes_body(unit->bytes, unit->len);
	bool extra = get_le16(unit->bytes + I_EXTRA_ISIZE);

	if (!body) {
		slack->why = "i_extra_isize is not valid";
		return;
	}
	if (!extra && unit->inode->flags & EXT4_INLINE_DATA_FL)
		return;
	if (body + XATTR_MAGIC_LEN > unit->len || get_le32(unit->bytes + body) != XATTR_MAGIC) {
		slack_add(slack, body, unit->len);
		return;
	}
	body += XATTR_MAGIC_LEN;
	attributes_slack(unit, &(struct attributes){body, body, unit->len}, slack);
}

void slack_inode(const struct unit *unit, struct slack *slack)
{
	if (unit->len > EXT2_GOOD_OLD_INODE_SIZE)
		add_body(unit, slack);
	if (slack->why)
		return;
	slack_add(slack, I_FADDR, I_FADDR + I_FADDR_LEN);
	/* others than Linux have fields of their own there */
	if (unit->img->fs->super->s_creator_os == EXT2_OS_LINUX)
		slack_add(slack, I_RESERVED, I_RESERVED + I_RESERVED_LEN);
}
