#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The holes that an NBD server reports are used; invalid replies count as data. e4zero never requests a trim, and requests
# zeroes only for long ranges.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/nbd/servers.sh"

stale_image model.img
run_e4zero 4 --check --all --json model.img
cp out wanted
for status in none zero long endless error; do
	[ $status = none ] && our_server model.img || our_server model.img status=$status
	run_e4zero 4 --check --all --json "$uri"
	same_report wanted out "$status"
	asked=$(grep -c ' status ' server.log)
	[ "$asked" -gt 0 ] || fail "$status: the server was not asked"
	[ "$asked" -lt 2000 ] || fail "$status: the server was asked $asked times"
done
# Asking costs more than reading if the ranges in the replies are short: after 4 MiB the rest of 1 GiB counts as data.
make_image large.img 96M
our_server large.img status=short
run_e4zero 0 --check --all "$uri"
asked=$(awk '$2 == "status" { n += $4 } END { print n + 0 }' server.log)
[ "$asked" -gt 0 ] || fail 'the server was not asked'
[ "$asked" -le 16777216 ] || fail "the server was asked about $asked bytes"
# a server that reports zeroes everywhere is believed, as the host is
our_server model.img status=lies
run_e4zero 4 --check --json "$uri"
same 'findings where the tail is a hole' "$(grep -c '"type":"finding"' out)" 1
our_server model.img flags=no-structured
run_e4zero 4 --check --all --json "$uri"
same_report wanted out 'without structured replies'
! grep -q ' status ' server.log || fail 'a server was asked for what it cannot say'

# 1 MiB of stale bytes in free blocks
cp model.img full.img
text large 1048576 y
debugfs_script full.img <<<'write large old'
debugfs_script full.img <<<'rm old'
scrub() {
	cp full.img work.img
	our_server work.img "${flags:+flags=$flags}"
	run_e4zero 0 --fix --all "$@" "$uri"
	end_server
	run_e4zero 0 --check --all work.img
	! grep -qE ' (trim|cache) ' server.log || fail 'trim is no promise of zeroes'
	zeros=$(awk '$2 == "zero" && $4 >= 65536 { n++ } $2 == "zero" && $4 < 65536 { n = -1000 } END { print n + 0 }' server.log)
}
flags='' scrub
[ "$zeros" -gt 0 ] || fail 'the server was not asked for zeroes'
awk '$2 == "zero" && $5 >= 16 { fast++ } END { exit !fast }' server.log || fail 'they were not asked to be fast'
flags=no-fast scrub
[ "$zeros" -gt 0 ] || fail 'the server was not asked for zeroes'
flags=no-zero scrub
same 'zeroes of a server that knows none' "$zeros" 0
flags='' scrub --holes never
same 'zeroes where no hole may be' "$zeros" 0
