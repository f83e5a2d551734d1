/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The public face of libe4zero: open an unmounted ext2/3/4 image, find the stale bytes that its
 * files' last blocks and the blocks past EOF can give away.
 *
 * Every function that can fail returns an errcode_t: 0, an errno value, a code of libext2fs or one
 * of libe4zero's own (E4Z_ET_*, see errors.et). error_message() names the cause,
 * e4z_context() the place. The library never prints and never exits.
 *
 * One thread at a time may use a handle; the threads of a check are the library's own.
 */
#ifndef E4ZERO_H
#define E4ZERO_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define E4Z_MUST_CHECK __attribute__((warn_unused_result))

struct e4z_image;

/* ---- opening ---- */

/* All zero is the default: the only ext file system of the image, read only, not mounted. */
struct e4z_open_options {
	/* a number, LABEL, UUID, PARTLABEL or PARTUUID, with or without "KEY=" */
	const char *partition;
	bool force; /* look at a mounted image's disk view */
};

enum e4z_journal_state {
	E4Z_JOURNAL_NONE,
	E4Z_JOURNAL_CLEAN,
	E4Z_JOURNAL_NEEDS_REPLAY,
	E4Z_JOURNAL_EXTERNAL,
};

struct e4z_image_info {
	const char *path;    /* as given, without "?offset=" */
	uint64_t fs_offset;  /* bytes from the start of the image */
	uint32_t block_size; /* bytes */
	uint64_t blocks;
	uint32_t inodes;
	uint8_t uuid[16];
	const char *const *features; /* names as mke2fs spells them, NULL-terminated */
	enum e4z_journal_state journal;
	bool mounted; /* opened with force although mounted */
	bool mmp;     /* multiple mount protection is on; it was not waited for */
	/* what could not be determined, whole sentences, NULL-terminated */
	const char *const *notes;
};

/*
 * Open the file system in SPEC: a raw image, a whole-disk image, a block device, or
 * "IMAGE?offset=N" (N in bytes, suffixes as in fallocate(1); an existing file whose name holds the
 * '?' wins). On failure too *IMG is set (unless memory ran out) so that e4z_context() can be asked;
 * it must be given to e4z_close() in every case.
 */
errcode_t e4z_open(const char *spec, const struct e4z_open_options *options, struct e4z_image **img)
	E4Z_MUST_CHECK;
void e4z_close(struct e4z_image *img);

/*
 * What was being done, or the whole story, of the last failure: owned by IMG; "" if there was none.
 */
const char *e4z_context(const struct e4z_image *img);

/* Facts of an open image; owned by IMG. */
const struct e4z_image_info *e4z_info(const struct e4z_image *img);

/*
 * com_err's tables of libe4zero and libext2fs: call once before error_message().
 */
void e4z_init_errors(void);

/* ---- checking ---- */

/* What a finding is: doc/findings.md. The order here is the order within one (inode, block). */
#define E4Z_FINDING_KINDS(X)                                                                       \
	X(UNREADABLE, "unreadable", "the inode or its mapping cannot be read or is not sane")      \
	X(PENDING_TRUNCATE, "pending-truncate", "an orphan whose truncate never finished")         \
	X(STALE_TAIL, "stale-tail", "non-zero bytes after EOF in a written EOF block")             \
	X(POST_EOF_DATA, "post-eof-data", "written blocks past EOF that hold data")                \
	X(POST_EOF_ZERO, "post-eof-zero", "written blocks past EOF, all zero")                     \
	X(OPAQUE, "opaque", "encrypted, cannot be judged")                                         \
	X(UNWRITTEN_RESIDUE, "unwritten-residue", "old bytes under unwritten blocks")              \
	X(CLUSTER_SLACK, "cluster-slack", "old bytes in the unmapped rest of a cluster")           \
	X(SYMLINK_SLACK, "symlink-slack", "old bytes after a symbolic link's target")              \
	X(INLINE_SLACK, "inline-slack", "old bytes after inline data")

enum e4z_finding_kind {
#define X(id, name, text) E4Z_##id,
	E4Z_FINDING_KINDS(X)
#undef X
		E4Z_KIND_COUNT
};

#define E4Z_KIND_BIT(kind) (1u << (kind))
#define E4Z_KINDS_PARANOID                                                                         \
	(E4Z_KIND_BIT(E4Z_UNWRITTEN_RESIDUE) | E4Z_KIND_BIT(E4Z_CLUSTER_SLACK) |                   \
	 E4Z_KIND_BIT(E4Z_SYMLINK_SLACK) | E4Z_KIND_BIT(E4Z_INLINE_SLACK))

/* NULL when KIND is out of range. */
const char *e4z_kind_name(enum e4z_finding_kind kind);
const char *e4z_kind_text(enum e4z_finding_kind kind);
/* The kind named NAME, or -1. */
int e4z_kind_by_name(const char *name);

enum e4z_e2fsck { E4Z_E2FSCK_NA, E4Z_E2FSCK_BLIND, E4Z_E2FSCK_WOULD_GROW };

#define E4Z_NONE UINT64_MAX /* "null" of lblk, pblk, first and last */

struct e4z_finding {
	enum e4z_finding_kind kind;
	uint32_t ino;	     /* 0: a block group, see group */
	uint32_t group;	     /* only where ino is 0 */
	uint64_t size;	     /* i_size, bytes */
	uint64_t lblk, pblk; /* E4Z_NONE: null */
	uint64_t blocks;
	uint64_t first, last; /* byte offsets in the file, inclusive; E4Z_NONE: null */
	uint64_t nonzero;     /* bytes */
	enum e4z_e2fsck e2fsck;
	bool fixable;
	const char *path; /* bytes as in the image, NUL-terminated; NULL: no name */
	const char *why;  /* unreadable: the reason; else NULL */
};

struct e4z_skipped {
	uint32_t ino; /* 0: the whole file system */
	const char *path;
	const char *why;
};

/* Receives results, in order, on the calling thread. A non-zero return ends the check with it. */
struct e4z_check_sink {
	void *arg;
	errcode_t (*finding)(void *arg, const struct e4z_finding *finding);
	errcode_t (*skipped)(void *arg, const struct e4z_skipped *skipped);
	/* Progress of PASS (1 tables and tails, 2 names) from 0 to MAX; may be NULL. */
	void (*progress)(void *arg, int pass, uint64_t current, uint64_t max);
};

struct e4z_check_options {
	unsigned jobs;		  /* threads that read; 0: the processors there are */
	bool paranoid;		  /* also residue that no written block shows */
	bool opaque;		  /* report opaque findings one by one */
	uint32_t kinds;		  /* E4Z_KIND_BIT()s to report, 0: all */
	const char *const *files; /* absolute paths or "<INO>": only these; NULL: every inode */
	size_t file_count;
	const volatile int *stop; /* polled; non-zero ends the check with E4Z_ET_INTERRUPTED */
};

struct e4z_check_summary {
	uint64_t files;	   /* regular files judged */
	uint64_t findings; /* delivered, opaque ones not counted */
	uint64_t opaque;
	uint64_t skipped;
	uint64_t stale_bytes; /* sum of nonzero */
	uint64_t bytes_read;
};

/*
 * Judge the image and deliver what is found in (inode, block) order, whatever the number of
 * threads. Writes nothing. A damaged inode or block group is a finding, not a failure.
 */
errcode_t e4z_check(struct e4z_image *img, const struct e4z_check_options *options,
		    const struct e4z_check_sink *sink, struct e4z_check_summary *summary)
	E4Z_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
