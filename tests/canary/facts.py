# SPDX-License-Identifier: GPL-2.0-or-later
"""What an image holds that must not change: as debugfs and dumpe2fs print it, and as the kernel shows it."""

import hashlib
import os
import re
import shutil
import subprocess

from mounted import Mounted, run
from used import unlock

# of an inode a checksum covers what is scrubbed; the log is made empty, and a mark of an empty orphan file goes
OF_INODE = re.compile(r"Inode checksum: \S+|^Fragment: .*$", re.M)
OF_SUPER = re.compile(r"^(Checksum|Journal (?:start|sequence|checksum)[^:]*|Journal features|Filesystem features|Free \w+|"
                      r"FS Error.*|Mount count|Last mount(?:ed on| time)|Last write time|Lifetime writes|"
                      r"First orphan inode|Filesystem state):.*\n|^MMP_block:\n(?: .*\n)*", re.M)


def debugfs(image, lines):
    return subprocess.run(["debugfs", "-f", "-", image], input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, errors="surrogateescape", check=False).stdout


def answers(image, lines):
    """What debugfs prints for each line."""
    said = debugfs(image, [word for line in lines for word in (line, "show_debugfs_params")])
    parts = re.split(r"^debugfs: show_debugfs_params\n.*\n", said, flags=re.M)[:-1]
    return [part.split("\n", 1)[1] if "\n" in part else "" for part in parts]


def names_of(image):
    """{path: inode} by debugfs, level by level."""
    names, level = {"/": 2}, {"/": 2}
    while level:
        below = {}
        for (path, _), listed in zip(level.items(), answers(image, ["ls -p <%d>" % ino for ino in level.values()])):
            for ino, mode, name in re.findall(r"^/(\d+)/(\d+)/\d*/\d*/(.*)/\d*/$", listed, re.M):
                if int(ino) and name not in (".", ".."):
                    here = path + name + "/"
                    names[here] = int(ino)
                    if mode.startswith("04"):
                        below[here] = int(ino)
        level = below
    return names


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def contents(image, inodes):
    """{inode: hash} of what debugfs reads of each; of large holes nothing is written."""
    done = {}
    os.mkdir("dumped")
    debugfs(image, ["dump <%d> dumped/%d" % (ino, ino) for ino in inodes])
    for name in os.listdir("dumped"):
        done[int(name)] = digest("dumped/" + name)
        os.unlink("dumped/" + name)
    os.rmdir("dumped")
    return done


def by_tools(image):
    """Names, every field of each inode, attributes, contents, and the superblock."""
    names = names_of(image)
    inodes = sorted(set(names.values()))
    fields = answers(image, ["stat <%d>" % ino for ino in inodes])
    told = {ino: OF_INODE.sub("", said) for ino, said in zip(inodes, fields)}
    files = [ino for ino in inodes if "Type: regular" in told[ino]]
    return {"names": names, "inodes": told, "contents": contents(image, files),
            "super": OF_SUPER.sub("", run("dumpe2fs", "-h", image, status=(0, 1)))}


def entry(path):
    stat = os.lstat(path)
    said = [stat.st_ino, stat.st_mode, stat.st_nlink, stat.st_uid, stat.st_gid, stat.st_rdev, stat.st_size, stat.st_blocks,
            stat.st_atime_ns, stat.st_mtime_ns, stat.st_ctime_ns]
    said += [(name, os.getxattr(path, name, follow_symlinks=False)) for name in sorted(os.listxattr(path, follow_symlinks=False))]
    if os.path.islink(path):
        said.append(os.readlink(path))
    elif os.path.isfile(path):
        said.append(digest(path))
    elif os.path.isdir(path):
        said.append(os.listdir(path))  # in the order of the kernel
    return said


def by_kernel(image, journal=None):
    """The same as a mount of a copy shows it."""
    shutil.copy(image, "looked")
    with Mounted("looked", "mnt", "ro", journal) as where:
        unlock(where)
        shown = {path: entry(path) for top, below, files in os.walk(where) for path in
                 [top] + [os.path.join(top, name) for name in below + files]}
    os.unlink("looked")
    return shown


def differences(before, after):
    """A line for each fact that is not the same."""
    said = []
    for key in sorted(set(before) | set(after), key=str):
        if before.get(key) != after.get(key):
            if isinstance(before.get(key), dict) and isinstance(after.get(key), dict):
                said += ["%s %s" % (key, line) for line in differences(before[key], after[key])]
            else:
                said.append("%s: %s\n   became %s" % (key, before.get(key), after.get(key)))
    return said
