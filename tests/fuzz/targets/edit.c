// SPDX-License-Identifier: GPL-2.0-or-later
// The targets that write: the log and its replay, a fix, a script, an undo file.
#include "fuzz.h"

#include "errors.h"
#include "report/report.h"
#include "sandbox.h"
#include "script/script.h"
#include "verbs/verb.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Replaces the function of the program: a fuzzer opens many images, so it is not confined. */
errcode_t sandbox_enter(void *arg, struct e4z_image *img)
{
	(void)arg;
	(void)img;
	return 0;
}

/* The image is unchanged if the library says that nothing was written. */
static void unless_written(const struct base *base, const struct e4z_image *img,
			   const uint8_t *before)
{
	if (!e4z_has_written(img) && memcmp(before, base->img.data, base->img.len))
		fuzz_wrong("it says that nothing was written");
}

static uint8_t *copy(const struct base *base)
{
	return memcpy(fuzz_alloc(base->img.len), base->img.data, base->img.len);
}

static struct e4z_image *open_for_writing(const struct base *base, const struct input *in)
{
	const struct e4z_open_options options = {
		.write = true,
		.force = in->options[1] & 1,
		.repair = in->options[1] & 2,
		.holes = in->options[2] % 3,
	};

	return fuzz_open(base, &options);
}

/* ---- the log ---- */

static void replay(struct base *base, const struct input *in)
{
	struct e4z_image *img = open_for_writing(base, in);
	uint8_t *before = copy(base);
	struct e4z_commit_summary planned, done;
	errcode_t err;

	if (!img) {
		free(before);
		return;
	}
	err = e4z_plan_replay(img, &planned);
	if (!err)
		err = e4z_replay(img, &done);
	if (err)
		fuzz_failed(img, err);
	else if (planned.replayed != done.replayed)
		fuzz_wrong("another replay than was planned");
	unless_written(base, img, before);
	e4z_close(img);
	free(before);
	if (err)
		return;
	img = fuzz_open(base, NULL);
	if (img && e4z_info(img)->journal == E4Z_JOURNAL_NEEDS_REPLAY)
		fuzz_wrong("the log is not empty after a replay");
	e4z_close(img);
}

const struct fuzz_target fuzz_log = {.name = "log",
				     .bases = "log-",
				     .writes = true,
				     .kind = TARGET_JOURNAL,
				     .run = replay};

/* ---- a fix ---- */

static bool fix_once(struct base *base, const struct input *in, struct e4z_fix_summary *summary)
{
	const struct e4z_fix_options options = {
		.check = {.jobs = 1, .paranoid = in->options[0] & 1, .all = in->options[0] & 2},
		.dry_run = in->options[0] & 4,
	};
	struct e4z_image *img = open_for_writing(base, in);
	uint8_t *before = copy(base);
	errcode_t err = -1;

	if (img) {
		err = e4z_fix(img, &options, NULL, summary);
		if (err)
			fuzz_failed(img, err);
		unless_written(base, img, before);
		if (options.dry_run && e4z_has_written(img))
			fuzz_wrong("a dry run has written");
	}
	e4z_close(img);
	free(before);
	return !err;
}

static void fix(struct base *base, const struct input *in)
{
	struct e4z_fix_summary first, second;

	if (!fix_once(base, in, &first) || !(in->options[0] & 8) || in->options[0] & 4)
		return;
	if (fix_once(base, in, &second) && second.check.fixed && !fuzz_failing)
		fuzz_wrong("a second fix fixes more");
}

const struct fuzz_target fuzz_fix = {.name = "fix",
				     .bases = "fs-",
				     .writes = true,
				     .kind = TARGET_INODE,
				     .run = fix};

/* ---- conversions ---- */

static errcode_t convert_one(struct e4z_image *img, const struct e4z_convert_options *options,
			     unsigned file)
{
	static const char *const files[] = {"/d0/f0003", "/unwritten/u1", "/deep90",
					    "/many",	 "/far66000",	  "<17>",
					    "<8>",	 "/odd/slow400"};
	struct e4z_edit edit;
	errcode_t err = e4z_convert(img, files[file % 8], options, &edit);

	return err ? err : e4z_commit(img, &(struct e4z_commit_summary){0});
}

static errcode_t convert_all(struct e4z_image *img, const struct e4z_convert_options *options)
{
	struct e4z_convert_summary summary;

	return e4z_convert_all(img, options, &summary, &(struct e4z_commit_summary){0});
}

