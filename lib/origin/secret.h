/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The passphrase of an encrypted image, on its way to QEMU. */
#ifndef E4Z_ORIGIN_SECRET_H
#define E4Z_ORIGIN_SECRET_H

#include "e4zero.h"
#include <stddef.h>

/*
 * Read the passphrase that OPTIONS name into a memory file, *FD, which the caller closes: no
 * command line and no file of a disk ever has it. E4Z_ET_PASSPHRASE with a sentence in WHY: none
 * was named, or it is empty, or too long. An error of reading leaves in WHY what was being done.
 */
errcode_t secret_open(const struct e4z_open_options *options, int *fd, char *why, size_t why_size);

#endif
