/* SPDX-License-Identifier: BSD-2-Clause */
/* behaviour.c - see behaviour.h. */
#include "harness/expect/behaviour.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

/* --- the program of one side --- */

/* Copies the steps without what they expect. */
static struct program_step *
behaviour_copy_steps(const struct program_step *steps, size_t nr)
{
	struct program_step *copy = memory_new(nr + 1, sizeof(*copy), "a comparison");

	for (size_t i = 0; i < nr; i++) {
		copy[i].op = steps[i].op;
		copy[i].line = steps[i].line;
	}
	return copy;
}

void
behaviour_program(struct program *copy, const struct program *p, const struct behaviour_side *side)
{
	assert(side->target != NULL);
	*copy = *p;
	copy->config.profile = side->profile;
	copy->config.mutant = side->mutant;
	copy->init = behaviour_copy_steps(p->init, p->nr_init);
	copy->final = behaviour_copy_steps(p->final, p->nr_final);
}

void
behaviour_program_free(struct program *copy)
{
	free(copy->init);
	free(copy->final);
	program_init(copy);
}

/* --- running it --- */

/* Runs the init steps one by one. False: the last one never ends. */
static bool
behaviour_run_init(struct behaviour *b, struct run *r, const struct program *p)
{
	b->init = memory_new(p->nr_init + 1, sizeof(*b->init), "a comparison");
	for (size_t i = 0; i < p->nr_init; i++) {
		struct vm_result got = run_alone(r, &p->init[i].op);
		struct strbuf result = { 0 }, state = { 0 };

		if (run_panic(r) != NULL) {
			strbuf_printf(&result, "PANIC(%s)", run_panic(r));
		} else {
			vmt_print_result(&p->init[i].op, &got, &result);
			r->target->dump(r->self, &r->state);
			state_print(&r->state, &state);
		}
		b->init[b->nr_init].result = strbuf_take(&result);
		b->init[b->nr_init++].state = strbuf_take(&state);
		if (got.outcome != VM_OUTCOME_DONE)
			return false;
	}
	return true;
}

static void
behaviour_refuse(struct behaviour *b, struct run *r)
{
	b->line = r->error_line;
	b->refused = strbuf_take(&r->error);
}

static void
behaviour_find_init(struct behaviour *b, const struct program *p, const struct vm_target *t, struct sim *sim)
{
	struct program bare = *p;
	struct run r;

	bare.nr_init = 0;
	if (run_open(&r, &bare, t, sim) == RUN_OPENED)
		b->stopped = !behaviour_run_init(b, &r, p);
	else
		behaviour_refuse(b, &r);
	run_close(&r);
}

static void
behaviour_add_final(void *arg, struct run *r, size_t i, const struct vm_result *got)
{
	struct strbuf *text = arg;

	strbuf_add(text, i > 0 ? ", " : "");
	vmt_print_result(&r->program->final[i].op, got, text);
}

/* Runs the final steps after the witness of each outcome. */
static void
behaviour_find_final(struct behaviour *b, struct run *r)
{
	b->final = memory_new(b->x.nr_outcomes + 1, sizeof(*b->final), "a comparison");
	for (size_t i = 0; i < b->x.nr_outcomes; i++) {
		struct replay how = { .lenient = true };
		struct strbuf text = { 0 }, wrong = { 0 };

		if (replay(r, &b->x.outcomes[i].witness, &how) && run_enabled(r) == 0 && !run_deadlocked(r))
			(void)run_final_each(r, behaviour_add_final, &text, &wrong);
		replay_free(&how);
		strbuf_free(&wrong);
		b->final[i] = strbuf_take(&text);
	}
}

void
behaviour_find(struct behaviour *b, const struct program *p, const struct behaviour_side *side,
    const struct explore_options *options, struct sim *sim)
{
	struct program copy;
	struct run r;

	*b = (struct behaviour){ 0 };
	behaviour_program(&copy, p, side);
	behaviour_find_init(b, &copy, side->target, sim);
	if (b->refused == NULL && !b->stopped && p->nr_threads > 0) {
		b->explored = run_open(&r, &copy, side->target, sim) == RUN_OPENED;
		if (b->explored) {
			explore(&r, options, &b->x);
			if (p->nr_final > 0 && options->want_witnesses)
				behaviour_find_final(b, &r);
		} else {
			behaviour_refuse(b, &r);
		}
		run_close(&r);
	}
	behaviour_program_free(&copy);
	assert(b->refused == NULL || !b->explored);
}

void
behaviour_free(struct behaviour *b)
{
	free(b->refused);
	for (size_t i = 0; i < b->nr_init; i++) {
		free(b->init[i].result);
		free(b->init[i].state);
	}
	free(b->init);
	for (size_t i = 0; b->final != NULL && i < b->x.nr_outcomes; i++)
		free(b->final[i]);
	free(b->final);
	if (b->explored)
		explore_result_free(&b->x);
	*b = (struct behaviour){ 0 };
}

/* --- comparing --- */

bool
behaviour_complete(const struct behaviour *b)
{
	return b->refused == NULL && (!b->explored || b->x.end == EXPLORE_COMPLETE);
}

const struct explore_outcome *
behaviour_outcome(const struct behaviour *b, const char *text)
{
	for (size_t i = 0; b->explored && i < b->x.nr_outcomes; i++)
		if (strcmp(b->x.outcomes[i].text, text) == 0)
			return &b->x.outcomes[i];
	return NULL;
}

size_t
behaviour_init_difference(const struct behaviour *a, const struct behaviour *b)
{
	size_t i = 0;

	while (i < a->nr_init && i < b->nr_init && strcmp(a->init[i].result, b->init[i].result) == 0 &&
	       strcmp(a->init[i].state, b->init[i].state) == 0)
		i++;
	return i;
}

/* Does @a have an outcome that @b, which is complete, does not have? */
static bool
behaviour_has_more(const struct behaviour *a, const struct behaviour *b)
{
	for (size_t i = 0; i < a->x.nr_outcomes; i++)
		if (behaviour_outcome(b, a->x.outcomes[i].text) == NULL)
			return true;
	return false;
}

/* Do the final steps differ after an outcome that both have? */
static bool
behaviour_final_differs(const struct behaviour *a, const struct behaviour *b)
{
	for (size_t i = 0; a->final != NULL && b->final != NULL && i < a->x.nr_outcomes; i++) {
		const struct explore_outcome *o = behaviour_outcome(b, a->x.outcomes[i].text);

		if (o != NULL && strcmp(a->final[i], b->final[o - b->x.outcomes]) != 0)
			return true;
	}
	return false;
}

unsigned
behaviour_differences(const struct behaviour *a, const struct behaviour *b)
{
	size_t init = behaviour_init_difference(a, b);
	unsigned found = 0;

	if (a->refused != NULL || b->refused != NULL)
		return 0;
	if (init < a->nr_init || init < b->nr_init)
		found |= BEHAVIOUR_INIT;
	if (!a->explored || !b->explored)
		return found;
	if ((behaviour_complete(b) && behaviour_has_more(a, b)) || (behaviour_complete(a) && behaviour_has_more(b, a)))
		found |= BEHAVIOUR_OUTCOMES;
	if (behaviour_complete(a) && behaviour_complete(b) &&
	    (a->x.livelock != b->x.livelock ||
	        (!a->x.livelock && (a->x.overflow != b->x.overflow || a->x.schedules != b->x.schedules))))
		found |= BEHAVIOUR_SCHEDULES;
	if (behaviour_final_differs(a, b))
		found |= BEHAVIOUR_FINAL;
	return found;
}
