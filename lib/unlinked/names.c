// SPDX-License-Identifier: GPL-2.0-or-later
// Looks through all directories for names of inodes that have no links, and into those that have
// none themselves for names of others.
#include "unlinked/unlinked.h"

#include "base/cleanup.h"
#include "file/map.h"
#include "fixed/strays.h"
#include "path/dir.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct search {
	const struct e4z_image *img;
	struct map_work work;
	uint64_t budget; /* blocks that are still read */
	uint8_t *raw;
	struct unlinked_vec *list;
	bool lost; /* a directory cannot be read */
};

static int by_number(const void *pa, const void *pb)
{
	const struct unlinked *a = pa, *b = pb;

	return (a->ino > b->ino) - (a->ino < b->ino);
}

/* The last reason is not worth more than the first. */
static void leave(struct unlinked *u, const char *why)
{
	u->why = u->why ? u->why : why;
}

static bool on_name(void *arg, uint32_t ino)
{
	struct search *s = arg;
	const struct unlinked wanted = {.ino = ino};
	struct unlinked *u =
		bsearch(&wanted, s->list->items, s->list->count, sizeof(wanted), by_number);

	if (u)
		leave(u, "a directory entry names the inode");
	return true;
}

/* ---- directories without links ---- */

static bool on_child(void *arg, const struct dir_entry *entry)
{
	bool *any = arg;

	*any |= !(entry->name_len <= 2 && memcmp(entry->name, "..", entry->name_len) == 0);
	return !*any;
}

static errcode_t look_into(struct search *s, struct unlinked *u)
{
	bool any = false, corrupt = false;
	const struct dir_sink sink = {.entry = on_child, .arg = &any, .verify = true};
	struct inode inode;
	errcode_t err = inode_read(s->img, u->ino, s->raw, &inode);

	if (err || !inode_is(&inode, LINUX_S_IFDIR))
		return err;
	err = dir_walk(s->img, &s->work, &inode, &s->budget, &sink, &corrupt);
	if (err == ENOMEM)
		return err;
	if (any)
		leave(u, "the directory is not empty");
	if (err || corrupt)
		leave(u, "the directory cannot be read");
	return 0;
}

/* ---- names ---- */

/* What cannot be read may be one, if it is not said to be something else. */
static bool any_directory(const struct search *s, const struct rangeset *unreadable)
{
	uint64_t from = 0, start, len, block;
	struct inode inode;
	uint32_t off;

	while (rangeset_next(unreadable, &from, &start, &len))
		for (uint64_t ino = start; ino < start + len; ino++) {
			inode_place(s->img, (uint32_t)ino, &block, &off);
			if (image_read(s->img, (block << s->img->block_bits) + off,
				       s->img->inode_size, s->raw))
				return true;
			inode_decode(s->img, (uint32_t)ino, s->raw, &inode);
			if (inode_is(&inode, LINUX_S_IFDIR))
				return true;
		}
	return false;
}

static errcode_t search(struct search *s, const struct unlinked_facts *facts)
{
	errcode_t err = 0;

	s->lost = any_directory(s, facts->unreadable);

	for (size_t i = 0; i < s->list->count && !err; i++)
		if (!s->list->items[i].why)
			err = look_into(s, &s->list->items[i]);
	if (!err)
		err = strays_each_entry(s->img, facts->dirs, on_name, s, &s->lost);
	for (size_t i = 0; i < s->list->count && s->lost; i++)
		leave(&s->list->items[i], "a directory that cannot be read may name the inode");
	return err;
}

errcode_t unlinked_look_for_names(const struct unlinked_facts *facts, struct unlinked_vec *list)
{
	AUTO_FREE uint8_t *raw = malloc(facts->img->inode_size);
	struct search s = {.img = facts->img, .raw = raw, .list = list};
	errcode_t err = map_work_init(facts->img, &s.work);

	s.budget = facts->img->blocks;
	if (!raw)
		err = ENOMEM;
	if (!err)
		err = search(&s, facts);
	map_work_free(&s.work);
	return err;
}
