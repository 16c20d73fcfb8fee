/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim.c - fmap.c as a target, on the kernel of kern-sim.c. A template: for an engine of your own, replace the two
 * parts at the end, which call fmap.c. docs/bring-your-own-engine.md explains each part.
 *
 * The build renames symbols of fmap.c: its malloc is kern_malloc here, and so on.
 */
#include <errno.h>
#include <stdlib.h>

#include "examples/foreign/kern-sim.h"
#include "examples/foreign/fmap.h"

/* --- the target: what every engine needs --- */

struct shim {
	struct kern kern;
	struct fmap *map;
};

static bool
save(void *self)
{
	kern_save(&((struct shim *)self)->kern);
	return true;
}

static void
restore(void *self)
{
	kern_restore(&((struct shim *)self)->kern);
}

static void
destroy(void *self)
{
	kern_fini(&((struct shim *)self)->kern);
	free(self);
}

static void
key(void *self, unsigned nr_threads, struct keybuf *k)
{
	kern_key(&((struct shim *)self)->kern, nr_threads, k);
}

/* --- the target: operations of fmap.c --- */

static void *
create(const struct program_config *cfg, struct sim *sim)
{
	struct shim *s = calloc(1, sizeof(*s));

	if (s == NULL || !kern_init(&s->kern, sim)) {
		free(s);
		return NULL;
	}
	s->map = fmap_create(cfg->min, cfg->max);
	return s;
}

static int
kern_code(int error)
{
	switch (error) {
	case 0:
		return KERN_SUCCESS;
	case EFAULT:
		return KERN_INVALID_ADDRESS;
	case EEXIST:
		return KERN_NO_SPACE;
	case ENOMEM:
		return KERN_RESOURCE_SHORTAGE;
	default:
		return KERN_FAILURE;
	}
}

#define NOINLINE __attribute__((noinline))

/* Not inlined: the frame of its caller is the top of the stack that the key has. */
NOINLINE static int
call_engine(struct shim *s, const struct vm_op *op)
{
	switch (op->code) {
	case VM_OP_insert:
		return fmap_insert(s->map, op->start, op->end, op->prot, op->max);
	case VM_OP_remove:
		return fmap_remove(s->map, op->start, op->end);
	case VM_OP_wire:
		return fmap_wire(s->map, op->start, op->end);
	default:
		return fmap_unwire(s->map, op->start, op->end);
	}
}

static struct vm_result
apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct vm_result result = { .outcome = VM_OUTCOME_DONE };
	struct shim *s = self;

	kern_resume(&s->kern, thread);
	s->kern.tops[thread] = __builtin_frame_address(0);
	result.code = kern_code(call_engine(s, op));
	s->kern.tops[thread] = NULL;
	return result;
}

static const char *
config_reason(const struct program_config *cfg)
{
	if (cfg->nr_poison != 0 || cfg->limit_given || cfg->frames != 0)
		return "no poison, limit or frames";
	return cfg->kernel || cfg->mutant != NULL ? "no kernel map, no mutants" : NULL;
}

static const char *
op_reason(const struct program_config *cfg, const struct vm_op *op)
{
	(void)cfg;
	switch (op->code) {
	case VM_OP_insert:
		return (op->flags & VM_OPF_GUARD) != 0 ? "no guards" : NULL;
	case VM_OP_wire:
	case VM_OP_unwire:
		return op->flags != VM_OPF_USER ? "wirings are for the user, without holes, for reading" : NULL;
	case VM_OP_remove:
		return NULL;
	default:
		return "only insert, remove, wire and unwire";
	}
}

/* --- the target: the map of fmap.c --- */

/*
 * The entry after @e if it is a sound one. A broken list may lead anywhere, or round in a circle: what walks it must
 * not crash, and must end.
 */
static const struct fentry *
next_entry(const struct shim *s, const struct fentry *e)
{
	const struct fentry *next = e == NULL ? s->map->first : e->next;
	uintptr_t at = (uintptr_t)next - (uintptr_t)s->kern.now.arena;

	if (next == NULL || at > s->kern.now.used || at % _Alignof(struct fentry) != 0)
		return NULL;
	return e == NULL || (next->start >= e->end && next->end > next->start) ? next : NULL;
}

static void
dump(void *self, struct vm_state *out)
{
	const struct shim *s = self;

	state_clear(out);
	for (const struct fentry *e = NULL; (e = next_entry(s, e)) != NULL;)
		state_add(out, &(struct vm_run){ .start = e->start,
		                   .end = e->end,
		                   .prot = (uint8_t)e->prot,
		                   .max = (uint8_t)e->max,
		                   .inherit = VM_INHERIT_COPY,
		                   .user_wired = e->wired > 0,
		                   .wired_count = e->wired,
		                   .transition = e->busy != NULL });
	out->user_wired = s->map->nr_wired;
}

static const char *
check(void *self, bool excused, uint32_t *excuse)
{
	const struct shim *s = self;
	const struct fentry *e = NULL, *last;
	long nr_wired = 0;

	(void)excused;
	(void)excuse;
	do {
		last = e;
		e = next_entry(s, e);
		nr_wired += e != NULL && e->wired > 0 ? (long)(e->end - e->start) : 0;
	} while (e != NULL);
	if ((last == NULL ? s->map->first : last->next) != NULL)
		return "F1: the entries are not an ascending list";
	if (nr_wired != s->map->nr_wired)
		return "F2: the count of wired pages is wrong";
	if (!kern_freed_is_intact(&s->kern))
		return "F4: freed memory was written";
	return s->map->lock.owner != NULL ? "F3: the lock is held between steps" : NULL;
}

/* What both targets have. */
#define FOREIGN                                                                                                        \
	VM_TARGET_INIT, .config_reason = config_reason, .op_reason = op_reason, .create = create, .destroy = destroy,  \
	                .save = save, .restore = restore, .apply = apply, .dump = dump, .check = check

static const struct vm_target foreign = {
	FOREIGN,
	.name = "fmap",
	.summary = "a kernel's map, compiled unchanged",
	.key = key,
};
/* The same without a key, to compare with. */
static const struct vm_target foreign_no_key = {
	FOREIGN,
	.name = "fmap-no-key",
	.summary = "the same, explored schedule by schedule",
};

WIRESTORM_MAIN(&foreign, &foreign_no_key)
