// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where in the image the file system is.
 *
 * A place that is given is taken at its word. Otherwise a superblock where a raw image has it is
 * taken unless a partition table knows ext file systems too; then the superblock must be whole to
 * be a candidate at all (what was there before the disk was partitioned often is not).
 */
#include "image/place.h"

#include "base/bytes.h"
#include "errors.h"
#include "image/parts.h"
#include "image/sniff.h"
#include "image/super.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OFFSET_KEY "?offset="

/* Text that grows at the end of a buffer, whole pieces only. */
struct text {
	char *buf;
	size_t size, used;
};

/* False, and nothing is added, when it does not fit with SPARE bytes left. */
__attribute__((format(printf, 3, 4))) static bool text_add(struct text *t, size_t spare,
							   const char *format, ...)
{
	size_t left = t->size - t->used;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->buf + t->used, left, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + spare >= left) {
		t->buf[t->used] = '\0';
		return false;
	}
	t->used += (size_t)n;
	return true;
}

/* ---- IMAGE?offset=N ---- */

struct suffix {
	const char *text;
	uint64_t factor;
};

static const struct suffix suffixes[] = {
	{"", 1},
	{"s", SECTOR},
	{"K", 1ULL << 10},
	{"M", 1ULL << 20},
	{"G", 1ULL << 30},
	{"T", 1ULL << 40},
	{"P", 1ULL << 50},
	{"E", 1ULL << 60},
	{"KiB", 1ULL << 10},
	{"MiB", 1ULL << 20},
	{"GiB", 1ULL << 30},
	{"TiB", 1ULL << 40},
	{"PiB", 1ULL << 50},
	{"EiB", 1ULL << 60},
	{"KB", 1000ULL},
	{"MB", 1000000ULL},
	{"GB", 1000000000ULL},
	{"TB", 1000000000000ULL},
	{"PB", 1000000000000000ULL},
	{"EB", 1000000000000000000ULL},
};

/* Decimal or 0x, with a suffix as in fallocate(1) or "s" for sectors as in parted(8). */
static bool parse_bytes(const char *text, uint64_t *bytes)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long number;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	number = strtoull(text, &end, hex ? 16 : 10);
	if (errno || (hex && end == text + 1))
		return false;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (!strcasecmp(end, suffixes[i].text))
			return bytes_mul(number, suffixes[i].factor, bytes);
	return false;
}

/* Where "?offset=" starts, when SPEC ends in it and no file has all of SPEC for its name. */
static const char *find_offset(const char *spec)
{
	const char *question = strrchr(spec, '?');
	struct stat st;

	if (!question || strncmp(question, OFFSET_KEY, sizeof(OFFSET_KEY) - 1) != 0)
		return NULL;
	return lstat(spec, &st) == 0 ? NULL : question;
}

errcode_t place_parse(const char *spec, struct place_spec *parsed, char *why, size_t why_size)
{
	const char *question = find_offset(spec);

	*parsed = (struct place_spec){.has_offset = question};
	if (question && !parse_bytes(question + sizeof(OFFSET_KEY) - 1, &parsed->offset)) {
		snprintf(why, why_size, "the offset \"%.100s\" is not a number of bytes",
			 question + sizeof(OFFSET_KEY) - 1);
		return E4Z_ET_USAGE;
	}
	parsed->path = question ? strndup(spec, (size_t)(question - spec)) : strdup(spec);
	return parsed->path ? 0 : ENOMEM;
}

/* ---- what to choose from ---- */

/* PATH as a shell takes it. */
static void shell_quote(const char *path, char *quoted, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./-";
	struct text t = {.buf = quoted, .size = size};

	*quoted = '\0';
	if (*path && path[strspn(path, plain)] == '\0') {
		text_add(&t, 0, "%s", path);
		return;
	}
	text_add(&t, 0, "'");
	for (const char *c = path; *c; c++)
		text_add(&t, 1, *c == '\'' ? "'\\''" : "%c", *c);
	text_add(&t, 0, "'");
}

