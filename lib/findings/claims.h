/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who claims which block: one map of what is taken, one of what was taken twice. Kept in clusters.
 *
 * The outcome does not depend on the order of claims: every inode that meets a conflict is found
 * by walking all of them once more (tables in blame mode). If a tree block was met twice, what is
 * below it was claimed by whoever came first. Then all is claimed again (claims_restart()), and no
 * walk enters such a block.
 */
#ifndef E4Z_FINDINGS_CLAIMS_H
#define E4Z_FINDINGS_CLAIMS_H

#include "base/vec.h"
#include "file/map.h"
#include "image/image.h"

struct claims;

/* Claims of one thread that wait to be entered in one go. */
struct claim {
	uint64_t start, len; /* clusters */
};
VEC(claim_vec, struct claim);

/* EXACT: what was claimed twice is known to the block, in clusters. */
errcode_t claims_new(const struct e4z_image *img, bool exact, struct claims **claims);
void claims_free(struct claims *claims);

/*
 * Claim the tree block PBLK with POINTERS (map_work) at once. *DESCEND: it was not met as such, and
 * is to be read, whatever else the block is claimed as.
 */
errcode_t claims_node(struct claims *claims, uint64_t pblk, unsigned pointers, bool *descend);

/* A tree block was met more than once. */
bool claims_any_contested(const struct claims *claims);

/*
 * Forget all claims of IMG's inodes. What is contested (findings/contested.h), and what is listed
 * there, is claimed twice from now on. WORK's buffers are used.
 */
errcode_t claims_restart(struct claims *claims, const struct e4z_image *img, struct map_work *work);

/* Claim the tree block PBLK after claims_restart(); *DESCEND: it is not contested. */
errcode_t claims_node_again(struct claims *claims, uint64_t pblk, bool *descend);

/* The tree block PBLK is contested; known after claims_restart(), if there are any. */
bool claims_contested(const struct claims *claims, uint64_t pblk);

/*
 * Claim an extended-attribute block, which several inodes may share with each other only; no two
 * blocks share a cluster. *FIRST is true for the first of them.
 */
errcode_t claims_xattr(struct claims *claims, uint64_t pblk, bool *first);

/* Without a claim: *FIRST is true for the first who meets the block. */
errcode_t claims_meet_xattr(struct claims *claims, uint64_t pblk, bool *first);

/* Where files share blocks: *FRESH of these were nobody's yet. */
errcode_t claims_share(struct claims *claims, uint64_t pblk, uint64_t len, uint64_t *fresh);

/* No attribute block was met, no block shared; those of TAKEN, clusters, are somebody's. */
errcode_t claims_again(struct claims *claims, const struct rangeset *taken);

/* The cluster that an inode's last extent ends in, and which one of the file it is. */
struct claims_last {
	uint64_t cluster, logical;
};
#define CLAIMS_START ((struct claims_last){UINT64_MAX, UINT64_MAX})

/*
 * Append what COUNT extents claim to VEC. LAST goes with the inode: a cluster may serve several of
 * its extents, in one place of the file.
 */
errcode_t claims_append(const struct e4z_image *img, struct claim_vec *vec, const struct run *run,
			size_t count, struct claims_last *last);

/* Enter and empty VEC. */
errcode_t claims_enter(struct claims *claims, struct claim_vec *vec);

/* All clusters that are claimed, and those claimed twice. No more claims. */
const struct rangeset *claims_taken(const struct claims *claims);
const struct rangeset *claims_twice(const struct claims *claims);
/* Blocks that claims_share() was given; NULL: none. */
const struct rangeset *claims_shared(const struct claims *claims);

/*
 * From now on claims_restart() keeps what was taken before it: who claimed first has led to that,
 * and another shard's inode that has it as well would have been met there.
 */
void claims_keep(struct claims *claims);

/*
 * Divide all that was claimed: *XATTR are the attribute blocks that were met, *ALONE the clusters
 * that nobody else may claim, which are those of everything else and those claimed twice. No more
 * claims, and claims_taken() is no longer what it was. Both stay with CLAIMS.
 */
errcode_t claims_divide(struct claims *claims, const struct e4z_image *img,
			const struct rangeset **alone, const struct rangeset **xattr);

bool claims_any_conflict(const struct claims *claims);

/* Any of the blocks was claimed twice up to now. */
bool claims_conflict(struct claims *claims, uint64_t pblk, uint64_t len);

#endif
