# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants of the headers and tables of images in every format.

usage: headers.py E4ZERO RAW FROM COUNT [FORMAT...]     in an empty directory; COUNT of each format, seeds from FROM on

Each mutant is checked or edited: exit 0, 4, 8 or 12; one message if it is 8 or 12; no byte of the file changes except
by an edit that wrote; no file or socket is left. A mutant that fails is kept as FORMAT-SEED.
"""
import os
import random
import subprocess
import sys

SECRET = ["--object", "secret,id=key,file=key"]
FORMATS = {
    "qcow2": ["qcow2"],
    "small": ["qcow2", "-o", "cluster_size=512"],
    "subclusters": ["qcow2", "-o", "extended_l2=on"],
    "zstd": ["qcow2", "-c", "-o", "compression_type=zstd"],
    "vmdk": ["vmdk"],
    "stream": ["vmdk", "-o", "subformat=streamOptimized"],
    "vhdx": ["vhdx"],
    "vhd": ["vpc", "-o", "force_size=on"],
    "vdi": ["vdi"],
    "parallels": ["parallels"],
    "qed": ["qed"],
    "luks": ["luks", *SECRET, "-o", "key-secret=key,iter-time=10"],
    "encrypted": ["qcow2", *SECRET, "-o", "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10"],
}
ACTIONS = [["--check"], ["--check", "--all"], ["--fix", "--dry-run"], ["--fix"]]


def places(raw):
    """Offsets in the first sectors, and in data that looks like a table."""
    head = [i for i in range(1024) if raw[i] or i < 112]
    tables = [i for start in range(0, min(len(raw), 4 << 20), 512) if any(raw[start:start + 16])
              for i in range(start, min(start + 96, len(raw)))]
    return head, tables


def change(rng, raw, head, tables):
    for _ in range(rng.choice([1, 1, 2, 3, 5])):
        at = rng.choice(head if rng.random() < 0.5 else tables)
        if rng.random() < 0.25:
            width = rng.choice([4, 8])
            at -= at % width
            value = rng.choice([0, 1, 256 ** width - 1, 128 * 256 ** (width - 1), len(raw), 512, rng.randrange(1 << 20)])
            raw[at:at + width] = value.to_bytes(width, rng.choice(["little", "big"]))
        else:
            raw[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, raw[at] ^ 1 << rng.randrange(8)])
    if rng.random() < 0.1:
        del raw[rng.randrange(len(raw)):]


def fault(e4zero, action, raw):
    """The fault of ACTION on the mutant RAW, or None; and the exit status."""
    with open("image.img", "wb") as image:
        image.write(raw)
    run = [e4zero, "--timeout", "20", "--passphrase-file", "key", *action, "image.img"]
    try:
        done = subprocess.run(run, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return "it hangs", "hangs"
    said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if ": note: " not in line]
    if done.returncode not in (0, 4, 8, 12) or len(said) != (done.returncode in (8, 12)):
        return f"exit {done.returncode}: {said[-40:]}", done.returncode
    with open("image.img", "rb") as image:
        if (action != ["--fix"] or done.returncode == 8) and image.read() != raw:
            return f"exit {done.returncode}, and the file was changed", done.returncode
    left = os.listdir(os.environ["TMPDIR"])
    return f"{left} is left" if left else None, done.returncode


def main():
    e4zero, disk, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.mkdir("private")
    os.environ["TMPDIR"] = os.path.abspath("private")
    with open("key", "w", encoding="ascii") as key:
        key.write("correct horse")
    failed = 0
    for name in sys.argv[5:] or FORMATS:
        codes = {}
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", *FORMATS[name], disk, "good.img"], check=True)
        with open("good.img", "rb") as image:
            good = image.read()
        where = places(good)
        for seed in range(first, first + count):
            rng, raw = random.Random(f"{name} {seed}"), bytearray(good)
            change(rng, raw, *where)
            wrong, code = fault(e4zero, rng.choice(ACTIONS), raw)
            codes[code] = codes.get(code, 0) + 1
            if wrong:
                failed += 1
                print(f"FAIL {name} {seed}: {wrong}")
                with open(f"{name}-{seed}", "wb") as kept:
                    kept.write(raw)
        print(f"{name}: {count} mutants, exit status {codes}", flush=True)
    sys.exit(failed > 0)


main()
