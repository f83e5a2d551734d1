// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the inode tables in physical order, and has every inode in use looked at.
//
// The tables are read and looked at by all threads, as many at a time as there is room for the
// tails of (an inode gives at most one). When hardly any room is left the tails are sorted by place
// and judged, in one sweep over the disk.
#include "scan/tables.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/pool.h"
#include "image/groups.h"
#include "scan/blame.h"
#include "scan/look.h"
#include "scan/orphan_list.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Tails that are held for a sweep; with what sorts them they take 32 MiB. */
#define TAILS_MAX (1u << 20)

enum mode { SHOW, JUDGE, BLAME, FIND_DIRS };

/* Some inodes of one group's table. */
struct piece {
	uint32_t group, first, count;
};
VEC(piece_vec, struct piece);

struct worker {
	struct look look;
	uint8_t *table;	 /* a piece */
	uint8_t *bitmap; /* a block: of this group, whose pieces mostly follow each other */
	uint32_t bitmap_group;
	bool believed; /* the bitmap */
};

struct tables {
	struct e4z_image *img;
	struct tables_options options;
	struct findings *findings;
	struct claims *claims;
	struct rangeset *orphans, *dirs;
	bool stray;	     /* the orphan file names what is no inode */
	struct shown *shown; /* NULL: no file shares a block */
	bool seen_data, seen_hole;
	struct worker *workers;
	uint8_t **buf;	 /* the workers' buffers, for judge_tails */
	uint32_t *order; /* groups by the place of their inode tables */
	enum mode mode;
	struct piece_vec pieces;
	struct tail *tails, *scratch; /* of the next sweep */
	size_t room;		      /* for them */
	struct room need;
	_Atomic size_t tail_count;
	pthread_mutex_t lock; /* of dirs and pending */
	struct ino_vec pending;
	uint64_t files;
	/* progress: every inode counts twice, for its table and for its tail */
	uint64_t done;	  /* of both */
	uint64_t reading; /* inodes of the pieces */
	uint64_t waiting; /* inodes that were read and whose tails were not judged */
};

static uint32_t per_group(const struct tables *t)
{
	return t->img->fs->super->s_inodes_per_group;
}

static errcode_t new_workers(struct tables *t)
{
	struct e4z_image *img = t->img;
	unsigned n;
	errcode_t err;

	t->need = groups_room(img, t->options.workers);
	t->options.workers = n = t->need.workers;
	t->workers = calloc(n, sizeof(*t->workers));
	t->buf = calloc(n, sizeof(*t->buf));
	if (!t->workers || !t->buf)
		return ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		struct worker *w = &t->workers[i];

		w->table = blkdev_buffer(t->need.table);
		w->bitmap = malloc(img->block_size);
		w->bitmap_group = UINT32_MAX;
		if (!w->table || !w->bitmap)
			return ENOMEM;
		err = look_init(&w->look, img, t->findings, t->claims, t->orphans);
		if (err)
			return err;
		w->look.paranoid = t->options.paranoid;
		w->look.kinds = t->options.kinds;
		w->look.map.stop = t->options.stop;
	}
	return 0;
}

errcode_t tables_new(struct e4z_image *img, const struct tables_options *options,
		     struct findings *findings, struct tables **out)
{
	struct tables *t = calloc(1, sizeof(*t));
	errcode_t err;

	*out = t;
	if (!t)
		return ENOMEM;
	t->img = img;
	t->options = *options;
	t->findings = findings;
	pthread_mutex_init(&t->lock, NULL);
	err = groups_load(img);
	if (!err)
		err = claims_new(img, &t->claims);
	if (err)
		return err;
	t->orphans = rangeset_new((uint64_t)img->inodes + 1);
	t->dirs = rangeset_new((uint64_t)img->inodes + 1);
	if (!t->orphans || !t->dirs)
		return ENOMEM;
	err = groups_order(img, &t->order);
	if (!err)
		err = new_workers(t);
	return err ? err : orphan_load(img, &t->workers[0].look.map, t->orphans, &t->stray);
}

