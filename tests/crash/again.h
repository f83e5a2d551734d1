/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whoever runs --fix --all once more after a crash of it comes to its end. */
#ifndef TESTS_CRASH_AGAIN_H
#define TESTS_CRASH_AGAIN_H

#include "judge.h"

/*
 * A check of the disks finds nothing that belongs to no file, and no canary is there but in what
 * the ledger says is left. Else a sentence is in WHY.
 */
bool again_is_clean(const struct disks *disks, char *why, size_t size);

/*
 * Fix the disks, which a crash left, with all that belongs to no file: every file is as it was, no
 * canary is left, and a check finds nothing. The disks are then as they were. A complaint about
 * STATE where that is not so.
 */
void again_fix(struct court *court, const struct state *state);

#endif
