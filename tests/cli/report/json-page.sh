#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --json prints is what e4zero-json(5) says: each object has the fields of its section, of the type that stands there,
# and no others; and every field of the page occurs.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
requires python3

stale_image image
echo old >old
debugfs_script image <<-'END'
	write old old
	write old broken
	write old gone
	ln tail second
	rm gone
	sif broken block[0] 0
	ea_set clean user.a b
END
make_image holes 8M
truncate -s 1M empty
text eight 8192 x
debugfs_script holes <<-'END'
	write eight eight
	sif eight size 5000
END
cp image edited
cp image longer
echo 'after the file system' >>longer
# a copy of the metadata: the blocks of the file are holes of it
e2image -raf holes copy >e2image.log 2>&1 || fail "e2image: $(cat e2image.log)"
fallocate -p -o $(($(physical copy eight 0) * 4096)) -l 8192 copy || skip 'no holes in files here'

reports=0
# report STATUS ARGUMENTS...
report() {
	run_e4zero "$1" --json "${@:2}"
	mv out "report.$((++reports))"
}
report 4 image /tail '<8>'
report 4 -v --all longer
report 4 -v --only free,metadata image
report 0 copy
report 0 --map image /clean
report 8 --map empty /clean
report 16 --no-such-option
report 0 --truncate 10 -n edited /clean
report 0 --convert hole edited /clean
report 4 --fix --all edited
report 0 --replay edited
report 0 --version
report 4 --shard 1/1 image

mapfile -t kinds < <(bash "$srcdir/tests/images/mkimg.sh" --list)
broad some 4 paranoid sickgroup shared bigalloc "${kinds[@]}"
for kind in "${some[@]}"; do
	bash "$srcdir/tests/images/mkimg.sh" "$kind" kind >mkimg.log 2>&1
	rc=$?
	((rc == 0 || rc == 77)) || fail "mkimg $kind: $(cat mkimg.log)"
	((rc == 0)) || continue
	"$E4ZERO" --check --all --json kind >"report.$((++reports))" 2>err || :
done

python3 - "$srcdir/man/e4zero-json.5" report.* <<-'END' || fail 'the page and the reports differ'
	import json, re, sys

	page, arrays, inside, named = {}, [], False, False
	for line in open(sys.argv[1]):
	    if line.startswith('.SH '):
	        inside = line == '.SH OBJECTS\n'
	    elif inside and line.startswith('.SS '):
	        name, arrays = line.split()[1], []
	        page[name] = {}
	    field = re.fullmatch(r'\.BR (.*)" \((.*)\)"\n', line)
	    if inside and field:
	        kinds, *rest = field.group(2).split(', ')
	        for word in re.findall(r'\w+', field.group(1)):
	            if kinds == 'array of objects':
	                arrays = arrays if named else []
	                page[name][word] = (['array'], rest)
	                page[f'{name}.{word}'] = {}
	                arrays.append(f'{name}.{word}')
	            else: # the fields of what is in arrays follow them, until another array
	                for owner in arrays or [name]:
	                    page[owner][word] = (kinds.split(' or '), rest)
	            named = kinds == 'array of objects'
	SHAPES = {'number': lambda v, unit: type(v) is int or (type(v) is float and unit == ['seconds']),
	          'string': lambda v, unit: type(v) is str, 'boolean': lambda v, unit: type(v) is bool,
	          'null': lambda v, unit: v is None, 'array': lambda v, unit: type(v) is list,
	          'array of strings': lambda v, unit: type(v) is list and all(type(i) is str for i in v)}
	seen = set()

	def compare(where, name, record):
	    for key, value in record.items():
	        if key.endswith('_hex') and key not in page[name]: # for a path that is not UTF-8
	            key = key[:-4]
	        if key not in page[name]:
	            sys.exit(f'{where}: {name}.{key} is not on the page')
	        kinds, rest = page[name][key]
	        if not any(SHAPES[kind](value, rest) for kind in kinds):
	            sys.exit(f'{where}: {name}.{key} is {value!r}, and not: {" or ".join(kinds)}')
	        seen.add((name, key))
	        for item in value if f'{name}.{key}' in page else []:
	            compare(where, f'{name}.{key}', item)
	    for key, (_, rest) in page[name].items():
	        if key not in record and 'optional' not in rest and f'{key}_hex' not in record:
	            sys.exit(f'{where}: {name} has no {key}')

	for path in sys.argv[2:]:
	    for number, line in enumerate(open(path), 1):
	        record = json.loads(line)
	        if type(schema := record.pop('schema', None)) is not int or schema != 1:
	            sys.exit(f'{path}:{number}: schema is {schema!r}')
	        compare(f'{path}:{number}', record.pop('type'), record)
	missing = {(name, key) for name in page for key in page[name]} - seen
	if missing:
	    sys.exit(f'on the page, but in no report: {sorted(missing)}')
END
