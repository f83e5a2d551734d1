// SPDX-License-Identifier: GPL-2.0-or-later
// From the objects of the reports to the options and the facts that they were made of.

#include "merge/facts.h"

#include "verbs/check.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

/* The texts of an array, with NULL at the end; they stay R's. */
static errcode_t list_of(struct record *r, const char *name, const char ***list)
{
	size_t count = 0;

	while (record_item(r, name, count))
		count++;
	*list = calloc(count + 1, sizeof(**list));
	for (size_t i = 0; *list && i < count; i++)
		(*list)[i] = record_item(r, name, i);
	return *list ? 0 : ENOMEM;
}

static void read_kinds(struct facts *f)
{
	const char *name;

	for (size_t i = 0; (name = record_item(&f->shard, "only", i)); i++) {
		int kind = e4z_kind_by_name(name);

		if (kind < 0 || E4Z_KIND_BIT(kind) & E4Z_KINDS_LEDGER) {
			f->shard.bad = "only";
			return;
		}
		f->options.kinds |= E4Z_KIND_BIT(kind);
	}
}

/* The options of the shards, but what concerns the output alone. */
static void read_options(struct facts *f, const struct options *given)
{
	struct record *r = &f->shard;

	f->options = *given;
	f->options.verb = check_run;
	f->options.verb_name = "check";
	f->options.image = record_name(r, "path", "path_hex");
	f->options.partition = record_name(r, "partition", "partition_hex");
	f->options.journal_device = record_name(r, "journal_device", "journal_device_hex");
	f->options.force = record_bool(r, "force");
	f->options.paranoid = record_bool(r, "paranoid");
	f->fingerprint = (uint32_t)record_number(r, "fingerprint", UINT32_MAX);
	read_kinds(f);
	if (!f->options.image && !r->bad)
		r->bad = "path";
}

static void read_journal(struct facts *f)
{
	static const char *const journals[] = {
		[E4Z_JOURNAL_NONE] = "none",
		[E4Z_JOURNAL_CLEAN] = "clean",
		[E4Z_JOURNAL_NEEDS_REPLAY] = "needs-replay",
		[E4Z_JOURNAL_EXTERNAL] = "external",
	};
	const char *journal = record_text(&f->image, "journal");
	const char *view = record_text(&f->image, "view");
	unsigned i = 0;

	while (i < sizeof(journals) / sizeof(journals[0]) && strcmp(journals[i], journal))
		i++;
	f->info.journal = (enum e4z_journal_state)i;
	f->info.replayed = !strcmp(view, "replayed");
	if (i == sizeof(journals) / sizeof(journals[0]))
		f->image.bad = "journal";
	else if (!f->info.replayed && strcmp(view, "disk"))
		f->image.bad = "view";
}

static errcode_t read_info(struct facts *f)
{
	struct record *r = &f->image;
	uint64_t most = E4Z_NONE - 1;

	f->info = (struct e4z_image_info){
		.path = record_name(r, "path", "path_hex"),
		.fs_offset = record_number(r, "fs_offset", most),
		.block_size = (uint32_t)record_number(r, "block_size", UINT32_MAX),
		.blocks = record_number(r, "blocks", most),
		.inodes = (uint32_t)record_number(r, "inodes", UINT32_MAX),
		.mounted = record_bool(r, "mounted"),
		.mmp = record_bool(r, "mmp"),
	};
	if (!f->info.path && !r->bad)
		r->bad = "path";
	if (uuid_parse(record_text(r, "uuid"), f->info.uuid) && !r->bad)
		r->bad = "uuid";
	if (!r->bad)
		read_journal(f);
	return list_of(r, "features", &f->features);
}

/* Those of NOTES that are not among KNOWN yet. */
static errcode_t add_notes(struct facts *f, struct json_object *known, struct json_object *notes)
{
	size_t count = notes ? json_object_array_length(notes) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *note = json_object_get_string(json_object_array_get_idx(notes, i));
		size_t before = (size_t)json_object_object_length(known);

		if (!note || json_object_object_add(known, note, NULL))
			return ENOMEM;
		if ((size_t)json_object_object_length(known) > before)
			f->notes[before] = note;
	}
	return 0;
}

/* The notes of all parts, each once. */
static errcode_t read_notes(struct facts *f, const struct part *parts, size_t count)
{
	struct json_object *known = json_object_new_object();
	errcode_t err = known ? 0 : ENOMEM;
	size_t all = 0;

	for (size_t i = 0; i < count; i++)
		all += parts[i].notes ? json_object_array_length(parts[i].notes) : 0;
	f->notes = calloc(all + 1, sizeof(*f->notes));
	if (!f->notes)
		err = ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = add_notes(f, known, parts[i].notes);
	json_object_put(known);
	return err;
}

errcode_t facts_make(struct facts *f, const struct part *parts, size_t count,
		     const struct options *given)
{
	const struct part *first = parts;
	errcode_t err;

	/* the one that was read first, wherever it is now */
	while (!first->facts)
		first++;
	*f = (struct facts){.shard = {.object = json_object_get(first->facts)},
			    .image = {.object = json_object_get(first->image)}};
	read_options(f, given);
	err = read_info(f);
	if (!err)
		err = read_notes(f, parts, count);
	f->info.features = f->features;
	f->info.notes = f->notes && *f->notes ? f->notes : NULL;
	return !err && (f->shard.bad || f->image.bad) ? EINVAL : err;
}

void facts_free(struct facts *f)
{
	record_free(&f->shard);
	record_free(&f->image);
	free(f->features);
	free(f->notes);
}

bool facts_hold(const struct facts *f, const struct e4z_image *img)
{
	const struct e4z_image_info *was = &f->info, *is = e4z_info(img);

	return e4z_fingerprint(img) == f->fingerprint &&
	       !memcmp(was->uuid, is->uuid, sizeof(is->uuid)) && was->fs_offset == is->fs_offset &&
	       was->block_size == is->block_size && was->blocks == is->blocks &&
	       was->inodes == is->inodes && was->replayed == is->replayed &&
	       was->mounted == is->mounted;
}
