#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An independent model of patterns, written from e4zero(8), PATTERNS: it knows none of our code.

    expand.py tree DIR SEED       a tree of names that are hard to match, in DIR
    expand.py patterns SEED N     N patterns, a line each
    expand.py judge DIR           what tests/api/expand says of an image of DIR, from standard input
"""
import os
import random
import sys
from functools import lru_cache

CHARS = ["a", "b", "c", "A", "-", "]", "[", "!", "^", "*", "?", "\\", ".", "1", " ", "\u00e9", "\u20ac", "\U0001f600"]


def decode(raw):
    """Characters: valid UTF-8, and a number of its own for each byte that is not."""
    out, at = [], 0
    while at < len(raw):
        for size in (1, 2, 3, 4):
            try:
                char = raw[at:at + size].decode("utf-8")
            except UnicodeDecodeError:
                continue
            if len(char) == 1:
                out.append(ord(char))
                at += size
                break
        else:
            out.append(0x110000 + raw[at])
            at += 1
    return out


CLASSES = {
    "alpha": str.isalpha, "digit": str.isdigit, "alnum": str.isalnum, "upper": str.isupper, "lower": str.islower,
    "space": lambda c: c in " \t\n\v\f\r", "blank": lambda c: c in " \t", "punct": lambda c: c.isprintable() and not c.isalnum() and c != " ",
    "print": str.isprintable, "graph": lambda c: c.isprintable() and c != " ", "cntrl": lambda c: not c.isprintable(),
    "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}


class Bad(Exception):
    pass


def parse_set(p, at):
    """The bracket expression whose bracket stands before AT: (test, what follows), or None if it is not closed."""
    negated = at < len(p) and chr_of(p[at]) in "!^"
    at += negated
    first, tests, bad = at, [], None
    while at < len(p):
        if p[at] == ord("]") and at != first:
            if bad:
                raise Bad(bad)
            return (lambda c: any(t(c) for t in tests) != negated), at + 1
        start, at, kind = element(p, at)
        if at + 1 < len(p) and p[at] == ord("-") and p[at + 1] != ord("]"):
            end, at, kind2 = element(p, at + 1)
            if kind == "class" or kind2 == "class" or "bad" in (kind, kind2):
                bad = "range"
            else:
                tests.append(lambda c, s=start, e=end: s <= c <= e)
        elif kind == "class":
            name = "".join(map(chr_of, start))
            if name not in CLASSES:
                bad = "class"
            else:
                tests.append(lambda c, n=name: c < 128 and CLASSES[n](chr(c)))
        elif kind == "bad":
            bad = "collating"
        else:
            tests.append(lambda c, s=start: c == s)
    return None


def chr_of(c):
    return chr(c) if c < 0x110000 else "\0"


def element(p, at):
    if p[at] == ord("[") and at + 1 < len(p) and chr_of(p[at + 1]) in ":.=":
        for i in range(at + 2, len(p) - 1):
            if p[i] == p[at + 1] and p[i + 1] == ord("]"):
                inner = p[at + 2:i]
                if p[at + 1] == ord(":"):
                    return inner, i + 2, "class"
                return (inner[0], i + 2, "char") if len(inner) == 1 else (0, i + 2, "bad")
    if p[at] == ord("\\") and at + 1 < len(p):
        at += 1
    return p[at], at + 1, "char"


def tokens(raw):
    p, at, out = decode(raw), 0, []
    while at < len(p):
        c = p[at]
        at += 1
        if c == ord("*"):
            out.append("star")
        elif c == ord("?"):
            out.append(lambda c: True)
        elif c == ord("[") and (found := parse_set(p, at)):
            out.append(found[0])
            at = found[1]
        else:
            if c == ord("\\") and at < len(p):
                c = p[at]
                at += 1
            out.append(c)
    return out


@lru_cache(None)
def compiled(raw):
    return tokens(raw)


def matches(raw, name):
    t, n = compiled(raw), decode(name)
    if n[0] == ord(".") and not (t and t[0] == ord(".")):
        return False
    row = {0}
    for token in t:
        if token == "star":
            row = set(range(min(row), len(n) + 1)) if row else row
        elif callable(token):
            row = {i + 1 for i in row if i < len(n) and token(n[i])}
        else:
            row = {i + 1 for i in row if i < len(n) and n[i] == token}
    return len(n) in row


def expand(top, parts, at, path, seen):
    here = os.path.join(top, *path)
    if at == len(parts):
        return
    part = parts[at]
    try:
        names = sorted(os.listdir(here))
    except OSError:
        return
    last = at == len(parts) - 1
    if part == b"**" and not last:
        expand(top, parts, at + 1, path, seen)
    for name in names:
        full = os.path.join(here, name)
        is_dir = os.path.isdir(full)
        if part == b"**":
            if name.startswith(b"."):
                continue
            if last:
                seen.add(b"/" + b"/".join(path + [name]))
            if is_dir and not os.path.islink(full):
                expand(top, parts, at, path + [name], seen)
        elif matches(part, name):
            if last:
                seen.add(b"/" + b"/".join(path + [name]))
            elif is_dir:
                expand(top, parts, at + 1, path + [name], seen)


def candidates(top, pattern):
    """By inode, all paths that PATTERN matches; None: it is no pattern."""
    if os.path.exists(top + pattern):
        return {os.stat(top + pattern).st_ino: [pattern]}
    seen, found = set(), {}
    try:
        parts = [p for p in pattern.split(b"/") if p]
        wild = [t for part in parts for t in compiled(part) if callable(t) or t == "star"]
        if not wild:
            path = b"/" + b"/".join("".join(map(chr, compiled(p))).encode() for p in parts)
            return {os.stat(top + path).st_ino: [path]} if os.path.exists(top + path) else {}
        expand(top, parts, 0, [], seen)
    except Bad:
        return None
    for path in seen:
        found.setdefault(os.lstat(top + path).st_ino, []).append(path)
    return found


def names(path):
    return path.split(b"/")


def is_plain(top, path):
    parts = names(path)[1:]
    return not any(os.path.islink(os.path.join(top, *parts[:i])) for i in range(1, len(parts)))


def judge_paths(top, paths, found):
    """What is wrong with PATHS, of which FOUND are right; a file is listed once."""
    inodes = [next((ino for ino, right in found.items() if path in right), None) for path, _ in paths]
    if len(set(inodes)) != len(inodes) or set(inodes) != set(found):
        return "other files: %r are wanted" % found
    if [path for path, _ in paths] != sorted((path for path, _ in paths), key=names):
        return "not in order"
    for (path, flags), ino in zip(paths, inodes):
        first = min(found[ino], key=names)
        if path != first and is_plain(top, first):
            return "%r comes before %r" % (first, path)
        if b"l" not in flags and (b"p" in flags) != is_plain(top, path):
            return "%r: links on the way" % path
    return None


def judge(top, listing):
    """Holds what tests/api/expand printed against the model."""
    top, count, files = os.fsencode(top), 0, 0
    for block in b"\n".join(listing.read().splitlines()).split(b"= /")[1:]:
        lines = block.split(b"\n")
        pattern, error, paths = b"/" + lines[0], None, []
        for line in lines[1:]:
            if line.startswith(b"! "):
                error = line.split()[1]
            elif line and not line.startswith(b"~"):
                flags, path = line.split(b" ", 1)
                paths.append((path, flags))
        found = candidates(top, pattern)
        wrong = None if found is not None else error != b"E4Z_ET_USAGE" and "it is no pattern"
        if found is not None:
            wrong = judge_paths(top, paths, found)
            if (error is not None) != (not found):
                wrong = "error %r" % error
        if wrong:
            sys.exit("%r: %s\n%r %r" % (pattern, wrong, paths, error))
        count, files = count + 1, files + len(paths)
    print("%d patterns, %d files" % (count, files))


def tree(top, seed):
    rng = random.Random(seed)
    top = os.fsencode(top)
    dirs = [b""]
    for i in range(220):
        parent = rng.choice(dirs)
        name = "".join(rng.choice(CHARS) for _ in range(rng.choice([1, 1, 2, 2, 3, 4]))).encode()
        if rng.random() < 0.05:
            name = bytes([rng.choice([0xff, 0xc3, 0xe2, 0x80])]) + name
        full = os.path.join(top, parent.lstrip(b"/"), name)
        if name in (b".", b"..") or os.path.lexists(full):
            continue
        kind = rng.random()
        if kind < 0.3 and parent.count(b"/") < 4:
            os.mkdir(full)
            dirs.append(parent + b"/" + name)
        elif kind < 0.4:
            target = rng.choice([b".", b"..", b"nowhere", rng.choice(dirs).split(b"/")[-1] or b"."])
            os.symlink(b"." if not parent and target == b".." else target, full)
        else:
            with open(full, "wb") as file:
                file.write(b"x")


def patterns(seed, count):
    rng = random.Random(seed)
    sets = ["[ab]", "[!a]", "[^b]", "[a-c]", "[]a]", "[!]a]", "[a-]", "[--a]", "[[:alpha:]]", "[[:punct:]]", "[![:digit:]]", "[[.-.]]",
            "[[=a=]]", "[\\]]", "[\\!a]", "[a\\-c]", "[", "[a", "[]", "[!", "[\u00e9\u20ac]", "[\u00a0-\u00ff]", "[!\u00e9]", "[[:nope:]]",
            "[[.ab.]]", "[c-a]", "[.]", "[[:upper:]1]", "[a[]", "[[:alpha:]-z]", "[!-a]", "[[.a.]-c]", "[*]", "[?]"]
    pieces = ["*", "*", "?", "*a*", "a*", "*.*", ".*", "\\*", "\\a", "**", "***"] + sets
    for _ in range(count):
        parts = []
        for _ in range(rng.choice([1, 2, 2, 3, 4])):
            if rng.random() < 0.25:
                parts.append("**")
            else:
                part = "".join(rng.choice(pieces if rng.random() < 0.6 else CHARS) for _ in range(rng.choice([1, 1, 2, 3])))
                parts.append("*" if part.replace("\\", "") in (".", "..") else part)
        line = "/" + "/".join(parts)
        if not line.endswith("\\") and "\\/" not in line:
            sys.stdout.buffer.write(line.encode() + b"\n")


if __name__ == "__main__":
    if sys.argv[1] == "tree":
        tree(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "patterns":
        patterns(int(sys.argv[2]), int(sys.argv[3]))
    else:
        judge(sys.argv[2], sys.stdin.buffer)
