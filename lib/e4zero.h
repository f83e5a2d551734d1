/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The public face of libe4zero: open an unmounted ext2/3/4 image, find the stale bytes that its
 * files' last blocks and the blocks past EOF can give away.
 *
 * Every function that can fail returns an errcode_t: 0, an errno value, a code of libext2fs or one
 * of libe4zero's own (E4Z_ET_*, see errors.et). e4z_message() names the cause, e4z_context() the
 * place. The library never prints and never exits.
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

/* ---- version ---- */

/* Of this header. The only place where it is written: configure.ac reads it here. */
#define E4Z_VERSION_MAJOR 0
#define E4Z_VERSION_MINOR 1
#define E4Z_VERSION_PATCH 0

#define E4Z_VERSION_TEXT_(major, minor, patch) #major "." #minor "." #patch
#define E4Z_VERSION_TEXT(major, minor, patch) E4Z_VERSION_TEXT_(major, minor, patch)
/* "MAJOR.MINOR.PATCH" */
#define E4Z_VERSION E4Z_VERSION_TEXT(E4Z_VERSION_MAJOR, E4Z_VERSION_MINOR, E4Z_VERSION_PATCH)

/*
 * E4Z_VERSION of the library that the program is linked with; a static string. A program that is
 * linked with a library of another version than its header's is not supported: compare the two.
 */
const char *e4z_version(void);

struct e4z_image;

/* ---- opening ---- */

/*
 * How whole blocks become zero in the image: by holes of it or by zeroes that are written. What the
 * host says to have zeroed is read back in either case.
 */
enum e4z_holes {
	E4Z_HOLES_AUTO,	  /* a sparse file stays so, any other keeps its blocks */
	E4Z_HOLES_NEVER,  /* zeroes are written, for tools that skip the holes of an image */
	E4Z_HOLES_ALWAYS, /* a hole wherever the host can make one */
};

/* All zero is the default: the only ext file system of the image, read only, not mounted. */
struct e4z_open_options {
	/* a number, LABEL, UUID, PARTLABEL or PARTUUID, with or without "KEY=" */
	const char *partition;
	/* to look: at a mounted image's disk view; to write: although the file system has errors */
	bool force;
	/* an image or device with the external journal, where it is not found by its UUID; NULL */
	const char *journal_device;
	/*
	 * The image will be edited: it must be neither mounted nor attached nor locked by anybody,
	 * and it is locked until e4z_close(). Nothing is written before e4z_commit().
	 */
	bool write;
	/*
	 * Open although a crash tore the write of the superblock: for e4z_replay(), which mends it.
	 */
	bool mend;
	enum e4z_holes holes; /* of an image that is written to; of e4z_undo() too */
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
	const char *journal_path; /* of an external journal that was opened; NULL: of none */
	bool replayed;		  /* seen as it will be once the journal is replayed */
	bool mounted;		  /* opened with force although mounted */
	bool attached;		  /* a loop device shows it, which is not mounted */
	bool mmp;		  /* multiple mount protection is on; it was not waited for */
	/* what could not be determined or should be known, whole sentences, NULL-terminated */
	const char *const *notes;
};

/*
 * Open the file system in SPEC: a raw image, a whole-disk image, a block device, or
 * "IMAGE?offset=N" (N in bytes, suffixes as in fallocate(1); an existing file whose name holds the
 * '?' wins). On failure too *IMG is set (unless memory ran out) so that e4z_message() can be asked;
 * it must be given to e4z_close() in every case.
 */
errcode_t e4z_open(const char *spec, const struct e4z_open_options *options, struct e4z_image **img)
	E4Z_MUST_CHECK;
void e4z_close(struct e4z_image *img);

/*
 * What was being done when it last failed, "" where e4z_message() says all there is to say. Owned
 * by IMG, and valid until the next failure.
 */
