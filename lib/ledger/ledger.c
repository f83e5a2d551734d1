// SPDX-License-Identifier: GPL-2.0-or-later
// Goes through the groups, compares what is claimed with what their bitmaps say, and adds up.
#include "ledger/ledger.h"

#include "base/cleanup.h"
#include "fixed/orphan_slots.h"
#include "fixed/strays.h"
#include "home/dig.h"
#include "home/home.h"
#include "image/groups.h"
#include "ledger/group_map.h"
#include "ledger/leaked.h"
#include "ledger/ledger_state.h"
#include "ledger/places.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>

static check_after_fn examine;

errcode_t ledger_for(struct e4z_image *img, const struct e4z_check_options *options, bool keep,
		     struct ledger **out)
{
	struct ledger *l;

	*out = NULL;
	if (!options->all && !(options->kinds & E4Z_KINDS_LEDGER))
		return 0;
	if (options->files)
		return image_refuse(img, E4Z_ET_USAGE,
				    "all, and kinds that require it, examine the whole file "
				    "system, not some files");
	/* whose a cluster is in which several files have some blocks cannot be determined */
	if (img->shared_blocks && img->cluster_ratio > 1)
		return image_refuse(img, E4Z_ET_FEATURE,
				    "with both features bigalloc and shared_blocks only files can "
				    "be checked");
	*out = l = calloc(1, sizeof(*l));
	if (!l)
		return ENOMEM;
	l->img = img;
	l->workers = options->jobs;
	l->kinds = options->kinds ? options->kinds : UINT64_MAX;
	l->after_asked = options->kinds & E4Z_KIND_BIT(E4Z_AFTER_FS);
	l->stop = options->stop;
	l->after = (struct check_after){.arg = l, .fn = examine, .amend = ledger_amend};
	l->keep = keep;
	return keep ? marks_new(img->blocks << img->block_bits, img->block_bits, &l->stale) : 0;
}

const struct check_after *ledger_after(const struct ledger *l)
{
	return l ? &l->after : NULL;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	statics_free(&l->statics);
	claims_free(l->claims);
	rangeset_free(l->disputed);
	doubt_free(&l->doubt);
	rangeset_free(l->leaked);
	rangeset_free(l->orphans);
	rangeset_free(l->strays);
	marks_free(&l->stale);
	marks_free(&l->stale_log);
	if (l->freed)
		l->img->freed = NULL;
	rangeset_free(l->freed);
	rangeset_free(l->alone);
	if (l->img->taken == l->taken)
		l->img->taken = NULL;
	rangeset_free(l->taken);
	rangeset_free(l->unbelieved);
	rangeset_free(l->doubted);
	free(l);
}

/* ---- the groups ---- */

static errcode_t note_disputed(struct ledger *l, const struct group_map *map,
			       struct findings *findings)
{
	uint32_t at = 0, end;
	errcode_t err = 0;
	struct e4z_finding f = {.kind = E4Z_DISPUTED,
				.group = map->group,
				.lblk = E4Z_NONE,
				.blocks = group_map_size(map, map->disputed),
				.first = E4Z_NONE,
				.last = E4Z_NONE,
				.why = map->why ? map->why
						: "the block bitmap and the inodes disagree"};

	if (!f.blocks)
		return 0;
	group_map_next(map, map->disputed, &at, &end);
	f.pblk = group_map_blocks(map, at, end).start;
	for (; !err && group_map_next(map, map->disputed, &at, &end); at = end)
		err = rangeset_add(l->disputed, map->first + at, end - at, NULL);
	return err ? err : findings_add(findings, &f);
}

/* Clusters that static metadata has a part of; the blocks that it has are taken off later. */
static void count_fixed_clusters(struct ledger *l, const struct group_map *map)
{
	const struct e4z_image *img = l->img;

	if (img->cluster_ratio == 1)
		return;
	for (uint32_t at = 0, end; group_map_next(map, map->fixed, &at, &end); at++)
		if (!(map->disputed[at / 64] >> at % 64 & 1))
			l->tally.bytes[owner_of_kind(E4Z_CLUSTER_SLACK)] +=
				group_map_blocks(map, at, at + 1).len << img->block_bits;
}

static errcode_t count_group(struct ledger *l, const struct group_map *map,
			     struct findings *findings)
{
	uint32_t bits = l->img->block_bits;
	errcode_t err = 0;

	l->tally.bytes[owner_of_kind(E4Z_FREE_BLOCK)] += group_map_size(map, map->free) << bits;
	l->tally.bytes[owner_of_kind(E4Z_LEAKED_BLOCK)] += group_map_size(map, map->leaked) << bits;
	l->tally.bytes[owner_of_kind(E4Z_DISPUTED)] += group_map_size(map, map->disputed) << bits;
	count_fixed_clusters(l, map);
	for (uint32_t at = 0, end; !err && group_map_next(map, map->leaked, &at, &end); at = end)
		err = rangeset_add(l->leaked, map->first + at, end - at, NULL);
	if (!err && map->why)
		err = rangeset_add(l->unbelieved, map->group, 1, NULL);
	return err ? err : note_disputed(l, map, findings);
}

