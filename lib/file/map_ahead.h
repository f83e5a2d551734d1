/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks for tree blocks before they are needed: worth it where each read has to be waited for. */
#ifndef E4Z_FILE_MAP_AHEAD_H
#define E4Z_FILE_MAP_AHEAD_H

#include "image/image.h"

/*
 * Ask for the blocks to which i_block of the slot RAW (inode_size bytes) leads. Nothing in it has
 * to be right.
 */
void map_ahead(const struct e4z_image *img, const uint8_t *raw);

/* Ask for the blocks of COUNT pointers of an indirect map; those that are 0 or invalid are not. */
void map_ahead_pointers(const struct e4z_image *img, const uint8_t *pointers, unsigned count);

#endif
