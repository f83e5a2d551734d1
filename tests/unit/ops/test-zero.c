// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ops/zero: files of three blocks in every mix of states, every set of dirty blocks over them,
 * every range of half blocks, under every policy and size of batch. What zero_begin() and
 * zero_range() answer, do and count is what a flat array says, written from the rules alone:
 *
 * hole: nothing to do. Dirty over a hole or over an unwritten block: zeroed in the cache.
 * Unwritten and clean: nothing to do. Written: read, and zeroed unless it is zero. A flush gives
 * what is dirty and cannot be seen in the committed state its place, and makes it written.
 */
#include "file/cache_row.h"
#include "ops/zero.h"

#include "../../props/small.h"
#include "../check.h"
#include "edit/writeback.h"
#include <string.h>

#define BLOCKS 3
#define HALVES (2 * BLOCKS)
#define MAX_BS 4096
#define DIRTY_SETS 27 /* each block is clean, dirty, or dirty and zero */

static const char letters[] = {SMALL_HOLE, SMALL_UNWRITTEN, SMALL_WRITTEN, SMALL_ZERO};

/* ---- the model ---- */

struct cell {
	bool mapped, unwritten, seen, dirty;
	uint8_t data[MAX_BS]; /* what the file reads as */
};

struct model {
	uint32_t bs;
	uint64_t size;
	struct cell cell[BLOCKS];
};

static void model_init(struct model *m, uint32_t bs, const char *states, uint64_t size)
{
	*m = (struct model){.bs = bs, .size = size};
	for (uint64_t i = 0; i < BLOCKS; i++) {
		struct cell *cell = &m->cell[i];

		cell->mapped = states[i] != SMALL_HOLE;
		cell->unwritten = states[i] == SMALL_UNWRITTEN;
		cell->seen = cell->mapped && !cell->unwritten && i * bs < size;
		for (uint64_t at = 0; states[i] == SMALL_WRITTEN && at < bs; at++)
			cell->data[at] = i * bs + at < size ? small_byte(i * bs + at) : SMALL_STALE;
	}
}

static enum zero_type model_type(const struct model *m, uint64_t lblk)
{
	const struct cell *cell = &m->cell[lblk];

	if (lblk >= BLOCKS || !cell->mapped)
		return lblk < BLOCKS && cell->dirty ? ZERO_RESERVED : ZERO_HOLE;
	if (cell->unwritten)
		return ZERO_UNWRITTEN;
	return cell->seen ? ZERO_WRITTEN : ZERO_NEW;
}

/* The mapping of LBLK up to END; only the fields that a flat array knows. */
static struct zero_map model_map(const struct model *m, uint64_t lblk, uint64_t end, size_t room)
{
	uint64_t eof = (m->size + m->bs - 1) / m->bs;
	struct zero_map map = {.type = model_type(m, lblk), .lblk = lblk, .past_eof = lblk >= eof};
	bool batch = map.type == ZERO_UNWRITTEN || map.type == ZERO_RESERVED;
	uint64_t at = lblk;

	if (lblk < eof && eof < end)
		end = eof;
	while (++at < end && model_type(m, at) == map.type)
		;
	map.len = at - lblk;
	map.has_batch = batch && room;
	for (at = lblk; map.has_batch && at < lblk + map.len; at++) {
		map.batched += m->cell[at].dirty;
		if (map.batched < room || at + 1 == lblk + map.len)
			continue;
		map.full = true;
		map.len = at + 1 - lblk;
	}
	return map;
}

static bool model_flush(struct model *m, uint64_t lblk, uint64_t end)
{
	bool wrote = false;

	for (; lblk < end && lblk < BLOCKS; lblk++) {
		struct cell *cell = &m->cell[lblk];

		if (!cell->dirty || cell->seen)
			continue;
		wrote = true;
		cell->dirty = cell->unwritten = false;
		cell->mapped = true;
	}
	return wrote;
}