void tables_free(struct tables *t)
{
	if (!t)
		return;
	for (unsigned i = 0; t->workers && i < t->options.workers; i++) {
		free(t->workers[i].table);
		free(t->workers[i].bitmap);
		look_free(&t->workers[i].look);
	}
	free(t->workers);
	free(t->buf);
	free(t->order);
	free(t->tails);
	free(t->scratch);
	vec_free(&t->pieces);
	vec_free(&t->pending);
	rangeset_free(t->orphans);
	rangeset_free(t->dirs);
	claims_free(t->claims);
	shown_free(t->shown);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static errcode_t stopped(const struct tables *t)
{
	return t->options.stop && *t->options.stop ? E4Z_ET_INTERRUPTED : 0;
}

static errcode_t progress(const struct tables *t, uint64_t current)
{
	errcode_t err = stopped(t);

	if (err || t->mode != JUDGE || !t->options.watch)
		return err;
	return t->options.watch(t->options.arg, E4Z_PASS_TABLES, current, 2ull * t->img->inodes);
}

static bool bit_set(const uint8_t *bitmap, uint32_t n)
{
	return bitmap[n / 8] >> n % 8 & 1;
}

/*
 * The slot RAW holds an inode that is to be looked at. Without a bitmap what looks as if it were in
 * use is: with a wrong checksum, too.
 */
static bool slot_counts(uint32_t ino, const uint8_t *raw, bool believed)
{
	bool mode = get_le16(raw + I_MODE), links = get_le16(raw + I_LINKS);

	return (believed ? mode || links : mode && links) && !look_leaves_out(ino);
}

static errcode_t look_at_slot(struct tables *t, struct worker *w, uint32_t ino, uint8_t *raw,
			      bool csum_ok)
{
	struct inode inode;

	if (!csum_ok) {
		if (t->mode != JUDGE)
			return 0;
		if (!get_le16(raw + I_LINKS))
			return findings_skip(t->findings, ino,
					     "deleted, and its checksum is wrong");
		return findings_unreadable(t->findings, ino, 0, "the inode's checksum is wrong");
	}
	if (t->mode == JUDGE && look_at_bare(&w->look, ino, raw))
		return 0;
	inode_decode(t->img, ino, raw, &inode);
	switch (t->mode) {
	case SHOW: return look_show(&w->look, t->shown, &inode);
	case JUDGE: return look_at(&w->look, &inode);
	case BLAME: return blame_inode(&w->look, &inode);
	case FIND_DIRS:
		if (inode_is(&inode, LINUX_S_IFDIR) && inode.links && vec_push(&w->look.dirs, ino))
			return ENOMEM;
	}
	return 0;
}

/* Hand over what the worker collected. */
static errcode_t collect(struct tables *t, struct look *look)
{
	size_t at = atomic_fetch_add(&t->tail_count, look->tails.count);
	errcode_t err = 0;

	if (look->tails.count)
		memcpy(t->tails + at, look->tails.items, look->tails.count * sizeof(*t->tails));
	look->tails.count = 0;
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < look->dirs.count && !err; i++)
		err = rangeset_add(t->dirs, look->dirs.items[i], 1, NULL);
	for (size_t i = 0; i < look->pending.count && !err; i++)
		err = vec_push(&t->pending, look->pending.items[i]) ? ENOMEM : 0;
	t->files += look->files;
	t->seen_data |= look->seen_data;
	t->seen_hole |= look->seen_hole;
	pthread_mutex_unlock(&t->lock);
	look->dirs.count = look->pending.count = 0;
	look->files = 0;
	return err;
}

/* A few slots, whose checksums are judged together. */
struct handful {
	uint32_t ino[INODE_LANES];
	uint8_t *raw[INODE_LANES];
	unsigned count;
};

static errcode_t look_at_handful(struct tables *t, struct worker *w, struct handful *h)
{
	unsigned ok = inode_checksums_ok(t->img, h->ino, (const uint8_t *const *)h->raw, h->count);
	errcode_t err = 0;

	for (unsigned i = 0; i < h->count && !err; i++)
		err = look_at_slot(t, w, h->ino[i], h->raw[i], ok >> i & 1);
	h->count = 0;
	return err;
}

/* The slots [first, end) of the group, whose first one in memory is the worker's table. */
static errcode_t look_at_slots(struct tables *t, struct worker *w, const struct piece *p,
			       uint32_t first, uint32_t end, bool believed)
{
	uint32_t ino = p->group * per_group(t) + 1;
	uint8_t *raw = w->table;
	struct handful h = {.count = 0};
	errcode_t err = 0;

	for (uint32_t i = first; i < end && !err; i++, raw += t->img->inode_size) {
		if ((believed && !bit_set(w->bitmap, i)) || !slot_counts(ino + i, raw, believed))
			continue;
		h.ino[h.count] = ino + i;
		h.raw[h.count++] = raw;
		if (h.count == INODE_LANES)
			err = look_at_handful(t, w, &h);
	}
	return err || !h.count ? err : look_at_handful(t, w, &h);
}

