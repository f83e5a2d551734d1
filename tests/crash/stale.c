// SPDX-License-Identifier: GPL-2.0-or-later
// Compares the bytes past EOF with those before an edit.
#include "stale.h"

#include "disk/disks.h"
#include "e4zero.h"
#include "steps.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what --check reports ---- */

static struct reported *entry(struct reports *reports, const struct e4z_finding *f)
{
	struct reported *r;

	for (size_t i = 0; i < reports->count; i++) {
		r = &reports->items[i];
		if (r->ino == f->ino && r->group == f->group && r->kind == (int)f->kind)
			return r;
	}
	if (reports->count == reports->room) {
		reports->room = reports->room ? 2 * reports->room : 16;
		reports->items = realloc(reports->items, reports->room * sizeof(*r));
		if (!reports->items)
			die("no memory");
	}
	r = &reports->items[reports->count++];
	*r = (struct reported){.ino = f->ino, .group = f->group, .kind = (int)f->kind};
	return r;
}

static errcode_t on_finding(void *arg, const struct e4z_finding *f)
{
	entry(arg, f)->nonzero += f->nonzero;
	return 0;
}

static void check(const char *path, const char *journal, struct reports *reports)
{
	const struct e4z_open_options how = {.journal_device = journal};
	const struct e4z_check_options options = {.jobs = 1};
	const struct e4z_check_sink sink = {.arg = reports, .finding = on_finding};
	struct e4z_check_summary summary;
	struct e4z_image *img;
	errcode_t err = e4z_open(path, &how, &img);

	*reports = (struct reports){.items = NULL};
	if (!err)
		err = e4z_check(img, &options, &sink, &summary);
	if (err)
		snprintf(reports->why, sizeof(reports->why), "--check: %s: %s",
			 e4z_message(img, err), e4z_context(img));
	e4z_close(img);
}

/* R was reported for its inode before, as this kind or as a kind that may turn into it. */
static bool was_reported(const struct reports *before, const struct reported *r)
{
	uint64_t nonzero = 0;
	bool any = false;

	for (size_t i = 0; i < before->count; i++) {
		const struct reported *b = &before->items[i];
		bool leaves = b->kind == E4Z_PENDING_TRUNCATE ||
			      (b->kind == E4Z_POST_EOF_DATA && r->kind == E4Z_POST_EOF_ZERO);

		if (b->ino != r->ino || b->group != r->group || (b->kind != r->kind && !leaves))
			continue;
		any = true;
		nonzero += b->nonzero;
	}
	return any && r->nonzero <= nonzero;
}

static void compare_reports(const struct stale *stale, const char *path, const char *journal,
			    struct fresh *fresh)
{
	struct reports now;

	check(path, journal, &now);
	if (*now.why)
		snprintf(fresh->why, sizeof(fresh->why), "%s", now.why);
	for (size_t i = 0; i < now.count && !*fresh->why; i++)
		if (!was_reported(&stale->reports, &now.items[i]))
			snprintf(fresh->why, sizeof(fresh->why),
				 "--check reports %s of inode %u, %llu bytes: it did not before",
				 e4z_kind_name((enum e4z_finding_kind)now.items[i].kind),
				 now.items[i].ino, (unsigned long long)now.items[i].nonzero);
	free(now.items);
}

/* ---- bytes ---- */

void stale_know(struct stale *stale, const uint8_t *image, uint64_t size,
		const struct verdict *verdict, const char *path, const char *journal)
{
	uint32_t bs = verdict->block_size;

	*stale = (struct stale){.image = image, .verdict = verdict, .blocks = size / bs};
	stale->from = malloc(stale->blocks * sizeof(*stale->from));
	if (!stale->from)
		die("no memory");
	for (uint64_t b = 0; b < stale->blocks; b++)
		stale->from[b] = bs;
	for (size_t i = 0; i < verdict->past_count; i++)
		stale->from[verdict->past[i].pblk] = verdict->past[i].from;
	check(path, journal, &stale->reports);
	if (*stale->reports.why)
		die("before: %s", stale->reports.why);
}

void stale_forget(struct stale *stale)
{
	free(stale->from);
	free(stale->reports.items);
}

/* The old place of the block of P in the file: a switch of the map takes bytes past EOF along. */
static uint64_t old_place(const struct stale *stale, const struct past *p)
{
	const struct verdict *v = stale->verdict;

	for (size_t i = 0; i < v->past_count; i++)
		if (v->past[i].ino == p->ino && v->past[i].lblk == p->lblk)
			return v->past[i].pblk;
	return p->pblk;
}

static bool was_there(const struct stale *stale, uint64_t pblk, uint32_t at, uint8_t byte)
{
	return at >= stale->from[pblk] &&
	       stale->image[pblk * stale->verdict->block_size + at] == byte;
}

/* The byte is where it was, and belonged to a file. */
static bool was_shown(const struct stale *stale, uint64_t pblk, uint32_t at, uint8_t byte)
{
	return at < stale->from[pblk] && byte != CANARY &&
	       stale->image[pblk * stale->verdict->block_size + at] == byte;
}

static void compare_block(const struct stale *stale, const uint8_t *data, const struct past *p,
			  struct fresh *fresh)
{
	uint32_t bs = stale->verdict->block_size;
	uint64_t old = old_place(stale, p);

	for (uint32_t i = p->from; i < bs; i++) {
		if (!data[i] || was_there(stale, p->pblk, i, data[i]) ||
		    was_there(stale, old, i, data[i]))
			continue;
		if (!*fresh->why)
			snprintf(fresh->why, sizeof(fresh->why),
				 "inode %u has a new byte past EOF: %02x at %llu", p->ino, data[i],
				 (unsigned long long)p->lblk * bs + i);
		if (data[i] == WRITTEN)
			fresh->written++;
		else if (was_shown(stale, p->pblk, i, data[i]))
			fresh->moved++;
		else
			fresh->strange++;
	}
}

void stale_compare(const struct stale *stale, const uint8_t *image, const struct verdict *verdict,
		   const char *path, const char *journal, struct fresh *fresh)
{
	*fresh = (struct fresh){.strange = 0};
	for (size_t i = 0; i < verdict->past_count; i++)
		compare_block(stale, image + verdict->past[i].pblk * verdict->block_size,
			      &verdict->past[i], fresh);
	if (!*fresh->why)
		compare_reports(stale, path, journal, fresh);
}
