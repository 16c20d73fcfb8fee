/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target-engine.c - the VM map engine as a target: its simulated world, the canonical state, and the state key. Only
 * this file and engine-op.c look inside the engine.
 */
#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/env.h"
#include "engine/map.h"
#include "engine/thread.h"
#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/sim/sim.h"
#include "harness/target/engine-op.h"
#include "harness/target/target.h"
#include "harness/target/key-graph.h"

struct engine {
	uint64_t key_round; /* number of the key that is being made */
	struct vm_map *map;
	struct sim *sim;
	struct vm_poison *poison;
	struct vm_thread threads[SIM_FIBERS_MAX];
	bool sees_pages; /* the program can observe pages, so they are in the key */
	bool whole_key;  /* key_graph makes the key: a mutant is on, or the program asks for it */
	struct key_graph graph;
	unsigned nr_threads; /* threads of the program, without the init thread */
};

/*
 * No thread can run, so no frame will become free. Fails the lowest thread that sleeps for a frame. Only a world that
 * sees all threads can know this (stress/world.c is another one).
 */
static void
engine_stuck(void *arg)
{
	struct engine *e = arg;
	uint32_t sleeping = sim_unfinished(e->sim);

	for (; sleeping != 0; sleeping &= sleeping - 1) {
		unsigned i = (unsigned)__builtin_ctz(sleeping);

		if (sim_channel(e->sim, i) != VM_CHANNEL_FRAME)
			continue;
		e->threads[i].ctx.shortage = true;
		sim_wake(e->sim, i);
		return;
	}
}

/* --- making and destroying --- */

/* Reuses the last destroyed instance, because the engine keeps its arena. */
static _Atomic(struct engine *) spare;

static struct engine *
engine_alloc(void)
{
	struct engine *e = atomic_exchange(&spare, NULL);

	if (e == NULL)
		return memory_new(1, sizeof(*e), "the engine");
	memset(e, 0, sizeof(*e));
	return e;
}

static void
engine_destroy(void *self)
{
	struct engine *e = self, *none = NULL;

	sim_on_stuck(e->sim, NULL, NULL);
	if (e->map != NULL)
		vm_map_destroy(e->map);
	free(e->poison);
	key_graph_free(&e->graph);
	if (!atomic_compare_exchange_strong(&spare, &none, e))
		free(e);
}

static void
copy_poison(struct engine *e, const struct program_config *cfg)
{
	if (cfg->nr_poison == 0)
		return;
	e->poison = memory_new(cfg->nr_poison, sizeof(*e->poison), "the poisoned pages");
	for (size_t i = 0; i < cfg->nr_poison; i++) {
		e->poison[i].addr = cfg->poison[i].page << VM_PAGE_SHIFT;
		e->poison[i].code = cfg->poison[i].code;
	}
}

static const char *
engine_config_reason(const struct program_config *cfg)
{
	return cfg->mutant != NULL && !VM_HAS_MUTANTS ? "its mutant is only in a build with -Dmutants=true" : NULL;
}

static void *
engine_create(const struct program_config *cfg, struct sim *sim)
{
	struct engine *e = engine_alloc();

	env_sim_watch_engine();
	vm_arena_no_memory = memory_out_for_map;
	e->sim = sim;
	e->sees_pages = true; /* until the program is known */
	e->nr_threads = PROGRAM_THREADS_MAX;
	e->whole_key = cfg->whole_key || cfg->mutant != NULL;
	copy_poison(e, cfg);
	e->map = vm_map_create(&(struct vm_config){
	    .env = &vm_env_sim,
	    .min = cfg->min << VM_PAGE_SHIFT,
	    .max = cfg->max << VM_PAGE_SHIFT,
	    .kernel = cfg->kernel,
	    .behaviours = cfg->profile.on,
	    .mutant = vm_mutant_by_name(cfg->mutant),
	    .wire_limit = cfg->limit,
	    .nr_frames = cfg->frames,
	    .grow_pages = cfg->growsize,
	    .poison = e->poison,
	    .nr_poison = cfg->nr_poison,
	});
	if (e->map == NULL) {
		engine_destroy(e);
		return NULL;
	}
	for (unsigned i = 0; i < SIM_FIBERS_MAX; i++) {
		e->threads[i].id = i;
		e->threads[i].env = &vm_env_sim;
		e->threads[i].world = sim;
	}
	return e;
}

static void
engine_program(void *self, const struct program *p)
{
	struct engine *e = self;

	e->nr_threads = p->nr_threads;
	e->sees_pages = program_sees_pages(p) ||
	                (p->config.max - p->config.min > VM_FRAMES_AMPLE && program_wires(p) > VM_FRAMES_AMPLE);
}

