/* SPDX-License-Identifier: BSD-2-Clause */
/* expect-check.c - see checkfile.h. */
#include "harness/expect/checkfile.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mutant.h"
#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/expect/expect-run.h"
#include "harness/expect/fixed.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

#define MORE_REPLAYS 8

struct check {
	const char *path;
	const struct checkfile_options *options;
	struct program program;
	struct run run;
	struct checker checker;
	struct checkfile_report report;
	struct strbuf *out;
	struct strbuf before; /* the canonical text, if there is something to bless */
	size_t line_at;       /* offset in *out of the last difference */
};

/* --- differences --- */

/* Gives the last difference its line of text. */
static void
check_end_difference(struct check *c)
{
	size_t nr = json_array_size(c->options->differences);
	const char *text = strbuf_text(c->out) + c->line_at;
	struct strbuf line = { 0 };

	assert(c->line_at <= c->out->len);
	if (nr == 0)
		return;
	strbuf_addn(&line, text, strcspn(text, "\n"));
	(void)json_object_set_new(
	    json_array_get(c->options->differences, nr - 1), "text", json_text(strbuf_text(&line)));
	strbuf_free(&line);
}

/*
 * Starts a line about a difference at line @line of the program (0: no particular line). @what is a word of
 * docs/json.md; @expected and @found may be NULL.
 */
static void
check_differ(struct check *c, unsigned line, const char *what, const char *expected, const char *found)
{
	check_end_difference(c);
	c->line_at = c->out->len;
	c->report.status = CHECKFILE_FAILED;
	strbuf_add(c->out, escape_path(c->path));
	if (line != 0)
		strbuf_printf(c->out, ":%u", line);
	strbuf_add(c->out, ": ");
	if (c->options->differences != NULL)
		(void)json_array_append_new(
		    c->options->differences, json_pack("{s:s, s:o, s:s?, s:s?, s:n, s:s}", "what", what, "line",
		                                 line != 0 ? json_integer(line) : json_null(), "expected", expected,
		                                 "found", found, "schedule", "text", ""));
	assert(c->report.status == CHECKFILE_FAILED);
}

/* Reports a difference that has only a text, which ends its line. */
__attribute__((format(printf, 3, 4))) static void
check_fail(struct check *c, unsigned line, const char *format, ...)
{
	va_list ap;

	check_differ(c, line, "other", NULL, NULL);
	va_start(ap, format);
	strbuf_vprintf(c->out, format, ap);
	va_end(ap);
}

/* Adds the schedule that shows the last difference. */
static void
check_add_witness(struct check *c, const char *schedule)
{
	size_t nr = json_array_size(c->options->differences);

	if (nr > 0)
		(void)json_object_set_new(
		    json_array_get(c->options->differences, nr - 1), "schedule", json_string(schedule));
}

/* Reports a failed init or final step, in the words of run_open and run_final. */
static void
check_differ_step(struct check *c)
{
	const struct run *r = &c->run;

	check_differ(c, r->error_line, r->differs != NULL ? r->differs : "other",
	    r->differs != NULL ? strbuf_text(&r->want) : NULL, r->differs != NULL ? strbuf_text(&r->got) : NULL);
}

/* Adds the command that repeats the run. */
static void
check_say_repeat(struct check *c, const struct schedule *witness)
{
	if (schedule_exists(witness)) {
		struct strbuf schedule = { 0 };

		schedule_print(witness, &schedule);
		check_add_witness(c, strbuf_text(&schedule));
		strbuf_free(&schedule);
	}
	checkfile_say_repeat(c->path, c->options, witness, c->out);
}

/* --- findings --- */

/* Reports a finding; @before comes before its text. */
static void
check_fail_finding(struct check *c, const char *before, const struct finding *f, const struct schedule *witness)
{
	struct strbuf text = { 0 };

	finding_print(f, &c->program, &text);
	check_differ(c, 0, "finding", NULL, strbuf_text(&text));
	strbuf_printf(c->out, "%s%s", before, strbuf_text(&text));
	check_say_repeat(c, witness);
	strbuf_free(&text);
}

/* A finding of a program without verdict lines. Findings that quirks explain are only counted. */
static void
check_take_finding(struct check *c, const struct finding *f, const struct schedule *witness)
{
	if (f->quirk)
		c->report.quirk_checks |= (uint64_t)1 << f->check;
	else
		check_fail_finding(c, "", f, witness);
}

