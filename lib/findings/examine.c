// SPDX-License-Identifier: GPL-2.0-or-later
// Reads tails in physical order, and any other suspicious place, and turns bytes into findings.
#include "findings/examine.h"

#include "base/bytes.h"
#include "base/pool.h"
#include <stdatomic.h>

/* Gaps up to this many bytes are read over: on a disk another request costs more. */
#define GAP_BYTES 16384
/* The same of what the host has in memory: another system call costs less than copying more. */
#define GAP_CACHED 4096
/* Bytes that are asked of the disk before they are read. */
#define READ_AHEAD (16u << 20)
#define BATCHES_A_JOB 32
/* The same of what is not on this host: it is read in one order, by whatever threads. */
#define BATCHES_FAR 1

void examine_memory(const uint8_t *p, size_t len, uint64_t off, struct examined *examined)
{
	struct bytes_stat stat;

	if (bytes_are_zero(p, len))
		return;
	stat = bytes_stat(p, len);
	/* values of attributes come in any order */
	if (!examined->nonzero || off + stat.first < examined->first)
		examined->first = off + stat.first;
	if (!examined->nonzero || off + stat.last > examined->last)
		examined->last = off + stat.last;
	examined->nonzero += stat.nonzero;
}

/* A stretch up to this long, in bytes, is read without a look for holes of the host's. */
#define UNASKED 65536

errcode_t examine_bytes(const struct e4z_image *img, const struct shown *shown, uint64_t pblk,
			uint64_t blocks, uint64_t skip, uint64_t off, uint8_t *buf,
			struct examined *examined)
{
	uint64_t at = pblk * img->block_size + skip, end = (pblk + blocks) * img->block_size;
	uint64_t data_start = 0, data_end = 0;

	/* cheaper than asking: tmpfs goes through every page up to the next hole */
	if (end - at <= UNASKED)
		data_end = end;
	for (uint64_t base = at - off; at < end;) {
		size_t len = examine_buffer_size(img);
		errcode_t err;

		if (at >= data_end)
			image_next_data(img, at, &data_start, &data_end);
		if (data_start > at)
			at = data_start;
		if (at >= end)
			break;
		if (len > end - at)
			len = end - at;
		if (len > data_end - at)
			len = data_end - at;
		err = image_read(img, at, len, buf);
		if (err)
			return err;
		if (shown)
			shown_mask(shown, at, len, buf);
		examine_memory(buf, len, at - base, examined);
		at += len;
	}
	return 0;
}

errcode_t examine_suspect(const struct e4z_image *img, const struct shown *shown,
			  struct findings *findings, const struct suspect *suspect, uint8_t *buf)
{
	struct e4z_finding finding = suspect->finding;
	struct examined examined = EXAMINED_NOTHING;
	errcode_t err = examine_bytes(img, shown, finding.pblk, finding.blocks, suspect->skip,
				      finding.lblk * img->block_size + suspect->skip, buf,
				      &examined);

	if (err)
		return findings_unreadable(findings, finding.ino, finding.size,
					   "a block cannot be read");
	if (!examined.nonzero)
		finding.kind = suspect->zero_kind;
	if (finding.kind == E4Z_KIND_COUNT)
		return 0;
	finding.first = examined.first;
	finding.last = examined.last;
	finding.nonzero = examined.nonzero;
	return findings_add(findings, &finding);
}

struct tails_run {
	const struct e4z_image *img;
	struct findings *findings;
	const struct tail *tails;
	struct batch *batches;
	size_t batch_count;
	uint64_t a_job;		/* batches */
	_Atomic uint64_t asked; /* batches that the disk was asked for */
	uint8_t *const *buf;
	errcode_t (*watch)(void *arg, uint64_t taken, uint64_t all);
	void *arg;
};

static errcode_t examine_tail(const struct tails_run *run, const struct tail *t,
			      const uint8_t *block)
{
	uint32_t bs = run->img->block_size, skip = tail_skip(t);
	uint64_t size = (uint64_t)t->lblk * bs + skip;
	struct examined examined = EXAMINED_NOTHING;

	examine_memory(block + skip, bs - skip, size, &examined);
	if (!examined.nonzero)
		return 0;
	return findings_add(run->findings, &(struct e4z_finding){.kind = E4Z_STALE_TAIL,
								 .ino = t->ino,
								 .size = size,
								 .lblk = t->lblk,
								 .pblk = tail_pblk(t),
								 .blocks = 1,
								 .first = examined.first,
								 .last = examined.last,
								 .nonzero = examined.nonzero,
								 .fixable = true});
}

/* The blocks of BATCH one by one, after reading them together failed. */
static errcode_t examine_singly(const struct tails_run *run, const struct batch *batch,
				uint8_t *buf)
{
	uint32_t bs = run->img->block_size;
	errcode_t err = 0;

	for (size_t i = batch->first; i < batch->first + batch->count && !err; i++) {
		const struct tail *t = &run->tails[i];

		if (image_read(run->img, tail_pblk(t) * bs, bs, buf))
			err = findings_unreadable(run->findings, t->ino,
						  (uint64_t)t->lblk * bs + tail_skip(t),
						  "a block cannot be read");
		else
			err = examine_tail(run, t, buf);
	}
	return err;
}

