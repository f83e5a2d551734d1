// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel can tell a child of the death of its parent, but only by a signal that is chosen
 * beforehand, and a server that is starting can forget SIGTERM. SIGKILL would cost a writer what it
 * has not put in order yet. So both are sent, one after the other, by somebody who outlives us.
 */
#include "source/keeper.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a program is given to end after SIGTERM. */
#define TERM_S 3

static void on_child(int number)
{
	(void)number;
}

/* Only SIGCHLD is heard, and only in ppoll(2), with the mask *HEAR. */
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

	/* it does the same; whoever is first */
	(void)setpgid(child, child);
	/* not ours: what is sent to all of a terminal, or to a job of a shell */
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
