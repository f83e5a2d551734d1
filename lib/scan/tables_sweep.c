// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the inode tables in physical order, and has every inode in use examined.
//
// The tables are read and examined by all threads, as many at a time as there is room for the
// tails of (an inode gives at most one). When hardly any room is left the tails are sorted by place
// and examined, in one sweep over the disk.
#include "scan/tables_state.h"

#include "base/cleanup.h"
#include "base/pool.h"
#include "image/groups.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Tails that are held for a sweep; with what sorts them they take 32 MiB. */
#define TAILS_MAX (1u << 20)

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
		err = exam_init(&w->exam, img, t->findings, t->claims, t->orphans);
		if (err)
			return err;
		w->exam.paranoid = t->options.paranoid;
		w->exam.kinds = t->options.kinds;
		w->exam.account = t->options.account;
		w->exam.map.stop = t->options.stop;
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
		err = claims_new(img, options->account, &t->claims);
	if (err)
		return err;
	t->groups = shard_groups(img, options->shard, options->shards);
	if (options->shards)
		claims_keep(t->claims);
	t->orphans = rangeset_new((uint64_t)img->inodes + 1);
	t->dirs = rangeset_new((uint64_t)img->inodes + 1);
	t->doubtful = rangeset_new((uint64_t)img->inodes + 1);
	t->unlinked = rangeset_new((uint64_t)img->inodes + 1);
	if (options->account && img->cluster_ratio > 1)
		t->alone = rangeset_new(img->blocks);
	if (!t->orphans || !t->dirs || !t->doubtful || !t->unlinked ||
	    (options->account && img->cluster_ratio > 1 && !t->alone))
		return ENOMEM;
	err = groups_order(img, &t->order);
	if (!err)
		err = new_workers(t);
	return err ? err : orphan_load(img, &t->workers[0].exam.map, t->orphans, &t->faults);
}

