/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: every byte of the file system has one owner, and the sum of all of them is its size.
 *
 * Bytes are counted where they are met: those of inodes while their maps are walked (exam_tally),
 * those of static metadata by its layout (statics), free and leaked ones by the block bitmaps,
 * group after group (group_map). None of these is what the others leave, so that the sum is a
 * check.
 *
 * L1. A cluster that two claim, or one although the bitmap says that it is free, is disputed:
 *     counted once, and never touched. The same holds for all that nobody claims in a group whose
 *     bitmap is not believed.
 * L2. Where an inode cannot be read nothing is known of what nobody claims: leaked blocks are left,
 *     and free ones that its map may lead to.
 * L3. What is scrubbed is free now, in a group of which nothing was disputed when it was checked.
 * L4. What was zero when it was checked, or is not in the journal, is still zero, but for blocks
 *     that were freed since: nothing else is read again.
 */
#ifndef E4Z_LEDGER_LEDGER_H
#define E4Z_LEDGER_LEDGER_H

#include "image/image.h"
#include "scan/check.h"

struct ledger;

/*
 * The ledger that OPTIONS ask for, or NULL; to be freed in any case. E4Z_ET_USAGE where files are
 * given. KEEP: what is found is kept for ledger_scrub().
 */
errcode_t ledger_for(struct e4z_image *img, const struct e4z_check_options *options, bool keep,
		     struct ledger **ledger);
void ledger_free(struct ledger *ledger);

/*
 * For check_new(), NULL without a ledger: when all inodes were examined, find what nobody claims
 * and what is disputed, report it, and count.
 */
const struct check_after *ledger_after(const struct ledger *ledger);

/* F is among the findings. */
void ledger_note(struct ledger *ledger, const struct e4z_finding *f);

/* To SINK, once, after the findings. E4Z_ET_LEDGER where the sum is not the size. */
errcode_t ledger_deliver(struct ledger *ledger, const struct e4z_check_sink *sink);

/* From now on something may be freed: it is to be scrubbed, too. */
errcode_t ledger_watch(struct ledger *ledger);

/*
 * Zero at home what was found fixable or was freed, after the last commit; *VERIFIED counts the
 * bytes. L3: what a transaction has taken since the check is left alone.
 */
errcode_t ledger_scrub(struct ledger *ledger, uint64_t *verified);

#endif
