// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a passphrase from a file or descriptor into a memory file, which a child inherits.
#include "origin/secret.h"

#include "base/cleanup.h"
#include "base/whole.h"
#include "errors.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define LENGTH_MAX 4096

/* Read all of FD into BUF, up to one byte more than a passphrase may have. */
static errcode_t read_all(int fd, char *buf, size_t *len)
{
	*len = 0;
	while (*len <= LENGTH_MAX) {
		ssize_t n = read(fd, buf + *len, LENGTH_MAX + 1 - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : 0;
		*len += (size_t)n;
	}
	return 0;
}

static errcode_t keep(const char *secret, size_t len, int *fd)
{
	errcode_t err;

	*fd = memfd_create("e4zero-passphrase", MFD_CLOEXEC);
	if (*fd < 0)
		return errno;
	err = whole_pwrite(*fd, secret, len, 0);
	if (!err)
		return 0;
	close(*fd);
	*fd = -1;
	return err;
}

static errcode_t refuse(char *why, size_t why_size, const char *text)
{
	snprintf(why, why_size, "%s", text);
	return E4Z_ET_PASSPHRASE;
}

errcode_t secret_open(const struct e4z_open_options *options, int *fd, char *why, size_t why_size)
{
	const char *file = options->passphrase_file;
	AUTO_CLOSE int opened = file ? open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
	char secret[LENGTH_MAX + 1];
	size_t len;
	errcode_t err;

	*fd = -1;
	if (!file && options->passphrase_fd <= 0)
		return refuse(why, why_size, "the image is encrypted, and requires a passphrase");
	snprintf(why, why_size, "reading the passphrase");
	if (file && opened < 0)
		return errno;
	err = read_all(file ? opened : options->passphrase_fd, secret, &len);
	if (!err && len && secret[len - 1] == '\n')
		len--;
	if (!err && (!len || len > LENGTH_MAX))
		err = refuse(why, why_size,
			     len ? "the passphrase is longer than 4096 bytes"
				 : "the passphrase is empty");
	if (!err)
		err = keep(secret, len, fd);
	explicit_bzero(secret, sizeof(secret));
	return err;
}
