/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of an open image: its log is found, and replayed in memory. */
#ifndef E4Z_OPEN_RECOVERY_H
#define E4Z_OPEN_RECOVERY_H

#include "image/image.h"
#include "journal/replay.h"

/*
 * Open the log of IMG's journal inode, or of its external journal, into img->log, which
 * recovery_close_log() frees. Nothing happens if there is no journal, or if it is open already.
 *
 * E4Z_ET_BAD_JOURNAL, E4Z_ET_BAD_INODE: it is corrupt. E4Z_ET_OTHER_JOURNAL and the errors of
 * external_open(): the external journal. Any other error is the disk's, or ENOMEM.
 */
errcode_t recovery_find_log(struct e4z_image *img, const struct e4z_open_options *options);
/* The same of an external journal only: nothing of the file system's contents is read. */
errcode_t recovery_find_external(struct e4z_image *img, const struct e4z_open_options *options);
/* The same, but what fails is no failure. */
void recovery_try_external(struct e4z_image *img, const struct e4z_open_options *options);

/*
 * Set info.journal to E4Z_JOURNAL_NEEDS_REPLAY if the internal log holds transactions although
 * needs_recovery is not set; a log that cannot be read is no error here. E4Z_ET_OTHER_JOURNAL if
 * OPTIONS name a journal device and the file system has no external journal.
 */
errcode_t recovery_look_into_log(struct e4z_image *img, const struct e4z_open_options *options);
void recovery_close_log(struct e4z_image *img);

/*
 * Open the external journal, if there is one, for writing too: IMG is open for writing. The errors
 * of blkdev_make_writable().
 */
errcode_t recovery_make_writable(struct e4z_image *img);

/*
 * If the log holds transactions, replay them in memory: every read sees them from now on, and
 * info.replayed is set. Nothing is written. img->log is open. *REPLAY becomes what the log holds.
 * E4Z_ET_BAD_JOURNAL with a sentence if it is corrupt; after an error IMG can only be closed.
 */
errcode_t recovery_replay_in_memory(struct e4z_image *img, struct replay *replay);

/*
 * Set the counts of free blocks and inodes in the superblock RAW to the sums of the groups', as a
 * kernel does when it mounts: while it runs it does not log them.
 */
void recovery_count_free(const struct e4z_image *img, uint8_t *raw);

/*
 * The superblock as it will be once the log is replayed and empty, into RAW, SUPER_SIZE bytes:
 * without needs_recovery, its checksum right.
 */
errcode_t recovery_clean_super(struct e4z_image *img, uint8_t *raw);

#endif
