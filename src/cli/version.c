// SPDX-License-Identifier: GPL-2.0-or-later
// --version: a line of text, or one object of JSON. A script that runs e4zero on many machines can
// query the capabilities of each, instead of comparing versions.

#include "cli/version.h"

#include "cli/option_row.h"
#include "e4zero.h"
#include "report/json_line.h"
#include "util.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void add_verbs(struct json_line *line);
static void add_kinds(struct json_line *line);
static void add_classes(struct json_line *line);
static void add_exits(struct json_line *line);

static errcode_t json_version(void)
{
	struct json_line line = json_begin("version");

	json_add_ascii(&line, "version", e4z_version());
	json_add_list(&line, "formats", e4z_formats());
	add_verbs(&line);
	add_kinds(&line);
	add_classes(&line);
	add_exits(&line);
	return json_end(&line);
}

/* ---- below the object whose fields they are, where the lints look for them ---- */

/* The actions, in the order of --help; not those that only print something. */
static void add_verbs(struct json_line *line)
{
	const char *names[OPTION_ROWS_MAX + 1];
	size_t count = 0;

	for (int i = 0; i < option_row_count; i++)
		if (option_rows[i].run && !option_rows[i].at_once)
			names[count++] = option_rows[i].name;
	names[count] = NULL;
	json_add_list(line, "verbs", names);
}

static void add_kinds(struct json_line *line)
{
	json_add_rows(line, "kinds");
	for (int i = 0; i < E4Z_KIND_COUNT; i++) {
		const uint64_t bit = E4Z_KIND_BIT(i);
		struct json_line row = json_begin_row();

		json_add_ascii(&row, "kind", e4z_kind_name(i));
		json_add_text(&row, "option",
			      bit & E4Z_KINDS_PARANOID ? "paranoid"
			      : bit & E4Z_KINDS_LEDGER ? "all"
						       : NULL);
		json_add_ascii(&row, "text", e4z_kind_text(i));
		json_add_row(line, &row);
	}
}

static void add_classes(struct json_line *line)
{
	static const char *const classes[] = {"free", "metadata"};

	json_add_rows(line, "kind_classes");
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		const uint64_t kinds = e4z_kinds_by_name(classes[i]);
		const char *names[E4Z_KIND_COUNT + 1];
		struct json_line row = json_begin_row();
		size_t count = 0;

		for (int kind = 0; kind < E4Z_KIND_COUNT; kind++)
			if (kinds & E4Z_KIND_BIT(kind))
				names[count++] = e4z_kind_name(kind);
		names[count] = NULL;
		json_add_ascii(&row, "name", classes[i]);
		json_add_list(&row, "members", names);
		json_add_row(line, &row);
	}
}

static void add_exits(struct json_line *line)
{
	static const struct {
		int exit;
		const char *text;
	} exits[] = {
		{EXIT_NONE, "nothing found, or done"},
		{EXIT_FINDINGS, "findings, or some were not fixed"},
		{EXIT_REFUSED, "refused, or failed before the first write"},
		{EXIT_BROKEN, "failed after the first write"},
		{EXIT_USAGE, "usage error"},
		{EXIT_SIGNAL, "stopped by a signal"},
	};

	json_add_rows(line, "exits");
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		struct json_line row = json_begin_row();

		json_add_number(&row, "exit", (uint64_t)exits[i].exit);
		json_add_ascii(&row, "text", exits[i].text);
		json_add_row(line, &row);
	}
}

int version_run(const struct options *options, struct report *report, const volatile int *stop)
{
	errcode_t err = 0;

	(void)report, (void)stop;
	if (options->json)
		err = json_version();
	else
		printf("e4zero %s\n", e4z_version());
	if (err == ENOMEM)
		util_say(NULL, "writing the version", strerror(ENOMEM));
	return err ? EXIT_REFUSED : EXIT_NONE;
}
