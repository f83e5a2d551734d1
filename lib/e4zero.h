/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The public interface of libe4zero: open an unmounted ext2, ext3 or ext4 image, find and zero
 * stale data past the end of its files (EOF), and edit files in transactions of the image's own
 * journal. libe4zero(3) has an overview and an example, findings.md the definition of every
 * finding.
 *
 * NULL. A pointer to options may be NULL, which is the same as options that are all zero. A pointer
 * to a structure for results (struct e4z_edit, e4z_..._summary) may be NULL if the results are not
 * wanted. A sink, and every callback function, may be NULL: nothing is delivered to it. Every other
 * pointer must not be NULL, unless its function says so.
 *
 * Ownership. What the caller passes in stays the caller's and is not used after the call returns,
 * but for the options of e4z_begin(), which are copied. What the library returns or passes to a
 * callback is the library's; how long it is valid is stated with each function, and "until the
 * callback returns" for everything that a callback is given.
 *
 * Units. Offsets, lengths and sizes are bytes. A name with "blocks", "lblk" (logical block: in the
 * file) or "pblk" (physical block: in the file system) counts blocks of the file system,
 * e4z_image_info.block_size bytes each. Counters count from 0 in every call.
 *
 * Errors. A function that can fail returns an errcode_t: 0, an errno value, a code of libext2fs, or
 * one of libe4zero's own (E4Z_ET_* in <e4zero-errors.h>). e4z_message() has the sentence,
 * e4z_context() what was being done. Each function lists the codes that a caller can act on.
 * Besides these, every function can fail with ENOMEM, with an errno value of a system call (EIO,
 * ENOSPC), and with E4Z_ET_SHORT_READ, E4Z_ET_CLIPPED, E4Z_ET_BAD_INODE, E4Z_ET_CORRUPT_MAP or
 * E4Z_ET_BAD_DIR if the image is corrupt.
 *
 * Growth. As long as the SONAME is libe4zero.so.0, a program and a library of different versions
 * go together. Structures keep their size, and fields their place: a new field takes bytes of
 * reserved, which is last in every structure, and zero means there what was so without it. The
 * library sets reserved to zero in what it fills and delivers. In options, a sink or a source, a
 * program leaves it zero; if it is not, it asks for what only a later library knows, and the call
 * fails with E4Z_ET_USAGE. New functions have a new symbol version. New values are added at the end
 * of enumerations, so a program has to expect values that its header does not have; a value, or a
 * kind of findings, that the library does not have fails with E4Z_ET_USAGE.
 *
 * Threads. One thread at a time may use a handle; different handles are independent. Threads of a
 * check are the library's own, and callbacks run on the calling thread only. A callback may pass
 * the handle to e4z_info(), e4z_peek(), e4z_context() and e4z_message(), and to another function
 * only if the comment on the caller of the callback allows it: it would change what is in use. Any
 * other function that can fail does nothing there but fail with E4Z_ET_USAGE; e4z_abort() and
 * e4z_close() do nothing. The library never prints, never exits, and has no global state but the
 * error tables of com_err(3): e4z_init_errors() is to be called before there are several threads.
 *
 * Fork. After fork(2), a handle belongs to the process that opened it. The other process must not
 * pass it to any function, e4z_close() included, which would end what the image needs (a server of
 * its format, multiple mount protection). It can open images of its own. Descriptors are closed by
 * execve(2); as long as a process has copies of them the image stays locked, so a child should call
 * execve(2) or _exit(2) soon.
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
/* What the shared library exports: the functions from here on, and no others. */
#pragma GCC visibility push(default)

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

/* E4Z_VERSION of the library that the program is linked with; a static string. */
const char *e4z_version(void);

/*
 * The names of the image formats that e4z_open() opens, such as "raw", with a NULL after the last
 * one; see e4zero-json(5). Static. New names are added at the end.
 */
const char *const *e4z_formats(void);

/* ---- opening ---- */

/* An open image, and the message of its last failure. */
struct e4z_image;

/*
 * How whole blocks become zero in the image file: as holes, or as zeroes that are written. Blocks
 * that the host reports as zeroed are read back in either case.
 */
enum e4z_holes {
	E4Z_HOLES_AUTO,	 /* a sparse file stays sparse, any other keeps its blocks */
	E4Z_HOLES_NEVER, /* zeroes are written, for tools that skip the holes of an image */
	/*
	 * A hole wherever the host can make one. e4z_convert_all() to holes, and e4z_fix() of free
	 * blocks, make holes of all that is zero already in an image file, too.
	 */
	E4Z_HOLES_ALWAYS,
};

/*
 * Formats of images, with their names on the command line. The library reads and writes raw images
 * itself, and reads Android sparse images itself. All other formats require qemu-nbd, a program of
 * QEMU.
 */
#define E4Z_FORMATS(X)                                                                             \
	X(RAW, "raw")                                                                              \
	X(QCOW2, "qcow2")                                                                          \
	X(VMDK, "vmdk")                                                                            \
	X(VHDX, "vhdx")                                                                            \
	X(VHD, "vhd")                                                                              \
	X(VDI, "vdi")                                                                              \
	X(PARALLELS, "parallels")                                                                  \
	X(QED, "qed")                                                                              \
	X(LUKS, "luks")                                                                            \
	X(ANDROID_SPARSE, "android-sparse")

#define E4Z_FORMAT_AS_ENUM_(NAME, name) E4Z_FORMAT_##NAME,
enum e4z_format {
	E4Z_FORMAT_AUTO, /* what the image's own header says */
	E4Z_FORMATS(E4Z_FORMAT_AS_ENUM_) E4Z_FORMAT_COUNT
};

/* "qcow2" and the like; "auto" for E4Z_FORMAT_AUTO. A static string. */
const char *e4z_format_name(enum e4z_format format);
/* E4Z_FORMAT_AUTO: NAME is not one of them. */
enum e4z_format e4z_format_by_name(const char *name);

/* All zero is the default: the only ext file system of the image, read only, not mounted. */
struct e4z_open_options {
	/*
	 * a number, LABEL, UUID, PARTLABEL or PARTUUID, with or without "KEY="; NULL: the only one
	 */
	const char *partition;
	/*
	 * Reading: open a mounted file system, and see what is on the disk. Writing: open a file
	 * system that is marked as having errors. A mounted one is never opened for writing.
	 */
	bool force;
	/* an image or device that holds the external journal; NULL: it is found by its UUID */
	const char *journal_device;
	/*
	 * The image will be edited: it must be neither mounted nor attached nor locked by any other
	 * process, and it is locked until e4z_close(). Nothing is written before e4z_commit(),
	 * e4z_fix(), e4z_replay() or e4z_convert_all().
	 */
	bool write;
	/* Open a file system whose superblock is torn, for e4z_replay(), which repairs it. */
	bool repair;
	enum e4z_holes holes; /* only with write, and in e4z_undo() */
	/* seconds that an NBD server may take for an answer; 0: 60 */
	unsigned timeout_s;
	/*
	 * Called at least once a second while another host is waited for (multiple mount
	 * protection), by e4z_open() with write and by what writes first: ALL seconds, of which
	 * LEFT are left. A non-zero return ends the call with it, and nothing is written. May be
	 * NULL.
	 */
	errcode_t (*wait)(void *arg, unsigned left, unsigned all);
	void *wait_arg;
	enum e4z_format format; /* of the image; E4Z_FORMAT_AUTO: by its header */
	/*
	 * Allow the other files that the header of an image refers to, such as a backing file or
	 * the extents of a VMDK; QEMU opens them. Otherwise such an image is refused.
	 */
	bool backing;
	/*
	 * The file or descriptor to read the passphrase of a LUKS or encrypted qcow2 image from, up
	 * to its end. One newline at the end is not part of it. NULL, and 0: none.
	 */
	const char *passphrase_file;
	int passphrase_fd; /* a descriptor, which stays open */
	/*
	 * Polled while the server of an image, or a program that reads it, is waited for, until
	 * e4z_close(): non-zero ends the waiting. E4Z_ET_INTERRUPTED before the first write; from
	 * then on ECANCELED if nothing is answered for five seconds. May be NULL.
	 */
	const volatile int *stop;
	/*
	 * Called when all files that belong to the image are open, with write for writing, and
	 * before anything of its contents is interpreted but the superblock and the group
	 * descriptors: the place for e4z_confine(), and with write for e4z_keep_undo() and
	 * e4z_trace(). No other function may be called with IMG than these, e4z_plan_undo() and
	 * e4z_info(), whose structure is not complete yet. A non-zero return ends the call with it.
	 * May be NULL.
	 */
	errcode_t (*opened)(void *arg, struct e4z_image *img);
	void *opened_arg;
	uint64_t reserved[5];
};

