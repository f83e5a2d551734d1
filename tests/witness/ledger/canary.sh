#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The witness's ledger and that of e4zero, of file systems that were made on a device full of a canary and then used: by debugfs and, where
# it mounts them, by the kernel, with the log as a crash leaves it, too. compare.py and scrub.py say how each image is judged.
#
# usage: canary.sh     E4ZERO names the binary; SAMPLE=1: one layout in eight
here=$(cd "$(dirname "$0")" && pwd)
own_mounts=1
. "$here/../../lib.sh"
. "$srcdir/tests/edit/all/common.sh"

# what the layouts of the other tests do not have
layouts+=(
	'16M -b 1024 -O mmp'
	'24M -b 1024 -I 1024 -O ea_inode,inline_data'
	'24M -b 1024 -O large_dir,metadata_csum_seed,^flex_bg -g 2048 -I 512'
	'24M -b 2048 -O bigalloc,inline_data,^has_journal -C 16384'
	'24M -b 1024 -O ^dir_index,^extra_isize,^metadata_csum'
)

use() {
	local i
	mkdir -p mnt/used/deep mnt/many
	for ((i = 0; i < 60; i++)); do
		text mnt/used/deleted$i $((i * 700 + 1)) $'DELETED content\n'
		ln -s "$(printf 'DELETED/%.0s' {1..20})" mnt/used/link$i
		ln -s DELETEDTARGET mnt/used/fast$i
	done
	for ((i = 0; i < 700; i++)); do : >"mnt/many/a name that is deleted later, number $i"; done
	for ((i = 0; i < 400; i++)); do
		printf DELETED | dd of=mnt/used/wide bs=1024 seek=$((i * 2)) conv=notrunc status=none
	done
	python3 - <<-'END'
		import os
		def put(path, name, size):
		    try:
		        os.setxattr("mnt/used/" + path, "user." + name, b"DELETED"[:size] * (size // 7 + 1))
		    except OSError:
		        pass
		for i in range(12):
		    put("deleted%d" % (i + 20), "small", i + 1)
		    put("deleted%d" % (i + 20), "middle%d" % i, 70 + i)
		    put("deleted%d" % (i + 50 - i // 10 * 4), "alone", 400 + i)
		for name in "small", "middle7":
		    try:
		        os.removexattr("mnt/used/deleted27", "user." + name)
		    except OSError:
		        pass
	END
	sync -f mnt
	truncate -s 3000 mnt/used/wide
	fallocate -l 200000 mnt/used/deep/allocated 2>/dev/null
	fallocate -n -l 100000 mnt/used/deep/past 2>/dev/null
	mkfifo mnt/used/deep/fifo
	mknod mnt/used/deep/null c 1 3
	rm mnt/used/deleted[0-4]* mnt/used/link* mnt/used/fast[0-3]*
	for ((i = 0; i < 700; i++)); do ((i % 4 == 0)) || rm "mnt/many/a name that is deleted later, number $i"; done
	mv mnt/used/deleted59 mnt/used/deep/kept
	sync -f mnt
	ln -s DELETEDLATER mnt/used/last
	text mnt/used/later 20000 $'DELETED later\n'
	# deleted, and open until a crash
	mkdir mnt/used/opened
	exec 7<mnt/used/deleted55 8<mnt/used/opened 9<mnt/used/deleted51
	rm mnt/used/deleted5[15]
	rmdir mnt/used/opened
	sync -f mnt/used
}

bad=0 good=0
judge() { # WHAT IMAGE
	local said rc=0
	said=$(command python3 "$here/compare.py" "$E4ZERO" "$2" 2>&1 &&
		command python3 "$here/scrub.py" "$E4ZERO" "$2" scrubbed 2>&1) || rc=$?
	if ((rc)); then
		echo "FAIL $1"
		sed 's/^/    /' <<<"$said"
		bad=$((bad + 1))
		[ -z "${KEEP-}" ] || cp --sparse=always "$2" "$KEEP/${1//[ \/]/_}"
	else
		echo "ok   $1: ${said/$'\n'/; }"
		good=$((good + 1))
	fi
	rm -f scrubbed
}

mount_it() {
	[ "$(id -u)" = 0 ] && mount -t ext4 -o loop image mnt 2>mount.err || return
	cleanup_fn umount "$PWD/mnt"
}

mkdir mnt
for ((n = 0; n < ${#layouts[@]}; n += ${SAMPLE:+7+}1)); do
	layout=${layouts[n]}
	canary_image image "$layout"
	printf '%s\n' 'write tree/small gone' 'symlink golink DELETEDTARGET' 'rm gone' 'rm golink' \
		'rm /dir/sub/a\ longer\ name\ of\ a\ file,\ number\ 7' | debugfs -w -f - image >debugfs.log 2>&1
	judge "$layout" image
	mount_it || continue
	use 2>/dev/null # what the layout has no room for is not made
	cp --sparse=always image dirty
	exec 7<&- 8<&- 9<&-
	umount mnt || fail umount
	forget_cleanup umount "$PWD/mnt"
	judge "$layout, used" image
	# without a journal it is not edited
	dumpe2fs -h dirty 2>/dev/null | grep -q needs_recovery || rm dirty
	[ ! -e dirty ] || judge "$layout, with its log" dirty
done
echo "$good images of ${#layouts[@]} layouts agree, $bad do not"
((bad == 0))
