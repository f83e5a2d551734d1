// SPDX-License-Identifier: GPL-2.0-or-later
// The progress bar and the progress lines. Neither can make a check fail.

#include "report/progress.h"
#include "util.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A pass is reported in at most so many steps, whatever the size of the image. */
enum { STEPS = 1000, BAR_WIDTH = 40 };

static const char *const pass_names[] = {
	[E4Z_PASS_TABLES] = "tables",
	[E4Z_PASS_BLOCKS] = "blocks",
	[E4Z_PASS_NAMES] = "names",
};

void progress_start(struct progress *progress, const struct options *options)
{
	*progress = (struct progress){
		.mode = options->progress,
		.fd = options->progress_fd,
		.image = options->image,
		.step = -1,
	};
	if (progress->mode == PROGRESS_BAR &&
	    (!isatty(STDERR_FILENO) || getenv("E2FSPROGS_SKIP_PROGRESS")))
		progress->mode = PROGRESS_NONE;
}

/* write(2), with EPIPE where the reader is gone, whatever SIGPIPE would do. */
static ssize_t write_quietly(int fd, const char *line, size_t len)
{
	const struct timespec at_once = {0};
	sigset_t pipe_signal, before, pending;
	ssize_t done;
	int saved;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	done = write(fd, line, len);
	saved = errno;
	if (done < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe_signal, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return done;
}

/* "PASS CURRENT MAX DEVICE", the line of e2fsck -C. */
static void write_line(struct progress *progress, uint64_t current, uint64_t max)
{
	char *name = util_printable(progress->image);
	char *line = NULL;
	ssize_t done;
	size_t at, len;

	if (name && asprintf(&line, "%d %llu %llu %s\n", progress->pass,
			     (unsigned long long)current, (unsigned long long)max, name) >= 0) {
		len = strlen(line);
		for (at = 0; at < len; at += (size_t)done) {
			done = write_quietly(progress->fd, line + at, len - at);
			if (done < 0 && errno == EINTR) {
				done = 0;
			} else if (done <= 0) {
				util_say(progress->image, "writing progress", strerror(errno));
				progress->mode = PROGRESS_NONE;
				break;
			}
		}
		free(line);
	}
	free(name);
}

static void draw_bar(struct progress *progress)
{
	static const char full[] = "========================================";
	const char *base = strrchr(progress->image, '/');
	char *name = util_printable(base && base[1] ? base + 1 : progress->image);
	int filled = progress->step * BAR_WIDTH / STEPS;

	progress->shown = fprintf(stderr, "\r%.24s: %s |%-*.*s| %3d.%d%%", name ? name : "",
				  pass_names[progress->pass], BAR_WIDTH, filled, full,
				  progress->step / 10, progress->step % 10);
	fflush(stderr);
	free(name);
}

void progress_update(struct progress *progress, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	int step;

	if (progress->mode == PROGRESS_NONE || pass < E4Z_PASS_TABLES || pass > E4Z_PASS_NAMES)
		return;
	if (current > max)
		current = max;
	step = max ? (int)((double)current / (double)max * STEPS) : STEPS;
	if (pass == progress->pass && step == progress->step)
		return;
	if (pass != progress->pass)
		progress_hide(progress);
	progress->pass = pass;
	progress->step = step;
	if (progress->mode == PROGRESS_LINES)
		write_line(progress, current, max);
	else
		draw_bar(progress);
}

void progress_hide(struct progress *progress)
{
	if (progress->shown <= 0)
		return;
	fprintf(stderr, "\r%*s\r", progress->shown, "");
	fflush(stderr);
	progress->shown = 0;
}
