/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-explore.c - wirestorm explore: all outcomes of a program, or the shortest schedule to one of them. */
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/expect/expect.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"

static const char help_head[] =
    "usage: wirestorm explore [OPTION...] FILE\n"
    "\n"
    "Runs every interleaving of the program's threads, and prints each outcome with\n"
    "  its probability, if every scheduling point chooses uniformly at random,\n"
    "  the number of schedules that end in it,\n"
    "  a witness: of the schedules with the fewest preemptions, the shortest,\n"
    "  and for each operation that fails, the edges that say why, with the number of schedules (wirestorm\n"
    "    explain NAME).\n"
    "The output is a .vmt text. Every run is judged; each finding has a witness (wirestorm help checks).\n"
    "\n"
    "Before it prints \"complete\", it executes every witness and a random schedule for each outcome. If\n"
    "one of these runs differs from the explored states, the target's state key is incomplete, which is\n"
    "also a finding.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 explored, completely or until a limit (the output then says \"cut\"); 1 a finding that\n"
    "no quirk of the profile explains, a wrong final step, an incomplete state key, or with --until: WHAT\n"
    "does not happen; 2 wrong usage or an unusable file.\n"
    "\n"
    "Examples:\n"
    "  wirestorm explore corpus/litmus/wire-gone-after-wait.vmt\n"
    "  wirestorm explore --until T0.0=KERN_INVALID_ADDRESS corpus/litmus/wire-gone-after-wait.vmt\n";

#define MORE_REPLAYS 16
#define GOAL_STEPS_MAX 100000 /* a longer run to a goal is printed without its result */

struct explore_command {
	struct cli_target target;
	struct explore_options options;
	struct cli_report report;
	const char *path, *until;
	bool json;
};

/* --- --until --- */

/* Parses a small number at *text, and advances *text; UINT_MAX if there is none. */
static unsigned
explore_parse_index(const char **text)
{
	unsigned n = 0;
	const char *p = *text;

	while (*p >= '0' && *p <= '9' && n < PROGRAM_OPS_MAX)
		n = n * 10 + (unsigned)(*p++ - '0');
	if (p == *text)
		return UINT_MAX;
	*text = p;
	return n;
}

/* Parses "T0.1=RESULT" into *g. */
static bool
explore_parse_goal(const struct program *p, char *text, struct explore_goal *g)
{
	const char *at = text;
	bool good = *at++ == 'T';

	g->thread = good ? explore_parse_index(&at) : 0;
	good = good && *at++ == '.';
	g->op = good ? explore_parse_index(&at) : 0;
	if (!good || *at != '=' || g->thread == UINT_MAX || g->op == UINT_MAX) {
		warnx("--until %s: expected T<thread>.<operation>=<result>, or DEADLOCK", text);
		return false;
	}
	if (g->thread >= p->nr_threads || g->op >= p->threads[g->thread].nr_ops) {
		warnx("--until %s: the program has no such operation", text);
		return false;
	}
	good = vmt_parse_op_result(at + 1, &p->threads[g->thread].ops[g->op], &g->result);
	if (!good)
		warnx("--until %s: the operation cannot have that result", text);
	return good;
}

/* False: the error was reported. Free the goals in any case. */
static bool
explore_parse_until(
    const struct program *p, const char *until, struct explore_goal **ret_goals, struct explore_options *o)
{
	struct explore_goal *goals = memory_new(strlen(until) + 1, sizeof(*goals), "the goals");
	char *copy = memory_text(until, "the goals"), *rest = copy, *word;
	bool good = true;

	while (good && (word = strsep(&rest, ",")) != NULL) {
		if (strcmp(word, "DEADLOCK") == 0)
			o->goal_deadlock = true;
		else
			good = explore_parse_goal(p, word, &goals[o->nr_goals++]);
	}
	*ret_goals = goals;
	o->goals = goals;
	free(copy);
	return good;
}

