// SPDX-License-Identifier: GPL-2.0-or-later
// A ruleset without rules denies everything that it handles. The constants are defined here, as
// headers may be older than the kernel.
#include "confine/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* the same on every architecture */
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#endif
#ifndef __NR_landlock_restrict_self
#define __NR_landlock_restrict_self 446
#endif

#define ASK_VERSION 1u

enum { READ_FILE = 1 << 2, READ_DIR = 1 << 3 };

struct ruleset {
	uint64_t files, ports, scopes;
};

/* All rights that each version of the interface can handle. */
static const struct ruleset versions[] = {
	{.files = (1 << 13) - 1},			   /* execute, write, read, make, remove */
	{.files = (1 << 14) - 1},			   /* and refer */
	{.files = (1 << 15) - 1},			   /* and truncate */
	{.files = (1 << 15) - 1, .ports = 3},		   /* and bind, connect */
	{.files = (1 << 16) - 1, .ports = 3},		   /* and ioctl of devices */
	{.files = (1 << 16) - 1, .ports = 3, .scopes = 3}, /* abstract sockets, signals */
};

#define KNOWN ((long)(sizeof(versions) / sizeof(versions[0])))

errcode_t landlock_give_up(bool reading)
{
	long version = syscall(__NR_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	struct ruleset all;
	errcode_t err = 0;
	int fd;

	if (version < 1)
		return ENOSYS;
	all = versions[(version < KNOWN ? version : KNOWN) - 1];
	if (reading)
		all.files &= ~(uint64_t)(READ_FILE | READ_DIR);
	/* an older kernel accepts a longer structure if the additional bytes are zero */
	fd = (int)syscall(__NR_landlock_create_ruleset, &all, sizeof(all), 0);
	if (fd < 0)
		return errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(__NR_landlock_restrict_self, fd, 0))
		err = errno;
	close(fd);
	return err;
}
