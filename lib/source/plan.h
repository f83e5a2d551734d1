/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that starting another program requires, made before the fork. */
#ifndef E4Z_SOURCE_PLAN_H
#define E4Z_SOURCE_PLAN_H

#include <et/com_err.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define PLAN_STANDARD 3 /* descriptors */
#define PLAN_FDS 8

struct plan {
	char *file;	  /* of the program */
	const char **env; /* one block with its pointers */
	char listen_pid[32];
	int source[PLAN_STANDARD + PLAN_FDS], count;
	int report; /* receives the errno of a failure */
	sigset_t none;
};

/*
 * Fill PLAN for the program NAME with COUNT descriptors FDS, PLAN_FDS at most. The caller adds
 * descriptors 0 to 2 and the report. LISTEN: as in struct spawn. ENOENT: no such program. PLAN must
 * be freed in any case.
 */
errcode_t plan_make(const char *name, const int *fds, size_t count, bool listen, struct plan *plan);
void plan_free(struct plan *plan);

#endif
