/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_steer.c - the server of --control, with a run that is not there.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "base/usock.h"
#include "sched/job.h"
#include "sched/sink.h"
#include "steer.h"
#include "tap.h"

#define LINE_MAX_BYTES	((size_t)1 << 20)
#define CLIENTS		64

static char path[4096];
static struct steer *steer;

/* The fake run. `said` is what it was last told; it is written by the server's
 * thread before the answer, and read after it. */

static struct engine_stats stats;
static char said[4096];
static int result_errno;	/* of kill, retry and priority; 0: fine */
static bool refuses_jobs;
static bool ends_jobs_at_once;
static uint64_t next_seq = 100;
static struct job *jobs[8];	/* those that are there */
static enum job_state states[8];
static unsigned njobs;
static struct job *added;	/* last; NULL when it is over */

static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

static struct engine *the_engine = (struct engine *)&stats;

static void fake_get_stats(struct engine *e, struct engine_stats *out)
{
	CHECK(e == the_engine);
	*out = stats;
}

static void fake_each_job(struct engine *e,
			  void (*fn)(const struct job *, enum job_state,
				     void *),
			  void *arg)
{
	CHECK(e == the_engine);
	for (unsigned i = 0; i < njobs; i++)
		fn(jobs[i], states[i], arg);
}

static void fake_resize(struct engine *e, unsigned stage, unsigned min,
			unsigned max)
{
	CHECK(e == the_engine);
	say("resize %u %u %u", stage, min, max);
}

static void fake_pause(struct engine *e, bool paused)
{
	CHECK(e == the_engine);
	say("pause %d", paused);
}

static int fake_result(void)
{
	errno = result_errno;
	return result_errno ? -1 : 0;
}

static int fake_kill(struct engine *e, uint64_t seq)
{
	CHECK(e == the_engine);
	say("kill %llu", (unsigned long long)seq);
	return fake_result();
}

static int fake_retry(struct engine *e, uint64_t seq)
{
	CHECK(e == the_engine);
	say("retry %llu", (unsigned long long)seq);
	return fake_result();
}

static int fake_priority(struct engine *e, uint64_t seq, int priority)
{
	CHECK(e == the_engine);
	say("priority %llu %d", (unsigned long long)seq, priority);
	return fake_result();
}

static void end_job(struct job *job)
{
	struct sink *sink = steer_sink(steer);

	sink->ops->done(sink, job);
	job_free(job);
}

static void *end_added(void *arg)
{
	end_job(arg);
	return NULL;
}

static bool fake_add(struct engine *e, struct job *job, uint64_t *seq)
{
	struct thread worker;

	CHECK(e == the_engine);
	if (refuses_jobs)
		return false;
	*seq = job->seq = next_seq++;
	say("add %s", job->values[0]);
	added = job;
	if (!ends_jobs_at_once)
		return true;
	/* Over and freed before we return, and by another thread. */
	added = NULL;
	if (CHECK_INT(thread_start(&worker, 0, end_added, job), 0))
		thread_join(&worker);
	return true;
}

static const struct steer_ops fake_ops = {
	.get_stats = fake_get_stats,
	.each_job = fake_each_job,
	.resize = fake_resize,
	.pause = fake_pause,
	.kill_job = fake_kill,
	.retry_job = fake_retry,
	.set_priority = fake_priority,
	.add = fake_add,
};

static struct job *make_job(void *arg, const char *text, size_t len,
			    struct buf *err)
{
	char *values[] = { (char *)text };

	CHECK(arg == said);
	if (strcmp(text, "bad") == 0) {
		buf_addstr(err, "a bad \"one\"");
		return NULL;
	}
	return job_new(0, values, &len, 1);
}

static void fake_stop(void *arg)
{
	CHECK(arg == said);
	say("stop");
}

/* A server, and clients of it. */

