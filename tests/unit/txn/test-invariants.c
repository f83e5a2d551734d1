// SPDX-License-Identifier: GPL-2.0-or-later
// Each case breaks one invariant on purpose, in a process of its own. With the library alone the
// call that meets it returns E4Z_ET_STATE; with tests/abort.c (-DABORTS) it ends the program.
#include "../../props/small.h"
#include "../check.h"
#include "errors.h"
#include "txn/txn.h"
#include "txn/txn_state.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BS 1024u

static const struct e4z_edit_options defaults;
static const uint8_t data[2 * BS] = "data";

/* ---- the transaction ---- */

static errcode_t change_before_begin(struct e4z_image *img)
{
	uint8_t *block;

	txn_abort(img);
	CHECK(capture_edit(img->view, 100, &block) == 0);
	return txn_begin(img, &defaults);
}

static errcode_t change_while_writing(struct e4z_image *img)
{
	uint8_t *block;

	img->txn->state = WRITING;
	return txn_edit(img, 100, &block);
}

static errcode_t write_while_open(struct e4z_image *img)
{
	CHECK(blkdev_write(img->dev, 700 * BS, BS, data, "test") == 0);
	return txn_home(img, 800 * BS, BS, data);
}

static errcode_t commit_after_stray_write(struct e4z_image *img)
{
	struct e4z_commit_summary sum;

	CHECK(txn_home(img, 800 * BS, BS, data) == 0);
	CHECK(blkdev_sync(img->dev, "test") == 0);
	return txn_commit(img, &sum);
}

static errcode_t another_stash(struct e4z_image *img)
{
	CHECK(txn_home(img, 800 * BS, BS, data) == 0);
	capture_set_stash(img->view, NULL);
	return txn_home_zero(img, 800 * BS, BS);
}

/* What has no return value leaves the transaction broken. */
static errcode_t another_stash_and_back(struct e4z_image *img)
{
	struct e4z_commit_summary sum;

	CHECK(txn_home(img, 800 * BS, BS, data) == 0);
	capture_set_stash(img->view, NULL);
	txn_mark(img);
	return txn_commit(img, &sum);
}

static errcode_t sealed_and_not_reloaded(struct e4z_image *img)
{
	uint8_t *block;

	CHECK(txn_edit(img, 700, &block) == 0);
	memcpy(block, data, BS);
	CHECK(txn_seal(img) == 0);
	img->txn->reloaded = false;
	return txn_edit(img, 701, &block);
}

static errcode_t overlay_of_no_log(struct e4z_image *img)
{
	struct overlay *ov;
	uint8_t *block;

	CHECK(overlay_new(img->dev, BS, &ov) == 0);
	overlay_seal(ov);
	capture_set_overlay(img->view, ov);
	return txn_edit(img, 700, &block);
}

static errcode_t more_than_the_log(struct e4z_image *img)
{
	const struct waiting w = {.count = txn_log_room(img) + 1};

	return txn_check_size(img, &w);
}

/* ---- homes ---- */

static errcode_t part_of_two_blocks(struct e4z_image *img)
{
	return homes_add(&img->txn->homes, BS - 1, 2, BS, data);
}

static errcode_t zeroes_that_end_inside(struct e4z_image *img)
{
	return homes_add_zero(&img->txn->homes, 0, BS + 1, BS);
}

static errcode_t group_that_falls(struct e4z_image *img)
{
	struct homes *homes = &img->txn->homes;

	homes_barrier(homes);
	CHECK(homes_add(homes, 0, 1, BS, data) == 0);
	homes->group--;
	return homes_add(homes, 1, 1, BS, data);
}

static errcode_t mark_ahead(struct e4z_image *img)
{
	struct homes *homes = &img->txn->homes;

	homes->mark = 1;
	return homes_add(homes, 1, 1, BS, data);
}

