/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of mmp.h, for the files whose names begin with mmp. */
#ifndef E4Z_OPEN_MMP_STATE_H
#define E4Z_OPEN_MMP_STATE_H

#include "format/super.h"
#include "io/blkdev.h"
#include "open/mmp.h"
#include <pthread.h>

enum mmp_state { MMP_SEEN, MMP_TAKEN, MMP_LOST };

struct mmp {
	struct blkdev *dev;
	int direct_fd; /* reads past the page cache; -1: it cannot */
	uint64_t off;  /* of the block, in the file system */
	uint32_t block_size;
	unsigned interval; /* between two numbers, seconds */
	uint32_t seed;	   /* of the checksum, where there is one */
	bool csum;
	errcode_t (*wait)(void *arg, unsigned left, unsigned all);
	void *wait_arg;
	struct ext2_super_block super; /* as everything was read by, P3 */
	struct mmp_struct before;      /* as it was found */
	char why[512];

	/* what the thread that updates the block shares with the one that writes */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool running, stop;
	enum mmp_state state;
	errcode_t err;		/* why it is lost */
	struct mmp_struct ours; /* as it was written last */
	uint64_t seen_at;	/* when that was certain, milliseconds */
};

/* Milliseconds of a clock that nobody sets. */
uint64_t mmp_now(void);

/* Fill in what SB, little-endian, says of the block. */
void mmp_facts(struct mmp *mmp, const struct ext2_super_block *sb);

/* LEN bytes at OFF of the file system, from the disk if the host lets us. */
errcode_t mmp_read(const struct mmp *mmp, uint64_t off, size_t len, void *buf);

/* Write RAW, with its checksum, and make it durable. */
errcode_t mmp_write(const struct mmp *mmp, struct mmp_struct *raw);

/* ERR, with a sentence for mmp_why(). */
errcode_t mmp_say(struct mmp *mmp, errcode_t err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The block, which has to be one. */
errcode_t mmp_read_block(struct mmp *mmp, struct mmp_struct *raw);

/* The block is as we wrote it: E4Z_ET_BUSY with a sentence where it is not. */
errcode_t mmp_still(struct mmp *mmp, const struct mmp_struct *want);

/* Begin and end updating the block each interval. The lock is held by nobody. */
errcode_t mmp_beat_start(struct mmp *mmp);
void mmp_beat_stop(struct mmp *mmp);
/* Update it now; the lock is held. What fails makes it LOST. */
errcode_t mmp_beat(struct mmp *mmp);

#endif
