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
#include "device/nbd.h"
#include "errors.h"
#include "format/super.h"
#include "io/host_stat.h"
#include "probe/lvm.h"
#include "probe/parts.h"
#include "probe/sniff.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OFFSET_PARAMETER "offset="
#define OFFSET_KEY "?" OFFSET_PARAMETER

/* Text that grows at the end of a buffer, whole pieces only. */
struct text {
	char *buf;
	size_t size, used;
};

/* False, and nothing is added, when it does not fit. */
__attribute__((format(printf, 2, 3))) static bool text_add(struct text *t, const char *format, ...)
{
	size_t left = t->size - t->used;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->buf + t->used, left, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left) {
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

/* Where "?offset=" starts, when SPEC ends in it and no file has all of SPEC, if it is no URI, for
 * its name. */
static const char *find_offset(const char *spec)
{
	const char *question = strrchr(spec, '?');
	struct stat st;

	if (!question || strncmp(question, OFFSET_KEY, sizeof(OFFSET_KEY) - 1) != 0)
		return NULL;
	if (nbd_is_uri(spec))
		return question;
	return host_fstatat(AT_FDCWD, spec, &st, AT_SYMLINK_NOFOLLOW) == 0 ? NULL : question;
}

errcode_t place_parse(const char *spec, struct place_spec *parsed, char *why, size_t why_size)
{
	const char *question = find_offset(spec);

	*parsed = (struct place_spec){.has_offset = question};
	/* a parameter that libnbd does not know would be passed over, and with it the place */
	if (nbd_is_uri(spec) && strcasestr(spec, "&" OFFSET_PARAMETER)) {
		snprintf(why, why_size, "\"?offset=\" is written after the whole URI");
		return E4Z_ET_USAGE;
	}
	if (question && !parse_bytes(question + sizeof(OFFSET_KEY) - 1, &parsed->offset)) {
		snprintf(why, why_size, "invalid offset \"%.100s\"",
			 question + sizeof(OFFSET_KEY) - 1);
		return E4Z_ET_USAGE;
	}
	parsed->path = question ? strndup(spec, (size_t)(question - spec)) : strdup(spec);
	return parsed->path ? 0 : ENOMEM;
}

/* ---- what to choose from ---- */

/* What the functions below share. */
struct choice {
	struct blkdev *dev;
	struct places *places;
	int *number;
	char *why;
	size_t why_size;
};

typedef bool (*part_filter)(const struct part *part, const char *want);

static bool filter_ext(const struct part *part, const char *want)
{
	(void)want;
	return part->is_ext;
}

/* The partitions that FILTER takes and, with RAW, the whole image: one has to be chosen. */
static errcode_t offer(struct places *places, bool raw, part_filter filter, const char *want)
{
	const struct parts *parts = &places->parts;

	places->items = calloc(parts->count + 1, sizeof(*places->items));
	if (!places->items)
		return ENOMEM;
	if (raw)
		places->items[places->count++] = (struct e4z_place){.type = NULL};
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];

		if (filter(part, want))
			places->items[places->count++] = (struct e4z_place){
				.partition = part->number,
				.offset = part->start,
				.len = part->len,
				.type = part->fs_type,
				.label = part->fs_label,
				.name = part->name,
			};
	}
	return 0;
}

static errcode_t fail_ambiguous(struct choice *c, bool raw)
{
	errcode_t err = offer(c->places, raw, filter_ext, NULL);

	snprintf(c->why, c->why_size, "several ext file systems found");
	return err ? err : E4Z_ET_AMBIGUOUS;
}

static bool filter_volume(const struct part *part, const char *want)
{
	(void)want;
	return !part->number;
}

errcode_t place_offer_volumes(struct blkdev *dev, struct places *places)
{
	errcode_t err = lvm_add_volumes(dev, &places->parts);

	return err ? err : offer(places, false, filter_volume, NULL);
}

