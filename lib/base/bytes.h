/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure helpers over bytes: zero detection, counting, little-endian fields, half-open spans. */
#ifndef E4Z_BASE_BYTES_H
#define E4Z_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What a disk writes whole or not at all, and what partitions and i_blocks are counted in. */
#define SECTOR 512u

/* Half-open range of bytes or blocks. */
struct e4z_span {
	uint64_t start, len;
};

/* Every byte of [p, p + len) is zero. */
bool bytes_are_zero(const void *p, size_t len);

/* Where the non-zero bytes of a buffer are: first and last index, inclusive, and their number. */
struct bytes_stat {
	size_t first, last;
	uint64_t nonzero; /* 0: first and last mean nothing */
};
struct bytes_stat bytes_stat(const void *p, size_t len);

/* False when A + B or A * B does not fit. */
static inline bool bytes_add(uint64_t a, uint64_t b, uint64_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}

static inline bool bytes_mul(uint64_t a, uint64_t b, uint64_t *product)
{
	return !__builtin_mul_overflow(a, b, product);
}

static inline uint16_t get_le16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t get_le32(const void *p)
{
	const uint8_t *b = p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t get_le64(const void *p)
{
	return get_le32(p) | (uint64_t)get_le32((const uint8_t *)p + 4) << 32;
}

/* Big-endian, as in the headers of other formats. */
static inline uint32_t get_be32(const void *p)
{
	return __builtin_bswap32(get_le32(p));
}

static inline uint64_t get_be64(const void *p)
{
	return __builtin_bswap64(get_le64(p));
}

static inline void put_le16(void *p, uint32_t n)
{
	uint8_t *b = p;

	b[0] = (uint8_t)n;
	b[1] = (uint8_t)(n >> 8);
}

static inline void put_le32(void *p, uint32_t n)
{
	put_le16(p, n);
	put_le16((uint8_t *)p + 2, n >> 16);
}

static inline void put_le64(void *p, uint64_t n)
{
	put_le32(p, (uint32_t)n);
	put_le32((uint8_t *)p + 4, (uint32_t)(n >> 32));
}

#endif
