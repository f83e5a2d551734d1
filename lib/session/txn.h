/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transaction of an image that is edited.
 *
 *            txn_begin           txn_commit: plan, replay, orphans, homes, log
 *   IDLE ----------------> OPEN --------------------------------------> IDLE
 *    ^                      |  |                                          any failed write: BROKEN
 *    |       txn_abort      |  | txn_handle_begin       txn_handle_end
 *    +----------------------+  +-------------> HANDLE ---------------> OPEN
 *
 * An operation changes metadata only between txn_handle_begin() and txn_handle_end(); a handle that
 * is aborted leaves no trace. What goes home directly (bytes that nobody sees before the commit) is
 * queued and written by the commit, sorted, before its first barrier.
 */
#ifndef E4Z_SESSION_TXN_H
#define E4Z_SESSION_TXN_H

#include "image/image.h"

struct txn;

errcode_t txn_begin(struct e4z_image *img, const struct e4z_edit_options *options);
errcode_t txn_commit(struct e4z_image *img, struct e4z_commit_summary *summary);
void txn_abort(struct e4z_image *img);

/* A block of metadata, or of data that travels in the transaction, for changing. Under a handle. */
errcode_t txn_edit(struct e4z_image *img, uint64_t block, uint8_t **data);
errcode_t txn_create(struct e4z_image *img, uint64_t block, uint8_t **data);

/*
 * Have LEN bytes at OFF become DATA (NULL: zero) before the commit. They are invisible in the
 * committed state: in a free block, an unwritten one, or past EOF; or visible, with
 * E4Z_DATA_ORDERED.
 */
errcode_t txn_home(struct e4z_image *img, uint64_t off, size_t len, const void *data);

#endif
