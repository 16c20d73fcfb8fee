/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page-ops.c - pages and frames, and operations on the pages of an entry. These find pages through the object, not
 * through the pmap, because protect may have removed translations.
 */
#include "engine/map.h"

/* --- frames --- */

void
vm_frames_init(struct vm_frames *f, struct vm_arena *arena, uint64_t nr_frames, unsigned waitq_id)
{
	vm_spinlock_init(&f->lock, VM_RANK_FRAMES);
	f->nr_frames = nr_frames != 0 ? nr_frames : VM_FRAMES_AMPLE;
	TAILQ_INIT(&f->clock);
	vm_waitq_init(&f->freed, waitq_id);
	f->leaves.arena = arena;
}

static inline bool
frames_full(const struct vm_frames *f)
{
	return f->nr_used >= f->nr_frames;
}

static inline void
frames_wake(struct vm_frames *f) VM_REQUIRES(&f->lock)
{
	if (!f->wanted)
		return;
	f->wanted = false;
	vm_waitq_wakeup(&f->freed);
}

void
vm_frames_put(struct vm_frames *f)
{
	vm_assert(f->nr_used > 0);
	f->nr_used--;
	frames_wake(f);
}

bool
vm_frames_must_wait(struct vm_frames *f, uint32_t *ret_seen)
{
	bool wait;

	vm_spinlock_lock(&f->lock);
	wait = frames_full(f) && TAILQ_EMPTY(&f->clock);
	if (wait) {
		f->wanted = true;
		*ret_seen = vm_waitq_sample(&f->freed);
	}
	vm_spinlock_unlock(&f->lock);
	return wait;
}

void
vm_page_enqueue(struct vm_frames *f, struct vm_page *p)
{
	vm_assert(!p->queued);
	TAILQ_INSERT_TAIL(&f->clock, p, queue);
	p->queued = true;
	f->nr_queued++;
	frames_wake(f);
}

void
vm_page_dequeue(struct vm_frames *f, struct vm_page *p)
{
	vm_assert(p->queued);
	TAILQ_REMOVE(&f->clock, p, queue);
	p->queued = false;
	f->nr_queued--;
}

/* --- page records --- */

static struct vm_page *
page_create(vm_map_t map, vm_object_t o, uint64_t index) VM_REQUIRES(&o->lock) VM_REQUIRES(&map->frames.lock)
{
	struct vm_frames *f = &map->frames;
	struct vm_page *p = f->free_pages;

	if (p == NULL) {
		p = vm_arena_alloc(&map->arena, sizeof(*p));
		if (p == NULL)
			vm_panic("the map's arena is full", __FILE__, __LINE__);
	} else {
		vm_arena_unpoison(p, sizeof(*p));
		f->free_pages = TAILQ_NEXT(p, queue);
		*p = (struct vm_page){ 0 };
	}
	p->object = o;
	p->index = index;
	vm_slots_set(&o->pages, &f->leaves, index, (uintptr_t)p);
	f->nr_pages++;
	return p;
}

/* Frees the page with its content and its frame. */
static void
page_drop(vm_map_t map, vm_object_t o, struct vm_page *p) VM_REQUIRES(&o->lock) VM_REQUIRES(&map->frames.lock)
{
	struct vm_frames *f = &map->frames;

	vm_assert(p->wire_count == 0);
	vm_pmap_remove_page(&map->pmap, &map->frames, p);
	if (p->queued)
		vm_page_dequeue(&map->frames, p);
	if (p->resident)
		vm_frames_put(&map->frames);
	vm_slots_clear(&o->pages, &f->leaves, p->index);
	f->nr_pages--;
	TAILQ_NEXT(p, queue) = f->free_pages;
	f->free_pages = p;
	vm_arena_poison(p, sizeof(*p));
}

