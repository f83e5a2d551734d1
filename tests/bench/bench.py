#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the cases of cases.py, interleaved, and prints medians, ratios and goals. See README.md."""
import argparse
import datetime
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True  # nothing is left in the source tree
import cases  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
DIR = os.path.abspath(os.environ.get("E4ZERO_BENCH_DIR") or os.path.join(CACHE, "e4zero-bench"))
BIN = os.path.join(DIR, "bin")
E4ZERO = os.path.abspath(os.environ.get("E4ZERO") or "e4zero")
TIMEOUT = 900
LIBRARY = os.path.abspath(os.environ.get("LIBE4ZERO") or
                          os.path.join(os.path.dirname(E4ZERO), "libe4zero.a"))
PROGRAMS = {"floor": ["-O3", "-pthread"], "count": ["-O3"], "measure": ["-O2"],
            "floor-commit": ["-O2"], "floor-convert": ["-O2"], "floor-nbd": ["-O2", "-Wl,--no-as-needed", "-lnbd"],
            "linked": ["-O2", "-Wl,-z,relro,-z,now,--no-as-needed", "-lext2fs", "-lblkid", "-luuid",
                       "-lcom_err", "-ljson-c", "-lsmartcols"],
            "floor-read": ["-O2", "-pthread"], "metadata": ["-O2", "-pthread"]}
WITH_LIBRARY = ("metadata",)

wrong = []


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def fail(text):
    wrong.append(text)
    say("WRONG: " + text)


def output_of(argv):
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, text=True)
    return done.returncode, done.stdout


def library_flags():
    """What compiles and links with the library as it was built."""
    build = os.path.dirname(LIBRARY)
    places = (build, os.path.join(build, "lib"), os.path.join(HERE, "..", "..", "lib"))
    return (["-include", os.path.join(build, "config.h"), *("-I" + place for place in places)],
            [LIBRARY, "-lext2fs", "-lblkid", "-luuid", "-lcom_err"])


def build_program(name, flags):
    source, target = os.path.join(HERE, "programs", name + ".c"), os.path.join(BIN, name)
    sources, before, after = [source], [], []
    if name in WITH_LIBRARY:
        if not os.path.exists(LIBRARY):
            if os.path.exists(target):
                os.unlink(target)  # another library's figures would be taken for this one's
            return
        before, after = library_flags()
        sources.append(LIBRARY)
    if os.path.exists(target) and all(os.path.getmtime(target) > os.path.getmtime(s)
                                      for s in sources):
        return
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-Wall", "-Wextra", *flags, *before,
                    "-o", target, source, *after], check=True)


def build_programs():
    os.makedirs(BIN, exist_ok=True)
    for name, flags in PROGRAMS.items():
        build_program(name, flags)


def make_image(name):
    """The path and the facts of an image, or None where it cannot be made here."""
    maker = subprocess.Popen([os.path.join(HERE, "images.sh"), name])
    try:
        status = maker.wait()
    except BaseException:
        maker.terminate()  # it unmounts and detaches before it ends
        maker.wait()
        raise
    if status == 77:
        say(f"SKIP every case of image {name}")
        return None
    if status:
        sys.exit(f"bench: image {name} could not be made")
    with open(os.path.join(DIR, name + ".json"), encoding="utf-8") as facts:
        return os.path.join(DIR, name + ".img"), json.load(facts)


def resident(image):
    """Bytes of the image in the page cache, or None where fincore(1) is missing."""
    if not shutil.which("fincore"):
        return None
    status, out = output_of(["fincore", "-b", "-n", "-o", "RES", image])
    return int(out or 0) if status == 0 else None


