/* SPDX-License-Identifier: BSD-2-Clause */
/* engine-op.c - see engine-op.h. Each row of ops.def has a function apply_<name>; a missing one does not compile. */
#include "harness/target/engine-op.h"

#include "engine/map.h"
#include "engine/thread.h"
#include "engine/vm.h"

typedef int apply_fn(struct vm_map *map, const struct vm_op *op, uint64_t *value);

static inline vm_offset_t
start_of(const struct vm_op *op)
{
	return op->start << VM_PAGE_SHIFT;
}

static inline vm_offset_t
end_of(const struct vm_op *op)
{
	return op->end << VM_PAGE_SHIFT;
}

static inline int
cow_of(const struct vm_op *op)
{
	return (op->flags & VM_OPF_GUARD) != 0 ? MAP_CREATE_GUARD : 0;
}

static inline int
wire_flags_of(const struct vm_op *op)
{
	return ((op->flags & VM_OPF_USER) != 0 ? VM_MAP_WIRE_USER : VM_MAP_WIRE_SYSTEM) |
	       ((op->flags & VM_OPF_HOLESOK) != 0 ? VM_MAP_WIRE_HOLESOK : VM_MAP_WIRE_NOHOLES) |
	       ((op->flags & VM_OPF_WRITE) != 0 ? VM_MAP_WIRE_WRITE : 0);
}

static int
apply_insert(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	int rv;

	(void)value;
	(void)vm_op_begin(start_of(op), end_of(op));
	vm_map_lock(map);
	rv = vm_map_insert(map, NULL, 0, start_of(op), end_of(op), op->prot, op->max, cow_of(op));
	vm_map_unlock(map);
	return rv;
}

static int
apply_fixed(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_fixed_range(map, start_of(op), end_of(op), op->prot, op->max, cow_of(op));
}

static int
apply_find(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	vm_offset_t addr = 0;
	int rv = vm_map_find(map, NULL, 0, &addr, end_of(op), 0, VMFS_ANY_SPACE, op->prot, op->max, 0);

	*value = rv == KERN_SUCCESS ? addr >> VM_PAGE_SHIFT : 0;
	return rv;
}

static int
apply_remove(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_remove(map, start_of(op), end_of(op));
}

static int
apply_protect(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_protect(map, start_of(op), end_of(op), op->prot, (op->flags & VM_OPF_SETMAX) != 0);
}

static int
apply_inherit(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_inherit(map, start_of(op), end_of(op), op->choice);
}

static int
apply_madvise(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_madvise(map, start_of(op), end_of(op), op->choice);
}

static int
apply_wire(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_wire(map, start_of(op), end_of(op), wire_flags_of(op));
}

static int
apply_unwire(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_unwire(map, start_of(op), end_of(op), wire_flags_of(op));
}

static int
apply_sync(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_sync(map, start_of(op), end_of(op), true, (op->flags & VM_OPF_INVALIDATE) != 0);
}

static int
apply_check(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	bool yes;

	(void)value;
	(void)vm_op_begin(start_of(op), end_of(op));
	vm_map_lock_read(map);
	yes = vm_map_check_protection(map, start_of(op), end_of(op), op->prot);
	vm_map_unlock_read(map);
	return yes;
}

static int
apply_lookup(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	vm_map_entry_t entry;
	bool yes;

	(void)value;
	(void)vm_op_begin(start_of(op), start_of(op));
	vm_map_lock_read(map);
	while (VM_MUTATED(map, canary_assertion))
		__asm__ volatile("" ::: "memory");
	yes = vm_map_lookup_entry(map, start_of(op), &entry);
	vm_map_unlock_read(map);
	return yes;
}

static int
apply_clip(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_clip(map, start_of(op));
}

static int
apply_fault(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_fault(map, start_of(op), op->prot, VM_FAULT_NORMAL);
}

static int
apply_read(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	return vm_page_read(map, start_of(op), value);
}

static int
apply_write(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_page_write(map, start_of(op), op->value);
}

static int
apply_pageout(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_pageout(map, op->value);
}

static int
apply_wirefuture(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_wire_future(map, (op->flags & VM_OPF_ON) != 0);
}

static int
apply_mmap(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_mmap(map, start_of(op), end_of(op), op->prot, op->max, cow_of(op));
}

static int
apply_stack(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_mmap_stack(map, start_of(op), end_of(op));
}

static int
apply_grow(struct vm_map *map, const struct vm_op *op, uint64_t *value)
{
	(void)value;
	return vm_map_grow(map, start_of(op));
}

static apply_fn *const appliers[VM_OP_CODE_MAX + 1] = {
#define VM_OP(name, code, result, args, summary) [code] = apply_##name,
#include "engine/ops.def"
#undef VM_OP
};

#ifdef VM_MUTANTS

/* Planted faults: operations that do nothing, but report success. */
static bool
canary_does_nothing(const struct vm_map *map, const struct vm_op *op)
{
	if (vm_curthread->id > VM_CANARY_THREAD_MAX)
		return false; /* never in the init steps */
	return (op->code == VM_OP_wire && VM_MUTATED(map, canary_wired)) ||
	       (op->code == VM_OP_unwire && VM_MUTATED(map, canary_unwired)) ||
	       (op->code == VM_OP_insert && VM_MUTATED(map, canary_mapped)) ||
	       (op->code == VM_OP_remove && VM_MUTATED(map, canary_removed)) ||
	       ((op->code == VM_OP_protect || op->code == VM_OP_clip) && VM_MUTATED(map, canary_attributes));
}

/* Planted faults: wrong results. */
static void
canary_result(const struct vm_map *map, const struct vm_op *op, struct vm_result *r)
{
	bool success = r->code == KERN_SUCCESS;

	if (vm_curthread->id > VM_CANARY_THREAD_MAX)
		return;
	if (op->code == VM_OP_wire && success && VM_MUTATED(map, canary_unfounded))
		r->code = KERN_INVALID_ADDRESS;
	else if (op->code == VM_OP_wire && r->code == KERN_INVALID_ADDRESS && VM_MUTATED(map, canary_overlooked))
		r->code = KERN_SUCCESS;
	else if (op->code == VM_OP_wire && success && VM_MUTATED(map, canary_shortage))
		r->code = KERN_RESOURCE_SHORTAGE;
	else if (op->code == VM_OP_protect && success && VM_MUTATED(map, canary_code))
		r->code = KERN_NO_ACCESS;
	else if (op->code == VM_OP_lookup && (VM_MUTATED(map, canary_query) || VM_MUTATED(map, canary_never)))
		r->code = !r->code;
	else if (op->code == VM_OP_find && success && VM_MUTATED(map, canary_find))
		r->code = KERN_NO_SPACE;
	else if (op->code == VM_OP_read && success && VM_MUTATED(map, canary_content))
		r->value++;
}

#else
#define canary_does_nothing(map, op) (false)
#define canary_result(map, op, r) ((void)(map), (void)(op), (void)(r))
#endif

struct vm_result
engine_op_apply(struct vm_map *map, const struct vm_op *op)
{
	struct vm_result r = { .outcome = VM_OUTCOME_DONE };

	if (canary_does_nothing(map, op))
		return r;
	r.code = appliers[op->code](map, op, &r.value);
	r.edges = vm_curthread->ctx.edges;
	canary_result(map, op, &r);
	vm_curthread->ctx = (struct vm_op_ctx){ 0 }; /* reset for the next operation */
	return r;
}
