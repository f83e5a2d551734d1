#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples of a page, run and compared with what the page shows: examples.py PAGE, in a directory with its files.

In Markdown the fenced blocks are examples, in a manual page what is between .EX and .EE. A block with lines that begin
with "$ " is a session: each command prints what the page shows until the next one; "> " continues a command, and "..."
stands for any number of lines. "$ cat FILE" of a FILE that does not exist makes it, of the lines that are shown. A block
that begins with a pattern rule is a makefile, tried with root, any other one a shell script, of which no command may fail. A comment "not run:
WHY" before a block exempts it, with a message.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys

# What differs from run to run, or with the version of e2fsprogs: nothing else is let pass.
VOLATILE = (
    (re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'), 'UUID'),
    (re.compile(r'"seconds":[0-9.]+'), '"seconds":N'),
)
FOREIGN = 'zerofree zstd jq make parallel'.split()
FINE = (0, 1, 4)  # 1: e2fsck has repaired something; 4: there are findings
NOTE = os.environ.get('LOOP_NOTE')
PREAMBLE = 'rc=0; status() { return $1; }\n'


class Block:
    def __init__(self, line, lines, exempt):
        self.line, self.lines, self.exempt = line, lines, exempt

    def steps(self):
        """(command, what it prints) of a session"""
        steps = []
        for line in self.lines:
            if line.startswith('$ '):
                steps.append((line[2:], []))
            elif line.startswith('> ') and not steps[-1][1]:
                steps[-1] = (steps[-1][0] + '\n' + line[2:], [])
            else:
                steps[-1][1].append(line)
        return steps

    def is_session(self):
        return self.lines[0].startswith('$ ')

    def missing(self):
        text = '\n'.join(self.lines)
        return [tool for tool in FOREIGN if re.search(r'(^|[|&;]|\$ )\s*%s\b' % tool, text, re.M)
                and not shutil.which(tool)]


def unroff(line):
    line = re.sub(r'\\f(\[\w*\]|.)', '', line)
    for roff, char in (('\\&', ''), ('\\-', '-'), ('\\(aq', "'"), ('\\(dq', '"'), ('\\(ti', '~'), ('\\(ha', '^')):
        line = line.replace(roff, char)
    return line.replace('\\e', '\\')


def blocks(path):
    """The examples of a page, in their order"""
    manual = not path.endswith('.md')
    begin, end = (r'\.EX', r'\.EE') if manual else (r'```\w', r'```$')
    found, current, exempt = [], None, None
    for number, line in enumerate(open(path, encoding='utf-8').read().split('\n'), 1):
        note = re.match(r'(?:\.\\"|<!--) not run: (.*?)(?: -->)?$', line)
        if note:
            exempt = note.group(1)
        elif current is None and re.match(begin, line):
            current = Block(number + 1, [], exempt)
        elif current and re.match(end, line):
            found.append(current)
            current = exempt = None
        elif current:
            current.lines.append(unroff(line) if manual else line)
    return found


def normal(text):
    for pattern, instead in VOLATILE:
        text = pattern.sub(instead, text)
    return text


def agrees(shown, printed):
    pattern = ''.join('(?:.*\n)*' if line == '...' else re.escape(normal(line)) + '\n' for line in shown)
    return re.fullmatch(pattern, normal(printed)) is not None


def unnoticed(shown, printed):
    """Digits of the page that could be others: there must be none but in what is volatile"""
    for row, line in enumerate(shown):
        spans = [match.span() for pattern, _ in VOLATILE for match in pattern.finditer(line)]
        for at, char in enumerate(line):
            if char.isascii() and char.isdigit() and not any(a <= at < b for a, b in spans):
                other = line[:at] + str((int(char) + 1) % 10) + line[at + 1:]
                if agrees(shown[:row] + [other] + shown[row + 1:], printed):
                    yield '%s: byte %d' % (line, at)


def session(index, block):
    """A shell text that runs it: the output of step N goes to INDEX.N, its status to INDEX.N.rc"""
    text = ''
    for number, (command, shown) in enumerate(block.steps()):
        made = re.fullmatch(r'cat (\S+)', command)
        if made:
            text += '[ -e %s ] || printf %%s %s >%s\n' % (
                made.group(1), shlex.quote('\n'.join(shown) + '\n'), made.group(1))
        text += 'status $rc; eval %s >.ex/%d.%d 2>&1 </dev/null\nrc=$?; echo $rc >.ex/%d.%d.rc\n' % (
            shlex.quote(command), index, number, index, number)
    return text


def script(index, block):
    """A shell text that runs it in a subshell, with each command that fails in INDEX.failed"""
    text = '\n'.join(block.lines)
    rule = re.match(r'%(\S*):', text)
    if rule:
        return ('printf %%s %s >Makefile; env -u MAKEFLAGS -u MAKELEVEL make -s root%s >.ex/%d.out 2>&1 || '
                'echo make >.ex/%d.failed\n' % (shlex.quote(text + '\n'), rule.group(1), index, index))
    trap = '(( $? == 4 )) || printf "%%s: %%s\\n" "$?" "$BASH_COMMAND" >>.ex/%d.failed' % index
    if re.match(r'set -e$', text, re.M):
        trap = trap.replace('(( $? == 4 )) || ', '')
    return "( trap '%s' ERR\n%s\n) >.ex/%d.out 2>&1 </dev/null\nrc=$?\n" % (trap, text, index)


def read(name):
    try:
        with open('.ex/' + name, encoding='utf-8', errors='backslashreplace') as f:
            return ''.join(line for line in f if not NOTE or NOTE not in line)
    except FileNotFoundError:
        return ''


def complaints(page, index, block):
    if not block.is_session():
        if read('%d.failed' % index):
            yield '%s:%d: failed: %s%s' % (page, block.line, read('%d.failed' % index), read('%d.out' % index))
        return
    steps = block.steps()
    for number, (command, shown) in enumerate(steps):
        where = '%s:%d: %s' % (page, block.line, command)
        printed, rc = read('%d.%d' % (index, number)), read('%d.%d.rc' % (index, number)).strip()
        asked = number + 1 < len(steps) and steps[number + 1][0] == 'echo $?'
        if not rc or (int(rc) not in FINE and not asked):
            yield '%s: exit status %s\n%s' % (where, rc, printed)
        elif not agrees(shown, printed):
            yield '%s\nthe page shows:\n%s\nit prints:\n%s' % (where, '\n'.join(shown), printed)
        else:
            for digit in unnoticed(shown, printed):
                yield '%s: a changed digit would not be noticed: %s' % (where, digit)


def main():
    page = sys.argv[1]
    todo, text = [], PREAMBLE
    for index, block in enumerate(blocks(page)):
        why = block.exempt or ''.join('%s is not installed' % tool for tool in block.missing()[:1])
        if why:
            print('%s:%d: not run: %s' % (page, block.line, why))
            continue
        todo.append((index, block))
        text += session(index, block) if block.is_session() else script(index, block)
    shutil.rmtree('.ex', ignore_errors=True)
    subprocess.run(['mkdir', '.ex'], check=True)
    subprocess.run(['bash', '-c', text], check=False, stdin=subprocess.DEVNULL)
    found = [complaint for index, block in todo for complaint in complaints(page, index, block)]
    print('\n'.join(found) if found else '%s: %d examples' % (page, len(todo)))
    sys.exit(1 if found or not todo else 0)


main()
