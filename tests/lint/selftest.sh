#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lints can fail: each gets a copy of the tree with one fault planted in it, and has to name the fault.
. "$(dirname "$0")/lint.sh"

lints=$here
build=${builddir:-$PWD} # COMPILE includes config.h from there
unset TAR_OPTIONS
copy=$(mktemp -d "${TMPDIR:-/tmp}/e4zero-selftest.XXXXXX") || exit 1
trap 'rm -rf "$copy"' EXIT
failed=0 passed=0 skipped=0

mkdir -p "$copy/tree"
files . | tar -C "$root" -cf - -T - | tar -C "$copy/tree" -xf -
chmod -R u+w "$copy/tree"

plant() { # FILE: standard input is added to it
	mkdir -p "$(dirname "$copy/tree/$1")"
	cat >>"$copy/tree/$1"
	echo "$1" >>"$copy/planted"
}

# What was planted goes again.
fresh() {
	local file
	while read -r file; do
		if [ -f "$root/$file" ]; then
			cp "$root/$file" "$copy/tree/$file"
		else
			rm "$copy/tree/$file"
		fi
	done <"$copy/planted"
	: >"$copy/planted"
}

# red LINT NEEDLE [VARIABLE=VALUE...]: LINT must fail on the copy and say NEEDLE.
red() {
	local lint=$1 needle=$2 out rc
	shift 2
	out=$(cd "$build" && env LINT_ROOT="$copy/tree" "$@" bash "$lints/$lint.sh" 2>&1)
	rc=$?
	if [ $rc = 77 ]; then
		echo "skipped: $lint: $out"
		skipped=$((skipped + 1))
	elif [ $rc = 1 ] && printf '%s\n' "$out" | grep -qF -e "$needle"; then
		passed=$((passed + 1))
	else
		printf 'NOT RED: %s should say "%s", exit %s:\n%s\n' "$lint" "$needle" "$rc" "$out" | head -20
		failed=$((failed + 1))
	fi
}

echo '#include "scan/check.h"' | plant lib/base/bytes.c
red layers 'reaches up to scan/check.h'
fresh
echo 'int stranger;' | plant lib/base/stranger.c
red layers 'lib/base/stranger.c:1: is not listed'
red listed 'lib/base/stranger.c: not in Makefile.am'
fresh
echo 'run_e4zero 0 image' | plant tests/cli/report/for''gotten.sh
red listed 'tests/cli/report/for''gotten.sh: nothing runs it'
fresh
echo 'int main(void) { return 0; }' | plant tests/unit/base/test-forgotten.c
red listed 'tests/unit/base/test-forgotten: not in unit_tests'
fresh
echo 'enum { NEW };' | plant lib/attic/new.h
red listed 'lib/attic/: not in the map of HACKING.md'
fresh
echo '#include "io/blkdev.h"' | plant src/main.c
red layers 'src/ reaches into lib/'
fresh
echo 'const char *hint = "\"mdadm --stop\" or --force helps";' | plant lib/base/bytes.c
red no-options 'or --force helps'
fresh
echo '#include "nowhere.h"' | plant src/main.c
red layers 'not nowhere.h'
fresh
echo 'base/ghost' | plant lib/LAYERS
red layers 'base/ghost does not exist'

fresh
yes '/* line */' | head -401 | plant lib/base/long.c
red sizes 'lib/base/long.c:400: 401 lines'
fresh
yes '/* line */' | head -601 | plant tests/unit/long.c
red sizes 'tests/unit/long.c:600: 601 lines'
fresh
{ echo 'void f(void)'; echo '{'; yes '	;' | head -46; echo '}'; } | plant src/long.c
red sizes 'src/long.c:2: function of 46 lines'
fresh
{ echo 'void f(void)'; echo '{'; yes '	;' | head -121; echo '}'; } | plant tests/unit/long.c
red sizes 'function of 121 lines'
fresh
# a folder with many functions of 25 lines each: enough to be more than a tenth of all
for n in {1..19}; do
	for _ in {1..14}; do echo '{'; yes '	;' | head -25; echo '}'; done | plant "lib/full/$n.c"
done
red sizes 'functions have more than 24 lines'
fresh
printf '/* %0101d */\n' 0 | plant lib/base/long.c
red sizes '107 columns'
fresh
for n in {1..21}; do plant "tests/full/$n.sh" </dev/null; done
red sizes 'tests/full: 21 sources'

fresh
echo 'static inline uint64_t f(void) { return 0; }' | plant lib/base/needy.h
red headers 'uint64_t' LINT_FILES=lib/base/needy.h
fresh
printf 'enum twice { TWICE };\n' | plant lib/base/unguarded.h
red headers 'twice' LINT_FILES=lib/base/unguarded.h
fresh
plant lib/base/half.c <<'END'
static const struct { int a, b; } half = {1};
int e4z_half(void);
int e4z_half(void) { return half.a; }
END
red clang 'missing field' LINT_FILES=lib/base/half.c

fresh
printf 'int  f( void ){return 0;}\n' | plant lib/base/ugly.c
red format 'lib/base/ugly.c' LINT_FILES=lib/base/ugly.c
fresh
printf 'int f(void);\nint f(void)\n{\n\tint a[4] = {0};\n\n\treturn a[4];\n}\n' | plant lib/base/wild.c
red cppcheck 'lib/base/wild.c' LINT_FILES=lib/base/wild.c

