// SPDX-License-Identifier: GPL-2.0-or-later
// Writes to an NBD export; they and the barriers go over one connection.
#ifdef HAVE_LIBNBD
#include "base/cleanup.h"
#include "errors.h"
#include "nbd/nbd_disk.h"

#include <errno.h>
#include <string.h>

/* A write is cut into such pieces; several are in flight. */
#define PIECE (1u << 20)
/* For shorter stretches, writing zeroes is several times faster than making a hole. */
#define ZERO_MIN (64u << 10)
/* The largest request: the server may have to write zeroes, within the time limit of a request. */
#define ZERO_PIECE (64u << 20)

errcode_t nbd_disk_make_writable(struct blkdev *dev)
{
	struct nbd_disk *disk = nbd_disk_of(dev);

	if (disk->read_only)
		return EROFS;
	dev->writable = true;
	return 0;
}

/* [AT, AT + LEN) has been written: forget what the map and the slots have of it. */
static void forget(struct blkdev *dev, uint64_t at, uint64_t len)
{
	nbd_ahead_drop(dev, at, len);
	nbd_map_forget(&nbd_disk_of(dev)->map, at, len);
}

/* One request over the connection for writing. */
static errcode_t ask(struct nbd_disk *disk, struct nbd_request *request)
{
	nbd_link_send(disk->links[0], request);
	return nbd_link_wait(request);
}

/* ---- writing ---- */

/* The position of the next byte in the pieces. */
struct cursor {
	const struct iovec *piece;
	size_t skip;
};

/* Copy the next LEN bytes to BUF. */
static void gather(struct cursor *c, uint64_t len, uint8_t *buf)
{
	while (len) {
		size_t left = c->piece->iov_len - c->skip, n = len < left ? len : left;

		memcpy(buf, (const uint8_t *)c->piece->iov_base + c->skip, n);
		buf += n;
		len -= n;
		c->skip += n;
		if (n == left) {
			c->piece++;
			c->skip = 0;
		}
	}
}

/* The next LEN bytes, contiguous; *OWNED must be freed, it may be NULL. NULL: no memory. */
static void *in_one(struct cursor *c, uint64_t len, void **owned)
{
	uint8_t *at = (uint8_t *)c->piece->iov_base + c->skip;
	size_t left = c->piece->iov_len - c->skip;

	*owned = NULL;
	if (left >= len) {
		c->skip = left > len ? c->skip + len : 0;
		c->piece += left == len;
		return at;
	}
	*owned = malloc(len);
	if (*owned)
		gather(c, len, *owned);
	return *owned;
}

struct writing {
	struct nbd_request request;
	void *owned;
};

/* AT and LEN are aligned. Also after an error, requests in flight are waited for. */
static errcode_t write_aligned(struct nbd_disk *disk, uint64_t at, uint64_t len, struct cursor *c,
			       uint64_t *written)
{
	uint64_t piece = PIECE < disk->max ? PIECE : disk->max, sent = 0;
	struct writing w[NBD_DEPTH];
	unsigned first = 0, flying = 0;
	errcode_t err = 0;

	while (flying || (sent < len && !err)) {
		struct writing *last = &w[(first + flying) % NBD_DEPTH], *old;
		uint64_t n = len - sent < piece ? len - sent : piece;
		errcode_t one;

		if (flying < disk->depth && n && !err) {
			last->request =
				(struct nbd_request){.op = NBD_WRITE, .at = at + sent, .len = n};
			last->request.buf = in_one(c, n, &last->owned);
			err = last->request.buf ? 0 : ENOMEM;
			if (!err)
				nbd_link_send(disk->links[0], &last->request);
			flying += !err;
			sent += n;
			continue;
		}
		old = &w[first++ % NBD_DEPTH];
		flying--;
		one = nbd_link_wait(&old->request);
		free(old->owned);
		*written += one ? 0 : old->request.len;
		err = err ? err : one;
	}
	return err;
}

/*
 * Write a part of one block of the server, *N bytes of LEN: the rest of the block is read and
 * written again.
 */
static errcode_t write_part(struct nbd_disk *disk, uint64_t at, uint64_t len, struct cursor *c,
			    uint64_t *n)
{
	uint32_t skip = (uint32_t)(at % disk->min);
	AUTO_FREE uint8_t *block = malloc(disk->min);
	struct nbd_request request = {
		.op = NBD_READ, .at = at - skip, .len = disk->min, .buf = block};
	errcode_t err = block ? ask(disk, &request) : ENOMEM;

	*n = len < disk->min - skip ? len : disk->min - skip;
	if (err)
		return err;
	gather(c, *n, block + skip);
	request.op = NBD_WRITE;
	return ask(disk, &request);
}

