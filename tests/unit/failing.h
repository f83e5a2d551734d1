/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thing fails: an allocation of the library, a read, a reservation, or a write, zeroing or
 * barrier of a disk in memory. A test lets each of them fail in turn, until all went well.
 *
 * A program that is linked with this has -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc.
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include "io/blkdev.h"

enum failing_kind { FAIL_ALLOC, FAIL_READ, FAIL_RESERVE, FAIL_STEP, FAILING_KINDS };

/* The N-th thing of KIND from now on fails, once; 0: none does. A step is the last one then. */
void failing_arm(enum failing_kind kind, unsigned n);
/* Nothing fails any more: whether something did since it was armed. */
bool failing_disarm(void);
/* While ON, the calls of the test itself do not count. */
void failing_pause(bool on);
/* Call TELL with each thing that may fail, before it does or does not; NULL: no call. */
void failing_watch(void (*tell)(enum failing_kind kind));
/* What it fails with. */
errcode_t failing_error(enum failing_kind kind);

/*
 * SIZE bytes at MEM as a disk that is open for writing; bytes past MEM_SIZE read as zero.
 * NULL: an allocation failed.
 */
struct blkdev *failing_disk(uint8_t *mem, uint64_t mem_size, uint64_t size);

/* From now on what is asked of DEV, a file of the host, fails as it does of a disk in memory. */
void failing_wrap(struct blkdev *dev);
/* The same, and all of it can be read without waiting, until that fails. */
void failing_wrap_cached(struct blkdev *dev);

#endif
