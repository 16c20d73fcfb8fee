/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-record.c - wirestorm record: random programs with what a target makes of them, for a folder of recordings. */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/expect/expect.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/sim/sim.h"

static const char help_head[] =
    "usage: wirestorm record [OPTION...] DIR\n"
    "\n"
    "Records what a target does, as programs with expectations: draws programs one after the other, runs\n"
    "each on the target under all schedules, and writes those that it can record to DIR/NNNNNN.vmt, named\n"
    "by their seeds. The comment at the top of a file says how it was recorded.\n"
    "\n"
    "With --differs-from, it keeps only programs of which the engine makes something else in that profile:\n"
    "another result, state or set of outcomes. So a small folder shows how two engines differ.\n"
    "\n"
    "The same command continues in a DIR that has programs of it already, after the last one. It never\n"
    "changes a file, and does not start in a DIR with programs of another command.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 DIR has N programs; 1 it has fewer: interrupted, or the time is over; 2 wrong usage, or\n"
    "a file cannot be written.\n"
    "\n"
    "Examples:\n"
    "  wirestorm record --profile freebsd12 --differs-from strict --count 20 differences\n"
    "  wirestorm record --sequential --target model --count 100 --source 'the model of today' recorded\n";

#define COUNT_DEFAULT 100
#define STATES_MAX 20000  /* a program with more is not recorded */
#define REFUSED_MAX 10000 /* programs in a row that cannot be recorded: there will be none */

/* Why a program is not recorded. */
enum recorded { RECORDED, NOT_REFUSED, NOT_COMPLETE, NOT_DIFFERENT, NR_RECORDED };

struct record_command {
	struct cli_target target;
	struct random_params params;
	bool sequential, counts, json;
	uint64_t count;
	const char *differs_from, *source, *dir;
	struct vm_profile other;
	double seconds;
	struct sim *sim;
	struct strbuf how;        /* the line of provenance without the seed */
	uint64_t nr[NR_RECORDED]; /* programs of this process, by result */
	uint64_t nr_before;       /* files that were there */
	uint64_t in_a_row;        /* programs since the last one that could be recorded */
	struct strbuf why;        /* of the last one that could not */
};

/* --- one program --- */

/* Ends a sequential program with the first step that blocks: no step can follow. */
static void
record_cut(struct record_command *c, struct program *p)
{
	struct program bare = *p;
	struct run r;

	bare.nr_init = 0;
	if (p->nr_threads > 0 || run_open(&r, &bare, c->target.target, c->sim) != RUN_OPENED) {
		if (p->nr_threads == 0)
			run_close(&r);
		return;
	}
	for (size_t i = 0; i < p->nr_init; i++)
		if (run_alone(&r, &p->init[i].op).outcome == VM_OUTCOME_BLOCKED)
			p->nr_init = i + 1;
	run_close(&r);
}

/* The same program in the other profile, on the engine: does it do what @text expects? */
static bool
record_differs(struct record_command *c, const char *path, const struct strbuf *text)
{
	struct checkfile_options o = { .target = &target_engine,
		.profile_text = c->differs_from,
		.profile = c->other,
		.counts = c->counts,
		.no_checks = true,
		.states_max = STATES_MAX,
		.stop = &cli_stop };
	struct checkfile_report report;
	struct strbuf out = { 0 };
	struct vmt_error e;
	struct program p;

	if (!vmt_parse(strbuf_text(text), text->len, &p, &e))
		errx(EXIT_USAGE, "internal error: a recording does not parse: %u:%u: %s", e.line, e.column, e.text);
	report = checkfile_program(path, &p, &o, c->sim, &out);
	strbuf_free(&out);
	return report.status == CHECKFILE_FAILED && !report.incomplete;
}

/* Gives *text the program of the present seed with what the target makes of it. */
static enum recorded
record_one(struct record_command *c, const char *path, struct strbuf *text)
{
	struct checkfile_options o = { .target = c->target.target,
		.bless = true,
		.blessed = text,
		.no_checks = true,
		.states_max = STATES_MAX,
		.stop = &cli_stop };
	struct checkfile_report report;
	struct program p;

	if (c->sequential)
		random_sequential(&c->params, &p);
	else
		random_concurrent(&c->params, &p);
	random_suit_target(c->target.target, &p.config);
	record_cut(c, &p);
	strbuf_clear(&c->why);
	strbuf_printf(&c->why, "# seed %llu\n%s", (unsigned long long)c->params.seed, strbuf_text(&c->how));
	p.head = memory_text(strbuf_text(&c->why), "a recording");
	strbuf_clear(&c->why);
	report = checkfile_program(path, &p, &o, c->sim, &c->why);
	if (report.status == CHECKFILE_BAD)
		return NOT_REFUSED;
	if (report.status != CHECKFILE_PASSED || report.incomplete || text->len == 0)
		return NOT_COMPLETE;
	return c->differs_from == NULL || record_differs(c, path, text) ? RECORDED : NOT_DIFFERENT;
}

