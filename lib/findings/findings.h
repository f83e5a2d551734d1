/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a scan found, collected from its threads and given back in order. */
#ifndef E4Z_FINDINGS_FINDINGS_H
#define E4Z_FINDINGS_FINDINGS_H

#include "e4zero.h"
#include "sets/rangeset.h"

/* Stands among the kinds for an inode that is only to be reported as skipped. */
#define FINDING_SKIPPED E4Z_KIND_COUNT

struct findings;

errcode_t findings_new(struct e4z_image *img, struct findings **findings);
void findings_free(struct findings *findings);

/* The order in which findings are delivered: < 0, 0, > 0. */
int findings_order(const struct e4z_finding *a, const struct e4z_finding *b);

/* Why an inode is unreadable, before all other reasons. */
extern const char findings_claimed_twice[];

/*
 * F is left by nature: it is not the file system's to zero. Delivered only to who asks for it, and
 * not counted.
 */
bool findings_by_nature(const struct e4z_finding *f);

/* Any thread. path is ignored; why must be static, or outlive the findings. */
errcode_t findings_add(struct findings *findings, const struct e4z_finding *finding);

/* Shorthands of findings_add. */
errcode_t findings_unreadable(struct findings *findings, uint32_t ino, uint64_t size,
			      const char *why);
errcode_t findings_unreadable_group(struct findings *findings, uint32_t group, const char *why);
errcode_t findings_skip(struct findings *findings, uint32_t ino, const char *why);

/* The inode was added as unreadable. Not while others add. */
bool findings_is_unreadable(const struct findings *findings, uint32_t ino);

/* All of them. */
const struct rangeset *findings_unreadable_inos(const struct findings *findings);

/*
 * From the first on in (inode, lblk, kind) order; of an unreadable inode only that. *FINDING, valid
 * until the next call, is NULL at the end.
 */
errcode_t findings_rewind(struct findings *findings);
errcode_t findings_next(struct findings *findings, const struct e4z_finding **finding);

#endif
