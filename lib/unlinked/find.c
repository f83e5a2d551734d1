// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the inodes that were deleted while they were open, and reads what they have.
#include "unlinked/unlinked.h"

#include <errno.h>

struct finding_deleted {
	const struct unlinked_facts *facts;
	struct unlinked_vec list;
	struct home *home;
};

/* ---- which ---- */

static errcode_t list_one(struct finding_deleted *d, uint32_t ino)
{
	struct unlinked u;
	struct rangeset *own = rangeset_new(d->facts->img->blocks);
	errcode_t err = own ? unlinked_examine(d->facts, ino, &u, own) : ENOMEM;

	if (!err && u.exists)
		err = vec_push(&d->list, u) ? ENOMEM : 0;
	rangeset_free(own);
	return err;
}

/* All of A and of B, in order. */
static errcode_t list_all(struct finding_deleted *d, const struct rangeset *a,
			  const struct rangeset *b)
{
	struct rangeset *all = rangeset_new((uint64_t)d->facts->img->inodes + 1);
	const struct rangeset *const sets[] = {a, b};
	uint64_t from, start, len;
	errcode_t err = all ? 0 : ENOMEM;

	for (size_t i = 0; i < 2 && !err; i++)
		for (from = 0; !err && rangeset_next(sets[i], &from, &start, &len);)
			err = rangeset_add(all, start, len, NULL);
	for (from = 0; !err && rangeset_next(all, &from, &start, &len);)
		for (uint64_t ino = start; ino < start + len && !err; ino++)
			err = list_one(d, (uint32_t)ino);
	rangeset_free(all);
	return err;
}

/* ---- what they have ---- */

static errcode_t report_one(struct finding_deleted *d, const struct unlinked *known)
{
	const struct e4z_image *img = d->facts->img;
	const struct e4z_finding f = {.kind = E4Z_DELETED_OPEN,
				      .ino = known->ino,
				      .size = known->size,
				      .fixable = !known->why,
				      .why = known->why};
	struct unlinked again;
	struct rangeset *own = rangeset_new(img->blocks);
	uint64_t from = 0, start, len;
	errcode_t err = own ? unlinked_examine(d->facts, known->ino, &again, own) : ENOMEM;

	if (!err)
		err = home_spot(d->home, &f, true);
	while (!err && rangeset_next(own, &from, &start, &len))
		err = home_add(d->home, start << img->block_bits, len << img->block_bits);
	rangeset_free(own);
	return err ? err : home_end_group(d->home);
}

static errcode_t report_all(struct finding_deleted *d, const struct home_options *options)
{
	errcode_t err = home_new(d->facts->img, options, &d->home);

	for (size_t i = 0; i < d->list.count && !err; i++)
		err = report_one(d, &d->list.items[i]);
	if (!err)
		err = home_end(d->home);
	home_free(d->home);
	return err;
}

static bool any_certain(const struct unlinked_vec *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].why)
			return true;
	return false;
}

errcode_t unlinked_find(const struct unlinked_facts *facts, const struct rangeset *unlinked,
			const struct home_options *options)
{
	struct finding_deleted d = {.facts = facts};
	errcode_t err = list_all(&d, facts->orphans, unlinked);

	if (!err && any_certain(&d.list))
		err = unlinked_look_for_names(facts, &d.list);
	if (!err && any_certain(&d.list))
		err = unlinked_count_references(facts, &d.list);
	if (!err && d.list.count)
		err = report_all(&d, options);
	vec_free(&d.list);
	return err;
}
