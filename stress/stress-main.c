/* SPDX-License-Identifier: BSD-2-Clause */
/* stress-main.c - the command line of `wirestorm stress`. */
#include "stress/stress-main.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/strbuf.h"
#include "stress/report.h"
#include "stress/runner.h"

#define SECONDS_DEFAULT 10
#define SECONDS_MAX 604800
#define ROUND_OPS_MAX 1000000000

static const char usage_head[] =
    "usage: wirestorm stress [options]\n"
    "\n"
    "Real threads do random operations on one map, as fast as they can. Which thread runs when is up to the machine; "
    "in\n"
    "a build with ThreadSanitizer (-Db_sanitize=thread) data races are found too.\n"
    "\n"
    "  --threads N      threads, 1 to 64 (4)\n"
    "  --seconds S      how long, in seconds (10, unless --ops is given)\n"
    "  --ops N          operations per thread instead; with both, what ends first\n"
    "  --seed N         what the operations are drawn from (drawn from the clock, and printed); it fixes what each\n"
    "                   thread does, not when\n"
    "  --mix MIX        what is drawn: a name from below, OP=N,... (how often, relative; 0: never; the others as in\n"
    "                   the default), or both: pageout,remove=0. Names of operations: wirestorm help ops\n"
    "  --profile P      strict, or freebsd12: with the recorded kernel's quirks (strict)\n"
    "  --pages N        size of the map in pages, 8 to 65536 (64); the smaller, the more collisions\n"
    "  --overlap PCT    so many operations may be anywhere; the others keep to their thread's own part of the map "
    "(100)\n"
    "  --frames N       page frames; 0: as the mix has it, most have ample (0)\n"
    "  --chaos PERCENT  before so many locks and after so many wakeups the thread yields (5)\n"
    "  --round-ops N    operations per thread and round (24; a quarter of --pages in maps above 256 pages)\n"
    "  --check-ms N     between the ends of rounds, stop all threads and check so often; 0: never (100)\n"
    "  --hang-s S       no operation finished for so long is a hang (20); a deadlock is seen at once\n"
    "  --window FILE    where a failure's last operations are written (stress-window.vmt); \"\": nowhere\n"
    "  --mutant NAME    put a bug of engine/mutants.def back; in a build with -Dmutants=true\n"
    "  --json           print one JSON object instead of the table\n"
    "  --quiet          say nothing while it runs\n"
    "  --help           print this\n"
    "\n"
    "Mixes, the first is the default:\n"
    "\n";
static const char usage_tail[] =
    "\n"
    "Checked at the end of each round and at each stop: the map's invariants (docs/invariants.md), a book of system\n"
    "wirings kept from operations and results alone, that what is wired is in a frame; and each page read against "
    "what\n"
    "was written to it. Ctrl-C ends a run early, with summary and checks. While it runs it says each second how it is\n"
    "going: on a terminal in one line, elsewhere as JSON lines on standard error.\n"
    "\n"
    "A failure's window, the operations since the last good map, is a program: wirestorm reproduce FILE searches a\n"
    "schedule that fails in the same way, which replays exactly. That of a data race is for the same build.\n"
    "\n"
    "Exit status: 0 nothing found, 1 something is broken, 2 wrong usage, 3 hung (who waits for whom is printed),\n"
    "66 a data race (ThreadSanitizer's own; with TSAN_OPTIONS=halt_on_error=1 it has no window).\n"
    "\n"
    "Examples:\n"
    "  wirestorm stress --seconds 60\n"
    "  wirestorm stress --mix mlockall --threads 8 --seed 7\n"
    "  wirestorm stress --threads 2 --pages 8 --mix wire=40,unwire=40,remove=20 --chaos 30\n";

#define WINDOW_DEFAULT "stress-window.vmt"

