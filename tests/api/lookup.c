// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks every name of directories up by the hash tree and by walking.
 *
 *	lookup IMAGE DIRECTORY...
 *	lookup --collide IMAGE COUNT	COUNT long names that share their hash with another one
 *
 * Of each directory a line "DIRECTORY TREE WALK ABSENT": its names that the tree led to and those
 * that only a walk finds; and how many names that are not there were looked up. It fails where the
 * tree leads to another inode than the walk does, or the whole path to another one.
 */
#include "e4zero.h"

#include "../unit/check.h"
#include "base/vec.h"
#include "image/groups.h"
#include "path/htree.h"
#include "path/lookup.h"
#include <stdio.h>
#include <stdlib.h>

struct name {
	char *bytes;
	size_t len;
	uint32_t ino;
};
VEC(names, struct name);

static bool keep(void *arg, const struct dir_entry *entry)
{
	struct names *names = arg;
	struct name name = {.len = entry->name_len, .ino = entry->ino};

	name.bytes = malloc(name.len + 2);
	CHECK(name.bytes);
	memcpy(name.bytes, entry->name, name.len);
	name.bytes[name.len] = '\0';
	CHECK(!vec_push(names, name));
	return true;
}

struct place {
	struct e4z_image *img;
	struct map_work work;
	struct inode inode;
	uint8_t raw[65536];
};

/* The inode that the tree leads to, 0: none. */
static uint32_t by_tree(struct place *p, const char *name, size_t len)
{
	struct dir_find find = {.name = name, .len = len};
	uint64_t budget = lookup_budget(p->img), all = budget;
	bool found = htree_find(p->img, &p->work, &p->inode, &budget, &find);

	CHECK(found == (find.ino != 0));
	CHECK(all - budget < 200);
	return find.ino;
}

/* What the whole path leads to is there, or is not. */
static void check_path(struct place *p, const char *dir, const struct name *name, bool there)
{
	char path[5000];
	bool plain;
	uint32_t ino;
	errcode_t err;

	if (strlen(name->bytes) != name->len || !strcmp(name->bytes, ".") ||
	    !strcmp(name->bytes, ".."))
		return;
	CHECK(snprintf(path, sizeof(path), "%s/%s", dir[1] ? dir : "", name->bytes) <
	      (int)sizeof(path));
	err = lookup(p->img, &p->work, path, &ino, &plain);
	CHECK(there ? !err && ino == name->ino && plain : err == E4Z_ET_NOT_FOUND);
}

/* The directory p->inode, whose path is DIR. */
static void check_names(struct place *p, const char *dir)
{
	uint64_t budget = lookup_budget(p->img);
	size_t tree = 0, absent = 0;
	struct names names = {0};
	const struct dir_sink sink = {.entry = keep, .arg = &names};

	(void)dir_walk(p->img, &p->work, &p->inode, &budget, &sink, NULL);
	for (size_t i = 0; i < names.count; i++) {
		struct name *name = &names.items[i];
		uint32_t ino = by_tree(p, name->bytes, name->len);

		CHECK(!ino || ino == name->ino);
		tree += ino != 0;
		/* the walk for an absent name is long */
		if (i % (names.count / 50 + 1))
			continue;
		check_path(p, dir, name, true);
		/* as no name ends that the tests make */
		name->bytes[name->len] = '~';
		name->bytes[++name->len] = '\0';
		CHECK(name->len > 255 || !by_tree(p, name->bytes, name->len));
		check_path(p, dir, name, false);
		absent++;
	}
	printf("%s %zu %zu %zu\n", dir, tree, names.count - tree, absent);
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i].bytes);
	vec_free(&names);
}

struct hashed {
	uint32_t hash, n;
};

static int by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static const char *long_name(uint32_t n, char *name, size_t size)
{
	CHECK(snprintf(name, size, "%0240u-collides", n) < (int)size);
	return name;
}

/* By the image's own hash, seed and signedness. */
static void collide(struct e4z_image *img, unsigned long count)
{
	static struct hashed all[700000];
	struct ext2_super_block *super = img->fs->super;
	size_t n = sizeof(all) / sizeof(all[0]);
	int version = super->s_def_hash_version;
	char name[300];
	uint32_t minor;

	if (super->s_flags & EXT2_FLAGS_UNSIGNED_HASH)
		version += EXT2_HASH_LEGACY_UNSIGNED;
	for (uint32_t i = 0; i < n; i++) {
		all[i].n = i;
		CHECK(!ext2fs_dirhash(version, long_name(i, name, sizeof(name)), (int)strlen(name),
				      super->s_hash_seed, &all[i].hash, &minor));
	}
	qsort(all, n, sizeof(all[0]), by_hash);
	for (size_t i = 1; i < n && count; i++) {
		if (all[i].hash != all[i - 1].hash)
			continue;
		/* of three that share it, the second was printed already */
		if (i < 2 || all[i - 2].hash != all[i].hash) {
			puts(long_name(all[i - 1].n, name, sizeof(name)));
			count--;
		}
		puts(long_name(all[i].n, name, sizeof(name)));
		count -= !!count;
	}
	CHECK(!count);
}

static void check_directory(struct place *p, const char *dir)
{
	uint32_t ino;
	bool plain;

	CHECK(!lookup(p->img, &p->work, dir, &ino, &plain));
	CHECK(!inode_read(p->img, ino, p->raw, &p->inode));
	check_names(p, dir);
}

int main(int argc, char **argv)
{
	static struct place p;
	bool collisions = argc == 4 && !strcmp(argv[1], "--collide");
	errcode_t err;

	CHECK(argc > 2);
	e4z_init_errors();
	err = e4z_open(argv[1 + collisions], &(struct e4z_open_options){0}, &p.img);
	if (err)
		fprintf(stderr, "%s\n", e4z_message(p.img, err));
	CHECK(!err);
	CHECK(!groups_load(p.img));
	CHECK(!map_work_init(p.img, &p.work));
	if (collisions)
		collide(p.img, strtoul(argv[3], NULL, 10));
	for (int i = 2; i < argc && !collisions; i++)
		check_directory(&p, argv[i]);
	map_work_free(&p.work);
	e4z_close(p.img);
	return 0;
}
