/* SPDX-License-Identifier: BSD-2-Clause */
/* fixed.c - see fixed.h. */
#include "harness/base/base.h"
#include "harness/expect/fixed.h"

#include <assert.h>
#include <stdlib.h>

#include "harness/expect/expect-run.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

#define MORE_REPLAYS 16 /* as in explore: random schedules to replay, besides one for each outcome */

struct fixed {
	const char *path;
	const struct checkfile_options *options;
	const struct program *program;
	struct run run;
	struct checker checker;
	struct checkfile_report report;
	struct strbuf *out;
};

/* --- the finding in question --- */

static bool
fixed_is_looked_for(const struct program *p, const struct finding *f)
{
	return p->nr_verdicts > 0 ? expect_line_of(p, f) != NULL : !f->quirk;
}

/* Does a verdict line list this kind? A deadlock with a detail does not count: it is a finding of a check. */
static bool
fixed_looks_for(const struct program *p, enum program_verdict kind)
{
	for (size_t i = 0; i < p->nr_verdicts; i++)
		if (p->verdicts[i].kind == kind && (kind != PROGRAM_VERDICT_DEADLOCK || p->verdicts[i].detail == NULL))
			return true;
	return false;
}

/* --- answers --- */

static void
fixed_begin_line(struct fixed *x, enum checkfile_status status, const char *what)
{
	x->report.status = (uint8_t)status;
	strbuf_printf(x->out, "%s: %s", escape_path(x->path), what);
}

static void
fixed_still_kind(struct fixed *x, const char *what, const struct schedule *way)
{
	fixed_begin_line(x, CHECKFILE_FAILED, "still happens: ");
	strbuf_add(x->out, what);
	checkfile_say_repeat(x->path, x->options, way, x->out);
}

/* Answers with the finding if it is looked for. */
static bool
fixed_still(struct fixed *x, const struct finding *f, const struct schedule *way)
{
	struct strbuf text = { 0 };

	if (!fixed_is_looked_for(x->program, f))
		return false;
	finding_print(f, x->program, &text);
	fixed_still_kind(x, strbuf_text(&text), way);
	strbuf_free(&text);
	return true;
}

static void
fixed_cannot_run(struct fixed *x, const char *why)
{
	fixed_begin_line(x, CHECKFILE_BAD, "cannot be run: ");
	strbuf_printf(x->out, "%s\n", why);
}

/* Mentions another finding. It does not change the answer. */
static void
fixed_mention(struct fixed *x, const struct explore_result *got)
{
	const struct explore_finding *f = explore_first_finding(got);

	if (f == NULL)
		return;
	strbuf_add(x->out, "; another finding: ");
	finding_print(&f->f, x->program, x->out);
}

static void
fixed_say_gone(struct fixed *x, const struct explore_result *got)
{
	char buf[40];

	fixed_begin_line(x, CHECKFILE_PASSED, got->end == EXPLORE_COMPLETE ? "fixed: " : "not found: ");
	if (got->end == EXPLORE_COMPLETE && got->livelock) {
		strbuf_add(x->out, "no schedule shows ");
		expect_print(x->program, x->out);
	} else if (got->end == EXPLORE_COMPLETE) {
		strbuf_printf(x->out, "none of %s schedule%s shows ", explore_count_text(got->schedules, buf),
		    plural(got->schedules));
		expect_print(x->program, x->out);
	} else {
		expect_print(x->program, x->out);
		strbuf_printf(x->out, " in %llu %s (%s) and %u runs by strategies",
		    (unsigned long long)(got->states > 0 ? got->states : (uint64_t)got->schedules),
		    got->states > 0 ? "states" : "schedules", explore_end_text(got->end), FIXED_RUNS);
	}
	fixed_mention(x, got);
	strbuf_addc(x->out, '\n');
	assert(x->report.status == CHECKFILE_PASSED);
}

/* --- the runs --- */

/* Judges the run, which has ended on this way. True: it shows the finding in question, and the answer is written. */
static bool
fixed_look_at_run(struct fixed *x, const struct schedule *way)
{
	struct strbuf result = { 0 }, wrong = { 0 };
	bool deadlock = run_deadlocked(&x->run), found = false;

	assert(run_enabled(&x->run) == 0);
	(void)expect_end(&x->run, &result, &wrong);
	for (size_t i = 0; i < x->checker.nr_findings && !found; i++)
		found = fixed_still(x, &x->checker.findings[i], way);
	if (!found && deadlock && fixed_looks_for(x->program, PROGRAM_VERDICT_DEADLOCK)) {
		fixed_still_kind(x, "a deadlock", way);
		found = true;
	}
	strbuf_free(&result);
	strbuf_free(&wrong);
	return found;
}

