// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Locks on an image.
 *
 * The bytes are qemu's: a read lock on byte 100+n says "I use permission n", on byte 200+n "nobody
 * else may have permission n". Each sets its own first and then asks for the opposite ones, so of
 * two that come at once at least one gives way. They are locks of the open file description: a
 * library that opens and closes the image meanwhile does not lose them. flock(2) is what scripts,
 * udev and the partitioning tools take; on NFS it would be a range lock over those bytes.
 */
#include "busy/lock.h"

#include "base/cleanup.h"
#include "errors.h"
#include "io/host_stat.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define NFS_MAGIC 0x6969
#define USES_AT 100
#define REFUSES_AT 200
#define PERMISSIONS 4
#define TRIES 20
#define TRY_NANOSECONDS 50000000 /* udev has a block device for a moment after each change */

enum { CONSISTENT_READ = 1, WRITE = 2, WRITE_UNCHANGED = 4, RESIZE = 8 };

/* What e4zero does itself, and what it stands from nobody else meanwhile. */
struct claim {
	unsigned uses, refuses;
	int flock;
};

static const struct claim to_read = {CONSISTENT_READ, WRITE | RESIZE, LOCK_SH};
static const struct claim to_write = {CONSISTENT_READ | WRITE,
				      CONSISTENT_READ | WRITE | WRITE_UNCHANGED | RESIZE, LOCK_EX};

static bool no_locks_here(int err)
{
	return err == ENOLCK || err == EOPNOTSUPP || err == ENOSYS || err == EINVAL;
}

static struct flock one_byte(short type, off_t at)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1, .l_pid = 0};
}

/* Lock the bytes from FIRST on that BITS says, or unlock them. */
static errcode_t set_bytes(int fd, short type, off_t first, unsigned bits)
{
	for (unsigned n = 0; n < PERMISSIONS; n++) {
		struct flock lock = one_byte(type, first + (off_t)n);

		if (bits >> n & 1 && fcntl(fd, F_OFD_SETLK, &lock) < 0)
			return errno == EACCES ? EAGAIN : errno;
	}
	return 0;
}

/* EAGAIN: somebody else has one of the bytes. */
static errcode_t ask_bytes(int fd, off_t first, unsigned bits)
{
	for (unsigned n = 0; n < PERMISSIONS; n++) {
		struct flock lock = one_byte(F_WRLCK, first + (off_t)n);

		if (!(bits >> n & 1))
			continue;
		if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
			return errno;
		if (lock.l_type != F_UNLCK)
			return EAGAIN;
	}
	return 0;
}

static bool on_nfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == NFS_MAGIC;
}

/* EAGAIN: somebody else has what CLAIM stands from nobody, or stands not what it uses. */
static errcode_t ask_claim(int fd, const struct claim *claim)
{
	errcode_t err = ask_bytes(fd, REFUSES_AT, claim->uses);

	return err ? err : ask_bytes(fd, USES_AT, claim->refuses);
}

/* 0, EAGAIN when somebody else has it, or what the host has against locks. */
static errcode_t take(const struct blkdev *dev, const struct claim *claim)
{
	errcode_t err = set_bytes(dev->fd, F_RDLCK, USES_AT, claim->uses);

	if (!err)
		err = set_bytes(dev->fd, F_RDLCK, REFUSES_AT, claim->refuses);
	if (!err)
		err = ask_claim(dev->fd, claim);
	if (!err && !on_nfs(dev->fd) && flock(dev->fd, claim->flock | LOCK_NB) < 0)
		err = errno;
	return err;
}

/* ---- who has it? ---- */

struct holder {
	struct stat st;
	int fd;	   /* of the caller, whose own locks do not count */
	pid_t pid; /* 0: not known */
};

/* "1: FLOCK ADVISORY WRITE 12 08:01:34 0 EOF", as /proc/locks and fdinfo have it; *PID may be -1 */
static bool lock_is_ours(const struct holder *h, const char *line, int *pid)
{
	unsigned major_no, minor_no;
	uint64_t ino;

	/* the file system's number can be another one than stat's (btrfs, overlayfs) */
	return sscanf(line, " %*d: %*s %*s %*s %d %x:%x:%" SCNu64, pid, &major_no, &minor_no,
		      &ino) == 4 &&
	       ino == h->st.st_ino && (!major_no || makedev(major_no, minor_no) == h->st.st_dev);
}

