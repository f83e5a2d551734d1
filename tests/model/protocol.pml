/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What e4zero writes, and in which order: lib/journal/commit.c, lib/txn/txn_commit.c and homes_write.c, step by step.
 *
 * This file is included twice. journal.pml includes it with disk.pml: put_*() changes sectors, and a crash may follow each of
 * them. paths.pml includes it with trace.pml: put_*() must match the next line of a trace of the program.
 * FREE(x): in the first case x decides, in the second one the trace.
 */
/* memory of the program */
bool recovering;   /* RECOVER is set on the disk, by this run or before a crash */
byte next_tid;     /* of the next transaction */
byte tid;          /* of this one */
short pos;         /* log block */
short room;        /* tags that still fit into the descriptor */
short b;           /* a block of the transaction, or of the replay */

/* Step 1: data that is not visible before the commit, in one group or in several. */
inline write_data()
{
	do
	:: FREE(data_left) && has_data() -> put_data()
	:: FREE(data_left == 1 && pauses) -> barrier(FS, B_DATA); paused()
	:: FREE(data_left == 0) -> paused(); break
	od
}

/* Step 2: descriptors and copies from the start of the log, and zeros in the place of the commit block. */
inline write_body()
{
	put_log_super(1, tid);
	pos = 0;
	room = 0;
	for (b : 0 .. NB - 1) {
		if
		:: in_transaction(b) ->
			if
			:: room == 0 -> put_descriptor(); pos++; room = TAGS
			:: else
			fi;
			put_copy();
			pos++;
			room--
		:: else
		fi
	}
	room = 0;
	if
	:: KEEPS(KEEP_SLOT) -> put_slot()
	:: else
	fi
}

inline write_home()
{
	for (b : 0 .. NB - 1) {
		if
		:: in_transaction(b) -> put_home()
		:: else
		fi
	}
}

inline write_transaction()
{
	tid = next_tid;
	pass_stale();
	if
	:: KEEPS(DATA_LATE) -> write_data()
	:: else
	fi;
	if
	:: !recovering && KEEPS(NO_RECOVER) -> put_flag(1)
	:: else
	fi;
	recovering = true;
	barrier(FS, B_SUPER);
	write_body();
	if
	:: KEEPS(NO_BARRIER) -> barrier(LOG, B_LOG)
	:: else
	fi;
	if
	:: KEEPS(HOME_FIRST)
	:: else -> write_home()
	fi;
	put_commit();
	barrier(LOG, B_COMMIT);
	committed();
	if
	:: KEEPS(DATA_LATE)
	:: else -> write_data()
	fi;
	if
	:: KEEPS(EMPTY_FIRST)
	:: else -> put_log_super(0, tid + 1); barrier(LOG, B_EMPTY)
	fi;
	if
	:: KEEPS(HOME_FIRST) -> write_home()
	:: else
	fi;
	barrier(FS, B_HOME);
	if
	:: KEEPS(EARLY_CLEAR)
	:: else -> finish()
	fi;
	put_log_super(0, tid + KEEPS(TWICE));
	next_tid = tid + 2 * KEEPS(TWICE);
	tid = 0;
	pos = 0;
	barrier(LOG, B_EMPTY)
}

/* Tails are zeroed without a transaction: only the number in the empty journal is increased. */
inline write_tails()
{
	if
	:: !has_external -> put_mark(next_tid)
	:: else
	fi;
	next_tid++;
	write_data();
	barrier(FS, B_DATA)
}

/* Unused blocks, also those of the log, are zeroed in place after all is committed and the flag is cleared. */
inline write_places(dev)
{
	put_place(dev);
	do
	:: FREE(places_left) && has_place() -> put_place(dev)
	:: FREE(places_left == 0) -> break
	od;
	barrier(dev, B_PLACE)
}

inline finish()
{
	if
	:: recovering ->
		if
		:: KEEPS(NO_RECOVER) && KEEPS(NO_CLEAR) -> put_flag(0)
		:: else
		fi;
		recovering = false;
		barrier(FS, B_CLEAR)
	:: else
	fi
}

/* Blocks of the journal are written to their final locations, the superblock last and with the flag. SAFE: an unused number. */
inline write_replay(safe)
{
	know_replay();
	if
	:: FREE(replay_left && !flag_is_on && KEEPS(NO_ADMIT)) -> put_flag(1); barrier(FS, B_ADMIT)
	:: FREE(!replay_left || flag_is_on || !KEEPS(NO_ADMIT))
	fi;
	for (b : 0 .. NB - 1) {
		if
		:: in_replay(b) -> put_home()
		:: else
		fi
	}
	put_super(KEEPS(SUPER_EARLY));
	recovering = true;
	barrier(FS, B_REPLAY);
	put_log_super(0, safe);
	next_tid = safe + 1;
	barrier(LOG, B_EMPTY)
}

/* The same if the journal holds no transaction and no edit follows. */
inline write_clear(safe)
{
	if
	:: FREE(log_is_begun) -> put_log_super(0, safe); barrier(LOG, B_EMPTY)
	:: FREE(!log_is_begun)
	fi;
	put_super(0);
	barrier(FS, B_CLEAR)
}
