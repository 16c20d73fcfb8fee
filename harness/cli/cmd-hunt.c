/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-hunt.c - wirestorm hunt: draws programs, judges their runs, and shrinks the findings. */
#include <assert.h>
#include <sys/stat.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/edge.h"
#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/expect/expect.h"
#include "harness/hunt/hunt.h"
#include "harness/program/program.h"

static const char help_head[] =
    "usage: wirestorm hunt [OPTION...]\n"
    "\n"
    "Draws random programs, and runs each in every interleaving, or by a mix of strategies if there are\n"
    "too many. All runs are judged (wirestorm help checks). Programs that reach something new are kept\n"
    "and mutated.\n"
    "Findings with the same check, quirks, return and kinds of operation are equal. One of each is\n"
    "shrunk, replayed three times, checked as by wirestorm check, and written with its schedule, all\n"
    "verdicts of its run, and a head that describes what happened.\n"
    "\n"
    "With --against, no run is judged. A finding is a program whose results, outcomes or number of\n"
    "schedules are others in that profile or on that target. One program for each smallest set of\n"
    "switches that explains the difference is shrunk and written. It expects what happens in --profile;\n"
    "its head says what happens on the other side (wirestorm diff shows more).\n"
    "\n";

static const char help_tail[] =
    "\n"
    "A process that crashes or hangs loses one program. That is a finding, and is written, too. A hunt\n"
    "that is killed has written every finding that it printed. Ctrl-C ends a hunt with its summary.\n"
    "\n"
    "A finding that cannot be written is printed, and the hunt ends after the programs that are running.\n"
    "\n"
    "Exit status: 0 no finding (with --baseline: no new one); 1 findings; 2 wrong usage, an unusable\n"
    "directory, or no space for a finding.\n"
    "\n"
    "Examples:\n"
    "  wirestorm hunt --seconds 60 --out found\n"
    "  wirestorm hunt --profile freebsd12 --seconds 120 --seed 1 --out found\n"
    "  wirestorm hunt --seed 1 --programs 20000 --baseline known\n"
    "  wirestorm hunt --profile freebsd12 --against freebsd-main --seconds 120 --out differences\n";

#define KNOWN_DEFAULT "corpus/bugs"

struct hunt_command {
	struct cli_target target;
	const char *against_text; /* NULL: judge the runs */
	struct behaviour_side against;
	struct hunt_options options;
	struct cli_report report;
	bool seeded; /* --seed was given */
	bool json;
};

/* --- during the hunt --- */

static double
hunt_per_second(double n, const struct hunt_report *r)
{
	return r->seconds > 0 ? n / r->seconds : 0;
}

/* Does the target name its returns? The engine does, also if the hunt has reached none. */
static bool
hunt_names_returns(const struct hunt_command *c, const struct hunt_report *r)
{
	return r->edges != 0 || c->target.target == &target_engine;
}

static void
hunt_show_progress(void *arg, const struct hunt_report *r)
{
	const struct hunt_command *c = arg;
	char returns[48] = "";

	if (!progress_due())
		return;
	if (hunt_names_returns(c, r))
		(void)snprintf(
		    returns, sizeof(returns), "%d of %d returns; ", __builtin_popcountll(r->edges), VM_EDGE_COUNT);
	progress_say("%.0f s: %llu programs, %.0f/s; %.3g states/s; %.3g schedules covered; %s%zu findings", r->seconds,
	    (unsigned long long)r->programs, hunt_per_second((double)r->programs, r),
	    hunt_per_second((double)r->states, r), r->schedules, returns, r->nr_findings);
}

