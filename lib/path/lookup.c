// SPDX-License-Identifier: GPL-2.0-or-later
// Path resolution inside the image, with symbolic links.
#include "path/lookup.h"

#include "base/cleanup.h"
#include "file/inline.h"
#include "image/groups.h"
#include "path/dir.h"
#include "path/htree.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 40 /* as the kernel's MAXSYMLINKS */
#define TARGET_MAX 65536
/* Beside the blocks of the file system: a small one may be walked through several times. */
#define BUDGET 65536
#define NODES_MAX 8 /* tree blocks on the way to a target */

/* Where block 0 of a symbolic link lies. */
struct first_block {
	uint64_t pblk;
	unsigned nodes;
};

/* One block of data needs a short way only: what asks for more is corrupt. */
static bool few_nodes(void *arg, uint64_t pblk)
{
	struct first_block *first = arg;

	(void)pblk;
	return ++first->nodes <= NODES_MAX;
}

static void first_run(void *arg, const struct run *run)
{
	struct first_block *first = arg;

	if (!run->lblk && !run->unwritten)
		first->pblk = run->pblk;
}

/* The SIZE bytes of the symbolic link INODE's target into TARGET, which holds a block more. */
static bool fill_target(struct e4z_image *img, struct map_work *work, const struct inode *inode,
			char *target, size_t size)
{
	struct first_block first = {0};
	const struct map_sink sink = {.arg = &first, .node = few_nodes, .run = first_run};
	struct inline_data data = {.head = inode->raw + INODE_I_BLOCK};
	size_t head = size < INODE_I_BLOCK_LEN ? size : INODE_I_BLOCK_LEN;

	if (inode_has_map(inode))
		return size <= img->block_size && !map_walk(img, work, inode, &sink) &&
		       first.pblk &&
		       !image_read(img, first.pblk * img->block_size, img->block_size, target);
	if (inode->flags & EXT4_INLINE_DATA_FL && !inline_find(img, inode, &data))
		return false;
	if (size > inline_capacity(&data))
		return false;
	memcpy(target, data.head, head);
	if (size > head)
		memcpy(target + head, data.rest, size - head);
	return true;
}

/*
 * The target of the symbolic link INODE, terminated; the caller's to free, NULL when it cannot be
 * read.
 */
static char *read_target(struct e4z_image *img, struct map_work *work, const struct inode *inode)
{
	size_t size = inode->size;
	char *target;

	if (!size || size >= TARGET_MAX || inode->flags & EXT4_ENCRYPT_FL)
		return NULL;
	target = malloc(size + img->block_size + 1);
	if (!target || !fill_target(img, work, inode, target, size)) {
		free(target);
		return NULL;
	}
	target[size] = '\0';
	return target;
}

struct resolve {
	struct e4z_image *img;
	struct map_work *work;
	const char *name; /* as given, for messages */
	uint8_t *raw;
	char *path; /* what is left to do begins at rest */
	char *rest;
	unsigned links;
	bool plain;
	uint64_t *budget; /* blocks of directories, and steps, that are left */
	uint32_t dir;	  /* where the rest begins */
	uint32_t ino;	  /* where it led so far */
};

static errcode_t give_up(struct resolve *r, errcode_t err)
{
	return image_fail(r->img, err, "looking up %s", r->name);
}

/* The link that r->ino is: its target goes before the rest. */
static errcode_t follow(struct resolve *r, const struct inode *inode)
{
	AUTO_FREE char *target = read_target(r->img, r->work, inode);
	char *path;

	r->plain = false;
	if (++r->links > LINKS_MAX)
		return give_up(r, E4Z_ET_LOOP);
	if (!target)
		return give_up(r, E4Z_ET_NOT_FOUND);
	if (asprintf(&path, "%s%s%s", target, *r->rest ? "/" : "", r->rest) < 0)
		return ENOMEM;
	free(r->path);
	r->path = r->rest = path;
	r->ino = *path == '/' ? EXT2_ROOT_INO : r->dir;
	return 0;
}

