// SPDX-License-Identifier: GPL-2.0-or-later
// e4z_check(): the findings of all inodes, and where they are asked for those of the ledger.
#include "ledger/ledger.h"

#include "base/reserved.h"
#include "errors.h"
#include "image/turn.h"
#include "scan/check.h"
#include "shard/shard.h"
#include <errno.h>

static void note(void *arg, struct e4z_finding *f)
{
	ledger_note(arg, f);
}

errcode_t e4z_check(struct e4z_image *img, const struct e4z_check_options *options,
		    const struct e4z_check_sink *sink, struct e4z_check_summary *summary)
{
	static const struct e4z_check_options defaults;
	AUTO_TURN struct turn turn = turn_begin(img, "e4z_check()");
	struct e4z_check_summary unwanted = {0};
	struct e4z_commit_summary done;
	struct check *check = NULL;
	struct ledger *ledger = NULL;
	errcode_t err;

	summary = summary ? summary : &unwanted;
	options = options ? options : &defaults;
	*summary = (struct e4z_check_summary){0};
	if (turn.err)
		return turn.err;
	if (!reserved_check_known(options, sink))
		return image_refuse(img, E4Z_ET_USAGE, RESERVED_WHY);
	err = shard_check(img, options);
	if (!err)
		err = ledger_for(img, options, false, &ledger);
	if (!err)
		err = check_new(img, options, false, ledger_after(ledger), sink, summary, &check);
	if (!err)
		err = check_deliver(check, ledger ? note : NULL, ledger);
	if (!err && ledger && options->all)
		err = ledger_deliver(ledger, sink);
	if (!err && summary->none_checked)
		err = image_refuse(img, E4Z_ET_NOT_REGULAR,
				   "nothing was checked: only regular files and symbolic links "
				   "in use can be checked");
	e4z_done(img, &done);
	summary->bytes_read = done.bytes_read;
	check_free(check);
	ledger_free(ledger);
	return err && !image_has_message(img) ? image_fail(img, err, "checking") : err;
}