enum e4z_journal_state {
	E4Z_JOURNAL_NONE,
	E4Z_JOURNAL_CLEAN,
	E4Z_JOURNAL_NEEDS_REPLAY, /* internal or external */
	E4Z_JOURNAL_EXTERNAL,	  /* and clean */
};

struct e4z_image_info {
	const char *path;    /* as given, without "?offset=" */
	uint64_t fs_offset;  /* bytes from the start of the image to the file system */
	uint32_t block_size; /* bytes */
	uint64_t blocks;     /* of the file system */
	/* block groups: each has group_blocks of the blocks from first_block on, the last fewer */
	uint32_t group_blocks, first_block;
	uint32_t inodes; /* of the file system, in use or not */
	uint8_t uuid[16];
	const char *const *features; /* names as mke2fs spells them, NULL-terminated */
	enum e4z_journal_state journal;
	const char *journal_path; /* of an external journal that was opened; NULL: none */
	bool replayed;		  /* the journal is replayed in memory, not on the disk */
	bool mounted;		  /* opened with force although mounted */
	bool attached;		  /* attached to a loop device that is not mounted */
	bool mmp;		  /* multiple mount protection is enabled */
	/*
	 * What could not be determined, or should be known: sentences, NULL-terminated; NULL: none.
	 */
	const char *const *notes;
	uint64_t reserved[8];
};

/*
 * Open the file system in SPEC: an image file, a whole-disk image, a block device, the URI of an
 * NBD export, or "IMAGE?offset=N" (N in bytes, suffixes as in fallocate(1)). If a file with this
 * literal name exists, that file is opened. An image in one of QEMU's formats is opened by
 * qemu-nbd, a child process that ends with e4z_close(). Opening writes nothing; a journal that
 * needs recovery is replayed in memory, as jbd2_journal_recover() does.
 *
 * *IMG is set also if the call fails, to NULL only if memory ran out. It must be passed to
 * e4z_close() in every case. After a failure no other function may be called with it than
 * e4z_close(), e4z_context(), e4z_message(), e4z_places() and e4z_info(), whose structure is valid,
 * but in part empty.
 *
 * E4Z_ET_AMBIGUOUS, E4Z_ET_NO_PARTITION: see e4z_places(). E4Z_ET_NOT_EXT: no ext file system;
 * likewise for volumes of LVM. E4Z_ET_BAD_SUPER: open with repair, and call e4z_replay().
 * E4Z_ET_TRUNCATED: the image is incomplete. E4Z_ET_FEATURE: a feature that is not supported.
 * E4Z_ET_MOUNTED, E4Z_ET_BUSY: in use; try again later. With multiple mount protection, opening
 * with write waits until it is certain that no other host uses the file system; the first write
 * waits again, and fails with E4Z_ET_BUSY if one does. E4Z_ET_HAS_ERRORS: run e2fsck, or open with
 * force. E4Z_ET_NO_JOURNAL, E4Z_ET_OTHER_JOURNAL: set journal_device. E4Z_ET_BAD_JOURNAL,
 * E4Z_ET_FAST_COMMIT: run e2fsck. E4Z_ET_NOT_REGULAR: not a file or block device.
 * E4Z_ET_IMAGE_FORMAT: a program is missing, or not supported. E4Z_ET_FORMAT_DOUBT: set format.
 * E4Z_ET_OTHER_FILE: set backing. E4Z_ET_PASSPHRASE: set passphrase_file, to the right one. ENOENT,
 * EACCES and the like: as of open(2).
 */
errcode_t e4z_open(const char *spec, const struct e4z_open_options *options, struct e4z_image **img)
	E4Z_MUST_CHECK;
/*
 * Close IMG, release its locks and free it. What was not committed is dropped. IMG may be NULL.
 */
void e4z_close(struct e4z_image *img);

/*
 * The part of e4z_close() that can fail: after an edit, end the process that wrote to the image, if
 * there is one. EIO: what a commit made durable is durable, but the image was not closed cleanly.
 * Call it before e4z_close() to learn of this error. Between the two calls, call only
 * e4z_context(), e4z_message(), e4z_info(), e4z_done() and e4z_has_written().
 */
errcode_t e4z_finish(struct e4z_image *img) E4Z_MUST_CHECK;

/*
 * What was being done when the last call failed, "" if e4z_message() is complete without it. IMG
 * may be NULL: "". Valid until the next call with IMG.
 */
const char *e4z_context(const struct e4z_image *img);
/*
 * Why the last call failed with CODE: the library's own sentence if it has one, otherwise that of
 * error_message(3). IMG may be NULL. Valid until the next call with IMG.
 */
const char *e4z_message(const struct e4z_image *img, errcode_t code);

/*
 * Facts of an open image. The structure is valid until e4z_close(); the strings and lists in it
 * until the next commit, which may replace them.
 */
const struct e4z_image_info *e4z_info(const struct e4z_image *img);

/* Where in an image a file system is that e4z_open() could open. */
struct e4z_place {
	int partition;	  /* its number; 0: none, only the offset locates it */
	uint64_t offset;  /* bytes from the start of the image */
	uint64_t len;	  /* bytes; 0: to the end of the image */
	const char *type; /* of the content, as libblkid(3) spells it; NULL: unknown */
	/* Bytes as in the image, not necessarily UTF-8; NULL: none. */
	const char *label; /* of the file system */
	const char *name;  /* of the place: a PARTLABEL, or GROUP/VOLUME of LVM */
	uint64_t reserved[4];
};

/*
 * The places to choose from after e4z_open() failed: with E4Z_ET_AMBIGUOUS because there are
 * several, with E4Z_ET_NO_PARTITION because none is the one requested, with E4Z_ET_NOT_EXT because
 * they are volumes of LVM, which are never selected automatically. NULL if *COUNT is 0. IMG may be
 * NULL: none. Valid until e4z_close().
 */
const struct e4z_place *e4z_places(const struct e4z_image *img, size_t *count);

/* Register the error tables of libe4zero and libext2fs; call it once before e4z_message(). */
void e4z_init_errors(void);

