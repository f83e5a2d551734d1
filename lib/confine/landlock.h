/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock: the process gives up access to files, ports and processes by name. */
#ifndef E4Z_CONFINE_LANDLOCK_H
#define E4Z_CONFINE_LANDLOCK_H

#include <et/com_err.h>
#include <stdbool.h>

/*
 * What this thread, and each that it starts, has open stays open. READING: files can still be
 * opened for reading. ENOSYS: the kernel does not have Landlock, or does not enable it.
 */
errcode_t landlock_give_up(bool reading);

#endif
