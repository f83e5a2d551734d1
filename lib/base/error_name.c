// SPDX-License-Identifier: GPL-2.0-or-later
// The symbolic name of an error code: what a script can compare and a reader can look up.
#include "e4zero.h"

#include "errors.h"
#include <string.h>

#define ERRNO_END 256

#define NAMED(code)                                                                                \
	{                                                                                          \
		code, #code                                                                        \
	}

/* As in errors.et: tests/lint/faces.sh compares the two. */
static const struct {
	errcode_t code;
	const char *name;
} names[] = {
	NAMED(E4Z_ET_USAGE),	     NAMED(E4Z_ET_NOT_REGULAR),	 NAMED(E4Z_ET_SHORT_READ),
	NAMED(E4Z_ET_CLIPPED),	     NAMED(E4Z_ET_NOT_EXT),	 NAMED(E4Z_ET_AMBIGUOUS),
	NAMED(E4Z_ET_NO_PARTITION),  NAMED(E4Z_ET_BAD_SUPER),	 NAMED(E4Z_ET_TRUNCATED),
	NAMED(E4Z_ET_FEATURE),	     NAMED(E4Z_ET_MOUNTED),	 NAMED(E4Z_ET_BUSY),
	NAMED(E4Z_ET_NEEDS_REPLAY),  NAMED(E4Z_ET_BAD_JOURNAL),	 NAMED(E4Z_ET_CORRUPT_MAP),
	NAMED(E4Z_ET_BAD_INODE),     NAMED(E4Z_ET_BAD_DIR),	 NAMED(E4Z_ET_NOT_FOUND),
	NAMED(E4Z_ET_LOOP),	     NAMED(E4Z_ET_INTERRUPTED),	 NAMED(E4Z_ET_READ_ONLY),
	NAMED(E4Z_ET_SINK),	     NAMED(E4Z_ET_FAST_COMMIT),	 NAMED(E4Z_ET_NO_JOURNAL),
	NAMED(E4Z_ET_HAS_ERRORS),    NAMED(E4Z_ET_BAD_UNDO),	 NAMED(E4Z_ET_OTHER_IMAGE),
	NAMED(E4Z_ET_LOG_FULL),	     NAMED(E4Z_ET_STATE),	 NAMED(E4Z_ET_REFUSED),
	NAMED(E4Z_ET_QUOTA),	     NAMED(E4Z_ET_NO_SPACE),	 NAMED(E4Z_ET_HANDLE),
	NAMED(E4Z_ET_OTHER_JOURNAL), NAMED(E4Z_ET_NO_MATCH),	 NAMED(E4Z_ET_LEDGER),
	NAMED(E4Z_ET_NBD),	     NAMED(E4Z_ET_IMAGE_FORMAT), NAMED(E4Z_ET_FORMAT_DOUBT),
	NAMED(E4Z_ET_OTHER_FILE),    NAMED(E4Z_ET_PASSPHRASE),	 NAMED(E4Z_ET_UNCONFINED),
};

const char *e4z_error_name(errcode_t code)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
#ifdef HAVE_STRERRORNAME_NP
	/* com_err's tables begin above the errno values */
	if (code > 0 && code < ERRNO_END)
		return strerrorname_np((int)code);
#endif
	return NULL;
}
