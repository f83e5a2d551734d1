#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The evidence has the figures of the checks; a check that fails, prints no figures or is skipped is reported as such.
. "${srcdir:-.}/tests/lib.sh"

requires python3
requires jq
evidence=$srcdir/tests/evidence/evidence.py
mkdir build

# replaces make: prints the last lines of the real checks
cat >make <<-'END'
	#!/bin/bash
	case " $* " in
	*' check-model '*)
	    [ "$SAMPLE" = 1 ] || exit 9
	    echo 'holds: journal: 1200 states, depth 7'
	    echo 'holds: direct: 34 states, depth 3'
	    echo 'rejected: no barrier: order, after 5 states'
	    echo 'rejected: no revoke: revoke, after 5 states'
	    echo '1 passed, 0 failed, 0 skipped' ;;
	*' check-journal '*) echo 'FAIL: live.sh'; echo '0 passed, 1 failed, 0 skipped'; exit 2 ;;
	*' check-props '*) echo 'done' ;;
	*' coverage '*)
	    for room in journal transaction stash lock; do
	        echo "room $room      99.0      200        2        0     95.0      100        5        1"
	    done
	    [ -e dull ] || echo 'room superblock      100.0      7        0        0     100.0      3        0        0'
	    echo '5 tests passed, 0 failed, 0 skipped; the page is elsewhere' ;;
	*' check-fleet '*) echo '0 passed, 0 failed, 1 skipped' ;;
	*' check-crash '*)
	    echo 'states: 90 made, 60 distinct ( 40 prefix 20 torn )'
	    echo 'classes: 50 journal; 10 external journal;'
	    echo 'recovered to: 30 before, 1 between, 29 after; torn superblock: 0, 0 mended by others'
	    echo 'also: 3 through the overlay, 4 crashes of replays, 5 failing writes, 6 fixed once more'
	    echo 'from outside: 7 e2fsck -p; 8 mount;'
	    echo 'rows: 12 held, 0 did not, 3 do not exist; 9 s'
	    echo '17 passed, 0 failed, 3 skipped' ;;
	esac
END
chmod +x make

# evidence STATUS PART...
evidence() {
	local want=$1 rc=0
	shift
	MAKE=$tmp/make python3 "$evidence" --build build "$@" >said 2>&1 || rc=$?
	[ "$rc" = "$want" ] || fail "exit $rc, wanted $want: $(cat said)"
}

# is WANT JQ-FILTER: the filter of the document yields WANT
is() {
	local got
	got=$(jq -r "$2" build/evidence/evidence.json)
	[ "$got" = "$1" ] || fail "$2: '$got', wanted '$1'"
}

evidence 0 model crash
is held '.parts[0].verdict'
is '1234 2 1' '.parts[0].figures | "\(.states) \(.mutants_rejected) \(.passed)"'
is '60 40 10 7 12' '.parts[1].figures | "\(.distinct) \(.prefix) \(.external_journal) \(.e2fsck_p) \(.rows_held)"'
grep -q '^| states | 1,234 |$' build/evidence/evidence.md || fail "$(cat build/evidence/evidence.md)"
grep -q '^## The order of writes as a model: held$' build/evidence/evidence.md || fail 'no verdict on the page'

evidence 0 coverage
is 'held 200 2 100 5 7 0' '.parts[0] | "\(.verdict) \(.figures | "\(.journal_lines) \(.journal_lines_missing) \(.lock_branches) \(.lock_branches_missing) \(.superblock_lines) \(.superblock_branches_missing)")"'
touch dull
evidence 1 coverage

evidence 1 journal
is 'failed exit status 2: journal.log' '.parts[0] | "\(.verdict) \(.why)"'
evidence 1 sequences
is failed '.parts[0].verdict'
evidence 0 fleet
is skipped '.parts[0].verdict'
evidence 2 nothing
