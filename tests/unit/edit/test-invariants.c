// SPDX-License-Identifier: GPL-2.0-or-later
// Each case breaks one invariant of edited files on purpose, in a process of its own: see
// unit/txn/test-invariants.c.
#include "../../props/small.h"
#include "../check.h"
#include "edit/session.h"
#include "edit/spill.h"
#include "edit/writeback.h"
#include "errors.h"
#include "txn/txn.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BS 1024u

static const struct e4z_edit_options defaults;
static struct small small;
static uint32_t ino;

/* ---- one file ---- */

static errcode_t neither_tree_nor_pointers(struct e4z_image *img, struct edit_file *f)
{
	(void)img;
	tree_free(f->tree);
	f->tree = NULL;
	return edit_finish(f, false);
}

static errcode_t slot_was_dropped(struct e4z_image *img, struct edit_file *f)
{
	uint64_t block;

	inode_place(img, f->inode.ino, &block, &(uint32_t){0});
	capture_drop(img->view, block);
	return edit_mark(f);
}

static errcode_t steps_without_mark(struct e4z_image *img, struct edit_file *f)
{
	(void)img;
	f->steps.count = 1;
	CHECK(edit_open_handle(f) == 0);
	return edit_set_state(f, 0, 1, true);
}

static errcode_t back_without_mark(struct e4z_image *img, struct edit_file *f)
{
	(void)img;
	return edit_back(f);
}

/* As if edit_finish() had forgotten it: nothing else makes it due. */
static errcode_t blocks_still_to_free(struct e4z_image *img, struct edit_file *f)
{
	CHECK(vec_push(&f->unmapped, ((struct run){.pblk = 700, .len = 1})) == 0);
	f->changed = false;
	return session_put_files(img);
}

/* ---- the files ---- */

static errcode_t out_of_place(struct e4z_image *img, struct edit_file *f)
{
	f->place = 1;
	return session_touch(img->session, f);
}

static errcode_t two_in_one_place(struct e4z_image *img, struct edit_file *f)
{
	struct edit_file *found;

	return numbermap_add(&img->session->file_of, f->inode.ino + 1, 0)
		       ? ENOMEM
		       : session_open(img, f->inode.ino + 1, &found);
}

static errcode_t touched_in_the_future(struct e4z_image *img, struct edit_file *f)
{
	f->marked = img->session->operation + 1;
	return session_touch(img->session, f);
}

static errcode_t dirty_and_not_waiting(struct e4z_image *img, struct edit_file *f)
{
	uint8_t *data;

	CHECK(cache_change(f->blocks, 0, &data, NULL) == 0);
	session_unwait(img->session, f);
	return session_put_files(img);
}

static errcode_t closed_since_the_mark(struct e4z_image *img, struct edit_file *f)
{
	(void)f;
	CHECK(session_mark(img) == 0);
	session_close_files(img->session, 0);
	return session_back(img);
}

/* ---- the session ---- */

static errcode_t handle_left_open(struct e4z_image *img, struct edit_file *f)
{
	CHECK(edit_open_handle(f) == 0);
	return session_mark(img);
}

static errcode_t settled_under_a_handle(struct e4z_image *img, struct edit_file *f)
{
	CHECK(edit_open_handle(f) == 0);
	return session_put_files(img);
}

static errcode_t more_than_the_limit(struct e4z_image *img, struct edit_file *f)
{
	const struct e4z_edit_options one = {.cache_blocks = 1};
	struct session *s;
	uint8_t *data;

	e4z_abort(img);
	CHECK(txn_begin(img, &one) == 0);
	CHECK(session_get(img, &s) == 0);
	CHECK(session_open(img, ino, &f) == 0);
	for (uint64_t i = 0; i < 2; i++)
		CHECK(cache_change(f->blocks, i, &data, NULL) == 0);
	return session_mark(img);
}

static errcode_t sum_with_a_rest(struct e4z_image *img, struct edit_file *f)
{
	(void)f;
	img->session->giving = 1;
	return session_put_files(img);
}

static errcode_t spilled_while_broken(struct e4z_image *img, struct edit_file *f)
{
	(void)f;
	img->session->broken = true;
	return spill_between(img);
}

static const struct {
	const char *number;
	errcode_t (*broken)(struct e4z_image *img, struct edit_file *f);
} cases[] = {
	{"E1", neither_tree_nor_pointers}, {"E2", slot_was_dropped},
	{"E3", steps_without_mark},	   {"E3", back_without_mark},
	{"E4", blocks_still_to_free},	   {"O1", out_of_place},
	{"O1", two_in_one_place},	   {"O2", touched_in_the_future},
	{"O3", dirty_and_not_waiting},	   {"O4", closed_since_the_mark},
	{"M1", handle_left_open},	   {"M1", settled_under_a_handle},
	{"M2", more_than_the_limit},	   {"M3", sum_with_a_rest},
	{"M4", spilled_while_broken},
};

static int run_case(size_t i)
{
	const struct e4z_open_options options = {.write = true};
	struct e4z_image *img;
	struct edit_file *f;
	struct session *s;

	CHECK(e4z_open(small.path, &options, &img) == 0);
	CHECK(txn_begin(img, &defaults) == 0);
	CHECK(session_get(img, &s) == 0);
	CHECK(session_open(img, ino, &f) == 0);
	return cases[i].broken(img, f) == E4Z_ET_STATE ? 0 : 1;
}

/* What the case returns, in a process of its own, whose words go into OUT. */
static int run(size_t i, char *out, size_t size)
{
	int status, ends[2];
	ssize_t n;
	pid_t pid;

	CHECK(pipe(ends) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		dup2(ends[1], 2);
		_exit(run_case(i));
	}
	close(ends[1]);
	n = read(ends[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

int main(void)
{
	const struct small_options options = {
		.block_size = BS, .blocks = 4096, .inodes = 32, .journal = true};

	small_begin(&small, &options);
	ino = small_file(&small, "file", "www", 3 * BS);
	small_end(&small);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[200], want[60];
		int status = run(i, out, sizeof(out));
		bool ok = WIFEXITED(status) && !WEXITSTATUS(status);

		snprintf(want, sizeof(want), "invariant %s is broken\n", cases[i].number);
#ifdef ABORTS
		/* an emulator adds what it thinks of it */
		ok = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
		     !strncmp(out, want, strlen(want));
#endif
		if (ok)
			continue;
		fprintf(stderr, "case %zu, %s: status %d: %s\n", i, cases[i].number, status, out);
		return 1;
	}
	small_free(&small);
	return 0;
}
