#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What somebody hides on purpose, where the format has room that nobody reads: e2fsck does not mind, --check --all finds each
# place, and after --fix --all nothing of it is there, but for what is left by name.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
requires e2fsck
requires python3

# Kinds that each layout has to have room for; the others where it has.
every='free-block dir-slack iblock-slack stale-tail post-eof-data super-slack boot-block'
layouts=(
	"32M -b 1024 | $every htree-slack extent-slack inode-slack xattr-slack free-inode reserved-gdt journal inode-table unwritten-residue symlink-slack bitmap-slack"
	"64M -b 4096 -I 512 -O inline_data,orphan_file,ea_inode,mmp -E mmp_update_interval=1 | $every orphan-file-slack mmp-slack inline-slack"
	"64M -b 1024 -O bigalloc -C 8192 | $every cluster-slack extent-slack"
	"32M -b 1024 -t ext2 -I 128 | $every htree-slack reserved-gdt"
	"64M -b 2048 -O ^metadata_csum,uninit_bg,^resize_inode -g 4096 | $every inode-table extent-slack"
	"64M -b 4096 -O ^metadata_csum,^64bit -t ext3 | $every htree-slack"
	"64M -b 4096 -O meta_bg,^resize_inode -g 2048 | $every desc-slack"
)

mkdir -p tree/dir tree/many
text tree/tail 5000 $'line of text\n'
text tree/past 20000 $'line of text\n'
text tree/tiny 30 x
for ((i = 0; i < 5; i++)); do : >"tree/dir/name$i"; done
for ((i = 0; i < 700; i++)); do : >"tree/many/a name that is long enough to fill a block with few like it, $i"; done
for ((i = 0; i < 300; i++)); do
	printf 'block %d of many' $i | dd of=tree/deep bs=4096 seek=$((2 * i)) conv=notrunc status=none
done
ln -s "$(text /dev/stdout 100 target)" tree/slow
ln -s target tree/fast

# a value that had an inode of its own, with ea_inode, is among what was deleted
make() {
	[[ $1 == *' -t '* ]] || set -- "$1 -t ext4"
	# shellcheck disable=SC2086 # words of options
	mke2fs -q -F -N 2000 -d tree ${1#* } image "${1%% *}" >mke2fs.log 2>&1 || fail "mke2fs $1: $(cat mke2fs.log)"
	text value 500 V
	text tail 9000 T
	text inode 5000 HIDDEN
	printf '%s\n' 'ea_set /tail user.small 12345' 'ea_set -f value /past user.large' 'ea_set -f value /dir user.large' \
		'mknod fifo p' 'mknod null c 1 3' 'write tail longer' \
		'ea_set -f inode /tail user.inode' 'ea_rm /tail user.inode' 'sif past size 3000' 'fallocate /tiny 20 30' \
		'rm /dir/name1' | debugfs -w -f - image >debugfs.log 2>&1
	e2fsck -fyD image >e2fsck.log 2>&1
	debugfs -w -R 'sif past size 3000' image >debugfs.log 2>&1
}

# found: the report in out has a finding of the kind over each place that was hidden in
found() {
	python3 - places out <<-'END'
		import json, sys
		kinds = {}
		for line in open(sys.argv[2]):
		    said = json.loads(line)
		    if said["type"] == "finding":
		        kinds.setdefault(said["kind"], []).append(said)
		for kind in dict.fromkeys(line.split()[0] for line in open(sys.argv[1])):
		    if kind not in kinds and kind != "boot-block":
		        print(kind)
	END
}

# remains: places that still hold something, and of which kind
remains() {
	python3 - places image <<-'END'
		import re, sys
		data = open(sys.argv[2], "rb").read()
		for line in open(sys.argv[1]):
		    kind, off, length = line.split()
		    now = data[int(off):int(off) + int(length)]
		    if re.search(b"HI|ID|DD|DE|EN|NH|^H$", now):  # a map that has changed may be there now
		        print(kind, off, now[:20])
		if data.count(b"HIDDEN", 1024):
		    print("and somewhere", data.find(b"HIDDEN", 1024))
	END
}

# minded FILE: the messages of e2fsck, except for its own repairs: padding, slots of the orphan file
minded() {
	grep -vE '^$|^(Padding at end|Orphan file|Failed to initialize orphan file|Clear\? |Recreate\? )' "$1"
}

broad some 2 "${layouts[@]}"
for layout in "${some[@]}"; do
	wanted=${layout#*| } layout=${layout%% |*}
	make "$layout"
	debugfs -R 'ls -p /many' image >names 2>/dev/null
	e2fsck -fn image >e2fsck.before 2>&1
	python3 "$srcdir/tests/images/hide.py" image >places || fail "$layout: hide.py"
	for kind in $wanted; do
		grep -q "^$kind " places || fail "$layout has no room for $kind"
	done
	e2fsck -fn image >e2fsck.out 2>&1
	minded e2fsck.before >before; minded e2fsck.out | cmp -s before - ||
		fail "$layout: e2fsck minds: $(diff e2fsck.before e2fsck.out | head)"
	run_e4zero 4 --json --check --all image
	same "not found in $layout" "$(found)" ''
	run_e4zero 0 --json --fix --all image
	same "left in $layout" "$(remains | grep -v '^boot-block ')" ''
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$layout: e2fsck: $(cat e2fsck.out)"
	debugfs -R 'ls -p /many' image >after 2>/dev/null
	cmp names after || fail "$layout: names changed"
	run_e4zero 0 --json --check --all image
done
