/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All places of a unit: found in it, and zeroed. */
#ifndef E4Z_SLACK_SLACK_H
#define E4Z_SLACK_SLACK_H

#include "slack/unit.h"

typedef errcode_t slack_found_fn(void *arg, const struct e4z_finding *finding);

/*
 * Move the bytes of all places of UNIT in TALLY from OWNER to their kinds; what is not zero of
 * those of KINDS goes to FOUND. Any thread.
 */
errcode_t slack_examine(const struct unit *unit, uint64_t kinds, unsigned owner,
			struct tally *tally, slack_found_fn *found, void *arg);

/* F is of a place of units, of *TYPE. */
bool slack_type(const struct e4z_finding *f, enum unit_type *type);

/*
 * Zero what KIND has of UNIT in TO, which are its bytes, and set their checksum. Where the place is
 * not there any more nothing changes.
 */
void slack_zero(const struct unit *unit, enum e4z_finding_kind kind, uint8_t *to);

#endif