/* Zero one block's part of the range. */
static void model_block(struct model *m, uint64_t lblk, uint32_t from, uint32_t len,
			struct e4z_edit *edit)
{
	struct cell *cell = &m->cell[lblk < BLOCKS ? lblk : 0];
	bool zero = lblk >= BLOCKS;

	for (uint32_t i = 0; !zero && i < len && !cell->data[from + i]; i++)
		zero = i + 1 == len;
	switch (model_type(m, lblk)) {
	case ZERO_HOLE: edit->hole += len; return;
	case ZERO_RESERVED: edit->dirty_unwritten += len; break;
	case ZERO_UNWRITTEN:
		*(cell->dirty ? &edit->dirty_unwritten : &edit->unwritten_clean) += len;
		break;
	case ZERO_WRITTEN:
	case ZERO_NEW:
		if (cell->dirty)
			edit->written_dirty += len;
		else
			*(zero ? &edit->already_zero : &edit->written_disk) += len;
		cell->dirty |= !zero;
		break;
	}
	memset(cell->data + from, 0, len);
}

static void model_zero(struct model *m, enum e4z_policy policy, size_t batch, uint64_t off,
		       uint64_t len, struct e4z_edit *edit)
{
	uint64_t end = off + len, stop = (end + m->bs - 1) / m->bs;
	bool dirty = false;

	*edit = (struct e4z_edit){.requested = len};
	for (uint64_t i = off / m->bs; i < stop && i < BLOCKS; i++)
		dirty |= policy == E4Z_POLICY_FLUSH && m->cell[i].dirty;
	if (policy == E4Z_POLICY_FLUSH_ALWAYS)
		edit->flushes += model_flush(m, off / m->bs, stop);
	while (off < end) {
		struct zero_map map =
			model_map(m, off / m->bs, stop, policy == E4Z_POLICY_BATCH ? batch : 0);

		if (map.type == ZERO_UNWRITTEN && dirty) {
			dirty = false;
			edit->retries++;
			edit->flushes += model_flush(m, off / m->bs, stop);
			continue;
		}
		edit->batches_full += map.full;
		for (; map.len--; map.lblk++) {
			uint64_t next = (map.lblk + 1) * m->bs < end ? (map.lblk + 1) * m->bs : end;

			model_block(m, map.lblk, off % m->bs, (uint32_t)(next - off), edit);
			off = next;
		}
	}
	edit->zero_written = edit->written_disk || edit->written_dirty;
	edit->did_zero = edit->zero_written || edit->dirty_unwritten;
}

/* ---- the file ---- */

struct bench {
	struct small small;
	struct e4z_image *img;
	struct e4z_edit_options options;
	const char *states;
	uint64_t size;
	uint32_t ino;
	uint64_t tried, cases;
	/* while a case is run */
	struct session *s;
	struct edit_file *f;
};

static void open_case(struct bench *b)
{
	b->cases++;
	CHECK(e4z_begin(b->img, &b->options) == 0);
	CHECK(session_get(b->img, &b->s) == 0);
	CHECK(session_open(b->img, b->ino, &b->f) == 0);
}

/* Block after block as number SET says. */
static void make_dirty(struct bench *b, struct model *m, unsigned set)
{
	for (uint64_t i = 0; i < BLOCKS; i++, set /= 3) {
		uint8_t *data;

		if (set % 3 == 0)
			continue;
		CHECK(zero_load(b->f, i, &data) == 0);
		CHECK(memcmp(data, m->cell[i].data, m->bs) == 0);
		memset(data, set % 3 == 1 ? 0xd0 + (int)i : 0, m->bs);
		memcpy(m->cell[i].data, data, m->bs);
		m->cell[i].dirty = true;
	}
}

