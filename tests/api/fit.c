// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An operation that never fits into the log, with split: it fails, and what follows is committed.
 *
 *	fit IMAGE	/large of 400,000 blocks in more groups than its journal has blocks; /small
 *	fit IMAGE FREE	so many bytes are free, /empty and /other are empty, /used has blocks
 *
 * The second: the map of /empty finds no block, so that the commit which a later operation wants
 * for the space that was freed fails in the middle. No other commit may write what is left of it.
 */
#include "e4zero.h"

#include "../unit/check.h"
#include "errors.h"
#include <stdlib.h>

static int stuck(const char *image, uint64_t room, bool plan)
{
	const struct e4z_open_options options = {.write = true};
	const struct e4z_edit_options split = {.split = true, .plan = plan};
	struct e4z_commit_summary done;
	struct e4z_image *img;
	struct e4z_edit edit;

	CHECK(!e4z_open(image, &options, &img));
	CHECK(!e4z_begin(img, &split));
	CHECK(!e4z_allocate(img, "/empty", 0, room, false, &edit));
	for (uint64_t i = 0; i < 20; i++)
		CHECK(!e4z_write_zeroes(img, "/empty", i * 2048, 1024, &edit));
	CHECK(!e4z_truncate(img, "/used", 0, &edit));
	CHECK(e4z_allocate(img, "/other", 0, 10240, false, &edit) == E4Z_ET_NO_SPACE);
	if (plan)
		CHECK(e4z_plan_commit(img) == E4Z_ET_STATE);
	CHECK(e4z_commit(img, &done) == E4Z_ET_STATE);
	CHECK(!e4z_has_written(img));
	/* the handle is as good as new */
	CHECK(!e4z_begin(img, &split));
	CHECK(!e4z_truncate(img, "/used", 1, &edit));
	e4z_abort(img);
	e4z_close(img);
	return 0;
}

int main(int argc, char **argv)
{
	const struct e4z_open_options options = {.write = true};
	const struct e4z_edit_options split = {.split = true};
	struct e4z_commit_summary done;
	struct e4z_image *img;
	struct e4z_edit edit;

	if (argc == 3)
		return stuck(argv[1], strtoull(argv[2], NULL, 10), false) ||
		       stuck(argv[1], strtoull(argv[2], NULL, 10), true);
	CHECK(argc == 2);
	CHECK(!e4z_open(argv[1], &options, &img));
	CHECK(!e4z_begin(img, &split));
	CHECK(!e4z_write(img, "/small", 0, "first", 5, &edit));
	CHECK(e4z_collapse_range(img, "/large", 0, 390000 * 1024ull, &edit) == E4Z_ET_LOG_FULL);
	CHECK(!e4z_truncate(img, "/small", 50, &edit));
	CHECK(edit.size_before == 100 && edit.size_after == 50);
	/* once more, with nothing before it */
	CHECK(!e4z_commit(img, &done));
	CHECK(done.transactions == 2);
	CHECK(!e4z_begin(img, &split));
	CHECK(e4z_collapse_range(img, "/large", 0, 390000 * 1024ull, &edit) == E4Z_ET_LOG_FULL);
	CHECK(!e4z_write(img, "/small", 45, "behind", 6, &edit));
	CHECK(!e4z_commit(img, &done));
	CHECK(done.transactions == 1);
	e4z_close(img);
	return 0;
}
