/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crc32c as ext4 uses it (no final inversion), by the processor's instruction where there is one.
 */
#ifndef E4Z_BASE_CRC32C_H
#define E4Z_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continue CRC (start with ~0) over LEN bytes at P. */
uint32_t crc32c(uint32_t crc, const void *p, size_t len);

/* The next LEN bytes, whole words of 8, of several checksums. */
#define CRC32C_LANES 4
struct crc32c_part {
	const uint8_t *p[CRC32C_LANES];
	size_t len;
};

/*
 * Continue the checksums CRC[] over COUNT parts: CRC32C_LANES of them, in hardly more time than one
 * takes where the processor has the instruction.
 */
void crc32c_lanes(uint32_t *crc, const struct crc32c_part *part, unsigned count);

/* The table version, for tests and for processors without the instruction. */
uint32_t crc32c_table(uint32_t crc, const void *p, size_t len);

/* crc16 (polynomial 0xa001 reflected) of uninit_bg group checksums. */
uint16_t crc16(uint16_t crc, const void *p, size_t len);

#endif
