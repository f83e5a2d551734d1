#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A storm of signals on --fix and on --convert of a whole image, with a hundred thousand findings.
#
# ROUNDS runs are interrupted (40; 6 with SAMPLE), two thirds by SIGKILL, the others by SIGTERM and SIGINT, at instants
# chosen by SEED and spread over the duration of a full run. The image is replayed, is consistent, and each file has its
# old size and bytes. A second run does the rest, and a third one writes nothing. The image has FILES files and is on
# the disk: in memory a log is in use for too short a time to be hit.
on_disk=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

program=$builddir/tests/crash/crash-states
requires mke2fs
requires debugfs
requires e2fsck -V
requires python3
[ -x "$program" ] || skip "$program is not built"
"$E4ZERO" --help | grep -q -e --fix || skip 'there is no --fix'
files=${FILES:-$([ -n "${SAMPLE:-}" ] && echo 5600 || echo 112000)}
rounds=${ROUNDS:-$([ -n "${SAMPLE:-}" ] && echo 6 || echo 40)}

# Of ten files one has a block past EOF that e2fsck does not notice, eight have a stale tail, and one has unwritten
# blocks below EOF. The log is small, so that there are several transactions.
python3 - "$files" >script <<'EOT'
import os, sys
for i in range(int(sys.argv[1])):
    where = "d%d/f%d" % (i // 250, i)
    os.makedirs("tree/d%d" % (i // 250), exist_ok=True)
    with open("tree/" + where, "wb") as f:
        f.write(b"%08d" % i * (200 if i % 10 == 0 else 96))
    if i % 10 == 5:
        print("fallocate %s 1 3" % where)
    print("sif %s size %d" % (where, 1024 if i % 10 == 0 else 1 + i * 37 % 700))
    if i % 10 == 6:
        print("fallocate %s 1 2\nsif %s size 3000" % (where, where))
EOT
truncate -s $((16 + files * 23 / 10000))M image
mke2fs -q -F -t ext4 -b 1024 -I 256 -N $((files + files / 250 + 1000)) -J size=1 -O ^resize_inode -E lazy_itable_init=0 -d tree image \
	>log 2>&1 || fail "mke2fs: $(cat log)"
rm -r tree
debugfs -w -f script image >log 2>&1 || fail 'debugfs'
! grep -v -e '^debugfs' log || fail 'debugfs has something to say'
e2fsck -fn image >log 2>&1 || fail "the image: $(cat log)"

python3 - "$E4ZERO" "$rounds" "${SEED:-1}" "$program" "$files" <<'EOT'
import json, os, random, re, shutil, signal, subprocess, sys, time

e4zero, rounds, seed, program, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
rnd = random.Random(seed)
LOG = {"fix": ["--fix"], "convert": ["--convert", "written"]}


def fail(*what):
    sys.exit("storm: " + " ".join(str(w) for w in what))


def run(verb, wait=None, how=signal.SIGKILL, in_log=False):
    """Seconds, status, and the summary, if there is one. Interrupted after WAIT, IN_LOG: when the log is in use."""
    command = ["env", "--default-signal=INT,TERM", e4zero, "--json", *LOG[verb], "work"]
    start = time.monotonic()
    with open("out", "w") as out, open("err", "w") as err:
        p = subprocess.Popen(command, stdout=out, stderr=err)
        try:
            p.wait(wait)
        except subprocess.TimeoutExpired:
            with open("work", "rb", buffering=0) as image:
                while in_log and not dirty(image) and p.poll() is None:
                    pass
            p.send_signal(how)
            p.wait()
    took = time.monotonic() - start
    with open("out") as out:
        last = (out.readlines() or [""])[-1]
    said = json.loads(last) if '"summary"' in last and last.endswith("\n") else None
    return took, p.returncode, said


def content():
    """{inode: size and hash of its visible contents}, by the verifier of tests/crash."""
    out = subprocess.run([program, "--verify", "work"], capture_output=True, text=True).stdout.splitlines()
    if ": sound," not in out[0]:
        fail(out[0])
    return set(re.sub(r", \d+ blocks", "", line) for line in out[1:])


def sound(when):
    r = subprocess.run(["e2fsck", "-fn", "work"], capture_output=True, text=True)
    if r.returncode or re.search(r"\? no$", r.stdout, re.M):
        fail(when, "e2fsck -fn:", r.returncode, r.stdout[-2000:])


def findings():
    r = subprocess.run([e4zero, "--json", "--check", "work"], capture_output=True, text=True)
    if r.returncode not in (0, 4):
        fail("--check:", r.returncode, r.stderr)
    return json.loads(r.stdout.splitlines()[-1])["findings"]


def dirty(image=None):
    if image:
        return bool(os.pread(image.fileno(), 1, 1024 + 0x60)[0] & 4)
    with open("work", "rb") as f:
        return dirty(f)


def whole(verb, when):
    """It completes, and another run has nothing to do."""
    took, rc, said = run(verb)
    if rc or not said:
        fail(when, "running it again:", rc, open("err").read()[-2000:])
    sound(when + ", done")
    if content() != before:
        fail(when, "content is lost by the rest")
    if verb == "fix" and findings():
        fail(when, "findings are left")
    _, rc, again = run(verb)
    if rc or again["bytes_written"] or again["transactions"] or again["barriers"]:
        fail(when, "a second run writes:", rc, again)
    return took, said


shutil.copyfile("image", "work")
before, wanted = content(), findings()
if len(before) < files or wanted < files * 9 // 10:
    fail("the image has %d files and %d findings" % (len(before), wanted))
took = {}
for verb in LOG:
    shutil.copyfile("image", "work")
    took[verb], said = whole(verb, verb + " alone")
    print("%s: %s" % (verb, {k: said[k] for k in ("transactions", "barriers", "bytes_written")}), "%.2f s" % took[verb])
    if not said["bytes_written"]:
        fail(verb, "has nothing to do")

count = dict.fromkeys(("killed", "stopped", "in time", "logs", "partway"), 0)
for i in range(rounds):
    verb, n = list(LOG)[i % 2], (rounds + 1) // 2
    how = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGINT)[i // 2 % 6]
    instant = took[verb] * (i // 2 + rnd.random()) / n
    when = "%s, %s after %.3f s:" % (verb, how.name, instant)
    shutil.copyfile("image", "work")
    _, rc, said = run(verb, instant, how, in_log=how == signal.SIGKILL and i // 2 % 3 == 1)
    if rc not in (0, -how if how == signal.SIGKILL else 32):
        fail(when, "status", rc, open("err").read()[-2000:])
    if rc == 32 and (not said or said["exit"] != 32 or dirty()):
        fail(when, "not stopped in order:", said, "dirty" if dirty() else "")
    count["in time" if rc == 0 else "stopped" if rc == 32 else "killed"] += 1
    count["logs"] += dirty()
    r = subprocess.run([e4zero, "--replay", "work"], capture_output=True, text=True)
    if r.returncode or dirty():
        fail(when, "--replay:", r.returncode, r.stderr)
    sound(when)
    if content() != before:
        fail(when, "content is lost")
    left = findings()
    count["partway"] += 0 < left < wanted if verb == "fix" else rc != 0
    whole(verb, when)
print("%d files, %d findings; %d rounds: " % (files, wanted, rounds) + ", ".join("%d %s" % (v, k) for k, v in count.items()))
if not count["killed"] or rounds >= 40 and not (count["stopped"] and count["partway"] and count["logs"]):
    fail("the instants say nothing")
EOT