/*
 * The name of CODE: "E4Z_ET_..." as in <e4zero-errors.h>, that of an errno value ("ENOENT"; not
 * every C library knows them), or NULL for any other code. A static string.
 */
const char *e4z_error_name(errcode_t code);

/* ---- confinement ---- */

/*
 * Errands: tasks that require names of files, done by a child process that is not confined. RUN is
 * called in the child, with the memory of the time when the child was started; it returns 0 or an
 * error.
 */
struct e4z_errand {
	errcode_t (*run)(void *arg);
	void *arg;
	uint64_t reserved[2];
};
struct e4z_errands;

/*
 * Start the child for the COUNT errands of LIST, at most 255. It closes all descriptors except its
 * own. It ends with e4z_errands_end(), or with this process.
 */
errcode_t e4z_errands_start(const struct e4z_errand *list, size_t count,
			    struct e4z_errands **errands) E4Z_MUST_CHECK;
/* Have the child do errand NUMBER of the list; returns its result. EPIPE: the child has ended. */
errcode_t e4z_errands_run(struct e4z_errands *errands, size_t number) E4Z_MUST_CHECK;
/* A descriptor for e4z_confine_options.outputs. */
int e4z_errands_descriptor(const struct e4z_errands *errands);
/* ERRANDS may be NULL. */
void e4z_errands_end(struct e4z_errands *errands);

/* What e4z_confine() did: bits. */
enum {
	E4Z_CONFINED_LANDLOCK = 1, /* Landlock denies access to files by name */
	E4Z_CONFINED_CALLS = 2,	   /* seccomp denies system calls that are not needed */
};

/* All zero is the default: standard output and error may be written to, no file is opened. */
struct e4z_confine_options {
	const int *outputs; /* 24 at most: other descriptors that may be written to */
	size_t output_count;
	const int *files; /* 24 at most: temporary files of the caller, written at offsets */
	size_t file_count;
	unsigned threads; /* of a check, for the limit of memory; 0: the number of processors */
	bool reading;	  /* files of the host will be opened for reading */
	bool require;	  /* fail unless both halves are done */
	bool journal;	  /* E4Z_JOURNAL will be selected: an external journal is opened now */
	uint64_t reserved[4];
};

/*
 * Confine the whole process to what IMG needs: an image that exploits a fault of this library then
 * reaches only open files and connections. It cannot be undone. Call it in the callback `opened` of
 * e4z_open(), in a program that opens one image: no other image can be opened afterwards. Existing
 * threads are not restricted by Landlock, only by seccomp. IMG may be NULL if the process needs
 * only files that are open and no image; its memory is not limited then.
 *
 * Landlock denies every access right that the kernel knows, for every path; with reading, files can
 * still be read. The filter of seccomp allows the system calls that reading IMG requires, or
 * editing, if it is open for writing; every other one fails with EPERM. No new privileges are
 * gained by execve(2). Limits are lowered: RLIMIT_DATA to the memory that a check or an edit of IMG
 * requires, RLIMIT_CORE to 0, and without reading RLIMIT_NOFILE to 3.
 *
 * If IMG is in another format and open for writing, a child process is forked, which starts
 * qemu-nbd at the first write.
 *
 * *DONE receives E4Z_CONFINED_* bits. A half that the kernel or this build lacks is left out.
 * E4Z_ET_UNCONFINED: require is set, and something was left out.
 */
errcode_t e4z_confine(struct e4z_image *img, const struct e4z_confine_options *options,
		      unsigned *done) E4Z_MUST_CHECK;

/*
 * Why e4z_confine() does nothing in this process: the program is instrumented, or runs under
 * valgrind or qemu-user. NULL: there is no obstacle. A static string.
 */
const char *e4z_confine_obstacle(void);

/* A file that was left out, and why. */
struct e4z_skipped {
	uint32_t ino;	  /* 0: the whole file system */
	const char *path; /* bytes as in the image; NULL: no name is known */
	const char *why;  /* the end of a sentence about the file */
	bool left;	  /* it should have been edited */
	errcode_t err;	  /* the failure that prevented it; 0: none */
	uint64_t reserved[4];
};

/* ---- names ---- */

/*
 * A FILE is an absolute path inside the image, or "<INO>", an inode number in angle brackets.
 * Symbolic links are followed inside the image, as open(2) does. Functions that take a FILE can
 * fail with E4Z_ET_USAGE (neither of these), E4Z_ET_NOT_FOUND (does not exist) and E4Z_ET_LOOP (too
 * many symbolic links).
 */

/* A file that a pattern, or a directory, stands for. */
struct e4z_match {
	uint32_t ino;
	uint16_t mode; /* type and permissions as in st_mode; 0: the inode cannot be read */
	/*
	 * From the root, with "/" between names, NUL-terminated; the part before the first wildcard
	 * is as given. NULL if "<INO>" was given, or if no path leads to the file: because a name
	 * on the way contains '/' or a zero byte (possible in an encrypted directory) or exists
	 * twice, or because the path is longer than 4095 bytes.
	 */
	const char *path;
	bool plain;   /* there is no symbolic link, "." or ".." in the path */
	bool literal; /* the name itself exists; links were followed */
	uint64_t reserved[4];
};

/* The bit of a type of files, S_IFREG or any mode that has it. */
#define E4Z_TYPE_BIT(mode) (1u << ((unsigned)(mode) >> 12 & 15))

/* All zero, but for match: everything that matches. */
struct e4z_expand_options {
	/* a name that is tried literally before the pattern; NULL: the pattern itself */
	const char *name;
	bool below;	/* the name of a directory stands for all files below it */
	uint32_t types; /* E4Z_TYPE_BIT()s to deliver unless the match is literal; 0: all */
	const volatile int *stop; /* polled; non-zero: E4Z_ET_INTERRUPTED; may be NULL */
	/* Called for each match; must not be NULL. A non-zero return ends the call with it. */
	errcode_t (*match)(void *arg, const struct e4z_match *match);
	/*
	 * Called for what matches and is of another type (unless it is a directory that is
	 * entered), and for encrypted directories, in which no name can match. May be NULL.
	 */
	errcode_t (*skipped)(void *arg, const struct e4z_skipped *skipped);
	void *arg; /* passed to both */
	uint64_t reserved[8];
};

/*
 * Deliver the files that PATTERN stands for, as glob(3) would on the mounted file system;
 * e4zero(8), PATTERNS, has the syntax. "<INO>" and an absolute path that exists stand for
 * themselves, whatever characters are in them. In any other pattern "*", "?" and "[...]" match
 * within a name, as POSIX (XCU 2.13) specifies, and "**" matches any number of directories. OPTIONS
 * must not be NULL.
 *
 * Matches are delivered in ascending byte order of their names, component by component; the
 * contents of a directory follow the directory. A file with several matching names is delivered
 * once, under the first. Each match is delivered as soon as it is found. The callbacks may call any
 * function with IMG but e4z_finish() and e4z_close(); the path of the match, passed as a FILE, is
 * then not looked up again.
 *
 * E4Z_ET_NO_MATCH: no file matches. E4Z_ET_NOT_FOUND: PATTERN has no wildcards and does not exist.
 * E4Z_ET_USAGE: invalid pattern. E4Z_ET_BAD_DIR, E4Z_ET_BAD_INODE, an error of reading: a directory
 * may contain names that cannot be read; matches found before were delivered.
 */
