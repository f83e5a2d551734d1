// SPDX-License-Identifier: GPL-2.0-or-later
// Mutates an input: metadata is changed field by field, and its checksums are repaired.
#include "fuzz.h"

#include "../../unit/failing.h"
#include "../change.h"
#include "base/bytes.h"
#include "seal/seal.h"
#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
/* Defined by libFuzzer; AFL++ has its own mutator. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

#define TEXT_MAX 4096

static uint32_t below(uint64_t *rng, uint64_t limit)
{
	return (uint32_t)(change_random(rng) % limit);
}

/* Select another base, without changes. */
static void change_base(struct input *in, uint64_t *rng)
{
	in->base = fuzz_bases.items[below(rng, fuzz_bases.count)].id;
	in->rest_len = 0;
}

/* What fails, if anything does, and which one of them: the first ones are tried most. */
static void change_failing(struct input *in, uint64_t *rng)
{
	in->options[4] = (uint8_t)below(rng, 1 + FAILING_KINDS);
	put_le16(in->options + 5, below(rng, 1u << (1 + below(rng, 12))));
}

static void change_text(struct input *in, uint8_t *text)
{
	memcpy(text, in->text, in->text_len);
	in->text_len = (uint32_t)LLVMFuzzerMutate(text, in->text_len, TEXT_MAX);
	in->text = text;
}

/* Record that LEN bytes at OFF may have changed. */
static void changed(struct stretch_vec *put, uint64_t off, uint32_t len)
{
	struct stretch s = {(uint32_t)off, len};

	if (vec_push(put, s))
		abort();
}

static void on_sealed(void *put, uint64_t off, uint32_t len)
{
	changed(put, off, len);
}

#define LOGGED 64 /* the first blocks of a log, which are changed as data */

/* Change a logged copy of a block. */
static void change_logged(struct fuzz_image *img, uint64_t *rng, struct stretch_vec *put)
{
	uint64_t n = below(rng, img->log_blocks.count < LOGGED ? img->log_blocks.count : LOGGED);
	uint64_t off = img->log_blocks.items[n] + below(rng, img->bs - 63);

	changed(put, off, 64);
	LLVMFuzzerMutate(img->data + off, 64, 64);
}

/* Change metadata: by tests/fuzz/change.c, or its bytes by libFuzzer. */
static void change_fs(struct fuzz_image *img, uint64_t *rng, struct stretch_vec *put)
{
	const struct target_vec *own = &img->targets[fuzz_target->kind];
	const struct target *t = change_pick(img, rng);
	uint32_t at, len;

	if (own->count && below(rng, 2))
		t = &own->items[below(rng, own->count)];
	changed(put, t->off, t->len);
	if (below(rng, 2)) {
		change_one(img, t, rng);
	} else {
		at = below(rng, t->len);
		len = 1 + below(rng, t->len - at < 64 ? t->len - at : 64);
		LLVMFuzzerMutate(img->data + t->off + at, len, len);
	}
	if (below(rng, 8) == 0)
		return;
	if (t->kind == TARGET_BITMAP || t->kind == TARGET_BLOCKS)
		changed(put, (uint64_t)(target_desc(img, t->owner) - img->data), img->desc_size);
	target_repair(img, t);
}

static void change_raw(struct base *base, uint64_t *rng, struct stretch_vec *put)
{
	struct stretch s = base->raw.items[below(rng, base->raw.count)];
	uint32_t at = below(rng, s.len), len = 1 + below(rng, s.len - at < 64 ? s.len - at : 64);

	changed(put, s.off + at, len);
	LLVMFuzzerMutate(base->img.data + s.off + at, len, len);
}

/* Restore one stretch. */
static void take_back(struct base *base, uint64_t *rng, const struct stretch_vec *put)
{
	struct stretch s;

	if (!put->count)
		return;
	s = put->items[below(rng, put->count)];
	memcpy(base->img.data + s.off, base->whole + s.off, s.len);
}

static void change_bytes(struct base *base, uint64_t *rng, struct stretch_vec *put)
{
	for (uint32_t n = 1 + below(rng, 3); n; n--) {
		if (below(rng, 12) == 0)
			take_back(base, rng, put);
		else if (base->img.log_blocks.count && below(rng, 8) == 0)
			change_logged(&base->img, rng, put);
		else if (base->is_fs)
			change_fs(&base->img, rng, put);
		else
			change_raw(base, rng, put);
	}
	if (below(rng, 8))
		seal_log(&base->img, on_sealed, put);
	if (!base->is_fs && below(rng, 8))
		seal_gpt(base->img.data, base->img.len, on_sealed, put);
	if (fuzz_target->repair && below(rng, 8)) {
		fuzz_target->repair(base->img.data, base->img.len);
		changed(put, 0, (uint32_t)base->img.len);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static struct stretch_vec put;
	static uint8_t text[TEXT_MAX], out[1 << 20];
	const bool has_base = fuzz_target->bases, has_text = !has_base || fuzz_target->texts;
	struct input in = {0};
	uint64_t rng = seed;
	uint32_t how = below(&rng, 16);
	struct base *base;

	if (!input_read(&in, data, size))
		in = (struct input){0};
	if (in.text_len > TEXT_MAX)
		in.text_len = TEXT_MAX;
	if (has_base && (how == 0 || !base_find(&fuzz_bases, in.base)))
		change_base(&in, &rng);
	base = base_find(&fuzz_bases, in.base);
	if (how == 1)
		in.options[below(&rng, INPUT_OPTIONS)] ^= (uint8_t)(1u << below(&rng, 8));
	if (how == 2)
		change_failing(&in, &rng);
	if (has_text && how < 6)
		change_text(&in, text);
	put.count = 0;
	if (base)
		input_put(&in, base->img.data, base->img.len, &put);
	if (base && (has_text ? how > 4 : how > 1))
		change_bytes(base, &rng, &put);
	size = input_write(&in, base ? base->whole : NULL, base ? base->img.data : NULL, &put, out,
			   max < sizeof(out) ? max : sizeof(out));
	if (base)
		base_restore(base, &put);
	memcpy(data, out, size);
	return size;
}
