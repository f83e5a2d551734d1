// SPDX-License-Identifier: GPL-2.0-or-later
// Remembers for each inode with a finding, and for each directory, its first name and where that
// stands.
#include "scan/names.h"

#include "base/vec.h"
#include "base/whole.h"
#include "path/dir.h"
#include "sets/spill.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PATH_MAX with its zero byte: longer paths are of no use, and loops have no end. */
#define PATH_LIMIT 4096
/* Bytes of names in memory; the rest goes to an unlinked temporary file. */
#define STORE_MEMORY (8u << 20)
#define NAME_MAX_BYTES 256 /* with the byte for the length */

/* How one inode is reached: the entry at NAME in the store, in directory DIR (0: not met yet). */
struct link {
	uint32_t ino, dir;
	uint64_t name;
};
VEC(link_vec, struct link);
VEC(ino_vec, uint32_t);

struct names {
	struct e4z_image *img;
	struct link_vec wanted, dirs; /* by inode */
	struct ino_vec unread;	      /* directories that could not be read whole */
	struct rangeset *known;	      /* the inodes of both: few of those that directories name */
	struct dir_sieve *sieve;      /* lets through what is known */
	const struct rangeset *dir_set;
	/* names, a length byte before each: the file's part, then the part in memory */
	int fd;
	uint64_t in_file;
	char *store;
	size_t stored;
	uint32_t reading; /* the directory that is being read */
	uint64_t budget;  /* blocks of directories that may still be read */
	errcode_t err;
	char path[PATH_LIMIT];
};

static struct link *find_link(const struct link_vec *v, uint32_t ino)
{
	size_t low = 0, high = v->count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (v->items[mid].ino < ino)
			low = mid + 1;
		else
			high = mid;
	}
	return low < v->count && v->items[low].ino == ino ? &v->items[low] : NULL;
}

static errcode_t flush_store(struct names *names)
{
	errcode_t err;

	if (names->fd < 0) {
		err = spill_tmpfile(&names->fd);
		if (err)
			return err;
	}
	err = whole_pwrite(names->fd, names->store, names->stored, names->in_file);
	if (err)
		return err;
	names->in_file += names->stored;
	names->stored = 0;
	return 0;
}

static errcode_t store_name(struct names *names, const struct dir_entry *entry, uint64_t *at)
{
	if (names->stored + NAME_MAX_BYTES > STORE_MEMORY) {
		errcode_t err = flush_store(names);

		if (err)
			return err;
	}
	*at = names->in_file + names->stored;
	names->store[names->stored++] = (char)entry->name_len;
	memcpy(names->store + names->stored, entry->name, entry->name_len);
	names->stored += entry->name_len;
	return 0;
}

