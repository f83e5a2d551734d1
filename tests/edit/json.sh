#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The JSON report of an edit: image, edit, summary, with every promised field and numbers that agree with the file.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_fields='type op ino path requested hole unwritten_clean dirty_unwritten written_disk written_dirty already_zero
	inline did_zero zero_written flushes retries batches_full blocks_converted blocks_allocated blocks_freed size_before size_after'
summary_fields='type verb files findings fixed stale_bytes transactions barriers bytes_read bytes_written bytes_zeroed_again seconds exit'

# has TYPE FIELDS
has() {
	local key
	for key in $2; do
		jq -se "any(.[]; .type == \"$1\" and has(\"$key\"))" out >/dev/null || fail "$1 has no $key"
	done
}

edit_image image
run_e4zero 0 --json --truncate 5000 --trace-io trace image /file
same 'lines' "$(jq -r .type out | paste -sd' ')" 'image edit summary'
has edit "$edit_fields"
has summary "$summary_fields"
same 'edit' "$(rows edit op ino path requested written_disk did_zero zero_written blocks_freed size_before size_after)" \
	"[\"truncate\",$(ino_of image /file),\"/file\",3192,3192,true,true,1,10000,5000]"
same 'summary' "$(rows summary verb files transactions exit)" '["truncate",1,1,0]'
same 'barriers' "$(field barriers summary)" "$(grep -c '^flush' trace)"
same 'bytes' "$(field bytes_written summary)" "$(awk '/^(write|zero)/ { n += $3 } END { print n }' trace)"

# the parts make up what was asked for
for size in 9000 3000 4096 0 100; do
	run_e4zero 0 --json --truncate $size image "<$(ino_of image /file)>"
	same "parts at $size" "$(jq -c 'select(.type == "edit") | .requested - (.hole + .unwritten_clean + .dirty_unwritten
		+ .written_disk + .written_dirty + .already_zero + .inline)' out)" 0
	same 'path of a number' "$(field path edit)" null
done

# refused: no edit, an error, the summary last; usage too
run_e4zero 8 --json --truncate 1 image /dir
same 'lines of a refusal' "$(jq -r .type out | paste -sd' ')" 'image error summary'
same 'its exit' "$(field exit summary)" 8
run_e4zero 16 --json --truncate 1 image
same 'lines of wrong usage' "$(jq -r .type out | paste -sd' ')" 'error summary'

# a name that is not UTF-8
debugfs_script image <<<$'write ten f\xff'
run_e4zero 0 --json --truncate 1 image $'/f\xff'
same 'hex' "$(field path_hex edit)" 2f66ff
