#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the images of the benchmark, once, in the cache directory. Usage: images.sh NAME...
#
# The names are S, L, A, X, Z, U, C, P, D, H, T, E, K, R, F, G, N, B, W, Q, Y, V and M. NAME.img is the image, NAME.json says what is in it. An image whose
# recipe has changed is made again. S, L, D and X are filled through a loop mount, which needs root; K and R are
# mounted once, for the journal to become what kernels make of it, and filled by metadata.
set -eu -o pipefail

RECIPE=1
UUID=5e0e4a12-7d4c-4b7e-9f6a-0e4be4c4e420
SEED=0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9
here=$(cd "$(dirname "$0")" && pwd)
dir=${E4ZERO_BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/e4zero-bench}
PATH=$PATH:/usr/sbin:/sbin
mnt='' loop='' work=''

say() { echo "images: $*" >&2; }

detach() {
	if [ -n "$mnt" ] && mountpoint -q "$mnt"; then umount "$mnt"; fi
	if [ -n "$loop" ]; then losetup -d "$loop"; loop=; fi
	if [ -n "$mnt" ]; then rmdir "$mnt"; mnt=; fi
}

cleanup() {
	detach || say "could not detach ${loop:-the loop device}"
	[ -z "$work" ] || rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

need_root() {
	[ "$(id -u)" = 0 ] && return
	say "SKIP $1: a loop mount needs root"
	exit 77
}

need_room() {
	local free
	free=$(df --output=avail -k "$dir" | tail -1)
	[ "$free" -ge $(($2 * 1024 * 1024)) ] && return
	say "SKIP $1: needs $2 GiB free in $dir"
	exit 77
}

# Direct I/O keeps the image's pages from being cached twice; not every host file system has it.
attach() {
	mnt=$(mktemp -d)
	loop=$(losetup -f --show --direct-io=on "$1" 2>/dev/null) || loop=$(losetup -f --show "$1")
	mount -t ext4 -o noatime,noinit_itable,commit=300 "$loop" "$mnt"
}

build() { # NAME FLAGS...: compile NAME.c into the cache
	local name=$1
	shift
	mkdir -p "$dir/bin"
	if [ "$here/programs/$name.c" -nt "$dir/bin/$name" ]; then
		"${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -o "$dir/bin/$name" \
			"$here/programs/$name.c" "$@"
	fi
}

# A fixed UUID and hash seed, the default features of the host's mke2fs otherwise.
format() { # IMAGE SIZE OPTIONS...
	local image=$1 size=$2
	shift 2
	truncate -s "$size" "$image"
	mke2fs -q -F -t ext4 -b 4096 -I 256 -m 1 -U "$UUID" "$@" \
		-E "lazy_itable_init=1,lazy_journal_init=1,nodiscard,hash_seed=$SEED" "$image"
}

fresh() { # NAME: true when the image is there and of this recipe, and so is its script
	case $1 in
	U | P) [ -e "$dir/$1.script" ] || return ;;
	D) [ -e "$dir/D.1000000.script" ] || return ;;
	M) [ -e "$dir/M.images/1000.img" ] || return ;;
	esac
	[ -e "$dir/$1.img" ] && [ -e "$dir/$1.json" ] &&
		grep -q "\"recipe\": $RECIPE," "$dir/$1.json"
}

finish() { # NAME FACTS
	e2fsck -fn "$work/$1.img" > "$work/fsck" 2>&1 || {
		cat "$work/fsck" >&2
		say "e2fsck does not like $1"
		exit 1
	}
	keep "$1" "$2"
}

keep() { # NAME FACTS: what was made is the image
	echo "{\"name\": \"$1\", \"recipe\": $RECIPE, $2}" > "$work/$1.json"
	rm -f "$dir/$1.json"
	mv "$work/$1.img" "$dir/$1.img"
	mv "$work/$1.json" "$dir/$1.json"
	say "$1 made in $SECONDS s, $(du -m "$dir/$1.img" | cut -f1) MiB on disk: $2"
}

