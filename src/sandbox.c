// SPDX-License-Identifier: GPL-2.0-or-later
// --sandbox: what the process needs from now on, and what is said if the kernel has no sandbox.

#include "sandbox.h"
#include "e4zero.h"
#include "page/page.h"
#include "script/source.h"
#include "util.h"
#include <stdio.h>

enum { OUTPUTS_MAX = 1 + PAGE_OUTPUTS + SOURCE_TEMPORARIES };

struct outputs {
	int fds[OUTPUTS_MAX];
	size_t count;
};

bool sandbox_wanted(const struct options *options)
{
	return options->sandbox == SANDBOX_REQUIRE ||
	       (options->sandbox == SANDBOX_AUTO && !e4z_confine_obstacle());
}

static void note_none(const struct options *options, const char *what)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "neither Landlock nor filters of system calls can be used: a fault that %s "
		 "exploits is not contained",
		 what);
	if (!options->quiet)
		util_say(options->image, "note", text);
}

errcode_t sandbox_enter(void *arg, struct e4z_image *img)
{
	const struct sandbox *sandbox = arg;
	const struct options *options = sandbox->report->options;
	struct outputs to = {.count = 0};
	struct e4z_confine_options how = {
		.outputs = to.fds,
		.threads = options->jobs,
		.reading = sandbox->reading,
		.require = options->sandbox == SANDBOX_REQUIRE,
		.journal = options->all || options->kinds & E4Z_KIND_BIT(E4Z_JOURNAL),
	};
	unsigned done = 0;
	errcode_t err;

	if (!sandbox_wanted(options))
		return 0;
	util_prepare_text();
	err = options->page ? page_settle(sandbox->report, to.fds, &to.count) : 0;
	if (err)
		return err;
	if (options->progress == PROGRESS_LINES)
		to.fds[to.count++] = options->progress_fd;
	if (sandbox->temporary && (how.files = source_reserve())) {
		how.file_count = SOURCE_TEMPORARIES;
		for (int i = 0; i < SOURCE_TEMPORARIES; i++)
			to.fds[to.count++] = how.files[i];
	}
	how.output_count = to.count;
	err = e4z_confine(img, &how, &done);
	if (!err && !done)
		note_none(options, "the image");
	return err;
}

errcode_t sandbox_enter_bare(const struct options *options, int output, bool reading,
			     const char **why)
{
	const struct e4z_confine_options how = {
		.outputs = &output,
		.output_count = 1,
		.reading = reading,
		.require = options->sandbox == SANDBOX_REQUIRE,
	};
	unsigned done = 0;
	errcode_t err;

	util_prepare_text();
	*why = e4z_confine_obstacle();
	err = e4z_confine(NULL, &how, &done);
	if (!err && !done)
		note_none(options, "a report");
	if (!*why)
		*why = done & E4Z_CONFINED_LANDLOCK ? "filters of system calls cannot be used"
						    : "Landlock cannot be used";
	return err;
}
