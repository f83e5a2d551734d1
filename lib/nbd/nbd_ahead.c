// SPDX-License-Identifier: GPL-2.0-or-later
// Reads an NBD export ahead of those who will need it: a bounded number of stretches.
#ifdef HAVE_LIBNBD
#include "nbd/nbd_disk.h"

#include <errno.h>
#include <string.h>

/* After so many reads in a row that no slot could serve, the queue is out of date. */
#define ELSEWHERE 64
/* Wishes that a read is looked for in: it is near the first. */
#define NEAR 64

/*
 * Slots of a local socket are small: their memory stays in the caches of the processor. Over a
 * network they have to cover the time that an answer takes.
 */
errcode_t nbd_ahead_init(struct nbd_ahead *ahead, bool local, uint32_t max)
{
	pthread_mutex_init(&ahead->lock, NULL);
	ahead->slot_count = NBD_SLOTS;
	ahead->piece = local ? 256u << 10 : 2u << 20;
	ahead->piece = ahead->piece < max ? ahead->piece : max;
	ahead->gap = local ? 0 : 64u << 10;
	ahead->around = local ? 64u << 10 : 128u << 10;
	ahead->wish = calloc(NBD_WISHES, sizeof(*ahead->wish));
	return ahead->wish ? 0 : ENOMEM;
}

static bool is_done(const struct nbd_slot *slot)
{
	return atomic_load(&slot->request.done);
}

/* Its request is done, and nobody uses it. */
static void release(struct nbd_slot *slot)
{
	slot->request.buf = NULL;
	slot->stale = false;
}

void nbd_ahead_free(struct nbd_ahead *ahead)
{
	for (unsigned i = 0; i < NBD_SLOTS; i++)
		free(ahead->slots[i].memory);
	free(ahead->wish);
	pthread_mutex_destroy(&ahead->lock);
}

/* ---- slots ---- */

/* The slot that has the byte at AT; NULL: none. */
static struct nbd_slot *find(struct nbd_ahead *ahead, uint64_t at)
{
	for (unsigned i = 0; i < ahead->slot_count; i++) {
		struct nbd_slot *slot = &ahead->slots[i];

		if (slot->request.buf && !slot->stale && at >= slot->request.at &&
		    at - slot->request.at < slot->request.len)
			return slot;
	}
	return NULL;
}

/* All of [AT, AT + LEN) is in slots, or on its way to one. */
static bool has_all(struct nbd_ahead *ahead, uint64_t at, uint64_t len, bool wait)
{
	while (len) {
		const struct nbd_slot *slot = find(ahead, at);
		uint64_t left;

		if (!slot || (!wait && !is_done(slot)))
			return false;
		left = slot->request.at + slot->request.len - at;
		if (left >= len)
			return true;
		at += left;
		len -= left;
	}
	return true;
}

/* Nobody will come for SLOT any more: what is asked for half a round later was read. */
static bool is_left(const struct nbd_ahead *ahead, const struct nbd_slot *slot)
{
	return slot->stale || slot->order + ahead->slot_count / 2 < ahead->reached[slot->is_long];
}

/*
 * A slot for another stretch; NULL: all are on their way or will be wanted. What nobody asked for
 * goes rather than that a wish waits.
 */
static struct nbd_slot *vacate(struct nbd_ahead *ahead)
{
	struct nbd_slot *oldest = NULL;

	for (unsigned i = 0; i < ahead->slot_count; i++) {
		struct nbd_slot *slot = &ahead->slots[i];

		if (!slot->request.buf)
			return slot;
		if (slot->users || !is_done(slot))
			continue;
		if (is_left(ahead, slot)) {
			release(slot);
			return slot;
		}
		if (slot->around && (!oldest || slot->order < oldest->order))
			oldest = slot;
	}
	if (oldest)
		release(oldest);
	return oldest;
}

static unsigned in_flight(const struct nbd_ahead *ahead)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ahead->slot_count; i++)
		n += ahead->slots[i].request.buf && !is_done(&ahead->slots[i]);
	return n;
}

