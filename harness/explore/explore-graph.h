/* SPDX-License-Identifier: BSD-2-Clause */
/* explore-graph.h - the graph of states, private to the explorer's files. */
#ifndef HARNESS_EXPLORE_EXPLORE_GRAPH_H
#define HARNESS_EXPLORE_EXPLORE_GRAPH_H

#include <sys/tree.h>

#include "harness/explore/explore.h"

#define NODE_NONE UINT32_MAX

struct node {
	uint64_t hash;
	size_t key;          /* offset of its key in graph.keys */
	uint32_t key_len;    /* bytes */
	uint32_t parent;     /* how it was reached first; NODE_NONE: the start */
	uint32_t first_edge; /* its edges, one per enabled thread, ascending */
	uint32_t outcome;    /* ends only: index in graph.outcomes */
	uint32_t enabled;    /* bit t: thread t can make a step */
	uint32_t todo;       /* of them, those not tried yet */
	uint8_t by;          /* the thread whose step led here from parent */
	bool goal;           /* the goals hold here */
};

/* What can come out, found so far. */
struct outcome_node {
	RB_ENTRY(outcome_node) tree;
	struct explore_outcome o;
	uint32_t index;      /* in order of discovery */
	uint32_t nr_ends;    /* nodes with this outcome */
	uint32_t random_end; /* one of them */
};
RB_HEAD(outcome_tree, outcome_node);

struct outcomes {
	struct outcome_tree tree; /* by text */
	uint32_t nr, cap;
	struct outcome_node **by_index;
};

/* The outcome with this text, which is made if it is new. */
struct outcome_node *outcomes_intern(struct outcomes *o, const char *text);
/* Moves all into the result, sorted; *o is empty then. */
void outcomes_take(struct outcomes *o, struct explore_result *result);

/* Where something was found: after the step of @thread from node @from, or with @thread AT_NODE at @from itself. */
#define AT_NODE UINT8_MAX
struct sighting {
	uint32_t finding; /* index in explore_result.findings */
	uint32_t from;
	uint8_t thread;
};

/* The step along an edge ends an operation that fails, by these edges of edges.def. */
struct failure {
	uint32_t edge; /* index in graph.edges */
	uint8_t thread;
	uint16_t op;
	uint64_t edges;
};

struct graph {
	size_t nr_nodes, cap_nodes;
	struct node *nodes;
	size_t nr_edges, cap_edges;
	uint32_t *edges; /* successors; NODE_NONE: not tried */
	struct keybuf keys;
	size_t nr_slots; /* a power of 2 */
	uint32_t *slots; /* hash table of node numbers */
	struct outcomes outcomes;
	size_t nr_sightings, cap_sightings;
	struct sighting *sightings;
	size_t nr_failures, cap_failures;
	struct failure *failures;
	bool any_cycle;
	uint32_t cycle; /* a node of one */
};

/* The node with the key k[from..], or NODE_NONE. */
uint32_t graph_find(const struct graph *g, const uint8_t *key, size_t len, uint64_t hash);
/* A new node whose key is the tail of g->keys from @key on. */
uint32_t graph_add(struct graph *g, size_t key, uint64_t hash, uint32_t enabled);
uint64_t graph_hash(const uint8_t *key, size_t len);
void graph_free(struct graph *g);

/* The successor of @n by a step of @thread, which must be enabled there. */
static inline uint32_t *
graph_edge(const struct graph *g, const struct node *n, unsigned thread)
{
	uint32_t below = n->enabled & (((uint32_t)1 << thread) - 1);

	return &g->edges[n->first_edge + (unsigned)__builtin_popcount(below)];
}

struct order {
	uint32_t *nodes; /* each before its successors */
	bool cyclic;
	uint32_t cycle; /* a node of a cycle, if there is one */
};

/* How many schedules lead to a node, and how probable it is to come there. */
struct flow {
	explore_count paths;
	double probability;
};

/* explore-paths.c: what is read off the finished graph. */
void paths_count(struct graph *g, struct explore_result *result);
/* Forgets which nodes are goals. */
void paths_witnesses(
    struct graph *g, unsigned nr_threads, bool all_outcomes, bool any_goal, struct explore_result *result);

/* explore-findings.c: the index of a finding like @f, which is added if it is new. */
uint32_t findings_intern(struct explore_result *result, const struct finding *f);
/* What the checker has found beyond the first @nr_before. */
void findings_see(struct graph *g, struct explore_result *result, const struct checker *c, size_t nr_before,
    uint32_t from, uint8_t thread);
/*
 * After the exploration: each finding with the steps of its witness. Leaves the run somewhere. Returns a finding that
 * its witness does not show; NULL: there is none.
 */
const struct explore_finding *findings_on_witnesses(struct run *r, struct explore_result *result);
/* After the exploration: the states go round. */
void findings_livelock(struct graph *g, struct explore_result *result);

/* explore-reasons.c: the operations of @thread that have ended since it had @nr_done, by the step along @edge. */
void reasons_see(struct graph *g, const struct run *r, unsigned thread, unsigned nr_done, uint32_t edge);
/* The same at the end of a schedule, of all threads. */
void reasons_of_run(struct explore_outcome *o, const struct run *r);
/* Counts the schedules of each, for all outcomes; the graph has no cycle. */
void reasons_count(const struct graph *g, const struct order *order, const struct flow *flow);

/*
 * explore-replay.c: executes the witnesses, and one random schedule for each outcome, and compares with the graph. If
 * they differ, the result is not complete. Leaves the run somewhere.
 */
void replay_paths(const struct graph *g, struct run *r, uint32_t more, struct explore_result *result);
/* The result is not complete: the key is not, as this schedule shows. */
void replay_wrong(struct explore_result *result, const struct explore_path *path, const char *what);

/* explore-schedules.c: the same by schedules. */
void explore_schedules(struct run *r, const struct explore_options *options, struct explore_result *result);

/* explore.c: shared by both ways. */
bool explore_goal_holds(struct run *r, const struct explore_options *options);
/* Has a limit been reached? Sets result->end if so. Looks at the clock only now and then. */
struct explore_clock {
	double until;
	uint64_t thrown_max; /* endless steps, of this process */
	unsigned ticks;
};
void explore_clock_start(struct explore_clock *c, const struct explore_options *options);
bool explore_over(struct explore_clock *c, const struct explore_options *options, struct explore_result *result);

void *explore_grow(void *array, size_t *cap, size_t need, size_t size);

#endif
