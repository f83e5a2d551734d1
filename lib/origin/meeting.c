// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A server accepts connections from a socket with a name. The name exists, in a directory that only
 * this user can enter, until the connections are made, and is removed before the server starts.
 */
#include "origin/meeting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TEMPLATE "/e4zero-XXXXXX"
#define NAME "/s"

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void close_all(int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		close(fds[i]);
}

static errcode_t connect_all(const struct sockaddr_un *at, int *sockets, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int err;

		sockets[i] = new_socket();
		if (sockets[i] >= 0 && !connect(sockets[i], (const void *)at, sizeof(*at)))
			continue;
		err = errno;
		close_all(sockets, sockets[i] < 0 ? i : i + 1);
		return err;
	}
	return 0;
}

static errcode_t meet(const struct sockaddr_un *at, int *listener, int *sockets, unsigned count)
{
	errcode_t err = 0;

	*listener = new_socket();
	if (*listener < 0)
		return errno;
	if (bind(*listener, (const void *)at, sizeof(*at)) < 0)
		err = errno;
	if (!err && listen(*listener, (int)count) < 0)
		err = errno;
	if (!err)
		err = connect_all(at, sockets, count);
	if (err)
		close(*listener);
	return err;
}

/* Make a private directory in FOLDER, and in it the name of the socket. */
static errcode_t meet_in(const char *folder, int *listener, int *sockets, unsigned count)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(folder);
	errcode_t err;

	if (len + sizeof(TEMPLATE NAME) > sizeof(at.sun_path))
		return ENAMETOOLONG;
	strcpy(stpcpy(at.sun_path, folder), TEMPLATE);
	if (!mkdtemp(at.sun_path))
		return errno;
	len = strlen(at.sun_path);
	strcpy(at.sun_path + len, NAME);
	err = meet(&at, listener, sockets, count);
	(void)unlink(at.sun_path);
	at.sun_path[len] = '\0';
	(void)rmdir(at.sun_path);
	return err;
}

errcode_t meeting_make(int *listener, int *sockets, unsigned count)
{
	const char *const folders[] = {getenv("TMPDIR"), "/tmp", "/dev/shm", "/var/tmp"};
	errcode_t err = ENOENT;

	for (size_t i = 0; err && i < sizeof(folders) / sizeof(folders[0]); i++)
		if (folders[i] && *folders[i])
			err = meet_in(folders[i], listener, sockets, count);
	return err;
}