static void ask_proc_locks(struct holder *h)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256];
	int pid;

	if (!f)
		return;
	while (!h->pid && fgets(line, sizeof(line), f))
		if (lock_is_ours(h, line, &pid) && pid > 0 && pid != getpid())
			h->pid = pid;
	fclose(f);
}

static bool descriptor_locks(const struct holder *h, const char *pid, const char *fd)
{
	char path[64], line[256];
	bool found = false;
	FILE *f;
	int ignored;

	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%.16s", pid, fd);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "lock:", 5) && lock_is_ours(h, line + 5, &ignored);
	fclose(f);
	return found;
}

/* PID ("self": this one) has a descriptor that locks the file, other than the caller's own. */
static bool process_locks(const struct holder *h, const char *pid)
{
	bool found = false, ours = !strcmp(pid, "self");
	const struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' && !(ours && atoi(entry->d_name) == h->fd) &&
			descriptor_locks(h, pid, entry->d_name);
	closedir(dir);
	return found;
}

/* Locks of open file descriptions, as qemu's, have no process in /proc/locks. */
static void ask_descriptors(struct holder *h)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;

	if (!dir)
		return;
	while (!h->pid && (entry = readdir(dir))) {
		int pid = atoi(entry->d_name);

		if (pid > 0 && pid != getpid() && process_locks(h, entry->d_name))
			h->pid = pid;
	}
	closedir(dir);
}

/* "process 12 (name)" into WHO. */
static void name_process(pid_t pid, char *who, size_t size)
{
	char path[64], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (f && fgets(name, sizeof(name), f))
		for (char *c = name; *c; c++)
			*c = *c == '\n' ? '\0' : *c < ' ' || *c > '~' ? '?' : *c;
	if (f)
		fclose(f);
	snprintf(who, size, "process %d%s%s%s", (int)pid, *name ? " (" : "", name,
		 *name ? ")" : "");
}

static void name_holder(int fd, const char *what, char *why, size_t why_size)
{
	struct holder h = {.fd = fd};
	char who[128] = "another process";

	if (host_fstat(fd, &h.st) == 0) {
		if (process_locks(&h, "self")) {
			snprintf(why, why_size, "this process has locked %s already", what);
			return;
		}
		ask_proc_locks(&h);
		if (!h.pid)
			ask_descriptors(&h);
	}
	if (h.pid)
		name_process(h.pid, who, sizeof(who));
	snprintf(why, why_size, "%s has locked %s", who, what);
}

static void release(struct blkdev *dev)
{
	(void)set_bytes(dev->fd, F_UNLCK, USES_AT, ~0U);
	(void)set_bytes(dev->fd, F_UNLCK, REFUSES_AT, ~0U);
	(void)flock(dev->fd, LOCK_UN);
}

errcode_t lock_take(struct blkdev *dev, bool write, char *why, size_t why_size, char *note,
		    size_t note_size)
{
	static const struct timespec pause = {.tv_nsec = TRY_NANOSECONDS};
	const struct claim *claim = write ? &to_write : &to_read;
	errcode_t err = take(dev, claim);

	for (int i = 1; err == EAGAIN && dev->is_block && i < TRIES; i++) {
		release(dev);
		nanosleep(&pause, NULL);
		err = take(dev, claim);
	}
	*note = '\0';
	if (!err)
		return 0;
	if (no_locks_here((int)err)) {
		snprintf(note, note_size, "the image cannot be locked here (%s)",
			 strerror((int)err));
		return 0;
	}
	if (err == EAGAIN)
		name_holder(dev->fd, "the image", why, why_size);
	else
		snprintf(why, why_size, "locking the image");
	release(dev);
	return err == EAGAIN ? E4Z_ET_BUSY : err;
}

bool lock_is_taken(int fd, const char *what, bool write, char *why, size_t why_size)
{
	const struct claim *claim = write ? &to_write : &to_read;
	errcode_t err = ask_claim(fd, claim);

	/* there is no asking for this one */
	if (!err && !on_nfs(fd)) {
		err = flock(fd, claim->flock | LOCK_NB) < 0 ? errno : 0;
		(void)flock(fd, LOCK_UN);
	}
	if (err == EAGAIN)
		name_holder(fd, what, why, why_size);
	return err == EAGAIN;
}