/* Prints the program without its expectations, but with the goal's schedule and the result of that run. */
static void
explore_print_goal(const struct program *p, struct run *r, const struct schedule *path, const char *until, bool cut)
{
	struct program out = *p;
	struct strbuf text = { 0 }, head = { 0 }, result = { 0 }, wrong = { 0 };
	struct schedule whole = { 0 };
	struct replay how = { .lenient = true, .steps_max = GOAL_STEPS_MAX, .on_step = replay_record, .arg = &whole };
	bool deadlock, panic, ended;

	assert(schedule_exists(path));
	/* If the exploration was cut, the path may stop at the goal: the run goes on from there. */
	(void)replay(r, path, &how);
	replay_free(&how);
	deadlock = run_deadlocked(r);
	panic = run_panic(r) != NULL;
	ended = run_enabled(r) == 0;
	if (ended)
		(void)expect_end(r, &result, &wrong);
	strbuf_add(&head, p->head != NULL ? p->head : "");
	strbuf_printf(&head, "# %s: reached with %u preemption%s, %llu step%s%s\n", until, path->preemptions,
	    plural(path->preemptions), (unsigned long long)path->nr_steps, plural(path->nr_steps),
	    cut ? ", as far as it was explored: fewer may suffice" : "");
	out.head = head.text;
	out.nr_notes = 0;
	out.nr_outcomes = 0;
	out.has_schedules = false;
	out.nr_verdicts = 0;
	out.verdicts = NULL;
	if (r->checker != NULL)
		expect_findings(&out, r->checker->findings, r->checker->nr_findings, deadlock);
	out.result = panic || !ended ? NULL : result.text; /* no program can expect a panic */
	out.has_schedule = true;
	out.schedule = ended ? whole : *path;
	out.order = (struct schedule){ 0 };
	vmt_print(&out, &text);
	cli_print_vmt(strbuf_text(&text));
	strbuf_free(&text);
	program_drop_verdicts(&out);
	strbuf_free(&head);
	strbuf_free(&result);
	strbuf_free(&wrong);
	schedule_free(&whole);
}

/* --- printing --- */

static void
explore_print_count(const char *before, const struct explore_result *x)
{
	char buf[40];

	if (x->livelock)
		printf("%sendless (livelock: the states form a cycle)\n", before);
	else if (x->overflow)
		printf("%smore than 2^128\n", before);
	else
		printf("%s%s\n", before, explore_count_text(x->schedules, buf));
}

/* Prints why the operations of an outcome failed: "#   T0.0: wire_no_access in 3 schedules, wire_hole in 5". */
static void
explore_print_reasons(const struct explore_outcome *o, const char *least)
{
	char buf[40];

	for (size_t i = 0; i < o->nr_reasons; i++) {
		const struct explore_reason *x = &o->reasons[i];
		bool more = i > 0 && x[-1].thread == x->thread && x[-1].op == x->op;
		struct strbuf edges = { 0 };

		edges_print_joined(x->edges, &edges);
		if (more)
			printf(", ");
		else
			printf("%s#   T%u.%u: ", i > 0 ? "\n" : "", x->thread, x->op);
		printf("%s in %s%s", strbuf_text(&edges), least, explore_count_text(x->count, buf));
		if (!more)
			printf(" schedule%s", plural(x->count));
		strbuf_free(&edges);
	}
	if (o->nr_reasons > 0)
		printf("\n");
}

