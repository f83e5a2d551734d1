// SPDX-License-Identifier: GPL-2.0-or-later
// The table of workloads. To add one, add a row; a new operation also adds a call and its meaning.
#include "work.h"

#include "image/image.h"
#include "steps.h"
#include <stdio.h>
#include <string.h>

/* ---- the meaning of the steps ---- */

/* The expected file: the result of the steps on the old one. */
struct model {
	const struct work_step *steps[WORK_STEPS];
	uint64_t a[WORK_STEPS], b[WORK_STEPS];
	size_t count;
	uint64_t size;
};

static bool may_grow(const struct work_step *step)
{
	return step->call == step_zero_range || step->call == step_allocate ||
	       step->call == step_write_zeroes || step->call == step_write_bytes;
}

static bool brings_bytes(const struct work_step *step)
{
	return step->call == step_punch_hole || step->call == step_zero ||
	       (may_grow(step) && step->call != step_allocate);
}

static void model_step(struct model *m, const struct work_step *step, uint64_t a, uint64_t b)
{
	m->steps[m->count] = step;
	m->a[m->count] = a;
	m->b[m->count++] = b;
	if (step->call == step_truncate_to)
		m->size = a;
	else if (step->call == step_collapse)
		m->size -= b;
	else if (step->call == step_insert)
		m->size += b;
	else if (may_grow(step) && a + b > m->size)
		m->size = a + b;
}

/* The place of the byte at *OFF before all steps. False: a step wrote it, as VALUE. */
static bool model_origin(const struct model *m, uint64_t *off, uint8_t *value)
{
	for (size_t i = m->count; i--;) {
		errcode_t (*call)(struct e4z_image *, const char *, uint64_t, uint64_t) =
			m->steps[i]->call;
		uint64_t a = m->a[i], b = m->b[i];
		bool inside = *off >= a && *off - a < b;

		*value = call == step_write_bytes ? WRITTEN : 0;
		if (call == step_truncate_to && *off >= a)
			return false;
		if (call == step_collapse && *off >= a)
			*off += b;
		else if (call == step_insert && *off >= a + b)
			*off -= b;
		else if (inside && (brings_bytes(m->steps[i]) || call == step_insert))
			return false;
	}
	return true;
}

/* ---- the table ---- */

#define AT(n, more)                                                                                \
	{                                                                                          \
		(n), (more)                                                                        \
	}

