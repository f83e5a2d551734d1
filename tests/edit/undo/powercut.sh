#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# After a power cut the undo file still takes the edit back: at every moment of an edit, with every subset of what was
# written to the undo file since its last barrier, and all or nothing of the image's last write.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires python3
requires strace
strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
# two tracers exclude each other
export ASAN_OPTIONS=detect_leaks=0
make_ext image 2M -b 1024 -O ^has_journal
scribble 0 image write:900000:700000:9 sync
cp image before
strace -xx -s 10000000 -e trace=openat,pwrite64,pwritev,ftruncate,fdatasync,fsync -o calls \
	"$scribble" image undo=undo write:1144:16:0x41 write:1000000:70000:1 sync write:1144:16:0x42 \
	write:1400000:5000:3 write:1000000:10:4 seal write:1144:4:0x43 write:1600000:10:5 >out 2>err || fail "$(cat err)"
cat >replay.py <<'END'
import itertools, os, re, subprocess, sys
e4zero = sys.argv[1]
text = lambda s: bytes.fromhex(s.replace("\\x", ""))
fds, image, undo, pending, states, old = {}, bytearray(open("before", "rb").read()), bytearray(), [], 0, open("before", "rb").read()
def with_ops(base, ops):
    out = bytearray(base)
    for op in ops:
        if op[0] == "size":
            out = out[:op[1]].ljust(op[1], b"\0")
        else:
            at, data = op[1:]
            out = out.ljust(at, b"\0")
            out[at:at + len(data)] = data
    return out
def judge():
    global states
    for n in range(len(pending) + 1):
        for ops in itertools.combinations(pending, n):
            open("image", "wb").write(image)
            open("undo.cut", "wb").write(with_ops(undo, ops))
            run = subprocess.run([e4zero, "--undo-apply", "undo.cut", "image"], capture_output=True)
            states += 1
            now = open("image", "rb").read()
            # before the first write to the image the undo file may be nothing yet
            if now != old or (run.returncode and bytes(image) != old):
                sys.exit("state %d, %d of %d writes pending: exit %d: %s" % (states, n, len(pending), run.returncode, run.stderr.decode()))
for line in open("calls"):
    m = re.match(r'openat\(AT_FDCWD, "(.*?)".*= (\d+)$', line)
    if m:
        fds[m[2]] = text(m[1]).decode()
    m = re.match(r'pwrite64\((\d+), "(.*?)", (\d+), (\d+)\) = (\d+)$', line)
    data = text(m[2]) if m and m[3] == m[5] else None
    if data is None:
        m = re.match(r'pwritev\((\d+), \[(.*)\], (\d+), (\d+)\) = (\d+)$', line)
        if m:
            data = b"".join(text(piece) for piece in re.findall(r'iov_base="(.*?)", iov_len', m[2]))
            assert len(data) == int(m[5])
    if data is not None:
        at = int(m[4])
        if fds[m[1]] == "image":
            judge()
            image[at:at + len(data)] = data
            judge()
        else:
            assert fds[m[1]] == "undo"
            pending.append(("data", at, data))
            judge()
        continue
    m = re.match(r'ftruncate\((\d+), (\d+)\)\s+= 0$', line)
    if m:
        pending.append(("size", int(m[2])))
    m = re.match(r'f(?:data)?sync\((\d+)\)\s+= 0$', line)
    if m and fds[m[1]] == "undo":
        judge()
        undo, pending = with_ops(undo, pending), []
        judge()
if states < 100 or bytes(image) == old:
    sys.exit("only %d states" % states)
print(states, "states")
END
python3 replay.py "$E4ZERO" || fail 'a state that cannot be taken back'
