/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold of the library's own state, whatever an image, a disk or a caller does. The
 * headers of the rooms number their invariants: T1 is the first one of lib/txn/txn.h.
 *
 * A check is a comparison or two at the entry of a function. Where it fails the library has a
 * fault, and the function does nothing but return E4Z_ET_STATE. The programs of tests/ put an
 * invariant_broken() of their own, which aborts, in front of the library's: they run the same
 * library.
 */
#ifndef E4Z_BASE_INVARIANT_H
#define E4Z_BASE_INVARIANT_H

#include <et/com_err.h>

/*
 * E4Z_ET_STATE: the invariant NUMBER does not hold. Alone in its file, so that a test replaces it.
 */
errcode_t invariant_broken(const char *number);

/* 0 when the invariant NUMBER holds. */
#define INVARIANT(number, holds) (__builtin_expect(!(holds), 0) ? invariant_broken(number) : 0)

#endif