static bool
engine_save(void *self)
{
	struct engine *e = self;

	return vm_map_save(e->map);
}

static void
engine_restore(void *self)
{
	struct engine *e = self;

	vm_map_restore(e->map);
	for (unsigned i = 0; i < e->nr_threads; i++)
		e->threads[i].ctx = (struct vm_op_ctx){ 0 };
	e->threads[SIM_INIT_THREAD].ctx = (struct vm_op_ctx){ 0 };
}

/* --- operations --- */

static struct vm_result
engine_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct engine *e = self;

	env_sim_be(&e->threads[thread]);
	sim_on_stuck(e->sim, engine_stuck, e); /* another instance may have used the world in between */
	return engine_op_apply(e->map, op);
}

/* --- observing --- */

static void
engine_dump(void *self, struct vm_state *out)
{
	struct engine *e = self;
	const struct vm_map *map = e->map;

	state_clear(out);
	for (const struct vm_map_entry *n = map->header.next; n != &map->header; n = n->next) {
		bool guard = (n->eflags & MAP_ENTRY_GUARD) != 0;

		state_add(out, &(struct vm_run){
		                   .start = n->start >> VM_PAGE_SHIFT,
		                   .end = n->end >> VM_PAGE_SHIFT,
		                   .prot = n->protection,
		                   .max = n->max_protection,
		                   .inherit = guard ? 0 : n->inheritance,
		                   .guard = guard,
		                   .user_wired = (n->eflags & MAP_ENTRY_USER_WIRED) != 0,
		                   .transition = (n->eflags & MAP_ENTRY_IN_TRANSITION) != 0,
		                   .wired_count = n->wired_count,
		               });
	}
	out->user_wired = map->user_wired;
	out->busy = map->busy != 0;
}

static size_t
engine_entries(void *self, uint64_t *starts, size_t max)
{
	const struct vm_map *map = ((struct engine *)self)->map;
	size_t nr = 0;

	for (const struct vm_map_entry *n = map->header.next; n != &map->header; n = n->next, nr++)
		if (nr < max)
			starts[nr] = n->start >> VM_PAGE_SHIFT;
	return nr;
}

/*
 * The number of an object, by first appearance in the map. The object's scratch field is valid only if this key has
 * written it.
 */
static uint64_t
object_number(struct engine *e, struct vm_object *o, uint64_t *nr_objects)
{
	if (o->key_round != e->key_round) {
		o->key_round = e->key_round;
		o->key_number = (unsigned)++*nr_objects;
	}
	return o->key_number;
}

static void
key_entry(struct keybuf *k, struct engine *e, const struct vm_map_entry *n, uint64_t *nr_objects)
{
	keybuf_num(k, n->start >> VM_PAGE_SHIFT);
	keybuf_num(k, (n->end - n->start) >> VM_PAGE_SHIFT);
	keybuf_num(k, n->eflags);
	if ((n->eflags & (MAP_ENTRY_GAP | MAP_ENTRY_STACK)) != 0)
		keybuf_num(k, n->floor >> VM_PAGE_SHIFT << 6 | (uint64_t)n->gap_protection << 3 | (uint64_t)n->gap_max);
	keybuf_u8(k, (uint8_t)(n->protection | n->max_protection << 3 | n->charged << 6));
	keybuf_u8(k, n->inheritance);
	keybuf_signed(k, n->wired_count);
	keybuf_u8(k, n->wiring_thread == NULL ? 0 : (uint8_t)(n->wiring_thread->id + 1));
	if (n->object == NULL) {
		keybuf_u8(k, 0);
		return;
	}
	keybuf_num(k, object_number(e, n->object, nr_objects) << 1 | n->object->charged);
	keybuf_num(k, n->offset >> VM_PAGE_SHIFT);
}

/*
 * Writes the pages of an entry: position, condition and content. In a correct engine content and wirings would suffice,
 * because eviction cannot be observed; the rest is for faulty engines.
 */
static void
key_pages(struct keybuf *k, const struct vm_map_entry *n)
{
	uint64_t first = vm_entry_page_index(n, n->start);
	struct vm_slots_walk w;

	for (vm_entry_walk(&w, n, n->start, n->end); vm_slots_walk_next(&w);) {
		const struct vm_page *p = (const struct vm_page *)w.value;

		keybuf_num(k, w.index - first + 1);
		keybuf_u8(
		    k, (uint8_t)(p->resident | p->dirty << 1 | p->referenced << 2 | p->queued << 3 | p->mapped << 4));
		keybuf_num(k, p->wire_count);
		keybuf_num(k, p->resident ? p->tag : p->saved);
	}
	keybuf_u8(k, 0);
}

