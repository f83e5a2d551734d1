/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process between this one and another program: it ends the program when this process has ended,
 * however that ended, or lets go of it. Whoever starts a program is then not required to kill one.
 */
#ifndef E4Z_SOURCE_KEEPER_H
#define E4Z_SOURCE_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * In a process that has forked CHILD and has no signals, all of them by default: give CHILD a
 * process group, and wait for its end: its exit status, or 128 + the signal that ended it. When
 * LEASH is at its end of file the group gets SIGTERM, and if it does not end soon, SIGKILL. System
 * calls only.
 */
int keeper_keep(pid_t child, int leash);

/*
 * In the child of a keeper, whose number is KEEPER: it gets SIGKILL if the keeper is killed. False:
 * it has been.
 */
bool keeper_follow(pid_t keeper);

#endif