/* A finding of the run under the schedule. If there are verdict lines, one of them must list it. */
static void
check_take_shown(struct check *c, const struct finding *f, const struct schedule *how)
{
	if (c->program.nr_verdicts == 0) {
		check_take_finding(c, f, how);
		return;
	}
	if (f->quirk)
		c->report.quirk_checks |= (uint64_t)1 << f->check;
	if (expect_line_of(&c->program, f) == NULL)
		check_fail_finding(c, "no verdict line lists ", f, how);
}

/* --- outcomes --- */

/* Merges the two sorted lists: an outcome in only one of them is missing or extra. */
static void
check_compare_outcomes(struct check *c, const struct explore_result *got)
{
	const struct program *p = &c->program;
	size_t i = 0, j = 0;

	while (i < p->nr_outcomes || j < got->nr_outcomes) {
		int order = i == p->nr_outcomes     ? 1
		            : j == got->nr_outcomes ? -1
		                                    : strcmp(p->outcomes[i].text, got->outcomes[j].text);

		if (order < 0) {
			check_differ(c, p->outcomes[i].line, "outcome", p->outcomes[i].text, NULL);
			strbuf_printf(c->out, "- outcome %s (expected, does not happen)\n", p->outcomes[i].text);
			i++;
		} else if (order > 0) {
			check_differ(c, 0, "outcome", NULL, got->outcomes[j].text);
			strbuf_printf(c->out, "+ outcome %s (happens, not expected)", got->outcomes[j].text);
			check_say_repeat(c, &got->outcomes[j].witness);
			j++;
		} else {
			i++;
			j++;
		}
	}
	assert(i == p->nr_outcomes && j == got->nr_outcomes);
}

static bool
check_outcomes_differ(const struct program *p, const struct explore_result *got)
{
	if (p->nr_outcomes != got->nr_outcomes)
		return true;
	for (size_t i = 0; i < p->nr_outcomes; i++)
		if (strcmp(p->outcomes[i].text, got->outcomes[i].text) != 0)
			return true;
	return false;
}

static void
check_compare_counts(struct check *c, const struct explore_result *got)
{
	char want_text[40], got_text[40];

	if (!c->program.has_schedules || c->program.schedules == got->schedules)
		return;
	(void)explore_count_text(c->program.schedules, want_text);
	(void)explore_count_text(got->schedules, got_text);
	check_differ(c, c->program.lines[PROGRAM_LINE_schedules], "schedules", want_text, got_text);
	strbuf_printf(c->out, "expected schedules %s, got %s\n", want_text, got_text);
}

static void
check_compare_finals(struct check *c, const struct explore_result *got)
{
	for (size_t i = 0; i < got->nr_outcomes; i++) {
		if (got->outcomes[i].final_error == NULL)
			continue;
		check_fail(c, 0, "after outcome %s: %s", got->outcomes[i].text, got->outcomes[i].final_error);
		check_say_repeat(c, &got->outcomes[i].witness);
	}
}

/* Tests the state key: explores by schedules, without merging, and compares. */
static void
check_verify(struct check *c, const struct explore_result *merged)
{
	struct explore_options o = { .by_schedules = true, .progress = c->options->progress, .stop = c->options->stop };
	struct explore_result plain;

	assert(merged->end == EXPLORE_COMPLETE && !merged->livelock);
	if (merged->schedules > c->options->verify_max || c->run.target->key == NULL)
		return;
	/* One more than expected, so that a larger number shows. */
	o.schedules_max = (uint64_t)merged->schedules + 1;
	explore(&c->run, &o, &plain);
	c->report.verified = plain.end != EXPLORE_CUT_STOPPED;
	if (!c->report.verified) {
		check_fail(c, 0, "--verify: interrupted\n");
	} else if (plain.nr_findings != merged->nr_findings) {
		check_fail(c, 0, "--verify: %zu findings over states, %zu by schedules\n", merged->nr_findings,
		    plain.nr_findings);
	} else if (plain.schedules != merged->schedules || plain.nr_outcomes != merged->nr_outcomes) {
		char a[40], b[40];

		check_fail(c, 0, "--verify: %s schedules and %zu outcomes over states, %s and %zu by schedules\n",
		    explore_count_text(merged->schedules, a), merged->nr_outcomes,
		    explore_count_text(plain.schedules, b), plain.nr_outcomes);
	} else {
		for (size_t i = 0; i < plain.nr_outcomes; i++) {
			if (strcmp(plain.outcomes[i].text, merged->outcomes[i].text) == 0 &&
			    plain.outcomes[i].count == merged->outcomes[i].count)
				continue;
			check_fail(c, 0,
			    "--verify: the number of schedules with outcome %s differs from that over states\n",
			    plain.outcomes[i].text);
		}
	}
	explore_result_free(&plain);
}