static errcode_t add_after_writing(struct e4z_image *img)
{
	struct homes *homes = &img->txn->homes;

	CHECK(homes_add(homes, 700 * BS, 1, BS, data) == 0);
	CHECK(homes_write(homes, img->dev, BS) == 0);
	return homes_add(homes, 701 * BS, 1, BS, data);
}

static errcode_t add_block_after_writing(struct e4z_image *img)
{
	struct homes *homes = &img->txn->homes;

	CHECK(homes_write(homes, img->dev, BS) == 0);
	return homes_add_block(homes, 700, BS, data, false);
}

static errcode_t write_twice(struct e4z_image *img)
{
	struct homes *homes = &img->txn->homes;

	CHECK(homes_write(homes, img->dev, BS) == 0);
	return homes_write(homes, img->dev, BS);
}

/* ---- stash ---- */

/* The block is put with the number 2 of the group 3, and once more. */
static errcode_t put_again(uint32_t number, uint32_t group)
{
	struct stash *stash = stash_new(BS, STASH_BYTES, NULL);
	errcode_t err;

	CHECK(stash && stash_put(stash, 1, data, 2, 3, false) == 0);
	err = stash_put(stash, 1, data, number, group, false);
	stash_free(stash);
	return err;
}

static errcode_t number_that_falls(struct e4z_image *img)
{
	(void)img;
	return put_again(1, 3);
}

static errcode_t stash_group_that_falls(struct e4z_image *img)
{
	(void)img;
	return put_again(2, 2);
}

/* ---- the view ---- */

static errcode_t seal_more_than_changed(struct e4z_image *img)
{
	const struct captured list[2] = {{.block = 1}, {.block = 2}};

	capture_drop_all(img->view);
	return capture_seal(img->view, list, 2);
}

/* ---- the log ---- */

static errcode_t log_in_use(struct e4z_image *img)
{
	struct captured b = {.block = 700, .data = (uint8_t *)(uintptr_t)data};

	img->log->sb.start = img->log->first;
	return commit_transaction(&img->txn->commit, &b, 1, 1);
}

static errcode_t old_number(struct e4z_image *img)
{
	struct captured b = {.block = 700, .data = (uint8_t *)(uintptr_t)data};

	img->txn->commit.next_tid = img->log->sb.sequence;
	return commit_transaction(&img->txn->commit, &b, 1, 1);
}

static const struct {
	const char *number;
	errcode_t (*broken)(struct e4z_image *img);
} cases[] = {
	{"T1", change_before_begin},
	{"T2", change_while_writing},
	{"T3", write_while_open},
	{"T3", commit_after_stray_write},
	{"T4", another_stash},
	{"T4", another_stash_and_back},
	{"T5", sealed_and_not_reloaded},
	{"T6", overlay_of_no_log},
	{"T7", more_than_the_log},
	{"H1", part_of_two_blocks},
	{"H1", zeroes_that_end_inside},
	{"H2", group_that_falls},
	{"H5", mark_ahead},
	{"H6", add_after_writing},
	{"H6", add_block_after_writing},
	{"H6", write_twice},
	{"S1", number_that_falls},
	{"S1", stash_group_that_falls},
	{"V4", seal_more_than_changed},
	{"J1", log_in_use},
	{"J2", old_number},
};

/* What the case returns, in a process of its own, whose words go into OUT. */
static int run(size_t i, const char *path, char *out, size_t size)
{
	const struct e4z_open_options options = {.write = true};
	struct e4z_image *img;
	int status, ends[2];
	ssize_t n;
	pid_t pid;

	CHECK(pipe(ends) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		dup2(ends[1], 2);
		CHECK(e4z_open(path, &options, &img) == 0);
		CHECK(txn_begin(img, &defaults) == 0);
		exit(cases[i].broken(img) == E4Z_ET_STATE ? 0 : 1);
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
	struct small small;

	small_begin(&small, &options);
	small_end(&small);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[200], want[60];
		int status = run(i, small.path, out, sizeof(out));
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
