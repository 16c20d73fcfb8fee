/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * validate.c - checks all invariants of a map that hold whenever its lock is free. docs/invariants.md.
 *
 * Operations may be suspended between their steps, and the checks read their contexts; no thread may be running. So the
 * checks may read data that other locks protect.
 */
#include "engine/map.h"

/*
 * Checks the subtree of @e. Its entries must be in the order of the ring: *next is the first one, and moves to the one
 * after the last.
 */
static const char *
check_tree(struct vm_map *map, const struct vm_map_entry *e, const struct vm_map_entry **next)
{
	const struct vm_map_entry *l = RB_LEFT(e, tree), *r = RB_RIGHT(e, tree);
	vm_size_t m = e->adj_free;
	const char *bad;

	if ((l != NULL && RB_PARENT(l, tree) != e) || (r != NULL && RB_PARENT(r, tree) != e))
		return vm_map_broken(map, e->start, e->end, "I3: a child in the tree has the wrong parent");
	if (l != NULL) {
		if ((bad = check_tree(map, l, next)) != NULL)
			return bad;
		m = l->max_free > m ? l->max_free : m;
	}
	if (*next != e)
		return vm_map_broken(map, e->start, e->end, "I3: the tree and the ring have different orders");
	*next = e->next;
	if (r != NULL) {
		if ((bad = check_tree(map, r, next)) != NULL)
			return bad;
		m = r->max_free > m ? r->max_free : m;
	}
	if (e->max_free != m)
		return vm_map_broken(map, e->start, e->end, "I4: max_free is not the largest gap of the subtree");
	return NULL;
}

static const char *
check_stack_flags(struct vm_map *map, const struct vm_map_entry *e)
{
	bool gap = (e->eflags & MAP_ENTRY_GAP) != 0, stack = (e->eflags & MAP_ENTRY_STACK) != 0;

	if (gap == stack || gap != ((e->eflags & MAP_ENTRY_GUARD) != 0))
		return vm_map_broken(map, e->start, e->end, "I25: a gap that is no guard, or a stack that is one");
	return NULL;
}

static const char *
check_entry(struct vm_map *map, const struct vm_map_entry *e)
{
	const char *bad;

	if (e->start >= e->end || !vm_range_aligned(e->start, e->end))
		return vm_map_broken(map, e->start, e->end, "I1: an entry is empty or not page aligned");
	if (e->start < vm_map_min(map) || e->end > vm_map_max(map))
		return vm_map_broken(map, e->start, e->end, "I2: an entry is outside the map");
	if (e->next->start < e->end)
		return vm_map_broken(map, e->start, e->end, "I2: two entries overlap");
	if (e->next->prev != e || e->prev->next != e)
		return vm_map_broken(map, e->start, e->end, "I3: the ring is broken");
	if (e->adj_free != e->next->start - e->end)
		return vm_map_broken(map, e->start, e->end, "I4: adj_free is not the gap after the entry");
	if ((e->protection & ~e->max_protection) != 0)
		return vm_map_broken(map, e->start, e->end, "I7: a protection is not within its maximum");
	if (((e->eflags & MAP_ENTRY_IN_TRANSITION) != 0) != (e->wiring_thread != NULL))
		return vm_map_broken(
		    map, e->start, e->end, "I8: in transition without an owner, or an owner without a transition");
	if ((e->eflags & MAP_ENTRY_IN_TRANSITION) == 0 && e->wired_count < ((e->eflags & MAP_ENTRY_USER_WIRED) != 0))
		return vm_map_broken(map, e->start, e->end, "I9: a wire count is lower than the entry's flags require");
	if ((e->eflags & MAP_ENTRY_GUARD) != 0 && e->wired_count != 0)
		return vm_map_broken(map, e->start, e->end, "I10: a guard is wired");
	if ((e->eflags & (MAP_ENTRY_STACK | MAP_ENTRY_GAP)) != 0 && (bad = check_stack_flags(map, e)) != NULL)
		return bad;
	if (e->object == NULL)
		return NULL;
	if (e->object->ref_count == 0)
		return vm_map_broken(map, e->start, e->end, "I6: an entry refers to a freed object");
	e->object->nr_seen = 0; /* for check_references */
	return NULL;
}

/* Finds the place of the fault: check_references only knows that there is one. */
static const char *
too_many_references(struct vm_map *map)
{
	const struct vm_map_entry *e = map->header.next;

	while (e->object == NULL || e->object->nr_seen == e->object->ref_count)
		e = e->next;
	return vm_map_broken(map, e->start, e->end, "I6: an object has more references than entries");
}

/*
 * Checks I6: counts the entries of each object in a scratch field, which check_entry has set to 0. No object may have
 * more entries than its ref_count; if so, the sums are equal only if no object has fewer.
 */