/* The name at AT into BUF; *LEN its length. */
static errcode_t load_name(const struct names *names, uint64_t at, char *buf, size_t *len)
{
	ssize_t n;

	if (at >= names->in_file) {
		const char *p = names->store + (at - names->in_file);

		*len = (uint8_t)*p;
		memcpy(buf, p + 1, *len);
		return 0;
	}
	do
		n = pread(names->fd, buf, NAME_MAX_BYTES, (off_t)at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	*len = (uint8_t)buf[0];
	if (n < 1 || (size_t)n < *len + 1)
		return EIO;
	memmove(buf, buf + 1, *len);
	return 0;
}

static bool is_dot(const struct dir_entry *entry)
{
	return entry->name[0] == '.' &&
	       (entry->name_len == 1 || (entry->name_len == 2 && entry->name[1] == '.'));
}

/* No path can be made of it, or a wrong one. */
static bool is_no_name(const struct dir_entry *entry)
{
	return memchr(entry->name, '/', entry->name_len) ||
	       memchr(entry->name, '\0', entry->name_len);
}

static errcode_t know(struct names *names, uint64_t first, uint64_t len)
{
	for (uint64_t ino = first; ino < first + len && ino < first + DIR_SIEVE_BITS; ino++)
		dir_sieve_add(names->sieve, (uint32_t)ino);
	return rangeset_add(names->known, first, len, NULL);
}

/*
 * Directories come by rising number and their entries by rising offset: the first one met is kept.
 */
static bool on_entry(void *arg, const struct dir_entry *entry)
{
	struct names *names = arg;
	struct link *links[2];
	uint64_t at = 0;

	if (!rangeset_has(names->known, entry->ino))
		return true;
	links[0] = find_link(&names->wanted, entry->ino);
	links[1] = find_link(&names->dirs, entry->ino);
	for (int i = 0; i < 2; i++)
		if (links[i] && links[i]->dir)
			links[i] = NULL;
	if ((!links[0] && !links[1]) || is_dot(entry) || is_no_name(entry))
		return true;
	names->err = store_name(names, entry, &at);
	for (int i = 0; i < 2 && !names->err; i++) {
		if (!links[i])
			continue;
		links[i]->dir = names->reading;
		links[i]->name = at;
	}
	return !names->err;
}

static errcode_t collect_wanted(struct names *names, struct findings *findings)
{
	const struct e4z_finding *finding;
	uint32_t last = 0;
	errcode_t err = findings_rewind(findings);

	while (!err) {
		struct link link;

		err = findings_next(findings, &finding);
		if (err || !finding)
			break;
		if (!finding->ino || finding->ino == last)
			continue;
		last = finding->ino;
		link = (struct link){.ino = last};
		if (vec_push(&names->wanted, link))
			return ENOMEM;
		err = know(names, last, 1);
	}
	return err;
}

static errcode_t collect_dirs(struct names *names)
{
	uint64_t from = 0, start, len;

	while (rangeset_next(names->dir_set, &from, &start, &len)) {
		for (uint64_t i = 0; i < len; i++) {
			struct link link = {.ino = (uint32_t)(start + i)};

			if (vec_push(&names->dirs, link))
				return ENOMEM;
		}
		if (know(names, start, len))
			return ENOMEM;
	}
	return 0;
}

static errcode_t read_dirs(struct names *names, const struct findings *findings,
			   const struct names_options *options)
{
	struct e4z_image *img = names->img;
	uint8_t *raw = malloc(img->inode_size);
	struct map_work work = {.stop = options->stop};
	const struct dir_sink sink = {.entry = on_entry, .arg = names, .sieve = names->sieve};
	struct inode inode;
	errcode_t err = map_work_init(img, &work);

	if (!raw)
		err = ENOMEM;
	for (size_t i = 0; i < names->dirs.count && !err; i++) {
		uint32_t ino = names->dirs.items[i].ino;

		if (options->stop && *options->stop)
			err = E4Z_ET_INTERRUPTED;
		else if (options->watch)
			err = options->watch(options->arg, E4Z_PASS_NAMES, i, names->dirs.count);
		if (err || findings_is_unreadable(findings, ino) ||
		    inode_read(img, ino, raw, &inode))
			continue;
		names->reading = ino;
		/* what a damaged directory does not name stays without a name */
		if (dir_walk(img, &work, &inode, &names->budget, &sink, NULL) && !names->err &&
		    vec_push(&names->unread, ino))
			names->err = ENOMEM;
		err = names->err;
	}
	map_work_free(&work);
	free(raw);
	return err;
}

errcode_t names_new(struct e4z_image *img, struct findings *findings, const struct rangeset *dirs,
		    const struct names_options *options, struct names **out)
{
	struct names *names = malloc(sizeof(*names));
	errcode_t err;

	*out = names;
	if (!names)
		return ENOMEM;
	memset(names, 0, offsetof(struct names, path));
	names->img = img;
	names->fd = -1;
	names->budget = img->blocks;
	names->dir_set = dirs;
	names->known = rangeset_new((uint64_t)img->inodes + 1);
	names->store = malloc(STORE_MEMORY);
	names->sieve = calloc(1, sizeof(*names->sieve));
	if (!names->known || !names->store || !names->sieve)
		return ENOMEM;
	err = collect_wanted(names, findings);
	if (!err)
		err = collect_dirs(names);
	return err ? err : read_dirs(names, findings, options);
}

void names_free(struct names *names)
{
	if (!names)
		return;
	vec_free(&names->wanted);
	vec_free(&names->dirs);
	vec_free(&names->unread);
	rangeset_free(names->known);
	free(names->sieve);
	free(names->store);
	if (names->fd >= 0)
		close(names->fd);
	free(names);
}

const uint32_t *names_unread(const struct names *names, size_t *count)
{
	*count = names->unread.count;
	return names->unread.items;
}

errcode_t names_path(struct names *names, uint32_t ino, const char **path)
{
	char *at = names->path + PATH_LIMIT - 1;
	const struct link *link = find_link(&names->wanted, ino);
	char name[NAME_MAX_BYTES];

	*path = NULL;
	*at = '\0';
	if (ino == EXT2_ROOT_INO)
		*--at = '/';
	while (ino != EXT2_ROOT_INO) {
		size_t len = 0;
		errcode_t err;

		if (!link || !link->dir)
			return 0;
		err = load_name(names, link->name, name, &len);
		if (err)
			return err;
		if ((size_t)(at - names->path) < len + 1)
			return 0;
		at -= len;
		memcpy(at, name, len);
		*--at = '/';
		ino = link->dir;
		link = find_link(&names->dirs, ino);
	}
	*path = at;
	return 0;
}
