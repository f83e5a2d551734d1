// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What qemu-img prints is read however it is cut, as are fields that nobody knows yet; what is not
 * such an array is refused.
 */
#include "../check.h"
#include "errors.h"
#include "source/map_json.h"
#include <errno.h>
#include <string.h>

#define EXTENTS 8

struct seen {
	struct map_extent extent[EXTENTS];
	size_t count;
	errcode_t fails; /* with the second one */
};

static errcode_t take(void *arg, const struct map_extent *extent)
{
	struct seen *seen = arg;

	CHECK(seen->count < EXTENTS);
	seen->extent[seen->count++] = *extent;
	return seen->count == 2 ? seen->fails : 0;
}

/* TEXT in pieces of STEP bytes. */
static errcode_t feed(const char *text, size_t step, struct seen *seen, bool *whole)
{
	struct map_json json = {.take = take, .arg = seen};
	size_t len = strlen(text);
	errcode_t err = 0;

	for (size_t at = 0; at < len && !err; at += step)
		err = map_json_feed(&json, text + at, step < len - at ? step : len - at);
	*whole = map_json_is_whole(&json);
	return err;
}

static void test_good(void)
{
	static const char text[] =
		"[{ \"start\": 0, \"length\": 131072, \"depth\": 0, \"present\": true, "
		"\"zero\": false, \"data\": true, \"offset\": 327680},\n"
		"{ \"start\": 131072, \"length\": 9223372036854775807, \"depth\": 1, "
		"\"zero\": true, \"data\": false,\"compressed\":true, "
		"\"later \\\"} ]\": \"a, \\\\\", \"n\": null, \"x\":-1.5E+3},\n"
		"{},{\"offset\":18446744073709551615}\r\n]\n";

	for (size_t step = 1; step < sizeof(text); step++) {
		struct seen seen = {.count = 0};
		const struct map_extent *e = seen.extent;
		bool whole;

		CHECK(feed(text, step, &seen, &whole) == 0 && whole && seen.count == 4);
		CHECK(e[0].start == 0 && e[0].length == 131072 && e[0].offset == 327680);
		CHECK(e[0].has_offset && e[0].data && !e[0].zero && !e[0].depth &&
		      !e[0].compressed);
		CHECK(e[1].start == 131072 && e[1].length == INT64_MAX && e[1].depth == 1);
		CHECK(!e[1].has_offset && !e[1].data && e[1].zero && e[1].compressed);
		CHECK(!e[2].start && !e[2].length && !e[2].has_offset && !e[2].zero);
		CHECK(e[3].has_offset && e[3].offset == UINT64_MAX);
	}
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"x",
		"{}",
		"[,",
		"[[",
		"[{]",
		"[{,",
		"[{}{",
		"[{},]",
		"[]]",
		"[] x",
		"[{\"start\" 1",
		"[{\"start\":}",
		"[{\"start\":,",
		"[{\"start\":{",
		"[{\"start\":[",
		"[{\"start\":1 2",
		"[{\"start\":1,}",
		"[{\"start\":-1}",
		"[{\"start\":true}",
		"[{\"start\":\"1\",\"start\":1x}",
		"[{\"start\":18446744073709551616}",
		"[{\"start\":1.5}",
		"[{\"start\":0000000000000000000000000000000000001}",
		"[{\"zero\":1}",
		"[{\"zero\":truefalse}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seen seen = {.count = 0};
		bool whole;
		errcode_t err = feed(bad[i], 1, &seen, &whole);

		if (err != E4Z_ET_STATE)
			fprintf(stderr, "bad[%zu] is taken: %s\n", i, bad[i]);
		CHECK(err == E4Z_ET_STATE);
	}
}

static void test_ends(void)
{
	static char endless[MAP_JSON_OBJECT + 2];
	struct seen seen = {.count = 0, .fails = EDOM};
	bool whole;

	CHECK(feed("[{},{},{}]", 100, &seen, &whole) == EDOM && seen.count == 2 && !whole);
	seen = (struct seen){.count = 0};
	CHECK(feed(" [ ] ", 1, &seen, &whole) == 0 && whole && !seen.count);
	CHECK(feed("[{}", 1, &seen, &whole) == 0 && !whole);
	CHECK(feed("[{\"length\":\"}", 1, &seen, &whole) == 0 && !whole);
	for (size_t i = 0; i < sizeof(endless) - 1; i++)
		endless[i] = '1';
	memcpy(endless, "[{\"start\":", 10);
	CHECK(feed(endless, 4096, &seen, &whole) == E4Z_ET_STATE);
	CHECK(feed("", 1, &seen, &whole) == 0 && !whole);
}

int main(void)
{
	test_good();
	test_bad();
	test_ends();
	return 0;
}
