// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All memory is allocated before fork(2): other threads may hold the locks of malloc() at that
 * moment, and the child would wait for them forever.
 */
#include "source/spawn.h"

#include "base/cleanup.h"
#include "io/clock.h"
#include "source/keeper.h"
#include "source/plan.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define ERR_SIZE SPAWN_SAID
#define FILES_MAX 1024
#define PAUSE_MAX_NS 20000000L
#define DIGITS 11

/* A file in memory that takes ERR_SIZE bytes and no more, so that a child that goes on writing
 * fails rather than waits. */
static int make_err(void)
{
	int fd = memfd_create("stderr", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, ERR_SIZE) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* ---- in the child: system calls only ---- */

static void write_pid(char *listen_pid)
{
	char digits[DIGITS], *to = stpcpy(listen_pid, "LISTEN_PID=");
	unsigned n = (unsigned)getpid(), i = 0;

	do
		digits[i++] = (char)('0' + n % 10);
	while (n /= 10);
	while (i)
		*to++ = digits[--i];
	*to = '\0';
}

/* Descriptor I becomes SOURCE[I]; the one after them receives the report of a failure. */
static int place_descriptors(const struct plan *plan)
{
	int moved[PLAN_STANDARD + PLAN_FDS], report = fcntl(plan->report, F_DUPFD, plan->count + 1);

	if (report < 0)
		return -1;
	/* first move them out of each other's way */
	for (int i = 0; i < plan->count; i++) {
		moved[i] = fcntl(plan->source[i], F_DUPFD, plan->count + 1);
		if (moved[i] < 0)
			return -1;
	}
	for (int i = 0; i < plan->count; i++)
		if (dup2(moved[i], i) < 0)
			return -1;
	if (dup3(report, plan->count, O_CLOEXEC) < 0)
		return -1;
	cleanup_close_range((unsigned)plan->count + 1, UINT_MAX);
	return plan->count;
}

static void reset_signals(void)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};

	for (int n = 1; n < NSIG; n++)
		(void)sigaction(n, &by_default, NULL);
}

/* With an endless chain of backing files, QEMU then runs out of descriptors before memory. */
static void limit_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= FILES_MAX)
		return;
	limit.rlim_cur = limit.rlim_max = FILES_MAX;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

_Noreturn static void be_child(const struct spawn *s, struct plan *plan, pid_t keeper)
{
	int report, err;

	if (!keeper_follow(keeper))
		_exit(127);
	(void)setpgid(0, 0);
	(void)sigprocmask(SIG_SETMASK, &plan->none, NULL);
	write_pid(plan->listen_pid);
	report = place_descriptors(plan);
	limit_files();
	if (report >= 0)
		execve(plan->file, (char *const *)s->argv, (char *const *)plan->env);
	err = errno;
	(void)!write(report >= 0 ? report : plan->report, &err, sizeof(err));
	_exit(127);
}

/*
 * Wait until the program is to be started. Other processes may wait until descriptors of this one
 * are closed, so it closes all that it does not need.
 */
