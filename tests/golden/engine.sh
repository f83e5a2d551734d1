#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The order of writes and barriers of each action of the engine, in both data modes, and of zeroing over data that waits
# in memory under each policy, is the one in traces/: when each block is written to its final location, and how many
# barriers it takes.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/golden/common.sh"

bash "$srcdir/tests/crash/images.sh" "$tmp" ext-4k-csum ind-1k bare-4k || exit
stale_unwritten ext-4k-csum bare-4k
head -c 20000 /dev/zero | tr '\0' x >bytes
head -c 100 bytes >few
head -c 5000 bytes >some

# golden IMAGE NAME.MODE[.POLICY] FILE...: the script from standard input
golden() {
	local image=$1 name=$2 mode policy
	IFS=. read -r _ mode policy <<<"$name"
	cp --sparse=always "$image" edited
	rm -f raw
	"$E4ZERO" -q --script - --data "$mode" --policy "${policy:-batch}" --trace-io raw edited ||
		fail "$name on $image"
	same_trace "$image" "$image.$name" "${@:3}"
}

for mode in journal ordered; do
	golden ext-4k-csum zero-range.$mode /small <<<'zero-range /small 100 8100'
	golden ext-4k-csum zero-range-grows.$mode /tail <<<'zero-range /tail 4097 10000'
	golden ext-4k-csum punch-hole.$mode /small <<<'punch-hole /small 100 8100'
	golden ext-4k-csum write.$mode /small <<<'write /small 100 from=bytes'
	golden ext-4k-csum write-unwritten.$mode /prealloc <<<'write /prealloc 16384 from=bytes'
	golden ext-4k-csum write-zeroes.$mode /small <<<'write-zeroes /small 100 20000'
	golden ext-4k-csum zero.$mode /small <<<'zero /small 100 20000'
	golden ind-1k write-zeroes.$mode /tail <<<'write-zeroes /tail 4000 5000'
done
# past EOF in its last block, and over a block that is written wholly past EOF: in the log, unless it is ordered
for mode in journal ordered; do
	golden ext-4k-csum append.$mode /tail <<<'write /tail 4396 from=few'
	golden ext-4k-csum append-past-eof.$mode /blind <<<'write /blind 4100 from=some'
done
golden bare-4k append.journal /tail <<<'write /tail 4396 from=few'
golden ext-4k-csum allocate.journal /frag <<<'allocate /frag 4096 20000'
golden ext-4k-csum write-zeroes-unwritten.journal /prealloc <<<'write-zeroes /prealloc 16384 20480'
golden ext-4k-csum collapse-range.journal /small <<<'collapse-range /small 4096 4096'
golden ext-4k-csum insert-range.journal /small <<<'insert-range /small 4096 4096'
golden ind-1k punch-hole.journal /small <<<'punch-hole /small 100 2000'
golden ind-1k write.journal /small <<<'write /small 100 from=bytes'
golden ind-1k zero.journal /small <<<'zero /small 100 2000'
golden bare-4k zero.ordered /small <<<'zero /small 100 20000'
golden bare-4k write.ordered /small <<<'write /small 100 from=bytes'

# data over unwritten blocks, then zeroes over parts of them: a batch has one barrier for all that nobody sees, a flush
# one when it meets the first, flush-always one for each range
for policy in batch flush flush-always; do
	for mode in journal ordered; do
		golden ext-4k-csum policy.$mode.$policy /prealloc <<-'END2'
			write /prealloc 16384 from=bytes
			zero-range /prealloc 17000 100
			zero-range /prealloc 25000 100
			punch-hole /prealloc 30000 100
		END2
	done
	golden bare-4k policy.ordered.$policy /prealloc <<-'END2'
		write /prealloc 16384 from=bytes
		zero-range /prealloc 17000 100
		punch-hole /prealloc 30000 100
	END2
	# the same again and again
	{
		echo 'write /prealloc 16384 from=bytes'
		for off in 17000 21000 25000 29000 33000; do
			echo "zero-range /prealloc $off 100"
			echo 'write /prealloc 16384 from=bytes'
		done
	} >script
	golden ext-4k-csum policy-often.journal.$policy /prealloc <script
	grep -c ^flush raw >barriers.$policy
done
[ "$(cat barriers.batch)" -lt "$(cat barriers.flush)" ] && [ "$(cat barriers.flush)" -le "$(cat barriers.flush-always)" ] ||
	fail "barriers: $(head barriers.*)"
