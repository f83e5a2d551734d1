// SPDX-License-Identifier: GPL-2.0-or-later
// Collects findings under a lock and sorts them outside memory; the table of their names.
#include "findings/findings.h"

#include "image/image.h"
#include "sets/spill.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Records kept in memory before a sorted run goes to the temporary file. */
#define IN_MEMORY 65536

const char findings_claimed_twice[] = "blocks are claimed more than once";

struct findings {
	pthread_mutex_t lock; /* of everything while threads add */
	struct spill *spill;
	struct rangeset *unreadable;
	/* while reading: what was given last, so that it is given once */
	uint32_t last_unreadable;
	uint64_t last_group;
};

static const struct {
	const char *name, *text;
} kinds[E4Z_KIND_COUNT] = {
#define X(id, name, text) [E4Z_##id] = {name, text},
	E4Z_FINDING_KINDS(X)
#undef X
};

const char *e4z_kind_name(enum e4z_finding_kind kind)
{
	return (unsigned)kind < E4Z_KIND_COUNT ? kinds[kind].name : NULL;
}

const char *e4z_kind_text(enum e4z_finding_kind kind)
{
	return (unsigned)kind < E4Z_KIND_COUNT ? kinds[kind].text : NULL;
}

int e4z_kind_by_name(const char *name)
{
	for (int i = 0; i < E4Z_KIND_COUNT; i++)
		if (strcmp(name, kinds[i].name) == 0)
			return i;
	return -1;
}

uint64_t e4z_kinds_by_name(const char *name)
{
	static const struct {
		const char *name;
		uint64_t kinds;
	} classes[] = {
		{"free", E4Z_KIND_BIT(E4Z_FREE_BLOCK) | E4Z_KIND_BIT(E4Z_DISPUTED)},
		{"metadata", E4Z_KINDS_LEDGER & ~E4Z_KIND_BIT(E4Z_FREE_BLOCK) &
				     ~E4Z_KIND_BIT(E4Z_JOURNAL) & ~E4Z_KIND_BIT(E4Z_AFTER_FS) &
				     ~E4Z_KIND_BIT(E4Z_BOOT_BLOCK)},
	};
	int kind = e4z_kind_by_name(name);

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(name, classes[i].name) == 0)
			return classes[i].kinds;
	return kind < 0 ? 0 : E4Z_KIND_BIT(kind);
}

bool findings_by_nature(const struct e4z_finding *f)
{
	return f->kind == E4Z_BOOT_BLOCK || (f->kind == E4Z_AFTER_FS && !f->fixable);
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int findings_order(const struct e4z_finding *a, const struct e4z_finding *b)
{
	int c = order(a->ino, b->ino);

	if (!c)
		c = order(a->group, b->group);
	/* E4Z_NONE + 1 is 0: null comes first */
	if (!c)
		c = order(a->lblk + 1, b->lblk + 1);
	if (!c)
		c = order(a->kind, b->kind);
	if (!c)
		c = order(a->pblk, b->pblk);
	/* whoever claims a block, and in what order, that it is claimed twice is known of each */
	if (!c)
		c = order(a->why != findings_claimed_twice, b->why != findings_claimed_twice);
	if (!c && a->why && b->why)
		c = strcmp(a->why, b->why);
	return c;
}

static int compare(const void *a, const void *b)
{
	return findings_order(a, b);
}

errcode_t findings_new(struct e4z_image *img, struct findings **out)
{
	struct findings *f = calloc(1, sizeof(*f));
	errcode_t err;

	*out = f;
	if (!f)
		return ENOMEM;
	pthread_mutex_init(&f->lock, NULL);
	f->unreadable = rangeset_new((uint64_t)img->inodes + 1);
	if (!f->unreadable)
		return ENOMEM;
	err = spill_new(sizeof(struct e4z_finding), IN_MEMORY, compare, &img->tmpfiles, &f->spill);
	return err;
}

void findings_free(struct findings *f)
{
	if (!f)
		return;
	pthread_mutex_destroy(&f->lock);
	rangeset_free(f->unreadable);
	spill_free(f->spill);
	free(f);
}

errcode_t findings_add(struct findings *f, const struct e4z_finding *finding)
{
	errcode_t err;

	pthread_mutex_lock(&f->lock);
	err = spill_add(f->spill, finding);
	if (!err && finding->kind == E4Z_UNREADABLE && finding->ino)
		err = rangeset_add(f->unreadable, finding->ino, 1, NULL);
	pthread_mutex_unlock(&f->lock);
	return err;
}

/* Nothing is known of what cannot be read: an inode, or a group where INO is 0. */
static errcode_t add_unreadable(struct findings *f, uint32_t ino, uint32_t group, uint64_t size,
				const char *why)
{
	const struct e4z_finding finding = {
		.kind = E4Z_UNREADABLE,
		.ino = ino,
		.group = group,
		.size = size,
		.lblk = E4Z_NONE,
		.pblk = E4Z_NONE,
		.first = E4Z_NONE,
		.last = E4Z_NONE,
		.why = why,
	};

	return findings_add(f, &finding);
}

errcode_t findings_unreadable(struct findings *f, uint32_t ino, uint64_t size, const char *why)
{
	return add_unreadable(f, ino, 0, size, why);
}

errcode_t findings_unreadable_group(struct findings *f, uint32_t group, const char *why)
{
	return add_unreadable(f, 0, group, 0, why);
}

errcode_t findings_skip(struct findings *f, uint32_t ino, const char *why)
{
	const struct e4z_finding finding = {.kind = FINDING_SKIPPED,
					    .ino = ino,
					    .lblk = E4Z_NONE,
					    .pblk = E4Z_NONE,
					    .why = why};

	return findings_add(f, &finding);
}

bool findings_is_unreadable(const struct findings *f, uint32_t ino)
{
	return rangeset_has(f->unreadable, ino);
}

const struct rangeset *findings_unreadable_inos(const struct findings *f)
{
	return f->unreadable;
}

errcode_t findings_rewind(struct findings *f)
{
	f->last_unreadable = 0;
	f->last_group = UINT64_MAX;
	return spill_rewind(f->spill);
}

errcode_t findings_next(struct findings *f, const struct e4z_finding **out)
{
	for (;;) {
		const void *item;
		const struct e4z_finding *finding;
		errcode_t err = spill_next(f->spill, &item);

		*out = finding = item;
		if (err || !finding)
			return err;
		if (!finding->ino && finding->kind != E4Z_UNREADABLE)
			return 0;
		if (!finding->ino) {
			if (finding->group == f->last_group)
				continue;
			f->last_group = finding->group;
			return 0;
		}
		if (!findings_is_unreadable(f, finding->ino))
			return 0;
		if (finding->kind == E4Z_UNREADABLE && finding->ino != f->last_unreadable) {
			f->last_unreadable = finding->ino;
			return 0;
		}
	}
}
