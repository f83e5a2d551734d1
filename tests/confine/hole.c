// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The deliberate hole: a thread of a confined process makes the attempts that a hostile image would
 * make after taking it over, and prints for each whether it was "done" or "denied".
 *
 *   hole off|landlock|calls|all look|edit IMAGE
 *
 * off: not confined. landlock, calls: confined by one half alone. all: by e4z_confine(). The thread
 * is started afterwards; with calls and all, a thread started before makes the same attempts first.
 * Files of the current directory are changed.
 */
#include "e4zero.h"

#include "confine/calls.h"
#include "confine/landlock.h"
#include "errors.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t victim; /* a child process */
static int other;    /* a descriptor that is not needed */

static bool open_read(void)
{
	return open("secret", O_RDONLY) >= 0;
}

static bool open_write(void)
{
	return open("secret", O_WRONLY) >= 0;
}

static bool open_new(void)
{
	return open("made", O_WRONLY | O_CREAT, 0600) >= 0 && !unlink("made");
}

static bool open2(void)
{
	struct open_how how = {.flags = O_RDONLY};

	return syscall(SYS_openat2, AT_FDCWD, "secret", &how, sizeof(how)) >= 0;
}

static bool truncate_path(void)
{
	return !truncate("secret", 3);
}

static bool rename_path(void)
{
	return !rename("secret", "moved") && !rename("moved", "secret");
}

static bool unlink_path(void)
{
	return !unlink("spare") && close(creat("spare", 0600)) == 0;
}

static bool make_dir(void)
{
	return !mkdir("folder", 0700) && !rmdir("folder");
}

static bool change_mode(void)
{
	return !chmod("secret", 0644);
}

static bool write_other(void)
{
	return write(other, "x", 1) == 1;
}

static bool pwrite_other(void)
{
	return pwrite(other, "x", 1, 0) == 1;
}

static bool truncate_other(void)
{
	return !ftruncate(other, 1);
}

static bool inet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool trace(void)
{
	return !ptrace(PTRACE_SEIZE, victim, NULL, NULL) &&
	       (!ptrace(PTRACE_DETACH, victim, NULL, NULL) || errno == ESRCH);
}

static bool kill_other(void)
{
	return !kill(victim, SIGCONT);
}

static bool kill_thread(void)
{
	return !syscall(SYS_tgkill, victim, victim, SIGCONT);
}

static bool write_memory(void)
{
	int value = 1;
	struct iovec piece = {&value, sizeof(value)}, there = {&other, sizeof(other)};

	return process_vm_writev(victim, &piece, 1, &there, 1, 0) == sizeof(value);
}

static bool new_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static bool new_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED && !munmap(page, 4096);
}

static bool data_to_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED && !mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static bool mount_it(void)
{
	return !mount("none", "mnt", "tmpfs", 0, NULL) && !umount("mnt");
}

static bool ring(void)
{
	char params[256] = "";
	long fd = syscall(SYS_io_uring_setup, 1, params);

	return fd >= 0 && !close((int)fd);
}

static bool memory_file(void)
{
	return memfd_create("hole", 0) >= 0;
}

static bool new_namespace(void)
{
	return !unshare(CLONE_FS);
}

static int quit(void *arg)
{
	(void)arg;
	syscall(SYS_exit, 0);
	return 0;
}

/* A thread may be started, but only as a part of this process that is like the others. */
static bool new_kind_of_thread(void)
{
	const unsigned long flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWUTS;
	static _Alignas(16) char stack[4096];

	return clone(quit, stack + sizeof(stack), (int)flags, NULL) >= 0;
}

static bool own_memory(void)
{
	return open("/proc/self/mem", O_RDWR) >= 0;
}

static bool vsock(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0) >= 0;
}

static bool duplicate(void)
{
	int fd = dup(other);

	return fd >= 0 && !close(fd);
}

static bool handle_of_other(void)
{
	long fd = syscall(SYS_pidfd_open, victim, 0);

	return fd >= 0 && !close((int)fd);
}

static bool limits_of_other(void)
{
	return !prlimit(victim, RLIMIT_CORE, &(struct rlimit){0, 0}, NULL);
}

static bool compare(void)
{
	return syscall(SYS_kcmp, getpid(), victim, 0, other, other) >= 0;
}

static bool faults(void)
{
	long fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	return fd >= 0 && !close((int)fd);
}

static bool copy(void)
{
	return copy_file_range(other, &(off_t){0}, other, &(off_t){8}, 1, 0) == 1;
}

static bool own_signals(void)
{
	return !fcntl(other, F_SETOWN, victim);
}

static bool flags(void)
{
	int value;

	return !ioctl(other, FS_IOC_GETFLAGS, &value);
}

/* The last attempt: the program that replaces this one prints that it was done. */
static bool execute(void)
{
	fflush(stdout);
	execl("/bin/echo", "echo", "execve done", NULL);
	return false;
}