static const char *
check_references(struct vm_map *map)
{
	uint64_t objects = 0, entries = 0, references = 0;

	for (const struct vm_map_entry *e = map->header.next; e != &map->header; e = e->next) {
		if (e->object == NULL)
			continue;
		if (e->object->nr_seen == 0) {
			objects++;
			references += e->object->ref_count;
		}
		if (++e->object->nr_seen > e->object->ref_count)
			return vm_map_broken(map, e->start, e->end, "I6: an object has more entries than references");
		entries++;
	}
	if (entries != references)
		return too_many_references(map);
	return objects == map->objects.nr_live ? NULL : "I6: an object without entries was not freed";
}

/* --- pages --- */

/* Page counts of the walk over the entries. */
struct page_count {
	uint32_t nr_pages, nr_resident, nr_queued, nr_mapped;
};

/*
 * The address up to which the pages of @e must be wired. Usually that is the entry's end if its count is not 0. While
 * its wire faults pages in, only the pages before the next one are wired.
 */
static vm_offset_t
wired_up_to(const struct vm_map_entry *e)
{
	const struct vm_op_ctx *c = e->wiring_thread == NULL ? NULL : &e->wiring_thread->ctx;

	if (e->wired_count == 0)
		return e->start;
	if (c == NULL || e->start < c->piece_start || e->start >= c->piece_end || c->fault_addr >= e->end)
		return e->end;
	return c->fault_addr > e->start ? c->fault_addr : e->start;
}

static const char *
check_page(const struct vm_map_entry *e, const struct vm_page *p, uint64_t index, bool wired)
{
	if (p->object != e->object || p->index != index)
		return "I11: a page has the wrong object or index";
	if (p->wire_count != wired)
		return wired ? "I12: a page of a wired entry is not wired once"
		             : "I12: a page is wired, but no wiring covers it";
	if (p->wire_count > 0 && !p->resident)
		return "I13: a wired page is not resident";
	if (p->mapped && !p->resident)
		return "I14: a page that is paged out has a translation";
	if (p->queued != (p->resident && p->wire_count == 0))
		return "I16: the clock's queue does not hold exactly the unwired resident pages";
	if (p->resident ? !p->dirty && p->tag != p->saved : p->dirty)
		return "I18: a clean page differs from the pager's copy, or a dirty page is not resident";
	return NULL;
}

static const char *
check_entry_pages(struct vm_map *map, const struct vm_map_entry *e, struct page_count *n)
{
	vm_offset_t wired_end = wired_up_to(e);
	uint64_t nr_wired = 0, first = vm_entry_page_index(e, e->start);
	struct vm_slots_walk w;
	const char *bad;

	if (e->object == NULL)
		return wired_end == e->start ? NULL
		                             : vm_map_broken(map, e->start, wired_end,
		                                   "I12: a wired entry has no object, and so no wired page");
	for (vm_entry_walk(&w, e, e->start, e->end); vm_slots_walk_next(&w);) {
		const struct vm_page *p = (const struct vm_page *)w.value;
		vm_offset_t addr = e->start + ((w.index - first) << VM_PAGE_SHIFT);

		bad = check_page(e, p, w.index, addr < wired_end);
		if (bad != NULL)
			return vm_map_broken(map, addr, addr + VM_PAGE_SIZE, bad);
		n->nr_pages++;
		n->nr_resident += p->resident;
		n->nr_queued += p->queued;
		n->nr_mapped += p->mapped;
		nr_wired += p->wire_count;
	}
	if (nr_wired != (wired_end - e->start) >> VM_PAGE_SHIFT)
		return vm_map_broken(map, e->start, wired_end, "I12: a page of a wired entry is missing");
	return NULL;
}

/* Both entries and translations ascend, so the two walks advance together. */
static const char *
check_translations(struct vm_map *map, uint64_t nr_mapped)
{
	const struct vm_map_entry *e = map->header.next;
	struct vm_slots_walk w;

	for (vm_pmap_walk(&w, &map->pmap); vm_slots_walk_next(&w); nr_mapped--) {
		const struct vm_page *p = vm_pte_page(w.value);
		vm_offset_t va = w.index << VM_PAGE_SHIFT;
		vm_prot_t prot = vm_pte_prot(w.value);

		while (e != &map->header && e->end <= va)
			e = e->next;
		if (e == &map->header || e->start > va)
			return vm_map_broken(
			    map, va, va + VM_PAGE_SIZE, "I14: there is a translation outside all entries");
		if (!p->mapped || p->va != va || p->object != e->object || p->index != vm_entry_page_index(e, va))
			return vm_map_broken(
			    map, va, va + VM_PAGE_SIZE, "I14: a translation leads to another page than its entry");
		if (prot == VM_PROT_NONE || (prot & ~e->protection) != 0)
			return vm_map_broken(
			    map, va, va + VM_PAGE_SIZE, "I15: a translation permits more than its entry, or no access");
	}
	return nr_mapped == 0 ? NULL : "I14: a page is marked as mapped, but has no translation";
}

