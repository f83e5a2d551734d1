/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every field of metadata with every value at which a bound may be; nothing is random. */
#ifndef E4Z_TESTS_FUZZ_FIELDS_H
#define E4Z_TESTS_FUZZ_FIELDS_H

#include "../../target.h"

/*
 * Make change number N of T in IMG, without its checksum. FINE: also flip each bit. False: T has
 * fewer changes.
 */
bool fields_set(const struct fuzz_image *img, const struct target *t, unsigned n, bool fine);

#endif
