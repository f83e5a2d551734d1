// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The doors to an image, found by going down from what was given (a partition lies on its disk, a
 * loop device on a file or on another device, dm and md on their slaves) and up from all that is
 * there (partitions, loop devices). Each is found once, whichever way leads to it; the way carries
 * the file system's place along.
 */
#include "busy/doors.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "busy/mounts.h"
#include "busy/twin.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct walk {
	const struct host *host;
	struct blkdev *dev;
	struct doors *doors;
	struct door at; /* a copy: the row moves while it grows */
};

void doors_doubt(struct doors *doors, const char *format, ...)
{
	char *doubt;
	va_list ap;

	if (doors->doubt_count == DOUBTS_MAX)
		return;
	doubt = doors->doubts[doors->doubt_count++];
	va_start(ap, format);
	vsnprintf(doubt, DOUBT_SIZE, format, ap);
	va_end(ap);
	host_printable(doubt);
}

static void add(struct walk *w, const struct door *door)
{
	for (size_t i = 0; i < w->doors->count; i++)
		if (carrier_same(&w->doors->items[i].is, &door->is))
			return;
	if (vec_push(w->doors, *door))
		w->doors->complete = false;
}

static uint64_t span_end(struct e4z_span span)
{
	uint64_t end;

	return bytes_add(span.start, span.len, &end) ? end : UINT64_MAX;
}

/* What a node that shows SHOWS of the present one has of the place; false: nothing. */
static bool see_through(const struct walk *w, struct e4z_span shows, struct door *door)
{
	struct e4z_span place = w->at.place;
	uint64_t start = place.start > shows.start ? place.start : shows.start;
	uint64_t end = span_end(place) < span_end(shows) ? span_end(place) : span_end(shows);

	if (start >= end)
		return false;
	door->place.start = start - shows.start;
	door->place.len = end - start;
	door->cut = w->at.cut + (start - place.start);
	return true;
}

static bool set_node(const struct walk *w, struct door *door, const char *name)
{
	snprintf(door->name, sizeof(door->name), "%.*s", HOST_NAME_SIZE - 1, name);
	door->is = (struct carrier){.is_block = true};
	door->loop = host_exists(w->host, name, "loop/backing_file");
	return host_dev(w->host, name, &door->is.dev);
}

/* ---- down ---- */

/* A door that shows more than the present one, which starts at SHIFT of it. */
static bool lie_on(const struct walk *w, uint64_t shift, struct door *door)
{
	door->own = true;
	door->loose = w->at.loose;
	door->cut = w->at.cut;
	door->place.len = w->at.place.len;
	return bytes_add(w->at.place.start, shift, &door->place.start);
}

static void down_to_disk(struct walk *w, const char *disk)
{
	struct door door = {.own = true};
	uint64_t start;

	if (host_number(w->host, w->at.name, "start", &start) && start < UINT64_MAX / SECTOR &&
	    lie_on(w, start * SECTOR, &door) && set_node(w, &door, disk))
		add(w, &door);
}

static void down_through_loop(struct walk *w)
{
	const struct loop *loop = NULL;
	struct door door = {.own = true};
	char disk[HOST_NAME_SIZE];

	for (size_t i = 0; i < w->doors->loops.count; i++)
		if (w->doors->loops.items[i].dev == w->at.is.dev)
			loop = &w->doors->loops.items[i];
	if (!loop || !loop->known) {
		doors_doubt(w->doors, "cannot determine what /dev/%s lies over", w->at.name);
		return;
	}
	if (!lie_on(w, loop->shows.start, &door))
		return;
	door.is = loop->over;
	if (loop->over.is_block && host_names(w->host, loop->over.dev, door.name, disk))
		door.loop = host_exists(w->host, door.name, "loop/backing_file");
	add(w, &door);
}

/* The tables of dm and md say where on a slave the bytes are; here all of it counts. */
static void take_slave(void *arg, const char *name)
{
	struct walk *w = arg;
	struct door door = {.own = true, .loose = true};

	if (!set_node(w, &door, name))
		return;
	door.place.len = host_size(w->host, name);
	add(w, &door);
}

static void go_down(struct walk *w)
{
	char leaf[HOST_PATH_SIZE], name[HOST_NAME_SIZE], disk[HOST_NAME_SIZE];

	if (host_names(w->host, w->at.is.dev, name, disk) && *disk)
		down_to_disk(w, disk);
	if (w->at.loop)
		down_through_loop(w);
	snprintf(leaf, sizeof(leaf), "class/block/%s/slaves", w->at.name);
	(void)host_each(w->host, leaf, take_slave, w);
}

/* ---- up ---- */