static void text_size(struct text *t, uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	text_add(t, 0, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* A label comes from the image: what could move a terminal's cursor is \xNN. */
static void text_label(struct text *t, const char *key, const char *label)
{
	char safe[4 * 64 + 1];
	size_t n = 0;

	if (!label)
		return;
	for (size_t i = 0; i < 64 && label[i]; i++) {
		unsigned char c = (unsigned char)label[i];

		if (c >= ' ' && c < 0x7f)
			safe[n++] = label[i];
		else
			n += (size_t)snprintf(safe + n, sizeof(safe) - n, "\\x%02x", c);
	}
	safe[n] = '\0';
	text_add(t, 0, " %s \"%s\"", key, safe);
}

#define LINE_SIZE 1024
#define MORE_SIZE 32 /* "... and 4294967295 more" */

static void describe(const struct blkdev *dev, const struct part *part, char *line)
{
	struct text t = {.buf = line, .size = LINE_SIZE};
	char quoted[LINE_SIZE - 200];

	shell_quote(dev->path, quoted, sizeof(quoted));
	text_add(&t, 0, "e4zero --partition %d %s%s   # ", part->number,
		 *dev->path == '-' ? "./" : "", quoted);
	text_size(&t, part->len);
	text_add(&t, 0, " %s", part->fs_type ? part->fs_type : "ext (damaged?)");
	text_label(&t, "label", part->fs_label);
	text_label(&t, "name", part->name);
}

typedef bool (*part_filter)(const struct part *part, const char *want);

static bool filter_ext(const struct part *part, const char *want)
{
	(void)want;
	return part->is_ext;
}

/* The candidates as command lines, one a line; as many as WHY holds. */
static void list_parts(const struct blkdev *dev, const struct parts *parts, part_filter filter,
		       const char *want, struct text *t)
{
	size_t left_out = 0;

	for (size_t i = 0; i < parts->count; i++) {
		char line[LINE_SIZE];

		if (!filter(&parts->items[i], want))
			continue;
		describe(dev, &parts->items[i], line);
		if (left_out || !text_add(t, MORE_SIZE, "\n%s", line))
			left_out++;
	}
	if (left_out)
		text_add(t, 0, "\n... and %zu more", left_out);
}

static errcode_t fail_ambiguous(const struct blkdev *dev, const struct parts *parts, bool raw,
				char *why, size_t why_size)
{
	struct text t = {.buf = why, .size = why_size};
	char quoted[LINE_SIZE];

	text_add(&t, 0, "more than one ext file system is there; say which");
	if (raw) {
		char zero[LINE_SIZE - 64];

		snprintf(zero, sizeof(zero), "%.500s?offset=0", dev->path);
		shell_quote(zero, quoted, sizeof(quoted));
		text_add(&t, MORE_SIZE, "\ne4zero %s   # the whole image, not a partition", quoted);
	}
	list_parts(dev, parts, filter_ext, NULL, &t);
	return E4Z_ET_AMBIGUOUS;
}

/* What the partitions hold, none of it ext. */
static errcode_t fail_no_ext(struct blkdev *dev, const struct parts *parts, char *why,
			     size_t why_size)
{
	struct text t = {.buf = why, .size = why_size};

	text_add(&t, 0, "no partition (%s) holds an ext file system", parts->table);
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];
		char what[256] = "";

		if (!blkdev_set_place(dev, part->start, part->len))
			sniff_content(dev, what, sizeof(what));
		if (*what && !text_add(&t, MORE_SIZE, "; %d: %s", part->number, what))
			break;
	}
	return E4Z_ET_NOT_EXT;
}

/* ---- choosing ---- */

