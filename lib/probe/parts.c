// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The partitions of a whole-disk image, by libblkid.
 *
 * libblkid counts in units of 512 bytes whatever the sector size, and finds a table of 4096-byte
 * sectors in a file only when asked for one.
 */
#include "probe/parts.h"

#include "base/bytes.h"
#include "device/glimpse.h"
#include "errors.h"
#include "format/fields.h"
#include "format/super.h"
#include "probe/gpt.h"
#include "probe/signatures.h"
#include <blkid/blkid.h>
#include <ctype.h>
#include <errno.h>
#include <ext2fs/ext2_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nobody chooses from more places, and metadata may name a place a million times. */
#define PLACES_MAX 1024

static bool is_ext_type(const char *type)
{
	return !strcmp(type, "ext4") || !strcmp(type, "ext3") || !strcmp(type, "ext2") ||
	       !strcmp(type, "ext4dev");
}

/* libblkid skips an ext file system whose superblock checksum is wrong. */
static bool has_ext_magic(struct blkdev *dev, const struct part *part)
{
	uint8_t magic[2];
	uint64_t end;

	return bytes_add(part->start, SUPER_OFFSET + S_MAGIC, &end) &&
	       !blkdev_read(dev, part->start + SUPER_OFFSET + S_MAGIC, sizeof(magic), magic) &&
	       get_le16(magic) == EXT2_SUPER_MAGIC;
}

/* *COPY stays NULL if VALUE is NULL. */
static errcode_t keep(char **copy, const char *value)
{
	if (!value || !*value)
		return 0;
	*copy = strdup(value);
	return *copy ? 0 : ENOMEM;
}

static errcode_t keep_value(blkid_probe probe, const char *key, char **copy)
{
	const char *value;

	return blkid_probe_lookup_value(probe, key, &value, NULL) ? 0 : keep(copy, value);
}

static errcode_t look_inside(struct blkdev *dev, struct part *part)
{
	blkid_probe probe;
	errcode_t err = 0;
	int fd;

	part->is_ext = has_ext_magic(dev, part);
	if (part->start >= dev->size || part->len > dev->size - part->start)
		return 0;
	probe = blkid_new_probe();
	fd = probe ? glimpse_take(dev, part->start, part->len, GLIMPSE_CONTENT) : -1;
	if (fd < 0) {
		blkid_free_probe(probe);
		return ENOMEM;
	}
	if (blkid_probe_set_device(probe, fd, (blkid_loff_t)part->start, (blkid_loff_t)part->len) ==
	    0) {
		blkid_probe_enable_superblocks(probe, 1);
		if (blkid_do_safeprobe(probe) == 0) {
			err = keep_value(probe, "TYPE", &part->fs_type);
			err = err ? err : keep_value(probe, "LABEL", &part->fs_label);
			err = err ? err : keep_value(probe, "UUID", &part->fs_uuid);
		}
	}
	blkid_free_probe(probe);
	glimpse_drop(dev, fd);
	if (part->fs_type)
		part->is_ext = is_ext_type(part->fs_type);
	return err;
}

static errcode_t take_one(struct blkdev *dev, blkid_partition entry, struct part *part)
{
	blkid_loff_t start = blkid_partition_get_start(entry);
	blkid_loff_t len = blkid_partition_get_size(entry);
	uint64_t end;
	errcode_t err;

	part->number = blkid_partition_get_partno(entry);
	if (start < 0 || len < 0 || !bytes_mul((uint64_t)start, SECTOR, &part->start) ||
	    !bytes_mul((uint64_t)len, SECTOR, &part->len) ||
	    !bytes_add(part->start, part->len, &end))
		return E4Z_ET_NO_PARTITION;
	err = keep(&part->name, blkid_partition_get_name(entry));
	err = err ? err : keep(&part->uuid, blkid_partition_get_uuid(entry));
	return err ? err : look_inside(dev, part);
}

static void free_one(struct part *part)
{
	free(part->name);
	free(part->uuid);
	free(part->fs_type);
	free(part->fs_label);
	free(part->fs_uuid);
	*part = (struct part){0};
}

static errcode_t take_all(struct blkdev *dev, blkid_partlist list, struct parts *parts)
{
	blkid_parttable table = blkid_partlist_get_table(list);
	int count = blkid_partlist_numof_partitions(list);

	if (!table || count <= 0)
		return 0;
	snprintf(parts->table, sizeof(parts->table), "%s", blkid_parttable_get_type(table));
	parts->items = calloc((size_t)count, sizeof(*parts->items));
	if (!parts->items)
		return ENOMEM;
	for (int i = 0; i < count; i++) {
		blkid_partition entry = blkid_partlist_get_partition(list, i);
		struct part *part = &parts->items[parts->count];
		errcode_t err;

		if (!entry || blkid_partition_is_extended(entry))
			continue;
		err = take_one(dev, entry, part);
		if (err == ENOMEM) {
			free_one(part);
			return err;
		}
		/* An entry out of range is left out, the others are still valid. */
		if (err)
			free_one(part);
		else
			parts->count++;
	}
	return 0;
}