/* Runs the program's own schedule, as far as it can be followed. */
static bool
fixed_by_own_schedule(struct fixed *x)
{
	struct schedule way = { 0 };
	struct replay how = { .lenient = true, .on_step = replay_record, .arg = &way };
	bool found = false;

	if (!x->program->has_schedule)
		return false;
	(void)replay(&x->run, &x->program->schedule, &how);
	if (run_enabled(&x->run) == 0)
		found = fixed_look_at_run(x, &way);
	replay_free(&how);
	schedule_free(&way);
	return found;
}

static bool
fixed_by_strategies(struct fixed *x)
{
	struct strategy_view view;
	bool found = false;

	assert(x->program->nr_threads > 0);
	strategy_view_init(&view, &x->run);
	for (unsigned i = 0; i < FIXED_RUNS && !found; i++) {
		struct schedule way = { 0 };
		uint64_t seed = prng_mix(1, i, 3).state;

		if (x->options->stop != NULL && *x->options->stop != 0)
			break;
		(void)strategy_of_mix(seed)->function(&x->run, &view, seed, replay_record, &way);
		if (run_enabled(&x->run) == 0)
			found = fixed_look_at_run(x, &way);
		schedule_free(&way);
	}
	strategy_view_free(&view);
	return found;
}

/* Looks for the finding in question among all findings of the exploration. */
static bool
fixed_look_at_all(struct fixed *x, const struct explore_result *got)
{
	bool endless = got->livelock || got->end == EXPLORE_CUT_STEPS;

	for (size_t i = 0; i < got->nr_findings; i++)
		if (fixed_still(x, &got->findings[i].f, &got->findings[i].witness))
			return true;
	if (schedule_exists(&got->goal)) {
		fixed_still_kind(x, "a deadlock", &got->goal);
		return true;
	}
	if (endless && fixed_looks_for(x->program, PROGRAM_VERDICT_LIVELOCK)) {
		fixed_still_kind(x, "a schedule that does not end", NULL);
		return true;
	}
	if (got->end == EXPLORE_WRONG_KEY && x->program->nr_verdicts == 0) {
		struct strbuf text = { 0 };

		strbuf_printf(&text, "state key incomplete: %s", got->wrong_key);
		fixed_still_kind(x, strbuf_text(&text), NULL);
		strbuf_free(&text);
		return true;
	}
	return false;
}

static void
fixed_by_all_schedules(struct fixed *x)
{
	struct explore_options o = { .states_max = x->options->states_max,
		.schedules_max = x->options->states_max,
		.want_witnesses = true,
		.more_replays = MORE_REPLAYS,
		.goal_deadlock = fixed_looks_for(x->program, PROGRAM_VERDICT_DEADLOCK),
		.progress = x->options->progress,
		.stop = x->options->stop };
	struct explore_result got;

	assert(x->program->nr_threads > 0);
	explore(&x->run, &o, &got);
	expect_keep_counts(&got, &x->report);
	if (!fixed_look_at_all(x, &got)) {
		if (got.end == EXPLORE_CUT_STOPPED)
			fixed_cannot_run(x, "interrupted");
		else if (got.end == EXPLORE_COMPLETE || !fixed_by_strategies(x))
			fixed_say_gone(x, &got);
	}
	explore_result_free(&got);
}

/* A program without threads has only one run. */
static void
fixed_by_steps(struct fixed *x)
{
	assert(x->program->nr_threads == 0);
	if (fixed_look_at_run(x, &(struct schedule){ 0 }))
		return;
	fixed_begin_line(x, CHECKFILE_PASSED, "fixed: its only run does not show ");
	expect_print(x->program, x->out);
	strbuf_addc(x->out, '\n');
}

/* The init steps do not end. */
static void
fixed_not_opened(struct fixed *x)
{
	for (size_t i = 0; i < x->checker.nr_findings; i++)
		if (fixed_still(x, &x->checker.findings[i], &(struct schedule){ 0 }))
			return;
	fixed_cannot_run(x, strbuf_text(&x->run.error));
}

struct checkfile_report
fixed_program(const char *path, const struct program *p, const struct checkfile_options *options, struct sim *sim,
    struct strbuf *out)
{
	struct fixed x = { .path = path, .options = options, .program = p, .out = out };

	if (run_open_checked(&x.run, p, options->target, sim, &x.checker) != RUN_OPENED)
		fixed_not_opened(&x);
	else if (p->nr_threads == 0)
		fixed_by_steps(&x);
	else if (!fixed_by_own_schedule(&x))
		fixed_by_all_schedules(&x);
	run_close(&x.run);
	checker_free(&x.checker);
	return x.report;
}
