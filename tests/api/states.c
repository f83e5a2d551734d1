// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The public face out of its order, twice at once, and after a failure.
 *
 *	states IMAGE OTHER	two images with /file of 10000 bytes that are not zero, and /small
 */
#include "e4zero.h"

#include "../unit/check.h"
#include "errors.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct e4z_edit_options defaults;
static struct e4z_commit_summary done;
static struct e4z_edit edit;

static struct e4z_image *opened(const char *path, bool write)
{
	struct e4z_open_options options = {.write = write};
	struct e4z_image *img;

	CHECK(!e4z_open(path, &options, &img));
	return img;
}

static errcode_t ignore(void *arg, const struct e4z_map_piece *piece)
{
	(void)arg;
	(void)piece;
	return 0;
}

/* Every operation but e4z_map() wants a transaction, and says so. */
static void without_a_transaction(struct e4z_image *img)
{
	struct e4z_convert_options convert = {.to = E4Z_TO_HOLE};
	struct e4z_convert_summary converted;
	struct e4z_source source = {0};
	uint64_t room;
	const errcode_t refused[] = {
		e4z_truncate(img, "/file", 1, &edit),
		e4z_zero_range(img, "/file", 0, 1, false, &edit),
		e4z_punch_hole(img, "/file", 0, 1, &edit),
		e4z_allocate(img, "/file", 0, 1, false, &edit),
		e4z_write_zeroes(img, "/file", 0, 1, &edit),
		e4z_zero(img, "/file", 0, 1, &edit),
		e4z_collapse_range(img, "/file", 0, 4096, &edit),
		e4z_insert_range(img, "/file", 0, 4096, &edit),
		e4z_write(img, "/file", 0, "x", 1, &edit),
		e4z_write_from(img, "/file", 0, &source, &edit),
		e4z_convert(img, "/file", &convert, &edit),
		e4z_convert_all(img, &convert, &converted, &done),
		e4z_flush(img),
		e4z_plan(img, &done, &room),
		e4z_commit(img, &done),
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused[i] != E4Z_ET_STATE) {
			fprintf(stderr, "call %zu: %s\n", i, error_message(refused[i]));
			exit(1);
		}
	CHECK(!strcmp(e4z_message(img, E4Z_ET_STATE), "no transaction is open"));
	e4z_abort(img); /* nothing to forget */
	CHECK(!e4z_map(img, "/file", ignore, NULL));
	CHECK(!e4z_has_written(img));
}

/* Neither a second transaction, nor a call that commits on its own. */
static void within_a_transaction(struct e4z_image *img)
{
	struct e4z_fix_options fix = {.dry_run = false};
	struct e4z_check_sink sink = {0};
	struct e4z_fix_summary fixed;

	CHECK(!e4z_begin(img, &defaults));
	CHECK(e4z_begin(img, &defaults) == E4Z_ET_STATE);
	CHECK(e4z_fix(img, &fix, &sink, &fixed) == E4Z_ET_STATE);
	CHECK(e4z_replay(img, &done) == E4Z_ET_STATE);
	/* which hurt nothing */
	CHECK(!e4z_truncate(img, "/file", 20000, &edit));
	CHECK(edit.size_before == 10000 && edit.size_after == 20000);
	e4z_abort(img);
	CHECK(!e4z_begin(img, &defaults));
	CHECK(!e4z_truncate(img, "/file", 20000, &edit));
	CHECK(edit.size_before == 10000);
	e4z_abort(img);
	CHECK(!e4z_has_written(img));
}

/* A failed operation leaves what was there before it, and the next ones work. */
static void failed_operation(struct e4z_image *img)
{
	CHECK(!e4z_begin(img, &defaults));
	CHECK(!e4z_write(img, "/small", 0, "first", 5, &edit));
	CHECK(e4z_truncate(img, "/none", 5, &edit) == E4Z_ET_NOT_FOUND);
	CHECK(e4z_collapse_range(img, "/file", 1, 4096, &edit));
	CHECK(e4z_allocate(img, "/small", 0, 1ull << 40, false, &edit));
	CHECK(!e4z_write(img, "/small", 95, "behind", 6, &edit));
	CHECK(edit.size_before == 100 && edit.size_after == 101);
	CHECK(!e4z_commit(img, &done));
	CHECK(done.transactions == 1);
	CHECK(e4z_has_written(img));
	/* and an empty one writes nothing */
	CHECK(!e4z_begin(img, &defaults));
	CHECK(!e4z_commit(img, &done));
	CHECK(done.transactions == 0 && done.barriers == 0 && done.bytes_written == 0);
}

