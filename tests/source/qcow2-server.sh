#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A qemu-img that fails, dies, hangs, or prints too little, too much or nonsense changes no report of a qcow2 image: clusters
# of unknown location are read through qemu-nbd.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/source/looks.sh"

requires qemu-img
requires qemu-nbd
stale_image raw
qemu-img convert -f raw -O qcow2 raw plain || fail convert
qemu-img convert -c -f raw -O qcow2 raw compressed || fail convert
# half of it compressed, which is read through qemu-nbd; the other half is read from the file
qemu-img convert -c -f raw -O qcow2 raw mixed || fail convert
dd if=raw bs=64k skip=40 count=88 of=half status=none
qemu-io -f qcow2 -c 'write -s half 2621440 5767168' mixed >qemu-io.out || fail "$(cat qemu-io.out)"
# only what is read after the process is confined is compressed
qemu-img convert -c -f raw -O qcow2 raw late || fail convert
for part in '0 1M' '1M 1M' '2M 1M' '4M 64k' '15M 1M'; do
	dd if=raw of=part iflag=skip_bytes,count_bytes skip="${part% *}" count="${part#* }" status=none
	qemu-io -f qcow2 -c "write -s part $part" late >qemu-io.out || fail "$(cat qemu-io.out)"
done
qemu-img map --output=json mixed | grep -q offset || fail 'nothing of the mixed image lies plain'
remember_image plain compressed mixed late
run_e4zero 4 --check plain
# a build without libnbd, or one that starts no server, reads plain clusters only
"$E4ZERO" --check compressed >out 2>err </dev/null
! grep -qE 'built without libnbd|show it raw' err || skip "$(cat err)"
looks_same raw compressed
looks_same raw mixed
looks_same raw late

mkdir bin
stub() { # WHY, then the script
	printf '#!/bin/bash\n%s\n' "$2" >bin/qemu-img
	chmod +x bin/qemu-img
	for image in plain mixed; do
		PATH=$tmp/bin:$PATH look_at "$image" --timeout 1 --check --json "$image"
		cmp -s raw.said "$image.said" || fail "a qemu-img that $1, $image: $(diff raw.said "$image.said" | head -5)"
	done
}
look_at raw --check --json raw
real=$(type -P qemu-img)
stub 'fails' 'exit 1'
stub 'fails after its output' "$real \"\$@\"; exit 1"
stub 'is killed' "$real \"\$@\"; kill -9 \$\$"
stub 'prints nothing' ':'
stub 'prints nonsense' 'echo hello'
stub 'stops' "$real \"\$@\" | head -c 200"
stub 'leaves out the first piece' "$real \"\$@\" | sed '1s/.*},/[/'"
stub 'has a piece twice' "$real \"\$@\" | sed '1{p;s/\[//}'"
stub 'goes past the end' "$real \"\$@\" | sed '\$s/\"length\": /\"length\": 1/'"
stub 'goes far past the end' "$real \"\$@\" | sed '\$s/\"length\": [0-9]*/\"length\": 18446744073709551615/'"
stub 'has an empty piece' "$real \"\$@\" | sed '1s/\[/[{\"start\": 0, \"length\": 0, \"zero\": true},/'"
stub 'says that nothing is known' "echo '[{\"start\": 0, \"length\": 16777216, \"data\": true, \"depth\": 0}]'"
stub 'says that it lies past the end of the file' \
	"echo '[{\"start\": 0, \"length\": 16777216, \"data\": true, \"depth\": 0, \"offset\": 9223372036854775296}]'"
stub 'says that it is in another file' "$real \"\$@\" | sed 's/\"depth\": 0/\"depth\": 1/'"
stub 'never ends' 'yes "[" | tr -d "\n"'
stub 'prints a word without end' 'printf "[{\"start\": "; yes 1 | tr -d "\n"'
stub 'is stopped' "kill -STOP \$\$"
image_unchanged plain compressed mixed late
