/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.h - one address space: its ordered entries, its lock, and the functions that need the lock.
 *
 *      min         header.end                                              header.start = max
 *       |  adj_free  |[ entry A )[ entry B )   adj_free of B   [ entry C )  |
 *
 * Entries are in a doubly linked ring through the header, which gives neighbours in O(1), and in a red-black tree by
 * start. Each tree node holds the largest gap after any entry of its subtree (max_free): lookup and first fit take
 * O(log n).
 *
 * Units: bytes, page aligned, ranges [start, end).
 * Keeps: [I1] entries sorted and not empty, [I2] disjoint and within [min, max), [I3] ring and tree hold the same
 *   entries, [I4] adj_free and max_free exact, [I5] size and nentries exact, [I6] an object's ref_count is the number
 *   of its entries. vm_map_check (validate.c) walks them all.
 *
 * Letters of fields: [I] immutable after creation; [m] map lock, read to read, write to write; [o] the object's lock;
 *   [a] atomic; [t] the owning thread alone.
 */
#ifndef ENGINE_MAP_H
#define ENGINE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/tree.h>

#include "engine/arena.h"
#include "engine/object.h"
#include "engine/page.h"
#include "engine/pmap.h"
#include "engine/sync.h"
#include "engine/thread.h"
#include "engine/vm.h"

/* vm_map_entry.eflags */
#define MAP_ENTRY_GUARD 0x0001
#define MAP_ENTRY_USER_WIRED 0x0002
#define MAP_ENTRY_IN_TRANSITION 0x0004 /* wiring_thread's operation works on it with the map unlocked */
#define MAP_ENTRY_NEEDS_WAKEUP 0x0008  /* a thread sleeps until the transition ends */
#define MAP_ENTRY_WIRE_SKIPPED 0x0010  /* wire skipped it; the finish pass does not change its counts */
#define MAP_ENTRY_NOSYNC 0x0020
#define MAP_ENTRY_NOCORE 0x0040
#define MAP_ENTRY_BEHAV_MASK 0x0180
#define MAP_ENTRY_BEHAV_NORMAL 0x0000
#define MAP_ENTRY_BEHAV_SEQUENTIAL 0x0080
#define MAP_ENTRY_BEHAV_RANDOM 0x0100
#define MAP_ENTRY_STACK 0x0200 /* a part of a stack; never merges */
#define MAP_ENTRY_GAP 0x0400   /* only with GUARD: the stack above it can grow into it */

/*
 * A walk down the tree reads only the first half: one cache line per level. The arena aligns entries to cache lines.
 */
struct vm_map_entry {
	vm_offset_t start, end;      /* [m] */
	vm_size_t max_free;          /* [m] largest adj_free in this subtree */
	vm_size_t adj_free;          /* [m] free bytes after this entry, up to the next one or the map's end */
	RB_ENTRY(vm_map_entry) tree; /* [m] */

	struct vm_map_entry *prev, *next; /* [m] ring through map->header */
	struct vm_object *object;         /* [m] NULL until a fault or a clip needs one; holds a reference */
	vm_ooffset_t offset;              /* [m] of start in the object; 0 without an object */
	struct vm_thread *wiring_thread;  /* [m] the thread that set IN_TRANSITION */
	uint32_t eflags;                  /* [m] MAP_ENTRY_* */
	int wired_count;              /* [m] system wirings, and one for USER_WIRED; -1 while a failed wire unwinds */
	vm_prot_t protection;         /* [m] */
	vm_prot_t max_protection;     /* [m] */
	vm_inherit_t inheritance;     /* [m] */
	bool charged : 1;             /* [m] swap is reserved for the entry, not yet for an object */
	vm_prot_t gap_protection : 3; /* [m] of a gap: what its stack grows by gets these two (MS1); else 0 */
	vm_prot_t gap_max : 3;        /* [m] */
	unsigned born;                /* [m] the map's timestamp when the last of its pages was mapped */
	vm_offset_t floor;            /* [m] of a gap and a part of a stack: the start of the stack; else 0 */
};
_Static_assert(offsetof(struct vm_map_entry, prev) <= 64, "a walk down the tree reads one cache line per entry");