errcode_t e4z_expand(struct e4z_image *img, const char *pattern,
		     const struct e4z_expand_options *options) E4Z_MUST_CHECK;

/* ---- checking ---- */

/* The kinds of findings, see findings.md, in their order within one block of an inode. */
#define E4Z_FINDING_KINDS(X)                                                                       \
	X(UNREADABLE, "unreadable", "the inode or its block map is unreadable or invalid")         \
	X(PENDING_TRUNCATE, "pending-truncate", "an orphan inode whose truncate was interrupted")  \
	X(STALE_TAIL, "stale-tail", "non-zero bytes after EOF in a written EOF block")             \
	X(POST_EOF_DATA, "post-eof-data", "written blocks past EOF that hold data")                \
	X(POST_EOF_ZERO, "post-eof-zero", "written blocks past EOF, all zero")                     \
	X(POST_EOF_UNWRITTEN, "post-eof-unwritten", "a preallocation that e2fsck would destroy")   \
	X(OPAQUE, "opaque", "encrypted, cannot be checked")                                        \
	X(UNWRITTEN_RESIDUE, "unwritten-residue", "old bytes under unwritten blocks")              \
	X(CLUSTER_SLACK, "cluster-slack", "old bytes in the unmapped rest of a cluster")           \
	X(SYMLINK_SLACK, "symlink-slack", "old bytes after a symbolic link's target")              \
	X(INLINE_SLACK, "inline-slack", "old bytes after inline data")                             \
	X(FREE_BLOCK, "free-block", "old bytes in free blocks")                                    \
	X(LEAKED_BLOCK, "leaked-block", "blocks marked as used that belong to nothing")            \
	X(IBLOCK_SLACK, "iblock-slack", "old bytes in the unused part of i_block")                 \
	X(EXTENT_SLACK, "extent-slack", "old bytes in the unused part of an extent block")         \
	X(DIR_SLACK, "dir-slack", "old bytes in unused parts of a directory block")                \
	X(HTREE_SLACK, "htree-slack", "old bytes in the unused part of a hash tree's block")       \
	X(INODE_SLACK, "inode-slack", "old bytes beside the fields and attributes of an inode")    \
	X(XATTR_SLACK, "xattr-slack", "old bytes in a block of extended attributes")               \
	X(FREE_INODE, "free-inode", "old bytes in inodes that are not in use")                     \
	X(INODE_TABLE, "inode-table", "old bytes in the unused part of an inode table")            \
	X(JOURNAL, "journal", "old bytes in the journal, which is empty")                          \
	X(MMP_SLACK, "mmp-slack", "old bytes in the block of multiple mount protection")           \
	X(BITMAP_SLACK, "bitmap-slack", "old bytes in the unused part of bitmaps")                 \
	X(SUPER_SLACK, "super-slack", "old bytes beside a superblock or its copy")                 \
	X(DESC_SLACK, "desc-slack", "old bytes after the group descriptors")                       \
	X(RESERVED_GDT, "reserved-gdt", "old bytes in blocks reserved for group descriptors")      \
	X(ORPHAN_SLACK, "orphan-file-slack", "entries of an orphan file that is empty")            \
	X(AFTER_FS, "after-fs", "bytes after the file system, in its partition")                   \
	X(BOOT_BLOCK, "boot-block", "bytes where a boot loader may be")                            \
	X(DELETED_OPEN, "deleted-open", "a file that was deleted while it was open")               \
	X(DISPUTED, "disputed", "blocks whose owner cannot be determined")

enum e4z_finding_kind {
#define X(id, name, text) E4Z_##id,
	E4Z_FINDING_KINDS(X)
#undef X
		E4Z_KIND_COUNT
};

#define E4Z_KIND_BIT(kind) (UINT64_C(1) << (kind))
#define E4Z_KINDS_PARANOID                                                                         \
	(E4Z_KIND_BIT(E4Z_UNWRITTEN_RESIDUE) | E4Z_KIND_BIT(E4Z_CLUSTER_SLACK) |                   \
	 E4Z_KIND_BIT(E4Z_SYMLINK_SLACK) | E4Z_KIND_BIT(E4Z_INLINE_SLACK))
/* Outside of the contents of files: only with all, or if named. */
#define E4Z_KINDS_LEDGER                                                                           \
	(E4Z_KIND_BIT(E4Z_FREE_BLOCK) | E4Z_KIND_BIT(E4Z_LEAKED_BLOCK) |                           \
	 E4Z_KIND_BIT(E4Z_IBLOCK_SLACK) | E4Z_KIND_BIT(E4Z_EXTENT_SLACK) |                         \
	 E4Z_KIND_BIT(E4Z_DIR_SLACK) | E4Z_KIND_BIT(E4Z_HTREE_SLACK) |                             \
	 E4Z_KIND_BIT(E4Z_INODE_SLACK) | E4Z_KIND_BIT(E4Z_XATTR_SLACK) |                           \
	 E4Z_KIND_BIT(E4Z_FREE_INODE) | E4Z_KIND_BIT(E4Z_INODE_TABLE) |                            \
	 E4Z_KIND_BIT(E4Z_BITMAP_SLACK) | E4Z_KIND_BIT(E4Z_SUPER_SLACK) |                          \
	 E4Z_KIND_BIT(E4Z_DESC_SLACK) | E4Z_KIND_BIT(E4Z_RESERVED_GDT) |                           \
	 E4Z_KIND_BIT(E4Z_ORPHAN_SLACK) | E4Z_KIND_BIT(E4Z_JOURNAL) |                              \
	 E4Z_KIND_BIT(E4Z_MMP_SLACK) | E4Z_KIND_BIT(E4Z_AFTER_FS) | E4Z_KIND_BIT(E4Z_BOOT_BLOCK) | \
	 E4Z_KIND_BIT(E4Z_DELETED_OPEN) | E4Z_KIND_BIT(E4Z_DISPUTED))

/* The name of KIND, "stale-tail" for one, and what it is; static strings, NULL: no such kind. */
const char *e4z_kind_name(enum e4z_finding_kind kind);
const char *e4z_kind_text(enum e4z_finding_kind kind);
/* The kind named NAME, or -1. */
int e4z_kind_by_name(const char *name);
/*
 * E4Z_KIND_BIT() of the kind named NAME ("journal" for one), or those of a class: "free"
 * (E4Z_FREE_BLOCK, E4Z_DISPUTED), or "metadata" (E4Z_KINDS_LEDGER without E4Z_FREE_BLOCK,
 * E4Z_JOURNAL, E4Z_AFTER_FS and E4Z_BOOT_BLOCK). 0: neither.
 */
uint64_t e4z_kinds_by_name(const char *name);

/* What "e2fsck -y" does with blocks past EOF. */
enum e4z_e2fsck {
	E4Z_E2FSCK_NA,		/* not about blocks past EOF */
	E4Z_E2FSCK_BLIND,	/* nothing */
	E4Z_E2FSCK_WOULD_GROW,	/* extends the file over them */
	E4Z_E2FSCK_WOULD_CLEAR, /* unmaps them */
};

#define E4Z_NONE UINT64_MAX /* no value, null in JSON */

