/* SPDX-License-Identifier: BSD-2-Clause */
/* stress-main.c - the command line of `wirestorm stress`. */
#include "stress/stress-main.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "harness/program/program.h"
#include "stress/report.h"
#include "stress/runner.h"

#define SECONDS_DEFAULT 10
#define SECONDS_MAX 604800
#define ROUND_OPS_MAX 1000000000
#define WINDOW_DEFAULT "stress-window.vmt"

static const char help_head[] =
    "usage: wirestorm stress [OPTION...]\n\n"
    "Real threads do random operations on one map, as fast as they can. The machine decides which thread runs when.\n"
    "A build with ThreadSanitizer (-Db_sanitize=thread) also finds data races.\n\n";

static const char help_tail[] =
    "\n"
    "At the end of each round and at each stop, the run checks the map's invariants (docs/invariants.md), a book of\n"
    "system wirings made from operations and results alone, and that wired pages are in frames. It compares each page\n"
    "that it reads with what was written to it. Ctrl-C ends a run early, with summary and checks. Each second, the "
    "run\n"
    "prints its progress: on a terminal in one line, elsewhere as JSON lines on standard error.\n"
    "\n"
    "The window of a failure, the operations since the last good map, is a program. wirestorm reproduce FILE searches "
    "a\n"
    "schedule that fails in the same way and replays exactly. The window of a data race needs the same build.\n"
    "\n"
    "Exit status: 0 nothing found, 1 something is broken, 2 wrong usage, 3 hung (prints which thread waits for "
    "which),\n"
    "66 a data race (ThreadSanitizer's own status; with TSAN_OPTIONS=halt_on_error=1 there is no window).\n"
    "\n"
    "Examples:\n"
    "  wirestorm stress --seconds 60\n"
    "  wirestorm stress --mix mlockall --threads 8 --seed 7\n"
    "  wirestorm stress --threads 2 --pages 8 --mix wire=40,unwire=40,remove=20 --chaos 30\n"
    "\n"
    "Mixes, the first is the default:\n";

struct stress_command {
	struct cli_target target;
	struct stress_config config;
	const char *mix, *mutant;        /* as given; NULL: not given */
	bool seeded, json, quiet, split; /* split: only the window goes to standard output */
};

static void
stress_set_seed(void *command, const char *text)
{
	struct stress_command *c = command;

	c->config.seed = option_seed("seed", text);
	c->seeded = true;
}

static void
stress_set_profile(void *command, const char *text)
{
	struct stress_command *c = command;

	struct nearest n;

	nearest_begin(&n, text, strlen(text));
	profile_offer(&n);
	if (!profile_find(text, strlen(text), &c->config.profile))
		errx(EXIT_USAGE, "--profile %s: expected %s%s", text, profile_names(), nearest_hint(&n));
	if (profile_set_of(c->config.profile.base) != NULL)
		errx(EXIT_USAGE, "--profile %s: expected a profile of the engine, which the real threads run", text);
}

static void
stress_set_mix(void *command, const char *text)
{
	struct stress_command *c = command;
	char bad[64];
	struct nearest n;

	c->mix = text;
	if (workload_mix_parse(&c->config.mix, text, bad, sizeof(bad)))
		return;
	nearest_begin(&n, bad, strcspn(bad, "=,"));
	workload_mixes_offer(&n);
	vmt_offer_ops(&n);
	errx(EXIT_USAGE,
	    "--mix: expected a mix that --help lists, weights as in wire=20,remove=0 (not all 0), or both, found "
	    "\"%s\"%s",
	    bad, nearest_hint(&n));
}

static void
stress_set_mutant(void *command, const char *text)
{
	struct stress_command *c = command;
	struct nearest n;

	if (!VM_HAS_MUTANTS)
		errx(EXIT_USAGE, "--mutant: only in a build with -Dmutants=true");
	c->mutant = text;
	c->config.mutant = vm_mutant_by_name(text);
	nearest_begin(&n, text, strlen(text));
	vmt_offer_mutants(&n);
	if (c->config.mutant == VM_MUTANT_none)
		errx(EXIT_USAGE, "--mutant %s: unknown mutant; wirestorm help mutants lists them%s", text,
		    nearest_hint(&n));
}

