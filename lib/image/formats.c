// SPDX-License-Identifier: GPL-2.0-or-later
// What an image can be, by name: a format that can be opened has its line here.
#include "e4zero.h"

#include <stddef.h>

const char *const *e4z_formats(void)
{
	static const char *const names[] = {
		"raw",		/* a regular file, byte for byte */
		"block-device", /* of this host */
#ifdef HAVE_LIBNBD
		"nbd", /* the export of a server, by its URI */
#endif
		NULL,
	};

	return names;
}