RB_HEAD(vm_map_tree, vm_map_entry);

#define VM_CHECK_ALL_MAX 256

/* The state at the last vm_map_check_step. */
struct vm_checked {
	bool good;           /* that check found nothing wrong */
	unsigned timestamp;  /* of the map */
	uint64_t nr_touched; /* of frames.nr_touched */
	uint64_t nr_steps;   /* since the last walk over all pages */
};

struct vm_map {
	struct vm_rwlock lock;
	struct vm_map_entry header; /* [m] ring only; start = max, end = min */
	struct vm_map_tree root;    /* [m] */
	unsigned nentries;          /* [m] */
	vm_size_t size;             /* [m] bytes mapped */
	unsigned timestamp;         /* [m] moves with every write acquisition of the lock */
	unsigned written;           /* [m] the timestamp when the write lock was last released */
	unsigned busy;              /* [m] wires that are faulting with the map unlocked */
	bool busy_wanted;           /* [m] a thread sleeps until busy is 0 */
	vm_offset_t anon_loc;       /* [m] where find looks first; 0: nowhere yet */
	bool wire_future;           /* [m] mlockall(MCL_FUTURE): mmap, stack and growth wire what they map */
	/*
	 * [m] The user-wire counter, in pages. The kernel has one for all maps; there is one map here.
	 */
	int64_t user_wired;
	struct vm_waitq transition_waitq;  /* channel T: threads that wait for the end of a transition */
	struct vm_waitq busy_waitq;        /* channel B: threads that wait until busy is 0 */
	struct vm_map_entry *free_entries; /* [m] linked by next */
	struct vm_object_pool objects;     /* see object.h */
	struct vm_frames frames;           /* see page.h */
	struct vm_pmap pmap;               /* [f] */
	struct vm_config config;           /* [I] */
	vm_offset_t broken_start;          /* the range of vm_map_check's finding; equal to the end: no range */
	vm_offset_t broken_end;
	struct vm_checked checked; /* scratch of vm_map_check_step */
	struct vm_arena arena;     /* [m], or [f] with the map lock shared: faults allocate pages from it */
};

#define vm_behaves(map, id) (((map)->config.behaviours & VM_BEHAVIOUR_BIT(id)) != 0)

static inline vm_offset_t
vm_map_min(const struct vm_map *map)
{
	return map->header.end;
}

static inline vm_offset_t
vm_map_max(const struct vm_map *map)
{
	return map->header.start;
}

static inline uint64_t
vm_entry_pages(const struct vm_map_entry *entry)
{
	return (entry->end - entry->start) >> VM_PAGE_SHIFT;
}

/* The index of the page at @addr in the entry's object, in pages. @addr may be the entry's end. */
static inline uint64_t
vm_entry_page_index(const struct vm_map_entry *entry, vm_offset_t addr)
{
	return (entry->offset + (addr - entry->start)) >> VM_PAGE_SHIFT;
}

/* Walks the entry's pages at [start, end): w.value is a struct vm_page, w.index the index as above. */
static inline void
vm_entry_walk(struct vm_slots_walk *w, const struct vm_map_entry *entry, vm_offset_t start, vm_offset_t end)
{
	if (entry->object == NULL)
		w->leaf = NULL;
	else
		vm_slots_walk(
		    w, &entry->object->pages, vm_entry_page_index(entry, start), vm_entry_page_index(entry, end));
}

/* Wirings other than the user wiring. */
static inline int
vm_map_entry_system_wired_count(const struct vm_map_entry *entry)
{
	return entry->wired_count - ((entry->eflags & MAP_ENTRY_USER_WIRED) != 0 ? 1 : 0);
}

/* Is @entry in the map? False for a disposed entry, and for a new one that is not linked yet. */
static inline bool
vm_map_entry_is_linked(const struct vm_map_entry *entry)
{
	return entry->prev != NULL;
}

