// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists what patterns stand for.
 *
 *	expand [--below] [--files] IMAGE	patterns from standard input, a line each
 *
 * Of each pattern a line "= PATTERN", then a line for each match: its inode, whether it is
 * l(iteral), p(lain) or neither, and its path, "-" where it has none; "~" before a path that was
 * skipped; "! NAME" is the error that it ended with.
 */
#include "e4zero.h"

#include "../unit/check.h"
#include "errors.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static errcode_t on_match(void *arg, const struct e4z_match *match)
{
	(void)arg;
	printf("%u%s%s %s\n", match->ino, match->literal ? "l" : "", match->plain ? "p" : "",
	       match->path ? match->path : "-");
	return 0;
}

static errcode_t on_skipped(void *arg, const struct e4z_skipped *skipped)
{
	(void)arg;
	printf("~%u %s: %s\n", skipped->ino, skipped->path ? skipped->path : "-", skipped->why);
	return 0;
}

int main(int argc, char **argv)
{
	struct e4z_expand_options how = {.match = on_match, .skipped = on_skipped};
	char line[70000];
	struct e4z_image *img;
	errcode_t err;

	for (; argc > 2; argc--, argv++) {
		how.below |= !strcmp(argv[1], "--below");
		if (!strcmp(argv[1], "--files"))
			how.types = E4Z_TYPE_BIT(S_IFREG);
	}
	CHECK(argc == 2);
	e4z_init_errors();
	CHECK(!e4z_open(argv[1], &(struct e4z_open_options){0}, &img));
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		printf("= %s\n", line);
		err = e4z_expand(img, line, &how);
		if (err)
			printf("! %s %s\n", e4z_error_name(err), e4z_message(img, err));
	}
	e4z_close(img);
	return 0;
}