/* The states form a cycle, but no schedule is endless: two different states have the same key. */
static bool
check_key_is_incomplete(struct check *c)
{
	struct explore_options o = { .by_schedules = true, .schedules_max = c->options->verify_max };
	struct explore_result plain;
	bool ended;

	explore(&c->run, &o, &plain);
	c->report.verified = true;
	ended = plain.end == EXPLORE_COMPLETE;
	explore_result_free(&plain);
	return ended;
}

static void
check_explore_incomplete(struct check *c, const struct explore_result *got)
{
	assert(got->end != EXPLORE_COMPLETE || got->livelock || got->overflow);
	c->report.incomplete = !got->livelock;
	if (got->livelock && c->options->verify && check_key_is_incomplete(c))
		check_fail(c, 0, "--verify: a cycle of states, but every schedule ends: the key is incomplete\n");
	else if (got->livelock)
		check_fail(c, 0, "livelock: the states form a cycle\n");
	else if (got->wrong_key != NULL)
		check_fail(c, 0, "state key incomplete: %s; --verify compares with all schedules\n", got->wrong_key);
	else if (got->overflow)
		check_fail(c, 0, "more than 2^128 schedules\n");
	else
		check_fail(c, 0, "not explored completely (%s), after %llu %s\n", explore_end_text(got->end),
		    (unsigned long long)(got->states > 0 ? got->states : (uint64_t)got->schedules),
		    got->states > 0 ? "states" : "schedules");
}

/* The options of an exploration of all schedules. */
static struct explore_options
explore_options_of(const struct check *c)
{
	return (struct explore_options){ .states_max = c->options->states_max,
		.schedules_max = c->options->states_max,
		.more_replays = MORE_REPLAYS,
		.progress = c->options->progress,
		.stop = c->options->stop };
}

static void
check_outcomes(struct check *c, struct explore_result *got)
{
	struct explore_options o = explore_options_of(c);

	assert(c->program.nr_threads > 0);
	explore(&c->run, &o, got);
	if (got->end == EXPLORE_COMPLETE && c->program.nr_outcomes > 0 && check_outcomes_differ(&c->program, got) &&
	    !c->options->bless) {
		/* Witnesses are expensive, so they are computed only now. */
		explore_result_free(got);
		o.want_witnesses = true;
		explore(&c->run, &o, got);
	}
	expect_keep_counts(got, &c->report);
	for (size_t i = 0; i < got->nr_findings; i++)
		if (got->findings[i].f.check != CHECK_circle) /* explore_incomplete decides about a cycle */
			check_take_finding(c, &got->findings[i].f, &got->findings[i].witness);
	if (got->end != EXPLORE_COMPLETE || got->livelock || got->overflow) {
		check_explore_incomplete(c, got);
		return;
	}
	if (c->options->verify)
		check_verify(c, got);
	check_compare_finals(c, got);
	if (c->options->bless)
		return;
	if (c->program.nr_outcomes > 0)
		check_compare_outcomes(c, got);
	if (c->options->counts)
		check_compare_counts(c, got);
}

/* --verify of a program without outcome lines: explores it for the state key alone. */
static void
check_key(struct check *c)
{
	struct explore_options o = explore_options_of(c);
	struct explore_result got;

	assert(c->options->verify && c->program.nr_threads > 0);
	explore(&c->run, &o, &got);
	expect_keep_counts(&got, &c->report);
	if (got.end == EXPLORE_COMPLETE && !got.livelock && !got.overflow)
		check_verify(c, &got);
	else if (got.wrong_key != NULL || (got.livelock && check_key_is_incomplete(c)))
		check_explore_incomplete(c, &got);
	explore_result_free(&got);
}

