#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "Clean" is never said of what was not checked: a wrong seed of the checksums, a corrupt root, inodes of a bitmap
# that nobody can believe.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq

# refused PATTERN ARGUMENTS...: exit 8, that sentence, quiet or not
refused() {
	local pattern=$1
	shift
	run_e4zero 8 "$@"
	grep -Eq -- "$pattern" err || fail "$*: no \"$pattern\" in: $(cat err)"
}

# the seed of every checksum
stale_image good
for features in metadata_csum_seed ^metadata_csum_seed,64bit; do
	make_image image 16M -O "$features"
	debugfs_script image <<-END
		write eight tail
		sif tail size 5000
	END
	run_e4zero 4 --check image
	case $features in
	metadata_csum_seed) debugfs -w -R 'ssv checksum_seed 0x12345678' image >/dev/null 2>&1 ;;
	*) debugfs -w -R 'ssv uuid 11111111-2222-3333-4444-555555555555' image >/dev/null 2>&1 ;;
	esac
	remember_image image
	for how in --check '-q --check' '--json --check' '--check --paranoid' --fix '--convert hole'; do
		# shellcheck disable=SC2086 # a verb with its options
		refused metadata_csum $how image
	done
	refused metadata_csum --check image /tail
	refused metadata_csum --truncate 100 image /tail
	image_unchanged image
	[ "$features" = metadata_csum_seed ] || continue
	# and what the message says is the remedy
	run_e4zero 8 --check image
	help=$(grep -o '"debugfs .*"' err | tr -d '"')
	eval "${help/IMAGE/image}" >debugfs.log 2>&1
	run_e4zero 4 --check image
done

# the root alone
cp good image
debugfs_script image <<<'sif / checksum 0x1234'
refused 'root directory' --check image

# a group's bitmap is not believed, and /tail has a wrong checksum: it looks as if it were in use
cp good image
python3 "$srcdir/tests/images/imgpoke.py" image inode "$(debugfs -R 'stat /tail' image 2>/dev/null | sed -n 's/^Inode: *\([0-9]*\).*/\1/p')" 0x20 01
dumpe2fs image 2>/dev/null | grep -m1 'Inode bitmap at' >bitmap
at=$(sed 's/.*Inode bitmap at \([0-9]*\).*/\1/' bitmap)
python3 "$srcdir/tests/images/imgpoke.py" image block "$at" 100 01
run_e4zero 4 --json image
same 'behind a wrong bitmap' "$(kinds | sort)" '/past post-eof-data
/tail unreadable'

# nor is a bit of a bitmap that says "free" of an inode in use, with checksums or without: the count of its group does not
# agree. e2fsck takes what has a mode and links, and a mount shows it by its name.
for type in ext2 ext4; do
	rm -f image
	mke2fs -q -F -t $type -b 1024 image 16M
	debugfs_script image <<-END
		write eight tail
		sif tail size 8000
	END
	run_e4zero 4 --json image
	same $type "$(kinds)" '/tail stale-tail'
	debugfs -w -R 'freei /tail' image >/dev/null 2>&1
	run_e4zero 4 --json image
	same "$type, freed" "$(kinds)" '/tail stale-tail'
	run_e4zero 4 -q image /tail
	remember_image image
	run_e4zero 4 -q -j 2 image
	image_unchanged image
	run_e4zero 0 -q --fix image
	run_e4zero 0 -q image
	run_e4zero 0 -q image /tail
done
