// SPDX-License-Identifier: GPL-2.0-or-later
// The floor of the benchmark: reads inode tables, tree blocks and tails in physical order, no more.
/*
 * It is what a check cannot be faster than: no checksum, bitmap, claim, name or finding, only the
 * preads and the search for a non-zero byte past each EOF. It need only be right on the images of
 * this benchmark (extents, no bigalloc, no meta_bg) and shares no code with the library. Three
 * phases, each spread over the threads:
 *
 *   tables   used parts of the inode tables; a tail named by a tree of depth 0 is noted at once
 *   trees    one level at a time, only the path to the EOF block, sorted by place
 *   tails    radix-sorted by block; neighbours, and with -g those up to GAP blocks apart, become
 *            one pread that starts at the first EOF
 *   zeroes   with -w: stale tails become zero, in order, and one fdatasync
 *
 * With -l each pread is listed: its offset and length.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST (256u * 1024)
#define MAX_THREADS 16
#define EXTENTS_FL 0x80000u
#define INLINE_FL 0x10000000u
#define ENCRYPT_FL 0x800u
#define BG_INODE_UNINIT 1u
#define UNWRITTEN_OVER 32768u

#ifdef __x86_64__
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/* A tail is pblk << 16 | offset of EOF in the block, so that one word sorts and says it all. */
struct words {
	uint64_t *v;
	size_t n, room;
};

struct node {
	uint64_t pblk;
	uint32_t lblk;
	uint16_t off;
};

struct nodes {
	struct node *v;
	size_t n, room;
};

struct table {
	uint64_t off;
	uint32_t len;
};

struct piece {
	size_t first, n;
	uint32_t len;
};

struct floor {
	int fd;
	unsigned int threads, gap;
	bool write;
	bool list;
	uint32_t bs, bits, isize;
	uint64_t blocks;
	struct table *tables;
	size_t n_tables;
	struct nodes nodes; /* the level that is being read */
	struct words tails;
	struct piece *pieces;
	size_t n_pieces;
	atomic_size_t next;
};

struct worker {
	struct floor *fl;
	pthread_t thread;
	unsigned char *buf;
	struct words tails;
	struct words dirty; /* the stale ones */
	struct nodes nodes;
	uint64_t inodes, stale, bytes, preads;
};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;

	fputs("floor: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(8);
}

static uint16_t le16(const unsigned char *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return le16toh(v);
}

static uint32_t le32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return le32toh(v);
}

static void *grow(void *v, size_t *room, size_t size)
{
	*room = *room ? *room * 2 : 4096;
	v = realloc(v, *room * size);
	if (!v)
		die("out of memory");
	return v;
}

static void add_word(struct words *w, uint64_t word)
{
	if (w->n == w->room)
		w->v = grow(w->v, &w->room, sizeof(*w->v));
	w->v[w->n++] = word;
}

static void add_node(struct nodes *w, struct node node)
{
	if (w->n == w->room)
		w->v = grow(w->v, &w->room, sizeof(*w->v));
	w->v[w->n++] = node;
}

static void get(const struct floor *fl, void *buf, size_t len, uint64_t off)
{
	ssize_t got = pread(fl->fd, buf, len, (off_t)off);

	if (got != (ssize_t)len)
		die("%zu bytes at %" PRIu64 ": %s", len, off, got < 0 ? strerror(errno) : "short");
}

static void get_counted(struct worker *w, size_t len, uint64_t off)
{
	if (w->fl->list)
		printf("%" PRIu64 " %zu\n", off, len);
	get(w->fl, w->buf, len, off);
	w->bytes += len;
	w->preads++;
}

WIDE static bool nonzero(const unsigned char *p, size_t n)
{
	unsigned char any = 0;

	while (n >= 256) {
		for (unsigned int i = 0; i < 256; i++)
			any |= p[i];
		if (any)
			return true;
		p += 256;
		n -= 256;
	}
	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return any;
}