/* --- the folder --- */

/* Is it a file of this command? False: the error was reported. */
static bool
record_is_ours(const struct record_command *c, const char *path)
{
	struct program p;
	bool ours;

	if (!vmt_read(path, &p))
		return false;
	ours = p.head != NULL && strstr(p.head, strbuf_text(&c->how)) != NULL;
	if (!ours)
		say_about(path, 0,
		    "expected a program of this recording, which says:\n%s"
		    "choose another DIR, or the options of that recording",
		    strbuf_text(&c->how));
	program_free(&p);
	return ours;
}

/* Counts the files that are there, and continues after the last one. False: the error was reported. */
static bool
record_continue(struct record_command *c)
{
	struct inputs files = { 0 };
	bool ok = true;

	if (mkdir(c->dir, 0777) != 0 && errno != EEXIST) {
		warn("%s", c->dir);
		return false;
	}
	(void)inputs_add(&files, c->dir, INPUTS_VMT, say_about);
	for (size_t i = 0; i < files.nr && ok; i++) {
		const char *name = strrchr(files.names[i], '/');
		char *end;
		unsigned long long seed = strtoull(name != NULL ? name + 1 : files.names[i], &end, 10);

		ok = record_is_ours(c, files.names[i]);
		c->nr_before += ok;
		if (ok && strcmp(end, ".vmt") == 0 && seed >= c->params.seed)
			c->params.seed = seed + 1;
	}
	inputs_free(&files);
	return ok;
}

static bool
record_write(const char *path, const struct strbuf *text)
{
	struct vmt_error e;
	struct program p;
	bool ok;

	if (!vmt_parse(strbuf_text(text), text->len, &p, &e))
		errx(EXIT_USAGE, "internal error: a recording does not parse: %u:%u: %s", e.line, e.column, e.text);
	ok = cli_save_new_program(path, &p);
	program_free(&p);
	return ok;
}

static uint64_t
record_total(const struct record_command *c)
{
	return c->nr_before + c->nr[RECORDED];
}

/* EXIT_OK, EXIT_FINDING or EXIT_USAGE. */
static int
record_all(struct record_command *c)
{
	double end = c->seconds > 0 ? clock_seconds() + c->seconds : 0;
	struct strbuf text = { 0 };
	char path[PATH_MAX];
	int rv = EXIT_OK;

	for (; rv == EXIT_OK && record_total(c) < c->count; c->params.seed++) {
		enum recorded what;

		if (snprintf(path, sizeof(path), "%s/%06llu.vmt", c->dir, (unsigned long long)c->params.seed) >=
		    PATH_MAX)
			errx(EXIT_USAGE, "%s: the name is too long", c->dir);
		strbuf_clear(&text);
		what = record_one(c, path, &text);
		if (cli_stop != 0 || (end > 0 && clock_seconds() > end)) {
			rv = EXIT_FINDING;
			break;
		}
		if (what == RECORDED && !record_write(path, &text))
			rv = EXIT_USAGE;
		c->nr[what]++;
		c->in_a_row = what == NOT_REFUSED || what == NOT_COMPLETE ? c->in_a_row + 1 : 0;
		if (c->in_a_row == REFUSED_MAX) {
			warnx("%d programs in a row cannot be recorded; the last one: %s", REFUSED_MAX,
			    strbuf_text(&c->why));
			rv = EXIT_USAGE;
		}
		if (progress_due())
			progress_say("%llu of %llu programs recorded; seed %llu", (unsigned long long)record_total(c),
			    (unsigned long long)c->count, (unsigned long long)c->params.seed);
	}
	progress_erase();
	strbuf_free(&text);
	return rv;
}

/* --- reporting --- */

static void
record_say(const struct record_command *c)
{
	uint64_t tried = 0;

	for (unsigned i = 0; i < NR_RECORDED; i++)
		tried += c->nr[i];
	if (c->json) {
		json_print("record",
		    json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "directory", json_text(c->dir), "total",
		        (json_int_t)record_total(c), "kept_before", (json_int_t)c->nr_before, "tried",
		        (json_int_t)tried, "recorded", (json_int_t)c->nr[RECORDED], "refused",
		        (json_int_t)c->nr[NOT_REFUSED], "incomplete", (json_int_t)c->nr[NOT_COMPLETE], "equal",
		        (json_int_t)c->nr[NOT_DIFFERENT]),
		    JSON_INDENT(1), stdout);
		return;
	}
	printf("%llu programs in %s, %llu of them new; of %llu programs tried, %llu were refused, %llu not explored "
	       "completely",
	    (unsigned long long)record_total(c), c->dir, (unsigned long long)c->nr[RECORDED], (unsigned long long)tried,
	    (unsigned long long)c->nr[NOT_REFUSED], (unsigned long long)c->nr[NOT_COMPLETE]);
	if (c->differs_from != NULL)
		printf(", %llu the same in %s", (unsigned long long)c->nr[NOT_DIFFERENT], c->differs_from);
	printf("\n");
}

