#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is neither a regular file nor a block device is refused at once; nothing hangs.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires timeout
E4ZERO_REAL=$E4ZERO
limited=$tmp/limited
printf '#!/bin/sh\nexec timeout 20 %q "$@"\n' "$E4ZERO_REAL" >"$limited"
chmod +x "$limited"
E4ZERO=$limited

mkfifo fifo
refuses 'regular file' fifo
mkdir dir
refuses 'regular file' dir
refuses 'regular file' /dev/null
refuses 'regular file' /dev/full
if command -v python3 >/dev/null; then
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'
	refuses 'regular file' sock
fi
refuses 'No such file' missing.img
refuses "^e4zero: '': opening the image: No such file or directory\$" --check ''
ln -s loop-of-links loop-of-links
refuses 'symbolic links' loop-of-links
: >empty
refuses 'empty' empty
printf x >byte
refuses 'too few' byte
truncate -s 1M zeroes
refuses 'zeroes' zeroes
yes text | head -c 100000 >text
refuses 'no ext superblock' text
