/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What e4zero writes without a journal, and in which order: lib/txn/direct.c. Included twice, like protocol.pml. */
bool turned; /* e4zero has cleared the flag */

inline write_bare()
{
	write_data();
	barrier(FS, B_DATA);
	if
	:: FREE(was_valid) -> put_valid(0); turned = true
	:: FREE(!was_valid)
	fi;
	barrier(FS, B_INVALID);
	know_homes();
	for (b : 0 .. NB - 1) {
		put_metadata()
	}
	barrier(FS, B_METADATA);
	know_homes();
	for (b : 0 .. NB - 1) {
		put_inode()
	}
	barrier(FS, B_INODES);
	if
	:: KEEPS(EARLY_VALID)
	:: else -> put_valid(1)
	fi;
	put_last();
	barrier(FS, B_LAST);
	if
	:: turned && KEEPS(EARLY_VALID) -> put_valid(1)
	:: else
	fi;
	turned = false;
	barrier(FS, B_VALID)
}

/* Only tails: a counter of the superblock marks the change, unless a checksum in the other sector could be torn from it. */
inline write_bare_tails()
{
	if
	:: has_sum
	:: else -> put_count()
	fi;
	write_data();
	barrier(FS, B_DATA)
}
