/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that are open in a transaction, and those of them that an operation touched.
 *
 * O1. Each file is in its place among the files, and its inode's number leads there: there is one
 *     for each inode.
 * O2. Operations are numbered upwards from 1. No file was opened or touched by one that is yet to
 *     come.
 * O3. A file that has dirty blocks waits, and those that wait are in the order in which they were
 *     touched: from the newest on, a flush meets all that came since the last one before any other.
 * O4. What was open when the operation began is open until the next one begins.
 */
#ifndef E4Z_EDIT_FILES_H
#define E4Z_EDIT_FILES_H

#include "edit/edit.h"

#define SESSION_CACHE_BYTES (64u << 20) /* of dirty blocks, unless the caller says */
#define SESSION_BATCH 31 /* dirty blocks in a mapping, as a folio batch of the kernel */

struct session {
	struct edit_session shared;
	VEC(, struct edit_file *) files;
	struct numbermap file_of;	   /* an inode's place among them */
	size_t file_mark;		   /* of them when the operation began */
	VEC(, struct edit_file *) touched; /* files that it changed, and may take back */
	uint64_t operation;		   /* its number */
	struct edit_file *newest;	   /* of those that wait: what was touched last */
	uint64_t flushed;		   /* the operation that flushed them last */
	uint64_t bound;			   /* of all files, as fit_bound() added last */
	size_t giving;			   /* files that have blocks to give back, then */
	enum e4z_policy policy;
	size_t batch;
	struct e4z_edit *edit; /* of the operation that is running, to count flushes in; or NULL */
	char *last_name;       /* what was looked up last, and what it is */
	uint32_t last_ino;
	bool broken; /* a failed operation could not be rolled back */
};

/* The session of the transaction that is open; it is made by the first call. */
errcode_t session_get(struct e4z_image *img, struct session **s);

/* The file INO, opened as edit_open() does unless it is open; it stays the session's. */
errcode_t session_open(struct e4z_image *img, uint32_t ino, struct edit_file **f);

/*
 * F is about to be changed: the operation that is running can take that back. F is the newest of
 * the files that wait from now on.
 */
errcode_t session_touch(struct session *s, struct edit_file *f);

/*
 * The files that were touched after the operation SINCE, and may have something in the cache, in
 * the order in which they were opened: an array for the caller to free.
 */
errcode_t session_waiting(const struct session *s, uint64_t since, struct edit_file ***files,
			  size_t *count);

/* Nothing of F is in the cache: it waits no longer. */
void session_unwait(struct session *s, struct edit_file *f);

/* Close the files from number FROM on: what was touched cannot be taken back any more. */
void session_close_files(struct session *s, size_t from);

/* Forget the files: what was not settled is lost. */
void session_drop(struct e4z_image *img);

#endif
