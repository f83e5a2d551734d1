// SPDX-License-Identifier: GPL-2.0-or-later
// Opens an NBD export as the carrier of an image.
#include "device/nbd.h"

#include "errors.h"
#include "io/host_stat.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool nbd_is_uri(const char *name)
{
	static const char *const schemes[] = {"nbd://",	      "nbds://",      "nbd+unix://",
					      "nbds+unix://", "nbd+vsock://", "nbds+vsock://"};
	struct stat st;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (!strncasecmp(name, schemes[i], strlen(schemes[i])))
			return host_fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0;
	return false;
}

#ifdef HAVE_LIBNBD
#include "base/cleanup.h"
#include "base/pool.h"
#include "nbd/nbd_disk.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* Limits of the protocol: of the minimum block size, and of a request without negotiation. */
#define MIN_MAX 65536
#define MAX (32u << 20)

static errcode_t disk_read(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	errcode_t err = atomic_load(&dev->lost);

	if (err || nbd_ahead_take(dev, at, len, buf, true))
		return err;
	if (nbd_ahead_around(dev, at, len) && nbd_ahead_take(dev, at, len, buf, true))
		return 0;
	nbd_ahead_miss(dev, at, len);
	return nbd_disk_read_now(dev, at, len, buf);
}

static bool disk_read_cached(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	struct nbd_disk *disk = nbd_disk_of(dev);

	if (nbd_ahead_take(dev, at, len, buf, false))
		return true;
	for (unsigned i = 0; i < disk->count; i++)
		nbd_link_pump(disk->links[i]);
	return nbd_ahead_take(dev, at, len, buf, false);
}

static void disk_forget(struct blkdev *dev, uint64_t at, uint64_t len)
{
	nbd_ahead_drop(dev, at, len);
	nbd_map_forget(&nbd_disk_of(dev)->map, at, len);
}

static size_t disk_senders(struct blkdev *dev, int *fds, size_t room)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	size_t count = 0;
	int pair[2];

	for (unsigned i = 0; i < disk->count && count + 2 <= room; i++) {
		nbd_link_senders(disk->links[i], pair);
		for (int k = 0; k < 2; k++)
			if (pair[k] >= 0)
				fds[count++] = pair[k];
	}
	return count;
}

static void disk_close(struct blkdev *dev)
{
	struct nbd_disk *disk = nbd_disk_of(dev);

	/* before the memory that replies would be written to */
	for (unsigned i = 0; i < disk->count; i++)
		nbd_link_free(disk->links[i]);
	nbd_unload(&disk->api);
	nbd_ahead_free(&disk->ahead);
	nbd_map_free(&disk->map);
	rangeset_free(disk->reserved);
	free(disk);
}

static const struct blkdev_ops disk_ops = {
	.read = disk_read,
	.read_cached = disk_read_cached,
	.will_need = nbd_ahead_wish,
	.forget = disk_forget,
	.next_data = nbd_map_next,
	.make_writable = nbd_disk_make_writable,
	.writev = nbd_disk_writev,
	.zero = nbd_disk_zero,
	.sync = nbd_disk_sync,
	.reserve = nbd_disk_reserve,
	.senders = disk_senders,
	.close = disk_close,
};

/* ---- the capabilities of the export ---- */

static int64_t get_size(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->get_size(h);
}

static int64_t get_min(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->get_block_size(h, LIBNBD_SIZE_MINIMUM);
}

static int64_t get_max(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->get_block_size(h, LIBNBD_SIZE_MAXIMUM);
}

static int64_t is_read_only(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->is_read_only(h);
}

static int64_t can_flush(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->can_flush(h);
}

static int64_t can_zero(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->can_zero(h);
}

static int64_t can_fast_zero(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->can_fast_zero(h);
}

static int64_t can_multi_conn(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->can_multi_conn(h);
}

static int64_t can_tell_holes(const struct nbd_api *api, struct nbd_handle *h)
{
	return api->can_meta_context(h, LIBNBD_CONTEXT_BASE_ALLOCATION);
}

struct nbd_sizes nbd_sizes_of(struct nbd_link *link)
{
	return (struct nbd_sizes){.size = nbd_link_ask(link, get_size),
				  .min = nbd_link_ask(link, get_min),
				  .max = nbd_link_ask(link, get_max)};
}

/* A server that reports no block size accepts requests of any byte. */
static errcode_t take_sizes(struct nbd_disk *disk, uint64_t *unseen, char *why, size_t why_size)
{
	int64_t size, min, max;

	disk->said = nbd_sizes_of(disk->links[0]);
	size = disk->said.size;
	min = disk->said.min > 0 ? disk->said.min : 1;
	max = disk->said.max > 0 && disk->said.max < MAX ? disk->said.max : MAX;
	if (size < 0 || min > MIN_MAX || min & (min - 1) || max < min) {
		snprintf(why, why_size, "the NBD server cannot be used: its sizes are not valid");
		return E4Z_ET_NBD;
	}
	disk->min = (uint32_t)min;
	disk->max = (uint32_t)(max - max % min);
	*unseen = (uint64_t)(size % min);
	disk->size = (uint64_t)size - *unseen;
	return 0;
}

