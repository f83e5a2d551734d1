/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks on an image that qemu, flock(1), udev and another e4zero honour. Neither mounts nor loop
 * devices take any: busy/busy looks for those.
 */
#ifndef E4Z_BUSY_LOCK_H
#define E4Z_BUSY_LOCK_H

#include "io/blkdev.h"

/*
 * Lock DEV until it is closed: with WRITE against everybody, else only against those who write.
 * E4Z_ET_BUSY with a sentence in WHY that names the holder where the kernel tells. Where the host
 * knows no locks that is no failure but a sentence in NOTE, "" otherwise.
 */
errcode_t lock_take(struct blkdev *dev, bool write, char *why, size_t why_size, char *note,
		    size_t note_size);

/*
 * Somebody else's lock on the file that FD has open would prevent lock_take(); nothing is kept
 * locked. WHY says whose, of WHAT.
 */
bool lock_is_taken(int fd, const char *what, bool write, char *why, size_t why_size);

#endif
