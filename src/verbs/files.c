// SPDX-License-Identifier: GPL-2.0-or-later
// Has the library expand what FILEs stand for, and reports what is left out of it.

#include "verbs/files.h"
#include "errors.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static errcode_t on_match(void *arg, const struct e4z_match *match)
{
	struct file_walk *files = arg;
	char number[16];

	snprintf(number, sizeof(number), "<%" PRIu32 ">", match->ino);
	return files->one(files->arg, match,
			  match->path	   ? match->path
			  : match->literal ? files->given
					   : number);
}

static errcode_t on_skipped(void *arg, const struct e4z_skipped *skipped)
{
	struct file_walk *files = arg;

	files->skipped++;
	return files->report->ops->skipped(files->report, skipped);
}

errcode_t files_expand(struct file_walk *files, struct e4z_image *img, const char *given,
		       const char *literal)
{
	const struct e4z_expand_options how = {
		.name = literal,
		.below = files->below,
		.types = E4Z_TYPE_BIT(S_IFREG) | (files->links ? E4Z_TYPE_BIT(S_IFLNK) : 0),
		.stop = files->stop,
		.match = on_match,
		.skipped = on_skipped,
		.arg = files,
	};
	errcode_t err;

	files->given = literal ? literal : given;
	err = e4z_expand(img, given, &how);
	return err == E4Z_ET_NO_MATCH && files->report->options->allow_none ? 0 : err;
}

errcode_t files_each(struct file_walk *files, struct e4z_image *img)
{
	const struct options *options = files->report->options;
	errcode_t err = 0;

	files->below = true;
	for (size_t i = 0; i < options->file_count && !err; i++)
		err = files_expand(files, img, options->files[i], NULL);
	return err;
}

/* ---- lists ---- */

static errcode_t keep(void *arg, const struct e4z_match *match, const char *name)
{
	struct file_list *list = arg;
	struct e4z_match *items = list->items;

	(void)name;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;

		items = realloc(items, room * sizeof(*items));
		if (!items)
			return ENOMEM;
		list->items = items;
		list->room = room;
	}
	items[list->count] = *match;
	if (match->path) {
		items[list->count].path = strdup(match->path);
		if (!items[list->count].path)
			return ENOMEM;
	}
	list->count++;
	return 0;
}

errcode_t file_list_gather(struct file_list *list, struct file_walk *files, struct e4z_image *img)
{
	files->one = keep;
	files->arg = list;
	return files_each(files, img);
}

void file_list_free(struct file_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free((char *)list->items[i].path);
	free(list->items);
}
