/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The passphrase of an encrypted image, for QEMU. */
#ifndef E4Z_ORIGIN_SECRET_H
#define E4Z_ORIGIN_SECRET_H

#include "e4zero.h"
#include <stddef.h>

/*
 * Read the passphrase that OPTIONS name into a memory file, *FD, which the caller closes. It is
 * never in a command line or in a file on a disk. E4Z_ET_PASSPHRASE with a sentence in WHY: none
 * was named, or it is empty or too long. After a read error WHY says what was being done.
 */
errcode_t secret_open(const struct e4z_open_options *options, int *fd, char *why, size_t why_size);

#endif
