/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The written blocks of a file of the file system's own, which is read and changed in place. */
#ifndef E4Z_FILE_RUNS_H
#define E4Z_FILE_RUNS_H

#include "base/vec.h"
#include "file/map.h"

VEC(run_vec, struct run);

/*
 * Append the written runs of INODE, which has a map, to RUNS, as far as they are below block END.
 * *WHY: the map is corrupt, a static string, or NULL; what could be read of it is there. *RESERVED,
 * unless it is NULL: some of its blocks are reserved for another file. Errors are of memory; those
 * of the disk are WORK->err.
 */
errcode_t runs_read(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		    uint64_t end, struct run_vec *runs, const char **why, bool *reserved);

#endif
