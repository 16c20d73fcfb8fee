/* SPDX-License-Identifier: BSD-2-Clause */
/* explore-states.c - exploring over merged states: see explore.h. */
#include "harness/explore/explore.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/explore/explore-graph.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

#define GOAL_STEPS_MAX 1000000 /* for a target that does not end */

struct walk {
	struct run *run;
	const struct explore_options *options;
	struct explore_result *result;
	struct graph graph;
	uint32_t *stack; /* states with untried threads, the deepest one last */
	size_t nr_stack, cap_stack;
	uint8_t *path; /* scratch of go_to */
	size_t cap_path;
	struct strbuf text;
	struct prng prng;
	bool any_goal;
};

/* The run has ended. Final steps, if there are any, change its state. */
static void
walk_note_end(struct walk *w, uint32_t id)
{
	struct node *n = &w->graph.nodes[id];
	struct checker *c = w->run->checker;
	size_t nr_findings = c != NULL ? c->nr_findings : 0;
	struct outcome_node *o;
	bool deadlock = run_deadlocked(w->run);

	assert(n->enabled == 0 && n->outcome == NODE_NONE);
	if (c != NULL)
		checker_end(c, w->run);
	strbuf_clear(&w->text);
	run_outcome(w->run, &w->text);
	o = outcomes_intern(&w->graph.outcomes, w->text.text);
	n->outcome = o->index;
	if (prng_one_in(&w->prng, ++o->nr_ends))
		o->random_end = id;
	/* Runs the final steps each time, because the outcome does not contain what the checker remembers. */
	if (w->run->program->nr_final > 0 && !deadlock) {
		strbuf_clear(&w->text);
		if (!run_final(w->run, &w->text) && o->o.final_error == NULL)
			o->o.final_error = strbuf_take(&w->text);
	}
	if (c != NULL)
		findings_see(&w->graph, w->result, c, nr_findings, id, AT_NODE);
}

/* The node of the run's state; *ret_new: it is a new node. */
static uint32_t
walk_enter(struct walk *w, bool *ret_new)
{
	struct graph *g = &w->graph;
	size_t at = g->keys.len, len;
	uint64_t hash;
	uint32_t id;

	run_key(w->run, &g->keys);
	len = g->keys.len - at;
	hash = graph_hash(g->keys.bytes + at, len);
	id = graph_find(g, g->keys.bytes + at, len, hash);
	*ret_new = id == NODE_NONE;
	if (id != NODE_NONE) {
		g->keys.len = at;
		return id;
	}
	id = graph_add(g, at, hash, run_enabled(w->run));
	g->nodes[id].goal = explore_goal_holds(w->run, w->options);
	w->any_goal |= g->nodes[id].goal;
	assert(id < g->nr_nodes);
	return id;
}

static void
walk_push(struct walk *w, uint32_t id)
{
	assert(id < w->graph.nr_nodes);
	w->stack = memory_grow(w->stack, &w->cap_stack, w->nr_stack + 1, sizeof(*w->stack), "the states");
	w->stack[w->nr_stack++] = id;
}

/* Executes from the start the choices by which @id was first reached. */
static void
walk_go_to(struct walk *w, uint32_t id)
{
	size_t nr = 0;

	assert(id < w->graph.nr_nodes);
	for (uint32_t n = id; w->graph.nodes[n].parent != NODE_NONE; n = w->graph.nodes[n].parent) {
		w->path = memory_grow(w->path, &w->cap_path, nr + 1, 1, "the states");
		w->path[nr++] = w->graph.nodes[n].by;
	}
	run_begin(w->run);
	w->result->steps += nr;
	if (w->run->checker != NULL)
		w->run->checker->quiet = true;
	while (nr > 0)
		run_step_here(w->run, w->path[--nr]);
	if (w->run->checker != NULL)
		w->run->checker->quiet = false;
}

/* Runs one step of the lowest untried thread at @id, the run's state. Returns the state that it leads to. */
static uint32_t
walk_try_next(struct walk *w, uint32_t id, bool *ret_new)
{
	struct node *n = &w->graph.nodes[id];
	unsigned thread = (unsigned)__builtin_ctz(n->todo);
	const struct checker *c = w->run->checker;
	size_t nr_findings = c != NULL ? c->nr_findings : 0;
	unsigned nr_done;
	uint32_t succ;

	assert(n->todo != 0 && thread < w->run->program->nr_threads);
	nr_done = w->run->threads[thread].nr_done;
	n->todo &= n->todo - 1;
	if (n->todo != 0)
		walk_push(w, id);
	run_step_here(w->run, thread);
	if (c != NULL && c->nr_findings > nr_findings)
		findings_see(&w->graph, w->result, c, nr_findings, id, (uint8_t)thread);
	w->result->steps++;
	w->result->transitions++;
	succ = walk_enter(w, ret_new);
	n = &w->graph.nodes[id]; /* enter may have moved the nodes */
	*graph_edge(&w->graph, n, thread) = succ;
	if (w->options->want_reasons && w->run->threads[thread].nr_done > nr_done)
		reasons_see(
		    &w->graph, w->run, thread, nr_done, (uint32_t)(graph_edge(&w->graph, n, thread) - w->graph.edges));
	if (*ret_new) {
		w->graph.nodes[succ].parent = id;
		w->graph.nodes[succ].by = (uint8_t)thread;
	}
	return succ;
}

