// SPDX-License-Identifier: GPL-2.0-or-later
// Scrubs IMAGE, then zeroes 4 KiB of FILE and truncates it after them, both in one transaction.
#include <e4zero.h>
#include <stdio.h>

static errcode_t finding(void *arg, const struct e4z_finding *f)
{
	printf("%s: %s\n", f->path ? f->path : "no name", f->fixed ? "fixed" : f->why);
	return 0;
}

static errcode_t edit(struct e4z_image *img, const char *file)
{
	const struct e4z_check_sink sink = {.finding = finding};
	struct e4z_edit zeroed, cut;
	errcode_t err = e4z_fix(img, NULL, &sink, NULL);
	err = err ? err : e4z_begin(img, NULL);
	err = err ? err : e4z_zero_range(img, file, 0, 4096, true, &zeroed);
	err = err ? err : e4z_truncate(img, file, 4096, &cut);
	return err ? err : e4z_commit(img, NULL);
}

int main(int argc, char **argv)
{
	const struct e4z_open_options options = {.write = true};
	struct e4z_image *img;
	errcode_t err;

	if (argc != 3)
		return 2;
	e4z_init_errors();
	err = e4z_open(argv[1], &options, &img);
	err = err ? err : edit(img, argv[2]);
	if (err)
		fprintf(stderr, "%s%s%s\n", e4z_context(img), *e4z_context(img) ? ": " : "",
			e4z_message(img, err));
	e4z_close(img);
	return err != 0;
}
