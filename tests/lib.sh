# SPDX-License-Identifier: GPL-2.0-or-later
# What the shell tests share. Source it first: . "${srcdir:-.}/tests/lib.sh"
#
# A test stands in a directory of its own that is removed at the end, finds the program in $E4ZERO, the sources in
# $srcdir, and leaves with 0 (passed), 77 (skipped, and says why) or anything else (failed).

set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

# A test that mounts sets own_mounts before it sources this.
[ -z "${own_mounts-}" ] || . "${BASH_SOURCE[0]%/*}/mounts.sh"
name=${0##*tests/} name=${name%.sh}
srcdir=$(cd "${srcdir:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd)
builddir=$(cd "${builddir:-$srcdir/build}" 2>/dev/null && pwd || pwd)
E4ZERO=${E4ZERO:-$builddir/e4zero}

# Images are written and made durable over and over: in memory where there is a lot of it (6 GiB), unless TMPDIR says
# where. A test about what the host's file system makes of holes sets on_disk before it sources this.
scratch() {
	local dir type options available size
	# that a script around this one has chosen memory does not bind a test about the disk
	[ -z "${on_disk-}" ] || [ "${TMPDIR-}" != "${MEMORY_SCRATCH-}" ] || unset TMPDIR
	scratch=${TMPDIR:-/tmp}
	[ -z "${TMPDIR-}${on_disk-}" ] || return 0
	while read -r _ dir type options _; do
		[ "$dir $type" != '/dev/shm tmpfs' ] || [[ ,$options, = *,noexec,* ]] || break
	done </proc/mounts
	[ "$dir" = /dev/shm ] && [ -w /dev/shm ] || return 0
	read -r available size < <(stat -f -c '%a %S' /dev/shm)
	[ $((available * size >> 30)) -lt 6 ] ||
		export TMPDIR=/dev/shm MEMORY_SCRATCH=/dev/shm scratch=/dev/shm
}
scratch
tmp=$(mktemp -d "$scratch/e4zero-${name##*/}.XXXXXX") || exit 1
cleanups=()

# cleanup_fn COMMAND...: run it when the test ends, however it ends; the last one first.
cleanup_fn() {
	cleanups+=("$(printf '%q ' "$@")")
}

run_cleanups() {
	local rc=$? i
	trap '' INT TERM HUP
	cd /
	for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
		eval "${cleanups[i]}" || echo "$name: cleanup failed: ${cleanups[i]}" >&2
	done
	rm -rf --one-file-system "$tmp"
	exit $rc
}
trap run_cleanups EXIT
trap 'exit 1' INT TERM HUP
cd "$tmp" || exit 1

fail() {
	echo "$name: FAIL: $*" >&2
	exit 1
}

skip() {
	echo "$name: SKIP: $*" >&2
	exit 77
}

# requires COMMAND [ARGUMENTS]: a bare name must be installed, a whole command must succeed.
requires() {
	if [ $# -eq 1 ]; then
		type -P "$1" >/dev/null || skip "$1 is not installed"
	else
		"$@" >/dev/null 2>&1 || skip "does not work here: $*"
	fi
}

# What the tests run of Python needs its own library alone: without site it starts in a third of the time.
python3() {
	command python3 -S "$@"
}

requires_root() {
	[ "$(id -u)" = 0 ] || skip 'needs root'
}

# A loop device that really attaches: containers often show the node without the right to use it.
requires_loop() {
	local dev
	requires_root
	requires losetup
	truncate -s 1M loop-probe
	dev=$(losetup -f --show loop-probe 2>/dev/null) || skip 'no loop device can be attached'
	losetup -d "$dev"
	rm -f loop-probe
}

# mount ARGUMENTS: mount(8), where no other test keeps what is unmounted again
mount() {
	[ -n "${own_mounts-}${E4ZERO_OWN_MOUNTS-}" ] || fail 'a test that mounts sets own_mounts before it sources lib.sh'
	command mount "$@"
}

# attach_loop VARIABLE FILE [losetup options]: attach FILE, detach at the end. Nobody detaches a loop device but by these
# functions: once too often, and it is another test's.
attach_loop() {
	local -n attached=$1
	attached=$(losetup -f --show "${@:3}" "$2") || fail "cannot attach $2"
	cleanup_fn losetup -d "$attached"
	drop_partitions "$attached"
}

# drop_partitions DEVICE: those that a test left there which was killed
drop_partitions() {
	local part
	for part in "/sys/block/${1##*/}/${1##*/}"p*/partition; do
		[ ! -e "$part" ] || delpart "$1" "$(<"$part")" || fail "a partition of $1 is still in use"
	done
}

# forget_cleanup COMMAND...: it was done before the end.
forget_cleanup() {
	local i undo
	undo=$(printf '%q ' "$@")
	for i in "${!cleanups[@]}"; do
		[ "${cleanups[i]}" != "$undo" ] || unset 'cleanups[i]'
	done
	cleanups=("${cleanups[@]}")
}

# detach_loop DEVICE: before the end, and not once more then.
detach_loop() {
	losetup -d "$1" || fail "cannot detach $1"
	forget_cleanup losetup -d "$1"
}

# broad VARIABLE COUNT ITEM...: an array of the first COUNT kinds of images that a test is about, of all with BROAD=1,
# which ./quickstart check sets: make check alone should end soon.
broad() {
	local -n broadened=$1
	if [ -n "${BROAD-}" ]; then broadened=("${@:3}"); else broadened=("${@:3:$2}"); fi
}

# slurp VARIABLE FILE: the text of a file, without a process
slurp() {
	local -n slurped=$1
	IFS= read -r -d '' slurped <"$2" || :
}

# A loop device of somebody else's, whose file an ordinary user cannot find out, has a note before each edit. No test but
# tests/open/busy/note-loops.sh, which is run by root, is about it: the others drop the lines that have it.
loop_note='note: cannot determine the backing file of /dev/loop'
((EUID == 0)) || export LOOP_NOTE=$loop_note # for tests in Python
drop_loop_note() {
	local text
	((EUID)) || return 0
	slurp text "$tmp/err"
	[[ $text != *"$loop_note"* ]] || { grep -v "$loop_note" "$tmp/err" >"$tmp/err.kept"; mv "$tmp/err.kept" "$tmp/err"; }
}

# has_line PATTERN FILE: grep -Eq without a process
has_line() {
	local line
	while IFS= read -r line || [ -n "$line" ]; do
		[[ ! $line =~ $1 ]] || return 0
	done <"$2"
	return 1
}

# run_e4zero STATUS ARGUMENTS...: exit status must be STATUS; output in $tmp/out and $tmp/err.
run_e4zero() {
	local want=$1 rc
	shift
	"$E4ZERO" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	rc=$?
	drop_loop_note
	[ $rc = "$want" ] && return
	sed 's/^/out: /' "$tmp/out" | head -20 >&2
	sed 's/^/err: /' "$tmp/err" | head -20 >&2
	fail "e4zero $*: exit $rc, wanted $want"
}

# said_once: no message adds the sentence of its code to one of ours, which says all of it.
said_once() {
	local what='file system (is|has)|image is|superblock is|undo file|external journal|journal holds|change is|quota'
	local text twice=": (The ($what)|Several ext|This inode|Not an|Unsupported|No such partition)"
	slurp text "$tmp/err"
	[[ ! $text =~ $twice ]] || fail "it is said twice: $text"
}

# remember_image FILE..., then image_unchanged FILE...: not one byte differs, sparse or not.
# (CRC-32 and length: the images are many, and a digest that withstands attackers takes ten times as long)
remember_image() {
	cksum -- "$@" >>"$tmp/images.sum"
}

image_unchanged() {
	local image sum known
	slurp known "$tmp/images.sum"
	for image in "$@"; do
		sum=$(cksum -- "$image") && [[ $'\n'$known == *$'\n'"$sum"$'\n'* ]] || fail "$image was changed"
	done
}
