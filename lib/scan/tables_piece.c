// SPDX-License-Identifier: GPL-2.0-or-later
// Examines the inodes of a piece of an inode table, on any thread.
#include "scan/tables_state.h"

#include "base/bytes.h"
#include "exam/blame.h"
#include "file/map_ahead.h"
#include "image/groups.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool bit_set(const uint8_t *bitmap, uint32_t n)
{
	return bitmap[n / 8] >> n % 8 & 1;
}

/* INO may have blocks that are not claimed. */
static errcode_t note_doubtful(struct tables *t, uint32_t ino)
{
	errcode_t err = 0;

	if (t->mode != EXAMINE || !t->options.account)
		return 0;
	pthread_mutex_lock(&t->lock);
	err = rangeset_add(t->doubtful, ino, 1, NULL);
	pthread_mutex_unlock(&t->lock);
	return err;
}

static errcode_t examine_slot(struct tables *t, struct worker *w, uint32_t ino, uint8_t *raw,
			      bool csum_ok)
{
	struct inode inode;

	if (!csum_ok) {
		if (t->mode != EXAMINE)
			return 0;
		if (!get_le16(raw + I_LINKS) && note_doubtful(t, ino))
			return ENOMEM;
		if (!get_le16(raw + I_LINKS))
			return exam_unlinked(&w->exam, ino, "deleted, and its checksum is wrong");
		return findings_unreadable(t->findings, ino, 0, "the inode's checksum is wrong");
	}
	inode_decode(t->img, ino, raw, &inode);
	switch (t->mode) {
	case SHOW: return exam_show(&w->exam, t->shown, &inode);
	case EXAMINE: return exam_inode(&w->exam, &inode);
	case CLAIM: return exam_claim(&w->exam, &inode);
	case BLAME: return blame_inode(&w->exam, &inode);
	case OWN: tables_own(t, &inode); return 0;
	case COUNT: return exam_count(&w->exam, &inode);
	case FIND_DIRS:
	case OTHERS:
		if (!inode_is(&inode, LINUX_S_IFDIR) || !inode.links)
			return 0;
		if (t->mode == OTHERS)
			return exam_inode(&w->exam, &inode);
		return vec_push(&w->exam.dirs, ino) ? ENOMEM : 0;
	}
	return 0;
}

errcode_t tables_collect(struct tables *t, struct exam *exam)
{
	size_t at = atomic_fetch_add(&t->tail_count, exam->tails.count);
	errcode_t err = 0;

	if (exam->tails.count)
		memcpy(t->tails + at, exam->tails.items, exam->tails.count * sizeof(*t->tails));
	exam->tails.count = 0;
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < exam->dirs.count && !err; i++)
		err = rangeset_add(t->dirs, exam->dirs.items[i], 1, NULL);
	for (size_t i = 0; i < exam->pending.count && !err; i++)
		err = vec_push(&t->pending, exam->pending.items[i]) ? ENOMEM : 0;
	for (size_t i = 0; i < exam->unlinked.count && !err; i++)
		err = rangeset_add(t->unlinked, exam->unlinked.items[i], 1, NULL);
	for (size_t i = 0; i < exam->ownerless.count && !err; i++)
		err = vec_push(&t->ownerless, exam->ownerless.items[i]) ? ENOMEM : 0;
	for (size_t i = 0; i < exam->alone.count && !err; i++)
		err = rangeset_add(t->alone, exam->alone.items[i], 1, NULL);
	if (!err && exam->spares.count)
		err = exam_join_spares(&t->spares, &exam->spares);
	t->files += exam->files;
	if (exam->account)
		tally_add(&t->tally, &exam->tally);
	t->seen_data |= exam->seen_data;
	t->seen_hole |= exam->seen_hole;
	t->blamed_dir |= exam->blamed_dir;
	pthread_mutex_unlock(&t->lock);
	exam->dirs.count = exam->pending.count = exam->ownerless.count = exam->alone.count = 0;
	exam->unlinked.count = 0;
	exam->files = 0;
	if (exam->account)
		exam->tally = (struct tally){0};
	return err;
}

