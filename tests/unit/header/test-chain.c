// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the header of each format refers to, how it is encrypted and whether it can be written to;
 * and headers that are cut off or damaged at random: an answer or a sentence, no byte past the end.
 */
#include "../memory.h"
#include "../random.h"
#include "errors.h"
#include "header/chain.h"
#include <endian.h>

#define SIZE (512u << 10)
#define ROUNDS 7000

static uint8_t image[SIZE];
static struct chain chain;
static char why[512];

static void put16(size_t at, uint16_t n)
{
	n = htole16(n);
	memcpy(image + at, &n, sizeof(n));
}

static void put32(size_t at, uint32_t n)
{
	n = htole32(n);
	memcpy(image + at, &n, sizeof(n));
}

static void put64(size_t at, uint64_t n)
{
	n = htole64(n);
	memcpy(image + at, &n, sizeof(n));
}

static void put_be32(size_t at, uint32_t n)
{
	put32(at, __builtin_bswap32(n));
}

static void put_be64(size_t at, uint64_t n)
{
	put64(at, __builtin_bswap64(n));
}

static void put_text(size_t at, const char *text)
{
	memcpy(image + at, text, strlen(text));
}

static errcode_t look(enum e4z_format format, uint64_t size)
{
	struct blkdev *dev = memory_open(image, size, NULL);
	errcode_t err;

	memset(why, 0, sizeof(why));
	err = chain_look(dev, format, &chain, why, sizeof(why));
	blkdev_close(dev);
	return err;
}

static bool refers_to(const char *other)
{
	return !strcmp(chain.other, other);
}

/* ---- a good header of each ---- */

static void make_qcow2(void)
{
	memset(image, 0, SIZE);
	put_text(0, "QFI\xfb");
	put_be32(4, 3);
	put_be32(20, 16);
	put_be32(100, 112);
}

static void make_vmdk(void)
{
	memset(image, 0, SIZE);
	put_text(0, "KDMV");
	put64(12, 32768);
	put64(28, 1);
}

static void make_vhd(void)
{
	memset(image, 0, SIZE);
	put_text(0, "conectix");
	put_be64(16, 512);
	put_be32(60, 3);
}

static void make_vdi(void)
{
	memset(image, 0, SIZE);
	put32(76, 1);
}

static void make_qed(void)
{
	memset(image, 0, SIZE);
	put_text(0, "QED");
}

static void make_parallels(void)
{
	memset(image, 0, SIZE);
	put_text(0, "WithouFreSpacExt");
}

static void make_vhdx(void)
{
	static const uint8_t region[16] = {0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b,
					   0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e};
	static const uint8_t item[16] = {0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d,
					 0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b};
	const size_t table = 192 << 10, metadata = 256 << 10;

	memset(image, 0, SIZE);
	put_text(table, "regi");
	put32(table + 8, 2);
	memcpy(image + table + 16 + 32, region, sizeof(region));
	put64(table + 16 + 32 + 16, metadata);
	put_text(metadata, "metadata");
	put16(metadata + 10, 1);
	memcpy(image + metadata + 32, item, sizeof(item));
	put32(metadata + 32 + 16, 65536);
}

/* ---- what they say ---- */

static void test_qcow2(void)
{
	make_qcow2();
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == 0 && refers_to("") && !chain.read_only);
	CHECK(!chain.repaired && chain.lock == CHAIN_OPEN);
	put_be64(72, 1);
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == 0 && chain.repaired && !chain.read_only);
	put_be64(72, 2);
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == 0 && !chain.repaired && chain.read_only);
	put_be64(72, 4);
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == 0 && refers_to("the data file \"(no name)\""));
	put_be32(112, 0x6803f857);
	put_be32(116, 13);
	put_be32(136, 0x44415441);
	put_be32(140, 3);
	put_text(144, "a.b");
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == 0 && refers_to("the data file \"a.b\""));
	put_be64(8, 1024);
	put_be32(16, 4);
	put_text(1024, "basement");
	put_be32(32, 2);
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == 0 && refers_to("the backing file \"base\""));
	CHECK(chain.lock == CHAIN_LUKS);
	put_be32(16, 1024);
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);
	put_be32(16, 4);
	put_be64(8, SIZE - 3);
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);
	put_be64(8, 0);
	put_be32(32, 3);
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);
	put_be32(32, 0);
	put_be32(20, 8);
	CHECK(look(E4Z_FORMAT_QCOW2, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);
}

