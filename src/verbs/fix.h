/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --fix. */
#ifndef E4ZERO_FIX_H
#define E4ZERO_FIX_H

#include "cli/options.h"

verb_fn fix_run;

#endif
