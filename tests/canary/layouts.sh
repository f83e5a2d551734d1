#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No deleted byte can be read from an image after --fix --all: devices full of a canary, of every layout, are used by the kernel
# (by debugfs where it cannot), scrubbed, searched, compared with what they held before, and used again.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/kernel/lib.sh"

# the host's defaults have no say
export MKE2FS_CONFIG=$tmp/mke2fs.conf
ext2=sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
cat >mke2fs.conf <<-END2
	[defaults]
	base_features = $ext2
	enable_periodic_fsck = 0
	inode_size = 256
	inode_ratio = 8192
	[fs_types]
	ext2 = {
		inode_size = 128
	}
	ext3 = {
		features = has_journal
	}
	ext4 = {
		features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
	}
END2

# layout NAME HOW MIB MKE2FS-ARGUMENTS...: HOW as layout.py has it
layout() {
	local type=(-t ext4) extended=(-E nodiscard)
	wanted "$1" || return
	[[ " $* " != *' -t '* ]] || type=()
	[[ " $* " != *' -E '* ]] || extended=()
	one_batch "$1" python3 "$srcdir/tests/canary/layout.py" "$E4ZERO" "$2" "$3" "${type[@]}" "${extended[@]}" "${@:4}"
}

layout 4k - 64 -b 4096
layout 2k - 64 -b 2048
layout 1k - 32 -b 1024
layout 1k-inode-128 - 32 -b 1024 -I 128
layout 4k-inode-1024 - 64 -b 4096 -I 1024 -O inline_data,ea_inode
layout no-csum-1k - 32 -b 1024 -O ^metadata_csum
layout no-csum-4k - 64 -b 4096 -O ^metadata_csum
layout uninit-bg - 32 -b 1024 -O ^metadata_csum,uninit_bg -g 2048
layout uninit-bg-32 - 64 -b 4096 -O ^metadata_csum,uninit_bg,^64bit
layout bigalloc-1k - 64 -b 1024 -O bigalloc -C 16384
layout bigalloc-4k-16 - 64 -b 4096 -O bigalloc -C 16384
layout bigalloc-4k-64 - 128 -b 4096 -O bigalloc -C 65536
layout bigalloc-inline - 64 -b 1024 -O bigalloc,inline_data,ea_inode,^flex_bg -C 8192
layout meta_bg-1k - 32 -b 1024 -O meta_bg,^resize_inode -g 1024
layout meta_bg-4k - 64 -b 4096 -O meta_bg,^resize_inode -g 512
layout no-flex_bg - 64 -b 4096 -O ^flex_bg -g 2048
layout no-resize_inode - 32 -b 1024 -O ^resize_inode
layout all-copies - 32 -b 1024 -O ^sparse_super,^resize_inode -g 1024 -G 4
layout sparse_super2 - 64 -b 4096 -O sparse_super2,^resize_inode -g 2048
layout inline-1k - 32 -b 1024 -O inline_data
layout inline-4k-inode-512 - 64 -b 4096 -I 512 -O inline_data
layout ea_inode - 32 -b 1024 -O ea_inode
layout large_dir - 64 -b 1024 -O large_dir
layout no-dir_index - 32 -b 1024 -O ^dir_index
layout no-filetype - 32 -b 1024 -O ^filetype
layout 32-bit - 32 -b 1024 -O ^64bit
layout orphan_file - 32 -b 1024 -O orphan_file
layout stable_inodes - 32 -b 1024 -O stable_inodes
layout csum_seed - 32 -b 1024 -O metadata_csum_seed
layout no-journal - 64 -b 4096 -O ^has_journal
layout fast_commit - 64 -b 4096 -O fast_commit
layout verity - 32 -b 1024 -O verity
layout encrypt - 32 -b 1024 -O encrypt
layout mmp - 32 -b 1024 -O mmp -E nodiscard,mmp_update_interval=1
layout tables-ready - 32 -b 1024 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0
layout lazy-journal - 64 -b 4096 -E nodiscard,lazy_itable_init=1,lazy_journal_init=1
layout packed - 64 -b 4096 -E nodiscard,packed_meta_blocks=1
layout ext2-1k - 32 -t ext2 -b 1024
layout ext2-4k - 64 -t ext2 -b 4096 -I 256
layout ext2-rev0 - 32 -t ext2 -b 1024 -r 0 -O none
layout ext3-1k - 32 -t ext3 -b 1024
layout ext3-4k - 64 -t ext3 -b 4096
layout data-journal-1k data=journal 32 -b 1024
layout data-journal-ext3 data=journal 64 -t ext3 -b 4096
layout crash-1k crash 32 -b 1024
layout crash-4k crash 64 -b 4096
layout crash-data crash,data=journal 64 -b 1024
layout crash-ext3 crash,data=journal 64 -t ext3 -b 4096
layout crash-fast_commit crash 64 -b 4096 -O fast_commit
layout crash-orphan_file crash 64 -b 4096 -O orphan_file
layout crash-csum crash,data=writeback,journal_async_commit 32 -b 1024 -O ^64bit
layout open-4k crash,open 64 -b 4096
layout open-ext3 crash,open 32 -t ext3 -b 1024
layout open-no-csum crash,open 32 -b 1024 -O ^metadata_csum,^extent,^64bit
layout open-bigalloc crash,open 64 -b 1024 -O bigalloc,inline_data -C 16384
layout open-orphan_file crash,open 64 -b 4096 -O orphan_file
layout open-ea_inode crash,open,data=journal 64 -b 1024 -O ea_inode,inline_data
layout external external 32 -b 1024 -O ^has_journal
layout external-4k external,data=journal 64 -b 4096 -O ^has_journal
layout shrink-1k shrink 64 -b 1024
layout shrink-4k shrink 128 -b 4096 -g 4096
layout grow-1k grow 64 -b 1024
layout grow-4k grow 128 -b 4096 -O ^flex_bg -g 4096
layout grow-meta_bg grow 64 -b 1024 -O meta_bg,^resize_inode -g 1024
layout to-64 to-64 64 -b 1024 -O ^64bit -g 1024
layout to-32 to-32 64 -b 1024 -g 1024
layout inodes-256 inodes-256 32 -b 1024 -I 128 -O ^flex_bg,^metadata_csum
layout new-journal new-journal 64 -b 4096
layout to-csum to-csum 32 -b 1024 -O ^metadata_csum
layout from-csum from-csum 32 -b 1024
layout sorted sorted 32 -b 1024
layout quota tools 32 -b 1024 -O quota
layout project tools 32 -b 1024 -O project,quota -E nodiscard,quotatype=usrquota:grpquota:prjquota
layout casefold tools 32 -b 1024 -O casefold -E nodiscard,encoding=utf8
layout 64k tools 512 -b 65536 -O ^resize_inode
layout 64k-inline tools 512 -b 65536 -O inline_data,ea_inode
layout 8k tools 128 -b 8192
sum_up
