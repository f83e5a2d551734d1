/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of the image: block groups as cells, with what is stale in them. */
#ifndef E4ZERO_PAGE_MAP_H
#define E4ZERO_PAGE_MAP_H

#include "e4zero.h"
#include <stdio.h>

enum { PAGE_MAP_CELLS = 2000 };

/* Where stale data is found, in a word that people know. */
enum page_area { AREA_FILES, AREA_FREE, AREA_METADATA, AREA_JOURNAL, AREA_UNSURE, AREA_COUNT };

/* The letter that stands beside the colour; "files" and the like, a class of the style, too. */
char page_area_letter(enum page_area area);
const char *page_area_name(enum page_area area);
enum page_area page_area_of(enum e4z_finding_kind kind);

struct page_cell {
	uint64_t findings, stale_bytes;
	uint64_t bytes[AREA_COUNT], places[AREA_COUNT];
};

struct page_map {
	struct page_cell *cells;
	size_t count;
	uint64_t groups;
	uint64_t groups_per_cell;
	uint64_t group_blocks, first_block;
	uint64_t elsewhere; /* findings that are in no known place */
};

errcode_t page_map_open(struct page_map *map, const struct e4z_image_info *info);
void page_map_add(struct page_map *map, const struct e4z_finding *f);
void page_map_print(const struct page_map *map, FILE *to);
void page_map_close(struct page_map *map);

#endif
