/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests tree blocks before they are needed, which pays off if each read has a latency. */
#ifndef E4Z_FILE_MAP_AHEAD_H
#define E4Z_FILE_MAP_AHEAD_H

#include "image/image.h"

/*
 * Request the blocks to which i_block of the slot RAW (inode_size bytes) points. Its contents may
 * be invalid.
 */
void map_ahead(const struct e4z_image *img, const uint8_t *raw);

/* Request the blocks of COUNT pointers of an indirect map; 0 and invalid pointers are skipped. */
void map_ahead_pointers(const struct e4z_image *img, const uint8_t *pointers, unsigned count);

#endif