#define TO(type, field) OPTION_TO(struct stress_command, type, field)
static const struct option_row rows[] = {
	OPTION_NUMBER(
	    "--threads N", TO(unsigned, config.threads), 1, STRESS_THREADS_MAX, "threads, 1 to 64 (default 4)"),
	OPTION_NUMBER("--seconds S", TO(unsigned, config.seconds), 1, SECONDS_MAX,
	    "run time in seconds (default 10, unless --ops is given)"),
	OPTION_COUNT("--ops N", TO(uint64_t, config.ops), 1, INT64_MAX,
	    "operations per thread instead; with both, the run ends at the first limit"),
	OPTION_CALL("--seed N", stress_set_seed,
	    "seed of the operations (default: from the clock, and printed); it fixes what each thread does, not when"),
	OPTION_CALL("--mix MIX", stress_set_mix,
	    "which operations to draw: a name from below, OP=N,... (relative weight; 0: never; other operations as in "
	    "the "
	    "default), or both: pageout,remove=0. Names of operations: wirestorm help ops"),
	OPTION_CALL("--profile P", stress_set_profile,
	    "strict, or freebsd12: with the recorded kernel's quirks (default strict)"),
	OPTION_COUNT("--pages N", TO(uint64_t, config.pages), WORKLOAD_PAGES_MIN, WORKLOAD_PAGES_MAX,
	    "size of the map in pages, 8 to 65536 (default 64); the smaller, the more collisions"),
	OPTION_NUMBER("--overlap PCT", TO(unsigned, config.overlap), 0, 100,
	    "percentage of operations that may be anywhere; the others stay in their thread's own part of the map "
	    "(default 100)"),
	OPTION_COUNT("--frames N", TO(uint64_t, config.frames), 0, WORKLOAD_PAGES_MAX,
	    "page frames; 0: the number of the mix, in most mixes more than enough (default 0)"),
	OPTION_NUMBER("--chaos PCT", TO(unsigned, config.chaos), 0, 100,
	    "percentage of locks before which, and of wakeups after which, the thread yields (default 5)"),
	OPTION_COUNT("--round-ops N", TO(uint64_t, config.round_ops), 1, ROUND_OPS_MAX,
	    "operations per thread and round (default 24; a quarter of --pages in maps above 256 pages)"),
	OPTION_NUMBER("--check-ms N", TO(unsigned, config.check_ms), 0, SECONDS_MAX,
	    "within a round, stop all threads and check every N milliseconds; 0: never (default 100)"),
	OPTION_NUMBER("--hang-s S", TO(unsigned, config.hang_s), 1, SECONDS_MAX,
	    "seconds without a finished operation that count as a hang (default 20); a deadlock is found at once"),
	OPTION_TEXT("--window FILE", TO(const char *, config.window),
	    "file for a failure's last operations (default stress-window.vmt); if it exists, FILE-2.vmt and so on; "
	    "\"-\": standard output, with the report on standard error; \"\": no file"),
	OPTION_CALL(
	    "--mutant NAME", stress_set_mutant, "put a bug of engine/mutants.def back; in a build with -Dmutants=true"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_JSON(TO(bool, json)),
	OPTION_FLAG("--quiet", TO(bool, quiet), "print no progress"),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, workload_mixes_print, OPERANDS_NONE, "" };

static uint64_t
stress_seed_from_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec * 1000000007u + (uint64_t)t.tv_nsec + (uint64_t)getpid()) % 1000000000;
}

static char *
stress_make_repeat(const struct stress_command *o)
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
	    vm_profile_table[c->profile.base].name, (uintmax_t)c->pages, c->chaos);
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
	if (o->target.target != target_at(0))
		strbuf_printf(&b, " --target %s", o->target.target->name);
	if (o->mutant != NULL)
		strbuf_printf(&b, " --mutant %s", o->mutant);
	if (c->hang_s != usual.hang_s)
		strbuf_printf(&b, " --hang-s %u", c->hang_s);
	return strbuf_take(&b);
}

static int
stress_command_run(struct stress_command *o)
{
	char *repeat = stress_make_repeat(o);
	struct stress_result result;
	enum stress_end end;

	o->config.repeat = repeat;
	end = stress_run(&o->config, &result);
	if (o->split && result.window[0] != '\0')
		(void)strlcpy(result.window, "standard output", sizeof(result.window));
	if (!o->json) {
		stress_report_text(&o->config, &result, repeat);
	} else if (!stress_report_json(&o->config, &result, repeat)) {
		warnx("--json: cannot write to standard output");
		end = end == STRESS_OK ? STRESS_USAGE : end;
	}
	if (end == STRESS_OK) /* else a thread may still panic and use it */
		free(repeat);
	return (int)end;
}

int
stress_main(int argc, char **argv)
{
	struct stress_command c = { .target = { .target = target_at(0) } };
	int rv;

	stress_config_default(&c.config);
	c.config.window = WINDOW_DEFAULT;
	rv = options_parse(argc, argv, &usage, &c);
	if (rv < 0)
		rv = cli_engine_only(&c.target, "real threads run");
	if (rv >= 0)
		return rv;
	c.config.live = !c.quiet;
	c.config.live_json = !progress_escapes(STDERR_FILENO);
	if (c.config.window[0] == '\0')
		c.config.window = NULL;
	if (c.json && c.config.window != NULL && file_is_stdout(c.config.window)) {
		warnx("--json excludes --window -: standard output takes one of the two");
		return cli_usage();
	}
	/* Check it before the first operation, not after hours of work. */
	if (c.config.window != NULL && !cli_can_write(c.config.window))
		return EXIT_USAGE;
	c.split = c.config.window != NULL && file_is_stdout(c.config.window);
	if (c.split)
		c.config.window = cli_split_stdout();
	if (!c.seeded)
		c.config.seed = stress_seed_from_clock();
	if (c.config.seconds == 0 && c.config.ops == 0)
		c.config.seconds = SECONDS_DEFAULT;
	return stress_command_run(&c);
}

const struct cli_command stress_command = {
	.name = "stress",
	.function = stress_main,
	.summary = "real threads on one map, for a time; with ThreadSanitizer if built so",
	.before = "bugs",
};