/* A disk with bad sectors: what one block of the table hides is not all of the piece. */
static errcode_t look_block_by_block(struct tables *t, struct worker *w, const struct piece *p,
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
			err = look_at_slots(t, w, p, first, stop, believed);
			continue;
		}
		for (uint32_t i = first; i < stop && !err && t->mode == JUDGE; i++)
			if (!believed || bit_set(w->bitmap, i))
				err = findings_unreadable(t->findings,
							  p->group * per_group(t) + 1 + i, 0,
							  "the inode cannot be read");
	}
	return err;
}

/* The worker's bitmap becomes that of group G; false: it cannot be believed. */
static bool take_bitmap(const struct tables *t, struct worker *w, uint32_t g)
{
	if (w->bitmap_group != g)
		w->believed = groups_read_inode_bitmap(t->img, g, w->bitmap);
	w->bitmap_group = g;
	return w->believed;
}

static errcode_t piece_job(void *arg, unsigned worker, uint64_t n)
{
	struct tables *t = arg;
	struct worker *w = &t->workers[worker];
	const struct e4z_image *img = t->img;
	const struct piece *p = &t->pieces.items[n];
	uint32_t first = p->first, end = p->first + p->count;
	bool believed = take_bitmap(t, w, p->group);
	uint64_t off;
	errcode_t err;

	while (believed && first < end && !bit_set(w->bitmap, first))
		first++;
	while (believed && end > first && !bit_set(w->bitmap, end - 1))
		end--;
	if (first == end)
		return 0;
	off = img->group[p->group].itable * img->block_size + (uint64_t)first * img->inode_size;
	if (image_read(img, off, (size_t)(end - first) * img->inode_size, w->table))
		err = look_block_by_block(t, w, p, first, end, believed);
	else
		err = look_at_slots(t, w, p, first, end, believed);
	if (!err && t->mode == JUDGE)
		err = look_settle(&w->look);
	return err ? err : collect(t, &w->look);
}

static errcode_t watch_pieces(void *arg, uint64_t taken)
{
	const struct tables *t = arg;

	return progress(t, t->done + t->reading * taken / (t->pieces.count ? t->pieces.count : 1));
}

static errcode_t watch_tails(void *arg, uint64_t taken, uint64_t all)
{
	const struct tables *t = arg;

	return progress(t, t->done + t->waiting * taken / all);
}

/* There is room for the tails of the next group's inodes, and of TAKEN ones. */
static bool has_room(const struct tables *t, uint32_t at, uint64_t taken)
{
	return t->mode != JUDGE ||
	       t->tail_count + taken + groups_readable(t->img, t->order[at]) <= t->room;
}

static errcode_t add_pieces(struct tables *t, uint32_t g)
{
	uint32_t step = t->need.step, used = groups_readable(t->img, g);

	for (uint32_t first = 0; first < used; first += step) {
		struct piece piece = {g, first, used - first < step ? used - first : step};

		if (vec_push(&t->pieces, piece))
			return ENOMEM;
	}
	if (t->img->group[g].sick && t->mode == JUDGE)
		return findings_sick_group(t->findings, g, t->img->group[g].sick);
	return 0;
}

/* Fill t->pieces with the tables from order[*at] on whose tails there is room for. */
static errcode_t next_pieces(struct tables *t, uint32_t *at)
{
	uint64_t taken = 0;
	errcode_t err = 0;

	t->pieces.count = 0;
	t->reading = 0;
	for (; *at < t->img->groups && !err; (*at)++) {
		if (t->reading >= TAILS_MAX || !has_room(t, *at, taken))
			break;
		taken += groups_readable(t->img, t->order[*at]);
		t->reading += per_group(t);
		err = add_pieces(t, t->order[*at]);
	}
	return err;
}

static errcode_t judge_held(struct tables *t)
{
	errcode_t err = 0;

	for (unsigned i = 0; i < t->options.workers && t->tail_count && !err; i++)
		err = look_buffer(&t->workers[i].look, &t->buf[i]);
	if (!err && t->tail_count)
		err = judge_tails(t->img, t->findings, t->tails, t->scratch, t->tail_count,
				  t->options.workers, t->buf, watch_tails, t);
	t->tail_count = 0;
	t->done += t->waiting;
	t->waiting = 0;
	return err;
}

/* Room for the tails of COUNT inodes, and to sort them: memory only when it is written to. */
static errcode_t make_room(struct tables *t, size_t count)
{
	t->room = count;
	t->tails = malloc((count + 1) * sizeof(*t->tails));
	t->scratch = malloc((count + 1) * sizeof(*t->scratch));
	return t->tails && t->scratch ? 0 : ENOMEM;
}

