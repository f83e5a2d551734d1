#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What make install puts down is complete: a program outside the tree builds with pkg-config and the archive alone.
. "$(dirname "$0")/lint.sh"
. "$root/tests/outside.sh"

build=${builddir:-.}
[ -f "$build/Makefile" ] || skip 'not in a build tree'
need pkg-config
dest=$(mktemp -d "${TMPDIR:-/tmp}/e4zero-installed.XXXXXX") || exit 1
trap 'rm -rf "$dest"' EXIT
install_below "$dest" || exit 1

missing=$(
	for wanted in sbin/e4zero lib/libe4zero.a include/e4zero.h include/e4zero-errors.h \
		lib/pkgconfig/e4zero.pc man8/e4zero.8 man5/e4zero-script.5 man3/libe4zero.3 \
		doc/e4zero/example.c completions/e4zero; do
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
complaints=$(cd "$dest" && build_outside user.c user 2>&1 && ./user 2>&1 || echo 'the program outside the tree fails')
verdict 10 'installed files' "$complaints"