/* One component of the rest. */
static errcode_t step(struct resolve *r, size_t len)
{
	struct dir_find find = {.name = r->rest, .len = len};
	const struct dir_sink sink = {.entry = dir_match, .arg = &find};
	struct inode inode;
	errcode_t err = inode_read(r->img, r->ino, r->raw, &inode);

	if (err)
		return give_up(r, err);
	if (!*r->budget)
		return give_up(r, E4Z_ET_LOOP);
	--*r->budget;
	if (!inode_is(&inode, LINUX_S_IFDIR))
		return give_up(r, ENOTDIR);
	r->dir = r->ino;
	if (*r->rest == '.' && (len == 1 || (len == 2 && r->rest[1] == '.')))
		r->plain = false;
	if (len == 1 && *r->rest == '.')
		find.ino = r->dir;
	else if (!htree_find(r->img, r->work, &inode, r->budget, &find))
		err = dir_walk(r->img, r->work, &inode, r->budget, &sink, NULL);
	/* ".." of an inline directory is the number it begins with */
	if (!find.ino && len == 2 && memcmp(r->rest, "..", 2) == 0 &&
	    inode.flags & EXT4_INLINE_DATA_FL)
		find.ino = ext2fs_le32_to_cpu(*(const uint32_t *)(inode.raw + INODE_I_BLOCK));
	if (!find.ino)
		return give_up(r, err ? err : E4Z_ET_NOT_FOUND);
	r->rest += len;
	r->ino = find.ino;
	err = inode_read(r->img, r->ino, r->raw, &inode);
	if (err)
		/* the last component may be corrupt: the check will say so */
		return r->rest[strspn(r->rest, "/")] ? give_up(r, err) : 0;
	if (inode_is(&inode, LINUX_S_IFLNK))
		return follow(r, &inode);
	/* "name/" asks for a directory */
	return *r->rest && !inode_is(&inode, LINUX_S_IFDIR) ? give_up(r, ENOTDIR) : 0;
}

static errcode_t walk_rest(struct resolve *r)
{
	errcode_t err = 0;

	while (!err) {
		r->rest += strspn(r->rest, "/");
		if (!*r->rest)
			break;
		err = step(r, strcspn(r->rest, "/"));
	}
	return err;
}

static errcode_t lookup_path(struct resolve *r)
{
	r->ino = EXT2_ROOT_INO;
	r->plain = !strstr(r->name, "//") && (!r->name[1] || r->name[strlen(r->name) - 1] != '/');
	return walk_rest(r);
}

static errcode_t lookup_number(struct resolve *r)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(r->name + 1, &end, 10);
	if (errno || r->name[1] < '0' || r->name[1] > '9' || strcmp(end, ">") != 0)
		return give_up(r, E4Z_ET_USAGE);
	if (n < 1 || n > r->img->inodes)
		return give_up(r, E4Z_ET_NOT_FOUND);
	r->ino = (uint32_t)n;
	if (groups_inode_is_free(r->img, r->ino))
		return image_refuse(r->img, E4Z_ET_NOT_FOUND, "%s: the inode is not in use",
				    r->name);
	return 0;
}

uint64_t lookup_budget(const struct e4z_image *img)
{
	return BUDGET + img->blocks;
}

errcode_t lookup(struct e4z_image *img, struct map_work *work, const char *name, uint32_t *ino,
		 bool *plain)
{
	uint64_t budget = lookup_budget(img);
	struct resolve r = {.img = img, .work = work, .name = name, .budget = &budget};
	errcode_t err;

	if (img->known.name && !strcmp(img->known.name, name)) {
		*ino = img->known.ino;
		*plain = img->known.plain;
		return 0;
	}
	if (*name == '<') {
		err = lookup_number(&r);
	} else if (*name != '/') {
		err = image_refuse(img, E4Z_ET_USAGE, "%s: not an absolute path or <INODE>", name);
	} else {
		r.raw = malloc(img->inode_size);
		r.path = r.rest = strdup(name);
		err = r.raw && r.path ? lookup_path(&r) : ENOMEM;
	}
	*ino = r.ino;
	*plain = r.plain;
	free(r.raw);
	free(r.path);
	return err;
}

errcode_t lookup_link(struct e4z_image *img, struct map_work *work, uint32_t dir, uint32_t link,
		      uint64_t *budget, uint32_t *ino)
{
	struct resolve r = {.img = img,
			    .work = work,
			    .name = "a symbolic link",
			    .raw = malloc(img->inode_size),
			    .path = strdup(""),
			    .budget = budget,
			    .dir = dir,
			    .ino = link};
	struct inode inode;
	errcode_t err = r.raw && r.path ? 0 : ENOMEM;

	r.rest = r.path;
	if (!err)
		err = inode_read(img, link, r.raw, &inode);
	if (!err)
		err = follow(&r, &inode);
	if (!err)
		err = walk_rest(&r);
	*ino = r.ino;
	free(r.raw);
	free(r.path);
	return err;
}