def evict(image):
    fd = os.open(image, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    if (resident(image) or 0) > 1 << 20:
        if os.geteuid() == 0:
            with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as drop:
                drop.write("1\n")
        if (resident(image) or 0) > 1 << 20:
            fail(f"{image} stays in the page cache: its cold figures are not cold")


def stretches(fd, end):
    """[start, stop) of what the host has allocated of a file."""
    at = 0
    while at < end:
        try:
            at = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            return
        stop = os.lseek(fd, at, os.SEEK_HOLE)
        yield at, stop
        at = stop


def warm(image):
    """Read what the host has allocated of the image."""
    fd = os.open(image, os.O_RDONLY)
    for at, stop in stretches(fd, os.fstat(fd).st_size):
        while at < stop:
            at += len(os.pread(fd, min(1 << 20, stop - at), at)) or stop
    os.close(fd)


def fresh_copy(image):
    """A copy that is on the disk: what is measured next must not have to write it out."""
    copy = os.path.join(DIR, f"copy.{os.getpid()}.img")
    source, fd = os.open(image, os.O_RDONLY), os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    end = os.fstat(source).st_size
    os.ftruncate(fd, end)
    for at, stop in stretches(source, end):
        while at < stop:
            # cp(1) would make holes of zeros that are allocated, which is for e4zero to find
            os.pwrite(fd, os.pread(source, min(1 << 20, stop - at), at), at)
            at = min(at + (1 << 20), stop)
    os.fsync(fd)
    os.close(fd)
    os.close(source)
    return copy


def expand(argv, image):
    return [word.format(image=image, e4zero=E4ZERO, bin=BIN, here=HERE, cache=DIR) for word in argv]


def available(command):
    if command.root and os.geteuid() != 0:
        return False
    return shutil.which(expand(command.argv[:1], "")[0]) is not None


def run(command, image):
    """One run: what measure.c says of it, and the output."""
    reader, writer = os.pipe()
    argv = [os.path.join(BIN, "measure"), str(writer), *expand(command.argv, image)]
    if command.into:
        argv += ["--into", *expand(command.into, image)]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             errors="replace", pass_fds=(writer,), start_new_session=True)
    os.close(writer)
    try:
        out, err = child.communicate(timeout=TIMEOUT)
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        os.close(reader)
        raise
    with os.fdopen(reader, encoding="ascii") as result:
        text = result.read()
    if child.returncode or not text:
        raise RuntimeError(f"{command.name}: measure failed: {err.strip()[-300:]}")
    return json.loads(text), out, err


def judge(command, facts, got, out, err):
    """A run that fails or gives a wrong answer does not count as fast."""
    who = f"{command.name} on {facts['name']}"
    if got["exit"] not in command.exits:
        fail(f"{who}: exit {got['exit']}: {(err or out).strip()[-300:]}")
        return False
    if command.stale:
        said = re.search(rf"\b{command.stale} (\d+)", out)
        if not said or int(said.group(1)) != facts["stale"]:
            fail(f"{who}: there are {facts['stale']} stale tails, it says: {out.strip()[-200:]}")
            return False
    if command.says and command.says.format(**facts) not in out:
        fail(f"{who}: it should say {command.says.format(**facts)}: {out.strip()[-200:]}")
        return False
    return True


