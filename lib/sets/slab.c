// SPDX-License-Identifier: GPL-2.0-or-later
// Areas of one piece, then as many as there are already, then huge pages.
#include "sets/slab.h"

#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2u << 20)
#define SMALL_BYTES (128u << 10) /* of all areas, before they are huge pages */

/* An area of *BYTES or more. */
static void *new_area(size_t *bytes)
{
	void *area;

	if (*bytes < SMALL_BYTES)
		return malloc(*bytes);
	*bytes = (*bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	area = aligned_alloc(HUGE_PAGE, *bytes);
	/* without huge pages it is ordinary memory */
	if (area)
		(void)madvise(area, *bytes, MADV_HUGEPAGE);
	return area;
}

static int add_area(struct slab *slab, size_t size)
{
	size_t bytes = (slab->pieces ? slab->pieces : 1) * size;
	void *area;

	if (bytes > SMALL_BYTES)
		bytes = HUGE_PAGE > size ? HUGE_PAGE : size;
	area = new_area(&bytes);
	if (!area || vec_push(&slab->areas, area)) {
		free(area);
		return ENOMEM;
	}
	slab->next = area;
	slab->left = bytes / size;
	slab->pieces += slab->left;
	return 0;
}

void *slab_take(struct slab *slab, size_t size)
{
	void *piece = slab->given;

	if (piece) {
		memcpy(&slab->given, piece, sizeof(void *));
		return piece;
	}
	if (!slab->left && add_area(slab, size))
		return NULL;
	piece = slab->next;
	slab->next += size;
	slab->left--;
	return piece;
}

void slab_give(struct slab *slab, void *piece)
{
	memcpy(piece, &slab->given, sizeof(void *));
	slab->given = piece;
}

void slab_free(struct slab *slab)
{
	for (size_t i = 0; i < slab->areas.count; i++)
		free(slab->areas.items[i]);
	vec_free(&slab->areas);
	*slab = (struct slab){.next = NULL};
}
