#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Reports that do not belong together, that are incomplete or made up are refused: exit status 8, one sentence, a summary.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires mke2fs
requires debugfs
bash "$srcdir/tests/images/mkimg.sh" manygroups image >mkimg.log 2>&1 || skip "mkimg.sh: $(tail -1 mkimg.log)"
shard() { # NAME SHARD OPTIONS...
	"$E4ZERO" --json --shard "$2" "${@:3}" >"$1"
	[ $? -le 4 ] || fail "shard $2 ${*:3}"
}
shard one 1/2 image
shard two 2/2 image
run_e4zero 4 --merge two one
cp out merged
run_e4zero 4 --merge <(cat one) <(cat two)
cmp out merged || fail 'reports from pipes are merged otherwise'

# refuses SENTENCE REPORT...: the sentence is a pattern
refuses() {
	local line
	run_e4zero 8 --merge "${@:2}"
	[ ! -s out ] || fail "$1: a report: $(head -c 300 out)"
	line=$(head -c 600 err)
	[[ $line == 'e4zero: '* && $line != *$'\n'* && $line == *$1 ]] || fail "wanted '$1': $line"
	run_e4zero 8 --merge --json "${@:2}"
	[ "$(last_line)" = 'summary 8' ] || fail "$1: $(tail -1 out)"
	same "$1: objects" "$(grep -c . out)" 2
}

# ---- reports that do not belong together ----
refuses 'the report of shard 2 of 2 is missing' one
refuses 'the report of shard 1 of 2 is missing' two
refuses 'one: one is also a report of shard 1' one one
cp one $'o\e'
refuses ': o\\x1b is also a report of shard 1' $'o\e' $'o\e'
shard third 3/3 image
refuses 'third: this is a shard of 3, and one one of 2' one third
cp image other
shard other-two 2/2 other
refuses 'other-two: the image is not that of one' one other-two
for options in --paranoid '--only stale-tail' -v; do
	# shellcheck disable=SC2086 # words
	shard with 2/2 $options image
	refuses 'with: the options, or the state of the image, are not those of one' one with
done
cp image kept
tune2fs -L later image >/dev/null 2>&1 || fail tune2fs
shard later 2/2 image
refuses 'later: the options, or the state of the image, are not those of one' one later
mv kept image
# an edit that no superblock and no descriptor tells of: the journal does
cp image kept
run_e4zero 0 --fix -q image
shard later 2/2 image
refuses 'later: the options, or the state of the image, are not those of one' one later
mv kept image
# without a journal the superblock counts what is written
cp image kept
tune2fs -O ^has_journal,^metadata_csum image >/dev/null 2>&1 || fail tune2fs
shard before 1/2 image
run_e4zero 0 --fix -q image
shard later 2/2 image
refuses 'later: the options, or the state of the image, are not those of before' before later
mv kept image
refuses 'one: --verbose was not given when the shards were checked' -v one two

# ---- not a report of a shard, or an incomplete one ----
"$E4ZERO" --json image >whole
refuses 'it is not the report of a shard' whole
"$E4ZERO" --shard 1/2 image >text
refuses 'line 1: it is not an object of a JSON report' text two
refuses 'missing: No such file or directory' missing two
refuses 'Is a directory' . two
: >empty
refuses 'empty: it is truncated: a report ends with a summary' empty two
for lines in 1 2 5; do
	head -n -$lines one >cut
	refuses 'cut: it is truncated: a report ends with a summary' cut two
done
head -c -1 one >cut
refuses 'cut: it is truncated: a report ends with a summary' cut two
cat one two >both
refuses '"image" is not expected here' both
grep -v '^{"type":"finding"' one >fewer
refuses 'the findings and the summary do not match' fewer two
"$E4ZERO" --json --shard 1/2 gone >failed 2>/dev/null
refuses 'line 1: the check of this shard failed' failed two
sed 's/"exit":[0-9]*/"exit":32/' one >signal
refuses 'the check of this shard failed, with exit status 32' signal two

