/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing all of it: what the system calls do in parts, or interrupted, is gone on
 * with.
 */
#ifndef E4Z_BASE_WHOLE_H
#define E4Z_BASE_WHOLE_H

#include <et/com_err.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* 0, errno, or EIO where the file takes no more. */
errcode_t whole_pwrite(int fd, const void *buf, size_t len, uint64_t off);

/*
 * The same from COUNT pieces of memory, in their order, any number of them. Of a failure WRITTEN
 * says at least whether any byte went.
 */
errcode_t whole_pwritev(int fd, const struct iovec *pieces, size_t count, uint64_t off,
			uint64_t *written);

/* 0, errno, or EIO where the file ends before. */
errcode_t whole_pread(int fd, void *buf, size_t len, uint64_t off);

/* fdatasync(2) and fsync(2): 0 or errno, which is never EINTR. */
errcode_t whole_datasync(int fd);
errcode_t whole_sync(int fd);

#endif
