/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history.h - the last good map, each thread's operations since, and a program made from both.
 *
 * At the end of each good round, the history saves the map, entry by entry, with its content. Then it records each
 * thread's operations. On a finding, the window from that map to the finding is written as a .vmt program: the map as
 * init steps, the operations as threads, and in an "order" line the order of the scheduling points.
 *
 * The order is recorded just before a thread asks for the map lock, so two threads that were close to each other may be
 * in the wrong order. `wirestorm reproduce` starts its search with this order.
 */
#ifndef STRESS_HISTORY_H
#define STRESS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/map.h"
#include "engine/ops.h"
#include "harness/program/program.h"
#include "stress/world.h"

struct strbuf;

#define HISTORY_OPS_MAX PROGRAM_OPS_MAX /* recorded per thread */
#define HISTORY_ENTRIES_MAX 512
#define HISTORY_TAGS_MAX 4096

struct history_op {
	struct vm_op op;
	struct vm_result result; /* VM_OUTCOME_NONE: still running */
};

/* What a thread has done since the start of the round; only that thread writes it. */
struct history {
	uint64_t nr_ops; /* may exceed HISTORY_OPS_MAX: then the first ones are overwritten */
	struct history_op ops[HISTORY_OPS_MAX];
};

struct history_tag {
	uint64_t page, tag;
};

/* A copy of the map at the end of the last good round. */
struct history_base {
	bool good; /* false: the map was too large to save */
	unsigned nr_entries, nr_tags;
	struct vm_map_entry entries[HISTORY_ENTRIES_MAX]; /* their pointers are only compared */
	struct history_tag tags[HISTORY_TAGS_MAX];
};

/* The parts of a window. */
struct window {
	const struct program_config *config;
	const struct history_base *base;
	unsigned nr_threads;
	const struct history *const *histories;
	const struct world *world;
	enum program_verdict verdict;
	const char *detail; /* the finding */
	const char *repeat; /* the command that repeats the run; NULL: none */
};

void history_base_clear(struct history_base *base);
void history_base_take(struct history_base *base, vm_map_t map);

static inline void
history_begin(struct history *h, const struct vm_op *op)
{
	h->ops[h->nr_ops++ % HISTORY_OPS_MAX] = (struct history_op){ .op = *op };
}

static inline void
history_end(struct history *h, const struct vm_result *r)
{
	h->ops[(h->nr_ops - 1) % HISTORY_OPS_MAX].result = *r;
}

/* Appends the window as a program. False: no operation since the last good map. */
bool history_print(const struct window *w, struct strbuf *out);

#endif
