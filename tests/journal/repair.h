/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rights the checksum of a changed block of the log, to reach what follows the check of it. */
#ifndef JOURNAL_REPAIR_H
#define JOURNAL_REPAIR_H

#include "journal/csum.h"

static inline void repair_log_block(const struct jbd2_shape *shape, uint32_t seed, uint8_t *block)
{
	uint32_t tid;

	switch (jbd2_block_type(block, &tid)) {
	case JBD2_DESCRIPTOR:
	case JBD2_REVOKE: csum_tail_set(shape, seed, block); break;
	case JBD2_COMMIT:
		if (shape->csum >= JBD2_CSUM_V2)
			csum_commit_set(shape, seed, block);
		break;
	case JBD2_SUPER_V1:
	case JBD2_SUPER_V2: csum_super_set((struct jbd2_super *)(void *)block); break;
	default: break;
	}
}

#endif
