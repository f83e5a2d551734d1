/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system as it would be. Each block comes from the first of these layers that has it:
 *
 *   changed   blocks that are being changed, each with its content
 *   stash     whole blocks that are written to their final location before the commit
 *   zeroed    whole blocks that become zero there; a set, no content
 *   sealed    changes of transactions that wait to be written; their content is the caller's
 *   zeroes    what `zeroed` was in those
 *   overlay   what the image's own log says, until it is replayed
 *   image
 *
 * Nothing sinks from one layer to the next: a dry run or a failure drops the upper ones and is
 * done. What the upper three hide is "below".
 *
 * V1. A change begins with what can be read at that moment, so a block of `changed` is the whole
 *     truth about its location: nothing that is noted in a layer under it later is visible unless
 *     it is put into the block, too (capture_rewrite, capture_zero_home).
 * V2. `logged` marks the blocks that were changed other than by what is written directly; there are
 *     no more of them than there are blocks.
 * V3. Since the mark each block that changed is in `saved` once, as it was at the mark: a block's
 *     own mark is never later than the view's, and nothing is saved where there is no mark.
 *     What `zeroed` has got since is noted, too.
 * V4. Sealing takes all of `changed` that differs, and leaves `changed`, `zeroed` and `saved`
 *     empty. The stash is taken away before anything else is changed.
 *
 * Any number of threads may read while nobody edits.
 */
#ifndef E4Z_IO_CAPTURE_H
#define E4Z_IO_CAPTURE_H

#include "io/blkdev.h"
#include "io/block_table.h"
#include "io/overlay.h"
#include "io/stash.h"
#include "sets/rangeset.h"

struct capture;

/* A view of DEV in blocks of BLOCK_SIZE; DEV stays the caller's. */
errcode_t capture_new(struct blkdev *dev, uint32_t block_size, struct capture **cap);
void capture_free(struct capture *cap);

struct blkdev *capture_dev(const struct capture *cap);

/*
 * Look through OV from now on (NULL: the image itself); it becomes the capture's, the last one is
 * freed.
 */
void capture_set_overlay(struct capture *cap, struct overlay *ov);
const struct overlay *capture_overlay(const struct capture *cap);

/* Look through STASH from now on, which stays the caller's; NULL: none. */
void capture_set_stash(struct capture *cap, const struct stash *stash);
const struct stash *capture_stash(const struct capture *cap);

/* [off, off + len) as it would be. */
errcode_t capture_read(const struct capture *cap, uint64_t off, size_t len, void *buf);

/* The same without the changes and the stash: what is there, seen through the log, and sealed. */
errcode_t capture_read_below(const struct capture *cap, uint64_t off, size_t len, void *buf);

/* BLOCK is in the stash, was changed, or at least asked for to be. */
bool capture_has(const struct capture *cap, uint64_t block);

/* As blkdev_read_cached and blkdev_next_data, of the same view. */
bool capture_read_cached(const struct capture *cap, uint64_t off, size_t len, void *buf);
void capture_next_data(const struct capture *cap, uint64_t off, uint64_t *start, uint64_t *end);

/*
 * The content of BLOCK for changing, valid until the block is dropped. It counts as changed from
 * now on; commit compares it with what was there.
 */
errcode_t capture_edit(struct capture *cap, uint64_t block, uint8_t **data);

/* The same without reading what was there: all zero. */
errcode_t capture_create(struct capture *cap, uint64_t block, uint8_t **data);

/* Write LEN bytes at OFF into the changes: what libext2fs does through its channel. */
errcode_t capture_write(struct capture *cap, uint64_t off, size_t len, const void *buf);

/*
 * The same of bytes that are written directly, so that a block which is held for them is not
 * logged.
 */
errcode_t capture_write_home(struct capture *cap, uint64_t off, size_t len, const void *buf);

/* Hold BLOCK, with what is there, for that reason. */
errcode_t capture_hold(struct capture *cap, uint64_t block);

/* BLOCK becomes DATA, which is written directly, if it is held: not what the stash alone has. */
errcode_t capture_rewrite(struct capture *cap, uint64_t block, const void *data);

/*
 * [off, off + len) becomes zero at home, and where it is held. The whole blocks of it that are not
 * held are seen as zero, and one that is changed afterwards counts as changed though it be what is
 * below: that goes. Of a block that it has in part only what is held shows it.
 */
errcode_t capture_zero_home(struct capture *cap, uint64_t off, uint64_t len);

/* BLOCK is seen as zero for that reason, and not held. */
bool capture_goes_zero(const struct capture *cap, uint64_t block);

/* Forget the change of BLOCK: it is freed, or its bytes are written directly. Not after a mark. */
void capture_drop(struct capture *cap, uint64_t block);

/* Forget all changes. */
void capture_drop_all(struct capture *cap);

/*
 * Remember the changes as they are now; there is one mark, and dropping all forgets it. Going back
 * to it undoes what was changed since, and moves no content that it leaves.
 */
void capture_mark(struct capture *cap);
void capture_back(struct capture *cap);

/*
 * The changed blocks that differ from what is below, or are in the stash, in ascending order, into
 * an array that is the caller's to free; the data stay the capture's.
 */
errcode_t capture_list(const struct capture *cap, struct captured **list, size_t *count);

/*
 * Of the changes LIST is, from now on, part of what is below: all that capture_list() said, for
 * nothing else is kept. The data become the caller's, to be freed after capture_unseal(). On
 * ENOMEM they stay the capture's, of which nothing but both can be dropped.
 */
errcode_t capture_seal(struct capture *cap, const struct captured *list, size_t count);
void capture_unseal(struct capture *cap);

/* Blocks held, and those of them that were changed other than by what is written directly. */
size_t capture_count(const struct capture *cap);
size_t capture_logged(const struct capture *cap);

/* Blocks that are sealed. */
size_t capture_sealed(const struct capture *cap);

#endif
