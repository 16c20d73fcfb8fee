/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page.h - pages, and the frames of the resident ones.
 *
 * A page exists from its first fault until its range is deleted. It is either resident in a frame or paged out; then
 * the pager has its content, in `saved`. All frames are alike, so they are counted, not named.
 *
 *      fault: zero-filled or from the pager          wire
 *      (none) ------------> resident, unwired, <------------> resident, wired
 *      paged out ---------> on the clock's queue    unwire
 *           ^---------------------'
 *            the page daemon, pageout
 *
 * Keeps: [I11] to [I18], docs/invariants.md. Letters of fields: [o] the lock of the page's object; [f] the frames lock;
 * [I] immutable. A page, like its object, is freed only under the map's write lock: a thread that holds the map lock in
 * any mode may keep a pointer to the page.
 */
#ifndef ENGINE_PAGE_H
#define ENGINE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/queue.h>

#include "engine/annotate.h"
#include "engine/slots.h"
#include "engine/sync.h"
#include "engine/vm.h"

struct vm_page {
	struct vm_object *object;   /* [I] */
	uint64_t index;             /* [I] in the object, in pages */
	uint64_t tag;               /* [o] the content, while resident */
	uint64_t saved;             /* [o] the content with the pager; out of date while dirty */
	TAILQ_ENTRY(vm_page) queue; /* [f] the clock's queue; on the free list, only the first link is used */
	vm_offset_t va;             /* [f] the address of its translation, if mapped */
	uint16_t
	    wire_count;  /* [o] number of wired entries that cover it: 0 or 1, because no two entries share a page */
	bool resident;   /* [o] in a frame */
	bool dirty;      /* [o] tag is newer than saved */
	bool referenced; /* [o] used since the clock last passed */
	bool queued;     /* [f] */
	bool mapped;     /* [f] the pmap has a translation to it */
};

_Static_assert(
    sizeof(struct vm_page) <= 64, "a page record is one cache line: every run copies those of the init steps");

TAILQ_HEAD(vm_page_queue, vm_page);

#define VM_TOUCHED_MAX 4

/* The pool of frames, the page records, and the page daemon's state. Its lock also guards the pmap. */
struct vm_frames {
	struct vm_spinlock lock;
	uint64_t nr_frames;          /* [I] */
	uint64_t nr_used;            /* [f] frames that hold a page */
	uint64_t nr_pages;           /* [f] page records in use, resident or not */
	struct vm_page_queue clock;  /* [f] unwired resident pages; the hand is at its head */
	uint64_t nr_queued;          /* [f] */
	bool wanted;                 /* [f] a fault sleeps until a frame is free or can be freed */
	struct vm_waitq freed;       /* channel F: these faults sleep here */
	struct vm_page *free_pages;  /* [f] records, linked by queue's next */
	struct vm_slots_pool leaves; /* [f] tree leaves of the objects and the pmap */
	/* For vm_map_check_step. */
	uint64_t nr_touched;                 /* [f] page changes so far under the shared map lock */
	vm_offset_t touched[VM_TOUCHED_MAX]; /* [f] addresses of the last changes, a ring */
};

/* Records that the page at @va has changed under the shared map lock. */
static inline void
vm_frames_touch(struct vm_frames *f, vm_offset_t va) VM_REQUIRES(&f->lock)
{
	f->touched[f->nr_touched++ % VM_TOUCHED_MAX] = va;
}

/* Records that more pages have changed than the ring holds. */
static inline void
vm_frames_touch_many(struct vm_frames *f) VM_REQUIRES(&f->lock)
{
	f->nr_touched += VM_TOUCHED_MAX + 1;
}

void vm_frames_init(struct vm_frames *f, struct vm_arena *arena, uint64_t nr_frames, unsigned waitq_id);
/* Frees one frame and wakes the threads that wait for one. */
void vm_frames_put(struct vm_frames *f) VM_REQUIRES(&f->lock);
/*
 * True: no frame is free and no page can be evicted; unlock the map, then sleep with *ret_seen. False: try again.
 */
bool vm_frames_must_wait(struct vm_frames *f, uint32_t *ret_seen) VM_EXCLUDES(&f->lock);

/* On and off the clock's queue. enqueue wakes the threads that wait for a frame, because @p can be evicted now. */
void vm_page_enqueue(struct vm_frames *f, struct vm_page *p) VM_REQUIRES(&f->lock);
void vm_page_dequeue(struct vm_frames *f, struct vm_page *p) VM_REQUIRES(&f->lock);

#endif
