/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block of a hash tree, verified as the kernel verifies it before it goes by it. */
#ifndef E4Z_SLACK_INDEX_H
#define E4Z_SLACK_INDEX_H

#include "slack/unit.h"

/* Where the entries are. With metadata_csum the checksum follows LIMIT of them. */
struct index_block {
	size_t off;
	unsigned count, limit;
	unsigned levels; /* of blocks below the root, 0 in others */
};

/* UNIT is the root, or not, as the first entry in it says. Why it is not valid, or NULL. */
const char *index_parse(const struct unit *unit, struct index_block *index);

/* Bytes that the checksum has to have; INDEX is that of UNIT, whose bytes are P. */
uint32_t index_csum(const struct unit *unit, const struct index_block *index, const uint8_t *p);

#endif
