// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes that can be read more than once: pipes go into an unlinked temporary file first.

#include "source.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static errcode_t read_at(void *arg, uint64_t off, void *to, size_t len)
{
	const struct source *source = arg;
	uint8_t *p = to;

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

/* Everything that FD still gives into a temporary file, which takes its place. */
static errcode_t spool(struct source *source, int fd)
{
	char path[4096], buffer[65536];
	const char *dir = getenv("TMPDIR");
	errcode_t err = 0;
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/e4zero-XXXXXX", dir && *dir ? dir : "/tmp") >=
	    (int)sizeof(path))
		return ENAMETOOLONG;
	source->fd = mkostemp(path, O_CLOEXEC);
	if (source->fd < 0)
		return errno;
	unlink(path);
	while (!err && (n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno != EINTR)
			err = errno;
		if (n > 0)
			err = write_all(source->fd, buffer, (size_t)n);
		if (n > 0)
			source->bytes.len += (uint64_t)n;
	}
	return err;
}

errcode_t source_open(struct source *source, const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	errcode_t err;

	*source = (struct source){.fd = -1, .bytes = {.arg = source, .read = read_at}};
	if (fd < 0 || fstat(fd, &st))
		return errno;
	if (S_ISREG(st.st_mode) && !is_stdin) {
		source->fd = fd;
		source->bytes.len = (uint64_t)st.st_size;
		return 0;
	}
	err = spool(source, fd);
	if (!is_stdin)
		close(fd);
	return err;
}

void source_close(struct source *source)
{
	if (source->fd >= 0)
		close(source->fd);
}
