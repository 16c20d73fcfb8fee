/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-run.c - wirestorm run: executes a program once and shows what happens. */
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/show/show.h"

static const char help_head[] =
    "usage: wirestorm run [OPTION...] FILE\n"
    "\n"
    "Runs the program once: under --schedule, by choices drawn from --seed, or under the schedule in the\n"
    "file. Without any of these, it draws choices from seed 1. --strategy says how choices are drawn.\n"
    "Prints the outcome, the schedule, which repeats the run, and the checker's findings (wirestorm help\n"
    "checks).\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 it ran; 1 a finding that no quirk explains, or a difference from what the program\n"
    "expects; 2 wrong usage, or an unusable file or schedule; 3 the run does not end.\n"
    "\n"
    "Examples:\n"
    "  wirestorm run -v corpus/litmus/wire-gone-after-wait.vmt\n"
    "  wirestorm run --schedule 'T0*2 T1*3 T0' FILE.vmt\n"
    "  wirestorm run --strategy pct --seed 7 FILE.vmt\n"
    "\n"
    "Strategies:\n";

#define CHECK_EACH 1024 /* up to this step, invariants are checked after each step */

struct run_command {
	struct cli_target target;
	struct cli_which which;
	const char *path;
	struct cli_report report;
	bool verbose, lenient, json;
};

struct trace {
	struct run_command *c;
	struct schedule path;               /* the schedule of the run */
	bool from_file;                     /* follows the schedule in the file exactly */
	size_t next_check;                  /* number of the step */
	size_t nr_shown;                    /* number of findings */
	bool endless;                       /* the run was abandoned */
	bool other_profile;                 /* another profile than the file's */
	struct strbuf before;               /* the map after the last step */
	unsigned done[PROGRAM_THREADS_MAX]; /* operations finished before the step */
	json_t *steps;                      /* --json */
};

/* --- each step --- */

/* Appends "T0.0 wire 20 24 user noholes". */
static void
run_name_op(const struct run *r, unsigned thread, unsigned op, struct strbuf *out)
{
	strbuf_printf(out, "T%u.%u ", thread, op);
	vmt_print_op(run_op(r, thread, op), out);
}

/* Describes the operations that ended in the step, and the place of the thread. */
static void
run_describe(struct run *r, struct trace *t, unsigned thread, struct strbuf *out)
{
	const struct program_thread *pt = &r->program->threads[thread];
	const struct run_thread *rt = &r->threads[thread];
	char where[128] = "";

	assert(thread < r->program->nr_threads && t->done[thread] <= rt->nr_done);
	for (unsigned i = t->done[thread]; i < rt->nr_done; i++) {
		run_name_op(r, thread, i, out);
		strbuf_add(out, " => ");
		vmt_print_result(&pt->ops[i], &rt->results[i], out);
		edges_print_after(rt->results[i].edges, out);
		strbuf_add(out, "; ");
	}
	t->done[thread] = rt->nr_done;
	if (rt->nr_done == pt->nr_ops) {
		strbuf_add(out, "finished");
		return;
	}
	run_name_op(r, thread, rt->nr_done, out);
	if (run_op_waits(r, thread, rt->nr_done))
		(void)strlcpy(where, "look the results up", sizeof(where));
	else if (r->target->where != NULL)
		r->target->where(r->self, thread, where, sizeof(where));
	if (where[0] != '\0')
		strbuf_printf(out, ": %s %s", sim_status(r->sim, thread) == SIM_SLEEPING ? "now" : "next", where);
	else if (sim_status(r->sim, thread) == SIM_SLEEPING)
		strbuf_add(out, ": sleeps");
}

/* Prints the checker's findings that were not printed yet. */
static void
run_show_findings(const struct run *r, size_t *nr_shown)
{
	for (; r->checker != NULL && *nr_shown < r->checker->nr_findings; ++*nr_shown) {
		struct strbuf text = { 0 };

		finding_print(&r->checker->findings[*nr_shown], r->program, &text);
		printf("# FINDING %s\n", strbuf_text(&text));
		strbuf_free(&text);
	}
}

