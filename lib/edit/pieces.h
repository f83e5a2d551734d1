/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An operation that is larger than the log, in as many transactions as it takes: what does not fit
 * is undone and tried again as half of it.
 */
#ifndef E4Z_EDIT_PIECES_H
#define E4Z_EDIT_PIECES_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stdint.h>

struct pieces {
	void *arg;
	uint64_t total, unit; /* of whatever the operation counts; no piece is less than a UNIT */
	/*
	 * Do the *LEN that follow the AT that are done: in the transaction, which is otherwise
	 * empty. *LEN may be changed to what was done. *FITS false: it does not fit into the log.
	 */
	errcode_t (*attempt)(void *arg, uint64_t at, uint64_t *len, bool *fits);
	/* Undo the last attempt, which did not fit: the transaction is empty again. */
	errcode_t (*undo)(void *arg);
	/* Something follows: make of what was done a transaction of its own. */
	errcode_t (*next)(void *arg);
};

/*
 * Do all of it; the last piece is left in the transaction. E4Z_ET_LOG_FULL: not even a unit fits;
 * what came before it stays done, and the last attempt is not undone. Other errors are the
 * callbacks'.
 */
errcode_t pieces_run(const struct pieces *p);

/* ERR concerns one inode: the others can still be changed. */
bool is_of_one_inode(errcode_t err);

#endif