/* "# recorded from SOURCE: wirestorm record --target T ...": everything that decides what is recorded. */
static void
record_describe(struct record_command *c)
{
	struct strbuf *how = &c->how;

	strbuf_printf(how, "# recorded from %s: wirestorm record --target %s",
	    c->source != NULL ? c->source : c->target.target->summary, c->target.target->name);
	if (c->target.profile_text != NULL)
		strbuf_printf(how, " --profile '%s'", c->target.profile_text);
	if (c->differs_from != NULL)
		strbuf_printf(how, " --differs-from '%s'%s", c->differs_from, c->counts ? " --counts" : "");
	if (c->sequential)
		strbuf_add(how, " --sequential");
	if (c->params.threads != 0)
		strbuf_printf(how, " --threads %u", c->params.threads);
	if (c->params.ops != 0)
		strbuf_printf(how, " --ops %u", c->params.ops);
	strbuf_addc(how, '\n');
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct record_command, type, field)
static const struct option_row rows[] = {
	OPTION_COUNT("--count N", TO(uint64_t, count), 1, INT32_MAX, "programs that DIR shall have (default 100)"),
	OPTION_SEED(TO(uint64_t, params.seed), "number of the first program (default 1)"),
	OPTION_TEXT("--differs-from P", TO(const char *, differs_from),
	    "keep only programs that the engine does not do in this profile: strict, freebsd12, \"strict +Q1\" ..."),
	OPTION_FLAG("--counts", TO(bool, counts), "another number of schedules is a difference, too"),
	OPTION_FLAG(
	    "--sequential", TO(bool, sequential), "sequential programs, as wirestorm gen --sequential draws them"),
	OPTION_NUMBER("--threads T", TO(unsigned, params.threads), 1, PROGRAM_THREADS_MAX,
	    "threads, 1 to 16 (default: 2 to 4 at random)"),
	OPTION_NUMBER("--ops N", TO(unsigned, params.ops), 1, PROGRAM_OPS_MAX,
	    "the most operations of a thread, 1 to 64 (default 4); with --sequential, the number of steps"),
	OPTION_TEXT("--source TEXT", TO(const char *, source),
	    "what the target is, for the comment in each file: \"FreeBSD main 0123abcd\" (default: its summary)"),
	OPTION_SECONDS(TO(double, seconds), "stop after this time, too (default: never)"),
	OPTION_PROFILE(TO(struct cli_target, target), ": the profile of the programs (default strict)"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_ONE, "directory" };

/* -1, or EXIT_USAGE after a message. */
static int
record_check(struct record_command *c)
{
	const char *word;

	if (c->differs_from != NULL && (!profile_parse(c->differs_from, &c->other, &word) ||
	                                   target_profile_reason(&target_engine, c->other) != NULL)) {
		warnx("--differs-from %s: expected a profile of the engine; wirestorm help profiles lists them",
		    c->differs_from);
		return cli_usage();
	}
	if (c->counts && c->differs_from == NULL) {
		warnx("--counts needs --differs-from");
		return cli_usage();
	}
	if (c->sequential && c->params.threads != 0) {
		warnx("--sequential and --threads exclude each other");
		return cli_usage();
	}
	if (c->target.target->sequential && !c->sequential) {
		warnx("target %s runs sequential programs only: add --sequential", c->target.target->name);
		return EXIT_USAGE;
	}
	return -1;
}

static void
record_free(struct record_command *c)
{
	strbuf_free(&c->how);
	strbuf_free(&c->why);
}

int
cmd_record(int argc, char **argv)
{
	struct record_command c = {
		.target = { .target = target_at(0) }, .params = { .seed = 1 }, .count = COUNT_DEFAULT
	};
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = record_check(&c);
	if (rv >= 0)
		return rv;
	c.dir = argv[optind];
	c.params.profile = c.target.profile;
	c.params.target = c.target.target;
	record_describe(&c);
	if (!record_continue(&c)) {
		record_free(&c);
		return EXIT_USAGE;
	}
	c.sim = sim_create();
	cli_catch_signals();
	rv = record_all(&c);
	if (rv == EXIT_FINDING)
		warnx("%s: the next program is seed %llu; the same command continues there",
		    cli_stop != 0 ? "interrupted" : "the time is over", (unsigned long long)c.params.seed);
	record_say(&c);
	sim_destroy(c.sim);
	record_free(&c);
	return rv;
}
