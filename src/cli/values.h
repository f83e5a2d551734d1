/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What options take as their arguments. */
#ifndef E4ZERO_VALUES_H
#define E4ZERO_VALUES_H

#include "cli/options.h"

/* Puts ARG, NULL where it is optional, into its field: why not, or NULL. */
typedef const char *value_fn(struct options *options, const char *arg);

value_fn value_convert;
value_fn value_data;
value_fn value_descriptor;
value_fn value_from;
value_fn value_image_format;
value_fn value_jobs;
value_fn value_timeout;
value_fn value_journal_device;
value_fn value_length;
value_fn value_kinds;
value_fn value_shard;
value_fn value_offset;
value_fn value_partition;
value_fn value_passphrase_fd;
value_fn value_passphrase_file;
value_fn value_holes;
value_fn value_policy;
value_fn value_sandbox;
value_fn value_progress;
value_fn value_script;
value_fn value_size;
value_fn value_report;
value_fn value_trace;
value_fn value_undo;
value_fn value_undo_apply;

#endif
