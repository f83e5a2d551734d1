# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of --all share. Source it after tests/lib.sh.

. "$srcdir/tests/edit/common.sh"

# Kinds of layouts: size, and options of mke2fs.
# shellcheck disable=SC2034 # for those who source this
layouts=(
	'64M -b 4096'
	'24M -b 1024'
	'64M -b 1024 -O extent,bigalloc -C 16384'
	'96M -b 4096 -O meta_bg,^resize_inode -g 1024'
	'24M -b 1024 -t ext2'
	'24M -b 1024 -t ext3 -g 2048'
	'64M -b 4096 -O bigalloc -C 65536'
	'96M -b 4096 -O ^flex_bg -g 2048'
	'96M -b 4096 -O sparse_super2 -g 2048'
	'24M -b 1024 -O ^resize_inode -g 1024'
	'64M -b 4096 -O ^metadata_csum,uninit_bg -g 2048'
	'64M -b 4096 -O ^has_journal,^64bit'
	'64M -b 4096 -O quota,inline_data -I 256'
	'64M -b 2048 -I 128 -O ^extent,^64bit'
	'512M -b 65536 -O ^resize_inode'
	'64M -b 4096 -O orphan_file,ea_inode,casefold,verity,encrypt'
	'21M -b 1024 -O ^sparse_super,^resize_inode -G 4 -g 1024'
)

# canary_image IMAGE LAYOUT: the whole file is full of a canary before the file system is made in it.
canary_image() {
	local size=${2%% *} tree=tree
	yes CANARY | head -c "$(numfmt --from=iec "$size")" >"$1"
	if [ ! -d tree ]; then
		mkdir -p tree/dir/sub
		text tree/ten 10000 $'line of text\n'
		text tree/small 100 $'line of text\n'
		text tree/dir/large 300000 $'another line\n'
		: >tree/empty
		ln -s "$(printf 'x%.0s' {1..100})" tree/slow
		ln -s ten tree/fast
		for ((i = 0; i < 200; i++)); do echo $i >"tree/dir/sub/a longer name of a file, number $i"; done
	fi
	[[ $2 != *' -t '* ]] && set -- "$1" "$2 -t ext4"
	# shellcheck disable=SC2086 # words of options
	mke2fs -q -F -E nodiscard -d "$tree" ${2#* } "$1" >mke2fs.log 2>&1 ||
		fail "mke2fs $2: $(cat mke2fs.log)"
	# it does not count for the quota
	[[ $2 != *quota* ]] || e2fsck -fy "$1" >/dev/null 2>&1
}

# class NAME FIELD: of the ledger in out; 0 where there is no such class
class() {
	jq -r --arg class "$1" "select(.type == \"ledger\") | [.classes[] | select(.class == \$class)][0].$2 // 0" "${report:-out}"
}

# adds_up IMAGE: the classes are the size of the file system, and what is free is what dumpe2fs calls free
adds_up() {
	local size free block
	size=$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)
	same "what is missing in the sum of $1" "$size" 0
	free=$(dumpe2fs -h "$1" 2>/dev/null | sed -n 's/^Free blocks: *//p')
	block=$(dumpe2fs -h "$1" 2>/dev/null | sed -n 's/^Block size: *//p')
	same "free bytes of $1" "$(class free-block bytes)" $((free * block))
	same "leaked bytes of $1" "$(class leaked-block bytes)" 0
	same "disputed bytes of $1" "$(class disputed bytes)" 0
}

# free_bytes IMAGE: bytes of free blocks that are not zero, by the bitmaps as dumpe2fs prints them
free_bytes() {
	dumpe2fs "$1" 2>/dev/null >dump
	python3 - "$1" <<-'END'
		import re, sys
		text = open('dump').read()
		size = int(re.search(r'^Block size: *(\d+)', text, re.M)[1])
		image, found = open(sys.argv[1], 'rb'), 0
		for line in re.findall(r'^  Free blocks: ([-0-9, ]*)$', text, re.M):
		    for run in filter(None, line.split(', ')):
		        first, last = (run.split('-') * 2)[:2]
		        image.seek(int(first) * size)
		        data = image.read((int(last) + 1 - int(first)) * size)
		        found += len(data) - data.count(0)
		print(found)
	END
}

# Kinds that places.py knows.
fixed_kinds=(free-inode inode-table bitmap-slack super-slack desc-slack reserved-gdt)

# fixed_bytes IMAGE [KIND...]: for each a line: its name, its bytes, those that are stale, by the format alone
fixed_bytes() {
	local image=$1
	shift
	(($#)) || set -- "${fixed_kinds[@]}"
	python3 "$srcdir/tests/edit/all/places.py" "$image" "$@"
}
