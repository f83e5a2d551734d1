/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices; the barriers, numbered for the mutants that omit one; the mutants; the rules that they break. */
#define FS 0
#define LOG 1

#define B_SUPER 1   /* the flag, and the data written before the commit */
#define B_LOG 2     /* the journal blocks */
#define B_COMMIT 3  /* the commit block */
#define B_HOME 4    /* the final locations */
#define B_EMPTY 5   /* the journal is empty */
#define B_CLEAR 6   /* the flag is cleared */
#define B_ADMIT 7   /* the flag is set before a replay */
#define B_REPLAY 8  /* the final locations of a replay */
#define B_DATA 9    /* data: between two groups, or where no transaction follows */
#define B_PLACE 10  /* unused blocks */
#define B_OTHER 11  /* a barrier of a kernel */

/* without a journal */
#define B_INVALID 21  /* EXT2_VALID_FS is cleared */
#define B_METADATA 22 /* the metadata that inodes refer to */
#define B_INODES 23
#define B_LAST 24     /* the superblock, still not valid */
#define B_VALID 25    /* EXT2_VALID_FS is set again */

/*
 * Rules that are broken on purpose: MUTANT=NAME of run.sh. The first seven are those of enum commit_fault (lib/journal/commit.h).
 */
#define NO_RECOVER 1    /* the flag RECOVER is never set */
#define NO_BARRIER 2    /* no barrier before the commit block */
#define EARLY_CLEAR 3   /* the flag is cleared before the log is empty */
#define KEEP_SLOT 4     /* the commit block's place is not zeroed first */
#define KEEP_FC 5       /* FAST_COMMIT stays in the log's superblock */
#define REUSE_FREED 6   /* data is written to the block that the transaction frees */
#define TAILS_FIRST 7   /* bytes past EOF in written blocks are written before the commit */
#define HOME_FIRST 8    /* blocks are written to their final locations before the commit block is durable */
#define DATA_LATE 9     /* data is written after the commit block is durable */
#define COPY_PLAIN 10   /* the journaled superblock does not have the flag */
#define FLIP_BOTH 11    /* the flag changes the checksum in the other sector */
#define TAKE_STALE 12   /* numbers of old blocks in the log are not skipped */
#define NO_ADMIT 13     /* a log that the superblock denies is replayed without the flag */
#define ORPHAN_LOST 14  /* an orphan leaves the list with the first of its transactions */
#define EMPTY_FIRST 15  /* the log is emptied before its blocks are at their final locations */
#define SUPER_EARLY 16  /* a replay writes the superblock without the flag */
#define TWICE 17        /* the number of a transaction is used again, and stale numbers are not skipped */
#define NO_CLEAR 18     /* the flag is never cleared */
#define EARLY_VALID 19  /* EXT2_VALID_FS is set before the superblock is durable */

/* A rule that must hold: spin prints its name with the expression. */
#define HOLDS(rule, x) assert(rule || (x))
hidden byte r_flag;    /* a log that is in use has the flag */
hidden byte r_whole;   /* all blocks are of the same transaction, none is torn */
hidden byte r_when;    /* the state is old or new, and not old once it was new */
hidden byte r_data;    /* the block of the file has its data */
hidden byte r_tail;    /* no new bytes are past EOF */
hidden byte r_orphan;  /* no orphan leaves the list unfinished */
hidden byte r_agree;   /* no reader refuses the log, and all read the same */
hidden byte r_durable; /* when a run ends, its writes are durable */
hidden byte r_clean;   /* when a run ends, nothing is left to recover */

#ifdef TRACES
#define KEEPS(rule) true
#else
c_decl {
	\#include <stdlib.h>
};
hidden byte broken;      /* the mutant */
hidden byte dropped;     /* the barrier that is omitted */
hidden byte swapped;     /* the barrier that is issued on the other device */
hidden byte crashes_max; /* in one history */
#define KEEPS(rule) (broken != rule)
/* a number from the environment */
#define GIVEN(name) (getenv(name) ? atoi(getenv(name)) : 0)
inline read_options()
{
	c_code {
		broken = GIVEN("MUTANT");
		dropped = GIVEN("DROPPED");
		swapped = GIVEN("SWAPPED");
		crashes_max = GIVEN("CRASHES");
	}
}
#endif
