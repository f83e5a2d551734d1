/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zeroes that the host makes: a hole punched into the image file, a range zeroed in place, or
 * BLKZEROOUT. They are a promise that somebody else keeps (doc/zeroes.md), so they are read back.
 */
#ifndef E4Z_IO_HOST_ZERO_H
#define E4Z_IO_HOST_ZERO_H

#include "base/bytes.h"
#include "io/blkdev.h"

#define HOST_ZERO_PIECE (256u << 10) /* bytes that are read back at a time, at most */

/* fallocate(2), which goes on after a signal: SA_RESTART does not restart it. */
int host_allocate(const struct blkdev *dev, int mode, uint64_t at, uint64_t len);

/*
 * Have the host zero [at, at + len), bytes from the start of the image or device, in the way that
 * dev->holes allows. *ASKED is false, and nothing is done, where the host has no such way or is not
 * to be asked. An errno otherwise; a part may be zeroed then.
 */
errcode_t host_zero(const struct blkdev *dev, uint64_t at, uint64_t len, bool *asked);

/* Bytes that the host allocates at a time for a file: a power of two, 4096 or more. */
uint32_t host_unit(const struct blkdev *dev);

/*
 * Forget what the page cache holds of pages that [at, at + len) has a part of. The kernel zeroes
 * that part in memory when a hole ends there, whatever the host did; whole pages it drops.
 */
void host_zero_forget(const struct blkdev *dev, uint64_t at, uint64_t len);

/*
 * The first byte in [off, last), bytes of the place, that need not be zero by the host's own map of
 * the file; LAST when there is none, OFF where the host cannot be asked.
 */
uint64_t host_zero_skip(const struct blkdev *dev, uint64_t off, uint64_t last);

/*
 * The first stretch at or after FROM of the LEN bytes in BUF that is not zero, in steps of 4 KiB
 * from FROM on; its len is 0 when there is none.
 */
struct e4z_span host_zero_missed(const uint8_t *buf, size_t from, size_t len);

#endif
