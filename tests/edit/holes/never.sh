#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --holes: what a tool that skips the holes of an image brings to a used medium. With auto old content of the medium shows
# in files, with never and after --convert unwritten it does not; always makes holes of a reservation, auto keeps it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/holes/common.sh"

make_sparse fresh
same 'data before' "$(data_of fresh /new) $(data_of fresh /old)" '0 102400'
[ "$(stat -c %b fresh)" -lt 65536 ] || skip 'no holes can be made here'

# verb STATE: with auto files show what the medium held, with never not, nor after --convert unwritten
for verb in convert write-zeroes script; do
	case $verb in
	convert) line=(--convert written) files=() ;;
	write-zeroes) line=(--write-zeroes -o 0 -l 102400) files=(/new) ;;
	script)
		printf 'write-zeroes /%s 0 102400\n' new old >script
		line=(--script script) files=()
		;;
	esac
	for holes in '' auto always never; do
		cp --sparse=always fresh image
		run_e4zero 0 ${holes:+--holes $holes} --dry-run "${line[@]}" image "${files[@]}"
		cmp image fresh || fail "$verb, $holes: a dry run writes"
		rm -f trace
		run_e4zero 0 --json ${holes:+--holes $holes} --trace-io trace "${line[@]}" image "${files[@]}"
		same "$verb, $holes: bytes" "$(field bytes_written summary)" "$(awk '/^(write|zero)/ { n += $3 } END { print n }' trace)"
		sound image
		copied image
		if [ "$holes" = never ]; then
			same "$verb, never: data" "$(data_of image /new)" 102400
			same "$verb, never: bytes on the medium" "$(shows /new)" 0
			[ $verb = write-zeroes ] || same "$verb, never: bytes of /old" "$(shows /old)" 0
			[ $verb = write-zeroes ] || same "$verb, never: data of /old" "$(data_of image /old)" 102400
		else
			same "$verb, $holes: data" "$(data_of image /new)" 0
			same "$verb, $holes: bytes on the medium" "$(shows /new)" 102400
			run_e4zero 0 --convert unwritten image
			copied image
			same "$verb, unwritten: bytes on the medium" "$(shows /new) $(shows /old)" '0 0'
			# what skips zeroes, not holes
			head -c 32M /dev/zero | tr '\0' '\312' >used
			dd if=image of=used bs=4096 conv=sparse,notrunc status=none
			same "$verb, unwritten: bytes by dd conv=sparse" "$(shows /new) $(shows /old)" '0 0'
		fi
	done
done

# what is scrubbed, and what is taken back
for holes in auto never; do
	cp --sparse=always fresh image
	run_e4zero 0 --holes $holes --fix --paranoid --undo undo image
	same "--fix, $holes: data" "$(data_of image /old)" $((${#holes} == 5 ? 102400 : 0))
	run_e4zero 0 --undo-apply undo image
	cmp image fresh || fail 'not taken back'
	rm undo
	run_e4zero 0 --convert written --holes never image
	head -c 102400 /dev/zero | tr '\0' x >bytes
	run_e4zero 0 --write -o 0 --from bytes --data ordered --undo undo image /new
	run_e4zero 0 --undo-apply undo --holes $holes image
	same "--undo-apply, $holes: data" "$(data_of image /new)" $((${#holes} == 5 ? 102400 : 0))
	holds image /new <(head -c 102400 /dev/zero)
	rm undo
done

# a reservation is kept, unless holes are asked for
cp --sparse=never fresh full
fallocate -l 32M full || skip 'nothing can be reserved here'
before=$(host_blocks full)
for holes in auto never always; do
	cp --sparse=never full image
	run_e4zero 0 --holes $holes --convert written image
	now=$(host_blocks image)
	case $holes in
	always) [ "$now" -le $((before - 300)) ] || fail "$holes: $before host blocks became $now" ;;
	never) same 'data of a full image' "$(data_of image /old)" 102400 ;&
	auto) [ "$now" -ge "$before" ] || fail "$holes: $before host blocks became $now" ;;
	esac
	zeroes=$(head -c 102400 /dev/zero | cksum)
	debugfs -R 'dump old got' image >debugfs.log 2>&1
	same "$holes: content" "$(cksum <got)" "$zeroes"
	sound image
done

for wrong in '' sometimes Never; do
	run_e4zero 16 --holes "$wrong" --fix fresh
	grep -q 'neither auto, never nor always' err || fail "$wrong: $(cat err)"
done