errcode_t tables_handful(struct tables *t, struct worker *w, struct handful *h)
{
	unsigned ok = inode_checksums_ok(t->img, h->ino, (const uint8_t *const *)h->raw, h->count);
	/* an account is of the slots, too */
	bool examining = t->mode == EXAMINE && !t->options.account;
	errcode_t err = 0;

	for (unsigned i = 0; i < h->count && !err; i++) {
		bool csum_ok = ok >> i & 1;

		if (!examining || !csum_ok || !exam_bare(&w->exam, h->ino[i], h->raw[i]))
			err = examine_slot(t, w, h->ino[i], h->raw[i], csum_ok);
	}
	h->count = 0;
	return err;
}

/* Slots that are not in use matter, too. */
static bool wants_spares(const struct tables *t)
{
	return t->options.account && (t->mode == EXAMINE || t->mode == COUNT) &&
	       t->options.kinds & E4Z_KIND_BIT(E4Z_FREE_INODE);
}

/* Request the tree blocks of the slots [first, end); the worker's table begins with FIRST. */
static void ask_for_maps(const struct tables *t, const struct worker *w, uint32_t first,
			 uint32_t end, bool believed)
{
	const uint8_t *raw = w->table;

	if (blkdev_is_host(t->img->dev) || t->mode == OWN || t->mode == FIND_DIRS)
		return;
	for (uint32_t i = first; i < end; i++, raw += t->img->inode_size)
		if (!believed || bit_set(w->bitmap, i))
			map_ahead(t->img, raw);
}

/* The slots [first, end) of the group, whose first one in memory is the worker's table. */
static errcode_t examine_slots(struct tables *t, struct worker *w, const struct piece *p,
			       uint32_t first, uint32_t end, bool believed)
{
	uint32_t ino = p->group * tables_per_group(t) + 1;
	uint8_t *raw = w->table;
	struct handful h = {.count = 0};
	errcode_t err = 0;

	for (uint32_t i = first; i < end && !err; i++, raw += t->img->inode_size) {
		if (believed && !bit_set(w->bitmap, i)) {
			if (t->options.account && tables_slot_counts(ino + i, raw, false))
				err = note_doubtful(t, ino + i);
			if (!err && wants_spares(t))
				err = exam_spare_slot(&w->exam, ino + i, raw, NULL);
			continue;
		}
		if (!tables_slot_counts(ino + i, raw, believed)) {
			if (!believed && wants_spares(t))
				err = exam_spare_slot(&w->exam, ino + i, raw, w->doubt);
			continue;
		}
		h.ino[h.count] = ino + i;
		h.raw[h.count++] = raw;
		if (h.count == INODE_LANES)
			err = tables_handful(t, w, &h);
	}
	return err || !h.count ? err : tables_handful(t, w, &h);
}

/* A disk with bad sectors: what one block of the table hides is not all of the piece. */
static errcode_t examine_block_by_block(struct tables *t, struct worker *w, const struct piece *p,
					uint32_t first, uint32_t end, bool believed)
{
	const struct e4z_image *img = t->img;
	uint32_t per_block = img->block_size / img->inode_size, stop;
	errcode_t err = 0;

	for (; first < end && !err; first = stop) {
		uint64_t off = img->group[p->group].itable * img->block_size +
			       (uint64_t)first * img->inode_size;

		stop = (first / per_block + 1) * per_block;
		if (stop > end)
			stop = end;
		if (!image_read(img, off, (size_t)(stop - first) * img->inode_size, w->table)) {
			err = examine_slots(t, w, p, first, stop, believed);
			continue;
		}
		for (uint32_t i = first; i < stop && !err; i++) {
			uint32_t ino = p->group * tables_per_group(t) + 1 + i;

			if (believed && !bit_set(w->bitmap, i) && wants_spares(t))
				err = exam_spare_unread(&w->exam, ino);
			else if (t->mode == EXAMINE && (!believed || bit_set(w->bitmap, i)))
				err = findings_unreadable(t->findings, ino, 0,
							  "the inode cannot be read");
		}
	}
	return err;
}

