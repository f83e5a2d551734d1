# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests that edit below the verbs, with the program scribble, share. Source it after tests/lib.sh.

. "$srcdir/tests/open/common.sh"
scribble=$builddir/tests/edit/scribble
[ -x "$scribble" ] || fail "$scribble is not built"

# scribble STATUS ARGUMENTS...: exit status must be STATUS; output in out and err.
scribble() {
	local want=$1 rc
	shift
	"$scribble" "$@" >out 2>err </dev/null
	rc=$?
	[ $rc = "$want" ] || fail "scribble $*: exit $rc, wanted $want: $(cat err)"
}

# refused PATTERN IMAGE [ARGUMENTS]: no edit, exit 8, a sentence with PATTERN (extended); nothing is changed.
refused() {
	local pattern=$1 before after
	shift
	before=$(cksum <"${1%%\?offset=*}")
	scribble 8 "$@" write:4096:512:0x55
	has_line "$pattern" err || fail "$*: no \"$pattern\" in: $(cat err)"
	after=$(cksum <"${1%%\?offset=*}")
	[ "$before" = "$after" ] || fail "$*: refused, but changed"
}

# holding COMMAND...: start it, wait until it says "ready"; release: end its standard input, wait for it.
holding() {
	rm -f said told
	mkfifo said told
	"$@" <told >said 2>holder.err &
	holder=$!
	exec 7>told 8<said
	read -r line <&8 && [ "$line" = ready ] || fail "$*: not ready: $(cat holder.err)"
}

release() {
	exec 7>&- 8<&-
	wait "$holder"
}

# ofd_holder IMAGE MODE [BYTE...]: hold these bytes as qemu does, by read locks of an open file description;
# MODE is sh, ex (flock) or none.
ofd_holder() {
	exec python3 - "$@" 3<&0 <<-'END'
	import fcntl, os, struct, sys
	image, mode, *at = sys.argv[1:]
	fd = os.open(image, os.O_RDWR)
	for byte in map(int, at):
	    fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, byte, 1, 0))  # F_OFD_SETLK
	if mode != "none":
	    fcntl.flock(fd, (fcntl.LOCK_SH if mode == "sh" else fcntl.LOCK_EX) | fcntl.LOCK_NB)
	print("ready", flush=True)
	os.read(3, 1)
	END
}