struct e4z_finding {
	enum e4z_finding_kind kind;
	uint32_t ino;	 /* 0: a block group, see group */
	uint32_t group;	 /* only if ino is 0 */
	uint64_t size;	 /* i_size, bytes */
	uint64_t lblk;	 /* first logical block; E4Z_NONE: not about blocks */
	uint64_t pblk;	 /* where that block is; E4Z_NONE: not in one place */
	uint64_t blocks; /* from lblk on; of a group: how many of its blocks it is about */
	/*
	 * The first and the last stale byte, inclusive: offsets in the file, or if lblk is E4Z_NONE
	 * in the file system, of an external journal in its device; E4Z_NONE: none.
	 */
	uint64_t first, last;
	uint64_t nonzero; /* bytes between them, inclusive, that are not zero */
	enum e4z_e2fsck e2fsck;
	bool fixable;	  /* e4z_fix() can fix this kind */
	bool fixed;	  /* by this call of e4z_fix() */
	const char *path; /* bytes as in the image, NUL-terminated; NULL: no name is known */
	const char *why;  /* why it is unreadable, or was not fixed; else NULL */
	uint64_t reserved[2];
};

/* The passes of a call that reports progress; they come in this order. */
enum e4z_pass {
	E4Z_PASS_TABLES = 1, /* inode tables and the last blocks of files */
	E4Z_PASS_BLOCKS,     /* blocks that are converted, or in use by no file */
	E4Z_PASS_NAMES,	     /* directories, for the paths of findings */
};

/* One class of the ledger: bytes of one owner, or those that have to be zero for one reason. */
struct e4z_ledger_class {
	const char *name;     /* of a kind of findings, or an owner's; a static string */
	uint64_t places;      /* findings of the kind, opaque ones included */
	uint64_t bytes;	      /* that it has */
	uint64_t stale_bytes; /* sum of nonzero; E4Z_NONE: was not asked for */
	const char *left;     /* why it is neither examined nor touched, static; NULL: it is */
	uint64_t reserved[4];
};

/* Every byte of the file system has one owner: the bytes of all classes add up to size. */
struct e4z_ledger {
	uint64_t size; /* bytes */
	const struct e4z_ledger_class *classes;
	size_t count;
	/* of E4Z_AFTER_FS, beside the sum; its left is valid until the callback returns */
	struct e4z_ledger_class after;
	uint64_t reserved[4];
};

/* The largest number of shards. */
#define E4Z_SHARDS_MAX 65536

/* A shard, after its inodes were examined. */
struct e4z_shard {
	uint32_t first_group, groups; /* block groups whose inodes were examined */
	uint32_t cluster_blocks;      /* blocks of a cluster, 1 without bigalloc */
	uint32_t fingerprint;	      /* e4z_fingerprint() */
	bool data;  /* files have written blocks that the image file has data for */
	bool holes; /* files have written blocks that are holes of the image file */
	/*
	 * Blocks are claimed twice in the shard in a way that affects the results of other shards:
	 * only a check of the whole image is certain.
	 */
	bool whole;
	uint64_t reserved[4];
};

/* The only structure without reserved. */
struct e4z_range {
	uint64_t start, len;
};

/* Claims of the inodes of a shard, see findings.md. */
enum e4z_claims_of {
	E4Z_CLAIMS_CLUSTERS, /* not for inodes of another shard; blocks without bigalloc */
	E4Z_CLAIMS_XATTR,    /* blocks of extended attributes, which inodes may share */
};

/* COUNT ranges, in ascending order. */
struct e4z_claims {
	enum e4z_claims_of of;
	const struct e4z_range *ranges;
	size_t count;
	uint64_t reserved[4];
};

/* Receives results, in order. A non-zero return ends the call with it. */
struct e4z_check_sink {
	void *arg; /* passed to each of them */
	errcode_t (*finding)(void *arg, const struct e4z_finding *finding);
	errcode_t (*skipped)(void *arg, const struct e4z_skipped *skipped);
	/* PASS is at CURRENT of MAX; the unit is the pass's own, only the ratio has a meaning. */
	void (*progress)(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max);
	/* With all: once, after the findings. The strings are static. */
	errcode_t (*ledger)(void *arg, const struct e4z_ledger *ledger);
	/*
	 * With shards only. shard is called once: after the findings, and before skipped is called
	 * for directories that are only read for names. Then claims is called,
	 * for some of the claims each time.
	 */
	errcode_t (*shard)(void *arg, const struct e4z_shard *shard);
	errcode_t (*claims)(void *arg, const struct e4z_claims *claims);
	uint64_t reserved[8];
};

struct e4z_check_options {
	unsigned jobs;	/* threads that read; 0: the number of CPUs; more than 1024 count as 1024 */
	bool paranoid;	/* also look for residue that no written block exposes */
	bool all;	/* and for what belongs to no file, and deliver the ledger; no files */
	bool opaque;	/* report opaque findings individually */
	uint64_t kinds; /* E4Z_KIND_BIT()s to report; 0: all */
	/* FILEs to check, file_count of them; NULL: every inode */
	const char *const *files;
	size_t file_count;
	/*
	 * Only if files is not NULL: further files, as e4z_expand() delivered them. The caller must
	 * copy the paths in the callback, and keep the copies until the call returns.
	 */
	const struct e4z_match *matches;
	size_t match_count;
	const volatile int *stop; /* polled; non-zero: E4Z_ET_INTERRUPTED; may be NULL */
	/*
	 * Examine only the inodes of one of so many shards, which have about equal work. shard is
	 * from 1 to shards; shards 0: all inodes. Not with all, with kinds that require it, with
	 * files, or in e4z_fix().
	 *
	 * The findings of all shards are those of a check of the whole image if no two shards pass
	 * the same cluster to sink->claims, no shard passes a block of attributes in a cluster of
	 * another one, no two different blocks of attributes are in one cluster, and no shard is
	 * whole.
	 */
	unsigned shard, shards;
	uint64_t reserved[8];
};

struct e4z_check_summary {
	uint64_t files;	      /* regular files checked */
	uint64_t findings;    /* delivered; opaque ones are not counted */
	uint64_t fixed;	      /* findings that were fixed */
	uint64_t opaque;      /* opaque findings, delivered or not */
	uint64_t skipped;     /* files not checked */
	uint64_t stale_bytes; /* sum of nonzero, bytes */
	uint64_t bytes_read;  /* of the image since it was opened */
	/*
	 * The files have written blocks, and all of these are holes of the image file, as in a copy
	 * made of the metadata only: the result says nothing about the original. Not of a shard.
	 */
	bool only_holes;
	bool none_checked; /* files were given, and every one of them was skipped */
	uint64_t reserved[8];
};

/*
 * Check the image and deliver the findings in ascending order of inode and block, whatever the
 * number of threads. Writes nothing. A corrupt inode or block group is a finding, not a failure. No
 * system call does this; what counts as stale follows ext4_block_truncate_page(), which zeroes it.
 *
 * E4Z_ET_INTERRUPTED: the stop flag was set. E4Z_ET_LEDGER: the bytes of the file system do not add
 * up, which is an error of the library. E4Z_ET_NOT_REGULAR: files were given, and none of them
 * could be checked; they were delivered as skipped. E4Z_ET_NOT_FOUND, E4Z_ET_LOOP, E4Z_ET_USAGE:
 * one of the files, see FILE above. E4Z_ET_USAGE also: the shard does not exist, or other options
 * exclude it.
 */
errcode_t e4z_check(struct e4z_image *img, const struct e4z_check_options *options,
		    const struct e4z_check_sink *sink, struct e4z_check_summary *summary)
	E4Z_MUST_CHECK;

