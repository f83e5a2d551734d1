// SPDX-License-Identifier: GPL-2.0-or-later
// Makes findings again of what report_json.c wrote of them.

#include "merge/part.h"

#include <string.h>

static enum e4z_e2fsck e2fsck_of(struct record *r)
{
	static const char *const words[] = {[E4Z_E2FSCK_BLIND] = "blind",
					    [E4Z_E2FSCK_WOULD_GROW] = "would-grow",
					    [E4Z_E2FSCK_WOULD_CLEAR] = "would-clear"};
	const char *word = record_some_text(r, "e2fsck");

	for (unsigned i = E4Z_E2FSCK_BLIND; word && i <= E4Z_E2FSCK_WOULD_CLEAR; i++)
		if (!strcmp(words[i], word))
			return (enum e4z_e2fsck)i;
	if (word && !r->bad)
		r->bad = "e2fsck";
	return E4Z_E2FSCK_NA;
}

/* An inode, or 0 for null. */
static uint32_t ino_of(struct record *r)
{
	uint64_t ino = record_place(r, "ino");

	if (!r->bad && ino != E4Z_NONE && (!ino || ino > UINT32_MAX))
		r->bad = "ino";
	return ino == E4Z_NONE ? 0 : (uint32_t)ino;
}

void part_finding(struct record *r, struct e4z_finding *f)
{
	int kind = e4z_kind_by_name(record_text(r, "kind"));

	/* a shard has none of the kinds that are about the whole file system */
	if ((kind < 0 || E4Z_KIND_BIT(kind) & E4Z_KINDS_LEDGER) && !r->bad)
		r->bad = "kind";
	*f = (struct e4z_finding){
		.kind = kind < 0 ? E4Z_UNREADABLE : (enum e4z_finding_kind)kind,
		.ino = ino_of(r),
		.path = record_name(r, "path", "path_hex"),
		.size = record_number(r, "size", UINT64_MAX),
		.lblk = record_place(r, "lblk"),
		.pblk = record_place(r, "pblk"),
		.blocks = record_number(r, "blocks", E4Z_NONE - 1),
		.first = record_place(r, "first"),
		.last = record_place(r, "last"),
		.nonzero = record_number(r, "nonzero", E4Z_NONE - 1),
		.e2fsck = e2fsck_of(r),
		.why = record_some_text(r, "why"),
		.fixable = record_bool(r, "fixable"),
		.fixed = record_bool(r, "fixed"),
	};
	if (!f->ino)
		f->group = (uint32_t)record_number(r, "group", UINT32_MAX);
	if (f->fixed && !r->bad)
		r->bad = "fixed";
}

void part_skipped(struct record *r, struct e4z_skipped *s)
{
	*s = (struct e4z_skipped){
		.ino = ino_of(r),
		.path = record_name(r, "path", "path_hex"),
		.why = record_text(r, "why"),
		.left = record_bool(r, "left"),
	};
	if (s->left && !r->bad)
		r->bad = "left";
}