static void
hunt_show_finding(void *arg, const struct hunt_finding *f)
{
	struct hunt_command *c = arg;

	assert(f->name != NULL && f->line != NULL);
	progress_erase();
	if (f->error != 0)
		warnc(f->error, "%s/%s: the finding cannot be written", c->options.out, f->name);
	if (c->json)
		return;
	if (f->known != NULL)
		printf("known  %s\n       %s\n", f->known, f->line);
	else
		printf("new    %s%s\n       %s\n", f->name, f->shrunk ? "" : " (not shrunk)", f->line);
	if (f->complaint != NULL)
		printf("       wirestorm check does not pass it: %s\n", f->complaint);
	if (f->known == NULL && (c->options.out == NULL || f->error != 0))
		printf("\n%s\n", f->text);
	(void)fflush(stdout);
}

static void
hunt_show_written(void *arg, const struct hunt_finding *f)
{
	struct hunt_command *c = arg;

	progress_erase();
	warnx("%s/%s: the finding is written now", c->options.out, f->name);
}

/* --- summary --- */

static void
hunt_print_how_to_check(const struct hunt_command *c, const struct hunt_report *r)
{
	size_t nr_complaints = 0, nr_bare = 0;

	assert(c->options.out != NULL);
	for (size_t i = 0; i < r->nr_findings; i++) {
		const struct hunt_finding *f = &r->findings[i];

		nr_complaints += f->known == NULL && f->complaint != NULL;
		nr_bare += c->options.against == NULL && f->known == NULL &&
		           strstr(f->text, "\nverdict ") == NULL; /* a crash, for example: a
		                                                   * program without a verdict */
	}
	printf("wirestorm check ");
	if (c->target.target != target_at(0))
		printf("--target %s ", c->target.target->name);
	printf("%s replays them", c->options.out);
	if (nr_complaints > 0)
		printf("; %zu do not pass, see above", nr_complaints);
	printf("\n");
	if (nr_bare > 0)
		printf("%zu of them have no verdict, so check cannot compare them: wirestorm check --fixed FILE says "
		       "whether the crash still happens\n",
		    nr_bare);
}

static void
hunt_print_summary(const struct hunt_command *c, const struct hunt_report *r)
{
	size_t by_quirk = 0;

	assert(r->nr_new <= r->nr_findings);
	for (size_t i = 0; i < r->nr_findings; i++)
		by_quirk += r->findings[i].quirk;
	printf("%s%llu program%s in %.1f s, %.0f/s: %llu explored completely, %llu by strategies, %llu refused\n",
	    r->stopped ? "interrupted: " : "", (unsigned long long)r->programs, plural(r->programs), r->seconds,
	    hunt_per_second((double)r->programs, r), (unsigned long long)r->complete, (unsigned long long)r->sampled,
	    (unsigned long long)r->refused);
	if (r->crashed + r->hung > 0)
		printf("%llu crashed, %llu hung\n", (unsigned long long)r->crashed, (unsigned long long)r->hung);
	printf("%llu state%s, %.3g/s; %.4g schedules covered; %llu run%s by strategies\n",
	    (unsigned long long)r->states, plural(r->states), hunt_per_second((double)r->states, r), r->schedules,
	    (unsigned long long)r->runs, plural(r->runs));
	if (hunt_names_returns(c, r))
		printf("%d of %d returns reached; ", __builtin_popcountll(r->edges), VM_EDGE_COUNT);
	printf("operations met in %llu way%s; programs kept: %llu\n", (unsigned long long)r->features,
	    plural(r->features), (unsigned long long)r->kept);
	if (c->options.against != NULL)
		printf("%zu difference%s, %zu of them new\n", r->nr_findings, plural(r->nr_findings), r->nr_new);
	else
		printf("%zu finding%s, %zu of them new, %zu explained by an active quirk; equal ones left out: %llu\n",
		    r->nr_findings, plural(r->nr_findings), r->nr_new, by_quirk, (unsigned long long)r->seen);
	if (c->options.pool != NULL)
		printf("pool %s: %zu program%s tried first, %zu added, %zu no longer needed%s\n", c->options.pool,
		    r->pool.loaded, plural(r->pool.loaded), r->pool.added, r->pool.removed,
		    r->pool.unsaved ? "; not all could be saved" : "");
	if (r->nr_unwritten > 0)
		printf("%zu finding%s could not be written to %s: the programs are printed above\n", r->nr_unwritten,
		    plural(r->nr_unwritten), c->options.out);
	else if (c->options.out != NULL && r->nr_new > 0)
		hunt_print_how_to_check(c, r);
}

