#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix keeps away from blocks that may be another file's, whatever it was asked for, and says so in the order of the
# findings.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

poke() {
	python3 "$srcdir/tests/images/imgpoke.py" "$@" || fail "imgpoke $*"
}

left() {
	jq -r 'select(.type == "finding" and .fixed == false) | "\(.kind) \(.path) \(.lblk)"' out
}

block_of() {
	debugfs -R "bmap $2 $3" "$1" 2>/dev/null
}

# /file owns the block of /small: its bytes there are content
edit_image image -O ^extent,^64bit
debugfs_script image <<-END
	write ten other
	sif file block[1] $(block_of image /small 0)
END
poke image block "$(block_of image /small 0)" 200 73656372657473
poke image block "$(block_of image /other 2)" 3000 73656372657473
for what in '' /small '--only stale-tail'; do
	cp --sparse=always image work
	debugfs -R 'dump file before' work >debugfs.log 2>&1
	# shellcheck disable=SC2086 # words
	case $what in
	--*) run_e4zero 0 --json --fix $what work ;;
	*) run_e4zero 4 --json --fix work $what ;;
	esac
	holds work /file before
done
same 'of the others' "$(field path finding)" /other
run_e4zero 4 --json --fix work /small
same 'of one file' "$(left)" 'unreadable /small null'
cp work again
run_e4zero 4 --json --fix work
cmp work again || fail 'a second one, with all that it finds left, writes'

# /file cannot be read, so nobody is said to own its blocks; /tail has one of them among four past EOF
edit_image image
yes 'line of text' | head -c 20480 >twenty
debugfs_script image <<-END
	write twenty tail
	sif tail size 4000
END
mine=$(block_of image /file 0) near=$(block_of image /tail 2)
poke image inode "$(ino_of image /file)" 0x3c "$(printf '%02x%02x%02x%02x' $((near & 255)) $((near >> 8 & 255)) 0 0)"
[ "$mine" != "$near" ] || fail 'the blocks are the same'
debugfs -R "dump tail before" image >debugfs.log 2>&1
dd if=image of=before.block bs=4096 skip="$near" count=1 status=none
for what in '--only post-eof-data' '' ; do
	cp --sparse=always image work
	# shellcheck disable=SC2086 # words
	run_e4zero 4 --json --fix $what work
	dd if=work of=after.block bs=4096 skip="$near" count=1 status=none
	cmp before.block after.block || fail "$what: a block in doubt was changed"
done
left >got
grep -q 'unreadable /file null' got || fail "left: $(cat got)"
grep -q 'post-eof-data /tail 1' got || fail "left: $(cat got)"
same 'fixed' "$(field fixed summary)" 1

# with clusters: /file may have a block behind those that an interrupted truncate of /tail would free, in their last cluster
edit_image image -O bigalloc -C 16384
text forty 40000 $'line of text\n'
debugfs_script image <<-END
	write forty tail
	sif tail size 100
END
near=$(($(block_of image /tail 8) + 3))
debugfs_script image <<-END
	ssv last_orphan $(ino_of image /tail)
END
poke image inode "$(ino_of image /file)" 0x3c "$(printf '%02x%02x%02x%02x' $((near & 255)) $((near >> 8 & 255)) 0 0)"
run_e4zero 4 --json --fix image
same 'left beside a block in doubt' "$(left)" 'unreadable /file null
pending-truncate /tail 0'
[[ $(debugfs -R "testb $near" image 2>/dev/null) = *'marked in use'* ]] || fail 'a cluster in doubt was freed'
