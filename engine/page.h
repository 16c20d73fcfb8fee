/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page.h - pages, and the frames that some of them are in.
 *
 * A page exists from its first fault until its range is deleted. It is resident, in a frame, or paged out: then its
 * content is with the pager, in `saved`. Frames are all alike, so they are counted, not named.
 *
 *      fault: zero-filled or from the pager          wire
 *      (none) ------------> resident, unwired, <------------> resident, wired
 *      paged out ---------> on the clock's queue    unwire
 *           ^---------------------'
 *            the page daemon, pageout
 *
 * Keeps: [I11] to [I18], docs/invariants.md. Letters of fields: [o] the lock of the page's object; [f] the frames lock;
 * [I] immutable. A page, like its object, comes to its end only under the map's write lock: whoever holds the map lock
 * in any mode may keep a pointer to it.
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
	TAILQ_ENTRY(vm_page) queue; /* [f] the clock's queue, or first alone the free list */
	vm_offset_t va;             /* [f] where it is mapped, if it is */
	uint16_t wire_count;        /* [o] entries' first wirings: 0 or 1, as long as no two entries share a page */
	bool resident;              /* [o] in a frame */
	bool dirty;                 /* [o] tag is newer than saved */
	bool referenced;            /* [o] used since the clock last passed */
	bool queued;                /* [f] */
	bool mapped;                /* [f] the pmap has a translation to it */
};

_Static_assert(
    sizeof(struct vm_page) <= 64, "a page record is one cache line: every run copies those of the init steps");

TAILQ_HEAD(vm_page_queue, vm_page);

#define VM_TOUCHED_MAX 4

/* The pool of frames, the page records, and what the page daemon needs. Also guards the pmap. */
struct vm_frames {
	struct vm_spinlock lock;
	uint64_t nr_frames;          /* [I] */
	uint64_t nr_used;            /* [f] frames with a page in them */
	uint64_t nr_pages;           /* [f] page records in use, resident or not */
	struct vm_page_queue clock;  /* [f] unwired resident pages; the hand is at its head */
	uint64_t nr_queued;          /* [f] */
	bool wanted;                 /* [f] a fault sleeps until a frame is free or can be freed */
	struct vm_waitq freed;       /* channel F: those faults */
	struct vm_page *free_pages;  /* [f] records, linked by queue's next */
	struct vm_slots_pool leaves; /* [f] of the objects and the pmap */
	/* For vm_map_check_step. */
	uint64_t nr_touched;                 /* [f] changes of pages under the shared map lock so far */
	vm_offset_t touched[VM_TOUCHED_MAX]; /* [f] where the last ones were, a ring */
};

/* The page at @va has changed, and the map lock is shared. */
static inline void
vm_frames_touch(struct vm_frames *f, vm_offset_t va) VM_REQUIRES(&f->lock)
{
	f->touched[f->nr_touched++ % VM_TOUCHED_MAX] = va;
}

/* More pages than the ring holds have changed. */
static inline void
vm_frames_touch_many(struct vm_frames *f) VM_REQUIRES(&f->lock)
{
	f->nr_touched += VM_TOUCHED_MAX + 1;
}

void vm_frames_init(struct vm_frames *f, struct vm_arena *arena, uint64_t nr_frames, unsigned waitq_id);
/* Gives one frame back and wakes who waits for it. */
void vm_frames_put(struct vm_frames *f) VM_REQUIRES(&f->lock);
/*
 * No frame is free and no page can be evicted: true, and *ret_seen is to be slept on, once the map is unlocked. False:
 * there is something to try.
 */
bool vm_frames_must_wait(struct vm_frames *f, uint32_t *ret_seen) VM_EXCLUDES(&f->lock);

/* On and off the clock's queue. enqueue wakes who waits for a frame: there is one that can be freed now. */
void vm_page_enqueue(struct vm_frames *f, struct vm_page *p) VM_REQUIRES(&f->lock);
void vm_page_dequeue(struct vm_frames *f, struct vm_page *p) VM_REQUIRES(&f->lock);

#endif
