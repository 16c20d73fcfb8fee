/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore-reasons.c - why operations fail: through which edges (engine/edges.def), and in how many schedules.
 *
 * The key contains the edges of an operation only while it runs, so later states do not show them. But from each state,
 * one step ends the operation in only one way. So the reason of a failure is noted at the edge of the graph, and the
 * schedules that follow are counted separately for each reason.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/explore/explore-graph.h"
#include "harness/program/program.h"

#define REASONS_MAX 16 /* reasons of one operation; more are counted as the last one */

/* The edges for the code that the operation failed with; 0: it did not fail, or there are none. */
static uint64_t
reasons_of(const struct run *r, unsigned thread, unsigned op)
{
	const struct vm_result *got = &r->threads[thread].results[op];

	if (got->edges == 0 || got->outcome != VM_OUTCOME_DONE || got->code == KERN_SUCCESS ||
	    vm_op_table[r->program->threads[thread].ops[op].code].result == VM_RESULT_BOOL)
		return 0;
	return edges_of_code(got->edges, got->code);
}

void
reasons_see(struct graph *g, const struct run *r, unsigned thread, unsigned nr_done, uint32_t edge)
{
	assert(nr_done < r->threads[thread].nr_done && edge < g->nr_edges);
	for (unsigned op = nr_done; op < r->threads[thread].nr_done; op++) {
		uint64_t edges = reasons_of(r, thread, op);

		if (edges == 0)
			continue;
		g->failures =
		    memory_grow(g->failures, &g->cap_failures, g->nr_failures + 1, sizeof(*g->failures), "the states");
		g->failures[g->nr_failures++] =
		    (struct failure){ .edge = edge, .thread = (uint8_t)thread, .op = (uint16_t)op, .edges = edges };
	}
}

/* Adds schedules to a reason, in sorted order. */
static void
reason_add(struct explore_outcome *o, unsigned thread, unsigned op, uint64_t edges, explore_count count)
{
	size_t at = 0;

	assert(count > 0);
	for (; at < o->nr_reasons; at++) {
		const struct explore_reason *x = &o->reasons[at];

		if (x->thread != thread ? x->thread > thread : x->op != op ? x->op > op : x->edges >= edges)
			break;
	}
	if (at == o->nr_reasons || o->reasons[at].thread != thread || o->reasons[at].op != op ||
	    o->reasons[at].edges != edges) {
		o->reasons = memory_resize(o->reasons, o->nr_reasons + 1, sizeof(*o->reasons), "the reasons");
		memmove(&o->reasons[at + 1], &o->reasons[at], (o->nr_reasons - at) * sizeof(*o->reasons));
		o->nr_reasons++;
		o->reasons[at] = (struct explore_reason){ .thread = thread, .op = op, .edges = edges };
	}
	o->reasons[at].count += count;
}

void
reasons_of_run(struct explore_outcome *o, const struct run *r)
{
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		for (unsigned op = 0; op < r->threads[t].nr_done; op++) {
			uint64_t edges = reasons_of(r, t, op);

			if (edges != 0)
				reason_add(o, t, op, edges, 1);
		}
	}
}

/* The reasons for which one operation fails. */
struct one {
	unsigned thread, op, nr;
	uint64_t edges[REASONS_MAX];
	uint8_t *of_edge;     /* for each edge of the graph: 0, or the number of the reason from 1 */
	explore_count *paths; /* for each node and reason: number of schedules that lead there and contain this
	                       * failure */
};

static uint8_t
reason_number(struct one *one, uint64_t edges)
{
	unsigned i = 0;

	while (i < one->nr && one->edges[i] != edges)
		i++;
	if (i == REASONS_MAX)
		return REASONS_MAX;
	if (i == one->nr)
		one->edges[one->nr++] = edges;
	return (uint8_t)(i + 1);
}

static void
reasons_count_one(const struct graph *g, const struct order *order, const struct flow *flow, struct one *one)
{
	unsigned nr = one->nr;

	one->paths = memory_new(g->nr_nodes * nr, sizeof(*one->paths), "the reasons");
	for (size_t i = 0; i < g->nr_nodes; i++) {
		uint32_t id = order->nodes[i];
		const struct node *n = &g->nodes[id];
		const explore_count *here = &one->paths[(size_t)id * nr];
		unsigned nr_edges = (unsigned)__builtin_popcount(n->enabled);

		for (unsigned x = 0; x < nr && n->outcome != NODE_NONE; x++)
			if (here[x] != 0)
				reason_add(
				    &g->outcomes.by_index[n->outcome]->o, one->thread, one->op, one->edges[x], here[x]);
		for (unsigned e = n->first_edge; e < n->first_edge + nr_edges; e++) {
			if (g->edges[e] == NODE_NONE)
				continue;
			explore_count *there = &one->paths[(size_t)g->edges[e] * nr];

			if (one->of_edge[e] != 0)
				there[one->of_edge[e] - 1] += flow[id].paths;
			for (unsigned x = 0; x < nr; x++)
				there[x] += here[x];
		}
	}
	free(one->paths);
}

void
reasons_count(const struct graph *g, const struct order *order, const struct flow *flow)
{
	struct one one = { .of_edge = memory_new(g->nr_edges + 1, 1, "the reasons") };
	bool *counted = memory_new(g->nr_failures + 1, sizeof(*counted), "the reasons");

	assert(!order->cyclic);
	for (size_t i = 0; i < g->nr_failures; i++) {
		if (counted[i])
			continue;
		one.thread = g->failures[i].thread;
		one.op = g->failures[i].op;
		one.nr = 0;
		memset(one.of_edge, 0, g->nr_edges);
		for (size_t j = i; j < g->nr_failures; j++) {
			if (g->failures[j].thread != one.thread || g->failures[j].op != one.op)
				continue;
			counted[j] = true;
			one.of_edge[g->failures[j].edge] = reason_number(&one, g->failures[j].edges);
		}
		reasons_count_one(g, order, flow, &one);
	}
	free(counted);
	free(one.of_edge);
}