enum option_code {
	OPT_THREADS = 256,
	OPT_SECONDS,
	OPT_OPS,
	OPT_ROUND_OPS,
	OPT_SEED,
	OPT_PROFILE,
	OPT_PAGES,
	OPT_MIX,
	OPT_CHAOS,
	OPT_HANG_S,
	OPT_OVERLAP,
	OPT_FRAMES,
	OPT_CHECK_MS,
	OPT_WINDOW,
	OPT_MUTANT,
	OPT_JSON,
	OPT_QUIET,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "ops", required_argument, NULL, OPT_OPS },
	{ "round-ops", required_argument, NULL, OPT_ROUND_OPS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "pages", required_argument, NULL, OPT_PAGES },
	{ "mix", required_argument, NULL, OPT_MIX },
	{ "chaos", required_argument, NULL, OPT_CHAOS },
	{ "hang-s", required_argument, NULL, OPT_HANG_S },
	{ "overlap", required_argument, NULL, OPT_OVERLAP },
	{ "frames", required_argument, NULL, OPT_FRAMES },
	{ "check-ms", required_argument, NULL, OPT_CHECK_MS },
	{ "window", required_argument, NULL, OPT_WINDOW },
	{ "mutant", required_argument, NULL, OPT_MUTANT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

struct options {
	struct stress_config config;
	const char *mix, *mutant; /* as given; NULL: not */
	bool json;
};

/* The options that are a number: where it goes in struct stress_config. */
static const struct number_option {
	int code;
	const char *name;
	long long low, high;
	size_t offset, size;
} number_options[] = {
#define NUMBER(code, name, low, high, field)                                                                           \
	{                                                                                                              \
		(code), (name), (low), (high), offsetof(struct stress_config, field),                                  \
		    sizeof(((struct stress_config *)NULL)->field)                                                      \
	}
	NUMBER(OPT_THREADS, "threads", 1, STRESS_THREADS_MAX, threads),
	NUMBER(OPT_SECONDS, "seconds", 1, SECONDS_MAX, seconds),
	NUMBER(OPT_OPS, "ops", 1, INT64_MAX, ops),
	NUMBER(OPT_ROUND_OPS, "round-ops", 1, ROUND_OPS_MAX, round_ops),
	NUMBER(OPT_SEED, "seed", 0, INT64_MAX, seed),
	NUMBER(OPT_PAGES, "pages", WORKLOAD_PAGES_MIN, WORKLOAD_PAGES_MAX, pages),
	NUMBER(OPT_FRAMES, "frames", 0, WORKLOAD_PAGES_MAX, frames),
	NUMBER(OPT_OVERLAP, "overlap", 0, 100, overlap),
	NUMBER(OPT_CHAOS, "chaos", 0, 100, chaos),
	NUMBER(OPT_CHECK_MS, "check-ms", 0, SECONDS_MAX, check_ms),
	NUMBER(OPT_HANG_S, "hang-s", 1, SECONDS_MAX, hang_s),
#undef NUMBER
};

/* False, with a message: not a number in its range. */
static bool
take_number(struct stress_config *c, const struct number_option *n, const char *text)
{
	const char *error;
	long long value = strtonum(text, n->low, n->high, &error);
	unsigned narrow = (unsigned)value;
	uint64_t wide = (uint64_t)value;

	if (error != NULL) {
		fprintf(stderr, "wirestorm stress: --%s: expected a number from %lld to %lld, found \"%s\"\n", n->name,
		    n->low, n->high, text);
		return false;
	}
	memcpy((char *)c + n->offset, n->size == sizeof(wide) ? (const void *)&wide : (const void *)&narrow, n->size);
	return true;
}

static bool
take_profile(struct options *o, const char *text)
{
	o->config.freebsd12 = strcmp(text, "freebsd12") == 0;
	if (o->config.freebsd12 || strcmp(text, "strict") == 0)
		return true;
	fprintf(stderr, "wirestorm stress: --profile: expected strict or freebsd12, found \"%s\"\n", text);
	return false;
}

static bool
take_mix(struct options *o, const char *text)
{
	char bad[64];

	o->mix = text;
	if (workload_mix_parse(&o->config.mix, text, bad, sizeof(bad)))
		return true;
	fprintf(stderr,
	    "wirestorm stress: --mix: expected a mix of --help, operations as in wire=20,remove=0, not all 0, or both, "
	    "found \"%s\"\n",
	    bad);
	return false;
}

static bool
take_mutant(struct options *o, const char *text)
{
	if (!VM_HAS_MUTANTS) {
		fprintf(stderr, "wirestorm stress: --mutant: only in a build with -Dmutants=true\n");
		return false;
	}
	o->mutant = text;
	o->config.mutant = vm_mutant_by_name(text);
	if (o->config.mutant != VM_MUTANT_none)
		return true;
	fprintf(stderr, "wirestorm stress: --mutant: expected a name of engine/mutants.def, found \"%s\"\n", text);
	return false;
}

/* One option. False, with a message: its argument is wrong. */
static bool
take(struct options *o, int code, const char *text)
{
	for (size_t i = 0; i < sizeof(number_options) / sizeof(number_options[0]); i++)
		if (number_options[i].code == code)
			return take_number(&o->config, &number_options[i], text);
	switch (code) {
	case OPT_PROFILE:
		return take_profile(o, text);
	case OPT_MIX:
		return take_mix(o, text);
	case OPT_MUTANT:
		return take_mutant(o, text);
	case OPT_WINDOW:
		o->config.window = *text != '\0' ? text : NULL;
		return true;
	case OPT_JSON:
		o->json = true;
		return true;
	case OPT_QUIET:
		o->config.live = false;
		return true;
	default: /* getopt_long has said what it is */
		fprintf(stderr, "wirestorm stress: see wirestorm stress --help\n");
		return false;
	}
}

static uint64_t
seed_from_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec * 1000000007u + (uint64_t)t.tv_nsec + (uint64_t)getpid()) % 1000000000;
}

