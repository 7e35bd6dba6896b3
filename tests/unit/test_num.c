/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_num.c - numbers, durations and sizes as users write them.
 */
#include <config.h>

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/num.h"
#include "tap.h"

#define SEC	NS_PER_SEC

/* err 0 and a value, or an errno and *out left alone. */
#define CHECK_INTEGER(s, min, max, want, err)				\
	do {								\
		int64_t out_ = 4242;					\
									\
		errno = 0;						\
		CHECK_INT(num_int(s, min, max, &out_), (err) ? -1 : 0);	\
		CHECK_INT(errno, err);					\
		CHECK_INT(out_, (err) ? 4242 : (want));			\
	} while (0)

#define CHECK_DURATION(s, want, err)					\
	do {								\
		int64_t out_ = 4242;					\
									\
		errno = 0;						\
		CHECK_INT(num_duration(s, &out_), (err) ? -1 : 0);	\
		CHECK_INT(errno, err);					\
		CHECK_INT(out_, (err) ? 4242 : (want));			\
	} while (0)

#define CHECK_SIZE(s, want, err)					\
	do {								\
		uint64_t out_ = 4242;					\
									\
		errno = 0;						\
		CHECK_INT(num_size(s, &out_), (err) ? -1 : 0);		\
		CHECK_INT(errno, err);					\
		CHECK_UINT(out_, (err) ? 4242 : (want));		\
	} while (0)

#define CHECK_REAL(fn, s, want, err)					\
	do {								\
		double out_ = 4242;					\
									\
		errno = 0;						\
		CHECK_INT(fn(s, &out_), (err) ? -1 : 0);		\
		CHECK_INT(errno, err);					\
		CHECK(out_ == ((err) ? 4242 : (want)));			\
	} while (0)

static void integers(void)
{
	CHECK_INTEGER("0", 0, 10, 0, 0);
	CHECK_INTEGER("10", 0, 10, 10, 0);
	CHECK_INTEGER("+7", 0, 10, 7, 0);
	CHECK_INTEGER("-7", -10, 10, -7, 0);
	CHECK_INTEGER("-0", 0, 10, 0, 0);
	CHECK_INTEGER("0007", 0, 10, 7, 0);
	CHECK_INTEGER("9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX,
		      0);
	CHECK_INTEGER("-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN,
		      0);
}

static void integers_out_of_range(void)
{
	CHECK_INTEGER("11", 0, 10, 0, ERANGE);
	CHECK_INTEGER("-1", 0, 10, 0, ERANGE);
	CHECK_INTEGER("9223372036854775808", INT64_MIN, INT64_MAX, 0, ERANGE);
	CHECK_INTEGER("-9223372036854775809", INT64_MIN, INT64_MAX, 0, ERANGE);
	CHECK_INTEGER("18446744073709551616", INT64_MIN, INT64_MAX, 0, ERANGE);
	CHECK_INTEGER("100000000000000000000000000000", 0, 10, 0, ERANGE);
}

