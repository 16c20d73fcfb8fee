/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key-graph.h - the state key of an engine with a mutant on: every record that the engine can still reach.
 *
 * The key of a correct engine (target-engine.c) leaves out what the invariants determine. A mutant breaks the
 * invariants: it reaches free entries through stale pointers, pages outside all entries, wrong gaps in the tree, a lock
 * that no thread releases. So this key follows every pointer from the map, and writes every field of each record that
 * it reaches.
 */
#ifndef HARNESS_TARGET_KEY_GRAPH_H
#define HARNESS_TARGET_KEY_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "engine/map.h"
#include "engine/thread.h"
#include "harness/base/base.h"

/* A record of the map, numbered in the order in which the walk finds it. */
struct key_record {
	const void *at;
	uint8_t kind; /* enum key_kind */
};

/* Zeroed is valid. */
struct key_graph {
	struct key_record *records; /* record number n is at index n - 1 */
	size_t nr, cap;
	uint32_t *slots; /* a hash table from address to number; 0: empty slot */
	size_t nr_slots; /* a power of two, more than twice nr; 0: no table */
	struct keybuf *out;
};

/* Appends the map and the contexts of threads 0..nr_threads-1 to @k. Call it between steps. */
void key_graph(struct key_graph *g, const struct vm_map *map, const struct vm_thread *threads, unsigned nr_threads,
    struct keybuf *k);
void key_graph_free(struct key_graph *g);

#endif