/* The worker's bitmap becomes that of group G; false: it cannot be believed. */
static bool take_bitmap(const struct tables *t, struct worker *w, uint32_t g)
{
	if (w->bitmap_group != g)
		w->doubt = groups_doubt_inode_bitmap(t->img, g, w->bitmap);
	w->bitmap_group = g;
	return !w->doubt;
}

/* Pieces of what is not on this host that are asked for before they are read. */
#define AHEAD 8

/* Ask for piece N, and the bitmap that says which of its slots are in use. */
static void ask_for(const struct tables *t, uint64_t n)
{
	const struct e4z_image *img = t->img;
	const struct piece *p = &t->pieces.items[n];
	const struct group *group = &img->group[p->group];

	if (!p->first)
		blkdev_will_need(img->dev, group->inode_bitmap * img->block_size, img->block_size);
	blkdev_will_need(img->dev,
			 group->itable * img->block_size + (uint64_t)p->first * img->inode_size,
			 (uint64_t)p->count * img->inode_size);
}

static void ask_ahead(const struct tables *t, uint64_t n)
{
	uint64_t end = n + AHEAD + 1;

	if (blkdev_is_host(t->img->dev))
		return;
	end = end < t->pieces.count ? end : t->pieces.count;
	for (uint64_t i = n ? n + AHEAD : 0; i < end; i++)
		ask_for(t, i);
}

errcode_t tables_piece(void *arg, unsigned worker, uint64_t n)
{
	struct tables *t = arg;
	struct worker *w = &t->workers[worker];
	const struct e4z_image *img = t->img;
	const struct piece *p = &t->pieces.items[n];
	uint32_t first = p->first, end = p->first + p->count;
	bool believed;
	uint64_t off;
	errcode_t err;

	ask_ahead(t, n);
	believed = take_bitmap(t, w, p->group);

	/* those that are not in use are of interest to an account alone */
	while (believed && !t->options.account && first < end && !bit_set(w->bitmap, first))
		first++;
	while (believed && !t->options.account && end > first && !bit_set(w->bitmap, end - 1))
		end--;
	if (first == end)
		return 0;
	off = img->group[p->group].itable * img->block_size + (uint64_t)first * img->inode_size;
	if (image_read(img, off, (size_t)(end - first) * img->inode_size, w->table)) {
		err = examine_block_by_block(t, w, p, first, end, believed);
	} else {
		ask_for_maps(t, w, first, end, believed);
		err = examine_slots(t, w, p, first, end, believed);
	}
	if (!err && (t->mode == EXAMINE || t->mode == CLAIM))
		err = exam_settle(&w->exam);
	return err ? err : tables_collect(t, &w->exam);
}

/* ---- when it is known which inodes are unreadable ---- */

static int compare_inos(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

errcode_t tables_pending(struct tables *t)
{
	struct worker *w = &t->workers[0];
	errcode_t err = 0;

	if (t->pending.count)
		qsort(t->pending.items, t->pending.count, sizeof(*t->pending.items), compare_inos);
	for (size_t i = 0; i < t->pending.count && !err; i++) {
		uint32_t ino = t->pending.items[i];
		struct inode inode;

		err = tables_stopped(t);
		if (err || findings_is_unreadable(t->findings, ino))
			continue;
		if (inode_read(t->img, ino, w->table, &inode))
			err = findings_unreadable(t->findings, ino, 0, "the inode cannot be read");
		else
			err = exam_pending(&w->exam, &inode);
	}
	t->pending.count = 0;
	return err;
}
