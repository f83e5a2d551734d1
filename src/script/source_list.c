// SPDX-License-Identifier: GPL-2.0-or-later
// Opens files of the host in advance, unless that would change what is read from them.

#include "script/source_list.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHERS 64 /* descriptors besides those of a list */

/* Raise the limit for COUNT more descriptors than usual, or as far as possible. */
static void raise_limit(size_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= count + OTHERS)
		return;
	limit.rlim_cur = limit.rlim_max < count + OTHERS ? limit.rlim_max : count + OTHERS;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

errcode_t source_list_begin(struct source_list *list, size_t room)
{
	*list = (struct source_list){.room = room};
	list->files = calloc(room ? room : 1, sizeof(*list->files));
	if (!list->files)
		return ENOMEM;
	raise_limit(room);
	return 0;
}

/* The process may have inherited descriptors, so only those from LIST->least on count as free. */
static bool has_room(const struct source_list *list)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_NOFILE, &limit) && (rlim_t)list->least + OTHERS <= limit.rlim_cur;
}

/* Is NAME a FIFO that is in LIST? A FIFO that is not is added. */
static bool is_fifo_again(struct source_list *list, const char *name)
{
	struct stat st;

	if (stat(name, &st) || !S_ISFIFO(st.st_mode))
		return false;
	for (size_t i = 0; i < list->fifo_count; i++)
		if (list->fifos[i].dev == st.st_dev && list->fifos[i].ino == st.st_ino)
			return true;
	/* FIFOS is full: NAME may be a FIFO that was not added */
	if (list->fifo_count == SOURCE_FIFOS)
		return true;
	list->fifos[list->fifo_count].dev = st.st_dev;
	list->fifos[list->fifo_count++].ino = st.st_ino;
	return false;
}

void source_list_add(struct source_list *list, const char *name)
{
	struct source_file *file = &list->files[list->count++];

	*file = (struct source_file){.fd = -1};
	/* standard input is open in any case */
	if (!strcmp(name, "-") || (has_room(list) && !is_fifo_again(list, name)))
		*file = source_find_stream(name);
	if (file->fd >= list->least)
		list->least = file->fd + 1;
	list->later |= file->fd < 0;
}

struct source_file *source_list_next(struct source_list *list)
{
	struct source_file *file = list->at < list->count ? &list->files[list->at++] : NULL;

	return file && file->fd >= 0 ? file : NULL;
}

void source_list_end(struct source_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->files[i].fd >= 0)
			close(list->files[i].fd);
	free(list->files);
	list->files = NULL;
	list->count = 0;
}
