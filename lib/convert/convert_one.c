// SPDX-License-Identifier: GPL-2.0-or-later
// Converts blocks of one file that is named, in the running transaction, or in as many as it takes.
#include "base/cleanup.h"
#include "convert/convert.h"
#include "edit/session.h"
#include "open/guard.h"
#include "path/lookup.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>

/* What comes later in the next transaction must know what of the file it changed: a new session. */
static errcode_t commit_piece(void *arg)
{
	struct session *s;
	errcode_t err = session_next(arg);

	return err ? err : session_get(arg, &s);
}

/* Resolve FILE, and refuse what is not to be converted. */
static errcode_t find_file(struct convert *c, const char *file, uint8_t *raw, struct inode *inode)
{
	struct e4z_image *img = c->img;
	const char *why;
	uint32_t ino;
	bool plain;
	errcode_t err = lookup(img, &c->work, file, &ino, &plain);

	if (err)
		return err;
	image_name_file(img, ino, file);
	err = inode_read(img, ino, raw, inode);
	if (err)
		return image_fail_file(img, ino, err, "reading the inode");
	err = guard_inode(img, inode, 0);
	if (err)
		return err;
	why = convert_exempts(c, inode, c->options->every);
	return why ? image_refuse_file(img, ino, E4Z_ET_REFUSED, "is %s", why) : 0;
}

static void watch_reads(void *arg, uint64_t taken, uint64_t all)
{
	const struct e4z_convert_options *options = arg;

	if (options->progress)
		options->progress(options->arg, E4Z_PASS_BLOCKS, taken, all);
}

/* Find out what there is to do: nothing is changed yet. */
static errcode_t prepare(struct convert *c, const char *file)
{
	AUTO_FREE uint8_t *raw = malloc(c->img->inode_size);
	struct inode inode;
	const char *why = NULL;
	bool empty;
	errcode_t err = raw ? find_file(c, file, raw, &inode) : ENOMEM;

	if (err)
		return err;
	err = convert_add(c, &inode, &empty, &why);
	if (err && why)
		return map_refuse(c->img, &c->work, inode.ino, why);
	if (!err)
		err = convert_look(c, watch_reads, (void *)c->options);
	if (!err && c->files.items[0].unreadable)
		err = image_fail_file(c->img, inode.ino, EIO, "reading its blocks");
	return err;
}

static errcode_t convert_one(struct convert *c, struct e4z_edit *edit)
{
	struct e4z_image *img = c->img;
	const struct convert_file *file = &c->files.items[0];
	const char *path = edit->path;
	struct convert_place start = {0};
	uint64_t need = 0, room = 0;
	errcode_t err, back;

	*edit = file->edit;
	edit->path = path;
	if (!file->zeros)
		return 0;
	/* what came before must not be lost when this is done in pieces */
	if (txn_may_split(img) && txn_has_changes(img)) {
		err = commit_piece(img);
		if (err)
			return err;
	}
	err = session_mark(img);
	if (err)
		return err;
	err = convert_file(c, file, &start, UINT64_MAX, edit);
	if (!err && txn_may_split(img) && img->log)
		err = txn_log_need(img, &need, &room);
	if (!err && need > room) {
		err = session_back(img);
		*edit = file->edit;
		edit->path = path;
		if (!err)
			err = convert_in_pieces(c, file, commit_piece, img, edit);
	}
	if (!err)
		return 0;
	back = session_back(img);
	return back ? back : err;
}

errcode_t e4z_convert(struct e4z_image *img, const char *file,
		      const struct e4z_convert_options *options, struct e4z_edit *edit)
{
	static const struct e4z_convert_options defaults;
	AUTO_TURN struct turn turn = turn_begin(img, "e4z_convert()");
	struct e4z_edit unwanted = {0};
	struct convert c;
	struct session *s;
	errcode_t err;

	edit = edit ? edit : &unwanted;
	*edit = (struct e4z_edit){.path = file};
	err = turn.err ? turn.err : session_get(img, &s);
	if (err)
		return err;
	err = convert_open(img, options ? options : &defaults, &c);
	if (!err) /* this one has a map of its own */
		err = session_settle(img);
	err = err ? err : prepare(&c, file);
	if (!err)
		err = convert_one(&c, edit);
	convert_close(&c);
	return err && !image_has_message(img) ? image_fail(img, err, "converting") : err;
}
