// SPDX-License-Identifier: GPL-2.0-or-later
// Decides from an inode's runs which of its bytes have to be read: the table of doc/findings.md.
#include "exam/exam_part.h"

#include "findings/cutoff.h"
#include <errno.h>

/* The inode at hand is a file whose tail --fix may zero. Nearly all are. */
static bool is_plain(const struct exam *exam)
{
	return exam->regular && !exam->unfinished && !exam->img->shared_blocks &&
	       !(exam->inode->flags & (EXT4_ENCRYPT_FL | EXT4_VERITY_FL));
}

/* The tail of the inode at hand is to be read in the sweep over the disk. */
static void push_tail(struct exam *exam, uint64_t pblk)
{
	const struct inode *inode = exam->inode;

	if (exam_wants(exam, E4Z_STALE_TAIL) &&
	    vec_push(&exam->tails, tail_make(inode->ino, pblk, inode->size, exam->img->block_bits)))
		exam->err = ENOMEM;
}

/* The written EOF block, at PBLK, of what is not plain. */
static void on_other_eof_block(struct exam *exam, uint64_t pblk)
{
	const struct e4z_image *img = exam->img;
	const struct inode *inode = exam->inode;
	uint64_t lblk = inode->size >> img->block_bits;
	struct suspect suspect = exam_suspect(exam, E4Z_STALE_TAIL, lblk, pblk, 1);

	if (inode->flags & EXT4_ENCRYPT_FL) {
		suspect.finding.kind = E4Z_OPAQUE;
		suspect.finding.fixable = false;
		suspect.finding.first = suspect.finding.last = E4Z_NONE;
		exam->err = findings_add(exam->findings, &suspect.finding);
		return;
	}
	if (exam->unfinished || (inode_is(inode, LINUX_S_IFLNK) && lblk))
		return;
	suspect.skip = (uint32_t)(inode->size & (img->block_size - 1));
	if (inode_is(inode, LINUX_S_IFLNK)) {
		suspect.finding.kind = E4Z_SYMLINK_SLACK;
		suspect.finding.fixable = !img->shared_blocks;
	}
	exam_push(exam, &suspect);
}

/* A block at an aligned EOF turned out not to be the last one: e2fsck would grow the size. */
static void push_blind(struct exam *exam, enum e4z_e2fsck e2fsck)
{
	if (!exam->blind.finding.ino)
		return;
	if (!(exam->inode->flags & EXT4_VERITY_FL))
		exam->blind.finding.e2fsck = e2fsck;
	exam_push(exam, &exam->blind);
	exam->blind.finding.ino = 0;
}

/* The part of a written run that lies past EOF. */
static void on_past_eof(struct exam *exam, const struct run *run)
{
	uint64_t start = run->lblk > exam->past_eof ? run->lblk : exam->past_eof;
	uint64_t end = run->lblk + run->len;
	struct suspect suspect;

	if (end > exam->past_end)
		end = exam->past_end;
	if (start >= end)
		return;
	push_blind(exam, exam->e2fsck);
	suspect = exam_suspect(exam, E4Z_POST_EOF_DATA, start, run->pblk + (start - run->lblk),
			       end - start);
	suspect.zero_kind = E4Z_POST_EOF_ZERO;
	if (!(exam->inode->flags & EXT4_VERITY_FL))
		suspect.finding.e2fsck = exam->e2fsck;
	/* pass 1 of e2fsck compares i_size with the start of the last written block */
	if (end - start == 1 && start << exam->img->block_bits == exam->inode->size)
		exam->blind = suspect;
	else
		exam_push(exam, &suspect);
}

static void push_residue(struct exam *exam, const struct run *run)
{
	const struct suspect suspect =
		exam_suspect(exam, E4Z_UNWRITTEN_RESIDUE, run->lblk, run->pblk, run->len);

	exam_push(exam, &suspect);
}

/* Nothing of a written run is stale before EOF, nor of others where residue is not asked for. */
static bool may_be_stale(const struct exam *exam, const struct run *run)
{
	return run->unwritten ? exam->regular && exam->paranoid : run->lblk + run->len > exam->eof;
}

static void examine_run(struct exam *exam, const struct run *run)
{
	if (run->unwritten) {
		push_residue(exam, run);
		return;
	}
	if (exam->eof < exam->past_eof && run->lblk <= exam->eof) {
		uint64_t pblk = run->pblk + (exam->eof - run->lblk);

		if (is_plain(exam))
			push_tail(exam, pblk);
		else
			on_other_eof_block(exam, pblk);
	}
	if (exam->regular && !exam->unfinished)
		on_past_eof(exam, run);
}

/* A run is over. */
static void on_merged_run(struct exam *exam)
{
	if (exam->run.len && may_be_stale(exam, &exam->run))
		examine_run(exam, &exam->run);
}

static void push_slack(struct exam *exam, uint64_t start, uint64_t end)
{
	struct suspect suspect;

	if (end > exam->img->blocks)
		end = exam->img->blocks;
	if (start >= end)
		return;
	suspect = exam_suspect(exam, E4Z_CLUSTER_SLACK, start + exam->slack_delta, start,
			       end - start);
	exam_push(exam, &suspect);
}

