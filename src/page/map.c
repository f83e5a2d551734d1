// SPDX-License-Identifier: GPL-2.0-or-later
// Counts findings by block group, several groups a cell where there are many, and draws the cells.

#include "page/map.h"
#include "page/text.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED = 100 }; /* cells in the table below the map */

static const struct {
	const char *name, *text;
	char letter;
} areas[AREA_COUNT] = {
	[AREA_FILES] = {"files", "at the end of files, or in their unused blocks", 'F'},
	[AREA_FREE] = {"free", "in blocks of no file", 'B'},
	[AREA_METADATA] = {"metadata", "in metadata", 'M'},
	[AREA_JOURNAL] = {"journal", "in the journal", 'J'},
	[AREA_UNSURE] = {"unsure", "cannot be determined", '?'},
};

char page_area_letter(enum page_area area)
{
	return areas[area].letter;
}

const char *page_area_name(enum page_area area)
{
	return areas[area].name;
}

enum page_area page_area_of(enum e4z_finding_kind kind)
{
	switch (kind) {
	case E4Z_UNREADABLE:
	case E4Z_OPAQUE:
	case E4Z_DISPUTED: return AREA_UNSURE;
	case E4Z_FREE_BLOCK:
	case E4Z_LEAKED_BLOCK: return AREA_FREE;
	case E4Z_JOURNAL: return AREA_JOURNAL;
	case E4Z_DELETED_OPEN: return AREA_FILES;
	default: return E4Z_KIND_BIT(kind) & E4Z_KINDS_LEDGER ? AREA_METADATA : AREA_FILES;
	}
}

errcode_t page_map_open(struct page_map *map, const struct e4z_image_info *info)
{
	*map = (struct page_map){
		.group_blocks = info->group_blocks ? info->group_blocks : info->blocks + 1,
		.first_block = info->first_block,
	};
	if (info->blocks > map->first_block)
		map->groups = (info->blocks - map->first_block - 1) / map->group_blocks + 1;
	map->groups_per_cell = map->groups / PAGE_MAP_CELLS + !!(map->groups % PAGE_MAP_CELLS);
	if (!map->groups)
		return 0;
	map->count = (size_t)((map->groups - 1) / map->groups_per_cell + 1);
	map->cells = calloc(map->count, sizeof(*map->cells));
	return map->cells ? 0 : ENOMEM;
}

static void add_to_cell(struct page_map *map, uint64_t group, const struct e4z_finding *f,
			uint64_t bytes)
{
	size_t at = (size_t)(group / map->groups_per_cell);
	enum page_area area = page_area_of(f->kind);
	struct page_cell *cell = &map->cells[at < map->count ? at : map->count - 1];

	cell->findings++;
	cell->places[area]++;
	cell->stale_bytes += bytes;
	cell->bytes[area] += bytes;
}

/* A run of blocks that crosses groups counts in each, its bytes by how much of it is there. */
static void add_run(struct page_map *map, const struct e4z_finding *f)
{
	uint64_t blocks = f->blocks ? f->blocks : 1, left = blocks, bytes = f->nonzero;
	uint64_t at = f->pblk > map->first_block ? f->pblk - map->first_block : 0, cell_blocks;

	cell_blocks = map->group_blocks * map->groups_per_cell;
	while (left) {
		uint64_t here = cell_blocks - at % cell_blocks, share;

		here = here < left ? here : left;
		share = here == left
				? bytes
				: (uint64_t)((double)f->nonzero / (double)blocks * (double)here);
		share = share < bytes ? share : bytes;
		add_to_cell(map, at / map->group_blocks, f, share);
		bytes -= share;
		left -= here;
		at += here;
		/* what would lie past the end of the file system is the last cell's */
		if (at / cell_blocks >= map->count && left) {
			map->cells[map->count - 1].stale_bytes += bytes;
			break;
		}
	}
}

void page_map_add(struct page_map *map, const struct e4z_finding *f)
{
	if (!map->count || (f->ino && f->pblk == E4Z_NONE) || f->kind == E4Z_AFTER_FS)
		map->elsewhere++;
	else if (!f->ino)
		add_to_cell(map, f->group, f, f->nonzero);
	else
		add_run(map, f);
}