const char *e4z_context(const struct e4z_image *img);
/*
 * Why the last call failed, with CODE: in the library's words where these say more than those of
 * the code, else error_message(). Valid as long; IMG may be NULL.
 */
const char *e4z_message(const struct e4z_image *img, errcode_t code);

/* Facts of an open image; owned by IMG. A commit may replace the lists. */
const struct e4z_image_info *e4z_info(const struct e4z_image *img);

/* Where in an image a file system is that e4z_open() could have taken. */
struct e4z_place {
	int partition;	      /* its number; 0: none, the offset says where it is */
	uint64_t offset, len; /* bytes; len 0: to the end of the image */
	const char *type;     /* as libblkid calls what is there; NULL: not known */
	const char *label;    /* of the file system; bytes as in the image, may be NULL */
	const char *name;     /* of the place, a PARTLABEL or GROUP/VOLUME of LVM; likewise */
};

/*
 * The places to choose from after e4z_open() failed: with E4Z_ET_AMBIGUOUS because there are
 * several, with E4Z_ET_NO_PARTITION because none is the one that was asked for, with E4Z_ET_NOT_EXT
 * because they are volumes of LVM, which are never taken without being asked for. *COUNT may be 0.
 * Owned by IMG.
 */
const struct e4z_place *e4z_places(const struct e4z_image *img, size_t *count);

/*
 * com_err's tables of libe4zero and libext2fs: call once before e4z_message().
 */
void e4z_init_errors(void);

/*
 * The name of CODE: "E4Z_ET_..." as in errors.et, an errno value's ("ENOENT"; not every C library
 * knows them), or NULL for what is neither. A static string.
 */
const char *e4z_error_name(errcode_t code);

/* What was left out, and why. */
struct e4z_skipped {
	uint32_t ino; /* 0: the whole file system */
	const char *path;
	const char *why;
	bool left;     /* it should have been edited */
	errcode_t err; /* and this kept it from that; 0: nothing failed */
};

/* ---- names ---- */

/* A file that a pattern, or a directory, stands for. */
struct e4z_match {
	uint32_t ino;
	uint16_t mode; /* type and permissions as in st_mode; 0: the inode cannot be read */
	/*
	 * From the root, "/" between names, NUL-terminated; what precedes the first wildcard is as
	 * it was given. NULL: no path leads to the file, because a name on the way holds '/' or a
	 * zero byte (in an encrypted directory it can) or is there twice, or because the path is
	 * longer than 4095 bytes; also where "<INO>" was given.
	 */
	const char *path;
	bool plain;   /* there is no symbolic link, "." or ".." in the path */
	bool literal; /* the name itself exists; links were followed */
};

/* The bit of a type of files, S_IFREG or any mode that has it. */
#define E4Z_TYPE_BIT(mode) (1u << ((unsigned)(mode) >> 12 & 15))

/* All zero, but for MATCH: everything that matches. */
struct e4z_expand_options {
	/* the name that is looked for first, where it is spelt otherwise than the pattern; NULL */
	const char *name;
	bool below;	/* an existing name of a directory stands for all that is below it */
	uint32_t types; /* E4Z_TYPE_BIT()s of what is delivered if it is not literal, 0: all */
	const volatile int *stop; /* polled; non-zero: E4Z_ET_INTERRUPTED; may be NULL */
	/* must not be NULL; a non-zero return ends the call with that */
	errcode_t (*match)(void *arg, const struct e4z_match *match);
	/*
	 * What matches and is of another type (but not a directory that is entered), and encrypted
	 * directories, in which nothing matches. May be NULL.
	 */
	errcode_t (*skipped)(void *arg, const struct e4z_skipped *skipped);
	void *arg;
};