static void
run_on_step(void *arg, struct run *r, size_t step, unsigned thread)
{
	struct trace *t = arg;
	struct strbuf what = { 0 }, state = { 0 };

	assert(thread < r->program->nr_threads);
	schedule_append(&t->path, thread);
	/*
	 * Invariants are checked by a walk over the whole map, so in a long run they are checked less and less often.
	 */
	if (step >= t->next_check)
		t->next_check = step < CHECK_EACH ? step + 1 : step + step / 4;
	if (r->checker != NULL)
		r->checker->quiet = step + 1 < t->next_check;
	if (!t->c->verbose && !t->c->json)
		return;
	run_describe(r, t, thread, &what);
	r->target->dump(r->self, &r->state);
	state_print(&r->state, &state);
	if (t->c->json) {
		json_array_append_new(
		    t->steps, json_pack("{s:I, s:i, s:s, s:s}", "step", (json_int_t)step, "thread", (int)thread, "what",
		                  strbuf_text(&what), "state", strbuf_text(&state)));
	} else {
		printf("%4zu  T%u  %s\n", step, thread, strbuf_text(&what));
		if (strcmp(strbuf_text(&t->before), strbuf_text(&state)) != 0)
			printf("          %s\n", strbuf_text(&state));
		run_show_findings(r, &t->nr_shown);
	}
	strbuf_free(&what);
	strbuf_free(&t->before);
	t->before = state;
}

/* --- a sequential program --- */

/* Init and final steps. They run alone, so each is shown as an operation with its result and the map after it. */
struct sequence {
	struct run_command *c;
	const char *part; /* "init" or "final" */
	bool comments;    /* as comments, after the result of threads: without a trace they must not look like steps */
	json_t *steps;    /* --json */
	size_t nr_shown;  /* number of findings */
};

static void
run_show_step(struct sequence *q, struct run *r, const struct program_step *s, size_t i, const struct vm_result *got)
{
	struct strbuf op = { 0 }, result = { 0 }, behind = { 0 }, state = { 0 };

	vmt_print_op(&s->op, &op);
	vmt_print_result(&s->op, got, &result);
	edges_print_after(got->edges, &behind);
	r->target->dump(r->self, &r->state);
	state_print(&r->state, &state);
	if (q->c->json)
		(void)json_array_append_new(
		    q->steps, json_pack("{s:s, s:I, s:s, s:s, s:o, s:s}", "part", q->part, "step", (json_int_t)i + 1,
		                  "operation", strbuf_text(&op), "result", strbuf_text(&result), "edges",
		                  json_edges(got->edges), "state", strbuf_text(&state)));
	else if (q->comments)
		printf("# %s %s => %s%s\n", q->part, strbuf_text(&op), strbuf_text(&result), strbuf_text(&behind));
	else
		printf("%4zu  %s %s => %s%s\n          %s\n", i + 1, q->part, strbuf_text(&op), strbuf_text(&result),
		    strbuf_text(&behind), strbuf_text(&state));
	if (!q->c->json)
		run_show_findings(r, &q->nr_shown);
	strbuf_free(&op);
	strbuf_free(&result);
	strbuf_free(&behind);
	strbuf_free(&state);
}

static void
run_show_final(void *arg, struct run *r, size_t i, const struct vm_result *got)
{
	run_show_step(arg, r, &r->program->final[i], i, got);
}

/* Runs and shows the final steps. False: one differs from what the program expects; *wrong says how. */
static bool
run_final_steps(struct sequence *q, struct run *r, struct strbuf *wrong)
{
	q->part = "final";
	return run_final_each(r, run_show_final, q, wrong);
}

/* Is there a finding that no quirk explains? */
static bool
run_has_finding(const struct run *r)
{
	return r->checker != NULL && checker_first(r->checker) != NULL;
}