/* Send for WISH, into SLOT; false: no memory. */
static bool send_for(struct nbd_disk *disk, struct nbd_slot *slot, const struct e4z_span *wish)
{
	struct nbd_ahead *ahead = &disk->ahead;
	/* nothing but what servers sent is ever in it */
	if (!slot->memory && !(slot->memory = calloc(1, ahead->piece)))
		return false;
	slot->request = (struct nbd_request){.op = NBD_READ,
					     .at = wish->start,
					     .len = wish->len,
					     .buf = slot->memory,
					     .filled = true};
	slot->is_long = wish->len > ahead->around;
	slot->order = ++ahead->order[slot->is_long];
	slot->stale = slot->around = slot->followed = false;
	nbd_link_send(nbd_disk_pick(disk), &slot->request);
	return true;
}

/* Have a slot with all that is around AT, inside of the image; false: there is none. */
static bool have_around(struct nbd_disk *disk, uint64_t at)
{
	struct nbd_ahead *ahead = &disk->ahead;
	struct e4z_span window = {.start = at - at % ahead->around, .len = ahead->around};
	struct nbd_slot *slot = find(ahead, at);

	if (window.len > disk->size - window.start)
		window.len = disk->size - window.start;
	if (slot)
		return true;
	slot = vacate(ahead);
	if (!slot || !send_for(disk, slot, &window))
		return false;
	slot->around = true;
	return true;
}

bool nbd_ahead_around(struct blkdev *dev, uint64_t at, uint64_t len)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	struct nbd_ahead *ahead = &disk->ahead;
	bool sent;

	if (len > ahead->around / 2 || ahead->around > ahead->piece ||
	    at % ahead->around + len > ahead->around)
		return false;
	pthread_mutex_lock(&ahead->lock);
	sent = have_around(disk, at);
	pthread_mutex_unlock(&ahead->lock);
	return sent;
}

/* SLOT is being read: if what lies before it was read, too, what follows will be. */
static void follow(struct nbd_disk *disk, struct nbd_slot *slot)
{
	uint64_t start = slot->request.at, end = start + slot->request.len;

	if (!slot->around || slot->followed)
		return;
	slot->followed = true;
	if (start && end < disk->size && find(&disk->ahead, start - 1))
		(void)have_around(disk, end);
}

/* Send for as many wishes as there are free slots. */
static void send_some(struct nbd_disk *disk)
{
	struct nbd_ahead *ahead = &disk->ahead;
	unsigned flying = ahead->count ? in_flight(ahead) : 0;
	struct nbd_slot *slot;

	while (ahead->count && flying < disk->depth) {
		struct e4z_span *wish = &ahead->wish[ahead->first];
		bool here = has_all(ahead, wish->start, wish->len, true);

		if (!here) {
			slot = vacate(ahead);
			if (!slot || !send_for(disk, slot, wish))
				return;
			flying++;
		}
		ahead->first = (ahead->first + 1) % NBD_WISHES;
		ahead->count--;
	}
}

/* ---- wishes ---- */

/* The last wish grows by [START, END) if that follows it, and is not too long then. */
static bool grow_last(struct nbd_ahead *ahead, uint64_t start, uint64_t end)
{
	struct e4z_span *last;
	uint64_t last_end;

	if (!ahead->count)
		return false;
	last = &ahead->wish[(ahead->first + ahead->count - 1) % NBD_WISHES];
	last_end = last->start + last->len;
	if (!last->len || start < last->start || start > last_end + ahead->gap ||
	    end - last->start > ahead->piece)
		return false;
	last->len = (end > last_end ? end : last_end) - last->start;
	return true;
}

void nbd_ahead_wish(struct blkdev *dev, uint64_t at, uint64_t len)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	struct nbd_ahead *ahead = &disk->ahead;
	uint64_t end = nbd_round_up(disk, at + len);
	uint64_t piece = ahead->piece - ahead->piece % disk->min;

	pthread_mutex_lock(&ahead->lock);
	for (at -= at % disk->min; at < end; at += piece) {
		uint64_t stop = end - at < piece ? end : at + piece;

		if (grow_last(ahead, at, stop))
			continue;
		if (ahead->count == NBD_WISHES)
			break;
		ahead->wish[(ahead->first + ahead->count++) % NBD_WISHES] =
			(struct e4z_span){at, stop - at};
	}
	send_some(disk);
	pthread_mutex_unlock(&ahead->lock);
}

