// SPDX-License-Identifier: GPL-2.0-or-later
// The public face of transactions: begin, commit, abort, and replaying the journal alone.
#include "e4zero.h"

#include "base/reserved.h"
#include "edit/session.h"
#include "image/turn.h"
#include "ops/orphan.h"
#include "txn/txn.h"
#include <inttypes.h>

/* Numbers that no name stands for are a mistake of the caller's. */
static errcode_t check_options(struct e4z_image *img, const struct e4z_edit_options *options)
{
	if (options->data != E4Z_DATA_JOURNAL && options->data != E4Z_DATA_ORDERED)
		return image_refuse(img, E4Z_ET_USAGE, "invalid data mode %d", options->data);
	if (!RESERVED_IS_ZERO(options))
		return image_refuse(img, E4Z_ET_USAGE, RESERVED_WHY);
	if (options->policy != E4Z_POLICY_BATCH && options->policy != E4Z_POLICY_FLUSH &&
	    options->policy != E4Z_POLICY_FLUSH_ALWAYS)
		return image_refuse(img, E4Z_ET_USAGE, "invalid policy %d", options->policy);
	return 0;
}

errcode_t e4z_begin(struct e4z_image *img, const struct e4z_edit_options *options)
{
	static const struct e4z_edit_options defaults;
	AUTO_TURN struct turn turn = turn_begin(img, "e4z_begin()");
	errcode_t err;

	if (turn.err)
		return turn.err;
	if (!img->dev->writable)
		return image_fail(img, E4Z_ET_READ_ONLY, "beginning an edit");
	if (!options)
		options = &defaults;
	err = check_options(img, options);
	return err ? err : orphan_begin(img, options, NULL);
}

static void drop(struct e4z_image *img)
{
	session_drop(img);
	txn_abort(img);
}

static errcode_t commit(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	errcode_t err = session_commit(img, summary);

	drop(img);
	return err;
}

errcode_t e4z_commit(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	AUTO_TURN struct turn turn = turn_begin(img, "e4z_commit()");
	struct e4z_commit_summary unwanted = {0};

	summary = summary ? summary : &unwanted;
	*summary = (struct e4z_commit_summary){0};
	return turn.err ? turn.err : commit(img, summary);
}

static errcode_t plan(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *log_room)
{
	errcode_t err = session_settle(img);

	return err ? err : txn_plan(img, summary, log_room);
}

/* Only an open transaction can be planned. */
static errcode_t check_open(struct e4z_image *img)
{
	errcode_t err = turn_check(img, 0);

	return err || img->txn ? err : image_refuse(img, E4Z_ET_STATE, "no transaction is open");
}

errcode_t e4z_plan(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *log_room)
{
	struct e4z_commit_summary unwanted = {0};
	uint64_t room;
	errcode_t err = check_open(img);

	summary = summary ? summary : &unwanted;
	*summary = (struct e4z_commit_summary){0};
	return err ? err : plan(img, summary, log_room ? log_room : &room);
}

errcode_t e4z_plan_commit(struct e4z_image *img)
{
	errcode_t err = check_open(img);

	return err ? err : session_seal(img);
}

void e4z_abort(struct e4z_image *img)
{
	if (!turn_check(img, 0))
		drop(img);
}

bool e4z_has_written(const struct e4z_image *img)
{
	return img->dev && (img->dev->touched || (img->journal_dev && img->journal_dev->touched));
}

/* The transaction that replays the log, and does nothing else: where there is one to replay. */
static errcode_t begin_replay(struct e4z_image *img)
{
	errcode_t err;

	if (img->txn)
		return image_refuse(img, E4Z_ET_STATE, "a transaction is open");
	if (img->info.journal != E4Z_JOURNAL_NEEDS_REPLAY && !img->repaired_super &&
	    !orphan_is_marked(img))
		return 0;
	if (!img->dev->writable)
		return image_fail(img, E4Z_ET_READ_ONLY, "replaying the journal");
	err = txn_begin(img, &(struct e4z_edit_options){.split = false});
	if (err)
		return err;
	err = orphan_drop_mark(img);
	if (err)
		txn_abort(img);
	return err;
}

errcode_t e4z_replay(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	AUTO_TURN struct turn turn = turn_begin(img, "e4z_replay()");
	struct e4z_commit_summary unwanted = {0};
	errcode_t err;

	summary = summary ? summary : &unwanted;
	*summary = (struct e4z_commit_summary){0};
	err = turn.err ? turn.err : begin_replay(img);
	return err || !img->txn ? err : commit(img, summary);
}

errcode_t e4z_plan_replay(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	struct e4z_commit_summary unwanted = {0};
	uint64_t room;
	errcode_t err = turn_check(img, 0);

	summary = summary ? summary : &unwanted;
	*summary = (struct e4z_commit_summary){0};
	if (!err)
		err = begin_replay(img);
	if (err || !img->txn)
		return err;
	err = plan(img, summary, &room);
	drop(img);
	return err;
}
