/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef E4Z_TESTS_FUZZ_SWEEP_H
#define E4Z_TESTS_FUZZ_SWEEP_H

/*
 * Write inputs to FOLDER in which one field has one value: of each shape of metadata that the bases
 * have, once.
 */
void sweep_write(const char *folder);

#endif