/*
 * Deliver the files that PATTERN stands for; e4zero(8), PATTERNS, has the syntax. "<INO>" and an
 * absolute path that exists stand for themselves, whatever characters are in them. Else "*", "?"
 * and "[...]" match within a name, as POSIX (XCU 2.13) has them, and "**" any number of
 * directories.
 *
 * Matches come in the byte order of their names, component by component: what is in a directory
 * comes right after it. A file with several names that match is delivered once, under the first.
 * Each is delivered when it is found. MATCH may call any function on IMG but e4z_close(); the path
 * of the match, given as a FILE to one of them while MATCH runs, is not searched for again.
 *
 * E4Z_ET_NO_MATCH: nothing was delivered by a pattern. E4Z_ET_NOT_FOUND: PATTERN is none, and does
 * not exist. E4Z_ET_USAGE: it cannot be understood. E4Z_ET_BAD_DIR, E4Z_ET_BAD_INODE, an error of
 * reading: a directory may hold names that cannot be read; what was found before was delivered.
 */
errcode_t e4z_expand(struct e4z_image *img, const char *pattern,
		     const struct e4z_expand_options *options) E4Z_MUST_CHECK;

/* ---- checking ---- */

/* What a finding is: doc/findings.md. The order here is the order within one (inode, block). */
#define E4Z_FINDING_KINDS(X)                                                                       \
	X(UNREADABLE, "unreadable", "the inode or its mapping cannot be read or is not sane")      \
	X(PENDING_TRUNCATE, "pending-truncate", "an orphan whose truncate never finished")         \
	X(STALE_TAIL, "stale-tail", "non-zero bytes after EOF in a written EOF block")             \
	X(POST_EOF_DATA, "post-eof-data", "written blocks past EOF that hold data")                \
	X(POST_EOF_ZERO, "post-eof-zero", "written blocks past EOF, all zero")                     \
	X(POST_EOF_UNWRITTEN, "post-eof-unwritten", "a preallocation that e2fsck would destroy")   \
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

/* What e2fsck -y does with blocks past EOF: nothing, raise the size over them, or unmap them. */
enum e4z_e2fsck {
	E4Z_E2FSCK_NA,
	E4Z_E2FSCK_BLIND,
	E4Z_E2FSCK_WOULD_GROW,
	E4Z_E2FSCK_WOULD_CLEAR,
};

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
	bool fixable, fixed;
	const char *path; /* bytes as in the image, NUL-terminated; NULL: no name */
	const char *why;  /* unreadable, or left by a fix: the reason; else NULL */
};

/* The passes of a call that reports its progress; they come in this order. */
enum e4z_pass {
	E4Z_PASS_TABLES = 1, /* of inodes, and the last blocks of files */
	E4Z_PASS_BLOCKS,     /* of the files, that are converted */
	E4Z_PASS_NAMES,	     /* directories, for the paths of what was found */
};

/* Receives results, in order, on the calling thread. A non-zero return ends the check with it. */
struct e4z_check_sink {
	void *arg;
	errcode_t (*finding)(void *arg, const struct e4z_finding *finding);
	errcode_t (*skipped)(void *arg, const struct e4z_skipped *skipped);
	/* How far PASS is: CURRENT of MAX, in a unit of the pass; may be NULL. */
	void (*progress)(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max);
};

struct e4z_check_options {
	unsigned jobs;		  /* threads that read; 0: the processors there are */
	bool paranoid;		  /* also residue that no written block shows */
	bool opaque;		  /* report opaque findings one by one */
	uint32_t kinds;		  /* E4Z_KIND_BIT()s to report, 0: all */
	const char *const *files; /* absolute paths or "<INO>": only these; NULL: every inode */
	size_t file_count;
	/*
	 * with FILES, of which there may be none: these too, as e4z_expand() delivered them (the
	 * paths are the caller's, and must live until the call returns)
	 */
	const struct e4z_match *matches;
	size_t match_count;
	const volatile int *stop; /* polled; non-zero ends the check with E4Z_ET_INTERRUPTED */
};