static void start_with(const struct steer_config *more)
{
	struct steer_config config = *more;
	struct buf err = BUF_INIT;

	thread_setup();
	snprintf(path, sizeof(path), "%s/s", tap_tmpdir());
	config.path = path;
	config.ops = &fake_ops;
	config.engine = the_engine;
	config.make_job = make_job;
	config.stop = fake_stop;
	config.arg = said;
	steer = steer_new(&config, &err);
	if (!steer)
		CHECK_STR(err.data, "");
	buf_release(&err);
	CHECK_INT(steer_start(steer), 0);
}

static void start(void)
{
	start_with(&(struct steer_config){ .stages = 0 });
}

static void end(void)
{
	if (added)
		end_job(added);
	steer_stop(steer);
	CHECK(access(path, F_OK) < 0);
	steer_free(steer);
}

static int dial(void)
{
	int fd = usock_connect(path);

	CHECK(fd >= 0);
	return fd;
}

static void send_bytes(int fd, const void *p, size_t len)
{
	const char *at = p;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		/* Dropped: what was said of that can still be read. */
		if (n < 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 15000 * tap_slow()) > 0;
}

/* The next line, with its newline; less at the end of the connection. */
static void read_line(int fd, struct buf *line)
{
	char bytes[4096];

	buf_reset(line);
	while (CHECK(is_readable(fd))) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_PEEK);
		const char *end;

		if (n <= 0)
			return;
		end = memchr(bytes, '\n', (size_t)n);
		if (end)
			n = end + 1 - bytes;
		CHECK_INT(recv(fd, bytes, (size_t)n, 0), n);
		buf_add(line, bytes, (size_t)n);
		if (end)
			return;
	}
}

static void check_answer_at(int fd, const char *want)
{
	struct buf line = BUF_INIT;

	read_line(fd, &line);
	CHECK_STR(line.data, want);
	buf_release(&line);
}

static void check_closed(int fd)
{
	struct buf line = BUF_INIT;

	read_line(fd, &line);
	CHECK_STR(line.data, "");
	buf_release(&line);
	close(fd);
}

/* The answer to a request, on a connection of its own. */
static void check_answer(const char *request, const char *want)
{
	int fd = dial();

	send_bytes(fd, request, strlen(request));
	send_bytes(fd, "\n", 1);
	check_answer_at(fd, want);
	close(fd);
}

static void check_refused(const char *request, const char *why)
{
	struct buf want = BUF_INIT;

	said[0] = '\0';
	buf_addf(&want, "{\"ok\":false,\"error\":\"%s\"}\n", why);
	check_answer(request, want.data);
	CHECK_STR(said, "");
	buf_release(&want);
}

#define OK	"{\"ok\":true}\n"

/* Requests. */

static void simple_requests(void)
{
	static const struct {
		const char *request, *said, *answer;
	} table[] = {
		{ "scale 2 7", "resize 0 2 7", OK },
		{ "scale 1 1000000", "resize 0 1 1000000", OK },
		{ "  scale\t3   3 ", "resize 0 3 3", OK },
		{ "scale 1 2 3", "resize 2 1 2", OK },
		{ "pause", "pause 1", OK },
		{ "resume", "pause 0", OK },
		{ "stop", "stop", OK },
		{ "kill 7", "kill 7", "{\"ok\":true,\"seq\":7}\n" },
		{ "kill 9223372036854775807", "kill 9223372036854775807",
		  "{\"ok\":true,\"seq\":9223372036854775807}\n" },
		{ "retry 8", "retry 8", "{\"ok\":true,\"seq\":8}\n" },
		{ "priority 9 -1000", "priority 9 -1000",
		  "{\"ok\":true,\"seq\":9}\n" },
		{ "priority 9 high", "priority 9 10",
		  "{\"ok\":true,\"seq\":9}\n" },
	};

	start_with(&(struct steer_config){ .stages = 3 });
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		check_answer(table[i].request, table[i].answer);
		CHECK_STR(said, table[i].said);
	}
	end();
}

