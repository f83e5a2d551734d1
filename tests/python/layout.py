# SPDX-License-Identifier: GPL-2.0-or-later
# A C program that prints the layouts and values which python/e4zero/_abi.py has, and the same as Python sees them.
#   layout.py HEADER c | python
import ctypes
import re
import sys

from e4zero import _abi

with open(sys.argv[1]) as file:
    header = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
structs = dict(re.findall(r"^struct (e4z_\w+) \{\n(.*?)^\};", header, flags=re.S | re.M))


def fields(body):
    """The names that the header declares in a structure, in order."""
    found = []
    for part in re.sub(r"\)\([^()]*\)(?=;)", ")", body).split(";"):
        for name in part.split(","):
            word = re.search(r"\(\*(\w+)\)|(\w+)(?:\[\d+\])?\s*$", name.strip())
            if word:
                found.append(word.group(1) or word.group(2))
    return found


if set(structs) != set(_abi.NAMES):
    sys.exit("structures: %s" % sorted(set(structs) ^ set(_abi.NAMES)))
for struct, body in structs.items():
    has = [field[0] for field in _abi.NAMES[struct]._fields_]
    if fields(body) != has:
        sys.exit("%s: %s, but Python has %s" % (struct, fields(body), has))
functions = re.findall(r"\b(e4z_\w+)\(((?:[^()]|\([^()]*\))*)\)(?:\s+E4Z_MUST_CHECK)?;", header)
if {name for name, _ in functions} != set(_abi.FUNCTIONS):
    sys.exit("functions: %s" % sorted({name for name, _ in functions} ^ set(_abi.FUNCTIONS)))
for function, arguments in functions:
    plain = re.sub(r"\([^()]*\)", "", arguments)
    count = 0 if plain.strip() == "void" else plain.count(",") + 1
    if count != len(_abi.FUNCTIONS[function][1]):
        sys.exit("%s: %d arguments" % (function, count))

if sys.argv[2] == "c":
    print("#include <e4zero.h>\n#include <stdio.h>\nint main(void)\n{")
    for struct, kind in _abi.NAMES.items():
        print('\tprintf("%s %%zu\\n", sizeof(struct %s));' % (struct, struct))
        for name, _ in kind._fields_:
            print('\tprintf("%s.%s %%zu %%zu\\n", offsetof(struct %s, %s), sizeof(((struct %s *)0)->%s));'
                  % (struct, name, struct, name, struct, name))
    for value in _abi.VALUES:
        print('\tprintf("%s %%d\\n", (int)%s);' % (value, value))
    print("}")
else:
    for struct, kind in _abi.NAMES.items():
        print(struct, ctypes.sizeof(kind))
        for name, _ in kind._fields_:
            print("%s.%s %d %d" % (struct, name, getattr(kind, name).offset, getattr(kind, name).size))
    for value, number in _abi.VALUES.items():
        print(value, number)