struct e4z_check_summary {
	uint64_t files;	   /* regular files judged */
	uint64_t findings; /* delivered, opaque ones not counted */
	uint64_t fixed;	   /* of them */
	uint64_t opaque;
	uint64_t skipped;
	uint64_t stale_bytes; /* sum of nonzero */
	uint64_t bytes_read;
	/*
	 * Files have written blocks, and all of them are holes of the image file, as in a copy of
	 * the metadata: nothing is proved of the original. Of those that were asked for, or of all.
	 */
	bool only_holes;
	bool none_judged; /* files were asked for, and each of them was skipped */
};

/*
 * Judge the image and deliver what is found in (inode, block) order, whatever the number of
 * threads. Writes nothing. A damaged inode or block group is a finding, not a failure.
 */
errcode_t e4z_check(struct e4z_image *img, const struct e4z_check_options *options,
		    const struct e4z_check_sink *sink, struct e4z_check_summary *summary)
	E4Z_MUST_CHECK;

/*
 * Up to LEN of the bytes that F, delivered by a check of IMG, is about, from f->first on: *GOT, 0
 * where they have no one place. What is read is what is there now.
 */
errcode_t e4z_peek(struct e4z_image *img, const struct e4z_finding *f, void *buf, size_t len,
		   size_t *got) E4Z_MUST_CHECK;

/* ---- editing ---- */

/*
 * How bytes that were visible before the edit are changed, and written ones past EOF. With
 * E4Z_DATA_ORDERED, and without a journal, a crash can leave what was to be appended past EOF.
 */
enum e4z_data_mode {
	E4Z_DATA_JOURNAL, /* in the transaction: all or nothing */
	E4Z_DATA_ORDERED, /* at home before the commit, as the kernel does by default */
};

/*
 * How dirty blocks over unwritten extents are treated where a range is zeroed: the three ways of
 * iomap_zero_range(). The content is the same.
 */
enum e4z_policy {
	E4Z_POLICY_BATCH,	 /* looked up with the mapping and zeroed in the cache */
	E4Z_POLICY_FLUSH,	 /* the rest of the range is flushed when the first one is met */
	E4Z_POLICY_FLUSH_ALWAYS, /* the range is flushed first */
};

struct e4z_edit_options {
	enum e4z_data_mode data;
	bool split; /* an operation larger than the log may take several transactions */
	/*
	 * The edit will be planned, not committed: with split an operation goes on as after
	 * e4z_plan_commit(). Nothing is written before an e4z_commit().
	 */
	bool plan;
	enum e4z_policy policy;
	size_t batch;	     /* dirty blocks in a mapping, 0: 31 */
	size_t cache_blocks; /* dirty blocks that stay in memory, 0: 64 MiB of them */
	/*
	 * Told of every orphan by e4z_begin(): WHY it is left, or NULL, its truncate is finished
	 * with the next commit. A non-zero return ends e4z_begin() with it. May be NULL.
	 */
	errcode_t (*orphan)(void *arg, uint32_t ino, const char *why);
	void *orphan_arg;
};

/* What one operation did; byte counts. */
struct e4z_edit {
	const char *op; /* "truncate" ...; static */
	uint32_t ino;
	const char *path; /* as given; the caller's */
	uint64_t requested;
	uint64_t size_before, size_after;
	uint64_t hole, unwritten_clean, dirty_unwritten, written_disk, written_dirty;
	uint64_t already_zero, inline_bytes; /* together with those above: requested */
	bool did_zero, zero_written;
	uint64_t flushes, retries; /* flushes that wrote; mappings that a flush made stale */
	uint64_t batches_full;	   /* mappings that ended where a batch of dirty blocks was full */
	uint64_t blocks_converted, blocks_allocated, blocks_freed;
	const char *note; /* what its editor should read, a sentence; static, or NULL */
};

