/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flags of the superblock that are turned with the write of one sector. */
#ifndef E4Z_JOURNAL_FLIP_H
#define E4Z_JOURNAL_FLIP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Turn RECOVER in the superblock RAW (512 bytes are enough) on or off. With metadata_csum 32 unused
 * bits of the first sector are turned with it so that the checksum in the second sector stays
 * right: the flip is one sector.
 */
void flip_recover(uint8_t *raw, bool metadata_csum);

/* The same for EXT2_VALID_FS in s_state, of file systems without a journal. */
void flip_valid(uint8_t *raw, bool metadata_csum);

/* RECOVER is on in the superblock RAW. */
bool flip_recover_is_on(const uint8_t *raw);

#endif
