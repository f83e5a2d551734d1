// SPDX-License-Identifier: GPL-2.0-or-later
// The targets for other formats: headers and tables, the output of qemu-img map, an NBD server.
#include "fuzz.h"

#include "device/hostfile.h"
#include "device/nbd.h"
#include "errors.h"
#include "header/chain.h"
#include "header/format.h"
#include "header/whole.h"
#include "source/android.h"
#include "source/map_json.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WHY 512

/* ---- headers and tables ---- */

static void read_somewhere(struct blkdev *dev, uint8_t salt)
{
	uint8_t buf[3000];

	for (uint64_t off = salt; off < dev->len && off < 64 * sizeof(buf); off += sizeof(buf)) {
		size_t len = dev->len - off < sizeof(buf) ? dev->len - off : sizeof(buf);
		uint64_t start, end;

		blkdev_next_data(dev, off, &start, &end);
		if (start < off || end < start || end > dev->len)
			fuzz_wrong("data outside of the image");
		(void)blkdev_read(dev, off, len, buf);
	}
}

static void look_android(struct base *base, const struct input *in)
{
	char why[WHY] = "";
	struct blkdev *dev;
	errcode_t err = android_open(base->path, open(base->path, O_RDONLY | O_CLOEXEC), &dev, why,
				     sizeof(why));

	if (err && !fuzz_no_memory(err) && !*why)
		fuzz_wrong("error %ld without a word", err);
	if (!err)
		read_somewhere(dev, in->options[0]);
	blkdev_close(dev);
}

/* Who opens an image says that reading it failed. */
static bool has_words(errcode_t err, const char *why)
{
	return *why || fuzz_no_memory(err) || (err == EIO && fuzz_failing);
}

static void look_header(struct base *base, const struct input *in)
{
	char why[WHY] = "";
	enum e4z_format format;
	struct blkdev *dev;
	struct chain chain;
	errcode_t err = hostfile_open(base->path, &dev);

	if (err && !fuzz_no_memory(err))
		fuzz_wrong("error %ld of opening", err);
	if (err)
		return;
	err = format_decide(dev, E4Z_FORMAT_AUTO, &format, why, sizeof(why));
	if (!err && format == E4Z_FORMAT_ANDROID_SPARSE) {
		look_android(base, in);
	} else if (!err) {
		err = chain_look(dev, format, &chain, why, sizeof(why));
		if (!err)
			err = whole_look(dev, format, why, sizeof(why));
	}
	if (err && !has_words(err, why))
		fuzz_wrong("error %ld without a word", err);
	blkdev_close(dev);
}

const struct fuzz_target fuzz_headers = {.name = "headers", .bases = "image-", .run = look_header};

/* ---- the map of qemu-img ---- */

struct extents {
	uint64_t count, salt;
};

static errcode_t on_extent(void *arg, const struct map_extent *extent)
{
	struct extents *extents = arg;

	extents->count++;
	return extent->length == extents->salt ? EIO : 0;
}

/* The result must not depend on the pieces in which the text arrives. */
static void read_map(struct base *base, const struct input *in)
{
	struct extents whole = {.salt = in->options[1]}, pieces = whole;
	struct map_json a = {.take = on_extent, .arg = &whole},
			b = {.take = on_extent, .arg = &pieces};
	errcode_t err = map_json_feed(&a, (const char *)in->text, in->text_len), err_pieces = 0;
	size_t step = 1 + in->options[0];

	(void)base;
	for (size_t at = 0; !err_pieces && at < in->text_len; at += step)
		err_pieces = map_json_feed(&b, (const char *)in->text + at,
					   in->text_len - at < step ? in->text_len - at : step);
	if (err != err_pieces || whole.count != pieces.count ||
	    (!err && map_json_is_whole(&a) != map_json_is_whole(&b)))
		fuzz_wrong("the answer in pieces is another one");
}

static const struct fuzz_text maps[] = {
	FUZZ_TEXT("[{ \"start\": 0, \"length\": 65536, \"depth\": 0, \"present\": true, "
		  "\"zero\": false, \"data\": true, \"compressed\": false, \"offset\": 327680},\n"
		  "{ \"start\": 65536, \"length\": 130023424, \"depth\": 0, \"present\": false, "
		  "\"zero\": true, \"data\": false, \"compressed\": false}]\n"),
	FUZZ_TEXT(
		"[{\"start\":00000000000000000000000000000000000000000000000000000000000001,"
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":true}]"),
	FUZZ_TEXT(
		"[{\"start\":1,\"length\":18446744073709551615,\"x\":\"a\\\"\\\\b\",\"y\":null}]"),
	{NULL, 0},
};

const struct fuzz_target fuzz_map = {.name = "map", .texts = maps, .run = read_map};

/* ---- a server ---- */

/* A server whose whole output is there from the start; then the connection ends. */
static void connect_to(struct base *base, const struct input *in)
{
	const struct nbd_options options = {.timeout_s = 1, .write = in->options[0] & 1};
	char why[WHY] = "";
	struct blkdev *dev;
	int pair[2];
	errcode_t err;

	(void)base;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ||
	    send(pair[1], in->text, in->text_len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
		    (ssize_t)in->text_len ||
	    shutdown(pair[1], SHUT_WR))
		abort();
	err = nbd_begin("server", pair[0], &options, &dev, why, sizeof(why));
	if (!err)
		err = nbd_finish(dev, why, sizeof(why));
	if (err && !fuzz_no_memory(err) && !*why)
		fuzz_wrong("error %ld without a word", err);
	if (!err)
		read_somewhere(dev, in->options[1]);
	blkdev_close(dev);
	close(pair[1]);
}

/* Structured replies, base:allocation, an export of 8192 bytes; then replies about it. */
#define REPLY(option, type, len)                                                                   \
	"\0\3\xe8\x89\x04\x55\x65\xa9\0\0\0" option "\0\0\0" type "\0\0\0" len
#define HELLO "NBDMAGICIHAVEOPT\0\3"
#define MAP REPLY("\xa", "\4", "\x13") "\0\0\0\1base:allocation" REPLY("\xa", "\1", "\0")
#define INFO REPLY("\7", "\3", "\xc") "\0\0\0\0\0\0\0\0\x20\0\x1\x4d"
#define EXPORT INFO REPLY("\7", "\1", "\0")
#define CHUNK(type, cookie, len) "\x66\x8e\x33\xef\0\1\0" type "\0\0\0\0\0\0\0" cookie "\0\0" len
#define STATUS                                                                                     \
	CHUNK("\5", "\1", "\0\x14")                                                                \
	"\0\0\0\1\0\0\x10\0\0\0\0\3\0\0\x10\0\0\0\0\0"
#define ZEROES CHUNK("\2", "\2", "\0\xc") "\0\0\0\0\0\0\0\0\0\0\x0b\xb8"

static const struct fuzz_text answers[] = {
	FUZZ_TEXT(HELLO REPLY("\x8", "\1", "\0") MAP EXPORT STATUS ZEROES),
	FUZZ_TEXT(HELLO "\x80\0\0\x1" REPLY("\x8", "\1", "\0") EXPORT),
	FUZZ_TEXT("NBDMAGIC\0\0\x42\2\x81\x86\x12\x53\0\0\0\0\0\1\0\0\0\0\0\3"),
	{NULL, 0},
};

const struct fuzz_target fuzz_nbd = {.name = "nbd", .texts = answers, .run = connect_to};
