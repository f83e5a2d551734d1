/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The number of a transaction, where the log is full of old blocks. */
#ifndef E4Z_JOURNAL_STALE_H
#define E4Z_JOURNAL_STALE_H

#include "journal/log.h"

/*
 * Raise *TID, the number of a transaction that is to take NEED blocks from the start of the ring
 * with a descriptor every STEP blocks, until no old block has it, or the one after it, where a
 * reader looks for a header. The log may still hold an older file system's transactions, from a
 * mke2fs that does not clear it (lazy_journal_init): of a transaction that is half written the old
 * block may be what is on the disk.
 */
errcode_t stale_pass(const struct log *log, uint64_t step, uint64_t need, uint32_t *tid);

#endif