static void convert(struct base *base, const struct input *in)
{
	const uint8_t how = in->options[0];
	static const struct e4z_edit_options edits[] = {{.split = true}, {.cache_blocks = 2}, {0}};
	struct e4z_convert_options options = {
		.to = (enum e4z_convert_to)(how % 3),
		.jobs = 1,
		.dry_run = how & 8,
		.every = how & 16,
		.offset = how & 32 ? 1000 : 0,
		.length = how & 64 ? 3000 : 0,
	};
	struct e4z_image *img = open_for_writing(base, in);
	uint8_t *before = copy(base);
	errcode_t err = img ? e4z_begin(img, &edits[in->options[3] % 3]) : 0;

	if (img && !err)
		err = how & 4 ? convert_one(img, &options, in->options[3])
			      : convert_all(img, &options);
	if (img && err)
		fuzz_failed(img, err);
	if (img)
		unless_written(base, img, before);
	e4z_close(img);
	free(before);
}

const struct fuzz_target fuzz_convert = {.name = "convert",
					 .bases = "fs-",
					 .writes = true,
					 .kind = TARGET_EXTENTS,
					 .run = convert};

/* ---- a script ---- */

/* The blocks that the cache of an edit may hold: few, so that it is emptied. 0: the default. */
static size_t cache_blocks;

errcode_t __real_e4z_begin(struct e4z_image *img, const struct e4z_edit_options *options);
errcode_t __wrap_e4z_begin(struct e4z_image *img, const struct e4z_edit_options *options);

errcode_t __wrap_e4z_begin(struct e4z_image *img, const struct e4z_edit_options *options)
{
	struct e4z_edit_options less = options ? *options : (struct e4z_edit_options){0};

	if (cache_blocks)
		less.cache_blocks = cache_blocks;
	return __real_e4z_begin(img, cache_blocks ? &less : options);
}

/* The report is not needed: these replace the functions of the program, which is not linked. */
errcode_t report_image(struct report *report, const struct e4z_image_info *info)
{
	(void)report;
	(void)info;
	return 0;
}

errcode_t report_edit(struct report *report, const struct e4z_edit *edit)
{
	(void)report;
	if (!edit->op)
		fuzz_wrong("an operation without a name");
	return 0;
}

void report_failure(struct report *report, const char *image, const char *context,
		    const char *message, const char *list, errcode_t code)
{
	(void)report;
	(void)image;
	(void)list;
	if (!fuzz_no_memory(code) && !*context && !*message)
		fuzz_wrong("error %ld without a word", code);
}

int report_end(struct report *report, const struct report_summary *summary)
{
	(void)report;
	return summary->exit;
}

struct e4z_open_options verb_open_options(const struct options *options, const volatile int *stop)
{
	return (struct e4z_open_options){
		.force = options->force, .holes = options->holes, .stop = stop};
}

void verb_tell_failure(struct report *report, const struct e4z_image *img, errcode_t err,
		       const char *context, const char *why)
{
	(void)report;
	(void)img;
	if (fuzz_no_memory(err))
		return;
	if (err == E4Z_ET_STATE || (!*context && (!*why || why == error_message(err))))
		fuzz_wrong("error %ld: %s", err, why);
}

static errcode_t no_skipped(struct report *report, const struct e4z_skipped *skipped)
{
	(void)report;
	(void)skipped;
	return 0;
}

