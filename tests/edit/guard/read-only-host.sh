#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be written is refused with exit 8, in a dry run too, never 12: a read-only device or partition, a read-only
# external journal, a sealed memory file, a host file system that is mounted read-only.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires python3
head -c 50000 /dev/zero | tr '\0' S >fifty
make_image image 16M
debugfs_script image <<<'write fifty file'
remember_image image

# refused_here PATTERN ARGUMENTS...: each way of writing
refused_here() {
	local pattern=$1 how
	shift
	for how in '--truncate 10' '--truncate 10 --dry-run' '--fix' '--replay'; do
		# shellcheck disable=SC2086 # words
		case $how in
			--truncate*) run_e4zero 8 $how "$@" /file ;;
			*) run_e4zero 8 $how "$@" ;;
		esac
		grep -Eq -- "$pattern" err || fail "$how $*: no \"$pattern\" in: $(cat err)"
	done
}

# set_read_only DEVICE: a loop device would stay so for the next one who attaches it.
set_read_only() {
	cleanup_fn blockdev --setrw "$1"
	blockdev --setro "$1" || fail setro
}

# a memory file that is sealed: it can be opened for writing
cat >sealed.py <<'E2'
import fcntl, os, subprocess, sys
image, seal, *command = sys.argv[1:]
fd = os.memfd_create("image", os.MFD_ALLOW_SEALING)
before = open(image, "rb").read()
os.write(fd, before)
fcntl.fcntl(fd, 1033, int(seal))  # F_ADD_SEALS
rc = subprocess.call([word.replace("IMAGE", f"/proc/{os.getpid()}/fd/{fd}") for word in command])
assert os.pread(fd, len(before) + 1, 0) == before, "it was changed"
sys.exit(rc)
E2
for seal in 8 16; do
	python3 sealed.py image $seal "$E4ZERO" --truncate 10 IMAGE /file >out 2>err
	same "exit with seal $seal" $? 8
	grep -q 'Read-only' err || fail "seal $seal: $(cat err)"
done

requires_loop
attach_loop device -r image
refused_here 'Read-only' "$device"
image_unchanged image
detach_loop "$device"

# set read-only with a switch, while the image itself can be written
attach_loop device image
requires blockdev
set_read_only "$device"
refused_here 'Read-only' "$device"
image_unchanged image
blockdev --setrw "$device" || fail setrw
run_e4zero 0 --truncate 10 "$device" /file

# only the external journal cannot be written
uuid=$(python3 -c 'import uuid; print(uuid.uuid4())')
mkdir beside
truncate -s 16M beside/journal.img
mke2fs -q -F -O journal_dev -b 4096 -U "$uuid" beside/journal.img >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
attach_loop journal beside/journal.img
mke2fs -q -F -t ext4 -b 4096 -J device="$journal" outside 16M >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
debugfs_script outside <<<'write fifty file'
set_read_only "$journal"
remember_image outside
run_e4zero 8 --truncate 10 outside /file
grep -q 'external journal.*Read-only' err || fail "journal: $(cat err)"
image_unchanged outside
blockdev --setrw "$journal" || fail setrw
run_e4zero 0 --truncate 10 outside /file

# the host's file system
mkdir there
mount -t tmpfs none there || skip 'no tmpfs can be mounted'
cleanup_fn umount "$tmp/there"
cp fifty there/ && cp image there/image || fail cp
mount -o remount,ro there || fail remount
refused_here 'Read-only' there/image
