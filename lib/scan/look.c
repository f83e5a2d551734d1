// SPDX-License-Identifier: GPL-2.0-or-later
// Decides from an inode's mapping which of its bytes have to be read: the table of doc/findings.md.
#include "scan/look.h"

#include "base/bytes.h"
#include "file/inline.h"
#include "findings/cutoff.h"
#include "format/system.h"
#include <errno.h>
#include <stdlib.h>

/* Suspects that wait to be read in physical order, and claims that wait for the lock. */
#define SUSPECTS_MAX 16384
#define CLAIMS_MAX 4096
/* A verity file's tree begins at the next multiple of this (fs/ext4/verity.c). */
#define VERITY_ALIGN 65536

errcode_t look_init(struct look *look, const struct e4z_image *img, struct findings *findings,
		    struct claims *claims, const struct rangeset *orphans)
{
	look->img = img;
	look->findings = findings;
	look->claims = claims;
	look->orphans = orphans;
	look->last_system = last_system_inode(img->fs->super);
	return map_work_init(img, &look->map);
}

void look_free(struct look *look)
{
	vec_free(&look->tails);
	vec_free(&look->dirs);
	vec_free(&look->pending);
	vec_free(&look->claimed);
	vec_free(&look->suspects);
	map_work_free(&look->map);
	free(look->buf);
}

static bool wants(const struct look *look, enum e4z_finding_kind kind)
{
	return look->kinds & E4Z_KIND_BIT(kind);
}

static int compare_suspects(const void *pa, const void *pb)
{
	const struct suspect *a = pa, *b = pb;

	return (a->finding.pblk > b->finding.pblk) - (a->finding.pblk < b->finding.pblk);
}

/*
 * Enter the claims and judge the suspects. What was claimed twice is not read: its inodes will be
 * blamed. Else thousands of inodes that map the same blocks would have them read again and again.
 */
static errcode_t judge_suspects(struct look *look)
{
	struct suspect_vec *v = &look->suspects;
	errcode_t err = claims_enter(look->claims, &look->claimed);
	uint8_t *buf = NULL;

	if (v->count > 1)
		qsort(v->items, v->count, sizeof(*v->items), compare_suspects);
	if (v->count && !err)
		err = look_buffer(look, &buf);
	for (size_t i = 0; i < v->count && !err; i++)
		if (!claims_conflict(look->claims, v->items[i].finding.pblk,
				     v->items[i].finding.blocks))
			err = judge_suspect(look->img, look->shown, look->findings, &v->items[i],
					    buf);
	v->count = 0;
	return err;
}

static void push_suspect(struct look *look, const struct suspect *suspect)
{
	if (!wants(look, suspect->finding.kind) &&
	    (suspect->zero_kind == E4Z_KIND_COUNT || !wants(look, suspect->zero_kind)))
		return;
	if (!look->err && look->suspects.count == SUSPECTS_MAX)
		look->err = judge_suspects(look);
	if (!look->err && vec_push(&look->suspects, *suspect))
		look->err = ENOMEM;
}

static struct suspect make_suspect(const struct look *look, enum e4z_finding_kind kind,
				   uint64_t lblk, uint64_t pblk, uint64_t blocks)
{
	const struct inode *inode = look->inode;

	return (struct suspect){.finding = {.kind = kind,
					    .ino = inode->ino,
					    .size = inode->size,
					    .lblk = lblk,
					    .pblk = pblk,
					    .blocks = blocks,
					    .fixable = !(inode->flags & EXT4_VERITY_FL) &&
						       !look->img->shared_blocks},
				.zero_kind = E4Z_KIND_COUNT};
}

/* The written EOF block, at PBLK. */
static void on_eof_block(struct look *look, uint64_t pblk)
{
	const struct e4z_image *img = look->img;
	const struct inode *inode = look->inode;
	uint64_t lblk = inode->size >> img->block_bits;
	struct suspect suspect = make_suspect(look, E4Z_STALE_TAIL, lblk, pblk, 1);

	if (inode->flags & EXT4_ENCRYPT_FL) {
		suspect.finding.kind = E4Z_OPAQUE;
		suspect.finding.fixable = false;
		suspect.finding.first = suspect.finding.last = E4Z_NONE;
		look->err = findings_add(look->findings, &suspect.finding);
		return;
	}
	if (look->unfinished || (inode_is(inode, LINUX_S_IFLNK) && lblk))
		return;
	suspect.skip = (uint32_t)(inode->size & (img->block_size - 1));
	if (inode_is(inode, LINUX_S_IFLNK)) {
		suspect.finding.kind = E4Z_SYMLINK_SLACK;
		suspect.finding.fixable = !img->shared_blocks;
	} else if (inode->flags & EXT4_EA_INODE_FL) {
		suspect.finding.fixable = false;
	}
	if (suspect.finding.kind != E4Z_STALE_TAIL || !suspect.finding.fixable)
		push_suspect(look, &suspect);
	else if (wants(look, E4Z_STALE_TAIL) &&
		 vec_push(&look->tails, tail_make(inode->ino, pblk, inode->size, img->block_bits)))
		look->err = ENOMEM;
}

