// SPDX-License-Identifier: GPL-2.0-or-later
// Findings and bytes become the rows of the ledger, and its sum has to be the size.
#include "ledger/ledger.h"

#include "ledger/ledger_state.h"
#include "slack/slack.h"
#include <errno.h>
#include <stdatomic.h>

/* The class of a kind of findings. */
static unsigned row_of(enum e4z_finding_kind kind)
{
	switch (kind) {
	case E4Z_OPAQUE: return OWNER_CIPHERTEXT;
	case E4Z_BOOT_BLOCK: return OWNER_BOOT;
	default: return owner_of_kind(kind);
	}
}

/* What the ledger finds for itself has left out what is disputed; a unit is one block. */
void ledger_amend(void *arg, struct e4z_finding *f)
{
	const struct ledger *l = arg;
	enum unit_type type;

	if (!f->fixable || f->pblk == E4Z_NONE || !slack_type(f, &type) ||
	    !rangeset_has(l->disputed, f->pblk / l->img->cluster_ratio))
		return;
	f->fixable = false;
	f->why = owner_left(owner_of_kind(E4Z_DISPUTED));
}

void ledger_note(struct ledger *l, const struct e4z_finding *f)
{
	struct e4z_ledger_class *row;

	if (f->kind >= E4Z_KIND_COUNT || f->kind == E4Z_UNREADABLE)
		return;
	row = &l->rows[row_of(f->kind)];
	row->places++;
	row->stale_bytes += f->nonzero;
}

/* What is stale of the bytes of owner I was asked for, and could be read. */
static bool is_examined(const struct ledger *l, unsigned i)
{
	if (i == OWNER_BOOT)
		return ledger_wants(l, E4Z_BOOT_BLOCK) && !l->boot_unread;
	return i < OWNER_COUNT || ledger_wants(l, (enum e4z_finding_kind)(i - OWNER_COUNT));
}

/* Inodes are read more than once; bytes that only some reads could read are in no account. */
static bool is_unsteady(const struct ledger *l)
{
	return atomic_load(&l->img->dev->reads_failed) != 0;
}

static errcode_t unsteady(struct ledger *l)
{
	return image_refuse(l->img, EIO,
			    "a read failed, and then succeeded: check the image again");
}

/* ROW, of owner I, as it is delivered. */
static errcode_t finish_row(struct ledger *l, unsigned i, struct e4z_ledger_class *row)
{
	row->name = owner_name(i);
	row->left = owner_left(i);
	row->bytes = l->tally.bytes[i];
	if (!is_examined(l, i))
		row->stale_bytes = E4Z_NONE;
	if ((int64_t)row->bytes >= 0)
		return 0;
	if (is_unsteady(l))
		return unsteady(l);
	return image_refuse(l->img, E4Z_ET_LEDGER,
			    "internal error: the ledger has %lld bytes of %s",
			    (long long)row->bytes, row->name);
}

/* What follows the file system is no part of its size. */
static errcode_t finish_after(struct ledger *l, struct e4z_ledger_class *row)
{
	uint64_t end = l->img->blocks << l->img->block_bits;
	errcode_t err = finish_row(l, owner_of_kind(E4Z_AFTER_FS), row);

	row->bytes = l->after_end > end ? l->after_end - end : 0;
	row->left = *l->after_why ? l->after_why : NULL;
	return err;
}

static errcode_t finish(struct ledger *l)
{
	uint64_t size = l->img->blocks << l->img->block_bits, sum = 0;
	size_t count = 0;
	errcode_t err = 0;
	struct e4z_ledger_class after = l->rows[owner_of_kind(E4Z_AFTER_FS)];

	l->rows[owner_of_kind(E4Z_AFTER_FS)].places = 0;
	for (unsigned i = 0; i < OWNER_ALL && !err; i++) {
		struct e4z_ledger_class row = l->rows[i];

		err = finish_row(l, i, &row);
		sum += row.bytes;
		if (row.bytes || row.places)
			l->rows[count++] = row;
	}
	if (!err && sum != size && is_unsteady(l))
		err = unsteady(l);
	else if (!err && sum != size)
		err = image_refuse(l->img, E4Z_ET_LEDGER,
				   "internal error: the ledger adds up to %llu bytes of %llu",
				   (unsigned long long)sum, (unsigned long long)size);
	if (!err)
		err = finish_after(l, &after);
	l->result = (struct e4z_ledger){
		.size = size, .classes = l->rows, .count = count, .after = after};
	return err;
}

errcode_t ledger_deliver(struct ledger *ledger, const struct e4z_check_sink *sink)
{
	errcode_t err = finish(ledger);

	return err || !sink || !sink->ledger ? err : sink->ledger(sink->arg, &ledger->result);
}
