/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The feature bits of a superblock. */
#ifndef E4Z_FORMAT_FEATURE_NAMES_H
#define E4Z_FORMAT_FEATURE_NAMES_H

#include <et/com_err.h>
#include <ext2fs/ext2_fs.h>
#include <stdbool.h>
#include <stdint.h>

enum feature_set { FEATURE_COMPAT, FEATURE_INCOMPAT, FEATURE_RO_COMPAT };

/* "FEATURE_I31" and its zero byte */
#define FEATURE_NAME 12

/*
 * The name of one feature bit, as mke2fs spells it: a static string, or BUF, of FEATURE_NAME
 * bytes, for a bit that has no name.
 */
const char *feature_name(enum feature_set set, uint32_t bit, char *buf);

/*
 * The names of the feature bits set in SB, as mke2fs spells them: a NULL-terminated array in one
 * malloc()ed piece. NULL when memory runs out.
 */
const char *const *feature_names(const struct ext2_super_block *sb);

/* e4zero can read a file system with the incompatible feature BIT. */
bool feature_is_readable(uint32_t bit);

#endif