/* A block at an aligned EOF turned out not to be the last one: e2fsck would grow the size. */
static void push_blind(struct look *look, enum e4z_e2fsck e2fsck)
{
	if (!look->blind.finding.ino)
		return;
	if (!(look->inode->flags & EXT4_VERITY_FL))
		look->blind.finding.e2fsck = e2fsck;
	push_suspect(look, &look->blind);
	look->blind.finding.ino = 0;
}

/* The part of a written run that lies past EOF. */
static void on_past_eof(struct look *look, const struct run *run)
{
	uint64_t start = run->lblk > look->past_eof ? run->lblk : look->past_eof;
	uint64_t end = run->lblk + run->len;
	struct suspect suspect;

	if (end > look->past_end)
		end = look->past_end;
	if (start >= end)
		return;
	push_blind(look, look->behind);
	suspect = make_suspect(look, E4Z_POST_EOF_DATA, start, run->pblk + (start - run->lblk),
			       end - start);
	suspect.zero_kind = E4Z_POST_EOF_ZERO;
	if (!(look->inode->flags & EXT4_VERITY_FL))
		suspect.finding.e2fsck = look->behind;
	/* pass 1 of e2fsck compares i_size with the start of the last written block */
	if (end - start == 1 && start << look->img->block_bits == look->inode->size)
		look->blind = suspect;
	else
		push_suspect(look, &suspect);
}

static void push_residue(struct look *look, const struct run *run)
{
	const struct suspect suspect =
		make_suspect(look, E4Z_UNWRITTEN_RESIDUE, run->lblk, run->pblk, run->len);

	push_suspect(look, &suspect);
}

/* Nothing of a written run is stale before EOF, nor of others where residue is not asked for. */
static bool may_be_stale(const struct look *look, const struct run *run)
{
	return run->unwritten ? look->regular && look->paranoid : run->lblk + run->len > look->eof;
}

static void judge_run(struct look *look, const struct run *run)
{
	if (run->unwritten) {
		push_residue(look, run);
		return;
	}
	if (look->eof < look->past_eof && run->lblk <= look->eof)
		on_eof_block(look, run->pblk + (look->eof - run->lblk));
	if (look->regular && !look->unfinished)
		on_past_eof(look, run);
}

/* A run is over. */
static void on_merged_run(struct look *look)
{
	if (look->run.len && may_be_stale(look, &look->run))
		judge_run(look, &look->run);
}

static void push_slack(struct look *look, uint64_t start, uint64_t end)
{
	struct suspect suspect;

	if (end > look->img->blocks)
		end = look->img->blocks;
	if (start >= end)
		return;
	suspect = make_suspect(look, E4Z_CLUSTER_SLACK, start + look->slack_delta, start,
			       end - start);
	push_suspect(look, &suspect);
}

/* What no extent maps of the clusters up to RUN. Extents of one cluster follow each other. */
static void on_slack(struct look *look, const struct run *run)
{
	uint64_t ratio = look->img->cluster_ratio, start = run->pblk - run->pblk % ratio;

	if (run->pblk >= look->slack_next && run->pblk < look->slack_end) {
		push_slack(look, look->slack_next, run->pblk);
	} else {
		push_slack(look, look->slack_next, look->slack_end);
		look->slack_delta = run->lblk - run->pblk;
		push_slack(look, start, run->pblk);
	}
	look->slack_delta = run->lblk - run->pblk;
	look->slack_next = run->pblk + run->len;
	look->slack_end = (look->slack_next + ratio - 1) / ratio * ratio;
}

