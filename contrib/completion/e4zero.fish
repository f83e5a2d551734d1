# SPDX-License-Identifier: GPL-2.0-or-later
# Fish completion for e4zero(8); tests/lint/faces.sh compares its rows with those of e4zero --help.

# The operands before the current word, one per line: IMAGE, then FILEs.
function __e4zero_operands
    set -l before
    for word in (commandline -opc)[2..-1]
        if test "$before" = argument
            set before
        else if test "$before" = --
            echo -- $word
        else
            switch $word
                case --
                    set before --
                case --truncate --script --convert --undo-apply --data --from --holes --image-format --jobs \
                    --journal-device --length --timeout --offset --only --partition --passphrase-fd \
                    --passphrase-file --policy --report --sandbox --shard --trace-io --undo
                    set before argument
                case '-?*'
                    string match -qr -- '^-[^-]*[Cjloz]$' $word; and set before argument
                case '*'
                    echo -- $word
            end
        end
    end
end

# After IMAGE only FILEs follow, which are not files of this host. Of --merge every operand is a report.
function __e4zero_file
    set -l operands (__e4zero_operands)
    set -q operands[1]; and not contains -- --merge (commandline -opc)
end

# The entries of a directory of an image, as far as debugfs can read it: the image is not locked, and its journal not
# replayed for this. With some options no FILE goes, or it is open in which file system it is.
function __e4zero_inside
    string match -qr -- '^--(partition|replay|script|undo-apply)(=|$)' (commandline -opc); and return
    set -l image (__e4zero_operands)[1]
    set -l dir (commandline -ct | string unescape | string replace -r '[^/]*$' '')
    string match -q -- '/*' $dir; and test -r (string replace -r '[?].*' '' -- $image) -a ! -d $image; or return
    set -lx PATH $PATH /usr/sbin /sbin
    set -l command (string replace -a -- '"' '""' $dir)
    for entry in (debugfs -c -R "ls -p \"$command\"" $image 2>/dev/null </dev/null)
        set -l found (string match -r -- '^/\d+/(\d{6})/\d+/\d+/(.+)/\d*/$' $entry); or continue
        contains -- $found[3] . ..; and continue
        string match -q -- '04*' $found[2]; and echo -- $dir$found[3]/; or echo -- $dir$found[3]
    end
end

function __e4zero_kinds
    printf '%s\n' unreadable pending-truncate stale-tail post-eof-data post-eof-zero post-eof-unwritten opaque \
        unwritten-residue cluster-slack symlink-slack inline-slack free-block leaked-block iblock-slack extent-slack \
        dir-slack htree-slack inode-slack xattr-slack free-inode inode-table bitmap-slack super-slack desc-slack \
        reserved-gdt orphan-file-slack journal mmp-slack after-fs boot-block deleted-open disputed free metadata
end

complete -c e4zero -n __e4zero_file -f -a '(__e4zero_inside)'

complete -c e4zero -l check -d 'report stale data past EOF'
complete -c e4zero -l fix -d 'scrub what --check reports'
complete -c e4zero -l truncate -x -d 'set the size of FILE'
complete -c e4zero -l zero-range -d 'zero a range, whole blocks become unwritten'
complete -c e4zero -l punch-hole -d 'zero a range, whole blocks are freed'
complete -c e4zero -l allocate -d 'allocate unwritten blocks for the holes in a range'
complete -c e4zero -l write-zeroes -d 'zero a range, whole blocks become written'
complete -c e4zero -l zero -d 'overwrite the data in a range with zeros'
complete -c e4zero -l collapse-range -d 'remove a range'
complete -c e4zero -l insert-range -d 'insert a hole'
complete -c e4zero -l write -d 'write standard input, or --from, into FILE'
complete -c e4zero -l script -r -F -d 'perform the operations in a script'
complete -c e4zero -l convert -x -a 'written unwritten hole' -d 'convert unwritten blocks, or zeroed ones'
complete -c e4zero -l map -d 'list the block map of each FILE'
complete -c e4zero -l merge -d 'merge the reports of all shards'
complete -c e4zero -l replay -d 'replay the journal'
complete -c e4zero -l undo-apply -r -F -d 'undo the edit that wrote the undo file'
complete -c e4zero -s h -l help -d 'display the help and exit'
complete -c e4zero -s V -l version -d 'display the version and exit'

complete -c e4zero -l all -d 'examine the whole file system'
complete -c e4zero -l allow-none -d 'a pattern that matches no file is not an error'
complete -c e4zero -l backing -d 'allow the other files that IMAGE refers to'
complete -c e4zero -s C -x -d 'write progress lines to a descriptor'
complete -c e4zero -l data -x -a 'journal ordered' -d 'how visible data is overwritten'
complete -c e4zero -l force -d 'examine a mounted file system; edit one that has errors'
complete -c e4zero -l from -r -F -d 'read the data for --write from a file'
complete -c e4zero -l fsck-codes -d 'add 1 to the exit status if the image was changed'
complete -c e4zero -l holes -x -a 'auto never always' -d 'whether holes are punched in IMAGE'
complete -c e4zero -l image-format -x -a 'raw qcow2 vmdk vhdx vhd vdi parallels qed luks android-sparse' -d 'format of IMAGE'
complete -c e4zero -s j -l jobs -x -a '1 2 4 8 16' -d 'threads for reading'
complete -c e4zero -s J -l json -d 'JSON Lines on standard output'
complete -c e4zero -l journal-device -r -F -d 'the external journal'
complete -c e4zero -l keep-size -d 'do not change the size of the file'
complete -c e4zero -s l -l length -x -d 'length of the range'
complete -c e4zero -s n -l dry-run -d 'plan and report, but write nothing'
complete -c e4zero -s o -l offset -x -d 'offset of the range in FILE'
complete -c e4zero -l only -x -a '(__fish_complete_list , __e4zero_kinds)' -d 'report, count and fix only these kinds'
complete -c e4zero -l paranoid -d 'also examine residue that no written block exposes'
complete -c e4zero -l partition -x -d 'select a file system'
complete -c e4zero -l passphrase-fd -x -d 'read the passphrase from a descriptor'
complete -c e4zero -l passphrase-file -r -F -d 'read the passphrase from a file'
complete -c e4zero -l policy -x -a 'batch flush flush-always' -d 'how pending data of unwritten blocks is zeroed'
complete -c e4zero -l progress -d 'show progress'
complete -c e4zero -s q -l quiet -d 'print only errors'
complete -c e4zero -l report -r -F -d 'also write the results to an HTML page'
complete -c e4zero -l sandbox -x -a 'auto off require' -d 'give up all rights that are not needed'
complete -c e4zero -l shard -x -d 'examine only the inodes of one shard'
complete -c e4zero -l split -d 'allow several transactions if one is too small'
complete -c e4zero -l timeout -x -d 'for an answer of an NBD server'
complete -c e4zero -l trace-io -r -F -d 'write one line per write, zeroing, barrier'
complete -c e4zero -s v -l verbose -d 'also list skipped and opaque inodes'
complete -c e4zero -s z -l undo -r -F -d 'save the data that is overwritten'
