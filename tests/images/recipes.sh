# SPDX-License-Identifier: GPL-2.0-or-later
# Images of a few files, made without privileges. Sourced after tests/lib.sh.

# debugfs_script IMAGE: commands from standard input, writing. It leaves with 0 whatever happens.
debugfs_script() {
	local said
	debugfs -w -f - "$1" >debugfs.log 2>&1
	slurp said debugfs.log
	[[ ! $said =~ 'File not found'|Usage|Unknown|while|'No such' ]] || fail "debugfs: $said"
}

# make_image IMAGE SIZE [mke2fs options]: an empty ext4 with blocks of 4 KiB.
make_image() {
	requires mke2fs
	requires debugfs
	mke2fs -q -F -t ext4 -b 4096 "${@:3}" "$1" "$2" >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
}

# text FILE BYTES WORDS: a file of BYTES bytes, the words again and again
text() {
	local many=$3
	while [ ${#many} -lt "$2" ]; do many+=$many; done
	printf %s "${many:0:$2}" >"$1"
}

# stale_image IMAGE: three regular files of two blocks that hold no zero byte.
#   /clean  nothing to find
#   /tail   size 5000: bytes 5000 to 8191 are a stale tail
#   /past   size 4096: block 1 lies wholly past EOF and holds data
stale_image() {
	make_image "$1" 16M
	text eight 8192 x
	debugfs_script "$1" <<-END
		write eight clean
		write eight tail
		write eight past
		sif tail size 5000
		sif past size 4096
	END
}

# many_tails IMAGE COUNT: COUNT files of one block and 100 bytes, each with a stale tail.
many_tails() {
	local i
	make_image "$1" 64M -N $(($2 + 100))
	text four 4096 x
	for ((i = 0; i < $2; i++)); do
		printf 'write four f%05d\nsif f%05d size 100\n' $i $i
	done | debugfs_script "$1"
}

# physical IMAGE FILE BLOCK: the physical block behind a logical one.
physical() {
	local said
	said=$(debugfs -R "bmap $2 $3" "$1" 2>/dev/null)
	echo -n "${said//[!0-9]/}"
}

# pollute IMAGE BYTE TEXT: raw bytes into the image.
pollute() {
	printf '%s' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none || fail "dd $1"
}

# kinds: what the JSON report in ./out lists, a line each, "PATH KIND".
kinds() {
	records finding path kind
}

# records TYPE NAME...: of each record of TYPE in the JSON report out (or in the file that $report names) these fields, a
# space between them, as jq -r has them; rows: as a JSON array, as jq -c has it. jq takes longer to start than most of what
# is tested, and is asked only for records with objects in them and strings with escapes.
records() { json_fields '' ' ' '' "$@"; }
rows() { json_fields '[' , ']' "$@"; }

# last_line: type and exit status of the last record
last_line() {
	local line last=
	while IFS= read -r line; do last=$line; done <out
	[[ $last =~ ^\{\"type\":\"([a-z]+)\",.*\"exit\":([0-9]+)[,\}] ]] && echo "${BASH_REMATCH[*]:1}"
}

json_fields() { # BEFORE BETWEEN AFTER TYPE NAME...
	local line name row token string='"[^"\\]*"' list='\[[^]["\\]*\]' word='[^]["{},]+'
	while IFS= read -r line; do
		[[ $line == "{\"type\":\"$4\","*'}' ]] || continue
		row=
		for name in "${@:5}"; do
			token=null
			if [[ $line =~ ,\"$name\":($string|$list|$word)[,}] ]]; then
				token=${BASH_REMATCH[1]}
			elif [[ $line == *"\"$name\":"* ]]; then
				token='{'
			fi
			[[ ${line:1}$token != *'{'* ]] || token=$(jq -c ".$name" <<<"$line")
			if [ -z "$1" ] && [[ $token == '"'* ]]; then
				[[ $token == *\\* ]] && token=$(jq -r ".$name" <<<"$line") || token=${token:1:-1}
			fi
			row+=$2$token
		done
		printf '%s\n' "$1${row:${#2}}$3"
	done <"${report:-out}"
}

# same WHAT GOT WANTED
same() {
	[ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"
}

# summary NAME...: sets variables of these names to what the summary in out says
summary() {
	local summary_of field_of
	slurp summary_of out
	summary_of=${summary_of##*'{"type":"summary",'}
	for field_of; do
		[[ $summary_of =~ (^|,)\"$field_of\":\"?([a-z0-9.-]+) ]] || fail "no $field_of in the summary: $summary_of"
		printf -v "$field_of" %s "${BASH_REMATCH[2]}"
	done
}
