# SPDX-License-Identifier: GPL-2.0-or-later
# Images of ten kinds for the recipes of contrib/fleet, and whether the sum of their reports is right. Sourced after
# tests/lib.sh and tests/images/recipes.sh.

recipes=$srcdir/contrib/fleet
fleet=$recipes/fleet.sh
kinds=(clean tail past several orphan unreadable cut bare broken missing)

# The first of each kind, kind.NAME; "cut" ends in the middle, "bare" is no ext file system, "broken" has a superblock that
# is not valid, "missing" does not exist.
make_kinds() {
	local i
	stale_image kind.several
	make_image kind.clean 2M
	for i in tail past orphan unreadable; do cp --sparse=always kind.clean kind.$i; done
	text eight 8192 x
	printf '%s\n' 'write eight f' 'sif f size 5000' | debugfs_script kind.tail
	printf '%s\n' 'write eight f' 'sif f size 4096' | debugfs_script kind.past
	printf '%s\n' 'write eight f' 'sif f size 100' 'ssv last_orphan 12' | debugfs_script kind.orphan
	printf '%s\n' 'write eight f' 'sif f block[0] 0' | debugfs_script kind.unreadable
	head -c 1M kind.clean >kind.cut
	head -c 2M /dev/zero >kind.bare
	cp --sparse=always kind.clean kind.broken
	pollute kind.broken 1048 xxxx # s_log_block_size
}

# fleet_images COUNT: the files image.N-KIND, some of them with odd names; list has them all, a NUL after each
fleet_images() {
	local i kind name odd=(' ' '$x "quoted" \' "it's;&" $'a\nnew line' '?offset=1M' '%s*[a-z]#' $'not UTF-8 \xff' -J '{}' '\' '')
	mkdir images
	for ((i = 1; i <= $1; i++)); do
		kind=${kinds[i % 10]}
		name="images/image.$i-$kind${odd[i % ${#odd[@]}]}"
		[ $kind = missing ] || cp --sparse=always "kind.$kind" "$name"
		printf '%s\0' "$name"
	done >list
}

# Its sum, as one e4zero after the other has it: expect COUNT [OPTION...] says what sum must print, without seconds.
expect() {
	local kind i=0 times
	mkdir single
	for kind in "${kinds[@]}"; do
		[ ! -e "kind.$kind" ] || cp --sparse=always "kind.$kind" single/image
		[ -e "kind.$kind" ] || rm -f single/image
		"$E4ZERO" "${@:2}" --json -- single/image >single/out 2>/dev/null </dev/null
		times=$(($1 / 10 + (i > 0 && i <= $1 % 10)))
		jq -c --argjson times "$times" '. + {times: $times}' single/out
		i=$((i + 1))
	done >single/all
	jq -nSc --argjson images "$1" '
		def number: type == "number";
		[inputs] as $all | ($all | map(select(.type == "summary"))) as $summaries
		| def times(f): reduce .[] as $r ({}; if $r.times > 0 then .[$r | f] += $r.times else . end);
		{images: $images, missing: 0, reported: $images,
		 exits: ($summaries | times("\(.exit)")),
		 causes: ($all | map(select(.type == "error")) | times(.name)),
		 kinds: ($all | map(select(.type == "finding")) | times(.kind)),
		 sums: ($summaries | map(. as $s | del(.times, .exit, .schema, .seconds) | map_values(select(number))
			| map_values(. * $s.times)) | reduce .[] as $s ({}; reduce ($s | to_entries[]) as $e (.; .[$e.key] += $e.value)))}
	' single/all
	rm -r single
}

# reported DIR WANTED: each image has one report, about itself, and their sum is WANTED
reported() {
	local sum
	sum=$(bash "$fleet" sum "$1") || fail "sum of $1: $sum"
	same "sum of $1" "$(jq -Sc 'del(.sums.seconds)' <<<"$sum")" "$2"
	same "left of $1" "$(ls "$1/parts")" ''
	python3 - "$1" <<-'END' || fail "$1: the reports are not those of the images"
		import json, os, sys
		where = sys.argv[1].encode()
		images = open(where + b"/list", "rb").read().split(b"\0")[:-1]
		assert len(os.listdir(where + b"/reports")) == len(images)
		for number, image in enumerate(images, 1):
		    records = [json.loads(line) for line in open(b"%s/reports/%d.json" % (where, number))]
		    about = next(r for r in records if "path" in r or "path_hex" in r)
		    path = about["path"].encode() if "path" in about else bytes.fromhex(about["path_hex"])
		    assert path == image, (path, image)
		    assert [r["type"] for r in records].count("summary") == 1 and records[-1]["type"] == "summary"
	END
}

# killed DIR COUNT WHOM ENGINE...: it runs in a session of its own, until COUNT more reports are there, and is killed: "engine"
# alone, and what it started comes to its end, or "all"
killed() {
	local reports=("$1"/reports/*.json) wanted engine
	[ -e "${reports[0]}" ] || reports=()
	wanted=$((${#reports[@]} + $2))
	setsid "${@:4}" >>log 2>&1 &
	engine=$!
	while kill -0 $engine 2>/dev/null && [ ${#reports[@]} -lt $wanted ]; do
		read -r -t 0.01 <>idle
		reports=("$1"/reports/*.json)
	done
	case $3 in
	all) pkill -KILL -s $engine ;;
	engine) kill -KILL $engine ;;
	esac
	wait $engine 2>/dev/null
	same "status of an engine that was killed" $? 137
	while pgrep -s $engine >/dev/null; do read -r -t 0.01 <>idle; done
	# what was cut off
	rm -rf "$1"/parts/*
}
mkfifo idle