/* One node of a tree: a tail, one more node to read, or nothing: the EOF block is not written. */
static void descend(struct worker *w, const unsigned char *hdr, size_t room, uint32_t lblk,
		    uint16_t off)
{
	unsigned int n = le16(hdr + 2), depth = le16(hdr + 6), i = n;

	if (le16(hdr) != 0xf30a || 12 + (size_t)n * 12 > room)
		die("not an extent header");
	while (i && le32(hdr + (size_t)i * 12) > lblk)
		i--;
	if (!i)
		return;
	hdr += (size_t)i * 12;
	if (depth) {
		uint64_t pblk = le32(hdr + 4) | (uint64_t)le16(hdr + 8) << 32;

		add_node(&w->nodes, (struct node){.pblk = pblk, .lblk = lblk, .off = off});
	} else {
		uint64_t pblk = le32(hdr + 8) | (uint64_t)le16(hdr + 6) << 32;
		uint32_t first = le32(hdr), len = le16(hdr + 4);

		if (len <= UNWRITTEN_OVER && lblk - first < len)
			add_word(&w->tails, (pblk + (lblk - first)) << 16 | off);
	}
}

static void judge_inode(struct worker *w, const unsigned char *raw)
{
	const struct floor *fl = w->fl;
	uint64_t size = le32(raw + 4) | (uint64_t)le32(raw + 108) << 32;
	uint16_t off = (uint16_t)(size & (fl->bs - 1));
	uint32_t flags = le32(raw + 32);

	w->inodes++;
	if ((le16(raw) & S_IFMT) != S_IFREG || !off || (flags & (INLINE_FL | ENCRYPT_FL)))
		return;
	if (!(flags & EXTENTS_FL))
		die("a file without extents: not an image of this benchmark");
	descend(w, raw + 40, 60, (uint32_t)(size >> fl->bits), off);
}

static void *read_tables(void *arg)
{
	struct worker *w = arg;
	struct floor *fl = w->fl;
	size_t i;

	while ((i = atomic_fetch_add_explicit(&fl->next, 1, memory_order_relaxed)) < fl->n_tables) {
		const struct table *t = &fl->tables[i];

		get_counted(w, t->len, t->off);
		for (uint32_t at = 0; at < t->len; at += fl->isize)
			if (le16(w->buf + at + 26))
				judge_inode(w, w->buf + at);
	}
	return NULL;
}

static void *read_nodes(void *arg)
{
	struct worker *w = arg;
	struct floor *fl = w->fl;
	const struct node *v = fl->nodes.v;
	size_t i;

	while ((i = atomic_fetch_add_explicit(&fl->next, 1, memory_order_relaxed)) < fl->n_pieces) {
		const struct piece *p = &fl->pieces[i];
		const struct node *first = v + p->first;

		get_counted(w, p->len, first->pblk << fl->bits);
		for (size_t k = 0; k < p->n; k++)
			descend(w, w->buf + ((first[k].pblk - first->pblk) << fl->bits), fl->bs,
				first[k].lblk, first[k].off);
	}
	return NULL;
}

static void *read_tails(void *arg)
{
	struct worker *w = arg;
	struct floor *fl = w->fl;
	size_t i;

	while ((i = atomic_fetch_add_explicit(&fl->next, 1, memory_order_relaxed)) < fl->n_pieces) {
		const struct piece *p = &fl->pieces[i];
		const uint64_t *first = fl->tails.v + p->first;
		uint64_t from = ((first[0] >> 16) << fl->bits) + (uint16_t)first[0];

		get_counted(w, p->len - (uint16_t)first[0], from);
		for (size_t k = 0; k < p->n; k++) {
			uint32_t off = (uint16_t)first[k];
			uint64_t at = ((first[k] >> 16) << fl->bits) + off;

			if (!nonzero(w->buf + (at - from), fl->bs - off))
				continue;
			w->stale++;
			if (fl->write)
				add_word(&w->dirty, first[k]);
		}
	}
	return NULL;
}

static int by_word(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Take all stale tails together, and zero them from the first block to the last. */
static void zero_tails(struct worker *workers)
{
	static const unsigned char zeroes[65536];
	struct floor *fl = workers->fl;
	struct words all = {0};

	for (unsigned int i = 0; i < fl->threads; i++)
		for (size_t k = 0; k < workers[i].dirty.n; k++)
			add_word(&all, workers[i].dirty.v[k]);
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_word);
	for (size_t i = 0; i < all.n; i++) {
		uint32_t off = (uint16_t)all.v[i];
		uint64_t at = ((all.v[i] >> 16) << fl->bits) + off;

		if (pwrite(fl->fd, zeroes, fl->bs - off, (off_t)at) != (ssize_t)(fl->bs - off))
			die("cannot write: %s", strerror(errno));
	}
	if (fdatasync(fl->fd))
		die("cannot write: %s", strerror(errno));
	free(all.v);
}

