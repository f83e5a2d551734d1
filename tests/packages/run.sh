#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The packages are built and installed in two minimal chroots of this host's Debian release, made from the package sources of
# this host. In the first one an ordinary user builds and tests the Debian packages from the tarball. Root builds them again
# in another directory, with the same bytes as result. lintian finds no error and no warning, rpmbuild builds the packages of
# the spec, nix-instantiate parses and evaluates the expression. In the second chroot, which has no compiler at first, the
# packages are installed from a repository, and debian/tests pass.
on_disk=1 own_mounts=1
. "${srcdir:-.}/tests/lib.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS TAR_OPTIONS SOURCE_DATE_EPOCH
requires_root
requires tar
requires apt-get
requires unshare -m true
passed=0 failed=0 skipped=0
version=$("$E4ZERO" --version | sed -n '1s/^e4zero //p')
tarball=$builddir/e4zero-$version.tar.xz
[ -f "$tarball" ] || fail "no $tarball: make dist"
suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || skip 'this is not a Debian'

# step WHAT COMMAND...: run it and count the result; print the end of the output of a failure
step() {
	local what=$1 rc
	shift
	"$@" >step.log 2>&1 </dev/null
	rc=$?
	if [ $rc = 0 ]; then
		echo "ok: $what"
		passed=$((passed + 1))
	else
		echo "FAIL: $what: exit $rc"
		tail -n 60 step.log | sed 's/^/  /'
		failed=$((failed + 1))
	fi
	return $rc
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
	exit
}

