/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of an open image: its log is found, and replayed in memory. */
#ifndef E4Z_OPEN_RECOVERY_H
#define E4Z_OPEN_RECOVERY_H

#include "image/image.h"
#include "journal/replay.h"

/*
 * Open the log of IMG's journal inode, or of its external journal, into img->log, which
 * recovery_close_log() gives back. Nothing happens when there is no journal, or when it is open.
 */
errcode_t recovery_find_log(struct e4z_image *img, const struct e4z_open_options *options);

/*
 * Does the log hold anything, although the superblock does not say so? E4Z_ET_USAGE when a journal
 * device is named where there is none.
 */
errcode_t recovery_look_into_log(struct e4z_image *img, const struct e4z_open_options *options);
void recovery_close_log(struct e4z_image *img);

/* The external journal of an image that is open for writing, for writing too. */
errcode_t recovery_make_writable(struct e4z_image *img);

/*
 * If the log holds transactions, see the file system through them from now on: info.replayed.
 * Nothing is written. *REPLAY says what the log holds.
 */
errcode_t recovery_replay_in_memory(struct e4z_image *img, struct replay *replay);

/*
 * Set the counts of free blocks and inodes in the superblock RAW to the sums of the groups', as a
 * kernel does when it mounts: while it runs it does not log them.
 */
void recovery_count_free(const struct e4z_image *img, uint8_t *raw);

/*
 * The superblock as it will be once the log is replayed and empty, 1024 bytes: without RECOVER, its
 * checksum right.
 */
errcode_t recovery_clean_super(struct e4z_image *img, uint8_t *raw);

#endif