static void
walk_all(struct walk *w)
{
	uint64_t max = w->options->states_max != 0 ? w->options->states_max : EXPLORE_STATES_MAX_DEFAULT;
	struct explore_clock clock;
	uint32_t id;
	bool fresh;

	explore_clock_start(&clock, w->options);
	run_begin(w->run);
	id = walk_enter(w, &fresh);
	if (w->run->checker != NULL)
		findings_see(&w->graph, w->result, w->run->checker, 0, id, AT_NODE);
	for (;;) {
		/* Continues from id as long as steps lead to new states. */
		while (fresh && w->graph.nodes[id].enabled != 0) {
			if (w->graph.nr_nodes >= max) {
				w->result->end = EXPLORE_CUT_STATES;
				return;
			}
			w->result->states = w->graph.nr_nodes;
			if (explore_over(&clock, w->options, w->result))
				return;
			id = walk_try_next(w, id, &fresh);
		}
		if (fresh)
			walk_note_end(w, id);
		if (w->nr_stack == 0)
			return;
		id = w->stack[--w->nr_stack];
		walk_go_to(w, id);
		fresh = true;
	}
}

/*
 * A goal that was reached before a cut may have no known path to an end: finds one by letting the last thread run on.
 */
static void
explore_finish_goal(struct run *r, struct schedule *p)
{
	struct schedule_walk w = { p };
	unsigned last = 0;
	uint32_t enabled;

	assert(schedule_exists(p));
	run_begin(r);
	while (schedule_next(&w, &last))
		run_step(r, last);
	for (unsigned step = 0; (enabled = run_enabled(r)) != 0 && step < GOAL_STEPS_MAX; step++) {
		if ((enabled & (uint32_t)1 << last) == 0)
			last = (unsigned)__builtin_ctz(enabled);
		run_step(r, last);
		schedule_append(p, last);
	}
}

static void
explore_states(struct run *r, const struct explore_options *options, struct explore_result *result)
{
	struct walk w = { .run = r, .options = options, .result = result, .prng = prng_mix(1, 0, 0) };

	walk_all(&w);
	result->states = w.graph.nr_nodes;
	paths_count(&w.graph, result);
	if (r->checker != NULL && result->livelock)
		findings_livelock(&w.graph, result);
	if (options->want_witnesses || w.any_goal || result->nr_findings > 0)
		paths_witnesses(&w.graph, r->program->nr_threads, options->want_witnesses, w.any_goal, result);
	if (result->end != EXPLORE_COMPLETE && schedule_exists(&result->goal))
		explore_finish_goal(r, &result->goal);
	if (result->end == EXPLORE_COMPLETE)
		replay_paths(&w.graph, r, options->more_replays, result);
	outcomes_take(&w.graph.outcomes, result);
	graph_free(&w.graph);
	free(w.stack);
	free(w.path);
	strbuf_free(&w.text);
}

static void
explore_see_findings(struct run *r, struct explore_result *result)
{
	const struct explore_finding *missing = findings_on_witnesses(r, result);
	struct strbuf what = { 0 };

	assert(r->checker != NULL);
	if (missing == NULL || result->end != EXPLORE_COMPLETE || result->states == 0)
		return;
	strbuf_add(&what, "it does not show the finding ");
	finding_print(&missing->f, r->program, &what);
	replay_wrong(result, &missing->witness, strbuf_text(&what));
	strbuf_free(&what);
}

void
explore(struct run *r, const struct explore_options *options, struct explore_result *result)
{
	assert(r->self != NULL);
	for (size_t i = 0; i < options->nr_goals; i++)
		assert(options->goals[i].thread < r->program->nr_threads);
	*result = (struct explore_result){ 0 };
	if (options->by_schedules || r->target->key == NULL)
		explore_schedules(r, options, result);
	else
		explore_states(r, options, result);
	if (r->checker != NULL)
		explore_see_findings(r, result);
	assert(result->end != EXPLORE_COMPLETE || result->livelock || result->overflow || result->schedules > 0);
}

void
explore_result_free(struct explore_result *result)
{
	for (size_t i = 0; i < result->nr_outcomes; i++) {
		free(result->outcomes[i].text);
		schedule_free(&result->outcomes[i].witness);
		free(result->outcomes[i].reasons);
		free(result->outcomes[i].final_error);
	}
	for (size_t i = 0; i < result->nr_findings; i++)
		schedule_free(&result->findings[i].witness);
	free(result->findings);
	free(result->outcomes);
	schedule_free(&result->goal);
	free(result->wrong_key);
	*result = (struct explore_result){ 0 };
}

const char *
explore_count_text(explore_count n, char *buf)
{
	char *p = buf + 39;

	*p = '\0';
	do
		*--p = (char)('0' + (int)(n % 10));
	while ((n /= 10) != 0);
	return memmove(buf, p, (size_t)(buf + 40 - p));
}

const char *
explore_end_text(enum explore_end end)
{
	switch (end) {
	case EXPLORE_COMPLETE:
		return "complete";
	case EXPLORE_CUT_STATES:
		return "cut: the bound on states or schedules was reached";
	case EXPLORE_CUT_SECONDS:
		return "cut: the time limit was reached";
	case EXPLORE_CUT_STOPPED:
		return "cut: interrupted";
	case EXPLORE_CUT_ENDLESS:
		return "cut: too many endless steps";
	case EXPLORE_CUT_STEPS:
		return "cut: a schedule did not end";
	case EXPLORE_WRONG_KEY:
		return "not complete: the state key is incomplete";
	}
	return "?";
}
