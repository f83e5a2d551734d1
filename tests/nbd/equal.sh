#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same image as a file and as the export of an NBD server: the reports are equal, and after edits the bytes are equal,
# for servers with different capabilities.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/nbd/servers.sh"

stale_image model.img
debugfs_script model.img <<-END
	write eight another
	sif another size 300
END
export SOURCE_DATE_EPOCH=1700000000
printf '%s\n' 'zero-range /clean 0 6000' 'truncate /tail 100' 'write-zeroes /another 0 300000' >script

# both NAME ARGUMENTS...: run e4zero on both images, with %s for the image; exit $wants
both() {
	local what=$1 rc
	shift
	"$E4ZERO" --json "${@/#%s/raw.img}" >raw.out 2>raw.err </dev/null
	rc=$?
	[ -z "${wants-}" ] || [ $rc = "$wants" ] || fail "$what: exit $rc with the file: $(cat raw.err)"
	run_e4zero $rc --json "${@/#%s/"$uri"}"
	grep -v 'note: the image is an NBD export' err >kept || :
	[ -s raw.err ] || [ ! -s kept ] || fail "$what: $(cat kept)"
	same_report raw.out out "$what"
	cmp -s raw.img remote.img || fail "$what: the images differ"
}

try() {
	local kind=$1 jobs
	shift
	cp model.img raw.img
	cp model.img remote.img
	nbdkit_serves "$@"
	for jobs in 1 4; do
		wants=4 both "$kind: check" --check -j $jobs %s
		wants=4 both "$kind: all" --check --all -j $jobs %s
	done
	wants=0 both "$kind: map" --map %s /tail
	wants=0 both "$kind: script" --script script %s
	wants=0 both "$kind: fix" --fix %s
	wants=0 both "$kind: fix all" --fix --all %s
	wants=0 both "$kind: hole" --convert hole %s
	end_server
	e2fsck -fn remote.img >fsck.log 2>&1 || fail "$kind: $(cat fsck.log)"
}

both_undo() {
	cp model.img raw.img
	cp model.img remote.img
	nbdkit_serves file remote.img
	run_e4zero 0 --script script --undo undo --trace-io trace "$uri"
	[ -s trace ] || fail 'there is no trace'
	cmp -s model.img remote.img && fail 'nothing was written'
	run_e4zero 0 --undo-apply undo "$uri"
	end_server
	run_e4zero 4 --check --json remote.img
	run_e4zero 4 --check --json raw.img
	debugfs -R 'cat /clean' remote.img 2>/dev/null | cmp - eight || fail 'the undo file did not restore /clean'
}

try plain file remote.img
try single file remote.img --filter=multi-conn multi-conn-mode=disable
try blocks file remote.img --filter=blocksize-policy blocksize-minimum=4096 blocksize-preferred=4096 blocksize-maximum=64K \
	blocksize-error-policy=error
try nothing file remote.img --filter=noextents --filter=nozero
try slow-zero file remote.img --filter=nozero zeromode=emulate --filter=fua fuamode=emulate
both_undo

# an encrypted connection with a pre-shared key
if nbdkit --dump-config | grep -q '^tls=yes'; then
	echo 'alice:0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20' >keys
	cp model.img raw.img
	cp model.img remote.img
	nbdkit_serves --tls=require --tls-psk=keys file remote.img
	run_e4zero 8 --check "$uri"
	same_uri=$uri uri="nbds+unix://alice@/?socket=$tmp/socket&tls-psk-file=$tmp/keys"
	wants=4 both 'encrypted: check' --check --all %s
	wants=0 both 'encrypted: fix' --fix --all %s
	uri=$same_uri
	end_server
fi
