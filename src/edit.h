/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs that write. */
#ifndef E4ZERO_EDIT_H
#define E4ZERO_EDIT_H

#include "options.h"

verb_fn edit_truncate_run;
verb_fn edit_replay_run;
verb_fn edit_undo_run;

#endif