/* What the file reads as, in memory. */
static void compare_content(const struct bench *b, const struct model *m)
{
	uint8_t block[MAX_BS];

	for (uint64_t i = 0; i < BLOCKS; i++) {
		const struct cache_block *held = cache_find(b->f->blocks, i);
		struct run run;

		if (!held && extents_find(b->f->list, i, &run) && !run.unwritten) {
			CHECK(edit_read(b->f, run.pblk + i - run.lblk, block) == 0);
			CHECK(memcmp(block, m->cell[i].data, m->bs) == 0);
			continue;
		}
		memset(block, 0, m->bs);
		CHECK(memcmp(held ? held->data : block, m->cell[i].data, m->bs) == 0);
	}
}

static void compare_states(const struct bench *b, const struct model *m)
{
	for (uint64_t i = 0; i < BLOCKS; i++) {
		const struct cache_block *held = cache_find(b->f->blocks, i);
		struct run run;

		CHECK(extents_find(b->f->list, i, &run) == m->cell[i].mapped);
		CHECK(!m->cell[i].mapped || run.unwritten == m->cell[i].unwritten);
		CHECK((held && held->dirty) == m->cell[i].dirty);
	}
}

static void compare_edits(const struct e4z_edit *got, const struct e4z_edit *want)
{
	CHECK(got->requested == want->requested && got->hole == want->hole);
	CHECK(got->unwritten_clean == want->unwritten_clean);
	CHECK(got->dirty_unwritten == want->dirty_unwritten);
	CHECK(got->written_disk == want->written_disk);
	CHECK(got->written_dirty == want->written_dirty);
	CHECK(got->already_zero == want->already_zero && got->inline_bytes == 0);
	CHECK(got->requested == got->hole + got->unwritten_clean + got->dirty_unwritten +
					got->written_disk + got->written_dirty + got->already_zero);
	CHECK(got->did_zero == want->did_zero && got->zero_written == want->zero_written);
	CHECK(got->flushes == want->flushes && got->retries == want->retries);
	CHECK(got->batches_full == want->batches_full);
}

/* ---- zero_begin ---- */

static void compare_maps(const struct bench *b, const struct model *m, uint64_t lblk, uint64_t end,
			 size_t room)
{
	struct zero_map want = model_map(m, lblk, end, room);
	uint64_t most = b->options.cache_blocks + 1;
	uint32_t batch[BLOCKS + 2];
	struct zero_map got;
	struct run run;
	uint64_t at = lblk;

	/* no more is looked at than the cache has room for */
	if ((want.type == ZERO_WRITTEN || want.type == ZERO_NEW) && most > 1 && want.len > most)
		want.len = most;
	CHECK(zero_begin(b->f, lblk, end, batch, room, &got) == 0);
	CHECK(got.type == want.type && got.lblk == lblk && got.len == want.len);
	CHECK(got.past_eof == want.past_eof && got.has_batch == want.has_batch);
	CHECK(got.full == want.full && got.batched == want.batched);
	CHECK(got.cookie == zero_cookie(b->f));
	CHECK(extents_find(b->f->list, lblk, &run) ? got.pblk == run.pblk + lblk - run.lblk &&
							     got.len <= run.lblk + run.len - lblk
						   : got.pblk == 0);
	/* the dirty blocks, all of them, in order */
	for (size_t i = 0; i < got.batched; i++, at++) {
		while (!m->cell[at].dirty)
			at++;
		CHECK(got.batch[i] == at && at < lblk + got.len);
	}
}

static void every_map(struct bench *b, const struct model *m)
{
	for (uint64_t lblk = 0; lblk <= BLOCKS; lblk++)
		for (uint64_t end = lblk + 1; end <= BLOCKS + 2; end++)
			for (size_t room = 0; room <= BLOCKS + 1; room++)
				compare_maps(b, m, lblk, end, room);
}

/* ---- zero_range ---- */