static const char *
check_pages(struct vm_map *map)
{
	const struct vm_frames *f = &map->frames;
	struct page_count n;
	const struct vm_page *p;
	uint64_t in_queue = 0;
	const char *bad;

	n.nr_pages = n.nr_resident = n.nr_queued = n.nr_mapped = 0;
	for (const struct vm_map_entry *e = map->header.next; e != &map->header; e = e->next)
		if ((bad = check_entry_pages(map, e, &n)) != NULL)
			return bad;
	if (n.nr_pages != f->nr_pages)
		return "I11: a page exists that no entry covers";
	TAILQ_FOREACH (p, &f->clock, queue)
		in_queue++;
	if (n.nr_queued != f->nr_queued || n.nr_queued != in_queue)
		return "I16: the clock's queue does not hold exactly the unwired resident pages";
	if (n.nr_resident != f->nr_used || f->nr_used > f->nr_frames)
		return "I17: the number of used frames is not that of resident pages, or is above the number of frames";
	return check_translations(map, n.nr_mapped);
}

const char *
vm_map_check_entries(vm_map_t map)
{
	const struct vm_map_entry *next = map->header.next;
	unsigned in_ring = 0;
	vm_size_t size = 0;
	const char *bad;

	(void)vm_map_broken(map, 0, 0, NULL);
	for (const struct vm_map_entry *e = map->header.next; e != &map->header; e = e->next) {
		if ((bad = check_entry(map, e)) != NULL)
			return bad;
		in_ring++;
		size += e->end - e->start;
	}
	if (map->header.adj_free != map->header.next->start - map->header.end)
		return "I4: the header's adj_free is not the gap before the first entry";
	if (RB_ROOT(&map->root) != NULL && (bad = check_tree(map, RB_ROOT(&map->root), &next)) != NULL)
		return bad;
	if (next != &map->header || in_ring != map->nentries)
		return "I3: ring, tree and nentries disagree";
	if (size != map->size)
		return "I5: size is not the sum of the entries";
	return check_references(map);
}

const char *
vm_map_broken(vm_map_t map, vm_offset_t start, vm_offset_t end, const char *what)
{
	map->broken_start = start;
	map->broken_end = end;
	return what;
}

const char *
vm_map_check(vm_map_t map)
{
	const char *bad = vm_map_check_entries(map);

	return bad != NULL ? bad : check_pages(map);
}

/* --- after a step --- */

/* The minimum number of steps between two walks over all pages, for that many pages. */
static uint64_t
steps_between(uint64_t nr_pages)
{
	return nr_pages / 16;
}

/* Have only pages changed since the last check, few enough for the ring to hold all of them? */
static bool
is_followed(const struct vm_map *map)
{
	const struct vm_checked *c = &map->checked;

	return c->good && c->timestamp == map->timestamp && map->frames.nr_touched - c->nr_touched <= VM_TOUCHED_MAX &&
	       c->nr_steps < steps_between(map->frames.nr_pages);
}

static bool
is_good_at(vm_map_t map, vm_offset_t va) VM_REQUIRES(&map->lock)
{
	uintptr_t pte = vm_slots_get(&map->pmap.ptes, va >> VM_PAGE_SHIFT);
	const struct vm_page *p;
	vm_map_entry_t e;
	uint64_t index;

	if (!vm_map_lookup_entry(map, va, &e))
		return false;
	if (e->object == NULL)
		return pte == 0;
	index = vm_entry_page_index(e, va);
	p = (const struct vm_page *)vm_slots_get(&e->object->pages, index);
	if (p == NULL)
		return pte == 0;
	if (check_page(e, p, index, va < wired_up_to(e)) != NULL || p->mapped != (pte != 0))
		return false;
	return pte == 0 || (p->va == va && vm_pte_page(pte) == p && vm_pte_prot(pte) != VM_PROT_NONE &&
	                       (vm_pte_prot(pte) & ~e->protection) == 0);
}

/* Checks the pages in the ring, and the sums. */
static bool
is_good_where_touched(vm_map_t map) VM_REQUIRES(&map->lock)
{
	const struct vm_frames *f = &map->frames;
	uint64_t nr_wired = 0;

	for (uint64_t i = map->checked.nr_touched; i != f->nr_touched; i++)
		if (!is_good_at(map, f->touched[i % VM_TOUCHED_MAX]))
			return false;
	for (const struct vm_map_entry *e = map->header.next; e != &map->header; e = e->next)
		nr_wired += (wired_up_to(e) - e->start) >> VM_PAGE_SHIFT;
	return f->nr_used - f->nr_queued == nr_wired && f->nr_used <= f->nr_frames;
}

/* If the quick check fails, the walk over all pages finds the wrong page. */
const char *
vm_map_check_step(vm_map_t map)
{
	struct vm_checked *c = &map->checked;
	const char *bad = vm_map_check_entries(map);

	if (bad == NULL && map->frames.nr_pages > VM_CHECK_ALL_MAX && is_followed(map) && is_good_where_touched(map)) {
		c->nr_steps++;
	} else {
		bad = bad != NULL ? bad : check_pages(map);
		c->nr_steps = 0;
	}
	c->good = bad == NULL;
	c->timestamp = map->timestamp;
	c->nr_touched = map->frames.nr_touched;
	return bad;
}
