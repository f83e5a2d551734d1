/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the public structures grow: what this library does not know of them has to be zero. */
#ifndef E4Z_BASE_RESERVED_H
#define E4Z_BASE_RESERVED_H

#include "base/bytes.h"
#include "e4zero.h"

#define RESERVED_IS_ZERO(s) bytes_are_zero((s)->reserved, sizeof((s)->reserved))
/* VALUE is one of an enumeration from 0 to LAST; a later library may have more. */
#define IS_KNOWN(value, last) ((unsigned)(value) <= (unsigned)(last))
#define RESERVED_WHY "an option is set that only a later version of libe4zero knows"

static inline bool reserved_open_known(const struct e4z_open_options *options)
{
	return RESERVED_IS_ZERO(options) && IS_KNOWN(options->format, E4Z_FORMAT_COUNT - 1) &&
	       IS_KNOWN(options->holes, E4Z_HOLES_ALWAYS);
}

static inline bool reserved_check_known(const struct e4z_check_options *options,
					const struct e4z_check_sink *sink)
{
	return RESERVED_IS_ZERO(options) && !(options->kinds >> E4Z_KIND_COUNT) &&
	       (!sink || RESERVED_IS_ZERO(sink));
}

#endif
