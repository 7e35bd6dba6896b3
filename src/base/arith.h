/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arith.h - sums of numbers and sizes, as users write them: 1M, 10k+5, -2,
 * 3*(1G-1)/4. Units as in num.h. Pure.
 */
#ifndef MUSTER_BASE_ARITH_H
#define MUSTER_BASE_ARITH_H

/* The whole of s. 0, or -1 with errno EINVAL (no such sum, division by zero)
 * or ERANGE, leaving *out alone. */
int arith_eval(const char *s, double *out);

#endif
