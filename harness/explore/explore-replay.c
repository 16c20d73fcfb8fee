/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore-replay.c - tests whether the state key is complete. It executes some schedules from the start: the witnesses,
 * and a random one for each outcome. After each step the enabled threads must be those of the graph, and so must the
 * state and the outcome at the end. The exploration itself has executed the first schedule to each state.
 *
 * This cannot prove that the key is complete; check --verify can, for one program. But two different states that were
 * merged have different futures, and a random schedule reaches them by another path than the exploration did.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/explore/explore-graph.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

#define WALK_STEPS_MAX 200 /* limit of a random walk through a graph with cycles */
#define WALKS_MORE 4       /* random walks, besides one for each outcome */

/* A step that leads to a node. */
struct step_in {
	uint32_t from;
	uint8_t by;
};

struct replayer {
	const struct graph *g;
	uint32_t *first_in; /* for each node: index in steps_in; one more at the end */
	struct step_in *steps_in;
	struct run *r;
	struct explore_result *result;
	struct keybuf key;
	struct strbuf text;
	uint8_t *path; /* scratch: the random schedule, last step first */
	size_t cap_path;
};

void
replay_wrong(struct explore_result *result, const struct schedule *path, const char *what)
{
	struct strbuf text = { 0 };

	assert(what != NULL);
	strbuf_add(&text, "two different states have the same key: on the schedule '");
	schedule_print(path, &text);
	strbuf_printf(&text, "' %s", what);
	free(result->wrong_key);
	result->wrong_key = strbuf_take(&text);
	result->end = EXPLORE_WRONG_KEY;
	assert(result->end == EXPLORE_WRONG_KEY);
}

/* Call it at the end of a schedule: NULL if the run is in the state of node @id, otherwise how it differs. */
static const char *
replayer_end_differs(struct replayer *p, uint32_t id)
{
	const struct node *n = &p->g->nodes[id];

	assert(id < p->g->nr_nodes);
	strbuf_clear(&p->text);
	if (n->outcome != NODE_NONE) {
		run_outcome(p->r, &p->text);
		if (strcmp(strbuf_text(&p->text), p->g->outcomes.by_index[n->outcome]->o.text) != 0)
			return "the run's outcome differs from the graph's";
	}
	p->key.len = 0;
	run_key(p->r, &p->key);
	if (p->key.len != n->key_len || memcmp(p->key.bytes, p->g->keys.bytes + n->key, n->key_len) != 0)
		return "the run's state differs from the graph's";
	return NULL;
}

static void
replayer_begin(struct replayer *p)
{
	run_begin(p->r);
	if (p->r->checker != NULL)
		p->r->checker->quiet = true; /* the invariants of these states have been checked */
}

/* Runs one step of @thread from node *id, and updates *id. Returns NULL, or how the run differs from the graph. */
static const char *
replayer_step(struct replayer *p, uint32_t *id, unsigned thread)
{
	assert((p->g->nodes[*id].enabled >> thread & 1) != 0);
	run_step_here(p->r, thread);
	p->result->steps++;
	*id = *graph_edge(p->g, &p->g->nodes[*id], thread);
	return run_enabled(p->r) == p->g->nodes[*id].enabled ? NULL
	                                                     : "the threads that can run differ from the graph's";
	assert(*id < p->g->nr_nodes);
}

/* Executes a path of the graph. */
static void
replay_path(struct replayer *p, const struct schedule *path)
{
	struct schedule_walk w = { path };
	unsigned thread = 0;
	const char *wrong = NULL;
	uint32_t id = 0;

	replayer_begin(p);
	while (wrong == NULL && schedule_next(&w, &thread))
		wrong = replayer_step(p, &id, thread);
	if (wrong == NULL)
		wrong = replayer_end_differs(p, id);
	if (wrong != NULL)
		replay_wrong(p->result, path, wrong);
}

/* Executes the steps, which are stored in reverse order. */
static void
replay_steps(struct replayer *p, size_t nr)
{
	struct schedule path = { 0 };
	const char *wrong = NULL;
	size_t left = nr;
	uint32_t id = 0;

	replayer_begin(p);
	while (left > 0 && wrong == NULL)
		wrong = replayer_step(p, &id, p->path[--left]);
	if (wrong == NULL)
		wrong = replayer_end_differs(p, id);
	if (wrong == NULL)
		return;
	while (nr > 0)
		schedule_append(&path, p->path[--nr]);
	replay_wrong(p->result, &path, wrong);
	schedule_free(&path);
}