many() { # NAME SIZE INODES GIB FILES DIRS FRAGMENTED LONG PREALLOCATED STALE-EVERY BIG-EVERY
	local name=$1 size=$2 inodes=$3 facts
	need_root "$name"
	need_room "$name" "$4"
	build populate -pthread
	build stain
	build zero-tails
	shift 4
	format "$work/$name.img" "$size" -N "$inodes"
	attach "$work/$name.img"
	facts=$("$dir/bin/populate" "$mnt" "$@" "$work/tails")
	detach
	"$dir/bin/stain" "$work/$name.img" < "$work/tails" > "$work/stained"
	grep -qx "$(wc -l < "$work/tails")" "$work/stained"
	finish "$name" "$facts"
}

make_S() { many S 2G 24000 1 22005 96 60 6 60 40 200; }
make_L() { many L 12G 1060000 9 1010000 4032 3000 300 2000 40 0; }

# As L, and every tail is stale.
make_A() { many A 12G 1060000 9 1010000 4032 3000 300 2000 1 0; }

# The data blocks of X hold zeros and are punched out of the image file, all but the last one.
make_X() {
	local facts off len
	need_root X
	need_room X 5
	build stripes
	build stain
	format "$work/X.img" 9G -N 8192
	attach "$work/X.img"
	echo 0 > "/sys/fs/ext4/${loop#/dev/}/extent_max_zeroout_kb"
	facts=$("$dir/bin/stripes" "$mnt/striped" 8589934592 32768 1234 "$work/tails" "$work/runs")
	detach
	while read -r off len; do
		fallocate -p -o "$off" -l "$len" "$work/X.img"
	done < "$work/runs"
	"$dir/bin/stain" "$work/X.img" < "$work/tails" > "$work/stained"
	finish X "$facts"
}

# The same with the zeros allocated.
make_Z() {
	local facts
	need_root Z
	need_room Z 10
	build stripes
	build stain
	format "$work/Z.img" 9G -N 8192
	attach "$work/Z.img"
	echo 0 > "/sys/fs/ext4/${loop#/dev/}/extent_max_zeroout_kb"
	facts=$("$dir/bin/stripes" "$mnt/striped" 8589934592 32768 1234 "$work/tails" "$work/runs")
	detach
	"$dir/bin/stain" "$work/Z.img" < "$work/tails" > "$work/stained"
	finish Z "$facts"
}

# One file of 8 GiB, unwritten; the host has nothing of it.
make_U() {
	need_root U
	need_room U 9
	format "$work/U.img" 9G -N 8192
	attach "$work/U.img"
	fallocate -l 8G "$mnt/file"
	detach
	head -c 4096 /dev/zero | tr '\0' x > "$dir/U.block"
	seq 0 1048576 2146435072 | sed "s|.*|write /file & from=$dir/U.block\nzero-range /file & 1000 keep-size|" \
		> "$dir/U.script"
	finish U '"bytes": 8589934592'
}

# The bytes of FILE in WORK's image become written, and stay holes of it: e4zero does that.
written() { # NAME SIZE BYTES
	[ -x "${E4ZERO:-}" ] || { say "SKIP $1: wants e4zero"; exit 77; }
	need_root "$1"
	need_room "$1" 9
	format "$work/$1.img" "$2" -N 8192
	attach "$work/$1.img"
	fallocate -l "$3" "$mnt/file"
	detach
	"$E4ZERO" -q --convert written "$work/$1.img" /file
}

# One file of 8 GiB in as few extents as there can be.
make_C() {
	written C 9G 8G
	finish C '"bytes": 8589934592'
}

# One file of 1 GiB, and a script that punches every other block.
make_P() {
	written P 2G 1G
	build punch-every
	seq 0 8192 1073741823 | sed 's|.*|punch-hole /file & 4096|' > "$dir/P.script"
	finish P '"bytes": 1073741824, "holes": 131072'
}

