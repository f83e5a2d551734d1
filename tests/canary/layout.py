#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One layout on a device full of a canary: made, used, scrubbed, searched, compared and used again.

    layout.py E4ZERO HOW SIZE MKE2FS-ARGUMENT...

HOW is words with commas between them: `tools` (debugfs makes and removes files), `crash` (the image is taken while it is
mounted), `open` (and while some of what is deleted is open), `external` (its journal is in a file of its own), what
e2fsprogs make of it after it was used (THEN), and options of mount(8).
"""

import json
import os
import re
import shutil
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../kernel"))
from canary import Secrets, fill, holds, live, search
from facts import by_kernel, by_tools, differences
from mounted import Failed, Mounted, run
from used import Use, use_again

# what is done once the file system has been used; SIZE is that of the image
THEN = {
    "shrink": lambda size: [["resize2fs", "image", "%dK" % (size // 1024 * 5 // 8)]],
    "grow": lambda size: [["resize2fs", "image", "%dK" % (size // 1024)]],
    "to-64": lambda size: [["resize2fs", "-b", "image"]],
    "to-32": lambda size: [["resize2fs", "-s", "image"]],
    "inodes-256": lambda size: [["tune2fs", "-I", "256", "image"]],
    "new-journal": lambda size: [["tune2fs", "-O", "^has_journal", "image"], ["e2fsck", "-fy", "image"],
                                 ["tune2fs", "-J", "size=2", "image"]],
    "to-csum": lambda size: [["tune2fs", "-O", "metadata_csum", "image"],
                             ["e2fsck", "-fyD", "image"]],
    "from-csum": lambda size: [["tune2fs", "-O", "^metadata_csum", "image"]],
    "sorted": lambda size: [["e2fsck", "-fyD", "image"]],
}
WORDS = {"tools", "crash", "open", "external"} | set(THEN)
SMALL = {"grow"}  # made on half of the device


UUID = "11111111-2222-3333-4444-555555555555"


class Layout:
    def __init__(self, e4zero, how, size, arguments):
        self.e4zero, self.size, self.arguments = e4zero, int(size) << 20, arguments
        words = how.split(",")
        self.words, self.options = WORDS & set(words), ",".join(w for w in words if w not in WORDS | {"-"})
        self.secrets, self.journal = Secrets(), None
        self.bs = int(arguments[arguments.index("-b") + 1])

    def make(self):
        fill("image", self.size)
        if "external" in self.words:
            fill("journal", 8 << 20)
            self.journal = "journal"
            run("mke2fs", "-q", "-F", "-O", "journal_dev", "-b", str(self.bs), "-U", UUID, "journal")
        size = self.size // 1024 // (2 if self.words & SMALL else 1)
        run("mke2fs", "-q", "-F", *self.arguments, "image", "%dK" % size)
        if "external" in self.words:
            self.join()

    def join(self):
        """Superblocks of both name the other one; without a device mke2fs and tune2fs refuse to."""
        for line in "feature has_journal", "ssv journal_uuid " + UUID, "ssv journal_inum 0", "ssv journal_dev 0x700":
            run("debugfs", "-w", "-R", line, "image")
        uuid = re.search(r"Filesystem UUID: *(\S+)", run("dumpe2fs", "-h", "image"))[1]
        with open("journal", "r+b") as f:
            block = 2 if self.bs == 1024 else 1
            f.seek(block * self.bs + 0x40)
            f.write(struct.pack(">I", 1))
            f.seek(block * self.bs + 0x100)
            f.write(bytes.fromhex(uuid.replace("-", "")))

    def mounted(self, options=None):
        return Mounted("image", "mnt", self.options if options is None else options, self.journal)

    def e2fsck(self, *options, status=(0, 1)):
        return run("e2fsck", *options, *(["-j", self.journal] if self.journal else []), "image", status=status)

    def silent(self):
        said = self.e2fsck("-fn", status=(0,))
        if re.search(r"fix\?|error|warning|invalid", said, re.I):
            raise Failed("e2fsck is not silent: " + said)

    # ---- use ----

    def use(self):
        os.makedirs("mnt", exist_ok=True)
        if "tools" in self.words:
            return self.use_tools()
        use = Use("mnt", self.secrets, self.bs)
        with self.mounted():
            use.make()
        with self.mounted():
            use.remove()
            use.unlinked()
            held = use.held() if "open" in self.words else []
            os.sync()
            if "crash" in self.words:
                shutil.copy("image", "crashed")
            for fd in held:
                os.close(fd)
        if "crash" in self.words:
            os.replace("crashed", "image")
            self.e2fsck("-fn", status=(0, 4))
        return None

    def use_tools(self):
        """The same in small, by debugfs."""
        say = self.secrets
        for name, body in ("kept", live(1, 3 * self.bs + 5)), ("small", live(2, 50)), ("lost", say.text("content", 3 * self.bs + 9)), \
                ("tiny", say.text("small content", 70)), ("value", say.text("value", 400)), ("long", say.text("long value", self.bs * 2)):
            with open(name, "w", encoding="ascii") as f:
                f.write(body)
        made, gone = ["mkdir D", "cd D"], ["cd D"]
        for i in range(120):
            lost = say.word("a name")
            made += ["write %s %s" % ("small" if i % 2 else "kept" if i < 4 else "small", live(i)),
                     "write %s %s" % ("tiny" if i % 2 else "lost", lost)]
            gone.append("rm " + lost)
        for i in range(4):
            lost = say.word("a link")
            made += ["symlink %s %s" % (lost, say.text("a target", 30 + 60 * i)), "symlink L%d %s" % (i, live(i, 30 + 60 * i))]
            gone.append("rm " + lost)
        name = "user." + say.word("an attribute")
        made += ["ea_set -f value %s %s" % (live(1), name), "ea_set -f long %s %s" % (live(2), name), "ea_set -f value D %s" % name]
        gone += ["ea_rm %s %s" % (live(1), name), "ea_rm %s %s" % (live(2), name), "mknod fifo p"]
        for lines in made, gone:
            subprocess.run(["debugfs", "-w", "-f", "-", "image"], input="\n".join(lines) + "\n", stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, text=True, check=True)
        for _ in range(2):  # one of them is not enough for the quota
            self.e2fsck("-fy")

    def then(self):
        for word in self.words & set(THEN):
            self.e2fsck("-fy")
            for command in THEN[word](self.size):
                run(*command, status=(0, 1))
            said = run("dumpe2fs", "-h", "image")
            os.truncate("image", int(re.search(r"Block count: *(\d+)", said)[1]) * self.bs)
            with self.mounted():
                pass

    # ---- e4zero ----

    def report(self, status, *arguments):
        if self.journal:
            arguments = "--journal-device", self.journal, *arguments
        done = subprocess.run([self.e4zero, "--json", *arguments, "image"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode not in status:
            raise Failed("e4zero %s: exit %d\n%s%s" % (" ".join(arguments), done.returncode, done.stdout.decode()[-3000:],
                                                       done.stderr.decode()))
        return records

    @staticmethod
    def ledger(records):
        ledger = next(r for r in records if r["type"] == "ledger")
        classes = {row["class"]: row for row in ledger["classes"]}
        if sum(row["bytes"] for row in classes.values()) != ledger["size"]:
            raise Failed("the classes do not add up to %d" % ledger["size"])
        for name in "leaked-block", "disputed":
            if name in classes:
                raise Failed("%s: %s" % (name, classes[name]))
        return classes

    def masks(self):
        """What the report lists as left."""
        records = self.report((0,), "-v", "--check", "--all")
        left = {name for name, row in self.ledger(records).items() if row["left"] and row["bytes"]}
        masks = [(0, 1024)] if "boot-block" in left else []
        for record in records:
            if record["type"] == "finding" and record["kind"] == "opaque":
                block = record["pblk"] * self.bs
                masks.append((block + record["size"] % self.bs, block + self.bs))
        unknown = left - {"boot-block", "ciphertext"}
        if unknown:
            print("left: " + ", ".join(sorted(unknown)))
        return masks

    def scrub(self):
        classes = self.ledger(self.report((4,), "--check", "--all"))
        if "open" in self.words and "deleted-open" not in classes:
            raise Failed("nothing of it was open")
        if not holds("image"):
            raise Failed("there is nothing to be scrubbed")
        fixed = self.report((0,), "--fix", "--all")[-1]
        if fixed["left"]:
            raise Failed("left: %s" % fixed)
        masks = self.masks()
        shutil.copy("image", "once")
        self.report((0,), "--fix", "--all")
        run("cmp", "image", "once")
        os.unlink("once")
        found = search("image", self.secrets, masks)
        if self.journal:
            found += search(self.journal, self.secrets, [(0, 1024)])
        if found:
            raise Failed("still there:\n" + "\n".join("%d (block %d + %d): %s" % (off, off // self.bs, off % self.bs, what)
                                                       for off, what in found))
        return fixed

    # ---- before and after ----

    def mountable(self):
        return "tools" not in self.words

    def facts(self):
        facts = by_tools("image")
        if self.mountable():
            facts["kernel"] = by_kernel("image", self.journal)
        return facts

    def before(self):
        """After a crash: as e2fsck replays the journal, and as a mount frees what was deleted while it was open.

        Of that e2fsck 1.47.0 leaves the numbers in the orphan file: the kernel then refuses to mount it read-only.
        """
        if "crash" not in self.words:
            self.silent()
            return self.facts()
        shutil.copy("image", "crashed")
        if "open" in self.words:
            with self.mounted():
                pass
        else:
            self.e2fsck("-y", "-E", "journal_only")
        facts = self.facts()
        os.replace("crashed", "image")
        return facts

    def again(self):
        if not self.mountable():
            return
        for _ in range(2):
            with self.mounted():
                use_again("mnt", self.bs)
            self.silent()
            self.e2fsck("-fyD")
            self.silent()
            with self.mounted() as where:
                run("rm", "-r", *(os.path.join(where, name) for name in os.listdir(where) if name.startswith("NEW")))
                run("find", os.path.join(where, "TREE"), "-name", "NEW*", "-delete")
        self.silent()

    def run(self):
        self.make()
        self.use()
        self.then()
        before = self.before()
        fixed = self.scrub()
        self.silent()
        wrong = differences(before, self.facts())
        if wrong:
            raise Failed("not as before:\n" + "\n".join(wrong[:10]))
        self.again()
        print("canary: %d findings, %d secrets" % (fixed["fixed"], len(self.secrets.what)))


def main():
    try:
        Layout(*sys.argv[1:4], sys.argv[4:]).run()
    except Failed as failed:
        print("FAILED: %s\n   %s" % (" ".join(sys.argv[2:]), failed))
        sys.exit(1)


main()