/*
 * Writes the rest of the pages' state: translations, and the order in which the clock visits pages. Whether frames are
 * wanted is not written: they are if and only if a thread sleeps on channel F.
 */
static void
key_frames(struct keybuf *k, const struct vm_map *map)
{
	const struct vm_page *q;
	struct vm_slots_walk w;

	for (vm_pmap_walk(&w, &map->pmap); vm_slots_walk_next(&w);)
		keybuf_u8(k, vm_pte_prot(w.value));
	TAILQ_FOREACH (q, &map->frames.clock, queue) {
		keybuf_num(k, q->object->key_number);
		keybuf_num(k, q->index);
	}
	keybuf_u8(k, 0);
}

/* Will the thread ask which entries were mapped after it remembered the timestamp? */
static bool
asks_births(const struct vm_op_ctx *c)
{
	return c->point == VM_POINT_transition_wait || c->point == VM_POINT_future_lock;
}

static void
key_context(struct keybuf *k, const struct vm_map *map, const struct vm_op_ctx *c)
{
	keybuf_u8(k, (uint8_t)(c->point | c->waited << 7));
	if (c->point == VM_POINT_none)
		return;
	/* The timestamp always grows. Only whether it has changed since it was remembered matters. */
	keybuf_u8(k, c->stamped ? 1 + (c->stamp == map->timestamp) : 0);
	keybuf_num(k, c->start >> VM_PAGE_SHIFT);
	keybuf_num(k, c->end >> VM_PAGE_SHIFT);
	keybuf_num(k, c->cursor >> VM_PAGE_SHIFT);
	keybuf_num(k, c->piece_start >> VM_PAGE_SHIFT);
	keybuf_num(k, c->piece_end >> VM_PAGE_SHIFT);
	keybuf_num(k, c->fault_addr >> VM_PAGE_SHIFT);
	keybuf_num(k, c->edges);
	/*
	 * The thread will ask whether one entry was mapped since then. Which entry depends on the future, so all are
	 * written.
	 */
	for (const struct vm_map_entry *n = map->header.next; asks_births(c) && n != &map->header; n = n->next)
		keybuf_u8(k, (int)(n->born - c->stamp) > 0);
}

static void
engine_key(void *self, unsigned nr_threads, struct keybuf *k)
{
	struct engine *e = self;
	const struct vm_map *map = e->map;
	uint64_t nr_objects = 0;

	if (e->whole_key) {
		key_graph(&e->graph, map, e->threads, nr_threads, k);
		return;
	}
	e->key_round++;
	keybuf_num(k, map->nentries);
	for (const struct vm_map_entry *n = map->header.next; n != &map->header; n = n->next)
		key_entry(k, e, n, &nr_objects);
	keybuf_signed(k, map->user_wired);
	keybuf_num(k, (uint64_t)map->busy << 2 | (uint64_t)map->busy_wanted << 1 | map->wire_future);
	keybuf_num(k, map->anon_loc >> VM_PAGE_SHIFT);
	for (unsigned i = 0; i < nr_threads; i++)
		key_context(k, map, &e->threads[i].ctx);
	if (!e->sees_pages)
		return;
	for (const struct vm_map_entry *n = map->header.next; n != &map->header; n = n->next)
		key_pages(k, n);
	key_frames(k, map);
	for (unsigned i = 0; i < nr_threads; i++)
		keybuf_u8(k, e->threads[i].ctx.shortage);
}

/* A thread sleeps on the channel that channels.def has for its point, or for the map lock. */
static const char *
check_sleeper(struct engine *e, unsigned thread) VM_NO_TSA("called between steps")
{
	const struct vm_thread *td = &e->threads[thread];
	enum vm_channel channel = (enum vm_channel)sim_channel(e->sim, thread);

	assert(channel == VM_CHANNEL_MAP_LOCK || channel == vm_point_channel((enum vm_point)td->ctx.point));
	return vm_map_check_sleeper(e->map, td, channel);
}

/*
 * The lock is free between steps, and only one OS thread runs. checks.def names the behaviours that excuse a complaint.
 */
static const char *
engine_check(void *self, bool excused, uint32_t *excuse) VM_NO_TSA("called between steps")
{
	struct engine *e = self;
	const char *bad = vm_map_check_step(e->map);

	(void)excuse;
	if (VM_MUTATED(e->map, canary_target))
		return "X1: a planted fault";
	for (uint32_t asleep = sim_unfinished(e->sim) & ~sim_enabled(e->sim); asleep != 0 && bad == NULL;
	     asleep &= asleep - 1)
		bad = check_sleeper(e, (unsigned)__builtin_ctz(asleep));
	/* Last, because a quirk may break the account for good. */
	return bad != NULL ? bad : vm_map_check_account(e->map, excused);
}

