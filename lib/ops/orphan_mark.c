// SPDX-License-Identifier: GPL-2.0-or-later
// The mark that an orphan file may hold inodes: it is dropped where none is left.
#include "ops/orphan.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "format/orphan_block.h"
#include "image/image.h"
#include "scan/orphan_list.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>

errcode_t orphan_clear_mark(struct e4z_image *img)
{
	return txn_drop_ro_compat(img, EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT);
}

static errcode_t block_is_empty(struct e4z_image *img, const struct orphan_file *file,
				uint64_t pblk, uint8_t *block, bool *empty)
{
	errcode_t err = image_read(img, pblk * img->block_size, img->block_size, block);

	if (err)
		return image_fail(img, err, "reading the orphan file");
	*empty &= orphan_block_ok(img, file, pblk, block) &&
		  bytes_are_zero(block, orphan_block_entries(img->block_size));
	return 0;
}

static errcode_t file_is_empty(struct e4z_image *img, bool *empty)
{
	struct map_work work = {.stop = NULL};
	AUTO_FREE uint8_t *block = malloc(img->block_size);
	struct orphan_file file = {.whole = false};
	errcode_t err = block ? map_work_init(img, &work) : ENOMEM;

	if (!err)
		err = orphan_file_open(img, &work, &file);
	*empty = !err && file.whole && file.runs.count;
	for (size_t i = 0; i < file.runs.count && *empty && !err; i++)
		for (uint64_t b = 0; b < file.runs.items[i].len && *empty && !err; b++)
			err = block_is_empty(img, &file, file.runs.items[i].pblk + b, block, empty);
	orphan_file_close(&file);
	map_work_free(&work);
	return err;
}

bool orphan_is_marked(const struct e4z_image *img)
{
	return ext2fs_has_feature_orphan_file(img->fs->super) &&
	       ext2fs_has_feature_orphan_present(img->fs->super);
}

errcode_t orphan_drop_mark(struct e4z_image *img)
{
	bool empty = false;
	errcode_t err = orphan_is_marked(img) ? file_is_empty(img, &empty) : 0;

	return err || !empty ? err : orphan_clear_mark(img);
}
