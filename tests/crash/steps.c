// SPDX-License-Identifier: GPL-2.0-or-later
// The calls of e4zero.h that workloads are made of.
#include "steps.h"

#include "edit/session.h"
#include "errors.h"
#include "image/image.h"
#include "txn/txn.h"
#include <string.h>

errcode_t step_truncate_to(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	(void)b;
	return e4z_truncate(img, file, a, &edit);
}

errcode_t step_zero_range(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_zero_range(img, file, a, b, false, &edit);
}

errcode_t step_punch_hole(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_punch_hole(img, file, a, b, &edit);
}

errcode_t step_allocate(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_allocate(img, file, a, b, false, &edit);
}

errcode_t step_zero(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_zero(img, file, a, b, &edit);
}

errcode_t step_write_zeroes(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_write_zeroes(img, file, a, b, &edit);
}

errcode_t step_collapse(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_collapse_range(img, file, a, b, &edit);
}

errcode_t step_insert(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_insert_range(img, file, a, b, &edit);
}

static errcode_t source_read(void *arg, uint64_t off, void *to, size_t len)
{
	(void)arg;
	(void)off;
	memset(to, WRITTEN, len);
	return 0;
}

errcode_t step_write_bytes(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	const struct e4z_source source = {.len = b, .read = source_read};
	struct e4z_edit edit = {.op = NULL};

	return e4z_write_from(img, file, a, &source, &edit);
}

errcode_t step_flush(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	(void)file;
	(void)a;
	(void)b;
	return e4z_flush(img);
}

static errcode_t convert(struct e4z_image *img, const char *file, enum e4z_convert_to to,
			 uint64_t a, uint64_t b)
{
	const struct e4z_convert_options options = {.to = to, .offset = a, .length = b, .jobs = 1};
	struct e4z_edit edit = {.op = NULL};

	return e4z_convert(img, file, &options, &edit);
}

/* The blocks of B bytes from A on, 0: to the end. */
errcode_t step_to_written(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	return convert(img, file, E4Z_TO_WRITTEN, a, b);
}

errcode_t step_to_unwritten(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	errcode_t err = convert(img, file, E4Z_TO_UNWRITTEN, a, b);

	/* indirect maps have no such state, and stay unchanged */
	return err == E4Z_ET_REFUSED ? 0 : err;
}

errcode_t step_to_hole(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	return convert(img, file, E4Z_TO_HOLE, a, b);
}

/* Ends one transaction, and begins the next. */
errcode_t step_commit_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	(void)img;
	(void)file;
	(void)a;
	(void)b;
	return 0;
}

/* Add the open files to the transaction: only this frees blocks. */
errcode_t step_settle_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	(void)file;
	(void)a;
	(void)b;
	return session_settle(img);
}

/* The steps before become a transaction that waits for the commit. */
errcode_t step_seal_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	errcode_t err = session_settle(img);

	(void)file;
	(void)a;
	(void)b;
	session_drop(img);
	return err ? err : txn_seal(img);
}

/* FILE is an orphan: e4z_begin() has finished its truncate, which is not visible. */
errcode_t step_was_finished(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	(void)img;
	(void)file;
	(void)a;
	(void)b;
	return 0;
}

/* A file whose inode a fix changes. */
errcode_t step_is_fixed(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	return step_commit_here(img, file, a, b);
}

/* Blocks of every file become what A says, an enum e4z_convert_to; FILE is one that it changes. */
errcode_t step_all_to(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	return step_commit_here(img, file, a, b);
}

/* It commits on its own. */
errcode_t steps_convert_all(struct e4z_image *img, enum e4z_convert_to to,
			    struct e4z_commit_summary *done)
{
	const struct e4z_convert_options options = {.to = to, .jobs = 1};
	struct e4z_convert_summary summary;

	return e4z_convert_all(img, &options, &summary, done);
}

static errcode_t on_finding(void *arg, const struct e4z_finding *finding)
{
	size_t *left = arg;

	*left += !finding->fixed;
	return 0;
}

/* It begins and commits on its own, and must leave no finding. */
errcode_t steps_fix(struct e4z_image *img, const struct e4z_check_options *check,
		    struct e4z_commit_summary *summary)
{
	const struct e4z_fix_options options = {.check = *check};
	size_t left = 0;
	const struct e4z_check_sink sink = {.arg = &left, .finding = on_finding};
	struct e4z_fix_summary sum;
	errcode_t err = e4z_fix(img, &options, &sink, &sum);

	*summary = sum.commit;
	return err || !left ? err : E4Z_ET_REFUSED;
}
