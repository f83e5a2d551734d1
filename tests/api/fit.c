// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An operation that never fits into the log, with split: it fails, and what follows is committed.
 *
 *	fit IMAGE	/large of 400,000 blocks in more groups than its journal has blocks; /small
 */
#include "e4zero.h"

#include "../unit/check.h"
#include "errors.h"

int main(int argc, char **argv)
{
	const struct e4z_open_options options = {.write = true};
	const struct e4z_edit_options split = {.split = true};
	struct e4z_commit_summary done;
	struct e4z_image *img;
	struct e4z_edit edit;

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
