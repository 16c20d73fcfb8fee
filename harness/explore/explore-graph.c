/* SPDX-License-Identifier: BSD-2-Clause */
/* explore-graph.c - the data of the state graph: finds nodes by their keys, and outcomes by their texts. */
#include "harness/explore/explore-graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"

/* Multiplies and folds eight bytes at a time. Keys are compared in full, so the hash need not be perfect. */
uint64_t
graph_hash(const uint8_t *key, size_t len)
{
	uint64_t h = len * 0x9e3779b97f4a7c15u, w;

	for (; len >= sizeof(w); key += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, key, sizeof(w));
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, key, len);
	h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 29;
}

uint32_t
graph_find(const struct graph *g, const uint8_t *key, size_t len, uint64_t hash)
{
	assert(g->nr_slots == 0 || (g->nr_slots & (g->nr_slots - 1)) == 0);
	if (g->nr_slots == 0)
		return NODE_NONE;
	for (size_t i = hash & (g->nr_slots - 1);; i = (i + 1) & (g->nr_slots - 1)) {
		const struct node *n;

		if (g->slots[i] == NODE_NONE)
			return NODE_NONE;
		n = &g->nodes[g->slots[i]];
		if (n->hash == hash && n->key_len == len && memcmp(g->keys.bytes + n->key, key, len) == 0)
			return g->slots[i];
	}
}

static void
slot_put(struct graph *g, uint32_t node)
{
	size_t i = g->nodes[node].hash & (g->nr_slots - 1);

	while (g->slots[i] != NODE_NONE)
		i = (i + 1) & (g->nr_slots - 1);
	g->slots[i] = node;
}

static void
slots_grow(struct graph *g)
{
	size_t nr = g->nr_slots == 0 ? 1024 : g->nr_slots * 2;

	g->slots = memory_resize(g->slots, nr, sizeof(*g->slots), "the states");
	memset(g->slots, 0xff, nr * sizeof(*g->slots));
	g->nr_slots = nr;
	for (uint32_t i = 0; i < g->nr_nodes; i++)
		slot_put(g, i);
	assert(g->nr_slots > g->nr_nodes);
}

uint32_t
graph_add(struct graph *g, size_t key, uint64_t hash, uint32_t enabled)
{
	unsigned nr_edges = (unsigned)__builtin_popcount(enabled);
	uint32_t id = (uint32_t)g->nr_nodes;

	assert(g->nr_nodes < NODE_NONE && key <= g->keys.len);
	if ((g->nr_nodes + 1) * 2 > g->nr_slots)
		slots_grow(g);
	g->nodes = memory_grow(g->nodes, &g->cap_nodes, g->nr_nodes + 1, sizeof(*g->nodes), "the states");
	g->edges = memory_grow(g->edges, &g->cap_edges, g->nr_edges + nr_edges, sizeof(*g->edges), "the states");
	g->nodes[id] = (struct node){
		.hash = hash,
		.key = key,
		.key_len = (uint32_t)(g->keys.len - key),
		.parent = NODE_NONE,
		.first_edge = (uint32_t)g->nr_edges,
		.outcome = NODE_NONE,
		.enabled = enabled,
		.todo = enabled,
	};
	for (unsigned i = 0; i < nr_edges; i++)
		g->edges[g->nr_edges++] = NODE_NONE;
	g->nr_nodes++;
	slot_put(g, id);
	return id;
}

static int
outcome_compare(const struct outcome_node *a, const struct outcome_node *b)
{
	return strcmp(a->o.text, b->o.text);
}

#ifndef __unused
#define __unused __attribute__((unused))
#endif
RB_GENERATE_STATIC(outcome_tree, outcome_node, tree, outcome_compare)

struct outcome_node *
outcomes_intern(struct outcomes *o, const char *text)
{
	struct outcome_node key = { 0 }, *n;
	size_t cap = o->cap;

	assert(text != NULL);
	key.o.text = memory_text(text, "an outcome");
	n = RB_FIND(outcome_tree, &o->tree, &key);
	if (n != NULL) {
		free(key.o.text);
		return n;
	}
	n = memory_new(1, sizeof(*n), "an outcome");
	n->o.text = key.o.text;
	n->index = o->nr;
	o->by_index = memory_grow(o->by_index, &cap, o->nr + 1u, sizeof(struct outcome_node *), "the states");
	o->cap = (uint32_t)cap;
	o->by_index[o->nr++] = n;
	(void)RB_INSERT(outcome_tree, &o->tree, n);
	return n;
}

void
outcomes_take(struct outcomes *o, struct explore_result *result)
{
	struct outcome_node *n;

	assert(result->outcomes == NULL && result->nr_outcomes == 0);
	result->outcomes = memory_new(o->nr + 1u, sizeof(*result->outcomes), "the outcomes");
	RB_FOREACH (n, outcome_tree, &o->tree)
		result->outcomes[result->nr_outcomes++] = n->o;
	assert(result->nr_outcomes == o->nr);
	for (uint32_t i = 0; i < o->nr; i++)
		free(o->by_index[i]);
	free(o->by_index);
	*o = (struct outcomes){ 0 };
}

void
graph_free(struct graph *g)
{
	free(g->nodes);
	free(g->edges);
	free(g->slots);
	free(g->sightings);
	free(g->failures);
	keybuf_free(&g->keys);
}
