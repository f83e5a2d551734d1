// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets that meet: each of ours is connected to one that the listener accepts, whichever folder
 * can be used; no name is left, and no program that is started inherits one.
 */
#include "../check.h"
#include "origin/meeting.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT 5

static bool is_private(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void meet(unsigned count)
{
	int listener, ours[COUNT], theirs;
	char mark;

	CHECK(meeting_make(&listener, ours, count) == 0);
	CHECK(is_private(listener));
	for (unsigned i = 0; i < count; i++) {
		CHECK(is_private(ours[i]));
		mark = (char)('a' + i);
		CHECK(write(ours[i], &mark, 1) == 1);
	}
	for (unsigned i = 0; i < count; i++) {
		theirs = accept(listener, NULL, NULL);
		CHECK(theirs >= 0);
		CHECK(read(theirs, &mark, 1) == 1 && mark == (char)('a' + i));
		close(theirs);
		/* the other end is gone, and nobody else has it */
		CHECK(read(ours[i], &mark, 1) == 0);
		close(ours[i]);
	}
	close(listener);
}

static unsigned names_in(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned n = 0;

	CHECK(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

int main(void)
{
	char folder[] = "/tmp/test-meeting-XXXXXX", longer[200];

	CHECK(mkdtemp(folder));
	CHECK(setenv("TMPDIR", folder, 1) == 0);
	meet(1);
	meet(COUNT);
	CHECK(names_in(folder) == 0);
	/* what cannot be used is passed over */
	CHECK(setenv("TMPDIR", "/no/such/folder", 1) == 0);
	meet(1);
	memset(longer, '/', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer + sizeof(longer) - sizeof(folder), folder, sizeof(folder));
	CHECK(setenv("TMPDIR", longer, 1) == 0);
	meet(1);
	CHECK(unsetenv("TMPDIR") == 0);
	meet(2);
	CHECK(rmdir(folder) == 0);
	return 0;
}
