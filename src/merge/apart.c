// SPDX-License-Identifier: GPL-2.0-or-later
// Forks, and waits: the parent receives the exit status and the shared memory of the child.

#include "merge/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * SIGTERM may come from others, and from the parent, and is the same request then. Where its action
 * is the default one, it came before the fork, and is known.
 */
static void take_term_once(void)
{
	struct sigaction action;

	if (sigaction(SIGTERM, NULL, &action))
		return;
	if (action.sa_handler == SIG_DFL)
		action.sa_handler = SIG_IGN;
	action.sa_flags &= ~SA_RESETHAND;
	sigaction(SIGTERM, &action, NULL);
}

static int fork_child(struct apart *apart)
{
	const pid_t parent = getpid();
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	/* if the caller left it ignored, the exit status of the child would be lost */
	signal(SIGCHLD, SIG_DFL);
	apart->pid = fork();
	err = apart->pid < 0 ? errno : 0;
	apart->end = ends[0];
	if (!apart->pid) {
		close(ends[0]);
		take_term_once();
		/* the other end stays open until this process ends */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
			_exit(127);
		return 0;
	}
	close(ends[1]);
	if (err)
		close(ends[0]);
	return err;
}

int apart_start(struct apart *apart, size_t size)
{
	int err;

	*apart = (struct apart){.pid = -1, .size = size, .end = -1};
	apart->shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (apart->shared == MAP_FAILED) {
		apart->shared = NULL;
		return errno;
	}
	err = fork_child(apart);
	if (err)
		apart_free(apart);
	return err;
}

/*
 * A terminal sends its signals to the child, too, but others may not. ppoll(2) lets them in only
 * while it waits.
 */
static void await_end(const struct apart *apart, const volatile int *stop)
{
	struct pollfd end = {.fd = apart->end, .events = POLLIN};
	sigset_t asked, before;
	bool told = false;

	sigemptyset(&asked);
	sigaddset(&asked, SIGHUP);
	sigaddset(&asked, SIGINT);
	sigaddset(&asked, SIGTERM);
	sigprocmask(SIG_BLOCK, &asked, &before);
	for (;;) {
		if (*stop && !told) {
			kill(apart->pid, SIGTERM);
			told = true;
		}
		if (ppoll(&end, 1, NULL, &before) > 0)
			break;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Signals that are sent to both processes, or that a single process would get when it writes. */
static bool is_for_both(int number)
{
	return number == SIGPIPE || number == SIGHUP || number == SIGINT || number == SIGTERM;
}

int apart_wait(struct apart *apart, const volatile int *stop)
{
	int raw = 0;

	await_end(apart, stop);
	close(apart->end);
	apart->end = -1;
	while (waitpid(apart->pid, &raw, 0) < 0)
		if (errno != EINTR)
			return 128;
	if (WIFSIGNALED(raw) && is_for_both(WTERMSIG(raw))) {
		signal(WTERMSIG(raw), SIG_DFL);
		raise(WTERMSIG(raw));
	}
	return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

void apart_free(struct apart *apart)
{
	if (apart->shared)
		munmap(apart->shared, apart->size);
	apart->shared = NULL;
}
