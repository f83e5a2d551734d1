// SPDX-License-Identifier: GPL-2.0-or-later
// tree/extents: by hand at the edges, then random edits against a flat array.
#include "map-model.h"

static void is(const struct extents *list, uint64_t lblk, uint64_t start, uint64_t len,
	       uint64_t pblk, bool unwritten)
{
	struct run run;
	bool mapped = extents_find(list, lblk, &run);

	CHECK(mapped == (pblk != 0) && run.lblk == start && run.len == len && run.pblk == pblk);
	CHECK(!mapped || run.unwritten == unwritten);
}

static void map(struct extents *list, uint64_t lblk, uint64_t len, uint64_t pblk)
{
	struct run run = {.lblk = lblk, .len = len, .pblk = pblk};

	CHECK(extents_map(list, &run) == 0);
}

static void test_edges(void)
{
	struct extents *list = extents_new();
	const struct e4z_span *dirty;
	struct run run = {.lblk = EXTENTS_END - 1, .len = 1, .pblk = (1ull << 48) - 1};
	size_t count;

	CHECK(list);
	is(list, 7, 7, EXTENTS_END - 7, 0, false);
	CHECK(extents_map(list, &run) == 0);
	run.lblk = EXTENTS_END;
	CHECK(extents_map(list, &run) == E4Z_ET_USAGE);
	CHECK(extents_insert(list, 5, 1) == EFBIG);
	CHECK(extents_remove(list, 5, EXTENTS_END, NULL, NULL) == E4Z_ET_USAGE);
	is(list, EXTENTS_END - 1, EXTENTS_END - 1, 1, (1ull << 48) - 1, false);
	CHECK(extents_collapse(list, 0, EXTENTS_END - 1, NULL, NULL) == 0);
	is(list, 0, 0, 1, (1ull << 48) - 1, false);
	CHECK(extents_remove(list, 0, EXTENTS_END, NULL, NULL) == 0 && extents_count(list) == 0);

	/* three become one */
	extents_clean(list);
	map(list, 10, 10, 110);
	map(list, 30, 10, 130);
	map(list, 20, 10, 120);
	CHECK(extents_count(list) == 1);
	is(list, 25, 10, 30, 110, false);
	CHECK(extents_set_state(list, 15, 10, true) == 0 && extents_count(list) == 3);
	is(list, 25, 25, 15, 125, false);
	CHECK(extents_set_state(list, 0, 100, true) == 0 && extents_count(list) == 1);
	is(list, 40, 40, EXTENTS_END - 40, 0, false);
	CHECK(extents_insert(list, 20, 5) == 0 && extents_count(list) == 2);
	is(list, 22, 22, 3, 0, false);
	CHECK(extents_collapse(list, 20, 5, NULL, NULL) == 0 && extents_count(list) == 1);

	/* no change, nothing dirty */
	extents_clean(list);
	CHECK(extents_set_state(list, 0, 100, true) == 0);
	CHECK(extents_remove(list, 0, 10, NULL, NULL) == 0);
	CHECK(extents_dirty(list, &dirty, &count) == 0 && count == 0);
	CHECK(extents_set_state(list, 12, 2, false) == 0);
	CHECK(extents_dirty(list, &dirty, &count) == 0 && count == 1);
	CHECK(dirty[0].start == 12 && dirty[0].len == 2);

	/* a neighbour that grows changes too */
	extents_clean(list);
	CHECK(extents_set_state(list, 14, 1, false) == 0);
	CHECK(extents_dirty(list, &dirty, &count) == 0 && count == 1);
	CHECK(dirty[0].start == 13 && dirty[0].len == 2);
	extents_free(list);
}

