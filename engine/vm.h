/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm.h - the public interface of the VM map engine, with the names and signatures of vm_map(9).
 *
 * Units: addresses and lengths are BYTES, page aligned (VM_PAGE_SIZE); ranges are [start, end). Errors: KERN_* codes
 * with the kernel's numbers. Arguments that the real kernel does not check are rejected with KERN_INVALID_ARGUMENT
 * (FALSE for a predicate) before any lock is taken: an unaligned address, a start + length that wraps, an unknown flag,
 * protection or inheritance, a protection that is not within its maximum, an object. Locking: the functions of this
 * header take the map lock themselves. Those that need it held (vm_map_insert,
 *   vm_map_delete, vm_map_lookup_entry, the clips) and the lock calls are in map.h, with their contracts.
 * Threads: the caller is vm_curthread (thread.h), which must be set; one operation at a time per thread.
 * The rules: vm_map(9), vm_map_wire(9) and their neighbours; docs/engine.md has them step by step.
 */
#ifndef ENGINE_VM_H
#define ENGINE_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/annotate.h"
#include "engine/mutant.h"

typedef uint64_t vm_offset_t;  /* a virtual address, bytes */
typedef uint64_t vm_ooffset_t; /* an offset into an object, bytes */
typedef uint64_t vm_pindex_t;  /* a page of an object, counted from its start */
typedef uint64_t vm_size_t;    /* a length, bytes */
typedef uint8_t vm_prot_t;     /* VM_PROT_* bits */
typedef uint8_t vm_inherit_t;  /* VM_INHERIT_* */

#define VM_PAGE_SHIFT 12
#define VM_PAGE_SIZE ((vm_size_t)1 << VM_PAGE_SHIFT)
#define VM_PAGE_MASK (VM_PAGE_SIZE - 1)

/* vm_prot_t */
#define VM_PROT_NONE 0x0
#define VM_PROT_READ 0x1
#define VM_PROT_WRITE 0x2
#define VM_PROT_EXECUTE 0x4
#define VM_PROT_ALL (VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE)

/* vm_inherit_t */
#define VM_INHERIT_SHARE 0
#define VM_INHERIT_COPY 1
#define VM_INHERIT_NONE 2
#define VM_INHERIT_ZERO 3
#define VM_INHERIT_COUNT 4

/* flags of vm_map_wire and vm_map_unwire; vm_map_wire(9) */
#define VM_MAP_WIRE_SYSTEM 0
#define VM_MAP_WIRE_USER 1
#define VM_MAP_WIRE_NOHOLES 0
#define VM_MAP_WIRE_HOLESOK 2
#define VM_MAP_WIRE_WRITE 4

/* cow flags of insert, fixed and find */
#define MAP_CREATE_GUARD 0x1

/* find_space of vm_map_find */
#define VMFS_NO_SPACE 0  /* at *addr only */
#define VMFS_ANY_SPACE 1 /* first fit from *addr, or from the map's start if *addr is below it */

/* flags of vm_fault */
#define VM_FAULT_NORMAL 0
#define VM_FAULT_WIRE 1 /* for vm_map_wire: any access is enough, and the page is wired */

/* vm_map_madvise's behaviours, madvise(2) */
#define VM_MADV_NORMAL 0
#define VM_MADV_SEQUENTIAL 1
#define VM_MADV_RANDOM 2
#define VM_MADV_NOSYNC 3
#define VM_MADV_AUTOSYNC 4
#define VM_MADV_NOCORE 5
#define VM_MADV_CORE 6
#define VM_MADV_WILLNEED 7
#define VM_MADV_DONTNEED 8
#define VM_MADV_FREE 9
#define VM_MADV_COUNT 10

enum vm_kern_return {
#define VM_KERN(name, number, text) KERN_##name = (number),
#include "engine/kern.def"
#undef VM_KERN
};
#define VM_KERN_COUNT 11

/* "KERN_SUCCESS" and so on; NULL for an unknown number. */
const char *vm_kern_name(int code);

/* The behaviours of behaviours.def; a set of them is a uint32_t of VM_BEHAVIOUR_BIT()s. */
enum vm_behaviour {
#define VM_BEHAVIOUR(id, kind, also, name, kernel, strict) VM_BEHAVIOUR_##id,
#include "engine/behaviours.def"
#undef VM_BEHAVIOUR
	VM_BEHAVIOUR_COUNT
};
#define VM_BEHAVIOUR_BIT(id) ((uint32_t)1 << VM_BEHAVIOUR_##id)
#define VM_BEHAVIOURS_ALL (((uint32_t)1 << VM_BEHAVIOUR_COUNT) - 1)

