#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines and branches that the tests reached, from the counts of gcov: text on standard output, and a page of HTML.

    coverage.py [--gcov PROGRAM] [--html FILE] [--least LINES,BRANCHES] --exceptions FILE
                --room NAME=PATTERN[,PATTERN...]... SOURCES BUILD

The files of a room must have all lines and 95 % of the branches covered, or the percentages of --least; exceptions count as
covered. A branch is one outcome of one condition, as the compiler sees it without optimisation: "a && b" has four. README.md
describes exceptions.
"""
import argparse
import fnmatch
import html
import json
import os
import subprocess
import sys



class Line:
    def __init__(self, function):
        self.function, self.count, self.branches = function, 0, []
        self.excused = False  # as a line, its branches with it
        self.excused_branches = 0

    def add(self, line):
        self.count += line['count']
        counts = [branch['count'] for branch in line['branches']]
        self.branches += [0] * (len(counts) - len(self.branches))
        for i, count in enumerate(counts):
            self.branches[i] += count

    def missing_branches(self):
        """The number of outcomes that never occurred and are not excused, also of a line that was not reached."""
        return 0 if self.excused else sum(not n for n in self.branches) - self.excused_branches

    def is_missing(self):
        return not self.count and not self.excused


class File:
    def __init__(self, sources, name):
        self.name, self.lines = name, {}
        with open(os.path.join(sources, name), encoding='utf-8') as source:
            self.text = [line.strip() for line in source]

    def sums(self):
        """[lines, missing, excused, branches, missing, excused]"""
        lines = self.lines.values()
        excused = sum(len(l.branches) and sum(not n for n in l.branches) if l.excused else l.excused_branches
                      for l in lines)
        return [len(lines), sum(l.is_missing() for l in lines), sum(l.excused for l in lines),
                sum(len(l.branches) for l in lines), sum(l.missing_branches() for l in lines), excused]

    def missing(self):
        """(line number, function, what is missing, text)"""
        for number, line in sorted(self.lines.items()):
            if line.is_missing():
                yield number, line.function, 'line', self.text[number - 1]
            elif line.missing_branches():
                what = '%d of %d branches' % (line.missing_branches(), len(line.branches))
                yield number, line.function, what, self.text[number - 1]


def run_gcov(gcov, build):
    """The parsed output of gcov, one document per object file, including those that never ran."""
    notes = sorted(os.path.relpath(os.path.join(folder, name), build)
                   for folder, _, names in os.walk(build) for name in names if name.endswith('.gcno'))
    if not notes:
        sys.exit('coverage: nothing in %s was built for gcov' % build)
    done = subprocess.run([gcov, '--json-format', '--stdout', '--branch-probabilities'] + notes, cwd=build,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit('coverage: %s: %s' % (gcov, done.stderr.decode()[-400:]))
    return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


def read_counts(sources, build, gcov):
    """{name: File} of the sources in lib/ and src/"""
    files = {}
    sources = os.path.realpath(sources)
    for answer in run_gcov(gcov, build):
        for entry in answer['files']:
            path = os.path.realpath(os.path.join(answer['current_working_directory'], entry['file']))
            name = os.path.relpath(path, sources)
            # an earlier build may have left an object of a source that no longer exists
            if not name.startswith(('lib/', 'src/')) or not os.path.exists(path):
                continue
            file = files.setdefault(name, File(sources, name))
            for line in entry['lines']:
                known = file.lines.setdefault(line['line_number'], Line(line.get('function_name', '')))
                known.add(line)
    return files


def read_exceptions(path):
    """[(line of PATH, file, function, text, kind, number, reason)]"""
    exceptions = []
    with open(path, encoding='utf-8') as lines:
        blocks, start = [], True
        for number, line in enumerate(lines, 1):
            if line.startswith('#') or not line.strip():
                start = True
            elif start:
                blocks.append([number, line.split()])
                start = False
            else:
                blocks[-1].append(line.strip())
    for number, head, *rest in blocks:
        kind, _, reason = ' '.join(rest[1:]).partition(':')
        words = kind.split()
        if len(head) != 2 or len(words) != 2 or words[0] not in ('lines', 'branches') or not words[1].isdigit() \
                or not reason.strip():
            sys.exit('%s:%d: wanted "FILE FUNCTION", the text of the line, "lines N: WHY" or "branches N: WHY"'
                     % (path, number))
        exceptions.append((number, head[0], head[1], rest[0], words[0], int(words[1]), reason.strip()))
    return exceptions


def excuse(file, function, text, kind, number):
    """Why the exception does not apply, or None"""
    lines = [line for at, line in file.lines.items()
             if line.function == function and file.text[at - 1] == text] if file else []
    if not lines:
        return 'there is no such line'
    if kind == 'lines':
        lines = [line for line in lines if line.is_missing()]
        if len(lines) != number:
            return '%d lines are missing there' % len(lines)
        for line in lines:
            line.excused = True
        return None
    lines = [line for line in lines if line.missing_branches()]
    missing = sum(line.missing_branches() for line in lines)
    if missing < number:
        return '%d branches are missing there' % missing
    for line in lines:
        line.excused_branches = min(number, line.missing_branches())
        number -= line.excused_branches
    return None


def percent(of, missing):
    # rounded down: 100 means all
    return 1000 * (of - missing) // of / 10 if of else 100.0


HEADS = ('lines', 'missing', 'excused', 'branches', 'missing', 'excused')


def row(name, sums):
    return [name, '%.1f' % percent(sums[0], sums[1] + sums[2]), *map(str, sums[:3]),
            '%.1f' % percent(sums[3], sums[4] + sums[5]), *map(str, sums[3:])]


def add_up(files):
    return [sum(column) for column in zip([0] * 6, *(file.sums() for file in files))]


def is_enough(sums, least):
    return all((sums[i] - sums[i + 1]) * 100 >= least[i // 3] * sums[i] for i in (0, 3))


def write_text(rooms, files):
    heads = ['', '%', *HEADS[:3], '%', *HEADS[3:]]
    in_rooms = [name for _, members in rooms for name in members]
    rows = [heads] + [row(name, files[name].sums()) for name in sorted(files)]
    rows += [row('all', add_up(files.values()))]
    rows += [row('room ' + name, add_up([files[m] for m in members])) for name, members in rooms]
    for cells in rows:
        print('%-34s' % cells[0] + ''.join('%9s' % cell for cell in cells[1:]))
    print()
    for name in in_rooms:
        for number, function, what, text in files[name].missing():
            print('%s:%d: %s: %s: %s' % (name, number, function, what, text))


STYLE = '''body { font: 15px sans-serif; margin: 2em } table { border-collapse: collapse }
td, th { padding: .1em .6em; text-align: right } td:first-child { text-align: left } tr.room td { font-weight: bold }
tr.red td { background: #fdd } pre { margin: .2em 2em }'''


def html_row(cells, kind=''):
    return '<tr class="%s">%s</tr>' % (kind, ''.join('<td>%s</td>' % html.escape(cell) for cell in cells))


def write_html(path, rooms, files, exceptions, complaints, least):
    out = ['<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Coverage of e4zero</title>',
           '<style>%s</style><h1>Coverage</h1>' % STYLE, '<table>']
    heads = ''.join('<th>%s</th>' % head for head in ('', '%', *HEADS[:3], '%', *HEADS[3:]))
    out.append('<tr>%s</tr>' % heads)
    for name, members in rooms:
        sums = add_up([files[m] for m in members])
        out.append(html_row(row(name, sums), 'room' if is_enough(sums, least) else 'room red'))
        out += [html_row(row(m, files[m].sums())) for m in members]
    out.append(html_row(row('all of lib/ and src/', add_up(files.values())), 'room'))
    out += [html_row(row(name, files[name].sums())) for name in sorted(files)]
    out.append('</table><h2>What is missing</h2>')
    for name in sorted(files):
        lines = ['%5d  %-22s %s: %s' % (number, function, what, text)
                 for number, function, what, text in files[name].missing()]
        if lines:
            out.append('<details><summary>%s: %d</summary><pre>%s</pre></details>'
                       % (html.escape(name), len(lines), html.escape('\n'.join(lines))))
    out.append('<h2>Exceptions</h2><dl>')
    for _, file, function, text, kind, number, reason in exceptions:
        out.append('<dt>%s, %s(): <code>%s</code>: %s %s<dd>%s'
                   % tuple(html.escape(str(part)) for part in (file, function, text, number, kind, reason)))
    out.append('</dl>' + ''.join('<p>%s' % html.escape(text) for text in complaints) + '</html>')
    with open(path, 'w', encoding='utf-8') as page:
        page.write('\n'.join(out) + '\n')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--gcov', default='gcov')
    parser.add_argument('--html')
    parser.add_argument('--least', default='100,95')
    parser.add_argument('--exceptions', required=True)
    parser.add_argument('--room', action='append', required=True)
    parser.add_argument('sources')
    parser.add_argument('build')
    args = parser.parse_args()
    least = [int(number) for number in args.least.split(',')]
    files = read_counts(args.sources, args.build, args.gcov)
    exceptions, complaints = read_exceptions(args.exceptions), []
    for at, name, function, text, kind, number, _ in exceptions:
        why = excuse(files.get(name), function, text, kind, number)
        if why:
            complaints.append('%s:%d: the exception does not apply: %s' % (args.exceptions, at, why))
    rooms = []
    for name, _, patterns in (room.partition('=') for room in args.room):
        found = [[n for n in sorted(files) if fnmatch.fnmatchcase(n, p)] for p in patterns.split(',')]
        complaints += ['room %s: no file is like %s' % (name, p) for p, n in zip(patterns.split(','), found) if not n]
        rooms.append((name, sum(found, [])))
    write_text(rooms, files)
    for name, members in rooms:
        sums = add_up([files[m] for m in members])
        if members and not is_enough(sums, least):
            complaints.append('room %s: %d lines are missing, and %d of %d branches' % (name, sums[1], sums[4], sums[3]))
    if args.html:
        write_html(args.html, rooms, files, exceptions, complaints, least)
    print('\n'.join(complaints) or '\nwhat must not be wrong is covered, with %d exceptions' % len(exceptions))
    return bool(complaints)


if __name__ == '__main__':
    sys.exit(main())
