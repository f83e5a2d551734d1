/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After a crash of --fix --all, another run completes the fix. */
#ifndef TESTS_CRASH_AGAIN_H
#define TESTS_CRASH_AGAIN_H

#include "judge.h"

/*
 * A check of the disks finds no bytes outside of files, and there is no canary except in the bytes
 * that the ledger has as left. Otherwise WHY has a message.
 */
bool again_is_clean(const struct disks *disks, char *why, size_t size);

/*
 * Run --fix --all on the disks of a crash state: every file is unchanged, no canary is left, and a
 * check finds nothing. Otherwise complain about STATE. The disks are restored at the end.
 */
void again_fix(struct court *court, const struct state *state);

#endif