def judge_after(command, image, facts):
    for argv in command.then:
        done = subprocess.run(expand(argv, image), check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode:
            fail(f"after {command.name} on {facts['name']}: {argv[0]} ends with "
                 f"{done.returncode}: {done.stdout.strip()[-300:]}")


def verify_check(image, facts):
    """Before anything is timed: does e4zero find exactly the tails that were stained?"""
    status, out = output_of([E4ZERO, "--check", "--json", image])
    tails = others = 0
    for line in out.splitlines():
        if '"finding"' in line and json.loads(line)["type"] == "finding":
            if json.loads(line)["kind"] == "stale-tail":
                tails += 1
            else:
                others += 1
    if status != 4 or tails != facts["stale"] or others:
        fail(f"e4zero --check on {facts['name']}: exit {status}, {tails} stale tails and {others} "
             f"other findings; there are {facts['stale']} and 0")


def run_once(command, image, facts, first):
    """The numbers of one run, or None where they do not count."""
    try:
        got, out, err = run(command, image)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        fail(str(error))
        return None
    if not judge(command, facts, got, out, err):
        return None
    if command.took:
        got["process"], got["wall"] = got["wall"], float(re.search(r"took ([\d.]+) s", out)[1])
    if first:
        judge_after(command, image, facts)
    got["output"] = out.strip()[-200:]
    got["load"] = os.getloadavg()[0]
    return got


def run_case(case, image, facts, rounds):
    """{command: {round: numbers}}"""
    runs = {}
    commands = []
    for command in case.commands:
        if available(command):
            commands.append(command)
            runs[command.name] = {}
    if case.cache == "warm":
        warm(image)
    for turn in range(max(min(rounds, case.rounds), case.at_least)):
        for command in commands:
            if turn >= command.rounds:
                continue
            if case.cache == "cold":
                evict(image)
            target = fresh_copy(image) if case.fresh else image
            try:
                got = run_once(command, target, facts, first=turn == 0)
            finally:
                if case.fresh:
                    os.unlink(target)
            if got:
                runs[command.name][turn] = got
    return runs


def median(runs, *keys):
    return statistics.median(sum(r[k] for k in keys) for r in runs.values())


def cpu(numbers):
    return max(numbers["user"] + numbers["sys"], 1e-6)


def peak_mib(runs):
    return max(r["rss_kib"] for r in runs.values()) / 1024


def print_case(case, runs):
    print(f"\n{case.name}")
    print(f"  {'command':<20}{'rounds':>7}{'wall s':>10}{'min':>10}{'CPU s':>10}{'MiB':>8}"
          f"{'of floor':>10}{'(CPU)':>8}")
    for name, r in runs.items():
        if not r:
            continue
        base = runs.get("floor") or runs.get("floor -j2" if name.endswith("-j2") else "floor -j1",
                                             {})
        both = [t for t in r if t in base]
        ratio = cpu_ratio = "-"
        if both:
            ratio = f"{statistics.median(r[t]['wall'] / base[t]['wall'] for t in both):.2f}"
            cpu_ratio = f"{statistics.median(cpu(r[t]) / cpu(base[t]) for t in both):.2f}"
        fastest = min(x["wall"] for x in r.values())
        print(f"  {name:<20}{len(r):>7}{median(r, 'wall'):>10.4f}{fastest:>10.4f}"
              f"{median(r, 'user', 'sys'):>10.4f}{peak_mib(r):>8.1f}{ratio:>10}"
              f"{cpu_ratio:>8}", flush=True)


def said(numbers, noun):
    """How many NOUNs the end of its output tells."""
    return int(re.findall(rf"(\d+) {noun}", numbers["output"])[-1])


def reach(goal, results):
    """(measured, wanted, verdict) of one goal."""
    runs = results.get(goal.case, {})
    mine = runs.get(goal.what) or {}
    if isinstance(goal, cases.Memory):
        wanted = f"<= {goal.mib} MiB"
        if not mine:
            return None, wanted, "SKIP"
        value = peak_mib(mine)
        return f"{value:.1f} MiB", wanted, "PASS" if value <= goal.mib else "MISS"
    if isinstance(goal, cases.Says):
        wanted = f"<= {goal.most} {goal.noun}s"
        if not mine:
            return None, wanted, "SKIP"
        value = max(said(r, goal.noun) for r in mine.values())
        return f"{value}", wanted, "PASS" if value <= goal.most else "MISS"
    theirs = runs.get(goal.ref) or {}
    both = [t for t in mine if t in theirs]
    if isinstance(goal, cases.Fewer):
        wanted = f">= {goal.factor:g} x fewer"
        if not both:
            return None, wanted, "SKIP"
        value = min(said(theirs[t], goal.noun) / said(mine[t], goal.noun) for t in both)
        return f"{value:.2f} x fewer", wanted, "PASS" if value >= goal.factor else "MISS"
    if isinstance(goal, cases.Faster):
        wanted = f">= {goal.factor:g} x faster"
        if not both:
            return None, wanted, "SKIP"
        value = statistics.median(theirs[t]["wall"] / mine[t]["wall"] for t in both)
        return f"{value:.2f} x faster", wanted, "PASS" if value >= goal.factor else "MISS"
    wanted = f"<= {goal.factor:g} x" + (f" + {goal.plus * 1000:g} ms" if goal.plus else "")
    if not both:
        return None, wanted, "SKIP"
    taken = cpu if goal.cpu else lambda numbers: numbers["wall"]
    value = statistics.median((taken(mine[t]) - goal.plus) / taken(theirs[t]) for t in both)
    plain = statistics.median(taken(mine[t]) / taken(theirs[t]) for t in both)
    return f"{plain:.2f} x", wanted, "PASS" if value <= goal.factor else "MISS"


def print_goals(results, chosen):
    rows = []
    print(f"\n{'goal':<54}{'wanted':>16}{'measured':>16}")
    for goal in cases.GOALS:
        if goal.case not in chosen:
            continue
        measured, wanted, verdict = reach(goal, results)
        rows.append({"goal": goal.text, "wanted": wanted, "measured": measured, "verdict": verdict})
        print(f"{goal.text:<54}{wanted:>16}{measured or '-':>16}  {verdict}")
    return rows


def first_line(argv):
    if not shutil.which(argv[0]):
        return None
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else None


def surroundings():
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        memory = meminfo.readline().split()[1]
    return {"cpus": os.cpu_count(), "kernel": os.uname().release, "memory_kib": int(memory),
            "load": os.getloadavg(), "e4zero": first_line([E4ZERO, "-V"]),
            "e2fsck": first_line(["e2fsck", "-V"]), "blkls": first_line(["blkls", "-V"])}


def options():
    parser = argparse.ArgumentParser(
        description="Measure e4zero against its peers and a floor; README.md says how.")
    add = parser.add_argument
    add("--quick", action="store_true", help="only the image of 20 thousand files")
    add("--rounds", type=int, default=5, help="rounds of each case (5)")
    add("--case", action="append", metavar="NAME", help="only this case (may be repeated)")
    add("--list", action="store_true", help="list the cases and stop")
    add("--strict", action="store_true", help="exit 1 when a goal is missed")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds wants 1 or more")
    unknown = set(args.case or ()) - {c.name for c in cases.CASES}
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))} (see --list)")
    return args


