/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the public structures grow: what this library does not know of them has to be zero. */
#ifndef E4Z_BASE_RESERVED_H
#define E4Z_BASE_RESERVED_H

#include "base/bytes.h"

#define RESERVED_IS_ZERO(s) bytes_are_zero((s)->reserved, sizeof((s)->reserved))
#define RESERVED_WHY "an option is set that only a later version of libe4zero knows"

#endif
