// SPDX-License-Identifier: GPL-2.0-or-later
// Claims what an inode has: its runs, and what it has beside its map.
#include "exam/exam_part.h"

#include <errno.h>

/* BLOCK, of an attribute or of a translator, may not be there. */
bool exam_misplaced(const struct exam *exam, uint64_t block)
{
	return block >= exam->img->blocks || rangeset_has(exam->img->metadata, block);
}

errcode_t exam_claim_beside(struct exam *exam, const struct inode *inode, const char **why)
{
	bool shared = exam->img->shared_blocks;
	struct claim claim = {inode->translator / exam->img->cluster_ratio, 1};
	bool first = false;
	errcode_t err = 0;

	if (inode->translator && exam_misplaced(exam, inode->translator))
		*why = "the translator's block lies outside its place";
	else if (inode->translator && !shared && vec_push(&exam->claimed, claim))
		return ENOMEM;
	if (inode->translator && !*why && exam->account)
		exam_tally_block(exam, OWNER_XATTR, inode->translator);
	if (inode->acl_block && exam_misplaced(exam, inode->acl_block))
		*why = "the extended-attribute block lies outside its place";
	else if (inode->acl_block)
		err = shared ? claims_meet_xattr(exam->claims, inode->acl_block, &first)
			     : claims_xattr(exam->claims, inode->acl_block, &first);
	if (!first || err || !exam->account)
		return err;
	exam_tally_block(exam, OWNER_XATTR, inode->acl_block);
	return exam_unit_xattr(exam, inode);
}

errcode_t exam_walk_again(struct exam *exam, const struct inode *inode, const struct map_sink *sink,
			  const char **damage)
{
	*damage = map_walk(exam->img, &exam->map, inode, sink);
	return findings_is_unreadable(exam->findings, inode->ino) ? 0 : exam->map.err;
}

static bool claim_node(void *arg, uint64_t pblk)
{
	struct exam *exam = arg;
	bool descend = false;

	if (!exam->err)
		exam->err = claims_node_again(exam->claims, pblk, &descend);
	return descend && !exam->err;
}

static void claim_runs(void *arg, const struct run *run, size_t count)
{
	exam_claim_runs(arg, run, count);
}

errcode_t exam_claim(struct exam *exam, const struct inode *inode)
{
	const struct map_sink sink = {.arg = exam, .node = claim_node, .runs = claim_runs};
	bool account = exam->account;
	const char *why = NULL;
	errcode_t err;

	if (exam_leaves_out(inode->ino))
		return 0;
	exam_start(exam, inode);
	/* all is counted once more where anything is claimed twice */
	exam->account = false;
	err = exam_claim_beside(exam, inode, &why);
	if (!err && inode_has_map(inode))
		err = exam_walk_again(exam, inode, &sink, &why);
	exam->account = account;
	return err ? err : exam->err;
}