/* Ask for the batches up to a fixed distance ahead of batch N that were not asked for yet. */
static void read_ahead(struct tails_run *run, uint64_t n)
{
	uint32_t bs = run->img->block_size;
	uint64_t asked = atomic_load(&run->asked), want = n + READ_AHEAD / EXAMINE_BUFFER;

	if (want > run->batch_count)
		want = run->batch_count;
	/* another thread may be faster */
	if (asked >= want || !atomic_compare_exchange_strong(&run->asked, &asked, want))
		return;
	if (asked < n)
		asked = n;
	for (; asked < want; asked++)
		blkdev_will_need(run->img->dev, batch_start(run->tails, &run->batches[asked]) * bs,
				 batch_blocks(run->tails, &run->batches[asked]) * bs);
}

/* Read the blocks of BATCH to where they are in BUF; CACHED: only if that needs no disk. */
static bool read_batch(const struct tails_run *run, const struct batch *batch, bool cached,
		       uint8_t *buf)
{
	/* the first tail's file needs not be read, only its tail */
	uint32_t bs = run->img->block_size, skip = tail_skip(&run->tails[batch->first]);
	uint64_t off = batch_start(run->tails, batch) * bs + skip;
	size_t len = batch_blocks(run->tails, batch) * bs - skip;

	return cached ? image_read_cached(run->img, off, len, buf + skip)
		      : !image_read(run->img, off, len, buf + skip);
}

static errcode_t examine_read(const struct tails_run *run, const struct batch *batch,
			      const uint8_t *buf)
{
	uint64_t start = batch_start(run->tails, batch);
	errcode_t err = 0;

	for (size_t i = batch->first; i < batch->first + batch->count && !err; i++)
		err = examine_tail(run, &run->tails[i],
				   buf + (tail_pblk(&run->tails[i]) - start) *
						   run->img->block_size);
	return err;
}

static errcode_t examine_batch(struct tails_run *run, uint8_t *buf, uint64_t n)
{
	struct batch rest = run->batches[n];
	bool far = !blkdev_is_host(run->img->dev);
	uint64_t gap = (far ? GAP_BYTES : GAP_CACHED) / run->img->block_size;
	errcode_t err = 0;

	/* advice costs as much as reading what is cached: it is only given when the disk is met */
	if (far)
		read_ahead(run, n);
	while (rest.count && !err) {
		struct batch part = plan_batch(run->tails, rest.first + rest.count, rest.first, gap,
					       batch_blocks(run->tails, &rest));

		if (!read_batch(run, &part, true, buf)) {
			read_ahead(run, n);
			part = rest;
			if (!read_batch(run, &part, false, buf))
				return examine_singly(run, &part, buf);
		}
		err = examine_read(run, &part, buf);
		rest.first += part.count;
		rest.count -= part.count;
	}
	return err;
}

/* A few batches are one job of the pool: most are a single read. */
static errcode_t examine_job(void *arg, unsigned worker, uint64_t job)
{
	struct tails_run *run = arg;
	uint64_t end = (job + 1) * run->a_job;
	errcode_t err = 0;

	if (end > run->batch_count)
		end = run->batch_count;
	for (uint64_t n = job * run->a_job; n < end && !err; n++)
		err = examine_batch(run, run->buf[worker], n);
	return err;
}

static uint64_t job_count(const struct tails_run *run)
{
	return (run->batch_count + run->a_job - 1) / run->a_job;
}

static errcode_t watch_jobs(void *arg, uint64_t taken)
{
	const struct tails_run *run = arg;

	return run->watch(run->arg, taken, job_count(run));
}

/* Cut the sorted tails into batches; what lies in the host's holes is zero and left out. */
static void cut(struct tails_run *run, size_t count)
{
	const struct e4z_image *img = run->img;
	uint64_t max_blocks = examine_buffer_size(img) / img->block_size;
	uint64_t data_start = 0, data_end = 0;

	for (size_t from = 0; from < count;) {
		struct batch batch;
		uint64_t off = tail_pblk(&run->tails[from]) * img->block_size;

		if (off + img->block_size > data_end)
			image_next_data(img, off, &data_start, &data_end);
		if (off + img->block_size <= data_start) {
			from++;
			continue;
		}
		batch = plan_batch(run->tails, count, from, GAP_BYTES / img->block_size,
				   max_blocks);
		run->batches[run->batch_count++] = batch;
		from += batch.count;
	}
}

errcode_t examine_tails(const struct e4z_image *img, struct findings *findings, struct tail *tails,
			struct tail *tmp, size_t count, unsigned workers, uint8_t *const *buf,
			errcode_t (*watch)(void *arg, uint64_t taken, uint64_t all), void *arg)
{
	struct tails_run run = {.img = img,
				.findings = findings,
				.tails = tails,
				/* there is no batch without a tail, nor a longer one */
				.batches = (struct batch *)tmp,
				.a_job = blkdev_is_host(img->dev) ? BATCHES_A_JOB : BATCHES_FAR,
				.buf = buf,
				.watch = watch,
				.arg = arg};

	plan_sort(tails, tmp, count);
	cut(&run, count);
	return pool_run(workers, job_count(&run), examine_job, watch_jobs, &run);
}
