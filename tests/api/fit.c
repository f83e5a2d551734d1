// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An operation that never fits into the log, with split: it fails, and what follows is committed.
 *
 *	fit IMAGE	/large of 400,000 blocks in more groups than its journal has blocks; /small
 *	fit IMAGE FREE	so many bytes are free, /empty and /other are empty, /used and /parts are
 *			not
 *	fit IMAGE FREE go-on	the same, and what is in the way is taken back then
 *
 * The second: the map of /empty finds no block, so that the commit which a later operation wants
 * for the space that was freed fails in the middle, when /parts has got the last one. All files are
 * as they were then: as long as nothing else is done no commit can be, and nothing is written.
 */
#include "e4zero.h"

#include "../unit/check.h"
#include "errors.h"
#include <stdlib.h>

static int fill(struct e4z_image *img, uint64_t room)
{
	struct e4z_edit edit;

	for (uint64_t i = 0; i < 10; i++)
		CHECK(!e4z_punch_hole(img, "/parts", i * 4096, 1024, &edit));
	CHECK(!e4z_allocate(img, "/empty", 0, room - 1024, false, &edit));
	for (uint64_t i = 0; i < 20; i++)
		CHECK(!e4z_write_zeroes(img, "/empty", i * 2048, 1024, &edit));
	CHECK(!e4z_truncate(img, "/used", 0, &edit));
	CHECK(e4z_allocate(img, "/other", 0, 10240, false, &edit) == E4Z_ET_NO_SPACE);
	return 0;
}

static int stuck(const char *image, uint64_t room, bool plan)
{
	const struct e4z_open_options options = {.write = true};
	const struct e4z_edit_options split = {.split = true, .plan = plan};
	struct e4z_commit_summary done;
	struct e4z_image *img;
	struct e4z_edit edit;

	CHECK(!e4z_open(image, &options, &img));
	CHECK(!e4z_begin(img, &split));
	CHECK(!fill(img, room));
	if (plan)
		CHECK(e4z_plan_commit(img) == E4Z_ET_NO_SPACE);
	CHECK(e4z_commit(img, &done) == E4Z_ET_NO_SPACE);
	CHECK(!e4z_has_written(img));
	/* the handle is as good as new */
	CHECK(!e4z_begin(img, &split));
	CHECK(!e4z_truncate(img, "/used", 1, &edit));
	e4z_abort(img);
	e4z_close(img);
	return 0;
}

/* /empty goes, /parts goes on from where it was: neither is what the commit that failed left. */
static int go_on(const char *image, uint64_t room)
{
	const struct e4z_open_options options = {.write = true};
	const struct e4z_edit_options split = {.split = true};
	struct e4z_commit_summary done;
	struct e4z_image *img;
	struct e4z_edit edit;

	CHECK(!e4z_open(image, &options, &img));
	CHECK(!e4z_begin(img, &split));
	CHECK(!fill(img, room));
	CHECK(e4z_allocate(img, "/other", 0, 10240, false, &edit) == E4Z_ET_NO_SPACE);
	CHECK(!e4z_has_written(img));
	CHECK(!e4z_truncate(img, "/empty", 0, &edit));
	CHECK(!e4z_punch_hole(img, "/parts", 2048, 1024, &edit));
	CHECK(!e4z_write(img, "/parts", 5200, "after", 5, &edit));
	/* now there is room for a commit, and after it for this */
	CHECK(!e4z_allocate(img, "/other", 0, 10240, false, &edit));
	CHECK(!e4z_commit(img, &done));
	CHECK(done.transactions == 2);
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
	if (argc == 4)
		return go_on(argv[1], strtoull(argv[2], NULL, 10));
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
