/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb --check. */
#ifndef E4ZERO_CHECK_H
#define E4ZERO_CHECK_H

#include "options.h"

verb_fn check_run;

#endif
