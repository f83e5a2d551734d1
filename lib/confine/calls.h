/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that a confined process can make. */
#ifndef E4Z_CONFINE_CALLS_H
#define E4Z_CONFINE_CALLS_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>

#define CALLS_FDS 32

/* Why there is no filter, if it could not be loaded. */
#ifdef HAVE_LIBSECCOMP
#define CALLS_MISSING "the kernel does not have filters of system calls"
#else
#define CALLS_MISSING "this program was built without libseccomp"
#endif

/* Permissions, besides reading open files, allocating memory, and starting threads. */
struct calls {
	int texts[CALLS_FDS]; /* descriptors that are written sequentially */
	size_t text_count;
	int files[CALLS_FDS]; /* files and devices that are written at offsets, and zeroed */
	size_t file_count;
	int temporaries[CALLS_FDS]; /* written at offsets, and emptied */
	size_t temporary_count;
	int sockets[CALLS_FDS]; /* connections, and eventfds that wake threads */
	size_t socket_count;
	bool reading; /* files are opened for reading */
};

/* Restrict every thread of the process to these. ENOMEM; any other error: no filter was loaded. */
errcode_t calls_give_up(const struct calls *calls);

#endif
