// SPDX-License-Identifier: GPL-2.0-or-later
// What operations do to an array of bytes.
#include "model.h"

#include "../unit/check.h"
#include "errors.h"
#include "small.h"
#include <string.h>

void model_init(struct model *m, uint32_t bs, const char *states, uint64_t size)
{
	uint64_t blocks = strlen(states);

	m->bs = bs;
	m->size = size;
	m->indirect = false;
	memset(m->data, 0, sizeof(m->data));
	for (uint64_t at = 0; at < size && at / bs < blocks; at++)
		if (states[at / bs] == SMALL_WRITTEN)
			m->data[at] = small_byte(at);
}

static uint8_t written_byte(unsigned n)
{
	return (uint8_t)(0xe0 + n);
}

static void set(struct model *m, uint64_t off, uint64_t end, uint8_t value)
{
	CHECK(end <= MODEL_BYTES);
	if (end > off)
		memset(m->data + off, value, end - off);
}

static void set_size(struct model *m, uint64_t size)
{
	set(m, size, m->size, 0);
	m->size = size;
}

static void grow(struct model *m, uint64_t size)
{
	if (size > m->size)
		m->size = size;
}

static bool needs_extents(enum act_kind kind)
{
	return kind == ACT_ZERO || kind == ACT_ZERO_KEEP || kind == ACT_ALLOCATE ||
	       kind == ACT_ALLOCATE_KEEP || kind == ACT_COLLAPSE || kind == ACT_INSERT ||
	       kind == ACT_TO_UNWRITTEN;
}

bool model_act(struct model *m, const struct act *act, unsigned n)
{
	uint64_t off = act->off, end = off + act->len, below = end < m->size ? end : m->size;

	if (m->indirect && needs_extents(act->kind))
		return false;
	switch (act->kind) {
	case ACT_WRITE:
		set(m, off, end, written_byte(n));
		grow(m, end);
		break;
	case ACT_ZERO:
	case ACT_WRITE_ZEROES:
		set(m, off, below, 0);
		grow(m, end);
		break;
	case ACT_ZERO_KEEP:
	case ACT_ZERO_MAPPED:
	case ACT_PUNCH: set(m, off, below, 0); break;
	case ACT_ALLOCATE: grow(m, end); break;
	case ACT_TRUNCATE: set_size(m, off); break;
	case ACT_COLLAPSE:
		if (end >= m->size)
			return false;
		memmove(m->data + off, m->data + end, m->size - end);
		set_size(m, m->size - act->len);
		break;
	case ACT_INSERT:
		if (off >= m->size)
			return false;
		CHECK(m->size + act->len <= MODEL_BYTES);
		memmove(m->data + end, m->data + off, m->size - off);
		set(m, off, end, 0);
		m->size += act->len;
		break;
	case ACT_ALLOCATE_KEEP:
	case ACT_TO_WRITTEN:
	case ACT_TO_UNWRITTEN:
	case ACT_TO_HOLE:
	case ACT_FLUSH: break;
	}
	return true;
}

/* ---- to an image ---- */

static errcode_t read_bytes(void *arg, uint64_t off, void *to, size_t len)
{
	(void)off;
	memset(to, written_byte(*(const unsigned *)arg), len);
	return 0;
}

static errcode_t convert(struct e4z_image *img, enum e4z_convert_to to, struct e4z_edit *edit)
{
	const struct e4z_convert_options options = {.to = to, .jobs = 1};

	return e4z_convert(img, "/f", &options, edit);
}

