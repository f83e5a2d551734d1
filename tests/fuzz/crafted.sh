#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Crafted bad images end soon, in bounded memory, with the right exit status, one sentence and no byte changed.
#
# usage: crafted.sh [CASE...]     all cases of craft.py by default
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

requires mke2fs
requires python3
requires timeout

seconds=2 memory=524288 # KiB of address space
case " ${INSTRUMENT-} " in
*san*) seconds=20 memory=unlimited ;;
esac

here=$srcdir/tests/fuzz
mkdir images
python3 "$here/craft.py" images "$@" >cases || fail 'craft.py'
bad=0

complain() {
	echo "$name: $case: $*" >&2
	bad=$((bad + 1))
}

# run JOBS OPTIONS...: into out.JOBS and err.JOBS
run() {
	local jobs=$1
	shift
	(
		ulimit -v $memory
		exec timeout -s KILL $seconds "$E4ZERO" --check --json -j "$jobs" "$@"
	) >"out.$jobs" 2>"err.$jobs" </dev/null
}

same_report() {
	cmp -s <(grep -v '"type":"summary"' out.1) <(grep -v '"type":"summary"' out.2)
}

count=0
while read -r case status args; do
	count=$((count + 1))
	files=() options=()
	for arg in $args; do
		case $arg in -*) options+=("$arg") ;; *) files+=("$arg") ;; esac
	done
	before=$(stat -c %y "images/$case")
	sum=$([ "$(stat -c %s "images/$case")" -gt 100000000 ] || sha256sum <"images/$case")
	for jobs in 1 2; do
		run "$jobs" "${options[@]}" "images/$case" "${files[@]}"
		rc=$?
		[ $rc = "$status" ] || complain "-j$jobs: exit $rc, wanted $status: $(head -c 300 err.$jobs)"
		[ $rc != 8 ] || [ "$(grep -c . err.$jobs)" = 1 ] || complain "not one sentence: $(cat err.$jobs)"
		! grep -aq -e 'runtime error' -e Sanitizer err.$jobs || complain "sanitizer: $(head -3 err.$jobs)"
		tail -n 1 out.$jobs | grep -q '"type":"summary"' || complain 'the report does not end with a summary'
	done
	same_report || complain 'one and two threads differ'
	[ "$before" = "$(stat -c %y "images/$case")" ] || complain 'the image was written to'
	[ "$sum" = "$([ -z "$sum" ] || sha256sum <"images/$case")" ] || complain 'the image was changed'
done <cases
[ $count -gt 0 ] || fail 'no cases'
[ $bad = 0 ] || fail "$bad of $count cases"
echo "$count crafted images, nothing to complain about"
