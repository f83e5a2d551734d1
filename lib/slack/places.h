/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function a place, in a file of its own: slack_KIND.c. doc/findings.md has what each is. */
#ifndef E4Z_SLACK_PLACES_H
#define E4Z_SLACK_PLACES_H

#include "slack/unit.h"

slack_fn slack_iblock;
slack_fn slack_extent;
slack_fn slack_dir_leaf;
slack_fn slack_dir_inline;
slack_fn slack_htree;
slack_fn slack_inode;
slack_fn slack_xattr;

#endif
