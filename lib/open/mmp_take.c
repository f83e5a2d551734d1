// SPDX-License-Identifier: GPL-2.0-or-later
// Takes part in multiple mount protection: looks at the block, waits, takes it, leaves it clean.
#include "open/mmp.h"

#include "base/bytes.h"
#include "errors.h"
#include "open/mmp_state.h"
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define CHECK_MAX 300 /* seconds: no host that keeps the rules asks for a longer interval */
#define RULE "multiple mount protection: "

/* P3 */
static errcode_t same_super(struct mmp *m)
{
	struct ext2_super_block now;
	errcode_t err = mmp_read(m, SUPER_OFFSET, sizeof(now), &now);

	if (err || !memcmp(&now, &m->super, sizeof(now)))
		return err;
	return mmp_say(m, E4Z_ET_BUSY,
		       RULE "another host changed the file system while it was opened; try again");
}

/* ---- waiting ---- */

/* The next second, which began at *AT; a signal only makes the caller look at what it means. */
static errcode_t wait_second(const struct mmp *m, struct timespec *at, unsigned left, unsigned all)
{
	errcode_t err;

	at->tv_sec++;
	do
		err = m->wait ? m->wait(m->wait_arg, left, all) : 0;
	while (!err && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL) == EINTR);
	return err;
}

/* SECONDS in which the block must stay WANT. */
static errcode_t watch(struct mmp *m, const struct mmp_struct *want, unsigned seconds)
{
	struct timespec at;
	errcode_t err = 0;

	clock_gettime(CLOCK_MONOTONIC, &at);
	for (unsigned left = seconds; left && !err; left--) {
		err = wait_second(m, &at, left, seconds);
		if (!err)
			err = mmp_still(m, want);
	}
	return err;
}

static unsigned check_interval(const struct mmp *m, const struct mmp_struct *raw)
{
	unsigned said = get_le16(&raw->mmp_check_interval), n = m->interval;

	if (n < EXT4_MMP_MIN_CHECK_INTERVAL)
		n = EXT4_MMP_MIN_CHECK_INTERVAL;
	if (n < said)
		n = said < CHECK_MAX ? said : CHECK_MAX;
	return n;
}

/*
 * How long a host may leave the block alone that uses the file system: as kernels count it. What
 * is clean may be taken at the same time by a host that saw the same: it writes at once, and then
 * each interval.
 */
static unsigned patience(const struct mmp *m)
{
	unsigned n = check_interval(m, &m->before);

	if (mmp_is_clean(&m->before))
		return m->interval + 1;
	return n < 60 ? 2 * n + 1 : n + 60;
}

/* ---- looking ---- */

static errcode_t look(struct mmp *m)
{
	errcode_t err = mmp_read_block(m, &m->before);
	uint32_t seq = err ? 0 : get_le32(&m->before.mmp_seq);

	if (!err && seq == EXT4_MMP_SEQ_FSCK)
		return mmp_say(m, E4Z_ET_BUSY,
			       RULE
			       "e2fsck is running on the file system, or was interrupted; "
			       "\"tune2fs -f -E clear_mmp IMAGE\" resets it if it is not running");
	if (!err && seq != EXT4_MMP_SEQ_CLEAN)
		err = watch(m, &m->before, patience(m));
	return err ? err : same_super(m);
}

errcode_t mmp_open(struct blkdev *dev, const struct ext2_super_block *sb,
		   const struct e4z_open_options *options, struct mmp **out)
{
	struct mmp *m = calloc(1, sizeof(*m));
	pthread_condattr_t attr;
	char name[64];

	*out = m;
	if (!m)
		return ENOMEM;
	m->dev = dev;
	mmp_facts(m, sb);
	m->wait = options->wait;
	m->wait_arg = options->wait_arg;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->wake, &attr);
	pthread_condattr_destroy(&attr);
	/* the same file, whatever its name leads to now */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", dev->fd);
	m->direct_fd = open(name, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return look(m);
}

/* ---- taking ---- */

static uint32_t new_seq(const struct mmp *m)
{
	uint32_t seq = 0;

	do
		if (getrandom(&seq, sizeof(seq), 0) != sizeof(seq))
			seq = (uint32_t)(mmp_now() * 2654435761u) ^ (uint32_t)getpid();
	while (!seq || seq > EXT4_MMP_SEQ_MAX || seq == get_le32(&m->before.mmp_seq));
	return seq;
}

