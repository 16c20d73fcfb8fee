/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.h - a thread of either world, and the state that its operation keeps while the map is unlocked.
 *
 * struct vm_op_ctx is the whole state of a suspended operation besides its arguments: integers and addresses, never an
 * entry. After a relock, an operation uses an entry again only if the timestamp shows that the map is unchanged;
 * otherwise it looks the entry up by address. So suspended operations are readable in a debugger, and states can be
 * compared. Mutants break this rule; they keep their values in kept and kept_number, so that the state key contains
 * these.
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

/* All zero between operations; fields that an operation does not use stay zero. Units: bytes. */
struct vm_map_entry;

struct vm_op_ctx {
	uint8_t point;  /* enum vm_point: where the operation resumes */
	bool stamped;   /* stamp is valid */
	bool shortage;  /* the world sets it before it wakes a fault from channel F: no frame will become free */
	unsigned stamp; /* map->timestamp when the lock was released; valid if stamped */
	vm_offset_t start, end;             /* the range, clamped to the map; a failure moves end to its address */
	vm_offset_t cursor;                 /* address to look up after a wait; next address of a sync */
	vm_offset_t piece_start, piece_end; /* wire: the piece being faulted in */
	vm_offset_t fault_addr;             /* the page of a fault */
	bool waited;                        /* fault: has waited for the end of a transition */
	bool user_wire;                     /* user wire: the entries that it has marked are counted already */
	unsigned upgrade_stamp;             /* at point upgrade: map->timestamp when the read lock was released */
	vm_offset_t clean_start, clean_end; /* sync: the range that its last step wrote back; equal: none */
	uint64_t edges;                     /* edges passed so far: VM_EDGE_BIT()s */
	struct vm_map_entry *kept;          /* mutants only: an entry that is used again without a second lookup */
	uint64_t kept_number;               /* mutants only: a number kept across an unlock */
};

struct vm_thread {
	unsigned id;              /* dense, the same in every run */
	const struct vm_env *env; /* the world */
	void *world;              /* the world's record of the thread */
	uint32_t held;            /* bit r: holds a lock of enum vm_lock_rank r */
	bool map_write;           /* the map lock is held for writing */
	bool map_claim;           /* waits for the map lock, and keeps readers and other writers out */
	struct vm_op_ctx ctx;
	const void *locks[4]; /* by rank: the last one taken; vm_sync_abandon reports them to ThreadSanitizer */
};

extern _Thread_local struct vm_thread *vm_curthread;

/* Starts an operation of the running thread on the range, with a new context. */
static inline struct vm_op_ctx *
vm_op_begin(vm_offset_t start, vm_offset_t end)
{
	struct vm_op_ctx *ctx = &vm_curthread->ctx;

	/* Usually it is zero already: the harness's engine_op_apply clears it. */
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

/* Records that, with a mutant on, the operation will use @e after it unlocks the map; NULL: it will not. */
static inline void
vm_op_keep(bool mutated, struct vm_op_ctx *ctx, struct vm_map_entry *e)
{
	if (mutated)
		ctx->kept = e;
}

/* Records that the running operation passes this edge. */
static inline void
vm_edge(enum vm_edge edge)
{
	vm_curthread->ctx.edges |= (uint64_t)1 << edge;
}

/* The return code of each edge. VERBATIM edges have no code, so VM_RETURN of one does not compile. */
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

/* The wait channels of channels.def. The simulated world knows a queue by this number. */
enum vm_channel {
	VM_CHANNEL_NONE = 0,
#define VM_SLEEP(point, channel, text)
#define VM_CHANNEL(id, name, letter, condition, cause) VM_CHANNEL_##id,
#include "engine/channels.def"
#undef VM_CHANNEL
#undef VM_SLEEP
	VM_CHANNEL_COUNT
};

struct vm_channel_desc {
	const char *name, *letter, *condition, *cause; /* see channels.def */
};
extern const struct vm_channel_desc vm_channel_table[VM_CHANNEL_COUNT];

/* The channel on which an operation sleeps at this point; VM_CHANNEL_NONE: it does not sleep there. */
enum vm_channel vm_point_channel(enum vm_point point);
/* The address whose entry a sleeper of channel TRANSITION waits for. */
vm_offset_t vm_op_awaited(const struct vm_op_ctx *ctx);
/* The text of points.def with its pages filled in. */
void vm_point_describe(const struct vm_op_ctx *ctx, char *buf, size_t size);

VM_NORETURN void vm_panic(const char *what, const char *file, int line);

/* Checks for our own bugs, in every build. One condition per assertion. */
#define vm_assert(cond) ((cond) ? (void)0 : vm_panic(#cond, __FILE__, __LINE__))

#endif