static void
explore_print_text(const struct explore_result *x)
{
	/* After a cut, counts are lower bounds, and a witness is only the best one found. */
	const char *least = x->end == EXPLORE_COMPLETE ? "" : x->wrong_key != NULL ? "perhaps " : "at least ";
	char buf[40];

	for (size_t i = 0; i < x->nr_outcomes; i++) {
		const struct explore_outcome *o = &x->outcomes[i];
		struct strbuf schedule = { 0 };

		schedule_print(&o->witness, &schedule);
		printf("outcome %s\n", o->text);
		if (!x->livelock)
			printf("#   probability %s%.6g, %s%s schedule%s\n", least, o->probability, least,
			    explore_count_text(o->count, buf), plural(o->count));
		printf("#   witness, %u preemption%s: %s\n", o->witness.preemptions, plural(o->witness.preemptions),
		    strbuf_text(&schedule));
		explore_print_reasons(o, least);
		if (o->final_error != NULL)
			printf("#   WRONG afterwards: %s\n", o->final_error);
		strbuf_free(&schedule);
	}
	if (x->end == EXPLORE_COMPLETE && !x->livelock && !x->overflow)
		explore_print_count("schedules ", x);
	else
		explore_print_count("# schedules so far: ", x);
	if (x->states > 0)
		printf("# %llu state%s, %llu transition%s, ", (unsigned long long)x->states, plural(x->states),
		    (unsigned long long)x->transitions, plural(x->transitions));
	else
		printf("# by schedules, ");
	printf("%zu outcome%s; %s\n", x->nr_outcomes, plural(x->nr_outcomes), explore_end_text(x->end));
}

/* Prints that the state key is incomplete, and which commands do not need it. */
static void
explore_print_wrong_key(const struct explore_result *x, FILE *to)
{
	if (x->wrong_key != NULL)
		fprintf(to,
		    "# FINDING state key incomplete: %s\n"
		    "#   wirestorm explore --by-schedules does not merge states; wirestorm check --verify compares "
		    "both\n",
		    x->wrong_key);
}

static void
explore_report_wrong_key(struct explore_command *c, const struct explore_result *x)
{
	struct strbuf text = { 0 };

	if (x->wrong_key == NULL)
		return;
	strbuf_printf(&text, "state key incomplete: %s", x->wrong_key);
	(void)report_add(&c->report.report, "state key", c->path, strbuf_text(&text));
	strbuf_free(&text);
}

static json_t *
explore_json_reasons(const struct explore_outcome *o)
{
	json_t *all = json_array();
	char buf[40];

	for (size_t i = 0; i < o->nr_reasons; i++) {
		const struct explore_reason *x = &o->reasons[i];
		json_t *edges = json_array();

		for (uint64_t left = x->edges; left != 0; left &= left - 1)
			json_array_append_new(edges, json_string(vm_edge_table[__builtin_ctzll(left)].name));
		json_array_append_new(all, json_pack("{s:i, s:i, s:o, s:s}", "thread", (int)x->thread, "op", (int)x->op,
		                               "edges", edges, "schedules", explore_count_text(x->count, buf)));
	}
	return all;
}

/* Counts are strings, because they may exceed what a JSON number holds exactly. */
static void
explore_print_json(const struct report *report, const struct explore_result *x, bool until)
{
	json_t *outcomes = json_array(), *root;
	char buf[40];

	for (size_t i = 0; i < x->nr_outcomes; i++) {
		const struct explore_outcome *o = &x->outcomes[i];

		json_array_append_new(outcomes,
		    json_pack("{s:s, s:f, s:s, s:o, s:o, s:s?}", "outcome", o->text, "probability", o->probability,
		        "schedules", explore_count_text(o->count, buf), "witness", cli_json_way(&o->witness), "reasons",
		        explore_json_reasons(o), "final_error", o->final_error));
	}
	root = json_pack("{s:s, s:b, s:b, s:s, s:I, s:I, s:o}", "end", explore_end_text(x->end), "complete",
	    x->end == EXPLORE_COMPLETE, "livelock", x->livelock, "schedules", explore_count_text(x->schedules, buf),
	    "states", (json_int_t)x->states, "transitions", (json_int_t)x->transitions, "outcomes", outcomes);
	if (root == NULL)
		memory_out("the JSON");
	json_object_set_new(root, "findings", report_json(report));
	json_object_set_new(root, "state_key_incomplete", x->wrong_key != NULL ? json_text(x->wrong_key) : json_null());
	if (until)
		json_object_set_new(root, "until", cli_json_way(&x->goal));
	json_print("explore", root, JSON_INDENT(1), stdout);
}

