// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The functions that libFuzzer and AFL++ call. The name of the program, fuzz-NAME, selects the
 * target.
 *
 * FUZZ_BASES=FOLDER    the directory of the bases; default: "bases" beside the program
 * FUZZ_SEEDS=FOLDER    write the first inputs to FOLDER, and run nothing
 * FUZZ_SWEEP=N         also inputs in which one of the first N allocations, reads or writes fails
 * FUZZ_FIELDS=N        and at most N inputs in which a field has another value
 * FUZZ_DUMP=FILE       write the base as changed by the input to FILE, and run nothing
 */
#include "fuzz.h"

#include "../../unit/failing.h"
#include "base/bytes.h"
#include "errors.h"
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const struct fuzz_target *fuzz_target;
struct base_vec fuzz_bases;
static const char *dump;

static const struct fuzz_target *const targets[] = {
	&fuzz_super,   &fuzz_open_target, &fuzz_groups,	 &fuzz_maps,	&fuzz_dirs,   &fuzz_xattrs,
	&fuzz_check,   &fuzz_log,	  &fuzz_journal, &fuzz_fix,	&fuzz_script, &fuzz_undo,
	&fuzz_headers, &fuzz_map,	  &fuzz_nbd,	 &fuzz_convert,
};

void fuzz_wrong(const char *format, ...)
{
	va_list ap;

	fputs("fuzz: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

/* ---- what fails ---- */

bool fuzz_failing;
void *__real_malloc(size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
errcode_t __real_hostfile_open(const char *path, struct blkdev **dev);
errcode_t __wrap_hostfile_open(const char *path, struct blkdev **dev);

/* Options for opening a base: as if it were cached, and as if it were on another host. */
enum { OPTION_DEVICE = 3, DEVICE_CACHED = 16, DEVICE_FAR = 32 };
static const struct input *running;

static errcode_t open_far(struct blkdev **dev)
{
	const struct base *base = base_find(&fuzz_bases, running->base);

	*dev = failing_disk(base->img.data, base->img.len, base->img.len);
	return *dev ? 0 : ENOMEM;
}

errcode_t __wrap_hostfile_open(const char *path, struct blkdev **dev)
{
	const uint8_t how = running ? running->options[OPTION_DEVICE] : 0;
	const bool is_changed = fuzz_target->writes || !fuzz_target->bases;
	errcode_t err;

	if (how & DEVICE_FAR && !is_changed)
		return open_far(dev);
	err = __real_hostfile_open(path, dev);
	if (!err && !is_changed && how & DEVICE_CACHED)
		failing_wrap_cached(*dev);
	else if (!err && fuzz_failing)
		failing_wrap(*dev);
	return err;
}

/* Those of the C library allocate out of sight. */
char *__wrap_strndup(const char *text, size_t len)
{
	size_t n = strnlen(text, len);
	char *copy = malloc(n + 1);

	if (copy)
		*(char *)mempcpy(copy, text, n) = '\0';
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, SIZE_MAX);
}

void *fuzz_alloc(size_t len)
{
	void *bytes = __real_malloc(len);

	if (!bytes)
		abort();
	return bytes;
}

void fuzz_run(struct base *base, const struct input *in)
{
	const uint8_t *options = in->options;
	unsigned number = get_le16(options + OPTION_NUMBER);

	running = in;
	fuzz_failing = options[OPTION_KIND] && number;
	if (fuzz_failing)
		failing_arm((options[OPTION_KIND] - 1u) % FAILING_KINDS, number);
	fuzz_target->run(base, in);
	(void)failing_disarm();
}

bool fuzz_no_memory(errcode_t err)
{
	/* otherwise there is enough: the sanitizer would end the program */
	if (err == ENOMEM && !fuzz_failing)
		fuzz_wrong("no memory, it says");
	return err == ENOMEM;
}

void fuzz_failed(const struct e4z_image *img, errcode_t err)
{
	if (err == E4Z_ET_LEDGER || err == E4Z_ET_STATE)
		fuzz_wrong("%s: %s", e4z_context(img), e4z_message(img, err));
	/* the file is sealed: the target has written without need */
	if (err == EPERM && !fuzz_target->writes)
		fuzz_wrong("it was written to");
	if (fuzz_no_memory(err))
		return;
	if (!*e4z_context(img) && e4z_message(img, err) == error_message(err))
		fuzz_wrong("error %ld without a word", err);
}

struct e4z_image *fuzz_open(const struct base *base, const struct e4z_open_options *options)
{
	struct e4z_image *img;
	errcode_t err = e4z_open(base->path, options, &img);

	if (!err)
		return img;
	fuzz_failed(img, err);
	e4z_close(img);
	return NULL;
}

void fuzz_write_file(const char *path, const uint8_t *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f)) {
		perror(path);
		exit(2);
	}
}

/* ---- */

static void load_bases(const char *program, size_t folder_len)
{
	const char *folder = getenv("FUZZ_BASES");
	char beside[4096];

	snprintf(beside, sizeof(beside), "%.*sbases", (int)folder_len, program);
	base_load(&fuzz_bases, folder ? folder : beside, fuzz_target->bases, !fuzz_target->writes);
	if (!fuzz_bases.count) {
		fprintf(stderr, "%s: no base\n", program);
		exit(2);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *program = *argc > 0 ? **argv : "", *name = strrchr(program, '/');
	const char *folder = getenv("FUZZ_SEEDS"), *sweep = getenv("FUZZ_SWEEP");
	const char *fields = getenv("FUZZ_FIELDS");

	name = name ? name + 1 : program;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strncmp(name, "fuzz-", 5) && !strcmp(name + 5, targets[i]->name))
			fuzz_target = targets[i];
	if (!fuzz_target) {
		fprintf(stderr, "%s: not the name of a target\n", program);
		exit(2);
	}
	e4z_init_errors();
	if (fuzz_target->bases)
		load_bases(program, (size_t)(name - program));
	dump = getenv("FUZZ_DUMP");
	if (fuzz_target->prepare)
		fuzz_target->prepare();
	if (folder) {
		seeds_write(folder, sweep ? (unsigned)atoi(sweep) : 0,
			    fields ? (unsigned)atoi(fields) : UINT_MAX);
		exit(0);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stretch_vec put;
	struct base *base = NULL;
	struct input in;

	if (!input_read(&in, data, size))
		return 0;
	if (fuzz_target->bases) {
		base = base_find(&fuzz_bases, in.base);
		if (!base)
			return 0;
		put.count = 0;
		input_put(&in, base->img.data, base->img.len, &put);
	}
	if (base && dump)
		fuzz_write_file(dump, base->img.data, base->img.len);
	else
		fuzz_run(base, &in);
	if (base && fuzz_target->writes)
		base_restore_all(base);
	else if (base)
		base_restore(base, &put);
	return 0;
}
