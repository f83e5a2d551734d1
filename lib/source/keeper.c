// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel can signal the death of a parent to its child, but only by a signal that is chosen
 * beforehand, and a server that is starting may ignore SIGTERM. SIGKILL would leave the image of a
 * writer unclosed. So a process that outlives this one sends both, one after the other.
 */
#include "source/keeper.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The time between SIGTERM and SIGKILL. */
#define TERM_S 3

static void on_child(int number)
{
	(void)number;
}

/* Block all signals; SIGCHLD interrupts only ppoll(2), with the mask *HEAR. */
static void hear_child(sigset_t *hear)
{
	const struct sigaction action = {.sa_handler = on_child};
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)sigaction(SIGCHLD, &action, NULL);
	*hear = all;
	sigdelset(hear, SIGCHLD);
}

int keeper_keep(pid_t child, int leash)
{
	const struct timespec term = {.tv_sec = TERM_S}, *limit = NULL;
	struct pollfd end = {.fd = leash, .events = POLLIN};
	sigset_t hear;
	int raw = 0, n;
	pid_t ended;

	/* the child does the same: either may be first */
	(void)setpgid(child, child);
	/* not for this process: signals that a terminal or a shell sends to a process group */
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_NAME, "e4zero-keeper");
	hear_child(&hear);
	while (!(ended = waitpid(child, &raw, WNOHANG))) {
		n = ppoll(&end, 1, limit, &hear);
		if (n < 0)
			continue;
		kill(-child, n ? SIGTERM : SIGKILL);
		end.fd = -1;
		limit = n ? &term : NULL;
	}
	return ended > 0 && WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

bool keeper_follow(pid_t keeper)
{
	return !prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == keeper;
}