/* Sorts all steps by the nodes that they lead to. */
static void
replayer_find_steps_in(struct replayer *p)
{
	const struct graph *g = p->g;

	assert(!p->g->any_cycle);
	p->first_in = memory_new(g->nr_nodes + 2, sizeof(*p->first_in), "the schedules");
	p->steps_in = memory_new(g->nr_edges + 1, sizeof(*p->steps_in), "the schedules");
	for (size_t e = 0; e < g->nr_edges; e++)
		p->first_in[g->edges[e] + 2]++;
	for (size_t id = 2; id < g->nr_nodes + 2; id++)
		p->first_in[id] += p->first_in[id - 1];
	/* first_in[id + 1] is where the next step that leads to id goes. */
	for (uint32_t id = 0; id < g->nr_nodes; id++) {
		uint32_t e = g->nodes[id].first_edge;

		for (uint32_t left = g->nodes[id].enabled; left != 0; left &= left - 1, e++)
			p->steps_in[p->first_in[g->edges[e] + 1]++] =
			    (struct step_in){ .from = id, .by = (uint8_t)__builtin_ctz(left) };
	}
	assert(p->first_in[p->g->nr_nodes] == p->g->nr_edges);
}

/*
 * Executes a random schedule with this outcome. It is built from an end backwards: each time a random step that leads
 * to the node. If each is the step by which the exploration first reached the node, that schedule has been executed
 * already.
 */
static void
replay_random(struct replayer *p, struct prng *prng, const struct outcome_node *o)
{
	uint32_t id = o->random_end;
	bool known = true;
	size_t nr = 0;

	assert(o->random_end < p->g->nr_nodes);
	while (id != 0) {
		uint32_t first = p->first_in[id], nr_in = p->first_in[id + 1] - first;
		const struct step_in *in = &p->steps_in[first + (nr_in > 1 ? prng_below(prng, nr_in) : 0)];

		p->path = memory_grow(p->path, &p->cap_path, nr + 1, 1, "the states");
		p->path[nr++] = in->by;
		known &= in->from == p->g->nodes[id].parent && in->by == p->g->nodes[id].by;
		id = in->from;
	}
	if (!known)
		replay_steps(p, nr);
}

/* In a graph with cycles: a random walk, which may not end. */
static void
replay_walk(struct replayer *p, struct prng *prng)
{
	uint8_t steps[WALK_STEPS_MAX];
	uint32_t id = 0;
	size_t nr = 0;

	for (; nr < WALK_STEPS_MAX && p->g->nodes[id].enabled != 0; nr++) {
		uint32_t enabled = p->g->nodes[id].enabled;

		for (uint64_t n = prng_below(prng, (uint64_t)__builtin_popcount(enabled)); n > 0; n--)
			enabled &= enabled - 1;
		steps[nr] = (uint8_t)__builtin_ctz(enabled);
		id = *graph_edge(p->g, &p->g->nodes[id], steps[nr]);
	}
	p->path = memory_grow(p->path, &p->cap_path, nr + 1, 1, "the states");
	for (size_t i = 0; i < nr; i++)
		p->path[i] = steps[nr - 1 - i];
	replay_steps(p, nr);
}

void
replay_paths(const struct graph *g, struct run *r, uint32_t more, struct explore_result *result)
{
	struct replayer p = { .g = g, .r = r, .result = result };
	struct prng prng = prng_mix(2, g->nr_nodes, 0);

	assert(g->nr_nodes > 0 && result->end == EXPLORE_COMPLETE);
	if (!g->any_cycle)
		replayer_find_steps_in(&p);
	for (uint32_t i = 0; i < g->outcomes.nr && result->end == EXPLORE_COMPLETE; i++) {
		const struct outcome_node *o = g->outcomes.by_index[i];

		if (g->any_cycle)
			replay_walk(&p, &prng);
		else
			replay_random(&p, &prng, o);
		if (schedule_exists(&o->o.witness) && result->end == EXPLORE_COMPLETE)
			replay_path(&p, &o->o.witness);
	}
	for (uint32_t i = 0; i < more && result->end == EXPLORE_COMPLETE && !g->any_cycle && g->outcomes.nr > 0; i++)
		replay_random(&p, &prng, g->outcomes.by_index[i % g->outcomes.nr]);
	for (unsigned i = 0; i < WALKS_MORE && g->any_cycle && result->end == EXPLORE_COMPLETE; i++)
		replay_walk(&p, &prng);
	if (schedule_exists(&result->goal) && result->end == EXPLORE_COMPLETE)
		replay_path(&p, &result->goal);
	if (r->checker != NULL)
		r->checker->quiet = false;
	free(p.first_in);
	free(p.steps_in);
	keybuf_free(&p.key);
	strbuf_free(&p.text);
	free(p.path);
}
