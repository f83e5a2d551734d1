// SPDX-License-Identifier: GPL-2.0-or-later
// What was counted and claimed while the tables were examined.
#include "scan/tables_state.h"

errcode_t tables_tally(struct tables *t, const struct rangeset *disputed, struct tally *tally)
{
	errcode_t err = 0;

	if (rangeset_count(disputed)) {
		t->tally = (struct tally){0};
		t->spares.count = 0;
		for (unsigned i = 0; i < t->options.workers; i++)
			t->workers[i].exam.disputed = disputed;
		err = claims_again(t->claims, disputed);
		if (!err)
			err = tables_all(t, COUNT);
	}
	*tally = t->tally;
	return err ? err : exam_report_spares(t->img, &t->spares, t->findings);
}

static int by_block(const void *pa, const void *pb)
{
	const struct e4z_finding *a = pa, *b = pb;

	return (a->pblk > b->pblk) - (a->pblk < b->pblk);
}

void tables_own(struct tables *t, const struct inode *inode)
{
	const struct e4z_finding wanted = {.pblk = inode->acl_block};
	struct e4z_finding *f;

	if (!inode->links || !inode->acl_block || findings_is_unreadable(t->findings, inode->ino))
		return;
	f = bsearch(&wanted, t->ownerless.items, t->ownerless.count, sizeof(wanted), by_block);
	if (!f)
		return;
	pthread_mutex_lock(&t->lock);
	if (!f->ino || inode->ino < f->ino) {
		f->ino = inode->ino;
		f->size = inode->size;
	}
	pthread_mutex_unlock(&t->lock);
}

errcode_t tables_add_ownerless(struct tables *t)
{
	struct found_vec *v = &t->ownerless;
	errcode_t err;

	qsort(v->items, v->count, sizeof(*v->items), by_block);
	/* who was the first to come across it depends on the threads */
	for (size_t i = 0; i < v->count; i++)
		v->items[i].ino = 0;
	err = tables_all(t, OWN);
	for (size_t i = 0; i < v->count && !err; i++)
		if (v->items[i].ino)
			err = findings_add(t->findings, &v->items[i]);
	v->count = 0;
	return err;
}

const struct rangeset *tables_unlinked(const struct tables *t)
{
	return t->unlinked;
}

const struct rangeset *tables_doubtful(const struct tables *t)
{
	return t->doubtful;
}

errcode_t tables_watch(const struct tables *t, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	errcode_t err = tables_stopped(t);

	return err || !t->options.watch ? err
					: t->options.watch(t->options.arg, pass, current, max);
}

const struct rangeset *tables_orphans(const struct tables *t)
{
	return t->orphans;
}

struct rangeset *tables_take_orphans(struct tables *t)
{
	struct rangeset *orphans = t->orphans;

	t->orphans = NULL;
	return orphans;
}

struct claims *tables_claims(const struct tables *t)
{
	return t->claims;
}

struct rangeset *tables_take_alone(struct tables *t)
{
	struct rangeset *alone = t->alone;

	t->alone = NULL;
	return alone;
}

struct claims *tables_take_claims(struct tables *t)
{
	struct claims *claims = t->claims;

	t->claims = NULL;
	return claims;
}

bool tables_only_holes(const struct tables *t)
{
	return t->seen_hole && !t->seen_data;
}

uint64_t tables_files(const struct tables *t)
{
	return t->files;
}

struct claims *tables_take_shard(struct tables *t, struct e4z_shard *shard)
{
	*shard = (struct e4z_shard){.first_group = t->groups.first,
				    .groups = t->groups.end - t->groups.first,
				    .data = t->seen_data,
				    .holes = t->seen_hole,
				    .whole = t->blamed_dir};
	return tables_take_claims(t);
}

/* ---- directories ---- */

const struct rangeset *tables_dirs(const struct tables *t)
{
	return t->dirs;
}

/* All that is found and claimed from now on is FINDINGS' and CLAIMS'. */
static void change_hands(struct tables *t, struct findings *findings, struct claims *claims)
{
	for (unsigned i = 0; i < t->options.workers; i++) {
		t->workers[i].exam.findings = findings;
		t->workers[i].exam.claims = claims;
	}
}

/* A map that is corrupt in itself is so to every shard. */
static errcode_t find_others(struct tables *t)
{
	struct findings *findings = NULL;
	struct claims *claims = NULL;
	uint64_t from = 0, start, len;
	errcode_t err = findings_new(t->img, &findings);

	if (!err)
		err = claims_new(t->img, false, &claims);
	change_hands(t, findings, claims);
	if (!err)
		err = tables_all(t, OTHERS);
	change_hands(t, t->findings, t->claims);
	while (!err && rangeset_next(findings_unreadable_inos(findings), &from, &start, &len))
		err = rangeset_remove(t->dirs, start, len);
	findings_free(findings);
	claims_free(claims);
	return err;
}

errcode_t tables_find_dirs(struct tables *t)
{
	return t->options.shards ? find_others(t) : tables_all(t, FIND_DIRS);
}
