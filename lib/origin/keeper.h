/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that ends when this process does, however that ends. */
#ifndef E4Z_ORIGIN_KEEPER_H
#define E4Z_ORIGIN_KEEPER_H

#include "source/spawn.h"

struct keeper;

/*
 * As spawn_start(), but the child gets S->kept when this process has ended. *KEEPER, NULL after a
 * failure, is for keeper_end() once the child has ended.
 */
errcode_t keeper_start(const struct spawn *s, struct spawned *child, struct keeper **keeper);
/* KEEPER may be NULL. */
void keeper_end(struct keeper *keeper);

#endif