static errcode_t visit_places(const struct ledger *l, const struct group_map *map, bool late,
			      struct home *home, struct tally *tally)
{
	errcode_t err = 0;

	for (size_t i = 0; i < place_count && !err; i++)
		if (places[i].group && places[i].late == late && ledger_wants(l, places[i].kind))
			err = places[i].group(l, map, home, tally);
	return err ? err : home_end_group(home);
}

static errcode_t visit_fixed(const struct ledger *l, uint32_t g, struct home *home,
			     struct tally *tally)
{
	errcode_t err = 0;

	for (size_t i = 0; i < place_count && !err; i++)
		if (places[i].fixed && ledger_wants(l, places[i].kind))
			err = place_fixed(&places[i], l, g, home, tally);
	return err ? err : home_end_group(home);
}

/*
 * Of the late places only those groups matter that have leaked blocks, or got some back, and of a
 * scrub those that have something ONLY.
 */
static bool passes_over(const struct ledger *l, uint32_t g, bool late, const struct marks *only)
{
	uint64_t ratio = l->img->cluster_ratio, first = ext2fs_group_first_block2(l->img->fs, g);
	uint64_t last = ext2fs_group_last_block2(l->img->fs, g);
	uint32_t bits = l->img->block_bits;

	if (only && !marks_meet(only, first << bits, (last + 1 - first) << bits))
		return true;
	return late && !(l->freed && rangeset_meets(l->freed, first, last + 1 - first)) &&
	       !rangeset_meets(l->leaked, first / ratio, last / ratio - first / ratio + 1);
}

/* GROUPS were visited; scrubbing reports no progress. */
static errcode_t watch(const struct ledger *l, uint32_t groups)
{
	return l->tables ? tables_watch(l->tables, E4Z_PASS_BLOCKS, groups, l->img->groups) : 0;
}

static errcode_t visit_group(struct ledger *l, struct group_map *map, uint32_t g, bool late,
			     struct home *home, const struct home_options *options)
{
	/* what was claimed and is free now was freed by this fix */
	errcode_t err = group_map_load(map, &l->statics, options->scrub ? NULL : l->claims, g);

	/* the places that were found would be passed over */
	if (!err && options->scrub && map->why && !rangeset_has(l->unbelieved, g))
		return image_refuse(l->img, EIO, "group %u: %s", g, map->why);
	if (!err && !options->scrub && !late)
		err = count_group(l, map, options->findings);
	return err ? err : visit_places(l, map, late, home, options->scrub ? NULL : &l->tally);
}

static errcode_t visit_groups(struct ledger *l, bool late, const struct home_options *options)
{
	struct tally *tally = options->findings ? &l->tally : NULL;
	struct group_map map;
	struct home *home = NULL;
	errcode_t err = group_map_new(l->img, &map);

	if (!err)
		err = home_new(l->img, options, &home);
	for (uint32_t g = 0; g < l->img->groups && !err; g++)
		if (!passes_over(l, g, late, options->only)) {
			err = watch(l, late ? l->img->groups : g + 1);
			if (!err)
				err = visit_group(l, &map, g, late, home, options);
		}
	for (uint32_t g = 0; g < l->img->groups && !err && !late; g++)
		err = visit_fixed(l, g, home, tally);
	if (!err)
		err = home_end(home);
	home_free(home);
	group_map_free(&map);
	return err;
}

/* ---- what is not zeroed at home ---- */

static errcode_t visit_live(struct ledger *l, struct findings *findings)
{
	AUTO_FREE uint8_t *buf = malloc(l->img->block_size);
	errcode_t err = buf ? 0 : ENOMEM;

	for (uint32_t g = 0; g < l->img->groups && !err; g++)
		for (size_t i = 0; i < place_count && !err; i++)
			if (places[i].live && ledger_wants(l, places[i].kind))
				err = place_live(&places[i], l, g, buf, findings, &l->tally);
	if (!err && ledger_wants(l, E4Z_ORPHAN_SLACK))
		err = orphan_slots_examine(l->img, l->disputed, findings, &l->tally);
	return err;
}

/* ---- the account ---- */

static errcode_t doubt_inodes(struct ledger *l, const struct rangeset *inos)
{
	uint64_t from = 0, start, len;
	errcode_t err = 0;

	l->incomplete |= rangeset_count(inos) != 0;
	while (!err && rangeset_next(inos, &from, &start, &len))
		for (uint64_t ino = start; ino < start + len && !err; ino++)
			err = doubt_add(&l->doubt, (uint32_t)ino);
	return err;
}