struct vm_page *
vm_page_bring_in(vm_map_t map, vm_object_t o, uint64_t index, bool wire)
{
	struct vm_page *p = (struct vm_page *)vm_slots_get(&o->pages, index);

	if (p == NULL || !p->resident) {
		if (frames_full(&map->frames))
			return NULL;
		if (p == NULL)
			p = page_create(map, o, index);
		map->frames.nr_used++;
		p->resident = true;
		p->tag = p->saved; /* 0 if it was never paged out */
		if (!wire)
			vm_page_enqueue(&map->frames, p);
	}
	if (wire && p->wire_count++ == 0 && p->queued)
		vm_page_dequeue(&map->frames, p);
	return p;
}

/* --- the pages of an entry --- */

/* The entry's next page at or after *index in its object, and before address @end. */
static inline struct vm_page *
next_page(const struct vm_map_entry *e, uint64_t *index, vm_offset_t end)
{
	uintptr_t p;

	return vm_slots_next(&e->object->pages, index, vm_entry_page_index(e, end), &p) ? (struct vm_page *)p : NULL;
}

void
vm_map_entry_unwire(vm_map_t map, vm_map_entry_t e)
{
	vm_map_entry_unwire_faulted(map, e, e->end);
	e->wired_count = 0;
}

void
vm_map_entry_unwire_faulted(vm_map_t map, vm_map_entry_t e, vm_offset_t end)
{
	vm_object_t o = e->object;
	uint64_t i;

	vm_rwlock_assert_write(&map->lock);
	if (o == NULL || end <= e->start)
		return;
	vm_spinlock_lock(&o->lock);
	vm_spinlock_lock(&map->frames.lock);
	i = vm_entry_page_index(e, e->start);
	for (struct vm_page *p; (p = next_page(e, &i, end < e->end ? end : e->end)) != NULL; i++) {
		if (VM_MUTATED(map, unwire_by_pmap) && !p->mapped)
			continue;
		vm_assert(p->wire_count > 0);
		if (--p->wire_count == 0)
			vm_page_enqueue(&map->frames, p);
	}
	vm_spinlock_unlock(&map->frames.lock);
	vm_spinlock_unlock(&o->lock);
}

void
vm_map_entry_drop_pages(vm_map_t map, vm_map_entry_t e)
{
	vm_object_t o = e->object;
	uint64_t i;

	vm_rwlock_assert_write(&map->lock);
	if (o == NULL || (VM_MUTATED(map, grow_finds_old_pages) && o->ref_count > 1))
		return;
	vm_spinlock_lock(&o->lock);
	vm_spinlock_lock(&map->frames.lock);
	i = vm_entry_page_index(e, e->start);
	for (struct vm_page *p; (p = next_page(e, &i, e->end)) != NULL; i++) {
		if (VM_MUTATED(map, delete_leaves_translation) && i + 1 == vm_entry_page_index(e, e->end))
			p->mapped = false; /* so that the next step does not search for it */
		page_drop(map, o, p);
	}
	vm_spinlock_unlock(&map->frames.lock);
	vm_spinlock_unlock(&o->lock);
}

void
vm_map_entry_clean(vm_map_t map, vm_map_entry_t e, vm_offset_t start, vm_offset_t end)
{
	vm_object_t o = e->object;
	uint64_t i;

	vm_rwlock_assert_held(&map->lock);
	if (o == NULL)
		return;
	vm_spinlock_lock(&map->frames.lock);
	vm_frames_touch_many(&map->frames);
	vm_spinlock_unlock(&map->frames.lock);
	vm_spinlock_lock(&o->lock);
	i = vm_entry_page_index(e, start);
	for (struct vm_page *p; (p = next_page(e, &i, end)) != NULL; i++) {
		if (p->dirty)
			p->saved = p->tag;
		p->dirty = false;
	}
	vm_spinlock_unlock(&o->lock);
}

void
vm_map_entry_reduce_access(vm_map_t map, vm_map_entry_t e)
{
	vm_rwlock_assert_write(&map->lock);
	vm_spinlock_lock(&map->frames.lock);
	vm_pmap_protect(&map->pmap, &map->frames, e->start, e->end, e->protection);
	vm_spinlock_unlock(&map->frames.lock);
}