static void wrong_requests(void)
{
	start();
	check_refused("", "an empty request");
	check_refused(" \t ", "an empty request");
	check_refused("stauts",
		      "unknown request 'stauts' (did you mean 'status'?)");
	check_refused("Xyzzy!", "unknown request 'Xyzzy!'");
	check_refused("STATUS", "unknown request 'STATUS'");
	check_refused("\xff\x80", "unknown request '\xef\xbf\xbd\xef\xbf\xbd'");
	check_refused("\"\\\x01", "unknown request '\\\"\\\\\\u0001'");
	check_refused("status now", "usage: status");
	check_refused("pause 1 2 3 4 5 6", "usage: pause");
	check_refused("scale", "usage: scale MIN MAX [STAGE]");
	check_refused("scale 1", "usage: scale MIN MAX [STAGE]");
	check_refused("scale 1 2 1 1", "usage: scale MIN MAX [STAGE]");
	check_refused("kill", "usage: kill SEQ");
	check_refused("kill 1 2", "usage: kill SEQ");
	check_refused("retry", "usage: retry SEQ");
	check_refused("priority 1", "usage: priority SEQ P");
	check_refused("add", "usage: add COMMAND");
	check_refused("add  ", "usage: add COMMAND");
	end();
}

static void wrong_numbers(void)
{
	start();
	check_refused("scale 3 2", "scale: MIN 3 is more than MAX 2");
	check_refused("scale 0 2", "scale: MIN: '0' is not a whole number "
		      "from 1 to 1000000");
	check_refused("scale 1 0", "scale: MAX: '0' is not a whole number "
		      "from 1 to 1000000");
	check_refused("scale 1 1000001", "scale: MAX: '1000001' is not a "
		      "whole number from 1 to 1000000");
	check_refused("scale 1 -5", "scale: MAX: '-5' is not a whole number "
		      "from 1 to 1000000");
	check_refused("scale 1 99999999999999999999", "scale: MAX: "
		      "'99999999999999999999' is not a whole number from 1 to "
		      "1000000");
	check_refused("scale 1 2 2", "scale: STAGE: '2' is not a whole number "
		      "from 1 to 1");
	check_refused("kill 0", "'0' is not the number of a job");
	check_refused("kill -1", "'-1' is not the number of a job");
	check_refused("kill 1.5", "'1.5' is not the number of a job");
	check_refused("kill 9223372036854775808",
		      "'9223372036854775808' is not the number of a job");
	check_refused("retry all", "'all' is not the number of a job");
	check_refused("priority 1 1001", "priority: '1001' is not low, "
		      "normal, high or a whole number from -1000 to 1000");
	check_refused("priority 1 top", "priority: 'top' is not low, normal, "
		      "high or a whole number from -1000 to 1000");
	end();
}

static void refused_by_the_run(void)
{
	start();
	result_errno = ESRCH;
	check_answer("kill 5", "{\"ok\":false,\"error\":"
			       "\"no job 5 runs or waits\"}\n");
	check_answer("priority 5 1", "{\"ok\":false,\"error\":"
				     "\"no job 5 runs or waits\"}\n");
	check_answer("retry 5", "{\"ok\":false,\"error\":"
				"\"no job 5 runs, waits or has failed\"}\n");
	result_errno = EBUSY;
	check_answer("retry 5", "{\"ok\":false,\"error\":"
				"\"job 5 waits for its first try\"}\n");
	check_answer("priority 5 1", "{\"ok\":false,\"error\":"
				     "\"job 5 is running\"}\n");
	refuses_jobs = true;
	check_answer("add true", "{\"ok\":false,\"error\":"
				 "\"the run is over\"}\n");
	end();
}

static void has(const struct buf *line, const char *part)
{
	if (!CHECK(strstr(line->data, part) != NULL)) {
		fprintf(stderr, "# no %s\n", part);
		fprintf(stderr, "# in %s\n", line->data);
	}
}

