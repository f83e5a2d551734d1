#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists the statements of the model that no run reaches: they prove nothing.

usage: reached.py ALL OUTPUT...    ALL is what pan -d prints; OUTPUT of pan is of a run

Statements are identified by line and text, as spin prints them: an inline that is used twice is one statement.
"""

import re
import sys


def main():
    states = {}
    for line in open(sys.argv[1]):
        m = re.match(r"\s*state\s+(\d+) -\(tr\s+\d+\)-> state\s+\d+\s+\[.*\] (\S+:\d+) => (.*)$", line)
        if m:
            states.setdefault(m[1], set()).add((m[2], re.sub(r"c_code\d+", "c_code", m[3].strip())))
    all_of_them = set().union(*states.values())
    reached = set()
    for file in sys.argv[2:]:
        missed = set(re.findall(r"^\t\S+:\d+, state (\d+), ", open(file).read(), re.M))
        for number, statements in states.items():
            if number not in missed:
                reached |= statements
    left = sorted(all_of_them - reached)
    for where, text in left:
        print("not reached by any run: %s: %s" % (where, text))
    print("%d statements, %d reached by some run" % (len(all_of_them), len(all_of_them) - len(left)))
    return 1 if left or not all_of_them else 0


sys.exit(main())
