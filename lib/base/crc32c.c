// SPDX-License-Identifier: GPL-2.0-or-later
// crc32c (Castagnoli, reflected) and crc16, with the SSE4.2 and ARMv8 instructions where the
// processor has them.
#include "base/crc32c.h"

#include "base/cpu.h"
#include <string.h>
#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

/* One step of the bitwise division by POLY, eight times. */
#define BIT(poly, c) ((c)&1 ? (poly) ^ ((c) >> 1) : (c) >> 1)
#define BITS2(poly, c) BIT(poly, BIT(poly, c))
#define BITS4(poly, c) BITS2(poly, BITS2(poly, c))

/*
 * Sixteen entries for a nibble each: small enough to be listed here and checked by eye against
 * BITS4(poly, nibble), fast enough for processors without the instruction.
 */
static const uint32_t nibble32c[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t crc32c_table(uint32_t crc, const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len--) {
		crc ^= *b++;
		crc = crc >> 4 ^ nibble32c[crc & 15];
		crc = crc >> 4 ^ nibble32c[crc & 15];
	}
	return crc;
}

static inline uint64_t word_at(const uint8_t *b)
{
	uint64_t word;

	memcpy(&word, b, 8);
	return word;
}

#if defined(__x86_64__)
#define SSE42 __attribute__((target("sse4.2")))
#define PCLMUL __attribute__((target("sse4.2,pclmul")))

SSE42 static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *b, size_t len)
{
	uint64_t wide = crc;

	for (; len >= 8; b += 8, len -= 8)
		wide = _mm_crc32_u64(wide, word_at(b));
	crc = (uint32_t)wide;
	while (len--)
		crc = _mm_crc32_u8(crc, *b++);
	return crc;
}

/*
 * The instruction has its result after three cycles and can begin again in each: three thirds of a
 * piece at once. A third is as long as makes a tree block of 1 KiB one piece, of 4 KiB four.
 */
#define THIRD 336
/* What N more bytes of zeroes make of a checksum: its product with x^(8N - 33), bits mirrored. */
#define SKIP_1 0xa60ce07bu /* N = THIRD */
#define SKIP_2 0xcec3662eu /* N = 2 * THIRD */

PCLMUL static uint64_t skip(uint64_t crc, uint32_t by)
{
	const __m128i product =
		_mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc), _mm_cvtsi64_si128(by), 0);

	return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

PCLMUL static uint32_t crc32c_thirds(uint32_t crc, const uint8_t *b, size_t len)
{
	uint64_t first = crc, second, third;

	for (; len >= 3 * THIRD; b += 3 * THIRD, len -= 3 * THIRD) {
		second = third = 0;
		for (size_t i = 0; i < THIRD; i += 8) {
			first = _mm_crc32_u64(first, word_at(b + i));
			second = _mm_crc32_u64(second, word_at(b + THIRD + i));
			third = _mm_crc32_u64(third, word_at(b + 2 * THIRD + i));
		}
		first = skip(first, SKIP_2) ^ skip(second, SKIP_1) ^ third;
	}
	return crc32c_sse42((uint32_t)first, b, len);
}

uint32_t crc32c(uint32_t crc, const void *p, size_t len)
{
	if (!cpu_has_sse42())
		return crc32c_table(crc, p, len);
	if (len >= 3 * THIRD && cpu_has_pclmul())
		return crc32c_thirds(crc, p, len);
	return crc32c_sse42(crc, p, len);
}

#define LANES_TARGET SSE42
#define LANES_STEP(crc, word) _mm_crc32_u64(crc, word)
#define LANES_USABLE cpu_has_sse42()
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
uint32_t crc32c(uint32_t crc, const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t word;

	for (; len >= 8; b += 8, len -= 8) {
		memcpy(&word, b, 8);
		crc = __crc32cd(crc, word);
	}
	while (len--)
		crc = __crc32cb(crc, *b++);
	return crc;
}

#define LANES_TARGET
#define LANES_STEP(crc, word) __crc32cd((uint32_t)(crc), word)
#define LANES_USABLE 1
#else
uint32_t crc32c(uint32_t crc, const void *p, size_t len)
{
	return crc32c_table(crc, p, len);
}
#endif

#ifdef LANES_STEP
/* Four steps at once hide that each has its result after three cycles. */
LANES_TARGET static void lanes_words(uint32_t *crc, const struct crc32c_part *part, unsigned count)
{
	uint64_t a = crc[0], b = crc[1], c = crc[2], d = crc[3];

	for (; count; part++, count--) {
		const uint8_t *const *p = part->p;

		for (size_t at = 0; at < part->len; at += 8) {
			a = LANES_STEP(a, word_at(p[0] + at));
			b = LANES_STEP(b, word_at(p[1] + at));
			c = LANES_STEP(c, word_at(p[2] + at));
			d = LANES_STEP(d, word_at(p[3] + at));
		}
	}
	crc[0] = (uint32_t)a;
	crc[1] = (uint32_t)b;
	crc[2] = (uint32_t)c;
	crc[3] = (uint32_t)d;
}
#endif

void crc32c_lanes(uint32_t *crc, const struct crc32c_part *part, unsigned count)
{
#ifdef LANES_STEP
	if (LANES_USABLE) {
		lanes_words(crc, part, count);
		return;
	}
#endif
	for (; count; part++, count--)
		for (unsigned i = 0; i < CRC32C_LANES; i++)
			crc[i] = crc32c(crc[i], part->p[i], part->len);
}

uint16_t crc16(uint16_t crc, const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len--) {
		unsigned c = crc ^ *b++;

		c = BITS4(0xa001u, c);
		crc = (uint16_t)BITS4(0xa001u, c);
	}
	return crc;
}