static void ask(const char *request, struct buf *line)
{
	int fd = dial();

	send_bytes(fd, request, strlen(request));
	read_line(fd, line);
	close(fd);
}

static void status(void)
{
	struct buf line = BUF_INIT;

	stats = (struct engine_stats){
		.tally = { .succeeded = 10, .failed = 5, .cancelled = 2 },
		.submitted = 40, .queued = 11, .held = 6, .delayed = 3,
		.running = 4, .retries = 7, .workers = 5, .idle = 1,
		.min = 2, .max = 8, .goal = 6, .paused = true, .closed = true,
		.stop = ENGINE_DRAIN,
	};
	start();
	ask("status\n", &line);
	has(&line, "{\"ok\":true,\"version\":\"" PACKAGE_VERSION "\"");
	has(&line, "\"elapsed\":0.");
	has(&line, "\"paused\":true,\"stopping\":\"drain\","
		   "\"input_ended\":true,\"submitted\":40,\"queued\":11,"
		   "\"held\":6,\"delayed\":3,\"running\":4,\"done\":13,"
		   "\"failed\":3,\"cancelled\":2,\"retries\":7,\"min\":2,"
		   "\"max\":8,\"goal\":6,\"workers\":5,\"busy\":4,"
		   "\"idle\":1}\n");
	buf_release(&line);
	end();
}

/* A job that is there, seq from 1. */
static struct job *put(const char *value, enum job_state state)
{
	char *values[] = { (char *)value };
	size_t len = strlen(value);
	struct job *job = job_new(njobs + 1, values, &len, 1);

	jobs[njobs] = job;
	states[njobs++] = state;
	return job;
}

static void free_jobs(void)
{
	for (unsigned i = 0; i < njobs; i++)
		job_free(jobs[i]);
}

static void lists_jobs(void)
{
	struct buf line = BUF_INIT;
	struct sink *sink;
	struct job *job;

	start();
	ask("jobs\n", &line);
	CHECK_STR(line.data, "{\"ok\":true,\"jobs\":[]}\n");
	sink = steer_sink(steer);
	job = put("run\n\"me\" \xff", JOB_RUNNING);
	job->slot = 3;
	job->tries = 2;
	sink->ops->start(sink, job);
	put("soon", JOB_RUNNING)->slot = 4;
	put("b", JOB_QUEUED)->priority = -7;
	put("c", JOB_HELD)->id = "the \"id\"";
	put("d", JOB_DELAYED)->tries = 1;
	ask("jobs\n", &line);
	has(&line, "{\"ok\":true,\"jobs\":[{\"seq\":1,\"state\":\"running\","
		   "\"slot\":3,\"priority\":0,\"tries\":2,\"elapsed\":0.");
	has(&line, ",\"command\":\"run\\\\n\\\"me\\\" \\\\xFF\"},{\"seq\":2,"
		   "\"state\":\"running\",\"slot\":4,\"priority\":0,"
		   "\"tries\":0,\"elapsed\":0.000,\"command\":\"soon\"},");
	has(&line, "{\"seq\":3,\"state\":\"queued\",\"priority\":-7,"
		   "\"tries\":0,\"command\":\"b\"},"
		   "{\"seq\":4,\"state\":\"held\",\"priority\":0,\"tries\":0,"
		   "\"id\":\"the \\\"id\\\"\",\"command\":\"c\"},"
		   "{\"seq\":5,\"state\":\"delayed\",\"priority\":0,"
		   "\"tries\":1,\"command\":\"d\"}]}\n");
	free_jobs();
	buf_release(&line);
	end();
}