static void run_phase(struct worker *workers, void *(*phase)(void *))
{
	struct floor *fl = workers->fl;

	atomic_store(&fl->next, 0);
	for (unsigned int i = 1; i < fl->threads; i++)
		if (pthread_create(&workers[i].thread, NULL, phase, &workers[i]))
			die("cannot start a thread");
	phase(&workers[0]);
	for (unsigned int i = 1; i < fl->threads; i++)
		pthread_join(workers[i].thread, NULL);
}

/* Least significant digit first, 11 bits of the block number at a time. */
static void sort_tails(struct floor *fl)
{
	struct words *w = &fl->tails;
	uint64_t *from = w->v, *to = malloc((w->n + 1) * sizeof(*to)), *swap;

	if (!to)
		die("out of memory");
	for (unsigned int shift = 16; fl->blocks >> (shift - 16); shift += 11) {
		size_t at[2048] = {0}, sum = 0;

		for (size_t i = 0; i < w->n; i++)
			at[from[i] >> shift & 2047]++;
		for (unsigned int i = 0; i < 2048; i++) {
			size_t n = at[i];

			at[i] = sum;
			sum += n;
		}
		for (size_t i = 0; i < w->n; i++)
			to[at[from[i] >> shift & 2047]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	w->v = from;
	free(to);
}

static int by_place(const void *a, const void *b)
{
	uint64_t x = ((const struct node *)a)->pblk, y = ((const struct node *)b)->pblk;

	return (x > y) - (x < y);
}

static uint64_t place(const struct floor *fl, bool tails, size_t i)
{
	return tails ? fl->tails.v[i] >> 16 : fl->nodes.v[i].pblk;
}

static void plan(struct floor *fl, bool tails)
{
	size_t n = tails ? fl->tails.n : fl->nodes.n, room = 0;

	free(fl->pieces);
	fl->pieces = NULL;
	fl->n_pieces = 0;
	for (size_t i = 0; i < n;) {
		uint64_t first = place(fl, tails, i), last = first;
		size_t k = i + 1;

		if (first >= fl->blocks)
			die("block %" PRIu64 " is past the end", first);
		for (; k < n; k++) {
			uint64_t pblk = place(fl, tails, k);

			if (pblk - last > fl->gap + 1 || ((pblk - first + 1) << fl->bits) > REQUEST)
				break;
			last = pblk;
		}
		if (fl->n_pieces == room)
			fl->pieces = grow(fl->pieces, &room, sizeof(*fl->pieces));
		fl->pieces[fl->n_pieces++] =
			(struct piece){i, k - i, (uint32_t)((last - first + 1) << fl->bits)};
		i = k;
	}
}

/* The first thread's list is taken over as it is: it is all there is when there is no second. */
static void gather_tails(struct worker *workers)
{
	struct words *all = &workers->fl->tails;

	for (unsigned int i = 0; i < workers->fl->threads; i++) {
		struct words *w = &workers[i].tails;

		if (!all->n && !all->v) {
			*all = *w;
		} else {
			while (all->room < all->n + w->n)
				all->v = grow(all->v, &all->room, sizeof(*all->v));
			if (w->n)
				memcpy(all->v + all->n, w->v, w->n * sizeof(*w->v));
			all->n += w->n;
			free(w->v);
		}
		*w = (struct words){0};
	}
}

static void gather_nodes(struct worker *workers)
{
	struct nodes *all = &workers->fl->nodes;

	all->n = 0;
	for (unsigned int i = 0; i < workers->fl->threads; i++) {
		for (size_t k = 0; k < workers[i].nodes.n; k++)
			add_node(all, workers[i].nodes.v[k]);
		workers[i].nodes.n = 0;
	}
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_place);
}

static int by_offset(const void *a, const void *b)
{
	uint64_t x = ((const struct table *)a)->off, y = ((const struct table *)b)->off;

	return (x > y) - (x < y);
}

/* The used part of each group's table, in requests. */
static void plan_tables(struct floor *fl, const unsigned char *sb)
{
	uint32_t per_group = le32(sb + 40), bpg = le32(sb + 32), first = le32(sb + 20);
	bool wide = le32(sb + 96) & 0x80, sums = le32(sb + 100) & 0x410;
	size_t desc = wide ? le16(sb + 254) : 32, room = 0;
	uint64_t groups = (fl->blocks - first + bpg - 1) / bpg;
	unsigned char *gdt = malloc(groups * desc);

	if (!gdt)
		die("out of memory");
	get(fl, gdt, groups * desc, (uint64_t)(first + 1) << fl->bits);
	for (uint64_t g = 0; g < groups; g++) {
		const unsigned char *d = gdt + g * desc;
		uint64_t off = le32(d + 8) | (desc >= 64 ? (uint64_t)le32(d + 40) << 32 : 0);
		uint32_t unused = le16(d + 28) | (desc >= 64 ? (uint32_t)le16(d + 50) << 16 : 0),
			 left;

		if (sums && (le16(d + 18) & BG_INODE_UNINIT))
			continue;
		left = (per_group - (sums ? unused : 0)) * fl->isize;
		for (off <<= fl->bits; left; off += REQUEST) {
			uint32_t len = left < REQUEST ? left : REQUEST;

			if (fl->n_tables == room)
				fl->tables = grow(fl->tables, &room, sizeof(*fl->tables));
			fl->tables[fl->n_tables++] = (struct table){off, len};
			left -= len;
		}
	}
	free(gdt);
	if (fl->n_tables)
		qsort(fl->tables, fl->n_tables, sizeof(*fl->tables), by_offset);
}

static void open_image(struct floor *fl, const char *name)
{
	unsigned char sb[1024];
	uint32_t incompat;

	fl->fd = open(name, (fl->write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fl->fd < 0)
		die("%s: %s", name, strerror(errno));
	get(fl, sb, sizeof(sb), 1024);
	incompat = le32(sb + 96);
	/* filetype, recover, extents, 64bit, flex_bg, csum_seed, largedir */
	if (le16(sb + 56) != 0xef53 || (incompat & ~0x62c6u) || (le32(sb + 100) & 0x200))
		die("%s: not an image of this benchmark", name);
	fl->bits = 10 + le32(sb + 24);
	fl->bs = 1u << fl->bits;
	fl->isize = le16(sb + 88);
	fl->blocks = le32(sb + 4) | (incompat & 0x80 ? (uint64_t)le32(sb + 336) << 32 : 0);
	plan_tables(fl, sb);
}

static void scan(struct worker *workers)
{
	struct floor *fl = workers->fl;

	run_phase(workers, read_tables);
	for (gather_nodes(workers); fl->nodes.n; gather_nodes(workers)) {
		plan(fl, false);
		run_phase(workers, read_nodes);
	}
	gather_tails(workers);
	sort_tails(fl);
	plan(fl, true);
	run_phase(workers, read_tails);
}

static void options(struct floor *fl, int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "j:g:lw")) != -1) {
		unsigned long v = optarg ? strtoul(optarg, NULL, 10) : 0;

		if (opt == 'w')
			fl->write = true;
		else if (opt == 'l')
			fl->list = true;
		else if (opt == 'j' && v >= 1 && v <= MAX_THREADS)
			fl->threads = (unsigned int)v;
		else if (opt == 'g' && v <= 64)
			fl->gap = (unsigned int)v;
		else
			optind = argc;
	}
	if (optind != argc - 1) {
		fputs("usage: floor [-j THREADS] [-g GAP] [-l] [-w] IMAGE\n", stderr);
		exit(16);
	}
}

int main(int argc, char **argv)
{
	struct floor fl = {.threads = 1};
	struct worker workers[MAX_THREADS] = {0}, sum = {0};

	options(&fl, argc, argv);
	open_image(&fl, argv[optind]);
	for (unsigned int i = 0; i < fl.threads; i++) {
		workers[i].fl = &fl;
		if (posix_memalign((void **)&workers[i].buf, 4096, REQUEST))
			die("out of memory");
	}
	scan(workers);
	if (fl.write)
		zero_tails(workers);
	for (unsigned int i = 0; i < fl.threads; i++) {
		sum.inodes += workers[i].inodes;
		sum.stale += workers[i].stale;
		sum.bytes += workers[i].bytes;
		sum.preads += workers[i].preads;
	}
	printf("inodes %" PRIu64 " tails %zu stale %" PRIu64 " bytes %" PRIu64 " preads %" PRIu64
	       "\n",
	       sum.inodes, fl.tails.n, sum.stale, sum.bytes, sum.preads);
	return fflush(stdout) ? 8 : 0;
}
