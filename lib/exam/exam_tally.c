// SPDX-License-Identifier: GPL-2.0-or-later
// Counts the bytes of an inode's blocks by who owns them: the inode, or a kind of finding.
#include "exam/exam_part.h"

#include "file/inline.h"
#include "format/system.h"
#include <errno.h>

/* Blocks of [pblk, pblk + len) that nobody else has, in clusters that nobody else has. */
static uint64_t undisputed(const struct exam *exam, uint64_t pblk, uint64_t len)
{
	uint64_t ratio = exam->img->cluster_ratio, from = pblk / ratio, at, n, count = len;

	if (!exam->disputed)
		return len;
	while (rangeset_next_in(exam->disputed, &from, (pblk + len - 1) / ratio + 1, &at, &n)) {
		uint64_t start = at * ratio > pblk ? at * ratio : pblk;
		uint64_t end = (at + n) * ratio < pblk + len ? (at + n) * ratio : pblk + len;

		count -= end - start;
	}
	return count;
}

/* Bytes of the blocks that count for the first one who has them, where files share blocks. */
static uint64_t bytes_of(struct exam *exam, uint64_t pblk, uint64_t len)
{
	uint64_t count = 0;

	if (!exam->img->shared_blocks)
		count = undisputed(exam, pblk, len);
	else if (!exam->err)
		exam->err = claims_share(exam->claims, pblk, len, &count);
	return count << exam->img->block_bits;
}

static void count(struct exam *exam, unsigned owner, uint64_t pblk, uint64_t len)
{
	exam->tally.bytes[owner] += bytes_of(exam, pblk, len);
}

/* What is left of the clusters [first, end), of which [pblk, pblk + len) is mapped, is OWNER's. */
static void count_cluster_slack(struct exam *exam, unsigned owner, uint64_t first, uint64_t end,
				uint64_t pblk, uint64_t len)
{
	uint64_t ratio = exam->img->cluster_ratio, blocks;
	uint64_t *slack = &exam->tally.bytes[owner];

	if (ratio == 1 || exam->img->shared_blocks)
		return;
	blocks = end * ratio < exam->img->blocks ? end * ratio : exam->img->blocks;
	if (first < end)
		*slack += bytes_of(exam, first * ratio, blocks - first * ratio);
	/* may be more than was added here: another extent has brought the cluster */
	*slack -= bytes_of(exam, pblk, len);
}

void exam_tally_block(struct exam *exam, unsigned owner, uint64_t pblk)
{
	uint64_t cluster = pblk / exam->img->cluster_ratio;

	bool deleted = owner == owner_of_kind(E4Z_DELETED_OPEN);

	count(exam, owner, pblk, 1);
	count_cluster_slack(exam, deleted ? owner : owner_of_kind(E4Z_CLUSTER_SLACK), cluster,
			    cluster + 1, pblk, 1);
	/* they are known already when it is counted once more */
	if (exam->img->cluster_ratio > 1 && !exam->img->shared_blocks && !exam->disputed &&
	    !deleted && vec_push(&exam->alone, pblk) && !exam->err)
		exam->err = ENOMEM;
}

void exam_tally_tree(struct exam *exam, uint64_t pblk)
{
	unsigned deleted = owner_of_kind(E4Z_DELETED_OPEN);

	exam_tally_block(exam, exam->owner == deleted ? deleted : OWNER_MAP, pblk);
	exam_unit_tree(exam, pblk);
}

/* A byte past EOF is what kind of finding, in the EOF block and in those after it? */
static unsigned owner_of_tail(const struct exam *exam)
{
	const struct inode *inode = exam->inode;

	if (inode->flags & EXT4_ENCRYPT_FL)
		return OWNER_CIPHERTEXT;
	if (exam->regular && rangeset_has(exam->orphans, inode->ino))
		return owner_of_kind(E4Z_PENDING_TRUNCATE);
	if (inode_is(inode, LINUX_S_IFLNK))
		return exam->eof ? exam->owner : owner_of_kind(E4Z_SYMLINK_SLACK);
	return owner_of_kind(E4Z_STALE_TAIL);
}

static unsigned owner_past_eof(const struct exam *exam)
{
	if (!exam->regular)
		return exam->owner;
	return owner_of_kind(rangeset_has(exam->orphans, exam->inode->ino) ? E4Z_PENDING_TRUNCATE
									   : E4Z_POST_EOF_DATA);
}

static void count_past_eof(struct exam *exam, const struct run *run)
{
	uint64_t start = run->lblk > exam->past_eof ? run->lblk : exam->past_eof;
	uint64_t end = run->lblk + run->len;
	uint64_t tree = exam->past_end < end ? exam->past_end : end;

	if (start < tree)
		count(exam, owner_past_eof(exam), run->pblk + (start - run->lblk), tree - start);
	start = start > tree ? start : tree;
	if (start < end)
		count(exam, OWNER_VERITY, run->pblk + (start - run->lblk), end - start);
}

static void count_written(struct exam *exam, const struct run *run)
{
	uint64_t end = run->lblk + run->len, below = end < exam->eof ? end : exam->eof;
	uint64_t rest = exam->inode->size & (exam->img->block_size - 1);

	if (run->lblk < below)
		count(exam, exam->owner, run->pblk, below - run->lblk);
	if (rest && run->lblk <= exam->eof && exam->eof < end) {
		uint64_t bytes = bytes_of(exam, run->pblk + (exam->eof - run->lblk), 1);

		exam->tally.bytes[exam->owner] += bytes ? rest : 0;
		exam->tally.bytes[owner_of_tail(exam)] += bytes ? bytes - rest : 0;
	}
	count_past_eof(exam, run);
}

