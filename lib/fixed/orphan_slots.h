/* SPDX-License-Identifier: GPL-2.0-or-later */
/* orphan-file-slack: the entries of the orphan file while the superblock says that it is empty. */
#ifndef E4Z_FIXED_ORPHAN_SLOTS_H
#define E4Z_FIXED_ORPHAN_SLOTS_H

#include "findings/findings.h"
#include "findings/owners.h"
#include "image/image.h"
#include "sets/rangeset.h"

/*
 * Move them in TALLY from the system files to their kind; what is not zero of them is one finding.
 * DISPUTED clusters are left out. groups_load() was called.
 */
errcode_t orphan_slots_examine(const struct e4z_image *img, const struct rangeset *disputed,
			       struct findings *findings, struct tally *tally);

/* All of them become zero, in the open transaction. */
errcode_t orphan_slots_zero(struct e4z_image *img);

#endif
