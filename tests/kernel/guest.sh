#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the running kernel may lack quota and Unicode, one in a virtual machine has both: it mounts what we edited, keeps
# to the limits by the usage that we wrote, finds names in another case, and leaves a sound file system.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/quota/common.sh"
. "$srcdir/tests/edit/deleted/common.sh"
requires guestfish
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg LIBGUESTFS_CACHEDIR=$tmp
# guest SECONDS ARGUMENTS...: of guestfish; a virtual machine that hangs is an end, too
guest() { timeout -k 10 "$1" guestfish "${@:2}" </dev/null; }
guest 300 -a /dev/null run >guest.log 2>&1 || skip "no virtual machine starts: $(tail -n 1 guest.log)"

# features, extended options, other options of mke2fs
kinds=(
	"quota,project $all -b 4096"
	"quota,project,orphan_file $all -b 1024"
	"quota,project,bigalloc,inline_data $all -b 4096 -C 16384"
	"quota,project,^extent,^64bit $all -b 2048"
	'quota quotatype=usrquota -b 4096'
	'casefold encoding=utf8 -b 4096'
	'casefold,^metadata_csum encoding=utf8 -b 1024'
	"casefold,mmp,quota,project,orphan_file encoding=utf8,mmp_update_interval=1,$all -b 1024"
)
text big 300000 $'line of text\n'
text new 20000 $'written by us\n'
: >empty
stay=(file cut punched grown) files=("${stay[@]}" gone gone2)

# add_flag IMAGE NAME FLAG
add_flag() {
	local flags
	flags=$(debugfs -R "stat $2" "$1" 2>/dev/null | sed -n 's/.*Flags: \(0x[0-9a-f]*\).*/\1/p')
	printf 'sif %s flags 0x%x\n' "$2" $((flags | $3)) | debugfs_script "$1"
}

# fill IMAGE: files with owners, two of which are deleted later; a directory in the project; one whose names have no case
fill() {
	local i file
	{
		printf 'write big %s\n' "${files[@]}"
		printf '%s\n' 'mkdir limits' 'mkdir fold' 'sif limits mode 040777' 'cd fold'
		for ((i = 0; i < 400; i++)); do echo "write empty Ärger-of-some-length-$i"; done
		echo 'cd /'
		for file in "${files[@]}"; do printf "sif $file %s\n" 'uid 1000' 'gid 100' 'projid 7'; done
		[[ $kind != *project* ]] || echo 'sif limits projid 7'
	} | debugfs_script "$1"
	[[ $kind != *project* ]] || add_flag "$1" limits 0x20000000 # what is made in it is in its project
	[[ $kind != casefold* ]] || add_flag "$1" fold 0x40000000
	e2fsck -fyD "$1" >e2fsck.out 2>&1 || [ $? = 1 ] || fail "e2fsck of $kind: $(cat e2fsck.out)"
}

# right IMAGE: for e2fsck and us, the usage too
right() {
	if [[ $kind = *quota* ]]; then counted "$1"; else sound "$1"; fi
}

# edit IMAGE
edit() {
	local allocate=allocate zero=zero-range
	[[ $kind != *^extent* ]] || allocate=write-zeroes zero=zero # there are no unwritten blocks
	cat >script <<-END
		truncate /cut 5000
		punch-hole /punched 8192 200000
		$allocate /grown 250000 300000
		write /file 1000 from=new
		$zero /file 100000 50000
	END
	run_e4zero 0 --script script "$1"
	unlink_open "$1" gone gone2
	run_e4zero 0 --fix --all "$1"
	right "$1"
}

# limit IMAGE: each owner may have 64 KiB more than the usage that we wrote. types: of owners; options: of the mount
limit() {
	local type id option used
	types='' options=rw
	while read -r type id option; do
		[[ $kind = *$option* ]] || continue
		used=$(usage show "$1" "$type" "$id" | grep -oP ' space=\K\d+')
		[ "${used:-0}" -gt 300000 ] || fail "$kind: the usage of $type $id is $used"
		usage set "$1" "$type" "$id" bhard=$((used / 1024 + 64))
		types+=" $type" options+=,$option
	done <<<$'user 1000 usrquota\ngroup 100 grpquota\nproject 7 prjquota'
}

# what the guest runs, which numbers its disks as it likes: LABEL=NAME OPTIONS FOLD TYPE...
cat >use <<'EOF2'
set -e
m=/tmp/mnt device=$1 fold=$3
mkdir -p $m
mount -t ext4 -o "$2" $device $m
for file in file cut punched grown; do cksum <$m/$file; done
shift 3
for type; do
	uid=2000 gid=2000
	[ $type != user ] || uid=1000
	[ $type != group ] || gid=100
	# the limit leaves room for 64 KiB, and for no more
	setpriv --reuid $uid --regid $gid --clear-groups sh -c "head -c 61440 /dev/zero >$m/limits/fits &&
		! head -c 16384 /dev/zero >$m/limits/more" 2>/tmp/said && grep -q 'quota exceeded' /tmp/said ||
		{ echo "$device: limit of $type: $(cat /tmp/said)"; exit 1; }
	rm -f $m/limits/*
done
if [ $fold = 1 ]; then
	cd $m/fold
	ls -d $(seq -f äRGER-OF-some-LENGTH-%g 0 399) >/dev/null
	if (set -C; : >ÄRGER-of-SOME-length-7) 2>/dev/null; then echo "$device: made twice"; exit 1; fi
	rm $(seq -f ärger-of-some-LENGTH-%g 0 2 399)
	touch $(seq -f Ünder-a-name-that-is-new-%g 100)
	cd /
fi
chown 3000:3000 $m/punched
head -c 500000 /dev/zero | tr '\0' x >>$m/grown
rm $m/cut
umount $m
EOF2

drives=() commands=(run 'debug-upload use /tmp/use 0755') count=${#kinds[@]}
for ((i = 0; i < count; i++)); do
	kind=${kinds[i]} image=image.$i fold=0
	read -r features extended others <<<"$kind"
	# shellcheck disable=SC2086 # words of options
	make_image "$image" 48M -I 256 -O "$features" -E "$extended" -L "e4z-$i" $others
	fill "$image"
	edit "$image"
	limit "$image"
	[[ $kind != casefold* ]] || fold=1
	for file in "${stay[@]}"; do debugfs -R "cat $file" "$image" 2>/dev/null | cksum; done >>wanted
	drives+=(-a "$image")
	commands+=("debug sh \"sh /tmp/use LABEL=e4z-$i $options $fold $types 2>&1\"")
done
printf '%s\n' "${commands[@]}" 'debug sh dmesg' >commands
guest 1800 --format=raw "${drives[@]}" -f commands >guest.out 2>&1 ||
	fail "the guest: exit $? (124: it took half an hour): $(tail -n 5 guest.out)"

same 'what the guest read' "$(grep -xE '[0-9]+ [0-9]+' guest.out)" "$(<wanted)"
same 'mounts in the log of the guest' "$(grep -c 'EXT4-fs (sd.): mounted filesystem with ordered data' guest.out)" "$count"
! grep -E 'EXT4-fs.*(error|warning)|[Qq]uota.*error|JBD2.*(rror|fail)' guest.out || fail 'the kernel complained'
for ((i = 0; i < count; i++)); do
	kind=${kinds[i]}
	right image.$i
done
echo "guest: $count file systems used in a virtual machine"