static void run_script(struct base *base, const struct input *in)
{
	static const struct report_ops ops = {.skipped = no_skipped};
	static const volatile int never;
	static char program[] = "fuzz";
	char path[32], *argv[] = {program, NULL};
	int fd = memfd_create("script", MFD_CLOEXEC);
	const struct options options = {
		.argv = argv,
		.argc = 1,
		.image = base->path,
		.verb_name = "script",
		.script = path,
		.jobs = 1,
		.force = in->options[1] & 1,
		.data = in->options[0] & 1,
		.split = in->options[0] & 2,
		.dry_run = in->options[0] & 4,
		.policy = in->options[0] >> 3 & 1,
		.allow_none = in->options[0] & 0x10,
		.holes = in->options[2] % 3,
	};
	struct report report = {.ops = &ops, .options = &options};
	uint8_t *before = copy(base);
	int status;

	if (fd < 0 || write(fd, in->text, in->text_len) != (ssize_t)in->text_len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	cache_blocks = in->options[3] % 16;
	status = script_run(&options, &report, &never);
	cache_blocks = 0;
	if ((options.dry_run || (status && status != 12)) &&
	    memcmp(before, base->img.data, base->img.len))
		fuzz_wrong("exit status %d, and the image is another one", status);
	close(fd);
	free(before);
}

static const struct fuzz_text scripts[] = {
	FUZZ_TEXT("truncate /d0/f0001 100\ntruncate <21> 5000\n"),
	FUZZ_TEXT("write-zeroes /far66000 5 9000\npunch-hole /far66000 2000 40000\n"
		  "insert-range /far267 1024 2048\ncollapse-range /far66000 0 1024\n"
		  "truncate /far66000 70\n"),
	FUZZ_TEXT("truncate /d0/f000[0-9] 5000\ntruncate <23> 5000\n"),
	FUZZ_TEXT("zero-range /d0/f0003 1000 5000\nflush\ntruncate <38> 5000\n"
		  "punch-hole /d1/f0005 0 1024\n"),
	FUZZ_TEXT("allocate /d0/f0000 0 9000 keep-size\ncommit\nwrite-zeroes /d0/f0000 100 3000\n"),
	FUZZ_TEXT("insert-range /d2/f0010 1024 2048\ncollapse-range /d2/f0010 0 1024\n"),
	FUZZ_TEXT("write /d0/f0003 0 from=/proc/self/comm\nzero /d0/f* 1 999\n"),
	FUZZ_TEXT("truncate <15> 70000\ntruncate /deep* 0\n"),
	FUZZ_TEXT("zero-range /d0/f0003 1 10\nzero-range /d0/f0007 3 2000\ntruncate /d0/f0003 0\n"
		  "collapse-range /d0/f0007 0 1024\ntruncate /d0/none 1\n"),
	FUZZ_TEXT("write-zeroes /deep* 5 1\npunch-hole /deep* 3000 40000\ntruncate /many 5\n"),
	/* the cache and roll back: the last line of each is refused, or is not */
	FUZZ_TEXT(
		"write-zeroes /d5/f0011 5 9000\nzero /d5/f0010 0 3000\nwrite /d5/f0010 7 "
		"from=/proc/self/comm\npunch-hole /d5/f0011 1024 1024\n"
		"zero /d5/f0011 1 9000\ntruncate /d5/f0011 2000\nwrite-zeroes /d5/f0010 1 7000\n"),
	FUZZ_TEXT("zero-range /d0/f0003 10 20\nwrite /d0/f0003 100 from=/proc/self/comm\n"
		  "insert-range /d0/f0003 1024 1024\nwrite /d0/f0003 3000 from=/proc/self/comm\n"
		  "collapse-range /d0/f0003 0 1024\nwrite-zeroes /d0/f0003 3 5\n"
		  "write /d0/f0003 7000000000000000000 from=/proc/self/comm\n"),
	FUZZ_TEXT("write /d5/f0010 1 from=/proc/self/comm\nwrite /d5/f0011 1 "
		  "from=/proc/self/comm\nwrite /deep90 1025 from=/proc/self/maps\n"
		  "write /deep* 5000 from=/proc/self/maps\ncollapse-range /deep* 0 2048\n"
		  "insert-range /deep* 1024 1024\nzero-range /deep* 1 99999\n"),
	FUZZ_TEXT("truncate /far* 9000000000000\nallocate /far* 0 70000\ntruncate /far* 5\n"),
	FUZZ_TEXT("truncate /d0/f0000 2100000000000\ntruncate /d0/f0001 600000000000\n"
		  "truncate /d1/f0001 60000000000\nwrite /d1/f0001 60000000000 "
		  "from=/proc/self/comm\n"),
	/* 21, 23, 38 and 41 have damaged attributes in fs-inline */
	FUZZ_TEXT("truncate <33> 5000\ntruncate <13> 5000\ntruncate <18> 5000\n"
		  "truncate <41> 5000\n"),
	FUZZ_TEXT("truncate <0> 5\ntruncate <4000000> 5\n"),
	FUZZ_TEXT("write /inline* 50 from=/proc/self/maps\ntruncate /d0/f0000 5000\n"
		  "write /d0/f0004 0 from=/proc/self/maps\ntruncate /d*/f* 3000\n"),
	{NULL, 0},
};

const struct fuzz_target fuzz_script = {
	.name = "script",
	.bases = "fs-",
	.texts = scripts,
	.writes = true,
	.kind = TARGET_INODE,
	.run = run_script,
};