static int
explore_one(struct explore_command *c, struct program *p, struct run *r)
{
	struct explore_goal *goals = NULL;
	bool good = true;
	struct explore_result x;
	int rv = EXIT_OK;

	assert(p->nr_threads > 0 && r->program == p);
	c->options.want_witnesses = true;
	c->options.more_replays = MORE_REPLAYS;
	c->options.want_reasons = c->until == NULL;
	c->options.stop = &cli_stop;
	c->options.progress = cli_explore_progress;
	progress_begin();
	cli_catch_signals();
	if (c->until != NULL)
		good = explore_parse_until(p, c->until, &goals, &c->options);
	if (!good) {
		free(goals);
		return EXIT_USAGE;
	}
	explore(r, &c->options, &x);
	progress_erase();
	report_explored(&c->report.report, c->path, r, &x);
	if (c->json)
		explore_print_json(&c->report.report, &x, c->until != NULL);
	else if (c->until == NULL) {
		explore_print_text(&x);
		cli_print_report(&c->report.report);
		explore_print_wrong_key(&x, stdout);
	} else {
		explore_print_wrong_key(&x, stderr);
	}
	if (c->until != NULL && !schedule_exists(&x.goal)) {
		if (!c->json)
			warnx("%s %s (%s)", c->until, x.end == EXPLORE_COMPLETE ? "does not happen" : "was not found",
			    explore_end_text(x.end));
		rv = EXIT_FINDING;
	} else if (c->until != NULL && !c->json) {
		explore_print_goal(p, r, &x.goal, c->until, x.end != EXPLORE_COMPLETE);
	}
	if ((explore_first_finding(&x) != NULL && c->until == NULL) || x.wrong_key != NULL)
		rv = EXIT_FINDING;
	for (size_t i = 0; i < x.nr_outcomes && rv == EXIT_OK; i++)
		if (x.outcomes[i].final_error != NULL)
			rv = EXIT_FINDING;
	explore_report_wrong_key(c, &x);
	if (!cli_report_end(&c->report))
		rv = EXIT_USAGE;
	free(goals);
	explore_result_free(&x);
	return rv;
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct explore_command, type, field)
static const struct option_row rows[] = {
	OPTION_TEXT("--until WHAT", TO(const char *, until),
	    "print a program with the best schedule to WHAT: of the schedules with the fewest preemptions, one "
	    "with "
	    "the fewest steps, and of these, one with the fewest switches. WHAT: "
	    "T0.0=KERN_INVALID_ADDRESS (operation 0 of thread 0 gives that result), DEADLOCK, or several of these with "
	    "commas, which must all hold"),
	OPTION_SECONDS(TO(double, options.seconds), "time limit"),
	OPTION_STATES(TO(uint64_t, options.states_max), "limit of states (default 4194304)"),
	OPTION_FLAG(
	    "--by-schedules", TO(bool, options.by_schedules), "run each schedule by itself, without merging states"),
	OPTION_COUNT("--max-schedules N", TO(uint64_t, options.schedules_max), 1, 1LL << 60,
	    "limit of schedules (default 100000)"),
	OPTION_PROFILE(TO(struct cli_target, target), ": instead of the file's profile"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_NO_CHECKS(TO(struct cli_target, target)),
#include "harness/cli/report-rows.def"
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_ONE, "file" };

int
cmd_explore(int argc, char **argv)
{
	struct checker checker = { 0 };
	struct explore_command c = { .target = { .target = target_at(0), .checker = &checker } };
	struct program p;
	struct run r;
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv >= 0)
		return rv;
	c.path = argv[optind];
	if (!cli_report_begin(&c.report, c.json) || !cli_open_run(&c.target, c.path, &p, &r))
		return EXIT_USAGE;
	if (p.nr_threads == 0) {
		say_about(c.path, 0,
		    "the program has no threads, so there is nothing to explore; wirestorm run %s runs it", c.path);
		rv = EXIT_USAGE;
	} else {
		rv = explore_one(&c, &p, &r);
	}
	cli_close_run(&c.target, &p, &r);
	return rv;
}
