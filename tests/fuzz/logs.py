#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Logs whose copy of the superblock differs from that of the image, in every field that recovery reads.

usage: logs.py E4ZERO fields IMAGE [EVERY]     each field, several values; each EVERYth of those (1)
       logs.py E4ZERO become IMAGE OTHER...    the log makes OTHER of IMAGE

Each image is checked, replayed and edited. All actions accept it, or all refuse it with one message and no byte
changed. An accepted image is afterwards as the log has it, for a check, for e2fsck's replay and for the edit. The
witness, which reads the log independently, has the findings of a check.
"""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../images"))
import agree  # noqa: E402
import judge  # noqa: E402
import mklog  # noqa: E402

SUPER = 1024
ORPHAN_PRESENT = 0x10000

# offset, bytes
FIELDS = {
    "inodes_count": (0x00, 4), "blocks_count": (0x04, 4), "r_blocks_count": (0x08, 4),
    "free_blocks_count": (0x0C, 4), "free_inodes_count": (0x10, 4), "first_data_block": (0x14, 4),
    "log_block_size": (0x18, 4), "log_cluster_size": (0x1C, 4), "blocks_per_group": (0x20, 4),
    "clusters_per_group": (0x24, 4), "inodes_per_group": (0x28, 4), "mtime": (0x2C, 4), "wtime": (0x30, 4),
    "mnt_count": (0x34, 2), "max_mnt_count": (0x36, 2), "magic": (0x38, 2), "state": (0x3A, 2),
    "errors": (0x3C, 2), "minor_rev": (0x3E, 2), "lastcheck": (0x40, 4), "creator_os": (0x48, 4),
    "rev_level": (0x4C, 4), "def_resuid": (0x50, 2), "first_ino": (0x54, 4), "inode_size": (0x58, 2),
    "block_group_nr": (0x5A, 2), "feature_compat": (0x5C, 4), "feature_incompat": (0x60, 4),
    "feature_ro_compat": (0x64, 4), "uuid": (0x68, 4), "journal_uuid": (0xD0, 4), "journal_inum": (0xE0, 4),
    "journal_dev": (0xE4, 4), "last_orphan": (0xE8, 4), "reserved_gdt_blocks": (0xCE, 2),
    "def_hash_version": (0xFC, 1), "jnl_backup_type": (0xFD, 1), "desc_size": (0xFE, 2),
    "first_meta_bg": (0x104, 4), "mkfs_time": (0x108, 4), "jnl_blocks": (0x10C, 4),
    "blocks_count_hi": (0x150, 4), "free_blocks_hi": (0x158, 4), "min_extra_isize": (0x15C, 2),
    "want_extra_isize": (0x15E, 2), "flags": (0x160, 4), "mmp_block": (0x168, 4),
    "log_groups_per_flex": (0x174, 1), "checksum_type": (0x175, 1), "kbytes_written": (0x178, 4),
    "error_count": (0x194, 4), "usr_quota_inum": (0x240, 4), "grp_quota_inum": (0x244, 4),
    "backup_bgs": (0x24C, 4), "lpf_ino": (0x268, 4), "prj_quota_inum": (0x26C, 4),
    "checksum_seed": (0x270, 4), "encoding": (0x27C, 2), "orphan_file_inum": (0x280, 4),
}
# a replay corrects these whatever the log has: counts, the flag, the checksum
DERIVED = [(0x0C, 8), (0x158, 4), (0x3FC, 4)]


def values(name, old, size):
    """The values to try in a field, without its own."""
    top = (1 << 8 * size) - 1
    if name.startswith("feature_"):
        return [old ^ 1 << bit for bit in range(32)]
    tried = {0, 1, 2, old + 1, old - 1, old * 2, old // 2, old + 8, old ^ 1 << 8 * size - 1, top, top >> 1}
    return sorted({v & top for v in tried} - {old})


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha1(f.read()).digest()


class Trial:
    """The results of the programs for one image."""

    def __init__(self, e4zero, name, path):
        self.e4zero, self.name, self.path, self.faults = e4zero, name, path, []
        self.before, self.testified = digest(path), False
        self.copy = path + ".copy"

    def fault(self, text, *args):
        self.faults.append("%s: " % self.name + text % args)

    def run(self, path, *args):
        """Exit status, the report's records, messages."""
        try:
            done = subprocess.run([self.e4zero, "--json", *args[:-1], path, *args[-1]], capture_output=True,
                                  timeout=60, check=False)
        except subprocess.TimeoutExpired:
            self.fault("%s does not end", args[0])
            return None, [], ""
        words = done.stderr.decode("utf-8", "replace")
        if done.returncode not in (0, 4, 8):
            self.fault("%s: exit %d: %s", args[0], done.returncode, words[:300])
        if "runtime error" in words or "Sanitizer" in words:
            self.fault("%s: sanitizer: %s", args[0], words[:300])
        if done.returncode == 8 and words.count("\n") != 1:
            self.fault("%s: not one sentence: %s", args[0], words[:300])
        if done.returncode == 8 and digest(path) != self.before:
            self.fault("%s: refused, but the image was changed: %s", args[0], words[:300])
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], words

    def check(self, path):
        status, records, words = self.run(path, "--check", "--paranoid", [])
        return status, [r for r in records if r.get("type") in ("finding", "skipped")], words

    def fresh(self):
        shutil.copyfile(self.path, self.copy)
        return self.copy

    def judge(self, log, writes):
        status, found, words = self.check(self.path)
        if digest(self.path) != self.before:
            self.fault("a check writes")
        if status in (0, 4):
            self.witness(found)
        replayed, _, said = self.run(self.fresh(), "--replay", [])
        if status == 8 and replayed != 8:
            self.fault("a check refuses it, --replay does not: %s", words)
        if replayed == 0:
            self.compare(log, writes, status, found)
            sound = self.fsck(self.copy)
        self.edit(replayed, sound if replayed == 0 else None)
        if replayed == 0 and status in (0, 4):
            self.theirs(status, found)
        return "refused" if replayed == 8 else "taken" if replayed == 0 else said

    def witness(self, found):
        """Compare with the findings of the witness, which reads the log itself, if it has any."""
        findings, _ = agree.testify(self.path, True)
        if findings is not None:
            self.testified = True
            theirs = [judge.normal(f) for f in found if f["type"] == "finding"]
            judge.compare([judge.normal(f) for f in findings], theirs, self.faults)

    def fsck(self, path):
        return subprocess.run(["e2fsck", "-fn", path], capture_output=True, check=False).returncode

    def compare(self, log, writes, status, found):
        """The log is written to its final locations, and a check has the same findings as before."""
        with open(self.copy, "rb") as f:
            data = f.read()
        for block, want in writes:
            want, got = bytearray(want), bytearray(data[block * log.bs:(block + 1) * log.bs])
            if block == SUPER // log.bs:
                for sb in want, got:
                    neutral(memoryview(sb)[SUPER % log.bs:][:1024])
            if want != got:
                self.fault("block %d is not as the log has it", block)
        if self.check(self.copy)[:2] != (status, found):
            self.fault("a check finds something else after the replay")

    def edit(self, replayed, sound):
        status, _, words = self.run(self.fresh(), "--truncate", "5", ["/file"])
        if status == 0 and replayed != 0:
            self.fault("what --replay refuses is edited")
        if status == 0 and sound == 0 and self.fsck(self.copy):
            self.fault("e2fsck finds fault with the edit")

    def theirs(self, status, found):
        """Compare with e2fsck's replay, unless e2fsck then prefers a backup superblock."""
        if "quota_inum" in self.name:
            return  # e2fsck moves a quota file with another inode number than usual: e2fsck_hide_quota()
        if "last_orphan" in self.name:
            return  # e2fsck then processes the orphan list, and drops a corrupt one
        done = subprocess.run(["e2fsck", "-y", "-E", "journal_only", self.fresh()], capture_output=True,
                              check=False)
        own = done.returncode <= 1 and b"backup" not in done.stdout + done.stderr
        if own and self.check(self.copy)[:2] != (status, found):
            self.fault("a check finds something else after e2fsck's replay")

    def end(self):
        if os.path.exists(self.copy):
            os.unlink(self.copy)
        return self.faults