static errcode_t all_tables(struct tables *t, enum mode mode)
{
	uint32_t at = 0;
	errcode_t err = 0;

	t->mode = mode;
	t->done = t->waiting = 0;
	while (at < t->img->groups && !err) {
		err = next_pieces(t, &at);
		if (!err)
			err = pool_run(mode == SHOW ? 1 : t->options.workers, t->pieces.count,
				       piece_job, watch_pieces, t);
		t->done += t->reading;
		t->waiting += t->reading;
		if (!err && mode == JUDGE && (at == t->img->groups || !has_room(t, at, 0)))
			err = judge_held(t);
	}
	return err ? err : stopped(t);
}

static int compare_inos(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static errcode_t judge_pending(struct tables *t)
{
	struct worker *w = &t->workers[0];
	errcode_t err = 0;

	if (t->pending.count)
		qsort(t->pending.items, t->pending.count, sizeof(*t->pending.items), compare_inos);
	for (size_t i = 0; i < t->pending.count && !err; i++) {
		uint32_t ino = t->pending.items[i];
		struct inode inode;

		err = stopped(t);
		if (err || findings_is_unreadable(t->findings, ino))
			continue;
		if (inode_read(t->img, ino, w->table, &inode))
			err = findings_unreadable(t->findings, ino, 0, "the inode cannot be read");
		else
			err = look_pending(&w->look, &inode);
	}
	t->pending.count = 0;
	return err;
}

/* Where files share blocks nothing can be judged before it is known what all of them show. */
static errcode_t show_all(struct tables *t)
{
	errcode_t err;

	if (!t->img->shared_blocks)
		return 0;
	t->shown = shown_new(t->img);
	if (!t->shown)
		return ENOMEM;
	err = all_tables(t, SHOW);
	shown_seal(t->shown);
	for (unsigned i = 0; i < t->options.workers; i++)
		t->workers[i].look.shown = t->shown;
	return err;
}

errcode_t tables_judge(struct tables *t)
{
	size_t most = t->options.tails ? t->options.tails : TAILS_MAX;
	size_t room = t->need.used < most ? (size_t)t->need.used : most;
	errcode_t err;

	/* a group is read as a whole */
	if (room < t->need.group)
		room = t->need.group;
	err = make_room(t, room);
	if (!err && t->stray)
		err = findings_skip(t->findings, t->img->fs->super->s_orphan_file_inum,
				    "an entry of the orphan file is not an inode");
	if (!err)
		err = show_all(t);
	if (!err)
		err = all_tables(t, JUDGE);
	if (!err && claims_any_conflict(t->claims))
		err = all_tables(t, BLAME);
	return err ? err : judge_pending(t);
}

static bool read_slot(const struct tables *t, uint32_t ino, uint8_t *raw)
{
	const struct e4z_image *img = t->img;
	uint64_t block;
	uint32_t off;

	if (img->group[(ino - 1) / per_group(t)].sick)
		return false;
	inode_place(img, ino, &block, &off);
	return !image_read(img, block * img->block_size + off, img->inode_size, raw);
}

static errcode_t look_at_one(struct tables *t, uint32_t ino)
{
	struct worker *w = &t->workers[0];
	struct handful h = {.ino = {ino}, .raw = {w->table}, .count = 1};

	if (!read_slot(t, ino, w->table))
		return t->mode == JUDGE ? findings_unreadable(t->findings, ino, 0,
							      "the inode cannot be read")
					: 0;
	return slot_counts(ino, w->table, true) ? look_at_handful(t, w, &h) : 0;
}

static errcode_t look_at_some(struct tables *t, const uint32_t *inos, size_t count)
{
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		err = stopped(t);
		if (!err)
			err = look_at_one(t, inos[i]);
	}
	return err;
}

errcode_t tables_judge_some(struct tables *t, const uint32_t *inos, size_t count)
{
	struct look *look = &t->workers[0].look;
	errcode_t err = make_room(t, count);

	if (!err)
		err = show_all(t);
	if (err)
		return err;
	t->mode = JUDGE;
	err = look_at_some(t, inos, count);
	if (!err)
		err = look_settle(look);
	if (!err)
		err = collect(t, look);
	if (!err)
		err = judge_held(t);
	t->mode = BLAME;
	if (!err && claims_any_conflict(t->claims))
		err = look_at_some(t, inos, count);
	return err ? err : judge_pending(t);
}

errcode_t tables_find_dirs(struct tables *t)
{
	return all_tables(t, FIND_DIRS);
}

const struct rangeset *tables_dirs(const struct tables *t)
{
	return t->dirs;
}

bool tables_only_holes(const struct tables *t)
{
	return t->seen_hole && !t->seen_data;
}

uint64_t tables_files(const struct tables *t)
{
	return t->files;
}
