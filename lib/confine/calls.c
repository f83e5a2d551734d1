// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The filter: a call that is not listed fails with EPERM.
 *
 * It does not kill the process: a C library that is newer than this list may try a new call and
 * fall back to an old one, which must not end an edit. An attacker gains nothing by a call that
 * fails.
 */
#include "confine/calls.h"

#include <errno.h>

#ifdef HAVE_LIBSECCOMP
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A call that this architecture lacks is a negative number, which libseccomp ignores. */
#define CALL(name) SCMP_SYS(name)

/* The index of the argument of clone(2) with the flags. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

/* These reach only open files; by a name they only get the status of a file. */
static const int always[] = {
	/* reading */
	CALL(read),
	CALL(pread64),
	CALL(readv),
	CALL(preadv),
	CALL(preadv2),
	CALL(lseek),
	CALL(_llseek),
	CALL(fadvise64),
	CALL(fadvise64_64),
	CALL(arm_fadvise64_64),
	CALL(fstat),
	CALL(fstat64),
	CALL(newfstatat),
	CALL(fstatat64),
	CALL(statx),
	CALL(fstatfs),
	CALL(fstatfs64),
	CALL(close),
	/* memory */
	CALL(brk),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	/* threads */
	CALL(futex),
	CALL(futex_time64),
	CALL(set_robust_list),
	CALL(rseq),
	CALL(sched_yield),
	CALL(sched_getaffinity),
	CALL(gettid),
	CALL(getpid),
	CALL(exit),
	CALL(exit_group),
	/* the handling of signals */
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(rt_sigpending),
	CALL(rt_sigtimedwait),
	CALL(rt_sigtimedwait_time64),
	CALL(sigreturn),
	CALL(restart_syscall),
	/* time, random numbers, system information */
	CALL(clock_gettime),
	CALL(clock_gettime64),
	CALL(clock_nanosleep),
	CALL(clock_nanosleep_time64),
	CALL(nanosleep),
	CALL(gettimeofday),
	CALL(time),
	CALL(getrandom),
	CALL(uname),
	CALL(sysinfo),
	/* waiting for input and for children */
	CALL(poll),
	CALL(ppoll),
	CALL(ppoll_time64),
	CALL(wait4),
	CALL(waitid),
	CALL(waitpid),
};

/* On the descriptors of struct calls.texts. */
static const int text_calls[] = {CALL(write), CALL(writev)};

/* On those of struct calls.files. */
static const int file_calls[] = {
	CALL(pwrite64),	 CALL(pwritev),	  CALL(pwritev2),    CALL(fsync),
	CALL(fdatasync), CALL(ftruncate), CALL(ftruncate64), CALL(fallocate),
};

static const int temporary_calls[] = {CALL(pwrite64), CALL(ftruncate), CALL(ftruncate64)};

