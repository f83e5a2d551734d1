#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The packages agree with the tree: the version, the packages that the build requires, those that e4zero.pc requires, the
# scripts of debian/tests. Each file of make install is in exactly one package of Debian and in one of the spec. The links of
# the installed pages lead to installed pages.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
[ -f "$builddir/Makefile" ] || skip 'not in a build tree'
cd "$srcdir" || exit 1

version=$("$E4ZERO" --version | sed -n '1s/^e4zero //p')
for place in "debian/changelog:$(sed -n '1s/^e4zero (\(.*\)).*/\1/p' debian/changelog)" \
	"contrib/rpm/e4zero.spec:$(sed -n 's/^Version: *//p' contrib/rpm/e4zero.spec)" \
	"contrib/nix/package.nix:$(sed -n 's/^  version = "\(.*\)";/\1/p' contrib/nix/package.nix)"; do
	[ "${place#*:}" = "$version" ] || fail "${place%%:*} has version ${place#*:}, the header $version"
done

# debhelper and build-essential depend on these
given=' autoconf automake make gcc libc6-dev build-essential '
for package in $(sed -n "/^build_packages='/,/'\$/p" quickstart | sed "s/build_packages=//" | tr -d "'"); do
	[[ $given != *" $package "* ]] || continue
	grep -qE "^ ${package/#pkg-config/pkgconf}( [(<].*)?,\$" debian/control ||
		fail "quickstart installs $package, which is not in Build-Depends of debian/control"
done
modules=$(sed -nE 's/.*PKG_CHECK_MODULES\(\[[A-Z0-9_]+\], \[([a-z0-9_-]+).*/\1/p' configure.ac)
for module in $modules; do
	grep -qE "^BuildRequires: *pkgconfig\($module\)" contrib/rpm/e4zero.spec ||
		fail "configure requires $module, which is not in BuildRequires of contrib/rpm/e4zero.spec"
done

# nix_of MODULE: the package of Nix that has it
nix_of() {
	case $1 in
	ext2fs | com_err) echo e2fsprogs ;;
	blkid | uuid | smartcols) echo util-linux ;;
	*) echo "${1//-/_}" ;;
	esac
}
# nix_list NAME: a list of the expression
nix_list() {
	sed -n "/^  $1 = \[/,/\]/p" contrib/nix/package.nix
}
for module in $modules; do
	nix_list '\(propagatedB\|b\)uildInputs' | grep -qx " *$(nix_of "$module")" ||
		fail "configure requires $module, which is not in buildInputs of contrib/nix/package.nix"
done

# who compiles with libe4zero has what e4zero.pc names: with pkgconf also for the shared library
spec_devel=$(sed -n '/^%package -n libe4zero-devel/,/^%description/p' contrib/rpm/e4zero.spec)
while read -r module least; do
	grep -qx "Requires: *pkgconfig($module)${least:+ $least}" <<<"$spec_devel" ||
		fail "e4zero.pc requires $module $least, libe4zero-devel of contrib/rpm/e4zero.spec does not"
	nix_list propagatedBuildInputs | grep -qx " *$(nix_of "$module")" ||
		fail "e4zero.pc requires $module, which is not in propagatedBuildInputs of contrib/nix/package.nix"
	package=$(dpkg-query -S "*/pkgconfig/$module.pc" 2>/dev/null | sed -n '1s/:.*//p')
	[ -z "$package" ] || sed -n '/^Package: libe4zero-dev/,/^Description/p' debian/control | grep -qE "[ ,]$package( \(|,|$)" ||
		fail "e4zero.pc requires $module, but libe4zero-dev of debian/control does not depend on $package"
done < <(sed -n 's/^Requires\.private: //p' "$builddir/e4zero.pc" | sed 's/, */\n/g')

named=$(sed -n 's/^Tests://p' debian/tests/control | tr -d ',' | xargs -n1 | sort)
there=$(find debian/tests -type f -perm -u+x -printf '%f\n' | sort)
[ "$named" = "$there" ] || fail "debian/tests/control names $named, debian/tests has $there"

make -s -C "$builddir" install install-python DESTDIR="$tmp/root" prefix=/usr exec_prefix=/usr libdir=/usr/lib/machine \
	pythondir=/usr/lib/python3/dist-packages >"$tmp/log" 2>&1 ||
	fail "make install: $(cat "$tmp/log")"
installed=$(cd "$tmp/root" && find . ! -type d | sed 's,^\./,,')

# in_one WHAT PATTERN...: each file matches exactly one pattern, and each pattern at least one file
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

# where a page is installed, links of other pages lead to it
docs=$tmp/root/usr/share/doc/e4zero
while read -r page; do
	source=${page##*/}
	[ "$source" = README.md ] || source=doc/$source
	for link in $(grep -oE '\]\([^)#:]+' "$source" | cut -c3-); do
		target=$(dirname "$source")/$link
		[ -z "$(find "$docs" -name "${link##*/}" -exec cmp -s "$target" {} \; -print)" ] ||
			cmp -s "$target" "$(dirname "$docs/$page")/$link" ||
			fail "the link of $page to $link leads nowhere where it is installed"
	done
done < <(cd "$docs" && find . -name '*.md' | sed 's,^\./,,')
