#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the packages say is what the tree has: the version, the packages that the build requires, the scripts of debian/tests;
# and each file of make install is in one package, of Debian and of the spec.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
[ -f "$builddir/Makefile" ] || skip 'not in a build tree'
cd "$srcdir" || exit 1

version=$("$E4ZERO" --version | sed -n '1s/^e4zero //p')
for place in "debian/changelog:$(sed -n '1s/^e4zero (\(.*\)).*/\1/p' debian/changelog)" \
	"contrib/rpm/e4zero.spec:$(sed -n 's/^Version: *//p' contrib/rpm/e4zero.spec)" \
	"contrib/nix/package.nix:$(sed -n 's/^  version = "\(.*\)";/\1/p' contrib/nix/package.nix)"; do
	[ "${place#*:}" = "$version" ] || fail "${place%%:*} has version ${place#*:}, the header $version"
done

# autoconf and the like come with debhelper and build-essential, compile_et with comerr-dev
given=' autoconf automake make gcc libc6-dev build-essential '
for package in $(sed -n "/^build_packages='/,/'\$/p" quickstart | sed "s/build_packages=//" | tr -d "'"); do
	[[ $given != *" $package "* ]] || continue
	grep -qE "^ ${package/#pkg-config/pkgconf}( [(<].*)?,\$" debian/control ||
		fail "quickstart installs $package, which is not in Build-Depends of debian/control"
done
for module in $(sed -nE 's/.*PKG_CHECK_MODULES\(\[[A-Z0-9_]+\], \[([a-z0-9_-]+).*/\1/p' configure.ac); do
	grep -qE "^BuildRequires: *pkgconfig\($module\)" contrib/rpm/e4zero.spec ||
		fail "configure requires $module, which is not in BuildRequires of contrib/rpm/e4zero.spec"
done

named=$(sed -n 's/^Tests://p' debian/tests/control | tr -d ',' | xargs -n1 | sort)
there=$(find debian/tests -type f -perm -u+x -printf '%f\n' | sort)
[ "$named" = "$there" ] || fail "debian/tests/control names $named, debian/tests has $there"

make -s -C "$builddir" install install-python DESTDIR="$tmp/root" prefix=/usr exec_prefix=/usr libdir=/usr/lib/machine \
	pythondir=/usr/lib/python3/dist-packages >"$tmp/log" 2>&1 ||
	fail "make install: $(cat "$tmp/log")"
installed=$(cd "$tmp/root" && find . ! -type d | sed 's,^\./,,')

# in_one WHAT PATTERN...: each file matches one pattern, each pattern a file
in_one() {
	local what=$1 pattern file count unused
	shift
	unused=" $* "
	while read -r file; do
		count=0
		for pattern in "$@"; do
			# shellcheck disable=SC2053 # a pattern
			[[ $file == $pattern || $file == $pattern/* ]] || continue
			count=$((count + 1)) unused=${unused/" $pattern "/ }
		done
		[ $count = 1 ] || fail "$file is in $count packages of $what"
	done <<<"$installed"
	[ -z "${unused// /}" ] || fail "there is no file for$unused in $what"
}
debian=$(cut -d ' ' -f 1 debian/*.install)
macros='s,%{_bindir},usr/bin,; s,%{_datadir},usr/share,; s,%{_docdir},usr/share/doc,; s,%{_includedir},usr/include,;
	s,%{_libdir},usr/lib/machine,; s,%{_mandir},usr/share/man,; s,%{python3_sitelib},usr/lib/python3/dist-packages,; s,/$,,'
spec=$(sed -n '/^%files/,/^%changelog/p' contrib/rpm/e4zero.spec | grep '^%{' | sed "$macros")
set -f
# shellcheck disable=SC2086 # patterns, a word each
{
	in_one debian/ $debian
	in_one contrib/rpm/e4zero.spec $spec
}
