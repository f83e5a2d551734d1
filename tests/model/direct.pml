/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edits without a journal are not atomic, but EXT2_VALID_FS is never set over a mixture of states, and no inode refers to a
 * block that is not allocated or whose data is not durable. CSUM=1: checksums, including that of the superblock.
 */
#define SB0 0    /* EXT2_VALID_FS and a counter */
#define SB1 1    /* its checksum */
#define BITMAP 2
#define INODE 3  /* the number of edits of the file; its data is in block INODE & 1 */
#define DATA 4
#define TAIL 6   /* bytes past EOF */
#define NS 7
#define NB 1
#define IS_ON(i, dev) true
#include "cache.pml"

#define VALID 32
#define CNT(s) ((s) & 7)
hidden byte csum;
#define SB_TORN (csum && vol[SB1] != CNT(vol[SB0]))
#define has_sum csum
#define FREE(x) (x)
#define was_valid (vol[SB0] & VALID)

byte b, data_left;
byte new_inode, edits_left;
bool tails_done; /* they were zeroed */

#define has_data() true
inline paused() { skip }
#define pauses false
inline know_homes() { skip }
inline put_data()
{
	data_left--;
	if
	:: data_left == 0 -> put_one(TAIL, 1)
	:: else -> data_left = 0; put_one(DATA + (new_inode & 1), new_inode)
	fi
}
inline put_valid(on) { put_one(SB0, CNT(vol[SB0]) | (on) * VALID) }
inline put_metadata() { put_one(BITMAP, new_inode) }
inline put_inode() { put_one(INODE, new_inode) }
inline put_last() { put_two(SB0, new_inode | (vol[SB0] & VALID), SB1, new_inode) }
inline put_count() { put_one(SB0, vol[SB0]) }

/* Step 1 of protocol.pml, which is not included here */
inline write_data()
{
	do
	:: FREE(data_left) && has_data() -> put_data()
	:: FREE(data_left == 0) -> break
	od
}
#include "bare.pml"

inline crash_disk()
{
	atomic {
		for (i : 0 .. NS - 1) {
			if
			:: dur[i] == vol[i]
			:: dur[i] != vol[i] -> dur[i] = vol[i]
			:: dur[i] != vol[i] -> vol[i] = dur[i]
			fi
		}
		i = 0
	}
}

inline judge()
{
	d_step {
		HOLDS(r_whole, vol[BITMAP] >= vol[INODE]); /* what the inode refers to is allocated */
		HOLDS(r_data, vol[DATA + (vol[INODE] & 1)] == vol[INODE]);
		HOLDS(r_flag, !(vol[SB0] & VALID) || !SB_TORN && vol[INODE] == CNT(vol[SB0]) && vol[BITMAP] == CNT(vol[SB0]))
	}
	if
	:: SB_TORN -> crash_tears_super: skip
	:: !SB_TORN && (vol[SB0] & VALID) -> crash_leaves_valid: skip
	:: !SB_TORN && !(vol[SB0] & VALID) && vol[INODE] == vol[BITMAP] -> crash_needs_check: skip
	:: !SB_TORN && !(vol[SB0] & VALID) && vol[INODE] != vol[BITMAP] -> crash_leaves_mixture: skip
	fi
}

/* At the end of a run all its writes are durable. */
inline must_be_done()
{
	d_step {
		for (i : 0 .. NS - 1) { HOLDS(r_durable, vol[i] == dur[i]) }
		i = 0
	}
}

active proctype host()
{
	read_options();
	c_code { csum = GIVEN("CSUM"); };
	atomic { vol[SB0] = VALID; dur[SB0] = VALID };
	edits_left = 3;
	do
	:: edits_left > 0 -> edits_left--; new_inode = vol[INODE] + 1; data_left = 2; write_bare(); must_be_done()
	:: edits_left > 0 && !tails_done -> tails_done = true; data_left = 1; write_bare_tails(); must_be_done()
	:: edits_left == 0 -> break
	od;
	goto done;
crashed:
	crash_disk();
	judge();
done:
	skip
}
