// SPDX-License-Identifier: GPL-2.0-or-later
// Looks at what a transaction is going to be written over, and passes the numbers that stand there.
#include "journal/stale.h"

/* What is in the ring's block AT now has *TID, or the number after it: *TID passes it. */
static errcode_t pass_block(const struct log *log, uint64_t at, uint32_t *tid, bool *passed)
{
	uint32_t together, stale;
	struct jbd2_header header;
	uint64_t pblk;
	errcode_t err;

	log_where(log, log->first + (uint32_t)at, &pblk, &together);
	err = blkdev_read(log->dev, pblk * log->shape.block_size, sizeof(header), &header);
	if (err || !jbd2_block_type(&header, &stale))
		return err;
	if (stale == *tid || stale == *tid + 1) {
		*tid = stale + 1;
		*passed = true;
	}
	return 0;
}

errcode_t stale_pass(const struct log *log, uint64_t step, uint64_t need, uint32_t *tid)
{
	uint64_t commit = need - 1;
	bool passed = true;
	errcode_t err = 0;

	/* no number is passed twice, so it ends */
	while (passed && !err) {
		passed = false;
		for (uint64_t at = 0; at < commit && !err; at += step)
			err = pass_block(log, at, tid, &passed);
		for (uint64_t at = commit; at < need + 1 && at < log_size(log) && !err; at++)
			err = pass_block(log, at, tid, &passed);
	}
	return err;
}
