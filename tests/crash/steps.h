/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls of workloads: the meaning of A and B depends on the call; work.c defines each. */
#ifndef TESTS_CRASH_STEPS_H
#define TESTS_CRASH_STEPS_H

#include "e4zero.h"

#define WRITTEN 'w' /* the byte that writes write */

errcode_t step_truncate_to(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_zero_range(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_punch_hole(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_allocate(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_zero(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_write_zeroes(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_collapse(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_insert(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_write_bytes(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_flush(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_to_written(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_to_unwritten(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_to_hole(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_commit_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_settle_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_seal_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_was_finished(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_is_fixed(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
errcode_t step_all_to(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);

/* Calls for whole images, instead of steps or as one. */
errcode_t steps_convert_all(struct e4z_image *img, enum e4z_convert_to to,
			    struct e4z_commit_summary *done);
/* What CHECK finds. */
errcode_t steps_fix(struct e4z_image *img, const struct e4z_check_options *check,
		    struct e4z_commit_summary *summary);

#endif