/* SECTOR 0: the sector size of the device, 512 for a file. */
static errcode_t read_table(struct blkdev *dev, unsigned sector, struct parts *parts)
{
	blkid_probe probe = blkid_new_probe();
	int fd = probe ? glimpse_take(dev, 0, dev->size, GLIMPSE_TABLES) : -1;
	blkid_partlist list;
	errcode_t err = 0;

	if (fd < 0) {
		blkid_free_probe(probe);
		return ENOMEM;
	}
	if (blkid_probe_set_device(probe, fd, 0, 0) == 0 &&
	    (!sector || blkid_probe_set_sectorsize(probe, sector) == 0)) {
		blkid_probe_enable_partitions(probe, 1);
		blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
		list = blkid_probe_get_partitions(probe);
		if (list)
			err = take_all(dev, list, parts);
	}
	blkid_free_probe(probe);
	glimpse_drop(dev, fd);
	return err;
}

/* Read a table that libblkid refuses because the end of the disk is missing. */
static errcode_t read_cut(struct blkdev *dev, struct parts *parts)
{
	struct gpt_entry_vec entries = {.count = 0};
	errcode_t err = gpt_read_cut(dev, &entries, &parts->missing);

	parts->items = err || !entries.count ? NULL : calloc(entries.count, sizeof(*parts->items));
	if (!err && entries.count && !parts->items)
		err = ENOMEM;
	for (size_t i = 0; i < entries.count; i++) {
		const struct gpt_entry *entry = &entries.items[i];

		if (err) {
			free(entry->name);
			free(entry->uuid);
			continue;
		}
		parts->items[parts->count] = (struct part){.number = entry->number,
							   .start = entry->start,
							   .len = entry->len,
							   .name = entry->name,
							   .uuid = entry->uuid};
		err = look_inside(dev, &parts->items[parts->count++]);
	}
	if (parts->count)
		snprintf(parts->table, sizeof(parts->table), "gpt");
	vec_free(&entries);
	return err;
}

static errcode_t read_any(struct blkdev *dev, struct parts *parts)
{
	errcode_t err;

	if (!dev->size || !signatures_table(dev))
		return 0;
	err = read_table(dev, 0, parts);
	if (!err && !parts->count && !dev->is_block) {
		parts_free(parts);
		err = read_table(dev, 4096, parts);
	}
	if (!err && !parts->count) {
		parts_free(parts);
		err = read_cut(dev, parts);
	}
	return err;
}

errcode_t parts_read(struct blkdev *dev, struct parts *parts)
{
	uint64_t base = dev->base, len = dev->len;
	errcode_t err;

	*parts = (struct parts){0};
	/* a table describes all of DEV, and its partitions count from the start of DEV */
	(void)blkdev_set_place(dev, 0, dev->size);
	err = read_any(dev, parts);
	(void)blkdev_set_place(dev, base, len);
	if (err)
		parts_free(parts);
	return err;
}

errcode_t parts_add_ext(struct parts *parts, struct blkdev *dev, char *name, uint64_t start,
			uint64_t len)
{
	struct part part = {.start = start, .len = len, .name = name};
	bool inside = start < dev->size && len <= dev->size - start;
	bool may_be = inside && parts->count < PLACES_MAX && has_ext_magic(dev, &part);
	errcode_t err = may_be ? look_inside(dev, &part) : 0;
	struct part *items = NULL;

	if (!err && part.is_ext) {
		items = reallocarray(parts->items, parts->count + 1, sizeof(*items));
		if (!items)
			err = ENOMEM;
	}
	if (!items) {
		free_one(&part);
		return err;
	}
	parts->items = items;
	parts->items[parts->count++] = part;
	return 0;
}

void parts_free(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		free_one(&parts->items[i]);
	free(parts->items);
	*parts = (struct parts){0};
}

/* The names by which a partition can be selected, with the keys that blkid(8) prints. */
enum part_key { KEY_LABEL, KEY_UUID, KEY_PARTLABEL, KEY_PARTUUID, KEY_COUNT };

static const char *const key_names[KEY_COUNT] = {
	[KEY_LABEL] = "LABEL=",
	[KEY_UUID] = "UUID=",
	[KEY_PARTLABEL] = "PARTLABEL=",
	[KEY_PARTUUID] = "PARTUUID=",
};

static bool key_matches(const struct part *part, enum part_key key, const char *want)
{
	const char *has[KEY_COUNT] = {part->fs_label, part->fs_uuid, part->name, part->uuid};

	if (!has[key])
		return false;
	if (key == KEY_UUID || key == KEY_PARTUUID)
		return !strcasecmp(has[key], want);
	return !strcmp(has[key], want);
}

bool parts_match(const struct part *part, const char *want)
{
	for (enum part_key key = 0; key < KEY_COUNT; key++) {
		size_t len = strlen(key_names[key]);

		if (!strncasecmp(want, key_names[key], len))
			return key_matches(part, key, want + len);
	}
	for (enum part_key key = 0; key < KEY_COUNT; key++)
		if (key_matches(part, key, want))
			return true;
	return false;
}

static const struct part *part_by_number(const struct parts *parts, const char *want)
{
	char *end;
	unsigned long number = strtoul(want, &end, 10);

	if (!isdigit((unsigned char)*want) || *end)
		return NULL;
	for (size_t i = 0; i < parts->count; i++)
		if (parts->items[i].number > 0 && (unsigned long)parts->items[i].number == number)
			return &parts->items[i];
	return NULL;
}

errcode_t parts_find(const struct parts *parts, const char *want, const struct part **found)
{
	*found = part_by_number(parts, want);
	if (*found)
		return 0;
	for (size_t i = 0; i < parts->count; i++) {
		if (!parts_match(&parts->items[i], want))
			continue;
		if (*found)
			return E4Z_ET_AMBIGUOUS;
		*found = &parts->items[i];
	}
	return *found ? 0 : E4Z_ET_NO_PARTITION;
}
