/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore-paths.c - computes from the graph of states the number of schedules, probabilities, and the shortest
 * witnesses.
 *
 * Counts and probabilities are propagated from the start along the edges, in topological order. Witnesses are shortest
 * paths over pairs (state, thread that ran last): whether a choice is a preemption depends on the last thread.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/explore/explore-graph.h"

/* --- topological order --- */

/* Depth first, without recursion: a node is listed when all its successors are. */
static struct order
order_topological(const struct graph *g)
{
	enum { WHITE, GREY, BLACK };
	struct order o = { .nodes = memory_new(g->nr_nodes, sizeof(uint32_t), "the order of the states") };
	uint8_t *colour = memory_new(g->nr_nodes, 1, "the order of the states");
	uint32_t *stack = memory_new(g->nr_nodes + 1, sizeof(uint32_t), "the order of the states");
	uint32_t *next = memory_new(g->nr_nodes, sizeof(uint32_t), "the order of the states");
	size_t depth = 0, put = g->nr_nodes;

	assert(g->nr_nodes > 0);
	stack[depth++] = 0;
	colour[0] = GREY;
	while (depth > 0) {
		uint32_t id = stack[depth - 1];
		const struct node *n = &g->nodes[id];
		unsigned nr_edges = (unsigned)__builtin_popcount(n->enabled);

		if (next[id] == nr_edges) {
			colour[id] = BLACK;
			o.nodes[--put] = id;
			depth--;
			continue;
		}
		uint32_t succ = g->edges[n->first_edge + next[id]++];

		if (succ == NODE_NONE)
			continue;
		if (colour[succ] == GREY) {
			o.cyclic = true;
			o.cycle = succ;
		}
		if (colour[succ] == WHITE) {
			colour[succ] = GREY;
			stack[depth++] = succ;
		}
	}
	assert(put == 0); /* all nodes can be reached from the start */
	free(colour);
	free(stack);
	free(next);
	return o;
}

/* --- counting --- */

static void
flow_add_through(const struct graph *g, uint32_t id, struct flow *flow, struct explore_result *result)
{
	const struct node *n = &g->nodes[id];
	unsigned nr_edges = (unsigned)__builtin_popcount(n->enabled);

	assert(id < g->nr_nodes && g->nodes[id].enabled != 0);
	for (unsigned i = 0; i < nr_edges; i++) {
		uint32_t succ = g->edges[n->first_edge + i];

		if (succ == NODE_NONE)
			continue;
		result->overflow |= __builtin_add_overflow(flow[succ].paths, flow[id].paths, &flow[succ].paths);
		flow[succ].probability += flow[id].probability / nr_edges;
	}
}

void
paths_count(struct graph *g, struct explore_result *result)
{
	struct order order = order_topological(g);
	struct flow *flow = memory_new(g->nr_nodes, sizeof(*flow), "the number of schedules");

	assert(g->nr_nodes > 0 && result->schedules == 0);
	result->livelock = g->any_cycle = order.cyclic;
	g->cycle = order.cycle;
	flow[0] = (struct flow){ .paths = 1, .probability = 1.0 };
	for (size_t i = 0; i < g->nr_nodes && !order.cyclic; i++) {
		uint32_t id = order.nodes[i];
		const struct node *n = &g->nodes[id];
		struct explore_outcome *o;

		if (n->outcome == NODE_NONE) {
			flow_add_through(g, id, flow, result);
			continue;
		}
		o = &g->outcomes.by_index[n->outcome]->o;
		result->overflow |= __builtin_add_overflow(o->count, flow[id].paths, &o->count);
		result->overflow |= __builtin_add_overflow(result->schedules, flow[id].paths, &result->schedules);
		o->probability += flow[id].probability;
	}
	if (g->nr_failures > 0 && !order.cyclic && !result->overflow)
		reasons_count(g, &order, flow);
	free(flow);
	free(order.nodes);
}

/* --- witnesses --- */

/*
 * A state and the thread that ran last. The index is place * width + last; last = width - 1 means that none has run. A
 * place is a node, or the number of nodes plus a node, for a path that has passed a goal.
 */
struct spot {
	uint32_t preemptions; /* fewest on a path to here; UINT32_MAX: no path is known */
	uint32_t steps;       /* fewest on a path with so many preemptions */
	uint32_t switches;    /* fewest on a path with so many steps */
	uint32_t from_place;
	uint8_t from_last;
};

static bool
spot_better(const struct spot *a, const struct spot *than)
{
	if (a->preemptions != than->preemptions)
		return a->preemptions < than->preemptions;
	return a->steps < than->steps || (a->steps == than->steps && a->switches < than->switches);
}

static uint32_t
spot_node(const struct graph *g, uint32_t place)
{
	return place < g->nr_nodes ? place : place - (uint32_t)g->nr_nodes;
}

/* The place of node @id on a path that comes from @place. Without goals each node has one place. */
static uint32_t
spot_place(const struct graph *g, uint32_t id, uint32_t place)
{
	return place >= g->nr_nodes || g->nodes[id].goal ? id + (uint32_t)g->nr_nodes : id;
}

