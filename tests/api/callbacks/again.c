// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every callback calls every function that it must not call with its image. Each call is refused,
 * and the caller of the callback ends as if the callback had called nothing.
 *
 *	again IMAGE UNDO	/file of 10000 bytes, /small with a stale tail, and an orphan
 *	again wait IMAGE	with multiple mount protection
 */
#include "e4zero.h"

#include "../../unit/check.h"
#include "errors.h"
#include <string.h>
#include <sys/stat.h>

/* The caller of a callback. */
struct spot {
	struct e4z_image *img;
	const char *in; /* the function; NULL: none is tried */
	unsigned calls;
};

static errcode_t no_source(void *arg, uint64_t off, void *to, size_t len)
{
	(void)arg;
	(void)off;
	memset(to, 'r', len);
	return 0;
}

static errcode_t no_match(void *arg, const struct e4z_match *match)
{
	(void)arg;
	(void)match;
	return 0;
}

static void refused(const struct spot *spot, const char *call, errcode_t err)
{
	const char *why = e4z_message(spot->img, err);

	if (err == E4Z_ET_USAGE && strstr(why, spot->in) && !*e4z_context(spot->img))
		return;
	fprintf(stderr, "%s in %s: %s\n", call, spot->in, why);
	exit(1);
}

#define REFUSED(spot, call) refused(spot, #call, call)

static void try_operations(const struct spot *spot)
{
	const struct e4z_source source = {.len = 1, .read = no_source};
	struct e4z_image *img = spot->img;
	uint64_t bytes;
	errcode_t beyond;

	REFUSED(spot, e4z_truncate(img, "/file", 1, NULL));
	REFUSED(spot, e4z_zero_range(img, "/file", 0, 1, false, NULL));
	REFUSED(spot, e4z_punch_hole(img, "/file", 0, 1, NULL));
	REFUSED(spot, e4z_allocate(img, "/file", 0, 1, false, NULL));
	REFUSED(spot, e4z_write_zeroes(img, "/file", 0, 1, NULL));
	REFUSED(spot, e4z_zero(img, "/file", 0, 1, NULL));
	REFUSED(spot, e4z_collapse_range(img, "/file", 0, 4096, NULL));
	REFUSED(spot, e4z_insert_range(img, "/file", 0, 4096, NULL));
	REFUSED(spot, e4z_write(img, "/file", 0, "x", 1, NULL));
	REFUSED(spot, e4z_write_from(img, "/file", 0, &source, NULL));
	REFUSED(spot, e4z_write_room(img, "/file", 0, &bytes, &beyond));
	REFUSED(spot, e4z_convert(img, "/file", NULL, NULL));
	REFUSED(spot, e4z_flush(img));
}

static void try_others(const struct spot *spot)
{
	const struct e4z_expand_options expand = {.match = no_match};
	struct e4z_image *img = spot->img;

	REFUSED(spot, e4z_expand(img, "/*", &expand));
	REFUSED(spot, e4z_check(img, NULL, NULL, NULL));
	REFUSED(spot, e4z_map(img, "/file", NULL, NULL));
	REFUSED(spot, e4z_begin(img, NULL));
	REFUSED(spot, e4z_plan(img, NULL, NULL));
	REFUSED(spot, e4z_plan_commit(img));
	REFUSED(spot, e4z_commit(img, NULL));
	REFUSED(spot, e4z_convert_all(img, NULL, NULL, NULL));
	REFUSED(spot, e4z_fix(img, NULL, NULL, NULL));
	REFUSED(spot, e4z_replay(img, NULL));
	REFUSED(spot, e4z_plan_replay(img, NULL));
	REFUSED(spot, e4z_finish(img));
	e4z_abort(img);
	e4z_close(img);
}

/* `opened` is called before any bytes can be read. */
static void try_looking(const struct spot *spot)
{
	const struct e4z_finding finding = {.nonzero = 1, .pblk = 1, .last = 1};
	char byte;
	size_t got = 1;

	REFUSED(spot, e4z_peek(spot->img, &finding, &byte, 1, &got));
	CHECK(!got);
	(void)e4z_fingerprint(spot->img);
	CHECK(!e4z_has_written(spot->img));
	e4z_done(spot->img, &(struct e4z_commit_summary){0});
	CHECK(!e4z_places(spot->img, &got));
}

static void try_records(const struct spot *spot)
{
	REFUSED(spot, e4z_trace(spot->img, "no-trace"));
	REFUSED(spot, e4z_keep_undo(spot->img, "no-undo"));
	REFUSED(spot, e4z_plan_undo(spot->img, "no-undo"));
}

static errcode_t try_all(void *arg)
{
	struct spot *spot = arg;
	unsigned done;

	spot->calls++;
	if (!spot->in)
		return 0;
	try_operations(spot);
	try_others(spot);
	try_records(spot);
	REFUSED(spot, e4z_confine(spot->img, NULL, &done));
	/* functions that only read still work */
	CHECK(e4z_info(spot->img)->block_size == 4096);
	return 0;
}

