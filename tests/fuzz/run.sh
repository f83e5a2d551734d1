#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check-fuzz: thousands of mutants of every kind of image; SAMPLE=1 tests a few mutants of some kinds.
#
# usage: run.sh [KIND...]     COUNT mutants of each kind (600), from seed FROM (1) on; each kind at most SECONDS
#
# mutate checks mutants in its children; the program and the witness check a few of each kind as well (agree.py).
# Crafted images come next, then the coverage-guided targets (targets/).
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires mke2fs
requires debugfs
requires python3
mutate=${MUTATE:-$builddir/tests/fuzz/mutate}
[ -x "$mutate" ] || skip "$mutate is not built"

FROM=${FROM:-1}
if [ -n "${SAMPLE-}" ]; then
	COUNT=${COUNT:-96} SECONDS_EACH=${SECONDS_EACH:-2} JUDGED=${JUDGED:-4}
	default=(ext4-1k ext3-1k inline bigalloc-1k orphanfile deep)
else
	COUNT=${COUNT:-600} SECONDS_EACH=${SECONDS_EACH:-60} JUDGED=${JUDGED:-12}
	mapfile -t default < <(bash "$srcdir/tests/images/mkimg.sh" --list | grep -vx natural)
fi
[ $# -gt 0 ] || set -- "${default[@]}"
passed=0 failed=0 skipped=0

# tell STATUS WHAT
tell() {
	case $1 in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) && echo "FAIL $2" ;;
	esac
}

for kind in "$@"; do
	bash "$srcdir/tests/images/mkimg.sh" "$kind" image >mkimg.log 2>&1
	rc=$?
	if [ $rc != 0 ]; then
		cat mkimg.log
		tell $rc "$kind: mkimg.sh"
		continue
	fi
	"$mutate" --from "$FROM" --count "$COUNT" --seconds "$SECONDS_EACH" image >mutate.log 2>&1
	rc=$?
	sed "s/^image:/$kind:/" mutate.log
	tell $rc "$kind: to have one again: mkimg.sh $kind image; mutate --from SEED --count 1 image"
	python3 "$srcdir/tests/fuzz/agree.py" "$E4ZERO" "$mutate" image "$FROM" "$JUDGED"
	tell $? "$kind: agree.py; mutate --dump SEED image out"
	rm -f image
done
bash "$srcdir/tests/fuzz/crafted.sh"
tell $? crafted.sh
BROAD=1 EVERY=${EVERY:-$([ -n "${SAMPLE-}" ] && echo 20 || echo 1)} bash "$srcdir/tests/fuzz/logs.sh"
tell $? logs.sh
fix_all() { bash "$srcdir/tests/fuzz/mutants-fix.sh" "$@"; }
if [ -n "${SAMPLE-}" ]; then
	COUNT=6 SECONDS_EACH=8 fix_all ext4-1k bigalloc-1k eainode orphanfile
else
	COUNT=20 fix_all
fi
tell $? mutants-fix.sh
bash "$srcdir/tests/fuzz/targets/run.sh"
tell $? 'targets/run.sh'
bash "$srcdir/tests/cli/shard/random.sh" "$FROM" $([ -n "${SAMPLE-}" ] && echo 40 || echo 1000)
tell $? 'shard/random.sh'
# the other formats: all without an argument; the sample has the most common ones
headers() {
	stale_image disk.img
	mkdir headers
	(cd headers && python3 "$srcdir/tests/fuzz/headers.py" "$E4ZERO" ../disk.img "$FROM" "$@")
}
if ! type -P qemu-nbd >/dev/null; then
	echo 'SKIP: qemu-nbd is not installed'
	tell 77 headers.py
elif [ -n "${SAMPLE-}" ]; then
	headers 6 qcow2 vmdk vhdx vdi
	tell $? headers.py
else
	headers "$COUNT"
	tell $? headers.py
fi
if [ -n "${E2FSPROGS_TESTS-}" ]; then
	bash "$srcdir/tests/fuzz/e2fsprogs.sh"
	tell $? e2fsprogs.sh
	bash "$srcdir/tests/fuzz/e2fsprogs-fix.sh"
	tell $? e2fsprogs-fix.sh
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
