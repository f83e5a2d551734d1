// SPDX-License-Identifier: GPL-2.0-or-later
// A qcow2 header: its backing file, its external data file, its encryption.
#include "header/chain.h"

#include "base/bytes.h"

#define HEADER_SIZE 104	 /* of version 3, without later additions */
#define HEADER_SIZE_2 72 /* of version 2 */
#define INCOMPAT_DIRTY 1
#define INCOMPAT_CORRUPT 2
#define INCOMPAT_DATA_FILE 4
#define EXTENSION_DATA_FILE 0x44415441u
#define EXTENSIONS_MAX 64

/* The name of the external data file is in a header extension, which may be missing. */
static errcode_t find_data_file(struct chain_reader *r, uint64_t at, uint64_t end)
{
	uint8_t head[8];
	errcode_t err;

	for (unsigned i = 0; i < EXTENSIONS_MAX && at + sizeof(head) <= end; i++) {
		uint32_t type, len;

		err = chain_get(r, at, sizeof(head), head);
		if (err)
			return err;
		type = get_be32(head);
		len = get_be32(head + 4);
		if (type == EXTENSION_DATA_FILE)
			return chain_refer_at(r, "the data file", at + sizeof(head), len);
		if (!type || len > end - at - sizeof(head))
			break;
		at += sizeof(head) + (len + 7ull) / 8 * 8;
	}
	chain_refer(r, "the data file", "(no name)", 9);
	return 0;
}

static errcode_t look_at_features(struct chain_reader *r, const uint8_t *header, uint64_t cluster)
{
	uint64_t incompatible = get_be64(header + 72);
	uint32_t length = get_be32(header + 100);

	if (length < HEADER_SIZE || length > cluster)
		return chain_corrupt(r, "the qcow2 header has an invalid length");
	r->chain->repaired = incompatible & INCOMPAT_DIRTY;
	if (incompatible & INCOMPAT_CORRUPT)
		r->chain->read_only = "the qcow2 image is marked as corrupt; "
				      "\"qemu-img check -r all\" repairs it";
	if (incompatible & INCOMPAT_DATA_FILE)
		return find_data_file(r, length, cluster);
	return 0;
}

errcode_t chain_qcow2(struct chain_reader *r)
{
	uint8_t header[HEADER_SIZE] = {0};
	uint64_t backing, cluster;
	uint32_t bits, version, len;
	errcode_t err = chain_get(r, 0, HEADER_SIZE_2, header);

	if (err)
		return err;
	version = get_be32(header + 4);
	if (version >= 3)
		err = chain_get(r, HEADER_SIZE_2, HEADER_SIZE - HEADER_SIZE_2,
				header + HEADER_SIZE_2);
	if (err)
		return err;
	bits = get_be32(header + 20);
	if (bits < 9 || bits > 21)
		return chain_corrupt(r, "the qcow2 header has clusters of an invalid size");
	cluster = 1ull << bits;
	if (get_be32(header + 32) > CHAIN_LUKS)
		return chain_corrupt(r, "the qcow2 image is encrypted by an unknown method");
	r->chain->lock = (enum chain_lock)get_be32(header + 32);
	backing = get_be64(header + 8);
	len = get_be32(header + 16);
	if (backing && len)
		err = chain_refer_at(r, "the backing file", backing, len);
	return err || version < 3 ? err : look_at_features(r, header, cluster);
}
