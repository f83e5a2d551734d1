/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses the output of "qemu-img map --output=json" as it arrives: an array of flat objects, of
 * which one is kept at a time. A library that builds a tree would need a kilobyte for each object,
 * and there can be millions.
 */
#ifndef E4Z_SOURCE_MAP_JSON_H
#define E4Z_SOURCE_MAP_JSON_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_JSON_WORD 32
#define MAP_JSON_OBJECT 65536 /* bytes that an object may have */

/* Members that an object lacks are 0 and false. */
struct map_extent {
	uint64_t start, length, depth,
		offset; /* bytes of the image; 0: itself; bytes of the file */
	bool has_offset, zero, data, compressed;
};

/* All zero, except take and arg, is the state before the first byte. */
struct map_json {
	/* Called with each object; a value other than 0 ends the parsing. */
	errcode_t (*take)(void *arg, const struct map_extent *extent);
	void *arg;

	unsigned state; /* of the reader */
	bool escaped;
	char key[MAP_JSON_WORD], word[MAP_JSON_WORD];
	size_t len;   /* of the one that is being read */
	size_t since; /* bytes since the last object */
	struct map_extent extent;
};

/* Parse the next LEN bytes. E4Z_ET_STATE: not output of qemu-img; or the value of take(). */
errcode_t map_json_feed(struct map_json *json, const char *bytes, size_t len);

/* The end of the array has been parsed. */
bool map_json_is_whole(const struct map_json *json);

#endif
