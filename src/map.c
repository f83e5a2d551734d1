// SPDX-License-Identifier: GPL-2.0-or-later
// --map: where the blocks of files lie, and in which state they are; nothing is written.

#include "map.h"
#include "e4zero.h"
#include "errors.h"
#include "report.h"
#include "verb.h"

struct map {
	struct report *report;
	const volatile int *stop;
	const char *file;
	uint64_t pieces;
};

static errcode_t on_piece(void *arg, const struct e4z_map_piece *piece)
{
	struct map *map = arg;

	if (*map->stop)
		return E4Z_ET_INTERRUPTED;
	map->pieces++;
	return map->report->ops->map(map->report, map->file, piece);
}

static errcode_t look(void *arg, struct e4z_image *img, struct report_summary *result)
{
	struct map *map = arg;
	const struct options *options = map->report->options;
	errcode_t err = 0;
	size_t i;

	for (i = 0; i < options->file_count && !err; i++) {
		map->file = options->files[i];
		err = e4z_map(img, map->file, on_piece, map);
		if (!err)
			result->check.files++;
	}
	result->pieces = map->pieces;
	return err;
}

int map_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct map map = {.report = report, .stop = stop};

	(void)options;
	return verb_look(report, stop, ABOUT_MAP, look, &map);
}