/* Is the entry in a transition of the running thread? */
static inline bool
vm_map_entry_is_ours(const struct vm_map_entry *entry)
{
	return (entry->eflags & MAP_ENTRY_IN_TRANSITION) != 0 && entry->wiring_thread == vm_curthread;
}

/* Is there a gap after @entry, before @end? */
static inline bool
vm_map_entry_hole_behind(const struct vm_map_entry *entry, vm_offset_t end)
{
	return entry->end < end && entry->next->start > entry->end;
}

static inline bool
vm_page_aligned(vm_offset_t addr)
{
	return (addr & VM_PAGE_MASK) == 0;
}

/* Are both ends of a range aligned? */
static inline bool
vm_range_aligned(vm_offset_t start, vm_offset_t end)
{
	return vm_page_aligned(start | end);
}

/* --- lock.c: the map lock, vm_map_lock(9), and sleeping --- */

/* Each acquisition is a scheduling point. A write acquisition moves the timestamp. */
void vm_map_lock(vm_map_t map) VM_ACQUIRE(&map->lock);
void vm_map_unlock(vm_map_t map) VM_RELEASE(&map->lock);
void vm_map_lock_read(vm_map_t map) VM_ACQUIRE_SHARED(&map->lock);
void vm_map_unlock_read(vm_map_t map) VM_RELEASE_SHARED(&map->lock);
/* Nonzero: locked. */
int vm_map_trylock(vm_map_t map) VM_TRY_ACQUIRE(true, &map->lock);
int vm_map_trylock_read(vm_map_t map) VM_TRY_ACQUIRE_SHARED(true, &map->lock);
/*
 * From read to write. 0: write-locked, and the map has not changed in between. Nonzero: the lock had to be released and
 * the map has changed meanwhile; the lock is not held.
 */
VM_MUST_CHECK int vm_map_lock_upgrade(vm_map_t map);
void vm_map_lock_downgrade(vm_map_t map) VM_RELEASE(&map->lock) VM_ACQUIRE_SHARED(&map->lock);
/* Nonzero: write-locked by the running thread. */
int vm_map_locked(vm_map_t map);

/*
 * Unlocks, sleeps on channel T until a wakeup, and returns 0 without the lock. timo must be 0: there are no timeouts.
 * No wakeup is lost: the queue is sampled with the lock held.
 */
int vm_map_unlock_and_wait(vm_map_t map, int timo) VM_RELEASE(&map->lock);
void vm_map_wakeup(vm_map_t map);

void vm_map_busy(vm_map_t map) VM_REQUIRES(&map->lock);
void vm_map_unbusy(vm_map_t map) VM_REQUIRES(&map->lock);
/* Sleeps on channel B, with the lock released, while the map is busy; then moves the timestamp. */
void vm_map_wait_busy(vm_map_t map) VM_REQUIRES(&map->lock);

/* Remembers the timestamp for the running operation, before the operation releases the lock. */
void vm_map_remember(vm_map_t map, struct vm_op_ctx *ctx) VM_REQUIRES_SHARED(&map->lock);
/* After a write acquisition: was it the only one since vm_map_remember? Forgets the stamp. */
bool vm_map_unchanged(vm_map_t map, struct vm_op_ctx *ctx) VM_REQUIRES(&map->lock);

/* --- entry.c: entries, ring, tree --- */

/* A zeroed entry, not linked. Panics when the arena is full. */
vm_map_entry_t vm_map_entry_create(vm_map_t map) VM_REQUIRES(&map->lock);
/* Also drops the reference to the object. */
void vm_map_entry_dispose(vm_map_t map, vm_map_entry_t entry) VM_REQUIRES(&map->lock);
/* Puts @entry after @after, which may be the header. */
void vm_map_entry_link(vm_map_t map, vm_map_entry_t after, vm_map_entry_t entry) VM_REQUIRES(&map->lock);
void vm_map_entry_unlink(vm_map_t map, vm_map_entry_t entry) VM_REQUIRES(&map->lock);
/* Sets the bounds of a linked entry. It must not overlap its neighbours. */
void vm_map_entry_resize(vm_map_t map, vm_map_entry_t entry, vm_offset_t start, vm_offset_t end)
    VM_REQUIRES(&map->lock);