static char *
make_repeat(const struct options *o)
{
	const struct stress_config *c = &o->config;
	struct stress_config usual;
	struct strbuf b = { 0 };

	stress_config_default(&usual);
	strbuf_printf(&b, "wirestorm stress --threads %u", c->threads);
	if (c->seconds != 0)
		strbuf_printf(&b, " --seconds %u", c->seconds);
	if (c->ops != 0)
		strbuf_printf(&b, " --ops %ju", (uintmax_t)c->ops);
	strbuf_printf(&b, " --seed %ju --profile %s --pages %ju --chaos %u", (uintmax_t)c->seed,
	    c->freebsd12 ? "freebsd12" : "strict", (uintmax_t)c->pages, c->chaos);
	if (c->round_ops != usual.round_ops)
		strbuf_printf(&b, " --round-ops %ju", (uintmax_t)c->round_ops);
	if (c->overlap != usual.overlap)
		strbuf_printf(&b, " --overlap %u", c->overlap);
	if (c->frames != usual.frames)
		strbuf_printf(&b, " --frames %ju", (uintmax_t)c->frames);
	if (c->check_ms != usual.check_ms)
		strbuf_printf(&b, " --check-ms %u", c->check_ms);
	if (o->mix != NULL)
		strbuf_printf(&b, " --mix %s", o->mix);
	if (o->mutant != NULL)
		strbuf_printf(&b, " --mutant %s", o->mutant);
	if (c->hang_s != usual.hang_s)
		strbuf_printf(&b, " --hang-s %u", c->hang_s);
	return strbuf_take(&b);
}

static void
print_usage(void)
{
	struct strbuf mixes = { 0 };

	workload_mixes_print(&mixes);
	fputs(usage_head, stdout);
	fputs(strbuf_text(&mixes), stdout);
	fputs(usage_tail, stdout);
	strbuf_free(&mixes);
}

static int
run(struct options *o)
{
	char *repeat = make_repeat(o);
	struct stress_result result;
	enum stress_end end;

	o->config.repeat = repeat;
	end = stress_run(&o->config, &result);
	if (!o->json) {
		stress_report_text(&o->config, &result, repeat);
	} else if (!stress_report_json(&o->config, &result, repeat)) {
		fprintf(stderr, "wirestorm stress: --json: cannot write to standard output\n");
		end = end == STRESS_OK ? STRESS_USAGE : end;
	}
	if (end == STRESS_OK) /* else a thread may still panic, and tell of it */
		free(repeat);
	return (int)end;
}

/* Can a window be written there? Asked before the first operation, not after a night of them. */
static bool
window_fits(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	if (path == NULL)
		return true;
	(void)snprintf(
	    folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) : 1, slash != NULL ? path : ".");
	if (access(slash == path ? "/" : folder, W_OK | X_OK) == 0)
		return true;
	fprintf(stderr, "wirestorm stress: --window %s: %s\n", path, strerror(errno));
	return false;
}

int
stress_main(int argc, char **argv)
{
	struct options o = { 0 };
	bool seeded = false;
	int code;

	stress_config_default(&o.config);
	o.config.live = true;
	o.config.live_json = isatty(STDERR_FILENO) != 1;
	o.config.window = WINDOW_DEFAULT;
	optind = 0; /* start over, whoever scanned before */
	while ((code = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (code == OPT_HELP) {
			print_usage();
			return STRESS_OK;
		}
		seeded |= code == OPT_SEED;
		if (!take(&o, code, optarg))
			return STRESS_USAGE;
	}
	if (optind < argc) {
		fprintf(stderr, "wirestorm stress: expected options only, found \"%s\"\n", argv[optind]);
		return STRESS_USAGE;
	}
	if (!window_fits(o.config.window))
		return STRESS_USAGE;
	if (!seeded)
		o.config.seed = seed_from_clock();
	if (o.config.seconds == 0 && o.config.ops == 0)
		o.config.seconds = SECONDS_DEFAULT;
	return run(&o);
}
