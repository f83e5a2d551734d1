/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef E4Z_TESTS_FUZZ_SWEEP_H
#define E4Z_TESTS_FUZZ_SWEEP_H

/*
 * Write inputs to FOLDER, each with another value of one field, for one piece of metadata of each
 * shape. At most MOST inputs are written, at regular intervals.
 */
void sweep_write(const char *folder, unsigned most);

#endif