/* No single schedule shows a livelock, so all are explored: the states form a cycle, or a schedule does not end. */
static void
check_livelock(struct check *c, struct explore_result *got)
{
	struct explore_options o = explore_options_of(c);

	assert(program_verdict(&c->program)->kind == PROGRAM_VERDICT_LIVELOCK);
	explore(&c->run, &o, got);
	expect_keep_counts(got, &c->report);
	c->report.verdict_shown = got->livelock || got->end == EXPLORE_CUT_STEPS;
	if (!c->report.verdict_shown) {
		check_differ(c, program_verdict(&c->program)->line, "verdict", "livelock", NULL);
		strbuf_printf(c->out, "expected verdict livelock, but %s\n",
		    got->end == EXPLORE_COMPLETE ? "every schedule ends" : explore_end_text(got->end));
	}
}

/* --- schedules --- */

/* Does an active quirk explain all findings of the run that the line lists? */
static bool
check_is_of_quirks(const struct check *c, const struct program_verdict_line *v)
{
	bool any = false;

	for (size_t i = 0; i < c->checker.nr_findings; i++) {
		const struct finding *f = &c->checker.findings[i];

		if (!finding_is(f, v->kind, v->detail))
			continue;
		if (!f->quirk)
			return false;
		any = true;
	}
	return any;
}

/* Verdicts of a mutant or a quirk must not appear without it on the same schedule, followed as far as possible. */
static void
check_gone(struct check *c)
{
	struct program bare = c->program;
	struct checker checker = { 0 };
	struct replay how = { .lenient = true };
	bool mutant = c->program.config.mutant != NULL;
	struct run r;

	assert(c->program.nr_threads > 0 && c->program.nr_verdicts > 0);
	bare.config.mutant = NULL;
	bare.config.profile.on = VM_PROFILE_ON_strict;
	if (run_open_checked(&r, &bare, c->options->target, c->run.sim, &checker) == RUN_OPENED) {
		(void)replay(&r, &bare.schedule, &how);
		checker_end(&checker, &r);
		for (size_t i = 0; i < bare.nr_verdicts; i++) {
			const struct program_verdict_line *v = &bare.verdicts[i];

			if (!findings_show_verdict(checker.findings, checker.nr_findings, run_deadlocked(&r), v) ||
			    !(mutant || check_is_of_quirks(c, v)))
				continue;
			check_fail(
			    c, v->line, "the verdict also appears without the %s\n", mutant ? "mutant" : "quirks");
		}
	}
	replay_free(&how);
	run_close(&r);
	checker_free(&checker);
}

/*
 * Does no check of that kind have the name in the verdict's detail? A target has labels of its own for
 * invariants.
 */
static bool
check_names_no_check(const struct program_verdict_line *v)
{
	size_t len;
	const char *name = program_verdict_check(v, &len);
	enum check_id id = name != NULL ? check_find(name, len) : CHECK_NONE;

	return name != NULL && v->kind != PROGRAM_VERDICT_INVARIANT &&
	       (id == CHECK_NONE || check_table[id].verdict != v->kind);
}

/* False: the run does not show what the line lists, and this was reported. */
static bool
check_line(struct check *c, const struct program_verdict_line *v, bool deadlock)
{
	struct strbuf verdict = { 0 };

	if (findings_show_verdict(c->checker.findings, c->checker.nr_findings, deadlock, v))
		return true;
	vmt_print_verdict(v, &verdict);
	check_differ(c, v->line, "verdict", strbuf_text(&verdict), NULL);
	strbuf_printf(c->out, "expected verdict %s, but %s\n", strbuf_text(&verdict),
	    v->kind == PROGRAM_VERDICT_DEADLOCK && !deadlock ? "every thread finished"
	    : check_names_no_check(v) ? "no check of that kind has this name: wirestorm help checks lists them"
	                              : "the run does not show it");
	strbuf_free(&verdict);
	return false;
}

/* Checks that the findings of the run are exactly those that the verdict lines list. */
static void
check_verdicts(struct check *c, const struct schedule *how, bool deadlock)
{
	const struct program *p = &c->program;
	bool shown = p->nr_verdicts > 0;

	for (size_t i = 0; i < c->checker.nr_findings; i++)
		check_take_shown(c, &c->checker.findings[i], how);
	if (c->options->no_checks)
		return;
	for (size_t i = 0; i < p->nr_verdicts; i++)
		shown &= check_line(c, &p->verdicts[i], deadlock);
	c->report.verdict_shown = shown;
	if (shown && p->nr_threads > 0 && (p->config.mutant != NULL || p->config.profile.on != 0))
		check_gone(c);
}

