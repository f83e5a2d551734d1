// SPDX-License-Identifier: GPL-2.0-or-later
// Halves an operation until a piece fits into the log.
#include "edit/pieces.h"

#include "errors.h"
#include <errno.h>
#include <stddef.h>

errcode_t pieces_run(const struct pieces *p)
{
	uint64_t at = 0, step = p->total;
	errcode_t err = 0;

	while (!err && at < p->total) {
		uint64_t len = step < p->total - at ? step : p->total - at;
		bool fits = true;

		err = p->attempt(p->arg, at, &len, &fits);
		if (err)
			return err;
		if (!fits && len <= p->unit)
			return E4Z_ET_LOG_FULL;
		if (!fits) {
			step = len / 2;
			err = p->undo(p->arg);
			continue;
		}
		at += len;
		if (at < p->total)
			err = p->next(p->arg);
	}
	return err;
}

bool is_of_one_inode(errcode_t err)
{
	static const errcode_t codes[] = {
		E4Z_ET_NO_SPACE,
		E4Z_ET_QUOTA,
		E4Z_ET_CORRUPT_MAP,
		E4Z_ET_BAD_INODE,
		E4Z_ET_REFUSED,
		E4Z_ET_LOG_FULL,
		EFBIG,
		EIO,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (err == codes[i])
			return true;
	return false;
}
