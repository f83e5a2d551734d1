// SPDX-License-Identifier: GPL-2.0-or-later
// The ranges of an NBD export that read as zero, as its server reports them (block status).
#ifdef HAVE_LIBNBD
#include "nbd/nbd_disk.h"

#include <errno.h>
#include <string.h>

/* The most bytes of a request: a server may have to look at each cluster. */
#define ASK (1ull << 30)
/* The bytes of the first request, and of one after short stretches. */
#define SAMPLE (4ull << 20)
/* Stretches are short if their mean length is less, in a reply with MANY. */
#define FINE 65536u
#define MANY 64u
/* After a reply with fewer, the next request is so many times as long. */
#define GROWTH 2u
/* The most bytes of a request after a write, as changed ranges are requested many times. */
#define ASK_CHANGED (64ull << 20)
/* The most stretches of one reply, and of the map. */
#define TOLD_MAX 65536u
#define KEPT_MAX 262144u
/* The most requests for one stretch of data; the bytes after it are then treated as data. */
#define TRIES 64
#define GIVE_UP (1u << 20)
/* If the mean of PATIENCE replies is less than POOR bytes, the server is not asked again. */
#define POOR 65536u
#define PATIENCE 256u
#define UNIT 4096u

void nbd_map_init(struct nbd_map *map)
{
	pthread_mutex_init(&map->lock, NULL);
	map->ask = SAMPLE;
}

void nbd_map_free(struct nbd_map *map)
{
	free(map->all.items);
	pthread_mutex_destroy(&map->lock);
}

/* ---- asking ---- */

struct answer {
	uint64_t at, end; /* the rest of the request that has no reply yet */
	struct nbd_stretch_vec told;
	bool ended;
};

/* Append S to V, or extend the last stretch if S continues it. */
static int append(struct nbd_stretch_vec *v, struct nbd_stretch s)
{
	struct nbd_stretch *last = v->count ? &v->items[v->count - 1] : NULL;

	if (last && last->end == s.start && last->zero == s.zero && last->hole == s.hole) {
		last->end = s.end;
		return 0;
	}
	return vec_push(v, s);
}

/* ENTRIES are pairs of a length and flags. The first invalid one ends the reply. */
static int take_entries(void *arg, const char *context, uint64_t at, uint32_t *entries,
			size_t count, int *error)
{
	struct answer *a = arg;

	(void)error;
	if (strcmp(context, LIBNBD_CONTEXT_BASE_ALLOCATION) != 0 || at != a->at || a->ended)
		return 0;
	a->ended = true;
	for (size_t i = 0; i + 1 < count && a->at < a->end && a->told.count < TOLD_MAX; i += 2) {
		uint64_t left = a->end - a->at, len = entries[i] < left ? entries[i] : left;
		struct nbd_stretch s = {.start = a->at,
					.end = a->at + len,
					.zero = entries[i + 1] & LIBNBD_STATE_ZERO,
					.hole = entries[i + 1] & LIBNBD_STATE_HOLE};

		if (!len || append(&a->told, s))
			break;
		a->at += len;
	}
	return 0;
}

/* ---- the map ---- */