/* Adds a finding to the report: the check is the first word of its key. */
static void
hunt_report_finding(struct hunt_command *c, const struct hunt_finding *f)
{
	struct strbuf rule = { 0 }, path = { 0 };
	struct report_entry *e;

	assert(f->key != NULL && f->text != NULL);
	strbuf_addn(&rule, f->key, strcspn(f->key, " :"));
	strbuf_printf(
	    &path, "%s%s%s", c->options.out != NULL ? c->options.out : "", c->options.out != NULL ? "/" : "", f->name);
	e = report_add(
	    &c->report.report, strbuf_text(&rule), f->known != NULL ? f->known : strbuf_text(&path), f->line);
	e->failure = f->known == NULL;
	e->fields =
	    json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b, s:b, s:b, s:b, s:s?, s:b}", "name", f->name, "key", f->key,
	        "what", f->line, "program", f->text, "known_as", f->known, "baseline", f->baseline, "quirk", f->quirk,
	        "replays", f->replays, "shrunk", f->shrunk, "complaint", f->complaint, "unwritten", f->error != 0);
	strbuf_free(&rule);
	strbuf_free(&path);
}

static json_t *
hunt_json_pool(const struct hunt_report *r)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:b}", "loaded", (json_int_t)r->pool.loaded, "added",
	    (json_int_t)r->pool.added, "removed", (json_int_t)r->pool.removed, "damaged", (json_int_t)r->pool.damaged,
	    "unsaved", r->pool.unsaved);
}

static void
hunt_print_json(const struct hunt_command *c, const struct hunt_report *r)
{
	json_t *j = json_pack("{s:f, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:o, s:I, s:o}",
	    "seconds", r->seconds, "interrupted", r->stopped, "programs", (json_int_t)r->programs, "explored",
	    (json_int_t)r->complete, "sampled", (json_int_t)r->sampled, "refused", (json_int_t)r->refused, "crashed",
	    (json_int_t)r->crashed, "hung", (json_int_t)r->hung, "states", (json_int_t)r->states, "runs",
	    (json_int_t)r->runs, "schedules", json_sprintf("%.0f", r->schedules), "features", (json_int_t)r->features,
	    "kept", (json_int_t)r->kept, "seen", (json_int_t)r->seen, "edges", json_edges(r->edges), "new",
	    (json_int_t)r->nr_new, "findings", report_json(&c->report.report));
	if (c->options.pool != NULL)
		(void)json_object_set_new(j, "pool", hunt_json_pool(r));
	json_print("hunt", j, JSON_INDENT(1), stdout);
}

static int
hunt_run(struct hunt_command *c)
{
	struct hunt_report r;
	size_t failures;
	int rv;

	assert(c->options.jobs > 0 && c->options.limits.target != NULL);
	c->options.stop = &cli_stop;
	c->options.arg = c;
	c->options.on_finding = hunt_show_finding;
	c->options.on_written = hunt_show_written;
	c->options.progress = hunt_show_progress;
	progress_begin();
	cli_catch_signals();
	if (!hunt(&c->options, &r))
		return EXIT_USAGE;
	progress_erase();
	for (size_t i = 0; i < r.nr_findings; i++)
		hunt_report_finding(c, &r.findings[i]);
	if (c->json)
		hunt_print_json(c, &r);
	else
		hunt_print_summary(c, &r);
	failures = c->options.baseline != NULL ? r.nr_new : r.nr_findings;
	rv = r.nr_unwritten > 0 || r.pool.unsaved ? EXIT_USAGE : failures > 0 ? EXIT_FINDING : EXIT_OK;
	if (!cli_report_end(&c->report))
		rv = EXIT_USAGE;
	hunt_report_free(&r);
	return rv;
}

