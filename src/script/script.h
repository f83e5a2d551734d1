/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --script: many operations, a line each, in one session. */
#ifndef E4ZERO_SCRIPT_H
#define E4ZERO_SCRIPT_H

#include "cli/options.h"

verb_fn script_run;

#endif
