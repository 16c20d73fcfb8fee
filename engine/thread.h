/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.h - a thread of either world, and what its operation keeps while the map lock is free.
 *
 * struct vm_op_ctx is the whole memory of a suspended operation besides its arguments: integers and addresses, never
 * an entry (an entry is only used again under the relook rule: the timestamp says that nothing moved, or it is looked
 * up by address). That makes suspended operations readable in a debugger, and states of the system comparable. Mutants
 * break this rule; what they use again is in kept and kept_number, so that it is in the state key.
 */
#ifndef ENGINE_THREAD_H
#define ENGINE_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/edge.h"
#include "engine/vm.h"

enum vm_point {
	VM_POINT_none = 0,
#define VM_POINT(name, text) VM_POINT_##name,
#include "engine/points.def"
#undef VM_POINT
};

/* All zero between operations; each operation leaves zero what it does not need. Units: bytes. */
struct vm_map_entry;

struct vm_op_ctx {
	uint8_t point;          /* enum vm_point: where the operation resumes */
	bool stamped;           /* stamp is remembered */
	bool shortage;          /* set by the world before it wakes a fault from channel F: no frame will come */
	unsigned stamp;         /* map->timestamp when the lock was dropped; valid if stamped */
	vm_offset_t start, end; /* the range, clamped to the map; end shrinks to where a failure was met */
	vm_offset_t cursor;     /* where to look again after a wait; how far sync got */
	vm_offset_t piece_start, piece_end; /* wire: what is being faulted in */
	vm_offset_t fault_addr;             /* the page a fault is about */
	bool waited;                        /* a fault: it has waited for the end of a transition */
	bool user_wire;                     /* a wire for the user: what it marks is in the account already */
	unsigned upgrade_stamp;             /* at the point upgrade: map->timestamp when the read lock was dropped */
	vm_offset_t clean_start, clean_end; /* sync: what its last step wrote back; equal: nothing */
	uint64_t edges;                     /* passed so far: VM_EDGE_BIT()s */
	struct vm_map_entry *kept;          /* mutants only: the entry that is used again whatever happened to it */
	uint64_t kept_number;               /* mutants only: a number that is used again */
};

struct vm_thread {
	unsigned id;              /* dense, the same in every run */
	const struct vm_env *env; /* the world */
	void *world;              /* the world's own record of the thread */
	uint32_t held;            /* bit r: holds a lock of enum vm_lock_rank r */
	bool map_write;           /* the map lock is held for writing */
	bool map_claim;           /* waits for the map lock, and keeps readers and other writers out meanwhile */
	struct vm_op_ctx ctx;
	const void *locks[4]; /* by rank: the last one taken; only ThreadSanitizer needs to be told (vm_sync_abandon) */
};

extern _Thread_local struct vm_thread *vm_curthread;

/* Starts an operation on the range of the running thread: its context is new. */
static inline struct vm_op_ctx *
vm_op_begin(vm_offset_t start, vm_offset_t end)
{
	struct vm_op_ctx *ctx = &vm_curthread->ctx;

	/* Mostly it is zero: engine_op_apply of the harness leaves it so. */
	if (ctx->point != VM_POINT_none || ctx->edges != 0)
		memset(ctx, 0, sizeof(*ctx));
	ctx->point = VM_POINT_lock;
	ctx->start = start;
	ctx->end = end;
	return ctx;
}

static inline struct vm_op_ctx *
vm_op_ctx(void)
{
	return &vm_curthread->ctx;
}

/* With a mutant on the operation uses @e again after it has unlocked the map; NULL: not any more. */
static inline void
vm_op_keep(bool mutated, struct vm_op_ctx *ctx, struct vm_map_entry *e)
{
	if (mutated)
		ctx->kept = e;
}

/* The running operation passes this edge. */
static inline void
vm_edge(enum vm_edge edge)
{
	vm_curthread->ctx.edges |= (uint64_t)1 << edge;
}

/* What returns by an edge of edges.def returns. VERBATIM ones have no code, and do not compile. */
enum {
#define VM_KERN(name, number, text) VM_EDGE_CODE_OF_##name = (number),
#include "engine/kern.def"
#undef VM_KERN
};
enum {
#define VM_EDGE(name, whose, code, err, row, man, when, leaves, page, litmus) VM_RETURN_##name = VM_EDGE_CODE_OF_##code,
#define VM_EDGE_CODE_OF_VERBATIM VM_EDGE_VERBATIM
#include "engine/edges.def"
#undef VM_EDGE_CODE_OF_VERBATIM
#undef VM_EDGE
};
#define VM_RETURN(name) (vm_edge(VM_EDGE_##name), (int)VM_RETURN_##name)

/* The text of points.def with its pages filled in. */
void vm_point_describe(const struct vm_op_ctx *ctx, char *buf, size_t size);

VM_NORETURN void vm_panic(const char *what, const char *file, int line);

/* Our own bug, in every build. One condition each. */
#define vm_assert(cond) ((cond) ? (void)0 : vm_panic(#cond, __FILE__, __LINE__))

#endif