/* What committing took. */
struct e4z_commit_summary {
	uint64_t transactions, barriers, bytes_written, log_blocks;
	uint64_t bytes_zeroed_again; /* of those: the host said that it had zeroed them, wrongly */
	uint64_t replayed;	     /* transactions of the log that were there before */
	uint64_t orphans_finished;   /* truncates that a crash had cut short */
	uint64_t orphans_left; /* deleted files and damaged ones, still to be freed by others */
	uint64_t bytes_read;   /* of the image since it was opened: by e4z_done(), e4z_undo() */
};

/*
 * Begin to edit an image opened for writing. Truncates that a crash cut short are finished first,
 * in as many transactions of their own as the log wants. Operations then change the image in memory
 * only, each seeing what those before it did, until e4z_commit() makes all of it durable, the
 * operations in one transaction, or e4z_abort() forgets it. A failed operation leaves what was
 * there before it; a failed commit leaves the handle good for e4z_close() only.
 */
errcode_t e4z_begin(struct e4z_image *img, const struct e4z_edit_options *options) E4Z_MUST_CHECK;
errcode_t e4z_commit(struct e4z_image *img, struct e4z_commit_summary *summary) E4Z_MUST_CHECK;
/*
 * What e4z_commit() would take now, without doing it: transactions, log_blocks and what is replayed
 * before in SUMMARY; a transaction has room for LOG_ROOM of these blocks (UINT64_MAX: no journal).
 * It fails where one is too small for the change.
 */
errcode_t e4z_plan(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *log_room)
	E4Z_MUST_CHECK;
/*
 * Go on as after e4z_commit() and e4z_begin(), without a write: what was done until now is a
 * transaction of its own, which e4z_plan() counts; what comes sees it, and may use what it freed.
 * A plan ends with e4z_abort().
 */
errcode_t e4z_plan_commit(struct e4z_image *img) E4Z_MUST_CHECK;
void e4z_abort(struct e4z_image *img);

/*
 * What was done to the image, and the device of its journal, since it was opened: by commits that
 * succeeded, by one that failed as far as it came, and by operations that were split.
 */
void e4z_done(const struct e4z_image *img, struct e4z_commit_summary *done);

/* Something was written to the image since it was opened: a failure now is not without a trace. */
bool e4z_has_written(const struct e4z_image *img);

/* Set the size of FILE (an absolute path or "<INO>") to SIZE bytes, as truncate(2) does. */
errcode_t e4z_truncate(struct e4z_image *img, const char *file, uint64_t size,
		       struct e4z_edit *edit) E4Z_MUST_CHECK;

struct e4z_fix_options {
	struct e4z_check_options check; /* what is looked for is what is fixed */
	bool dry_run;			/* all but the writing */
};

struct e4z_fix_summary {
	struct e4z_check_summary check;
	uint64_t left; /* findings that were not fixed, each delivered with its reason */
	struct e4z_commit_summary commit;
	uint64_t log_room; /* of a dry run: journal blocks there are; UINT64_MAX: no journal */
};

/*
 * Check the image, which is open for writing, and scrub what is found: the stale bytes become zero,
 * written blocks past EOF become unwritten or free, truncates that a crash cut short are finished.
 * No byte below any EOF changes, no size, no time. It commits on its way, in as few transactions as
 * the log and bounded memory allow; after the last one the findings are delivered, each fixed or
 * with the reason why it is left. A log that has something in it is replayed in any case. The stop
 * flag is obeyed between two commits. Not between e4z_begin() and e4z_commit().
 */
errcode_t e4z_fix(struct e4z_image *img, const struct e4z_fix_options *options,
		  const struct e4z_check_sink *sink, struct e4z_fix_summary *summary)
	E4Z_MUST_CHECK;

/* What the blocks of a file become; what a file reads as never changes. */
enum e4z_convert_to {
	E4Z_TO_WRITTEN,	  /* unwritten ones below EOF, zeroed first */
	E4Z_TO_UNWRITTEN, /* written ones that are all zero */
	E4Z_TO_HOLE,	  /* those, and unwritten ones */
};

