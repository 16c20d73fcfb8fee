/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink-verdict.c - shrinking that keeps a verdict: that of the program, or a finding of the checker. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/shrink/shrink.h"

/* The code of the finding's operation; 0: it has none. */
static uint8_t
verdict_op(const struct shrink_verdict *v, const struct finding *f)
{
	const struct program *p = v->program;

	assert(v->program != NULL);
	if (f->thread < 0)
		return 0;
	if (f->thread == SIM_INIT_THREAD)
		return f->step == 0 && f->op < p->nr_init ? p->init[f->op].op.code : 0;
	return p->threads[f->thread].ops[f->op].code;
}

/* Does the finding have the verdict's kind, and the check that the first word of its detail names, if there is one? */
bool
shrink_is_wanted(struct shrink_verdict *v, const struct finding *f)
{
	assert(f->check > CHECK_NONE && f->check < CHECK_COUNT);
	if (!finding_is(f, v->kind, v->detail))
		return false;
	/*
	 * A finding that no quirk explains must not become one that a quirk explains, or the reverse; and a wire's
	 * finding must not become an unwire's. An invariant concerns the map, so the operation that was running does
	 * not matter.
	 */
	if (!v->known) {
		v->known = true;
		v->quirk = f->quirk;
		v->op = verdict_op(v, f);
		v->code = f->code;
	}
	return f->quirk == v->quirk &&
	       (v->kind == PROGRAM_VERDICT_INVARIANT || (verdict_op(v, f) == v->op && f->code == v->code));
}

/* A remove of system-wired pages sleeps forever as it should: this is a deadlock, but not a finding. */
static bool
verdict_any_deadlock(const struct shrink_verdict *v)
{
	return v->kind == PROGRAM_VERDICT_DEADLOCK && v->detail[0] == '\0';
}

static enum run_open_result
verdict_open(void *arg, struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim)
{
	struct shrink_verdict *v = arg;

	v->program = p;
	return run_open_checked(r, p, t, sim, &v->checker);
}

static bool
verdict_in_run(void *arg, struct run *r)
{
	struct shrink_verdict *v = arg;

	assert(v->program == r->program);
	checker_end(&v->checker, r);
	for (size_t i = 0; i < v->checker.nr_findings; i++)
		if (shrink_is_wanted(v, &v->checker.findings[i]))
			return true;
	return verdict_any_deadlock(v) && run_deadlocked(r);
}

static void
verdict_ask(void *arg, struct explore_options *o)
{
	o->goal_deadlock = verdict_any_deadlock(arg);
}

static const struct schedule *
verdict_in_result(void *arg, const struct explore_result *x)
{
	struct shrink_verdict *v = arg;
	const struct schedule *best = schedule_exists(&x->goal) ? &x->goal : NULL;

	for (size_t i = 0; i < x->nr_findings; i++) {
		const struct schedule *path = &x->findings[i].witness;

		if (shrink_is_wanted(v, &x->findings[i].f) && (best == NULL || path->preemptions < best->preemptions))
			best = path;
	}
	return best;
}

void
shrink_verdict_init(struct shrink_verdict *v, enum program_verdict kind, const char *detail)
{
	assert(kind != PROGRAM_VERDICT_NONE);
	*v = (struct shrink_verdict){ .kind = kind, .detail = detail != NULL ? detail : "" };
	if (kind == PROGRAM_VERDICT_LIVELOCK)
		v->wanted = (struct shrink_wanted){ .endless = true, .arg = v };
	else
		v->wanted = (struct shrink_wanted){ .open = verdict_open,
			.in_run = verdict_in_run,
			.ask = verdict_ask,
			.in_result = verdict_in_result,
			.arg = v };
}

bool
shrink_by_verdict(struct program *p, struct shrink_options *options, struct shrink_report *report)
{
	const struct program_verdict_line *line = program_verdict(p);
	/* The verdict line of the program changes while the program is shrunk. */
	char *detail = memory_text(line->detail != NULL ? line->detail : "", "a verdict");
	struct shrink_verdict v;
	bool found;

	assert(line->kind != PROGRAM_VERDICT_NONE);
	shrink_verdict_init(&v, line->kind, detail);
	options->wanted = &v.wanted;
	found = shrink(p, options, report);
	options->wanted = NULL;
	shrink_verdict_free(&v);
	free(detail);
	return found;
}

void
shrink_verdict_free(struct shrink_verdict *v)
{
	checker_free(&v->checker);
}
