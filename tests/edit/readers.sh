#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever stops reading what an edit says of itself does not end it halfway: progress lines, a trace, the report.
# A trace goes into a new file only.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

edit_image image
cp image fresh
# gone FD STATUS ARGUMENTS...: the program runs with a pipe as FD that nobody reads any more
gone() {
	python3 - "$@" >out 2>err <<-'END2'
		import os, signal, subprocess, sys
		fd, want, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
		reader, writer = os.pipe()
		os.close(reader)
		def prepare():
		    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
		    os.dup2(writer, fd)
		done = subprocess.run([os.environ["E4ZERO"]] + command, preexec_fn=prepare, pass_fds=[fd], stdin=subprocess.DEVNULL)
		sys.exit(0 if done.returncode == want else "%s: exit %d, wanted %d" % (command, done.returncode, want))
	END2
	[ $? = 0 ] || fail "$(cat err)"
}
export E4ZERO

# dirty IMAGE: something to fix
dirty() {
	cp fresh image
	debugfs -w -R 'sif /file size 9000' image >/dev/null 2>&1
}
dirty
gone 5 0 --fix -C 5 image
sound image
grep -q 'writing progress: Broken pipe' err || fail "$(cat err)"
cp fresh image
gone 5 0 --convert unwritten --progress=5 image
dirty
gone 5 4 --check -C 5 image
# the trace: nothing is done that is not in it
cp fresh image
remember_image image
gone 5 8 --truncate 5 --trace-io /dev/fd/5 image /file
image_unchanged image
# the report of what was done
gone 1 12 --truncate 5 image /file
grep -q 'standard output: writing the report: Broken pipe; the image was changed' err || fail "$(cat err)"
sound image
# a check is no edit: it ends with the reader
gone 1 -13 --check image

# a trace is a new file, and none where nothing was written
echo mine >there
remember_image image there
run_e4zero 8 --truncate 4 --trace-io there image /file
grep -q 'creating the trace there: File exists' err || fail "$(cat err)"
ln -s there link
run_e4zero 8 --truncate 4 --trace-io link image /file
image_unchanged image there
run_e4zero 8 --truncate 4 --trace-io trace image /dir
run_e4zero 0 --truncate 5 --trace-io trace image /file
[ ! -e trace ] || fail 'a trace of nothing'
run_e4zero 0 --truncate 4 --trace-io trace image /file
[ -s trace ] || fail 'no trace'
