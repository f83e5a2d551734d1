// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into a program: the disk below one file is bad, or memory is short.
 *
 *   FAULTY_FILE=IMAGE    the file
 *   FAULTY_READ=OFF      reads that touch this byte fail
 *   FAULTY_READ_STEP=N   the N-th read, from 1 on, fails
 *   FAULTY_STEP=N        the N-th write, zeroing or barrier, from 1 on, fails: nothing is done
 *   FAULTY_ERRNO=E       with this error; EIO if it is not given
 *   FAULTY_KILL=1        and is the last that the program asked for: it is killed
 *   FAULTY_PUNCH=1       zeroing by the host is not supported
 *   FAULTY_ZERO=UNIT     zeroing succeeds, but is done to whole aligned units of UNIT bytes only,
 *                        and not to every third one
 *   FAULTY_ALLOC=N       the N-th allocation of memory fails, once
 *   FAULTY_COUNT=FILE    receives at the end how many steps, reads and allocations were asked
 *                        for, those after the failed one included
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic unsigned steps, reads; /* of all threads */
static _Atomic unsigned allocs;
static bool over; /* main() has returned: what is left is not the program's */

static long number(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 0) : otherwise;
}

static bool is_image(int fd)
{
	const char *name = getenv("FAULTY_FILE");
	struct stat a, b;

	return name && fstat(fd, &a) == 0 && stat(name, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static bool fails(void)
{
	errno = (int)number("FAULTY_ERRNO", EIO);
	return true;
}

/* One more step on FD: does it fail? */
static bool step_fails(int fd)
{
	if (!is_image(fd) || ++steps != (unsigned)number("FAULTY_STEP", 0))
		return false;
	if (getenv("FAULTY_KILL"))
		raise(SIGKILL);
	return fails();
}

static bool read_fails(int fd, size_t len, off_t off)
{
	long bad = number("FAULTY_READ", -1);

	if (!is_image(fd))
		return false;
	return (++reads == (unsigned)number("FAULTY_READ_STEP", 0) ||
		(bad >= off && bad - off < (long)len)) &&
	       fails();
}

/* The three numbers of FAULTY_COUNT: mapped, as the program can open no file by then. */
#define COUNT_SIZE 33
static char *counted;

__attribute__((constructor)) static void prepare(void)
{
	const char *name = getenv("FAULTY_COUNT");
	int fd = name ? open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

	if (fd < 0)
		return;
	counted = ftruncate(fd, COUNT_SIZE)
			  ? MAP_FAILED
			  : mmap(NULL, COUNT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (counted == MAP_FAILED)
		abort();
	close(fd);
}

__attribute__((destructor)) static void tell(void)
{
	char text[COUNT_SIZE + 1];

	if (!counted)
		return;
	snprintf(text, sizeof(text), "%-10u %-10u %-10u\n", steps, reads, (unsigned)allocs);
	memcpy(counted, text, COUNT_SIZE);
}

static int (*program)(int argc, char **argv, char **env);

static void end(void)
{
	over = true;
}

static int run(int argc, char **argv, char **env)
{
	if (atexit(end))
		abort();
	return program(argc, argv, env);
}

/* The counters of gcov are stored after main(), and that needs memory. */
int __libc_start_main(int (*main)(int argc, char **argv, char **env), int argc, char **argv,
		      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void), void *stack);
int __libc_start_main(int (*main)(int argc, char **argv, char **env), int argc, char **argv,
		      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void), void *stack)
{
	__typeof__(&__libc_start_main) real = dlsym(RTLD_NEXT, "__libc_start_main");

	program = main;
	return real(run, argc, argv, init, fini, rtld_fini, stack);
}

/* What malloc(3) is below its name. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);

static bool alloc_fails(void)
{
	unsigned n = over ? 0 : ++allocs;

	if (!n || n != (unsigned)number("FAULTY_ALLOC", 0))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return alloc_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return alloc_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return alloc_fails() ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, all);
}

int posix_memalign(void **to, size_t align, size_t size)
{
	void *p = alloc_fails() ? NULL : __libc_memalign(align, size);

	if (!p)
		return ENOMEM;
	*to = p;
	return 0;
}

void *aligned_alloc(size_t align, size_t size)
{
	return alloc_fails() ? NULL : __libc_memalign(align, size);
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t pread(int fd, void *buf, size_t len, off_t off)
{
	return read_fails(fd, len, off) ? -1 : REAL(pread)(fd, buf, len, off);
}

ssize_t pread64(int fd, void *buf, size_t len, off64_t off)
{
	return read_fails(fd, len, off) ? -1 : REAL(pread64)(fd, buf, len, off);
}

ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t off, size_t room);
ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t off, size_t room)
{
	(void)room;
	return pread64(fd, buf, len, off);
}

/* Nothing is in the cache. */
ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t off, int flags)
{
	if (is_image(fd)) {
		errno = EAGAIN;
		return -1;
	}
	return REAL(preadv2)(fd, iov, count, off, flags);
}