/* What no extent maps of the clusters up to RUN. Extents of one cluster follow each other. */
static void on_slack(struct exam *exam, const struct run *run)
{
	uint64_t ratio = exam->img->cluster_ratio, start = run->pblk - run->pblk % ratio;

	if (run->pblk >= exam->slack_next && run->pblk < exam->slack_end) {
		push_slack(exam, exam->slack_next, run->pblk);
	} else {
		push_slack(exam, exam->slack_next, exam->slack_end);
		exam->slack_delta = run->lblk - run->pblk;
		push_slack(exam, start, run->pblk);
	}
	exam->slack_delta = run->lblk - run->pblk;
	exam->slack_next = run->pblk + run->len;
	exam->slack_end = (exam->slack_next + ratio - 1) / ratio * ratio;
}

/* Neighbours of one state become one run. */
static void merge_runs(struct exam *exam, const struct run *run, size_t count)
{
	struct run *last = &exam->run;

	for (size_t i = 0; i < count; i++) {
		if (last->len && run[i].lblk == last->lblk + last->len &&
		    run[i].pblk == last->pblk + last->len && run[i].unwritten == last->unwritten) {
			last->len += run[i].len;
			continue;
		}
		on_merged_run(exam);
		*last = run[i];
	}
}

/* What is unwritten past EOF of extents that e2fsck may unmap: the first, and how much it is. */
static void note_prealloc(struct exam *exam, const struct run *run, size_t count)
{
	struct e4z_finding *f = &exam->prealloc;

	if (run[count - 1].lblk + run[count - 1].len <= exam->past_eof)
		return;
	for (; count; run++, count--) {
		uint64_t end = run->lblk + run->len, start = run->lblk;

		if (!run->unwritten || end <= exam->past_eof)
			continue;
		if (start < exam->past_eof)
			start = exam->past_eof;
		if (!f->blocks)
			*f = exam_suspect(exam, E4Z_POST_EOF_UNWRITTEN, start,
					  run->pblk + (start - run->lblk), 0)
				     .finding;
		f->blocks += end - start;
	}
}

errcode_t exam_prealloc(struct exam *exam, const struct inode *inode)
{
	struct e4z_finding *f = &exam->prealloc;
	bool is_cut;
	uint8_t *buf;
	errcode_t err;

	if (!f->blocks || exam->unfinished || !exam_wants(exam, f->kind))
		return 0;
	err = exam_buffer(exam, &buf);
	if (err)
		return err;
	err = cutoff_unwritten(exam->img, inode, exam->past_eof, buf, &is_cut);
	if (err)
		return findings_unreadable(exam->findings, inode->ino, inode->size,
					   "a block cannot be read");
	f->first = f->last = E4Z_NONE;
	f->e2fsck = E4Z_E2FSCK_WOULD_CLEAR;
	return is_cut ? findings_add(exam->findings, f) : 0;
}

/* Where residue is not asked for nothing matters of the extents that end before EOF. */
static void examine_runs(struct exam *exam, const struct run *run, size_t count)
{
	if (!exam->regular || !exam->paranoid) {
		if (run[count - 1].lblk + run[count - 1].len <= exam->eof)
			return;
		for (; run->lblk + run->len <= exam->eof; run++)
			count--;
	} else if (exam->img->cluster_ratio > 1) {
		for (size_t i = 0; i < count; i++)
			on_slack(exam, &run[i]);
	}
	merge_runs(exam, run, count);
}

/* Does the host have data for any block of a file? A copy of nothing but metadata has none. */
static void note_data(struct exam *exam, const struct run *run, size_t count)
{
	uint32_t bits = exam->img->block_bits;

	for (; count && !exam->seen_data; run++, count--) {
		uint64_t off = run->pblk << bits, end = off + (run->len << bits), data_end;

		if (run->unwritten || (off >= exam->hole_start && end <= exam->hole_end))
			continue;
		exam->seen_hole = true;
		image_next_data(exam->img, off, &exam->hole_end, &data_end);
		exam->hole_start = off;
		exam->seen_data = exam->hole_end < end;
	}
}

/* Where all is accounted for, the clusters of what has no content to examine matter, too. */
static void account_runs(struct exam *exam, const struct run *run, size_t count)
{
	bool examined = exam->examining && exam->regular && exam->paranoid;

	for (size_t i = 0; i < count; i++) {
		exam_tally_run(exam, &run[i]);
		if (exam->img->cluster_ratio > 1 && exam->inode->links && !examined && !exam->err)
			on_slack(exam, &run[i]);
	}
}

/* Every extent comes through here. */
static void on_runs(void *arg, const struct run *run, size_t count)
{
	struct exam *exam = arg;

	if (exam->account)
		account_runs(exam, run, count);
	exam_claim_runs(exam, run, count);
	if (!exam->seen_data && exam->examining && exam->regular)
		note_data(exam, run, count);
	if (!exam->err && exam->examining && exam->may_be_cut)
		note_prealloc(exam, run, count);
	if (!exam->err && exam->examining)
		examine_runs(exam, run, count);
}

static bool on_node(void *arg, uint64_t pblk)
{
	struct exam *exam = arg;
	bool descend = false;

	if (!exam->err)
		exam->err = claims_node(exam->claims, pblk, exam->map.pointers, &descend);
	if (descend && exam->account && !exam->err)
		exam_tally_tree(exam, pblk);
	return descend && !exam->err;
}

const char *exam_map(struct exam *exam, const struct inode *inode)
{
	const struct map_sink sink = {.arg = exam, .node = on_node, .runs = on_runs};
	const char *damage = map_walk(exam->img, &exam->map, inode, &sink);

	on_merged_run(exam);
	push_blind(exam, exam->e2fsck == E4Z_E2FSCK_WOULD_GROW ? E4Z_E2FSCK_BLIND : exam->e2fsck);
	push_slack(exam, exam->slack_next, exam->slack_end);
	return damage;
}