/* Extends the path to (place, last) by every edge. True if a path became better. */
static bool
spots_relax(const struct graph *g, uint32_t place, unsigned last, unsigned width, struct spot *spots)
{
	const struct node *n = &g->nodes[spot_node(g, place)];
	const struct spot *here = &spots[(size_t)place * width + last];
	bool last_enabled = (n->enabled & (uint32_t)1 << last) != 0, changed = false;

	if (here->preemptions == UINT32_MAX)
		return false;
	for (unsigned t = 0; t + 1 < width; t++) {
		struct spot by = { here->preemptions, here->steps + 1, here->switches, place, (uint8_t)last };
		struct spot *there;
		uint32_t succ;

		if ((n->enabled & (uint32_t)1 << t) == 0 || (succ = *graph_edge(g, n, t)) == NODE_NONE)
			continue;
		if (t != last) {
			by.switches++;
			by.preemptions += last_enabled;
		}
		there = &spots[(size_t)spot_place(g, succ, place) * width + t];
		if (!spot_better(&by, there))
			continue;
		*there = by;
		changed = true;
	}
	return changed;
}

/*
 * Finds all best paths. One pass in topological order suffices without cycles; a graph with cycles takes a few more.
 * @layers is 2 if there are goals.
 */
static struct spot *
spots_shortest(const struct graph *g, unsigned width, unsigned layers)
{
	struct order order = order_topological(g);
	struct spot *spots = memory_new(g->nr_nodes * width * layers, sizeof(*spots), "the witnesses");
	uint32_t nr = (uint32_t)g->nr_nodes;
	bool changed;

	assert(layers == 1 || layers == 2);
	for (size_t i = 0; i < g->nr_nodes * width * layers; i++)
		spots[i].preemptions = UINT32_MAX;
	spots[(size_t)spot_place(g, 0, 0) * width + width - 1] = (struct spot){ .from_place = NODE_NONE };
	do {
		changed = false;
		for (size_t i = 0; i < g->nr_nodes * layers; i++)
			for (unsigned last = 0; last < width; last++)
				changed |= spots_relax(
				    g, order.nodes[i / layers] + (uint32_t)(i % layers) * nr, last, width, spots);
	} while (changed && order.cyclic);
	free(order.nodes);
	return spots;
}

/*
 * Extends a path from an end or a goal: runs the last thread as long as it can, then the lowest one. If no end is
 * reached within the number of states, the path is in a cycle.
 */
static void
path_run_on(const struct graph *g, uint32_t id, unsigned last, struct schedule *p)
{
	assert(id < g->nr_nodes && schedule_exists(p));
	for (size_t step = 0; g->nodes[id].enabled != 0 && step < g->nr_nodes; step++) {
		const struct node *n = &g->nodes[id];
		uint32_t succ;

		if ((n->enabled & (uint32_t)1 << last) == 0)
			last = (unsigned)__builtin_ctz(n->enabled);
		succ = *graph_edge(g, n, last);
		if (succ == NODE_NONE)
			return; /* the exploration was cut here */
		schedule_append(p, last);
		id = succ;
	}
}

/* The best path to @place on which @last ran last, without extending it. */
static void
path_to_spot(const struct spot *spots, unsigned width, uint32_t place, unsigned last, struct schedule *p)
{
	uint8_t *steps = NULL;
	size_t nr = 0, cap_steps = 0;
	const struct spot *s = &spots[(size_t)place * width + last];

	assert(s->preemptions != UINT32_MAX);
	schedule_begin(p);
	p->preemptions = s->preemptions;
	for (unsigned at = last; s->from_place != NODE_NONE;) {
		steps = memory_grow(steps, &cap_steps, nr + 1, 1, "the states");
		steps[nr++] = (uint8_t)at;
		at = s->from_last;
		s = &spots[(size_t)s->from_place * width + at];
	}
	while (nr > 0)
		schedule_append(p, steps[--nr]);
	free(steps);
	assert(schedule_exists(p));
}

static void
path_to(const struct graph *g, const struct spot *spots, unsigned width, uint32_t place, struct schedule *p)
{
	unsigned last = 0;

	for (unsigned l = 1; l < width; l++)
		if (spot_better(&spots[(size_t)place * width + l], &spots[(size_t)place * width + last]))
			last = l;
	path_to_spot(spots, width, place, last, p);
	path_run_on(g, spot_node(g, place), last, p);
}

/* The best path to a sighting: the last thread before it, and the total cost. */
static struct spot
sighting_best(
    const struct graph *g, const struct spot *spots, unsigned width, const struct sighting *s, unsigned *ret_last)
{
	struct spot best = { .preemptions = UINT32_MAX };

	for (unsigned l = 0; l < width; l++) {
		struct spot here = spots[(size_t)s->from * width + l];

		if (here.preemptions == UINT32_MAX)
			continue;
		here.steps += s->thread != AT_NODE;
		if (s->thread != AT_NODE && s->thread != l) {
			here.switches++;
			here.preemptions += (g->nodes[s->from].enabled & (uint32_t)1 << l) != 0;
		}
		if (spot_better(&here, &best)) {
			best = here;
			*ret_last = l;
		}
	}
	return best;
}