static void take_partition(void *arg, const char *name)
{
	char leaf[2 * HOST_NAME_SIZE + sizeof("/partition")];
	struct door door = {.loose = false};
	struct walk *w = arg;
	uint64_t start;

	snprintf(leaf, sizeof(leaf), "%s/partition", name);
	if (!host_exists(w->host, w->at.name, leaf) ||
	    !host_number(w->host, name, "start", &start) || start >= UINT64_MAX / SECTOR)
		return;
	if (set_node(w, &door, name) &&
	    see_through(w, (struct e4z_span){start * SECTOR, host_size(w->host, name)}, &door))
		add(w, &door);
}

/* No file of the one file system can be one of the other's. */
static bool kept_apart(const struct host *host, dev_t a, dev_t b)
{
	struct mounts mounts;
	bool apart = mounts_read(host, &mounts) && mounts_keep_apart(&mounts, a, b);

	mounts_free(&mounts);
	return apart;
}

/* The file under LOOP has other numbers than the one at hand, and could still be the same. */
static bool is_twin(struct walk *w, const struct loop *loop, const struct door *door)
{
	uint64_t size = w->at.is.size, off = loop->shows.start;
	bool same_ino = loop->over.ino == w->at.is.ino;
	AUTO_CLOSE int fd = -1;
	enum twin twin = TWIN_UNKNOWN;

	if (loop->over.is_block || w->at.is.is_block || loop->over.dev == w->at.is.dev)
		return false;
	/* what was cut to sectors at its end */
	if (size && (off > size || (loop->to_the_end && size - off - loop->shows.len >= SECTOR)))
		return false;
	if (!door->cut) {
		fd = loop_open(loop);
		twin = twin_compare(w->dev, fd, door->place.start);
	}
	if (twin == TWIN_OTHER || (twin == TWIN_UNKNOWN && !same_ino) ||
	    kept_apart(w->host, loop->over.dev, w->at.is.dev))
		return false;
	if (twin == TWIN_ALIKE && same_ino)
		return true;
	doors_doubt(w->doors,
		    "cannot determine whether /dev/%s shows this image under another name or a "
		    "copy of it",
		    loop->name);
	return false;
}

static void take_loop(struct walk *w, const struct loop *loop)
{
	struct door door = {.loop = true, .is = {.is_block = true, .dev = loop->dev}};

	if (!loop->known || !see_through(w, loop->shows, &door) ||
	    (!carrier_same(&loop->over, &w->at.is) && !is_twin(w, loop, &door)))
		return;
	snprintf(door.name, sizeof(door.name), "%s", loop->name);
	add(w, &door);
}

static void go_up(struct walk *w)
{
	char leaf[HOST_PATH_SIZE];

	if (*w->at.name) {
		snprintf(leaf, sizeof(leaf), "class/block/%s", w->at.name);
		(void)host_each(w->host, leaf, take_partition, w);
	}
	for (size_t i = 0; i < w->doors->loops.count; i++)
		take_loop(w, &w->doors->loops.items[i]);
}

/* ---- all ---- */

static bool has_door(const struct doors *doors, dev_t dev)
{
	for (size_t i = 0; i < doors->count; i++)
		if (doors->items[i].is.is_block && doors->items[i].is.dev == dev)
			return true;
	return false;
}

static void doubt_loops(struct doors *doors)
{
	const struct loop *first = NULL;
	char more[48] = "";
	size_t count = 0;

	for (size_t i = 0; i < doors->loops.count; i++) {
		const struct loop *loop = &doors->loops.items[i];

		if (loop->known || has_door(doors, loop->dev))
			continue;
		first = first ? first : loop;
		count++;
	}
	if (count > 1)
		snprintf(more, sizeof(more), " and of %zu more", count - 1);
	if (count)
		doors_doubt(doors,
			    "cannot determine the backing file of /dev/%s%s; it may be this image",
			    first->name, more);
}

void doors_find(const struct host *host, struct blkdev *dev, struct doors *doors)
{
	struct walk w = {.host = host, .dev = dev, .doors = doors};
	struct door given = {.is = carrier_of(dev), .place = {dev->base, dev->len}, .own = true};
	char disk[HOST_NAME_SIZE];

	memset(doors, 0, sizeof(*doors));
	doors->complete = loops_read(host, &doors->loops);
	if (dev->is_block && !host_names(host, dev->dev, given.name, disk))
		doors->complete = false;
	given.loop = *given.name && host_exists(host, given.name, "loop/backing_file");
	add(&w, &given);
	for (size_t i = 0; i < doors->count; i++) {
		w.at = doors->items[i];
		if (w.at.own && *w.at.name)
			go_down(&w);
		go_up(&w);
	}
	doubt_loops(doors);
}

void doors_free(struct doors *doors)
{
	vec_free(doors);
	vec_free(&doors->loops);
}
