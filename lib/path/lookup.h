/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a name in the image to its inode. */
#ifndef E4Z_PATH_LOOKUP_H
#define E4Z_PATH_LOOKUP_H

#include "file/map.h"
#include "image/image.h"

/*
 * Resolve NAME: "<INO>", or an absolute path whose symbolic links are followed inside the image, as
 * a root directory would. E4Z_ET_NOT_FOUND, E4Z_ET_LOOP, E4Z_ET_USAGE, or what keeps a directory
 * from being read; the sentence is in IMG's context. groups_load() was called.
 * *PLAIN: NAME is spelt as the directories spell it, with no link, "." or ".." on the way.
 * While IMG's known name is NAME nothing is read.
 */
errcode_t lookup(struct e4z_image *img, struct map_work *work, const char *name, uint32_t *ino,
		 bool *plain);

/* Blocks of directories, and steps, that looking a name up may take in any file system. */
uint64_t lookup_budget(const struct e4z_image *img);

/*
 * Where the symbolic link LINK, in directory DIR, leads. *BUDGET is taken from; E4Z_ET_LOOP when it
 * is used up, too.
 */
errcode_t lookup_link(struct e4z_image *img, struct map_work *work, uint32_t dir, uint32_t link,
		      uint64_t *budget, uint32_t *ino);

#endif
