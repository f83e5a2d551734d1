// SPDX-License-Identifier: GPL-2.0-or-later
// file/cache against a flat array: every short sequence, then long ones of two files.
#include "file/cache.h"

#include "../check.h"
#include "../random.h"
#include <string.h>

#define BS 16
#define BLOCKS 12 /* that the model looks at */
#define FILES 2

struct cell {
	bool held, dirty;
	uint8_t content;
};

/* What each file must hold, and did at the mark. */
struct model {
	struct cell cell[FILES][BLOCKS], marked[FILES][BLOCKS];
	struct cache *cache;
	struct cache_file *file[FILES];
	uint64_t cookie[FILES];
	uint8_t stamp;
};

static void model_open(struct model *m, size_t limit)
{
	*m = (struct model){.cache = cache_new(BS, limit)};
	CHECK(m->cache && cache_limit(m->cache) == (limit ? limit : 1));
	for (int n = 0; n < FILES; n++) {
		m->file[n] = cache_file_new(m->cache);
		CHECK(m->file[n]);
	}
}

static void model_close(struct model *m)
{
	for (int n = 0; n < FILES; n++)
		cache_file_free(m->file[n]);
	CHECK(cache_count(m->cache) == 0);
	cache_free(m->cache);
}

static void compare_block(const struct cache_file *file, const struct cell *cell, uint64_t lblk)
{
	const struct cache_block *b = cache_find(file, lblk);

	CHECK(cell->held == (b != NULL));
	if (!b)
		return;
	CHECK(b->lblk == lblk && b->dirty == cell->dirty);
	for (size_t i = 0; i < BS; i++)
		CHECK(b->data[i] == cell->content);
}

/* Every question has the array's answer. */
static void compare(const struct model *m)
{
	size_t count = 0;

	for (int n = 0; n < FILES; n++) {
		size_t dirty = 0;

		for (uint32_t i = 0; i < BLOCKS; i++) {
			const struct cell *cell = &m->cell[n][i];
			const struct cache_block *next = cache_next_dirty(m->file[n], i, BLOCKS);
			uint32_t want = i;

			compare_block(m->file[n], cell, i);
			count += cell->held;
			dirty += cell->dirty;
			while (want < BLOCKS && !m->cell[n][want].dirty)
				want++;
			CHECK(next ? next->lblk == want : want == BLOCKS);
			CHECK(!cache_next_dirty(m->file[n], i, want));
		}
		CHECK(cache_dirty(m->file[n]) == dirty);
	}
	CHECK(cache_count(m->cache) == count);
}

/* ---- steps ---- */

static void change(struct model *m, int n, uint32_t lblk)
{
	struct cell *cell = &m->cell[n][lblk];
	uint8_t *data;
	bool made;

	CHECK(cache_change(m->file[n], lblk, &data, &made) == 0);
	CHECK(made == !cell->held);
	for (size_t i = 0; i < BS; i++)
		CHECK(data[i] == (made ? 0 : cell->content));
	if (!++m->stamp)
		m->stamp++;
	memset(data, m->stamp, BS);
	*cell = (struct cell){true, true, m->stamp};
}

static void drop(struct model *m, int n, uint32_t lblk, uint32_t len)
{
	CHECK(cache_drop(m->file[n], lblk, len) == 0);
	for (uint32_t i = 0; i < len; i++)
		m->cell[n][lblk + i] = (struct cell){.held = false};
}

static void evict(struct model *m, int n)
{
	CHECK(cache_evict(m->file[n]) == 0);
	for (uint32_t i = 0; i < BLOCKS; i++)
		if (!m->cell[n][i].dirty)
			m->cell[n][i] = (struct cell){.held = false};
}

static void shift_up(struct model *m, int n, uint32_t lblk, uint32_t len)
{
	struct cell *row = m->cell[n];

	/* what would leave the model goes first */
	drop(m, n, BLOCKS - len, len);
	CHECK(cache_shift_up(m->file[n], lblk, len) == 0);
	memmove(row + lblk + len, row + lblk, (BLOCKS - lblk - len) * sizeof(*row));
	memset(row + lblk, 0, len * sizeof(*row));
}

