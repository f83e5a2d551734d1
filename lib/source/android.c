// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An Android sparse image as a map. All chunk headers are read once, in windows; every number in
 * them is checked against the file and against the sum that the header of the file gives.
 */
#include "source/android.h"

#include "base/bytes.h"
#include "base/whole.h"
#include "device/mapped.h"
#include "errors.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_HEADER 28u
#define CHUNK_HEADER 12u
#define WINDOW 4096u

enum { CHUNK_RAW = 0xcac1, CHUNK_FILL = 0xcac2, CHUNK_DONT_CARE = 0xcac3, CHUNK_CRC32 = 0xcac4 };

struct sparse {
	int fd;
	uint64_t size; /* of the file */
	uint32_t block, blocks, chunks;
	uint16_t file_header, chunk_header;

	uint64_t at;	/* of the next chunk header */
	uint32_t chunk; /* its number, from 0 */
	uint64_t done;	/* blocks before it */
	struct mapped_list list;

	uint8_t window[WINDOW];
	uint64_t window_at;
	size_t window_len;
	char *why;
	size_t why_size;
};

struct chunk {
	uint16_t type;
	uint32_t blocks;
	uint64_t data_at, data_len; /* in the file */
};

__attribute__((format(printf, 3, 4))) static errcode_t refuse(struct sparse *s, errcode_t err,
							      const char *format, ...)
{
	int n = snprintf(s->why, s->why_size, "the Android sparse image is corrupt: ");
	va_list ap;

	va_start(ap, format);
	if (n > 0 && (size_t)n < s->why_size)
		vsnprintf(s->why + n, s->why_size - (size_t)n, format, ap);
	va_end(ap);
	return err;
}

static errcode_t cut(struct sparse *s)
{
	return refuse(s, E4Z_ET_TRUNCATED,
		      "the file of %" PRIu64 " bytes ends inside chunk %" PRIu32 " of %" PRIu32,
		      s->size, s->chunk + 1, s->chunks);
}

/* LEN bytes at AT, WINDOW at most, which are inside the file. */
static errcode_t peek(struct sparse *s, uint64_t at, size_t len, const uint8_t **bytes)
{
	errcode_t err = 0;

	if (at < s->window_at || at + len > s->window_at + s->window_len) {
		s->window_at = at;
		s->window_len = s->size - at < WINDOW ? (size_t)(s->size - at) : WINDOW;
		err = whole_pread(s->fd, s->window, s->window_len, at);
		if (err)
			s->window_len = 0;
	}
	*bytes = s->window + (at - s->window_at);
	return err;
}

static bool in_file(const struct sparse *s, uint64_t at, uint64_t len)
{
	return at <= s->size && len <= s->size - at;
}

/* ---- the header of the file ---- */

static errcode_t check_header(struct sparse *s)
{
	/* later versions may append to these headers */
	if (s->file_header < FILE_HEADER || s->chunk_header < CHUNK_HEADER)
		return refuse(s, E4Z_ET_REFUSED,
			      "its headers have %" PRIu16 " and %" PRIu16 " bytes", s->file_header,
			      s->chunk_header);
	if (!s->block || s->block % sizeof(uint32_t))
		return refuse(s, E4Z_ET_REFUSED, "its blocks have %" PRIu32 " bytes", s->block);
	return 0;
}

static errcode_t read_header(struct sparse *s)
{
	const uint8_t *h;
	errcode_t err;

	if (!in_file(s, 0, FILE_HEADER))
		return refuse(s, E4Z_ET_TRUNCATED, "the file has %" PRIu64 " bytes", s->size);
	err = peek(s, 0, FILE_HEADER, &h);
	if (err)
		return err;
	if (get_le32(h) != ANDROID_MAGIC)
		return refuse(s, E4Z_ET_REFUSED, "its magic number is missing");
	if (get_le16(h + 4) != 1) {
		snprintf(s->why, s->why_size,
			 "the Android sparse image has version %u.%u; only 1.x is known",
			 (unsigned)get_le16(h + 4), (unsigned)get_le16(h + 6));
		return E4Z_ET_REFUSED;
	}
	s->file_header = get_le16(h + 8);
	s->chunk_header = get_le16(h + 10);
	s->block = get_le32(h + 12);
	s->blocks = get_le32(h + 16);
	s->chunks = get_le32(h + 20);
	s->at = s->file_header;
	return check_header(s);
}

/* ---- chunks ---- */

