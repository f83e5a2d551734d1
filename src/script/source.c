// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes that can be read more than once: pipes go into an unlinked temporary file first.

#include "script/source.h"
#include "errors.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOLD_BYTES (1u << 20) /* of a script that is kept in memory */

static errcode_t read_at(void *arg, uint64_t off, void *to, size_t len)
{
	const struct source *source = arg;
	uint8_t *p = to;

	if (*source->stop)
		return E4Z_ET_INTERRUPTED;
	if (source->kept) {
		memcpy(to, source->kept + off, len);
		return 0;
	}
	while (len) {
		ssize_t n = pread(source->fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		/* it became shorter while we read it */
		if (n == 0)
			return EIO;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static errcode_t write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/*
 * Wait until FD gives something, or a signal sets the stop flag. read(2) would go on waiting after
 * one that comes just before it; ppoll(2) lets them in only while it waits.
 */
static errcode_t await(const struct source *source, int fd)
{
	struct pollfd there = {.fd = fd, .events = POLLIN};
	sigset_t asked, before;
	bool stopped;

	sigemptyset(&asked);
	sigaddset(&asked, SIGHUP);
	sigaddset(&asked, SIGINT);
	sigaddset(&asked, SIGTERM);
	sigprocmask(SIG_BLOCK, &asked, &before);
	if (!*source->stop)
		ppoll(&there, 1, NULL, &before);
	stopped = *source->stop;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return stopped ? E4Z_ET_INTERRUPTED : 0;
}

/* The next bytes of FD; *GOT is 0 at its end. */
static errcode_t read_some(struct source *source, int fd, char *buffer, size_t size, size_t *got)
{
	for (;;) {
		errcode_t err = await(source, fd);
		ssize_t n = err ? 0 : read(fd, buffer, size);

		if (n >= 0) {
			*got = (size_t)n;
			return err;
		}
		if (errno != EINTR && errno != EAGAIN)
			return errno;
	}
}

/* Everything that FD, called NAME, still gives into the temporary file. */
static errcode_t fill(struct source *source, int fd, const char *name, uint64_t limit,
		      errcode_t beyond, const char *dir)
{
	char buffer[65536];
	size_t got = 0;

	for (;;) {
		errcode_t err = read_some(source, fd, buffer, sizeof(buffer), &got);

		if (err || !got) {
			if (err)
				snprintf(source->why, sizeof(source->why), "reading %.200s", name);
			return err;
		}
		if (got > limit - source->bytes.len) {
			snprintf(source->why, sizeof(source->why),
				 "reading more of %.160s than the %" PRIu64 " bytes that are free",
				 name, limit);
			return beyond;
		}
		err = write_all(source->fd, buffer, got);
		if (err) {
			snprintf(source->why, sizeof(source->why), "keeping %.120s in %.100s", name,
				 dir);
			return err;
		}
		source->bytes.len += got;
	}
}

/* Made beforehand, which are the only ones then. */
static struct {
	bool made;
	int error; /* errno, where they could not be made */
	int fd[SOURCE_TEMPORARIES];
	bool taken[SOURCE_TEMPORARIES];
} reserved;

static int take_reserved(void)
{
	for (int i = 0; i < SOURCE_TEMPORARIES && !reserved.error; i++)
		if (!reserved.taken[i]) {
			reserved.taken[i] = true;
			return reserved.fd[i];
		}
	errno = reserved.error ? reserved.error : EMFILE;
	return -1;
}

const int *source_reserve(void)
{
	const char *dir;

	for (int i = 0; i < SOURCE_TEMPORARIES && !reserved.error; i++) {
		reserved.fd[i] = source_temporary(&dir);
		if (reserved.fd[i] < 0)
			reserved.error = errno;
	}
	reserved.made = true;
	return reserved.error ? NULL : reserved.fd;
}

void source_temporary_end(int fd)
{
	for (int i = 0; i < SOURCE_TEMPORARIES; i++)
		if (reserved.made && reserved.fd[i] == fd) {
			(void)!ftruncate(fd, 0);
			(void)lseek(fd, 0, SEEK_SET);
			reserved.taken[i] = false;
			return;
		}
	close(fd);
}

int source_temporary(const char **dir)
{
	char path[4096];
	const char *tmp = getenv("TMPDIR");
	int fd;

	*dir = tmp && *tmp ? tmp : "/tmp";
	if (reserved.made)
		return take_reserved();
	if (snprintf(path, sizeof(path), "%s/e4zero-XXXXXX", *dir) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static errcode_t spool(struct source *source, int fd, const char *name, uint64_t limit,
		       errcode_t beyond)
{
	const char *dir;

	source->bytes.len = 0;
	source->fd = source_temporary(&dir);
	if (source->fd >= 0)
		return fill(source, fd, name, limit, beyond, dir);
	snprintf(source->why, sizeof(source->why), "keeping %.120s in %.100s", name, dir);
	return errno;
}

/* A FIFO without a writer would hold open(2), which a signal does not end. */
static int open_file(const char *name)
{
	struct stat st;
	bool fifo = !stat(name, &st) && S_ISFIFO(st.st_mode);

	return open(name, O_RDONLY | O_CLOEXEC | (fifo ? O_NONBLOCK : 0));
}

struct source_file source_find(const char *name)
{
	int fd = open_file(name);

	return (struct source_file){.fd = fd, .error = fd < 0 ? errno : 0};
}

/* -1 with errno. */
static int take_file(struct source_file *file)
{
	int fd = file->fd;

	file->fd = -1;
	errno = file->error;
	return fd;
}

static int open_named(const char *name, struct source_file *file)
{
	return file ? take_file(file) : open_file(name);
}

errcode_t source_open(struct source *source, const char *name, struct source_file *file,
		      uint64_t limit, errcode_t beyond, const volatile int *stop)
{
	bool is_stdin = !strcmp(name, "-");
	int fd = is_stdin ? STDIN_FILENO : open_named(name, file);
	struct stat st;
	errcode_t err;

	*source =
		(struct source){.fd = -1, .stop = stop, .bytes = {.arg = source, .read = read_at}};
	name = is_stdin ? "standard input" : name;
	snprintf(source->why, sizeof(source->why), "reading %.200s", name);
	if (fd < 0 || fstat(fd, &st)) {
		err = errno;
	} else if (S_ISREG(st.st_mode) && !is_stdin) {
		source->fd = fd;
		source->bytes.len = (uint64_t)st.st_size;
		return 0;
	} else {
		source->spooled = true;
		err = spool(source, fd, name, limit, beyond);
	}
	if (fd >= 0 && !is_stdin)
		close(fd);
	return err;
}

struct source_file source_find_stream(const char *name)
{
	int fd = strcmp(name, "-") ? open_file(name) : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	return (struct source_file){.fd = fd, .error = fd < 0 ? errno : 0};
}

errcode_t source_stream(struct source *source, struct source_file *file, const volatile int *stop)
{
	*source = (struct source){.stop = stop};
	source->fd = take_file(file);
	return source->fd < 0 ? errno : 0;
}

errcode_t source_next(struct source *source, char *to, size_t size, size_t *got)
{
	return read_some(source, source->fd, to, size, got);
}

errcode_t source_hold(struct source *source, const char *name)
{
	int fd = source->fd;
	errcode_t err;

	if (source->spooled)
		return 0;
	if (source->bytes.len > HOLD_BYTES) {
		err = spool(source, fd, name, UINT64_MAX, EFBIG);
	} else {
		char *kept = malloc(source->bytes.len + 1);

		err = kept ? read_at(source, 0, kept, source->bytes.len) : ENOMEM;
		source->kept = kept;
		source->fd = -1;
	}
	close(fd);
	return err;
}

void source_close(struct source *source)
{
	free(source->kept);
	if (source->fd >= 0)
		source_temporary_end(source->fd);
}
