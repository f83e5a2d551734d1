// SPDX-License-Identifier: GPL-2.0-or-later
// What a broken invariant is in a release: an error of the call that found it.
#include "base/invariant.h"

#include "errors.h"

errcode_t invariant_broken(const char *number)
{
	(void)number;
	return E4Z_ET_STATE;
}
