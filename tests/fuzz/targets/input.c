// SPDX-License-Identifier: GPL-2.0-or-later
// Inputs of the fuzz targets: read, put over a base, written.
#include "input.h"

#include "base/bytes.h"
#include <string.h>

/* Up to so many equal bytes within a stretch cost less than another stretch. */
#define GAP 8

bool input_read(struct input *in, const uint8_t *data, size_t size)
{
	if (size < INPUT_HEAD)
		return false;
	in->base = get_le32(data);
	memcpy(in->options, data + 4, INPUT_OPTIONS);
	in->text = data + INPUT_HEAD;
	in->text_len = get_le16(data + 12);
	if (in->text_len > size - INPUT_HEAD)
		in->text_len = (uint32_t)(size - INPUT_HEAD);
	in->rest = in->text + in->text_len;
	in->rest_len = size - INPUT_HEAD - in->text_len;
	return true;
}

void input_put(const struct input *in, uint8_t *data, size_t len, struct stretch_vec *put)
{
	const uint8_t *p = in->rest, *end = p + in->rest_len;

	while (end - p > INPUT_STRETCH) {
		struct stretch s = {get_le32(p), get_le16(p + 4)};

		p += INPUT_STRETCH;
		if (s.len > end - p)
			s.len = (uint32_t)(end - p);
		if (s.off < len && s.len <= len - s.off) {
			memcpy(data + s.off, p, s.len);
			if (vec_push(put, s))
				abort();
		}
		p += s.len;
	}
}

static int by_offset(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

struct writer {
	const uint8_t *base, *data;
	uint8_t *out;
	size_t len, max;
};

static void write_stretch(struct writer *w, uint32_t off, uint32_t end)
{
	while (off < end) {
		uint32_t len = end - off < 0xffff ? end - off : 0xffff;

		if (w->max - w->len < INPUT_STRETCH + (size_t)len)
			return;
		put_le32(w->out + w->len, off);
		put_le16(w->out + w->len + 4, len);
		memcpy(w->out + w->len + INPUT_STRETCH, w->data + off, len);
		w->len += INPUT_STRETCH + len;
		off += len;
	}
}

static void write_differences(struct writer *w, uint32_t off, uint32_t end)
{
	uint32_t start = end, last = 0;

	for (; off < end; off++) {
		if (w->base[off] == w->data[off])
			continue;
		if (start < end && off - last > GAP) {
			write_stretch(w, start, last + 1);
			start = end;
		}
		if (start == end)
			start = off;
		last = off;
	}
	if (start < end)
		write_stretch(w, start, last + 1);
}

size_t input_write(const struct input *in, const uint8_t *base, const uint8_t *data,
		   struct stretch_vec *changed, uint8_t *out, size_t max)
{
	struct writer w = {.base = base, .data = data, .out = out, .max = max};
	uint32_t text_len = in->text_len, done = 0;

	if (max < INPUT_HEAD)
		return 0;
	if (text_len > max - INPUT_HEAD)
		text_len = (uint32_t)(max - INPUT_HEAD);
	put_le32(out, in->base);
	memcpy(out + 4, in->options, INPUT_OPTIONS);
	put_le16(out + 12, text_len);
	if (text_len)
		memcpy(out + INPUT_HEAD, in->text, text_len);
	w.len = INPUT_HEAD + text_len;
	if (changed->count)
		qsort(changed->items, changed->count, sizeof(*changed->items), by_offset);
	for (size_t i = 0; i < changed->count; i++) {
		uint32_t off = changed->items[i].off, end = off + changed->items[i].len;

		if (off < done)
			off = done;
		if (off < end)
			write_differences(&w, off, end);
		if (end > done)
			done = end;
	}
	return w.len;
}
