# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A program outside the tree: what make install puts down, and what pkg-config says to do with it.

# install_below DIR: say why not, and fail, or set outside_flags, for the shared library, and static_flags.
install_below() {
	local pc prefix what flag
	make -s -C "${builddir:-.}" install DESTDIR="$1" >"$1/log" 2>&1 || { cat "$1/log"; return 1; }
	pc=$(dirname "$(find "$1" -name e4zero.pc)")
	prefix=$(sed -n 's/^prefix=//p' "$pc/e4zero.pc")
	set -- "$1" pkg-config --define-variable=prefix="$1$prefix" --cflags --libs e4zero
	outside_flags="$(PKG_CONFIG_PATH=$pc "${@:2}") -Wl,-rpath,${pc%/*}" || return 1
	static_flags=$(PKG_CONFIG_PATH=$pc "${@:2}" --static) || return 1
	static_flags=${static_flags/-le4zero/-Wl,-Bstatic -le4zero -Wl,-Bdynamic}
	for what in ${INSTRUMENT:-}; do
		case $what in
		asan) flag=-fsanitize=address ;;
		ubsan) flag=-fsanitize=undefined ;;
		tsan) flag=-fsanitize=thread ;;
		coverage) flag=--coverage ;;
		esac
		outside_flags="$outside_flags $flag" static_flags="$static_flags $flag"
	done
}

# build_outside SOURCE PROGRAM [FLAGS]: with the compiler of the build and not one of its flags. FLAGS: outside_flags
build_outside() {
	local compiler=${COMPILE:-cc}
	# shellcheck disable=SC2086 # flags are words
	"${compiler%% *}" -Wall -Werror -o "$2" "$1" ${3:-$outside_flags}
}
