/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing array of one type; the element type is the macro's argument. */
#ifndef E4Z_BASE_VEC_H
#define E4Z_BASE_VEC_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* struct NAME with .items .count .room; all zero is empty. */
#define VEC(name, type)                                                                            \
	struct name {                                                                              \
		type *items;                                                                       \
		size_t count, room;                                                                \
	}

/* Make room for one more element of SIZE bytes; 0 or ENOMEM. */
static inline int vec_grow(void *items_p, size_t count, size_t *room, size_t size)
{
	void **items = items_p;
	size_t want = *room ? *room * 2 : 16;
	void *grown;

	if (count < *room)
		return 0;
	if (want < *room || want > SIZE_MAX / size)
		return ENOMEM;
	grown = realloc(*items, want * size);
	if (!grown)
		return ENOMEM;
	*items = grown;
	*room = want;
	return 0;
}

/* Append VALUE; evaluates to 0 or ENOMEM. */
#define vec_push(v, value)                                                                         \
	(vec_grow(&(v)->items, (v)->count, &(v)->room, sizeof(*(v)->items))                        \
		 ? ENOMEM                                                                          \
		 : ((v)->items[(v)->count++] = (value), 0))

#define vec_free(v)                                                                                \
	do {                                                                                       \
		free((v)->items);                                                                  \
		(v)->items = NULL;                                                                 \
		(v)->count = (v)->room = 0;                                                        \
	} while (0)

#endif