static bool await_go(const struct plan *plan, int leash)
{
	int keep[PLAN_STANDARD + PLAN_FDS + 2], count = 0;
	char byte;
	ssize_t n;

	while (count < plan->count) {
		keep[count] = plan->source[count];
		count++;
	}
	keep[count++] = plan->report;
	keep[count++] = leash;
	cleanup_close_others(keep, (size_t)count);
	do
		n = read(leash, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

/* All signals are blocked. */
_Noreturn static void be_keeper(const struct spawn *s, struct plan *plan, int leash)
{
	pid_t self = getpid(), child;
	uint8_t status;
	int err;

	reset_signals();
	if (!await_go(plan, leash))
		_exit(127);
	child = fork();
	if (!child)
		be_child(s, plan, self);
	if (child < 0) {
		err = errno;
		(void)!write(plan->report, &err, sizeof(err));
		_exit(127);
	}
	(void)dup2(leash, 0);
	cleanup_close_range(1, UINT_MAX);
	status = (uint8_t)keeper_keep(child, 0);
	(void)!send(0, &status, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	_exit(status);
}

/* ---- starting ---- */

/* 0: exec() has closed the other end; otherwise the error of the child. */
static errcode_t await_exec(int fd)
{
	int err = 0;
	ssize_t n;

	do
		n = read(fd, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	return n < 0 ? errno : n == (ssize_t)sizeof(err) ? err : 0;
}

static errcode_t fork_keeper(const struct spawn *s, struct plan *plan, int leash,
			     struct spawned *child)
{
	sigset_t all, before;
	errcode_t err;

	sigemptyset(&plan->none);
	sigfillset(&all);
	/* no signal handler of this process may run in the child */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	child->pid = fork();
	if (!child->pid)
		be_keeper(s, plan, leash);
	err = child->pid < 0 ? errno : 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* The leash is a socket: a write to a pipe whose reader was killed would signal this process. */
static errcode_t run(const struct spawn *s, struct plan *plan, struct spawned *child)
{
	int report[2], leash[2];
	errcode_t err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, leash) < 0)
		return errno;
	child->leash = leash[1];
	if (pipe2(report, O_CLOEXEC) < 0) {
		err = errno;
		close(leash[0]);
		return err;
	}
	child->report = report[0];
	plan->report = report[1];
	err = fork_keeper(s, plan, leash[0], child);
	close(leash[0]);
	close(report[1]);
	return err;
}

/* Make standard input, output and error of the child, then start it. */
static errcode_t start(const struct spawn *s, struct plan *plan, struct spawned *child)
{
	AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int out = -1;
	int ends[2];

	if (null < 0)
		return errno;
	child->err = make_err();
	if (child->err < 0)
		return errno;
	if (s->output) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return errno;
		child->out = ends[0];
		out = ends[1];
	}
	plan->source[0] = null;
	plan->source[1] = s->output ? out : null;
	plan->source[2] = child->err;
	return run(s, plan, child);
}

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* After an error *CHILD is no child. */
static errcode_t started(struct spawned *child, errcode_t err)
{
	if (!err)
		return 0;
	spawn_end(child, 0, NULL);
	*child = (struct spawned){.leash = -1, .report = -1, .out = -1, .err = -1};
	return err;
}

errcode_t spawn_prepare(const struct spawn *s, struct spawned *child)
{
	struct plan plan;
	errcode_t err = plan_make(s->argv[0], s->fds, s->fd_count, s->listen, &plan);

	*child = (struct spawned){.leash = -1,
				  .report = -1,
				  .out = -1,
				  .err = -1,
				  .name = s->argv[0],
				  .stop = s->stop};
	if (!err)
		err = start(s, &plan, child);
	plan_free(&plan);
	return started(child, err);
}

errcode_t spawn_go(struct spawned *child)
{
	errcode_t err = send(child->leash, "", 1, MSG_NOSIGNAL) == 1 ? 0 : errno;

	if (!err)
		err = await_exec(child->report);
	close_if_open(&child->report);
	return started(child, err);
}

errcode_t spawn_start(const struct spawn *s, struct spawned *child)
{
	errcode_t err = spawn_prepare(s, child);

	return err ? err : spawn_go(child);
}

/* ---- ending ---- */

/*
 * The calling program ignores SIGCHLD, or has waited for all its children. The keeper has sent the
 * status, too; -1: it was killed before it could.
 */
static int hear_status(int leash)
{
	uint8_t status;

	return leash >= 0 && recv(leash, &status, 1, MSG_DONTWAIT) == 1 ? status : -1;
}

/* True: the keeper, and with it the program, has ended within TIMEOUT_MS. */
static bool await_end(const struct spawned *child, unsigned timeout_ms, const volatile int *stop,
		      int *status)
{
	const uint64_t end = clock_now_ms() + timeout_ms;
	struct timespec pause = {.tv_nsec = 500000};
	pid_t ended;
	int raw;

	while ((ended = waitpid(child->pid, &raw, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (clock_now_ms() >= end || (stop && *stop))
			return false;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < PAUSE_MAX_NS)
			pause.tv_nsec *= 2;
	}
	if (ended < 0)
		*status = hear_status(child->leash);
	else
		*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return true;
}

/* End the keeper, even if a process that the calling program has forked has the leash open. */
static void let_go(struct spawned *child)
{
	if (child->leash >= 0)
		(void)shutdown(child->leash, SHUT_RDWR);
	close_if_open(&child->leash);
}

/* The keeper, if there is one, waits for the leash, and ends at once. */
static void end_unstarted(struct spawned *child)
{
	close_if_open(&child->report);
	let_go(child);
	while (child->pid > 0 && waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
}

void spawn_end(struct spawned *child, unsigned timeout_ms, int *status)
{
	int ignored;

	if (!status)
		status = &ignored;
	*status = -1;
	if (child->report >= 0)
		end_unstarted(child);
	close_if_open(&child->out);
	if (child->pid > 0 && !await_end(child, timeout_ms, child->stop, status)) {
		let_go(child);
		while (!await_end(child, UINT_MAX, NULL, status))
			;
	}
	close_if_open(&child->leash);
	child->pid = 0;
	(void)spawn_said(child);
	close_if_open(&child->err);
}

const char *spawn_said(struct spawned *child)
{
	char line[SPAWN_SAID], *text = line;
	size_t name = child->name ? strlen(child->name) : 0;
	ssize_t n;

	if (child->err < 0)
		return child->said;
	n = pread(child->err, line, sizeof(line) - 1, 0);
	line[n < 0 ? 0 : n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (name && !strncmp(line, child->name, name) && !strncmp(line + name, ": ", 2))
		text += name + 2;
	for (char *c = text; *c; c++)
		*c = *c < ' ' || *c > '~' ? '?' : *c;
	strcpy(child->said, text);
	return child->said;
}