static void test_cut(void)
{
	struct extents *list = extents_new();
	struct extents_walk walk;
	struct run run;

	CHECK(list);
	map(list, 5, 70000, 1000);
	extents_walk_start(list, &walk, 0, EXTENTS_END, true);
	CHECK(extents_walk_next(list, &walk, &run) && run.lblk == 5 && run.len == 32768);
	CHECK(extents_walk_next(list, &walk, &run) && run.lblk == 32773 && run.pblk == 33768);
	CHECK(extents_walk_next(list, &walk, &run) && run.len == 70000 - 2 * 32768);
	CHECK(!extents_walk_next(list, &walk, &run));
	CHECK(extents_set_state(list, 5, 70000, true) == 0);
	extents_walk_start(list, &walk, 6, 40000, true);
	CHECK(extents_walk_next(list, &walk, &run) && run.lblk == 6 && run.len == 32767 &&
	      run.unwritten && run.pblk == 1001);
	CHECK(extents_walk_next(list, &walk, &run) && run.lblk == 32773 &&
	      run.len == 40000 - 32773);
	CHECK(!extents_walk_next(list, &walk, &run));
	extents_free(list);
}

/* A copy through extents_load() says the same. */
static void copy_through_load(struct model *m, struct extents *list)
{
	struct extents *copy = extents_new();
	struct extents_walk walk;
	struct run run;

	CHECK(copy);
	extents_walk_start(list, &walk, 0, EXTENTS_END, true);
	while (extents_walk_next(list, &walk, &run))
		CHECK(extents_load(copy, &run) == 0);
	model_save(m);
	model_compare(m, copy);
	if (run.len)
		CHECK(extents_count(list) == 0 || extents_load(copy, &run) == E4Z_ET_CORRUPT_MAP);
	extents_free(copy);
}

static void fuzz(uint64_t seed, uint32_t space, uint32_t longest, unsigned edits)
{
	struct extents *list = extents_new();
	struct model m;
	struct run run;

	CHECK(list);
	model_init(&m, space, 1ull << 33, false, seed);
	/* a start with as many extents as blocks */
	for (uint32_t i = 0; i < space && seed % 2; i++)
		model_map(&m, list, i, 1, i % 2, i % 3 == 0);
	for (unsigned i = 0; i < edits; i++) {
		uint32_t probe = model_random(&m, space);
		bool mapped;

		model_edit(&m, list, i % 50 ? longest : space, true);
		mapped = extents_find(list, probe, &run);
		CHECK(mapped == (m.cell[probe] != 0));
		if (mapped)
			CHECK(((run.pblk + probe - run.lblk) |
			       (run.unwritten ? MODEL_UNWRITTEN : 0)) == m.cell[probe]);
		if (i % 16 == 0)
			model_compare(&m, list);
		if (i % 128 == 0) {
			model_save(&m);
			extents_clean(list);
		}
	}
	model_compare(&m, list);
	copy_through_load(&m, list);
	model_done(&m);
	extents_free(list);
}

/* 131,072 punches in a script: forward, backward and in disorder. */
static void test_many(uint32_t step, uint32_t first)
{
	const uint32_t holes = 131072;
	struct extents *list = extents_new();
	const struct e4z_span *dirty;
	size_t count;

	CHECK(list);
	map(list, 0, holes * 2, 1000);
	extents_clean(list);
	for (uint32_t i = 0, at = first; i < holes; i++, at = (at + step) % holes)
		CHECK(extents_remove(list, at * 2ull, 1, NULL, NULL) == 0);
	CHECK(extents_count(list) == holes);
	CHECK(extents_dirty(list, &dirty, &count) == 0 && count == holes);
	extents_free(list);
}

int main(void)
{
	unsigned factor = model_factor();

	test_edges();
	test_cut();
	test_many(1, 0);
	test_many(131071, 131071);
	test_many(77777, 5);
	for (uint64_t seed = 1; seed <= 8ull * factor; seed++) {
		fuzz(seed, 300, 20, 4000);
		fuzz(seed, 6000, 5, 2000);
		fuzz(seed, 6000, 900, 1000);
	}
	return 0;
}
