// SPDX-License-Identifier: GPL-2.0-or-later
// What a broken invariant is in a program of the tests: its number, and the end.
#include "base/invariant.h"

#include <stdio.h>
#include <stdlib.h>

errcode_t invariant_broken(const char *number)
{
	fprintf(stderr, "invariant %s is broken\n", number);
	abort();
}
