// SPDX-License-Identifier: GPL-2.0-or-later
// The map of claimed clusters and of those claimed twice.
#include "findings/claims.h"

#include "findings/contested.h"
#include "sets/rangeset.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct claims {
	pthread_mutex_t lock;
	unsigned cluster_shift; /* from blocks to clusters */
	struct rangeset *taken, *conflicts, *xattr;
	struct contested nodes;	 /* blocks, not clusters */
	struct rangeset *shared; /* blocks, not clusters; NULL: none */
	struct rangeset
		*before; /* taken before the restart; NULL: there was none, or nobody asks */
	uint64_t blocks, clusters;
	bool exact, keep;
};

errcode_t claims_new(const struct e4z_image *img, bool exact, struct claims **out)
{
	struct claims *c = calloc(1, sizeof(*c));
	uint64_t clusters;

	*out = c;
	if (!c)
		return ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	c->cluster_shift = (unsigned)__builtin_ctz(img->cluster_ratio);
	c->exact = exact;
	c->blocks = img->blocks;
	c->clusters = clusters = (img->blocks >> c->cluster_shift) + 1;
	c->taken = rangeset_new(clusters);
	c->conflicts = rangeset_new(clusters);
	c->xattr = rangeset_new(c->blocks);
	if (!c->taken || !c->conflicts || !c->xattr)
		return ENOMEM;
	return contested_init(&c->nodes, img->blocks);
}

void claims_free(struct claims *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	rangeset_free(c->taken);
	rangeset_free(c->conflicts);
	rangeset_free(c->xattr);
	contested_free(&c->nodes);
	rangeset_free(c->shared);
	rangeset_free(c->before);
	free(c);
}

/*
 * The whole claim becomes a conflict even where only a part of it was taken: whoever else meets it
 * meets its owner too, so the inodes that are blamed are the same in any order. To know the part
 * takes time, which only an account of all blocks is worth.
 */
static errcode_t take(struct claims *c, uint64_t start, uint64_t len, bool *fresh)
{
	bool again = false;
	errcode_t err;

	if (c->exact && rangeset_meets(c->taken, start, len)) {
		*fresh = false;
		return rangeset_add_again(c->taken, start, len, c->conflicts);
	}
	err = rangeset_add(c->taken, start, len, &again);
	if (!err && again)
		err = rangeset_add(c->conflicts, start, len, NULL);
	*fresh = !again;
	return err;
}

errcode_t claims_node(struct claims *c, uint64_t pblk, unsigned pointers, bool *descend)
{
	bool fresh;
	errcode_t err;

	pthread_mutex_lock(&c->lock);
	err = contested_meet(&c->nodes, pblk, pointers, descend);
	if (!err)
		err = take(c, pblk >> c->cluster_shift, 1, &fresh);
	pthread_mutex_unlock(&c->lock);
	return err;
}

errcode_t claims_node_again(struct claims *c, uint64_t pblk, bool *descend)
{
	errcode_t err = 0;
	bool fresh;

	*descend = !contested_has(&c->nodes, pblk);
	if (!*descend)
		return 0;
	pthread_mutex_lock(&c->lock);
	err = take(c, pblk >> c->cluster_shift, 1, &fresh);
	pthread_mutex_unlock(&c->lock);
	return err;
}

bool claims_contested(const struct claims *c, uint64_t pblk)
{
	return contested_has(&c->nodes, pblk);
}

bool claims_any_contested(const struct claims *c)
{
	return contested_any(&c->nodes);
}

errcode_t claims_xattr(struct claims *c, uint64_t pblk, bool *first)
{
	uint64_t cluster = pblk >> c->cluster_shift;
	bool known = false, fresh;
	errcode_t err;

	pthread_mutex_lock(&c->lock);
	err = rangeset_add(c->xattr, pblk, 1, &known);
	if (!err && !known)
		err = take(c, cluster, 1, &fresh);
	pthread_mutex_unlock(&c->lock);
	*first = !known;
	return err;
}

errcode_t claims_meet_xattr(struct claims *c, uint64_t pblk, bool *first)
{
	bool again = false;
	errcode_t err;

	pthread_mutex_lock(&c->lock);
	err = rangeset_add(c->xattr, pblk, 1, &again);
	pthread_mutex_unlock(&c->lock);
	*first = !again;
	return err;
}

errcode_t claims_share(struct claims *c, uint64_t pblk, uint64_t len, uint64_t *fresh)
{
	errcode_t err = 0;

	pthread_mutex_lock(&c->lock);
	if (!c->shared)
		c->shared = rangeset_new(c->blocks);
	*fresh = c->shared ? rangeset_count(c->shared) : 0;
	if (c->shared)
		err = rangeset_add(c->shared, pblk, len, NULL);
	*fresh = c->shared ? rangeset_count(c->shared) - *fresh : 0;
	if (!c->shared)
		err = ENOMEM;
	pthread_mutex_unlock(&c->lock);
	return err;
}

errcode_t claims_again(struct claims *c, const struct rangeset *taken)
{
	uint64_t from = 0, start, len, end, fresh;
	bool share = c->shared;
	errcode_t err = 0;

	rangeset_free(c->xattr);
	rangeset_free(c->shared);
	c->shared = NULL;
	c->xattr = rangeset_new(c->blocks);
	if (!c->xattr)
		return ENOMEM;
	while (share && !err && rangeset_next(taken, &from, &start, &len)) {
		end = (start + len) << c->cluster_shift;
		start <<= c->cluster_shift;
		err = claims_share(c, start, (end < c->blocks ? end : c->blocks) - start, &fresh);
	}
	return err;
}