/* True: *entry contains @addr. False: *entry is the one before it, or the header. */
bool vm_map_lookup_entry(vm_map_t map, vm_offset_t addr, vm_map_entry_t *entry) VM_REQUIRES_SHARED(&map->lock);
/* The entry that contains @addr, or the next one, or the header. */
vm_map_entry_t vm_map_lookup_ge(vm_map_t map, vm_offset_t addr) VM_REQUIRES_SHARED(&map->lock);
/* Cuts a range to the map; an inverted range becomes empty at its end. Passes edge clamped if it cuts. */
void vm_map_range_check(vm_map_t map, vm_offset_t *start, vm_offset_t *end);

/* First fit from @start. 0: *addr is the address; 1: no gap is large enough. */
int vm_map_findspace(vm_map_t map, vm_offset_t start, vm_size_t length, vm_offset_t *addr)
    VM_REQUIRES_SHARED(&map->lock);

/* --- clip.c --- */

/* Can the two be merged into one entry? False if one of them is in transition. */
bool vm_map_entry_continues(const struct vm_map *map, const struct vm_map_entry *left, const struct vm_map_entry *right)
    VM_REQUIRES_SHARED(&map->lock);
/* Merges @entry with each neighbour that continues it; @entry survives. No-op while @entry is in transition. */
void vm_map_simplify_entry(vm_map_t map, vm_map_entry_t entry) VM_REQUIRES(&map->lock);
/* Merges @entry with the one before it; @entry survives. No-op for the header, and while @entry is in transition. */
void vm_map_merge_front(vm_map_t map, vm_map_entry_t entry) VM_REQUIRES(&map->lock);

/*
 * How a walk over a range merges the entries that it has changed: docs/engine.md, section 2. The walk calls
 * vm_map_merge_step for each entry, in address order, and vm_map_merge_last for the first entry after the range.
 */
struct vm_merging {
	bool back;        /* each entry is also merged with the one after it */
	bool last;        /* the first entry after the range is merged with the one before it */
	bool guards;      /* guards are merged, too */
	bool spare_front; /* the next step does not merge with the entry before */
};
/*
 * one_pass: each entry is merged with the one before it, so that the walk merges each pair once. Otherwise the walk
 * merges each entry on both sides. A range that is empty is M5's.
 */
static inline struct vm_merging
vm_map_merging(const struct vm_map *map, const struct vm_op_ctx *ctx, bool one_pass)
{
	bool empty = ctx->start == ctx->end;

	return (struct vm_merging){
		.back = !one_pass,
		.last = empty ? vm_behaves(map, M5) : one_pass,
		.guards = true,
	};
}
void vm_map_merge_step(vm_map_t map, struct vm_merging *m, vm_map_entry_t entry) VM_REQUIRES(&map->lock);
/* @entry may be the header. */
static inline void
vm_map_merge_last(vm_map_t map, const struct vm_merging *m, vm_map_entry_t entry) VM_REQUIRES(&map->lock)
{
	if (m->last && (m->guards || (entry->eflags & MAP_ENTRY_GUARD) == 0))
		vm_map_merge_front(map, entry);
}

/*
 * Splits @entry so that it starts at @addr; no-op if it starts at or after @addr. Merges @entry with its neighbours
 * before the split, except under M1.
 */
void vm_map_clip_start(vm_map_t map, vm_map_entry_t entry, vm_offset_t addr) VM_REQUIRES(&map->lock);
/* Splits @entry so that it ends at @addr; no-op if it ends at or before @addr. */
void vm_map_clip_end(vm_map_t map, vm_map_entry_t entry, vm_offset_t addr) VM_REQUIRES(&map->lock);
/* The first entry of an operation on [start, ...): the entry that contains start, clipped there, or the next entry. */
vm_map_entry_t vm_map_first_entry(vm_map_t map, vm_offset_t start) VM_REQUIRES(&map->lock);
/* The operation clip A: KERN_INVALID_ADDRESS if nothing is mapped there. Takes the lock. */
int vm_map_clip(vm_map_t map, vm_offset_t addr) VM_EXCLUDES(&map->lock);