void tables_free(struct tables *t)
{
	if (!t)
		return;
	for (unsigned i = 0; t->workers && i < t->options.workers; i++) {
		free(t->workers[i].table);
		free(t->workers[i].bitmap);
		exam_free(&t->workers[i].exam);
	}
	free(t->workers);
	free(t->buf);
	free(t->order);
	free(t->tails);
	free(t->scratch);
	vec_free(&t->pieces);
	vec_free(&t->pending);
	vec_free(&t->ownerless);
	vec_free(&t->spares);
	rangeset_free(t->orphans);
	rangeset_free(t->dirs);
	rangeset_free(t->doubtful);
	rangeset_free(t->alone);
	rangeset_free(t->unlinked);
	claims_free(t->claims);
	shown_free(t->shown);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static errcode_t progress(const struct tables *t, uint64_t current)
{
	errcode_t err = tables_stopped(t);

	if (err || t->mode != EXAMINE || !t->options.watch)
		return err;
	return t->options.watch(t->options.arg, E4Z_PASS_TABLES, current,
				2 * shard_inodes(t->img, &t->groups));
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

/* Who is first of those that share blocks counts, and must be the same each time. */
static unsigned workers_of(const struct tables *t)
{
	bool in_order = t->mode == SHOW || t->mode == COUNT ||
			(t->options.account && t->img->shared_blocks);

	return in_order ? 1 : t->options.workers;
}

/* There is room for the tails of the next group's inodes, and of TAKEN ones. */
static bool has_room(const struct tables *t, uint32_t at, uint64_t taken)
{
	return t->mode != EXAMINE ||
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
	if (t->img->group[g].unreadable && t->mode == EXAMINE)
		return findings_unreadable_group(t->findings, g, t->img->group[g].unreadable);
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
		if (!tables_has_group(t, t->order[*at]))
			continue;
		if (t->reading >= TAILS_MAX || !has_room(t, *at, taken))
			break;
		taken += groups_readable(t->img, t->order[*at]);
		t->reading += tables_per_group(t);
		err = add_pieces(t, t->order[*at]);
	}
	return err;
}

static errcode_t examine_held(struct tables *t)
{
	errcode_t err = 0;

	for (unsigned i = 0; i < t->options.workers && t->tail_count && !err; i++)
		err = exam_buffer(&t->workers[i].exam, &t->buf[i]);
	if (!err && t->tail_count)
		err = examine_tails(t->img, t->findings, t->tails, t->scratch, t->tail_count,
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

errcode_t tables_all(struct tables *t, enum mode mode)
{
	uint32_t at = 0;
	errcode_t err = 0;

	t->mode = mode;
	t->done = t->waiting = 0;
	while (at < t->img->groups && !err) {
		err = next_pieces(t, &at);
		if (!err)
			err = pool_run(workers_of(t), t->pieces.count, tables_piece, watch_pieces,
				       t);
		t->done += t->reading;
		t->waiting += t->reading;
		if (!err && mode == EXAMINE && (at == t->img->groups || !has_room(t, at, 0)))
			err = examine_held(t);
	}
	return err ? err : tables_stopped(t);
}

/* Where files share blocks nothing can be examined before it is known what all of them show. */
static errcode_t show_all(struct tables *t)
{
	errcode_t err;

	if (!t->img->shared_blocks)
		return 0;
	t->shown = shown_new(t->img);
	if (!t->shown)
		return ENOMEM;
	err = tables_all(t, SHOW);
	if (!err)
		err = shown_seal(t->shown, &t->workers[0].exam.map);
	for (unsigned i = 0; i < t->options.workers; i++)
		t->workers[i].exam.shown = t->shown;
	return err;
}

/* Who came first to a tree block that several have has claimed what is below it: nobody shall. */
static errcode_t restart_claims(struct tables *t)
{
	t->restarted = true;
	/* what data such a block leads to was not asked of everybody */
	t->seen_data = true;
	return claims_restart(t->claims, t->img, &t->workers[0].exam.map);
}

/* WHY is said of INO, 0: of the superblock, by the shard that has it. */
static errcode_t skip_orphan(struct tables *t, uint32_t ino, const char *why)
{
	uint32_t g = ino ? (ino - 1) / tables_per_group(t) : 0;

	return t->groups.first <= g && g < t->groups.end ? findings_skip(t->findings, ino, why) : 0;
}

/* Faults of the orphan list are no findings: they are reported as skipped. */
static errcode_t skip_orphans(struct tables *t)
{
	struct rangeset *unused = rangeset_new((uint64_t)t->img->inodes + 1);
	uint64_t from = 0, start, len;
	errcode_t err = unused ? orphan_find_free(t->img, t->orphans, unused) : ENOMEM;

	if (!err && t->faults.file)
		err = skip_orphan(t, t->img->fs->super->s_orphan_file_inum,
				  "an entry of the orphan file is not an inode");
	/* i_dtime of a free inode may be the time of its deletion, not the next orphan */
	if (!err && t->faults.list && !rangeset_has(unused, t->faults.at))
		err = skip_orphan(t, t->faults.at, t->faults.list);
	while (!err && rangeset_next(unused, &from, &start, &len))
		for (uint64_t ino = start; ino < start + len && !err; ino++)
			err = skip_orphan(t, (uint32_t)ino, ORPHAN_FREE);
	rangeset_free(unused);
	return err;
}

errcode_t tables_examine(struct tables *t)
{
	size_t most = t->options.tails ? t->options.tails : TAILS_MAX;
	size_t room = t->need.used < most ? (size_t)t->need.used : most;
	errcode_t err;

	/* a group is read as a whole */
	if (room < t->need.group)
		room = t->need.group;
	err = make_room(t, room);
	if (!err)
		err = skip_orphans(t);
	if (!err)
		err = show_all(t);
	if (!err)
		err = tables_all(t, EXAMINE);
	if (!err && claims_any_contested(t->claims))
		err = restart_claims(t);
	if (!err && t->restarted)
		err = tables_all(t, CLAIM);
	if (!err && claims_any_conflict(t->claims))
		err = tables_all(t, BLAME);
	if (!err && t->ownerless.count)
		err = tables_add_ownerless(t);
	return err ? err : tables_pending(t);
}

static bool read_slot(const struct tables *t, uint32_t ino, uint8_t *raw)
{
	const struct e4z_image *img = t->img;
	uint64_t block;
	uint32_t off;

	if (img->group[(ino - 1) / tables_per_group(t)].unreadable)
		return false;
	inode_place(img, ino, &block, &off);
	return !image_read(img, block * img->block_size + off, img->inode_size, raw);
}

static errcode_t examine_one(struct tables *t, uint32_t ino)
{
	struct worker *w = &t->workers[0];
	struct handful h = {.ino = {ino}, .raw = {w->table}, .count = 1};

	if (!read_slot(t, ino, w->table))
		return t->mode == EXAMINE ? findings_unreadable(t->findings, ino, 0,
								"the inode cannot be read")
					  : 0;
	return tables_slot_counts(ino, w->table, true) ? tables_handful(t, w, &h) : 0;
}

static errcode_t examine_some(struct tables *t, const uint32_t *inos, size_t count)
{
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		err = tables_stopped(t);
		if (!err)
			err = examine_one(t, inos[i]);
	}
	return err;
}

errcode_t tables_examine_some(struct tables *t, const uint32_t *inos, size_t count)
{
	struct exam *exam = &t->workers[0].exam;
	errcode_t err = make_room(t, count);

	if (!err)
		err = show_all(t);
	if (err)
		return err;
	t->mode = EXAMINE;
	err = examine_some(t, inos, count);
	if (!err)
		err = exam_settle(exam);
	if (!err)
		err = tables_collect(t, exam);
	if (!err)
		err = examine_held(t);
	if (!err && claims_any_contested(t->claims))
		err = restart_claims(t);
	t->mode = CLAIM;
	if (!err && t->restarted)
		err = examine_some(t, inos, count);
	if (!err)
		err = exam_settle(exam);
	t->mode = BLAME;
	if (!err && claims_any_conflict(t->claims))
		err = examine_some(t, inos, count);
	return err ? err : tables_pending(t);
}
