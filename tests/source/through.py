#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a test suite for raw images on images in another form: in place of e4zero it converts each image first.

usage: E4ZERO=tests/source/through.py THROUGH=HOW THROUGH_E4ZERO=e4zero SUITE

HOW: qcow2, compressed (a qcow2 image that qemu-nbd has to read), sparse (Android's, for checks only), nbd (nbdkit). The
first argument that is a file is the image. After an edit the result is converted back to it. In the output the name of
the stand-in is replaced by that of the image. One line per call is appended to the file THROUGH_LOG.
"""
import os
import re
import subprocess
import sys
import tempfile

HOW, E4ZERO = os.environ["THROUGH"], os.environ["THROUGH_E4ZERO"]
# options whose argument is a file, but not the image
VALUES = {"--undo", "--undo-apply", "--from", "--script", "--trace-io", "--journal-device", "--report"}
LOOKS = {"--check", "--map"}
# lines that a raw image does not have: a note, and messages of nbdkit about connections that end early
NOISE = rb"(?m)^(nbdkit: |e4zero: .*: note: the image is an NBD export).*\n"


def image_of(argv):
    for before, arg in zip([""] + argv, argv):
        if before not in VALUES and not arg.startswith("-") and os.path.isfile(arg):
            return argv.index(arg)
    return None


def convert(source, target, *options):
    subprocess.run(["qemu-img", "convert", *options, source, target], check=True)


def through_file(argv, at, looks, stand_in):
    image = argv[at]
    if HOW == "sparse":
        subprocess.run(["img2simg", image, stand_in], check=True, stdout=subprocess.DEVNULL)
    else:
        convert(image, stand_in, *(["-c"] if HOW == "compressed" else []), "-f", "raw", "-O", "qcow2")
    done = subprocess.run([E4ZERO, *argv[:at], stand_in, *argv[at + 1:]], capture_output=True, check=False)
    if not looks:
        subprocess.run(["qemu-img", "check", "-q", stand_in], check=True)
        # in place: a suite may have the file open
        convert(stand_in, image, "-n", "-f", "qcow2", "-O", "raw")
    return done, stand_in


def through_nbd(argv, at, looks, stand_in):
    name = stand_in + ".uri"
    script = 'printf %s "$uri" >"$THROUGH_URI"; exec "$@"'
    command = " ".join(["set --", *(quoted(a) for a in [E4ZERO, *argv[:at]]), '"$uri"',
                        *(quoted(a) for a in argv[at + 1:]), ";", script])
    done = subprocess.run(["nbdkit", "-U", "-", *(["-r"] if looks else []), "file", argv[at], "--run", command],
                          capture_output=True, check=False, env={**os.environ, "THROUGH_URI": name})
    with open(name, encoding="ascii") as f:
        uri = f.read()
    os.unlink(name)
    return done, uri


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"


def main():
    argv = sys.argv[1:]
    at = image_of(argv)
    if at is None:
        os.execv(E4ZERO, [E4ZERO, *argv])
    # without an action it is a check
    looks = not any(a.startswith("--") and a not in LOOKS and a in EDITS for a in argv)
    with tempfile.TemporaryDirectory() as directory:
        stand_in = os.path.join(directory, "image")
        done, name = (through_nbd if HOW == "nbd" else through_file)(argv, at, looks, stand_in)
    for stream, text in ((sys.stdout, done.stdout), (sys.stderr, done.stderr)):
        stream.buffer.write(re.sub(NOISE, b"", text.replace(name.encode(), argv[at].encode())))
    if "THROUGH_LOG" in os.environ:
        with open(os.environ["THROUGH_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{HOW} {done.returncode} {' '.join(argv)}\n")
    sys.stdout.flush()
    sys.exit(done.returncode)


EDITS = {"--fix", "--truncate", "--zero-range", "--punch-hole", "--allocate", "--write-zeroes", "--zero",
         "--collapse-range", "--insert-range", "--write", "--script", "--convert", "--replay", "--undo-apply"}
main()
