/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be done about a failure: the library says what is wrong, this says what helps. */
#ifndef E4ZERO_ADVICE_H
#define E4ZERO_ADVICE_H

#include "cli/options.h"
#include "e4zero.h"

/*
 * WHY, the sentence of a failure with ERR, followed by the option or the command that helps, or by
 * the command lines to choose from: *LIST points at the line break before the first of them, NULL:
 * there are none. IMG may be NULL. The caller frees the result; NULL: no memory.
 */
char *advice_add(const struct options *options, const struct e4z_image *img, errcode_t err,
		 const char *why, const char **list);

#endif
