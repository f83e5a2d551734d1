# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A program outside the tree: what make install puts down, and what pkg-config says to do with it.

# install_below DIR: say why not, and fail, or set outside_flags.
install_below() {
	local pc prefix what
	make -s -C "${builddir:-.}" install DESTDIR="$1" >"$1/log" 2>&1 || { cat "$1/log"; return 1; }
	pc=$(dirname "$(find "$1" -name e4zero.pc)")
	prefix=$(sed -n 's/^prefix=//p' "$pc/e4zero.pc")
	outside_flags=$(PKG_CONFIG_PATH=$pc pkg-config --static --define-variable=prefix="$1$prefix" \
		--cflags --libs e4zero) || return 1
	for what in ${INSTRUMENT:-}; do
		case $what in
		asan) outside_flags="$outside_flags -fsanitize=address" ;;
		ubsan) outside_flags="$outside_flags -fsanitize=undefined" ;;
		tsan) outside_flags="$outside_flags -fsanitize=thread" ;;
		coverage) outside_flags="$outside_flags --coverage" ;;
		esac
	done
}

# build_outside SOURCE PROGRAM: with the compiler of the build and not one of its flags.
build_outside() {
	local compiler=${COMPILE:-cc}
	# shellcheck disable=SC2086 # flags are words
	"${compiler%% *}" -Wall -Werror -o "$2" "$1" $outside_flags
}
