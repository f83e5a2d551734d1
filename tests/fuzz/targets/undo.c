// SPDX-License-Identifier: GPL-2.0-or-later
// The target for undo files: the base undo-NAME is an undo file of the image edited-NAME.
#include "fuzz.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "errors.h"
#include "undo/undo_format.h"
#include <stdio.h>
#include <string.h>

static void seal_keys(uint8_t *data, size_t len, uint32_t bs, uint64_t at)
{
	struct undo_keys *keys = (void *)(data + at);
	uint64_t next = at + bs;

	for (size_t i = 0; i < UNDO_KEYS_ROOM(bs) && get_le32((uint8_t *)&keys->key[i].size); i++) {
		uint32_t size = get_le32((uint8_t *)&keys->key[i].size);

		if (next >= len || size > len - next)
			break;
		put_le32((uint8_t *)&keys->key[i].crc, crc32c(~0u, data + next, size));
		next += (size + bs - 1) / bs * bs;
	}
	keys->crc = 0;
	put_le32((uint8_t *)&keys->crc, crc32c(~0u, keys, bs));
}

/* Repair the checksums of the header and of the key blocks, as far as these are at their places. */
static void seal(uint8_t *data, size_t len)
{
	struct undo_header *h = (void *)data;
	uint32_t bs;

	if (len < sizeof(*h))
		return;
	bs = get_le32((uint8_t *)&h->block_size);
	for (uint64_t at = bs; bs >= UNDO_BLOCK_MIN && bs <= UNDO_BLOCK_MAX && at + bs <= len;
	     at += bs)
		if (get_le32(data + at) == UNDO_KEYS_MAGIC)
			seal_keys(data, len, bs, at);
	put_le32((uint8_t *)&h->crc, crc32c(~0u, h, offsetof(struct undo_header, crc)));
}

static struct base_vec images;

static void load_images(void)
{
	base_load(&images, getenv("FUZZ_BASES"), "edited-", false);
}

static struct base *edited(const struct base *undo)
{
	char name[64];

	snprintf(name, sizeof(name), "edited-%s", undo->name + strlen("undo-"));
	for (size_t i = 0; i < images.count; i++)
		if (!strcmp(images.items[i].name, name))
			return &images.items[i];
	fuzz_wrong("there is no %s", name);
}

static void undo(struct base *base, const struct input *in)
{
	const struct e4z_open_options options = {.write = true, .force = in->options[1] & 1};
	struct base *image = edited(base);
	char why[512] = "";
	struct e4z_commit_summary done;
	bool dry_run = in->options[0] & 1;
	errcode_t err;

	err = e4z_undo(image->path, &options, base->path, dry_run, &done, why, sizeof(why));
	if (err && !fuzz_no_memory(err) && !*why)
		fuzz_wrong("error %ld without a word", err);
	if ((dry_run || (err && !done.bytes_written)) &&
	    memcmp(image->whole, image->img.data, image->img.len))
		fuzz_wrong("nothing was restored, and the image is another one");
	base_restore_all(image);
}

const struct fuzz_target fuzz_undo = {.name = "undo",
				      .bases = "undo-",
				      .writes = true,
				      .repair = seal,
				      .prepare = load_images,
				      .run = undo};
