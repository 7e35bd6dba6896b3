/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pressure.c - pressure stall information, from trees made for it. */
#include <config.h>

#include "base/compiler.h"
#include "base/num.h"
#include "proc/pressure.h"
#include "tap.h"

#define PSI(total) \
	"some avg10=1.00 avg60=2.00 avg300=3.00 total=" total "\n" \
	"full avg10=0.00 avg60=0.00 avg300=0.00 total=77\n"

static struct pressure_sample got;

static struct pressure *make(void)
{
	return pressure_new(4, tap_tmpdir());
}

static void look(struct pressure *p, int64_t ms)
{
	pressure_read(p, ms * NS_PER_MS, &got);
}

static bool is_near(double x, double want)
{
	return x > want - 1e-6 && x < want + 1e-6;
}

static void nothing_there(void)
{
	struct pressure *p = make();

	look(p, 1);
	look(p, 2);
	CHECK(got.cpu < 0);
	CHECK(got.memory < 0);
	CHECK(got.io < 0);
	CHECK(got.load < 0);
	pressure_free(p);
	pressure_free(NULL);
}

static void of_the_system(void)
{
	struct pressure *p;

	tap_put("/proc/pressure/cpu", PSI("1000000"));
	tap_put("/proc/pressure/memory", PSI("0"));
	tap_put("/proc/pressure/io", PSI("5"));
	p = make();
	look(p, 1000);
	CHECK(got.cpu < 0);
	CHECK(got.memory < 0);
	tap_put("/proc/pressure/cpu", PSI("1125000"));
	tap_put("/proc/pressure/io", PSI("250005"));
	look(p, 1250);
	CHECK(is_near(got.cpu, 0.5));
	CHECK(is_near(got.memory, 0));
	CHECK(is_near(got.io, 1));
	look(p, 1500);
	CHECK(is_near(got.cpu, 0));
	pressure_free(p);
}

static void of_the_cgroup(void)
{
	struct pressure *p;

	tap_put("/proc/self/cgroup", "4:memory:/m\n0::/user/a b\n");
	tap_put("/proc/pressure/cpu", PSI("0"));
	tap_put("/proc/pressure/io", PSI("0"));
	tap_put("/sys/fs/cgroup/user/a b/cpu.pressure", PSI("0"));
	tap_put("/sys/fs/cgroup/cpu.pressure", PSI("0"));
	p = make();
	look(p, 0);
	tap_put("/proc/pressure/cpu", PSI("100000"));
	tap_put("/proc/pressure/io", PSI("50000"));
	tap_put("/sys/fs/cgroup/user/a b/cpu.pressure", PSI("25000"));
	look(p, 100);
	CHECK(is_near(got.cpu, 0.25));
	/* What the cgroup lacks is the system's. */
	CHECK(is_near(got.io, 0.5));
	CHECK(got.memory < 0);
	pressure_free(p);
}

static void beside_version_1(void)
{
	struct pressure *p;

	tap_put("/proc/self/cgroup", "1:cpu:/x\n0::/y");
	tap_put("/sys/fs/cgroup/unified/y/memory.pressure", PSI("0"));
	p = make();
	look(p, 0);
	tap_put("/sys/fs/cgroup/unified/y/memory.pressure", PSI("10000"));
	look(p, 100);
	CHECK(is_near(got.memory, 0.1));
	pressure_free(p);
}

static void in_the_root(void)
{
	struct pressure *p;

	tap_put("/proc/self/cgroup", "0::/\n");
	tap_put("/sys/fs/cgroup/cpu.pressure", PSI("0"));
	tap_put("/proc/pressure/cpu", PSI("0"));
	p = make();
	look(p, 0);
	tap_put("/proc/pressure/cpu", PSI("10000"));
	look(p, 100);
	CHECK(is_near(got.cpu, 0.1));
	pressure_free(p);
}

static void odd_times(void)
{
	struct pressure *p;

	tap_put("/proc/pressure/cpu", PSI("1000"));
	p = make();
	look(p, 100);
	/* No time has passed, or it went back. */
	look(p, 100);
	CHECK(got.cpu < 0);
	look(p, 50);
	CHECK(got.cpu < 0);
	/* More than all of it; the count went back. */
	tap_put("/proc/pressure/cpu", PSI("900000"));
	look(p, 100);
	CHECK(is_near(got.cpu, 1));
	tap_put("/proc/pressure/cpu", PSI("5"));
	look(p, 200);
	CHECK(got.cpu < 0);
	tap_put("/proc/pressure/cpu", PSI("50005"));
	look(p, 300);
	CHECK(is_near(got.cpu, 0.5));
	pressure_free(p);
}

static void goes_away(void)
{
	struct pressure *p;

	tap_put("/proc/pressure/cpu", PSI("0"));
	p = make();
	look(p, 0);
	tap_put("/proc/pressure/cpu", "");
	look(p, 100);
	CHECK(got.cpu < 0);
	tap_put("/proc/pressure/cpu", PSI("50000"));
	look(p, 200);
	CHECK(got.cpu < 0);
	tap_put("/proc/pressure/cpu", PSI("60000"));
	look(p, 300);
	CHECK(is_near(got.cpu, 0.1));
	pressure_free(p);
}

static void junk(void)
{
	static const char *const texts[] = {
		"", "\n", "some", "some \n", "some avg10=0.00\n",
		"some total=\n", "some total=-5\n", "some total=x\n",
		"some total=99999999999999999999\n",
		"some total=123456789012345678901234567890123456789\n",
		"full avg10=0.00 total=5\n", "some avg10=1.00\ntotal=5\n",
		"some avg10=1.00\nfull total=5\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct pressure *p;

		tap_put("/proc/pressure/cpu", texts[i]);
		tap_put("/proc/self/cgroup", texts[i]);
		p = make();
		look(p, 0);
		look(p, 100);
		CHECK(got.cpu < 0);
		pressure_free(p);
	}
}

static void this_machine(void)
{
	struct pressure *p = pressure_new(0, NULL);

	look(p, 1000);
	CHECK(got.cpu < 0);
	CHECK(got.memory < 0);
	CHECK(got.io < 0);
	look(p, 2000);
	CHECK(got.cpu <= 1);
	CHECK(got.memory <= 1);
	CHECK(got.io <= 1);
#ifdef HAVE_GETLOADAVG
	CHECK(got.load >= 0);
#endif
	pressure_free(p);
}

static const struct tap_case cases[] = {
	{ "what is missing is not known", nothing_there },
	{ "the system's, as a share of the time between", of_the_system },
	{ "the cgroup's own where there is one", of_the_cgroup },
	{ "version 2 mounted beside version 1", beside_version_1 },
	{ "in the root cgroup, the system's", in_the_root },
	{ "clocks and counts that go back or too far", odd_times },
	{ "a file that stops saying it", goes_away },
	{ "junk is not known", junk },
	{ "this machine", this_machine },
};
TAP_MAIN(cases)
