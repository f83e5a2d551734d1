#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is read to its end before anything is done: a signal ends that at once, no more is taken than there is room
# for, and a host without space for it is reported. Each time with one sentence, and the image as it was.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image
remember_image image
mkfifo never idle much
printf 'truncate /empty 5\nwrite /file 0 from=never\n' >script
mkdir spool
export TMPDIR=$tmp/spool

# stopped SIGNAL ARGUMENTS...: while it waits for bytes that nobody writes, on standard input or from a FIFO
stopped() {
	local signal=$1 pid i
	shift
	exec 9<>idle
	(trap - INT; exec env --default-signal=HUP,INT,TERM "$E4ZERO" --json "$@") >out 2>err <idle 9>&- &
	pid=$!
	# it has its temporary file and sleeps
	for ((i = 0; ; i++)); do
		find "/proc/$pid/fd" -lname "$TMPDIR/*" 2>/dev/null | grep -q . &&
			grep -q '^State:	S' "/proc/$pid/status" && break
		kill -0 $pid 2>/dev/null || fail "$*: it ended before its time: $(cat err)"
		[ $i -lt 100000 ] || fail "$*: it does not wait"
	done
	kill -s "$signal" $pid
	for ((i = 0; ; i++)); do
		kill -0 $pid 2>/dev/null || break
		[ $i -lt 1000000 ] || fail "$*: $signal is ignored, until $(kill -KILL $pid)"
	done
	wait $pid
	same "exit of $* after $signal" $? 32
	exec 9>&-
	same "last line of $*" "$(last_line)" 'summary 32'
	drop_loop_note
	same "message of $*" "$(cat err)" 'e4zero: image: stopped by a signal'
	image_unchanged image
}
stopped TERM --write -o 0 image /file
stopped INT --write -o 0 image /file
stopped HUP --write -o 0 --from never image /file
stopped TERM -n --write -o 0 --from never image /file
stopped INT --script script image
stopped TERM --script - image

# endless FILE-OR-NAME ARGUMENTS...: the reader ends it
endless() {
	local bytes
	untouched 8 "$1 than the [0-9]+ bytes that are free: (File too large|No space left in the file system)" image "${@:2}"
	bytes=$(grep -o 'the [0-9]* bytes' err | tr -dc 0-9)
	[ "$bytes" -gt 10000 ] && [ "$bytes" -lt $((16 << 20)) ] || fail "$* takes $bytes bytes of 16 MiB"
}
printf '\n\nwrite /file 4096 from=much\n' >many
yes >much 2>/dev/null &
endless 'reading more of much' --write -o 4096 --from much image /file
wait
yes >much 2>/dev/null &
endless 'line 3: reading more of much' --script many image
wait
"$E4ZERO" --write -o 0 image /file < <(exec yes 2>/dev/null) >out 2>err
same 'exit of endless input' $? 8
grep -q ': reading more of standard input than the' err || fail "endless input: $(cat err)"
image_unchanged image

# what can be refused without a byte of it is
untouched 8 'is a directory' image --write -o 0 --from never image /dir
untouched 8 'can hold' image --write -o 16T --from never image /file

# all that there is room for can be written, and not a byte more than the map reaches
: >none
truncate -s 4M small-image
mke2fs -q -F -t ext4 -b 1024 -O ^has_journal -m 10 small-image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
debugfs_script small-image <<<'write none file'
"$E4ZERO" --write -o 0 small-image /file < <(exec yes 2>/dev/null) >out 2>err
bytes=$(grep -o 'the [0-9]* bytes' err | tr -dc 0-9)
# a cluster at each end is the doubt that is left, and a block of the tree
head -c $((bytes - 3 * 1024)) /dev/zero | "$E4ZERO" --write -o 0 small-image /file >out 2>err ||
	fail "$bytes bytes are too many: $(cat err)"
sound small-image

# the host has no place for it
export TMPDIR=$tmp/nowhere
untouched 8 'image: keeping standard input in .*/nowhere: No such file' image --write -o 0 image /file
export TMPDIR=$tmp/spool
(ulimit -f 100; head -c 1000000 /dev/zero | "$E4ZERO" --write -o 0 image /file >out 2>err)
same 'exit without space on the host' $? 8
grep -q '^e4zero: image: keeping standard input in .*/spool: File too large$' err || fail "no space on the host: $(cat err)"
image_unchanged image
[ -z "$(ls spool)" ] || fail "left behind: $(ls spool)"