static void adds(void)
{
	start();
	check_answer("add echo  'a b' ", "{\"ok\":true,\"seq\":100}\n");
	CHECK_STR(said, "add echo  'a b' ");
	end_job(added);
	check_answer("add a\\nb\\\\n\\\\\\\\", "{\"ok\":true,\"seq\":101}\n");
	CHECK_STR(said, "add a\nb\\n\\\\");
	end_job(added);
	check_answer("add  x", "{\"ok\":true,\"seq\":102}\n");
	CHECK_STR(said, "add  x");
	check_refused("add a\\tb", "add: a backslash must be followed by n or "
		      "by another one");
	check_refused("add a\\", "add: a backslash must be followed by n or "
		      "by another one");
	check_refused("add bad", "add: a bad \\\"one\\\"");
	end();
}

/* The job is freed before it could be looked at. */
static void adds_what_ends_at_once(void)
{
	start();
	ends_jobs_at_once = true;
	for (unsigned i = 0; i < 200; i++) {
		char want[64];

		snprintf(want, sizeof(want), "{\"ok\":true,\"seq\":%u}\n",
			 100 + i);
		check_answer("add true", want);
	}
	end();
}

/* Failed jobs. */

static struct job *failed_job(uint64_t seq, const char *value)
{
	char *values[] = { (char *)value, (char *)"second" };
	size_t lens[] = { strlen(value), 6 };
	struct job *job = job_new(seq, values, lens, 2);

	job->outcome.status = 1;
	return job;
}

static void retries_failed_ones(void)
{
	static char var[] = "A=1";
	static char *env[] = { var, NULL };
	struct job *job;

	start();
	job = failed_job(7, "first");
	job->priority = 5;
	job->tries_max = 3;
	job->timeout_ns = 9;
	job->weight = 2;
	job->cwd = "/dir";
	job->input = "file";
	job->tag = "tag";
	job->id = "id";
	job->env = env;
	job->is_argv = true;
	end_job(job);
	result_errno = ESRCH;
	check_answer("retry 7", "{\"ok\":true,\"seq\":100,\"failed\":7}\n");
	CHECK_STR(said, "add first");
	if (CHECK(added != NULL)) {
		CHECK_INT(added->nvalues, 2);
		CHECK_STR(added->values[1], "second");
		CHECK(added->values[2] == NULL);
		CHECK_INT(added->priority, 5);
		CHECK_INT(added->tries_max, 3);
		CHECK_INT(added->timeout_ns, 9);
		CHECK_INT(added->weight, 2);
		CHECK_STR(added->cwd, "/dir");
		CHECK_STR(added->input, "file");
		CHECK_STR(added->tag, "tag");
		CHECK_STR(added->id, NULL);
		CHECK_STR(added->env[0], "A=1");
		CHECK(added->env[1] == NULL);
		CHECK(added->is_argv);
		CHECK_INT(added->tries, 0);
		CHECK_INT(added->outcome.status, 0);
	}
	/* Once: now it is job 100. */
	check_answer("retry 7", "{\"ok\":false,\"error\":"
				"\"no job 7 runs, waits or has failed\"}\n");
	end();
}

static void check_is_remembered(enum job_end how, int exit_status, bool want)
{
	struct job *job = failed_job(1, "x");

	job->outcome.end = how;
	job->outcome.status = exit_status;
	end_job(job);
	check_answer("retry 1", want ? "{\"ok\":true,\"seq\":100,"
				       "\"failed\":1}\n"
				     : "{\"ok\":false,\"error\":\"no job 1 "
				       "runs, waits or has failed\"}\n");
	next_seq = 100;
	if (added)
		job_free(added);
	added = NULL;
}

static void remembers_failures_only(void)
{
	start();
	result_errno = ESRCH;
	check_is_remembered(JOB_EXITED, 0, false);
	check_is_remembered(JOB_EXITED, 1, true);
	check_is_remembered(JOB_SIGNALED, 0, true);
	check_is_remembered(JOB_TIMEOUT, 0, true);
	check_is_remembered(JOB_KILLED, 0, true);
	check_is_remembered(JOB_UNSTARTED, 0, true);
	check_is_remembered(JOB_LOST, 0, true);
	check_is_remembered(JOB_DROPPED, 0, true);
	check_is_remembered(JOB_SKIPPED, 0, true);
	check_is_remembered(JOB_REFUSED, 0, false);
	check_is_remembered(JOB_CANCELLED, 0, false);
	end();
}

