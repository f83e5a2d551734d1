#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The hash tree leads to every name in the directories that the kernel makes: with each hash, with three levels, with
# names that collide, with its own idea of case.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/kernel/lib.sh"
lookup=$builddir/tests/api/lookup
[ -x "$lookup" ] || skip "$lookup is not built"

# links COUNT FORMAT [NAMES]: that many names in mnt/d, by hard links, and those that the file NAMES lists
links() {
	python3 - "$@" <<-'END'
		import os, sys
		count, form, *listed = sys.argv[1:]
		os.path.isdir("mnt/d") or os.mkdir("mnt/d")
		names = [form % i for i in range(int(count))]
		for path in listed:
		    names += open(path).read().split()
		for i, name in enumerate(names):
		    if i % 60000 == 0:
		        file = "mnt/file-%d" % i
		        open(file, "w").close()
		    os.link(file, "mnt/d/" + name)
	END
}

# found NAME COUNT LEVELS: the tree has so many levels below the root and leads to all names
found() {
	local tree walk absent
	umount mnt || return 1
	e2fsck -fn image >e2fsck.log 2>&1 || { cat e2fsck.log; return 1; }
	"$lookup" image /d >out || return 1
	read -r _ tree walk absent <out
	[[ "$tree $walk" = "$2 0" && $absent -gt 0 ]] || { echo "$1: $(cat out), wanted $2 by the tree"; return 1; }
	debugfs -R 'htree /d' image 2>/dev/null | grep -qx "[[:space:]]*Indirect levels: $3" ||
		{ echo "$1: not $3 levels"; return 1; }
}

# batch NAME COUNT LEVELS FORMAT HASH SIGN MKE2FS-ARGUMENTS...
batch() {
	wanted "$1" || return
	one_batch "$1" one "$@"
}

one() {
	mkdir mnt
	mke2fs -q -F -t ext4 -N 2000 "${@:7}" image 256M >mke2fs.log 2>&1 || return 1
	tune2fs -E "hash_alg=$5" image >/dev/null || return 1
	debugfs -w -R "ssv flags $6" image 2>/dev/null
	names=/dev/null
	[ "$1" != collide ] || { names=names; "$lookup" --collide image 150 >names; } || return 1
	mount -o loop image mnt || return 1
	if [ "$1" = casefold ]; then
		mkdir mnt/d && chattr +F mnt/d || return 1
	fi
	links "$2" "$4" "$names" || return 1
	found "$1" $(($2 + 2 + $(wc -l <$names))) "$3"
}

for hash in half_md4 legacy tea; do
	for sign in 1 2; do
		batch "$hash-$sign" 6000 1 $'\u00c4rger-%06d-of-some-length' $hash $sign -b 1024
	done
done
batch four-kib 6000 0 'name-%06d' half_md4 1 -b 4096
batch indirect 6000 1 'name-%06d' half_md4 1 -b 1024 -O ^extent,^64bit,^metadata_csum
batch nocsum 6000 1 'name-%06d' half_md4 1 -b 1024 -O ^metadata_csum
if [ -e /sys/fs/ext4/features/casefold ]; then
	batch casefold 6000 1 $'N\u00c4ME-%06d' half_md4 1 -b 1024 -O casefold -E encoding=utf8
else
	echo 'casefold: left out, the kernel has no Unicode'
fi
batch collide 10 0 'name-%d' half_md4 1 -b 1024
batch three-levels 62000 2 "name-$(printf '%0230d' 0)-%06d" half_md4 1 -b 1024 -O large_dir
sum_up
