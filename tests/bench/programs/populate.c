// SPDX-License-Identifier: GPL-2.0-or-later
// Fills a mounted ext4 with many small files and lists which of their tails are to be stained.
/*
 * What a file is like depends on its number alone, so two runs make the same files whatever the
 * number of threads; only the kernel's placement differs. The list has a line "offset length" for
 * each chosen tail, in bytes of the device: the image is stained when it is no longer mounted.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BS 4096u
#define JUNK (256u * 1024)
#define THREADS 2
#define TOP_DIRS 64u

enum kind { EMPTY, ALIGNED, HOLE_TAIL, PLAIN, FRAGMENTED, PREALLOCATED };

struct file {
	enum kind kind;
	uint64_t size;
	uint32_t extents; /* FRAGMENTED: how many */
	bool unwritten;	  /* FRAGMENTED: over preallocation; PREALLOCATED: EOF lies in it */
	bool tail;	  /* a written block holds EOF and is not full */
	bool stale;	  /* that tail is to be stained */
};

static const char *root;
static uint64_t files, dirs, fragmented, long_fragmented, preallocated, stale_every, big_every;
static unsigned char junk[JUNK];

struct counts {
	uint64_t tails, stale, bytes;
};

struct worker {
	pthread_t thread;
	unsigned int first;
	struct counts counts;
	FILE *list;
};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	fputs("populate: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(saved));
	exit(1);
}

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint32_t unaligned(uint64_t r)
{
	return 1 + (uint32_t)(r % (BS - 1));
}

/* Mostly one block, as on most root file systems; the mean is 1.6 blocks. */
static uint64_t plain_size(uint64_t n, uint64_t r)
{
	uint64_t pick = r % 100, more = mix(r);

	if (big_every && n % big_every == 0)
		return (64 + more % 192) * BS + unaligned(r >> 8);
	if (pick < 82)
		return unaligned(r >> 8);
	if (pick < 96)
		return (1 + more % 3) * BS + unaligned(r >> 8);
	return (4 + more % 12) * BS + unaligned(r >> 8);
}

/* The special files are spread evenly over the numbers, so that they lie between the others. */
static bool special(uint64_t n, uint64_t count, uint64_t *which)
{
	uint64_t step = count ? files / count : 0;

	if (!step || n % step || n / step >= count)
		return false;
	*which = n / step;
	return true;
}

static struct file describe(uint64_t n)
{
	uint64_t r = mix(n), pick = (r >> 40) % 1000, which;
	struct file f = {.kind = PLAIN};

	if (special(n, fragmented, &which)) {
		bool is_long = fragmented && which % (fragmented / long_fragmented) == 0;

		f.kind = FRAGMENTED;
		f.extents = is_long ? 345 + (uint32_t)(r % 150) : 5 + (uint32_t)(r % 16);
		f.unwritten = which % 3 == 1;
		f.size = (uint64_t)(2 * f.extents - 2) * BS + unaligned(r >> 8);
	} else if (n && special(n - 1, preallocated, &which)) {
		f.kind = PREALLOCATED;
		f.unwritten = which % 2;
		f.size = (r % 3) * BS + unaligned(r >> 8);
	} else if (pick < 30) {
		f.kind = EMPTY;
	} else if (pick < 55) {
		f.kind = ALIGNED;
		f.size = (1 + r % 2) * BS;
	} else if (pick < 65) {
		f.kind = HOLE_TAIL;
		f.size = (2 + r % 4) * BS + unaligned(r >> 8);
	} else {
		f.size = plain_size(n, r);
	}
	f.tail = f.kind == PLAIN || f.kind == FRAGMENTED ||
		 (f.kind == PREALLOCATED && !f.unwritten);
	f.stale = f.tail && stale_every && mix(r) % stale_every == 0;
	return f;
}

static void dir_name(char *buf, size_t len, uint64_t dir)
{
	snprintf(buf, len, "%s/%02u/%05u", root, (unsigned int)(dir % TOP_DIRS), (unsigned int)dir);
}

static void file_name(char *buf, size_t len, uint64_t n, const char *prefix)
{
	uint64_t dir = n * dirs / files;

	snprintf(buf, len, "%s/%02u/%05u/%s-%07llu.dat", root, (unsigned int)(dir % TOP_DIRS),
		 (unsigned int)dir, prefix, (unsigned long long)n);
}

static void put(int fd, const char *name, uint64_t r, uint64_t off, uint64_t len)
{
	while (len) {
		size_t piece = len < JUNK / 2 ? (size_t)len : JUNK / 2;
		ssize_t got = pwrite(fd, junk + r % (JUNK / 2), piece, (off_t)off);

		if (got <= 0)
			die("write %s", name);
		off += (uint64_t)got;
		len -= (uint64_t)got;
	}
}

/* Every other block: as many extents as blocks, however the kernel places them. */
static void put_fragmented(int fd, const char *name, const struct file *f, uint64_t r)
{
	if (f->unwritten && fallocate(fd, 0, 0, (off_t)f->size))
		die("fallocate %s", name);
	for (uint32_t i = 0; i < f->extents; i++) {
		uint64_t off = (uint64_t)i * 2 * BS;
		uint64_t left = f->size - off;

		put(fd, name, r, off, left < BS ? left : BS);
	}
}

