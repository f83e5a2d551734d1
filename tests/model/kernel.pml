/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel mounts the file system for writing and unmounts it: it replays the log, or wipes it if the flag is missing, and
 * finishes the orphans, one transaction each. The flag is set while it is mounted. A kernel's own superblock and commit
 * blocks are not torn: such states do not depend on e4zero.
 */
inline kernel_flag(on)
{
	atomic {
		wr(SB0, (vol[SB0] & 31) | (on) * FLAG);
		dur[SB0] = vol[SB0];
		wr(SB1, SUM(vol[SB0]));
		dur[SB1] = vol[SB1];
		may_crash()
	};
	barrier(FS, B_OTHER)
}

inline kernel_empty(seq)
{
	put_one(JSB, JSB_OF(0, seq, 0));
	barrier(LOG, B_OTHER)
}

inline kernel_homes()
{
	for (b : 0 .. NB - 1) {
		if
		:: changed[b] -> put_home()
		:: else
		fi
	}
	barrier(FS, B_OTHER)
}

inline kernel_replay()
{
	d_step {
		read_log(KERNEL);
		for (k : 0 .. NB - 1) {
			news[k] = ((k == B_SB) -> ov[k] & 31 : ov[k]);
			changed[k] = (ov_mask >> k) & 1
		}
		next_tid = read_tid;
		forget_log()
	}
	kernel_homes();
	kernel_empty(next_tid)
}

/* The first orphan, in one transaction. */
inline kernel_orphan()
{
	d_step {
		news[B_META] = META_OF(VERSION(vol[META]) + 1, EDITS(vol[META]));
		news[B_SB] = SB_OF(CNT(vol[SB0]) + 1, (HEAD(vol[SB0]) + 1) % 3);
		news[B_ORPH] = ((HEAD(vol[SB0]) == 1) -> ORPH_OF(0, LEFT2(vol[ORPH])) : ORPH_OF(LEFT1(vol[ORPH]), 0));
		changed[B_META] = true;
		changed[B_SB] = true;
		changed[B_TAIL] = false;
		changed[B_ORPH] = true;
		tid = SEQ(vol[JSB]) + 1
	}
	put_one(JSB, JSB_OF(1, tid, 0));
	pos = 0;
	b = 0;
	room = 0;
	for (b : 0 .. NB - 1) {
		if
		:: changed[b] ->
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
	put_slot();
	barrier(LOG, B_OTHER);
	put_commit();
	barrier(LOG, B_OTHER);
	committed();
	kernel_homes();
	kernel_empty(tid + 1)
}

inline kernel()
{
	if
	:: STARTED(vol[JSB]) && (vol[SB0] & FLAG) -> kernel_replay()
	:: STARTED(vol[JSB]) && !(vol[SB0] & FLAG) -> kernel_empty(SEQ(vol[JSB]) + 1); begun = acked
	:: else
	fi;
	kernel_flag(1);
	do
	:: HEAD(vol[SB0]) != 0 -> kernel_orphan()
	:: else -> break
	od;
	kernel_flag(0)
}
