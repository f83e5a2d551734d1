// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a command, or two with a pipe between them, and writes time and memory as JSON to FD.
/*
 * A runner of its own, because a child that a big interpreter starts inherits that interpreter's
 * peak memory. The numbers: seconds from before the first fork to after the last wait; CPU seconds
 * of both commands; peak resident memory and exit status of the first, the one that is measured.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static pid_t start(char **argv, int in, int out, int unwanted, int result)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close(result);
	if (unwanted >= 0)
		close(unwanted);
	if ((in >= 0 && dup2(in, 0) < 0) || (out >= 0 && dup2(out, 1) < 0))
		_exit(126);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	execvp(argv[0], argv);
	fprintf(stderr, "measure: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int report(int result, double wall, const struct rusage *use, const struct rusage *use2,
		  int status)
{
	FILE *out = fdopen(result, "w");

	if (!out)
		return 1;
	fprintf(out,
		"{\"wall\": %.6f, \"user\": %.6f, \"sys\": %.6f, \"rss_kib\": %ld, \"exit\": %d}\n",
		wall, seconds(use->ru_utime) + seconds(use2->ru_utime),
		seconds(use->ru_stime) + seconds(use2->ru_stime), use->ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return fclose(out) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct rusage use, use2 = {0};
	int ends[2] = {-1, -1}, status, status2 = 0, result = argc > 2 ? atoi(argv[1]) : 0;
	char **second = NULL;
	pid_t pid, pid2 = 0;
	double begin;

	for (int i = 3; i < argc && !second; i++) {
		if (!strcmp(argv[i], "--into")) {
			argv[i] = NULL;
			second = argv + i + 1;
		}
	}
	if (result < 3 || (second && (!*second || pipe2(ends, 0)))) {
		fputs("usage: measure FD COMMAND... [--into COMMAND...]\n", stderr);
		return 2;
	}
	if (second)
		fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
	begin = now();
	pid = start(argv + 2, -1, ends[1], ends[0], result);
	if (second) {
		pid2 = start(second, ends[0], -1, ends[1], result);
		close(ends[0]);
		close(ends[1]);
	}
	if (pid < 0 || pid2 < 0 || wait4(pid, &status, 0, &use) != pid ||
	    (pid2 && wait4(pid2, &status2, 0, &use2) != pid2)) {
		perror("measure");
		return 1;
	}
	if (status2) {
		fputs("measure: the second command failed\n", stderr);
		return 1;
	}
	return report(result, now() - begin, &use, &use2, status);
}