/* A block that was unwritten, clean and not zeroed stays so; what was written stays written. */
static void settle(struct bench *b, struct model *m)
{
	struct e4z_edit edit = {.op = "again"};

	CHECK(session_settle(b->img) == 0);
	CHECK(session_open(b->img, b->ino, &b->f) == 0);
	for (int i = 0; i < BLOCKS; i++) {
		m->cell[i].mapped |= m->cell[i].dirty;
		m->cell[i].unwritten &= !m->cell[i].dirty;
		m->cell[i].dirty = false;
	}
	compare_content(b, m);
	compare_states(b, m);
	/* zeroing all of it leaves nothing to zero */
	CHECK(zero_range(b->f, b->s, 0, (uint64_t)BLOCKS * m->bs, &edit) == 0);
	CHECK(session_settle(b->img) == 0);
	CHECK(session_open(b->img, b->ino, &b->f) == 0);
	edit = (struct e4z_edit){.op = "again"};
	CHECK(zero_range(b->f, b->s, 0, (uint64_t)BLOCKS * m->bs, &edit) == 0);
	CHECK(!edit.did_zero && !edit.zero_written && !edit.flushes);
	CHECK(cache_dirty(b->f->blocks) == 0);
}

static void one_range(struct bench *b, const struct model *base, unsigned set, unsigned from,
		      unsigned to)
{
	uint64_t half = base->bs / 2, off = from * half, len = (to - from) * half;
	struct e4z_edit got = {.op = "test"}, want;
	struct model m = *base;
	size_t most;

	open_case(b);
	make_dirty(b, &m, set);
	if (to == HALVES && from == 0 && b->options.policy == E4Z_POLICY_BATCH)
		every_map(b, &m);
	model_zero(&m, b->options.policy, b->options.batch, off, len, &want);
	/* what the test made dirty, or one more than there may be */
	most = cache_count(b->s->shared.cache);
	if (most < b->options.cache_blocks)
		most = b->options.cache_blocks;
	CHECK(zero_range(b->f, b->s, off, len, &got) == 0);
	compare_content(b, &m);
	if (!b->options.cache_blocks) {
		compare_states(b, &m);
		compare_edits(&got, &want);
		settle(b, &m);
	} else {
		CHECK(cache_count(b->s->shared.cache) <= b->options.cache_blocks);
		CHECK(b->s->shared.cache->most <= most + 1);
		CHECK(got.requested == got.hole + got.unwritten_clean + got.dirty_unwritten +
					       got.written_disk + got.written_dirty +
					       got.already_zero);
		CHECK(session_settle(b->img) == 0);
		CHECK(session_open(b->img, b->ino, &b->f) == 0);
		compare_content(b, &m);
	}
	e4z_abort(b->img);
}

static void every_range(struct bench *b, unsigned step)
{
	struct model base;

	model_init(&base, b->small.block_size, b->states, b->size);
	for (unsigned set = 0; set < DIRTY_SETS; set++)
		for (unsigned from = 0; from < HALVES; from++)
			for (unsigned to = from + 1; to <= HALVES; to++)
				if (b->tried++ % step == 0)
					one_range(b, &base, set, from, to);
}

static void every_policy(struct bench *b, unsigned step)
{
	static const struct e4z_edit_options ways[] = {
		{.policy = E4Z_POLICY_BATCH, .batch = 1},
		{.policy = E4Z_POLICY_BATCH, .batch = 2},
		{.policy = E4Z_POLICY_BATCH, .batch = 3},
		{.policy = E4Z_POLICY_BATCH, .batch = SIZE_MAX},
		{.policy = E4Z_POLICY_FLUSH},
		{.policy = E4Z_POLICY_FLUSH_ALWAYS},
		{.policy = E4Z_POLICY_BATCH, .batch = 1, .cache_blocks = 1},
		{.policy = E4Z_POLICY_FLUSH, .cache_blocks = 1},
		{.policy = E4Z_POLICY_FLUSH_ALWAYS, .cache_blocks = 1},
		{.policy = E4Z_POLICY_BATCH, .cache_blocks = 2, .data = E4Z_DATA_ORDERED},
		{.policy = E4Z_POLICY_FLUSH, .cache_blocks = 2, .data = E4Z_DATA_ORDERED},
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		b->options = ways[i];
		every_range(b, step);
	}
}

