/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An open image: the handle of e4zero.h, as the rest of lib/ sees it. */
#ifndef E4Z_IMAGE_IMAGE_H
#define E4Z_IMAGE_IMAGE_H

#include "e4zero.h"
#include "errors.h"
#include "io/capture.h"
#include "sets/tmpfiles.h"
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

/* What has to be done by name at the end: by a child, if the process is confined by then. */
enum image_errand { ERRAND_UNDO, ERRAND_TRACE, ERRAND_CACHES, ERRAND_JOURNAL_CACHES, ERRANDS };

struct e4z_image {
	struct e4z_image_info info;
	struct blkdev *dev;
	struct capture *view; /* dev, as it will be once its log is replayed and changes are made */
	struct log *log;      /* of an internal or external journal; NULL: none, or not needed */
	struct blkdev *journal_dev; /* of an external journal that is open */
	struct mmp *mmp;	    /* opened for writing, with the feature; else NULL */
	uint32_t journal_mark;	    /* a checksum of its superblock, where it was clean; else 0 */
	char *journal_spec;	    /* where the caller says that it is; NULL: nothing was said */
	struct undo *undo;	    /* keeps what is overwritten; NULL: not requested */
	struct trace *trace;	    /* lists what is written; NULL: not requested */
	ext2_filsys fs;	      /* super and group descriptors; only the calling thread uses it */
	char context[1024];   /* of the last failure: what was being done, or "" */
	char cause[1024];     /* and why it failed, where that is more than the code says, or "" */
	errcode_t cause_code; /* that it belongs to */
	size_t cause_bare;    /* what of the cause names the file, bytes at its start */
	char file[256];	      /* what the caller calls the file at hand, and its inode; 0: none */
	uint32_t file_ino;
	struct e4z_errands *errands; /* of enum image_errand; NULL: we can do them */
	struct tmpfiles tmpfiles;    /* made before the process was confined, else none */
	struct places *places; /* of the disk that it is on; after a failure those to choose from */

	struct txn *txn;	 /* between txn_begin and its end; NULL: nothing is edited */
	struct session *session; /* files that are open in it */
	struct quota *quota;	 /* what was found of the quota files; NULL: nobody asked */
	bool repaired_super;	 /* the superblock in the view is not the torn one on the disk */
	bool broken;		 /* a commit failed halfway: nothing more is begun */
	bool torn_super;	 /* and only the log can say what it is */
	struct e4z_commit_summary done; /* by transactions that have ended */
	unsigned faults;		/* test-only: enum commit_fault for the next commit */

	/* see image/turn.h */
	const char *turn;   /* the public function that uses the image; NULL: none */
	unsigned rights;    /* what its callbacks may call */
	unsigned expanding; /* calls of e4z_expand() that have not ended */

	/* what a name leads to, while somebody works on what it is; NULL: nobody does */
	struct known_name {
		const char *name;
		uint32_t ino;
		bool plain;
	} known;

	/* derived once from the validated superblock */
	uint32_t block_size; /* bytes */
	uint32_t block_bits;
	uint32_t inode_size;	/* bytes of a slot in the table */
	uint32_t cluster_ratio; /* blocks in a cluster, 1 without bigalloc */
	uint64_t blocks;	/* of the file system */
	uint32_t inodes;
	uint32_t groups;
	uint32_t csum_seed; /* of metadata_csum */
	bool metadata_csum; /* metadata checksums are there and are verified */
	bool inode_csum;    /* inodes have theirs, too: not where another system made it */
	bool hurd;	    /* osd1 and osd2 of inodes are the Hurd's */
	bool group_csum;    /* metadata_csum or uninit_bg: INODE_UNINIT, itable_unused count */
	bool shared_blocks;

	/* filled by groups_load() */
	struct group *group;	   /* one each, see image/groups.h */
	struct rangeset *metadata; /* blocks of static metadata */

	/* blocks that are the journal's or a quota file's alone; NULL: no file was edited yet */
	struct rangeset *reserved;

	/* of somebody who has to know all blocks that are freed, or taken; NULL: nobody's */
	struct rangeset *freed, *taken;
};

/*
 * The steps of e4z_open() up to a file system that libext2fs has seen; what its
 * superblock says of a journal is believed. As there, *IMG is set on failure too.
 */
errcode_t image_open(const char *spec, const struct e4z_open_options *options,
		     struct e4z_image **img);
void image_free(struct e4z_image *img);

/*
 * Add a sentence to info.notes, which may move, if it is not there yet. Nothing happens when
 * memory runs out: a note is not worth a failure.
 */
void image_note(struct e4z_image *img, const char *sentence);

/* ERR, or why what carries the image is gone, if it is; that is kept as by image_fail(). */
errcode_t image_lost(struct e4z_image *img, errcode_t err);

/*
 * Return ERR, of which is kept for e4z_context() what was being done: the code's own sentence says
 * why it failed.
 */
errcode_t image_fail(struct e4z_image *img, errcode_t err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Return ERR, of which is kept for e4z_message() why: it says all that the code's would. */
errcode_t image_refuse(struct e4z_image *img, errcode_t err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * The same of the file INO: its name as the caller gave it, or its number, stands first, and the
 * rest reads on after it: "/dir: is a directory".
 */
errcode_t image_refuse_file(struct e4z_image *img, uint32_t ino, errcode_t err, const char *format,
			    ...) __attribute__((format(printf, 4, 5)));
errcode_t image_fail_file(struct e4z_image *img, uint32_t ino, errcode_t err, const char *format,
			  ...) __attribute__((format(printf, 4, 5)));
/* From now on the caller calls INO NAME (NULL: nothing). NAME is copied. */
void image_name_file(struct e4z_image *img, uint32_t ino, const char *name);
/*
 * image_fail() with WHY, which says what was being done, if ERR is the disk's; image_refuse() with
 * WHY, which is the cause, if it is the library's own. Functions below write WHY so.
 */
errcode_t image_fail_below(struct e4z_image *img, errcode_t err, const char *why);
/* Returns BUF, SIZE bytes: what was being done and the cause of ERR, without the name of a file. */
const char *image_sentence(const struct e4z_image *img, errcode_t err, char *buf, size_t size);
/* Something was kept by image_fail() or image_refuse() since the last image_forget(). */
bool image_has_message(const struct e4z_image *img);
void image_forget(struct e4z_image *img);

/* Have ERRAND done, which is RUN with IMG. */
static inline errcode_t image_errand(struct e4z_image *img, enum image_errand errand,
				     errcode_t (*run)(void *img))
{
	return img->errands ? e4z_errands_run(img->errands, errand) : run(img);
}

/* All LEN bytes at OFF of the file system, or an error. Any thread. */
static inline errcode_t image_read(const struct e4z_image *img, uint64_t off, size_t len, void *buf)
{
	return capture_read(img->view, off, len, buf);
}

/* The same when no disk has to be waited for, else false. */
static inline bool image_read_cached(const struct e4z_image *img, uint64_t off, size_t len,
				     void *buf)
{
	return capture_read_cached(img->view, off, len, buf);
}

/* As blkdev_next_data, of the view. */
static inline void image_next_data(const struct e4z_image *img, uint64_t off, uint64_t *start,
				   uint64_t *end)
{
	capture_next_data(img->view, off, start, end);
}

/*
 * Open the file system again after the view has changed: superblock, descriptors, derived facts.
 * groups_load() has to come again. On failure nothing is different.
 */
errcode_t image_reload(struct e4z_image *img);

#endif