static void
path_to_sighting(const struct graph *g, const struct spot *spots, unsigned width, const struct sighting *s,
    unsigned last, struct schedule *p)
{
	uint32_t id = s->from;

	assert(s->finding != UINT32_MAX && s->from < g->nr_nodes);
	path_to_spot(spots, width, id, last, p);
	if (s->thread != AT_NODE) {
		p->preemptions += s->thread != last && (g->nodes[id].enabled & (uint32_t)1 << last) != 0;
		schedule_append(p, s->thread);
		id = *graph_edge(g, &g->nodes[id], s->thread);
		last = s->thread;
	}
	if (!g->any_cycle)
		path_run_on(g, id, last, p);
}

/* Finds for each finding the path with the fewest preemptions. */
static void
finding_witnesses(const struct graph *g, const struct spot *spots, unsigned width, struct explore_result *result)
{
	struct spot *best = memory_new(result->nr_findings + 1, sizeof(*best), "the witnesses");
	const struct sighting **at =
	    memory_new(result->nr_findings + 1, sizeof(const struct sighting *), "the witnesses");
	unsigned last = 0;

	for (size_t i = 0; i < g->nr_sightings; i++) {
		const struct sighting *s = &g->sightings[i];
		struct spot here = sighting_best(g, spots, width, s, &last);

		if (at[s->finding] == NULL || spot_better(&here, &best[s->finding])) {
			at[s->finding] = s;
			best[s->finding] = here;
		}
	}
	for (size_t i = 0; i < result->nr_findings; i++) {
		assert(at[i] != NULL);
		(void)sighting_best(g, spots, width, at[i], &last);
		path_to_sighting(g, spots, width, at[i], last, &result->findings[i].witness);
	}
	free(best);
	free(at);
}

/* The cost of the best path to a place, for comparing places. */
static struct spot
spots_best_at(const struct spot *spots, unsigned width, uint32_t place)
{
	struct spot best = spots[(size_t)place * width];

	for (unsigned l = 1; l < width; l++)
		if (spot_better(&spots[(size_t)place * width + l], &best))
			best = spots[(size_t)place * width + l];
	return best;
}

/*
 * The best path through a goal to an end. If the exploration was cut and no end after a goal is known, the best path to
 * a goal.
 */
static void
goal_witness(const struct graph *g, const struct spot *spots, unsigned width, struct explore_result *result)
{
	uint32_t nr = (uint32_t)g->nr_nodes, goal = NODE_NONE;

	assert(!schedule_exists(&result->goal));
	for (unsigned ends = 1; goal == NODE_NONE && ends < 2; ends--) {
		struct spot best = { .preemptions = UINT32_MAX };

		for (uint32_t id = 0; id < nr; id++) {
			const struct node *n = &g->nodes[id];
			struct spot s = spots_best_at(spots, width, id + nr);

			if ((ends == 1 ? n->outcome != NODE_NONE : n->goal) && spot_better(&s, &best)) {
				goal = id + nr;
				best = s;
			}
		}
	}
	if (goal != NODE_NONE)
		path_to(g, spots, width, goal, &result->goal);
}

/* Without goals: finds the best path to each outcome. */
static void
outcome_witnesses(struct graph *g, const struct spot *spots, unsigned width)
{
	uint32_t *end = memory_new(g->outcomes.nr + 1u, sizeof(uint32_t), "the witnesses");
	struct spot *best = memory_new(g->outcomes.nr + 1u, sizeof(struct spot), "the witnesses");

	for (uint32_t i = 0; i < g->outcomes.nr; i++)
		best[i].preemptions = UINT32_MAX;
	for (uint32_t id = 0; id < g->nr_nodes; id++) {
		uint32_t to = g->nodes[id].outcome;
		struct spot s = spots_best_at(spots, width, id);

		if (to != NODE_NONE && spot_better(&s, &best[to])) {
			end[to] = id;
			best[to] = s;
		}
	}
	for (uint32_t i = 0; i < g->outcomes.nr; i++)
		path_to(g, spots, width, end[i], &g->outcomes.by_index[i]->o.witness);
	free(best);
	free(end);
}

void
paths_witnesses(struct graph *g, unsigned nr_threads, bool all_outcomes, bool any_goal, struct explore_result *result)
{
	unsigned width = nr_threads + 1;
	struct spot *spots;

	assert(nr_threads <= PROGRAM_THREADS_MAX);
	if (any_goal) {
		spots = spots_shortest(g, width, 2);
		goal_witness(g, spots, width, result);
		free(spots);
	}
	if (!all_outcomes && result->nr_findings == 0)
		return;
	for (uint32_t id = 0; id < g->nr_nodes && any_goal; id++)
		g->nodes[id].goal = false; /* the other witnesses need not pass a goal */
	spots = spots_shortest(g, width, 1);
	if (all_outcomes)
		outcome_witnesses(g, spots, width);
	finding_witnesses(g, spots, width, result);
	free(spots);
}
