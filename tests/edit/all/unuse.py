# SPDX-License-Identifier: GPL-2.0-or-later
"""unuse.py IMAGE INO: the bitmaps of IMAGE call inode INO and its blocks unused, and all counts agree with them."""
import collections
import re
import subprocess
import sys

image, ino = sys.argv[1], int(sys.argv[2])


def run(*command, commands=None):
    return subprocess.run(command, input=commands, capture_output=True, text=True).stdout


text = run('dumpe2fs', image)


def number(name):
    return int(re.search(rf'^{name}: *(\d+)', text, re.M)[1])


blocks = [int(b) for b in run('debugfs', '-R', f'blocks <{ino}>', image).split()]
first, in_group = number('First block'), number('Blocks per group')
freed = collections.Counter((b - first) // in_group for b in blocks)
counts = re.findall(r'^  (\d+) free blocks, (\d+) free inodes', text, re.M)
commands = [f'freei <{ino}>'] + [f'freeb {b}' for b in blocks]
for group, n in freed.items():
    commands.append(f'set_bg {group} free_blocks_count {int(counts[group][0]) + n}')
group = (ino - 1) // number('Inodes per group')
commands.append(f'set_bg {group} free_inodes_count {int(counts[group][1]) + 1}')
run('debugfs', '-w', '-f', '-', image, commands='\n'.join(commands) + '\n')
