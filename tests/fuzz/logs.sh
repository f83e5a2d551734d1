#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A log whose copy of the superblock differs from that of the image is either used completely or refused.
#
# EVERY=N tries every Nth value of a field (60; 1: all), KINDS selects the kinds of images.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

requires mke2fs
requires debugfs
requires e2fsck
requires python3

# make IMAGE SIZE [mke2fs options]: with one file in it
make() {
	truncate -s "$2" "$1"
	mke2fs -q -F -t ext4 -J "$journal" "${@:3}" "$1" >mke2fs.out 2>&1 || fail "mke2fs ${*:3}: $(cat mke2fs.out)"
	printf 'write some file\nsif file size 4500\n' | debugfs -w -f - "$1" >/dev/null 2>&1
	e2fsck -fy "$1" >/dev/null 2>&1
}

head -c 5000 /dev/zero | tr '\0' x >some
journal=size=1
broad kinds 2 '-b 1024 -O ^metadata_csum' '-b 4096' '-b 2048 -O orphan_file' '-b 1024 -O bigalloc -C 4096' \
	'-b 1024 -O ^extent,^64bit -I 128' '-b 1024 -O quota,project'
for kind in "${kinds[@]}"; do
	journal=size=$([[ $kind == *' 1024'* ]] && echo 1 || echo 4)
	# shellcheck disable=SC2086 # options
	make image 12M $kind
	python3 "$srcdir/tests/fuzz/logs.py" "$E4ZERO" fields image "${EVERY:-60}" | sed "s/^image:/$kind:/"
	[ "${PIPESTATUS[0]}" = 0 ] || fail "$kind: see above"
	rm image
done

# complete file systems with other parameters, with the journal in the same place
journal=size=4,location=16000
make image 32M -b 1024
make larger 48M -b 1024
broad others 3 '-I 512' '-O ^64bit' '-O bigalloc -C 4096' '-I 128' '-g 4096' '-N 5000' '-O ^metadata_csum' \
	'-O meta_bg,^resize_inode' '-O metadata_csum_seed' '-O sparse_super2' '-O orphan_file' '-O inline_data' '-O quota'
for i in "${!others[@]}"; do
	# shellcheck disable=SC2086 # options
	make "other$i" 32M -b 1024 ${others[i]}
done
python3 "$srcdir/tests/fuzz/logs.py" "$E4ZERO" become image larger other* | tee become.log
[ "${PIPESTATUS[0]}" = 0 ] || fail 'see above'
grep -q ' 0 refused' become.log || fail 'one is refused'