# A directory of 1,000 names and one of 1,000,000, and for each a script that writes over 2,000 of them.
make_D() {
	local dir_names
	need_root D
	need_room D 1
	format "$work/D.img" 1G -N 8192
	attach "$work/D.img"
	for dir_names in 1000 1000000; do
		python3 - "$mnt" $dir_names "$dir/D.$dir_names.script" <<-'EOF'
			import os, random, sys
			mnt, names, script = sys.argv[1], int(sys.argv[2]), sys.argv[3]
			os.mkdir("%s/%d" % (mnt, names))
			for i in range(names):
			    if i % 60000 == 0:  # a file has 65,000 names at most
			        file = "%s/file-%d-%d" % (mnt, names, i)
			        open(file, "wb").write(b"data" * 1024)
			    os.link(file, "%s/%d/name-of-a-file-%07d" % (mnt, names, i))
			rng = random.Random(1)
			with open(script, "w") as out:
			    for _ in range(2000):
			        out.write("zero /%d/name-of-a-file-%07d 0 10\n" % (names, rng.randrange(names)))
		EOF
	done
	detach
	finish D '"names": 1000000, "few": 1000'
}

# One file of 4 GiB: a MiB of zeros, a MiB of data, and so on.
make_H() {
	need_root H
	need_room H 10
	format "$work/H.img" 5G -N 8192
	attach "$work/H.img"
	python3 - "$mnt/file" <<-'EOF'
		import os, sys
		fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
		zeros, data = bytes(1 << 20), b"data" * (1 << 18)
		for i in range(4096):
		    os.write(fd, data if i % 2 else zeros)
		os.fsync(fd)
	EOF
	detach
	finish H '"bytes": 4294967296'
}

make_T() {
	local facts
	need_room T 4
	build tenmillion -lext2fs -lcom_err
	build stain
	format "$work/T.img" 40G -N 10240000 -G 16
	facts=$("$dir/bin/tenmillion" "$work/T.img" 10000 999 "$work/tails")
	"$dir/bin/stain" "$work/T.img" < "$work/tails" > "$work/stained"
	finish T "$facts"
}

make_E() {
	format "$work/E.img" 16M
	finish E '"files": 0'
}

# 200 small files in 64 MiB, and in M.images 1,000 of it.
make_M() {
	local i
	for i in parallel jq flock; do
		type -P $i > /dev/null || { say "SKIP M: $i is not installed"; exit 77; }
	done
	need_room M 3
	mkdir -p "$work/tree" "$work/images"
	for ((i = 0; i < 200; i++)); do
		mkdir -p "$work/tree/$((i % 20))"
		head -c $((i * 40 + 1)) /dev/zero | tr '\0' x > "$work/tree/$((i % 20))/$i"
	done
	format "$work/M.img" 64M -d "$work/tree"
	for ((i = 1; i <= 1000; i++)); do
		cp --sparse=always "$work/M.img" "$work/images/$(printf %04d $i).img"
	done
	rm -rf "$dir/M.images"
	mv "$work/images" "$dir/M.images"
	finish M '"images": 1000'
}

# fill IMAGE SIZE BYTE: the host has allocated all of it
fill() {
	head -c "$(numfmt --from=iec "$2")" /dev/zero | tr '\0' "$3" > "$1"
}

# The files of S among free blocks that the host has allocated, all of them BYTE.
among() { # NAME BYTE
	need_root "$1"
	need_room "$1" 9
	build populate -pthread
	fill "$work/$1.img" 4G "$2"
	format "$work/$1.img" 4G -N 24000
	attach "$work/$1.img"
	"$dir/bin/populate" "$mnt" 22005 96 60 6 60 40 200 "$work/tails" > "$work/facts"
	detach
}

# Its facts, after COUNT free blocks were written into, here and there.
free_blocks() { # IMAGE COUNT
	dumpe2fs "$1" 2>/dev/null | python3 "$here/free-blocks.py" "$1" "$2"
}

# Zeros, but for 50,000 blocks.
make_F() {
	local facts
	among F '\0'
	facts=$(free_blocks "$work/F.img" 50000)
	finish F "$facts"
}

# No free block is zero, but for those that became it.
make_G() {
	local facts
	among G x
	facts=$(free_blocks "$work/G.img" 0)
	finish G "$facts"
}

