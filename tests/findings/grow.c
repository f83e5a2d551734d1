// SPDX-License-Identifier: GPL-2.0-or-later
// Sets the size of a file as libext2fs does it: grow IMAGE INO SIZE.
#include <ext2fs/ext2fs.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	ext2_filsys fs = NULL;
	ext2_file_t file = NULL;
	errcode_t err;

	if (argc != 4)
		return 2;
	err = ext2fs_open(argv[1], EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &fs);
	if (!err)
		err = ext2fs_read_bitmaps(fs);
	if (!err)
		err = ext2fs_file_open(fs, (ext2_ino_t)strtoul(argv[2], NULL, 10), EXT2_FILE_WRITE,
				       &file);
	if (!err)
		err = ext2fs_file_set_size2(file, (ext2_off64_t)strtoull(argv[3], NULL, 10));
	if (!err)
		err = ext2fs_file_close(file);
	if (!err)
		err = ext2fs_close(fs);
	if (err)
		fprintf(stderr, "grow: error %ld\n", (long)err);
	return err != 0;
}
