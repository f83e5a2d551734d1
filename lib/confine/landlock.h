/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock: the process gives up access to files, ports and processes by name. */
#ifndef E4Z_CONFINE_LANDLOCK_H
#define E4Z_CONFINE_LANDLOCK_H

#include <stdbool.h>

/* What this thread, and each that it starts, has open stays open. READING: as it does of files. */
bool landlock_give_up(bool reading);

#endif
