/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the host that are opened before any is read, so that a process can be confined. */
#ifndef E4ZERO_SOURCE_LIST_H
#define E4ZERO_SOURCE_LIST_H

#include "script/source.h"
#include <sys/types.h>

enum { SOURCE_FIFOS = 16 };

struct source_list {
	struct source_file *files;
	size_t count, room, at; /* AT: the next file to read */
	int least;		/* no free descriptor is below it */
	bool later;		/* at least one file is opened when it is read */
	struct {
		dev_t dev;
		ino_t ino;
	} fifos[SOURCE_FIFOS];
	size_t fifo_count;
};

/* Begin LIST, of ROOM files at most. ENOMEM or 0. Pass it to source_list_end() in any case. */
errcode_t source_list_begin(struct source_list *list, size_t room);

/*
 * Add NAME, and open it as source_find_stream(), or leave that for later. It is left for later in
 * three cases: opening fails, as it may succeed later; too few descriptors would be free for other
 * uses; NAME is a FIFO that is already in LIST, which its next writer only opens after the first
 * one was read.
 */
void source_list_add(struct source_list *list, const char *name);

/* The next file, in the order of addition; NULL: the caller has to open it now. */
struct source_file *source_list_next(struct source_list *list);

/* Close the files that were not read. */
void source_list_end(struct source_list *list);

#endif