# inside ROOT USER COMMAND: run a line of sh in the chroot, with a new environment
inside() {
	chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
		${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
		su -s /bin/sh -c "$3" "$2"
}

bootstrap() { # ROOT
	local mirror
	mkdir -p sources
	find /etc/apt/sources.list /etc/apt/sources.list.d \( -name '*.list' -o -name '*.sources' \) -exec cp {} sources \; 2>/dev/null
	if type -P mmdebstrap >/dev/null; then
		mmdebstrap --quiet --mode=root --variant=apt --include=ca-certificates "$suite" "$1" sources/*
	else
		# shellcheck disable=SC2016 # for apt-get
		mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
			awk -v suite="$suite" '$2 == suite { print $1; exit }')
		debootstrap --variant=minbase --include=ca-certificates "$suite" "$1" "$mirror"
	fi
}

# Copies apt's configuration of this host: sources, keys, proxies, certificates.
take_over_apt() { # ROOT
	local place
	rm -f "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*
	cp sources/* "$1/etc/apt/sources.list.d/"
	for place in /etc/apt/apt.conf.d /etc/apt/trusted.gpg.d /etc/apt/keyrings /usr/local/share/ca-certificates; do
		[ ! -d $place ] || { mkdir -p "$1$place"; cp -a $place/. "$1$place"; }
	done
	cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
	chroot "$1" update-ca-certificates
	chroot "$1" apt-get -q update
}

mount_system() { # ROOT
	mount -t proc proc "$1/proc"
	mount --rbind /sys "$1/sys"
	mount --rbind /dev "$1/dev"
	cleanup_fn umount -R "$tmp/$1/proc" "$tmp/$1/sys" "$tmp/$1/dev"
}

type -P mmdebstrap >/dev/null || type -P debootstrap >/dev/null || skip 'neither mmdebstrap nor debootstrap is installed'
bootstrap base >step.log 2>&1 || skip "no chroot can be made, is there no network? $(tail -n 1 step.log)"
step 'a chroot with the sources of this host' take_over_apt base || finish
cp -a base bare
mount_system base
mount_system bare

# ---- the packages of Debian ----

tree=e4zero-$version
prepare() {
	inside base root "apt-get -q -y install --no-install-recommends build-essential lintian rpm rpmlint nix-bin &&
		useradd -m -d /builder builder && useradd -m -d /other/place/of/root other"
	cp "$tarball" base/builder
	cp "$tarball" base/other/place/of/root
	inside base builder "cd /builder && tar -xf $tree.tar.xz"
	inside base root "apt-get -q -y build-dep --no-install-recommends /builder/$tree"
}
build_again() {
	inside base root "umask 027; export TZ=Pacific/Kiritimati DEB_BUILD_OPTIONS='nocheck parallel=1'
		cd /other/place/of/root && tar -xf $tree.tar.xz && cd $tree && dpkg-buildpackage -us -uc"
}
compare() {
	local file count=0
	for file in base/builder/*.deb base/builder/*.dsc base/builder/e4zero_*.tar.xz; do
		cmp "$file" "base/other/place/of/root/${file##*/}" || return 1
		count=$((count + 1))
	done
	[ $count -ge 8 ]
}
pages() { # lead to each other, so none is compressed
	inside base builder "dpkg-deb -c /builder/e4zero_*.deb" |
		awk '{ print } /doc\/.*\.md$/ { pages++ } /\.md\.gz$/ { bad = 1 } END { exit bad || pages < 8 }'
}
hardened() { # every program and library is built with hardening=+all
	inside base builder "cd /builder && for deb in *.deb; do dpkg-deb -x \$deb unpacked; done &&
		for file in unpacked/usr/bin/* \$(find unpacked -name '*.so.*' -type f ! -path '*debug*'); do
			readelf -dW \$file | grep BIND_NOW && readelf -lW \$file | grep GNU_RELRO || exit 1
		done && readelf -hW unpacked/usr/bin/e4zero | grep -w DYN && nm -D unpacked/usr/bin/e4zero | grep _chk@"
}

step 'tools and build dependencies' prepare || finish
step 'an ordinary user builds and tests' inside base builder "cd /builder/$tree && dpkg-buildpackage -us -uc -j$(nproc)" || finish
step 'root builds in another place' build_again
step 'both have the same bytes' compare
step 'hardening' hardened
step 'no page is compressed' pages
inside base builder 'cd /builder && lintian --pedantic --display-info *.changes' | sed 's/^/  /'
step 'lintian: no error, no warning' inside base builder 'cd /builder && lintian --fail-on error,warning *.changes'

# ---- the installed packages ----

publish() {
	mkdir bare/repository
	cp base/builder/*.deb bare/repository
	inside base root 'cd /builder && dpkg-scanpackages .' >bare/repository/Packages
	echo 'deb [trusted=yes] file:/repository ./' >bare/etc/apt/sources.list.d/local.list
	inside bare root 'apt-get -q update && useradd -m -d /tester tester'
	cp -a "base/builder/$tree" bare/tester/tree
	inside bare root 'chown -R tester:tester /tester'
}

# tested NAMES DEPENDS RESTRICTIONS, as a paragraph of debian/tests/control has them
tested() {
	local test user=tester
	[ -n "$1" ] || return
	[[ $3 != *needs-root* ]] || user=root
	step "installed: ${2//,/}" inside bare root "apt-get -q -y install --no-install-recommends ${2//,/}" || return
	for test in ${1//,/}; do
		step "debian/tests/$test" inside bare $user "cd /tester/tree && AUTOPKGTEST_TMP=\$(mktemp -d) &&
			export AUTOPKGTEST_TMP && debian/tests/$test"
	done
}
tests() {
	local line names='' depends='' restrictions=''
	while IFS= read -r line; do
		case $line in
		Tests:*) names=${line#*:} ;;
		Depends:*) depends=${line#*:} ;;
		Restrictions:*) restrictions=${line#*:} ;;
		'')
			tested "$names" "$depends" "$restrictions"
			names='' depends='' restrictions=''
			;;
		esac
	done < <(cat "bare/tester/tree/debian/tests/control"; echo)
}
step 'a repository' publish && tests

# ---- the packages of others ----

rpms() {
	inside base builder "cd /builder && rpmbuild -ta --nodeps --nocheck $tree.tar.xz && ls rpmbuild/SRPMS/*.rpm &&
		rpm -qlp rpmbuild/RPMS/*/e4zero-$version-*.rpm | grep -x /usr/bin/e4zero &&
		rpm -qlvp rpmbuild/RPMS/*/libe4zero-$version-*.rpm | grep '^-rwxr-xr-x.*/libe4zero\.so\.0\.0\.0\$' &&
		rpm -qlp rpmbuild/RPMS/*/libe4zero-devel-$version-*.rpm | grep -x /usr/include/e4zero.h &&
		rpm -qlp rpmbuild/RPMS/*/python3-e4zero-$version-*.rpm |
			grep '^/usr/lib/python3[.0-9]*/[a-z]*-packages/e4zero/__init__\.py\$'"
}
step 'rpmbuild' rpms
# rpmlint's rules about names are those of Mandriva; RPM no longer requires a BuildRoot tag
printf 'addFilter("%s")\n' lib-package-without-%mklibname no-buildroot-tag invalid-url >base/builder/rpmlintrc
step 'rpmlint' inside base builder "rpmlint -r /builder/rpmlintrc /builder/$tree/contrib/rpm/e4zero.spec"
step 'nix-instantiate --parse' inside base root "nix-instantiate --parse /builder/$tree/contrib/nix/package.nix"
# with names in the place of packages, as there is no collection of packages here
evaluated() {
	cat >base/builder/stand-ins.nix <<-END
		let
		  expression = import /builder/$tree/contrib/nix/package.nix;
		  names = builtins.mapAttrs (name: _: name) (builtins.functionArgs expression);
		in
		expression (names // {
		  lib = {
		    cleanSource = _: "sources";
		    getOutput = output: package: package + "." + output;
		    getBin = package: package;
		    getLib = package: package;
		    licenses.gpl2Plus = "GPL-2.0-or-later";
		    platforms.linux = [ "linux" ];
		  };
		  stdenv.mkDerivation = attributes: attributes;
		})
	END
	inside base root 'nix-instantiate --eval --strict --json /builder/stand-ins.nix' | grep -F "\"pname\":\"e4zero\"" |
		grep -F "\"version\":\"$version\""
}
step 'nix-instantiate --eval' evaluated
finish
