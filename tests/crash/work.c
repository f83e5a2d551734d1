// SPDX-License-Identifier: GPL-2.0-or-later
// The table of workloads. To add one, add a row; a new operation also adds a call and its meaning.
#include "work.h"

#include "errors.h"
#include "image/image.h"
#include "session/session.h"
#include "session/txn.h"
#include <stdio.h>
#include <string.h>

/* ---- calls ---- */

static errcode_t truncate_to(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	(void)b;
	return e4z_truncate(img, file, a, &edit);
}

static errcode_t zero_range(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_zero_range(img, file, a, b, false, &edit);
}

static errcode_t punch_hole(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_punch_hole(img, file, a, b, &edit);
}

static errcode_t allocate(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_allocate(img, file, a, b, false, &edit);
}

static errcode_t write_zeroes(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_write_zeroes(img, file, a, b, &edit);
}

static errcode_t collapse(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_collapse_range(img, file, a, b, &edit);
}

static errcode_t insert(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	struct e4z_edit edit = {.op = NULL};

	return e4z_insert_range(img, file, a, b, &edit);
}

#define WRITTEN 'w' /* what writes write */

static errcode_t source_read(void *arg, uint64_t off, void *to, size_t len)
{
	(void)arg;
	(void)off;
	memset(to, WRITTEN, len);
	return 0;
}

static errcode_t write_bytes(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	const struct e4z_source source = {.len = b, .read = source_read};
	struct e4z_edit edit = {.op = NULL};

	return e4z_write_from(img, file, a, &source, &edit);
}

static errcode_t flush(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
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
static errcode_t to_written(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	return convert(img, file, E4Z_TO_WRITTEN, a, b);
}

static errcode_t to_unwritten(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	errcode_t err = convert(img, file, E4Z_TO_UNWRITTEN, a, b);

	/* indirect maps have no such state: they stay what they are */
	return err == E4Z_ET_REFUSED ? 0 : err;
}

static errcode_t to_hole(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	return convert(img, file, E4Z_TO_HOLE, a, b);
}

/* Ends one transaction, and begins the next. */
static errcode_t commit_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	(void)img;
	(void)file;
	(void)a;
	(void)b;
	return 0;
}

/* What is open goes into the transaction: only then is anything freed. */
static errcode_t settle_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	(void)file;
	(void)a;
	(void)b;
	return session_settle(img);
}

/* What came before is a transaction that waits for the commit. */
static errcode_t seal_here(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	errcode_t err = session_settle(img);

	(void)file;
	(void)a;
	(void)b;
	session_drop(img);
	return err ? err : txn_seal(img);
}

/* FILE is an orphan: beginning has finished its truncate, which shows nowhere. */
static errcode_t was_finished(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	(void)img;
	(void)file;
	(void)a;
	(void)b;
	return 0;
}

/* A file whose inode a fix changes. */
static errcode_t is_fixed(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	return commit_here(img, file, a, b);
}

/* Blocks of every file become what A says, an enum e4z_convert_to; FILE is one that it changes. */
static errcode_t all_to(struct e4z_image *img, const char *file, uint64_t a, uint64_t b)
{
	return commit_here(img, file, a, b);
}

