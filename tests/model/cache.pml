/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk with a cache: each of NS sectors has a durable and a cached value. A barrier makes the cached values of a device
 * durable. A crash makes any subset of them durable and loses the others; this covers every order of writes and torn writes.
 * The including file defines IS_ON(sector, device) and the label "crashed".
 */
#include "names.pml"

short dur[NS], vol[NS];
byte crashes; /* so far */
short i;

inline may_crash()
{
	if
	:: crashes < crashes_max -> crashes++; goto crashed
	:: skip
	fi
}

/* A cached value that is overwritten may have reached the disk before. */
inline wr(at, value)
{
	if
	:: dur[at] != vol[at] && (value) != vol[at] ->
		if
		:: dur[at] = vol[at]
		:: skip
		fi
	:: else
	fi;
	vol[at] = value
}

inline put_one(at, value) { atomic { wr(at, value); may_crash() } }
inline put_two(at, one, other, two) { atomic { wr(at, one); wr(other, two); may_crash() } }

inline barrier(dev, site)
{
	atomic {
		d_step {
			for (i : 0 .. NS - 1) {
				dur[i] = ((site != dropped && IS_ON(i, ((site == swapped) -> 1 - dev : dev))) -> vol[i] : dur[i])
			}
			i = 0
		}
		may_crash()
	}
}
