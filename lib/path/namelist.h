/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of one directory that are asked for, in the order of their bytes. */
#ifndef E4Z_PATH_NAMELIST_H
#define E4Z_PATH_NAMELIST_H

#include "base/vec.h"
#include "path/dir.h"

struct listed_name {
	union {
		const char *text; /* not terminated; once the list is sorted */
		size_t at;
	};
	uint32_t ino, order; /* ORDER: of the entries in the directory */
	uint8_t len, type;   /* as in struct dir_entry */
	bool hidden;	     /* an entry of the same name comes before it in the directory */
};

/* All zero is empty. */
struct namelist {
	VEC(, struct listed_name) names;
	char *text;
	size_t text_len, text_room;
};

/* 0 or ENOMEM. */
errcode_t namelist_add(struct namelist *list, const struct dir_entry *entry);
/* No more is added. */
void namelist_sort(struct namelist *list);
void namelist_free(struct namelist *list);

#endif
