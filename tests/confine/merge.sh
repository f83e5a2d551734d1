#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --merge: a confined child process reads the reports, which may be untrusted. It opens no file. If the image has to be
# checked, the parent opens it. The parent reports how the child has ended.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
requires strace
requires strace -o probe true
requires mke2fs
requires debugfs
# many groups, so that each shard has some
mke2fs -q -F -t ext2 -b 1024 -g 256 -N 640 image 10M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
text one 1024 x
for ((i = 0; i < 100; i++)); do
	printf 'write one f%d\nsif f%d size 10\n' $i $i
done | debugfs_script image
shards() { # COUNT
	local i
	reports=()
	for ((i = 1; i <= $1; i++)); do
		"$E4ZERO" --json --shard "$i/$1" image >"shard$i"
		[ $? -le 4 ] || fail "shard $i of $1"
		reports+=("shard$i")
	done
}
run_e4zero 4 --json --check image
grep '^{"type":"finding"' out >wanted
shards 2

# merges STATUS OPTIONS...: "calls" has the system calls of both processes
merges() {
	local rc want=$1
	shift
	strace -f -o calls -e trace=openat,socket,execve,fork,landlock_restrict_self,landlock_create_ruleset,seccomp,fcntl "$@" >out 2>err
	rc=$?
	[ $rc = "$want" ] || fail "$*: exit $rc, wanted $want: $(cat err)"
}
findings() {
	grep '^{"type":"finding"' out | cmp - wanted || fail "$1: other findings"
}
merges 4 "$E4ZERO" image
grep -q 'landlock_create_ruleset' calls || skip 'this program does not confine itself: it is instrumented'
merges 4 "$E4ZERO" --json --merge "${reports[@]}"
findings 'two shards'
grep -q 'landlock_create_ruleset' calls || fail 'no process confines itself'
merges 4 "$E4ZERO" --json --sandbox off --merge "${reports[@]}"
findings '--sandbox off'
! grep -E ' (landlock_restrict_self|seccomp)\(' calls || fail '--sandbox off, and yet confined'
without() {
	local status=$1
	shift
	merges "$status" -e inject=landlock_create_ruleset:error=ENOSYS "$E4ZERO" --merge "$@" "${reports[@]}"
}
without 8 --sandbox require
has_line 'cannot be confined: Landlock cannot be used$' err || fail "$(cat err)"
merges 4 -e inject=landlock_create_ruleset:error=ENOSYS -e inject=seccomp:error=EINVAL "$E4ZERO" --merge "${reports[@]}"
has_line 'note: neither Landlock nor filters of system calls can be used: a fault that a report exploits' err ||
	fail "no note: $(cat err)"
merges 4 "$E4ZERO" --merge "${reports[@]}"
grep -q 'landlock_restrict_self.* = 0$' calls || skip 'this kernel does not have Landlock'
reader=$(sed -n 's/^\([0-9]*\) *landlock_restrict_self.* = 0$/\1/p' calls)
[ "$(wc -w <<<"$reader")" = 1 ] || fail "confined: $reader"
grep "^$reader " calls | sed '1,/landlock_restrict_self/d' >after
! grep -v -e seccomp -e '^[0-9]* *+++' after || fail 'the reader does more than that after it has been confined'
if grep -q '^#define HAVE_LIBSECCOMP 1' "$builddir/config.h"; then
	grep -q 'SECCOMP_SET_MODE_FILTER.* = 0$' after || fail 'the calls of the reader are not filtered'
	run_e4zero 4 --json --sandbox require --merge "${reports[@]}"
	findings '--sandbox require'
fi

# both shards claim the same clusters: the parent opens the image
sed -i 's/"ranges":"[^"]*"/"ranges":"5,100"/' "${reports[@]}"
grep -q '"ranges":"5,100"' shard1 || fail 'the shard has no claims'
merges 4 "$E4ZERO" --json --merge "${reports[@]}"
findings 'checked again'
[ "$(grep -c 'landlock_restrict_self.* = 0$' calls)" = 2 ] || fail 'the check is not confined'
grep "^$reader " calls | grep '"image"' && fail 'the reader has opened the image'

# more reports than descriptors, standard input among them
shards 40
(ulimit -Sn 24; exec "$E4ZERO" --json --merge "${reports[@]:1}" - <shard1 >out 2>err)
[ $? = 4 ] || fail "40 shards: $(cat err)"
findings '40 shards'
# more reports than the hard limit of descriptors
(ulimit -n 30; exec "$E4ZERO" --json --merge "${reports[@]:1}" - <shard1 >out 2>err)
[ $? = 4 ] || fail "40 shards with 30 descriptors: $(cat err)"
findings '40 shards with 30 descriptors'

# the caller ignores SIGCHLD
(exec env --ignore-signal=CHLD "$E4ZERO" --json --merge "${reports[@]}" >out 2>err)
[ $? = 4 ] || fail "SIGCHLD is ignored: $(cat err)"
findings 'SIGCHLD is ignored'

# the reader waits for a report when it, or its parent, gets a signal
mkfifo late
# ends SIGNAL reader|parent|both STATUS
ends() {
	local pid rc i
	setsid "$E4ZERO" --merge shard1 late >out 2>err &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		reader=$(pgrep -P $pid) && grep -q '^Seccomp:.*2' "/proc/$reader/status" && break
		sleep 0.02
	done
	[ -n "$reader" ] || fail "no reader: $(cat err)"
	case $2 in
	reader) kill "-$1" "$reader" ;;
	parent) kill "-$1" $pid ;;
	both) kill "-$1" -- -$pid ;;
	esac
	wait $pid 2>/dev/null
	rc=$?
	[ $rc = "$3" ] || fail "$1 to the $2: exit $rc, wanted $3: $(cat err)"
	for ((i = 0; i < 500; i++)); do
		[[ $(ps -o stat= -p "$reader") == [!Z]* ]] || return 0
		sleep 0.02
	done
	fail "$1 to the $2: the reader stays"
}
ends SEGV reader 8
said_once 'the process that reads the reports was ended by signal 11'
ends TERM parent 32
said_once 'late: stopped by a signal'
ends KILL parent 137
# the parent passes it on, and the reader has it twice
for ((n = 0; n < 20; n++)); do
	ends TERM both 32
done
