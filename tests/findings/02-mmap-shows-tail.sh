#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 2: mmap shows what stands past EOF to every reader of the file; after --fix there is nothing to show.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/findings/common.sh"

edit_image image
debugfs_script image <<<'sif file size 5000'

# shown: bytes past EOF that mmap(2) shows, not zero
shown() {
	mount_image image ro,noload
	python3 - mnt/file <<-'END2'
	import ctypes, os, sys
	libc = ctypes.CDLL(None)
	libc.mmap.restype = ctypes.c_void_p
	libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64]
	at = libc.mmap(None, 8192, 1, 1, os.open(sys.argv[1], os.O_RDONLY), 0)
	print(sum(1 for byte in ctypes.string_at(at + 5000, 3192) if byte))
	END2
	umount_image
}
shown >before
[ "$(cat before)" -gt 0 ] || skip 'this kernel shows no byte behind EOF'
same 'what mmap shows' "$(cat before)" 3192
run_e4zero 4 --check image
run_e4zero 0 --fix image
shown >after
same 'what mmap shows after --fix' "$(cat after)" 0
