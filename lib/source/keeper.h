/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process between this one and another program. It ends the program when this process has ended,
 * for whatever reason, or closes its end of the leash, so no program can be left behind.
 */
#ifndef E4Z_SOURCE_KEEPER_H
#define E4Z_SOURCE_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Called in a process that has forked CHILD, with the default action for all signals. Give CHILD a
 * process group, and wait for its end; returns its exit status, or 128 + the signal that ended it.
 * At end of file of LEASH the group gets SIGTERM, and some seconds later SIGKILL. Uses only system
 * calls.
 */
int keeper_keep(pid_t child, int leash);

/*
 * Called in the child of the process KEEPER: if the keeper dies, the child gets SIGKILL. False: the
 * keeper has died already.
 */
bool keeper_follow(pid_t keeper);

#endif
