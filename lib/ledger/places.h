/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of places. */
#ifndef E4Z_LEDGER_PLACES_H
#define E4Z_LEDGER_PLACES_H

#include "ledger/place.h"

/* All of them, in the order in which they are scrubbed within a group. */
extern const struct place *const places;
extern const size_t place_count;

#endif