/* --- insert.c, delete.c --- */

/*
 * Map [start, end). KERN_INVALID_ADDRESS: outside the map, or empty; KERN_NO_SPACE: something is there. @object must be
 * NULL: anonymous memory only. MAP_CREATE_GUARD in @cow makes a guard, with protections VM_PROT_NONE.
 */
int vm_map_insert(vm_map_t map, vm_object_t object, vm_ooffset_t offset, vm_offset_t start, vm_offset_t end,
    vm_prot_t prot, vm_prot_t max, int cow) VM_REQUIRES(&map->lock);
/*
 * The steps of vm_map_insert for a mapping with these entry flags: none, GUARD, or GUARD and GAP. The arguments are
 * valid.
 */
int vm_map_insert_flags(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot, vm_prot_t max,
    uint32_t eflags) VM_REQUIRES(&map->lock);
/* Can an insert with this protection and these cow flags succeed? Only anonymous memory. */
bool vm_map_mapping_valid(vm_object_t object, vm_prot_t prot, vm_prot_t max, int cow);
/* vm_map_fixed on [start, end), which may be inverted, because a program can ask for that. */
int vm_map_fixed_range(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot, vm_prot_t max, int cow)
    VM_EXCLUDES(&map->lock);
/* Deletes [start, end), which is within the map; releases the lock while it waits. KERN_SUCCESS. */
int vm_map_delete(vm_map_t map, vm_offset_t start, vm_offset_t end) VM_REQUIRES(&map->lock);

/* --- stack.c --- */

/* Why a stack does not grow at an address. */
enum vm_growth {
	VM_GROWTH_DONE,
	VM_GROWTH_NOTHING,    /* the address is mapped and needs no growth */
	VM_GROWTH_UNMAPPED,   /* nothing is mapped there */
	VM_GROWTH_GUARD,      /* a guard of no stack */
	VM_GROWTH_NO_STACK,   /* a gap, but no stack starts where it ends */
	VM_GROWTH_GUARD_PAGE, /* the lowest page of a gap */
	VM_GROWTH_UNWIRED, /* it has grown, but with wire_future the new part could not be wired: *rv is the reason */
};
/*
 * Grows the stack of the gap that has @addr. The map is read-locked before and after. With wire_future it releases the
 * lock to wire the new part.
 */
enum vm_growth vm_map_growstack(vm_map_t map, vm_offset_t addr, int *rv) VM_REQUIRES_SHARED(&map->lock);

/* --- wire.c, transition.c --- */

/* As vm_map_wire, for a caller that holds the lock. Releases it in between, and returns with the lock held. */
int vm_map_wire_locked(vm_map_t map, vm_offset_t start, vm_offset_t end, int flags) VM_REQUIRES(&map->lock);

/* Forgets the edges by which a wire has failed: its caller throws the result away. */
void vm_map_wire_forget(struct vm_op_ctx *ctx);

/* Would @npages more user-wired pages pass the limit? */
bool vm_map_wire_limited(vm_map_t map, uint64_t npages) VM_REQUIRES(&map->lock);
void vm_map_wire_charge(vm_map_t map, int64_t npages) VM_REQUIRES(&map->lock);

/* The edges (enum vm_edge) of wire or of unwire for the paths that both share. */
struct vm_wire_edges {
	uint8_t empty, inverted, start_unmapped, gone_after_wait, later_gone, waited, changed_but_mapped, partial;
};

/*
 * *entry is IN_TRANSITION. Waits for a wakeup, then looks up max(ctx->start, entry->start) again. KERN_SUCCESS: go on
 * with *entry, which may be in transition again. With HOLESOK and the address unmapped it is the next entry, or the
 * header. KERN_INVALID_ADDRESS: the address is unmapped, and ctx->end is set to it. All entries below it are marked, so
 * the finish pass undoes them as after any other failure. At the first address there is nothing to undo.
 */
