/* SPDX-License-Identifier: BSD-2-Clause */
/* reproducer.c - see reproducer.h. */
#include "harness/hunt/reproducer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/expect/expect.h"
#include "harness/explore/explore.h"
#include "harness/gen/gen.h"
#include "harness/run/run.h"

#define STEPS_MAX 100000 /* a longer run is abandoned, and the finding is that it does not end */

/* Runs to the end, or until the run is abandoned. */
static void
reproducer_run_by(struct run *r, const struct reproducer_way *way, struct schedule *c)
{
	struct replay how = { .lenient = true, .steps_max = STEPS_MAX, .on_step = replay_record, .arg = c };

	if (!way->by_schedule) {
		(void)strategy_bytes_upto(r, way->choices, way->nr_choices, STEPS_MAX, replay_record, c);
		return;
	}
	(void)replay(r, &r->program->schedule, &how);
	replay_free(&how);
}

/* The first finding of a check. CHECK_NONE: of any check, preferably one that no quirk explains. */
static const struct finding *
reproducer_first_finding(const struct checker *c, enum check_id wanted)
{
	const struct finding *f = wanted == CHECK_NONE ? checker_first(c) : NULL;

	for (size_t i = 0; i < c->nr_findings && f == NULL; i++)
		if (wanted == CHECK_NONE || c->findings[i].check == wanted)
			f = &c->findings[i];
	return f;
}

/* A finding for an abandoned run. */
static const struct finding *
reproducer_no_end(struct finding *f)
{
	*f = (struct finding){ .check = CHECK_circle, .thread = -1, .step = STEPS_MAX, .since = STEPS_MAX };
	(void)snprintf(f->text, sizeof(f->text), "the run does not end within %d steps", STEPS_MAX);
	return f;
}

static void
reproducer_forget_expectations(struct program *p)
{
	for (size_t i = 0; i < p->nr_outcomes; i++)
		free(p->outcomes[i].text);
	free(p->outcomes);
	free(p->result);
	program_drop_verdicts(p);
	schedule_free(&p->schedule);
	schedule_free(&p->order);
	p->nr_outcomes = 0;
	p->outcomes = NULL;
	p->has_schedules = false;
	p->result = NULL;
}

/*
 * Makes "unfounded T0.0 wire 20 24 user noholes => ...". The label of the check comes first, because verdicts are
 * compared by it.
 */
static char *
reproducer_detail_of(const struct finding *f, const struct program *p)
{
	struct strbuf text = { 0 };
	struct strbuf detail = { 0 };
	char label[FINDING_TEXT_MAX];
	const char *behind;

	finding_print(f, p, &text);
	behind = strchr(strbuf_text(&text), ':');
	strbuf_printf(&detail, "%s%s", finding_label(f, label), behind != NULL ? behind : "");
	strbuf_free(&text);
	return strbuf_take(&detail);
}

static void
reproducer_write(struct program *p, struct run *r, struct schedule *c, const struct finding *f)
{
	struct strbuf result = { 0 };
	char *detail = reproducer_detail_of(f, p);
	bool ran = c->nr > 0 && run_panic(r) == NULL && run_enabled(r) == 0;

	assert(f->check != CHECK_NONE);
	if (ran)
		run_outcome(r, &result);
	reproducer_forget_expectations(p);
	program_add_verdict(p, finding_kind(f), detail);
	free(detail);
	p->has_schedule = p->nr_threads > 0 && f->check != CHECK_circle;
	if (p->has_schedule) {
		p->schedule = *c;
		*c = (struct schedule){ 0 };
	}
	if (ran)
		p->result = strbuf_take(&result);
	strbuf_free(&result);
	assert(p->nr_verdicts == 1);
}

/* If the run has a finding of that check, makes the program its reproducer. */
static bool
reproducer_judge(struct program *p, const struct reproducer_way *way, const struct vm_target *t, struct sim *sim,
    enum check_id wanted, struct finding *ret)
{
	struct checker checker = { 0 };
	struct schedule c = { 0 };
	const struct finding *f;
	struct finding endless;
	bool given_up = false;
	struct run r;

	if (run_open_checked(&r, p, t, sim, &checker) == RUN_OPENED && p->nr_threads > 0) {
		reproducer_run_by(&r, way, &c);
		given_up = run_enabled(&r) != 0;
		if (!given_up)
			checker_end(&checker, &r);
	}
	f = reproducer_first_finding(&checker, wanted);
	if (f == NULL && given_up && (wanted == CHECK_NONE || wanted == CHECK_circle))
		f = reproducer_no_end(&endless);
	if (f != NULL) {
		*ret = *f;
		reproducer_write(p, &r, &c, f);
	}
	schedule_free(&c);
	run_close(&r);
	if (f != NULL && p->has_schedule && !given_up)
		(void)expect_run(p, t, sim);
	checker_free(&checker);
	assert(f == NULL || p->nr_verdicts > 0);
	return f != NULL;
}

bool
reproducer_make(struct program *p, const struct reproducer_way *way, const struct vm_target *t, struct sim *sim,
    struct finding *ret)
{
	const struct reproducer_way plainly = { .choices = NULL };

	if (p->nr_threads > 0) {
		if (!reproducer_judge(p, way, t, sim, CHECK_NONE, ret))
			return false;
		if (ret->thread != SIM_INIT_THREAD)
			return true;
	}
	return program_init_as_thread(p) && reproducer_judge(p, &plainly, t, sim, CHECK_NONE, ret);
}

/* Gives the program strict, or the first profile of its target, with these quirks, if it shows the same finding along
 * its schedule there. */
static bool
reproducer_try_profile(
    struct program *p, uint32_t quirks, const struct vm_target *t, struct sim *sim, struct finding *f)
{
	const struct reproducer_way along = { .by_schedule = true };
	struct program_config before = p->config;

	p->config.profile_given = true;
	p->config.profile = profile_plain(before.profile);
	p->config.profile.on = quirks;
	if (reproducer_judge(p, &along, t, sim, f->check, f))
		return true;
	p->config.profile = before.profile;
	return false;
}

void
reproducer_reduce_profile(struct program *p, const struct vm_target *t, struct sim *sim, struct finding *f)
{
	uint32_t on = p->config.profile.on;

	if (reproducer_try_profile(p, 0, t, sim, f))
		return;
	for (uint32_t left = on; left != 0; left &= left - 1)
		if (reproducer_try_profile(p, left & -left, t, sim, f))
			return;
}