static errcode_t take_properties(struct nbd_disk *disk, char *why, size_t why_size)
{
	struct nbd_link *link = disk->links[0];

	disk->local = disk->local || nbd_link_is_local(link);
	disk->depth = disk->local ? NBD_DEPTH_LOCAL : NBD_DEPTH;
	disk->read_only = nbd_link_ask(link, is_read_only) != 0;
	disk->can_zero = nbd_link_ask(link, can_zero) == 1;
	disk->fast_zero = nbd_link_ask(link, can_fast_zero) == 1;
	disk->map.off = nbd_link_ask(link, can_tell_holes) != 1;
	if (disk->how.write && disk->read_only) {
		snprintf(why, why_size, "the NBD export is read-only");
		return EROFS;
	}
	if (disk->how.write && nbd_link_ask(link, can_flush) != 1) {
		snprintf(why, why_size,
			 "the NBD server does not support flush, which an edit requires");
		return E4Z_ET_NBD;
	}
	return nbd_ahead_init(&disk->ahead, disk->local, disk->max);
}

/* ---- opening ---- */

/* The server is that of URI or, if that is NULL, at the other end of SOCKET. */
static errcode_t add_link(struct nbd_disk *disk, const char *uri, int socket)
{
	errcode_t err = nbd_link_new(&disk->api, disk->how.timeout_s, disk->how.stop,
				     &disk->links[disk->count]);

	if (!err)
		return nbd_link_begin(disk->links[disk->count++], uri, socket);
	if (!uri)
		close(socket);
	return err;
}

/*
 * Others come up when they are used first, or never: a server that says it takes several may yet
 * serve one client at a time.
 */
static void add_others(struct nbd_disk *disk, const char *uri)
{
	unsigned want = disk->how.connections ? disk->how.connections : pool_processors();

	want = want < NBD_LINKS ? want : NBD_LINKS;
	if (nbd_link_ask(disk->links[0], can_multi_conn) != 1)
		want = 1;
	while (disk->count < want && !add_link(disk, uri, -1))
		;
}

/* The first half of opening: loads libnbd, and begins the first connection. */
static errcode_t begin(struct nbd_disk *disk, const char *uri, int socket, char *why,
		       size_t why_size)
{
	errcode_t err = nbd_load(&disk->api, why, why_size);

	if (!err)
		err = add_link(disk, uri, socket);
	else if (!uri)
		close(socket);
	/* the second half returns the message of libnbd */
	if (!disk->count)
		return err;
	/* a confined process cannot ask for it */
	disk->local = !uri && nbd_link_is_local(disk->links[0]);
	return 0;
}

static errcode_t new_disk(const char *name, const char *uri, int socket,
			  const struct nbd_options *options, struct blkdev **dev, char *why,
			  size_t why_size)
{
	struct nbd_disk *disk = calloc(1, sizeof(*disk));
	errcode_t err = disk ? blkdev_new(name, &disk_ops, dev) : ENOMEM;

	if (err) {
		*dev = NULL;
		if (!uri)
			close(socket);
		free(disk);
		return err;
	}
	(*dev)->carrier = disk;
	nbd_map_init(&disk->map);
	if (options)
		disk->how = *options;
	if (!disk->how.timeout_s)
		disk->how.timeout_s = NBD_TIMEOUT_S;
	err = begin(disk, uri, socket, why, why_size);
	if (!err)
		return 0;
	blkdev_close(*dev);
	*dev = NULL;
	return err;
}

/* It stays loaded, as a connection requires it to. */
void nbd_preload(void)
{
	struct nbd_api api;
	char why[128];

	if (!nbd_load(&api, why, sizeof(why)))
		nbd_unload(&api);
}

errcode_t nbd_begin(const char *name, int socket, const struct nbd_options *options,
		    struct blkdev **dev, char *why, size_t why_size)
{
	return new_disk(name, NULL, socket, options, dev, why, why_size);
}

errcode_t nbd_finish(struct blkdev *dev, char *why, size_t why_size)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	errcode_t err = nbd_link_finish(disk->links[0], why, why_size);

	if (!err)
		err = take_sizes(disk, &dev->unseen, why, why_size);
	if (!err)
		err = take_properties(disk, why, why_size);
	if (!err)
		blkdev_set_size(dev, disk->size);
	return err;
}

errcode_t nbd_open_uri(const char *uri, const struct nbd_options *options, struct blkdev **dev,
		       char *why, size_t why_size)
{
	AUTO_FREE char *known = strdup(uri);
	errcode_t err;

	*dev = NULL;
	if (!known)
		return ENOMEM;
	/* libnbd knows schemes in small letters only; by RFC 3986 case does not matter */
	for (char *c = known; *c && *c != ':'; c++)
		*c = (char)tolower((unsigned char)*c);
	err = new_disk(uri, known, -1, options, dev, why, why_size);
	if (err)
		return err;
	err = nbd_finish(*dev, why, why_size);
	if (!err) {
		add_others(nbd_disk_of(*dev), known);
		return 0;
	}
	blkdev_close(*dev);
	*dev = NULL;
	return err;
}

#else

static errcode_t without(struct blkdev **dev, char *why, size_t why_size)
{
	*dev = NULL;
	snprintf(why, why_size, "e4zero was built without libnbd, which this image requires");
	return E4Z_ET_NBD;
}

errcode_t nbd_open_uri(const char *uri, const struct nbd_options *options, struct blkdev **dev,
		       char *why, size_t why_size)
{
	(void)uri, (void)options;
	return without(dev, why, why_size);
}

void nbd_preload(void)
{
}

errcode_t nbd_begin(const char *name, int socket, const struct nbd_options *options,
		    struct blkdev **dev, char *why, size_t why_size)
{
	(void)name, (void)options;
	close(socket);
	return without(dev, why, why_size);
}

errcode_t nbd_finish(struct blkdev *dev, char *why, size_t why_size)
{
	return without(&dev, why, why_size);
}
#endif
