// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every pointer that e4zero.h allows to be NULL.
 *
 *	null IMAGE UNDO		/file has 10000 bytes, and stale bytes are past the end of /small
 */
#include "e4zero.h"

#include "../unit/check.h"
#include "errors.h"
#include <string.h>

static void without_an_image(void)
{
	size_t count = 1;

	e4z_close(NULL);
	CHECK(!*e4z_context(NULL));
	CHECK(!strcmp(e4z_message(NULL, E4Z_ET_BUSY), error_message(E4Z_ET_BUSY)));
	CHECK(!e4z_places(NULL, &count) && !count);
}

static void look(struct e4z_image *img)
{
	const struct e4z_check_sink nothing = {0};
	struct e4z_check_summary summary;

	CHECK(!e4z_check(img, NULL, NULL, NULL));
	CHECK(!e4z_check(img, NULL, &nothing, &summary));
	CHECK(summary.findings == 1);
	CHECK(!e4z_map(img, "/file", NULL, NULL));
	CHECK(!e4z_plan_replay(img, NULL));
	e4z_done(img, NULL);
}

/* A shard without callbacks, and shards that do not exist. */
static void look_at_shards(struct e4z_image *img)
{
	const struct e4z_check_options wrong[] = {
		{.shard = 3, .shards = 2},
		{.shards = 2},
		{.shard = 1},
		{.shard = 1, .shards = E4Z_SHARDS_MAX + 1},
		{.shard = 1, .shards = 2, .all = true},
		{.shard = 1, .shards = 2, .kinds = E4Z_KIND_BIT(E4Z_JOURNAL)},
		{.shard = 1, .shards = 2, .files = (const char *const[]){"/file"}, .file_count = 1},
	};
	const struct e4z_check_options right = {.shard = 1, .shards = 1};
	const struct e4z_fix_options fix = {.check = right};
	struct e4z_check_summary summary;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(e4z_check(img, &wrong[i], NULL, NULL) == E4Z_ET_USAGE);
	CHECK(!e4z_check(img, &right, NULL, &summary));
	CHECK(summary.findings == 1);
	CHECK(e4z_fix(img, &fix, NULL, NULL) == E4Z_ET_USAGE);
}

static void operate(struct e4z_image *img)
{
	const char *file = "/file";

	CHECK(!e4z_truncate(img, file, 9000, NULL));
	CHECK(!e4z_allocate(img, file, 0, 16384, false, NULL));
	CHECK(!e4z_zero_range(img, file, 0, 4096, false, NULL));
	CHECK(!e4z_punch_hole(img, file, 0, 4096, NULL));
	CHECK(!e4z_write_zeroes(img, file, 0, 4096, NULL));
	CHECK(!e4z_zero(img, file, 0, 4096, NULL));
	CHECK(!e4z_insert_range(img, file, 0, 4096, NULL));
	CHECK(!e4z_collapse_range(img, file, 0, 4096, NULL));
	CHECK(!e4z_write(img, file, 0, "new", 3, NULL));
	CHECK(!e4z_write(img, file, 0, NULL, 0, NULL));
	CHECK(!e4z_convert(img, file, NULL, NULL));
}

static void edit(struct e4z_image *img)
{
	look_at_shards(img);
	CHECK(!e4z_fix(img, NULL, NULL, NULL));
	CHECK(!e4z_begin(img, NULL));
	operate(img);
	CHECK(!e4z_plan(img, NULL, NULL));
	CHECK(!e4z_commit(img, NULL));
	CHECK(e4z_commit(img, NULL) == E4Z_ET_STATE);
	CHECK(!e4z_begin(img, NULL));
	CHECK(!e4z_convert_all(img, NULL, NULL, NULL));
	e4z_abort(img);
	CHECK(!e4z_replay(img, NULL));
}

int main(int argc, char **argv)
{
	struct e4z_image *img;

	CHECK(argc == 3);
	e4z_init_errors();
	without_an_image();
	CHECK(!e4z_open(argv[1], NULL, &img));
	look(img);
	e4z_close(img);
	CHECK(!e4z_open(argv[1], &(struct e4z_open_options){.write = true}, &img));
	CHECK(!e4z_keep_undo(img, argv[2]));
	edit(img);
	e4z_close(img);
	CHECK(!e4z_undo(argv[1], NULL, argv[2], true, NULL, NULL, 0));
	return 0;
}