/* Makes the verdict lines list the findings of the run. A run without a finding is a failure. */
static void
check_bless_verdicts(struct check *c, const struct schedule *how, bool deadlock)
{
	struct program *p = &c->program;

	if (p->nr_verdicts == 0) {
		for (size_t i = 0; i < c->checker.nr_findings; i++)
			check_take_finding(c, &c->checker.findings[i], how);
		return;
	}
	if (c->options->no_checks)
		return;
	expect_findings(p, c->checker.findings, c->checker.nr_findings, deadlock);
	if (p->nr_verdicts == 0) {
		check_fail(c, 0, "the run shows no finding, so there is no verdict to write\n");
	}
}

/*
 * Blesses a step. A sequential program gets all results and states; with threads, only existing expectations are
 * updated.
 */
static void
check_bless_step(struct check *c, struct program_step *s, const struct vm_result *got)
{
	bool all = c->program.nr_threads == 0;
	struct strbuf text = { 0 };

	s->has_result |= all;
	if (s->has_result)
		s->result = *got;
	if (s->state == NULL && !all)
		return;
	c->run.target->dump(c->run.self, &c->run.state);
	state_print(&c->run.state, &text);
	free(s->state);
	s->state = strbuf_take(&text);
}

/* For run_final_each: a final step after the threads. */
static void
check_bless_final(void *arg, struct run *r, size_t i, const struct vm_result *got)
{
	struct check *c = arg;

	(void)r;
	check_bless_step(c, &c->program.final[i], got);
}

/* Final steps do not run after a deadlock: what they expect is never compared. */
static void
check_forget_finals(struct program *p)
{
	for (size_t i = 0; i < p->nr_final; i++) {
		p->final[i].has_result = false;
		free(p->final[i].state);
		p->final[i].state = NULL;
	}
}

static void
check_schedule(struct check *c, struct strbuf *result)
{
	struct replay how = { .lenient = c->options->lenient };
	const struct program *p = &c->program;
	struct strbuf wrong = { 0 };
	bool deadlock, finals;

	assert(p->has_schedule && p->nr_threads > 0);
	if (!replay(&c->run, &p->schedule, &how)) {
		check_differ(c, p->lines[PROGRAM_LINE_schedule], "schedule", NULL, NULL);
		strbuf_printf(c->out, "%s\n", strbuf_text(&how.error));
		replay_free(&how);
		return;
	}
	replay_free(&how);
	if (run_enabled(&c->run) != 0) {
		check_differ(c, p->lines[PROGRAM_LINE_schedule], "schedule", NULL, NULL);
		strbuf_printf(c->out, "the run does not end within %d steps\n", STRATEGY_STEPS_MAX);
		return;
	}
	deadlock = run_deadlocked(&c->run);
	finals = expect_end_each(&c->run, c->options->bless ? check_bless_final : NULL, c, result, &wrong);
	if (c->options->bless) {
		if (deadlock || run_panic(&c->run) != NULL)
			check_forget_finals(&c->program);
		check_bless_verdicts(c, &p->schedule, deadlock);
	} else {
		if (p->result != NULL && strcmp(p->result, result->text) != 0) {
			check_differ(c, p->lines[PROGRAM_LINE_result], "result", p->result, result->text);
			strbuf_printf(c->out, "expected result %s, got %s\n", p->result, result->text);
		}
		if (!finals) {
			check_differ_step(c);
			strbuf_printf(c->out, "%s\n", strbuf_text(&wrong));
		}
		check_verdicts(c, &p->schedule, deadlock);
	}
	strbuf_free(&wrong);
}

/* --- blessing --- */

/* Gives the steps of a sequential part their actual results. */
static void
check_bless_steps(struct check *c, struct program_step *steps, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct vm_result got = run_alone(&c->run, &steps[i].op);

		check_bless_step(c, &steps[i], &got);
		if (got.outcome == VM_OUTCOME_BLOCKED)
			break;
	}
}

