/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the host that are opened before any is read, so that a process can be confined. */
#ifndef E4ZERO_SOURCE_LIST_H
#define E4ZERO_SOURCE_LIST_H

#include "script/source.h"
#include <sys/types.h>

enum { SOURCE_FIFOS = 16 };

struct source_list {
	struct source_file *files;
	size_t count, room, at; /* AT: the next to be read */
	int least;		/* no free descriptor is below it */
	bool later;		/* one at least is opened only when it is read */
	struct {
		dev_t dev;
		ino_t ino;
	} fifos[SOURCE_FIFOS];
	size_t fifo_count;
};

/* Begin LIST, of ROOM files at most. ENOMEM or 0; give it to source_list_end() in any case. */
errcode_t source_list_begin(struct source_list *list, size_t room);

/*
 * Open NAME as source_find_stream(), unless that is left for later. It is where that fails, which
 * may be otherwise then; where too few descriptors would be left for others; and for a FIFO that is
 * in the list already, which the next writer opens only when the first one has been read.
 */
void source_list_add(struct source_list *list, const char *name);

/* The next file, in the order of adding, for who reads it; NULL: it is to be opened now. */
struct source_file *source_list_next(struct source_list *list);

/* Close those that nobody has taken. */
void source_list_end(struct source_list *list);

#endif
