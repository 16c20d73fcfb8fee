/* SPDX-License-Identifier: BSD-2-Clause */
/* bugs-main.c - the program wirestorm-bugs, for `wirestorm bugs`: the bug bank, and how much of it is found. */
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "harness/program/program.h"
#include "tools/bugs.h"

#define JOBS_MAX 64
#define SECONDS_DEFAULT 10
#define SEEDS_DEFAULT 5
#define COUNT_DEFAULT 20000
#define NAP_NS 10000000 /* time between two looks at the running trials */

static const char help_head[] =
    "usage: wirestorm bugs list [--markdown]\n"
    "       wirestorm bugs describe NAME\n"
    "       wirestorm bugs hunt [OPTION...] [NAME...]\n"
    "       wirestorm bugs report --state DIR [--json | --markdown]\n"
    "       wirestorm bugs equivalent [--count N] [--corpus DIR]... NAME...\n"
    "\n"
    "The bug bank has real bugs of VM map code, which can be put back into the engine one at a time. It\n"
    "measures which bugs are found, and how soon. A build with -Dmutants=true can put bugs back; list,\n"
    "describe and report work in any build.\n"
    "\n"
    "hunt searches each named bug with each engine and each seed, in a process of its own, until the\n"
    "first finding. The default is all bugs that differ from the original. The name \"none\" is the engine\n"
    "without a bug, in which nothing may be found. Times are processor seconds; for fuzz_sched and\n"
    "stress, wall-clock seconds.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "report prints the table of a state directory; --markdown gives it a column for each engine.\n"
    "scripts/bugs-plot.py draws it. list --markdown prints docs/bug-bank.md.\n"
    "\n"
    "equivalent explores every program of the corpus and N random ones (default 20000) completely, with\n"
    "and without the bug. It compares results, outcomes, schedules and states. A control must pass it.\n"
    "\n"
    "Exit status: 0 done; 1 hunt: a finding without a bug; equivalent: they differ; 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  wirestorm bugs describe unwire_skips_transition\n"
    "  wirestorm bugs hunt --seconds 60 --seeds 5 --state /tmp/bank\n"
    "  wirestorm bugs report --state /tmp/bank\n"
    "  wirestorm bugs equivalent relook_always\n"
    "\n"
    "Engines:\n";

struct bugs_command {
	struct cli_target target;
	struct bugs_trial *trials;
	size_t nr_trials, next;
	struct bugs_result *results; /* in the order in which trials ended */
	size_t nr_results, known;    /* known: results that were read from the state directory */
	bool engines[BUGS_ENGINE_END];
	const char *corpus[16];
	size_t nr_corpus;
	const char *state, *fuzzer;
	double seconds;
	uint64_t seeds, count;
	unsigned jobs;
	bool json, markdown, unsaved; /* unsaved: a result could not be written to the state directory */
	struct bugs_process processes[JOBS_MAX];
};

/* --- hunt --- */

static void
bugs_add_mutant(struct bugs_command *c, enum vm_mutant mutant)
{
	for (unsigned e = 0; e < BUGS_ENGINE_END; e++) {
		uint64_t seeds = e == BUGS_ENGINE_litmus ? 1 : c->seeds;

		if (!c->engines[e])
			continue;
		c->trials = memory_resize(c->trials, c->nr_trials + seeds, sizeof(*c->trials), "the trials");
		for (uint64_t s = 1; s <= seeds; s++)
			c->trials[c->nr_trials++] = (struct bugs_trial){ mutant, (enum bugs_engine)e, s, c->seconds,
				c->corpus[0] == NULL ? "corpus/litmus" : c->corpus[0], c->fuzzer };
	}
}

static bool
bugs_named_mutant(const char *name, bool none, enum vm_mutant *mutant)
{
	struct nearest n;

	*mutant = vm_mutant_by_name(name);
	if (*mutant != VM_MUTANT_none || (none && strcmp(name, "none") == 0))
		return true;
	nearest_begin(&n, name, strlen(name));
	vmt_offer_mutants(&n);
	warnx("expected the name of a bug, found \"%s\"; wirestorm bugs list has them%s", name, nearest_hint(&n));
	return false;
}

static void
bugs_show(const struct bugs_command *c, const struct bugs_result *r)
{
	const struct bugs_record *x = &r->record;

	progress_erase();
	if (c->json) {
		json_print("bugs", bugs_json_result(r), JSON_COMPACT, stdout);
	} else {
		printf("%-8s %-28s seed %llu: ", bugs_engine_table[r->trial.engine].name,
		    bugs_mutant_name(r->trial.mutant), (unsigned long long)r->trial.seed);
		if (x->end == BUGS_FOUND)
			printf("%s after %.3f s, %llu program%s (%s): %s\n", x->check, x->seconds,
			    (unsigned long long)x->programs, plural(x->programs), x->where, x->text);
		else if (x->end == BUGS_FAILED)
			printf("failed: %s\n", x->text);
		else
			printf("not found in %.3f s, %llu program%s\n", x->seconds, (unsigned long long)x->programs,
			    plural(x->programs));
	}
	(void)fflush(stdout);
}

