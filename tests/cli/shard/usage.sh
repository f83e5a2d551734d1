#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --shard and --merge on the command line: what goes with them, and what a shard says of itself.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

wrong() { # SENTENCE ARGUMENTS...
	run_e4zero 16 "${@:2}"
	grep -qF -e "$1" err || fail "${*:2}: $(cat err)"
	[ ! -s out ] || fail "${*:2}: prints $(cat out)"
}
stale_image image
for shard in 0/1 2/1 1/0 1 / 1/ /1 1/2/3 -1/2 1/65537 99999999999999999999/99999999999999999999 1.0/2 ' 1/2' ''; do
	wrong "--shard '$shard': not I/N with I from 1 to N, and N up to 65536" --shard "$shard" image
done
wrong 'no FILE can be given' --shard 1/2 image /tail
wrong '--shard cannot be used with them' --shard 1/2 --all image
wrong '--shard cannot be used with them' --shard 1/2 --only stale-tail,free-block image
wrong '--shard cannot be used with it' --shard 1/2 --report page image
wrong '--shard cannot be used with --fix' --fix --shard 1/2 image
wrong '--merge requires a REPORT' --merge
wrong '--partition cannot be used with --merge' --merge --partition 1 report
wrong '--check and --merge are mutually exclusive' --check --merge report
[ ! -e page ] || fail 'a page was made'

# the image has one group, which one of the shards has
run_e4zero 0 --shard 2/2 image
grep -qx 'image: 0 findings (0 stale bytes) in 0 files, shard 2 of 2' out || fail "$(cat out)"
run_e4zero 4 --shard 1/2 image
grep -qx 'image: 2 findings (7288 stale bytes) in 3 files, shard 1 of 2' out || fail "$(cat out)"
run_e4zero 4 -q --shard 1/2 image
[ ! -s out ] || fail '--quiet prints a report'

# what a shard was asked for goes with its report, also names that are not UTF-8
name=$'im\xffage'
mv image "$name"
for shard in 1 2; do
	"$E4ZERO" --json --paranoid --only stale-tail,opaque --shard $shard/2 "$name?offset=0" >$shard.jsonl
done
report=1.jsonl
same asked "$(rows shard shard shards path_hex paranoid verbose only)" \
	"[1,2,\"$(printf %s "$name?offset=0" | od -An -tx1 | tr -d ' \n')\",true,false,[\"stale-tail\",\"opaque\"]]"
unset report
"$E4ZERO" --json --paranoid --only stale-tail,opaque "$name?offset=0" | sed 's/"\(seconds\|bytes_read\)":[0-9.]*,//g' >whole
"$E4ZERO" --paranoid --only stale-tail,opaque "$name?offset=0" >whole.text
rm "$name"
run_e4zero 4 --json --merge 1.jsonl 2.jsonl
sed 's/"\(seconds\|bytes_read\)":[0-9.]*,//g' out | cmp - whole || fail 'another report'
run_e4zero 4 --merge 1.jsonl 2.jsonl
cmp out whole.text || fail 'another text'
run_e4zero 4 -q --merge 1.jsonl 2.jsonl
[ ! -s out ] || fail '--quiet prints a report'

# a report that cannot be written is an error
run_e4zero 4 --json --merge 1.jsonl 2.jsonl
[ ! -w /dev/full ] || { "$E4ZERO" --json --merge 1.jsonl 2.jsonl >/dev/full 2>err; [ $? = 8 ] || fail 'written to /dev/full'; }
