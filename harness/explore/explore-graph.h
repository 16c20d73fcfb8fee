/* SPDX-License-Identifier: BSD-2-Clause */
/* explore-graph.h - the graph of states, private to the explorer's files. */
#ifndef HARNESS_EXPLORE_EXPLORE_GRAPH_H
#define HARNESS_EXPLORE_EXPLORE_GRAPH_H

#include <sys/tree.h>

#include "harness/explore/explore.h"

#define NODE_NONE UINT32_MAX

struct node {
	uint64_t hash;
	size_t key;          /* offset of the node's key in graph.keys */
	uint32_t key_len;    /* bytes */
	uint32_t parent;     /* the node from which it was first reached; NODE_NONE: it is the start */
	uint32_t first_edge; /* its edges, one per enabled thread, ascending */
	uint32_t outcome;    /* ends only: index in graph.outcomes */
	uint32_t enabled;    /* bit t: thread t can take a step */
	uint32_t todo;       /* enabled threads that were not tried yet */
	uint8_t by;          /* the thread whose step led here from parent */
	bool goal;           /* the goals hold here */
};

/* All outcomes found so far. */
struct outcome_node {
	RB_ENTRY(outcome_node) tree;
	struct explore_outcome o;
	uint32_t index;      /* in order of discovery */
	uint32_t nr_ends;    /* nodes with this outcome */
	uint32_t random_end; /* one of these nodes, at random */
};
RB_HEAD(outcome_tree, outcome_node);

struct outcomes {
	struct outcome_tree tree; /* by text */
	uint32_t nr, cap;
	struct outcome_node **by_index;
};

/* The outcome with this text; makes it if it is new. */
struct outcome_node *outcomes_intern(struct outcomes *o, const char *text);
/* Moves all outcomes into the result, sorted. *o is empty then. */
void outcomes_take(struct outcomes *o, struct explore_result *result);

/* A place where a finding was seen: after the step of @thread from node @from. @thread AT_NODE: at @from itself. */
#define AT_NODE UINT8_MAX
struct sighting {
	uint32_t finding; /* index in explore_result.findings */
	uint32_t from;
	uint8_t thread;
};

/* The step along @edge ends an operation that fails. The edges of edges.def say why. */
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
	uint32_t *edges; /* successors; NODE_NONE: not tried yet */
	struct keybuf keys;
	size_t nr_slots; /* a power of 2 */
	uint32_t *slots; /* hash table of node numbers */
	struct outcomes outcomes;
	size_t nr_sightings, cap_sightings;
	struct sighting *sightings;
	size_t nr_failures, cap_failures;
	struct failure *failures;
	bool any_cycle;
	uint32_t cycle; /* a node on a cycle */
};

/* The node with the key k[from..], or NODE_NONE. */
uint32_t graph_find(const struct graph *g, const uint8_t *key, size_t len, uint64_t hash);
/* Adds a node whose key is the end of g->keys, from @key on. */
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
	uint32_t *nodes; /* each node before its successors */
	bool cyclic;
	uint32_t cycle; /* a node on a cycle, if there is one */
};

/* How many schedules lead to a node, and how probable it is to reach it. */
struct flow {
	explore_count paths;
	double probability;
};

/* explore-paths.c: results that are computed from the finished graph. */
void paths_count(struct graph *g, struct explore_result *result);
/* Resets the goals of the nodes. */
void paths_witnesses(
    struct graph *g, unsigned nr_threads, bool all_outcomes, bool any_goal, struct explore_result *result);

/* explore-findings.c: the index of a finding equal to @f; adds it if it is new. */
uint32_t findings_intern(struct explore_result *result, const struct finding *f);
/* Takes the checker's findings after the first @nr_before. */
void findings_see(struct graph *g, struct explore_result *result, const struct checker *c, size_t nr_before,
    uint32_t from, uint8_t thread);
/*
 * Call it after the exploration: gives each finding the steps of its witness. Returns a finding that its witness does
 * not show; NULL: there is none. Leaves the run in any state.
 */
const struct explore_finding *findings_on_witnesses(struct run *r, struct explore_result *result);
/* Call it after the exploration: reports a livelock if the states form a cycle. */
void findings_livelock(struct graph *g, struct explore_result *result);

/*
 * explore-reasons.c: notes why operations of @thread failed that the step along @edge has ended; @nr_done had ended
 * before.
 */
void reasons_see(struct graph *g, const struct run *r, unsigned thread, unsigned nr_done, uint32_t edge);
/* The same for all threads, at the end of a schedule. */
void reasons_of_run(struct explore_outcome *o, const struct run *r);
/* Counts for all outcomes the schedules of each reason. The graph must have no cycle. */
void reasons_count(const struct graph *g, const struct order *order, const struct flow *flow);

/*
 * explore-replay.c: executes the witnesses and one random schedule for each outcome, and compares them with the graph.
 * If they differ, the result is not complete. Leaves the run in any state.
 */
void replay_paths(const struct graph *g, struct run *r, uint32_t more, struct explore_result *result);
/* Makes the result incomplete: this schedule shows that the key is incomplete. */
void replay_wrong(struct explore_result *result, const struct schedule *path, const char *what);

/* explore-schedules.c: explores by schedules. */
void explore_schedules(struct run *r, const struct explore_options *options, struct explore_result *result);

/* explore-limits.c: shared by both ways of exploring. */
bool explore_goal_holds(struct run *r, const struct explore_options *options);
/* Has a limit been reached? Sets result->end if so. Reads the clock only sometimes. */
struct explore_clock {
	double until;
	uint64_t thrown_max; /* most endless steps of this process */
	unsigned ticks;
};
void explore_clock_start(struct explore_clock *c, const struct explore_options *options);
bool explore_over(struct explore_clock *c, const struct explore_options *options, struct explore_result *result);

#endif
