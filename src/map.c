// SPDX-License-Identifier: GPL-2.0-or-later
// --map: where the blocks of files lie, and in which state they are; nothing is written.

#include "map.h"
#include "e4zero.h"
#include "report.h"
#include "util.h"
#include <errno.h>
#include <time.h>

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
		return EINTR;
	map->pieces++;
	return map->report->ops->map(map->report, map->file, piece);
}

static errcode_t run(const struct options *options, struct map *map, struct e4z_image *img,
		     struct report_summary *result)
{
	errcode_t err = report_image(map->report, e4z_info(img));
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
	const struct e4z_open_options how = {
		.partition = options->partition,
		.force = options->force,
		.journal_device = options->journal_device,
	};
	struct report_summary result = {.verb = options->verb_name, .about = ABOUT_MAP};
	struct map map = {.report = report, .stop = stop};
	struct e4z_image *img = NULL;
	struct timespec start;
	errcode_t err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	err = e4z_open(options->image, &how, &img);
	if (!err)
		err = run(options, &map, img, &result);
	if (err)
		result.exit = *stop ? EXIT_SIGNAL : EXIT_REFUSED;
	/* a report that cannot be written is told once, when standard output is closed */
	if (err && !util_stdout_error())
		report_failure(report, options->image, img ? e4z_context(img) : "",
			       *stop ? "stopped by a signal" : error_message(err), err);
	result.seconds = util_seconds_since(&start);
	result.exit = report_end(report, &result);
	e4z_close(img);
	return result.exit;
}