enum vm_behaviour_kind {
	VM_BEHAVIOUR_IS_QUIRK, /* a defect of the recorded kernel */
	VM_BEHAVIOUR_IS_RULE,  /* another way that is as good as strict's */
};

struct vm_behaviour_desc {
	const char *id, *name;       /* "Q1", "fault_failure_subtracts_twice" */
	const char *kernel, *strict; /* what each does */
	const char *also;            /* another id; "" or NULL: none */
	enum vm_behaviour_kind kind;
};
extern const struct vm_behaviour_desc vm_behaviour_table[VM_BEHAVIOUR_COUNT];

enum vm_profile_id {
#define VM_PROFILE(id, name, behaviours, recordings, text) VM_PROFILE_##id,
#include "engine/profiles.def"
#undef VM_PROFILE
	VM_PROFILE_COUNT
};

/* The behaviours of each profile of profiles.def: VM_PROFILE_ON_strict and so on. */
enum {
#define VM_PROFILE(id, name, behaviours, recordings, text) VM_PROFILE_ON_##id = (behaviours),
#include "engine/profiles.def"
#undef VM_PROFILE
};

struct vm_profile_desc {
	const char *name;
	uint32_t on;            /* VM_BEHAVIOUR_BIT()s */
	const char *recordings; /* a folder, from the root of the project; "": none */
	const char *text;
};
extern const struct vm_profile_desc vm_profile_table[VM_PROFILE_COUNT];

/* A profile of the table with some behaviours turned on or off: "strict +Q1". All zeros: strict. */
struct vm_profile {
	enum vm_profile_id base;
	uint32_t on; /* the behaviours that are on in the end */
};

_Static_assert(VM_PROFILE_strict == 0 && VM_PROFILE_ON_strict == 0, "strict is the default and has no behaviours");

/* A profile as the table has it. */
static inline struct vm_profile
vm_profile(enum vm_profile_id id)
{
	return (struct vm_profile){ .base = id, .on = vm_profile_table[id].on };
}

static inline bool
vm_profile_equal(struct vm_profile a, struct vm_profile b)
{
	return a.base == b.base && a.on == b.on;
}

struct vm_map;
struct vm_map_entry;
struct vm_object;
struct vm_env;
typedef struct vm_map *vm_map_t;
typedef struct vm_map_entry *vm_map_entry_t;
typedef struct vm_object *vm_object_t;

/* A page whose pager fails. */
struct vm_poison {
	vm_offset_t addr; /* bytes, page aligned */
	int code;         /* KERN_*; the recorded kernel gives KERN_OUT_OF_BOUNDS */
};

#define VM_FRAMES_AMPLE ((uint64_t)1 << 20)       /* more than an ordinary program can use */
#define VM_WIRE_LIMIT_DEFAULT ((uint64_t)1 << 40) /* pages */
#define VM_GROW_PAGES_DEFAULT ((uint64_t)32)      /* kern.sgrowsiz, in pages */

struct vm_config {
	const struct vm_env *env;       /* the world, env.h; the caller keeps it alive */
	vm_offset_t min, max;           /* the map, bytes */
	bool kernel;                    /* a kernel map: delete does not wait for system wirings */
	uint32_t behaviours;            /* VM_BEHAVIOUR_BIT()s that are on; VM_PROFILE_ON_strict and so on */
	enum vm_mutant mutant;          /* the bug that is put back; VM_MUTANT_none except in the mutant build */
	uint64_t wire_limit;            /* cap on user-wired pages, in pages */
	uint64_t nr_frames;             /* page frames; 0 means VM_FRAMES_AMPLE */
	uint64_t grow_pages;            /* pages by which stacks begin and grow; 0 means VM_GROW_PAGES_DEFAULT */
	const struct vm_poison *poison; /* sorted by address; the caller keeps it alive */
	size_t nr_poison;
};

/*
 * A map in its own arena, which holds everything that operations allocate. create returns NULL with errno set if the
 * arena cannot be reserved or the configuration is wrong (EINVAL). save remembers the present content, and restore
 * copies it back; a restore discards all suspended operations. The map's address stays the same.
 */
