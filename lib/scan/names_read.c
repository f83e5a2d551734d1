// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the directories, by several threads, for the first name of each inode that has a link.
#include "scan/names_state.h"

#include "base/cleanup.h"
#include "base/pool.h"
#include "base/whole.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIRS_A_JOB 64

/* One thread that reads directories. */
struct reader {
	struct names *names;
	uint8_t *raw;
	struct map_work work;
	uint32_t dir;	 /* that is being read */
	uint64_t budget; /* blocks of directories that it may still read */
	errcode_t err;
};

struct link *names_find(const struct link_vec *v, uint32_t ino)
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
		err = tmpfiles_take(&names->img->tmpfiles, &names->fd);
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

/* The name of LINK that is kept is the first one: by the number of its directory, then by place. */
static bool comes_first(const struct link *link, uint32_t dir)
{
	return link && (!link->dir || dir < link->dir);
}

/* ENTRY, which R met, is a name of what LINKS stand for; NULL: of none. */
static errcode_t keep_name(struct reader *r, const struct dir_entry *entry, struct link *links[2])
{
	bool first[2] = {comes_first(links[0], r->dir), comes_first(links[1], r->dir)};
	uint64_t at = 0;
	errcode_t err = first[0] || first[1] ? store_name(r->names, entry, &at) : 0;

	for (int i = 0; i < 2 && !err; i++) {
		if (!first[i])
			continue;
		links[i]->dir = r->dir;
		links[i]->name = at;
	}
	return err;
}

static bool on_entry(void *arg, const struct dir_entry *entry)
{
	struct reader *r = arg;
	struct names *names = r->names;
	struct link *links[2];

	if (!rangeset_has(names->known, entry->ino) || is_dot(entry) || is_no_name(entry))
		return true;
	links[0] = names_find(&names->wanted, entry->ino);
	links[1] = names_find(&names->dirs, entry->ino);
	pthread_mutex_lock(&names->lock);
	r->err = keep_name(r, entry, links);
	pthread_mutex_unlock(&names->lock);
	return !r->err;
}

static int compare_inos(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static errcode_t read_dir(struct reader *r, uint32_t ino)
{
	struct names *names = r->names;
	const struct dir_sink sink = {.entry = on_entry, .arg = r, .sieve = names->sieve};
	struct inode inode;

	if (names->options.stop && *names->options.stop)
		return E4Z_ET_INTERRUPTED;
	if (findings_is_unreadable(names->findings, ino) ||
	    inode_read(names->img, ino, r->raw, &inode))
		return 0;
	r->dir = ino;
	/* what a corrupt directory does not name stays without a name */
	if (dir_walk(names->img, &r->work, &inode, &r->budget, &sink, NULL) && !r->err) {
		pthread_mutex_lock(&names->lock);
		r->err = vec_push(&names->unread, ino) ? ENOMEM : 0;
		pthread_mutex_unlock(&names->lock);
	}
	return r->err;
}

/* Several readers had more blocks to read than there are: what is left out must not be chance. */
static bool is_overdrawn(const struct names *names)
{
	return names->reader_count > 1 && names->blocks_read >= names->img->blocks;
}

static errcode_t read_some(void *arg, unsigned worker, uint64_t job)
{
	struct names *names = arg;
	struct reader *r = &names->readers[worker];
	uint64_t budget = r->budget, end = (job + 1) * DIRS_A_JOB;
	errcode_t err = 0;

	if (end > names->dirs.count)
		end = names->dirs.count;
	for (uint64_t i = job * DIRS_A_JOB; i < end && !err; i++)
		err = read_dir(r, names->dirs.items[i].ino);
	names->blocks_read += budget - r->budget;
	return !err && is_overdrawn(names) ? E4Z_ET_BAD_DIR : err;
}

static errcode_t watch_some(void *arg, uint64_t taken)
{
	const struct names *names = arg;
	uint64_t count = names->dirs.count, done = taken * DIRS_A_JOB;

	if (!names->options.watch)
		return 0;
	return names->options.watch(names->options.arg, E4Z_PASS_NAMES, done < count ? done : count,
				    count);
}

static errcode_t run_readers(struct names *names, unsigned count, uint64_t jobs)
{
	AUTO_FREE struct reader *readers = calloc(count, sizeof(*readers));
	errcode_t err = readers ? 0 : ENOMEM;

	names->readers = readers;
	names->reader_count = count;
	names->blocks_read = 0;
	for (unsigned i = 0; i < count && !err; i++) {
		struct reader *r = &readers[i];

		*r = (struct reader){.names = names,
				     .raw = malloc(names->img->inode_size),
				     .work = {.stop = names->options.stop},
				     .budget = names->img->blocks};
		err = r->raw ? map_work_init(names->img, &r->work) : ENOMEM;
	}
	if (!err)
		err = pool_run(count, jobs, read_some, watch_some, names);
	names->readers = NULL;
	for (unsigned i = 0; i < count && readers; i++) {
		map_work_free(&readers[i].work);
		free(readers[i].raw);
	}
	return err;
}

static void forget_links(struct link_vec *v)
{
	for (size_t i = 0; i < v->count; i++)
		v->items[i].dir = 0;
}

errcode_t names_read_dirs(struct names *names)
{
	uint64_t jobs = (names->dirs.count + DIRS_A_JOB - 1) / DIRS_A_JOB;
	unsigned count = jobs < names->options.workers ? (unsigned)jobs : names->options.workers;
	errcode_t err = run_readers(names, count ? count : 1, jobs);

	if (is_overdrawn(names) && err == E4Z_ET_BAD_DIR) {
		forget_links(&names->wanted);
		forget_links(&names->dirs);
		names->unread.count = 0;
		err = run_readers(names, 1, jobs);
	}
	if (names->unread.count)
		qsort(names->unread.items, names->unread.count, sizeof(*names->unread.items),
		      compare_inos);
	return err;
}
