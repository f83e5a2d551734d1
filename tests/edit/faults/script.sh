#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A script of every verb in which one thing fails, a read, a write, a barrier, an allocation, on a full host, under
# every policy and in both data modes: exit 8 and nothing was changed, or 12 and what is left is a state between transactions,
# with no new byte past EOF unless data are ordered.
#
# It takes some of all the things that can fail; all of them with EVERY=1, which check-crash does.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"
requires_judge

# a: written, unwritten, written, a hole, written; b: two blocks; c: some that are moved
script_image() {
	mke2fs -q -F -t ext4 -O ^resize_inode -b 1024 -J size=1 -N 64 "$1" 4M >mke2fs.log 2>&1 ||
		fail "mke2fs: $(cat mke2fs.log)"
	yes 'line of text' | head -c 51200 >fifty
	head -c 1500 fifty >few
	: >empty
	debugfs_script "$1" <<-END2
		write fifty a
		punch a 10 19
		fallocate a 10 19
		punch a 30 39
		write few b
		fallocate b 3 9
		write fifty c
		punch c 20 20
		punch c 30 30
	END2
}

cat >first <<-END2
	write /a 700 from=few
	write /b 1500 from=few
	write /b 20k from=few
	zero-range /a 9k 12k
	zero-range /c 100 3000
	zero-range /b 6k 9k keep-size
	flush
	write /a 12k from=few
	zero-range /a 11k 4k
	punch-hole /a 22k 3k
	punch-hole /c 48k 100
	allocate /a 30k 5k
	allocate /b 40k 4k keep-size
	truncate /a 47k
	truncate /b 60k
	write-zeroes /a 33k 9k
	collapse-range /c 4k 6k
	insert-range /c 9k 3k
END2
cat >second <<-END2
	write /c 2000 from=few
	truncate /c 9000
	write /b 50k from=few
	zero-range /b 49k 4k
	punch-hole /a 1k 1k
	allocate /c 60k 60k
END2
{ cat first; echo commit; cat second; } >script

script_image image
n=0 most=$([ -n "${EVERY-}" ] && echo 0 || echo 4)
for data in journal ordered; do
	for policy in batch flush flush-always; do
		n=$((n + 1))
		cp image between
		run_e4zero 0 --data $data --policy $policy --script first between
		python3 "$srcdir/tests/edit/faults/faults.py" --most $most --first $n --between between \
			$([ $data = journal ] || echo --ordered) image --data $data --policy $policy --script script work || exit 1
	done
done

# an append into the last block, all of it: nothing of it is past EOF where it did not come to be
for mode in journal ordered; do
	python3 "$srcdir/tests/edit/faults/faults.py" --kinds 'write full' $([ $mode = journal ] || echo --ordered) \
		image --data $mode --write -o 1500 --from few work /b >said || exit 1
	cat said
	stale=$(sed -n 's/.* \([0-9]*\) with a stale byte of the edit,.*/\1/p' said)
	[ $mode = journal ] || [ "$stale" -gt 0 ] || fail 'ordered data leave no tail: is it looked for?'
done

# digest IMAGE: of all that it holds
digest() {
	"$JUDGE" --verify "$1" | sed -n '1s/.* //p'
}

# the file system is full at the k-th block: it is refused, or the first transaction is all that is done
free=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Free blocks: *//p')
refused=0 broken=0 k=1 rc=12 step=$([ -n "${EVERY-}" ] && echo 1 || echo 29)
policies=(batch flush flush-always)
while [ $rc != 0 ]; do
	policy=${policies[k % 3]}
	cp image full
	debugfs_script full <<-END2
		write empty filler
		fallocate filler 0 $((free - k - 1))
	END2
	cp full work
	"$E4ZERO" --policy "$policy" --script script work >out 2>err </dev/null
	rc=$?
	[ $rc = 0 ] || grep -Eq ': (No space left in the file system|not enough free blocks: .* available)(;|$)' err ||
		fail "$k blocks: $(cat err)"
	case $rc in
	0) ;;
	8)
		cmp full work || fail "$k blocks: exit 8, but the image was changed"
		refused=$((refused + 1))
		;;
	12)
		cp full between
		run_e4zero 0 --policy "$policy" --script first between
		run_e4zero 0 --replay work
		same "$k blocks: what is done" "$(digest work)" "$(digest between)"
		sound work
		broken=$((broken + 1))
		;;
	*) fail "$k blocks: exit $rc: $(cat err)" ;;
	esac
	k=$((k + step))
done
[ $refused -gt 0 ] && [ $broken -gt 0 ] || fail "$refused refused, $broken broken off"
echo "$refused refused and $broken broken off for want of blocks, done with $((k - step))"
