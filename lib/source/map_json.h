/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What "qemu-img map --output=json" prints, read while it comes: an array of flat objects, of which
 * one is kept at a time. A library that makes a tree of it would need a kilobyte for each, and
 * there can be millions.
 */
#ifndef E4Z_SOURCE_MAP_JSON_H
#define E4Z_SOURCE_MAP_JSON_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_JSON_WORD 32
#define MAP_JSON_OBJECT 65536 /* bytes that an object may have */

/* What is not named in an object is 0 and false. */
struct map_extent {
	uint64_t start, length, depth,
		offset; /* bytes of the image; 0: itself; bytes of the file */
	bool has_offset, zero, data, compressed;
};

/* All zero but for the two functions' part is a reader that has read nothing. */
struct map_json {
	/* Gets each object; what it returns, if not 0, ends the reading. */
	errcode_t (*take)(void *arg, const struct map_extent *extent);
	void *arg;

	unsigned state; /* of the reader */
	bool escaped;
	char key[MAP_JSON_WORD], word[MAP_JSON_WORD];
	size_t len;   /* of the one that is being read */
	size_t since; /* bytes since the last object */
	struct map_extent extent;
};

/* The next LEN bytes. E4Z_ET_STATE: it is not what qemu-img prints; or what take() returned. */
errcode_t map_json_feed(struct map_json *json, const char *bytes, size_t len);

/* The array has been closed. */
bool map_json_is_whole(const struct map_json *json);

#endif