VM_MUST_CHECK int vm_map_entry_in_transition(vm_map_t map, vm_map_entry_t *entry, struct vm_op_ctx *ctx, bool holes_ok,
    const struct vm_wire_edges *edges) VM_REQUIRES(&map->lock);
/* Clips @entry to the context's range and marks it in transition by the running thread. */
void vm_map_entry_begin_transition(vm_map_t map, vm_map_entry_t entry, const struct vm_op_ctx *ctx)
    VM_REQUIRES(&map->lock);
/* Clears the marks of the running thread's entry and merges it where possible. True: a thread waits for it. */
VM_MUST_CHECK bool vm_map_entry_end_transition(vm_map_t map, vm_map_entry_t entry, struct vm_merging *merging)
    VM_REQUIRES(&map->lock);
/*
 * The start of wire and unwire: clamps the context's range to the map and finds its first entry, without clipping.
 * KERN_INVALID_ADDRESS: the start is unmapped, or the range was inverted and is empty inside an entry (where the
 * recorded kernel asserts).
 */
VM_MUST_CHECK int vm_map_wire_first_entry(vm_map_t map, struct vm_op_ctx *ctx, bool holes_ok,
    const struct vm_wire_edges *edges, vm_map_entry_t *entry) VM_REQUIRES(&map->lock);

/* --- page-ops.c, pageout.c --- */

/*
 * Makes the page @index of @object resident: from the pager, or zero-filled. With @wire, adds a wiring. NULL: no frame
 * is free.
 */
struct vm_page *vm_page_bring_in(vm_map_t map, vm_object_t object, uint64_t index, bool wire)
    VM_REQUIRES_SHARED(&map->lock) VM_REQUIRES(&object->lock) VM_REQUIRES(&map->frames.lock);
/* Unwires the pages of an entry and zeroes its count. */
void vm_map_entry_unwire(vm_map_t map, vm_map_entry_t entry) VM_REQUIRES(&map->lock);
/* Unwires the pages of an entry before @end: a wire that failed at @end has faulted them in. */
void vm_map_entry_unwire_faulted(vm_map_t map, vm_map_entry_t entry, vm_offset_t end) VM_REQUIRES(&map->lock);
/* Drops the pages of an entry, which are unwired, with their translations, frames and content. */
void vm_map_entry_drop_pages(vm_map_t map, vm_map_entry_t entry) VM_REQUIRES(&map->lock);
/*
 * Writes back the pages of the entry's object at [start, end), by the entry's offset. If the range exceeds the entry,
 * it reaches other pages of the object.
 */
void vm_map_entry_clean(vm_map_t map, vm_map_entry_t entry, vm_offset_t start, vm_offset_t end)
    VM_REQUIRES_SHARED(&map->lock);
/* Reduces the translations of an entry to its protection. */
void vm_map_entry_reduce_access(vm_map_t map, vm_map_entry_t entry) VM_REQUIRES(&map->lock);
/* Evicts up to @count unwired pages in clock order; returns how many. */
uint64_t vm_pageout_evict(vm_map_t map, uint64_t count) VM_REQUIRES_SHARED(&map->lock);

/* --- fault.c, access.c --- */

/*
 * What a fault does first if its page is in the gap of a stack. The map is read-locked before and after. KERN_SUCCESS:
 * look the address up again; another code: the fault fails with it.
 */
typedef int vm_grow_function(vm_map_t map, vm_offset_t addr);

/* A fault, and the access that needs it. */
struct vm_fault {
	vm_offset_t addr;
	vm_prot_t type;
	bool wiring;
	vm_grow_function *grow;    /* NULL: a gap is a guard, as for a wire, which skips gaps */
	uint64_t *ret_tag;         /* receives the content; NULL: no read */
	const uint64_t *write_tag; /* the new content; NULL: no write */
	/* the rest is fault.c's */
	vm_object_t object; /* the lookup's result, while the map is locked */
	vm_pindex_t index;
	vm_prot_t prot;
	bool wired;
	uint32_t frame_seen; /* the count of channel F to sleep with */
	int rv;              /* KERN_*, when it is done */
};

