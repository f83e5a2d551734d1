#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A script that is larger than what is kept in memory, and so are its results: from a file, standard input and a FIFO they are
# the same; where they cannot be kept, or the last line is wrong, nothing is changed.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
export SOURCE_DATE_EPOCH=1700000000

edit_image image
lines=30000
awk -v n=$lines 'BEGIN {
	for (i = 0; i < n; i++)
		printf "zero /file %d 1   # a comment, so that the lines are long\n", i % 9973
	for (i = 0; i < 100; i++)
		printf "write /small %d from=byte\n", i
}' >script
printf x >byte
[ "$(wc -c <script)" -gt 1100000 ] || fail 'the script is short'
remember_image image

cp image one
run_e4zero 0 --json --script script one
same 'edits' "$(jq -s 'map(select(.type == "edit")) | length' out)" $((lines + 100))
same 'their order' "$(jq -r 'select(.type == "edit") | .path' out | uniq -c | awk '{ print $1, $2 }' | xargs)" \
	"$lines /file 100 /small"
same 'files' "$(field files summary)" 2
head -c 9973 /dev/zero >want
tail -c +9974 ten >>want
holds one /file want
sound one

cp image two
"$E4ZERO" --json --script - two <script >out.two || fail 'from standard input'
mkfifo fifo
cp image three
cat script >fifo &
"$E4ZERO" --json --script fifo three >out.three || fail 'from a FIFO'
wait
for n in two three; do
	cmp one $n || fail "$n is another image"
	jq -c 'select(.type == "edit")' "out.$n" | cmp - <(jq -c 'select(.type == "edit")' out) || fail "$n has another report"
done

# what came before is understood, and nothing of it is done
{ cat script; echo 'zero /file 1'; } >wrong
untouched 16 "line $((lines + 101)), column [0-9]+: a length is missing" image --script wrong image

# neither the script nor its results have a place
mkdir gone
TMPDIR=$PWD/gone/there untouched 8 'keeping script in .*gone/there: No such file' image --script script image
head -n 20000 script | sed 's/ *#.*//' >short
[ "$(wc -c <short)" -lt 1000000 ] || fail 'the short script is long'
TMPDIR=$PWD/gone/there untouched 8 'storing the results in .*gone/there' image --script short image