static errcode_t take_part(struct blkdev *dev, const struct part *part, int *number, char *why,
			   size_t why_size)
{
	*number = part->number;
	if (!blkdev_set_place(dev, part->start, part->len))
		return 0;
	snprintf(why, why_size, "partition %d ends %" PRIu64 " bytes past the end of the image",
		 part->number, part->start + part->len - dev->size);
	return E4Z_ET_TRUNCATED;
}

static errcode_t choose_named(struct blkdev *dev, const struct parts *parts, const char *want,
			      int *number, char *why, size_t why_size)
{
	struct text t = {.buf = why, .size = why_size};
	const struct part *part;
	errcode_t err = parts_find(parts, want, &part);

	if (!err)
		return take_part(dev, part, number, why, why_size);
	if (!parts->count)
		text_add(&t, 0, "there is no partition table");
	else if (err == E4Z_ET_AMBIGUOUS)
		text_add(&t, MORE_SIZE, "several partitions are called \"%.200s\"; say which",
			 want);
	else
		text_add(&t, MORE_SIZE, "no partition is called \"%.200s\"; there are:", want);
	list_parts(dev, parts, err == E4Z_ET_AMBIGUOUS ? parts_match : filter_ext, want, &t);
	return err;
}

static errcode_t choose_offset(struct blkdev *dev, const struct parts *parts, uint64_t offset,
			       int *number, char *why, size_t why_size)
{
	if (offset >= dev->size) {
		snprintf(why, why_size, "offset %" PRIu64 " is past the image's end at %" PRIu64,
			 offset, dev->size);
		return E4Z_ET_TRUNCATED;
	}
	/* Nobody means more than the partition who names its start. */
	for (size_t i = 0; offset && i < parts->count; i++)
		if (parts->items[i].start == offset)
			return take_part(dev, &parts->items[i], number, why, why_size);
	return blkdev_set_place(dev, offset, dev->size - offset);
}

enum raw_super { RAW_NONE, RAW_DAMAGED, RAW_WHOLE };

static enum raw_super look_for_raw(struct blkdev *dev)
{
	_Alignas(struct ext2_super_block) uint8_t raw[SUPER_SIZE];
	char why[1];
	errcode_t err = blkdev_read(dev, SUPER_OFFSET, sizeof(raw), raw);

	if (!err)
		err = super_validate(raw, dev->len, why, sizeof(why));
	else
		err = E4Z_ET_NOT_EXT;
	if (err == E4Z_ET_NOT_EXT)
		return RAW_NONE;
	return err ? RAW_DAMAGED : RAW_WHOLE;
}

static errcode_t choose_only(struct blkdev *dev, const struct parts *parts, int *number, char *why,
			     size_t why_size)
{
	enum raw_super raw = look_for_raw(dev);
	const struct part *only = NULL;
	size_t ext = 0;

	for (size_t i = 0; i < parts->count; i++)
		if (parts->items[i].is_ext) {
			only = &parts->items[i];
			ext++;
		}
	if (!ext && (raw != RAW_NONE || !parts->count))
		return 0;
	if (!ext)
		return fail_no_ext(dev, parts, why, why_size);
	if (ext > 1 || raw == RAW_WHOLE)
		return fail_ambiguous(dev, parts, raw == RAW_WHOLE, why, why_size);
	return take_part(dev, only, number, why, why_size);
}

errcode_t place_choose(struct blkdev *dev, const struct place_spec *spec, const char *partition,
		       int *number, char *why, size_t why_size)
{
	struct parts parts;
	errcode_t err;

	*number = 0;
	if (spec->has_offset && partition) {
		snprintf(why, why_size, "an offset and a partition are given, one is enough");
		return E4Z_ET_USAGE;
	}
	err = parts_read(dev, &parts);
	if (err)
		return err;
	if (spec->has_offset)
		err = choose_offset(dev, &parts, spec->offset, number, why, why_size);
	else if (partition)
		err = choose_named(dev, &parts, partition, number, why, why_size);
	else
		err = choose_only(dev, &parts, number, why, why_size);
	parts_free(&parts);
	return err;
}
