// SPDX-License-Identifier: GPL-2.0-or-later
// Findings, files that were left out, and the ledger, as text.
#include "told.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static errcode_t on_finding(void *arg, const struct e4z_finding *f)
{
	struct told *told = arg;

	fprintf(told->file,
		"%s %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		" %" PRIu64 " %d %d %s %s\n",
		e4z_kind_name(f->kind), f->ino, f->group, f->size, f->lblk, f->pblk, f->blocks,
		f->first, f->last, f->nonzero, f->e2fsck, f->fixable, f->path ? f->path : "-",
		f->why ? f->why : "-");
	return 0;
}

static errcode_t on_skipped(void *arg, const struct e4z_skipped *s)
{
	struct told *told = arg;

	fprintf(told->file, "skipped %u %s %s\n", s->ino, s->path ? s->path : "-", s->why);
	return 0;
}

static errcode_t on_ledger(void *arg, const struct e4z_ledger *ledger)
{
	struct told *told = arg;

	for (size_t i = 0; i < ledger->count; i++)
		fprintf(told->file, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			ledger->classes[i].name, ledger->classes[i].places,
			ledger->classes[i].bytes, ledger->classes[i].stale_bytes);
	return 0;
}

void told_begin(struct told *told)
{
	told->file = open_memstream(&told->bytes, &told->len);
	if (!told->file)
		abort();
}

struct e4z_check_sink told_sink(struct told *told)
{
	return (struct e4z_check_sink){
		.arg = told, .finding = on_finding, .skipped = on_skipped, .ledger = on_ledger};
}

void told_end(struct told *told, errcode_t err)
{
	fprintf(told->file, "%ld\n", err);
	fclose(told->file);
}

bool told_same(const struct told *a, const struct told *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

void told_free(struct told *told)
{
	free(told->bytes);
}
