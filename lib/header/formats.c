// SPDX-License-Identifier: GPL-2.0-or-later
// The names of the formats.
#include "e4zero.h"

#include <string.h>

#define NAME(NAME, name) [E4Z_FORMAT_##NAME] = name,
#ifdef HAVE_LIBNBD
#define ROW(NAME, name) E4Z_FORMAT_##NAME == E4Z_FORMAT_RAW ? "block-device" : name,
#endif

const char *e4z_format_name(enum e4z_format format)
{
	static const char *const names[E4Z_FORMAT_COUNT] = {[E4Z_FORMAT_AUTO] = "auto",
							    E4Z_FORMATS(NAME)};

	return names[format];
}

enum e4z_format e4z_format_by_name(const char *name)
{
	for (enum e4z_format i = E4Z_FORMAT_RAW; i < E4Z_FORMAT_COUNT; i++)
		if (!strcmp(e4z_format_name(i), name))
			return i;
	return E4Z_FORMAT_AUTO;
}

const char *const *e4z_formats(void)
{
	/* a raw file, a device of this host, the formats, a URI */
#ifdef HAVE_LIBNBD
	static const char *const names[] = {"raw", E4Z_FORMATS(ROW) "nbd", NULL};
#else
	static const char *const names[] = {"raw", "block-device", "android-sparse", NULL};
#endif

	return names;
}
