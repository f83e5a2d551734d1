/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of 64-bit numbers kept as ranges. The numbers are cut into chunks of 32,768 (a block group
 * of 4k blocks); a chunk is empty, full, a short sorted list of ranges, or a bitmap of 4 KiB,
 * whichever is smallest: so neither ten million scattered ranges nor 16 TiB of packed ones cost
 * much.
 */
#ifndef E4Z_SETS_RANGESET_H
#define E4Z_SETS_RANGESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rangeset;

/* A set over [0, limit); NULL when memory runs out. */
struct rangeset *rangeset_new(uint64_t limit);
void rangeset_free(struct rangeset *set);

/*
 * Add [start, start + len), which must lie below the limit. *OVERLAPPED becomes true when any of it
 * was in the set already (it is left alone otherwise); OVERLAPPED may be NULL. 0 or ENOMEM.
 */
int rangeset_add(struct rangeset *set, uint64_t start, uint64_t len, bool *overlapped);

/* The same; those of them that were in the set already are added to AGAIN, one by one. */
int rangeset_add_again(struct rangeset *set, uint64_t start, uint64_t len, struct rangeset *again);

/* Take [start, start + len) out, as far as it is in. 0 or ENOMEM, after which some of it may be. */
int rangeset_remove(struct rangeset *set, uint64_t start, uint64_t len);

/* Any number of [start, start + len) is in the set. Beyond the limit nothing is. */
bool rangeset_meets(const struct rangeset *set, uint64_t start, uint64_t len);

/* N is in the set. */
bool rangeset_has(const struct rangeset *set, uint64_t n);

/* The number of members. */
uint64_t rangeset_count(const struct rangeset *set);

/*
 * The first range at or after *FROM, maximal within the set: true and [*start, *start + *len), and
 * *FROM moves past it; false when there is none.
 */
bool rangeset_next(const struct rangeset *set, uint64_t *from, uint64_t *start, uint64_t *len);

/* The same of the members below END. */
bool rangeset_next_in(const struct rangeset *set, uint64_t *from, uint64_t end, uint64_t *start,
		      uint64_t *len);

#endif
