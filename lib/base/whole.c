// SPDX-License-Identifier: GPL-2.0-or-later
// pread, pwrite, pwritev and fsync until all is done.
#include "base/whole.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

errcode_t whole_pwrite(int fd, const void *buf, size_t len, uint64_t off)
{
	const char *p = buf;

	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

errcode_t whole_pwritev(int fd, const struct iovec *pieces, size_t count, uint64_t off,
			uint64_t *written)
{
	errcode_t err = 0;

	*written = 0;
	while (count && !err) {
		size_t done, len;
		ssize_t n;

		if (!pieces->iov_len) {
			pieces++, count--;
			continue;
		}
		n = pwritev(fd, pieces, count < IOV_MAX ? (int)count : IOV_MAX,
			    (off_t)(off + *written));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		*written += (uint64_t)n;
		for (done = (size_t)n; count && done >= pieces->iov_len; pieces++, count--)
			done -= pieces->iov_len;
		if (!done)
			continue;
		/* one of them went in part */
		len = pieces->iov_len - done;
		err = whole_pwrite(fd, (const char *)pieces->iov_base + done, len, off + *written);
		*written += err ? 0 : len;
		pieces++, count--;
	}
	return err;
}

errcode_t whole_pread(int fd, void *buf, size_t len, uint64_t off)
{
	char *p = buf;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * EINTR is no failure: the host gave up waiting before it knew of one (FUSE, NFS), and asked again
 * it goes on.
 */
errcode_t whole_datasync(int fd)
{
	int rc;

	do
		rc = fdatasync(fd);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? errno : 0;
}

errcode_t whole_sync(int fd)
{
	int rc;

	do
		rc = fsync(fd);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? errno : 0;
}
