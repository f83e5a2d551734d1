/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The beginning of a connection, of which libnbd does a part while its caller waits. */
#ifndef E4Z_NBD_NBD_DIAL_H
#define E4Z_NBD_NBD_DIAL_H

#include "nbd/nbd_load.h"
#include <stdbool.h>

/*
 * Have HANDLE begin to connect to URI. The name of a host is looked up by getaddrinfo(3), which
 * nothing ends: a thread does that, and is left to itself after TIMEOUT_S seconds, or when *STOP is
 * not zero. Then *GONE is true, and HANDLE is closed some time later, by the thread.
 *
 * 0, or what it failed with, ETIMEDOUT and E4Z_ET_INTERRUPTED among others, with libnbd's words in
 * WHY if there are any.
 */
errcode_t nbd_dial(const struct nbd_api *api, struct nbd_handle *handle, const char *uri,
		   unsigned timeout_s, const volatile int *stop, bool *gone, char *why,
		   size_t why_size);

#endif