struct spreading {
	struct claims *claims;
	errcode_t err;
};

static errcode_t dispute(struct claims *c, uint64_t pblk, uint64_t len)
{
	uint64_t first = pblk >> c->cluster_shift;
	uint64_t end = ((pblk + len - 1) >> c->cluster_shift) + 1;
	errcode_t err = rangeset_add(c->taken, first, end - first, NULL);

	return err ? err : rangeset_add(c->conflicts, first, end - first, NULL);
}

static void on_listed(void *arg, const struct run *run)
{
	struct spreading *s = arg;

	if (!s->err)
		s->err = dispute(s->claims, run->pblk, run->len);
}

errcode_t claims_restart(struct claims *c, const struct e4z_image *img, struct map_work *work)
{
	struct spreading s = {.claims = c};
	uint64_t from = 0, start, len;
	errcode_t err;

	if (c->keep && !c->before)
		c->before = c->taken;
	else
		rangeset_free(c->taken);
	rangeset_free(c->conflicts);
	rangeset_free(c->xattr);
	c->taken = rangeset_new(c->clusters);
	c->conflicts = rangeset_new(c->clusters);
	c->xattr = rangeset_new(c->blocks);
	if (!c->taken || !c->conflicts || !c->xattr)
		return ENOMEM;
	err = contested_spread(&c->nodes, img, work, on_listed, &s);
	while (!err && !s.err && rangeset_next(c->nodes.again, &from, &start, &len))
		s.err = dispute(c, start, len);
	return err ? err : s.err;
}

static errcode_t append(struct claim_vec *vec, uint64_t first, uint64_t end, bool follows)
{
	const struct claim claim = {first, end - first};

	if (!vec->count || !follows)
		return vec_push(vec, claim);
	vec->items[vec->count - 1].len += end - first;
	return 0;
}

static errcode_t append_clusters(unsigned shift, struct claim_vec *vec, const struct run *run,
				 struct claims_last *last)
{
	uint64_t first = run->pblk >> shift, end = ((run->pblk + run->len - 1) >> shift) + 1;
	bool follows = first && last->cluster == first - 1;

	if (first == last->cluster && run->lblk >> shift == last->logical) {
		first++;
		follows = true;
	}
	last->cluster = end - 1;
	last->logical = (run->lblk + run->len - 1) >> shift;
	return first == end ? 0 : append(vec, first, end, follows);
}

/* As many of the extents as follow each other on the disk; RUN becomes the next one. */
static errcode_t append_blocks(struct claim_vec *vec, const struct run **run,
			       const struct run *stop, struct claims_last *last)
{
	uint64_t first = (*run)->pblk, end = first;
	bool follows = first && last->cluster == first - 1;

	for (; *run < stop && (*run)->pblk == end; (*run)++)
		end += (*run)->len;
	last->cluster = end - 1;
	return append(vec, first, end, follows);
}

errcode_t claims_append(const struct e4z_image *img, struct claim_vec *vec, const struct run *run,
			size_t count, struct claims_last *last)
{
	const struct run *stop = run + count;
	unsigned shift = (unsigned)__builtin_ctz(img->cluster_ratio);
	errcode_t err = 0;

	while (run < stop && !err)
		err = shift ? append_clusters(shift, vec, run++, last)
			    : append_blocks(vec, &run, stop, last);
	return err;
}

errcode_t claims_enter(struct claims *c, struct claim_vec *vec)
{
	errcode_t err = 0;
	bool fresh;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < vec->count && !err; i++)
		err = take(c, vec->items[i].start, vec->items[i].len, &fresh);
	pthread_mutex_unlock(&c->lock);
	vec->count = 0;
	return err;
}

const struct rangeset *claims_taken(const struct claims *c)
{
	return c->taken;
}

const struct rangeset *claims_twice(const struct claims *c)
{
	return c->conflicts;
}

const struct rangeset *claims_shared(const struct claims *c)
{
	return c->shared;
}

void claims_keep(struct claims *c)
{
	c->keep = true;
}

static errcode_t add_all(struct rangeset *to, const struct rangeset *from)
{
	uint64_t at = 0, start, len;
	errcode_t err = 0;

	while (!err && rangeset_next(from, &at, &start, &len))
		err = rangeset_add(to, start, len, NULL);
	return err;
}

errcode_t claims_divide(struct claims *c, const struct e4z_image *img,
			const struct rangeset **alone, const struct rangeset **xattr)
{
	uint64_t at = 0, start, len;
	errcode_t err = 0;

	*alone = c->taken;
	*xattr = c->xattr;
	while (!err && !img->shared_blocks && rangeset_next(c->xattr, &at, &start, &len)) {
		uint64_t first = start >> c->cluster_shift;

		err = rangeset_remove(c->taken, first,
				      ((start + len - 1) >> c->cluster_shift) + 1 - first);
	}
	if (!err)
		err = add_all(c->taken, c->conflicts);
	return err || !c->before ? err : add_all(c->taken, c->before);
}

bool claims_any_conflict(const struct claims *c)
{
	return rangeset_count(c->conflicts) != 0;
}

bool claims_conflict(struct claims *c, uint64_t pblk, uint64_t len)
{
	uint64_t first = pblk >> c->cluster_shift;
	uint64_t end = ((pblk + len - 1) >> c->cluster_shift) + 1;
	bool met;

	pthread_mutex_lock(&c->lock);
	met = rangeset_meets(c->conflicts, first, end - first);
	pthread_mutex_unlock(&c->lock);
	return met;
}