errcode_t act_do(struct e4z_image *img, const struct act *act, unsigned n, struct e4z_edit *edit)
{
	const struct e4z_source source = {.arg = &n, .len = act->len, .read = read_bytes};
	uint64_t off = act->off, len = act->len;

	*edit = (struct e4z_edit){.op = NULL};
	switch (act->kind) {
	case ACT_WRITE: return e4z_write_from(img, "/f", off, &source, edit);
	case ACT_ZERO: return e4z_zero_range(img, "/f", off, len, false, edit);
	case ACT_ZERO_KEEP: return e4z_zero_range(img, "/f", off, len, true, edit);
	case ACT_PUNCH: return e4z_punch_hole(img, "/f", off, len, edit);
	case ACT_ALLOCATE: return e4z_allocate(img, "/f", off, len, false, edit);
	case ACT_ALLOCATE_KEEP: return e4z_allocate(img, "/f", off, len, true, edit);
	case ACT_ZERO_MAPPED: return e4z_zero(img, "/f", off, len, edit);
	case ACT_WRITE_ZEROES: return e4z_write_zeroes(img, "/f", off, len, edit);
	case ACT_TRUNCATE: return e4z_truncate(img, "/f", off, edit);
	case ACT_COLLAPSE: return e4z_collapse_range(img, "/f", off, len, edit);
	case ACT_INSERT: return e4z_insert_range(img, "/f", off, len, edit);
	case ACT_TO_WRITTEN: return convert(img, E4Z_TO_WRITTEN, edit);
	case ACT_TO_UNWRITTEN: return convert(img, E4Z_TO_UNWRITTEN, edit);
	case ACT_TO_HOLE: return convert(img, E4Z_TO_HOLE, edit);
	case ACT_FLUSH: return e4z_flush(img);
	}
	return E4Z_ET_USAGE;
}

const char *act_name(const struct act *act)
{
	static const char *const names[] = {
		[ACT_WRITE] = "write",
		[ACT_ZERO] = "zero-range",
		[ACT_ZERO_KEEP] = "zero-range keep-size",
		[ACT_PUNCH] = "punch-hole",
		[ACT_ALLOCATE] = "allocate",
		[ACT_ALLOCATE_KEEP] = "allocate keep-size",
		[ACT_ZERO_MAPPED] = "zero",
		[ACT_WRITE_ZEROES] = "write-zeroes",
		[ACT_TRUNCATE] = "truncate",
		[ACT_COLLAPSE] = "collapse-range",
		[ACT_INSERT] = "insert-range",
		[ACT_TO_WRITTEN] = "convert written",
		[ACT_TO_UNWRITTEN] = "convert unwritten",
		[ACT_TO_HOLE] = "convert hole",
		[ACT_FLUSH] = "flush",
	};

	return names[act->kind];
}

/* ---- alphabets ---- */

struct alphabet {
	struct act *acts;
	size_t count, room;
};

static void add(struct alphabet *a, enum act_kind kind, uint64_t off, uint64_t len)
{
	CHECK(a->count < a->room);
	a->acts[a->count++] = (struct act){kind, off, len};
}

size_t model_alphabet(struct act *acts, size_t room, uint32_t bs, uint64_t size, bool few)
{
	const uint64_t offs[] = {bs / 2, size, 0, bs, 2ull * bs, size / bs * bs, 5ull * bs};
	const uint64_t lens[] = {2ull * bs + bs / 4, bs, bs / 2};
	const uint64_t sizes[] = {bs / 2, 6ull * bs, 0, size / 2, size, size + bs / 4, 2ull * bs};
	size_t n_offs = few ? 2 : 7, n_lens = few ? 1 : 3, n_sizes = few ? 2 : 7;
	struct alphabet a = {acts, 0, room};

	for (enum act_kind kind = ACT_WRITE; kind <= ACT_WRITE_ZEROES; kind++)
		for (size_t i = 0; i < n_offs; i++)
			for (size_t k = 0; k < n_lens; k++)
				add(&a, kind, offs[i], lens[k]);
	for (size_t i = 0; i < n_sizes; i++)
		add(&a, ACT_TRUNCATE, sizes[i], 0);
	for (uint64_t off = 0; off < (few ? 1 : 3); off++)
		for (uint64_t len = 1; len <= (few ? 1 : 2); len++) {
			add(&a, ACT_COLLAPSE, off * bs, len * bs);
			add(&a, ACT_INSERT, off * bs, len * bs);
		}
	for (enum act_kind kind = ACT_TO_WRITTEN; kind <= ACT_FLUSH; kind++)
		add(&a, kind, 0, 0);
	return a.count;
}
