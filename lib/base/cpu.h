/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processor can do, as the C library found out when the program was started. The
 * compiler's own __builtin_cpu_supports() asks the processor once more at every start; in a virtual
 * machine each question leaves it, and all of them took as long as a check of an empty image.
 */
#ifndef E4Z_BASE_CPU_H
#define E4Z_BASE_CPU_H

#if defined(__x86_64__)
#include <features.h>
#include <stdbool.h>
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 33)
#include <sys/platform/x86.h>
#define CPU_HAS(glibc_name, gcc_name) CPU_FEATURE_ACTIVE(glibc_name)
#endif
#endif
#ifndef CPU_HAS
#define CPU_HAS(glibc_name, gcc_name) __builtin_cpu_supports(gcc_name)
#endif

static inline bool cpu_has_sse42(void)
{
	return CPU_HAS(SSE4_2, "sse4.2");
}

static inline bool cpu_has_pclmul(void)
{
	return CPU_HAS(PCLMULQDQ, "pclmul");
}

static inline bool cpu_has_avx2(void)
{
	return CPU_HAS(AVX2, "avx2");
}
#endif

#endif