static void
check_bless_outcomes(struct program *p, struct explore_result *got)
{
	for (size_t i = 0; i < p->nr_outcomes; i++)
		free(p->outcomes[i].text);
	p->outcomes = memory_resize(p->outcomes, got->nr_outcomes + 1, sizeof(*p->outcomes), "the outcomes");
	for (size_t i = 0; i < got->nr_outcomes; i++) {
		p->outcomes[i] = (struct program_outcome){ .text = got->outcomes[i].text };
		got->outcomes[i].text = NULL;
	}
	p->nr_outcomes = got->nr_outcomes;
	p->has_schedules = true;
	p->schedules = got->schedules;
	assert(p->nr_outcomes == got->nr_outcomes);
}

/* No program can expect a panic. */
static void
check_refuse_panics(struct check *c, const struct explore_result *got)
{
	for (size_t i = 0; i < got->nr_outcomes; i++) {
		const char *panic = strstr(got->outcomes[i].text, "PANIC(");

		if (panic == NULL)
			continue;
		check_fail(c, 0, "a schedule ends with %s, which no program can expect\n", panic);
		return;
	}
}

/* Makes the text that the file should have. The caller writes it. */
static void
check_bless_text(struct check *c)
{
	assert(c->options->bless && c->options->blessed != NULL);
	vmt_print(&c->program, c->options->blessed);
	c->report.blessed = strcmp(strbuf_text(&c->before), strbuf_text(c->options->blessed)) != 0;
}

/* --- one file --- */

/* Does the program expect results or states of init or final steps? */
static bool
check_expects_steps(const struct program *p)
{
	for (size_t i = 0; i < p->nr_init; i++)
		if (p->init[i].has_result || p->init[i].state != NULL)
			return true;
	for (size_t i = 0; i < p->nr_final; i++)
		if (p->final[i].has_result || p->final[i].state != NULL)
			return true;
	return false;
}

static void
check_expects_nothing(struct check *c, const char *what)
{
	check_fail(c, 0, "expects nothing: %s; wirestorm check --bless writes what happens\n", what);
}

static void
check_threads(struct check *c)
{
	struct program *p = &c->program;
	struct explore_result got = { 0 };
	struct strbuf result = { 0 };

	assert(p->nr_threads > 0);
	if (p->has_schedule)
		check_schedule(c, &result);
	if (p->has_schedule && c->report.status == CHECKFILE_PASSED && p->result == NULL && p->nr_verdicts == 0 &&
	    p->nr_outcomes == 0 && (p->nr_nevers == 0 || c->run.checker == NULL) && p->nr_final == 0 &&
	    !c->options->bless)
		check_expects_nothing(c, "a schedule, but no result");
	if (p->nr_outcomes > 0 || (p->nr_nevers > 0 && c->run.checker != NULL && !p->has_schedule) ||
	    (c->options->bless && !p->has_schedule)) {
		check_outcomes(c, &got);
	} else if (!p->has_schedule && program_verdict(p)->kind == PROGRAM_VERDICT_LIVELOCK) {
		check_livelock(c, &got);
	} else if (!p->has_schedule) {
		check_expects_nothing(c, "no outcome, no schedule");
	} else if (c->options->verify && c->report.status == CHECKFILE_PASSED) {
		check_key(c);
	}
	if (c->options->bless)
		check_refuse_panics(c, &got);
	if (c->options->bless && c->report.status == CHECKFILE_PASSED) {
		if (got.nr_outcomes > 0)
			check_bless_outcomes(p, &got);
		else
			p->has_schedules = false; /* nothing was counted */
		if (p->has_schedule) {
			free(p->result);
			/* No program can expect a panic. */
			p->result = run_panic(&c->run) == NULL ? strbuf_take(&result) : NULL;
		}
	}
	strbuf_free(&result);
	explore_result_free(&got);
}

static void
check_opened(struct check *c)
{
	struct program *p = &c->program;
	struct strbuf wrong = { 0 };

	c->report.nr_seq_steps = (uint32_t)(p->nr_init + p->nr_final);
	if (p->nr_threads > 0) {
		check_threads(c);
	} else if (c->options->bless) {
		check_bless_steps(c, p->final, p->nr_final);
	} else if (!check_expects_steps(p)) {
		check_expects_nothing(c, "no result, no state");
	} else if (!run_final(&c->run, &wrong)) {
		check_differ_step(c);
		strbuf_printf(c->out, "%s\n", strbuf_text(&wrong));
	}
	if (p->nr_threads == 0 && c->options->bless)
		check_bless_verdicts(c, &(struct schedule){ 0 }, false);
	else if (p->nr_threads == 0)
		check_verdicts(c, &(struct schedule){ 0 }, false);
	if (c->options->bless && c->report.status == CHECKFILE_PASSED)
		check_bless_text(c);
	strbuf_free(&wrong);
}

