// SPDX-License-Identifier: GPL-2.0-or-later
// Copies facts to and from memory that two processes share.

#include "merge/flat.h"

#include "verbs/check.h"
#include <string.h>

static bool put(char *to, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= FLAT_TEXT)
		return false;
	memcpy(to, text ? text : "", len + 1);
	return true;
}

bool flat_fill(struct flat *flat, const struct facts *f)
{
	const struct options *o = &f->options;
	const struct e4z_image_info *info = &f->info;

	*flat = (struct flat){
		.force = o->force,
		.paranoid = o->paranoid,
		.replayed = info->replayed,
		.mounted = info->mounted,
		.has_partition = o->partition != NULL,
		.has_journal_device = o->journal_device != NULL,
		.kinds = o->kinds,
		.fs_offset = info->fs_offset,
		.blocks = info->blocks,
		.block_size = info->block_size,
		.inodes = info->inodes,
		.fingerprint = f->fingerprint,
	};
	memcpy(flat->uuid, info->uuid, sizeof(flat->uuid));
	if (!put(flat->image, o->image) || !put(flat->partition, o->partition) ||
	    !put(flat->journal_device, o->journal_device))
		return false;
	flat->filled = 1;
	return true;
}

static bool is_text(const char *text)
{
	return memchr(text, '\0', FLAT_TEXT);
}

bool flat_read(const struct flat *flat, const struct options *given, struct facts *f)
{
	const uint64_t all = E4Z_KIND_BIT(E4Z_KIND_COUNT) - 1;

	*f = (struct facts){.options = *given};
	if (!is_text(flat->image) || !is_text(flat->partition) || !is_text(flat->journal_device) ||
	    flat->kinds & (~all | E4Z_KINDS_LEDGER))
		return false;
	f->options.verb = check_run;
	f->options.verb_name = "check";
	f->options.image = flat->image;
	f->options.partition = flat->has_partition ? flat->partition : NULL;
	f->options.journal_device = flat->has_journal_device ? flat->journal_device : NULL;
	f->options.force = flat->force;
	f->options.paranoid = flat->paranoid;
	f->options.kinds = flat->kinds;
	f->fingerprint = flat->fingerprint;
	f->info = (struct e4z_image_info){
		.fs_offset = flat->fs_offset,
		.block_size = flat->block_size,
		.blocks = flat->blocks,
		.inodes = flat->inodes,
		.replayed = flat->replayed,
		.mounted = flat->mounted,
	};
	memcpy(f->info.uuid, flat->uuid, sizeof(flat->uuid));
	return true;
}
