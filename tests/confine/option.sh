#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --sandbox: auto uses what the kernel has, and prints a note if it has neither half; require exits with 8 unless both are
# used; off does nothing. --report, --undo and --trace-io create and remove files although the process is confined.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires strace
requires strace -o probe true
edit_image image
run_e4zero 16 --sandbox always image
has_line 'neither auto, off nor require' err || fail "$(cat err)"

# without STATUS [landlock] [filters] ARGUMENTS...: the exit status on a kernel without these
without() {
	local want=$1 rc inject=()
	shift
	for (( ; ; )); do
		case $1 in
		landlock) inject+=(-e inject=landlock_create_ruleset:error=ENOSYS) ;;
		filters) inject+=(-e inject=seccomp:error=EINVAL) ;;
		*) break ;;
		esac
		shift
	done
	strace -f -o calls -e trace=seccomp,landlock_restrict_self,landlock_create_ruleset,prctl "${inject[@]}" "$E4ZERO" "$@" \
		>out 2>err </dev/null
	rc=$?
	[ $rc = "$want" ] || fail "$*: exit $rc, wanted $want: $(cat err)"
}

without 0 landlock filters -q image
[ ! -s err ] || fail "$(cat err)"
grep -q landlock_create_ruleset calls || skip 'this program does not confine itself: it is instrumented'
without 0 landlock filters image
has_line 'note: neither Landlock nor filters of system calls can be used' err || fail "no note: $(cat err)"
without 8 landlock filters --sandbox require image
has_line 'cannot be confined: the kernel does not have Landlock' err || fail "$(cat err)"
filtered() {
	grep -q '^#define HAVE_LIBSECCOMP 1' "$builddir/config.h"
}
without 0 landlock image
! filtered || [ ! -s err ] || fail "$(cat err)"
without 8 landlock --sandbox require image
without 0 filters image
[ ! -s err ] || fail "$(cat err)"
if filtered; then
	without 8 filters --sandbox require image
	has_line 'cannot be confined: the kernel does not have filters' err || fail "$(cat err)"
fi
without 0 --sandbox off image
[ ! -s calls ] || ! grep -E 'seccomp|landlock' calls || fail 'off, and yet confined'

# The file of --from is opened before: no file is opened, and none can be, after the process has been confined.
yes from | head -c 5000 >from
strace -o calls -e trace=openat,landlock_restrict_self,prlimit64 "$E4ZERO" --write -o 0 --from from image /file >out 2>err || fail "$(cat err)"
sed '1,/landlock_restrict_self.* = 0$/d' calls >after
! grep openat after || fail 'a file is opened by a confined process'
grep -q 'RLIMIT_NOFILE, {rlim_cur=3' calls || fail 'files can be opened by a confined process'
debugfs -R 'cat /file' image 2>debugfs.log | head -c 5000 | cmp - from || fail 'other bytes were written'
run_e4zero 8 --write -o 0 --from missing image /file
said_once 'reading missing: No such file or directory'

