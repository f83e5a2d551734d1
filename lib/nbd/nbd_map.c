// SPDX-License-Identifier: GPL-2.0-or-later
// Where an NBD export reads as zero, as its server reports in block status.
#ifdef HAVE_LIBNBD
#include "nbd/nbd_disk.h"

#include <errno.h>
#include <string.h>

/* Bytes that are asked about at once: a server may look at each cluster. */
#define ASK (1ull << 30)
/* The same at first, and where stretches are short. */
#define SAMPLE (16ull << 20)
/* Stretches are short if their mean is less, in an answer of MANY. */
#define FINE 65536u
#define MANY 64u
/* After fewer the next question is about so many times as much. */
#define GROWTH 4u
/* The same of what was changed: it is asked for again and again. */
#define ASK_CHANGED (64ull << 20)
/* Stretches of one answer, and of the map, at most. */
#define TOLD_MAX 65536u
#define KEPT_MAX 262144u
/* Questions for one stretch of data; then what follows is data, for all that is known. */
#define TRIES 64
#define GIVE_UP (1u << 20)
/* If after PATIENCE answers their mean is less than POOR bytes, the server is not asked again. */
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
	uint64_t at, end; /* what was asked for, and not answered yet */
	struct nbd_stretch_vec told;
	bool ended;
};

/* Append [at, end) to V; what it continues grows. */
static int append(struct nbd_stretch_vec *v, struct nbd_stretch s)
{
	struct nbd_stretch *last = v->count ? &v->items[v->count - 1] : NULL;

	if (last && last->end == s.start && last->zero == s.zero && last->hole == s.hole) {
		last->end = s.end;
		return 0;
	}
	return vec_push(v, s);
}

/* ENTRIES are pairs of a length and flags. The first invalid one ends the answer. */
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

/* ---- what is known ---- */

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

/* Put TOLD, of which nothing is known, before the stretch at index I. */
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

/* The stretch at index I and the one before become one if they are of a kind. */
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
	/* no server knows of less */
	uint64_t end = (at + len + UNIT - 1) / UNIT * UNIT;
	size_t first, last;

	at = at / UNIT * UNIT;

	pthread_mutex_lock(&map->lock);
	first = last = seek(v, at);
	if (first < v->count && v->items[first].start < at && v->items[first].end > end) {
		struct nbd_stretch rest = v->items[first];

		/* a hole in the middle: if there is no memory for both ends, neither is known */
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
 * The answer told of [at, end) in COUNT stretches. Where they are short it takes the server longer
 * to find them than to send what they have: in the rest of such a piece of ASK bytes it is not
 * asked for the sake of reading less.
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

/* How far from AT on the server is asked about: to what is known, in blocks of the server's. */
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

/* Leave what V has of [START, END): the rest is of blocks whose other bytes are known. */
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

/* Ask about AT, of which nothing is known: false if nothing is known afterwards. */
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

/* HINT: the stretch may be said to be data without a question. */
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
	/* where nothing is known, data must be assumed */
	if (s.zero || s.end <= at)
		s.end = dev->size - at < GIVE_UP ? dev->size : at + GIVE_UP;
	if (end)
		*end = s.end < dev->size ? s.end : dev->size;
	return told;
}
#endif