/* ---- the callbacks ---- */

static errcode_t on_wait(void *arg, unsigned left, unsigned all)
{
	(void)left;
	(void)all;
	return try_all(arg);
}

static errcode_t on_opened(void *arg, struct e4z_image *img)
{
	struct spot *spot = arg;

	spot->img = img;
	spot->calls++;
	try_operations(spot);
	try_others(spot);
	try_looking(spot);
	CHECK(!e4z_plan_undo(img, "no-undo"));
	CHECK(!e4z_trace(img, "trace"));
	return 0;
}

static errcode_t on_undo_opened(void *arg, struct e4z_image *img)
{
	struct spot *spot = arg;

	spot->img = img;
	spot->calls++;
	try_operations(spot);
	try_others(spot);
	try_looking(spot);
	try_records(spot);
	return 0;
}

static errcode_t on_finding(void *arg, const struct e4z_finding *finding)
{
	struct spot *spot = arg;
	char byte;
	size_t got;

	CHECK(!e4z_peek(spot->img, finding, &byte, 1, &got));
	return try_all(arg);
}

static errcode_t on_skipped(void *arg, const struct e4z_skipped *skipped)
{
	(void)skipped;
	return try_all(arg);
}

static void on_progress(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	(void)pass;
	(void)current;
	(void)max;
	(void)!try_all(arg);
}

static errcode_t on_ledger(void *arg, const struct e4z_ledger *ledger)
{
	(void)ledger;
	return try_all(arg);
}

static errcode_t on_shard(void *arg, const struct e4z_shard *shard)
{
	(void)shard;
	return try_all(arg);
}

static errcode_t on_claims(void *arg, const struct e4z_claims *claims)
{
	(void)claims;
	return try_all(arg);
}

static errcode_t on_orphan(void *arg, uint32_t ino, const char *why)
{
	(void)ino;
	(void)why;
	return try_all(arg);
}

static errcode_t on_edit(void *arg, const struct e4z_edit *edit)
{
	(void)edit;
	return try_all(arg);
}

static errcode_t on_piece(void *arg, const struct e4z_map_piece *piece)
{
	(void)piece;
	return try_all(arg);
}

static errcode_t on_read(void *arg, uint64_t off, void *to, size_t len)
{
	errcode_t err = try_all(arg);

	return err ? err : no_source(NULL, off, to, len);
}

/* The callback passes the failure on: its caller fails with the same code and message. */

static errcode_t give_up(void *arg)
{
	return e4z_commit(arg, NULL);
}

static errcode_t give_up_finding(void *arg, const struct e4z_finding *finding)
{
	(void)finding;
	return give_up(arg);
}

static errcode_t give_up_piece(void *arg, const struct e4z_map_piece *piece)
{
	(void)piece;
	return give_up(arg);
}

static errcode_t give_up_reading(void *arg, uint64_t off, void *to, size_t len)
{
	(void)off;
	(void)to;
	(void)len;
	return give_up(arg);
}

/* ---- the calls ---- */

static const struct e4z_check_sink sink = {
	.finding = on_finding,
	.skipped = on_skipped,
	.progress = on_progress,
	.ledger = on_ledger,
	.shard = on_shard,
	.claims = on_claims,
};

static void check(struct e4z_image *img, const struct e4z_check_options *options, unsigned least)
{
	struct spot spot = {.img = img, .in = "e4z_check()"}, unspoilt = {.img = img};
	struct e4z_check_sink to = sink;
	struct e4z_check_summary was, is;

	to.arg = &unspoilt;
	CHECK(!e4z_check(img, options, &to, &was));
	to.arg = &spot;
	CHECK(!e4z_check(img, options, &to, &is));
	CHECK(spot.calls >= least);
	CHECK(is.findings == was.findings && is.findings && is.files == was.files);
}

static void look(struct e4z_image *img)
{
	struct spot spot = {.img = img, .in = "e4z_map()"};
	static const char *const files[] = {"/file", "/null", "/small"};

	CHECK(!e4z_map(img, "/file", on_piece, &spot) && spot.calls);
	check(img, NULL, 2);
	check(img, &(struct e4z_check_options){.all = true}, 3);
	check(img, &(struct e4z_check_options){.shard = 1, .shards = 1}, 4);
	check(img, &(struct e4z_check_options){.files = files, .file_count = 3}, 3);
}

/* Callbacks of e4z_expand() alone may call other functions, but must not close the image. */
static errcode_t on_match(void *arg, const struct e4z_match *match)
{
	struct spot *spot = arg;

	if (!match->path || strcmp(match->path, "/file") != 0)
		return 0;
	REFUSED(spot, e4z_finish(spot->img));
	e4z_close(spot->img);
	spot->calls++;
	CHECK(!e4z_begin(spot->img, NULL));
	CHECK(!e4z_truncate(spot->img, match->path, 20000, NULL));
	CHECK(!e4z_truncate(spot->img, match->path, 10000, NULL));
	CHECK(!e4z_commit(spot->img, NULL));
	return e4z_expand(spot->img, "/small", &(struct e4z_expand_options){.match = no_match});
}