static void
bugs_record_keep(struct bugs_command *c, const struct bugs_trial *t, const struct bugs_record *record)
{
	struct bugs_result *r = &c->results[c->nr_results++];

	assert(c->nr_results <= c->nr_trials);
	*r = (struct bugs_result){ *t, *record };
	bugs_show(c, r);
}

static void
bugs_progress(const struct bugs_command *c)
{
	if (progress_due())
		progress_say("%zu of %zu trials", c->nr_results, c->nr_trials);
}

/* Waits for a process to end, and shows progress meanwhile. 0 or less: none is left, or interrupted. */
static pid_t
bugs_wait_for_one(const struct bugs_command *c, int *status, struct rusage *used)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	pid_t pid;

	while ((pid = wait4(-1, status, WNOHANG, used)) == 0 && cli_stop == 0) {
		bugs_progress(c);
		(void)nanosleep(&nap, NULL);
	}
	return pid;
}

/* Starts trials until all job slots are used or no trial is left. */
static void
bugs_fill(struct bugs_command *c)
{
	for (unsigned i = 0; i < c->jobs && cli_stop == 0; i++) {
		struct bugs_record record;

		while (c->processes[i].pid == 0 && c->next < c->nr_trials) {
			const struct bugs_trial *t = &c->trials[c->next++];

			if (c->state != NULL && bugs_load(c->state, t, &record)) {
				bugs_record_keep(c, t, &record);
				c->known++;
			} else if (!bugs_start(&c->processes[i], t)) {
				err(EXIT_USAGE, "a process for a trial");
			}
		}
	}
}