/* ---- under a handle ---- */

static void test_handles(struct bench *b)
{
	struct e4z_edit edit = {.op = "test"};
	struct zero_map map;
	uint64_t cookie;
	bool wrote;
	uint8_t *data;

	b->options = (struct e4z_edit_options){.batch = 1};
	open_case(b);
	CHECK(zero_load(b->f, 0, &data) == 0);
	cookie = zero_cookie(b->f);
	CHECK(edit_set_state(b->f, 0, 1, true) == E4Z_ET_STATE);
	CHECK(edit_unmap(b->f, 0, 1) == E4Z_ET_STATE);
	CHECK(edit_open_handle(b->f) == 0);
	CHECK(zero_range(b->f, b->s, 0, 1, &edit) == E4Z_ET_HANDLE);
	CHECK(zero_edges(b->f, b->s, 1, 2, &edit) == E4Z_ET_HANDLE);
	CHECK(zero_begin(b->f, 0, 1, NULL, 0, &map) == E4Z_ET_HANDLE);
	CHECK(writeback_flush(b->f, 0, 1, &wrote) == E4Z_ET_HANDLE && !wrote);
	CHECK(writeback_all(b->f) == E4Z_ET_HANDLE && writeback_settle(b->f) == E4Z_ET_HANDLE);
	CHECK(session_flush(b->img) == E4Z_ET_HANDLE);
	CHECK(edit_open_handle(b->f) == E4Z_ET_HANDLE);
	CHECK(zero_cookie(b->f) == cookie && !edit.requested && cache_dirty(b->f->blocks) == 1);
	edit_close_handle(b->f);
	CHECK(zero_range(b->f, b->s, 0, 1, &edit) == 0 && edit.requested == 1);
	e4z_abort(b->img);
}

/* ---- all ---- */

static void bench_open(struct bench *b, uint32_t bs)
{
	const struct small_options options = {.block_size = bs, .blocks = 2048, .inodes = 256};
	char name[8], states[BLOCKS + 1] = "";

	*b = (struct bench){.size = 0};
	small_begin(&b->small, &options);
	for (unsigned n = 0; n < 128; n++) {
		for (unsigned i = 0, left = n; i < BLOCKS; i++, left /= 4)
			states[i] = letters[left % 4];
		snprintf(name, sizeof(name), "%u", n);
		b->ino = small_file(&b->small, name, states, n < 64 ? 2 * bs : 2 * bs + bs / 2);
	}
	small_end(&b->small);
	CHECK(e4z_open(b->small.path, &(struct e4z_open_options){.write = true}, &b->img) == 0);
}

static void every_file(uint32_t bs, unsigned step)
{
	struct bench b;
	char states[BLOCKS + 1] = "";
	uint32_t last;

	bench_open(&b, bs);
	last = b.ino;
	b.states = states;
	for (unsigned n = 0; n < 128; n++) {
		for (unsigned i = 0, left = n; i < BLOCKS; i++, left /= 4)
			states[i] = letters[left % 4];
		b.ino = last - 127 + n;
		b.size = n < 64 ? 2 * bs : 2 * bs + bs / 2;
		every_policy(&b, step);
	}
	test_handles(&b);
	e4z_close(b.img);
	small_free(&b.small);
	printf("%u: %llu cases\n", bs, (unsigned long long)b.cases);
}

int main(void)
{
	/* every case, or one of so many: prime to the numbers of ranges and sets */
	unsigned step = getenv("E4Z_FUZZ") ? 1 : 29;

	e4z_init_errors();
	every_file(1024, step);
	every_file(4096, step * 5);
	return 0;
}