static void no_integers(void)
{
	static const char *const bad[] = {
		"", "-", "+", "+-1", " 1", "1 ", "1.0", "0x10", "1e3", "ten",
		"1\n", "99999999999999999999999x", "\xd9\xa1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INTEGER(bad[i], INT64_MIN, INT64_MAX, 0, EINVAL);
}

static void doubles(void)
{
	CHECK_REAL(num_double, "0", 0.0, 0);
	CHECK_REAL(num_double, "1", 1.0, 0);
	CHECK_REAL(num_double, "0.1", 0.1, 0);
	CHECK_REAL(num_double, ".5", 0.5, 0);
	CHECK_REAL(num_double, "5.", 5.0, 0);
	CHECK_REAL(num_double, "3.14159", 3.14159, 0);
	CHECK_REAL(num_double, "1e3", 1000.0, 0);
	CHECK_REAL(num_double, "2.5E-3", 0.0025, 0);
	CHECK_REAL(num_double, "1e+2", 100.0, 0);
	CHECK_REAL(num_double, "0e999999999999", 0.0, 0);
	CHECK_REAL(num_double, "1e-99999", 0.0, 0);
	CHECK_REAL(num_double, "9007199254740992000000000000000000000e-21",
		   9007199254740992.0, 0);
	CHECK_REAL(num_double, "0.00000000000000000000000000000000000000001e41",
		   1.0, 0);
}

static void no_doubles(void)
{
	static const char *const bad[] = {
		"", ".", "-1", "+1", "1..2", "1e", "1e+", "e3", "1,5", "nan",
		"inf", "0x1p3", " 1", "1 ", "1e5000x", "1%",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_REAL(num_double, bad[i], 0, EINVAL);
	CHECK_REAL(num_double, "1e309", 0, ERANGE);
	CHECK_REAL(num_double, "1e99999999999999999999", 0, ERANGE);
}

/* Where the machine has a locale with a comma, it must change nothing. */
static void doubles_know_no_locale(void)
{
	static const char *const names[] = {
		"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C.UTF-8",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (setlocale(LC_ALL, names[i]))
			break;
	CHECK_REAL(num_double, "1.5", 1.5, 0);
	CHECK_REAL(num_double, "1,5", 0, EINVAL);
	CHECK_DURATION("1.5", 3 * SEC / 2, 0);
}

static void percents(void)
{
	CHECK_REAL(num_percent, "12.5%", 12.5, 0);
	CHECK_REAL(num_percent, "100%", 100.0, 0);
	CHECK_REAL(num_percent, "0%", 0.0, 0);
	CHECK_REAL(num_percent, "12", 0, EINVAL);
	CHECK_REAL(num_percent, "%", 0, EINVAL);
	CHECK_REAL(num_percent, "5%%", 0, EINVAL);
	CHECK_REAL(num_percent, "-5%", 0, EINVAL);
	CHECK_REAL(num_percent, "5 %", 0, EINVAL);
	CHECK_REAL(num_percent, "1e999%", 0, ERANGE);
}

static void durations(void)
{
	CHECK_DURATION("0", 0, 0);
	CHECK_DURATION("10", 10 * SEC, 0);
	CHECK_DURATION("0.1", SEC / 10, 0);
	CHECK_DURATION("2.5", 5 * SEC / 2, 0);
	CHECK_DURATION("5s", 5 * SEC, 0);
	CHECK_DURATION("5m", 300 * SEC, 0);
	CHECK_DURATION("5h", 18000 * SEC, 0);
	CHECK_DURATION("5d", 432000 * SEC, 0);
	CHECK_DURATION("250ms", SEC / 4, 0);
	CHECK_DURATION("0.5MS", NS_PER_MS / 2, 0);
	CHECK_DURATION("1D1H1M1S", (86400 + 3600 + 60 + 1) * SEC, 0);
	CHECK_DURATION("1e3", 1000 * SEC, 0);
	CHECK_DURATION("1.5e-3", 1500000, 0);
}

static void durations_in_sequence(void)
{
	/* 86400 + 12600 + 996 + 4 */
	CHECK_DURATION("1d3.5h16.6m4s", 100000 * SEC, 0);
	CHECK_DURATION("1m30s", 90 * SEC, 0);
	CHECK_DURATION("1m30", 90 * SEC, 0);
	CHECK_DURATION("1s500ms", 3 * SEC / 2, 0);
	CHECK_DURATION("1s1s", 2 * SEC, 0);
	CHECK_DURATION("1m5ms", 60 * SEC + 5 * NS_PER_MS, 0);
}

static void durations_are_exact(void)
{
	CHECK_DURATION("0.1h", 360 * SEC, 0);
	CHECK_DURATION("0.7m", 42 * SEC, 0);
	CHECK_DURATION("1.1d", 95040 * SEC, 0);
	CHECK_DURATION("0.000000001", 1, 0);
	CHECK_DURATION("0.0000000019", 1, 0);
	CHECK_DURATION("0.000000000000000000000000001d", 0, 0);
	CHECK_DURATION("9223372036.854775807", INT64_MAX, 0);
	CHECK_DURATION("290d", INT64_C(290) * 86400 * SEC, 0);
	CHECK_DURATION("105850d", INT64_C(105850) * 86400 * SEC, 0);
}

static void durations_too_long(void)
{
	CHECK_DURATION("9223372036.854775808", 0, ERANGE);
	CHECK_DURATION("106752d", 0, ERANGE);
	CHECK_DURATION("99999999999999999999999999", 0, ERANGE);
	CHECK_DURATION("18446744073709551615d", 0, ERANGE);
	CHECK_DURATION("100000d100000d", 0, ERANGE);
	CHECK_DURATION("1e10", 0, ERANGE);
	CHECK_DURATION("1e300", 0, ERANGE);
}

static void no_durations(void)
{
	static const char *const bad[] = {
		"", "s", "-1", "+1", "-1s", "1w", "1 s", " 1", "1s ", "1sm",
		"1..5", ".", ".s", "1mss", "1y", "1us", "1e", "1e3s", "e",
		"99999999999999999999999x", "5%", "1,5s", "1s2x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_DURATION(bad[i], 0, EINVAL);
}

static void sizes(void)
{
	CHECK_SIZE("0", 0, 0);
	CHECK_SIZE("1000", 1000, 0);
	CHECK_SIZE("1k", 1000, 0);
	CHECK_SIZE("1K", 1024, 0);
	CHECK_SIZE("2m", 2000000, 0);
	CHECK_SIZE("2M", 2 << 20, 0);
	CHECK_SIZE("3g", UINT64_C(3000000000), 0);
	CHECK_SIZE("3G", UINT64_C(3) << 30, 0);
	CHECK_SIZE("4t", UINT64_C(4000000000000), 0);
	CHECK_SIZE("4T", UINT64_C(4) << 40, 0);
	CHECK_SIZE("5p", UINT64_C(5000000000000000), 0);
	CHECK_SIZE("5P", UINT64_C(5) << 50, 0);
	CHECK_SIZE("18446744073709551615", UINT64_MAX, 0);
	CHECK_SIZE("16383P", UINT64_C(16383) << 50, 0);
}

static void size_fractions_round_down(void)
{
	CHECK_SIZE("1.5K", 1536, 0);
	CHECK_SIZE("0.5", 0, 0);
	CHECK_SIZE("1.9", 1, 0);
	CHECK_SIZE("1.001k", 1001, 0);
	CHECK_SIZE("1.0009k", 1000, 0);
	CHECK_SIZE(".1M", 104857, 0);
	CHECK_SIZE("0.3p", UINT64_C(300000000000000), 0);
	CHECK_SIZE("0.999999999999999p", UINT64_C(999999999999999), 0);
}

static void no_sizes(void)
{
	static const char *const bad[] = {
		"", "K", "-1", "+1", "1KB", "1B", "1E", "1 K", "1K ", "1KK",
		"1e3", ".", ".K", "0x10", "99999999999999999999999q",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_SIZE(bad[i], 0, EINVAL);
	CHECK_SIZE("18446744073709551616", 0, ERANGE);
	CHECK_SIZE("16384P", 0, ERANGE);
	CHECK_SIZE("99999999999999999999999K", 0, ERANGE);
}

static void durations_for_people(void)
{
	static const struct {
		int64_t ns;
		const char *want;
	} rows[] = {
		{ 0, "0.000s" },
		{ 3 * NS_PER_MS, "0.003s" },
		{ SEC - 1, "0.999s" },
		{ SEC, "1.0s" },
		{ 12345 * NS_PER_MS, "12.3s" },
		{ 60 * SEC - 1, "59.9s" },
		{ 60 * SEC, "1m00s" },
		{ 245 * SEC, "4m05s" },
		{ 3600 * SEC - 1, "59m59s" },
		{ 3600 * SEC, "1h00m" },
		{ (3 * 3600 + 7 * 60 + 59) * SEC, "3h07m" },
		{ 86400 * SEC - 1, "23h59m" },
		{ (2 * 86400 + 4 * 3600) * SEC, "2d04h" },
		{ INT64_MAX, "106751d23h" },
		{ -1, "0.000s" },
		{ INT64_MIN, "0.000s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = BUF_INIT;

		num_add_duration(&b, rows[i].ns);
		CHECK_STR(b.data, rows[i].want);
		buf_release(&b);
	}
}

static void sizes_for_people(void)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} rows[] = {
		{ 0, "0B" },
		{ 512, "512B" },
		{ 1023, "1023B" },
		{ 1024, "1.0K" },
		{ 3500, "3.4K" },
		{ 10239, "9.9K" },
		{ 10240, "10K" },
		{ 1048575, "1023K" },
		{ 17 << 20, "17M" },
		{ UINT64_C(3) << 29, "1.5G" },
		{ UINT64_C(2) << 40, "2.0T" },
		{ UINT64_C(100) << 50, "100P" },
		{ UINT64_MAX, "15E" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = BUF_INIT;

		num_add_size(&b, rows[i].bytes);
		CHECK_STR(b.data, rows[i].want);
		buf_release(&b);
	}
}

static const struct tap_case cases[] = {
	{ "integers", integers },
	{ "integers out of range", integers_out_of_range },
	{ "what is no integer", no_integers },
	{ "decimal numbers", doubles },
	{ "what is no decimal number", no_doubles },
	{ "numbers know no locale", doubles_know_no_locale },
	{ "percentages", percents },
	{ "durations", durations },
	{ "durations in sequence", durations_in_sequence },
	{ "durations are exact to the nanosecond", durations_are_exact },
	{ "durations too long", durations_too_long },
	{ "what is no duration", no_durations },
	{ "sizes", sizes },
	{ "fractions of sizes round down", size_fractions_round_down },
	{ "what is no size", no_sizes },
	{ "durations for people", durations_for_people },
	{ "sizes for people", sizes_for_people },
};
TAP_MAIN(cases)
