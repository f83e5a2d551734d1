#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A FUSE mount of the image: named by an absolute path, by a relative one, by another name, through overlayfs; in another
# mount namespace, for an edit. Of another image with the same name nothing is said.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires_root
requires mke2fs
requires fuse2fs
mkdir mnt store other
make_ext store/image 16M
ln store/image store/hard
ln -s "$tmp/store/image" soft

# serve DIRECTORY ARGUMENTS of fuse2fs: from there; it is mounted on mnt, here or where it is, when this returns
serve() {
	(cd "$1" && exec "${there[@]}" fuse2fs -f "${@:2}" "$tmp/mnt") >fuse.out 2>&1 &
	server=$!
	until grep -q " $tmp/mnt " "/proc/$server/mountinfo"; do
		kill -0 "$server" 2>/dev/null || skip "fuse2fs does not mount here: $(cat fuse.out)"
		sleep 0.1
	done
	cleanup_fn unserve
}
there=()

unserve() {
	umount "$tmp/mnt" 2>/dev/null || kill "$server"
	wait "$server"
	forget_cleanup unserve
}

# refused_here PATTERN IMAGE: no edit. (The image itself may change: it is being served.)
refused_here() {
	scribble 8 "$2" write:4096:512:0x55
	grep -Eq -- "$1" err || fail "$2: no \"$1\" in: $(cat err)"
	[ "$(dd if="$2" bs=512 skip=8 count=1 status=none | tr -d 'U' | wc -c)" = 512 ] || fail "$2: refused, but written"
}

serve . "$tmp/store/image"
for image in store/image store/hard soft; do
	refuses 'mounted: .*/store/image on .*/mnt \(FUSE\)' "$image"
	refused_here 'mounted: ' "$image"
done
run_e4zero 0 --force --json store/image
grep -q '"mounted": *true' out || fail "not said to be mounted: $(head -1 out)"
cp store/image other/image
opens other/image
unserve
opens store/image
scribble 0 store/image sync

# only a name, that another image has as well
serve store image
grep -q ' - fuse[^ ]* image ' /proc/self/mountinfo || fail 'the source is no relative path'
refuses 'mounted: image on .*/mnt' store/image
refused_here 'mounted: image on .*/mnt' store/image
for size in 1024 4096; do
	make_ext other/image 16M -N $size
	opens other/image
	scribble 0 other/image sync
done
# by this one's hard link the process is found, by an edit
refused_here 'process [0-9]+ \(fuse2fs\)' store/hard
unserve

if unshare -m true 2>/dev/null; then
	there=(unshare -m --propagation private)
	serve . "$tmp/store/image"
	! grep -q " $tmp/mnt " /proc/self/mountinfo || fail 'it is mounted here'
	refused_here 'process [0-9]+ \(fuse2fs\)' store/image
	there=()
	unserve
fi

# a server that does not answer, of a file that another process has open, of an image of the same name: nobody waits
for path in "$tmp/store/image" image; do
	serve store -o attr_timeout=0 "$path"
	exec 7<mnt/lost+found
	kill -STOP "$server"
	cleanup_fn kill -CONT "$server"
	for verb in --check --fix; do
		timeout -s KILL 60 "$E4ZERO" $verb other/image >out 2>err </dev/null
		rc=$?
		[ $rc = 0 ] || fail "$path, $verb of another image: exit $rc: $(cat err)"
	done
	kill -CONT "$server"
	forget_cleanup kill -CONT "$server"
	exec 7<&-
	unserve
done

mkdir lower upper merged
mount -t tmpfs none upper && cleanup_fn umount "$tmp/upper" && mkdir upper/{u,w} && cp store/image upper/u/image &&
	mount -t overlay none -o "lowerdir=lower,upperdir=upper/u,workdir=upper/w" merged 2>/dev/null ||
	skip 'no overlayfs can be mounted'
cleanup_fn umount "$tmp/merged"
serve . "$tmp/merged/image"
refuses 'mounted: .*/merged/image on' upper/u/image
refused_here 'mounted: .*/merged/image on' upper/u/image