struct e4z_convert_options {
	enum e4z_convert_to to;
	uint64_t offset, length; /* bytes; every block that they touch. length 0: to the end */
	bool dry_run;		 /* of e4z_convert_all() */
	bool every;    /* of e4z_convert(): refuse whatever e4z_convert_all() would leave out */
	unsigned jobs; /* threads that read; 0: the processors there are */
	const volatile int *stop; /* polled; non-zero ends it with E4Z_ET_INTERRUPTED */
	/* as that of struct e4z_check_sink; E4Z_PASS_TABLES in e4z_convert_all() only */
	void (*progress)(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max);
	/* what e4z_convert_all() did, by rising inode number; a non-zero return ends it */
	errcode_t (*edit)(void *arg, const struct e4z_edit *edit);
	errcode_t (*skipped)(void *arg, const struct e4z_skipped *skipped);
	void *arg;
};

/*
 * Convert blocks of FILE in the running transaction; with split it may take several. An encrypted
 * or verity file is refused. Neither the size nor any time changes.
 */
errcode_t e4z_convert(struct e4z_image *img, const char *file,
		      const struct e4z_convert_options *options, struct e4z_edit *edit)
	E4Z_MUST_CHECK;

struct e4z_convert_summary {
	uint64_t files;	     /* regular files looked at */
	uint64_t skipped;    /* files that are exempt */
	uint64_t left;	     /* files that should have been converted, and were not */
	uint64_t log_blocks; /* of a dry run, in all its transactions */
	uint64_t log_room;   /* each may have so many; UINT64_MAX: no journal */
};

/*
 * Convert blocks of every regular file, in as many transactions as it takes, each of whole files
 * (with split also of pieces of one that needs more): after an interruption it is begun again and
 * goes on. It is called after e4z_begin() and commits all that it did; DONE counts that.
 */
errcode_t e4z_convert_all(struct e4z_image *img, const struct e4z_convert_options *options,
			  struct e4z_convert_summary *summary, struct e4z_commit_summary *done)
	E4Z_MUST_CHECK;

/*
 * Ranges of FILE, bytes, as fallocate(2) changes them; a size grows with them unless KEEP_SIZE. A
 * file without extents has no unwritten blocks: of these three it can only be punched.
 */
errcode_t e4z_zero_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			 bool keep_size, struct e4z_edit *edit) E4Z_MUST_CHECK;
errcode_t e4z_punch_hole(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			 struct e4z_edit *edit) E4Z_MUST_CHECK;
errcode_t e4z_allocate(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
		       bool keep_size, struct e4z_edit *edit) E4Z_MUST_CHECK;

/*
 * FALLOC_FL_WRITE_ZEROES: whole blocks end written, and zero on the disk before that; without
 * extents too, where holes in the range become written blocks of zeroes.
 */
errcode_t e4z_write_zeroes(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			   struct e4z_edit *edit) E4Z_MUST_CHECK;
/*
 * Zero the bytes of [OFF, OFF + LEN) below EOF where FILE has written blocks, or in its inode, in
 * their place. Holes and unwritten blocks, which read as zero, are left alone, and nothing is
 * allocated: what is too much for the log is refused (E4Z_ET_LOG_FULL) unless it may be split.
 */
errcode_t e4z_zero(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
		   struct e4z_edit *edit) E4Z_MUST_CHECK;
/* Take a range out of FILE, or open one of zeroes in it; whole blocks (with bigalloc, clusters). */
errcode_t e4z_collapse_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			     struct e4z_edit *edit) E4Z_MUST_CHECK;
errcode_t e4z_insert_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			   struct e4z_edit *edit) E4Z_MUST_CHECK;

/* Write LEN bytes at OFF into FILE, which grows with them. */
errcode_t e4z_write(struct e4z_image *img, const char *file, uint64_t off, const void *data,
		    size_t len, struct e4z_edit *edit) E4Z_MUST_CHECK;