/*
 * A checksum of the superblock and the group descriptors in memory, and of the superblock of an
 * internal journal that is clean. If two checksums differ, the file systems or their states differ.
 */
uint32_t e4z_fingerprint(const struct e4z_image *img);

/*
 * Read up to LEN of the bytes that F is about, from F->first on, into BUF. F was delivered by a
 * check of IMG; it may be a copy, and its path and why are not used. *GOT: bytes read, 0 if they
 * are not in one place. They are read now: after e4z_fix() they are zero.
 */
errcode_t e4z_peek(struct e4z_image *img, const struct e4z_finding *f, void *buf, size_t len,
		   size_t *got) E4Z_MUST_CHECK;

/* ---- editing ---- */

/*
 * How visible data is overwritten, and data past EOF in blocks that are already written. With
 * E4Z_DATA_ORDERED, and without a journal, a crash can leave part of the new data past EOF.
 */
enum e4z_data_mode {
	E4Z_DATA_JOURNAL, /* in the transaction, as data=journal: all or nothing */
	E4Z_DATA_ORDERED, /* in place before the commit, as data=ordered, the kernel's default */
};

/*
 * How pending data of unwritten blocks is treated if part of such a block is zeroed: three ways of
 * iomap_zero_range(). The resulting contents are identical.
 */
enum e4z_policy {
	E4Z_POLICY_BATCH,	 /* found with the mapping, and zeroed in memory */
	E4Z_POLICY_FLUSH,	 /* at the first such block, the rest of the range is flushed */
	E4Z_POLICY_FLUSH_ALWAYS, /* the range is flushed before the mapping is looked up */
};

struct e4z_edit_options {
	enum e4z_data_mode data;
	/*
	 * An operation that is larger than the journal may take several transactions. Where the
	 * operations before it cannot be committed (E4Z_ET_NO_SPACE) they are what they were.
	 */
	bool split;
	/*
	 * The edit will be planned, not committed: with split an operation continues as after
	 * e4z_plan_commit(). Nothing is written before e4z_commit().
	 */
	bool plan;
	enum e4z_policy policy;
	size_t batch;	     /* dirty blocks in a mapping; 0: 31 */
	size_t cache_blocks; /* dirty blocks kept in memory; 0: 64 MiB of them */
	/*
	 * e4z_begin() calls it for every orphan inode: WHY it is left, or NULL if its truncate is
	 * finished with the next commit. A non-zero return ends e4z_begin() with it. May be NULL.
	 */
	errcode_t (*orphan)(void *arg, uint32_t ino, const char *why);
	void *orphan_arg; /* passed to it; not used after e4z_begin() */
	uint64_t reserved[8];
};

/* What one operation did. */
struct e4z_edit {
	const char *op; /* "truncate" and so on; static */
	uint32_t ino;
	const char *path;		  /* FILE itself, the caller's */
	uint64_t requested;		  /* bytes to be zeroed or converted */
	uint64_t size_before, size_after; /* i_size, bytes */
	/* Bytes; together they are requested. */
	uint64_t hole;		  /* not mapped: nothing to do */
	uint64_t unwritten_clean; /* unwritten, no data pending: nothing to do */
	uint64_t dirty_unwritten; /* unwritten on disk, with data pending in memory: zeroed there */
	uint64_t written_disk;	  /* written on disk and not zero: zeroed */
	uint64_t written_dirty;	  /* written on disk, with data pending in memory: zeroed there */
	uint64_t already_zero;	  /* written and zero: nothing to do */
	uint64_t inline_bytes;	  /* in the inode: zeroed */
	bool did_zero;		  /* some byte was zeroed */
	bool zero_written;	  /* some of them in blocks that are written on disk */
	uint64_t flushes;	  /* that wrote pending data */
	uint64_t retries;	  /* mappings looked up again because a flush changed them */
	uint64_t batches_full;	  /* mappings that ended because a batch of dirty blocks was full */
	uint64_t blocks_converted, blocks_allocated, blocks_freed;
	const char *note; /* a remark for the user, a sentence; static, or NULL */
	uint64_t reserved[4];
};

/* What committing took. */
struct e4z_commit_summary {
	uint64_t transactions;
	uint64_t barriers;	     /* fdatasync(2) of the image, or of the external journal */
	uint64_t bytes_written;	     /* the journal included */
	uint64_t log_blocks;	     /* written to the journal */
	uint64_t bytes_zeroed_again; /* that the host reported as zeroed, and were not */
	uint64_t replayed;	     /* transactions that were in the journal before */
	uint64_t orphans_finished;   /* interrupted truncates */
	uint64_t orphans_left;	     /* orphan inodes that are left: unlinked, or corrupt */
	uint64_t bytes_read; /* since the image was opened; by e4z_done() and e4z_undo() only */
	uint64_t reserved[8];
};

/*
 * Begin a transaction on an image opened for writing. Interrupted truncates are finished first, as
 * ext4_orphan_cleanup() does, in as many transactions of their own as the journal requires.
 * Operations then change the image in memory only, and each sees what those before it did.
 * e4z_commit() makes all of them durable in one transaction, e4z_abort() drops them.
 *
 * E4Z_ET_READ_ONLY: not opened with write. E4Z_ET_STATE: a transaction is open, or a commit failed.
 * E4Z_ET_USAGE: an unknown data mode or policy.
 */
errcode_t e4z_begin(struct e4z_image *img, const struct e4z_edit_options *options) E4Z_MUST_CHECK;
/*
 * Commit the open transaction as jbd2_journal_commit_transaction() does, and write its blocks to
 * their final locations. The transaction is closed, also after a failure.
 *
 * E4Z_ET_STATE: no transaction is open. E4Z_ET_LOG_FULL: it is larger than the journal; begin with
 * split. E4Z_ET_NO_SPACE: no block is free for an extent tree. E4Z_ET_QUOTA: the file needs a block
 * for one, and its owner has no entry in a quota file. If e4z_has_written() is false, nothing was
 * written. Otherwise writing failed (EIO, ENOSPC on the host): the image recovers to the state
 * before or after a transaction, and only e4z_close() is useful.
 */
errcode_t e4z_commit(struct e4z_image *img, struct e4z_commit_summary *summary) E4Z_MUST_CHECK;
/*
 * What e4z_commit() would take now: transactions, log_blocks and replayed in SUMMARY, and in
 * *LOG_ROOM how many of these blocks one transaction may have (UINT64_MAX: no journal). LOG_ROOM
 * may be NULL. Nothing is written, and the transaction stays open. After a failure the operations
 * are what they were: with E4Z_ET_NO_SPACE another one may make room.
 *
 * Errors as of e4z_commit(), those of writing excepted.
 */
errcode_t e4z_plan(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *log_room)
	E4Z_MUST_CHECK;
/*
 * Continue as after e4z_commit() and e4z_begin(), without writing: the operations until now are a
 * transaction of their own, which e4z_plan() counts. Later operations see it, and may use blocks
 * that it freed. End such a plan with e4z_abort(). Errors as of e4z_plan().
 */
errcode_t e4z_plan_commit(struct e4z_image *img) E4Z_MUST_CHECK;
/* Drop what was not committed, and close the transaction, if one is open. */
void e4z_abort(struct e4z_image *img);

/*
 * What was done to the image, and to the device of its journal, since it was opened: by all
 * commits, the written part of one that failed included, and by operations that were split.
 */
void e4z_done(const struct e4z_image *img, struct e4z_commit_summary *done);

