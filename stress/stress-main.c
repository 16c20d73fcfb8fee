/* SPDX-License-Identifier: BSD-2-Clause */
/* stress-main.c - the command line of `wirestorm stress`. */
#include "stress/stress-main.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/native.h"
#include "harness/strbuf.h"
#include "stress/report.h"
#include "stress/runner.h"

#define SECONDS_DEFAULT 10
#define SECONDS_MAX 604800
#define ROUND_OPS_MAX 1000000000

static const char usage[] =
    "usage: wirestorm stress [options]\n"
    "\n"
    "Real threads do random operations on one map, as fast as they can. In rounds: when all threads have ended their "
    "round,\n"
    "the map is checked, and the next one begins with an empty map. Which thread runs when is up to the machine; in a "
    "build\n"
    "with ThreadSanitizer (-Db_sanitize=thread) data races are found too.\n"
    "\n"
    "  --threads N      threads, 1 to 64 (4)\n"
    "  --seconds S      how long, in seconds (10, unless --ops is given)\n"
    "  --ops N          operations per thread instead; with both, what ends first\n"
    "  --round-ops N    operations per thread and round (5000)\n"
    "  --seed N         what the operations are drawn from (drawn from the clock, and printed)\n"
    "  --profile P      strict, or freebsd12: with the recorded kernel's quirks (strict)\n"
    "  --pages N        size of the map in pages, 8 to 65536 (64); the smaller, the more collisions\n"
    "  --mix OP=N,...   how often an operation is drawn, relative; 0: never. Names as in `wirestorm help ops`\n"
    "  --chaos PERCENT  before so many locks and after so many unlocks the thread yields (5)\n"
    "  --hang-s S       no operation finished for so long is a hang (20)\n"
    "  --mutant NAME    put a bug of engine/mutants.def back; in a build with -Dmutants=true\n"
    "  --json           print one JSON object instead of the table\n"
    "  --help           print this\n"
    "\n"
    "Checked after each round: the map's invariants, nothing in transition, not busy, no system wiring left or lost, "
    "and in\n"
    "the strict profile the user-wire counter. Ctrl-C ends a run early, with summary and checks.\n"
    "\n"
    "Exit status: 0 nothing found, 1 an invariant is broken, 2 wrong usage, 3 hung (what each thread does is "
    "printed).\n"
    "\n"
    "Examples:\n"
    "  wirestorm stress --seconds 60\n"
    "  wirestorm stress --threads 2 --pages 8 --mix wire=40,unwire=40,remove=20 --chaos 30\n";

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
	OPT_MUTANT,
	OPT_JSON,
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
	{ "mutant", required_argument, NULL, OPT_MUTANT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

struct options {
	struct stress_config config;
	const char *mix, *mutant; /* as given; NULL: not */
	bool json;
};

/* Kept for a panic, which has no other way to know. */
static char *repeat_command;

/* False, with a message: not a number in [low, high]. */
static bool
number(const char *option, const char *text, long long low, long long high, long long *ret)
{
	const char *error;

	*ret = strtonum(text, low, high, &error);
	if (error == NULL)
		return true;
	fprintf(stderr, "wirestorm stress: --%s: expected a number from %lld to %lld, found \"%s\"\n", option, low,
	    high, text);
	return false;
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
	    "wirestorm stress: --mix: expected operations as in wire=20,remove=0, not all 0, found \"%s\"\n", bad);
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
	struct stress_config *c = &o->config;
	long long n = 0;
	bool good = true;

	switch (code) {
	case OPT_THREADS:
		good = number("threads", text, 1, STRESS_THREADS_MAX, &n);
		c->threads = (unsigned)n;
		break;
	case OPT_SECONDS:
		good = number("seconds", text, 1, SECONDS_MAX, &n);
		c->seconds = (unsigned)n;
		break;
	case OPT_OPS:
		good = number("ops", text, 1, INT64_MAX, &n);
		c->ops = (uint64_t)n;
		break;
	case OPT_ROUND_OPS:
		good = number("round-ops", text, 1, ROUND_OPS_MAX, &n);
		c->round_ops = (uint64_t)n;
		break;
	case OPT_SEED:
		good = number("seed", text, 0, INT64_MAX, &n);
		c->seed = (uint64_t)n;
		break;
	case OPT_PAGES:
		good = number("pages", text, WORKLOAD_PAGES_MIN, WORKLOAD_PAGES_MAX, &n);
		c->pages = (uint64_t)n;
		break;
	case OPT_CHAOS:
		good = number("chaos", text, 0, 100, &n);
		c->chaos = (unsigned)n;
		break;
	case OPT_HANG_S:
		good = number("hang-s", text, 1, SECONDS_MAX, &n);
		c->hang_s = (unsigned)n;
		break;
	case OPT_PROFILE:
		return take_profile(o, text);
	case OPT_MIX:
		return take_mix(o, text);
	case OPT_MUTANT:
		return take_mutant(o, text);
	case OPT_JSON:
		o->json = true;
		break;
	default: /* getopt_long has said what it is */
		fprintf(stderr, "wirestorm stress: see wirestorm stress --help\n");
		return false;
	}
	return good;
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
	if (c->round_ops != usual.round_ops)
		strbuf_printf(&b, " --round-ops %ju", (uintmax_t)c->round_ops);
	strbuf_printf(&b, " --seed %ju --profile %s --pages %ju --chaos %u", (uintmax_t)c->seed,
	    c->freebsd12 ? "freebsd12" : "strict", (uintmax_t)c->pages, c->chaos);
	if (o->mix != NULL)
		strbuf_printf(&b, " --mix %s", o->mix);
	if (o->mutant != NULL)
		strbuf_printf(&b, " --mutant %s", o->mutant);
	if (c->hang_s != usual.hang_s)
		strbuf_printf(&b, " --hang-s %u", c->hang_s);
	return strbuf_take(&b);
}

static void
on_panic(struct vm_thread *td, const char *what, const char *file, int line)
{
	(void)td;
	(void)what;
	(void)file;
	(void)line;
	fprintf(stderr, "repeat with: %s\n", repeat_command);
}

static int
run(const struct options *o)
{
	struct stress_result result;
	enum stress_end end;

	repeat_command = make_repeat(o);
	vm_native_set_panic_hook(on_panic);
	end = stress_run(&o->config, &result);
	vm_native_set_panic_hook(NULL);
	if (!o->json) {
		stress_report_text(&o->config, &result, repeat_command);
	} else if (!stress_report_json(&o->config, &result, repeat_command)) {
		fprintf(stderr, "wirestorm stress: --json: cannot write to standard output\n");
		end = end == STRESS_OK ? STRESS_USAGE : end;
	}
	if (end != STRESS_HANG) { /* else a thread may still panic */
		free(repeat_command);
		repeat_command = NULL;
	}
	return (int)end;
}

int
stress_main(int argc, char **argv)
{
	struct options o = { 0 };
	bool seeded = false;
	int code;

	stress_config_default(&o.config);
	o.config.live = isatty(STDERR_FILENO) == 1;
	optind = 0; /* start over, whoever scanned before */
	while ((code = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (code == OPT_HELP) {
			fputs(usage, stdout);
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
	if (!seeded)
		o.config.seed = seed_from_clock();
	if (o.config.seconds == 0 && o.config.ops == 0)
		o.config.seconds = SECONDS_DEFAULT;
	return run(&o);
}
