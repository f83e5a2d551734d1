// SPDX-License-Identifier: GPL-2.0-or-later
// Zero detection and counting over byte buffers.
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

/* The index of the first byte of LEN that is not zero, or LEN. */
static size_t first_nonzero(const uint8_t *b, size_t len)
{
	size_t at = 0;

	for (; len - at >= 8; at += 8) {
		uint64_t word = get_le64(b + at);

		if (word)
			return at + (size_t)__builtin_ctzll(word) / 8;
	}
	while (at < len && !b[at])
		at++;
	return at;
}

/* That of the last one; there is one. */
static size_t last_nonzero(const uint8_t *b, size_t len)
{
	for (; len >= 8; len -= 8) {
		uint64_t word = get_le64(b + len - 8);

		if (word)
			return len - 1 - (size_t)__builtin_clzll(word) / 8;
	}
	while (!b[len - 1])
		len--;
	return len - 1;
}

/* Counters of a byte each: they have room for 255 turns. */
typedef uint8_t lanes __attribute__((vector_size(32)));

static inline __attribute__((always_inline)) uint64_t count_lanes(const uint8_t *b, size_t len)
{
	uint64_t count = 0;

	while (len >= sizeof(lanes)) {
		size_t turns = len / sizeof(lanes) < UINT8_MAX ? len / sizeof(lanes) : UINT8_MAX;
		lanes here, sums = {0};

		len -= turns * sizeof(lanes);
		for (; turns; turns--, b += sizeof(lanes)) {
			memcpy(&here, b, sizeof(here));
			/* true is -1 */
			sums -= (lanes)(here != 0);
		}
		for (size_t i = 0; i < sizeof(lanes); i++)
			count += sums[i];
	}
	while (len--)
		count += *b++ != 0;
	return count;
}

#if defined(__x86_64__)
AVX2 static uint64_t count_lanes_avx2(const uint8_t *b, size_t len)
{
	return count_lanes(b, len);
}
#endif

static uint64_t count_nonzero(const uint8_t *b, size_t len)
{
#if defined(__x86_64__)
	if (cpu_has_avx2())
		return count_lanes_avx2(b, len);
#endif
	return count_lanes(b, len);
}

struct bytes_stat bytes_stat(const void *p, size_t len)
{
	struct bytes_stat stat = {.first = first_nonzero(p, len)};

	if (stat.first == len)
		return (struct bytes_stat){0};
	stat.last = last_nonzero(p, len);
	stat.nonzero = count_nonzero((const uint8_t *)p + stat.first, stat.last + 1 - stat.first);
	return stat;
}
