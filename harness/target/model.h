/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - what the files of the page-array reference model share: model.c, model-entry.c, model-map.c, model-wire.c,
 * model-attr.c. Nobody else includes it; the model is used through target_model (target.h).
 *
 * The model is written from docs/engine.md alone and stays naive on purpose: one record per page, plain loops. An entry
 * is no object here. It is a bit, "an entry starts here", and all pages of an entry carry the same attributes; an entry
 * is named by its first page. The boundaries matter even where attributes do not change (docs/engine.md section 0).
 *
 * It runs one operation at a time, so "in transition by another thread" does not exist, and busy is never seen.
 * Units: pages. Start reading at model.c, then model-entry.c.
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
	bool marked;  /* IN_TRANSITION: the wire or unwire under way has been here */
	bool skipped; /* WIRE_SKIPPED */
	uint8_t prot;
	uint8_t max;
	uint8_t inherit;
	uint8_t behaviour; /* VM_MADV_NORMAL, SEQUENTIAL or RANDOM */
	int32_t wired;
	uint32_t object;
	uint64_t offset; /* of this page in its object; without meaning if there is none */
	uint64_t tag;    /* content */
};

/* All that operations change: what save and restore copy. */
struct model_state {
	struct model_page *pages; /* max - min of them */
	bool *charged;            /* by object; number 0 is no object */
	size_t nr_objects, nr_objects_max;
	uint64_t anon_loc;
	int64_t uw; /* the user-wire counter, may be negative */
};

struct model {
	const struct program_config *cfg;
	uint64_t min, max;
	struct model_state now, saved;
};

/* Pages [start, end) of one entry, or after clamping of a request. */
struct model_range {
	uint64_t start, end;
};

/* --- model-entry.c --- */

bool model_mapped(const struct model *m, uint64_t a);
struct model_page *model_at(const struct model *m, uint64_t a);
bool model_quirk(const struct model *m, uint32_t bit);
/* The range as the operations clamp it, docs/engine.md section 2 (RC): it is start that moves. */
struct model_range model_clamp(const struct model *m, uint64_t start, uint64_t end);

/* First page of the entry that has @a, which is mapped. */
uint64_t model_entry_start(const struct model *m, uint64_t a);
/* The page behind the entry that has @a. */
uint64_t model_entry_end(const struct model *m, uint64_t a);
/* First page of the lowest entry that starts at or above @a; the map's end if there is none. */
uint64_t model_entry_from(const struct model *m, uint64_t a);
/* The entry that has @a, or if none has, the next one. *ret_found says which. */
uint64_t model_entry_near(const struct model *m, uint64_t a, bool *ret_found);
uint64_t model_entry_pages(const struct model *m, uint64_t entry);

/* Merge @entry with its neighbours where they match; returns its start, which may have moved down. */
uint64_t model_simplify(struct model *m, uint64_t entry);
/* Make an entry start at @a, if @entry has it in its middle; returns the start of what is at or behind @a. */
uint64_t model_clip_start(struct model *m, uint64_t entry, uint64_t a);
void model_clip_end(struct model *m, uint64_t entry, uint64_t a);
/* The entry of @s with its front cut off at @s; the next entry if @s is unmapped. */
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

/* The faults of docs/engine.md section 8: KERN_*. */
int model_fault_page(struct model *m, uint64_t a, uint8_t access);
/* wired_count becomes 0, and the counter loses the pages if they were user-wired: docs/engine.md section 7. */
void model_unwire_entry(struct model *m, uint64_t entry);

/* --- the operations, by ops.def --- */

struct vm_result model_done(int code);
#define VM_OP(name, code, result, args, summary) struct vm_result model_##name(struct model *m, const struct vm_op *op);
#include "engine/ops.def"
#undef VM_OP

#endif
