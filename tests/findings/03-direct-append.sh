#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 3: an O_DIRECT append past EOF brings the old tail into the file; --write does not.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/findings/common.sh"

edit_image image
debugfs_script image <<<'sif file size 5000'
cp image other
mount_image image
exposed=$(python3 - mnt/file <<-'END2'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
block = mmap.mmap(-1, 4096)
block[:] = b"y" * 4096
os.pwritev(fd, [block], 8192)
os.close(fd)
print(sum(1 for byte in open(sys.argv[1], "rb").read()[5000:8192] if byte))
END2
) || fail 'a direct append'
umount_image

head -c 4096 /dev/zero | tr '\0' y >block
run_e4zero 0 --write -o 8192 --from block other /file
{ head -c 5000 ten; head -c 3192 /dev/zero; cat block; } >want
holds other /file want
sound other
[ "$exposed" -gt 0 ] || skip 'this kernel exposes nothing; ours was tested'
same 'stale bytes in the file' "$exposed" 3192
