// SPDX-License-Identifier: GPL-2.0-or-later
// --map: where the blocks of files lie, and in which state they are; nothing is written.

#include "verbs/map.h"
#include "e4zero.h"
#include "errors.h"
#include "report/report.h"
#include "verbs/files.h"
#include "verbs/verb.h"

struct map {
	struct report *report;
	const volatile int *stop;
	struct e4z_image *img;
	struct report_summary *result;
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

static errcode_t map_one(void *arg, const struct e4z_match *match, const char *name)
{
	struct map *map = arg;
	errcode_t err;

	(void)match;
	map->file = name;
	err = e4z_map(map->img, name, on_piece, map);
	if (!err)
		map->result->check.files++;
	return err;
}

static errcode_t look(void *arg, struct e4z_image *img, struct report_summary *result)
{
	struct map *map = arg;
	struct file_walk files = {
		.report = map->report,
		.stop = map->stop,
		.one = map_one,
		.arg = map,
	};
	errcode_t err;

	map->img = img;
	map->result = result;
	err = files_each(&files, img);
	result->check.skipped = files.skipped;
	result->pieces = map->pieces;
	return err;
}

int map_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct map map = {.report = report, .stop = stop};

	(void)options;
	return verb_look(report, stop, ABOUT_MAP, look, &map);
}
