# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the comparisons with the kernel share: batches, each on a file system of its own. Source it after tests/lib.sh.
# SEEDS: which; KINDS: a pattern of names; KEEP: a directory for what a batch that failed leaves behind.

for tool in python3 mke2fs e2fsck debugfs mount; do requires $tool; done
requires_loop
[ -x "$E4ZERO" ] || skip "$E4ZERO is not built"
driver=$builddir/tests/kernel/driver
[ -x "$driver" ] || skip "$driver is not built"
export PYTHONDONTWRITEBYTECODE=1
seeds=${SEEDS:-1} passed=0 failed=0

detach_all() {
	local device file
	mountpoint -q "$tmp/batch/mnt" && umount "$tmp/batch/mnt"
	losetup -n -O NAME,BACK-FILE -l | while read -r device file; do
		case $file in "$tmp"/*) losetup -d "$device" ;; esac
	done
}
cleanup_fn detach_all

# one_batch NAME COMMAND...: in a directory of its own
one_batch() {
	mkdir batch
	if (cd batch && "${@:2}" 2>&1 | tee -a "$tmp/log"
		exit "${PIPESTATUS[0]}"); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		detach_all
		[ -z "${KEEP:-}" ] || cp -r batch "$KEEP/$1"
	fi
	rm -rf --one-file-system batch
}

# wanted NAME: it is one of KINDS
wanted() {
	# shellcheck disable=SC2053 # a pattern
	[[ $1 == ${KINDS:-*} ]]
}

# the sums of what the batches count, and the verdict
sum_up() {
	[ $((passed + failed)) != 0 ] || fail "no batch is one of ${KINDS:-*}"
	awk -F': ' '!/FAILED|^ / { n = split($2, parts, ", "); for (i = 1; i <= n; i++)
		if (match(parts[i], / [0-9]+$/)) sum[substr(parts[i], 1, RSTART - 1)] += substr(parts[i], RSTART) }
		END { for (key in sum) printf "%s %d, ", key, sum[key]; print "in all" }' log
	echo "$passed batches passed, $failed failed"
	[ $failed = 0 ]
}