/* What most of a cell's stale bytes are; without any, most of its findings. */
static enum page_area main_area(const struct page_cell *cell)
{
	enum page_area area, most = AREA_FILES;

	for (area = AREA_FILES; area < AREA_COUNT; area++)
		if (cell->bytes[area] > cell->bytes[most] ||
		    (cell->bytes[area] == cell->bytes[most] &&
		     cell->places[area] > cell->places[most]))
			most = area;
	return most;
}

static void put_groups(const struct page_map *map, size_t at, FILE *to)
{
	uint64_t first = at * map->groups_per_cell, end = first + map->groups_per_cell;

	end = end < map->groups ? end : map->groups;
	fprintf(to, "%" PRIu64, first);
	if (end - first > 1)
		fprintf(to, " to %" PRIu64, end - 1);
}

static void put_cell(const struct page_map *map, size_t at, FILE *to)
{
	const struct page_cell *cell = &map->cells[at];
	enum page_area area = main_area(cell);

	if (!cell->findings) {
		fputs("<i></i>", to);
		return;
	}
	fprintf(to, "<i class=\"%s\" title=\"group ", areas[area].name);
	put_groups(map, at, to);
	fprintf(to, ": ");
	text_put_count(to, cell->findings, "finding");
	fputs(", ", to);
	text_put_count(to, cell->stale_bytes, "stale byte");
	fprintf(to, "\">%c</i>", areas[area].letter);
}

static void put_legend(FILE *to)
{
	enum page_area area;

	fputs("<ul class=\"legend\">\n<li><i></i> nothing found</li>\n", to);
	for (area = AREA_FILES; area < AREA_COUNT; area++)
		fprintf(to, "<li><i class=\"%s\">%c</i> %s</li>\n", areas[area].name,
			areas[area].letter, areas[area].text);
	fputs("</ul>\n", to);
}

static void put_table(const struct page_map *map, size_t found, FILE *to)
{
	size_t i, listed = 0;

	fputs("<table>\n<caption>Block groups with findings</caption>\n<thead><tr>"
	      "<th scope=\"col\">Group</th><th scope=\"col\">Mostly</th>"
	      "<th scope=\"col\" class=\"n\">Findings</th>"
	      "<th scope=\"col\" class=\"n\">Stale bytes</th></tr></thead>\n<tbody>\n",
	      to);
	for (i = 0; i < map->count && listed < LISTED; i++) {
		const struct page_cell *cell = &map->cells[i];
		enum page_area area = main_area(cell);

		if (!cell->findings)
			continue;
		listed++;
		fputs("<tr><th scope=\"row\">", to);
		put_groups(map, i, to);
		fprintf(to, "</th><td>%c: %s</td>", areas[area].letter, areas[area].text);
		text_put_cell(to, cell->findings);
		text_put_cell(to, cell->stale_bytes);
		fputs("</tr>\n", to);
	}
	fputs("</tbody>\n</table>\n", to);
	if (found > listed)
		fprintf(to, "<p>%zu more cells are not listed.</p>\n", found - listed);
}

void page_map_print(const struct page_map *map, FILE *to)
{
	size_t i, found = 0;

	for (i = 0; i < map->count; i++)
		found += map->cells[i].findings > 0;
	fputs("<section aria-labelledby=\"map\">\n<h2 id=\"map\">Map of the image</h2>\n<p>", to);
	text_put_count(to, map->groups, "block group");
	fprintf(to, "; each cell is %s", map->groups_per_cell > 1 ? "" : "one of them");
	if (map->groups_per_cell > 1)
		fprintf(to, "%" PRIu64 " of them", map->groups_per_cell);
	fprintf(to,
		".</p>\n<div class=\"map\" role=\"img\" aria-label=\"%zu of %zu cells have "
		"findings%s\">\n",
		found, map->count, found ? "; the table below lists them" : "");
	for (i = 0; i < map->count; i++)
		put_cell(map, i, to);
	fputs("\n</div>\n", to);
	put_legend(to);
	if (map->elsewhere) {
		fputs("<p>", to);
		text_put_count(to, map->elsewhere, "finding");
		fputs(" without a place on the disk: not on the map.</p>\n", to);
	}
	if (found)
		put_table(map, found, to);
	fputs("</section>\n", to);
}

void page_map_close(struct page_map *map)
{
	free(map->cells);
	map->cells = NULL;
}
