#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a used image compresses to, and which old bytes it holds, as it is, after zerofree, and after --fix --all: nothing is
# smaller than the last one, and it holds none. README has this table for a Debian 12:
#   mmdebstrap --variant=minbase bookworm debian && tests/cli/compressed.sh debian
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
tree=${1:+$(realpath "$OLDPWD/$1" 2>/dev/null || realpath "$1")}
requires_loop
requires python3
requires e2fsck
requires gzip
requires zerofree

if [ -z "$tree" ]; then
	tree=$tmp/tree
	mkdir tree
	cp -r "$srcdir"/{lib,src,tests,man,doc} tree || fail 'copying the sources'
fi

# The tree in an image that the kernel uses: every third file is replaced as dpkg replaces one, by a copy under another
# name; every fifth one is deleted; attributes are removed, and files truncated. It is unmounted cleanly.
used_image() {
	truncate -s $(($(du -sm "$tree" | cut -f 1) * 3 / 2 + 64))M image
	mke2fs -q -F -t ext4 image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	mkdir mnt
	mount -o loop image mnt || fail 'cannot mount'
	cleanup_fn umount "$PWD/mnt"
	cp -a "$tree/." mnt
	(cd mnt && find . -xdev -type f -print0 | sort -z) >files
	python3 - <<-'END' || fail 'using the image'
		import os, shutil
		os.sync()
		for number, file in enumerate(open('files', 'rb').read().split(b'\0')[:-1], 1):
		    file = b'mnt/' + file
		    if number % 3 == 0:
		        shutil.copy2(file, file + b'.dpkg-new')
		        os.rename(file + b'.dpkg-new', file)
		    if number % 7 == 0:
		        os.setxattr(file, 'trusted.was', b'x' * 40)
		        os.removexattr(file, 'trusted.was')
		    if number % 5 == 0:
		        os.unlink(file)
		    elif number % 11 == 0:
		        os.truncate(file, os.path.getsize(file) // 2)
	END
	umount mnt || fail 'cannot unmount'
	forget_cleanup umount "$PWD/mnt"
}

# old_bytes IMAGE: in free blocks, in the journal, elsewhere
old_bytes() {
	"$E4ZERO" --check --all --json "$1" >report 2>err
	[ $? -le 4 ] || fail "$1: $(cat err)"
	python3 - <<-'END' || fail 'the report'
		import json
		old = {'free-block': 0, 'journal': 0, 'else': 0}
		for record in map(json.loads, open('report')):
		    if record['type'] == 'finding':
		        old[record['kind'] if record['kind'] in old else 'else'] += record['nonzero']
		print(*old.values())
	END
}

declare -A old gzip zstd
# row STEP: a line of the table about the image called step
row() {
	local left cell
	e2fsck -fn step >e2fsck.log 2>&1 || fail "$1: $(cat e2fsck.log)"
	gzip[$1]=$(gzip -c step | wc -c)
	zstd[$1]=$(type -P zstd >/dev/null && zstd -qc step | wc -c)
	old[$1]=$(old_bytes step)
	printf '| %s | %s | %s' "$1" $((gzip[$1] >> 10)) "$((${zstd[$1]:-0} >> 10))"
	read -ra left <<<"${old[$1]}"
	for cell in "${left[@]}"; do printf ' | %s' "$cell"; done
	echo ' |'
}

used_image
echo "an image of $(stat -c %s image) bytes"
echo '| after | gzip, KiB | zstd, KiB | old bytes in free blocks | in the journal | elsewhere |'
echo '|---|---|---|---|---|---|'
cp --sparse=always image step
row nothing
run_e4zero 0 -q --fix step
zerofree step || fail zerofree
row '`--fix`, zerofree'
cp --sparse=always image step
run_e4zero 0 -q --fix --all step
row '`--fix --all`'

all='`--fix --all`' peer='`--fix`, zerofree'
[ "${old[$all]}" = '0 0 0' ] || fail "old bytes after --fix --all: ${old[$all]}"
[[ ${old[nothing]} =~ ^[1-9].*\ [1-9].*\ [1-9] ]] || fail "the image was not used enough: ${old[nothing]}"
((gzip[$all] <= gzip[$peer] && gzip[$peer] <= gzip[nothing])) || fail "gzip: ${gzip[*]}"
((zstd[$all] <= zstd[$peer] && zstd[$peer] <= zstd[nothing])) || fail "zstd: ${zstd[*]}"