def choose(args):
    chosen = [c for c in cases.CASES if not args.case or c.name in args.case]
    return [c for c in chosen if not args.quick or c.image == "S"]


def keep(record):
    path = os.path.join(DIR, datetime.datetime.now().strftime("bench-%Y%m%d-%H%M%S.json"))
    with open(path, "w", encoding="utf-8") as out:
        json.dump(record, out, indent=1)
        out.write("\n")
    print(f"\nkept in {path}")


def skip_missing(chosen):
    names = {c.argv[0] for case in chosen for c in case.commands if not available(c)}
    for name in sorted(names):
        say(f"SKIP {expand([name], '')[0]}: not installed, not built or not for this user")
    return sorted(names)


def main():
    args = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    chosen = choose(args)
    if args.list:
        for case in chosen:
            print(f"{case.name}: {', '.join(c.name for c in case.commands)}")
        return 0
    build_programs()
    record = {"date": datetime.datetime.now().isoformat(timespec="seconds"), "host": surroundings(),
              "skipped": skip_missing(chosen), "images": {}, "cases": {}}
    images = {}
    for case in chosen:
        if case.image not in images:
            images[case.image] = make_image(case.image)
            if (images[case.image] and "stale" in images[case.image][1] and
                    "{e4zero}" not in record["skipped"]):
                verify_check(*images[case.image])
        if not images[case.image]:
            continue
        image, facts = images[case.image]
        record["images"][case.image] = facts
        record["cases"][case.name] = run_case(case, image, facts, args.rounds)
        print_case(case, record["cases"][case.name])
    record["goals"] = print_goals(record["cases"], {c.name for c in chosen})
    record["wrong"] = wrong
    keep(record)
    missed = [g for g in record["goals"] if g["verdict"] == "MISS"]
    if wrong:
        say(f"{len(wrong)} wrong or failed runs: the figures above are not to be trusted")
        return 1
    return 1 if missed and args.strict else 0


if __name__ == "__main__":
    sys.exit(main())