static bool
engine_broken_at(void *self, uint64_t *start, uint64_t *end)
{
	const struct vm_map *map = ((struct engine *)self)->map;

	*start = map->broken_start >> VM_PAGE_SHIFT;
	*end = (map->broken_end + VM_PAGE_SIZE - 1) >> VM_PAGE_SHIFT;
	return map->broken_start < map->broken_end;
}

/* Is a page of @n in [start, end) dirty? */
static bool
entry_dirty(const struct vm_map_entry *n, vm_offset_t start, vm_offset_t end)
{
	vm_offset_t from = start > n->start ? start : n->start, to = end < n->end ? end : n->end;
	struct vm_slots_walk w;

	if (from >= to)
		return false;
	for (vm_entry_walk(&w, n, from, to); vm_slots_walk_next(&w);)
		if (((const struct vm_page *)w.value)->dirty)
			return true;
	return false;
}

static bool
engine_cleaned(void *self, unsigned thread, uint64_t *start, uint64_t *end, bool *dirty)
{
	struct vm_op_ctx *ctx = &((struct engine *)self)->threads[thread].ctx;
	const struct vm_map *map = ((struct engine *)self)->map;
	bool any = ctx->clean_start < ctx->clean_end;

	*dirty = false;
	for (const struct vm_map_entry *n = map->header.next;
	     ctx->clean_start < ctx->clean_end && n != &map->header && !*dirty; n = n->next)
		*dirty = entry_dirty(n, ctx->clean_start, ctx->clean_end);
	*start = ctx->clean_start >> VM_PAGE_SHIFT;
	*end = ctx->clean_end >> VM_PAGE_SHIFT;
	/* Valid for the last step only: the next one may sleep for the lock and write nothing back. */
	ctx->clean_start = ctx->clean_end = 0;
	return any;
}

static bool
engine_mergeable(void *self, uint64_t start, uint64_t end, uint64_t *page) VM_NO_TSA("called between steps")
{
	const struct vm_map *map = ((struct engine *)self)->map;

	for (const struct vm_map_entry *n = map->header.next; n != &map->header; n = n->next) {
		*page = n->end >> VM_PAGE_SHIFT;
		if (*page > start && *page < end && n->next != &map->header &&
		    (n->eflags & (MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_GUARD)) == 0 &&
		    vm_map_entry_continues(map, n, n->next))
			return true;
	}
	return false;
}

/* A sequence of bit fields: the entry, and if it has the page, that page and its translation. */
static uint64_t
engine_condition(void *self, uint64_t page) VM_NO_TSA("called between steps")
{
	struct vm_map *map = ((struct engine *)self)->map;
	vm_offset_t addr = page << VM_PAGE_SHIFT;
	vm_map_entry_t n;
	const struct vm_page *p = NULL;
	uint64_t word;

	if (!vm_map_lookup_entry(map, addr, &n))
		return 0;
	word = 1 | (uint64_t)n->protection << 1 | (uint64_t)(n->eflags & ~(uint32_t)MAP_ENTRY_NEEDS_WAKEUP) << 4;
	word |= (uint64_t)(n->wired_count < 0 ? 3 : n->wired_count > 2 ? 2 : n->wired_count) << 36;
	if (n->object != NULL)
		p = (const struct vm_page *)vm_slots_get(&n->object->pages, vm_entry_page_index(n, addr));
	if (p == NULL)
		return word;
	word |= (uint64_t)(1 | p->resident << 1 | p->dirty << 2 | (p->wire_count < 3 ? p->wire_count : 3) << 3) << 40;
	return word | (uint64_t)vm_pte_prot(vm_slots_get(&map->pmap.ptes, page)) << 48;
}

static void
engine_where(void *self, unsigned thread, char *buf, size_t size)
{
	struct engine *e = self;

	vm_point_describe(&e->threads[thread].ctx, buf, size);
}

const struct vm_target target_engine = {
	VM_TARGET_INIT,
	.name = "engine",
	.summary = "the VM map engine",
	.config_reason = engine_config_reason,
	.create = engine_create,
	.destroy = engine_destroy,
	.program = engine_program,
	.save = engine_save,
	.restore = engine_restore,
	.apply = engine_apply,
	.dump = engine_dump,
	.entries = engine_entries,
	.key = engine_key,
	.check = engine_check,
	.broken_at = engine_broken_at,
	.judged = true,
	.cleaned = engine_cleaned,
	.mergeable = engine_mergeable,
	.condition = engine_condition,
	.where = engine_where,
};
