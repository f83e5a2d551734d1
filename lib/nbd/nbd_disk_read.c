// SPDX-License-Identifier: GPL-2.0-or-later
// Reads of an NBD export, cut into pieces that the server accepts, several of them in flight.
#ifdef HAVE_LIBNBD
#include "base/cleanup.h"
#include "nbd/nbd_disk.h"

#include <errno.h>
#include <string.h>

/* Sizes of the pieces if several are in flight. */
#define PIECE_LOCAL (256u << 10)
#define PIECE (1u << 20)

/*
 * Connection N, which is up, leads to what the first one does, as far as can be told: the server
 * may have been started again in between, for another image.
 */
static bool is_same(struct nbd_disk *disk, unsigned n)
{
	enum nbd_known known = atomic_load(&disk->known[n]);

	if (known == NBD_NEW) {
		struct nbd_sizes s = nbd_sizes_of(disk->links[n]);

		known = s.size == disk->said.size && s.min == disk->said.min &&
					s.max == disk->said.max
				? NBD_SAME
				: NBD_OTHER;
		atomic_store(&disk->known[n], known);
	}
	return known == NBD_SAME;
}

struct nbd_link *nbd_disk_pick(struct nbd_disk *disk)
{
	unsigned n;

	if (disk->count < 2 || atomic_load(&disk->wrote))
		return disk->links[0];
	n = atomic_fetch_add(&disk->turn, 1) % disk->count;
	return n && nbd_link_come_up(disk->links[n]) && is_same(disk, n) ? disk->links[n]
									 : disk->links[0];
}

errcode_t nbd_disk_note(struct blkdev *dev, errcode_t err)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	/* a server that is shutting down refuses every request */
	bool lost = err == ESHUTDOWN;

	for (unsigned i = 0; err && i < disk->count; i++)
		lost |= nbd_link_lost(disk->links[i]) == err;
	if (lost)
		atomic_store(&dev->lost, err);
	return err;
}

/* AT and LEN are aligned. Also after an error, requests in flight are waited for. */
static errcode_t read_aligned(struct nbd_disk *disk, uint64_t at, uint64_t len, uint8_t *buf)
{
	struct nbd_request request[NBD_DEPTH];
	uint64_t piece = disk->depth > NBD_DEPTH_LOCAL ? PIECE : PIECE_LOCAL, sent = 0;
	unsigned first = 0, flying = 0;
	errcode_t err = 0, one;

	piece = piece < disk->max ? piece : disk->max;
	while (flying || (sent < len && !err)) {
		if (flying < disk->depth && sent < len && !err) {
			struct nbd_request *r = &request[(first + flying++) % NBD_DEPTH];
			uint64_t n = len - sent < piece ? len - sent : piece;

			*r = (struct nbd_request){
				.op = NBD_READ, .at = at + sent, .len = n, .buf = buf + sent};
			nbd_link_send(nbd_disk_pick(disk), r);
			sent += n;
			continue;
		}
		one = nbd_link_wait(&request[first++ % NBD_DEPTH]);
		flying--;
		err = err ? err : one;
	}
	return err;
}

/* Read a part of one block of the server: *N bytes. */
static errcode_t read_part(struct nbd_disk *disk, uint64_t at, uint64_t len, uint8_t *buf,
			   uint64_t *n)
{
	uint32_t skip = (uint32_t)(at % disk->min);
	AUTO_FREE uint8_t *block = malloc(disk->min);
	errcode_t err = block ? read_aligned(disk, at - skip, disk->min, block) : ENOMEM;

	*n = len < disk->min - skip ? len : disk->min - skip;
	if (!err)
		memcpy(buf, block + skip, *n);
	return err;
}

errcode_t nbd_disk_read_now(struct blkdev *dev, uint64_t at, uint64_t len, void *buf)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	uint8_t *to = buf;
	errcode_t err = 0;

	for (uint64_t n; len && !err; at += n, to += n, len -= n) {
		if (at % disk->min || len < disk->min) {
			err = read_part(disk, at, len, to, &n);
			continue;
		}
		n = len - len % disk->min;
		err = read_aligned(disk, at, n, to);
	}
	return nbd_disk_note(dev, err);
}
#endif