/* What is taken from now on may come into a cluster that one of these had for itself. */
static errcode_t find_alone(struct ledger *l, struct tables *tables)
{
	l->alone = tables_take_alone(tables);
	if (!l->alone)
		return 0;
	l->img->taken = l->taken = rangeset_new(l->img->blocks);
	return l->taken ? 0 : ENOMEM;
}

/* What the inodes may have that nobody can read, or that only the bitmap calls unused. */
static errcode_t find_doubt(struct ledger *l, const struct tables *tables,
			    const struct findings *findings)
{
	uint64_t clusters = l->img->blocks / l->img->cluster_ratio + 1;
	errcode_t err;

	l->disputed = rangeset_new(clusters);
	l->leaked = rangeset_new(clusters);
	l->strays = rangeset_new((uint64_t)l->img->inodes + 1);
	l->unbelieved = rangeset_new(l->img->groups);
	l->doubted = rangeset_new((uint64_t)l->img->groups * E4Z_KIND_COUNT);
	if (!l->disputed || !l->leaked || !l->strays || !l->unbelieved || !l->doubted)
		return ENOMEM;
	l->incomplete = l->statics.unread;
	err = doubt_init(l->img, &l->doubt);
	if (!err)
		err = doubt_inodes(l, findings_unreadable_inos(findings));
	if (!err)
		err = doubt_inodes(l, tables_doubtful(tables));
	for (uint32_t g = 0; g < l->img->groups; g++)
		l->incomplete |= l->img->group[g].unreadable != NULL;
	if (!err)
		err = strays_find(l->img, tables, l->incomplete, l->strays);
	return err ? err : doubt_inodes(l, l->strays);
}

/* Bytes of static metadata, and what its clusters hold besides. */
static errcode_t count_statics(struct ledger *l)
{
	struct tally fixed = {0};
	errcode_t err = statics_tally(l->img, &l->statics, l->disputed, &fixed);

	tally_add(&l->tally, &fixed);
	for (unsigned i = 0; i < OWNER_ALL && l->img->cluster_ratio > 1; i++)
		l->tally.bytes[owner_of_kind(E4Z_CLUSTER_SLACK)] -= fixed.bytes[i];
	return err;
}

static errcode_t examine(void *arg, struct tables *tables, struct findings *findings)
{
	struct ledger *l = arg;
	const struct home_options options = {.workers = l->workers,
					     .stop = l->stop,
					     .findings = findings,
					     .found = l->keep ? &l->stale : NULL};
	struct tally inodes;
	errcode_t err;

	l->claims = tables_claims(tables);
	l->tables = tables;
	err = statics_new(l->img, &l->statics);
	if (!err)
		err = find_doubt(l, tables, findings);
	if (!err)
		err = find_alone(l, tables);
	if (!err)
		err = visit_groups(l, false, &options);
	if (!err)
		err = place_unlinked(l, &options);
	if (!err)
		err = leaked_look_around(l, tables);
	if (!err && rangeset_count(l->leaked))
		err = visit_groups(l, true, &options);
	if (!err)
		err = visit_live(l, findings);
	if (!err)
		err = place_boot(l, findings);
	if (!err)
		err = place_after(l, &options);
	if (!err)
		err = place_journal(l, &options);
	if (!err)
		err = place_mmp(l, &options);
	if (!err)
		err = count_statics(l);
	if (!err)
		err = tables_tally(tables, l->disputed, &inodes);
	if (!err)
		tally_add(&l->tally, &inodes);
	l->claims = tables_take_claims(tables);
	l->orphans = tables_take_orphans(tables);
	l->tables = NULL;
	l->disk = txn_disk(l->img);
	return err;
}

/* ---- scrubbing ---- */

errcode_t ledger_watch(struct ledger *l)
{
	l->img->freed = l->freed = rangeset_new(l->img->blocks);
	return l->freed ? 0 : ENOMEM;
}

static errcode_t scrub_groups(struct ledger *l, const struct home_options *options)
{
	errcode_t err = image_reload(l->img);

	if (!err)
		err = groups_load(l->img);
	if (!err)
		err = visit_groups(l, false, options);
	return err ? err : visit_groups(l, true, options);
}

errcode_t ledger_scrub(struct ledger *l, uint64_t *verified)
{
	struct home_options options = {.workers = l->workers,
				       .stop = l->stop,
				       .scrub = true,
				       .verified = verified,
				       .only = &l->stale};
	bool written = txn_disk(l->img) != l->disk;
	errcode_t err = l->freed ? marks_add_blocks(&l->stale, l->freed, l->img->block_bits) : 0;

	if (!err && (written || marks_any(&l->stale)))
		err = scrub_groups(l, &options);
	/* a transaction leaves what it was in the log */
	options.only = written || !l->stale_log.units ? NULL : &l->stale_log;
	if (!err)
		err = place_after(l, &options);
	if (!err)
		err = place_journal(l, &options);
	if (!err && ledger_wants(l, E4Z_FREE_BLOCK))
		err = dig_image(l->img, l->workers, l->stop);
	return err ? err : place_mmp(l, &options);
}