/* Faults the page in and accesses it; waits for transitions and frames. KERN_*. */
int vm_fault_run(vm_map_t map, struct vm_fault *f) VM_EXCLUDES(&map->lock);
/* The fault of a wire: any access is enough, and the page is wired. */
int vm_fault_wire(vm_map_t map, vm_offset_t addr) VM_EXCLUDES(&map->lock);

/* --- query.c --- */

/*
 * Finds the entry, object and page of a fault at @addr for access @fault_type; gives the entry an object if it has
 * none. KERN_SUCCESS: the map is read-locked until vm_map_lookup_done. KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE:
 * it is unlocked. There are no submaps: *var_map does not change. The page may lack translation and frame.
 */
VM_MUST_CHECK int vm_map_lookup(vm_map_t *var_map, vm_offset_t addr, vm_prot_t fault_type, vm_map_entry_t *out_entry,
    vm_object_t *object, vm_pindex_t *pindex, vm_prot_t *out_prot, bool *wired);
/* The same, but grows a stack first if @addr is in its gap and @grow is not NULL. */
VM_MUST_CHECK int vm_map_lookup_growing(vm_map_t *var_map, vm_offset_t addr, vm_prot_t fault_type,
    vm_grow_function *grow, vm_map_entry_t *out_entry, vm_object_t *object, vm_pindex_t *pindex, vm_prot_t *out_prot,
    bool *wired);
void vm_map_lookup_done(vm_map_t map, vm_map_entry_t entry) VM_RELEASE_SHARED(&map->lock);

/* Is all of [start, end) mapped with at least @prot? */
bool vm_map_check_protection(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot)
    VM_REQUIRES_SHARED(&map->lock);

/* --- validate.c --- */

/*
 * The first broken invariant, as "I4: ..."; NULL if all hold. Walks the whole map. It also reads pages and the contexts
 * of suspended operations, so no thread may be running. vm_map_check_entries checks entries only, [I1] to [I10].
 */
const char *vm_map_check(vm_map_t map) VM_REQUIRES(&map->lock);
/*
 * The same after each step of a run, but cheaper in a map of more than VM_CHECK_ALL_MAX pages. If the step did not take
 * the write lock, it checks only the pages that the step touched, and compares sums. It walks all pages after a step
 * with the write lock, and now and then, so rarely that the total cost stays linear.
 */
const char *vm_map_check_step(vm_map_t map) VM_REQUIRES(&map->lock);
/* Records in the map that the finding is at [start, end), for the report; returns @what. */
const char *vm_map_broken(vm_map_t map, vm_offset_t start, vm_offset_t end, const char *what);
const char *vm_map_check_entries(vm_map_t map) VM_REQUIRES(&map->lock);

/* --- account.c --- */

/*
 * Checks the user-wire counter and the marks of running wires: "I19: ...", or NULL. With Q1 or Q2 on, the counter is
 * wrong on purpose; @excused skips its check then.
 */
const char *vm_map_check_account(vm_map_t map, bool excused) VM_REQUIRES(&map->lock);
/* Will somebody wake @td, which sleeps on @channel? "I22: ...", "I23: ...", or NULL. */
const char *vm_map_check_sleeper(vm_map_t map, const struct vm_thread *td, enum vm_channel channel)
    VM_REQUIRES(&map->lock);

/* --- canary.c --- */

/* Faults are planted in the steps of threads up to this one. */
#define VM_CANARY_THREAD_MAX 15
#ifdef VM_MUTANTS
/* Call these before the map is unlocked, and before it is unlocked to wait for a transition. */
void vm_canary_unlock(vm_map_t map) VM_REQUIRES(&map->lock);
void vm_canary_wait(vm_map_t map) VM_REQUIRES(&map->lock);
#else
#define vm_canary_unlock(map) ((void)(map))
#define vm_canary_wait(map) ((void)(map))
#endif

/* --- pager.c --- */

/* The pager's result for a fault at @addr: KERN_SUCCESS unless the page is poisoned. */
int vm_pager_get(const struct vm_map *map, vm_offset_t addr);

#endif