# So are the files that a script names. A line for several files, and more files than can be open, need the right to read.
head -c 3000 from >half
printf '%s\n' 'write /file 0 from=half' 'write /small 0 from=from' 'write /file 3000 from=half' >script
# script WHAT COUNT: run it; the confined process opens COUNT (a pattern) files
script() {
	strace -o calls -e trace=openat,open,landlock_restrict_self,prlimit64 "$E4ZERO" --script script image >out 2>err || fail "$(cat err)"
	sed '1,/landlock_restrict_self.* = 0$/d' calls >after
	[[ $(grep -c 'open.*O_RDONLY' after) == $2 ]] || fail "opened by a confined process: $1: $(cat after)"
}
script 'three files' 0
grep -q 'RLIMIT_NOFILE, {rlim_cur=3' calls || fail 'files can be opened by a confined process'
cat half half >both
for pair in /file:both /small:from; do
	debugfs -R "cat ${pair%:*}" image 2>debugfs.log | head -c "$(stat -c %s "${pair#*:}")" | cmp - "${pair#*:}" || fail "other bytes: $pair"
done
printf '%s\n' 'write /file 0 from=half' 'write /smal? 0 from=half' >script
script 'a pattern' 2
for ((i = 0; i < 50; i++)); do
	echo "write /file $i from=half"
done >script
script 'fifty files' 0
(ulimit -n 80; script 'fifty files with 80 descriptors' '[1-4][0-9]') || exit 1
# most descriptors are in use, all above the free ones
(ulimit -n 100; for ((i = 40; i < 90; i++)); do eval "exec $i</dev/null"; done; script 'few descriptors' '[1-5][0-9]') || exit 1
# The next writer of a FIFO opens it after the first one was read; a file may be created in the meantime.
mkfifo fifo
tr a-z A-Z <from >capitals
printf '%s\n' 'write /file 0 from=fifo' 'write /small 0 from=fifo' 'write /small 3000 from=made' >script
{ cat half >fifo; sleep 0.2; cp half made; cat capitals >fifo; } &
script 'a FIFO twice' 2
wait
debugfs -R 'cat /file' image 2>debugfs.log | head -c 3000 | cmp - half || fail 'other bytes of the first writer'
debugfs -R 'cat /small' image 2>debugfs.log | head -c 6000 | cmp - <(head -c 3000 capitals; cat half) || fail 'other bytes of the second writer'
rm fifo made
rm script
printf 'write /small 0 from=missing\n' >script
run_e4zero 8 --script script image
said_once 'line 1: reading missing: No such file or directory'

# An edit that has nothing to do leaves no file; one that changes something leaves both files.
run_e4zero 0 --truncate 10000 --undo undo --trace-io trace image /file
[ ! -e undo ] && [ ! -e trace ] || fail 'files are left of nothing'
run_e4zero 0 --truncate 9000 --undo undo --trace-io trace image /file
[ -s undo ] && [ -s trace ] || fail 'no files of the edit'
remember_image image
without 8 landlock --sandbox require --undo-apply undo image
has_line 'cannot be confined: the kernel does not have Landlock' err || fail "$(cat err)"
image_unchanged image
without 0 --undo-apply undo image
grep -q 'landlock_restrict_self.* = 0$' calls || fail 'an undo is not confined'
! filtered || grep -q 'SECCOMP_SET_MODE_FILTER.* = 0$' calls || fail 'the calls of an undo are not filtered'
run_e4zero 0 --report page.html image
[ -s page.html ] || fail 'no page'
[ -z "$(find . -name '.e4zero-report*')" ] || fail 'a temporary page is left'
sound image

# A clean external journal is searched for on the whole host only if the check examines it.
make_image far.img 16M -O ^has_journal
printf '%s\n' 'feature has_journal' 'ssv journal_uuid 11111111-2222-3333-4444-555555555555' 'ssv journal_inum 0' \
	'ssv journal_dev 0x700' | debugfs_script far.img
# searches STATUS yes|no ARGUMENT...: the exit status, and whether files beside the image, and then the host, are searched
searches() {
	local rc want=$1 how=$2 found=no
	shift 2
	strace -f -o calls -e trace=openat "$E4ZERO" "$@" >out 2>err </dev/null
	rc=$?
	[ $rc = "$want" ] || fail "$*: exit $rc, wanted $want: $(cat err)"
	! grep -qF "./image" calls || found=yes
	same "a search with $*" $found "$how"
}
for sandbox in off auto; do
	searches 0 no --check --sandbox $sandbox far.img
	searches 0 no --map --sandbox $sandbox far.img /lost+found
	searches 0 no --check --only super-slack --sandbox $sandbox far.img
	searches 4 yes --check --only journal --sandbox $sandbox far.img
	searches 4 yes --check --all --sandbox $sandbox far.img
done

# A confined process starts the child that writes, at the first write; a dry run does not start it.
type -P qemu-img >/dev/null && type -P qemu-nbd >/dev/null || exit 0
grep -q '^#define HAVE_LIBNBD 1' "$builddir/config.h" || exit 0
qemu-img convert -O qcow2 image image.qcow2 || fail qemu-img
remember_image image.qcow2
without 0 --dry-run --truncate 8000 image.qcow2 /file
! grep execve calls | grep qemu-nbd || fail 'a dry run starts qemu-nbd'
image_unchanged image.qcow2
without 8 landlock --sandbox require --truncate 8000 image.qcow2 /file
has_line 'cannot be confined: the kernel does not have Landlock' err || fail "$(cat err)"
image_unchanged image.qcow2
strace -f -o calls -e trace=execve,landlock_restrict_self,seccomp "$E4ZERO" --truncate 8000 --undo undo.qcow2 image.qcow2 /file >out 2>err ||
	fail "$(cat err)"
sed '1,/landlock_restrict_self.* = 0$/d' calls >after
grep 'execve.*qemu-nbd' after | grep -vq -e --read-only || fail "it was started before: $(cat calls)"
! filtered || grep -q 'SECCOMP_SET_MODE_FILTER.* = 0$' calls || fail 'the calls of an edit are not filtered'
[ ! -s err ] || fail "$(cat err)"
without 0 --undo-apply undo.qcow2 image.qcow2
grep -q 'landlock_restrict_self.* = 0$' calls || fail 'an undo is not confined'
qemu-img check image.qcow2 >qemu-img.out || fail "$(cat qemu-img.out)"

# without descriptors it is not known what the kernel has, and nothing is left out in silence
for ((n = 8; n <= 24; n++)); do
	for sandbox in auto require; do
		(ulimit -n $n && exec "$E4ZERO" --sandbox $sandbox --check image) >out 2>err
		rc=$?
		case $rc in
		0) ! grep -q Landlock err || fail "$n descriptors, $sandbox: $(cat err)" ;;
		8) has_line ': .*Too many open files' err || fail "$n descriptors, $sandbox: $(cat err)" ;;
		*) fail "$n descriptors, $sandbox: exit $rc: $(cat err)" ;;
		esac
	done
done
