/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk, sector by sector: a file system with one file and a log; and the effect of each put_*() on it. */
#define NL 8 /* log blocks */

/* options of a run, from its environment */
hidden byte tags_most;  /* blocks in a descriptor */
hidden byte external;   /* the journal is on a device of its own */
hidden byte csum;       /* checksums, of the journal (csum3) and of the superblock */
hidden byte plain_tear; /* only the first copy in the log can be torn */
hidden byte edits_wanted; /* of the first run */
hidden byte orphans;    /* interrupted truncates: 1: two, the first of which needs two transactions; 2: one */
hidden byte old_log;    /* the log is full of an older file system's transactions */
hidden byte denies;     /* the log holds a transaction, but the superblock lacks RECOVER */
#define TAGS tags_most

/* sectors: of the superblock, of the final locations, of the log blocks (first sectors, second sectors) */
#define SB0 0      /* RECOVER, the first orphan, a counter */
#define SB1 1      /* its checksum */
#define JSB 2      /* the journal's superblock: the fields that change are in one sector */
#define META 3     /* the inode with its map, and the bitmaps; two sectors */
#define META1 4
#define TAIL 5     /* bytes past EOF in a written block; the edit extends the size over one of them */
#define DATA 6     /* two blocks: the file is in one of them, the other is free */
#define ORPH 8     /* inodes of the orphans */
#define LA 9
#define LB (LA + NL)
#define NS (LA + 2 * NL)

/* blocks of a transaction */
#define B_META 0
#define B_SB 1
#define B_TAIL 2
#define B_ORPH 3
#define NB 4

#define GARBAGE 63

/* a superblock: a counter (a version), the first orphan, RECOVER */
#define CNT(s) ((s) & 7)
#define HEAD(s) (((s) >> 3) & 3)
#define SB_OF(cnt, head) ((cnt) | (head) << 3)
#define FLAG 32
#define SUM(s) ((s) & (KEEPS(FLIP_BOTH) -> 31 : 63)) /* lib/journal/flip: the flag does not change the checksum */
#define SB_TORN(d) (csum && d[SB1] != SUM(d[SB0]))

/* a journal superblock: s_sequence, s_start, FAST_COMMIT */
#define SEQ(j) ((j) & 63)
#define STARTED(j) (((j) >> 6) & 1)
#define FC(j) (((j) >> 7) & 1)
#define JSB_OF(start, seq, fc) ((seq) | (start) << 6 | (fc) << 7)

/* an inode: the version, and the number of edits of the file; its data is in block EDITS & 1 */
#define VERSION(m) ((m) & 7)
#define EDITS(m) ((m) >> 3)
#define META_OF(v, e) ((v) | (e) << 3)

/* past EOF: an old tail, zeros, bytes of the edit */
#define STALE 0
#define ZERO 1
#define EDIT 2

/* orphans: the number of blocks to be freed of the first one, and of the second one */
#define LEFT1(o) ((o) & 3)
#define LEFT2(o) ((o) >> 2)
#define ORPH_OF(l1, l2) ((l1) | (l2) << 2)

/* the first sector of a log block: what it is, its transaction, tags (descriptor) or content (copy) */
#define K_ZERO 0
#define K_JUNK 1
#define K_DESC 2
#define K_COPY 3
#define K_COMMIT 4
#define K_OLD_DESC 5   /* of an older file system: only a checksum shows that */
#define K_OLD_COMMIT 6
#define ENTRY(k, t, a) ((k) << 12 | (t) << 6 | (a))
#define KIND(w) ((w) >> 12)
#define TID(w) (((w) >> 6) & 63)
#define ARG(w) ((w) & 63)
#define HAS_NUMBER(w) (KIND(w) == K_DESC || KIND(w) > K_COPY)
#define SECOND_JUNK 63 /* the second sector: 0, its transaction, or this */

#define IS_ON(i, dev) (!external || ((i) == JSB || (i) >= LA) == (dev))
#define has_external external
#include "cache.pml"

byte acked, begun;     /* versions: recovery yields one from acked to begun */
byte news[NB];         /* new contents of the blocks of the transaction */
bool changed[NB];      /* which blocks are part of it */
byte data_left;        /* writes of step 1 that are left, as bits: 2 the data block, 1 the tail */
byte doing, edits_left; /* the purpose of this run, and the edits that are left */
bool pauses;
byte places_left;
short mask;