static void remembers_the_latest(void)
{
	start();
	result_errno = ESRCH;
	for (uint64_t seq = 1; seq <= 10001; seq++)
		end_job(failed_job(seq, "x"));
	check_answer("retry 1", "{\"ok\":false,\"error\":"
				"\"no job 1 runs, waits or has failed\"}\n");
	ends_jobs_at_once = true;
	check_answer("retry 2", "{\"ok\":true,\"seq\":100,\"failed\":2}\n");
	check_answer("retry 10001",
		     "{\"ok\":true,\"seq\":101,\"failed\":10001}\n");
	end();
}

static void remembers_within_memory(void)
{
	size_t len = (size_t)1 << 20;
	char *value = xmalloc(len + 1);

	memset(value, 'x', len);
	value[len] = '\0';
	start();
	result_errno = ESRCH;
	for (uint64_t seq = 1; seq <= 20; seq++)
		end_job(failed_job(seq, value));
	free(value);
	check_answer("retry 5", "{\"ok\":false,\"error\":"
				"\"no job 5 runs, waits or has failed\"}\n");
	ends_jobs_at_once = true;
	check_answer("retry 6", "{\"ok\":true,\"seq\":100,\"failed\":6}\n");
	end();
}

/* Lines and connections. */

static void several_requests(void)
{
	static const char text[] = "pause\nresume\n\nkill 3\nstat";
	int fd;

	start();
	fd = dial();
	send_bytes(fd, text, strlen(text));
	check_answer_at(fd, OK);
	check_answer_at(fd, OK);
	check_answer_at(fd, "{\"ok\":false,\"error\":\"an empty request\"}\n");
	check_answer_at(fd, "{\"ok\":true,\"seq\":3}\n");
	/* The rest of a line that was begun. */
	send_bytes(fd, "us x\n", 5);
	check_answer_at(fd, "{\"ok\":false,\"error\":\"usage: status\"}\n");
	close(fd);
	end();
}

static void byte_by_byte(void)
{
	static const char text[] = "kill 12\n";
	int fd;

	start();
	fd = dial();
	for (size_t i = 0; i < strlen(text); i++)
		send_bytes(fd, text + i, 1);
	check_answer_at(fd, "{\"ok\":true,\"seq\":12}\n");
	close(fd);
	end();
}

/* Half a request is none: "kill 12" may have been meant to be 123. */
static void cut_off(void)
{
	int fd;

	start();
	fd = dial();
	send_bytes(fd, "pause\nkill 12", 13);
	shutdown(fd, SHUT_WR);
	check_answer_at(fd, OK);
	check_closed(fd);
	CHECK_STR(said, "pause 1");
	fd = dial();
	send_bytes(fd, "kill 12", 7);
	close(fd);
	check_answer("resume", OK);
	CHECK_STR(said, "pause 0");
	end();
}

static void nul_bytes(void)
{
	int fd;

	start();
	fd = dial();
	send_bytes(fd, "kill 1\0 2\npause\n", 16);
	check_answer_at(fd, "{\"ok\":false,\"error\":"
			    "\"a request cannot hold a NUL\"}\n");
	check_answer_at(fd, OK);
	CHECK_STR(said, "pause 1");
	close(fd);
	end();
}

