#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/fleet/fleet.sh refuses what would spoil a run of many images: wrong lists, options, numbers, reports.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
fleet=$srcdir/contrib/fleet/fleet.sh
requires jq

# refuses TEXT ARGUMENTS...
refuses() {
	bash "$fleet" "${@:2}" >out 2>err </dev/null
	same "status of ${*:2}" $? 16
	grep -qF -e "$1" err || fail "${*:2}: $(cat err)"
	[ ! -s out ] || fail "${*:2} prints: $(cat out)"
	same "left by ${*:2}" "$(find . -name 'new.*')" ''
}
printf 'a\nb\n' >list
printf 'a\n\nb\n' >gap
printf 'a\nb\n%s/a\n' "$PWD" >twice
: >empty
refuses 'fleet.sh new DIR' new dir
refuses 'fleet.sh new DIR' new
refuses 'fleet.sh new DIR'
refuses 'fleet.sh new DIR' sum
refuses 'fleet.sh new DIR' run dir
refuses 'fleet.sh new DIR' die message
refuses 'No such file' new new missing
refuses 'the list is empty' new new empty
refuses 'empty name' new new gap
refuses "in the list twice: $PWD/a" new new twice
refuses 'unrecognized option' new new list --fixx
refuses 'mutually exclusive' new new list --fix --check
refuses 'cannot be used with --check' new new list --dry-run
refuses 'would be given the same file' new new list --fix --undo kept
refuses 'would be given the same file' new new list --report=page
refuses 'would be given the same file' new new list --fix -qz kept
refuses 'only the first image would get it' new new list --passphrase-fd 9
refuses 'only the first image would get it' new new list --passphrase-fd=9
refuses 'only the first image would get it' new new list --script -
refuses 'not made by fleet.sh new' run none 1
refuses 'not made by fleet.sh new' todo none
bash "$fleet" new dir list >out || fail new
same said "$(cat out)" '2 images'
refuses 'has a list already' new dir list
for number in 0 -1 x 1.5 '' 01; do refuses 'not a positive number' run dir "$number"; done
refuses 'no image 3 in the list' run dir 3
refuses 'not in ascending order' run dir 2 1
refuses 'not in ascending order' run dir 1 1

# relative names are those of the directory where the list was made, URIs are what they are
uris=(nbd://host/x nbds+unix:///x?socket=s NBD+vsock://1:2/x nbds+vsock://1/)
printf '%s\n' a /b "${uris[@]}" nbdx://y nbd+ssh://y >uris
bash "$fleet" new uris.dir uris >/dev/null || fail 'new: URIs'
same 'names of a list' "$(tr '\0' ' ' <uris.dir/list)" "$PWD/a /b ${uris[*]} $PWD/nbdx://y $PWD/nbd+ssh://y "
# and so are the files that options name: engines run this elsewhere
: >script
bash "$fleet" new files.dir list --script script --passphrase-file=../key --journal-device /dev/x -q >/dev/null || fail 'new: files'
same 'files of options' "$(tr '\0' ' ' <files.dir/options)" "--script $PWD/script --passphrase-file=$PWD/../key --journal-device /dev/x -q "

# what sum takes for a report
bash "$fleet" sum dir >out
same 'status of a sum of nothing' $? 1
same 'sum of nothing' "$(jq -c . out)" '{"images":2,"missing":2,"reported":0}'
bash "$fleet" run dir 1 2 2>/dev/null
same 'status of missing images' $? 8
bash "$fleet" sum dir >out || fail sum
same sum "$(jq -c '[.images, .missing, .reported, .exits, .causes]' out)" '[2,0,2,{"8":2},{"ENOENT":2}]'
for spoiled in truncated of-another-schema with-two-summaries without-summary; do
	cp dir/reports/1.json kept
	case $spoiled in
	truncated) head -c 100 kept ;;
	of-another-schema) sed 's/"schema":1/"schema":2/' kept ;;
	with-two-summaries) cat kept kept ;;
	without-summary) head -n 1 kept ;;
	esac >dir/reports/1.json
	bash "$fleet" sum dir >out 2>err && fail "a report $spoiled was added up: $(cat out)"
	mv kept dir/reports/1.json
done
bash "$fleet" sum dir >out || fail 'sum of whole reports'
# a report that is cut off, as by a crash of the host, is made again
head -n 1 dir/reports/1.json >cut && mv cut dir/reports/1.json
bash "$fleet" run dir 1 2>/dev/null
bash "$fleet" sum dir >out || fail 'sum after a repair'
