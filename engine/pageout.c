/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pageout.c - the page daemon: evicting unwired pages when frames run short. It has no thread: a fault that finds no
 * frame does its work, and so does the operation pageout.
 *
 * The clock is a queue of the unwired resident pages, with the hand at its head. A page that was used since the hand
 * last passed loses its mark and goes to the tail; any other page is evicted. So two rounds evict every page that can
 * be evicted.
 *
 * The lock order is object, then frames, but the clock finds the page before its object. So the daemon takes the page
 * off the queue under the frames lock, releases the lock, and checks the page again under both locks. If a fault has
 * wired the page meanwhile, the daemon does not evict it. The page is not freed meanwhile, because the map is locked.
 */
#include "engine/map.h"

/* Takes the page at the hand off the queue; NULL: the queue is empty. */
static struct vm_page *
clock_take(struct vm_frames *f)
{
	struct vm_page *p;

	vm_spinlock_lock(&f->lock);
	p = TAILQ_FIRST(&f->clock);
	if (p != NULL)
		vm_page_dequeue(f, p);
	vm_spinlock_unlock(&f->lock);
	return p;
}

static void
evict(vm_map_t map, vm_object_t o, struct vm_page *p) VM_REQUIRES(&o->lock) VM_REQUIRES(&map->frames.lock)
{
	(void)o;
	if (p->mapped)
		vm_frames_touch(&map->frames, p->va);
	else
		vm_frames_touch_many(&map->frames);
	vm_pmap_remove_page(&map->pmap, &map->frames, p);
	if (p->dirty)
		p->saved = p->tag;
	p->dirty = false;
	p->tag = 0;
	p->resident = false;
	vm_frames_put(&map->frames);
}

/* Evicts a page that was taken off the queue, or puts it back. True: it is evicted. */
static bool
clock_pass(vm_map_t map, struct vm_page *p) VM_REQUIRES_SHARED(&map->lock)
{
	vm_object_t o = p->object;
	bool evicted = false;

	vm_spinlock_lock(&o->lock);
	vm_spinlock_lock(&map->frames.lock);
	if (p->wire_count == 0) { /* else it was wired meanwhile, and its unwire puts it back */
		evicted = !p->referenced;
		if (evicted)
			evict(map, o, p);
		else
			vm_page_enqueue(&map->frames, p);
		p->referenced = false;
	}
	vm_spinlock_unlock(&map->frames.lock);
	vm_spinlock_unlock(&o->lock);
	return evicted;
}

uint64_t
vm_pageout_evict(vm_map_t map, uint64_t count)
{
	uint64_t evicted = 0, tries;
	struct vm_page *p;

	vm_spinlock_lock(&map->frames.lock);
	tries = 2 * map->frames.nr_queued;
	vm_spinlock_unlock(&map->frames.lock);
	while (evicted < count && tries-- > 0 && (p = clock_take(&map->frames)) != NULL)
		evicted += clock_pass(map, p);
	return evicted;
}

int
vm_pageout(vm_map_t map, uint64_t count)
{
	(void)vm_op_begin(0, 0);
	vm_map_lock_read(map);
	(void)vm_pageout_evict(map, count);
	vm_map_unlock_read(map);
	return KERN_SUCCESS;
}
