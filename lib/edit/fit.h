/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The room in the log: how much of it the open files will take, and what is done where that is too
 * much.
 *
 * F1. fit_bound() is no less than the journal blocks that the transaction takes when all files are
 *     settled as they are: where it fits, nothing has to be counted.
 * F2. Where it does not fit the need is counted, with every map in the transaction. Data are moved
 *     to new blocks only for what is too much then.
 */
#ifndef E4Z_EDIT_FIT_H
#define E4Z_EDIT_FIT_H

#include "edit/files.h"

/* F1, in blocks of the log; without a log 0. */
uint64_t fit_bound(struct e4z_image *img);

/* F1 of BOUND, now that the files are settled. */
errcode_t fit_check(struct e4z_image *img, uint64_t bound);

/*
 * F2: before the files are settled. What can be seen, travels, and is too much for the log gets new
 * blocks, as far as it can. Not under an open handle, and nothing can be taken back afterwards.
 */
errcode_t fit_move(struct e4z_image *img);

/* Move what can be seen until no more than ROOM blocks, with the rest, are to travel. */
errcode_t fit_shrink(struct e4z_image *img, uint64_t room);

#endif
