// SPDX-License-Identifier: GPL-2.0-or-later
// Locks where the host says no: how often is it tried again, what is a note and what is an error,
// and who has it, also where /proc tells little. The linker puts this host in front of the
// system's.
#include "../check.h"
#include "busy/lock.h"
#include "device/hostfile.h"
#include "errors.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the host says; 0: what the system says. */
static struct {
	int set, get;	 /* errno of taking a byte, of asking for one */
	int flock;	 /* errno of flock(2) */
	unsigned flocks; /* that fail with it */
	bool nfs;
	const char *hidden; /* no file or directory whose name matches can be opened */
} host;
static unsigned sleeps, flocks;
static char why[200], note[200];

#if __SIZEOF_LONG__ == 4 /* the others have structures with offsets of 32 bits there */
#define __real_fcntl __real_fcntl64
#define __real_fstatfs __real_fstatfs64
#endif
int __real_fcntl(int fd, int cmd, void *arg);
int __wrap_fcntl(int fd, int cmd, ...);
int __wrap_fcntl64(int fd, int cmd, ...) __attribute__((alias("__wrap_fcntl")));
int __real_flock(int fd, int op);
int __wrap_flock(int fd, int op);
int __wrap_nanosleep(const struct timespec *want, struct timespec *left);
int __real_fstatfs(int fd, struct statfs *fs);
int __wrap_fstatfs(int fd, struct statfs *fs);
int __wrap_fstatfs64(int fd, struct statfs *fs) __attribute__((alias("__wrap_fstatfs")));
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode) __attribute__((alias("__wrap_fopen")));
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);

static int fails(int with)
{
	errno = with;
	return -1;
}

int __wrap_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (cmd == F_OFD_SETLK && host.set && ((struct flock *)arg)->l_type != F_UNLCK)
		return fails(host.set);
	if (cmd == F_OFD_GETLK && host.get)
		return fails(host.get);
	return __real_fcntl(fd, cmd, arg);
}

int __wrap_flock(int fd, int op)
{
	if (op == LOCK_UN)
		return __real_flock(fd, op);
	flocks++;
	if (!host.flocks)
		return __real_flock(fd, op);
	host.flocks--;
	return fails(host.flock);
}

int __wrap_nanosleep(const struct timespec *want, struct timespec *left)
{
	(void)left;
	CHECK(want->tv_sec == 0 && want->tv_nsec > 0);
	sleeps++;
	return 0;
}

int __wrap_fstatfs(int fd, struct statfs *fs)
{
	int rc = __real_fstatfs(fd, fs);

	if (host.nfs)
		fs->f_type = 0x6969;
	return rc;
}

static bool is_hidden(const char *path)
{
	return host.hidden && !fnmatch(host.hidden, path, 0);
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	return is_hidden(path) ? NULL : __real_fopen(path, mode);
}

DIR *__wrap_opendir(const char *path)
{
	return is_hidden(path) ? NULL : __real_opendir(path);
}

/* ---- the image ---- */

static int memory;
static struct blkdev *dev;

