#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install is complete: a program outside the tree builds with pkg-config, the shared library and the archive, in C and in C++,
# every source of the version agrees, and make uninstall leaves no file.
. "$(dirname "$0")/lint.sh"
. "$root/tests/api/outside.sh"

build=${builddir:-.}
[ -f "$build/Makefile" ] || skip 'not in a build tree'
need pkg-config
dest=$(mktemp -d "${TMPDIR:-/tmp}/e4zero-installed.XXXXXX") || exit 1
trap 'rm -rf "$dest"' EXIT
install_below "$dest" || exit 1

missing=$(
	# bin: the program checks images of an ordinary user, whose PATH does not have sbin
	for wanted in bin/e4zero lib/libe4zero.a lib/libe4zero.so.0.0.0 include/e4zero.h include/e4zero-errors.h \
		lib/pkgconfig/e4zero.pc man8/e4zero.8 man5/e4zero-script.5 man5/e4zero-json.5 man7/e4zero-errors.7 man3/libe4zero.3 \
		doc/e4zero/example.c doc/e4zero/doc/findings.md completions/e4zero site-functions/_e4zero vendor_completions.d/e4zero.fish e4zero/fleet/fleet.sh e4zero/fleet/parallel.sh e4zero/fleet/fleet.mk \
		e4zero/fleet/slurm.sbatch e4zero/fleet/kubernetes.yaml e4zero/fleet/README.md; do
		find "$dest" -type f -path "*/$wanted" | grep -q . || echo "make install leaves out $wanted"
	done
	[ "$(find "$dest" -name libe4zero.so -exec readlink -f {} +)" -ef "$(find "$dest" -name libe4zero.so.0.0.0)" ] ||
		echo "make install makes no link libe4zero.so"
	for left in $(make -s -C "$build" uninstall DESTDIR="$dest" >/dev/null 2>"$dest/uninstall.err";
		find "$dest" -mindepth 2 ! -type d); do
		echo "make uninstall leaves ${left#"$dest"}"
	done
	install_below "$dest"
)
[ -z "$missing" ] || verdict 1 files "$missing"

# The header alone, as strict as a user of it may be.
header=$(dirname "$(find "$dest" -name e4zero.h)")
compiler=${COMPILE:-cc}
for language in c:-std=c99 c:-std=c11 c++:-std=c++11 c++:-std=c++20; do
	[ "${language%%:*}" = c ] || echo 'int main() {}' | ${compiler%% *} -fsyntax-only -x c++ - 2>/dev/null || continue
	complaints=$(printf '#include <e4zero.h>\n#include <e4zero.h>\n#include <e4zero-errors.h>\n' |
		"${compiler%% *}" -fsyntax-only -I"$header" -Wall -Wextra -Wpedantic -Wundef -Wshadow -Werror \
			"${language#*:}" -x "${language%%:*}" - 2>&1)
	[ -z "$complaints" ] || verdict 1 files "$complaints"
done

cat >"$dest/user.c" <<'END'
#include <e4zero-errors.h>
#include <e4zero.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
	char macros[64];
	e4z_init_errors();
	snprintf(macros, sizeof(macros), "%d.%d.%d", E4Z_VERSION_MAJOR, E4Z_VERSION_MINOR, E4Z_VERSION_PATCH);
	puts(e4z_version());
	return e4z_kind_by_name("stale-tail") < 0 || !E4Z_ET_NOT_EXT || strcmp(macros, E4Z_VERSION) ||
		strcmp(macros, e4z_version());
}
END
complaints=$(
	cd "$dest" || exit
	build_outside user.c user "$static_flags" 2>&1 && ./user >version 2>&1 || echo 'the program outside the tree fails'
	build_outside user.c shared 2>&1 && ./shared >shared.version 2>&1 && cmp version shared.version ||
		echo 'the program that is linked with the shared library fails'
	for what in "e4zero $(cat version)" "e4zero.pc $(sed -n 's/^Version: //p' "$(find . -name e4zero.pc)")" \
		"--version $("$(find "$dest" -path '*/bin/e4zero')" --version | sed 's/^e4zero //')"; do
		[ "${what#* }" = "$(cat version)" ] || echo "e4z_version() is $(cat version), but ${what%% *} says ${what#* }"
	done
)
verdict 17 'installed files' "$complaints"