/* Neighbours of one state become one run. */
static void merge_runs(struct look *look, const struct run *run, size_t count)
{
	struct run *last = &look->run;

	for (size_t i = 0; i < count; i++) {
		if (last->len && run[i].lblk == last->lblk + last->len &&
		    run[i].pblk == last->pblk + last->len && run[i].unwritten == last->unwritten) {
			last->len += run[i].len;
			continue;
		}
		on_merged_run(look);
		*last = run[i];
	}
}

/* What is unwritten past EOF of extents that e2fsck may unmap: the first, and how much it is. */
static void note_prealloc(struct look *look, const struct run *run, size_t count)
{
	struct e4z_finding *f = &look->prealloc;

	if (run[count - 1].lblk + run[count - 1].len <= look->past_eof)
		return;
	for (; count; run++, count--) {
		uint64_t end = run->lblk + run->len, start = run->lblk;

		if (!run->unwritten || end <= look->past_eof)
			continue;
		if (start < look->past_eof)
			start = look->past_eof;
		if (!f->blocks)
			*f = make_suspect(look, E4Z_POST_EOF_UNWRITTEN, start,
					  run->pblk + (start - run->lblk), 0)
				     .finding;
		f->blocks += end - start;
	}
}

/* The map of INODE is read, and is sound. */
static errcode_t judge_prealloc(struct look *look, const struct inode *inode)
{
	struct e4z_finding *f = &look->prealloc;
	bool is_cut;
	uint8_t *buf;
	errcode_t err;

	if (!f->blocks || look->unfinished || !wants(look, f->kind))
		return 0;
	err = look_buffer(look, &buf);
	if (err)
		return err;
	err = cutoff_unwritten(look->img, inode, look->past_eof, buf, &is_cut);
	if (err)
		return findings_unreadable(look->findings, inode->ino, inode->size,
					   "a block cannot be read");
	f->first = f->last = E4Z_NONE;
	f->e2fsck = E4Z_E2FSCK_WOULD_CLEAR;
	return is_cut ? findings_add(look->findings, f) : 0;
}

/* Where residue is not asked for nothing matters of the extents that end before EOF. */
static void judge_runs(struct look *look, const struct run *run, size_t count)
{
	if (!look->regular || !look->paranoid) {
		if (run[count - 1].lblk + run[count - 1].len <= look->eof)
			return;
		for (; run->lblk + run->len <= look->eof; run++)
			count--;
	} else if (look->img->cluster_ratio > 1) {
		for (size_t i = 0; i < count; i++)
			on_slack(look, &run[i]);
	}
	merge_runs(look, run, count);
}

/* Does the host have data for any block of a file? A copy of nothing but metadata has none. */
static void note_data(struct look *look, const struct run *run, size_t count)
{
	uint32_t bits = look->img->block_bits;

	for (; count && !look->seen_data; run++, count--) {
		uint64_t off = run->pblk << bits, end = off + (run->len << bits), data_end;

		if (run->unwritten || (off >= look->hole_start && end <= look->hole_end))
			continue;
		look->seen_hole = true;
		image_next_data(look->img, off, &look->hole_end, &data_end);
		look->hole_start = off;
		look->seen_data = look->hole_end < end;
	}
}

/* Every extent comes through here. */
static void on_runs(void *arg, const struct run *run, size_t count)
{
	struct look *look = arg;

	if (!look->err && !look->img->shared_blocks)
		look->err = claims_append(look->img, &look->claimed, run, count, &look->last_claim);
	if (!look->err && look->claimed.count >= CLAIMS_MAX)
		look->err = claims_enter(look->claims, &look->claimed);
	if (!look->seen_data && look->judging && look->regular)
		note_data(look, run, count);
	if (!look->err && look->judging && look->may_be_cut)
		note_prealloc(look, run, count);
	if (!look->err && look->judging)
		judge_runs(look, run, count);
}

static bool on_node(void *arg, uint64_t pblk)
{
	struct look *look = arg;
	bool first_visit = false;

	if (!look->err)
		look->err = claims_node(look->claims, pblk, &first_visit);
	return first_visit && !look->err;
}

