/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Begins a connection, a part of which blocks in libnbd. */
#ifndef E4Z_NBD_NBD_DIAL_H
#define E4Z_NBD_NBD_DIAL_H

#include "nbd/nbd_load.h"
#include <stdbool.h>

/*
 * Have HANDLE begin to connect to URI. The name of a host is looked up by getaddrinfo(3), which
 * cannot be interrupted, so a thread does that. After TIMEOUT_S seconds, or when *STOP is not zero,
 * the thread is abandoned: *GONE is true, and the thread closes HANDLE when the lookup ends.
 *
 * 0 or an error, such as ETIMEDOUT and E4Z_ET_INTERRUPTED, with the message of libnbd in WHY if it
 * has one.
 */
errcode_t nbd_dial(const struct nbd_api *api, struct nbd_handle *handle, const char *uri,
		   unsigned timeout_s, const volatile int *stop, bool *gone, char *why,
		   size_t why_size);

#endif
