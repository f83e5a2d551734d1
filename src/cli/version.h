/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --version; in JSON also the capabilities of the program. */
#ifndef E4ZERO_VERSION_H
#define E4ZERO_VERSION_H

#include "cli/options.h"

verb_fn version_run;

#endif
