// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs e2fsck on memory files, and mounts them through loop devices. The mounts are in a namespace
 * of this process and the devices clear themselves, so that none is left behind, whatever happens.
 */
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES 2000
#define PIECE 4096

extern char **environ;

const char *const outside_name[OUTSIDE_JUDGES] = {
	[OUTSIDE_PREEN] = "e2fsck -p",
	[OUTSIDE_FIX] = "e2fsck -fy",
	[OUTSIDE_KERNEL] = "kernel",
	[OUTSIDE_LOOK] = "e2fsck -fn",
};

struct copies {
	int fd[DISKS];
	uint8_t *mem[DISKS];
	char path[DISKS][32];
};

/*
 * A copy that is no longer needed is kept: copying the pages that differ makes it the copy of
 * another state.
 */
static struct spare {
	int fd;
	uint8_t *mem;
	uint64_t size;
} spares[DISKS];

static int take_copy(const struct disk *disk, uint8_t **mem)
{
	size_t n = 0;
	int fd;

	while (n < DISKS && (!spares[n].mem || spares[n].size != disk->size))
		n++;
	if (n == DISKS)
		return disks_copy(disk, mem);
	fd = spares[n].fd;
	*mem = spares[n].mem;
	spares[n].mem = NULL;
	for (uint64_t at = 0; at < disk->size; at += PIECE) {
		size_t len = disk->size - at < PIECE ? disk->size - at : PIECE;

		if (memcmp(*mem + at, disk->mem + at, len))
			memcpy(*mem + at, disk->mem + at, len);
	}
	return fd;
}

static void drop_copy(int fd, uint8_t *mem, uint64_t size)
{
	struct stat st;

	for (size_t n = 0; n < DISKS; n++)
		/* a judge may have changed its size */
		if (!spares[n].mem && fstat(fd, &st) == 0 && (uint64_t)st.st_size == size) {
			spares[n] = (struct spare){fd, mem, size};
			return;
		}
	munmap(mem, size);
	close(fd);
}

static void copy_disks(const struct disks *disks, struct copies *copies)
{
	for (unsigned n = 0; n < DISKS; n++) {
		copies->fd[n] = -1;
		copies->mem[n] = NULL;
		if (!disks->disk[n].mem)
			continue;
		copies->fd[n] = take_copy(&disks->disk[n], &copies->mem[n]);
		snprintf(copies->path[n], sizeof(copies->path[n]), "/proc/self/fd/%d",
			 copies->fd[n]);
	}
}

/* Read what a child says to its end; the last words count. */
static void listen(int fd, char *said, size_t size)
{
	char piece[512];
	ssize_t n;

	said[0] = '\0';
	while ((n = read(fd, piece, sizeof(piece))) > 0) {
		size_t keep = (size_t)n < size - 1 ? (size_t)n : size - 1;

		memcpy(said, piece + (size_t)n - keep, keep);
		said[keep] = '\0';
	}
	for (char *p = said; *p; p++)
		if (*p == '\n')
			*p = ' ';
}

static int run(char *const argv[], char *said, size_t size)
{
	posix_spawn_file_actions_t actions;
	int status = -1, ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		die("no pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	listen(ends[0], said, size);
	close(ends[0]);
	if (pid < 0)
		return 127;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int run_e2fsck(const char *how, struct copies *copies, char *said, size_t size)
{
	char *argv[8] = {(char *)"e2fsck", (char *)how};
	int n = 2;

	if (copies->mem[1]) {
		argv[n++] = (char *)"-j";
		argv[n++] = copies->path[1];
	}
	argv[n] = copies->path[0];
	return run(argv, said, size);
}

/* A loop device over FD that is detached with its last user. */
static int attach(int fd, char *name, size_t size)
{
	struct loop_config config = {.fd = (uint32_t)fd, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), loop = -1;

	for (int i = 0; control >= 0 && i < TRIES; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0)
			break;
		snprintf(name, size, "/dev/loop%d", number);
		loop = open(name, O_RDWR | O_CLOEXEC);
		if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) == 0)
			break;
		if (loop >= 0) {
			int saved = errno;

			close(loop);
			errno = saved;
		}
		loop = -1;
		if (errno != EBUSY)
			break;
		/* another process has just attached or detached it */
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (control >= 0)
		close(control);
	return loop;
}