/* Bytes after the header that a chunk of this type has; false: unknown type. */
static bool data_len(const struct sparse *s, const struct chunk *c, uint64_t *len)
{
	switch (c->type) {
	case CHUNK_RAW: *len = (uint64_t)c->blocks * s->block; return true;
	case CHUNK_FILL:
	case CHUNK_CRC32: *len = sizeof(uint32_t); return true;
	case CHUNK_DONT_CARE: *len = 0; return true;
	default: return false;
	}
}

static errcode_t check_chunk(struct sparse *s, const struct chunk *c, uint32_t total)
{
	uint32_t number = s->chunk + 1;
	uint64_t len;

	if (!data_len(s, c, &len))
		return refuse(s, E4Z_ET_REFUSED, "chunk %" PRIu32 " is of the unknown type 0x%04x",
			      number, (unsigned)c->type);
	if (total != s->chunk_header + len)
		return refuse(s, E4Z_ET_REFUSED,
			      "chunk %" PRIu32 " should have %" PRIu64 " bytes and has %" PRIu32,
			      number, s->chunk_header + len, total);
	if (c->type != CHUNK_CRC32 && c->blocks > s->blocks - s->done)
		return refuse(s, E4Z_ET_REFUSED,
			      "chunk %" PRIu32 " goes past the end of the image at block %" PRIu32,
			      number, s->blocks);
	return in_file(s, s->at, total) ? 0 : cut(s);
}

static errcode_t read_chunk(struct sparse *s, struct chunk *c)
{
	const uint8_t *h;
	errcode_t err;

	if (!in_file(s, s->at, s->chunk_header))
		return cut(s);
	err = peek(s, s->at, CHUNK_HEADER, &h);
	if (err)
		return err;
	c->type = get_le16(h);
	c->blocks = get_le32(h + 4);
	c->data_at = s->at + s->chunk_header;
	c->data_len = get_le32(h + 8);
	err = check_chunk(s, c, get_le32(h + 8));
	c->data_len -= s->chunk_header;
	return err;
}

static errcode_t add_chunk(struct sparse *s, const struct chunk *c)
{
	uint64_t len = (uint64_t)c->blocks * s->block;
	const uint8_t *fill;
	uint32_t number;
	errcode_t err;

	switch (c->type) {
	case CHUNK_RAW: return mapped_add(&s->list, MAPPED_FILE, len, c->data_at, 0);
	case CHUNK_FILL:
		err = peek(s, c->data_at, sizeof(uint32_t), &fill);
		if (err)
			return err;
		memcpy(&number, fill, sizeof(number));
		return mapped_add(&s->list, number ? MAPPED_FILL : MAPPED_ZERO, len, 0, number);
	case CHUNK_DONT_CARE: return mapped_add(&s->list, MAPPED_ZERO, len, 0, 0);
	default: return 0;
	}
}

static errcode_t read_chunks(struct sparse *s)
{
	struct chunk c = {.type = 0};
	errcode_t err;

	for (; s->chunk < s->chunks; s->chunk++) {
		err = read_chunk(s, &c);
		err = err ? err : add_chunk(s, &c);
		if (err)
			return err;
		s->at = c.data_at + c.data_len;
		s->done += c.type == CHUNK_CRC32 ? 0 : c.blocks;
	}
	if (s->done == s->blocks)
		return 0;
	return refuse(s, E4Z_ET_REFUSED,
		      "its chunks have %" PRIu64 " blocks in all, its header says %" PRIu32,
		      s->done, s->blocks);
}

static errcode_t too_large(struct sparse *s, errcode_t err)
{
	if (err == EFBIG)
		return refuse(s, E4Z_ET_REFUSED, "it has more than 2^63 bytes");
	if (err != E2BIG)
		return err;
	snprintf(s->why, s->why_size,
		 "the Android sparse image is in more than %zu pieces; expand it with \"simg2img "
		 "IMAGE RAW\"",
		 MAPPED_PIECES_MAX);
	return E4Z_ET_REFUSED;
}

errcode_t android_open(const char *path, int fd, struct blkdev **dev, char *why, size_t why_size)
{
	struct sparse *s = calloc(1, sizeof(*s));
	off_t size = lseek(fd, 0, SEEK_END);
	errcode_t err = !s ? ENOMEM : size < 0 ? errno : 0;

	*dev = NULL;
	if (!err) {
		s->fd = fd;
		s->size = (uint64_t)size;
		s->why = why;
		s->why_size = why_size;
		err = read_header(s);
		err = err ? err : too_large(s, read_chunks(s));
	}
	if (!err) {
		err = mapped_open(path, fd, s->list.items, s->list.count, NULL, dev);
	} else {
		close(fd);
		if (s)
			vec_free(&s->list);
	}
	free(s);
	return err;
}