ssize_t preadv64v2(int fd, const struct iovec *iov, int count, off64_t off, int flags)
{
	return preadv2(fd, iov, count, off, flags);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t off)
{
	return step_fails(fd) ? -1 : REAL(pwrite)(fd, buf, len, off);
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t off)
{
	return step_fails(fd) ? -1 : REAL(pwrite64)(fd, buf, len, off);
}

/* e4zero has no use for it on an image, but others do. */
ssize_t write(int fd, const void *buf, size_t len)
{
	return step_fails(fd) ? -1 : REAL(write)(fd, buf, len);
}

ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t off)
{
	return step_fails(fd) ? -1 : REAL(pwritev)(fd, iov, count, off);
}

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t off)
{
	return step_fails(fd) ? -1 : REAL(pwritev64)(fd, iov, count, off);
}

/* MODE of fallocate(2), 0: BLKZEROOUT. */
static void zero_units(int fd, int mode, unsigned long long off, unsigned long long len)
{
	unsigned long long unit = (unsigned long long)number("FAULTY_ZERO", 0), end = off + len;
	unsigned long long range[2] = {(off + unit - 1) / unit * unit, unit};

	for (; range[0] + unit <= end; range[0] += unit)
		if (range[0] / unit % 3 == 0)
			continue;
		else if (mode)
			REAL(fallocate64)(fd, mode, (off64_t)range[0], (off64_t)unit);
		else
			REAL(ioctl)(fd, BLKZEROOUT, range);
}

static bool zeroes_badly(int fd, int mode)
{
	return mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) && getenv("FAULTY_ZERO") &&
	       is_image(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
	unsigned long long *range;
	va_list ap;

	va_start(ap, request);
	range = va_arg(ap, void *);
	va_end(ap);
	if (request == BLKDISCARD && is_image(fd))
		abort();
	if (request == BLKZEROOUT && step_fails(fd))
		return -1;
	if (request != BLKZEROOUT || !getenv("FAULTY_ZERO") || !is_image(fd))
		return REAL(ioctl)(fd, request, range);
	zero_units(fd, 0, range[0], range[1]);
	return 0;
}

/* A reservation changes nothing that can be read. */
int fallocate(int fd, int mode, off_t off, off_t len)
{
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) && getenv("FAULTY_PUNCH") &&
	    is_image(fd)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (mode == FALLOC_FL_KEEP_SIZE && number("FAULTY_ERRNO", EIO) != ENOSPC)
		return REAL(fallocate)(fd, mode, off, len);
	if (step_fails(fd))
		return -1;
	if (!zeroes_badly(fd, mode))
		return REAL(fallocate)(fd, mode, off, len);
	zero_units(fd, mode, (unsigned long long)off, (unsigned long long)len);
	return 0;
}

int fallocate64(int fd, int mode, off64_t off, off64_t len)
{
	return fallocate(fd, mode, off, len);
}

int fdatasync(int fd)
{
	return step_fails(fd) ? -1 : REAL(fdatasync)(fd);
}

int fsync(int fd)
{
	return step_fails(fd) ? -1 : REAL(fsync)(fd);
}
