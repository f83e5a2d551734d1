// SPDX-License-Identifier: GPL-2.0-or-later
// Reads an undo file, and verifies all of it.
#include "undo/undo_apply.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/whole.h"
#include "errors.h"
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

errcode_t apply_get(const struct apply *a, uint64_t at, void *buf, size_t len)
{
	errcode_t err;

	if (at > a->file_size || len > a->file_size - at)
		return apply_say(a, E4Z_ET_BAD_UNDO, "the undo file is too short");
	err = whole_pread(a->fd, buf, len, at);
	return err ? apply_say_while(a, err, "reading the undo file") : 0;
}

bool apply_is_finished(const struct apply *a)
{
	return ext2fs_le32_to_cpu(a->header.state) & UNDO_FINISHED;
}

static errcode_t read_header(struct apply *a)
{
	struct undo_header *h = &a->header;
	uint32_t fs_block;
	errcode_t err = apply_get(a, 0, h, sizeof(*h));

	if (err)
		return err;
	if (memcmp(h->magic, UNDO_MAGIC, sizeof(h->magic)))
		return apply_say(a, E4Z_ET_BAD_UNDO, "this is not an undo file");
	if (ext2fs_le32_to_cpu(h->crc) != crc32c(~0U, h, offsetof(struct undo_header, crc)))
		return apply_say(a, E4Z_ET_BAD_UNDO, "the undo file's header has a wrong checksum");
	if (h->incompat || h->ro_compat)
		return apply_say(a, E4Z_ET_FEATURE, "the undo file has unknown features");
	a->block_size = ext2fs_le32_to_cpu(h->block_size);
	fs_block = ext2fs_le32_to_cpu(h->fs_block_size);
	if (a->block_size < UNDO_BLOCK_MIN || a->block_size > UNDO_BLOCK_MAX ||
	    a->block_size % sizeof(struct undo_key) || !fs_block || fs_block > UNDO_BLOCK_MAX)
		return apply_say(a, E4Z_ET_BAD_UNDO, "the undo file has invalid block sizes");
	return 0;
}

static errcode_t take_key(struct apply *a, const struct undo_key *key, uint64_t *block)
{
	uint64_t fs_block = ext2fs_le32_to_cpu(a->header.fs_block_size), end;
	struct undo_piece p = {.size = ext2fs_le32_to_cpu(key->size), .at = *block * a->block_size};
	errcode_t err;

	if (!p.size)
		return 0;
	if (p.size > (uint64_t)UNDO_KEY_BLOCKS * a->block_size ||
	    !bytes_mul(ext2fs_le64_to_cpu(key->block), fs_block, &p.off) ||
	    !bytes_add(p.off, p.size, &end))
		return apply_say(a, E4Z_ET_BAD_UNDO, "a key of the undo file is invalid");
	err = apply_get(a, p.at, a->buf, p.size);
	if (err)
		return err;
	if (crc32c(~0U, a->buf, p.size) != ext2fs_le32_to_cpu(key->crc))
		return apply_say(a, E4Z_ET_BAD_UNDO,
				 "old data in the undo file has a wrong checksum");
	*block += (p.size + a->block_size - 1) / a->block_size;
	return vec_push(&a->pieces, p);
}

/* COUNT keys in *BLOCK, which moves past their data. */
static errcode_t read_keys(struct apply *a, struct undo_keys *keys, uint64_t count, uint64_t *block)
{
	uint32_t crc;
	errcode_t err;

	/* no product below leaves 64 bits */
	if (*block > a->file_size / a->block_size)
		return apply_say(a, E4Z_ET_BAD_UNDO, "the undo file is too short");
	err = apply_get(a, *block * a->block_size, keys, a->block_size);
	if (err)
		return err;
	crc = ext2fs_le32_to_cpu(keys->crc);
	keys->crc = 0;
	if (ext2fs_le32_to_cpu(keys->magic) != UNDO_KEYS_MAGIC ||
	    crc32c(~0U, keys, a->block_size) != crc)
		return apply_say(a, E4Z_ET_BAD_UNDO, "keys of the undo file have a wrong checksum");
	++*block;
	for (uint64_t i = 0; i < count && !err; i++)
		err = take_key(a, &keys->key[i], block);
	return err;
}

static errcode_t read_all_keys(struct apply *a)
{
	uint64_t left = ext2fs_le64_to_cpu(a->header.num_keys);
	uint64_t block = ext2fs_le64_to_cpu(a->header.first_keys);
	uint64_t room = UNDO_KEYS_ROOM(a->block_size);
	AUTO_FREE struct undo_keys *keys = malloc(a->block_size);
	errcode_t err = 0;

	a->buf = malloc((size_t)UNDO_KEY_BLOCKS * a->block_size);
	if (!keys || !a->buf)
		return ENOMEM;
	for (; left && !err; left -= left < room ? left : room)
		err = read_keys(a, keys, left < room ? left : room, &block);
	return err;
}

/* Only the end of an edit knows what it left, and e2fsprogs does not say so then either. */
bool apply_has_table(const struct apply *a)
{
	return apply_is_finished(a) && undo_after_is_there(&a->header);
}

static errcode_t verify_table(const struct apply *a)
{
	errcode_t err = undo_after_verify(a->fd, a->file_size, &a->header, &a->pieces);

	if (err == E4Z_ET_BAD_UNDO)
		return apply_say(a, err,
				 "the undo file is corrupt: the table of the state after the edit");
	return err ? apply_say_while(a, err, "reading the undo file") : 0;
}

errcode_t apply_begin(struct apply *a, const char *path)
{
	struct stat st;

	a->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (a->fd < 0 || fstat(a->fd, &st) < 0)
		return apply_say(a, errno, "opening the undo file %.300s: %s", path,
				 strerror(errno));
	if (!S_ISREG(st.st_mode))
		return apply_say(a, E4Z_ET_BAD_UNDO, "the undo file is not a regular file");
	a->file_size = (uint64_t)st.st_size;
	return read_header(a);
}

errcode_t apply_read(struct apply *a)
{
	errcode_t err = read_all_keys(a);

	return err || !apply_has_table(a) ? err : verify_table(a);
}

errcode_t apply_wanted_super(const struct apply *a, struct ext2_super_block *want)
{
	uint64_t block = ext2fs_le64_to_cpu(a->header.super_block), at;
	errcode_t err;

	if (!bytes_mul(block, a->block_size, &at))
		return apply_say(a, E4Z_ET_BAD_UNDO, "the undo file is too short");
	err = apply_get(a, at, want, sizeof(*want));
	if (err)
		return err;
	want->s_magic = (uint16_t)~want->s_magic;
	if (crc32c(~0U, want, sizeof(*want)) != ext2fs_le32_to_cpu(a->header.super_crc))
		return apply_say(a, E4Z_ET_BAD_UNDO,
				 "the superblock in the undo file has a wrong checksum");
	return 0;
}
