#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Clusters of a qcow2 image that are neither compressed nor encrypted are read from the file, without qemu-nbd. Every report
# is that of the raw image, for clusters of any size, kind and order, with holes, zero clusters and snapshots.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/source/looks.sh"

requires qemu-img
requires qemu-io
stale_image raw
run_e4zero 4 --check raw

# plain IMAGE: the reports are those of the raw image, and qemu-nbd is not started
plain() {
	looks_same raw "$1"
	if type -P strace >/dev/null; then
		strace -f -o calls -e trace=execve "$E4ZERO" --check "$1" >/dev/null
		grep -q 'execve.*"qemu-img"' calls || fail "$1: qemu-img is not asked"
		! grep -q 'execve.*"qemu-nbd"' calls || fail "$1: there was no need for a server"
	fi
}

# convert NAME OPTIONS...
convert() {
	qemu-img convert -f raw -O qcow2 "${@:2}" raw "$1" || fail "convert $*"
}
convert default
convert small -o cluster_size=512
convert large -o cluster_size=2M
convert old -o compat=0.10
convert subclusters -o extended_l2=on,cluster_size=128k
convert metadata -o preallocation=metadata
convert full -o preallocation=full
convert whole -S 0
convert lazy -o lazy_refcounts=on,refcount_bits=64
for image in default small large old subclusters metadata full whole lazy; do
	mv "$image" "q-$image"
	remember_image "q-$image"
	plain "q-$image"
	image_unchanged "q-$image"
done

# clusters in random order, overwritten, discarded and zeroed, with a snapshot that holds the old ones
convert shuffled -o cluster_size=4096
qemu-img snapshot -c before shuffled || fail snapshot
python3 - >commands <<-END
	import random
	rng = random.Random(1)
	raw = open('raw', 'rb').read()
	order = list(range(0, len(raw), 4096))
	rng.shuffle(order)
	for at in order:
	    print(f'discard {at} 4096' if rng.random() < 0.2 else f'write -P 238 {at} 4096')
	for at in order:
	    block = raw[at:at + 4096]
	    if any(block) or rng.random() < 0.5:
	        open(f'block-{at}', 'wb').write(block)
	        print(f'write -s block-{at} {at} 4096')
	    else:
	        print(f'write -z {at} 4096' if rng.random() < 0.5 else f'write -zu {at} 4096')
END
qemu-io -f qcow2 shuffled <commands >qemu-io.out 2>&1 || fail "qemu-io: $(tail -2 qemu-io.out)"
rm -f block-*
qemu-img compare -q -f raw -F qcow2 raw shuffled || fail 'the shuffled image is another one'
[ "$(qemu-img map --output=json shuffled | wc -l)" -gt 1000 ] || fail 'it is hardly shuffled'
plain shuffled

# two ranges that share a cluster, which no program writes
python3 "$srcdir/tests/source/qcow2.py" share q-default shared || fail 'qcow2.py share'
qemu-img convert -f qcow2 -O raw shared shared.raw || fail 'qemu-img refuses it'
for image in shared.raw shared; do
	"$E4ZERO" --check "$image" 2>&1 | sed "s/$image/IMAGE/" >"$image.said"
done
cmp shared.raw.said shared.said || fail "shared clusters: $(diff shared.raw.said shared.said)"