/* It commits by itself. */
static errcode_t convert_all(struct e4z_image *img, enum e4z_convert_to to,
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

/* It begins and commits by itself, and is to leave nothing. */
static errcode_t fix_all(struct e4z_image *img, bool paranoid, struct e4z_commit_summary *summary)
{
	const struct e4z_fix_options options = {.check = {.jobs = 1, .paranoid = paranoid}};
	size_t left = 0;
	const struct e4z_check_sink sink = {.arg = &left, .finding = on_finding};
	struct e4z_fix_summary sum;
	errcode_t err = e4z_fix(img, &options, &sink, &sum);

	*summary = sum.commit;
	return err || !left ? err : E4Z_ET_REFUSED;
}

/* ---- what they mean ---- */

/* A file as it must be: what the steps make of the one that was there. */
struct model {
	const struct work_step *steps[WORK_STEPS];
	uint64_t a[WORK_STEPS], b[WORK_STEPS];
	size_t count;
	uint64_t size;
};

static bool may_grow(const struct work_step *step)
{
	return step->call == zero_range || step->call == allocate || step->call == write_zeroes ||
	       step->call == write_bytes;
}

static bool brings_bytes(const struct work_step *step)
{
	return step->call == punch_hole || (may_grow(step) && step->call != allocate);
}

static void model_step(struct model *m, const struct work_step *step, uint64_t a, uint64_t b)
{
	m->steps[m->count] = step;
	m->a[m->count] = a;
	m->b[m->count++] = b;
	if (step->call == truncate_to)
		m->size = a;
	else if (step->call == collapse)
		m->size -= b;
	else if (step->call == insert)
		m->size += b;
	else if (may_grow(step) && a + b > m->size)
		m->size = a + b;
}

/* Where the byte at *OFF was before all the steps: false when it came with one, and is VALUE. */
static bool model_origin(const struct model *m, uint64_t *off, uint8_t *value)
{
	for (size_t i = m->count; i--;) {
		errcode_t (*call)(struct e4z_image *, const char *, uint64_t, uint64_t) =
			m->steps[i]->call;
		uint64_t a = m->a[i], b = m->b[i];
		bool inside = *off >= a && *off - a < b;

		*value = call == write_bytes ? WRITTEN : 0;
		if (call == truncate_to && *off >= a)
			return false;
		if (call == collapse && *off >= a)
			*off += b;
		else if (call == insert && *off >= a + b)
			*off -= b;
		else if (inside && (brings_bytes(m->steps[i]) || call == insert))
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
	{.name = "down-small", .steps = {{truncate_to, "/small", AT(1, 100), AT(0, 0)}}},
	{.name = "down-edge", .steps = {{truncate_to, "/small", AT(2, 0), AT(0, 0)}}},
	{.name = "down-nothing", .steps = {{truncate_to, "/small", AT(0, 0), AT(0, 0)}}},
	{.name = "down-tail", .steps = {{truncate_to, "/tail", AT(1, 7), AT(0, 0)}}},
	{.name = "up-tail", .steps = {{truncate_to, "/tail", AT(1, 900), AT(0, 0)}}},
	{.name = "up-far", .steps = {{truncate_to, "/tail", AT(5000, 1), AT(0, 0)}}},
	{.name = "up-prealloc", .steps = {{truncate_to, "/prealloc", AT(9, 1), AT(0, 0)}}},
	{.name = "down-prealloc", .steps = {{truncate_to, "/prealloc", AT(1, 33), AT(0, 0)}}},
	{.name = "down-frag", .steps = {{truncate_to, "/frag", AT(21, 5), AT(0, 0)}}},
	{.name = "down-deep", .steps = {{truncate_to, "/deep", AT(301, 0), AT(0, 0)}}},
	{.name = "down-deep-nothing", .steps = {{truncate_to, "/deep", AT(0, 1), AT(0, 0)}}},
	{.name = "down-magic", .steps = {{truncate_to, "/magic", AT(2, 64), AT(0, 0)}}},
	{.name = "inline-down", .steps = {{truncate_to, "/inline", AT(0, 20), AT(0, 0)}}},
	{.name = "inline-up", .steps = {{truncate_to, "/inline", AT(0, 59), AT(0, 0)}}},
	{.name = "inline-out", .steps = {{truncate_to, "/inline", AT(3, 5), AT(0, 0)}}},
	{.name = "zero-small", .steps = {{zero_range, "/small", AT(0, 100), AT(2, 7)}}},
	{.name = "zero-grow", .steps = {{zero_range, "/tail", AT(1, 3), AT(3, 0)}}},
	{.name = "zero-frag", .steps = {{zero_range, "/frag", AT(3, 5), AT(40, 0)}}},
	{.name = "zero-deep", .steps = {{zero_range, "/deep", AT(10, 9), AT(200, 1)}}},
	{.name = "punch-small", .steps = {{punch_hole, "/small", AT(0, 100), AT(2, 7)}}},
	{.name = "punch-frag", .steps = {{punch_hole, "/frag", AT(3, 5), AT(40, 0)}}},
	{.name = "allocate-holes",
	 .steps = {{punch_hole, "/frag", AT(2, 0), AT(9, 0)},
		   {allocate, "/frag", AT(1, 1), AT(7, 0)},
		   {allocate, "/tail", AT(9, 0), AT(3, 3)}}},
	{.name = "write-over", .steps = {{write_bytes, "/small", AT(0, 50), AT(2, 11)}}},
	{.name = "write-moved", .steps = {{write_bytes, "/large", AT(0, 50), AT(1200, 11)}}},
	{.name = "write-append", .steps = {{write_bytes, "/tail", AT(2, 100), AT(3, 11)}}},
	{.name = "write-inline", .steps = {{write_bytes, "/inline", AT(0, 5), AT(0, 9)}}},
	{.name = "write-inline-out", .steps = {{write_bytes, "/inline", AT(1, 5), AT(0, 900)}}},
	{.name = "write-zeroes", .steps = {{write_zeroes, "/frag", AT(3, 5), AT(20, 0)}}},
	{.name = "write-zeroes-far", .steps = {{write_zeroes, "/tail", AT(20, 5), AT(20, 0)}}},
	{.name = "collapse", .steps = {{collapse, "/frag", AT(16, 0), AT(16, 0)}}},
	{.name = "insert", .steps = {{insert, "/frag", AT(16, 0), AT(16, 0)}}},
	/* a block that can be seen until the commit is written anew */
	{.name = "zero-and-write",
	 .steps = {{zero_range, "/small", AT(0, 0), AT(2, 0)},
		   {write_bytes, "/small", AT(0, 9), AT(1, 0)},
		   {flush, NULL, AT(0, 0), AT(0, 0)},
		   {punch_hole, "/small", AT(0, 30), AT(0, 30)},
		   {write_bytes, "/tail", AT(4, 9), AT(1, 0)}}},
	{.name = "script",
	 .steps = {{write_bytes, "/tail", AT(6, 3), AT(5, 0)},
		   {zero_range, "/tail", AT(7, 10), AT(1, 0)},
		   {flush, NULL, AT(0, 0), AT(0, 0)},
		   {zero_range, "/tail", AT(6, 0), AT(2, 100)},
		   {punch_hole, "/frag", AT(1, 1), AT(30, 0)},
		   {write_bytes, "/frag", AT(5, 5), AT(3, 0)},
		   {truncate_to, "/tail", AT(7, 77), AT(0, 0)},
		   {write_bytes, "/small", AT(1, 0), AT(0, 1)}}},
	/* what can be seen is changed twice: nobody may see what was in between */
	{.name = "over-and-over",
	 .steps = {{write_bytes, "/small", AT(0, 50), AT(1, 300)},
		   {write_bytes, "/tail", AT(6, 3), AT(2, 0)},
		   {flush, NULL, AT(0, 0), AT(0, 0)},
		   {zero_range, "/small", AT(0, 100), AT(0, 100)},
		   {write_bytes, "/tail", AT(9, 0), AT(1, 0)},
		   {flush, NULL, AT(0, 0), AT(0, 0)},
		   {write_bytes, "/small", AT(0, 120), AT(0, 10)}}},
	/* nothing that asks for unwritten blocks */
	{.name = "plain-script",
	 .steps = {{write_bytes, "/tail", AT(6, 3), AT(5, 0)},
		   {punch_hole, "/tail", AT(7, 10), AT(1, 0)},
		   {flush, NULL, AT(0, 0), AT(0, 0)},
		   {punch_hole, "/frag", AT(1, 1), AT(30, 0)},
		   {write_bytes, "/frag", AT(5, 5), AT(3, 0)},
		   {truncate_to, "/tail", AT(7, 77), AT(0, 0)},
		   {write_bytes, "/small", AT(1, 0), AT(0, 1)}}},
	/* what is freed must not be taken again before the commit */
	{.name = "free-and-take",
	 .steps = {{truncate_to, "/other", AT(0, 0), AT(0, 0)},
		   {settle_here, NULL, AT(0, 0), AT(0, 0)},
		   {truncate_to, "/inline", AT(3, 5), AT(0, 0)}}},
	{.name = "several",
	 .steps = {{truncate_to, "/small", AT(0, 1), AT(0, 0)},
		   {truncate_to, "/tail", AT(7, 0), AT(0, 0)},
		   {truncate_to, "/frag", AT(40, 3), AT(0, 0)},
		   {truncate_to, "/magic", AT(1, 1), AT(0, 0)}}},
	{.name = "back-and-forth",
	 .steps = {{truncate_to, "/frag", AT(10, 9), AT(0, 0)},
		   {truncate_to, "/frag", AT(90, 0), AT(0, 0)},
		   {truncate_to, "/small", AT(1, 1), AT(0, 0)},
		   {truncate_to, "/small", AT(2, 2), AT(0, 0)}}},
	{.name = "two-transactions",
	 .steps = {{truncate_to, "/small", AT(1, 100), AT(0, 0)},
		   {commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {truncate_to, "/frag", AT(11, 100), AT(0, 0)},
		   {commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {truncate_to, "/small", AT(4, 1), AT(0, 0)}}},
	{.name = "sealed",
	 .steps = {{truncate_to, "/small", AT(1, 100), AT(0, 0)},
		   {seal_here, NULL, AT(0, 0), AT(0, 0)},
		   {truncate_to, "/frag", AT(11, 100), AT(0, 0)},
		   {seal_here, NULL, AT(0, 0), AT(0, 0)},
		   {truncate_to, "/tail", AT(1, 900), AT(0, 0)}}},
	{.name = "dirty-sealed",
	 .dirty_by = "down-frag",
	 .steps = {{truncate_to, "/small", AT(1, 100), AT(0, 0)},
		   {seal_here, NULL, AT(0, 0), AT(0, 0)},
		   {truncate_to, "/frag", AT(3, 1), AT(0, 0)}}},
	{.name = "orphans",
	 .steps = {{was_finished, "/orphan1", AT(0, 0), AT(0, 0)},
		   {was_finished, "/orphan2", AT(0, 0), AT(0, 0)},
		   {was_finished, "/orphan3", AT(0, 0), AT(0, 0)},
		   {truncate_to, "/small", AT(1, 100), AT(0, 0)}}},
	{.name = "split", .split = true, .steps = {{truncate_to, "/deep", AT(3, 9), AT(0, 0)}}},
	/* the blocks of /prealloc come below EOF before they are converted */
	{.name = "written",
	 .steps = {{truncate_to, "/prealloc", AT(14, 1), AT(0, 0)},
		   {commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {to_written, "/prealloc", AT(0, 0), AT(0, 0)}}},
	{.name = "written-grows",
	 .steps = {{truncate_to, "/prealloc", AT(14, 1), AT(0, 0)},
		   {commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {to_written, "/prealloc", AT(5, 0), AT(1, 0)},
		   {to_written, "/prealloc", AT(7, 1), AT(2, 0)},
		   {to_written, "/prealloc", AT(12, 0), AT(0, 1)}}},
	{.name = "written-at-once",
	 .steps = {{truncate_to, "/prealloc", AT(11, 9), AT(0, 0)},
		   {to_written, "/prealloc", AT(4, 0), AT(0, 0)}}},
	{.name = "written-dirty",
	 .dirty_by = "up-prealloc",
	 .steps = {{to_written, "/prealloc", AT(0, 0), AT(0, 0)},
		   {to_unwritten, "/zeros", AT(0, 0), AT(0, 0)}}},
	{.name = "unwritten", .steps = {{to_unwritten, "/zeros", AT(0, 0), AT(0, 0)}}},
	{.name = "unwritten-nothing", .steps = {{to_unwritten, "/small", AT(0, 0), AT(0, 0)}}},
	{.name = "hole", .steps = {{to_hole, "/zeros", AT(0, 0), AT(0, 0)}}},
	{.name = "hole-unwritten", .steps = {{to_hole, "/prealloc", AT(5, 0), AT(6, 0)}}},
	/* of the whole image */
	{.name = "all-written",
	 .steps = {{truncate_to, "/prealloc", AT(14, 1), AT(0, 0)},
		   {commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {all_to, "/prealloc", AT(0, E4Z_TO_WRITTEN), AT(0, 0)}}},
	{.name = "all-unwritten", .steps = {{all_to, "/zeros", AT(0, E4Z_TO_UNWRITTEN), AT(0, 0)}}},
	{.name = "all-hole",
	 .steps = {{all_to, "/zeros", AT(0, E4Z_TO_HOLE), AT(0, 0)},
		   {is_fixed, "/prealloc", AT(0, 0), AT(0, 0)}}},
	{.name = "all-dirty",
	 .dirty_by = "up-prealloc",
	 .steps = {{all_to, "/prealloc", AT(0, E4Z_TO_WRITTEN), AT(0, 0)},
		   {all_to, "/zeros", AT(0, E4Z_TO_HOLE), AT(0, 0)}}},
	{.name = "there-and-back",
	 .steps = {{to_unwritten, "/zeros", AT(0, 0), AT(0, 0)},
		   {commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {to_written, "/zeros", AT(3, 0), AT(2, 0)},
		   {to_hole, "/prealloc", AT(0, 0), AT(0, 0)},
		   {commit_here, NULL, AT(0, 0), AT(0, 0)},
		   {to_hole, "/zeros", AT(0, 0), AT(0, 0)}}},
	/* every image has canaries behind EOF */
	{.name = "fix", .fix = true, .steps = {{is_fixed, "/blind", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-dirty",
	 .dirty_by = "down-frag",
	 .fix = true,
	 .steps = {{is_fixed, "/blind", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-paranoid",
	 .fix = true,
	 .paranoid = true,
	 .steps = {{is_fixed, "/blind", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-slack",
	 .fix = true,
	 .paranoid = true,
	 .steps = {{is_fixed, "/blind", AT(0, 0), AT(0, 0)},
		   {is_fixed, "/slack", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-orphan",
	 .fix = true,
	 .paranoid = true,
	 .steps = {{is_fixed, "/blind", AT(0, 0), AT(0, 0)},
		   {is_fixed, "/half", AT(0, 0), AT(0, 0)}}},
	{.name = "fix-behind",
	 .fix = true,
	 .steps = {{is_fixed, "/blind", AT(0, 0), AT(0, 0)},
		   {is_fixed, "/behind", AT(0, 0), AT(0, 0)},
		   {is_fixed, "/stripes", AT(0, 0), AT(0, 0)}}},
	{.name = "dirty",
	 .dirty_by = "down-frag",
	 .steps = {{truncate_to, "/small", AT(1, 100), AT(0, 0)},
		   {truncate_to, "/frag", AT(3, 1), AT(0, 0)}}},
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
		return fix_all(img, work->paranoid, summary);
	}
	each_step(step, work)
	{
		if (step->call == commit_here) {
			err = e4z_commit(img, &one);
			add(summary, &one);
			if (!err)
				err = e4z_begin(img, &edit);
		} else if (step->call == all_to) {
			err = convert_all(img, (enum e4z_convert_to)step->a.bytes, &one);
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

/* Every byte that AFTER shows of NEW is what the steps make of OLD. */
static bool file_came_true(const struct model *m, uint32_t bs, const struct verdict *before,
			   const struct file *old, const struct verdict *after,
			   const struct file *new)
{
	uint64_t end = m->size;

	/* what does not fit into 60 bytes of an inline file is in an attribute: not looked at */
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
			ok = new->inode_hash == old->inode_hash &&new->content == old->content;
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