static void longest_line(void)
{
	char *text = xmalloc(LINE_MAX_BYTES + 2);
	int fd;

	memset(text, 'x', LINE_MAX_BYTES + 2);
	memcpy(text, "add ", 4);
	text[LINE_MAX_BYTES] = '\n';
	start();
	fd = dial();
	send_bytes(fd, text, LINE_MAX_BYTES + 1);
	check_answer_at(fd, "{\"ok\":true,\"seq\":100}\n");
	text[LINE_MAX_BYTES] = 'x';
	text[LINE_MAX_BYTES + 1] = '\n';
	send_bytes(fd, text, LINE_MAX_BYTES + 2);
	check_answer_at(fd, "{\"ok\":false,\"error\":"
			    "\"a request has more than 1048576 bytes\"}\n");
	check_closed(fd);
	/* Without any newline at all. */
	fd = dial();
	text[LINE_MAX_BYTES + 1] = 'x';
	send_bytes(fd, text, LINE_MAX_BYTES + 2);
	check_answer_at(fd, "{\"ok\":false,\"error\":"
			    "\"a request has more than 1048576 bytes\"}\n");
	check_closed(fd);
	free(text);
	check_answer("pause", OK);
	end();
}

static void junk(void)
{
	uint32_t state = 7;
	char bytes[4096];

	start();
	for (int round = 0; round < 50; round++) {
		int fd = dial();

		for (size_t i = 0; i < sizeof(bytes); i++) {
			state = state * 1664525 + 1013904223;
			bytes[i] = (char)(state >> 24);
		}
		send_bytes(fd, bytes, sizeof(bytes));
		close(fd);
	}
	check_answer("pause", OK);
	end();
}

static void many_clients(void)
{
	int fds[CLIENTS];
	int extra;

	start();
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = dial();
		send_bytes(fds[i], "pause\n", 6);
	}
	for (int i = 0; i < CLIENTS; i++)
		check_answer_at(fds[i], OK);
	extra = dial();
	check_answer_at(extra, "{\"ok\":false,\"error\":"
			       "\"too many connections\"}\n");
	check_closed(extra);
	/* The others are still served; one that goes makes room. */
	for (int i = CLIENTS - 1; i > 0; i--)
		send_bytes(fds[i], "kill 1\n", 7);
	for (int i = 1; i < CLIENTS; i++)
		check_answer_at(fds[i], "{\"ok\":true,\"seq\":1}\n");
	shutdown(fds[5], SHUT_WR);
	check_closed(fds[5]);
	fds[5] = dial();
	send_bytes(fds[5], "resume\n", 7);
	check_answer_at(fds[5], OK);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	end();
}

/* An answer of some megabytes, more than a socket holds. */
static void put_large_job(void)
{
	size_t len = (size_t)4 << 20;
	char *value = xmalloc(len + 1);

	memset(value, 'x', len);
	value[len] = '\0';
	put(value, JOB_QUEUED);
	free(value);
}

static void slow_reader(void)
{
	struct buf line = BUF_INIT;
	int fd;

	start();
	put_large_job();
	fd = dial();
	send_bytes(fd, "jobs\npause\n", 11);
	/* Nobody else has to wait for it. */
	check_answer("resume", OK);
	read_line(fd, &line);
	CHECK(line.len > (size_t)4 << 20);
	has(&line, "xxx\"}]}\n");
	check_answer_at(fd, OK);
	CHECK_STR(said, "pause 1");
	close(fd);
	buf_release(&line);
	free_jobs();
	end();
}

static void never_reads(void)
{
	struct buf line = BUF_INIT;
	int fd;

	start_with(&(struct steer_config){ .patience_ns = NS_PER_SEC / 20 });
	put_large_job();
	fd = dial();
	send_bytes(fd, "jobs\npause\n", 11);
	/* It is dropped: what it asked next is never done. */
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		usleep(5000);
	CHECK(errno == EPIPE || errno == ECONNRESET);
	CHECK_STR(said, "");
	check_answer("resume", OK);
	close(fd);
	buf_release(&line);
	free_jobs();
	end();
}

/* The end. */