errcode_t nbd_disk_writev(struct blkdev *dev, uint64_t at, const struct iovec *pieces, size_t count,
			  uint64_t *written)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	struct cursor c = {.piece = pieces};
	uint64_t start = at, len = 0, all;
	errcode_t err = atomic_load(&dev->lost);

	*written = 0;
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		len += pieces[i].iov_len;
	all = len;
	atomic_store(&disk->wrote, true);
	for (uint64_t n; len && !err; at += n, len -= n) {
		if (at % disk->min || len < disk->min) {
			err = write_part(disk, at, len, &c, &n);
			*written += err ? 0 : n;
			continue;
		}
		n = len - len % disk->min;
		err = write_aligned(disk, at, n, &c, written);
	}
	forget(dev, start, all);
	/* a request that failed may have been done in part */
	dev->touched |= err && err != EPERM;
	return nbd_disk_note(dev, err);
}

/* ---- zeroes ---- */

static bool is_unable(errcode_t err)
{
	return err == EOPNOTSUPP || err == EINVAL;
}

/* One request; if the server supports that, first as one that must be faster than writing. */
static errcode_t zero_piece(struct nbd_disk *disk, uint64_t at, uint64_t len)
{
	struct nbd_request request = {.op = NBD_ZERO, .at = at, .len = len};
	errcode_t err = EOPNOTSUPP;

	if (disk->fast_zero) {
		request.flags = LIBNBD_CMD_FLAG_FAST_ZERO;
		err = ask(disk, &request);
		disk->fast_zero = !is_unable(err);
		request.flags = 0;
	}
	return is_unable(err) ? ask(disk, &request) : err;
}

errcode_t nbd_disk_zero(struct blkdev *dev, uint64_t at, uint64_t len, bool *asked)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	errcode_t err = 0;

	*asked = !atomic_load(&dev->lost) && disk->can_zero && dev->holes != E4Z_HOLES_NEVER &&
		 len >= ZERO_MIN && at % disk->min == 0 && len % disk->min == 0;
	if (!*asked)
		return 0;
	atomic_store(&disk->wrote, true);
	for (uint64_t done = 0, n; done < len && !err; done += n) {
		n = len - done < ZERO_PIECE ? len - done : ZERO_PIECE;
		err = zero_piece(disk, at + done, n);
	}
	forget(dev, at, len);
	if (is_unable(err)) {
		*asked = disk->can_zero = false;
		return 0;
	}
	return nbd_disk_note(dev, err);
}

/* ---- barriers ---- */

errcode_t nbd_disk_sync(struct blkdev *dev)
{
	struct nbd_request request = {.op = NBD_FLUSH};

	return nbd_disk_note(dev, ask(nbd_disk_of(dev), &request));
}

/* ---- space ---- */

/* Write the existing bytes again: that makes a server allocate space. */
static errcode_t write_again(struct blkdev *dev, uint64_t at, uint64_t len)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	AUTO_FREE uint8_t *buf = malloc(PIECE);
	errcode_t err = buf ? 0 : ENOMEM;

	for (uint64_t n; len && !err; at += n, len -= n) {
		struct nbd_request request = {.op = NBD_WRITE, .at = at, .buf = buf, .again = true};

		n = len < PIECE ? len : PIECE;
		n = n < disk->max ? n : disk->max;
		request.len = n;
		err = nbd_disk_read_now(dev, at, n, buf);
		if (!err)
			err = ask(disk, &request);
	}
	return nbd_disk_note(dev, err);
}

/*
 * The same for holes that the server reports; nothing is done if it does not report them. A block
 * of the server that is only partly a hole has its space.
 */
static errcode_t fill_holes(struct blkdev *dev, uint64_t at, uint64_t end)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	struct nbd_stretch s;
	errcode_t err = 0;

	while (at < end && !err && nbd_map_at(dev, at, &s)) {
		uint64_t stop = s.end < end ? s.end : end, first = nbd_round_up(disk, at);
		uint64_t last = stop - stop % disk->min;

		if (s.hole && first < last) {
			err = write_again(dev, first, last - first);
			nbd_map_forget(&disk->map, first, last - first);
		}
		at = stop;
	}
	return err;
}

/* Write those pieces of [AT, END) again that have not been yet. */
static errcode_t fill_once(struct blkdev *dev, uint64_t at, uint64_t end)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	const uint64_t size = disk->min > NBD_RESERVED ? disk->min : NBD_RESERVED;
	/* only whole pieces */
	uint64_t unit = (at + size - 1) / size, units = end / size;
	errcode_t err = 0;

	if (!disk->reserved)
		disk->reserved = rangeset_new(disk->size / size + 1);
	if (!disk->reserved)
		return ENOMEM;
	for (; unit < units && !err; unit++) {
		uint64_t n = 1;

		if (rangeset_has(disk->reserved, unit))
			continue;
		while (unit + n < units && !rangeset_has(disk->reserved, unit + n))
			n++;
		err = rangeset_add(disk->reserved, unit, n, NULL);
		if (!err)
			err = write_again(dev, unit * size, n * size);
		unit += n - 1;
	}
	return err;
}

errcode_t nbd_disk_reserve(struct blkdev *dev, uint64_t at, uint64_t len, bool spare)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	/* whole blocks of the server */
	uint64_t end = nbd_round_up(disk, at + len);

	at -= at % disk->min;
	atomic_store(&disk->wrote, true);
	return spare ? fill_once(dev, at, end) : fill_holes(dev, at, end);
}
#endif
