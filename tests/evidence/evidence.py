#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the long checks at stated sizes; write their figures to one page and one JSON document.

usage: evidence.py --build DIR [--out DIR] [--list] [PART...]

Exit status 1: a part failed, or did not print its figures. Parts that cannot run on this machine
are listed as skipped.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from parts import PARTS, TOOLS  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77


def first_line(argv, **how):
    try:
        said = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              text=True, errors="replace", **how)
    except OSError:
        return None
    return next((line.strip() for line in said.stdout.splitlines() if line.strip()), None)


def commit():
    """The commit, with "+" if tracked files differ from it; None: not in a checkout."""
    if not shutil.which("git") or not (TOP / ".git").exists():
        return None
    name = first_line(["git", "-C", TOP, "rev-parse", "HEAD"])
    changed = first_line(["git", "-C", TOP, "status", "--porcelain", "--untracked-files=no"])
    return name + "+" if changed else name


def words(text):
    """"12 by mount; 3 none" -> by_mount 12, none 3"""
    for number, name in re.findall(r"(?<!\S)(\d+) (.*?)(?=;|\s+\d+\s|\s*$)", text):
        yield re.sub(r"\W+", "_", name.strip()), int(number)


def read_figures(part, text):
    """The figures of TEXT, and the patterns that match no line of it."""
    found, missing = collections.OrderedDict(), []
    for figure in part.figures:
        matches = list(re.finditer(figure.pattern, text, re.M))
        if not matches:
            missing.append(figure.pattern)
        for match in matches:
            pairs = words(match[1]) if figure.words else match.groupdict().items()
            for name, value in pairs:
                # an empty group counts the lines that match
                value = int(value) if value != "" else 1
                found[name] = value if figure.last else found.get(name, 0) + value
    return found, missing


def run(part, make, work, log):
    """The exit status of PART; None: it took too long."""
    fill = {"make": make[0], "top": str(TOP), "work": str(work)}
    argv = [word.format(**fill) for word in part.command]
    if argv[0] == make[0]:
        argv[1:1] = make[1:]
    env = dict(os.environ, LC_ALL="C", **dict(pair.format(**fill).split("=", 1) for pair in part.env))
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        env.pop(name, None)
    with open(log, "wb") as out, subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env,
            start_new_session=True) as child:
        try:
            return child.wait(part.limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)


def goals_of(part, work):
    """The goals in the newest JSON file of PART."""
    files = sorted((work / "images").glob(part.goals), key=os.path.getmtime) if part.goals else []
    return json.loads(files[-1].read_text())["goals"] if files else []


def examine(part, make, out):
    """Run PART; returns its entry of the document."""
    log = out / (part.name + ".log")
    said = {"name": part.name, "title": part.title, "size": part.size,
            "command": " ".join(part.env + part.command).format(make="make", top=".", work="build")}
    if part.needs_root and os.geteuid():
        return dict(said, verdict="skipped", why="needs root")
    start = time.monotonic()
    with tempfile.TemporaryDirectory(dir=out) as work:
        status = run(part, make, pathlib.Path(work), log)
        goals = goals_of(part, pathlib.Path(work))
    text = log.read_text(errors="replace")
    figures, missing = read_figures(part, text)
    said.update(seconds=round(time.monotonic() - start), figures=figures, goals=goals)
    if part.tables:
        said["tables"] = text
    if status == SKIPPED:
        lines = text.strip().splitlines()
        return dict(said, verdict="skipped", why=lines[-1] if lines else "")
    if status is None:
        return dict(said, verdict="failed", why="it takes more than %d s" % part.limit)
    if status:
        return dict(said, verdict="failed", why="exit status %d: %s" % (status, log.name))
    if missing or (part.goals and not goals):
        return dict(said, verdict="failed", why="it does not say: " + ", ".join(missing or ["goals"]))
    if not figures.get("passed", 1) and figures.get("skipped"):
        return dict(said, verdict="skipped", why="all of it was: " + log.name)
    return dict(said, verdict="held")


# ---- the page ----


def number(value):
    return format(value, ",")


def page(evidence):
    yield "# Evidence for " + evidence["version"]
    yield ""
    yield "Commit %s, %s, %d processors, %d minutes. Each part is a command that anybody can run." % (
        evidence["commit"] or "unknown (not a checkout)", evidence["date"], evidence["processors"],
        round(evidence["seconds"] / 60))
    yield ""
    yield "| tool | version |"
    yield "|---|---|"
    for name, version in evidence["tools"].items():
        yield "| %s | %s |" % (name, version or "not installed")
    for part in evidence["parts"]:
        yield ""
        yield "## %s: %s" % (part["title"], part["verdict"])
        yield ""
        yield "`%s`: %s%s." % (part["command"], part["size"],
                               "; %d s" % part["seconds"] if "seconds" in part else "")
        if "why" in part:
            yield ""
            yield "**%s**" % part["why"]
        if part.get("figures"):
            yield ""
            yield "| figure | |"
            yield "|---|--:|"
            for name, value in part["figures"].items():
                yield "| %s | %s |" % (name.replace("_", " "), number(value))
        if "tables" in part:
            yield ""
            yield part["tables"].strip()
        if part.get("goals"):
            yield ""
            yield "| goal | wanted | measured | |"
            yield "|---|---|---|---|"
            for goal in part["goals"]:
                yield "| %(goal)s | %(wanted)s | %(measured)s | %(verdict)s |" % goal


def write(path, text):
    """Write the file completely or not at all."""
    half = path.with_suffix(".half")
    half.write_text(text)
    half.replace(path)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1][7:])
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("part", nargs="*")
    args = parser.parse_args()
    known = {part.name: part for part in PARTS}
    unknown = [name for name in args.part if name not in known]
    if args.list:
        for part in PARTS:
            print("%-12s %s" % (part.name, part.title))
        return 0
    if unknown or not args.build:
        parser.error("no part %s: see --list" % unknown[0] if unknown else "--build is needed")
    out = args.out or args.build / "evidence"
    out.mkdir(parents=True, exist_ok=True)
    make = [os.environ.get("MAKE", "make"), "-s", "-C", str(args.build)]
    start = time.monotonic()
    evidence = {"schema": 1, "commit": commit(), "date": time.strftime("%Y-%m-%d", time.gmtime()),
                "version": first_line([args.build / "e4zero", "--version"]) or "e4zero",
                "processors": os.cpu_count(),
                "tools": {name: first_line(argv) for name, argv in TOOLS}, "parts": []}
    for part in [known[name] for name in args.part] or PARTS:
        print("== %s: %s" % (part.name, part.title), flush=True)
        evidence["parts"].append(examine(part, make, out))
        last = evidence["parts"][-1]
        print("%s%s" % (last["verdict"], ": " + last["why"] if "why" in last else ""), flush=True)
    evidence["seconds"] = round(time.monotonic() - start)
    write(out / "evidence.json", json.dumps(evidence, indent=1) + "\n")
    write(out / "evidence.md", "\n".join(page(evidence)) + "\n")
    print("written: %s/evidence.md and evidence.json" % out)
    return any(part["verdict"] == "failed" for part in evidence["parts"])


if __name__ == "__main__":
    sys.exit(main())
