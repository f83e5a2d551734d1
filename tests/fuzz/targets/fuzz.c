// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The functions that libFuzzer and AFL++ call. The name of the program, fuzz-NAME, selects the
 * target.
 *
 * FUZZ_BASES=FOLDER    the directory of the bases; default: "bases" beside the program
 * FUZZ_SEEDS=FOLDER    write the first inputs to FOLDER, and run nothing
 * FUZZ_SWEEP=N         N of these for each kind of failure
 * FUZZ_DUMP=FILE       write the base as changed by the input to FILE, and run nothing
 */
#include "fuzz.h"

#include "../../unit/failing.h"
#include "base/bytes.h"
#include "errors.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const struct fuzz_target *fuzz_target;
struct base_vec fuzz_bases;
static const char *dump;

static const struct fuzz_target *const targets[] = {
	&fuzz_super, &fuzz_groups, &fuzz_maps, &fuzz_dirs,    &fuzz_xattrs, &fuzz_check, &fuzz_log,
	&fuzz_fix,   &fuzz_script, &fuzz_undo, &fuzz_headers, &fuzz_map,    &fuzz_nbd,
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
/* Of an input's options: what fails, and which one of them. */
enum { OPTION_KIND = 4, OPTION_NUMBER = 5 };

void *__real_malloc(size_t size);
errcode_t __real_hostfile_open(const char *path, struct blkdev **dev);
errcode_t __wrap_hostfile_open(const char *path, struct blkdev **dev);

errcode_t __wrap_hostfile_open(const char *path, struct blkdev **dev)
{
	errcode_t err = __real_hostfile_open(path, dev);

	if (!err && fuzz_failing)
		failing_wrap(*dev);
	return err;
}

void *fuzz_alloc(size_t len)
{
	void *bytes = __real_malloc(len);

	if (!bytes)
		abort();
	return bytes;
}

static void run(struct base *base, const struct input *in)
{
	const uint8_t *options = in->options;
	unsigned number = get_le16(options + OPTION_NUMBER);

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

static void write_file(const char *path, const uint8_t *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f)) {
		perror(path);
		exit(2);
	}
}

/* ---- the first inputs: without a change ---- */

struct seeds {
	const char *folder;
	unsigned count;
	unsigned sweep; /* of what may fail so many do */
};

static void write_seed(struct seeds *seeds, const struct input *in)
{
	struct stretch_vec none = {0};
	uint8_t out[8192];
	char path[4096];
	size_t len = input_write(in, NULL, NULL, &none, out, sizeof(out));

	snprintf(path, sizeof(path), "%s/seed%05u", seeds->folder, seeds->count++);
	write_file(path, out, len);
}

/* With each other option alone; then one after the other fails. */
static void write_ways(struct seeds *seeds, const struct base *base, struct input in)
{
	unsigned kinds = fuzz_target->writes ? FAILING_KINDS : FAIL_READ + 1;

	for (unsigned at = 1; at <= 2; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			in.options[at] = (uint8_t)(1u << bit);
			write_seed(seeds, &in);
		}
		in.options[at] = 0;
	}
	/* a target that has others as well need not start QEMU for each of them */
	if (base && !*fuzz_target->bases && !strncmp(base->name, "image-", strlen("image-")))
		return;
	for (unsigned kind = 0; kind < kinds; kind++) {
		for (unsigned n = 1; n <= seeds->sweep; n++) {
			in.options[OPTION_KIND] = (uint8_t)(kind + 1);
			put_le16(in.options + OPTION_NUMBER, n);
			write_seed(seeds, &in);
		}
	}
}

/* The first options: none of them, and each alone. */
static void write_options(struct seeds *seeds, struct input in)
{
	write_seed(seeds, &in);
	for (unsigned bit = 0; bit < 8; bit++) {
		in.options[0] = (uint8_t)(1u << bit);
		write_seed(seeds, &in);
	}
}

/* For each base and each text, and in all ways with the first two. */
static void write_seeds(struct seeds *seeds)
{
	static const struct fuzz_text nothing[] = {{"", 0}};
	const struct fuzz_text *first = fuzz_target->texts ? fuzz_target->texts : nothing;
	const struct fuzz_text *text = first;

	do {
		struct input in = {.text = (const uint8_t *)text->bytes, .text_len = text->len};

		for (size_t i = 0; i < fuzz_bases.count || (!i && !fuzz_target->bases); i++) {
			const struct base *base = fuzz_target->bases ? &fuzz_bases.items[i] : NULL;

			in.base = base ? base->id : 0;
			write_options(seeds, in);
			if (text - first < 2)
				write_ways(seeds, base, in);
		}
		text++;
	} while (fuzz_target->texts && text->len);
}

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
		write_seeds(&(struct seeds){.folder = folder,
					    .sweep = sweep ? (unsigned)atoi(sweep) : 0});
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
		write_file(dump, base->img.data, base->img.len);
	else
		run(base, &in);
	if (base && fuzz_target->writes)
		base_restore_all(base);
	else if (base)
		base_restore(base, &put);
	return 0;
}
