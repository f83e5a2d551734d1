// SPDX-License-Identifier: GPL-2.0-or-later
// Selects the metadata whose fields are set in turn, and writes the inputs.
#include "sweep.h"

#include "../fuzz.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "fields.h"
#include <stdio.h>
#include <string.h>

VEC(shape_vec, uint32_t);

struct sweep {
	const char *folder;
	unsigned count;
	unsigned changes, every; /* every EVERYth of the changes is written */
	bool counts;		 /* nothing is written */
	struct shape_vec seen;
};

/* ---- shapes: the same code reads metadata of the same shape ---- */

static uint32_t inode_shape(const uint8_t *raw, uint32_t len)
{
	uint32_t type = get_le16(raw) >> 12, flags = get_le32(raw + 0x20);
	uint32_t depth = flags & 0x80000 ? get_le16(raw + 0x2e) : 7;
	bool body = len > 132 && get_le16(raw + 128) + 132u < len &&
		    get_le32(raw + 128 + get_le16(raw + 128));

	return type | depth << 4 | (get_le32(raw + 0x68) != 0) << 8 |
	       (get_le32(raw + 0x28 + 48) != 0) << 9 | body << 10 | (flags >> 11 << 11);
}

static uint32_t dir_shape(const uint8_t *p, uint32_t bs)
{
	uint32_t first = get_le16(p + 4);

	if (first == (uint16_t)bs)
		return 1;
	return first == 12 ? get_le16(p + 16) + 12 == (uint16_t)bs ? 2 : 3 : 4;
}

static uint32_t shape_of(const struct fuzz_image *img, const struct target *t)
{
	const uint8_t *p = img->data + t->off;
	uint32_t words[6] = {t->kind,	     img->bs,	img->inode_size,
			     img->desc_size, img->csum, img->crc16};

	if (t->kind == TARGET_INODE)
		words[5] |= inode_shape(p, t->len) << 1;
	else if (t->kind == TARGET_DIR)
		words[5] |= dir_shape(p, img->bs) << 1;
	else if (t->kind == TARGET_EXTENTS)
		words[5] |= (uint32_t)get_le16(p + 6) << 1;
	return crc32c(~0u, words, sizeof(words));
}

static bool is_new(struct sweep *s, uint32_t shape)
{
	for (size_t i = 0; i < s->seen.count; i++)
		if (s->seen.items[i] == shape)
			return false;
	if (vec_push(&s->seen, shape))
		abort();
	return true;
}

/* ---- inputs ---- */

static const struct fuzz_text *pick_text(unsigned n)
{
	unsigned count = 0;

	while (fuzz_target->texts[count].len)
		count++;
	return &fuzz_target->texts[n % count];
}

static void write_input(struct sweep *s, const struct base *base, struct stretch_vec *put)
{
	struct input in = {.base = base->id};
	uint8_t out[8192];
	char path[4096];
	size_t len;

	/* options and texts rotate; an option of SUPER selects another place */
	if (fuzz_target->kind != TARGET_SUPER)
		in.options[0] = (uint8_t)(1u << s->count % 8);
	if (fuzz_target->texts) {
		in.text = (const uint8_t *)pick_text(s->count)->bytes;
		in.text_len = pick_text(s->count)->len;
	}
	len = input_write(&in, base->whole, base->img.data, put, out, sizeof(out));
	snprintf(path, sizeof(path), "%s/field%06u", s->folder, s->count++);
	fuzz_write_file(path, out, len);
}

static void put_add(struct stretch_vec *put, uint64_t off, uint32_t len)
{
	if (vec_push(put, ((struct stretch){(uint32_t)off, len})))
		abort();
}

/* The three targets for inodes read the same metadata; each one gets a third of the changes. */
static unsigned share(unsigned *first)
{
	*first = fuzz_target == &fuzz_fix ? 1 : fuzz_target == &fuzz_script ? 2 : 0;
	return fuzz_target->kind == TARGET_INODE ? 3 : 1;
}

static void sweep_target(struct sweep *s, struct base *base, const struct target *t)
{
	struct fuzz_image *img = &base->img;
	struct stretch_vec put = {0};
	unsigned n, step = share(&n);

	for (; fields_set(img, t, n, fuzz_target->kind == TARGET_SUPER); n += step) {
		put.count = 0;
		put_add(&put, t->off, t->len);
		if (t->kind == TARGET_BITMAP || t->kind == TARGET_BLOCKS)
			put_add(&put, (uint64_t)(target_desc(img, t->owner) - img->data),
				img->desc_size);
		if (s->changes++ % s->every == 0 && !s->counts) {
			target_repair(img, t);
			write_input(s, base, &put);
		}
		base_restore(base, &put);
	}
	vec_free(&put);
}

/* A target for inodes reads everything but the log; the others have one kind each. */
static bool is_swept(enum target_kind kind)
{
	if (fuzz_target->kind == TARGET_INODE)
		return kind != TARGET_JOURNAL;
	return kind == fuzz_target->kind;
}

static void sweep_all(struct sweep *s)
{
	s->changes = 0;
	s->seen.count = 0;
	for (size_t i = 0; i < fuzz_bases.count; i++) {
		struct base *base = &fuzz_bases.items[i];

		for (unsigned kind = 0; base->is_fs && kind < TARGET_KINDS; kind++) {
			const struct target_vec *all = &base->img.targets[kind];

			for (size_t n = 0; is_swept(kind) && n < all->count; n++)
				if (is_new(s, shape_of(&base->img, &all->items[n])))
					sweep_target(s, base, &all->items[n]);
		}
	}
}

void sweep_write(const char *folder, unsigned most)
{
	struct sweep s = {.folder = folder, .every = 1, .counts = true};

	sweep_all(&s);
	/* a power of two: a field has an odd number of values, so that all values are met */
	while (most && s.changes / s.every > most)
		s.every *= 2;
	s.counts = false;
	if (most)
		sweep_all(&s);
	vec_free(&s.seen);
}
