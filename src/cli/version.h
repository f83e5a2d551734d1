/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --version, which in JSON also says what this program can do. */
#ifndef E4ZERO_VERSION_H
#define E4ZERO_VERSION_H

#include "cli/options.h"

verb_fn version_run;

#endif