# The host has nothing of 60 % of it; 30 % are files, and 10 % what was one.
make_N() {
	local facts
	need_root N
	need_room N 3
	format "$work/N.img" 4G -N 24000
	attach "$work/N.img"
	head -c 1200M /dev/zero | tr '\0' x > "$mnt/file"
	head -c 400M /dev/zero | tr '\0' y > "$mnt/deleted"
	sync -f "$mnt"
	rm "$mnt/deleted"
	detach
	facts=$(free_blocks "$work/N.img" 0)
	finish N "$facts"
}

# F, with nothing left to do.
make_B() {
	[ -x "${E4ZERO:-}" ] || { say "SKIP B: wants e4zero"; exit 77; }
	need_room B 9
	"$0" F
	cp --sparse=never "$dir/F.img" "$work/B.img"
	"$E4ZERO" -q --fix --all "$work/B.img"
	finish B '"dirty": 0'
}

# As large as a file can be, and nothing in it but what is left of a file.
make_W() {
	need_root W
	need_room W 4
	format "$work/W.img" 17592186040320 -N 1048576
	attach "$work/W.img"
	head -c 400M /dev/zero | tr '\0' y > "$mnt/deleted"
	sync -f "$mnt"
	rm "$mnt/deleted"
	detach
	finish W '"dirty": 102400'
}

# A journal of 128 MiB, COUNT blocks of the inode tables that went through it, all of them at home:
# neither the log nor the tables are holes of the image file.
logged() { # NAME COUNT
	need_root "$1"
	need_room "$1" 3
	[ -x "$dir/bin/metadata" ] || { say "SKIP $1: metadata is not built"; exit 77; }
	format "$work/$1.img" 8G -N 1100000 -J size=128
	attach "$work/$1.img"
	: > "$mnt/file"
	sync -f "$mnt"
	detach
	"$dir/bin/metadata" commit "$work/$1.img" "$2" 1 > "$work/said"
}

# A clean image, and beside it what a commit has to write.
make_K() {
	local written barriers
	logged K 4000
	read -r _ written _ _ barriers _ < "$work/said"
	"$dir/bin/metadata" places "$work/K.img" 4000 > "$work/K.places"
	mv "$work/K.places" "$dir/K.places"
	finish K "\"blocks\": 4000, \"written\": $written, \"barriers\": $barriers"
}

# An image that was cut off after the commit block: a log of 32,000 blocks is to be replayed.
make_R() {
	local log
	logged R 31873
	log=$("$dir/bin/metadata" leave "$work/R.img" 31873 2)
	[ "$log" = 32000 ] || { say "the log of R has $log blocks"; exit 1; }
	finish R "\"blocks\": 31873, \"log\": $log"
}

in_qcow2() { # NAME OF GIB: the image OF as qcow2, with its facts
	command -v qemu-img > /dev/null || { say "SKIP $1: wants qemu-img"; exit 77; }
	need_room "$1" "$3"
	"$0" "$2"
	qemu-img convert -f raw -O qcow2 "$dir/$2.img" "$work/$1.img"
	keep "$1" "$(sed 's/^.*"recipe": [0-9]*, //; s/}$//' "$dir/$2.json")"
}
make_Q() { in_qcow2 Q L 9; }
make_Y() { in_qcow2 Y X 1; }

# As many files as L, and nothing to find: nothing is read for names.
make_V() {
	[ -x "${E4ZERO:-}" ] || { say "SKIP V: wants e4zero"; exit 77; }
	need_room V 9
	"$0" L
	cp --sparse=always "$dir/L.img" "$work/V.img"
	"$E4ZERO" -q --fix "$work/V.img"
	finish V '"findings": 0'
}

[ $# -gt 0 ] || { say "usage: images.sh NAME..."; exit 2; }
mkdir -p "$dir"
for name; do
	case $name in
	S | L | A | X | Z | U | C | P | D | H | T | E | K | R | F | G | N | B | W | Q | Y | V | M) ;;
	*) say "there is no image $name"; exit 2 ;;
	esac
	fresh "$name" && continue
	SECONDS=0
	work=$(mktemp -d "$dir/making.XXXXXX")
	"make_$name"
	rm -rf "$work"
	work=
done
