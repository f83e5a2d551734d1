// SPDX-License-Identifier: GPL-2.0-or-later
// The version of the library that is linked, which can be another one than that of the header.
#include "e4zero.h"

// configure.ac takes the version from the header, when configure is made.
_Static_assert(__builtin_strcmp(E4Z_VERSION, PACKAGE_VERSION) == 0,
	       "lib/e4zero.h has another version than configure: run autoreconf -i");

const char *e4z_version(void)
{
	return E4Z_VERSION;
}
