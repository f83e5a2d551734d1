// SPDX-License-Identifier: GPL-2.0-or-later
// Looks for inodes in the unused parts of the inode tables, and for what leads to them.
#include "fixed/strays.h"

#include "base/cleanup.h"
#include "file/inode.h"
#include "format/system.h"
#include "image/groups.h"
#include "path/dir.h"
#include <errno.h>
#include <stdlib.h>

/* Bytes of a table that are read at a time. */
#define PIECE 262144

/* ---- what leads to inodes ---- */

struct naming {
	bool (*fn)(void *arg, uint32_t ino);
	void *arg;
	bool done;
};

static bool on_entry(void *arg, const struct dir_entry *entry)
{
	struct naming *naming = arg;

	naming->done |= !naming->fn(naming->arg, entry->ino);
	return !naming->done;
}

static errcode_t read_names(const struct e4z_image *img, const struct rangeset *dirs,
			    struct naming *naming, bool *unread)
{
	const struct dir_sink sink = {.entry = on_entry, .arg = naming, .verify = true};
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct map_work work = {.stop = NULL};
	uint64_t from = 0, start, len, budget = img->blocks;
	errcode_t err = raw ? map_work_init(img, &work) : ENOMEM;

	while (!err && !naming->done && rangeset_next(dirs, &from, &start, &len)) {
		for (uint64_t ino = start; ino < start + len && !naming->done; ino++) {
			struct inode inode;

			*unread |= inode_read(img, (uint32_t)ino, raw, &inode) ||
				   dir_walk(img, &work, &inode, &budget, &sink, unread);
		}
	}
	map_work_free(&work);
	return err;
}

errcode_t strays_each_entry(const struct e4z_image *img, const struct rangeset *dirs,
			    bool (*fn)(void *arg, uint32_t ino), void *arg, bool *unread)
{
	struct naming naming = {.fn = fn, .arg = arg};

	return read_names(img, dirs, &naming, unread);
}

errcode_t strays_each_name(const struct e4z_image *img, const struct tables *tables,
			   bool (*fn)(void *arg, uint32_t ino), void *arg, bool *unread)
{
	const struct rangeset *orphans = tables_orphans(tables);
	struct naming naming = {.fn = fn, .arg = arg};
	uint64_t from = 0, start, len;

	while (!naming.done && rangeset_next(orphans, &from, &start, &len))
		for (uint64_t ino = start; ino < start + len && !naming.done; ino++)
			naming.done = !fn(arg, (uint32_t)ino);
	return naming.done ? 0 : read_names(img, tables_dirs(tables), &naming, unread);
}

/* ---- the unused parts ---- */

struct search {
	const struct e4z_image *img;
	struct rangeset *inos;
	uint8_t *buf;
	/* of a place from data_from on: the host has data from data_start to data_end next */
	uint64_t data_from, data_start, data_end;
	bool any; /* a slot is not zero */
	bool all; /* each of these is a stray */
	errcode_t err;
};

/* Some attribute may have its number: these are not looked through. */
static bool is_value(const struct e4z_image *img, uint32_t ino, const uint8_t *raw)
{
	return ext2fs_has_feature_ea_inode(img->fs->super) && get_le16(raw + I_LINKS) &&
	       get_le32(raw + I_FLAGS) & EXT4_EA_INODE_FL && inode_checksum_ok(img, ino, raw);
}

static void look_at(struct search *s, uint32_t ino, const uint8_t *raw)
{
	if (bytes_are_zero(raw, s->img->inode_size))
		return;
	s->any = true;
	if (s->all || is_system_inode(s->img->fs->super, ino) || is_value(s->img, ino, raw))
		s->err = rangeset_add(s->inos, ino, 1, NULL);
}

/* COUNT slots from that of INO on. Of what cannot be read nothing is known. */
static void look_at_piece(struct search *s, uint32_t ino, uint32_t count)
{
	const struct e4z_image *img = s->img;
	size_t size = img->inode_size, len = count * size;
	uint64_t block;
	uint32_t off;

	inode_place(img, ino, &block, &off);
	if (image_read(img, (block << img->block_bits) + off, len, s->buf)) {
		s->err = rangeset_add(s->inos, ino, count, NULL);
		return;
	}
	if (bytes_are_zero(s->buf, len))
		return;
	for (uint32_t i = 0; i < count && !s->err; i++)
		look_at(s, ino + i, s->buf + i * size);
}

/* Tables follow each other, and most of many are holes. */
static void find_data(struct search *s, uint64_t off)
{
	if (off >= s->data_from && off < s->data_end)
		return;
	s->data_from = off;
	image_next_data(s->img, off, &s->data_start, &s->data_end);
	if (s->data_start >= s->data_end)
		s->data_start = s->data_end = UINT64_MAX;
}

/* The unused part of group G, holes of the host left out. */
static void look_through(struct search *s, uint32_t g)
{
	const struct e4z_image *img = s->img;
	uint32_t per_group = img->fs->super->s_inodes_per_group, most = PIECE / img->inode_size;
	uint64_t table = img->group[g].itable << img->block_bits;
	uint64_t end = table + (uint64_t)per_group * img->inode_size;

	if (img->group[g].unreadable)
		return;
	for (uint32_t n = img->group[g].used, count; n < per_group && !s->err; n += count) {
		uint64_t off = table + (uint64_t)n * img->inode_size;

		find_data(s, off);
		if (s->data_start >= end)
			return;
		if (s->data_start > off)
			n = (uint32_t)((s->data_start - table) / img->inode_size);
		count = per_group - n < most ? per_group - n : most;
		look_at_piece(s, g * per_group + n + 1, count);
	}
}

static errcode_t look_through_all(struct search *s)
{
	for (uint32_t g = 0; g < s->img->groups && !s->err; g++)
		look_through(s, g);
	return s->err;
}

/* A name leads to INO: what a directory among the strays names is not known. */
static bool on_name(void *arg, uint32_t ino)
{
	struct search *s = arg;
	const struct e4z_image *img = s->img;
	uint32_t per_group = img->fs->super->s_inodes_per_group, off;
	uint64_t block;

	if (!ino || ino > img->inodes || img->group[(ino - 1) / per_group].unreadable ||
	    (ino - 1) % per_group < img->group[(ino - 1) / per_group].used)
		return true;
	inode_place(img, ino, &block, &off);
	if (image_read(img, (block << img->block_bits) + off, img->inode_size, s->buf))
		s->all = true;
	else if (bytes_are_zero(s->buf, img->inode_size))
		return true;
	s->all |= (get_le16(s->buf + I_MODE) & LINUX_S_IFMT) == LINUX_S_IFDIR;
	s->err = rangeset_add(s->inos, ino, 1, NULL);
	return !s->err && !s->all;
}

errcode_t strays_find(const struct e4z_image *img, const struct tables *tables, bool all,
		      struct rangeset *inos)
{
	AUTO_FREE uint8_t *buf = malloc(PIECE);
	struct search s = {.img = img, .inos = inos, .buf = buf, .all = all};
	errcode_t err;

	/* names begin at the root */
	s.all |= img->group[0].used < EXT2_ROOT_INO;
	err = buf ? look_through_all(&s) : ENOMEM;
	if (err || !s.any || s.all)
		return err;
	err = strays_each_name(img, tables, on_name, &s, &s.all);
	if (!err)
		err = s.err;
	return err || !s.all ? err : look_through_all(&s);
}