/*
 * Has anything been written to the image since it was opened? If not, a failed call left it
 * unchanged to the byte.
 */
bool e4z_has_written(const struct e4z_image *img);

/*
 * The operations, from here to e4z_write_room(), require an open transaction. An operation that
 * fails leaves the transaction as it was before the call: other operations may follow, and it can
 * be committed. All of them fail with the errors of a FILE (above), and with
 *
 * E4Z_ET_STATE:    no transaction is open, or only e4z_abort() is possible;
 * E4Z_ET_REFUSED:  FILE is not a regular file, or of a kind that is never edited, or it has no
 *                  extents and the operation requires them;
 * E4Z_ET_QUOTA:    the number of its blocks would change, and the quota file of its user, group or
 *                  project has no entry for it, or is corrupt;
 * E4Z_ET_NO_SPACE: not enough free blocks;
 * E4Z_ET_LOG_FULL: larger than the journal: use split in the options of e4z_begin();
 * E4Z_ET_USAGE:    an invalid range: length 0, not aligned, or where it is not possible;
 * EFBIG:           past the maximum file size.
 *
 * Every operation sets mtime and ctime and increments i_version, if it changes anything.
 */

/*
 * Set the size of FILE to SIZE bytes, as truncate(2) and ext4_truncate() do. Shrinking frees the
 * blocks past the new end and zeroes the rest of the last block. Growing makes the range between
 * the old and the new end read as zeros. Setting the current size discards everything past EOF.
 */
errcode_t e4z_truncate(struct e4z_image *img, const char *file, uint64_t size,
		       struct e4z_edit *edit) E4Z_MUST_CHECK;

/* ---- fixing ---- */

struct e4z_fix_options {
	struct e4z_check_options check; /* what is looked for is what is fixed */
	bool dry_run;			/* plan, and deliver findings as they are; write nothing */
	uint64_t reserved[8];
};

struct e4z_fix_summary {
	struct e4z_check_summary check;
	uint64_t left; /* findings that were not fixed, each delivered with its reason */
	struct e4z_commit_summary commit;
	uint64_t log_room; /* of a dry run: blocks of a transaction; UINT64_MAX: no journal */
	uint64_t verified; /* bytes that were zeroed without the journal, and read again as zero */
	uint64_t reserved[8];
};

/*
 * Check an image opened for writing, and scrub the findings: stale bytes become zero, written
 * blocks past EOF become unwritten or free, interrupted truncates are finished. No byte below any
 * EOF, no size and no timestamp changes. Commits in as few transactions as the journal and a
 * bounded amount of memory allow. After the last commit the findings are delivered, each fixed or
 * with the reason why not. A journal that needs recovery is replayed in any case.
 *
 * E4Z_ET_READ_ONLY: not opened with write. E4Z_ET_STATE: a transaction is open, or a commit failed.
 * E4Z_ET_INTERRUPTED: the stop flag was set; it takes effect between two commits. Else as of
 * e4z_check() and e4z_commit().
 */
errcode_t e4z_fix(struct e4z_image *img, const struct e4z_fix_options *options,
		  const struct e4z_check_sink *sink, struct e4z_fix_summary *summary)
	E4Z_MUST_CHECK;

/* ---- converting ---- */

/* What the blocks of a file become. What the file reads as never changes. */
enum e4z_convert_to {
	E4Z_TO_WRITTEN,	  /* unwritten blocks below EOF, zeroed first */
	E4Z_TO_UNWRITTEN, /* written blocks that are all zero */
	E4Z_TO_HOLE,	  /* both of these are freed */
};

struct e4z_convert_options {
	enum e4z_convert_to to;
	/* Bytes; every block that the range touches. length 0: to the end of the file. */
	uint64_t offset, length;
	bool dry_run;		  /* only e4z_convert_all(): plan, and write nothing */
	bool every;		  /* only e4z_convert(): refuse whatever e4z_convert_all() skips */
	unsigned jobs;		  /* threads that read; 0: the number of CPUs */
	const volatile int *stop; /* polled; non-zero: E4Z_ET_INTERRUPTED; may be NULL */
	/* as that of struct e4z_check_sink; E4Z_PASS_TABLES in e4z_convert_all() only */
	void (*progress)(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max);
	/*
	 * Only e4z_convert_all(): what was done, and what was not, in ascending inode order. A
	 * non-zero return ends the call with it.
	 */
	errcode_t (*edit)(void *arg, const struct e4z_edit *edit);
	errcode_t (*skipped)(void *arg, const struct e4z_skipped *skipped);
	void *arg; /* passed to each of them */
	uint64_t reserved[8];
};

/*
 * An operation: convert blocks of FILE, as ext4_convert_unwritten_extents() or "fallocate
 * --dig-holes" does. Neither the size nor any timestamp changes. An encrypted or verity-protected
 * file is refused with E4Z_ET_REFUSED. E4Z_ET_INTERRUPTED: the stop flag was set.
 */
errcode_t e4z_convert(struct e4z_image *img, const char *file,
		      const struct e4z_convert_options *options, struct e4z_edit *edit)
	E4Z_MUST_CHECK;

struct e4z_convert_summary {
	uint64_t files;	     /* regular files examined */
	uint64_t skipped;    /* files that are never converted */
	uint64_t left;	     /* files that should have been converted, and were not */
	uint64_t log_blocks; /* of a dry run: in all its transactions */
	uint64_t log_room;   /* of a dry run: blocks of a transaction; UINT64_MAX: no journal */
	uint64_t reserved[8];
};

/*
 * Convert blocks of every regular file, in as many transactions as it takes; each holds whole
 * files, with split also parts of a file that needs more than one. Call it after e4z_begin(),
 * before any operation. It commits all that it did, and the transaction stays open; DONE counts
 * what committing took. After an interruption, call it again: what is converted already is passed
 * over.
 *
 * E4Z_ET_STATE: no transaction is open, or it has operations. E4Z_ET_INTERRUPTED: the stop flag was
 * set. Else as of e4z_commit().
 */
errcode_t e4z_convert_all(struct e4z_image *img, const struct e4z_convert_options *options,
			  struct e4z_convert_summary *summary, struct e4z_commit_summary *done)
	E4Z_MUST_CHECK;

/* ---- ranges ---- */

/*
 * Operations on the LEN bytes of FILE from OFF on, as fallocate(2) does them. The size grows with
 * the range unless keep_size is set (FALLOC_FL_KEEP_SIZE). A file without extents has no unwritten
 * blocks: e4z_zero_range() and e4z_allocate() refuse it (E4Z_ET_REFUSED).
 *
 * e4z_zero_range(): FALLOC_FL_ZERO_RANGE, ext4_zero_range(). Whole blocks become unwritten, holes
 * are allocated, the edges are zeroed.
 */
errcode_t e4z_zero_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			 bool keep_size, struct e4z_edit *edit) E4Z_MUST_CHECK;
/*
 * FALLOC_FL_PUNCH_HOLE, ext4_punch_hole(). Whole blocks are freed, the edges are zeroed, the size
 * stays.
 */
errcode_t e4z_punch_hole(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			 struct e4z_edit *edit) E4Z_MUST_CHECK;
/* Mode 0 of fallocate(2), ext4_fallocate(). Holes become unwritten blocks. */
errcode_t e4z_allocate(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
		       bool keep_size, struct e4z_edit *edit) E4Z_MUST_CHECK;

