/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that are left to a process that is confined. */
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

/* What may be done, besides reading what is open, memory, and threads. */
struct calls {
	int texts[CALLS_FDS]; /* descriptors that text is written to, one byte after the other */
	size_t text_count;
	int files[CALLS_FDS]; /* files and devices that are written at offsets, and zeroed */
	size_t file_count;
	int temporaries[CALLS_FDS]; /* written at offsets, and emptied */
	size_t temporary_count;
	int sockets[CALLS_FDS]; /* connections, and what wakes up who waits for them */
	size_t socket_count;
	bool reading; /* files are opened for reading */
};

/* Every thread of the process has only these from now on. ENOMEM; else there are no filters. */
errcode_t calls_give_up(const struct calls *calls);

#endif
