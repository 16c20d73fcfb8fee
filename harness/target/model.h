/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - what the files of the page-array reference model share: model-target.c, model-entry.c, model-map.c,
 * model-wire.c, model-attr.c, model-stack.c. Private to them: others use the model through target_model (target.h).
 *
 * The model is written from docs/engine.md alone and stays naive on purpose: one record per page, plain loops. An entry
 * has no record of its own. A bit says "an entry starts here", all pages of an entry carry the same attributes, and the
 * first page names the entry. The boundaries matter even where attributes do not change (docs/engine.md section 0).
 *
 * It runs one operation at a time, so no transition belongs to another thread, and the map is never busy. Units: pages.
 * Start reading at model-target.c, then model-entry.c.
 */
#ifndef HARNESS_TARGET_MODEL_H
#define HARNESS_TARGET_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ops.h"
#include "engine/vm.h"
#include "harness/program/program.h"

#define MODEL_PAGES_MAX ((uint64_t)1 << 20)
#define MODEL_OBJECT_NONE 0

struct model_page {
	bool mapped;
	bool head; /* an entry starts here */
	bool guard;
	bool user_wired;
	bool needs_wakeup;
	bool nosync;
	bool nocore;
	bool own_charged;
	bool stack;   /* STACK: a part of a stack */
	bool gap;     /* GAP: a guard into which a stack can grow */
	bool marked;  /* IN_TRANSITION: the running wire or unwire has marked this entry */
	bool skipped; /* WIRE_SKIPPED */
	uint8_t prot;
	uint8_t max;
	uint8_t inherit;
	uint8_t behaviour; /* VM_MADV_NORMAL, SEQUENTIAL or RANDOM */
	int32_t wired;
	uint32_t object;
	uint64_t offset;  /* of this page in its object; meaningless without an object */
	uint64_t tag;     /* content */
	uint8_t gap_prot; /* of a gap: what its stack grows by (MS1) */
	uint8_t gap_max;
	uint64_t floor; /* of a gap: the start of its stack */
};

/* All data that operations change, and that save and restore copy. */
struct model_state {
	struct model_page *pages; /* max - min of them */
	bool *charged;            /* indexed by object; number 0 means no object */
	size_t nr_objects, nr_objects_max;
	uint64_t anon_loc;
	int64_t uw; /* the user-wire counter, may be negative */
	bool wire_future;
};

struct model {
	const struct program_config *cfg;
	uint64_t min, max;
	struct model_state now, saved;
};

/* Pages [start, end) of one entry, or of a request after clamping. */
struct model_range {
	uint64_t start, end;
};

/* A mapping to be made. */
struct model_mapping {
	uint8_t prot, max;
	bool guard;
	bool gap; /* a guard into which a stack can grow */
	bool charged;
};

/* --- model-entry.c --- */

bool model_mapped(const struct model *m, uint64_t a);
struct model_page *model_at(const struct model *m, uint64_t a);
bool model_quirk(const struct model *m, uint32_t bit);
/* Clamps a range as the operations do, docs/engine.md section 2 (RC). If it is inverted then, start becomes end. */
struct model_range model_clamp(const struct model *m, uint64_t start, uint64_t end);

/* The first page of the entry that contains @a, which is mapped. */
uint64_t model_entry_start(const struct model *m, uint64_t a);
/* The first page after the entry that contains @a. */
uint64_t model_entry_end(const struct model *m, uint64_t a);
/* The first page of the lowest entry that starts at or above @a; the map's end if there is none. */
uint64_t model_entry_from(const struct model *m, uint64_t a);
/* The entry that contains @a (*ret_found is true), or the next entry (*ret_found is false). */
uint64_t model_entry_near(const struct model *m, uint64_t a, bool *ret_found);
uint64_t model_entry_pages(const struct model *m, uint64_t entry);

/* Merges @entry with its neighbours where they match. Returns its start, which may have moved down. */
uint64_t model_simplify(struct model *m, uint64_t entry);
/* Merges the entry that starts at @entry with the one before it if they match. @entry may be the map's end. */
void model_merge(struct model *m, uint64_t entry);
/*
 * The merges of a walk over @r, docs/engine.md section 2. @one_pass: each entry with the one before it, and at the end
 * the first entry after the range; otherwise each entry on both sides. model_walk_merge returns the entry's start.
 */
uint64_t model_walk_merge(struct model *m, uint64_t entry, bool one_pass);
void model_walk_end(struct model *m, struct model_range r, bool one_pass);
/* Splits @entry at @a if @a is inside it. Returns the start of the entry at or after @a. */
uint64_t model_clip_start(struct model *m, uint64_t entry, uint64_t a);
void model_clip_end(struct model *m, uint64_t entry, uint64_t a);
/* The entry that contains @s, cut so that it starts at @s; the next entry if @s is unmapped. */
uint64_t model_clip_lookup(struct model *m, uint64_t s);

uint32_t model_object_new(struct model *m, bool charged);
void model_object_give(struct model *m, uint64_t entry);
bool model_entry_charged(const struct model *m, uint64_t entry);
int model_poison(const struct model *m, uint64_t a);

/* Sets one attribute on all pages of the entry that starts at @entry. */
#define MODEL_ENTRY_SET(m, entry, field, value)                                                                        \
	do {                                                                                                           \
		uint64_t set_end = model_entry_end((m), (entry));                                                      \
		for (uint64_t set_page = (entry); set_page < set_end; set_page++)                                      \
			model_at((m), set_page)->field = (value);                                                      \
	} while (0)

/* --- shared steps --- */

/* Fills the pages [s, e), which continue @like: the first one has its offset. They start no entry. */
void model_fill(struct model *m, uint64_t s, uint64_t e, const struct model_page *like);
/* The part of insert that runs under the lock: KERN_*. */
int model_insert_range(struct model *m, uint64_t s, uint64_t e, const struct model_mapping *w);
struct model_mapping model_mapping_of(const struct vm_op *op);

/* The faults of docs/engine.md section 8: KERN_*. */
int model_fault_page(struct model *m, uint64_t a, uint8_t access);
/* Sets wired_count to 0, and uncharges the pages if they were user-wired: docs/engine.md section 7. */
void model_unwire_entry(struct model *m, uint64_t entry);

/* --- the operations, by ops.def --- */

struct vm_result model_done(int code);
#define VM_OP(name, code, result, args, summary) struct vm_result model_##name(struct model *m, const struct vm_op *op);
#include "engine/ops.def"
#undef VM_OP

#endif