static const struct workload workloads[] = {
	{.name = "down-small", .steps = {{step_truncate_to, "/small", AT(1, 100), AT(0, 0)}}},
	{.name = "down-edge", .steps = {{step_truncate_to, "/small", AT(2, 0), AT(0, 0)}}},
	{.name = "down-nothing", .steps = {{step_truncate_to, "/small", AT(0, 0), AT(0, 0)}}},
	{.name = "down-tail", .steps = {{step_truncate_to, "/tail", AT(1, 7), AT(0, 0)}}},
	{.name = "up-tail", .steps = {{step_truncate_to, "/tail", AT(1, 900), AT(0, 0)}}},
	{.name = "up-far", .steps = {{step_truncate_to, "/tail", AT(5000, 1), AT(0, 0)}}},
	{.name = "up-prealloc", .steps = {{step_truncate_to, "/prealloc", AT(9, 1), AT(0, 0)}}},
	{.name = "down-prealloc", .steps = {{step_truncate_to, "/prealloc", AT(1, 33), AT(0, 0)}}},
	{.name = "down-frag", .steps = {{step_truncate_to, "/frag", AT(21, 5), AT(0, 0)}}},
	{.name = "down-deep", .steps = {{step_truncate_to, "/deep", AT(301, 0), AT(0, 0)}}},
	{.name = "down-deep-nothing", .steps = {{step_truncate_to, "/deep", AT(0, 1), AT(0, 0)}}},
	{.name = "down-magic", .steps = {{step_truncate_to, "/magic", AT(2, 64), AT(0, 0)}}},
	{.name = "inline-down", .steps = {{step_truncate_to, "/inline", AT(0, 20), AT(0, 0)}}},
	{.name = "inline-up", .steps = {{step_truncate_to, "/inline", AT(0, 59), AT(0, 0)}}},
	{.name = "inline-out", .steps = {{step_truncate_to, "/inline", AT(3, 5), AT(0, 0)}}},
	{.name = "zero-small", .steps = {{step_zero_range, "/small", AT(0, 100), AT(2, 7)}}},
	{.name = "zero-grow", .steps = {{step_zero_range, "/tail", AT(1, 3), AT(3, 0)}}},
	{.name = "zero-frag", .steps = {{step_zero_range, "/frag", AT(3, 5), AT(40, 0)}}},
	{.name = "zero-deep", .steps = {{step_zero_range, "/deep", AT(10, 9), AT(200, 1)}}},
	{.name = "punch-small", .steps = {{step_punch_hole, "/small", AT(0, 100), AT(2, 7)}}},
	{.name = "punch-frag", .steps = {{step_punch_hole, "/frag", AT(3, 5), AT(40, 0)}}},
	{.name = "allocate-holes",
	 .steps = {{step_punch_hole, "/frag", AT(2, 0), AT(9, 0)},
		   {step_allocate, "/frag", AT(1, 1), AT(7, 0)},
		   {step_allocate, "/tail", AT(9, 0), AT(3, 3)}}},
	{.name = "write-over", .steps = {{step_write_bytes, "/small", AT(0, 50), AT(2, 11)}}},
	{.name = "write-moved", .steps = {{step_write_bytes, "/large", AT(0, 50), AT(1200, 11)}}},
	{.name = "write-append", .steps = {{step_write_bytes, "/tail", AT(2, 100), AT(3, 11)}}},
	/* bytes past EOF in a written block: the last one of the file, or one wholly past EOF */
	{.name = "append-tail", .steps = {{step_write_bytes, "/tail", AT(1, 300), AT(0, 100)}}},
	{.name = "append-over", .steps = {{step_write_bytes, "/small", AT(3, 10), AT(2, 50)}}},
	{.name = "append-behind", .steps = {{step_write_bytes, "/blind", AT(1, 5), AT(1, 900)}}},
	{.name = "append-behind-far",
	 .steps = {{step_write_zeroes, "/blind", AT(1, 0), AT(2, 0)},
		   {step_flush, NULL, AT(0, 0), AT(0, 0)},
		   {step_write_bytes, "/blind", AT(1, 9), AT(0, 50)}}},
	{.name = "append-grown", .steps = {{step_write_bytes, "/behind", AT(1, 200), AT(4, 50)}}},
	{.name = "append-grown-far",
	 .steps = {{step_write_bytes, "/behind", AT(1, 50), AT(1250, 0)}}},
	{.name = "append-moved", .steps = {{step_write_bytes, "/large", AT(1, 50), AT(1302, 11)}}},
	{.name = "append-script",
	 .steps = {{step_truncate_to, "/tail", AT(1, 900), AT(0, 0)},
		   {step_write_bytes, "/tail", AT(1, 400), AT(0, 77)},
		   {step_flush, NULL, AT(0, 0), AT(0, 0)},
		   {step_punch_hole, "/tail", AT(1, 410), AT(0, 20)},
		   {step_truncate_to, "/tail", AT(1, 420), AT(0, 0)},
		   {step_write_bytes, "/tail", AT(1, 420), AT(3, 0)},
		   {step_collapse, "/frag", AT(16, 0), AT(16, 0)},
		   {step_write_bytes, "/frag", AT(63, 0), AT(1, 77)},
		   {step_write_bytes, "/frag", AT(64, 70), AT(0, 30)}}},
	{.name = "append-zeroed",
	 .steps = {{step_zero_range, "/tail", AT(1, 0), AT(0, 900)},
		   {step_flush, NULL, AT(0, 0), AT(0, 0)},
		   {step_write_bytes, "/tail", AT(1, 290), AT(0, 50)}}},
	{.name = "append-twice",
	 .steps = {{step_write_bytes, "/tail", AT(1, 300), AT(0, 100)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_truncate_to, "/tail", AT(1, 310), AT(0, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_write_bytes, "/tail", AT(1, 310), AT(0, 90)}}},
	{.name = "append-dirty",
	 .dirty_by = "append-tail",
	 .steps = {{step_write_bytes, "/tail", AT(1, 400), AT(0, 100)},
		   {step_write_bytes, "/blind", AT(1, 0), AT(0, 7)}}},
	{.name = "write-inline", .steps = {{step_write_bytes, "/inline", AT(0, 5), AT(0, 9)}}},
	{.name = "write-inline-out",
	 .steps = {{step_write_bytes, "/inline", AT(1, 5), AT(0, 900)}}},
	{.name = "write-zeroes", .steps = {{step_write_zeroes, "/frag", AT(3, 5), AT(20, 0)}}},
	{.name = "write-zeroes-far", .steps = {{step_write_zeroes, "/tail", AT(20, 5), AT(20, 0)}}},
	{.name = "write-zeroes-holes",
	 .steps = {{step_punch_hole, "/frag", AT(2, 0), AT(9, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_write_zeroes, "/frag", AT(1, 7), AT(11, 0)}}},
	{.name = "zeroes", .steps = {{step_zero, "/small", AT(0, 100), AT(2, 7)}}},
	{.name = "zeroes-frag", .steps = {{step_zero, "/frag", AT(3, 5), AT(20, 0)}}},
	{.name = "zeroes-inline", .steps = {{step_zero, "/inline", AT(0, 5), AT(0, 30)}}},
	{.name = "zeroes-dirty",
	 .steps = {{step_write_bytes, "/tail", AT(6, 3), AT(5, 0)},
		   {step_write_bytes, "/small", AT(0, 50), AT(1, 30)},
		   {step_zero, "/tail", AT(0, 10), AT(8, 0)},
		   {step_zero, "/small", AT(0, 60), AT(1, 0)}}},
	{.name = "collapse", .steps = {{step_collapse, "/frag", AT(16, 0), AT(16, 0)}}},
	{.name = "insert", .steps = {{step_insert, "/frag", AT(16, 0), AT(16, 0)}}},
	/* a block that is visible until the commit is written again */
	{.name = "zero-and-write",
	 .steps = {{step_zero_range, "/small", AT(0, 0), AT(2, 0)},
		   {step_write_bytes, "/small", AT(0, 9), AT(1, 0)},
		   {step_flush, NULL, AT(0, 0), AT(0, 0)},
		   {step_punch_hole, "/small", AT(0, 30), AT(0, 30)},
		   {step_write_bytes, "/tail", AT(4, 9), AT(1, 0)}}},
	{.name = "script",
	 .steps = {{step_write_bytes, "/tail", AT(6, 3), AT(5, 0)},
		   {step_zero_range, "/tail", AT(7, 10), AT(1, 0)},
		   {step_flush, NULL, AT(0, 0), AT(0, 0)},
		   {step_zero_range, "/tail", AT(6, 0), AT(2, 100)},
		   {step_punch_hole, "/frag", AT(1, 1), AT(30, 0)},
		   {step_write_bytes, "/frag", AT(5, 5), AT(3, 0)},
		   {step_truncate_to, "/tail", AT(7, 77), AT(0, 0)},
		   {step_write_bytes, "/small", AT(1, 0), AT(0, 1)}}},
	/* visible data is changed twice: the state in between must not become visible */
	{.name = "over-and-over",
	 .steps = {{step_write_bytes, "/small", AT(0, 50), AT(1, 300)},
		   {step_write_bytes, "/tail", AT(6, 3), AT(2, 0)},
		   {step_flush, NULL, AT(0, 0), AT(0, 0)},
		   {step_zero_range, "/small", AT(0, 100), AT(0, 100)},
		   {step_write_bytes, "/tail", AT(9, 0), AT(1, 0)},
		   {step_flush, NULL, AT(0, 0), AT(0, 0)},
		   {step_write_bytes, "/small", AT(0, 120), AT(0, 10)}}},
	/* no step that requires unwritten blocks */
	{.name = "plain-script",
	 .steps = {{step_write_bytes, "/tail", AT(6, 3), AT(5, 0)},
		   {step_punch_hole, "/tail", AT(7, 10), AT(1, 0)},
		   {step_flush, NULL, AT(0, 0), AT(0, 0)},
		   {step_punch_hole, "/frag", AT(1, 1), AT(30, 0)},
		   {step_write_bytes, "/frag", AT(5, 5), AT(3, 0)},
		   {step_truncate_to, "/tail", AT(7, 77), AT(0, 0)},
		   {step_write_bytes, "/small", AT(1, 0), AT(0, 1)}}},
	/* freed blocks must not be reused before the commit */
	{.name = "free-and-take",
	 .steps = {{step_truncate_to, "/other", AT(0, 0), AT(0, 0)},
		   {step_settle_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_truncate_to, "/inline", AT(3, 5), AT(0, 0)}}},
	{.name = "several",
	 .steps = {{step_truncate_to, "/small", AT(0, 1), AT(0, 0)},
		   {step_truncate_to, "/tail", AT(7, 0), AT(0, 0)},
		   {step_truncate_to, "/frag", AT(40, 3), AT(0, 0)},
		   {step_truncate_to, "/magic", AT(1, 1), AT(0, 0)}}},
	{.name = "back-and-forth",
	 .steps = {{step_truncate_to, "/frag", AT(10, 9), AT(0, 0)},
		   {step_truncate_to, "/frag", AT(90, 0), AT(0, 0)},
		   {step_truncate_to, "/small", AT(1, 1), AT(0, 0)},
		   {step_truncate_to, "/small", AT(2, 2), AT(0, 0)}}},
	{.name = "two-transactions",
	 .steps = {{step_truncate_to, "/small", AT(1, 100), AT(0, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_truncate_to, "/frag", AT(11, 100), AT(0, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_truncate_to, "/small", AT(4, 1), AT(0, 0)}}},
	{.name = "sealed",
	 .steps = {{step_truncate_to, "/small", AT(1, 100), AT(0, 0)},
		   {step_seal_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_truncate_to, "/frag", AT(11, 100), AT(0, 0)},
		   {step_seal_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_truncate_to, "/tail", AT(1, 900), AT(0, 0)}}},
	{.name = "dirty-sealed",
	 .dirty_by = "down-frag",
	 .steps = {{step_truncate_to, "/small", AT(1, 100), AT(0, 0)},
		   {step_seal_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_truncate_to, "/frag", AT(3, 1), AT(0, 0)}}},
	{.name = "orphans",
	 .steps = {{step_was_finished, "/orphan1", AT(0, 0), AT(0, 0)},
		   {step_was_finished, "/orphan2", AT(0, 0), AT(0, 0)},
		   {step_was_finished, "/orphan3", AT(0, 0), AT(0, 0)},
		   {step_truncate_to, "/small", AT(1, 100), AT(0, 0)}}},
	{.name = "split",
	 .split = true,
	 .steps = {{step_truncate_to, "/deep", AT(3, 9), AT(0, 0)}}},
	/* EOF moves past the blocks of /prealloc before they are converted */
	{.name = "written",
	 .steps = {{step_truncate_to, "/prealloc", AT(14, 1), AT(0, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_to_written, "/prealloc", AT(0, 0), AT(0, 0)}}},
	{.name = "written-grows",
	 .steps = {{step_truncate_to, "/prealloc", AT(14, 1), AT(0, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_to_written, "/prealloc", AT(5, 0), AT(1, 0)},
		   {step_to_written, "/prealloc", AT(7, 1), AT(2, 0)},
		   {step_to_written, "/prealloc", AT(12, 0), AT(0, 1)}}},
	{.name = "written-at-once",
	 .steps = {{step_truncate_to, "/prealloc", AT(11, 9), AT(0, 0)},
		   {step_to_written, "/prealloc", AT(4, 0), AT(0, 0)}}},
	{.name = "written-dirty",
	 .dirty_by = "up-prealloc",
	 .steps = {{step_to_written, "/prealloc", AT(0, 0), AT(0, 0)},
		   {step_to_unwritten, "/zeros", AT(0, 0), AT(0, 0)}}},
	{.name = "unwritten", .steps = {{step_to_unwritten, "/zeros", AT(0, 0), AT(0, 0)}}},
	{.name = "unwritten-nothing", .steps = {{step_to_unwritten, "/small", AT(0, 0), AT(0, 0)}}},
	{.name = "hole", .steps = {{step_to_hole, "/zeros", AT(0, 0), AT(0, 0)}}},
	{.name = "hole-unwritten", .steps = {{step_to_hole, "/prealloc", AT(5, 0), AT(6, 0)}}},
	/* of the whole image */
	{.name = "all-written",
	 .steps = {{step_truncate_to, "/prealloc", AT(14, 1), AT(0, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_all_to, "/prealloc", AT(0, E4Z_TO_WRITTEN), AT(0, 0)}}},
	{.name = "all-unwritten",
	 .steps = {{step_all_to, "/zeros", AT(0, E4Z_TO_UNWRITTEN), AT(0, 0)}}},
	{.name = "all-hole",
	 .steps = {{step_all_to, "/zeros", AT(0, E4Z_TO_HOLE), AT(0, 0)},
		   {step_is_fixed, "/prealloc", AT(0, 0), AT(0, 0)}}},
	{.name = "all-dirty",
	 .dirty_by = "up-prealloc",
	 .steps = {{step_all_to, "/prealloc", AT(0, E4Z_TO_WRITTEN), AT(0, 0)},
		   {step_all_to, "/zeros", AT(0, E4Z_TO_HOLE), AT(0, 0)}}},
	{.name = "there-and-back",
	 .steps = {{step_to_unwritten, "/zeros", AT(0, 0), AT(0, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_to_written, "/zeros", AT(3, 0), AT(2, 0)},
		   {step_to_hole, "/prealloc", AT(0, 0), AT(0, 0)},
		   {step_commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {step_to_hole, "/zeros", AT(0, 0), AT(0, 0)}}},
	/* every image has canaries past EOF */
	{.name = "fix", .fix = true, .steps = {{step_is_fixed, "/blind", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-dirty",
	 .dirty_by = "down-frag",
	 .fix = true,
	 .steps = {{step_is_fixed, "/blind", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-paranoid",
	 .fix = true,
	 .paranoid = true,
	 .steps = {{step_is_fixed, "/blind", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-slack",
	 .fix = true,
	 .paranoid = true,
	 .steps = {{step_is_fixed, "/blind", AT(0, 0), AT(0, 0)},
		   {step_is_fixed, "/slack", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-orphan",
	 .fix = true,
	 .paranoid = true,
	 .steps = {{step_is_fixed, "/blind", AT(0, 0), AT(0, 0)},
		   {step_is_fixed, "/half", AT(0, 0), AT(0, 0)}}},
	/* a deleted file is not visible */
	{.name = "fix-deleted",
	 .fix = true,
	 .kinds = E4Z_KIND_BIT(E4Z_DELETED_OPEN),
	 .steps = {{step_is_fixed, "/marker", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-behind",
	 .fix = true,
	 .steps = {{step_is_fixed, "/blind", AT(0, 0), AT(0, 0)},
		   {step_is_fixed, "/behind", AT(0, 0), AT(0, 0)},
		   {step_is_fixed, "/stripes", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-all",
	 .fix = true,
	 .all = true,
	 .steps = {{step_is_fixed, "/blind", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-all-dirty",
	 .dirty_by = "down-frag",
	 .fix = true,
	 .all = true,
	 .steps = {{step_is_fixed, "/blind", AT(0, 0), AT(0, 0)}}},
	{.name = "dirty",
	 .dirty_by = "down-frag",
	 .steps = {{step_truncate_to, "/small", AT(1, 100), AT(0, 0)},
		   {step_truncate_to, "/frag", AT(3, 1), AT(0, 0)}}},
};

const struct workload *work_number(size_t n)
{
	return n < sizeof(workloads) / sizeof(workloads[0]) ? &workloads[n] : NULL;
}

const struct workload *work_find(const char *name)
{
	const struct workload *work;

	for (size_t n = 0; (work = work_number(n)); n++)
		if (!strcmp(work->name, name))
			return work;
	return NULL;
}

#define each_step(step, work)                                                                      \
	for (const struct work_step *step = (work)->steps;                                         \
	     step < (work)->steps + WORK_STEPS && step->call; step++)

const char *work_misses(const struct workload *work, const uint8_t *image, uint64_t size)
{
	each_step(step, work) if (step->file &&
				  !verify_lookup(image, size, step->file)) return step->file;
	return NULL;
}

bool work_touches(const struct workload *work, const uint8_t *image, uint64_t size, uint32_t ino)
{
	each_step(step, work) if (step->file &&
				  verify_lookup(image, size, step->file) == ino) return true;
	return false;
}

static uint64_t bytes(struct amount amount, uint32_t block_size)
{
	return (uint64_t)((int64_t)amount.blocks * block_size + amount.bytes);
}

static void add(struct e4z_commit_summary *sum, const struct e4z_commit_summary *one)
{
	sum->transactions += one->transactions;
	sum->barriers += one->barriers;
	sum->bytes_written += one->bytes_written;
	sum->bytes_zeroed_again += one->bytes_zeroed_again;
	sum->log_blocks += one->log_blocks;
	sum->replayed += one->replayed;
}

errcode_t work_run(const struct workload *work, const struct work_options *options,
		   struct e4z_image *img, void (*begun)(void *arg, struct e4z_image *img),
		   void *arg, struct e4z_commit_summary *summary)
{
	const struct e4z_edit_options edit = {
		.data = options->data,
		.split = work->split,
		.policy = options->policy,
		.cache_blocks = options->cache_blocks,
	};
	struct e4z_commit_summary one = {.transactions = 0};
	errcode_t err = e4z_begin(img, &edit);

	if (err)
		return err;
	begun(arg, img);
	if (work->fix) {
		e4z_abort(img);
		return steps_fix(img,
				 &(struct e4z_check_options){.jobs = 1,
							     .paranoid = work->paranoid,
							     .all = work->all,
							     .kinds = work->kinds},
				 summary);
	}
	each_step(step, work)
	{
		if (step->call == step_commit_here) {
			err = e4z_commit(img, &one);
			add(summary, &one);
			if (!err)
				err = e4z_begin(img, &edit);
		} else if (step->call == step_all_to) {
			err = steps_convert_all(img, (enum e4z_convert_to)step->a.bytes, &one);
			add(summary, &one);
		} else {
			err = step->call(img, step->file, bytes(step->a, options->block_size),
					 bytes(step->b, options->block_size));
		}
		if (err)
			return err;
	}
	one = (struct e4z_commit_summary){.transactions = 0};
	err = e4z_commit(img, &one);
	add(summary, &one);
	return err;
}

/* The byte of the old file at OFF. */
static uint8_t old_byte(const struct verdict *before, const struct file *old, uint32_t bs,
			uint64_t off)
{
	const uint8_t *data = old->inline_data;
	uint32_t len = 0;

	if (off >= old->size)
		return 0;
	if (data)
		return off < 60 ? data[off] : 0;
	data = verdict_block(before, old, (uint32_t)(off / bs), &len);
	return data && off % bs < len ? data[off % bs] : 0;
}

/* Every byte of NEW in AFTER is the result of the steps on OLD. */
static bool file_came_true(const struct model *m, uint32_t bs, const struct verdict *before,
			   const struct file *old, const struct verdict *after,
			   const struct file *new)
{
	uint64_t end = m->size;

	/* bytes 60 and on of an inline file are in an attribute, which is not compared */
	if (new->inline_data && end > 60)
		end = 60;
	for (uint64_t start = 0; start < end; start += bs) {
		uint32_t len = 0, n = end - start < bs ? (uint32_t)(end - start) : bs;
		const uint8_t *data = new->inline_data;

		if (!data)
			data = verdict_block(after, new, (uint32_t)(start / bs), &len);
		for (uint32_t i = 0; i < n; i++) {
			uint64_t off = start + i;
			uint8_t want;

			if (old->inline_data && old->size > 60 && off >= 60)
				break;
			if (model_origin(m, &off, &want))
				want = old_byte(before, old, bs, off);
			if ((data ? data[i] : 0) != want)
				return false;
		}
	}
	return new->size == m->size;
}

bool work_came_true(const struct workload *work, uint32_t block_size, const uint8_t *image,
		    uint64_t size, const struct verdict *before, const struct verdict *after,
		    char *why, size_t why_size)
{
	bool ok = before->file_count == after->file_count;

	snprintf(why, why_size, "there are not as many files as before");
	for (size_t i = 0; i < before->file_count && ok; i++) {
		const struct file *old = &before->files[i], *new = verdict_file(after, old->ino);
		struct model m = {.size = old->size};

		snprintf(why, why_size, "inode %u is not what was to come of it", old->ino);
		if (!new)
			return false;
		if (!work_touches(work, image, size, old->ino)) {
			ok = (work->all || new->inode_hash == old->inode_hash) &&
			     new->content == old->content;
			continue;
		}
		each_step(step, work) if (step->file &&
					  verify_lookup(image, size, step->file) == old->ino)
			model_step(&m, step, bytes(step->a, block_size),
				   bytes(step->b, block_size));
		ok = file_came_true(&m, block_size, before, old, after, new);
	}
	return ok;
}