static void stops_with_clients(void)
{
	int idle, busy;

	start();
	put_large_job();
	idle = dial();
	busy = dial();
	send_bytes(busy, "jobs\n", 5);
	check_answer("pause", OK);
	steer_stop(steer);
	check_closed(idle);
	close(busy);
	CHECK_INT(usock_connect(path), -1);
	CHECK_INT(errno, ENOENT);
	/* Sinks may still hear of jobs. */
	end_job(failed_job(1, "x"));
	free_jobs();
	end();
}

static void bad_path(void)
{
	struct steer_config config = {
		.path = "/no/such/dir/socket",
		.ops = &fake_ops,
	};
	struct buf err = BUF_INIT;

	CHECK(steer_new(&config, &err) == NULL);
	CHECK_STR(err.data, "--control: cannot make '/no/such/dir/socket': "
			    "No such file or directory");
	buf_release(&err);
}

static void who_may(void)
{
	CHECK(steer_may(1000, 1000));
	CHECK(steer_may(1000, 0));
	CHECK(steer_may(0, 0));
	CHECK(!steer_may(1000, 1001));
	CHECK(!steer_may(0, 1000));
}

/* Requests while jobs start and end, for the thread sanitizer. */

static atomic_bool stop_noise;

static void *make_noise(void *arg)
{
	struct sink *sink = steer_sink(steer);

	(void)arg;
	for (uint64_t seq = 1; !atomic_load(&stop_noise); seq++) {
		struct job *job = failed_job(seq, "noise");

		job->slot = (unsigned)(seq % 100);
		sink->ops->start(sink, job);
		end_job(job);
	}
	return NULL;
}

static void requests_among_events(void)
{
	struct thread noise[2];

	start();
	ends_jobs_at_once = true;
	result_errno = ESRCH;
	put("x", JOB_RUNNING)->slot = 7;
	for (int i = 0; i < 2; i++)
		CHECK_INT(thread_start(&noise[i], 0, make_noise, NULL), 0);
	for (int i = 0; i < 100; i++) {
		struct buf line = BUF_INIT;

		ask("jobs\n", &line);
		has(&line, "\"seq\":1,");
		ask("retry 1\n", &line);
		ask("add true\n", &line);
		has(&line, "{\"ok\":true,\"seq\":");
		buf_release(&line);
	}
	atomic_store(&stop_noise, true);
	for (int i = 0; i < 2; i++)
		thread_join(&noise[i]);
	free_jobs();
	end();
}

static const struct tap_case cases[] = {
	{ "requests reach the run", simple_requests },
	{ "wrong requests are refused and change nothing", wrong_requests },
	{ "wrong numbers are refused and change nothing", wrong_numbers },
	{ "what the run refuses is said", refused_by_the_run },
	{ "status has the counts", status },
	{ "jobs has them all, in visible text", lists_jobs },
	{ "add hands the command over as it was", adds },
	{ "add leaves a job alone that may be over already",
	  adds_what_ends_at_once },
	{ "retry runs a failed job anew, once", retries_failed_ones },
	{ "only what failed can be tried anew", remembers_failures_only },
	{ "the latest 10000 failed jobs are remembered",
	  remembers_the_latest },
	{ "failed jobs are remembered within bounds of memory",
	  remembers_within_memory },
	{ "several requests on one connection", several_requests },
	{ "a request that comes byte by byte", byte_by_byte },
	{ "a request without its newline is none", cut_off },
	{ "NUL is refused", nul_bytes },
	{ "a request of 1 MiB is taken, a longer one refused",
	  longest_line },
	{ "junk does no harm", junk },
	{ "64 clients are served, one more is turned away", many_clients },
	{ "a slow reader gets all, and keeps nobody waiting", slow_reader },
	{ "a client that never reads is dropped", never_reads },
	{ "the end closes all connections", stops_with_clients },
	{ "a bad path is an error", bad_path },
	{ "the owner and root may steer", who_may },
	{ "requests among jobs that start and end", requests_among_events },
};
TAP_MAIN(cases)