VM_MUST_CHECK vm_map_t vm_map_create(const struct vm_config *config);
void vm_map_destroy(vm_map_t map);
VM_MUST_CHECK bool vm_map_save(vm_map_t map);
void vm_map_restore(vm_map_t map);

/*
 * Delete the mappings in [start, start + length), which may wait, then map the range. Errors as vm_map_insert, map.h.
 */
int vm_map_fixed(vm_map_t map, vm_object_t object, vm_ooffset_t offset, vm_offset_t start, vm_size_t length,
    vm_prot_t prot, vm_prot_t max, int cow);

/*
 * Map length bytes at the first address where they fit, and set *addr to it. KERN_NO_SPACE if they fit nowhere;
 * KERN_INVALID_ADDRESS if length is 0. max_addr limits the end of the mapping; 0 means no limit.
 */
int vm_map_find(vm_map_t map, vm_object_t object, vm_ooffset_t offset, vm_offset_t *addr, vm_size_t length,
    vm_offset_t max_addr, int find_space, vm_prot_t prot, vm_prot_t max, int cow);

/* Delete [start, end); waits for entries in transition and for system wirings. KERN_SUCCESS. */
int vm_map_remove(vm_map_t map, vm_offset_t start, vm_offset_t end);

/* KERN_PROTECTION_FAILURE if prot is not within an entry's maximum; nothing is changed then. */
int vm_map_protect(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot, bool set_max);
int vm_map_inherit(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_inherit_t inheritance);
int vm_map_madvise(vm_map_t map, vm_offset_t start, vm_offset_t end, int behav);

/*
 * Wire or unwire [start, end). flags: VM_MAP_WIRE_*. docs/returns.md lists every return. In short: KERN_INVALID_ADDRESS
 * for a hole (noholes) or, wire only, for missing access. Wire also returns KERN_RESOURCE_SHORTAGE (the limit) and the
 * code of a failing fault; unwire also KERN_INVALID_ARGUMENT (a system unwire of pages without a system wiring).
 */
int vm_map_wire(vm_map_t map, vm_offset_t start, vm_offset_t end, int flags);
int vm_map_unwire(vm_map_t map, vm_offset_t start, vm_offset_t end, int flags);

/* The flag of mlockall(MCL_FUTURE): vm_mmap, vm_mmap_stack and stacks that grow wire what they map. KERN_SUCCESS. */
int vm_map_wire_future(vm_map_t map, bool on);

/*
 * mmap(2) of anonymous memory, or of a guard, at a fixed place where nothing is mapped; and of a stack, which grows
 * down to start + 1 page. KERN_NO_SPACE: something is there; KERN_INVALID_ARGUMENT. With wire_future they wire the
 * range after the map was unlocked for a moment; what fails then stays mapped.
 */
int vm_mmap(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot, vm_prot_t max, int cow);
int vm_mmap_stack(vm_map_t map, vm_offset_t start, vm_offset_t end);

/*
 * What a fault does first if a stack has to grow: KERN_SUCCESS if it has grown or need not. KERN_FAILURE: no stack can
 * grow there; KERN_NO_SPACE: the guard page; with wire_future also the code of the wire.
 */
int vm_map_grow(vm_map_t map, vm_offset_t addr);

/* KERN_INVALID_ADDRESS: start unmapped, or a hole; KERN_INVALID_ARGUMENT: invalidate of user-wired pages. */
int vm_map_sync(vm_map_t map, vm_offset_t start, vm_offset_t end, bool syncio, bool invalidate);

/*
 * Fault the page at addr in for access fault_type. KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE, or the pager's code
 * (struct vm_poison). Waits while the entry is in another thread's transition.
 */
int vm_fault(vm_map_t map, vm_offset_t addr, vm_prot_t fault_type, int fault_flags);

/*
 * Fault the page at addr in, then read or write its tag in the same lock hold. Errors as vm_fault. A page that was
 * never written reads 0.
 */
int vm_page_read(vm_map_t map, vm_offset_t addr, uint64_t *ret_tag);
int vm_page_write(vm_map_t map, vm_offset_t addr, uint64_t tag);

/* Evict up to count unwired pages in clock order. KERN_SUCCESS, whatever was evicted. */
int vm_pageout(vm_map_t map, uint64_t count);

#endif