static void test_vmdk(void)
{
	make_vmdk();
	CHECK(look(E4Z_FORMAT_VMDK, SIZE) == 0 && refers_to("") && !chain.read_only);
	put32(8, 1u << 16);
	CHECK(look(E4Z_FORMAT_VMDK, SIZE) == 0 && chain.read_only);
	put_text(512, "x parentFileNameHint=\"p\nq\"\n");
	CHECK(look(E4Z_FORMAT_VMDK, SIZE) == 0 && refers_to("the parent \"p\""));
	make_vmdk();
	put_text(512, "RW 8 FLAT \"e.raw\" 0\n");
	CHECK(look(E4Z_FORMAT_VMDK, SIZE) == 0 && refers_to(""));
	/* without a capacity it is nothing but the text */
	put64(12, 0);
	CHECK(look(E4Z_FORMAT_VMDK, SIZE) == 0 && refers_to("the extent \"e.raw\""));
	put64(28, UINT64_MAX / 512 + 2);
	CHECK(look(E4Z_FORMAT_VMDK, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);
	memset(image, 0, SIZE);
	put_text(0, "# Disk DescriptorFile\n\tRDONLY\t8 FLAT \"f.raw");
	CHECK(look(E4Z_FORMAT_VMDK, SIZE) == 0 && refers_to("the extent \"f.raw\""));
	CHECK(look(E4Z_FORMAT_VMDK, 22) == E4Z_ET_IMAGE_FORMAT && *why);
}

static void test_parents(void)
{
	make_vhd();
	CHECK(look(E4Z_FORMAT_VHD, SIZE) == 0 && refers_to("") && !chain.lost);
	put_be32(60, 4);
	memcpy(image + 512 + 64, "\0b\0\x1b\1c\0d", 8);
	CHECK(look(E4Z_FORMAT_VHD, SIZE) == 0 && chain.lost && refers_to("the parent \"b??d\""));
	put_be64(16, UINT64_MAX - 32);
	CHECK(look(E4Z_FORMAT_VHD, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);
	put_be32(60, 2);
	CHECK(look(E4Z_FORMAT_VHD, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);

	make_vdi();
	CHECK(look(E4Z_FORMAT_VDI, SIZE) == 0 && refers_to(""));
	image[0x1b8 + 15] = 1;
	CHECK(look(E4Z_FORMAT_VDI, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);
	make_vdi();
	put32(76, 4);
	CHECK(look(E4Z_FORMAT_VDI, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);

	make_vhdx();
	CHECK(look(E4Z_FORMAT_VHDX, SIZE) == 0 && refers_to("") && !chain.lost);
	put32((256 << 10) + 65536 + 4, 2);
	CHECK(look(E4Z_FORMAT_VHDX, SIZE) == 0 && chain.lost && !refers_to(""));
	put32((192 << 10) + 8, 2048);
	CHECK(look(E4Z_FORMAT_VHDX, SIZE) == E4Z_ET_IMAGE_FORMAT && *why);
}

static void test_others(void)
{
	make_qed();
	CHECK(look(E4Z_FORMAT_QED, SIZE) == 0 && refers_to("") && !chain.repaired);
	put64(16, 3);
	put32(56, 64);
	put32(60, 1);
	put_text(64, "base");
	CHECK(look(E4Z_FORMAT_QED, SIZE) == 0 && chain.repaired);
	CHECK(refers_to("the backing file \"b\""));

	make_parallels();
	CHECK(look(E4Z_FORMAT_PARALLELS, SIZE) == 0 && !chain.read_only);
	put32(44, 0x746f6e59);
	CHECK(look(E4Z_FORMAT_PARALLELS, SIZE) == 0 && chain.read_only);

	CHECK(look(E4Z_FORMAT_LUKS, SIZE) == 0 && chain.lock == CHAIN_LUKS);
	CHECK(look(E4Z_FORMAT_RAW, SIZE) == 0 && chain.lock == CHAIN_OPEN && refers_to(""));
}

/* Cut off anywhere, some bytes of the header or of the tables changed. */
static void test_damage(void)
{
	static const struct {
		enum e4z_format format;
		void (*make)(void);
	} kinds[] = {
		{E4Z_FORMAT_QCOW2, make_qcow2},
		{E4Z_FORMAT_VMDK, make_vmdk},
		{E4Z_FORMAT_VHD, make_vhd},
		{E4Z_FORMAT_VDI, make_vdi},
		{E4Z_FORMAT_VHDX, make_vhdx},
		{E4Z_FORMAT_QED, make_qed},
		{E4Z_FORMAT_PARALLELS, make_parallels},
	};
	const size_t parts[] = {0, 0, 192 << 10, 256 << 10};
	uint32_t state = 20260301;
	unsigned refused = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned kind = round % (sizeof(kinds) / sizeof(kinds[0]));
		uint64_t size = SIZE;
		errcode_t err;

		kinds[kind].make();
		for (unsigned n = next_random(&state) % 5; n; n--)
			image[parts[next_random(&state) % 4] + next_random(&state) % 1024] =
				(uint8_t)next_random(&state);
		if (next_random(&state) % 4 == 0)
			size = next_random(&state) % SIZE;
		err = look(kinds[kind].format, size);
		CHECK(!err || (err == E4Z_ET_IMAGE_FORMAT && *why));
		refused += err != 0;
	}
	CHECK(refused > 100);
}

int main(void)
{
	test_qcow2();
	test_vmdk();
	test_parents();
	test_others();
	test_damage();
	return 0;
}
