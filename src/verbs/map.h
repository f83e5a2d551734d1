/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb --map. */
#ifndef E4ZERO_MAP_H
#define E4ZERO_MAP_H

#include "cli/options.h"

verb_fn map_run;

#endif