static void make_ours(struct mmp *m)
{
	const char *path = m->dev->path, *slash = strrchr(path, '/'),
		   *name = slash ? slash + 1 : path;
	size_t len = strlen(name), most = sizeof(m->ours.mmp_bdevname);
	unsigned check = 2 * m->interval;

	m->ours = m->before;
	put_le32(&m->ours.mmp_seq, new_seq(m));
	put_le64(&m->ours.mmp_time, (uint64_t)time(NULL));
	memset(m->ours.mmp_nodename, 0, sizeof(m->ours.mmp_nodename));
	(void)!gethostname((char *)m->ours.mmp_nodename, sizeof(m->ours.mmp_nodename) - 1);
	memset(m->ours.mmp_bdevname, 0, most);
	memcpy(m->ours.mmp_bdevname, name, len < most ? len : most);
	put_le16(&m->ours.mmp_check_interval,
		 check < EXT4_MMP_MIN_CHECK_INTERVAL ? EXT4_MMP_MIN_CHECK_INTERVAL : check);
}

/* The lock is held; nobody else is there yet. */
static errcode_t take(struct mmp *m)
{
	errcode_t err = mmp_still(m, &m->before);

	if (err)
		return err;
	make_ours(m);
	err = mmp_write(m, &m->ours);
	if (!err)
		err = watch(m, &m->ours, patience(m));
	if (!err)
		err = same_super(m);
	m->seen_at = mmp_now();
	if (!err)
		err = mmp_beat_start(m);
	if (!err)
		m->state = MMP_TAKEN;
	else if (!mmp_still(m, &m->ours))
		(void)!mmp_write(m, &m->before); /* as it was */
	return err;
}

/* P2 */
static errcode_t must_be_ours(struct mmp *m)
{
	uint64_t most = 1000 * (uint64_t)check_interval(m, &m->ours);

	if (m->state == MMP_SEEN)
		return take(m);
	if (m->state == MMP_TAKEN && mmp_now() - m->seen_at > most)
		(void)mmp_beat(m);
	return m->state == MMP_LOST ? m->err : 0;
}

errcode_t mmp_take(struct mmp *m)
{
	errcode_t err;

	pthread_mutex_lock(&m->lock);
	err = must_be_ours(m);
	pthread_mutex_unlock(&m->lock);
	return err;
}

bool mmp_is_taken(struct mmp *m)
{
	bool taken;

	pthread_mutex_lock(&m->lock);
	taken = m->state == MMP_TAKEN;
	pthread_mutex_unlock(&m->lock);
	return taken;
}

static errcode_t before_write(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	(void)dev, (void)op;
	return mmp_take(arg);
}

errcode_t mmp_observe(struct mmp *m, struct blkdev *dev)
{
	return blkdev_observe(dev, &(struct blkdev_observer){.before = before_write, .arg = m});
}

/* ---- leaving ---- */

/* All that nobody reads becomes zero in RAW, and on the disk after it. */
static errcode_t scrub_slack(const struct mmp *m, struct mmp_struct *raw)
{
	static const uint8_t zeroes[65536];
	struct mmp_struct clean = {.mmp_magic = raw->mmp_magic,
				   .mmp_seq = raw->mmp_seq,
				   .mmp_check_interval = raw->mmp_check_interval};

	*raw = clean;
	m->dev->touched = true;
	m->dev->bytes_written += m->block_size;
	return blkdev_write_unseen(m->dev, m->off + sizeof(*raw), m->block_size - sizeof(*raw),
				   zeroes);
}

/* The block is on the disk as RAW, and zero where nobody reads it. */
static errcode_t verify(struct mmp *m)
{
	uint8_t *block = malloc(m->block_size);
	errcode_t err = block ? mmp_read(m, m->off, m->block_size, block) : ENOMEM;

	if (!err)
		mmp_drop_live(block);
	if (!err && !bytes_are_zero(block, m->block_size))
		err = mmp_say(m, EIO, RULE "its block was zeroed and does not read as zero");
	free(block);
	return err;
}

static errcode_t leave(struct mmp *m, bool scrub)
{
	struct mmp_struct last = m->before;
	errcode_t err = mmp_still(m, &m->ours);

	put_le32(&last.mmp_seq, EXT4_MMP_SEQ_CLEAN);
	if (!err && scrub)
		err = scrub_slack(m, &last);
	if (!err)
		err = mmp_write(m, &last);
	if (!err && scrub)
		err = verify(m);
	/* for the next time */
	m->before = last;
	return err ? err : mmp_read(m, SUPER_OFFSET, sizeof(m->super), &m->super);
}

errcode_t mmp_release(struct mmp *m, bool scrub)
{
	errcode_t err;

	mmp_beat_stop(m);
	if (m->state != MMP_TAKEN || m->dev->broken)
		return m->state == MMP_LOST ? m->err : 0;
	err = leave(m, scrub);
	m->state = err ? MMP_LOST : MMP_SEEN;
	m->err = err;
	return err;
}

void mmp_close(struct mmp *m)
{
	if (!m)
		return;
	(void)!mmp_release(m, false);
	if (m->direct_fd >= 0)
		close(m->direct_fd);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
