#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check-cross: builds the program for other machines, one of them big-endian, two with 32 bits. Its unit tests pass
# there, random operations leave the same bytes as on this machine, and the binary interface of the library is the one
# in lib/abi. qemu-user runs the foreign programs; their libraries are unpacked in the build directory
# (cross/ARCHITECTURE) and not installed.
# MACHINES: the architectures; OPERATIONS: their number per machine; SEED.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS
passed=0 failed=0 skipped=0
libraries=libc6-dev,libc-bin,libext2fs-dev,comerr-dev,libblkid-dev,uuid-dev
libraries+=,libjson-c-dev,libsmartcols-dev,libnbd-dev,libseccomp-dev
kinds=(ext4-1k ext3-1k bigalloc inline orphanfile
	ext2-1k ext4-4k metabg-1k nocsum uninitbg no64bit quota eainode posteof-ind paranoid orphanlist multiclaim damaged hurd
	biginode csumseed unlinked)
[ -z "${SAMPLE-}" ] || kinds=("${kinds[@]:0:5}")
operations=${OPERATIONS:-$([ -n "${SAMPLE-}" ] && echo 100 || echo 600)}

# step WHAT COMMAND...: run it in a subshell and count the result; print the end of the output of a failure
step() {
	local what=$1 rc
	shift
	("$@") >step.log 2>&1 </dev/null
	rc=$?
	case $rc in
	0) echo "ok: $what"; passed=$((passed + 1)) ;;
	77) echo "skipped: $what: $(tail -n 1 step.log)"; skipped=$((skipped + 1)) ;;
	*) echo "FAIL: $what: exit $rc"; tail -n 30 step.log | sed 's/^/  /'; failed=$((failed + 1)) ;;
	esac
	return $rc
}

# unpack ARCHITECTURE ROOT: the libraries and their headers; absolute links are made relative to ROOT
unpack() {
	local link suite mirror
	[ ! -d "$2" ] || return 0
	suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || { echo 'this is not a Debian'; return 77; }
	# shellcheck disable=SC2016 # for apt-get; other sources of this host seldom have these architectures
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v suite="$suite" '$2 == suite { print $1; exit }')
	mmdebstrap --quiet --variant=extract --architectures="$1" --include=$libraries "$suite" "$tmp/root-$1" "$mirror" || {
		echo "the libraries of $1 cannot be had, is there no network?"
		return 77
	}
	# the emulator prefers files in ROOT to those of this machine, so everything but the libraries is removed
	find "root-$1" -mindepth 1 -maxdepth 1 ! -name lib ! -name usr -exec rm -rf {} +
	rm -rf "root-$1/usr/bin" "root-$1/usr/share"
	find "root-$1" -type l -lname '/*' | while read -r link; do
		ln -sfnr "root-$1$(readlink "$link")" "$link"
	done
	cp -a "root-$1" "$2.new" && mv "$2.new" "$2"
}

# build TRIPLET FOLDER: build in FOLDER/build with the libraries of FOLDER/root
build() {
	export PKG_CONFIG_SYSROOT_DIR=$2/root
	PKG_CONFIG_LIBDIR=$(echo "$2"/root/usr/lib/*/pkgconfig)
	export PKG_CONFIG_LIBDIR
	mkdir -p "$2/build" && cd "$2/build" || return 1
	# with --build, configure cross-compiles even if foreign programs happen to run here
	[ -f config.status ] || "$srcdir/configure" --quiet --build="$(cc -dumpmachine)" --host="$1" \
		CC="$1-gcc --sysroot=$2/root" CFLAGS='-g -O1' || return 1
	# shellcheck disable=SC2086 # words
	make -s -j"$(nproc)" tests/checked/e4zero libe4zero.so.0.0.0 $UNIT_TESTS
}

interface() { # FOLDER
	SHARED=$1/build/libe4zero.so.0.0.0 bash "$srcdir/tests/api/abi.sh"
}

# emulator EMULATOR FOLDER: make scripts that run the programs built in FOLDER
emulator() {
	# shellcheck disable=SC2016 # for sh
	printf '#!/bin/sh\nprogram=$1\nshift\nexec %s -L "%s" "%s/$program" "$@"\n' "$1" "$2/root" "$2/build" >"$2/start"
	printf '#!/bin/sh\nexec "%s" tests/checked/e4zero "$@"\n' "$2/start" >"$2/e4zero"
	chmod +x "$2/start" "$2/e4zero"
}

# unit FOLDER TEST: run a unit test in an empty directory
unit() {
	rm -rf unit && mkdir unit && cd unit && builddir=$1/build TMPDIR=$tmp/unit timeout 900 "$1/start" "$2"
}

compare() { # FOLDER
	rm -rf compare && mkdir compare && cd compare || return 1
	PYTHONDONTWRITEBYTECODE=1 python3 "$srcdir/tests/cross/compare.py" "$E4ZERO" "$1/e4zero" "${SEED:-1}" "$operations" \
		"$tmp"/images/*
}

# machine ARCHITECTURE TRIPLET EMULATOR
machine() {
	local folder=$builddir/cross/$1 tool test
	for tool in "$2-gcc" "$3"; do
		type -P "$tool" >/dev/null || { echo "skipped: $1: $tool is not installed"; skipped=$((skipped + 1)); return; }
	done
	mkdir -p "$folder"
	step "$1: libraries" unpack "$1" "$folder/root" || return
	step "$1: build" build "$2" "$folder" || return
	emulator "$3" "$folder"
	step "$1: binary interface" interface "$folder"
	for test in $UNIT_TESTS; do
		step "$1: $test" unit "$folder" "$test"
	done
	step "$1: $operations operations" compare "$folder" && cat step.log
}

requires mmdebstrap
requires python3
mkdir images
for kind in "${kinds[@]}"; do
	bash "$srcdir/tests/images/mkimg.sh" "$kind" "images/$kind" >mkimg.log 2>&1 || skip "mkimg.sh $kind: $(tail -n 1 mkimg.log)"
done
while read -r architecture triplet emulator; do
	[[ " ${MACHINES:-s390x i386 armhf} " != *" $architecture "* ]] || machine "$architecture" "$triplet" "$emulator"
done <<-'END'
	s390x s390x-linux-gnu qemu-s390x
	i386 i686-linux-gnu qemu-i386
	armhf arm-linux-gnueabihf qemu-arm
END
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] || exit 1
[ $passed != 0 ] || exit 77
