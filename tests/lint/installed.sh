#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What make install puts down is complete: a program outside the tree builds with pkg-config and the archive alone.
. "$(dirname "$0")/lint.sh"

build=${builddir:-.}
[ -f "$build/Makefile" ] || skip 'not in a build tree'
need pkg-config
dest=$(mktemp -d "${TMPDIR:-/tmp}/e4zero-installed.XXXXXX") || exit 1
trap 'rm -rf "$dest"' EXIT
make -s -C "$build" install DESTDIR="$dest" >"$dest/log" 2>&1 || { cat "$dest/log"; exit 1; }

missing=$(
	for wanted in sbin/e4zero lib/libe4zero.a include/e4zero.h include/e4zero-errors.h \
		lib/pkgconfig/e4zero.pc man8/e4zero.8 completions/e4zero; do
		find "$dest" -type f -path "*/$wanted" | grep -q . || echo "make install leaves out $wanted"
	done
)
[ -z "$missing" ] || verdict 1 files "$missing"

cat >"$dest/user.c" <<'END'
#include <e4zero-errors.h>
#include <e4zero.h>
int main(void)
{
	e4z_init_errors();
	return e4z_kind_by_name("stale-tail") < 0 || !E4Z_ET_NOT_EXT;
}
END
pc=$(dirname "$(find "$dest" -name e4zero.pc)")
prefix=$(sed -n 's/^prefix=//p' "$pc/e4zero.pc")
export PKG_CONFIG_PATH=$pc
flags=$(pkg-config --static --define-variable=prefix="$dest$prefix" --cflags --libs e4zero) || exit 1
sanitizers=
for what in ${INSTRUMENT:-}; do
	case $what in
	asan) sanitizers="$sanitizers -fsanitize=address" ;;
	ubsan) sanitizers="$sanitizers -fsanitize=undefined" ;;
	tsan) sanitizers="$sanitizers -fsanitize=thread" ;;
	coverage) sanitizers="$sanitizers --coverage" ;;
	esac
done
set -- ${COMPILE:-cc}
# shellcheck disable=SC2086 # flags are words
complaints=$(cd "$dest" && "$1" -Wall -Werror -o user user.c $flags $sanitizers 2>&1 && ./user 2>&1 || echo 'the program outside the tree fails')
verdict 7 'installed files' "$complaints"