static void shift_down(struct model *m, int n, uint32_t lblk, uint32_t len)
{
	struct cell *row = m->cell[n];

	drop(m, n, lblk, len);
	CHECK(cache_shift_down(m->file[n], lblk + len, len) == 0);
	memmove(row + lblk, row + lblk + len, (BLOCKS - lblk - len) * sizeof(*row));
	memset(row + BLOCKS - len, 0, len * sizeof(*row));
}

static void mark(struct model *m)
{
	cache_mark(m->cache);
	memcpy(m->marked, m->cell, sizeof(m->cell));
}

static void back(struct model *m)
{
	CHECK(cache_back(m->cache) == 0);
	memcpy(m->cell, m->marked, sizeof(m->cell));
}

static void clean(struct model *m, int n, uint32_t lblk)
{
	CHECK(cache_clean(m->file[n], lblk) == 0);
	m->cell[n][lblk].dirty = false;
}

/* ---- all of them ---- */

#define KINDS 14

static void one_step(struct model *m, int n, unsigned kind, uint32_t at)
{
	switch (kind) {
	case 0:
	case 1:
	case 2: change(m, n, at + kind); break;
	case 3:
	case 4:
	case 5: clean(m, n, at + kind - 3); break;
	case 6: drop(m, n, at, 1); break;
	case 7: drop(m, n, at + 1, 2); break;
	case 8: evict(m, n); break;
	case 9: shift_up(m, n, at + 1, 1); break;
	case 10: shift_down(m, n, at, 1); break;
	case 11: shift_down(m, n, at + 1, 2); break;
	case 12: mark(m); break;
	case 13: back(m); break;
	}
}

/* What was looked up before a change must be known to be stale after it. */
static void check_cookies(struct model *m, const struct model *before)
{
	for (int n = 0; n < FILES; n++) {
		uint64_t now = cache_cookie(m->file[n]);

		CHECK(now >= m->cookie[n]);
		if (memcmp(m->cell[n], before->cell[n], sizeof(m->cell[n])) != 0)
			CHECK(now > m->cookie[n]);
		m->cookie[n] = now;
	}
}

static void step(struct model *m, int n, unsigned kind, uint32_t at)
{
	struct model before = *m;

	one_step(m, n, kind, at);
	check_cookies(m, &before);
}

static void every_sequence(unsigned length)
{
	unsigned long all = 1;

	for (unsigned i = 0; i < length; i++)
		all *= KINDS;
	for (unsigned long number = 0; number < all; number++) {
		unsigned long left = number;
		struct model m;

		model_open(&m, 1);
		for (unsigned i = 0; i < length; i++, left /= KINDS)
			step(&m, 0, (unsigned)(left % KINDS), 0);
		compare(&m);
		/* and back from wherever that is */
		step(&m, 0, KINDS - 1, 0);
		compare(&m);
		model_close(&m);
	}
}

static void random_sequence(uint32_t seed, unsigned length)
{
	struct model m;

	model_open(&m, seed % 5);
	for (unsigned i = 0; i < length; i++) {
		unsigned kind = next_random(&seed) % KINDS;

		/* going back must have something to go back over */
		if (kind >= KINDS - 2 && next_random(&seed) % 8)
			kind = next_random(&seed) % 3;
		step(&m, (int)(next_random(&seed) % FILES), kind,
		     next_random(&seed) % (BLOCKS - 3));
		if (i % 8 == 0)
			compare(&m);
	}
	compare(&m);
	model_close(&m);
}

int main(void)
{
	const char *factor = getenv("E4Z_FUZZ");

	for (unsigned length = 0; length <= (factor ? 5 : 4); length++)
		every_sequence(length);
	for (uint32_t seed = 1; seed <= (factor ? 4000 : 400); seed++)
		random_sequence(seed, 200);
	return 0;
}