/* --- options --- */

/* Parses "A..B" or "A". "A" means A..A, or with @exclusive A..A+1. */
static void
hunt_parse_range(
    const char *option, const char *text, long long min, long long max, bool exclusive, long long *from, long long *to)
{
	const char *dots = strstr(text, "..");
	char *first =
	    dots != NULL ? memory_textn(text, (size_t)(dots - text), "a range") : memory_text(text, "a range");

	*from = option_number(option, first, min, max);
	*to = dots != NULL ? option_number(option, dots + 2, min, max) : *from + exclusive;
	free(first);
	if (*to < *from + exclusive)
		errx(EXIT_USAGE, "--%s %s: the range is empty", option, text);
	assert(*from <= *to);
}

/* The static name of the mutant, if the target can run it. */
static const char *
hunt_parse_mutant(const struct hunt_command *c, const char *name)
{
	struct strbuf text = { 0 };
	const char *mutant, *why;
	struct program p;
	struct vmt_error e;

	strbuf_printf(&text, "mutant %s\n", name);
	if (!vmt_parse(strbuf_text(&text), text.len, &p, &e))
		errx(EXIT_USAGE, "--mutant %s: %s", name, e.text);
	why = run_refusal(&p, c->target.target);
	if (why != NULL)
		errx(EXIT_USAGE, "--mutant %s: target %s cannot run this: %s", name, c->target.target->name, why);
	mutant = p.config.mutant;
	program_free(&p);
	strbuf_free(&text);
	return mutant;
}

static void
hunt_set_seed(void *command, const char *text)
{
	struct hunt_command *c = command;

	c->options.seed = option_seed("seed", text);
	c->seeded = true;
}

static void
hunt_set_seeds(void *command, const char *text)
{
	struct hunt_options *o = &((struct hunt_command *)command)->options;
	long long from, to;

	hunt_parse_range("seeds", text, 0, INT64_MAX - 1, true, &from, &to);
	o->seed = (uint64_t)from;
	o->end = (uint64_t)to;
}

static void
hunt_set_threads(void *command, const char *text)
{
	struct hunt_options *o = &((struct hunt_command *)command)->options;
	long long from, to;

	hunt_parse_range("threads", text, 1, PROGRAM_THREADS_MAX, false, &from, &to);
	o->limits.threads_min = (unsigned)from;
	o->limits.threads_max = (unsigned)to;
}