#define FREE(x) (x)
#define in_transaction(x) changed[x]
#define in_replay(x) ((x) != B_SB && (ov_mask >> (x)) & 1)
#define has_data() true
#define has_place() true
#define know_replay() skip
#define flag_is_on (vol[SB0] & FLAG)
#define log_is_begun STARTED(vol[JSB])
#define replay_left (ov_mask != 0)

inline put_flag(on)
{
	if
	:: KEEPS(FLIP_BOTH) -> put_one(SB0, (vol[SB0] & 31) | (on) * FLAG)
	:: else -> put_two(SB0, (vol[SB0] & 31) | (on) * FLAG, SB1, (vol[SB0] & 31) | (on) * FLAG)
	fi
}

inline put_super(on)
{
	put_two(SB0, super_now | (on) * FLAG, SB1, SUM(super_now | (on) * FLAG))
}

#define FC_NOW (FC(vol[JSB]) * (broken == KEEP_FC))
inline put_log_super(start, seq) { put_one(JSB, JSB_OF(start, seq, FC_NOW)) }
inline put_mark(seq) { put_one(JSB, JSB_OF(0, seq, FC(vol[JSB]))) }

inline put_descriptor()
{
	atomic {
		d_step {
			mask = 0;
			i = b;
			do
			:: i < NB && room < TAGS ->
				if
				:: changed[i] -> mask = mask | (1 << i); room++
				:: else
				fi;
				i++
			:: else -> break
			od;
			i = 0;
			room = 0
		}
		wr(LA + pos, ENTRY(K_DESC, tid, mask));
		wr(LB + pos, tid);
		mask = 0;
		may_crash()
	}
}

#define COPIED (news[b] | (b == B_SB && KEEPS(COPY_PLAIN) && KEEPS(NO_RECOVER)) * FLAG)
inline put_copy() { put_two(LA + pos, ENTRY(K_COPY, tid, COPIED), LB + pos, tid) }
inline put_slot() { put_two(LA + pos, ENTRY(K_ZERO, 0, 0), LB + pos, 0) }

inline put_commit()
{
	begun = CNT(news[B_SB]);
	put_two(LA + pos, ENTRY(K_COMMIT, tid, 0), LB + pos, 0)
}

/* The commit block is durable: from here on recovery must not yield the old state. */
inline committed() { acked = begun }

inline put_home()
{
	if
	:: b == B_META -> put_two(META, news[b], META1, news[b])
	:: b == B_SB -> put_two(SB0, COPIED, SB1, SUM(COPIED))
	:: b == B_TAIL -> put_one(TAIL, news[b])
	:: b == B_ORPH -> put_one(ORPH, news[b])
	fi
}

/* the free data block; a mutant takes the one that this transaction frees */
#define FREE_DATA (DATA + ((EDITS(news[B_META]) + (broken == REUSE_FREED)) & 1))
#define EARLY ((broken == TAILS_FIRST) -> EDIT : ZERO)
inline put_data()
{
	if
	:: data_left & 2 -> data_left = data_left & 1; put_one(FREE_DATA, EDITS(news[B_META]))
	:: else -> data_left = 0; put_one(TAIL, EARLY)
	fi
}
inline paused() { pauses = false }

/* the first two blocks of the log, or the free data block */
inline put_place(dev)
{
	places_left--;
	if
	:: dev == LOG -> put_two(LA + places_left, ENTRY(K_ZERO, 0, 0), LB + places_left, 0)
	:: dev == FS -> put_one(DATA + (1 - (EDITS(vol[META]) & 1)), 0)
	fi
}

/* lib/journal/stale: skip the transaction numbers of old blocks where a reader expects a header. */
inline pass_stale()
{
	d_step {
		pos = 0;
		for (i : 0 .. NB - 1) {
			pos = pos + changed[i]
		}
		room = pos + (pos + TAGS - 1) / TAGS; /* the place of the commit block */
		pos = 0;
		do
		:: !KEEPS(TAKE_STALE) || !KEEPS(TWICE) || pos > room + 1 || pos >= NL -> break
		:: else ->
			if
			:: HAS_NUMBER(vol[LA + pos]) && TID(vol[LA + pos]) - tid >= 0 && TID(vol[LA + pos]) - tid <= 1 ->
				tid = TID(vol[LA + pos]) + 1;
				pos = 0
			:: else ->
				pos = ((pos >= room) -> pos + 1 : ((pos + TAGS + 1 > room) -> room : pos + TAGS + 1))
			fi
		od;
		pos = 0;
		room = 0;
		i = 0
	}
}