# ---- reports that were tampered with ----
# changed OLD NEW SENTENCE: of report one, by sed
changed() {
	sed "s/$1/$2/" one >bad
	! cmp -s one bad || fail "nothing to change: $1"
	refuses "$3" bad two
}
changed '"version":"[^"]*"' '"version":"9.9"' "it was written by e4zero 9.9, this is $("$E4ZERO" -V | cut -d' ' -f2)"
changed '"schema":1' '"schema":2' 'line 1: the report is not of schema 1'
changed '"shard":1' '"shard":0' '"shard" of shard is missing or not valid'
changed '"shard":1' '"shard":3' '"shard" of shard is missing or not valid'
changed '"shards":2' '"shards":65537' '"shards" of shard is missing or not valid'
changed '"groups":[0-9]*' '"groups":4294967295' 'the shard does not begin where the one before it ends'
changed '"first_group":0' '"first_group":-1' '"first_group" of shard is missing or not valid'
changed '"cluster_blocks":1' '"cluster_blocks":0' '"cluster_blocks" of shard is missing or not valid'
changed '"whole":false' '"whole":null' '"whole" of shard is missing or not valid'
changed '"blocks":[0-9]*,"inodes"' '"blocks":18446744073709551615,"inodes"' '"blocks" of image is missing or not valid'
changed '"kind":"stale-tail"' '"kind":"free-block"' '"kind" of finding is missing or not valid'
changed '"kind":"stale-tail"' '"kind":"stale"' '"kind" of finding is missing or not valid'
changed '"nonzero":[0-9]*' '"nonzero":99999999999999999999999' '"nonzero" of finding is missing or not valid'
changed '"nonzero":[0-9]*' '"nonzero":1e3' '"nonzero" of finding is missing or not valid'
changed '"path":"\/' '"path_hex":"2f0' '"path_hex" of finding is missing or not valid'
changed '"path":"\/' '"path":"\\u0000' '"path" of finding is missing or not valid'
changed '"fixed":false' '"fixed":true' '"fixed" of finding is missing or not valid'
for ranges in 3+0 3- 3+ + , 1,,2 0x1 18446744073709551615 18446744073709551616 1+18446744073709551615 \
	9223372036854775807+9223372036854775807 1000000 ' 1'; do
	changed '"ranges":"' "\"ranges\":\"$ranges," '"ranges" of claims are not valid'
done
sed '/"type":"claims"/p' one >bad
refuses '"ranges" of claims are not valid' bad two
changed '"of":"clusters"' '"of":"all"' '"of" of claims is missing or not valid'
changed '"only":\[\]' '"only":["nothing"]' 'are not those of bad'
changed '"type":"claims"' '"type":"map"' '"map" is not expected here'
sed 's/"seconds":[0-9.]*/"seconds":NaN/' one >bad
refuses '"seconds" of summary is missing or not valid' bad two
# what is added up stays a number
changed '"seconds":[0-9.]*' '"seconds":1e308' '"seconds" of summary is missing or not valid'
changed '"files":[0-9]*' '"files":9223372036854775808' '"files" of summary is missing or not valid'
changed '"notes":\[\]' '"notes":["a",1]' '"notes" of image is missing or not valid'
changed '"notes":\[\]' '"notes":["a","b\\u0000"]' '"notes" of image is missing or not valid'
changed '"notes":\[\]' "\"notes\":[\"$(seq -s '","' 1001)\"]" '"notes" of image is missing or not valid'
# one who writes all of the reports has the same chances
for report in one two; do sed 's/"only":\[\]/"only":["nothing"]/' $report >only-$report; done
refuses '"only" is missing or not valid' only-one only-two
for report in one two; do sed 's/"uuid":"./"uuid":"x/' $report >uuid-$report; done
refuses '"uuid" is missing or not valid' uuid-one uuid-two
# what is found is in the groups of the shard, whether the numbers would be in order or not
last=$(sed -n 's/.*"inodes":\([0-9]*\).*/\1/p' one)
other=$(sed -n 's/.*"type":"finding".*"ino":\([0-9]*\).*/\1/p' two | head -1)
for ino in "$other" "$last" $((last + 1)) 4294967295; do
	tac one | sed "0,/\(\"type\":\"finding\".*\"ino\":\)[0-9]*/s//\1$ino/" | tac >bad
	refuses 'bad: findings are of inodes of another shard' bad two
done
first=$(sed -n 's/.*"type":"finding".*"ino":\([0-9]*\).*/\1/p' one | tail -1)
sed "0,/\(\"type\":\"finding\".*\"ino\":\)[0-9]*/s//\1$((first + 1))/" two >bad
refuses 'bad: findings are of inodes of another shard' one bad
for report in one two; do sed 's/"inodes":[0-9]*/"inodes":12345/' $report >inodes-$report; done
refuses 'the groups of all shards are not those of the image' inodes-one inodes-two
{ head -1 one; grep '^{"type":"finding"' one | tac; grep -vE '^{"type":"(image|finding)"' one; } >bad
refuses 'the findings are not in ascending order' bad two

# ---- not text, nested too deeply, too long ----
printf '{"type":"image","a":%s' "$(printf '[%.0s' {1..5000})" >deep
echo >>deep
refuses 'deep: line 1: it is not an object of a JSON report' deep two
head -c 100000 /dev/urandom >noise
run_e4zero 8 --merge noise two
head -c 3000000 /dev/zero | tr '\0' x >long
refuses 'long: a line is too long for a report' long two
# a pipe that does not end is not kept anywhere
(ulimit -f 2048 && refuses 'line 1: it is not an object of a JSON report' <(yes) two) || exit
printf '{"type":"image"\0}\n' >zero
refuses 'zero: line 1: it is not an object of a JSON report' zero two
printf '{"type":"\xff"}\n' >latin
refuses 'latin: line 1: it is not an object of a JSON report' latin two
refuses 'it is truncated: a report ends with a summary' /dev/stdin two
image=$(cksum <image)
same 'the image' "$image" "$(cksum <other)"
