#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files that are open when they are deleted, in a mount whose image is copied while they are: --fix --all leaves the same
# blocks and inodes free, and the same files, as a mount of the copy does; of the values that attributes share, too.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
. "$srcdir/tests/edit/deleted/common.sh"
requires_loop
requires python3
mkdir mnt
mount_it() { # IMAGE: where the kernel cannot, the layout is passed over
	mount -t ext4 -o loop "$1" mnt 2>mount.err || return
	cleanup_fn umount "$PWD/mnt"
}
umount_it() {
	umount mnt || fail 'umount'
	forget_cleanup umount "$PWD/mnt"
}

# use IMAGE COPY: it is copied with all of it open
use() {
	python3 - "$1" "$2" <<-'END' || fail "use $1"
		import os, shutil, subprocess, sys
		os.chdir("mnt")
		held = []
		def attributes(name, *pairs):
		    for key, value in pairs:
		        try:
		            os.setxattr(name, "user." + key, value)
		        except OSError:
		            pass
		def make(name, size, step=0):
		    with open(name, "wb") as f:
		        while f.tell() < size:
		            f.write(b"SECRET bytes of a file\n" * 50)
		            f.seek(step, 1)
		def drop(name):
		    held.append(os.open(name, os.O_RDONLY if os.path.isdir(name) else os.O_RDWR | os.O_NONBLOCK))
		    (os.rmdir if os.path.isdir(name) else os.unlink)(name)
		large = b"SECRETVALUE" * 500
		for i in range(12):
		    make("file%d" % i, 1000 * i, 8192 if i % 3 == 0 else 0)
		    # some are in the inode, some in a block that others have, some in an inode
		    attributes("file%d" % i, ("a", b"SECRET%d" % (i % 2)))
		    attributes("file%d" % i, ("b", b"SECRET" * 20))
		    attributes("file%d" % i, ("large", large), ("large2", large[:-1]))
		attributes("file3", ("own", large * 2))
		for name in ("dir", "dir2"):
		    os.mkdir(name)
		    for i in range(300):
		        open("%s/a long name of a SECRET file %d" % (name, i), "w").close()
		    for i in range(300):
		        os.unlink("%s/a long name of a SECRET file %d" % (name, i))
		os.mkfifo("fifo")
		os.mkdir("deep")
		make("deep/wide", 400 * 1024, 1024)
		make("deep/cut", 50000)
		os.sync()
		for name in ["file%d" % i for i in range(0, 12, 2)] + ["file3", "dir", "fifo", "deep/wide"]:
		    drop(name)
		with open("file5", "ab") as f:
		    os.truncate("file5", 0)
		os.sync()
		os.chdir("..")
		shutil.copyfile(sys.argv[1], sys.argv[2])
		os.remove("mnt/deep/cut")
	END
}

# files IMAGE: what of names, content and attributes it shows
files() {
	(cd mnt && find . -printf '%P %y %s %n %m\n' | sort &&
		find . -type f -print0 | sort -z | xargs -0 sha256sum &&
		python3 -c 'import os, sys
for top, dirs, names in sorted(os.walk(".")):
    for name in sorted(dirs + names):
        path = os.path.join(top, name)
        print(path, sorted((key, os.getxattr(path, key)) for key in os.listxattr(path)))') >"$1"
}

done_some= n=0
broad some 4 '-b 4096' '-b 1024 -O ea_inode,orphan_file' '-b 1024 -I 128 -O ^extent,^64bit,^orphan_file' \
	'-b 4096 -O bigalloc,ea_inode -C 16384' '-b 1024 -O ea_inode,inline_data -I 512' '-b 4096 -O orphan_file,inline_data,ea_inode -I 256' \
	'-b 1024 -I 128 -O ^metadata_csum,uninit_bg -g 1024' '-b 4096 -O ^metadata_csum,ea_inode,bigalloc,orphan_file -C 65536'
for options in "${some[@]}"; do
	# files of their own: a loop device that somebody looks at outlives its mount
	image=image$((n++)) crashed=crashed$n reference=reference$n
	# shellcheck disable=SC2086 # words of options
	make_image $image 48M $options
	mount_it $image || continue
	use $image $crashed
	umount_it
	cp $crashed $reference
	run_e4zero 4 --json --check --all $crashed
	same "found of $options" "$(records finding kind fixable | grep deleted | sort | uniq -c | xargs)" '10 deleted-open true'
	same "missing in the sum of $options" "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	run_e4zero 0 --json --fix --all $crashed
	same "not fixed of $options" "$(records finding fixed | grep -v true)" ''
	sound $crashed
	! LC_ALL=C grep -aq 'SECRET file' $crashed || fail "$options: a name is still there"
	run_e4zero 0 --json --check --all $crashed
	adds_up $crashed
	mount_it $reference || fail "$options: mount: $(cat mount.err)"
	umount_it
	e2fsck -fn $reference >e2fsck.out 2>&1 || fail "$options: what the kernel left: $(cat e2fsck.out)"
	same_usage "$options" $crashed $reference
	mount_it $crashed || fail "$options: mount of what was fixed: $(cat mount.err)"
	files got
	rm -r mnt/deep mnt/file5 && cp got mnt/new || fail "$options: it cannot be used"
	umount_it
	sound $crashed
	mount_it $reference || fail "$options: mount: $(cat mount.err)"
	files wanted
	umount_it
	diff wanted got >files.diff || fail "$options: a file is not the same: $(cat files.diff)"
	done_some+=.
done
[ -n "$done_some" ] || skip 'the kernel mounts none of the layouts'
echo "${#done_some} layouts"