/* To each of the connections. */
static const int socket_calls[] = {
	CALL(recvfrom), CALL(recvmsg), CALL(recv),   CALL(sendto),   CALL(sendmsg),
	CALL(send),	CALL(write),   CALL(writev), CALL(shutdown), CALL(getsockopt),
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct filter {
	scmp_filter_ctx ctx;
	int rc; /* of the first rule that could not be added */
};

static void allow(struct filter *f, const int *list, size_t count)
{
	for (size_t i = 0; i < count && !f->rc; i++)
		f->rc = seccomp_rule_add(f->ctx, SCMP_ACT_ALLOW, list[i], 0);
}

static void allow_if(struct filter *f, int call, struct scmp_arg_cmp a)
{
	if (!f->rc)
		f->rc = seccomp_rule_add(f->ctx, SCMP_ACT_ALLOW, call, 1, a);
}

static void allow_if_both(struct filter *f, int call, struct scmp_arg_cmp a, struct scmp_arg_cmp b)
{
	if (!f->rc)
		f->rc = seccomp_rule_add(f->ctx, SCMP_ACT_ALLOW, call, 2, a, b);
}

/* Argument ARG is VALUE; masked(): its bits MASK are VALUE. */
static struct scmp_arg_cmp is(unsigned arg, uint64_t value)
{
	return (struct scmp_arg_cmp){.arg = arg, .op = SCMP_CMP_EQ, .datum_a = value};
}

static struct scmp_arg_cmp masked(unsigned arg, uint64_t mask, uint64_t value)
{
	return (struct scmp_arg_cmp){
		.arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static void allow_of(struct filter *f, const int *list, size_t count, const int *fds, size_t n)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < n; k++)
			allow_if(f, list[i], is(0, (uint64_t)fds[k]));
}

/*
 * No new code: mapped memory cannot become executable. If mmap2(2) exists, mmap(2) is the old call,
 * whose arguments are in memory, where a filter cannot read them; s390 has only that one.
 */
static void allow_memory(struct filter *f)
{
	const int map = CALL(mmap2) >= 0 ? CALL(mmap2) : CALL(mmap);

#ifdef __s390__
	allow(f, &map, 1);
#else
	allow_if(f, map, masked(2, PROT_EXEC, 0));
#endif
	allow_if(f, CALL(mprotect), masked(2, PROT_EXEC, 0));
}

/*
 * Threads, but neither processes nor namespaces. A filter cannot read the arguments of clone3(2),
 * so this call fails with ENOSYS, and libraries fall back to clone(2).
 */
static void allow_threads(struct filter *f)
{
	allow_if(f, CALL(clone), masked(CLONE_FLAGS, CLONE_THREAD | NAMESPACES, CLONE_THREAD));
	if (!f->rc)
		f->rc = seccomp_rule_add(f->ctx, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
	/* abort(3) */
	allow_if(f, CALL(tgkill), is(0, (uint64_t)getpid()));
	allow_if_both(f, CALL(prlimit64), is(0, 0), is(2, 0));
	allow_if(f, CALL(prctl), is(0, PR_SET_NAME));
}

static void allow_control(struct filter *f)
{
	static const int locks[] = {F_GETFL, F_GETFD, F_OFD_SETLK, F_OFD_GETLK, F_GET_SEALS};

	for (size_t i = 0; i < COUNT(locks); i++) {
		allow_if(f, CALL(fcntl), is(1, (uint64_t)locks[i]));
		allow_if(f, CALL(fcntl64), is(1, (uint64_t)locks[i]));
	}
	allow_if(f, CALL(ioctl), is(1, TIOCGWINSZ));
	allow_if(f, CALL(ioctl), is(1, TCGETS));
}

static void allow_files(struct filter *f, const struct calls *calls)
{
	static const uint64_t requests[] = {BLKZEROOUT, BLKROGET, BLKGETSIZE64};

	allow_of(f, file_calls, COUNT(file_calls), calls->files, calls->file_count);
	for (size_t i = 0; i < calls->file_count; i++)
		for (size_t k = 0; k < COUNT(requests); k++)
			allow_if_both(f, CALL(ioctl), is(0, (uint64_t)calls->files[i]),
				      is(1, requests[k]));
}

static void allow_reading(struct filter *f)
{
	const uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC;

	allow_if(f, CALL(open), masked(1, writing, O_RDONLY));
	allow_if(f, CALL(openat), masked(2, writing, O_RDONLY));
}

static void add_all(struct filter *f, const struct calls *calls)
{
	allow(f, always, COUNT(always));
	allow_memory(f);
	allow_threads(f);
	allow_control(f);
	allow_of(f, text_calls, COUNT(text_calls), calls->texts, calls->text_count);
	allow_files(f, calls);
	allow_of(f, temporary_calls, COUNT(temporary_calls), calls->temporaries,
		 calls->temporary_count);
	allow_of(f, socket_calls, COUNT(socket_calls), calls->sockets, calls->socket_count);
	if (calls->reading)
		allow_reading(f);
}

errcode_t calls_give_up(const struct calls *calls)
{
	struct filter f = {.ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))};

	if (!f.ctx)
		return ENOMEM;
	/* a binary tree of calls is faster than a list, the default */
	(void)seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* the filter applies to all existing threads */
	f.rc = seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	add_all(&f, calls);
	if (!f.rc)
		f.rc = seccomp_load(f.ctx);
	seccomp_release(f.ctx);
	return -f.rc;
}

#else

errcode_t calls_give_up(const struct calls *calls)
{
	(void)calls;
	return ENOSYS;
}

#endif
