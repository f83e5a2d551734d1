/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A qcow2 image that is read directly from its file, at the offsets of "qemu-img map". */
#ifndef E4Z_SOURCE_QEMU_MAP_H
#define E4Z_SOURCE_QEMU_MAP_H

#include "device/mapped.h"

/*
 * The contents of the qcow2 image that FD, a regular file or block device, has open, for reading
 * only. Clusters that are neither compressed nor encrypted are read from the file, zero clusters
 * need no reading, all others are read from REST. The caller holds a lock, so that no process
 * writes to the file meanwhile.
 *
 * *DEV NULL and 0: the offsets are not known, or no bytes can be read directly (encrypted,
 * compressed, with a backing file or a file for its data; no qemu-img, or it does not know, or says
 * nothing for TIMEOUT_S seconds, or *STOP is not zero; bytes are left for REST, and that is NULL).
 * Then FD is as before, and REST is not used. Otherwise as mapped_open().
 */
errcode_t qemu_map_open(const char *path, int fd, unsigned timeout_s, const volatile int *stop,
			const struct mapped_rest *rest, struct blkdev **dev);

#endif
