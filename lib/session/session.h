/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that are open in a transaction: one map and one set of dirty blocks for each, however
 * many operations change them. They are written into the transaction once, when it is to be
 * committed, counted or left to somebody else (session_settle).
 */
#ifndef E4Z_SESSION_SESSION_H
#define E4Z_SESSION_SESSION_H

#include "session/edit.h"

#define SESSION_CACHE_BYTES (64u << 20) /* of dirty blocks, unless the caller says */
#define SESSION_BATCH 31 /* dirty blocks in a mapping, as a folio batch of the kernel */

struct session {
	struct edit_session shared;
	VEC(, struct edit_file *) files;
	struct numbermap file_of;	   /* an inode's place among them */
	size_t file_mark;		   /* of them when the operation began */
	VEC(, struct edit_file *) touched; /* files that it changed, and may take back */
	uint64_t operation;		   /* its number */
	uint64_t bound;			   /* of all files, as session_log_bound() added last */
	enum e4z_policy policy;
	size_t batch;
	struct e4z_edit *edit; /* of the operation that is running, to count flushes in; or NULL */
	char *last_name;       /* what was looked up last, and what it is */
	uint32_t last_ino;
	bool broken; /* an operation could not be taken back */
};

/* The session of the transaction that is open; it is made by the first call. */
errcode_t session_get(struct e4z_image *img, struct session **s);

/* The file INO, opened as edit_open() does unless it is open; it stays the session's. */
errcode_t session_open(struct e4z_image *img, uint32_t ino, struct edit_file **f);

/*
 * An operation begins: what fails of it goes back to here, maps, blocks and transaction. Should
 * that fail too, the session is good for nothing but e4z_abort().
 */
errcode_t session_mark(struct e4z_image *img);
errcode_t session_back(struct e4z_image *img);

/* Flush all files; a barrier stands behind what went home. */
errcode_t session_flush(struct e4z_image *img);

/*
 * E4Z_ET_NO_SPACE where more is to be written over holes than blocks are free: the operation that
 * is one too many is the one to fail, not the commit. What maps have to grow by is not foreseen.
 */
errcode_t session_has_room(struct e4z_image *img);

/* Blocks were given back, which a commit makes free. */
bool session_gave_back(const struct e4z_image *img);

/* Flush where the cache is over its limit: what can be seen stays until the commit. */
errcode_t session_limit(struct e4z_image *img);

/* Put all dirty blocks where they belong, and all maps into the transaction; nothing stays open. */
errcode_t session_settle(struct e4z_image *img);

/* Journal blocks that are needed now, no fewer than txn_log_need() would say, without settling. */
uint64_t session_log_bound(struct e4z_image *img);

/* Forget the files: what was not settled is lost. */
void session_drop(struct e4z_image *img);

/* session_settle(), then txn_seal_planned(). */
errcode_t session_seal(struct e4z_image *img);

/* Within an operation that is split: commit, or go on as if that had been done, as was asked. */
errcode_t session_next(struct e4z_image *img);

/* session_settle(), then txn_commit(). */
errcode_t session_commit(struct e4z_image *img, struct e4z_commit_summary *summary);

#endif