/* A separate namespace: mounts there are not visible elsewhere, and none is left behind. */
#define MOUNT_POINT "/mnt"

static bool own_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("crash", MOUNT_POINT, "tmpfs", 0, "size=64k") == 0;
}

static bool has_quota(const uint8_t *image)
{
	return image[1024 + 0x65] & 1; /* RO_COMPAT_QUOTA */
}

static int run_kernel(struct copies *copies, char *said, size_t size)
{
	char name[DISKS][32], options[96] = "noinit_itable";
	const char *inner = MOUNT_POINT "/m";
	int loop[DISKS] = {-1, -1}, rc = -1;
	unsigned long flags = MS_NOATIME;

	said[0] = '\0';
	mkdir(inner, 0700);
	for (unsigned n = 0; n < DISKS; n++) {
		if (!copies->mem[n])
			continue;
		loop[n] = attach(copies->fd[n], name[n], sizeof(name[n]));
		if (loop[n] < 0)
			die("no loop device: %s", strerror(errno));
	}
	if (copies->mem[1])
		snprintf(options, sizeof(options), "noinit_itable,journal_path=%s", name[1]);
	/* a kernel without quota writes to none, but it replays */
	if (has_quota(copies->mem[0]))
		flags |= MS_RDONLY;
	if (mount(name[0], inner, "ext4", flags, options) == 0)
		rc = umount(inner);
	if (rc)
		snprintf(said, size, "%s", strerror(errno));
	for (unsigned n = 0; n < DISKS; n++)
		if (loop[n] >= 0)
			close(loop[n]);
	return rc;
}

static bool have_e2fsck(void)
{
	char *const argv[] = {(char *)"e2fsck", (char *)"-V", NULL};
	char said[64];

	return run(argv, said, sizeof(said)) == 0;
}

static bool have_kernel(void)
{
	char name[32];
	uint8_t *mem;
	struct disk small = {.size = 1 << 20, .mem = calloc(1, 1 << 20)};
	int fd, loop;

	if (geteuid() || !small.mem || !own_mounts())
		return false;
	fd = disks_copy(&small, &mem);
	loop = attach(fd, name, sizeof(name));
	if (loop >= 0)
		close(loop);
	munmap(mem, small.size);
	close(fd);
	free(small.mem);
	return loop >= 0;
}

bool outside_has(enum outside_judge judge)
{
	static int e2fsck = -1, kernel = -1;

	if (judge != OUTSIDE_KERNEL) {
		if (e2fsck < 0 && !(e2fsck = have_e2fsck()))
			fprintf(stderr, "crash-states: no e2fsck here\n");
		return e2fsck;
	}
	if (kernel < 0 && !(kernel = have_kernel()))
		fprintf(stderr, "crash-states: nothing can be mounted here\n");
	return kernel;
}

void outside_judge(const struct disks *disks, enum outside_judge judge, struct outcome *outcome)
{
	static const char *const how[] = {
		[OUTSIDE_PREEN] = "-p", [OUTSIDE_FIX] = "-fy", [OUTSIDE_LOOK] = "-fn"};
	struct copies copies;

	copy_disks(disks, &copies);
	if (judge == OUTSIDE_KERNEL)
		outcome->status = run_kernel(&copies, outcome->said, sizeof(outcome->said));
	else
		outcome->status =
			run_e2fsck(how[judge], &copies, outcome->said, sizeof(outcome->said));
	outcome->image = copies.mem[0];
	outcome->fd = copies.fd[0];
	memcpy(outcome->path, copies.path[0], sizeof(outcome->path));
	if (copies.mem[1])
		drop_copy(copies.fd[1], copies.mem[1], disks->disk[1].size);
}

void outside_free(const struct disks *disks, struct outcome *outcome)
{
	drop_copy(outcome->fd, outcome->image, disks->disk[0].size);
	outcome->image = NULL;
}
