// SPDX-License-Identifier: GPL-2.0-or-later
// Handles in several threads, and after fork(2): what e4zero.h says under "Threads" and "Fork".
#include "e4zero.h"
#include "errors.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 12

struct editor {
	const char *path;
	pthread_t thread;
	uint64_t findings;
	errcode_t err;
};

static void expect(errcode_t got, errcode_t wanted, const char *what)
{
	if (got == wanted)
		return;
	fprintf(stderr, "%s: %s, wanted: %s\n", what, error_message(got),
		wanted ? error_message(wanted) : "success");
	_exit(1);
}

static errcode_t count(void *arg, const struct e4z_finding *f)
{
	struct editor *editor = arg;

	(void)f;
	editor->findings++;
	/* the thread of the caller, and no other */
	return pthread_equal(pthread_self(), editor->thread) ? 0 : E4Z_ET_STATE;
}

static errcode_t edit(struct e4z_image *img, unsigned round)
{
	struct e4z_edit done;
	char text[32];
	errcode_t err = e4z_begin(img, NULL);

	snprintf(text, sizeof(text), "round %02u", round);
	if (!err)
		err = e4z_write(img, "/file", 1000ull * round, text, strlen(text), &done);
	if (!err)
		err = e4z_zero(img, "/small", round, 1, &done);
	return err ? err : e4z_commit(img, NULL);
}

/* Checks, edits and scrubs the image of ARG, in turns. */
static void *work(void *arg)
{
	struct editor *editor = arg;
	const struct e4z_check_sink sink = {.arg = editor, .finding = count};
	const struct e4z_open_options options = {.write = true};
	const struct e4z_check_options check = {.jobs = 2};
	struct e4z_image *img;
	errcode_t err = e4z_open(editor->path, &options, &img);

	editor->thread = pthread_self();
	for (unsigned round = 0; !err && round < ROUNDS; round++) {
		err = e4z_check(img, &check, &sink, NULL);
		err = err ? err : edit(img, round);
		if (!err && round == ROUNDS / 2)
			err = e4z_fix(img, NULL, NULL, NULL);
	}
	e4z_close(img);
	editor->err = err;
	return NULL;
}

/* One thread an image. Prints how many findings each had. */
static int threads(char **paths, int number)
{
	struct editor editor[8] = {{0}};
	pthread_t thread[8];

	for (int i = 0; i < number; i++) {
		editor[i].path = paths[i];
		if (pthread_create(&thread[i], NULL, work, &editor[i]))
			return 1;
	}
	for (int i = 0; i < number; i++) {
		pthread_join(thread[i], NULL);
		expect(editor[i].err, 0, editor[i].path);
		printf("%llu\n", (unsigned long long)editor[i].findings);
	}
	return 0;
}

static void opens(const char *path, bool write, errcode_t wanted, const char *what)
{
	const struct e4z_open_options options = {.write = write};
	struct e4z_image *img;

	expect(e4z_open(path, &options, &img), wanted, what);
	if (!wanted && !write)
		expect(e4z_check(img, NULL, NULL, NULL), 0, what);
	e4z_close(img);
}

/* What a child may do while its parent has PATH open: use images of its own, such as OTHER. */
static pid_t child(const char *path, const char *other, int until)
{
	pid_t pid = fork();
	char byte;

	if (pid)
		return pid;
	opens(other, false, 0, "child: another image");
	opens(path, true, E4Z_ET_BUSY, "child: the image that the parent edits");
	/* the end of the parent's turn */
	_exit(read(until, &byte, 1) != 1);
}

static int forks(const char *path, const char *other)
{
	const struct e4z_open_options options = {.write = true};
	struct e4z_image *img;
	int until[2], status;
	pid_t pid;

	if (pipe(until))
		return 1;
	expect(e4z_open(path, &options, &img), 0, "open");
	expect(e4z_begin(img, NULL), 0, "begin");
	expect(e4z_write(img, "/file", 0, "forked", 6, NULL), 0, "write");
	pid = child(path, other, until[0]);
	if (pid < 0)
		return 1;
	expect(e4z_commit(img, NULL), 0, "commit");
	if (system("ls -l /proc/self/fd"))
		return 1;
	e4z_close(img);
	opens(path, true, E4Z_ET_BUSY, "after e4z_close(), while the child has its descriptors");
	if (write(until[1], "", 1) != 1 || waitpid(pid, &status, 0) != pid)
		return 1;
	opens(path, true, 0, "after the end of the child");
	return status != 0;
}

int main(int argc, char **argv)
{
	e4z_init_errors();
	if (argc == 4 && !strcmp(argv[1], "fork"))
		return forks(argv[2], argv[3]);
	return argc > 2 && argc < 11 ? threads(argv + 2, argc - 2) : 2;
}