static void expand(struct e4z_image *img)
{
	struct spot spot = {.img = img, .in = "e4z_expand()"};
	const struct e4z_expand_options options = {.match = on_match, .arg = &spot};

	CHECK(!e4z_expand(img, "/*", &options) && spot.calls == 1);
}

static void fix(struct e4z_image *img)
{
	struct spot spot = {.img = img, .in = "e4z_fix()"};
	struct e4z_check_sink to = sink;
	struct e4z_fix_summary fixed;

	to.arg = &spot;
	CHECK(!e4z_fix(img, NULL, &to, &fixed));
	CHECK(spot.calls && fixed.check.fixed && !fixed.left);
}

static void edit(struct e4z_image *img)
{
	struct spot spot = {.img = img, .in = "e4z_begin()"};
	const struct e4z_edit_options options = {.orphan = on_orphan, .orphan_arg = &spot};
	const struct e4z_source source = {.arg = &spot, .len = 5000, .read = on_read};
	struct e4z_commit_summary done;

	CHECK(!e4z_begin(img, &options) && spot.calls == 1);
	spot.in = "e4z_write_from()";
	CHECK(!e4z_write_from(img, "/file", 100, &source, NULL) && spot.calls > 1);
	CHECK(!e4z_has_written(img));
	CHECK(!e4z_allocate(img, "/empty", 0, 8192, false, NULL));
	CHECK(!e4z_commit(img, &done) && done.transactions);
}

static void passed_on(struct e4z_image *img)
{
	const struct e4z_source source = {.arg = img, .len = 5000, .read = give_up_reading};
	const struct e4z_check_sink sad = {.arg = img, .finding = give_up_finding};

	refused(&(struct spot){.img = img, .in = "e4z_map()"}, "commit",
		e4z_map(img, "/file", give_up_piece, img));
	refused(&(struct spot){.img = img, .in = "e4z_check()"}, "commit",
		e4z_check(img, NULL, &sad, NULL));
	CHECK(!e4z_begin(img, NULL));
	refused(&(struct spot){.img = img, .in = "e4z_write_from()"}, "commit",
		e4z_write_from(img, "/file", 0, &source, NULL));
	CHECK(!e4z_plan(img, NULL, NULL));
	e4z_abort(img);
	CHECK(!e4z_has_written(img));
}

static void convert(struct e4z_image *img)
{
	struct spot spot = {.img = img, .in = "e4z_convert()"};
	struct e4z_convert_options options = {.to = E4Z_TO_UNWRITTEN,
					      .progress = on_progress,
					      .edit = on_edit,
					      .skipped = on_skipped,
					      .arg = &spot};
	struct e4z_convert_summary summary;

	CHECK(!e4z_begin(img, NULL));
	CHECK(!e4z_convert(img, "/file", &options, NULL) && spot.calls);
	e4z_abort(img);
	spot.in = "e4z_convert_all()";
	spot.calls = 0;
	options.to = E4Z_TO_WRITTEN;
	CHECK(!e4z_begin(img, NULL));
	CHECK(!e4z_convert_all(img, &options, &summary, NULL));
	CHECK(spot.calls >= 2 && !summary.left);
	e4z_abort(img);
}

static void protected_image(const char *path)
{
	struct spot spot = {.in = "e4z_commit()"};
	const struct e4z_open_options options = {.write = true, .wait = on_wait, .wait_arg = &spot};

	CHECK(!e4z_open(path, &options, &spot.img));
	CHECK(!e4z_begin(spot.img, NULL));
	CHECK(!e4z_truncate(spot.img, "/file", 5, NULL));
	CHECK(!e4z_commit(spot.img, NULL) && spot.calls);
	e4z_close(spot.img);
}

int main(int argc, char **argv)
{
	struct spot spot = {.in = "e4z_open()"};
	struct e4z_open_options options = {.write = true, .opened = on_opened, .opened_arg = &spot};
	struct e4z_image *img;

	CHECK(argc == 3);
	e4z_init_errors();
	if (!strcmp(argv[1], "wait")) {
		protected_image(argv[2]);
		return 0;
	}
	CHECK(!e4z_open(argv[1], &options, &img) && spot.calls == 1);
	CHECK(!e4z_keep_undo(img, argv[2]));
	look(img);
	passed_on(img);
	edit(img);
	fix(img);
	expand(img);
	convert(img);
	CHECK(!e4z_finish(img));
	e4z_close(img);
	spot.in = "e4z_undo()";
	options.opened = on_undo_opened;
	CHECK(!e4z_undo(argv[1], &options, argv[2], true, NULL, NULL, 0) && spot.calls == 2);
	return 0;
}
