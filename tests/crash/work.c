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

#define MODEL_ZEROED 16

/* A file as it must be: as it was, but for the size and for ranges that became zero. */
struct model {
	uint64_t size;
	struct {
		uint64_t start, end;
	} zeroed[MODEL_ZEROED];
	size_t count;
};

static void model_step(struct model *m, const struct work_step *step, uint64_t a, uint64_t b)
{
	(void)b;
	if (step->call == truncate_to && m->count < MODEL_ZEROED) {
		m->zeroed[m->count].start = a;
		m->zeroed[m->count++].end = UINT64_MAX;
		m->size = a;
	}
}

static bool model_is_zero(const struct model *m, uint64_t off)
{
	for (size_t i = 0; i < m->count; i++)
		if (off >= m->zeroed[i].start && off < m->zeroed[i].end)
			return true;
	return false;
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
	const struct e4z_edit_options edit = {.data = options->data, .split = work->split};
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

/* LEN bytes of a block: what came of it against what had to. */
static bool block_came_true(const struct model *m, uint64_t off, const uint8_t *old,
			    uint32_t old_len, const uint8_t *new, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		uint8_t want = i < old_len && !model_is_zero(m, off + i) ? old[i] : 0;

		if ((new ? new[i] : 0) != want)
			return false;
	}
	return true;
}

static bool file_came_true(const struct model *m, uint32_t bs, const struct verdict *before,
			   const struct file *old, const struct verdict *after,
			   const struct file *new)
{
	const struct shown *shown;
	uint32_t len;

	for (size_t i = 0; i < new->blocks; i++) {
		const uint8_t *data;

		shown = &after->shown[new->first + i];
		data = verdict_block(before, old, shown->lblk, &len);
		if (!block_came_true(m, (uint64_t)shown->lblk * bs, data, len, shown->data,
				     shown->len))
			return false;
	}
	for (size_t i = 0; i < old->blocks; i++) {
		shown = &before->shown[old->first + i];
		if (!verdict_block(after, new, shown->lblk, &len) &&
		    (uint64_t)shown->lblk * bs < m->size &&
		    !block_came_true(m, (uint64_t)shown->lblk * bs, shown->data, shown->len, NULL,
				     shown->len))
			return false;
	}
	return new->size == m->size;
}

static bool inline_came_true(const struct model *m, const struct file *old,
			     const struct verdict *after, const struct file *new)
{
	uint32_t old_len = old->size < 60 ? (uint32_t)old->size : 60, len;
	const uint8_t *now = new->inline_data ? new->inline_data
					      : verdict_block(after, new, 0, &len);

	len = m->size < 60 ? (uint32_t)m->size : 60;
	return new->size == m->size &&block_came_true(m, 0, old->inline_data, old_len, now, len);
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
		ok = old->inline_data ? inline_came_true(&m, old, after, new)
				      : file_came_true(&m, block_size, before, old, after, new);
	}
	return ok;
}