/* An image opened to be read is not edited; one that somebody edits is opened by nobody else. */
static void reader_and_second(const char *path)
{
	struct e4z_open_options to_write = {.write = true};
	struct e4z_image *img = opened(path, false), *second;

	CHECK(e4z_begin(img, &defaults));
	CHECK(*e4z_context(img));
	e4z_close(img);
	img = opened(path, true);
	CHECK(e4z_open(path, &to_write, &second) == E4Z_ET_BUSY);
	CHECK(e4z_message(second, E4Z_ET_BUSY) != error_message(E4Z_ET_BUSY));
	e4z_close(second);
	/* closed in the middle: forgotten */
	CHECK(!e4z_begin(img, &defaults));
	CHECK(!e4z_truncate(img, "/file", 1, &edit));
	e4z_close(img);
	img = opened(path, true);
	CHECK(!e4z_begin(img, &defaults));
	CHECK(!e4z_truncate(img, "/file", 10000, &edit));
	CHECK(edit.size_before == 10000);
	e4z_close(img);
}

/* Two sessions whose calls alternate know nothing of each other. */
static void two_at_once(const char *path, const char *other)
{
	struct e4z_image *a = opened(path, true), *b = opened(other, true);

	CHECK(!e4z_begin(a, &defaults) && !e4z_begin(b, &defaults));
	for (uint64_t i = 0; i < 20; i++) {
		CHECK(!e4z_write(a, "/file", i * 700, "aaaa", 4, &edit));
		CHECK(!e4z_write(b, "/file", i * 500, "bbbb", 4, &edit));
		CHECK(i != 7 || !e4z_punch_hole(b, "/file", 4096, 4096, &edit));
	}
	CHECK(!e4z_commit(b, &done));
	CHECK(!e4z_has_written(a));
	CHECK(!e4z_commit(a, &done));
	e4z_close(b);
	e4z_close(a);
}

/* After a commit that failed the handle is good for nothing but e4z_close(). */
static void failed_commit(const char *path)
{
	struct rlimit limit, none = {.rlim_cur = 0};
	struct e4z_image *img = opened(path, true);
	errcode_t err;

	signal(SIGXFSZ, SIG_IGN);
	CHECK(!getrlimit(RLIMIT_FSIZE, &limit));
	none.rlim_max = limit.rlim_max;
	CHECK(!e4z_begin(img, &defaults));
	CHECK(!e4z_truncate(img, "/file", 5000, &edit));
	CHECK(!setrlimit(RLIMIT_FSIZE, &none)); /* each write fails from here on */
	err = e4z_commit(img, &done);
	CHECK(!setrlimit(RLIMIT_FSIZE, &limit)); /* and would work again */
	CHECK(err == EFBIG);
	CHECK(e4z_begin(img, &defaults) == E4Z_ET_STATE);
	CHECK(strstr(e4z_message(img, E4Z_ET_STATE), "an earlier commit failed"));
	CHECK(e4z_truncate(img, "/file", 4000, &edit));
	CHECK(e4z_commit(img, &done));
	e4z_abort(img);
	e4z_close(img);
}

/* A refused image without a file system has no place and no journal in its facts. */
static void nothing_chosen(const char *path)
{
	uint8_t mbr[512] = {[446 + 4] = 0x83, [446 + 9] = 8, [446 + 13] = 8, [510] = 0x55, 0xaa};
	struct e4z_image *img;
	FILE *f = fopen(path, "we");

	CHECK(f && fwrite(mbr, sizeof(mbr), 1, f) == 1 && !fclose(f) && !truncate(path, 4 << 20));
	CHECK(e4z_open(path, NULL, &img) == E4Z_ET_NOT_EXT);
	CHECK(strstr(e4z_message(img, E4Z_ET_NOT_EXT), "no partition (dos) holds"));
	CHECK(!e4z_info(img)->fs_offset && !e4z_info(img)->journal_path);
	e4z_close(img);
	CHECK(!unlink(path));
}

int main(int argc, char **argv)
{
	struct e4z_image *img;

	CHECK(argc == 3);
	e4z_init_errors();
	img = opened(argv[1], true);
	without_a_transaction(img);
	within_a_transaction(img);
	failed_operation(img);
	e4z_close(img);
	reader_and_second(argv[1]);
	two_at_once(argv[1], argv[2]);
	failed_commit(argv[1]);
	nothing_chosen("parted");
	return 0;
}