/*
 * FALLOC_FL_WRITE_ZEROES, ext4_fallocate(). Whole blocks end written, and are zero on the disk
 * before that; holes are allocated. The size grows with the range. Possible without extents.
 */
errcode_t e4z_write_zeroes(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			   struct e4z_edit *edit) E4Z_MUST_CHECK;
/*
 * Zero the bytes of the range that are below EOF and in written blocks, or in the inode, in their
 * place, as pwrite(2) of zeroes does. Holes and unwritten blocks, which read as zero, are left
 * alone. Nothing is allocated, so data that does not fit in the journal is not written to other
 * blocks: E4Z_ET_LOG_FULL unless it may be split. Possible without extents.
 */
errcode_t e4z_zero(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
		   struct e4z_edit *edit) E4Z_MUST_CHECK;
/*
 * FALLOC_FL_COLLAPSE_RANGE, ext4_collapse_range(): remove the range; FALLOC_FL_INSERT_RANGE,
 * ext4_insert_range(): insert a hole. OFF and LEN are multiples of the block size (with bigalloc,
 * of the cluster size), and the range to remove ends, or the one to insert begins, before EOF:
 * E4Z_ET_USAGE. FILE must have extents, and must not be encrypted: E4Z_ET_REFUSED.
 */
errcode_t e4z_collapse_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			     struct e4z_edit *edit) E4Z_MUST_CHECK;
errcode_t e4z_insert_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			   struct e4z_edit *edit) E4Z_MUST_CHECK;

/* ---- writing ---- */

/*
 * Write LEN bytes of DATA at OFF into FILE, as pwrite(2) does; the size grows with them. If they
 * are larger than the journal, visible data is written to newly allocated blocks. DATA may be NULL
 * if LEN is 0.
 */
errcode_t e4z_write(struct e4z_image *img, const char *file, uint64_t off, const void *data,
		    size_t len, struct e4z_edit *edit) E4Z_MUST_CHECK;

/* LEN bytes to be written. */
struct e4z_source {
	void *arg;
	uint64_t len; /* bytes */
	/*
	 * Copy the LEN bytes from OFF on, which are all there, to TO. Each byte may be asked for
	 * several times. Must not be NULL; a non-zero return fails the operation with it.
	 */
	errcode_t (*read)(void *arg, uint64_t off, void *to, size_t len);
	uint64_t reserved[4];
};
/* The same, with bytes that SOURCE delivers until the call returns. */
errcode_t e4z_write_from(struct e4z_image *img, const char *file, uint64_t off,
			 const struct e4z_source *source, struct e4z_edit *edit) E4Z_MUST_CHECK;
/*
 * An upper limit of what can be written to FILE from OFF on: *BYTES; more would fail with *BEYOND,
 * EFBIG or E4Z_ET_NO_SPACE. Fails if e4z_write_from() would fail whatever it is to write.
 */
errcode_t e4z_write_room(struct e4z_image *img, const char *file, uint64_t off, uint64_t *bytes,
			 errcode_t *beyond) E4Z_MUST_CHECK;

/*
 * Queue the pending data that is not yet visible, so that the commit writes it to its final
 * location before a barrier, and later data after it, as fdatasync(2) between two writes would.
 * Nothing is written now. E4Z_ET_STATE: no transaction is open.
 */
errcode_t e4z_flush(struct e4z_image *img) E4Z_MUST_CHECK;

/* ---- the journal ---- */

/*
 * Replay the journal, as jbd2_journal_recover() does, and repair a torn superblock; nothing else.
 * Does nothing if neither is needed.
 *
 * E4Z_ET_STATE: a transaction is open. E4Z_ET_READ_ONLY: not opened with write. Else as of
 * e4z_commit().
 */
errcode_t e4z_replay(struct e4z_image *img, struct e4z_commit_summary *summary) E4Z_MUST_CHECK;
/* What e4z_replay() would do: replayed in SUMMARY. Nothing is written. Errors as there. */
errcode_t e4z_plan_replay(struct e4z_image *img, struct e4z_commit_summary *summary) E4Z_MUST_CHECK;

/* ---- mappings ---- */

enum e4z_map_state { E4Z_MAP_HOLE, E4Z_MAP_UNWRITTEN, E4Z_MAP_WRITTEN, E4Z_MAP_INLINE };

/* One piece of a file's mapping, in blocks of the file system. */
struct e4z_map_piece {
	uint32_t ino;
	uint64_t lblk, blocks; /* inline data: 0 and 1 */
	uint64_t pblk;	       /* E4Z_NONE: a hole, or inline data */
	enum e4z_map_state state;
	bool past_eof; /* the piece is past EOF; none extends across EOF */
	uint64_t reserved[4];
};

/* "hole", "unwritten", "written" or "inline", static strings; NULL: no such state. */
const char *e4z_map_state_name(enum e4z_map_state state);

/*
 * Deliver the mapping of FILE in ascending order, as the FIEMAP ioctl(2) does, with the holes below
 * EOF. A non-zero return of PIECE ends the call with it. Which changes of an open transaction are
 * seen is not defined. E4Z_ET_REFUSED: FILE has no blocks, it is a device for one.
 */
errcode_t e4z_map(struct e4z_image *img, const char *file,
		  errcode_t (*piece)(void *arg, const struct e4z_map_piece *piece), void *arg)
	E4Z_MUST_CHECK;

/* ---- traces and undo files ---- */

/*
 * From now on, record every write, zeroing and barrier as one line in PATH, in the order in which
 * they are done; e4zero(8) has the format. PATH is a pipe, a character device, or a
 * file that is created, and removed by e4z_close() if nothing was written to the image.
 *
 * EEXIST: PATH exists. EBUSY: there is a trace already. Else as of open(2).
 */
errcode_t e4z_trace(struct e4z_image *img, const char *path) E4Z_MUST_CHECK;

/*
 * From now on, save the old bytes in the new file PATH before they are overwritten, for e4z_undo()
 * and e2undo(8). The file is removed by e4z_close() if nothing was written to the image. Call it
 * before the first write.
 *
 * EEXIST: PATH exists. EBUSY: there is an undo file already. E4Z_ET_FEATURE: the journal is
 * external, and cannot be saved. Else as of open(2).
 */
errcode_t e4z_keep_undo(struct e4z_image *img, const char *path) E4Z_MUST_CHECK;
/* Would that fail? Errors as there. No file is created. */
errcode_t e4z_plan_undo(struct e4z_image *img, const char *path) E4Z_MUST_CHECK;
/*
 * Restore in the image SPEC (as of e4z_open()) the bytes saved in the undo file PATH, as e2undo(8)
 * does. May be repeated after an interruption. With dry_run nothing is written. DONE counts bytes
 * and barriers. WHY, WHY_SIZE bytes, receives the sentence of a failure, or "" if error_message(3)
 * says everything; it may be NULL if WHY_SIZE is 0.
 *
 * E4Z_ET_BAD_UNDO: PATH is not an undo file, or a corrupt one. E4Z_ET_OTHER_IMAGE: of another
 * image, or the image has changed since. Else as of e4z_open().
 *
 * The callback `opened` of OPTIONS is called when both are open, and only the header of the undo
 * file has been read: nothing but e4z_confine() may be called with its IMG.
 */
errcode_t e4z_undo(const char *spec, const struct e4z_open_options *options, const char *path,
		   bool dry_run, struct e4z_commit_summary *done, char *why, size_t why_size)
	E4Z_MUST_CHECK;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