/* With --bless, first gives the init steps their actual results. Opening then compares with these. */
static void
check_bless_init(struct check *c, struct sim *sim)
{
	struct program bare = c->program;

	assert(c->options->bless);
	bare.nr_init = 0;
	if (run_refusal(&c->program, c->options->target) == NULL &&
	    run_open(&c->run, &bare, c->options->target, sim) == RUN_OPENED)
		check_bless_steps(c, c->program.init, c->program.nr_init);
	run_close(&c->run);
}

/* Is the file skipped because it needs a build with mutants? */
static bool
check_needs_mutants(const struct check *c)
{
	return c->options->skip_mutants && c->program.config.mutant != NULL && !VM_HAS_MUTANTS;
}

/* Runs the init steps and checks the rest, unless the target rejects the program. */
static void
check_program(struct check *c, struct sim *sim)
{
	enum run_open_result opened =
	    run_open_checked(&c->run, &c->program, c->options->target, sim, c->options->no_checks ? NULL : &c->checker);

	if (opened == RUN_OPENED) {
		check_opened(c);
	} else if (opened == RUN_UNSUPPORTED && (c->options->skip_refused || check_needs_mutants(c))) {
		c->report.status = CHECKFILE_SKIPPED;
	} else {
		check_differ_step(c);
		strbuf_printf(c->out, "%s\n", strbuf_text(&c->run.error));
		if (opened != RUN_INIT_FAILED)
			c->report.status = CHECKFILE_BAD; /* nothing was compared */
	}
	run_close(&c->run);
}

/* Reports the error that vmt_load has given: "FILE:LINE:COLUMN: ..." or "FILE: ...". */
static void
check_differ_file(const char *path, const struct checkfile_options *options, const struct strbuf *said)
{
	struct strbuf line = { 0 };
	json_int_t nr;

	if (options->differences == NULL)
		return;
	strbuf_addn(&line, strbuf_text(said), strcspn(strbuf_text(said), "\n"));
	nr = strncmp(strbuf_text(&line), escape_path(path), strlen(escape_path(path))) == 0
	         ? strtoll(strbuf_text(&line) + strlen(escape_path(path)) + 1, NULL, 10)
	         : 0;
	(void)json_array_append_new(options->differences,
	    json_pack("{s:s, s:o, s:n, s:n, s:n, s:o}", "what", "file", "line", nr > 0 ? json_integer(nr) : json_null(),
	        "expected", "found", "schedule", "text", json_text(strbuf_text(&line))));
	strbuf_free(&line);
}

struct checkfile_report
checkfile_program(
    const char *path, struct program *p, const struct checkfile_options *options, struct sim *sim, struct strbuf *out)
{
	struct check c = { .path = path, .options = options, .out = out, .program = *p };

	assert(!options->bless || options->blessed != NULL);
	if (options->profile_text != NULL)
		c.program.config.profile = options->profile;
	if (options->mutant != NULL || options->no_mutant)
		c.program.config.mutant = options->mutant;
	if (options->bless)
		vmt_print(&c.program, &c.before);
	/* If the init steps cannot be blessed, opening the run reports why. */
	if (options->bless)
		check_bless_init(&c, sim);
	if (options->notes != NULL && !check_needs_mutants(&c))
		run_init_notes(path, &c.program, options->target, sim, options->notes);
	if (options->fixed)
		c.report = fixed_program(path, &c.program, options, sim, out);
	else
		check_program(&c, sim);
	check_end_difference(&c);
	strbuf_free(&c.before);
	checker_free(&c.checker);
	program_free(&c.program);
	program_init(p);
	return c.report;
}

struct checkfile_report
checkfile(const char *path, const struct checkfile_options *options, struct sim *sim, struct strbuf *out)
{
	struct strbuf text = { 0 };
	struct program p;
	bool good = vmt_load(path, &p, &text, out);

	strbuf_free(&text);
	if (!good) {
		check_differ_file(path, options, out);
		return (struct checkfile_report){ .status = CHECKFILE_BAD };
	}
	return checkfile_program(path, &p, options, sim, out);
}