/* Inline data: the bytes behind it in the inode itself. */
static errcode_t look_at_inline(struct look *look, const struct inode *inode)
{
	struct inline_data data;
	struct suspect suspect = make_suspect(look, E4Z_INLINE_SLACK, 0, E4Z_NONE, 0);
	uint64_t parts[2];
	struct judged judged = JUDGED_NOTHING;

	if (!inline_find(look->img, inode, &data) || inode->size > inline_capacity(&data))
		return findings_unreadable(look->findings, inode->ino, inode->size,
					   "inline data is smaller than the file size");
	if (!look->judging || !look->paranoid || !wants(look, E4Z_INLINE_SLACK) ||
	    inode->flags & (EXT4_ENCRYPT_FL | EXT4_EA_INODE_FL) || inode_is(inode, LINUX_S_IFDIR))
		return 0;
	parts[0] = inode->size < INODE_I_BLOCK_LEN ? inode->size : INODE_I_BLOCK_LEN;
	parts[1] = inode->size - parts[0];
	judge_memory(data.head + parts[0], INODE_I_BLOCK_LEN - parts[0], parts[0], &judged);
	if (data.rest)
		judge_memory(data.rest + parts[1], data.rest_len - parts[1],
			     INODE_I_BLOCK_LEN + parts[1], &judged);
	suspect.finding.first = judged.first;
	suspect.finding.last = judged.last;
	suspect.finding.nonzero = judged.nonzero;
	return judged.nonzero ? findings_add(look->findings, &suspect.finding) : 0;
}

static void start(struct look *look, const struct inode *inode)
{
	const struct e4z_image *img = look->img;
	uint64_t size = inode->size;

	look->inode = inode;
	look->regular = inode_is(inode, LINUX_S_IFREG) && !(inode->flags & EXT4_EA_INODE_FL);
	look->eof = size >> img->block_bits;
	look->past_eof = look->eof + ((size & (img->block_size - 1)) != 0);
	look->past_end = UINT64_MAX;
	if (inode->flags & EXT4_VERITY_FL)
		look->past_end = (size + VERITY_ALIGN - 1) / VERITY_ALIGN * VERITY_ALIGN >>
				 img->block_bits;
	look->behind = cutoff_written(inode, look->past_eof) ? E4Z_E2FSCK_WOULD_CLEAR
							     : E4Z_E2FSCK_WOULD_GROW;
	look->prealloc.blocks = 0;
	look->may_be_cut = look->regular && !(inode->flags & EXT4_VERITY_FL) &&
			   cutoff_possible(inode, look->past_eof);
	look->last_claim = CLAIMS_START;
	look->run.len = 0;
	look->blind.finding.ino = 0;
	look->slack_next = look->slack_end = 0;
	look->err = 0;
}

/* Whether the content of INODE matters, and what else is to be noted of it. */
static errcode_t classify(struct look *look, const struct inode *inode)
{
	bool regular = inode_is(inode, LINUX_S_IFREG);

	look->judging = look->unfinished = false;
	if (is_system_inode(look->img->fs->super, inode->ino))
		return 0;
	if (!inode->links)
		return inode->mode ? findings_skip(look->findings, inode->ino,
						   "deleted, waiting to be freed")
				   : 0;
	if (inode_is(inode, LINUX_S_IFDIR) && vec_push(&look->dirs, inode->ino))
		return ENOMEM;
	look->files += regular;
	if (look->regular && rangeset_has(look->orphans, inode->ino)) {
		look->unfinished = true;
		if (vec_push(&look->pending, inode->ino))
			return ENOMEM;
	}
	if (inode->flags & EXT4_EA_INODE_FL || inode_is(inode, LINUX_S_IFLNK))
		look->judging = look->paranoid;
	else
		look->judging = regular;
	if (inode_is(inode, LINUX_S_IFLNK) && inode->flags & EXT4_ENCRYPT_FL)
		look->judging = false;
	return 0;
}

/* BLOCK, of an attribute or of a translator, may not be there. */
static bool is_misplaced(const struct look *look, uint64_t block)
{
	return block >= look->img->blocks || rangeset_has(look->img->metadata, block);
}

/* Claim what INODE has beside its map; *WHY: it cannot have it. */
static errcode_t claim_beside(struct look *look, const struct inode *inode, const char **why)
{
	bool shared = look->img->shared_blocks;
	struct claim claim = {inode->translator / look->img->cluster_ratio, 1};

	if (inode->translator && is_misplaced(look, inode->translator))
		*why = "the translator's block lies outside its place";
	else if (inode->translator && !shared && vec_push(&look->claimed, claim))
		return ENOMEM;
	if (inode->acl_block && is_misplaced(look, inode->acl_block))
		*why = "the extended-attribute block lies outside its place";
	else if (inode->acl_block && !shared)
		return claims_xattr(look->claims, inode->acl_block);
	return 0;
}

