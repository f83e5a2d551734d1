/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets between this process and a child that nobody else can find. */
#ifndef E4Z_ORIGIN_MEETING_H
#define E4Z_ORIGIN_MEETING_H

#include <et/com_err.h>

/*
 * A socket that listens, *LISTENER, and COUNT that are connected to it and wait to be accepted. No
 * name of it is left in any directory. All of them are the caller's to close; none after a failure.
 */
errcode_t meeting_make(int *listener, int *sockets, unsigned count);

#endif
