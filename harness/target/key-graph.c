/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key-graph.c - see key-graph.h.
 *
 * The key has a record's number in place of its address. The map and the contexts come first; the records that they
 * point to get the next numbers and are written in that order. Each record is written once, so cycles do not matter.
 * Timestamps always grow, so they are written as relations.
 */
#include "harness/target/key-graph.h"

#include <stdlib.h>
#include <string.h>

/* A mutant uses freed records, so the key reads them, too. */
#define READS_FREE_RECORDS __attribute__((no_sanitize("address")))

#define SLOTS_MIN 64

enum key_kind {
	KEY_ENTRY = 1,
	KEY_OBJECT,
	KEY_PAGE,
};

static size_t
key_slot_of(const struct key_graph *g, const void *at)
{
	size_t i = (size_t)((uintptr_t)at * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (g->nr_slots - 1);

	while (g->slots[i] != 0 && g->records[g->slots[i] - 1].at != at)
		i = (i + 1) & (g->nr_slots - 1);
	return i;
}

static void
key_grow_slots(struct key_graph *g)
{
	free(g->slots);
	g->nr_slots = g->nr_slots == 0 ? SLOTS_MIN : 2 * g->nr_slots;
	g->slots = memory_new(g->nr_slots, sizeof(*g->slots), "the state key");
	for (size_t n = 0; n < g->nr; n++)
		g->slots[key_slot_of(g, g->records[n].at)] = (uint32_t)(n + 1);
}

/* Writes the number of a record; gives it a new number if the walk meets it for the first time. */
static void
key_put_pointer(struct key_graph *g, const void *at, enum key_kind kind)
{
	size_t i;

	if (at == NULL) {
		keybuf_u8(g->out, 0);
		return;
	}
	if (2 * (g->nr + 1) > g->nr_slots)
		key_grow_slots(g);
	i = key_slot_of(g, at);
	if (g->slots[i] == 0) {
		MEMORY_GROW(g->records, g->cap, g->nr + 1, "the state key");
		g->records[g->nr++] = (struct key_record){ .at = at, .kind = (uint8_t)kind };
		g->slots[i] = (uint32_t)g->nr;
	}
	keybuf_num(g->out, g->slots[i]);
}

static void
key_put_addr(struct key_graph *g, vm_offset_t addr)
{
	keybuf_num(g->out, addr >> VM_PAGE_SHIFT);
}

READS_FREE_RECORDS static void
key_put_entry(struct key_graph *g, const struct vm_map *map, const struct vm_map_entry *e)
{
	struct keybuf *k = g->out;

	key_put_addr(g, e->start);
	key_put_addr(g, e->end);
	key_put_addr(g, e->max_free);
	key_put_addr(g, e->adj_free);
	key_put_pointer(g, RB_LEFT(e, tree), KEY_ENTRY);
	key_put_pointer(g, RB_RIGHT(e, tree), KEY_ENTRY);
	key_put_pointer(g, RB_PARENT(e, tree), KEY_ENTRY);
	keybuf_u8(k, (uint8_t)RB_COLOR(e, tree));
	key_put_pointer(g, e->prev, KEY_ENTRY);
	key_put_pointer(g, e->next, KEY_ENTRY);
	key_put_pointer(g, e->object, KEY_OBJECT);
	key_put_addr(g, e->offset);
	keybuf_u8(k, e->wiring_thread == NULL ? 0 : (uint8_t)(e->wiring_thread->id + 1));
	keybuf_num(k, e->eflags);
	keybuf_signed(k, e->wired_count);
	if (!VM_MUTATED(map, canary_key))
		keybuf_u8(k, (uint8_t)(e->protection | e->max_protection << 3 | e->charged << 6));
	keybuf_u8(k, e->inheritance);
	key_put_addr(g, e->floor);
	keybuf_u8(k, (uint8_t)(e->gap_protection | e->gap_max << 3));
}

READS_FREE_RECORDS static void
key_put_object(struct key_graph *g, const struct vm_object *o)
{
	struct keybuf *k = g->out;
	struct vm_slots_walk w;

	keybuf_num(k, (uint64_t)o->ref_count << 1 | o->charged);
	key_put_pointer(g, o->next_free, KEY_OBJECT);
	/* A free object has no pages, and AddressSanitizer sees into the functions of the walk. */
	if (RB_EMPTY(&o->pages.root)) {
		keybuf_u8(k, 0);
		return;
	}
	for (vm_slots_walk(&w, &o->pages, 0, UINT64_MAX); vm_slots_walk_next(&w);) {
		keybuf_num(k, w.index + 1);
		key_put_pointer(g, (const void *)w.value, KEY_PAGE);
	}
	keybuf_u8(k, 0);
}

READS_FREE_RECORDS static void
key_put_page(struct key_graph *g, const struct vm_page *p)
{
	struct keybuf *k = g->out;

	key_put_pointer(g, p->object, KEY_OBJECT);
	keybuf_num(k, p->index);
	keybuf_num(k, p->tag);
	keybuf_num(k, p->saved);
	key_put_pointer(g, TAILQ_NEXT(p, queue), KEY_PAGE);
	key_put_addr(g, p->va);
	keybuf_num(k, p->wire_count);
	keybuf_u8(k, (uint8_t)(p->resident | p->dirty << 1 | p->referenced << 2 | p->queued << 3 | p->mapped << 4));
}

static void
key_put_frames(struct key_graph *g, const struct vm_map *map)
{
	const struct vm_frames *f = &map->frames;
	struct keybuf *k = g->out;
	struct vm_slots_walk w;

	keybuf_num(k, f->nr_used);
	keybuf_num(k, f->nr_pages);
	keybuf_num(k, f->nr_queued << 1 | f->wanted);
	key_put_pointer(g, TAILQ_FIRST(&f->clock), KEY_PAGE);
	key_put_pointer(g, f->free_pages, KEY_PAGE);
	for (vm_pmap_walk(&w, &map->pmap); vm_slots_walk_next(&w);) {
		keybuf_num(k, w.index + 1);
		key_put_pointer(g, vm_pte_page(w.value), KEY_PAGE);
		keybuf_u8(k, vm_pte_prot(w.value));
	}
	keybuf_u8(k, 0);
	/* How much of a large map the next check covers: vm_map_check_step. */
	keybuf_num(k, f->nr_pages > VM_CHECK_ALL_MAX ? map->checked.nr_steps << 1 | map->checked.good : 0);
}

static void
key_put_map(struct key_graph *g, const struct vm_map *map)
{
	struct keybuf *k = g->out;

	keybuf_num(k, map->lock.word.n_readers << 1 | map->lock.word.writer);
	key_put_pointer(g, &map->header, KEY_ENTRY);
	key_put_pointer(g, RB_ROOT(&map->root), KEY_ENTRY);
	key_put_pointer(g, map->free_entries, KEY_ENTRY);
	key_put_pointer(g, map->objects.free, KEY_OBJECT);
	keybuf_num(k, map->objects.nr_live);
	keybuf_num(k, map->nentries);
	key_put_addr(g, map->size);
	keybuf_u8(k, map->timestamp == map->written);
	keybuf_num(k, (uint64_t)map->busy << 2 | (uint64_t)map->busy_wanted << 1 | map->wire_future);
	key_put_addr(g, map->anon_loc);
	keybuf_signed(k, map->user_wired);
	key_put_frames(g, map);
}

static void
key_put_thread(struct key_graph *g, const struct vm_map *map, const struct vm_thread *td)
{
	const struct vm_op_ctx *c = &td->ctx;
	struct keybuf *k = g->out;

	keybuf_u8(k, c->point);
	if (c->point == VM_POINT_none)
		return;
	keybuf_num(k, (uint64_t)td->held << 2 | (uint64_t)td->map_write << 1 | td->map_claim);
	keybuf_u8(k, (uint8_t)(c->waited | c->user_wire << 1 | c->shortage << 2));
	keybuf_u8(k, c->stamped ? 1 + (c->stamp == map->timestamp) : 0);
	keybuf_u8(k, c->point == VM_POINT_upgrade && c->upgrade_stamp == map->timestamp);
	key_put_addr(g, c->start);
	key_put_addr(g, c->end);
	key_put_addr(g, c->cursor);
	key_put_addr(g, c->piece_start);
	key_put_addr(g, c->piece_end);
	key_put_addr(g, c->fault_addr);
	key_put_addr(g, c->clean_start);
	key_put_addr(g, c->clean_end);
	keybuf_num(k, c->edges);
	keybuf_num(k, c->kept_number);
	key_put_pointer(g, c->kept, KEY_ENTRY);
}

/* For each entry: which threads remembered a timestamp before the entry was mapped. */
READS_FREE_RECORDS static void
key_put_births(struct key_graph *g, const struct vm_thread *threads, unsigned nr_threads)
{
	for (unsigned t = 0; t < nr_threads; t++) {
		const struct vm_op_ctx *c = &threads[t].ctx;

		if ((c->point != VM_POINT_transition_wait && c->point != VM_POINT_future_lock) || !c->stamped)
			continue;
		for (size_t i = 0; i < g->nr; i++)
			if (g->records[i].kind == KEY_ENTRY)
				keybuf_u8(g->out,
				    (int)(((const struct vm_map_entry *)g->records[i].at)->born - c->stamp) > 0);
	}
}

void
key_graph(struct key_graph *g, const struct vm_map *map, const struct vm_thread *threads, unsigned nr_threads,
    struct keybuf *k)
{
	g->out = k;
	g->nr = 0;
	if (g->nr_slots > 0)
		memset(g->slots, 0, g->nr_slots * sizeof(*g->slots));
	key_put_map(g, map);
	for (unsigned t = 0; t < nr_threads; t++)
		key_put_thread(g, map, &threads[t]);
	for (size_t i = 0; i < g->nr; i++) {
		struct key_record r = g->records[i]; /* a copy, because writing it may move the array */

		switch (r.kind) {
		case KEY_ENTRY:
			key_put_entry(g, map, r.at);
			break;
		case KEY_OBJECT:
			key_put_object(g, r.at);
			break;
		case KEY_PAGE:
			key_put_page(g, r.at);
			break;
		}
	}
	key_put_births(g, threads, nr_threads);
}

void
key_graph_free(struct key_graph *g)
{
	free(g->records);
	free(g->slots);
	*g = (struct key_graph){ 0 };
}