/* Opening the run has compared the init steps with their expectations. This runs them again, to show them. */
static int
run_sequential(struct run_command *c, struct program *p, struct run *r)
{
	struct sequence q = { .c = c, .part = "init", .steps = json_array() };
	struct strbuf wrong = { 0 };
	struct program bare = *p;
	bool final_ok, going = true;

	assert(p->nr_threads == 0);
	run_close(r);
	bare.nr_init = 0;
	if (run_open_checked(r, &bare, c->target.target, r->sim, c->target.checker) != RUN_OPENED)
		errx(EXIT_USAGE, "%s", strbuf_text(&r->error));
	for (size_t i = 0; i < p->nr_init && going; i++) {
		struct vm_result got;

		r->init_index = (unsigned)i;
		got = run_alone(r, &p->init[i].op);
		run_show_step(&q, r, &p->init[i], i, &got);
		going = got.outcome != VM_OUTCOME_BLOCKED; /* otherwise no step can follow */
	}
	final_ok = !going || run_final_steps(&q, r, &wrong);
	report_checked(&c->report.report, c->path, p, r->checker);
	if (c->json) {
		json_t *j = json_pack("{s:b, s:O, s:o}", "as_expected", final_ok, "steps", q.steps, "findings",
		    report_json(&c->report.report));

		json_print("run", j, JSON_INDENT(1), stdout);
	} else if (!final_ok) {
		printf("# WRONG: %s\n", strbuf_text(&wrong));
	}
	json_decref(q.steps);
	strbuf_free(&wrong);
	return final_ok && !run_has_finding(r) ? EXIT_OK : EXIT_FINDING;
}

/* --- a concurrent one --- */

static bool
run_execute(struct run_command *c, struct program *p, struct run *r, struct trace *t)
{
	struct replay how = { .lenient = c->lenient, .on_step = run_on_step, .arg = t };
	struct schedule named = { 0 };
	bool given = p->has_schedule && !c->which.drawn, ok = true;

	assert(p->nr_threads > 0);
	if (c->which.schedule != NULL) {
		struct vmt_error e;

		if (!schedule_parse(c->which.schedule, &named, &e)) {
			warnx("--schedule: column %u: %s", e.column, e.text);
			return false;
		}
		given = true;
	}
	if (given) {
		ok = replay(r, c->which.schedule != NULL ? &named : &p->schedule, &how);
		if (!ok)
			say_about(c->path, 0, "%s", strbuf_text(&how.error));
		if (how.nr_diverged > 0)
			say_about(
			    c->path, 0, "%zu choice%s could not be followed", how.nr_diverged, plural(how.nr_diverged));
		t->from_file = c->which.schedule == NULL && how.nr_diverged == 0;
	} else {
		struct strategy_view view;

		strategy_view_init(&view, r);
		(void)c->which.strategy->function(r, &view, c->which.seed, run_on_step, t);
		strategy_view_free(&view);
	}
	if (ok && run_enabled(r) != 0) {
		say_about(c->path, 0, "the run does not end within %d steps", STRATEGY_STEPS_MAX);
		t->endless = true;
		ok = false;
	}
	schedule_free(&named);
	replay_free(&how);
	return ok;
}

/* Does the program expect this outcome, as the result of its schedule or in an outcome line? */
static bool
run_is_expected(const struct program *p, const struct trace *t, const char *outcome)
{
	if (t->other_profile)
		return true; /* the file's expectations hold for its own profile */
	if (t->from_file && p->result != NULL && strcmp(p->result, outcome) != 0)
		return false;
	for (size_t i = 0; i < p->nr_outcomes; i++)
		if (strcmp(p->outcomes[i].text, outcome) == 0)
			return true;
	return p->nr_outcomes == 0;
}