#define TO(type, field) OPTION_TO(struct hunt_command, type, field)
static const struct option_row rows[] = {
	OPTION_SECONDS(TO(double, options.seconds), "time limit (default: until Ctrl-C)"),
	OPTION_COUNT("--programs N", TO(uint64_t, options.programs), 1, INT64_MAX,
	    "limit of programs; the findings are the same whatever -j is"),
	OPTION_CALL("--seed N", hunt_set_seed, "seed of all random choices (default 1)"),
	OPTION_CALL("--seeds A..B", hunt_set_seeds,
	    "run the programs of wirestorm gen with seeds A to B-1, each once, none mutated: to split work over "
	    "machines"),
	OPTION_CALL("--threads A..B", hunt_set_threads, "threads of a program (default 2..4)"),
	OPTION_NUMBER("--ops N", TO(unsigned, options.limits.ops_max), 1, PROGRAM_OPS_MAX,
	    "the most operations of a thread (default 4)"),
	OPTION_PROFILE(TO(struct cli_target, target), " (default strict); findings that a quirk explains count, too"),
	OPTION_TEXT(
	    "--mutant NAME", TO(const char *, options.mutant), "put this bug back; needs a build with -Dmutants=true"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_TEXT("--against P|T", TO(const char *, against_text),
	    "judge nothing; find the smallest programs that behave differently in this profile, or on this target"),
	OPTION_STATES(
	    TO(uint64_t, options.states_max), "a program with more states runs by strategies instead (default 20000)"),
	OPTION_NUMBER("--runs N", TO(unsigned, options.runs), 1, 1000000, "number of these runs (default 200)"),
	OPTION_NUMBER("-j, --jobs N", TO(unsigned, options.jobs), 1, WORKERS_MAX,
	    "worker processes (default: the number of processors)"),
	OPTION_TEXT("--out DIR", TO(const char *, options.out),
	    "write findings there, DIR/NNN-CHECK-RETURN.vmt; DIR is made if need be (default, or with \"-\": print "
	    "them)"),
	OPTION_TEXT("--pool DIR", TO(const char *, options.pool),
	    "directory of programs that earlier hunts kept: they run first, and DIR is kept up to "
	    "date; "
	    "it is made if necessary"),
	OPTION_FLAG("--keep-going", TO(bool, options.keep_going),
	    "if a finding cannot be written, continue, and write it when there is space (default: end with "
	    "status 2)"),
	OPTION_TEXT("--known DIR", TO(const char *, options.known),
	    "directory of known findings, which are not written again (default corpus/bugs, if it exists)"),
	OPTION_TEXT("--baseline DIR", TO(const char *, options.baseline),
	    "as --known, and only findings in neither directory are a failure"),
#include "harness/cli/report-rows.def"
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_NONE, NULL };

/* The other side: the target of that name, or else the profile, and all else as it is on this side. */
static void
hunt_set_against(struct hunt_command *c)
{
	struct cli_target t = c->target;
	const struct vm_target *other = NULL;
	const char *why;

	for (size_t i = 0; target_at(i) != NULL; i++)
		if (strcmp(target_at(i)->name, c->against_text) == 0)
			other = target_at(i);
	if (other != NULL)
		t.target = other;
	else
		option_set_profile("against", &t, c->against_text);
	why = t.target->sequential ? "it runs sequential programs only, and these have threads"
	                           : target_profile_reason(t.target, t.profile);
	if (why != NULL)
		errx(
		    EXIT_USAGE, "--against %s: target %s cannot be compared: %s", c->against_text, t.target->name, why);
	c->against = (struct behaviour_side){ t.target, t.profile, c->options.mutant };
	c->options.against = &c->against;
}

/* Checks combinations of options and sets defaults. */
static int
hunt_complete(struct hunt_command *c)
{
	struct hunt_options *o = &c->options;
	struct stat st;

	if (c->seeded && o->end != 0) { /* they would override each other */
		warnx("--seeds excludes --seed");
		return cli_usage();
	}
	cli_take_dash(&o->out);
	if (o->pool != NULL && o->end != 0) {
		warnx("--seeds excludes --pool: each seed runs once, and no program is kept");
		return cli_usage();
	}
	o->limits.target = c->target.target;
	o->profile = c->target.profile;
	if (c->against_text != NULL)
		hunt_set_against(c);
	if (o->limits.target->sequential) {
		warnx("target %s runs sequential programs only, and these have threads", o->limits.target->name);
		return EXIT_USAGE;
	}
	if (o->mutant != NULL)
		o->mutant = hunt_parse_mutant(c, o->mutant);
	c->against.mutant = o->mutant;
	if (o->known == NULL && o->against == NULL && stat(KNOWN_DEFAULT, &st) == 0)
		o->known = KNOWN_DEFAULT;
	if (o->jobs == 0)
		o->jobs = workers_nr_default();
	return -1;
}

int
cmd_hunt(int argc, char **argv)
{
	struct hunt_command c = {
		.target = { .target = target_at(0) },
		.options = { .seed = 1,
		    .limits = { .threads_min = 2, .threads_max = 4, .ops_max = RANDOM_OPS_DEFAULT } },
	};
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = hunt_complete(&c);
	if (rv < 0 && !cli_report_begin(&c.report, c.json))
		rv = EXIT_USAGE;
	return rv >= 0 ? rv : hunt_run(&c);
}
