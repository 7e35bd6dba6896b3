/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compiler.h - what the compiler can check for us, and BUG().
 *
 * Attribute macros expand to nothing where a compiler lacks the attribute.
 * The capability macros are for clang's -Wthread-safety (make lint).
 */
#ifndef MUSTER_BASE_COMPILER_H
#define MUSTER_BASE_COMPILER_H

#include <stddef.h>

#if defined(__GNUC__) || defined(__clang__)
#define PRINTF_LIKE(fmt, args)	__attribute__((format(printf, fmt, args)))
#define NORETURN		__attribute__((noreturn))
#define MUST_USE		__attribute__((warn_unused_result))
#define UNUSED			__attribute__((unused))
#define LIKELY(x)		__builtin_expect(!!(x), 1)
#define UNLIKELY(x)		__builtin_expect(!!(x), 0)
#else
#define PRINTF_LIKE(fmt, args)
#define NORETURN
#define MUST_USE
#define UNUSED
#define LIKELY(x)		(x)
#define UNLIKELY(x)		(x)
#endif

#if defined(__clang__)
#define CAPABILITY(name)	__attribute__((capability(name)))
#define ACQUIRES(m)		__attribute__((acquire_capability(m)))
#define RELEASES(m)		__attribute__((release_capability(m)))
#define REQUIRES(m)		__attribute__((requires_capability(m)))
#define NO_LOCK_CHECK		__attribute__((no_thread_safety_analysis))
#else
#define CAPABILITY(name)
#define ACQUIRES(m)
#define RELEASES(m)
#define REQUIRES(m)
#define NO_LOCK_CHECK
#endif

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

/* The struct of which ptr is the given member. */
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/*
 * A broken invariant of ours: says where and why on standard error, aborts.
 * Never for what a user, a job or the system did.
 */
#define BUG(why)		bug_abort(__FILE__, __LINE__, (why))
#define BUG_ON(cond)			\
	do {				\
		if (UNLIKELY(cond))	\
			BUG(#cond);	\
	} while (0)

void bug_abort(const char *file, int line, const char *why) NORETURN;

#endif