static int
run_tell(struct run_command *c, struct program *p, struct run *r, struct trace *t)
{
	struct sequence q = { .c = c, .comments = !c->verbose, .steps = json_array(), .nr_shown = t->nr_shown };
	struct strbuf outcome = { 0 }, schedule = { 0 }, wrong = { 0 };
	bool deadlock = run_deadlocked(r), final_ok, known;

	assert(run_enabled(r) == 0);
	if (r->checker != NULL)
		checker_end(r->checker, r);
	run_outcome(r, &outcome);
	schedule_print(&t->path, &schedule);
	known = run_is_expected(p, t, strbuf_text(&outcome));
	if (!c->json) {
		printf("result %s\nschedule %s\n", strbuf_text(&outcome), strbuf_text(&schedule));
		if (!known)
			printf("# the program does not expect this outcome\n");
		run_show_findings(r, &q.nr_shown);
	}
	final_ok = deadlock || run_panic(r) != NULL || run_final_steps(&q, r, &wrong);
	report_checked(&c->report.report, c->path, p, r->checker);
	if (c->json) {
		json_t *j = json_pack("{s:s, s:s, s:b, s:b, s:o, s:O, s:O}", "outcome", strbuf_text(&outcome),
		    "schedule", strbuf_text(&schedule), "deadlock", deadlock, "as_expected", known && final_ok,
		    "findings", report_json(&c->report.report), "steps", t->steps, "final", q.steps);

		json_print("run", j, JSON_INDENT(1), stdout);
	} else if (!final_ok) {
		printf("# WRONG afterwards: %s\n", strbuf_text(&wrong));
	}
	json_decref(q.steps);
	strbuf_free(&outcome);
	strbuf_free(&schedule);
	strbuf_free(&wrong);
	return known && final_ok && !run_has_finding(r) ? EXIT_OK : EXIT_FINDING;
}

static int
run_threads(struct run_command *c, struct program *p, struct run *r)
{
	struct trace t = { .c = c, .other_profile = c->target.profile_text != NULL, .steps = json_array() };
	int rv = EXIT_USAGE;

	if (c->verbose && !c->json) {
		r->target->dump(r->self, &r->state);
		state_print(&r->state, &t.before);
		printf("   0      %s\n", strbuf_text(&t.before));
	}
	if (run_execute(c, p, r, &t))
		rv = run_tell(c, p, r, &t);
	else if (t.endless)
		rv = EXIT_HANG;
	json_decref(t.steps);
	strbuf_free(&t.before);
	schedule_free(&t.path);
	return rv;
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct run_command, type, field)
static const struct option_row rows[] = {
	OPTIONS_WHICH(TO(struct cli_which, which), "how choices are drawn (default random), see below"),
	OPTION_FLAG("-v, --verbose", TO(bool, verbose),
	    "print each step: the thread, what it did, where it is now, and the map if it changed"),
	OPTION_FLAG("--lenient", TO(bool, lenient), "continue a schedule with another thread if a choice cannot run"),
	OPTION_PROFILE(TO(struct cli_target, target), ": instead of the file's profile"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_NO_CHECKS(TO(struct cli_target, target)),
#include "harness/cli/report-rows.def"
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, strategy_print_list, OPERANDS_ONE, "file" };

int
cmd_run(int argc, char **argv)
{
	struct checker checker = { 0 };
	struct run_command c = { .target = { .target = target_at(0), .checker = &checker },
		.which = { .strategy = strategy_at(0), .seed = 1 } };
	struct program p;
	struct run r;
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = cli_which_check(&c.which);
	if (rv >= 0)
		return rv;
	c.path = argv[optind];
	if (!cli_report_begin(&c.report, c.json) || !cli_open_run(&c.target, c.path, &p, &r))
		return EXIT_USAGE;
	rv = p.nr_threads == 0 ? run_sequential(&c, &p, &r) : run_threads(&c, &p, &r);
	if (!cli_report_end(&c.report))
		rv = EXIT_USAGE;
	cli_close_run(&c.target, &p, &r);
	return rv;
}
