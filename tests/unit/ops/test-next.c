// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an operation that fails, or that commits on its way, leaves for the next one of the same
 * transaction.
 */
#include "../../props/small.h"
#include "../check.h"
#include "e4zero.h"
#include "errors.h"
#include <errno.h>
#include <string.h>

#define BS 1024

static struct small small;
static struct e4z_image *img;
static struct e4z_edit edit;

static void begin(const char *states, uint64_t size, struct e4z_edit_options options)
{
	const struct small_options shape = {
		.block_size = BS, .blocks = 4096, .inodes = 64, .journal = true};
	const struct e4z_open_options write = {.write = true};

	small_begin(&small, &shape);
	small_file(&small, "f", states, size);
	small_file(&small, "other", "w", BS);
	small_end(&small);
	CHECK(e4z_open(small.path, &write, &img) == 0);
	CHECK(e4z_begin(img, &options) == 0);
}

/* /f is WANT, and nothing is past its end. */
static void end(const uint8_t *want, size_t len)
{
	struct e4z_commit_summary done;
	uint8_t got[8 * BS];
	ext2_filsys fs;
	ext2_file_t file;
	ext2_ino_t ino;
	unsigned n;

	CHECK(e4z_commit(img, &done) == 0);
	e4z_close(img);
	CHECK(ext2fs_open(small.path, 0, 0, 0, unix_io_manager, &fs) == 0);
	CHECK(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, "/f", &ino) == 0);
	CHECK(ext2fs_file_open(fs, ino, 0, &file) == 0);
	CHECK(ext2fs_file_read(file, got, sizeof(got), &n) == 0);
	CHECK(n == len);
	for (size_t i = 0; i < len; i++)
		if (got[i] != want[i]) {
			fprintf(stderr, "byte %zu is %02x, not %02x\n", i, got[i], want[i]);
			exit(1);
		}
	CHECK(ext2fs_file_close(file) == 0);
	CHECK(ext2fs_close(fs) == 0);
	small_free(&small);
}

/*
 * A conversion that commits the changes before it: it takes the zeroes that are written in place
 * into account.
 */
static void convert_after_a_commit(enum e4z_convert_to to)
{
	const struct e4z_convert_options options = {.to = to};
	uint8_t want[3 * BS] = {0};

	begin("uuu", sizeof(want), (struct e4z_edit_options){.split = true});
	CHECK(e4z_truncate(img, "/other", 5, &edit) == 0);
	CHECK(e4z_convert(img, "/f", &options, &edit) == 0);
	CHECK(e4z_write(img, "/f", BS + 5, "new", 3, &edit) == 0);
	memcpy(want + BS + 5, "new", 3);
	end(want, sizeof(want));
}

static errcode_t no_source(void *arg, uint64_t off, void *to, size_t len)
{
	(void)arg;
	(void)off;
	(void)to;
	(void)len;
	return EIO;
}

/* A barrier that is rolled back with its operation: zeroes before it are still written in place. */
static void fail_after_a_flush(void)
{
	const struct e4z_source source = {.len = 3, .read = no_source};
	uint8_t want[3 * BS] = {0}, block[BS];

	memset(block, 'n', sizeof(block));
	begin("uuu", 2 * BS + 5, (struct e4z_edit_options){.policy = E4Z_POLICY_FLUSH_ALWAYS});
	CHECK(e4z_write_zeroes(img, "/f", 0, BS, &edit) == 0);
	/* its old tail is dirty when it grows, and is flushed */
	CHECK(e4z_write(img, "/f", 2 * BS, block, 5, &edit) == 0);
	CHECK(e4z_write_from(img, "/f", 8 * BS, &source, &edit) == EIO);
	CHECK(e4z_write(img, "/f", 0, block, BS, &edit) == 0);
	memcpy(want, block, BS);
	memcpy(want + 2 * BS, block, 5);
	end(want, 2 * BS + 5);
}

int main(void)
{
	initialize_e4z_error_table();
	convert_after_a_commit(E4Z_TO_WRITTEN);
	convert_after_a_commit(E4Z_TO_HOLE);
	fail_after_a_flush();
	return 0;
}
