/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history.h - the last good map, what each thread has done since, and both as a program.
 *
 * At the end of each good round the map is remembered, entry by entry, with its content; then each thread's operations
 * are. When something is broken the window, from that map to the end, is written as a .vmt: the map as init steps, the
 * operations as threads, and in a comment the order in which the scheduling points were passed.
 *
 * The order is observed just before the map lock is asked for, so where two threads were close to each other it may be
 * the other way round. `wirestorm reproduce` begins with it, and searches from there.
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

#define HISTORY_OPS_MAX PROGRAM_OPS_MAX /* kept per thread */
#define HISTORY_ENTRIES_MAX 512
#define HISTORY_TAGS_MAX 4096

struct history_op {
	struct vm_op op;
	struct vm_result result; /* VM_OUTCOME_NONE: under way */
};

/* What a thread has done since the round began; it alone writes. */
struct history {
	uint64_t nr_ops; /* may pass HISTORY_OPS_MAX: the first ones are gone then */
	struct history_op ops[HISTORY_OPS_MAX];
};

struct history_tag {
	uint64_t page, tag;
};

/* The map as it was at the end of the last good round. */
struct history_base {
	bool good; /* false: it was too large to be remembered */
	unsigned nr_entries, nr_tags;
	struct vm_map_entry entries[HISTORY_ENTRIES_MAX]; /* no pointer of theirs is followed */
	struct history_tag tags[HISTORY_TAGS_MAX];
};

/* What a window is made of. */
struct window {
	const struct program_config *config;
	const struct history_base *base;
	unsigned nr_threads;
	const struct history *const *histories;
	const struct world *world;
	enum program_verdict verdict;
	const char *detail; /* what is broken */
	const char *repeat; /* the command; NULL: none */
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

/* The window as a program, appended. False: nothing happened since the last good map. */
bool history_print(const struct window *w, struct strbuf *out);

#endif