/* The index of the first stretch that ends after AT. */
static size_t seek(const struct nbd_stretch_vec *v, uint64_t at)
{
	size_t low = 0, high = v->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v->items[mid].end > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static const struct nbd_stretch *known(const struct nbd_map *map, uint64_t at)
{
	size_t i = seek(&map->all, at);

	return i < map->all.count && map->all.items[i].start <= at ? &map->all.items[i] : NULL;
}

/* Insert TOLD before the stretch at index I; the map has nothing of its range. */
static errcode_t insert(struct nbd_stretch_vec *v, size_t i, const struct nbd_stretch_vec *told)
{
	size_t after = v->count - i;

	for (size_t n = 0; n < told->count; n++) {
		if (vec_push(v, told->items[n])) {
			v->count -= n;
			return ENOMEM;
		}
	}
	memmove(v->items + i + told->count, v->items + i, after * sizeof(*v->items));
	memcpy(v->items + i, told->items, told->count * sizeof(*v->items));
	return 0;
}

/* Merge the stretch at index I and the one before it if they are of one kind. */
static void join(struct nbd_stretch_vec *v, size_t i)
{
	struct nbd_stretch *last = i ? &v->items[i - 1] : NULL, *next = &v->items[i];

	if (!last || i >= v->count || last->end != next->start || last->zero != next->zero ||
	    last->hole != next->hole)
		return;
	last->end = next->end;
	v->count--;
	memmove(next, next + 1, (v->count - i) * sizeof(*next));
}

void nbd_map_forget(struct nbd_map *map, uint64_t at, uint64_t len)
{
	struct nbd_stretch_vec *v = &map->all;
	/* no server reports smaller units */
	uint64_t end = (at + len + UNIT - 1) / UNIT * UNIT;
	size_t first, last;

	at = at / UNIT * UNIT;

	pthread_mutex_lock(&map->lock);
	first = last = seek(v, at);
	if (first < v->count && v->items[first].start < at && v->items[first].end > end) {
		struct nbd_stretch rest = v->items[first];

		/* the middle is forgotten; without memory for both ends, the first one, too */
		rest.start = end;
		if (!insert(v, first + 1, &(struct nbd_stretch_vec){.items = &rest, .count = 1}))
			v->items[first++].end = at;
		last = first;
	} else if (first < v->count && v->items[first].start < at) {
		v->items[first++].end = at;
		last = first;
	}
	while (last < v->count && v->items[last].end <= end)
		last++;
	if (last < v->count && v->items[last].start < end && v->items[last].end > end)
		v->items[last].start = end;
	if (last > first)
		memmove(v->items + first, v->items + last, (v->count - last) * sizeof(*v->items));
	v->count -= last - first;
	pthread_mutex_unlock(&map->lock);
}

/* ---- learning ---- */

/*
 * The reply described [at, end) in COUNT stretches. If these are short, the server takes longer to
 * find them than to send their data: in the rest of a piece of ASK bytes it is not asked in order
 * to read less.
 */
static void rate(struct nbd_map *map, uint64_t at, uint64_t end, size_t count)
{
	map->calls++;
	map->told += end - at;
	if (end == at || (map->calls >= PATIENCE && map->told / map->calls < POOR))
		map->off = true;
	if (count >= MANY && (end - at) / count < FINE) {
		map->ask = SAMPLE;
		map->fine = (struct e4z_span){.start = end, .len = ASK - end % ASK};
	} else if (count < MANY) {
		map->ask = map->ask < ASK / GROWTH ? map->ask * GROWTH : ASK;
	} else {
		map->ask = map->ask / GROWTH > SAMPLE ? map->ask / GROWTH : SAMPLE;
	}
}

/* The end of a request at AT: its length is limited, and it ends before the next known stretch. */
static uint64_t ask_end(const struct nbd_disk *disk, uint64_t at)
{
	const struct nbd_map *map = &disk->map;
	uint64_t len = map->ask, end;
	size_t i = seek(&map->all, at);

	if (atomic_load(&disk->wrote) && len > ASK_CHANGED)
		len = ASK_CHANGED;
	end = disk->size - at < len ? disk->size : at + len;
	return i < map->all.count && map->all.items[i].start < end ? map->all.items[i].start : end;
}

/* Clip V to [START, END): the reply is about whole blocks, but the map has the bytes beside it. */
static void clip(struct nbd_stretch_vec *v, uint64_t start, uint64_t end)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->count; i++) {
		struct nbd_stretch s = v->items[i];

		s.start = s.start > start ? s.start : start;
		s.end = s.end < end ? s.end : end;
		if (s.start < s.end)
			v->items[kept++] = s;
	}
	v->count = kept;
}

/* Ask the server about AT, which is not in the map; false: it still is not. */
static bool learn(struct nbd_disk *disk, uint64_t at)
{
	struct nbd_map *map = &disk->map;
	uint64_t end;
	struct answer a = {.ended = false};
	struct nbd_request request = {.op = NBD_STATUS, .extents = take_entries, .arg = &a};
	size_t i;
	bool good;

	if (map->all.count > KEPT_MAX)
		map->all.count = 0;
	i = seek(&map->all, at);
	end = ask_end(disk, at);
	request.at = a.at = at - at % disk->min;
	a.end = nbd_round_up(disk, end);
	request.len = a.end - a.at;

	nbd_link_send(nbd_disk_pick(disk), &request);
	good = !nbd_link_wait(&request);
	rate(map, request.at, a.at, a.told.count);
	clip(&a.told, at, end);
	good = good && a.at > at && a.told.count && !insert(&map->all, i, &a.told);
	if (good) {
		join(&map->all, i + a.told.count);
		join(&map->all, i);
	}
	free(a.told.items);
	return good;
}

/* HINT: only to read less; the stretch may be treated as data without asking the server. */
static bool look(struct nbd_disk *disk, uint64_t at, bool hint, struct nbd_stretch *stretch)
{
	struct nbd_map *map = &disk->map;
	const struct e4z_span *fine = &map->fine;
	const struct nbd_stretch *s;
	bool found;

	pthread_mutex_lock(&map->lock);
	s = known(map, at);
	found = !s && hint && at - fine->start < fine->len;
	if (found)
		*stretch = (struct nbd_stretch){.start = at, .end = fine->start + fine->len};
	else if (!s && !map->off && learn(disk, at))
		s = known(map, at);
	if (s)
		*stretch = *s;
	pthread_mutex_unlock(&map->lock);
	return found || s;
}

bool nbd_map_at(struct blkdev *dev, uint64_t at, struct nbd_stretch *stretch)
{
	return look(nbd_disk_of(dev), at, false, stretch);
}

bool nbd_map_next(struct blkdev *dev, uint64_t at, uint64_t *start, uint64_t *end)
{
	struct nbd_stretch s = {.end = at};
	bool told = false;

	for (unsigned tries = 0; at < dev->size && tries < TRIES; tries++) {
		if (!look(nbd_disk_of(dev), at, true, &s))
			break;
		told = true;
		if (!s.zero)
			break;
		at = s.end;
	}
	*start = at;
	/* unknown ranges must be treated as data */
	if (s.zero || s.end <= at)
		s.end = dev->size - at < GIVE_UP ? dev->size : at + GIVE_UP;
	if (end)
		*end = s.end < dev->size ? s.end : dev->size;
	return told;
}
#endif
