/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naive-map.h - the entries of a map as a sorted array, by the rules of docs/engine.md 2 to 5 and with no thought of
 * speed.
 *
 * Units: pages. It has no locks and nothing that waits: what the tree, the ring and the merging of the engine are
 * compared with. Objects are numbers, 0 is none; a number is never used again.
 */
#ifndef TESTS_NAIVE_MAP_H
#define TESTS_NAIVE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct naive_entry {
	uint64_t start, end; /* pages */
	uint64_t offset;     /* pages */
	unsigned object;
	uint32_t eflags; /* MAP_ENTRY_* */
	int wired_count;
	uint8_t prot, max, inherit;
	bool charged;
};

struct naive_map {
	uint64_t min, max; /* pages */
	size_t nr, cap;
	struct naive_entry *entries;
	size_t nr_objects, cap_objects; /* numbers given out, 0 included */
	bool *object_charged;
};

void naive_init(struct naive_map *m, uint64_t min, uint64_t max);
void naive_free(struct naive_map *m);

/* The number of entries that start at or below @page; the entry that may contain it is the one before. */
size_t naive_above(const struct naive_map *m, uint64_t page);
/* Is @page mapped? *ret is the index of its entry, or of the one before it: SIZE_MAX if there is none. */
bool naive_lookup(const struct naive_map *m, uint64_t page, size_t *ret);
/* These return a KERN_ code. */
int naive_insert(struct naive_map *m, uint64_t start, uint64_t end, uint8_t prot, uint8_t max, bool guard);
int naive_delete(struct naive_map *m, uint64_t start, uint64_t end);
/* Return the index of the entry, which may have moved. */
size_t naive_simplify(struct naive_map *m, size_t i);
size_t naive_clip_start(struct naive_map *m, size_t i, uint64_t page);
void naive_clip_end(struct naive_map *m, size_t i, uint64_t page);
/* First fit of @length from @start; UINT64_MAX: nowhere. */
uint64_t naive_findspace(const struct naive_map *m, uint64_t start, uint64_t length, bool quirk_q4);

#endif