def neutral(sb):
    for at, size in DERIVED:
        sb[at:at + size] = bytes(size)
    for at, bits in ((0x60, mklog.RECOVER), (0x64, ORPHAN_PRESENT)):
        struct.pack_into("<I", sb, at, struct.unpack_from("<I", sb, at)[0] & ~bits)


def other_block_sizes(sb):
    """A consistent superblock for the same number of bytes in blocks of another size."""
    was = struct.unpack_from("<I", sb, 0x18)[0]
    blocks, per_group, inodes = (struct.unpack_from("<I", sb, at)[0] for at in (0x04, 0x20, 0x28))
    for log_size in {0, 1, 2} - {was}:
        new = bytearray(sb)
        count = blocks << was >> log_size
        per_group = min(per_group, 8 << 10 + log_size)
        groups = -(-(count - (log_size == 0)) // per_group)
        for at, value in ((0x18, log_size), (0x1C, log_size), (0x14, log_size == 0), (0x04, count), (0x20, per_group),
                          (0x24, per_group), (0x00, groups * inodes)):
            struct.pack_into("<I", new, at, value)
        yield "blocks of %d bytes" % (1024 << log_size), new


def mutants(sb, every):
    """(name, superblock)"""
    yield from other_block_sizes(sb)
    number = 0
    for name, (at, size) in FIELDS.items():
        old = int.from_bytes(sb[at:at + size], "little")
        for value in values(name, old, size):
            number += 1
            if number % every:
                continue
            new = bytearray(sb)
            new[at:at + size] = value.to_bytes(size, "little")
            yield "%s 0x%x" % (name, value), new


def fields(image, every):
    with open(image, "rb") as f:
        base = f.read()
    for name, new in mutants(base[SUPER:SUPER + 1024], every):
        if not name.startswith("feature_incompat"):
            struct.pack_into("<I", new, 0x60, struct.unpack_from("<I", new, 0x60)[0] | mklog.RECOVER)
        mklog.seal_super(new)
        data = bytearray(base)
        log = mklog.Log(image, data, 16)
        block = SUPER // log.bs
        start = block * log.bs
        whole = bytearray(data[start:start + log.bs])
        whole[SUPER - start:SUPER - start + 1024] = new
        writes = [(block, bytes(whole))]
        log.transaction(2, writes)
        log.begins(1, 2)
        log.needs_recovery()
        yield name, data, log, writes


def become(image, others):
    for other in others:
        with open(image, "rb") as f:
            data = bytearray(f.read())
        data.extend(bytes(max(0, os.path.getsize(other) - len(data))))
        log = mklog.Log(image, data)
        writes = list(log.become(other))
        log.transaction(2, writes)
        log.begins(1, 2)
        log.needs_recovery()
        yield other, data, log, writes


def main():
    e4zero, how, image = sys.argv[1:4]
    if how == "fields":
        trials = fields(image, int(sys.argv[4]) if sys.argv[4:] else 1)
    else:
        trials = become(image, sys.argv[4:])
    counts, bad, testified = {"refused": 0, "taken": 0}, 0, 0
    for name, data, log, writes in trials:
        with open("trial", "wb") as f:
            f.write(data)
        trial = Trial(e4zero, name, "trial")
        verdict = trial.judge(log, writes)
        counts[verdict] = counts.get(verdict, 0) + 1
        if os.environ.get("VERBOSE"):
            print(name, verdict)
        faults = trial.end()
        bad += bool(faults)
        testified += trial.testified
        for fault in faults[:4]:
            print(fault)
    print("%s: %d logs, %d taken, %d refused, %d read by the witness, %d with faults"
          % (image, sum(counts.values()), counts["taken"], counts["refused"], testified, bad))
    return 1 if bad or not counts["taken"] or not testified or sum(counts.values()) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
