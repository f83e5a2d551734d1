/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of a file as a flat array, and random edits done to it and to a list of extents alike. */
#ifndef E4Z_TESTS_UNIT_MAP_MODEL_H
#define E4Z_TESTS_UNIT_MAP_MODEL_H

#include "../check.h"
#include "tree/extents.h"
#include <string.h>

#define MODEL_UNWRITTEN (1ull << 63)

struct model {
	uint64_t *cell, *saved; /* 0: a hole, else the physical block and MODEL_UNWRITTEN */
	uint32_t space;
	uint64_t base; /* data blocks are from here on */
	bool flat;     /* no unwritten extents */
	uint64_t random;
};

static inline uint32_t model_random(struct model *m, uint32_t below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (uint32_t)((m->random >> 16) % below);
}

static inline void model_init(struct model *m, uint32_t space, uint64_t base, bool flat,
			      uint64_t seed)
{
	*m = (struct model){.space = space, .base = base, .flat = flat};
	m->random = seed * 0x9e3779b97f4a7c15ull + 1;
	m->cell = calloc(space, sizeof(*m->cell));
	m->saved = calloc(space, sizeof(*m->cell));
	CHECK(m->cell && m->saved);
}

static inline void model_done(struct model *m)
{
	free(m->cell);
	free(m->saved);
}

static inline void model_freed(void *arg, const struct run *run)
{
	struct model *m = arg;

	for (uint64_t i = 0; i < run->len; i++) {
		uint64_t *cell = &m->cell[run->lblk + i];

		CHECK(*cell == ((run->pblk + i) | (run->unwritten ? MODEL_UNWRITTEN : 0)));
		*cell = 0;
	}
}

/* Blocks in one of four places: neighbours in the same place are contiguous. */
static inline uint64_t model_place(const struct model *m, uint32_t lblk, uint32_t place)
{
	return m->base + (uint64_t)place * m->space * 2 + lblk;
}

static inline void model_map(struct model *m, struct extents *list, uint32_t lblk, uint32_t len,
			     uint32_t place, bool unwritten)
{
	struct run run = {.lblk = lblk, .pblk = model_place(m, lblk, place), .len = len};

	run.unwritten = unwritten && !m->flat;
	for (uint32_t i = 0; i < len; i++) {
		if (!m->cell[lblk + i])
			continue;
		CHECK(extents_map(list, &run) == E4Z_ET_USAGE);
		return;
	}
	CHECK(extents_map(list, &run) == 0);
	for (uint32_t i = 0; i < len; i++)
		m->cell[lblk + i] = (run.pblk + i) | (run.unwritten ? MODEL_UNWRITTEN : 0);
}

static inline void model_remove(struct model *m, struct extents *list, uint32_t lblk, uint32_t len)
{
	CHECK(extents_remove(list, lblk, len, model_freed, m) == 0);
	for (uint32_t i = 0; i < len; i++)
		CHECK(!m->cell[lblk + i]);
}

static inline void model_state(struct model *m, struct extents *list, uint32_t lblk, uint32_t len,
			       bool unwritten)
{
	CHECK(extents_set_state(list, lblk, len, unwritten) == 0);
	for (uint32_t i = 0; i < len; i++)
		if (m->cell[lblk + i])
			m->cell[lblk + i] = (m->cell[lblk + i] & ~MODEL_UNWRITTEN) |
					    (unwritten ? MODEL_UNWRITTEN : 0);
}

static inline void model_collapse(struct model *m, struct extents *list, uint32_t lblk,
				  uint32_t len)
{
	size_t rest = m->space - lblk - len;

	CHECK(extents_collapse(list, lblk, len, model_freed, m) == 0);
	memmove(m->cell + lblk, m->cell + lblk + len, rest * sizeof(*m->cell));
	memset(m->cell + lblk + rest, 0, len * sizeof(*m->cell));
}

static inline void model_insert(struct model *m, struct extents *list, uint32_t lblk, uint32_t len)
{
	size_t rest = m->space - lblk - len;

	/* what would be moved out of the model goes first */
	model_remove(m, list, m->space - len, len);
	CHECK(extents_insert(list, lblk, len) == 0);
	memmove(m->cell + lblk + len, m->cell + lblk, rest * sizeof(*m->cell));
	memset(m->cell + lblk, 0, len * sizeof(*m->cell));
}

/* One edit of at most LONGEST blocks; SHIFTS: also collapse and insert. */
static inline void model_edit(struct model *m, struct extents *list, uint32_t longest, bool shifts)
{
	uint32_t lblk = model_random(m, m->space), len = 1 + model_random(m, longest);
	uint32_t what = model_random(m, shifts ? 64 : 62);

	if (len > m->space - lblk)
		len = m->space - lblk;
	if (what < 24)
		model_map(m, list, lblk, len, model_random(m, 4), what & 1);
	else if (what < 40)
		model_remove(m, list, lblk, len);
	else if (what < 62 && m->flat)
		model_remove(m, list, lblk, 1);
	else if (what < 62)
		model_state(m, list, lblk, len, what & 1);
	else if (what == 62)
		model_collapse(m, list, lblk, len);
	else
		model_insert(m, list, lblk, len);
}

/* Adjacent and contiguous blocks I and I + 1 of the model. */
static inline bool model_joins(const struct model *m, uint32_t i)
{
	return m->cell[i] && m->cell[i] + 1 == m->cell[i + 1];
}

/* The list says what the model says, in as few extents as can be; what changed is dirty. */
static inline void model_compare(struct model *m, struct extents *list)
{
	const struct e4z_span *dirty;
	struct extents_walk walk;
	uint32_t at = 0;
	size_t count, d = 0, seen = 0;
	struct run run;

	extents_walk_start(list, &walk, 0, EXTENTS_END, false);
	for (; extents_walk_next(list, &walk, &run); seen++) {
		for (; at < run.lblk; at++)
			CHECK(!m->cell[at]);
		CHECK(run.lblk == at && run.lblk + run.len <= m->space);
		CHECK(!at || !model_joins(m, at - 1));
		for (uint64_t i = 0; i < run.len; i++, at++)
			CHECK(m->cell[at] ==
			      ((run.pblk + i) | (run.unwritten ? MODEL_UNWRITTEN : 0)));
	}
	for (; at < m->space; at++)
		CHECK(!m->cell[at]);
	CHECK(seen == extents_count(list));
	CHECK(extents_dirty(list, &dirty, &count) == 0);
	for (size_t i = 1; i < count; i++)
		CHECK(dirty[i].start > dirty[i - 1].start + dirty[i - 1].len);
	for (uint32_t i = 0; i < m->space; i++) {
		while (d < count && dirty[d].start + dirty[d].len <= i)
			d++;
		if (m->cell[i] != m->saved[i])
			CHECK(d < count && dirty[d].start <= i);
	}
}

static inline void model_save(struct model *m)
{
	memcpy(m->saved, m->cell, m->space * sizeof(*m->cell));
}

/* How much more than a bounded run: the environment's E4Z_FUZZ, at least 1. */
static inline unsigned model_factor(void)
{
	const char *text = getenv("E4Z_FUZZ");
	unsigned long n = text ? strtoul(text, NULL, 10) : 1;

	return n < 1 ? 1 : n > 100000 ? 100000 : (unsigned)n;
}

#endif