static void open_image(void)
{
	char path[40];

	memory = memfd_create("image", MFD_CLOEXEC);
	CHECK(memory >= 0 && ftruncate(memory, 65536) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	CHECK(hostfile_open(path, &dev) == 0);
}

/* Take the lock of a block device or a file, and give it back. */
static errcode_t try(bool is_block, bool write)
{
	struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
	errcode_t err;

	sleeps = flocks = 0;
	*why = *note = '\0';
	dev->is_block = is_block;
	err = lock_take(dev, write, why, sizeof(why), note, sizeof(note));
	CHECK(__real_flock(dev->fd, LOCK_UN) == 0);
	CHECK(__real_fcntl(dev->fd, F_OFD_SETLK, &all) == 0);
	dev->is_block = false;
	return err;
}

/* udev has a block device for a moment after each change: it is waited for, one second. */
static void test_retries(void)
{
	for (unsigned busy = 0; busy <= 25; busy++) {
		bool got = busy < 20;

		host.flock = EWOULDBLOCK;
		host.flocks = busy;
		CHECK(try(true, true) == (got ? 0 : E4Z_ET_BUSY));
		CHECK(sleeps == (got ? busy : 19) && flocks == sleeps + 1);
		CHECK(got ? !*why : !!strstr(why, "has locked the image"));
		host.flocks = busy;
		CHECK(try(false, true) == (busy ? E4Z_ET_BUSY : 0) && !sleeps);
	}
	host.flocks = 0;
}

/* A host without locks is a note, anything else an error; nothing stays locked. */
static void test_errors(void)
{
	static const int none[] = {ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL};

	for (size_t i = 0; i < 4; i++) {
		host.set = none[i];
		CHECK(try(true, false) == 0 && !*why && !sleeps);
		CHECK(strstr(note, "cannot be locked here") && strstr(note, strerror(none[i])));
		host.set = 0;
	}
	host.set = EACCES;
	CHECK(try(false, true) == E4Z_ET_BUSY && !*note);
	host.set = EIO;
	CHECK(try(true, true) == EIO && !strcmp(why, "locking the image") && !sleeps);
	host.set = 0;
	host.get = EIO;
	CHECK(try(false, true) == EIO && !strcmp(why, "locking the image"));
	CHECK(!lock_is_taken(memory, "it", true, why, sizeof(why)));
	host.get = 0;
	host.flocks = 1;
	host.flock = EIO;
	CHECK(try(false, true) == EIO && flocks == 1);
	CHECK(!lock_is_taken(memory, "it", true, why, sizeof(why)));
}

/* flock(2) would be a lock over those bytes there. */
static void test_nfs(void)
{
	host.nfs = true;
	CHECK(try(false, true) == 0 && !flocks);
	CHECK(!lock_is_taken(memory, "it", true, why, sizeof(why)) && !flocks);
	host.nfs = false;
	CHECK(try(false, true) == 0 && flocks == 1);
}

/* ---- who has it ---- */

/* A process that has it by flock(2), or by a byte of qemu's. */
static pid_t holder(bool byte)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 201, .l_len = 1};
	char path[40], ready;
	int ends[2], fd;
	pid_t pid;

	CHECK(pipe(ends) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid) {
		CHECK(read(ends[0], &ready, 1) == 1);
		close(ends[0]);
		close(ends[1]);
		return pid;
	}
	prctl(PR_SET_NAME, "a\tb\x7f"
			   "c\xff"
			   "d");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	fd = open(path, O_RDWR);
	if (fd < 0 || (byte ? __real_fcntl(fd, F_OFD_SETLK, &lock) : __real_flock(fd, LOCK_EX)))
		_exit(1);
	if (write(ends[1], "1", 1) == 1)
		pause();
	_exit(0);
}

/* It is refused, in these words after the number of the process, or without one. */
static void says(pid_t pid, const char *hidden, const char *words)
{
	char want[100];

	host.hidden = hidden;
	CHECK(try(false, true) == E4Z_ET_BUSY);
	host.hidden = NULL;
	if (*words == ' ')
		snprintf(want, sizeof(want), "process %d%s has locked the image", (int)pid,
			 words + 1);
	else
		snprintf(want, sizeof(want), "%s has locked the image", words);
	if (!strcmp(why, want))
		return;
	fprintf(stderr, "wanted %s, got %s\n", want, why);
	kill(pid, SIGKILL);
	exit(1);
}

static void test_holders(void)
{
	for (int byte = 0; byte < 2; byte++) {
		pid_t pid = holder(byte);

		says(pid, NULL, "  (a?b?c?d)");
		says(pid, "*/comm", " ");
		says(pid, "*/proc/locks", "  (a?b?c?d)");
		/* /proc/locks has the process of flock(2) alone */
		says(pid, "*/proc", byte ? "another process" : "  (a?b?c?d)");
		says(pid, "*/fdinfo", byte ? "another process" : "  (a?b?c?d)");
		/* as for a process that ends in the meantime */
		says(pid, "*/fdinfo/*", byte ? "another process" : "  (a?b?c?d)");
		CHECK(lock_is_taken(memory, "it", true, why, sizeof(why)));
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, NULL, 0) == pid);
	}
	CHECK(try(false, true) == 0);
}

/* Another descriptor of our own has it. */
static void test_self(void)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	fd = open(path, O_RDWR);
	CHECK(fd >= 0 && __real_flock(fd, LOCK_EX) == 0);
	CHECK(try(false, true) == E4Z_ET_BUSY);
	CHECK(!strcmp(why, "this process has locked the image already"));
	close(fd);
}

int main(void)
{
	initialize_e4z_error_table();
	open_image();
	test_retries();
	test_errors();
	test_nfs();
	test_holders();
	test_self();
	blkdev_close(dev);
	return 0;
}
