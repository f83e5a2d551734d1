// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a bounded number of stretches of an NBD export before they are needed.
#ifdef HAVE_LIBNBD
#include "nbd/nbd_disk.h"

#include <errno.h>
#include <string.h>

/* After so many consecutive reads that no slot could serve, the queue is out of date. */
#define ELSEWHERE 64
/* The first wishes of the queue, among which a read is searched. */
#define NEAR 64

/*
 * For a local socket slots are small, so that their memory stays in the caches of the processor.
 * For a network they must be large enough for the time until a reply arrives.
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

/* Free a slot whose request is done and which has no users. */
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

/* The slot with the byte at AT; NULL: none. */
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

/* All of [AT, AT + LEN) is in slots, or was requested for one. */
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

/* SLOT is no longer needed: a slot that was requested half a round later has been read. */
static bool is_left(const struct nbd_ahead *ahead, const struct nbd_slot *slot)
{
	return slot->stale || slot->order + ahead->slot_count / 2 < ahead->reached[slot->is_long];
}

/*
 * A slot for another stretch; NULL: all are in flight or needed. Slots that were not asked for are
 * freed before a wish has to wait.
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

/* Request WISH into SLOT; false: no memory. */
static bool send_for(struct nbd_disk *disk, struct nbd_slot *slot, const struct e4z_span *wish)
{
	struct nbd_ahead *ahead = &disk->ahead;
	/* this memory never holds anything but data of servers */
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

/* Request the surroundings of AT into a slot, unless one has them; false: no slot is free. */
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

/* SLOT is being read: if a slot has the bytes before it, request those after it. */
static void follow(struct nbd_disk *disk, struct nbd_slot *slot)
{
	uint64_t start = slot->request.at, end = start + slot->request.len;

	if (!slot->around || slot->followed)
		return;
	slot->followed = true;
	if (start && end < disk->size && find(&disk->ahead, start - 1))
		(void)have_around(disk, end);
}

/* Request as many wishes as there are free slots. */
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

/* Extend the last wish by [START, END) if that follows it, unless it becomes too long. */
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

		/* a read that has to wait for this piece may request it again */
		if (has_all(ahead, at, stop - at, true) || grow_last(ahead, at, stop))
			continue;
		if (ahead->count == NBD_WISHES)
			break;
		ahead->wish[(ahead->first + ahead->count++) % NBD_WISHES] =
			(struct e4z_span){at, stop - at};
	}
	send_some(disk);
	pthread_mutex_unlock(&ahead->lock);
}

/* Mark slots with any of [AT, END) as stale. */
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

/* SLOT has been read up to END. After its last byte it is freed, unless it was not asked for. */
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

/* Copy from SLOT; the lock is released meanwhile. Returns the bytes copied, 0 after a failure. */
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
		/* another thread may have freed it meanwhile */
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
