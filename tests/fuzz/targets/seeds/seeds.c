// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first inputs: each base and text with each option alone. Then the same while one allocation,
 * read or write fails, once per path of calls that leads to one. The handling of a failure depends
 * on the callers, so other failing calls would reach nothing else.
 */
#include "../fuzz.h"

#include "../../../unit/failing.h"
#include "../seal/seal.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "sweep.h"
#include <execinfo.h>
#include <stdio.h>
#include <string.h>

struct point {
	enum failing_kind kind;
	unsigned number;
};

struct seeds {
	const char *folder;
	unsigned count;
	unsigned sweep;
};

/* ---- points that may fail ---- */

#define PATHS (1u << 18)
#define DEPTH 64

/* Checksums of the known paths, a hash table with linear probing; 0: free. */
static uint64_t paths[PATHS];
static size_t path_count;

/* PATH is new; it is added. */
static bool is_new(uint64_t path)
{
	size_t at = path % PATHS;

	for (; paths[at]; at = (at + 1) % PATHS)
		if (paths[at] == path)
			return false;
	if (path_count == PATHS / 2)
		return false;
	path_count++;
	paths[at] = path;
	return true;
}

/* The points of an input that may fail, and the number of each kind. */
static struct point points[PATHS / 2];
static size_t point_count;
static unsigned met[FAILING_KINDS], met_most;

static void on_thing(enum failing_kind kind)
{
	void *calls[DEPTH];
	struct point point = {kind, ++met[kind]};
	size_t depth;
	uint32_t low, high;

	if (point.number > met_most)
		return;
	depth = (size_t)backtrace(calls, DEPTH) * sizeof(*calls);
	low = crc32c(kind, calls, depth);
	high = crc32c(~low, calls, depth);
	if (is_new((uint64_t)high << 32 | low | 1))
		points[point_count++] = point;
}

/* Run IN, and list the points with new paths. */
static void find_points(struct base *base, const struct input *in, unsigned most)
{
	memset(met, 0, sizeof(met));
	met_most = most;
	point_count = 0;
	failing_watch(on_thing);
	fuzz_run(base, in);
	failing_watch(NULL);
	if (base && fuzz_target->writes)
		base_restore_all(base);
}

/* ---- inputs ---- */

static void write_seed(struct seeds *seeds, const struct input *in)
{
	struct stretch_vec none = {0};
	uint8_t out[8192];
	char path[4096];
	size_t len = input_write(in, NULL, NULL, &none, out, sizeof(out));

	snprintf(path, sizeof(path), "%s/seed%05u", seeds->folder, seeds->count++);
	fuzz_write_file(path, out, len);
}

/* Write IN, and IN with each failure. */
static void write_failing(struct seeds *seeds, struct base *base, struct input in)
{
	write_seed(seeds, &in);
	if (!seeds->sweep)
		return;
	/* a target that also has other bases need not start QEMU for each failure */
	if (base && !*fuzz_target->bases && !strncmp(base->name, "image-", strlen("image-")))
		return;
	/* a number that is too high: nothing fails, but every point is counted */
	in.options[OPTION_KIND] = 1;
	put_le16(in.options + OPTION_NUMBER, 0xffff);
	find_points(base, &in, seeds->sweep);
	for (size_t i = 0; i < point_count; i++) {
		in.options[OPTION_KIND] = (uint8_t)(points[i].kind + 1);
		put_le16(in.options + OPTION_NUMBER, points[i].number);
		write_seed(seeds, &in);
	}
}

/* Write IN without options, then with each option alone: of one byte, or with WAYS of four. */
static void write_options(struct seeds *seeds, struct base *base, struct input in, bool ways)
{
	write_failing(seeds, base, in);
	if (fuzz_target->plain)
		return;
	for (unsigned at = 0; at <= (ways ? 3 : 0); at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			in.options[at] = (uint8_t)(1u << bit);
			write_failing(seeds, base, in);
		}
		in.options[at] = 0;
	}
}

static void no_change(void *arg, uint64_t off, uint32_t len)
{
	(void)arg, (void)off, (void)len;
}

/* The checksums of a base are valid, so the mutator's repair must not change them. */
static void check_seals(const struct base *base)
{
	struct fuzz_image img = base->img;

	seal_log(&img, no_change, NULL);
	if (!base->is_fs)
		seal_gpt(img.data, img.len, no_change, NULL);
	if (memcmp(img.data, base->whole, img.len))
		fuzz_wrong("%s has checksums that would be repaired otherwise", base->name);
}

void seeds_write(const char *folder, unsigned sweep, unsigned fields)
{
	static const struct fuzz_text nothing[] = {{"", 0}};
	const struct fuzz_text *first = fuzz_target->texts ? fuzz_target->texts : nothing;
	const struct fuzz_text *text = first;
	struct seeds seeds = {.folder = folder, .sweep = sweep < 0xffff ? sweep : 0xfffe};

	for (size_t i = 0; i < fuzz_bases.count; i++)
		check_seals(&fuzz_bases.items[i]);
	do {
		struct input in = {.text = (const uint8_t *)text->bytes, .text_len = text->len};

		for (size_t i = 0; i < fuzz_bases.count || (!i && !fuzz_target->bases); i++) {
			struct base *base = fuzz_target->bases ? &fuzz_bases.items[i] : NULL;

			in.base = base ? base->id : 0;
			write_options(&seeds, base, in, text - first < 2);
			/* a cache of one block, for a script */
			in.options[3] = 1;
			if (text - first >= 2)
				write_failing(&seeds, base, in);
			in.options[3] = 0;
		}
		text++;
	} while (fuzz_target->texts && text->len);
	sweep_write(folder, fields);
}
