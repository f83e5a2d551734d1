// SPDX-License-Identifier: GPL-2.0-or-later
// Replaces functions of the library that ask who uses an image, or open it, with the linker.
#include "world.h"

#include "../../../unit/failing.h"
#include "busy/busy.h"
#include "busy/caches.h"
#include "busy/lock.h"
#include "errors.h"
#include "origin/origin.h"
#include <stdio.h>
#include <string.h>

static struct {
	bool mounted, attached, noted, cached, served, mute, gone;
	unsigned doubts;
	errcode_t locked, refused;
	uint64_t unseen, given;
	char why[80];
	uint8_t *bytes;
	size_t size, max;
} world;

void world_begin(void)
{
	memset(&world, 0, sizeof(world));
}

void world_end(void)
{
	free(world.bytes);
	memset(&world, 0, sizeof(world));
}

static void serve(const struct base *base, size_t size)
{
	world.max = base->img.len < size ? base->img.len : size;
	world.size = size;
	free(world.bytes);
	world.bytes = fuzz_alloc(world.max + 1);
	memcpy(world.bytes, base->img.data, world.max);
	world.served = true;
	world.given = UINT64_MAX;
}

static void refuse(const char *rest)
{
	char *text;

	world.refused = strtol(rest, &text, 0) & 0x7f;
	snprintf(world.why, sizeof(world.why), "%s", *text ? text + 1 : "");
}

bool world_line(const struct base *base, const char *word, const char *rest)
{
	unsigned long number = strtoul(rest, NULL, 0);

	if (!strcmp(word, "mounted"))
		world.mounted = true;
	else if (!strcmp(word, "attached"))
		world.attached = true;
	else if (!strcmp(word, "noted"))
		world.noted = true;
	else if (!strcmp(word, "cached"))
		world.cached = true;
	else if (!strcmp(word, "mute"))
		world.mute = true;
	else if (!strcmp(word, "doubts"))
		world.doubts = number < DOUBTS_MAX ? (unsigned)number : DOUBTS_MAX;
	else if (!strcmp(word, "locked"))
		world.locked = (errcode_t)(number & 0x7f);
	else if (!strcmp(word, "gone"))
		world.gone = true;
	else if (!strcmp(word, "refused"))
		refuse(rest);
	else if (!strcmp(word, "short"))
		world.given = number;
	else if (!strcmp(word, "unseen"))
		world.unseen = number;
	else if (!strcmp(word, "served"))
		serve(base, number < 1u << 30 ? number : 1u << 30);
	else
		return false;
	return true;
}

size_t world_size(const struct base *base)
{
	return world.served ? world.size : base->img.len;
}

bool world_lose(struct blkdev *dev)
{
	if (!world.served)
		return false;
	atomic_store(&dev->lost, E4Z_ET_TRUNCATED);
	return true;
}

/* ---- other users of the image ---- */

void __real_busy_look(const struct host *host, struct blkdev *dev, bool edit, struct busy *busy);
void __wrap_busy_look(const struct host *host, struct blkdev *dev, bool edit, struct busy *busy);
void __wrap_busy_look(const struct host *host, struct blkdev *dev, bool edit, struct busy *busy)
{
	__real_busy_look(host, dev, edit, busy);
	if (world.mounted || world.attached)
		*busy = (struct busy){.mounted = world.mounted,
				      .attached = world.attached,
				      .how = "the image is in use",
				      .who = "somebody"};
	for (unsigned i = 0; i < world.doubts; i++)
		snprintf(busy->doubts[i], sizeof(busy->doubts[i]), "doubt %u", i);
	if (world.doubts)
		busy->doubt_count = world.doubts;
}

errcode_t __real_lock_take(struct blkdev *dev, bool write, char *why, size_t why_size, char *said,
			   size_t size);
errcode_t __wrap_lock_take(struct blkdev *dev, bool write, char *why, size_t why_size, char *said,
			   size_t size);
errcode_t __wrap_lock_take(struct blkdev *dev, bool write, char *why, size_t why_size, char *said,
			   size_t size)
{
	errcode_t err = __real_lock_take(dev, write, why, why_size, said, size);

	if (world.noted)
		snprintf(said, size, "no lock is possible here");
	if (!err && world.locked)
		snprintf(why, why_size, "locking the image");
	return err ? err : world.locked;
}

void __real_caches_settle(const struct host *host, struct blkdev *dev, char *said, size_t size);
void __wrap_caches_settle(const struct host *host, struct blkdev *dev, char *said, size_t size);
void __wrap_caches_settle(const struct host *host, struct blkdev *dev, char *said, size_t size)
{
	__real_caches_settle(host, dev, said, size);
	if (world.cached)
		snprintf(said, size, "another node of the device shows other bytes");
}

/* ---- a server that has the image ---- */

static const char *explain(struct blkdev *dev, errcode_t err)
{
	(void)dev, (void)err;
	return world.mute ? NULL : "the server says so";
}

static const struct blkdev_ops *below;

static errcode_t read_given(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	return at + len > world.given ? E4Z_ET_SHORT_READ : below->read(dev, at, len, buf);
}

errcode_t __real_origin_open(const char *name, const struct e4z_open_options *options,
			     const struct origin_user *user, struct blkdev **dev, char *why,
			     size_t why_size);
errcode_t __wrap_origin_open(const char *name, const struct e4z_open_options *options,
			     const struct origin_user *user, struct blkdev **dev, char *why,
			     size_t why_size);
errcode_t __wrap_origin_open(const char *name, const struct e4z_open_options *options,
			     const struct origin_user *user, struct blkdev **dev, char *why,
			     size_t why_size)
{
	static struct blkdev_ops ops;

	if (!world.served)
		return __real_origin_open(name, options, user, dev, why, why_size);
	failing_pause(true);
	*dev = failing_disk(world.bytes, world.max, world.size);
	failing_pause(false);
	below = (*dev)->ops;
	ops = *below;
	ops.read = read_given;
	ops.explain = explain;
	(*dev)->ops = &ops;
	(*dev)->writable = options->write;
	(*dev)->unseen = world.unseen;
	return 0;
}

errcode_t __real_origin_enter(const struct e4z_open_options *options,
			      const struct origin_user *user, struct blkdev **dev, char *why,
			      size_t why_size);
errcode_t __wrap_origin_enter(const struct e4z_open_options *options,
			      const struct origin_user *user, struct blkdev **dev, char *why,
			      size_t why_size);
/* An image on a server is raw. */
errcode_t __wrap_origin_enter(const struct e4z_open_options *options,
			      const struct origin_user *user, struct blkdev **dev, char *why,
			      size_t why_size)
{
	if (!world.refused)
		return world.served ? 0 : __real_origin_enter(options, user, dev, why, why_size);
	snprintf(why, why_size, "%s", world.why);
	if (world.gone) {
		blkdev_close(*dev);
		*dev = NULL;
	}
	return world.refused;
}
