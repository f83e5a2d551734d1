#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A signal during --convert of a whole image: what was committed stays and is reported, what was not is forgotten, exit
# 32, and running it again does the rest. Progress is reported as --check reports it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/convert/common.sh"
requires python3

truncate -s 96M image
mke2fs -q -F -t ext4 -b 1024 -I 1024 -J size=1 -N 4096 image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
head -c 3000 /dev/zero | tr '\0' x >some
for ((i = 0; i < 2600; i++)); do
	printf 'write some f%d\nfallocate f%d 3 5\nsif f%d size 6000\n' $i $i $i
done | debugfs_script image
cp --sparse=always image fresh

# the trace is a pipe: the reader sends the signal when the first transaction is over, then reads on
mkfifo trace
(trap - INT; exec env --default-signal=INT "$E4ZERO" --json --trace-io trace --convert written image) >out 2>err &
pid=$!
timeout 300 python3 - $pid <<-'END2' || fail 'the trace cannot be read'
	import fcntl, os, signal, sys
	with open("trace") as trace:
	    fcntl.fcntl(trace, 1031, 4096)  # F_SETPIPE_SZ: the writer is never far ahead
	    supers = 0
	    for line in trace:
	        supers += line == "flush  # super\n"
	        if supers == 2 and line == "flush  # super\n":
	            os.kill(int(sys.argv[1]), signal.SIGINT)
END2
wait $pid
rc=$?
sound image
same 'exit' $rc 32
same 'last line' "$(last_line)" 'summary 32'
grep -q 'stopped by a signal' err || fail "no message: $(cat err)"
done=$(jq -r 'select(.type == "edit") | .ino' out | sort -u | wc -l)
[ "$done" -gt 0 ] && [ "$done" -lt 2600 ] || fail "$done files are said to be done"
run_e4zero 0 --json --convert written image
same 'the rest' "$(jq -r 'select(.type == "edit") | .ino' out | sort -u | wc -l)" $((2600 - done))
sound image
again 0 --convert written image
cp --sparse=always fresh image
run_e4zero 0 -C 1 --convert written image >/dev/null
grep -E '^[12] [0-9]+ [0-9]+ image$' out | awk '$1 < pass || ($1 == pass && $2 < at) { exit 1 } { pass = $1; at = $2 }
	END { exit !(pass == 2) }' || fail "progress: $(head -5 out)"
