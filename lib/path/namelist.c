// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps names one after the other, and sorts what refers to them.
#include "path/namelist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096

errcode_t namelist_add(struct namelist *list, const struct dir_entry *entry)
{
	struct listed_name name = {.at = list->text_len,
				   .ino = entry->ino,
				   .order = (uint32_t)list->names.count,
				   .len = (uint8_t)entry->name_len,
				   .type = entry->type};

	if (list->text_room - list->text_len < entry->name_len) {
		size_t room = list->text_room ? list->text_room * 2 : FIRST_ROOM;
		char *text = realloc(list->text, room);

		if (!text)
			return ENOMEM;
		list->text = text;
		list->text_room = room;
	}
	memcpy(list->text + list->text_len, entry->name, entry->name_len);
	list->text_len += entry->name_len;
	return vec_push(&list->names, name);
}

static int compare_text(const struct listed_name *x, const struct listed_name *y)
{
	int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int compare(const void *a, const void *b)
{
	const struct listed_name *x = a, *y = b;
	int order = compare_text(x, y);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

void namelist_sort(struct namelist *list)
{
	struct listed_name *names = list->names.items;
	size_t count = list->names.count;

	for (size_t i = 0; i < count; i++)
		names[i].text = list->text + names[i].at;
	if (count)
		qsort(names, count, sizeof(*names), compare);
	for (size_t i = 1; i < count; i++)
		names[i].hidden = !compare_text(&names[i - 1], &names[i]);
}

void namelist_free(struct namelist *list)
{
	vec_free(&list->names);
	free(list->text);
}
