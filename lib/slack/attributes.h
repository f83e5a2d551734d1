/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes in an inode's body or in a block: what of their bytes no attribute has. */
#ifndef E4Z_SLACK_ATTRIBUTES_H
#define E4Z_SLACK_ATTRIBUTES_H

#include "slack/unit.h"

/* In a unit: the entries begin at FIRST, offsets of values count from BASE; none goes past END. */
struct attributes {
	size_t base, first, end;
};

/*
 * Add to SLACK what is neither an entry, nor its name, nor its value, nor the word of zeroes that
 * ends the entries. The bytes that a value is padded with may be part of a hash in its entry, which
 * is then set, too. Where the attributes are not valid nothing is added, and slack->why says why.
 */
void attributes_slack(const struct unit *unit, const struct attributes *area, struct slack *slack);

#endif