/* Handles the end of one process. */
static void
bugs_collect(struct bugs_command *c, pid_t pid, int status, const struct rusage *used)
{
	double cpu = (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
	             (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) * 1e-6;

	assert(pid > 0);
	for (unsigned i = 0; i < c->jobs; i++) {
		struct bugs_process *p = &c->processes[i];
		struct bugs_trial trial = p->trial;
		struct bugs_record record;

		if (p->pid != pid)
			continue;
		bugs_finish(p, status, cpu, &record);
		if (cli_stop != 0 && record.end != BUGS_FOUND)
			continue; /* the trial was interrupted */
		if (c->state != NULL && record.end != BUGS_FAILED && !bugs_save(c->state, &trial, &record)) {
			warn("%s: the result cannot be written", c->state);
			c->unsaved = true;
		}
		bugs_record_keep(c, &trial, &record);
	}
}

/* Is any trial running? */
static bool
bugs_busy(const struct bugs_command *c)
{
	for (unsigned i = 0; i < c->jobs; i++)
		if (c->processes[i].pid != 0)
			return true;
	return false;
}

static int
bugs_hunt_end(const struct bugs_command *c)
{
	size_t found = 0, failed = 0, wrong = 0;

	for (size_t i = 0; i < c->nr_results; i++) {
		found += c->results[i].record.end == BUGS_FOUND;
		failed += c->results[i].record.end == BUGS_FAILED;
		wrong += c->results[i].record.end == BUGS_FOUND && c->results[i].trial.mutant == VM_MUTANT_none;
	}
	if (failed > 0)
		warnx("%zu trial%s failed without a result", failed, plural(failed));
	if (!c->json)
		printf("%zu of %zu trial%s found something%s\n", found, c->nr_results, plural(c->nr_results),
		    c->nr_results < c->nr_trials ? "; interrupted" : "");
	return failed > 0 || c->unsaved ? EXIT_USAGE : wrong > 0 || cli_stop != 0 ? EXIT_FINDING : EXIT_OK;
}

static int
bugs_hunt(struct bugs_command *c, int nr, char **names)
{
	int rv = cli_engine_only(&c->target, "the bug bank covers");
	bool any = false;

	if (rv >= 0)
		return rv;
	if (!VM_HAS_MUTANTS) {
		warnx("hunt: only in a build with -Dmutants=true");
		return EXIT_USAGE;
	}
	for (unsigned e = 0; e < BUGS_ENGINE_END; e++)
		any |= c->engines[e];
	c->engines[BUGS_ENGINE_hunt] |= !any;
	for (int i = 0; i < nr; i++) {
		enum vm_mutant mutant;

		if (!bugs_named_mutant(names[i], true, &mutant))
			return EXIT_USAGE;
		bugs_add_mutant(c, mutant);
	}
	for (enum vm_mutant m = bugs_next(VM_MUTANT_none); m != VM_MUTANT_none && nr == 0; m = bugs_next(m))
		if (vm_mutant_table[m].class != VM_MUTANT_CLASS_EQUIVALENT)
			bugs_add_mutant(c, m);
	if (c->engines[BUGS_ENGINE_fuzz_sched] && c->fuzzer == NULL) {
		warnx("hunt: --engine fuzz_sched needs --fuzzer FILE");
		return EXIT_USAGE;
	}
	c->results = memory_new(c->nr_trials, sizeof(*c->results), "the trials");
	cli_catch_signals();
	for (bugs_fill(c); bugs_busy(c); bugs_fill(c)) {
		struct rusage used;
		int status;
		pid_t pid = bugs_wait_for_one(c, &status, &used);

		if (pid > 0)
			bugs_collect(c, pid, status, &used);
		else if (cli_stop != 0)
			for (unsigned i = 0; i < c->jobs; i++)
				if (c->processes[i].pid != 0)
					(void)kill(c->processes[i].pid, SIGKILL);
	}
	progress_erase();
	return bugs_hunt_end(c);
}

/* --- the other verbs --- */

static int
bugs_print(struct strbuf *text)
{
	fputs(strbuf_text(text), stdout);
	strbuf_free(text);
	return EXIT_OK;
}

static int
bugs_print_list(struct bugs_command *c, int nr, char **names)
{
	struct strbuf text = { 0 };

	if (nr != 0) {
		warnx("list: expected options only, found \"%s\"", names[0]);
		return cli_usage();
	}
	bugs_list(c->markdown, &text);
	return bugs_print(&text);
}

static int
bugs_print_one(struct bugs_command *c, int nr, char **names)
{
	struct strbuf text = { 0 };
	enum vm_mutant mutant;

	(void)c;
	if (nr == 0) {
		warnx("describe: expected the name of a bug");
		return EXIT_USAGE;
	}
	for (int i = 0; i < nr; i++) {
		if (!bugs_named_mutant(names[i], false, &mutant)) {
			strbuf_free(&text);
			return EXIT_USAGE;
		}
		bugs_describe(mutant, &text);
	}
	return bugs_print(&text);
}

static int
bugs_print_report(struct bugs_command *c, int nr, char **names)
{
	struct strbuf text = { 0 };

	(void)names;
	if (nr != 0 || c->state == NULL) {
		warnx("report: expected only --state DIR");
		return EXIT_USAGE;
	}
	if (!bugs_load_all(c->state, &c->results, &c->nr_results))
		return EXIT_USAGE;
	if (c->json) {
		for (size_t i = 0; i < c->nr_results; i++)
			bugs_show(c, &c->results[i]);
	} else if (c->markdown) {
		bugs_markdown(c->results, c->nr_results, &text);
	} else {
		bugs_table(c->results, c->nr_results, &text);
	}
	return bugs_print(&text);
}

static void
bugs_take_corpus(void *command, const char *path)
{
	struct bugs_command *c = command;

	if (c->nr_corpus == sizeof(c->corpus) / sizeof(c->corpus[0]))
		errx(EXIT_USAGE, "--corpus: at most %zu", c->nr_corpus);
	c->corpus[c->nr_corpus++] = path;
}

/* Without --corpus: the recordings of all profiles, and the litmus programs. */
static void
bugs_take_usual_corpus(struct bugs_command *c)
{
	if (c->nr_corpus > 0)
		return;
	for (unsigned id = 0; id < VM_PROFILE_COUNT; id++)
		if (vm_profile_table[id].recordings[0] != '\0')
			bugs_take_corpus(c, vm_profile_table[id].recordings);
	bugs_take_corpus(c, "corpus/litmus");
}

static int
bugs_equivalent_one(struct bugs_command *c, enum vm_mutant mutant)
{
	struct strbuf why = { 0 };
	struct bugs_same same;
	bool good = bugs_equivalent(mutant, c->corpus, c->nr_corpus, c->count, &same, &why);

	printf("%s: %s: %llu file%s, %llu random program%s, %llu state%s", bugs_mutant_name(mutant),
	    !good           ? "different"
	    : cli_stop != 0 ? "interrupted"
	                    : "the same",
	    (unsigned long long)same.files, plural(same.files), (unsigned long long)same.programs,
	    plural(same.programs), (unsigned long long)same.states, plural(same.states));
	if (same.incomplete > 0)
		printf(", %llu too large to compare", (unsigned long long)same.incomplete);
	printf("%s%s\n", good ? "" : "; ", strbuf_text(&why));
	strbuf_free(&why);
	return good && cli_stop == 0 ? EXIT_OK : EXIT_FINDING;
}

static int
bugs_equivalent_all(struct bugs_command *c, int nr, char **names)
{
	int rv = cli_engine_only(&c->target, "the bug bank covers");

	if (rv >= 0)
		return rv;
	if (!VM_HAS_MUTANTS) {
		warnx("equivalent: only in a build with -Dmutants=true");
		return EXIT_USAGE;
	}
	if (nr == 0) {
		warnx("equivalent: expected the name of a bug");
		return EXIT_USAGE;
	}
	bugs_take_usual_corpus(c);
	cli_catch_signals();
	rv = EXIT_OK;
	for (int i = 0; i < nr; i++) {
		enum vm_mutant mutant;

		if (!bugs_named_mutant(names[i], false, &mutant))
			return EXIT_USAGE;
		if (bugs_equivalent_one(c, mutant) != EXIT_OK)
			rv = EXIT_FINDING;
	}
	return rv;
}

/* --- options --- */

static const struct {
	const char *name;
	int (*function)(struct bugs_command *c, int nr, char **names);
} verbs[] = {
	{ "list", bugs_print_list },
	{ "describe", bugs_print_one },
	{ "hunt", bugs_hunt },
	{ "report", bugs_print_report },
	{ "equivalent", bugs_equivalent_all },
};

static void
bugs_list_engines(struct strbuf *out)
{
	for (unsigned e = 0; e < BUGS_ENGINE_END; e++)
		strbuf_printf(out, "  %-10s %s\n", bugs_engine_table[e].name, bugs_engine_table[e].text);
}

static void
bugs_take_engine(void *command, const char *name)
{
	struct bugs_command *c = command;
	enum bugs_engine engine = bugs_engine_by_name(name);

	struct nearest n;

	nearest_begin(&n, name, strlen(name));
	for (unsigned e = 0; e < BUGS_ENGINE_END; e++)
		nearest_offer(&n, bugs_engine_table[e].name);
	if (engine == BUGS_ENGINE_END)
		errx(EXIT_USAGE, "--engine %s: expected the name of an engine; --help lists them%s", name,
		    nearest_hint(&n));
	c->engines[engine] = true;
}

#define TO(type, field) OPTION_TO(struct bugs_command, type, field)
static const struct option_row rows[] = {
	OPTION_CALL("--engine E", bugs_take_engine, "engine, see below; repeat it for several (default hunt)"),
	OPTION_SECONDS(TO(double, seconds), "time limit of each trial (default 10)"),
	OPTION_COUNT("--seeds N", TO(uint64_t, seeds), 1, 1000, "seeds 1 to N (default 5; litmus knows one)"),
	OPTION_CALL("--corpus DIR", bugs_take_corpus,
	    "litmus: the programs (default corpus/litmus); equivalent: may be given again (default all recordings, "
	    "and corpus/litmus)"),
	OPTION_TEXT(
	    "--state DIR", TO(const char *, state), "keep each result in DIR, and skip trials with a result there"),
	OPTION_TEXT("--fuzzer FILE", TO(const char *, fuzzer),
	    "fuzz_sched: the program, of a build with -Dfuzz=true -Dmutants=true"),
	OPTION_COUNT("--count N", TO(uint64_t, count), 0, INT32_MAX, "equivalent: random programs (default 20000)"),
	OPTION_NUMBER(
	    "-j, --jobs N", TO(unsigned, jobs), 1, JOBS_MAX, "trials at a time (default 1, for the best measurement)"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_FLAG("--markdown", TO(bool, markdown), "list, report: a table for a document"),
	OPTION_FLAG("--json", TO(bool, json), "one JSON object per result and line"),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, bugs_list_engines, OPERANDS_SOME,
	"verb: list, describe, hunt, report or equivalent" };

static int
bugs_run(int argc, char **argv)
{
	static struct bugs_command c = {
		.seconds = SECONDS_DEFAULT, .seeds = SEEDS_DEFAULT, .count = COUNT_DEFAULT, .jobs = 1
	};
	int rv;

	c.target.target = target_at(0);
	rv = options_parse(argc, argv, &usage, &c);
	if (rv >= 0)
		return rv;
	rv = -1;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[optind], verbs[i].name) == 0)
			rv = verbs[i].function(&c, argc - optind - 1, argv + optind + 1);
	if (rv < 0) {
		struct nearest n;

		nearest_begin(&n, argv[optind], strlen(argv[optind]));
		for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
			nearest_offer(&n, verbs[i].name);
		warnx("expected list, describe, hunt, report or equivalent, found \"%s\"%s", argv[optind],
		    nearest_hint(&n));
		return cli_usage();
	}
	free(c.trials);
	free(c.results);
	return rv;
}

int
main(int argc, char **argv)
{
	return external_main(&(struct cli_command){ .name = "bugs", .function = bugs_run }, argc, argv);
}
