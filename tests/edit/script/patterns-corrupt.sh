#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Patterns in directories that contain themselves, are entered twice, cannot be read, or are encrypted: the search ends,
# no name is missing unsaid.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

mapped() {
	run_e4zero 0 --json --map image "$@"
	jq -r 'select(.type == "map") | .path // "<\(.ino)>"' out | uniq
}

# block_of IMAGE FILE: where its first block is, bytes
block_of() {
	echo $(($(debugfs -R "bmap $2 0" "$1" 2>/dev/null) * 4096))
}

make_image fresh 16M -O encrypt,^metadata_csum
head -c 5000 /dev/zero | tr '\0' x >file
debugfs_script fresh <<-END
	mkdir a
	mkdir a/b
	mkdir a/b/c
	write file a/1.log
	write file a/b/2.log
	write file a/b/c/3.log
	mkdir e
	mkdir e/f
	write file e/4.log
	write file e/f/5.log
END

# a directory that contains itself, and the one above it; one with two names
cp fresh image
debugfs_script image <<-END
	ln /a /a/b/c/up
	ln /a/b/c /a/b/c/self
	ln /a/b /a/twin
END
same 'loops' "$(mapped '/a/**/*.log')" $'/a/1.log\n/a/b/2.log\n/a/b/c/3.log'
same 'loops by a name' "$(mapped /a)" $'/a/1.log\n/a/b/2.log\n/a/b/c/3.log'
# each directory is read once for each star, so each file is met a last time
same 'stars' "$(mapped '/*/*/*/*/*/*/*/*/*/*/*/*/*.log' | sed 's,.*/,,' | sort)" $'1.log\n2.log\n3.log'
same 'many of **' "$(mapped "/$(printf '**/*/%.0s' {1..31})*.log" | sed 's,.*/,,' | sort)" $'1.log\n2.log\n3.log'
printf 'truncate /a/**/*.log 10\n' >script
run_e4zero 0 --json --script script image
same 'once each' "$(records edit path)" $'/a/1.log\n/a/b/2.log\n/a/b/c/3.log'

# links that lead back, by the hundred: no product of them is made
cp fresh image
for ((i = 0; i < 200; i++)); do
	echo "symlink /a/l$i ."
done | debugfs_script image
same 'links' "$(mapped '/a/*/*/*/*/*/*/*/*/1.log')" "/a/$(printf 'l0/%.0s' {1..8})1.log"

# damage: a record that leads nowhere, a mapping, an inode: names can be missing
for damage in record mapping inode; do
	cp fresh image
	case $damage in
	record) printf '\3' | dd of=image bs=1 seek=$(($(block_of image /a/b) + 4)) conv=notrunc status=none ;;
	mapping) debugfs_script image <<<'sif a/b block[5] 0x7fffffff' ;;
	inode) debugfs_script image <<<'sif a/b flags 0x10080000' ;; # inline data, of which it has none
	esac
	echo 'truncate /a/**/*.log 0' >script
	untouched 8 '/a/b: ' image --script script image
	untouched 8 '/a/b: ' image --map image /a
	untouched 8 '/a/b: ' image --fix image '/a/**'
	same "$damage elsewhere" "$(mapped '/e/**/*.log')" $'/e/4.log\n/e/f/5.log'
done

# encrypted: no pattern matches in there, a directory stands for all in it
cp fresh image
debugfs_script image <<<'sif e flags 0x80800'
same 'encrypted' "$(mapped '/*/**/*.log' | tr '\n' ' ')" '/a/1.log /a/b/2.log /a/b/c/3.log '
same 'and said' "$(records skipped path why)" \
	'/e an encrypted directory: no pattern matches the names in it'
same 'all below' "$(mapped /e)" $'/e/4.log\n/e/f/5.log'
untouched 8 '/e/\*\.log: no file matches; names in encrypted directories are not known' image --map image '/e/*.log'

# names that no path can hold: a file without a path, not one with another's
cp fresh image
sed -i 's,4\.log,4/log,' image
same 'a slash in a name' "$(mapped /e)" "<$(debugfs -R 'ls -l /e' image 2>/dev/null | sed -n 's,^ *\([0-9]*\).*4/log.*,\1,p')>
/e/f/5.log"
untouched 8 'no file matches' image --map image '/e/4*'

# two entries of one name: the one that a lookup finds
cp fresh image
sed -i 's,3\.log,c.log,; s,2\.log,2.log,' image
debugfs_script image <<-END
	write file a/b/x.log
END
sed -i 's,x\.log,2.log,' image
same 'twice' "$(mapped '/a/b/*.log' | tr '\n' ' ')" '/a/b/2.log '
