// SPDX-License-Identifier: GPL-2.0-or-later
// Zero detection and counting over byte buffers, and the judgement of UTF-8.
#include "base/bytes.h"

bool bytes_are_zero(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t word, any = 0;

	/* most buffers that are not zero say so at their start; the loop below is left to the vectoriser */
	while (len >= 64) {
		for (size_t i = 0; i < 64; i += 8) {
			memcpy(&word, b + i, 8);
			any |= word;
		}
		if (any)
			return false;
		b += 64;
		len -= 64;
	}
	while (len--)
		any |= *b++;
	return !any;
}

struct bytes_stat bytes_stat(const void *p, size_t len)
{
	const uint8_t *b = p;
	struct bytes_stat stat = { 0 };

	for (size_t i = 0; i < len; i++) {
		if (!b[i])
			continue;
		if (!stat.nonzero)
			stat.first = i;
		stat.last = i;
		stat.nonzero++;
	}
	return stat;
}

/* Bytes of the well-formed sequence at B with N bytes left, or 0. Table 3-7 of the Unicode standard. */
static size_t utf8_sequence(const uint8_t *b, size_t n)
{
	size_t len = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;

	if (!len || b[0] > 0xf4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
	    (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return len;
}

bool bytes_are_utf8(const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len) {
		size_t n = utf8_sequence(b, len);

		if (!n)
			return false;
		b += n;
		len -= n;
	}
	return true;
}
