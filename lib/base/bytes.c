// SPDX-License-Identifier: GPL-2.0-or-later
// Zero detection and counting over byte buffers, and the validation of UTF-8.
#include "base/bytes.h"

#include "base/cpu.h"

/* Sixteen bytes at a time: every processor of the day has them; many have thirty-two. */
typedef uint64_t wide __attribute__((vector_size(16)));
typedef uint64_t wider __attribute__((vector_size(32)));

/*
 * Bytes that are compared between two questions: enough for the pipeline, few enough to stop
 * early.
 */
#define STRIDE 256

/* Every byte of [p, p + STRIDE) is zero, by vectors of TYPE. */
#define DEFINE_STRIDE_IS_ZERO(name, type, attribute)                                               \
	attribute static bool name(const uint8_t *p)                                               \
	{                                                                                          \
		type a, b, or0 = {0}, or1 = {0};                                                   \
		uint64_t any = 0;                                                                  \
                                                                                                   \
		for (size_t i = 0; i < STRIDE; i += 2 * sizeof(type)) {                            \
			memcpy(&a, p + i, sizeof(a));                                              \
			memcpy(&b, p + i + sizeof(a), sizeof(b));                                  \
			or0 |= a;                                                                  \
			or1 |= b;                                                                  \
		}                                                                                  \
		or0 |= or1;                                                                        \
		for (size_t i = 0; i < sizeof(type) / 8; i++)                                      \
			any |= or0[i];                                                             \
		return !any;                                                                       \
	}

DEFINE_STRIDE_IS_ZERO(stride_is_zero, wide, )

/* Whole strides from P on; *LEN is what is left of them. */
static bool strides_are_zero(const uint8_t *p, size_t *len)
{
	for (; *len >= STRIDE; p += STRIDE, *len -= STRIDE)
		if (!stride_is_zero(p))
			return false;
	return true;
}

#if defined(__x86_64__)
DEFINE_STRIDE_IS_ZERO(stride_is_zero_avx2, wider, __attribute__((target("avx2"))))

__attribute__((target("avx2"))) static bool strides_are_zero_avx2(const uint8_t *p, size_t *len)
{
	for (; *len >= STRIDE; p += STRIDE, *len -= STRIDE)
		if (!stride_is_zero_avx2(p))
			return false;
	return true;
}
#endif

bool bytes_are_zero(const void *p, size_t len)
{
	const uint8_t *end = (const uint8_t *)p + len, *b;
	uint64_t word, any = 0;
	bool zero;

#if defined(__x86_64__)
	if (len >= 2 * STRIDE && cpu_has_avx2())
		zero = strides_are_zero_avx2(p, &len);
	else
#endif
		zero = strides_are_zero(p, &len);
	if (!zero)
		return false;
	b = end - len;
	for (; len >= 8; b += 8, len -= 8) {
		memcpy(&word, b, 8);
		any |= word;
	}
	while (len--)
		any |= *b++;
	return !any;
}

/* Take up to eight bytes at B, which lie at AT of the buffer. */
static void stat_word(struct bytes_stat *stat, const uint8_t *b, size_t len, size_t at)
{
	for (size_t i = 0; i < len; i++) {
		if (!b[i])
			continue;
		if (!stat->nonzero)
			stat->first = at + i;
		stat->last = at + i;
		stat->nonzero++;
	}
}

struct bytes_stat bytes_stat(const void *p, size_t len)
{
	const uint64_t low7 = 0x7f7f7f7f7f7f7f7full;
	const uint8_t *b = p;
	struct bytes_stat stat = {0};
	size_t at = 0;

	for (; len - at >= 8; at += 8) {
		uint64_t word, high;

		memcpy(&word, b + at, 8);
		if (!word)
			continue;
		/* the high bit of every byte that is not zero */
		high = (((word & low7) + low7) | word) & ~low7;
		if (high != ~low7 || !stat.nonzero) {
			stat_word(&stat, b + at, 8, at);
			continue;
		}
		stat.last = at + 7;
		stat.nonzero += 8;
	}
	stat_word(&stat, b + at, len - at, at);
	return stat;
}
