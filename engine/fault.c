/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c - faults one page in under the shared map lock, and does the access that needs it.
 *
 * A fault on an entry in another thread's transition waits until the transition ends, in two steps, as the recorded
 * kernel does. It releases the shared lock, looks the entry up again under the write lock, and sleeps only if the entry
 * is still in transition. Protection is checked first, so a fault can fail without waiting. docs/engine.md sections 8
 * and 12.
 *
 * If no frame is free, the fault evicts an unwired page. If there is none, it sleeps on channel F with the map
 * unlocked, then starts over.
 */
#include "engine/map.h"

enum fault_step {
	FAULT_DONE = 1,
	FAULT_WAIT,  /* wait for the end of a transition; the map is unlocked */
	FAULT_FRAME, /* wait for a frame; the map is unlocked */
};

/* The second step of a waiting fault. */
static void
fault_wait(vm_map_t map, struct vm_op_ctx *ctx, vm_offset_t addr) VM_EXCLUDES(&map->lock)
{
	vm_map_entry_t e;

	ctx->point = VM_POINT_fault_second;
	vm_map_lock(map);
	if (vm_map_lookup_entry(map, addr, &e) && (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0) {
		e->eflags |= MAP_ENTRY_NEEDS_WAKEUP;
		ctx->point = VM_POINT_fault_wait;
		(void)vm_map_unlock_and_wait(map, 0);
	} else {
		vm_map_unlock(map);
	}
}

/* Does the faulting access on the page. */
static void
fault_access(const struct vm_fault *f, struct vm_page *p)
{
	p->referenced = true;
	if ((f->type & VM_PROT_WRITE) != 0)
		p->dirty = true;
	if (f->write_tag != NULL)
		p->tag = *f->write_tag;
	if (f->ret_tag != NULL)
		*f->ret_tag = p->tag;
}

/* Brings the page in, enters its translation, and does the access. False: no frame is free. */
static bool
fault_page(vm_map_t map, const struct vm_fault *f) VM_REQUIRES_SHARED(&map->lock)
{
	vm_prot_t prot = VM_MUTATED(map, fault_enters_all) ? VM_PROT_ALL : f->prot;
	vm_object_t o = f->object;
	struct vm_page *p;

	vm_spinlock_lock(&o->lock);
	vm_spinlock_lock(&map->frames.lock);
	vm_frames_touch(&map->frames, f->addr);
	p = vm_page_bring_in(map, o, f->index, f->wiring);
	if (VM_MUTATED(map, fault_wires_cluster) && p != NULL && f->addr + VM_PAGE_SIZE < vm_op_ctx()->piece_end)
		(void)vm_page_bring_in(map, o, f->index + 1, true);
	if (VM_MUTATED(map, refault_wires_again) && p != NULL && !p->mapped && f->wired && !f->wiring)
		p->wire_count++;
	if (p != NULL)
		vm_pmap_enter(&map->pmap, &map->frames, f->addr, p, prot);
	vm_spinlock_unlock(&map->frames.lock);
	if (p != NULL)
		fault_access(f, p);
	vm_spinlock_unlock(&o->lock);
	return p != NULL;
}

/* The same, but evicts another page if necessary. False: no page can be evicted; sleep with f->frame_seen. */
static bool
fault_page_evicting(vm_map_t map, struct vm_fault *f) VM_REQUIRES_SHARED(&map->lock)
{
	while (!fault_page(map, f))
		if (vm_pageout_evict(map, 1) == 0 && vm_frames_must_wait(&map->frames, &f->frame_seen))
			return false;
	return true;
}

/* Passes the edge of the lookup's code. A growth that has failed has passed its own. */
static void
note_refusal(const struct vm_fault *f)
{
	const uint64_t grown = VM_EDGE_BIT(fault_guard_page) | VM_EDGE_BIT(fault_orphan_gap) |
	                       VM_EDGE_BIT(fault_growth_unwired) | VM_EDGE_BIT(wire_no_access) |
	                       VM_EDGE_BIT(wire_limit) | VM_EDGE_BIT(wire_fault);

	if (!f->wiring && (vm_op_ctx()->edges & grown) != 0)
		return;
	if (f->rv == KERN_PROTECTION_FAILURE)
		vm_edge(VM_EDGE_fault_no_access);
	else
		vm_edge(vm_op_ctx()->waited ? VM_EDGE_fault_gone_after_wait : VM_EDGE_fault_unmapped);
}

/* One attempt to fault the page in. */
static enum fault_step
fault_try(vm_map_t map, struct vm_fault *f)
    VM_NO_TSA("some callees return with the lock held; this function always releases it")
{
	enum fault_step step = FAULT_DONE;
	vm_map_entry_t e;

	f->rv = vm_map_lookup_growing(&map, f->addr, f->type, f->grow, &e, &f->object, &f->index, &f->prot, &f->wired);
	if (f->rv != KERN_SUCCESS) {
		note_refusal(f);
		return FAULT_DONE;
	}
	if ((e->eflags & MAP_ENTRY_IN_TRANSITION) != 0 && e->wiring_thread != vm_curthread &&
	    !VM_MUTATED(map, canary_held)) {
		step = FAULT_WAIT;
		if (VM_MUTATED(map, fault_type_widened) && f->wired)
			vm_op_ctx()->kept_number = f->type = f->prot;
	} else if (VM_MUTATED(map, fault_refused_after_wait) && vm_op_ctx()->waited &&
	           (e->eflags & MAP_ENTRY_USER_WIRED) != 0) {
		f->rv = VM_RETURN(fault_no_access);
	} else {
		f->rv = vm_pager_get(map, f->addr);
		if (f->rv != KERN_SUCCESS)
			vm_edge(VM_EDGE_fault_pager);
		else if (!fault_page_evicting(map, f))
			step = FAULT_FRAME;
	}
	vm_map_lookup_done(map, e);
	return step;
}

/*
 * Sleeps until a frame is free, or a page can be evicted. True: the world reports that this will not happen, and the
 * fault fails.
 */
static bool
fault_wait_frame(vm_map_t map, struct vm_op_ctx *ctx, uint32_t seen) VM_EXCLUDES(&map->lock)
{
	bool shortage;

	ctx->point = VM_POINT_frame_wait;
	vm_waitq_sleep(&map->frames.freed, seen);
	shortage = ctx->shortage;
	ctx->shortage = false;
	if (shortage) {
		/*
		 * A step after a wakeup must take the lock. Otherwise the next operation would start in the same step.
		 */
		ctx->point = VM_POINT_fault;
		vm_map_lock_read(map);
		vm_map_unlock_read(map);
	}
	return shortage;
}

int
vm_fault_run(vm_map_t map, struct vm_fault *f)
{
	struct vm_op_ctx *ctx = vm_op_ctx();

	if (!f->wiring) {
		ctx = vm_op_begin(f->addr, f->addr);
		ctx->fault_addr = f->addr;
	}
	for (;;) {
		ctx->point = f->wiring ? VM_POINT_wire_fault : VM_POINT_fault;
		switch (fault_try(map, f)) {
		case FAULT_DONE:
			ctx->waited = false; /* the next page of a wire has not waited yet */
			return f->rv;
		case FAULT_WAIT:
			fault_wait(map, ctx, f->addr);
			ctx->waited = true;
			if (VM_MUTATED(map, fault_retry_drops_write))
				ctx->kept_number = f->type &= (vm_prot_t)~VM_PROT_WRITE;
			break;
		case FAULT_FRAME:
			if (fault_wait_frame(map, ctx, f->frame_seen)) {
				ctx->waited = false;
				return VM_RETURN(fault_shortage);
			}
			break;
		}
	}
}

int
vm_fault_wire(vm_map_t map, vm_offset_t addr)
{
	struct vm_fault f = { .addr = addr, .wiring = true };

	return vm_fault_run(map, &f);
}
