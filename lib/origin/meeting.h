/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets between this process and a child, to which no other process can connect. */
#ifndef E4Z_ORIGIN_MEETING_H
#define E4Z_ORIGIN_MEETING_H

#include <et/com_err.h>

/*
 * Make a listening socket, *LISTENER, and COUNT sockets that are connected to it and wait to be
 * accepted. The name has been removed. The caller closes all of them; on failure there are none.
 */
errcode_t meeting_make(int *listener, int *sockets, unsigned count);

#endif
