// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a child gets (descriptors, signals, environment), what is heard of it, and that it ends:
 * also one that writes without end, ignores SIGTERM, or has children of its own.
 */
#include "../check.h"
#include "source/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct spawned start(const char *script, const int *fds, size_t fd_count, bool listen)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	const struct spawn s = {argv, fds, fd_count, .output = true, .listen = listen};
	static struct spawned child;

	CHECK(spawn_start(&s, &child) == 0);
	return child;
}

/* All that it prints, up to 4095 bytes. */
static const char *output(const struct spawned *child)
{
	static char text[4096];
	size_t len = 0;
	ssize_t n;

	do {
		n = read(child->out, text + len, sizeof(text) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	text[len] = '\0';
	return text;
}

static void test_descriptors(void)
{
	int fds[5], status;
	char expected[256], *to = expected;
	struct spawned child;
	struct stat st;

	/* each where another one belongs */
	for (int i = 0; i < 5; i++) {
		fds[i] = open(i % 2 ? "/dev/zero" : "/dev/null", O_RDONLY);
		CHECK(fds[i] >= 0 && fds[i] < 32);
	}
	for (int i = 0; i < 2; i++) {
		int swap = fds[i];

		fds[i] = fds[4 - i];
		fds[4 - i] = swap;
	}
	fds[0] = fds[1];
	CHECK(open("/dev/full", O_RDONLY) >= 0);
	for (int i = 0; i < 5; i++) {
		CHECK(fstat(fds[i], &st) == 0);
		to += sprintf(to, "%d:%d ", 3 + i, (int)(st.st_rdev & 0xff));
	}
	child = start("for n in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] ||"
		      " printf '%s:%d ' $n 0x$(stat -L -c %T /proc/$$/fd/$n); done",
		      fds, 5, false);
	CHECK(!strcmp(output(&child), expected));
	spawn_end(&child, 10000, &status);
	CHECK(status == 0 && child.out == -1 && child.err == -1 && child.pid == 0);
}

static void test_listen(void)
{
	int fd = open("/dev/null", O_RDONLY);
	struct spawned child;

	CHECK(setenv("LISTEN_FDS", "7", 1) == 0 && setenv("LISTEN_FDNAMES", "x", 1) == 0);
	CHECK(setenv("LC_MESSAGES", "de_DE", 1) == 0 && setenv("KEPT", "kept", 1) == 0);
	child = start("[ $LISTEN_PID = $$ ] && echo $LISTEN_FDS $LISTEN_FDNAMES $LC_MESSAGES "
		      "$LC_ALL $KEPT",
		      &fd, 1, true);
	CHECK(!strcmp(output(&child), "1 C kept\n"));
	spawn_end(&child, 10000, NULL);
	child = start("echo $LISTEN_PID$LISTEN_FDS$LISTEN_FDNAMES-", NULL, 0, false);
	CHECK(!strcmp(output(&child), "-\n"));
	spawn_end(&child, 10000, NULL);
	close(fd);
}

static void test_signals(void)
{
	struct spawned child;
	sigset_t all, now;
	int status;

	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* the first 28: those of the C library itself nobody can set back */
	child = start("sed -nE 's/^Sig(Blk|Ign).*(.{7})$/\\2/p' /proc/self/status; kill -INT $$",
		      NULL, 0, false);
	CHECK(!strcmp(output(&child), "0000000\n0000000\n"));
	CHECK(getpgid(child.pid) == child.pid);
	spawn_end(&child, 10000, &status);
	CHECK(status == 128 + SIGINT);
	sigprocmask(SIG_SETMASK, NULL, &now);
	CHECK(sigismember(&now, SIGUSR1) == 1);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void test_said(void)
{
	int status;
	struct spawned child =
		start("printf 'sh: \\033what\\376\\nmore\\n' >&2; exit 3", NULL, 0, false);

	CHECK(!strcmp(output(&child), ""));
	spawn_end(&child, 10000, &status);
	CHECK(status == 3 && !strcmp(spawn_said(&child), "?what?"));
	child = start(":", NULL, 0, false);
	spawn_end(&child, 10000, NULL);
	CHECK(!strcmp(spawn_said(&child), ""));
	/* more than is kept: it is not waited for, and neither is it lost memory */
	child = start("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo done", NULL, 0, false);
	CHECK(!strcmp(output(&child), "done\n"));
	CHECK(lseek(child.err, 0, SEEK_END) == 4096);
	spawn_end(&child, 10000, NULL);
	CHECK(strlen(spawn_said(&child)) == SPAWN_SAID - 1);
}

/* In two halves: in between no program runs, and the keeper only has the program's descriptors. */
static void test_halves(void)
{
	const char *argv[] = {"sh", "-c", "echo here; exit 4", NULL};
	const struct spawn s = {.argv = argv, .output = true};
	struct spawned child;
	int ends[2], status;

	CHECK(pipe(ends) == 0);
	CHECK(spawn_prepare(&s, &child) == 0);
	close(ends[1]);
	CHECK(read(ends[0], &(char){0}, 1) == 0);
	argv[2] = "echo somewhere else";
	CHECK(spawn_go(&child) == 0);
	CHECK(!strcmp(output(&child), "here\n"));
	spawn_end(&child, 10000, &status);
	CHECK(status == 4);
	close(ends[0]);

	/* the program is never started, and nothing waits for it */
	CHECK(spawn_prepare(&s, &child) == 0);
	spawn_end(&child, 1000000, NULL);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);

	/* the keeper was killed: an error, but no signal */
	CHECK(spawn_prepare(&s, &child) == 0);
	kill(child.pid, SIGKILL);
	CHECK(waitid(P_PID, (id_t)child.pid, NULL, WEXITED | WNOWAIT) == 0);
	CHECK(spawn_go(&child) == EPIPE && !child.pid);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* The calling program cannot wait for it; the status is known nevertheless. */
static void test_ignored(void)
{
	int status;
	struct spawned child;

	signal(SIGCHLD, SIG_IGN);
	child = start("exit 5", NULL, 0, false);
	spawn_end(&child, 10000, &status);
	CHECK(status == 5);
	child = start("kill -9 $$", NULL, 0, false);
	spawn_end(&child, 10000, &status);
	CHECK(status == 128 + SIGKILL);
	/* its keeper was killed */
	child = start("exec sleep 1000", NULL, 0, false);
	kill(child.pid, SIGKILL);
	spawn_end(&child, 10000, &status);
	CHECK(status == -1);
	signal(SIGCHLD, SIG_DFL);
}

static void test_missing(void)
{
	const char *argv[] = {"no-such-program", NULL}, *directory[] = {"/dev/null", NULL};
	struct spawn s = {.argv = argv};
	struct spawned child;

	CHECK(spawn_start(&s, &child) == ENOENT && !child.pid && child.out == -1);
	s.argv = directory;
	CHECK(spawn_start(&s, &child) == EACCES && !child.pid);
	spawn_end(&child, 10000, NULL);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* The calling program has forked a process, which has everything open. */
static void test_forked(void)
{
	const char *argv[] = {"sleep", "1000", NULL};
	const struct spawn s = {.argv = argv};

	for (int started = 0; started < 2; started++) {
		struct spawned child;
		pid_t holder;

		CHECK(spawn_prepare(&s, &child) == 0);
		CHECK(!started || spawn_go(&child) == 0);
		holder = fork();
		if (!holder) {
			alarm(100);
			pause();
		}
		CHECK(holder > 0);
		spawn_end(&child, 0, NULL);
		CHECK(!waitpid(holder, NULL, WNOHANG));
		CHECK(kill(holder, SIGKILL) == 0 && waitpid(holder, NULL, 0) == holder);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_ends(void)
{
	double begin = now();
	int status;
	struct spawned child = start("exec sleep 1000", NULL, 0, false);

	spawn_end(&child, 20, &status);
	CHECK(status == 128 + SIGTERM);
	/* neither it nor its child hears; the child has the other end of the pipe */
	child = start("trap '' TERM; (sleep 1000; :) & echo; wait; wait", NULL, 0, false);
	CHECK(read(child.out, &(char){0}, 1) == 1);
	status = dup(child.out);
	CHECK(status >= 0);
	spawn_end(&child, 0, NULL);
	CHECK(read(status, &(char){0}, 1) == 0);
	close(status);
	child = start("kill -STOP $$", NULL, 0, false);
	spawn_end(&child, 20, NULL);
	CHECK(now() - begin < 60);
}

int main(void)
{
	test_descriptors();
	test_listen();
	test_signals();
	test_said();
	test_halves();
	test_ignored();
	test_forked();
	test_missing();
	test_ends();
	return 0;
}