for fault in 'int state;' 'static int state = 3; int *f(void); int *f(void) { return &state; }' \
	'int *f(void); int *f(void) { static _Thread_local int state; return &state; }'; do
	printf '%s\n' "$fault" >"$copy/state.c"
	rm -f "$copy/state.a"
	(cd "$build" && ${COMPILE:-cc} -include stddef.h -c -o "$copy/state.o" "$copy/state.c") && ar rc "$copy/state.a" "$copy/state.o"
	red globals 'state' LIBE4ZERO="$copy/state.a"
done
for fault in 'printf("%d", n);' 'fputs("x", stderr);' 'exit(n);'; do
	printf '#include <stdio.h>\n#include <stdlib.h>\nvoid f(int n);\nvoid f(int n) { (void)n; %s }\n' "$fault" >"$copy/talk.c"
	rm -f "$copy/talk.a"
	(cd "$build" && ${COMPILE:-cc} -c -o "$copy/talk.o" "$copy/talk.c") && ar rc "$copy/talk.a" "$copy/talk.o"
	red prints 'talk.o: refers to' LIBE4ZERO="$copy/talk.a"
done

fresh
mkdir -p "$copy/objects/lib/base" "$copy/objects/lib/scan"
: >"$copy/objects/libe4zero.a"
for part in 'lib/base/bytes void e4z_check(void); void f(void); void f(void) { e4z_check(); }' \
	'lib/scan/check void e4z_check(void); void e4z_check(void) {}'; do
	echo "${part#* }" >"$copy/part.c"
	(cd "$build" && ${COMPILE:-cc} -c -o "$copy/objects/${part%% *}.o" "$copy/part.c")
done
red calls 'lib/base/bytes.c: calls up to e4z_check()' builddir="$copy/objects"
fresh
echo 'static inline int nobodys_inline(int n) { return n; }' | plant lib/base/bytes.h
red calls 'lib/base/bytes.c: nothing calls f()' builddir="$copy/objects"
red calls 'lib/base/bytes.h: nothing calls nobodys_inline()' builddir="$copy/objects"

for fault in 'get_le32(raw + 0x64);' '#define I_FLAGS 0x20' 'offsetof(struct ext2_super_block, s_magic);'; do
	fresh
	echo "$fault" | plant lib/base/odd.c
	red offsets 'lib/base/odd.c:1: '
done

fresh
for fault in 'type'' -P jaq jq' 'command'' -v "$tool" qemu-img >/dev/null || skip'; do
	echo "$fault" | plant tests/cli/tools.sh
	red programs "tests/cli/tools.sh:1:$fault"
	fresh
done

printf '/* no licence */\nint x;\n' | plant lib/base/free.c
red spdx 'lib/base/free.c:1: no SPDX'
fresh
printf '// SPDX-License-Identifier: GPL-2.0-or-later\n#include <x.h>\n\n' | plant lib/base/dumb.c
red spdx 'no sentence of purpose'

for fault in '/wo''rk/somewhere' 'see de''b.debian.org' 'http://10.''0.0.1/x'; do
	fresh
	echo "$fault" | plant NEWS
	red names "$fault"
done

cat >"$copy/program" <<'END'
#!/bin/sh
echo 'usage: e4zero [options] IMAGE'
echo 'Actions:'
echo '      --okapi         an action'
echo
echo '  -Z, --zebra HERD    an option that only --help knows'
END
chmod +x "$copy/program"
fresh
red faces '--zebra: not in man/e4zero.8' E4ZERO="$copy/program"
red faces '--zebra: not in contrib/completion/e4zero' E4ZERO="$copy/program"
red faces '--zebra: takes an argument' E4ZERO="$copy/program"
red faces '-Z --zebra =: not a row of contrib/completion/_e4zero' E4ZERO="$copy/program"
red faces '-Z --zebra =: not a row of contrib/completion/e4zero.fish' E4ZERO="$copy/program"
red faces '-j --jobs =: a row of contrib/completion/_e4zero, but' E4ZERO="$copy/program"
red faces '-j --jobs =: a row of contrib/completion/e4zero.fish, but' E4ZERO="$copy/program"
red faces '--zebra: takes an argument, which __e4zero_operands' E4ZERO="$copy/program"
red faces '--okapi: not in the SYNOPSIS' E4ZERO="$copy/program"
red faces '--check: offered by the completion, unknown to --help' E4ZERO="$copy/program"
printf '\tstruct json_line line = json_begin("herd");\n\tjson_add_ino(&line, 1);\n\tjson_add_number(&line, "hole", 1);\n' |
	plant src/report/report_json.c
red faces 'herd.type: a field of the JSON report that is not'
red faces 'herd.hole: a field of the JSON report that is not'
fresh
printf '.SS herd\n.TP\n.BR hole " (number)"\n' | sed -i '/^\.SS skipped/r /dev/stdin' "$copy/tree/man/e4zero-json.5"
echo man/e4zero-json.5 >>"$copy/planted"
red faces 'herd.hole: in man/e4zero-json.5'
fresh
printf '| `ghost-slack` | a byte | |\n' | plant doc/findings.md
printf '\tX(GHOST, "ghost", NULL)\n' | plant lib/findings/owners.h
red faces 'ghost-slack: in doc/findings.md, but neither a kind nor a class'
red faces 'ghost: a class that is not in "The ledger"'

fresh
printf '.SH NAME\n.B unfinished\n.nosuchmacro\n' | plant man/e4zero.8
red man 'nosuchmacro'

echo "$passed planted faults found, $failed missed, $skipped lints skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
