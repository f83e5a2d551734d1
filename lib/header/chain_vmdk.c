// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A VMDK: a text, the descriptor, names its extents and its parent. It is a separate file, or part
 * of the first extent; a first extent without a capacity has nothing but the descriptor.
 */
#include "header/chain.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX (1u << 20)
#define PARENT_AT SECTOR /* QEMU reads the parent's name here, whatever the header says */
#define PARENT_TEXT (20 * SECTOR)
#define FLAG_COMPRESSED (1u << 16)

/* The quoted string after KEY in the line, of *LEN bytes; NULL: not found. */
static const char *quoted(const char *line, const char *end, size_t *len)
{
	const char *open = memchr(line, '"', (size_t)(end - line)), *close;

	if (!open)
		return NULL;
	close = memchr(open + 1, '"', (size_t)(end - open - 1));
	*len = close ? (size_t)(close - open - 1) : (size_t)(end - open - 1);
	return open + 1;
}

/* "RW 4192256 SPARSE "disk-s001.vmdk"" */
static bool is_extent(const char *line, const char *end)
{
	static const char *const access[] = {"RW", "RDONLY", "NOACCESS"};

	for (size_t i = 0; i < sizeof(access) / sizeof(access[0]); i++) {
		size_t len = strlen(access[i]);

		if ((size_t)(end - line) > len && !strncasecmp(line, access[i], len) &&
		    isspace((unsigned char)line[len]))
			return true;
	}
	return false;
}

/* Record the names in TEXT of LEN bytes; those of extents only with EXTENTS. */
static void look_at_text(struct chain_reader *r, const char *text, size_t len, bool extents)
{
	static const char key[] = "parentFileNameHint";
	const char *end = text + strnlen(text, len), *line = text;
	/* QEMU also finds it in the middle of a line */
	const char *parent = memmem(text, (size_t)(end - text), key, sizeof(key) - 1);
	size_t n;

	if (parent) {
		const char *stop = memchr(parent, '\n', (size_t)(end - parent));
		const char *name = quoted(parent, stop ? stop : end, &n);

		chain_refer(r, "the parent", name ? name : "", name ? n : 0);
	}

	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		const char *stop = next ? next : end, *name;

		while (line < stop && isspace((unsigned char)*line))
			line++;
		if (extents && is_extent(line, stop) && (name = quoted(line, stop, &n)))
			chain_refer(r, "the extent", name, n);
		line = next ? next + 1 : end;
	}
}

/* Read the text at AT, of at most MAX bytes; past the end it is empty. */
static errcode_t look_at(struct chain_reader *r, uint64_t at, uint64_t max, bool extents)
{
	uint64_t left = at < r->dev->size ? r->dev->size - at : 0;
	size_t len = (size_t)(left < max ? left : max);
	AUTO_FREE char *text = len ? malloc(len) : NULL;
	errcode_t err;

	if (!len)
		return 0;
	if (!text)
		return ENOMEM;
	err = blkdev_read(r->dev, at, len, text);
	if (!err)
		look_at_text(r, text, len, extents);
	return err;
}

static errcode_t look_at_sparse(struct chain_reader *r)
{
	uint8_t header[SECTOR];
	uint64_t text;
	errcode_t err = chain_get(r, 0, sizeof(header), header);

	if (err)
		return err;
	if (get_le16(header + 77) || get_le32(header + 8) & FLAG_COMPRESSED)
		r->chain->read_only = "a stream-optimized VMDK cannot be written to";
	if (!get_le64(header + 12)) {
		if (!bytes_mul(get_le64(header + 28), SECTOR, &text))
			return chain_corrupt(r, "the VMDK header is corrupt");
		err = look_at(r, text, TEXT_MAX, true);
		if (!err)
			chain_refer(r, "the extent", "(no name)", 9);
	}
	return err ? err : look_at(r, PARENT_AT, PARENT_TEXT, false);
}

errcode_t chain_vmdk(struct chain_reader *r)
{
	char magic[4];
	errcode_t err = chain_get(r, 0, sizeof(magic), magic);

	if (err)
		return err;
	if (!memcmp(magic, "KDMV", 4))
		return look_at_sparse(r);
	err = look_at(r, 0, TEXT_MAX, true);
	if (!err && !r->chain->other[0])
		return chain_corrupt(r, "the VMDK descriptor names no extent");
	return err;
}
