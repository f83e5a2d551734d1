/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks that the bitmaps call used, and nobody has. */
#ifndef E4Z_LEDGER_LEAKED_H
#define E4Z_LEDGER_LEAKED_H

#include "ledger/ledger_state.h"

/*
 * If there are any, look for inodes that may have them and were not met: those that a name or the
 * orphan list leads to although they are not in use, which e2fsck takes to be. LEDGER is incomplete
 * then.
 */
errcode_t leaked_look_around(struct ledger *ledger, const struct tables *tables);

/*
 * In the open transaction: free the leaked blocks of group G, as found. They are in use, so that
 * nobody has taken one since.
 */
errcode_t ledger_free_leaked(struct ledger *ledger, uint32_t g);

#endif
