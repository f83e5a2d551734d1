#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bigalloc: what is beside a directory's blocks, and beside static metadata, in their clusters is scrubbed with --all.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

# beside IMAGE BLOCK-SIZE BLOCK: how many bytes of the rest of its cluster, of 16 blocks, are not zero
beside() {
	local first=$(($3 / 16 * 16))
	dd if="$1" bs="$2" skip=$first count=16 status=none | tail -c +$((($3 - first + 1) * $2 + 1)) | tr -d '\0' | wc -c
}

for layout in '64M -b 1024 -O extent,bigalloc -C 16384' '64M -b 4096 -O bigalloc -C 65536'; do
	canary_image image "$layout"
	read -r _ bs _ <<<"${layout#* }"
	dir=$(physical image /dir 0)
	[ "$(beside image "$bs" "$dir")" -gt 0 ] || fail "$layout: nothing is beside the directory"
	run_e4zero 4 --json --check --all image
	same "what is missing in the sum of $layout" "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	records finding kind path | grep -qx 'cluster-slack /dir' || fail "$layout: the directory's cluster is not found"
	records finding kind ino | grep -qx 'cluster-slack null' || fail "$layout: clusters of static metadata are not found"
	run_e4zero 0 --json --fix --all image
	same "beside the directory of $layout" "$(beside image "$bs" "$dir")" 0
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$layout: e2fsck: $(cat e2fsck.out)"
	holds image /ten tree/ten
	same "names of $layout" "$(debugfs -R 'ls -p /dir/sub' image 2>/dev/null | grep -c 'a longer name')" 200
	run_e4zero 0 --json --check --all image
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
done

# two blocks of attributes in one cluster: neither is slack beside the other
mke2fs -q -F -t ext4 -b 1024 -O bigalloc,^metadata_csum -C 8192 -I 128 image 16M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
text value 300 VALUE
for file in a b; do printf '%s\n' "write value $file" "ea_set -f value $file user.x"; done | debugfs -w -f - image >debugfs.log 2>&1
acl() { debugfs -R "stat $1" image 2>/dev/null | sed -n 's/.*File ACL: \([0-9]*\).*/\1/p'; }
dd if=image of=image bs=1024 skip="$(acl b)" seek=$(($(acl a) + 1)) count=1 conv=notrunc status=none
debugfs -w -R "sif b file_acl $(($(acl a) + 1))" image >debugfs.log 2>&1
run_e4zero 4 --json --fix --all image
same 'who has the cluster' "$(records finding kind path | grep unreadable)" $'unreadable /a\nunreadable /b'
for file in a b; do
	same "the attribute of $file" "$(debugfs -R "ea_get $file user.x" image 2>/dev/null | grep -c VALUEVALUE)" 1
done