/* Those in any of the partitions. */
static errcode_t offer_volumes(struct choice *c)
{
	struct parts *parts = &c->places->parts;
	size_t count = parts->count;
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++)
		if (!blkdev_set_place(c->dev, parts->items[i].start, parts->items[i].len))
			err = lvm_add_volumes(c->dev, parts);
	if (!err)
		err = offer(c->places, false, filter_volume, NULL);
	return err ? err : E4Z_ET_NOT_EXT;
}

/* What the partitions hold, none of it ext. */
static errcode_t fail_no_ext(struct choice *c)
{
	const struct parts *parts = &c->places->parts;
	struct text t = {.buf = c->why, .size = c->why_size};

	text_add(&t, "no partition (%s) holds an ext file system", parts->table);
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];
		char what[256] = "";

		if (!blkdev_set_place(c->dev, part->start, part->len))
			sniff_content(c->dev, what, sizeof(what));
		if (*what && !text_add(&t, "; %d: %s", part->number, what))
			break;
	}
	return offer_volumes(c);
}

/* ---- choosing ---- */

static errcode_t take_part(struct choice *c, const struct part *part)
{
	*c->number = part->number;
	if (!blkdev_set_place(c->dev, part->start, part->len))
		return 0;
	snprintf(c->why, c->why_size,
		 "partition %d ends %" PRIu64 " bytes past the end of the image", part->number,
		 part->start + part->len - c->dev->size);
	return E4Z_ET_TRUNCATED;
}

static errcode_t choose_named(struct choice *c, const char *want)
{
	const struct parts *parts = &c->places->parts;
	const struct part *part;
	errcode_t err = parts_find(parts, want, &part), offered;

	if (!err)
		return take_part(c, part);
	if (!parts->count)
		snprintf(c->why, c->why_size, "there is no partition table");
	else if (err == E4Z_ET_AMBIGUOUS)
		snprintf(c->why, c->why_size, "several partitions are called \"%.200s\"", want);
	else
		snprintf(c->why, c->why_size, "no partition is called \"%.200s\"", want);
	offered = offer(c->places, false, err == E4Z_ET_AMBIGUOUS ? parts_match : filter_ext, want);
	return offered ? offered : err;
}

static errcode_t choose_offset(struct choice *c, uint64_t offset)
{
	const struct parts *parts = &c->places->parts;
	struct blkdev *dev = c->dev;

	if (offset >= dev->size) {
		snprintf(c->why, c->why_size,
			 "offset %" PRIu64 " is past the image's end at %" PRIu64, offset,
			 dev->size);
		return E4Z_ET_TRUNCATED;
	}
	/* Nobody means more than the partition who names its start. */
	for (size_t i = 0; offset && i < parts->count; i++)
		if (parts->items[i].start == offset)
			return take_part(c, &parts->items[i]);
	return blkdev_set_place(dev, offset, dev->size - offset);
}

enum raw_super { RAW_NONE, RAW_CORRUPT, RAW_WHOLE };

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
	return err ? RAW_CORRUPT : RAW_WHOLE;
}

static errcode_t choose_only(struct choice *c)
{
	const struct parts *parts = &c->places->parts;
	enum raw_super raw = look_for_raw(c->dev);
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
		return fail_no_ext(c);
	if (ext > 1 || raw == RAW_WHOLE)
		return fail_ambiguous(c, raw == RAW_WHOLE);
	return take_part(c, only);
}

errcode_t place_choose(struct blkdev *dev, const struct place_spec *spec, const char *partition,
		       struct places *places, int *number, char *why, size_t why_size)
{
	struct choice c = {dev, places, number, why, why_size};
	errcode_t err;

	*number = 0;
	if (spec->has_offset && partition) {
		snprintf(why, why_size, "an offset and a partition are mutually exclusive");
		return E4Z_ET_USAGE;
	}
	err = parts_read(dev, &places->parts);
	if (err)
		return err;
	if (spec->has_offset)
		return choose_offset(&c, spec->offset);
	return partition ? choose_named(&c, partition) : choose_only(&c);
}

void places_free(struct places *places)
{
	free(places->items);
	parts_free(&places->parts);
	*places = (struct places){0};
}