static void count_slack(struct exam *exam, const struct run *run)
{
	uint64_t ratio = exam->img->cluster_ratio, first = run->pblk / ratio;
	uint64_t end = (run->pblk + run->len - 1) / ratio + 1;

	if (first == exam->last_tally.cluster && run->lblk / ratio == exam->last_tally.logical)
		first++;
	count_cluster_slack(
		exam, owner_of_kind(exam->inode->links ? E4Z_CLUSTER_SLACK : E4Z_DELETED_OPEN),
		first, end, run->pblk, run->len);
	exam->last_tally = (struct claims_last){end - 1, (run->lblk + run->len - 1) / ratio};
}

void exam_tally_run(struct exam *exam, const struct run *run)
{
	if (exam->owner == OWNER_DIRECTORY)
		exam_dir_run(exam, run);
	if (exam->img->cluster_ratio > 1)
		count_slack(exam, run);
	/* the blocks that are shared have ends of several files in them */
	if (!exam->has_eof || exam->img->shared_blocks)
		count(exam, exam->owner, run->pblk, run->len);
	else if (!run->unwritten)
		count_written(exam, run);
	else
		count(exam, exam->regular ? owner_of_kind(E4Z_UNWRITTEN_RESIDUE) : exam->owner,
		      run->pblk, run->len);
}

static unsigned owner_of(const struct exam *exam, const struct inode *inode)
{
	const struct ext2_super_block *sb = exam->img->fs->super;

	if (is_system_inode(sb, inode->ino))
		return owner_of_system(sb, inode->ino);
	if (!inode->links)
		return owner_of_kind(E4Z_DELETED_OPEN);
	if (inode_is(inode, LINUX_S_IFDIR))
		return OWNER_DIRECTORY;
	if (inode_is(inode, LINUX_S_IFLNK))
		return OWNER_SYMLINK;
	return inode->flags & EXT4_EA_INODE_FL ? OWNER_EA_INODE : OWNER_CONTENT;
}

/* What of the inode's body is to be zero after inline data. */
static void tally_inline(struct exam *exam, const struct inode *inode)
{
	struct inline_data data;
	uint64_t block, capacity;
	uint32_t off;

	if (!inode->links || !(inode->flags & EXT4_INLINE_DATA_FL) ||
	    inode->flags & (EXT4_ENCRYPT_FL | EXT4_EA_INODE_FL) ||
	    !(inode_is(inode, LINUX_S_IFREG) || inode_is(inode, LINUX_S_IFLNK)) ||
	    is_system_inode(exam->img->fs->super, inode->ino) ||
	    !inline_find(exam->img, inode, &data))
		return;
	capacity = inline_capacity(&data);
	inode_place(exam->img, inode->ino, &block, &off);
	if (inode->size <= capacity && undisputed(exam, block, 1))
		tally_move(&exam->tally, OWNER_INODES, owner_of_kind(E4Z_INLINE_SLACK),
			   capacity - inode->size);
}

void exam_tally_inode(struct exam *exam, const struct inode *inode)
{
	exam->owner = owner_of(exam, inode);
	exam->has_eof = exam->owner == OWNER_CONTENT || exam->owner == OWNER_SYMLINK ||
			exam->owner == OWNER_EA_INODE;
	exam->last_tally = CLAIMS_START;
	exam->dir_runs.count = 0;
	tally_inline(exam, inode);
	exam->err = exam_unit_inode(exam, inode);
}

/* ---- once more, when it is known what is disputed ---- */

/* What is contested, and all below it, is disputed. */
static bool count_node(void *arg, uint64_t pblk)
{
	struct exam *exam = arg;

	if (exam->err || claims_contested(exam->claims, pblk))
		return false;
	exam_tally_tree(exam, pblk);
	return !exam->err;
}

static void count_run(void *arg, const struct run *run)
{
	exam_tally_run(arg, run);
}

static errcode_t count_beside(struct exam *exam, const struct inode *inode)
{
	bool first = false;
	errcode_t err = 0;

	if (inode->translator && !exam_misplaced(exam, inode->translator))
		exam_tally_block(exam, OWNER_XATTR, inode->translator);
	if (inode->acl_block && !exam_misplaced(exam, inode->acl_block))
		err = claims_meet_xattr(exam->claims, inode->acl_block, &first);
	if (!first || err)
		return err;
	exam_tally_block(exam, OWNER_XATTR, inode->acl_block);
	return exam_unit_xattr(exam, inode);
}

errcode_t exam_count(struct exam *exam, const struct inode *inode)
{
	const struct map_sink sink = {.arg = exam, .node = count_node, .run = count_run};
	const char *damage = NULL;
	errcode_t err;

	if (exam_leaves_out(inode->ino))
		return 0;
	exam_start(exam, inode);
	exam_tally_inode(exam, inode);
	err = count_beside(exam, inode);
	if (!err && inode_has_map(inode))
		err = exam_walk_again(exam, inode, &sink, &damage);
	if (!err && inode_has_map(inode) && !damage && !exam->err)
		err = exam_unit_dir(exam);
	return err ? err : exam->err;
}