/* Every slot with any of [AT, END) becomes stale. */
static void make_stale(struct nbd_ahead *ahead, uint64_t at, uint64_t end)
{
	for (unsigned i = 0; i < ahead->slot_count; i++) {
		struct nbd_slot *slot = &ahead->slots[i];

		if (!slot->request.buf || slot->request.at >= end ||
		    slot->request.at + slot->request.len <= at)
			continue;
		slot->stale = true;
		if (!slot->users && is_done(slot))
			release(slot);
	}
}

void nbd_ahead_miss(struct blkdev *dev, uint64_t at, uint64_t len)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	struct nbd_ahead *ahead = &disk->ahead;

	pthread_mutex_lock(&ahead->lock);
	if (++ahead->missed == ELSEWHERE) {
		make_stale(ahead, 0, UINT64_MAX);
		ahead->count = ahead->missed = 0;
	}
	for (unsigned i = 0; i < ahead->count && i < NEAR; i++) {
		struct e4z_span *wish = &ahead->wish[(ahead->first + i) % NBD_WISHES];

		if (wish->start >= at && wish->start + wish->len <= at + len)
			wish->len = 0;
	}
	send_some(disk);
	pthread_mutex_unlock(&ahead->lock);
}

void nbd_ahead_drop(struct blkdev *dev, uint64_t at, uint64_t len)
{
	struct nbd_ahead *ahead = &nbd_disk_of(dev)->ahead;

	pthread_mutex_lock(&ahead->lock);
	make_stale(ahead, at, at + len);
	pthread_mutex_unlock(&ahead->lock);
}

/* ---- taking ---- */

/* Done with SLOT, up to END: with its last byte it goes, unless that was read for others, too. */
static void let_go(struct nbd_ahead *ahead, struct nbd_slot *slot, uint64_t end, errcode_t err)
{
	uint64_t *reached = &ahead->reached[slot->is_long];

	slot->users--;
	if (slot->order > *reached)
		*reached = slot->order;
	if (slot->around)
		slot->order = *reached;
	if (err || (!slot->around && end == slot->request.at + slot->request.len))
		slot->stale = true;
	if (slot->stale && !slot->users && is_done(slot))
		release(slot);
}

/* Copy from SLOT, with the lock, which is left for that: bytes that it had, 0 if it failed. */
static size_t take_from(struct nbd_disk *disk, struct nbd_slot *slot, uint64_t at, size_t len,
			uint8_t *buf)
{
	struct nbd_ahead *ahead = &disk->ahead;
	uint64_t skip = at - slot->request.at, left = slot->request.len - skip;
	errcode_t err;

	slot->users++;
	follow(disk, slot);
	len = len < left ? len : left;
	pthread_mutex_unlock(&ahead->lock);
	err = nbd_link_wait(&slot->request);
	if (!err)
		memcpy(buf, (const uint8_t *)slot->request.buf + skip, len);
	pthread_mutex_lock(&ahead->lock);
	let_go(ahead, slot, at + len, err);
	return err ? 0 : len;
}

bool nbd_ahead_take(struct blkdev *dev, uint64_t at, size_t len, void *buf, bool wait)
{
	struct nbd_disk *disk = nbd_disk_of(dev);
	struct nbd_ahead *ahead = &disk->ahead;
	uint8_t *to = buf;
	bool all;

	pthread_mutex_lock(&ahead->lock);
	all = has_all(ahead, at, len, wait);
	while (all && len) {
		struct nbd_slot *slot = find(ahead, at);
		/* another thread may have let it go meanwhile */
		size_t n = slot ? take_from(disk, slot, at, len, to) : 0;

		all = n;
		at += n;
		to += n;
		len -= n;
	}
	if (all)
		ahead->missed = 0;
	send_some(disk);
	pthread_mutex_unlock(&ahead->lock);
	return all;
}
#endif
