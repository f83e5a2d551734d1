#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 at random instants of real edits: the image is replayed, is consistent, and has the old file or the new one.
# Past EOF there are no bytes that were not there before.
#
# ROUNDS kills (300; 40 with SAMPLE), at instants chosen by SEED and spread over the duration of the edit. Each edit
# uses a new copy; the program does it if it has the action.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

program=$builddir/tests/crash/crash-states
requires mke2fs
requires debugfs
requires e2fsck -V
requires python3
[ -x "$program" ] || skip "$program is not built"
rounds=${ROUNDS:-$([ -n "${SAMPLE:-}" ] && echo 40 || echo 300)}
bash "$srcdir/tests/crash/images.sh" "$tmp" ext-4k-csum ind-1k || exit
export E2FSPROGS_FAKE_TIME=1700000000

python3 - "$E4ZERO" "$rounds" "${SEED:-1}" "$program" <<'EOT'
import json, os, random, shutil, signal, subprocess, sys, time

e4zero, rounds, seed, program = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
rnd = random.Random(seed)
edits = [("ext-4k-csum", "--truncate 1232896", "/deep", "down-deep"), ("ext-4k-csum", "--truncate 86021", "/frag", "down-frag"),
         ("ext-4k-csum", "--truncate 4196", "/small", "down-small"), ("ind-1k", "--truncate 308224", "/deep", "down-deep"),
         ("ind-1k", "--truncate 21509", "/frag", "down-frag"), ("ext-4k-csum", "--write -o 4396 --from few", "/tail", "append-tail"),
         ("ind-1k", "--write -o 3594 --from few", "/small", "append-over")]
with open("few", "wb") as f:
    f.write(b"w" * 90)
verbs = subprocess.run([e4zero, "--help"], capture_output=True, text=True).stdout
with_program = "--truncate" in verbs and "--replay" in verbs


def run(image, words, path, workload, wait=None):
    """The seconds that it took, and its status; it is killed after WAIT seconds."""
    command = [e4zero] + words.split() + [image, path] if with_program else \
        [program, "--edit", "--workload", workload, image]
    start = time.monotonic()
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        err = p.communicate(timeout=wait)[1]
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGKILL)
        err = p.communicate()[1]
    return time.monotonic() - start, p.returncode, err.decode()


def state(image):
    out = subprocess.run([program, "--verify", image], capture_output=True, text=True).stdout.splitlines()[0]
    if ": sound," not in out:
        sys.exit("kill: not sound: " + out)
    return out.split()[-1]


def reported(image):
    """The findings of --check, and their bytes."""
    out = subprocess.run([e4zero, "--check", "--json", image], capture_output=True, text=True).stdout
    found = [line for line in map(json.loads, out.splitlines()) if line["type"] == "finding"]
    return {(f["ino"], f["kind"]): f["nonzero"] for f in found}


known, killed, dirty, befores, afters = {}, 0, 0, 0, 0
for i in range(rounds):
    key = edits[i % len(edits)]
    kind, how = key[0], key[1:]
    if key not in known:
        shutil.copyfile(kind, "work")
        took, rc, err = run("work", *how)
        if rc:
            sys.exit("kill: the edit alone: %d: %s" % (rc, err))
        known[key] = state(kind), state("work"), took, reported(kind)
        if known[key][0] == known[key][1]:
            sys.exit("kill: the edit changes nothing")
    before, after, took, was = known[key]
    shutil.copyfile(kind, "work")
    _, rc, err = run("work", *how, rnd.uniform(0, took * 1.2))
    if rc not in (0, -signal.SIGKILL):
        sys.exit("kill: %s: status %d: %s" % (key, rc, err))
    killed += rc != 0
    with open("work", "rb") as f:
        f.seek(1024 + 0x60)
        dirty += bool(f.read(1)[0] & 4)
    r = subprocess.run([e4zero if with_program else program, "--replay", "work"], capture_output=True, text=True)
    if r.returncode:
        sys.exit("kill: --replay: %d: %s" % (r.returncode, r.stderr))
    r = subprocess.run(["e2fsck", "-fn", "work"], capture_output=True, text=True)
    if r.returncode:
        sys.exit("kill: e2fsck -fn: %d: %s" % (r.returncode, r.stdout))
    now = state("work")
    if now not in (before, after):
        sys.exit("kill: %s: neither before nor after" % (key,))
    for finding, nonzero in reported("work").items():
        if nonzero > was.get(finding, -1):
            sys.exit("kill: %s: %s, which was not there before" % (key, finding))
    befores += now == before
    afters += now == after
print("%d rounds, %d killed in time, %d left a log; %d before, %d after" % (rounds, killed, dirty, befores, afters))
if not killed or not befores or not afters:
    sys.exit("kill: the instants say nothing")
EOT
