/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every field of metadata with every value that a bound may have: no chance is in it. */
#ifndef E4Z_TESTS_FUZZ_FIELDS_H
#define E4Z_TESTS_FUZZ_FIELDS_H

#include "../../target.h"

/*
 * Change number N of T in IMG, without its checksum; FINE: each bit, too. False: there are fewer.
 */
bool fields_set(const struct fuzz_image *img, const struct target *t, unsigned n, bool fine);

#endif
