/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of static metadata that somebody reads, and the bytes of them that nobody does: they are
 * changed in a transaction, with the checksum that covers them. The same functions say where they
 * are when they are examined and when they are changed.
 */
#ifndef E4Z_FIXED_LIVE_H
#define E4Z_FIXED_LIVE_H

#include "e4zero.h"
#include "image/image.h"
#include "sets/rangeset.h"

#define LIVE_MAX 8
#define LIVE_TEXT 512

/*
 * Bytes [from, end) of BLOCK have to be FILL; with a text those from struct live.text[TEXT] on, or
 * zero: then they become the text only with others.
 */
struct live_part {
	uint64_t block;
	uint32_t from, end;
	uint8_t fill;
	bool has_text;
	uint32_t text;
	bool unread; /* BLOCK could not be read: it may be valid or not */
};

struct live {
	unsigned count;
	struct live_part parts[LIVE_MAX];
	uint32_t text_len;
	uint8_t text[LIVE_TEXT];
	const char *why; /* what has the parts is not valid: they are not changed; or NULL */
};

/* What byte I of PART has to be. */
static inline uint8_t live_byte(const struct live *live, const struct live_part *part, uint32_t i)
{
	return part->has_text ? live->text[part->text + i] : part->fill;
}

/*
 * What group G has of a place goes to LIVE, which is empty; nothing where what says so cannot be
 * read or believed. The calling thread's; groups_load() was called.
 */
typedef errcode_t live_fn(const struct e4z_image *img, uint32_t g, struct live *live);

live_fn live_bitmaps;
live_fn live_descriptor;
live_fn live_super;

/* The place of KIND, or NULL. */
live_fn *live_of_kind(enum e4z_finding_kind kind);

/* Leave out what lies in a cluster of DISPUTED: somebody else may read it. */
void live_drop(const struct e4z_image *img, const struct rangeset *disputed, struct live *live);

/*
 * Have group G's bytes of KIND, less those in DISPUTED, become what they have to be, in the open
 * transaction. E4Z_ET_CORRUPT_MAP where a checksum is wrong already, EIO where a block cannot be
 * read.
 */
errcode_t live_set(struct e4z_image *img, uint32_t g, enum e4z_finding_kind kind,
		   const struct rangeset *disputed);

#endif
