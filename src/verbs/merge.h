/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --merge: the reports of all shards of an image become the report of the image. */
#ifndef E4ZERO_MERGE_H
#define E4ZERO_MERGE_H

#include "cli/options.h"

verb_fn merge_run;

#endif