static void make_file(uint64_t n, const struct file *f, const char *prefix)
{
	uint64_t r = mix(n);
	char name[512];
	int fd;

	file_name(name, sizeof(name), n, prefix);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		die("create %s", name);
	switch (f->kind) {
	case EMPTY: break;
	case FRAGMENTED: put_fragmented(fd, name, f, r); break;
	case HOLE_TAIL:
		put(fd, name, r, 0, BS);
		if (ftruncate(fd, (off_t)f->size))
			die("truncate %s", name);
		break;
	case PREALLOCATED:
		if (fallocate(fd, f->unwritten ? 0 : FALLOC_FL_KEEP_SIZE, 0,
			      f->unwritten ? (off_t)f->size : 16 * (off_t)BS))
			die("fallocate %s", name);
		if (!f->unwritten)
			put(fd, name, r, 0, f->size);
		break;
	default: put(fd, name, r, 0, f->size);
	}
	if (close(fd))
		die("close %s", name);
}

/* One in 32 has a short-lived twin: its going leaves free inodes and free blocks in between. */
static void *fill(void *arg)
{
	static const struct file twin = {.kind = PLAIN, .size = 3 * BS};
	struct worker *w = arg;
	char name[512];

	for (uint64_t dir = w->first; dir < dirs; dir += THREADS) {
		uint64_t from = (dir * files + dirs - 1) / dirs,
			 to = ((dir + 1) * files + dirs - 1) / dirs;

		dir_name(name, sizeof(name), dir);
		if (mkdir(name, 0755))
			die("mkdir %s", name);
		for (uint64_t n = from; n < to; n++) {
			struct file f = describe(n);

			make_file(n, &f, "file");
			w->counts.tails += f.tail;
			w->counts.stale += f.stale;
			w->counts.bytes += f.size;
			if (n % 32 == 31)
				make_file(n, &twin, "twin");
		}
		for (uint64_t n = from; n < to; n++) {
			if (n % 32 != 31)
				continue;
			file_name(name, sizeof(name), n, "twin");
			if (unlink(name))
				die("unlink %s", name);
		}
	}
	return NULL;
}

static void list_tail(uint64_t n, const struct file *f, FILE *list)
{
	union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
	} u = {.map = {.fm_start = f->size / BS * BS, .fm_length = BS, .fm_extent_count = 1}};
	const struct fiemap_extent *e = u.map.fm_extents;
	char name[512];
	int fd;

	file_name(name, sizeof(name), n, "file");
	fd = open(name, O_RDONLY);
	if (fd < 0 || ioctl(fd, FS_IOC_FIEMAP, &u.map))
		die("map %s", name);
	close(fd);
	if (u.map.fm_mapped_extents != 1 || e->fe_logical > f->size ||
	    (e->fe_flags & ~(uint32_t)(FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED))) {
		errno = EINVAL;
		die("%s: its tail is not in a written block", name);
	}
	fprintf(list, "%llu %u\n", (unsigned long long)(e->fe_physical + f->size - e->fe_logical),
		(unsigned int)(BS - f->size % BS));
}

static uint64_t number(const char *s)
{
	char *end;
	uint64_t v = strtoull(s, &end, 10);

	if (!*s || *end) {
		errno = EINVAL;
		die("%s", s);
	}
	return v;
}

static void make_top(void)
{
	char name[512];

	for (unsigned int i = 0; i < TOP_DIRS; i++) {
		snprintf(name, sizeof(name), "%s/%02u", root, i);
		if (mkdir(name, 0755))
			die("mkdir %s", name);
	}
	for (size_t i = 0; i < JUNK; i += 8) {
		uint64_t v = mix(i) | 0x0101010101010101u;

		memcpy(junk + i, &v, 8);
	}
}

int main(int argc, char **argv)
{
	struct worker workers[THREADS] = {0};
	struct counts all = {0};
	FILE *list;
	int fd;

	if (argc != 10) {
		fputs("usage: populate DIR FILES DIRS FRAGMENTED LONG PREALLOCATED STALE-EVERY "
		      "BIG-EVERY LIST\n",
		      stderr);
		return 2;
	}
	root = argv[1];
	files = number(argv[2]);
	dirs = number(argv[3]);
	fragmented = number(argv[4]);
	long_fragmented = number(argv[5]);
	preallocated = number(argv[6]);
	stale_every = number(argv[7]);
	big_every = number(argv[8]);
	list = fopen(argv[9], "w");
	if (!list)
		die("%s", argv[9]);
	make_top();
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i].first = i;
		if (pthread_create(&workers[i].thread, NULL, fill, &workers[i]))
			die("thread");
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		all.tails += workers[i].counts.tails;
		all.stale += workers[i].counts.stale;
		all.bytes += workers[i].counts.bytes;
	}
	fd = open(root, O_RDONLY);
	if (fd < 0 || syncfs(fd))
		die("sync %s", root);
	for (uint64_t n = 0; n < files; n++) {
		struct file f = describe(n);

		if (f.stale)
			list_tail(n, &f, list);
	}
	if (fclose(list))
		die("%s", argv[9]);
	printf("\"files\": %llu, \"tails\": %llu, \"stale\": %llu, \"file_bytes\": %llu\n",
	       (unsigned long long)files, (unsigned long long)all.tails,
	       (unsigned long long)all.stale, (unsigned long long)all.bytes);
	return fflush(stdout) ? 1 : 0;
}
