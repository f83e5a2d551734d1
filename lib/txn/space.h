/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where free clusters may be: for each group a number that no run of clusters which may be taken
 * there exceeds. Within a transaction such runs only shrink, as what it frees is not taken before
 * its commit; so what a search found out of a group holds until then, and the next search asks only
 * groups that can have what it needs.
 *
 * P1. No run of clusters of group G that may be taken is longer than space_longest(G): a search
 *     that passes a group over misses nothing.
 * P2. A number only falls, but for space_back(), which gives an operation's clusters back, and
 *     space_refresh(), after which freed blocks may be taken.
 */
#ifndef E4Z_TXN_SPACE_H
#define E4Z_TXN_SPACE_H

#include "image/image.h"
#include "sets/rangeset.h"

struct space;

/* As the group descriptors of IMG say; NULL when memory runs out. */
struct space *space_new(const struct e4z_image *img);
void space_free(struct space *space);

/*
 * The first group at or after G with a run of LEAST clusters or more, perhaps; the number of
 * groups: there is none.
 */
uint32_t space_find(const struct space *space, uint32_t g, uint32_t least);

/* No longer than that is any run of group G. */
uint32_t space_longest(const struct space *space, uint32_t g);
void space_set_longest(struct space *space, uint32_t g, uint32_t clusters);

/* An operation begins; taking it back makes its clusters free again. */
void space_mark(struct space *space);
void space_back(struct space *space);

/* The blocks of FREED may be taken from now on. */
void space_refresh(struct space *space, const struct rangeset *freed);

#endif