errcode_t look_show(struct look *look, struct shown *shown, const struct inode *inode)
{
	bool data = inode_is(inode, LINUX_S_IFREG) || inode_is(inode, LINUX_S_IFLNK);

	if (look_leaves_out(inode->ino) || !inode->links)
		return 0;
	return shown_add(shown, &look->map, inode,
			 !data || is_system_inode(look->img->fs->super, inode->ino));
}

/* All that the map of INODE claims and has; why it is damaged, or NULL. */
static const char *look_at_map(struct look *look, const struct inode *inode)
{
	const struct map_sink sink = {.arg = look, .node = on_node, .runs = on_runs};
	const char *damage = map_walk(look->img, &look->map, inode, &sink);

	on_merged_run(look);
	push_blind(look, look->behind == E4Z_E2FSCK_WOULD_GROW ? E4Z_E2FSCK_BLIND : look->behind);
	push_slack(look, look->slack_next, look->slack_end);
	return damage;
}

bool look_at_bare(struct look *look, uint32_t ino, const uint8_t *raw)
{
	if (!inode_is_bare(look->img, raw) || ino <= look->last_system ||
	    rangeset_has(look->orphans, ino))
		return false;
	look->files++;
	return true;
}

errcode_t look_at(struct look *look, const struct inode *inode)
{
	const char *why = NULL;
	errcode_t err;

	if (look_leaves_out(inode->ino))
		return 0;
	start(look, inode);
	err = classify(look, inode);
	if (!err)
		err = claim_beside(look, inode, &why);
	if (!err && inode->links && inode->flags & EXT4_INLINE_DATA_FL)
		err = look_at_inline(look, inode);
	if (!err && inode_has_map(inode)) {
		const char *damage = look_at_map(look, inode);

		if (!why)
			why = damage;
		if (!why && inode->size > map_max_size(look->img, inode))
			why = "the size exceeds the maximum for the block map";
		if (!err && !why)
			err = judge_prealloc(look, inode);
	}
	if (!err)
		err = look->err;
	if (!err && why && inode->links)
		err = findings_unreadable(look->findings, inode->ino, inode->size, why);
	return err;
}

errcode_t look_settle(struct look *look)
{
	return judge_suspects(look);
}

/* What of a pending truncate's blocks is written and what is in them. */
struct pending {
	struct look *look;
	struct e4z_finding finding;
	struct judged judged;
	uint8_t *buf; /* of LOOK */
	errcode_t err;
};

static bool pending_node(void *arg, uint64_t pblk)
{
	(void)arg;
	(void)pblk;
	return true;
}

static void pending_run(void *arg, const struct run *run)
{
	struct pending *p = arg;
	const struct e4z_image *img = p->look->img;
	uint64_t start = run->lblk > p->finding.lblk ? run->lblk : p->finding.lblk;
	uint64_t end = run->lblk + run->len, pblk, off, skip = 0;

	if (end > p->look->past_end)
		end = p->look->past_end;
	if (run->unwritten || start >= end || p->err)
		return;
	pblk = run->pblk + (start - run->lblk);
	off = start << img->block_bits;
	if (off < p->finding.size)
		skip = p->finding.size - off;
	if (!p->finding.blocks)
		p->finding.pblk = pblk;
	p->finding.blocks += end - start;
	p->err = judge_bytes(img, p->look->shown, pblk, end - start, skip, off + skip, p->buf,
			     &p->judged);
}

errcode_t look_pending(struct look *look, const struct inode *inode)
{
	struct pending p = {.look = look, .judged = JUDGED_NOTHING};
	const struct map_sink sink = {.arg = &p, .node = pending_node, .run = pending_run};
	errcode_t err = look_buffer(look, &p.buf);

	if (err)
		return err;
	start(look, inode);
	p.finding = make_suspect(look, E4Z_PENDING_TRUNCATE, look->past_eof, E4Z_NONE, 0).finding;
	if (!(inode->flags & EXT4_ENCRYPT_FL))
		p.finding.lblk = inode->size >> look->img->block_bits;
	if (inode_has_map(inode))
		map_walk(look->img, &look->map, inode, &sink);
	if (p.err)
		return findings_unreadable(look->findings, inode->ino, inode->size,
					   "a block cannot be read");
	p.finding.first = p.judged.first;
	p.finding.last = p.judged.last;
	p.finding.nonzero = p.judged.nonzero;
	return findings_add(look->findings, &p.finding);
}
