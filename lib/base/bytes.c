// SPDX-License-Identifier: GPL-2.0-or-later
// Zero detection and counting over byte buffers, and the validation of UTF-8.
#include "base/bytes.h"

#include "base/cpu.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/*
 * Bytes that are compared between two questions: enough for the pipeline, few enough to stop
 * early.
 */
#define STRIDE 256

/* Sixteen bytes at a time: every processor of the day has them; many have thirty-two. */
typedef uint64_t wide __attribute__((vector_size(16)));

static bool stride_is_zero(const uint8_t *p)
{
	wide a, b, or0 = {0}, or1 = {0};

	for (size_t i = 0; i < STRIDE; i += 2 * sizeof(wide)) {
		memcpy(&a, p + i, sizeof(a));
		memcpy(&b, p + i + sizeof(a), sizeof(b));
		or0 |= a;
		or1 |= b;
	}
	or0 |= or1;
	return !(or0[0] | or0[1]);
}

/* LEN bytes, a stride or more: the last stride ends where they end, over bytes that were asked. */
static bool strides_are_zero(const uint8_t *p, size_t len)
{
	const uint8_t *last = p + len - STRIDE;

	for (; p < last; p += STRIDE)
		if (!stride_is_zero(p))
			return false;
	return stride_is_zero(last);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline bool stride_is_zero_avx2(const uint8_t *p)
{
	__m256i or0 = load(p), or1 = load(p + 32);

	for (size_t i = 64; i < STRIDE; i += 64) {
		or0 = _mm256_or_si256(or0, load(p + i));
		or1 = _mm256_or_si256(or1, load(p + i + 32));
	}
	or0 = _mm256_or_si256(or0, or1);
	return _mm256_testz_si256(or0, or0);
}

AVX2 static bool strides_are_zero_avx2(const uint8_t *p, size_t len)
{
	const uint8_t *last = p + len - STRIDE;

	for (; p < last; p += STRIDE)
		if (!stride_is_zero_avx2(p))
			return false;
	return stride_is_zero_avx2(last);
}
#endif

bool bytes_are_zero(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t word, any = 0;

#if defined(__x86_64__)
	if (len >= STRIDE && cpu_has_avx2())
		return strides_are_zero_avx2(p, len);
#endif
	if (len >= STRIDE)
		return strides_are_zero(p, len);
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