/* LEN bytes that can be read, LEN of them from OFF on, as often as it takes. */
struct e4z_source {
	void *arg;
	uint64_t len;
	errcode_t (*read)(void *arg, uint64_t off, void *to, size_t len);
};
errcode_t e4z_write_from(struct e4z_image *img, const char *file, uint64_t off,
			 const struct e4z_source *source, struct e4z_edit *edit) E4Z_MUST_CHECK;
/*
 * No more BYTES than these can be written to FILE from OFF on: its map and the free blocks have no
 * room for them, and more would fail with *BEYOND: EFBIG or E4Z_ET_NO_SPACE. It fails where
 * e4z_write_from() would, whatever it is to write.
 */
errcode_t e4z_write_room(struct e4z_image *img, const char *file, uint64_t off, uint64_t *bytes,
			 errcode_t *beyond) E4Z_MUST_CHECK;

/*
 * Have what was written so far, and can be seen by nobody yet, go home before what comes later: the
 * commit puts a barrier between the two. Nothing is written now.
 */
errcode_t e4z_flush(struct e4z_image *img) E4Z_MUST_CHECK;

/*
 * Only replay the journal, and mend a superblock that was torn while its checksum was written. Not
 * between e4z_begin() and e4z_commit().
 */
errcode_t e4z_replay(struct e4z_image *img, struct e4z_commit_summary *summary) E4Z_MUST_CHECK;
/* What that would do: replayed in SUMMARY. */
errcode_t e4z_plan_replay(struct e4z_image *img, struct e4z_commit_summary *summary) E4Z_MUST_CHECK;

enum e4z_map_state { E4Z_MAP_HOLE, E4Z_MAP_UNWRITTEN, E4Z_MAP_WRITTEN, E4Z_MAP_INLINE };

/* One piece of a file's mapping, in blocks of the file system. */
struct e4z_map_piece {
	uint32_t ino;
	uint64_t lblk, blocks; /* inline data: 0 and 1 */
	uint64_t pblk;	       /* E4Z_NONE: nowhere */
	enum e4z_map_state state;
	bool past_eof; /* wholly */
};

/* "hole", "unwritten", "written" or "inline". */
const char *e4z_map_state_name(enum e4z_map_state state);

/* Deliver the mapping of FILE in order, holes below EOF too. A non-zero return ends it. */
errcode_t e4z_map(struct e4z_image *img, const char *file,
		  errcode_t (*piece)(void *arg, const struct e4z_map_piece *piece), void *arg)
	E4Z_MUST_CHECK;

/*
 * A line for every write, zeroing and barrier from now on, in the order in which they are done.
 * PATH is a new file, which is not there afterwards either if nothing was written, or a pipe or a
 * character device; a file that exists is EEXIST.
 */
errcode_t e4z_trace(struct e4z_image *img, const char *path) E4Z_MUST_CHECK;

/*
 * Before anything else is written, write into the new file PATH what e4z_undo(), and e2undo(8),
 * need to take it back: the old bytes. When nothing is written after all no file is left.
 */
errcode_t e4z_keep_undo(struct e4z_image *img, const char *path) E4Z_MUST_CHECK;
/* Would that be refused? No file is made. */
errcode_t e4z_plan_undo(struct e4z_image *img, const char *path) E4Z_MUST_CHECK;
/*
 * Take back what was done to the image SPEC since the undo file PATH was begun. It may be done
 * again after it was interrupted. DRY_RUN: all but the writing. DONE counts bytes and barriers; WHY
 * becomes the whole sentence of a failure, or "" where error_message() is all.
 */
errcode_t e4z_undo(const char *spec, const struct e4z_open_options *options, const char *path,
		   bool dry_run, struct e4z_commit_summary *done, char *why, size_t why_size)
	E4Z_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
