/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks on an image that qemu, flock(1), udev and another e4zero honour. Neither mounts nor loop
 * devices take any: busy/busy looks for those.
 */
#ifndef E4Z_BUSY_LOCK_H
#define E4Z_BUSY_LOCK_H

#include "io/blkdev.h"

/*
 * Lock DEV until it is closed: with WRITE against everybody, otherwise only against those who
 * write. E4Z_ET_BUSY with a sentence in WHY, WHY_SIZE bytes, that names the holder if it is known,
 * this process itself included. Any other error of the host leaves in WHY what was being done. A
 * host that knows no locks is not an error: then NOTE, NOTE_SIZE bytes, becomes a sentence;
 * otherwise it is "".
 */
errcode_t lock_take(struct blkdev *dev, bool write, char *why, size_t why_size, char *note,
		    size_t note_size);

/*
 * Another lock on the file that FD has open would prevent lock_take(); nothing is kept locked, and
 * locks that FD itself has do not count. Then WHY says who has locked WHAT; otherwise it is not
 * written to.
 */
bool lock_is_taken(int fd, const char *what, bool write, char *why, size_t why_size);

#endif
