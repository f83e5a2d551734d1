#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host that says that it zeroed, and did not, or in part: what is reported as zero is zero, by every verb that zeroes,
# in sparse images and in those that are not; the trace has it, the summary counts it, the undo file takes it back; and
# where the host has no room for the zeroes either, the exit status is 12 and the next run goes on.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"

# 600 KiB of unwritten blocks, and 20 KiB of them, over old bytes; in a sparse image the host lacks the last 4 MiB
blocks=150
make_dirty() {
	head -c 24M /dev/zero | tr '\0' '\312' >image
	mke2fs -q -F -t ext4 -b "$1" -E nodiscard,lazy_itable_init=0 image >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
	: >empty
	debugfs_script image <<-END
		write empty large
		fallocate large 0 $((blocks * 4096 / $1 - 1))
		sif large size $((blocks * 4096 - 1000))
		write empty small
		fallocate small 0 4
		sif small size $((5 * $1))
	END
	[ "$2" = full ] || fallocate -p -o 20M -l 4M image || skip 'no holes can be made here'
	e2fsck -fn image >e2fsck.out 2>&1 || fail "e2fsck: $(cat e2fsck.out)"
	cp image "made.$1.$2"
}

# lying UNIT STATUS ARGUMENTS...
lying() {
	local unit=$1 rc
	LD_PRELOAD=$tmp/faulty.so FAULTY_FILE=$tmp/image FAULTY_ZERO=$unit "$E4ZERO" "${@:3}" >out 2>err </dev/null
	rc=$?
	[ $rc = "$2" ] || fail "${*:3} over units of $unit: exit $rc, wanted $2: $(cat err)"
}

# zero FILE BLOCKS: every block of it, as the image has them
zero() {
	local start len total=0
	while read -r start len; do
		dd if=image bs="$bs" skip="$start" count="$len" status=none | tr -d '\0' | cmp -s - /dev/null || fail "$what: $1 is not zero"
		total=$((total + len))
	done < <("$E4ZERO" --json --map image "$1" | jq -r 'select(.type == "map" and .pblk) | "\(.pblk) \(.blocks)"')
	same "$what: blocks of $1" "$total" "$2"
}

again=0
for bs in 1024 4096; do
	many=$((blocks * 4096 / bs))
	for kind in sparse full; do
		make_dirty $bs $kind
		# nothing is zeroed; a sector of each; as clusters are; only what a large unit has in it
		for unit in 1073741824 512 65536 262144; do
			what="$kind, $bs, $unit"
			cp --sparse=always "made.$bs.$kind" image
			[ $kind = sparse ] || cp --sparse=never "made.$bs.$kind" image
			cp image old
			rm -f trace
			lying $unit 0 --json --convert written --trace-io trace --undo undo image
			zero /large $many
			zero /small 5
			sound image
			same "$what: bytes" "$(field bytes_written summary)" \
				"$(awk '/^(write|zero)/ { n += $3 } END { print n }' trace)"
			# of what was not zeroed no more than its 4 KiB is written
			same "$what: bytes again" "$(field bytes_zeroed_again summary)" \
				"$(awk '/^zero/ { from = $2; end = $2 + $3 } /^write.*# data/ && $2 >= from && $2 + $3 <= end { n += $3 }
					END { print n + 0 }' trace)"
			[ "$(field bytes_zeroed_again summary)" -gt 0 ] || fail "$what: nothing was zeroed again"
			again=$((again + $(field bytes_zeroed_again summary)))
			lying $unit 0 --undo-apply undo image
			cmp image old || fail "$what: the undo file does not take it back"
			rm undo

			lying $unit 0 --fix --paranoid image
			[ "$("$E4ZERO" --json --paranoid image | jq 'select(.type == "summary") | .stale_bytes')" = 0 ] ||
				fail "$what: --fix --paranoid left bytes"
			zero /large $many
			cp old image
			lying $unit 0 --write-zeroes -o 0 -l $((5 * bs)) image /small
			zero /small 5
			sound image
			cp old image
			echo "write-zeroes /large 0 $((blocks * 4096))" >script
			lying $unit 0 --script script image
			zero /large $many
			sound image
		done
	done
done

# zeroes that come back: --undo-apply through such a host
for kind in sparse full; do
	make_dirty 4096 $kind
	cp image old
	head -c 600000 /dev/zero | tr '\0' 'x' >bytes
	"$E4ZERO" -q --convert written image /large || fail '--convert written'
	cp image zeroes
	run_e4zero 0 --write --from bytes -o 0 --data ordered --undo undo image /large
	lying 65536 0 --json --undo-apply undo image
	cmp image zeroes || fail "$kind: --undo-apply left other bytes"
	[ "$(field bytes_zeroed_again summary)" -gt 0 ] || fail "$kind: --undo-apply zeroed nothing again"
	rm undo
done

# an honest host: nothing is written again
make_dirty 4096 sparse
rm -f trace
run_e4zero 0 --json --convert written --trace-io trace image
same 'bytes again' "$(field bytes_zeroed_again summary)" 0
! grep -q '^write.*# data' trace || fail "zeroes were written: $(cat trace)"

# no room for the zeroes either: each step that can be refused
make_dirty 4096 sparse
cp image old
broken=0 refused=0 step=1
while :; do
	cp old image
	LD_PRELOAD=$tmp/faulty.so FAULTY_FILE=$tmp/image FAULTY_ZERO=65536 FAULTY_STEP=$step FAULTY_ERRNO=28 \
		"$E4ZERO" --convert written image >out 2>err </dev/null
	rc=$?
	[ $rc != 0 ] || break
	grep -q 'No space left' err || fail "step $step: another reason: $(cat err)"
	case $rc in
	8) cmp image old || fail "step $step: exit 8, but the image was changed"; refused=$((refused + 1)) ;;
	12) broken=$((broken + 1)) ;;
	*) fail "step $step: exit $rc: $(cat err)" ;;
	esac
	run_e4zero 0 --replay image
	sound image
	# whatever is written already is zero
	bs=4096 what="step $step"
	debugfs -R 'dump large got' image >debugfs.log 2>&1
	tr -d '\0' <got | cmp -s - /dev/null || fail "step $step: old bytes can be read"
	run_e4zero 0 --convert written image
	zero /large $blocks
	sound image
	step=$((step + 1))
done
[ $broken -gt 5 ] && [ $refused -gt 0 ] || fail "$refused refused, $broken broken off"
echo "$again bytes were zeroed again; $refused refused and $broken broken off for want of room"
