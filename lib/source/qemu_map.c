// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qemu-img reads the tables of the image; we read the clusters. Its output is accepted if
 * it is consistent: pieces follow each other, lie inside the file, and end where the image does.
 * Two of them may be the same cluster, which is harmless for reading.
 */
#include "source/qemu_map.h"

#include "base/bytes.h"
#include "base/whole.h"
#include "errors.h"
#include "io/clock.h"
#include "io/host_stat.h"
#include "source/map_json.h"
#include "source/spawn.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#define HEADER 104 /* of version 3; that of version 2 has 72 */
#define READ_SIZE 65536
#define LOOK_MS 100 /* the interval at which STOP is read */

/* Offsets in the header; its numbers are big-endian. */
enum { AT_VERSION = 4, AT_BACKING = 8, AT_SIZE = 24, AT_CRYPT = 32, AT_INCOMPATIBLE = 72 };

/* Bits of incompatible features; of the others qemu-img knows better. */
#define DATA_FILE 4u

struct map {
	int fd;
	uint64_t file_size, size; /* of the image */
	int timeout_ms;
	const volatile int *stop;
	struct mapped_list list;
	uint64_t done;
	bool plain;   /* some of it can be read from the file */
	bool partial; /* some of it must be read from the rest */
};

/* All of its bytes are in this file, and not encrypted. */
static bool is_plain(struct map *m)
{
	uint8_t h[HEADER] = {0};
	off_t end = lseek(m->fd, 0, SEEK_END);

	if (end < HEADER || whole_pread(m->fd, h, sizeof(h), 0))
		return false;
	m->file_size = (uint64_t)end;
	/* QEMU counts sectors, and ignores an incomplete one at the end */
	m->size = get_be64(h + AT_SIZE) & ~(uint64_t)(SECTOR - 1);
	if (get_be32(h + AT_VERSION) > 2 && get_be64(h + AT_INCOMPATIBLE) & DATA_FILE)
		return false;
	return !get_be64(h + AT_BACKING) && !get_be32(h + AT_CRYPT) && m->size <= INT64_MAX;
}

/* ---- the output of qemu-img ---- */

static errcode_t add(struct map *m, enum mapped_kind kind, uint64_t len, uint64_t off)
{
	errcode_t err = mapped_add(&m->list, kind, len, off, 0);

	m->plain |= kind == MAPPED_FILE && len;
	m->partial |= kind == MAPPED_REST && len;
	return err;
}

static errcode_t take_extent(void *arg, const struct map_extent *e)
{
	struct map *m = arg;
	uint64_t in_file = 0;
	errcode_t err;

	if (e->start != m->done || !e->length || e->length > m->size - m->done)
		return E4Z_ET_STATE;
	m->done += e->length;
	if (e->zero)
		return add(m, MAPPED_ZERO, e->length, 0);
	if (e->data && e->has_offset && !e->depth && !e->compressed && e->offset < m->file_size)
		in_file = m->file_size - e->offset;
	/* the last cluster may be incomplete in the file; QEMU reads the bytes past the end */
	if (in_file > e->length)
		in_file = e->length;
	err = add(m, MAPPED_FILE, in_file, e->offset);
	return err ? err : add(m, MAPPED_REST, e->length - in_file, 0);
}

/* Replace the last piece by one for the rest of the image, which the map does not cover. */
static errcode_t leave_rest(struct map *m)
{
	struct mapped_piece *last = &m->list.items[m->list.count - 1];

	m->partial = true;
	last->kind = MAPPED_REST;
	last->len = m->size - last->at;
	return 0;
}

/* ---- running qemu-img ---- */

/* Read from its output: returns the number of bytes, 0 at its end, -1 if none came in time. */
static ssize_t read_some(const struct map *m, int fd, char *buf, size_t size)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	const uint64_t end = clock_now_ms() + (unsigned)m->timeout_ms;
	ssize_t got;
	int n;

	do
		n = poll(&ready, 1, LOOK_MS);
	while ((!n || (n < 0 && errno == EINTR)) && clock_now_ms() < end && !(m->stop && *m->stop));
	if (n <= 0)
		return -1;
	do
		got = read(fd, buf, size);
	while (got < 0 && errno == EINTR);
	return got;
}

static errcode_t read_map(struct map *m, int fd)
{
	struct map_json json = {.take = take_extent, .arg = m};
	char *buf = malloc(READ_SIZE);
	errcode_t err = buf ? 0 : ENOMEM;
	ssize_t n = 0;

	while (!err && (n = read_some(m, fd, buf, READ_SIZE)) > 0)
		err = map_json_feed(&json, buf, (size_t)n);
	free(buf);
	if (err)
		return err;
	return n || !map_json_is_whole(&json) || m->done != m->size ? E4Z_ET_STATE : 0;
}

/* E4Z_ET_STATE: there is no map. */
static errcode_t ask(struct map *m, bool is_block)
{
	/* the open descriptor: another file may have its name by now, or the name may have a
	 * meaning for QEMU; no lock of its own, as the caller has one */
	static const char file[] =
		"json:{\"driver\":\"qcow2\",\"backing\":null,\"file\":{\"driver\":\"file\","
		"\"filename\":\"/proc/self/fd/3\",\"locking\":\"off\"}}";
	static const char device[] =
		"json:{\"driver\":\"qcow2\",\"backing\":null,\"file\":{\"driver\":\"host_device\","
		"\"filename\":\"/proc/self/fd/3\",\"locking\":\"off\"}}";
	const char *argv[] = {"qemu-img", "map", "--output=json", is_block ? device : file, NULL};
	const struct spawn s = {
		.argv = argv, .fds = &m->fd, .fd_count = 1, .output = true, .stop = m->stop};
	struct spawned child;
	errcode_t err;
	int status;

	if (spawn_start(&s, &child))
		return E4Z_ET_STATE;
	err = read_map(m, child.out);
	if (err == E2BIG) {
		spawn_end(&child, 0, NULL);
		return leave_rest(m);
	}
	/* after the end of its output it should exit at once */
	spawn_end(&child, err ? 0 : (unsigned)m->timeout_ms, &status);
	return !err && status ? E4Z_ET_STATE : err;
}

errcode_t qemu_map_open(const char *path, int fd, unsigned timeout_s, const volatile int *stop,
			const struct mapped_rest *rest, struct blkdev **dev)
{
	struct map m = {.fd = fd, .stop = stop};
	struct stat st;
	errcode_t err;

	*dev = NULL;
	m.timeout_ms = timeout_s < INT_MAX / 1000 ? (int)timeout_s * 1000 : INT_MAX;
	if (host_fstat(fd, &st) < 0 || !is_plain(&m))
		return 0;
	err = ask(&m, S_ISBLK(st.st_mode));
	if (!err && m.plain && (rest || !m.partial))
		return mapped_open(path, fd, m.list.items, m.list.count, rest, dev);
	vec_free(&m.list);
	return 0;
}