static const struct attempt {
	const char *name;
	bool (*make)(void);
} attempts[] = {
	{"open", open_read},
	{"open-for-writing", open_write},
	{"create", open_new},
	{"openat2", open2},
	{"truncate", truncate_path},
	{"rename", rename_path},
	{"unlink", unlink_path},
	{"mkdir", make_dir},
	{"chmod", change_mode},
	{"write", write_other},
	{"pwrite", pwrite_other},
	{"ftruncate", truncate_other},
	{"socket-inet", inet_socket},
	{"socket-unix", unix_socket},
	{"ptrace", trace},
	{"kill", kill_other},
	{"tgkill", kill_thread},
	{"process_vm_writev", write_memory},
	{"fork", new_process},
	{"mmap-code", new_code},
	{"mprotect-code", data_to_code},
	{"mount", mount_it},
	{"io_uring_setup", ring},
	{"memfd_create", memory_file},
	{"unshare", new_namespace},
	{"clone-namespace", new_kind_of_thread},
	{"proc-self-mem", own_memory},
	{"socket-vsock", vsock},
	{"dup", duplicate},
	{"pidfd_open", handle_of_other},
	{"prlimit", limits_of_other},
	{"kcmp", compare},
	{"userfaultfd", faults},
	{"copy_file_range", copy},
	{"fcntl-owner", own_signals},
	{"ioctl-flags", flags},
	{"execve", execute},
};

static void *try_all(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		bool done = attempts[i].make();

		printf("%s %s\n", attempts[i].name, done ? "done" : "denied");
	}
	return NULL;
}

/* ---- the process ---- */

struct early {
	pthread_t thread;
	pthread_mutex_t go;
};

static void *wait_and_try(void *arg)
{
	struct early *early = arg;

	pthread_mutex_lock(&early->go);
	pthread_mutex_unlock(&early->go);
	return try_all(NULL);
}

static void start(void *(*run)(void *), void *arg, pthread_t *thread)
{
	if (pthread_create(thread, NULL, run, arg))
		exit(1);
}

static errcode_t give_up(const char *how, struct e4z_image *img)
{
	const struct calls calls = {.texts = {STDOUT_FILENO, STDERR_FILENO}, .text_count = 2};
	unsigned done = 0;

	if (!strcmp(how, "landlock"))
		return (int)landlock_give_up(false);
	if (!strcmp(how, "calls"))
		return calls_give_up(&calls);
	return e4z_confine(img, &(struct e4z_confine_options){.require = true}, &done);
}

static errcode_t opened(void *arg, struct e4z_image *img)
{
	struct early early = {.go = PTHREAD_MUTEX_INITIALIZER};
	const char *how = arg;
	bool both = !strcmp(how, "calls") || !strcmp(how, "all");
	errcode_t err = 0;
	pthread_t late;

	pthread_mutex_lock(&early.go);
	if (both)
		start(wait_and_try, &early, &early.thread);
	if (strcmp(how, "off"))
		err = give_up(how, img);
	/* unconfined, the attempts would end with execve(2) */
	if (err)
		exit(err == E4Z_ET_UNCONFINED || err == ENOSYS ? 77 : 1);
	pthread_mutex_unlock(&early.go);
	if (both)
		pthread_join(early.thread, NULL);
	start(try_all, NULL, &late);
	pthread_join(late, NULL);
	return 0;
}

/* A child that ends with this process, which cannot kill it once it is confined. */
static void make_victim(void)
{
	int ends[2];
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		exit(1);
	victim = fork();
	if (victim)
		return;
	close(ends[1]);
	_exit(read(ends[0], &byte, 1) != 0);
}

static errcode_t check(struct e4z_image *img)
{
	const struct e4z_check_options options = {.jobs = 3};
	const struct e4z_check_sink sink = {.arg = NULL};
	struct e4z_check_summary summary;
	errcode_t err = e4z_check(img, &options, &sink, &summary);

	if (!err)
		printf("checked\n");
	return err;
}

static errcode_t edit(struct e4z_image *img)
{
	errcode_t err = e4z_begin(img, NULL);

	if (!err)
		err = e4z_truncate(img, "/file", 5000, NULL);
	if (!err)
		err = e4z_commit(img, NULL);
	if (!err)
		printf("edited\n");
	return err;
}

int main(int argc, char **argv)
{
	struct e4z_open_options options = {.opened = opened};
	struct e4z_image *img;
	errcode_t err;

	if (argc != 4)
		return 16;
	e4z_init_errors();
	options.opened_arg = argv[1];
	options.write = !strcmp(argv[2], "edit");
	other = open("other", O_RDWR | O_CREAT, 0600);
	make_victim();
	err = e4z_open(argv[3], &options, &img);
	if (!err)
		err = options.write ? edit(img) : check(img);
	if (err)
		fprintf(stderr, "%s\n", e4z_message(img, err));
	e4z_close(img);
	return err ? 8 : 0;
}
