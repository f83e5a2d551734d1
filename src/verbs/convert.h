/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb --convert. */
#ifndef E4ZERO_CONVERT_H
#define E4ZERO_CONVERT_H

#include "cli/options.h"

verb_fn convert_run;

#endif
