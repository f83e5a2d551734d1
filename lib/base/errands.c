// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child that is forked before the process is confined, and does what it is asked by number: it
 * knows what that is from before, and takes nothing else from its parent.
 */
#include "base/errands.h"

#include "base/cleanup.h"
#include "base/reserved.h"
#include "errors.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct e4z_errands {
	pid_t pid;
	int fd;
	size_t count;
};

/* ---- the child ---- */

static bool say(int fd, errcode_t err)
{
	return write(fd, &err, sizeof(err)) == sizeof(err);
}

/* The end of the parent is that of its socket; signals are for the parent. */
static void serve(int fd, const struct e4z_errand *list, size_t n)
{
	unsigned char number;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (!say(fd, 0))
		return;
	while (read(fd, &number, 1) == 1 && number < n)
		if (!say(fd, list[number].run(list[number].arg)))
			return;
}

/* ---- the parent ---- */

static errcode_t hear(int fd)
{
	char answer[sizeof(errcode_t)];
	size_t have = 0;
	errcode_t err;

	while (have < sizeof(answer)) {
		ssize_t n = read(fd, answer + have, sizeof(answer) - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EPIPE;
		have += (size_t)n;
	}
	__builtin_memcpy(&err, answer, sizeof(err));
	return err;
}

static errcode_t start(struct e4z_errands *e, const struct e4z_errand *list, const int *keep,
		       size_t count)
{
	int ends[2], kept[ERRANDS_KEEP + 1];

	if (count > ERRANDS_KEEP)
		return EINVAL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return errno;
	for (size_t i = 0; i < count; i++)
		kept[i] = keep[i];
	kept[count] = ends[1];
	e->pid = fork();
	if (!e->pid) {
		/* pipes end, and locks are released, when the parent closes them */
		cleanup_close_others(kept, count + 1);
		serve(ends[1], list, e->count);
		_exit(0);
	}
	close(ends[1]);
	e->fd = ends[0];
	return e->pid < 0 ? errno : hear(e->fd);
}

errcode_t errands_start(const struct e4z_errand *list, size_t n, const int *keep, size_t count,
			struct e4z_errands **out)
{
	struct e4z_errands *e = calloc(1, sizeof(*e));
	errcode_t err;

	*out = NULL;
	if (!e)
		return ENOMEM;
	*e = (struct e4z_errands){.pid = -1, .fd = -1, .count = n};
	err = n <= UCHAR_MAX ? 0 : EINVAL;
	for (size_t i = 0; i < n && !err; i++)
		err = RESERVED_IS_ZERO(&list[i]) ? 0 : E4Z_ET_USAGE;
	if (!err)
		err = start(e, list, keep, count);
	if (err)
		e4z_errands_end(e);
	else
		*out = e;
	return err;
}

errcode_t e4z_errands_start(const struct e4z_errand *list, size_t n, struct e4z_errands **errands)
{
	return errands_start(list, n, NULL, 0, errands);
}

errcode_t e4z_errands_run(struct e4z_errands *e, size_t number)
{
	const unsigned char byte = (unsigned char)number;

	if (number >= e->count)
		return EINVAL;
	return write(e->fd, &byte, 1) == 1 ? hear(e->fd) : errno;
}

int e4z_errands_descriptor(const struct e4z_errands *e)
{
	return e->fd;
}

void e4z_errands_end(struct e4z_errands *e)
{
	if (!e)
		return;
	if (e->fd >= 0)
		close(e->fd);
	while (e->pid > 0 && waitpid(e->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(e);
}
