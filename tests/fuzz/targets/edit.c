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

/* ---- a script ---- */

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
	status = script_run(&options, &report, &never);
	if ((options.dry_run || (status && status != 12)) &&
	    memcmp(before, base->img.data, base->img.len))
		fuzz_wrong("exit status %d, and the image is another one", status);
	close(fd);
	free(before);
}

static const struct fuzz_text scripts[] = {
	FUZZ_TEXT("truncate /d0/f0001 100\n"),
	FUZZ_TEXT("write-zeroes /far66000 5 9000\npunch-hole /far66000 2000 40000\n"
		  "insert-range /far267 1024 2048\ncollapse-range /far66000 0 1024\n"
		  "truncate /far66000 70\n"),
	FUZZ_TEXT("truncate /d0/f000[0-9] 5000\n"),
	FUZZ_TEXT("zero-range /d0/f0003 1000 5000\nflush\npunch-hole /d1/f0005 0 1024\n"),
	FUZZ_TEXT("allocate /d0/f0000 0 9000 keep-size\ncommit\nwrite-zeroes /d0/f0000 100 3000\n"),
	FUZZ_TEXT("insert-range /d2/f0010 1024 2048\ncollapse-range /d2/f0010 0 1024\n"),
	FUZZ_TEXT("write /d0/f0003 0 from=/proc/self/comm\nzero /d0/f* 1 999\n"),
	FUZZ_TEXT("truncate <15> 70000\ntruncate /deep* 0\n"),
	FUZZ_TEXT("zero-range /d0/f0003 1 10\nzero-range /d0/f0007 3 2000\ntruncate /d0/f0003 0\n"
		  "collapse-range /d0/f0007 0 1024\ntruncate /d0/none 1\n"),
	FUZZ_TEXT("write-zeroes /deep* 5 1\npunch-hole /deep* 3000 40000\ntruncate /many 5\n"),
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
