/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts without pointers: a confined process passes them to the process that opens the image. */
#ifndef E4ZERO_FLAT_H
#define E4ZERO_FLAT_H

#include "merge/facts.h"

#define FLAT_TEXT 4096

/* All zero: no facts. The reader trusts no byte of it. */
struct flat {
	uint8_t filled;
	uint8_t force, paranoid, replayed, mounted;
	uint8_t has_partition, has_journal_device;
	uint8_t uuid[16];
	uint64_t kinds, fs_offset, blocks;
	uint32_t block_size, inodes, fingerprint;
	char image[FLAT_TEXT], partition[FLAT_TEXT], journal_device[FLAT_TEXT];
};

/* False: a text is too long. */
bool flat_fill(struct flat *flat, const struct facts *facts);

/*
 * Fill FACTS for a check of the whole image, as facts_make(). Its strings are those of FLAT, which
 * must not change after the call. False: the facts are not valid.
 */
bool flat_read(const struct flat *flat, const struct options *given, struct facts *facts);

#endif
