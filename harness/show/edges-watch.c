/* SPDX-License-Identifier: BSD-2-Clause */
/* edges-watch.c - see edges-watch.h. */
#include "harness/show/edges-watch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"

/* A global, because create has no argument for it: only one target at a time is watched. */
static const struct vm_target *real;
static const struct checker *judge;
static struct vm_target watched;

/* An instance: the watch, and the instance of the real target. */
struct instance {
	struct edges_watch watch;
	void *self;
};

static void
watch_commit(struct edges_watch *w)
{
	for (uint64_t left = w->pending.any; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		w->seen.times[i] += w->pending.times[i];
		w->seen.invalid[i] += w->pending.invalid[i];
		w->pending.times[i] = w->pending.invalid[i] = 0;
	}
	w->seen.any |= w->pending.any;
	w->pending.any = 0;
	assert(w->pending.any == 0);
}

static void
watch_forget(struct edges_watch *w)
{
	if (w->pending.any != 0)
		w->pending = (struct edges_counts){ 0 };
}

static void
watch_count(struct edges_watch *w, const struct vm_result *result)
{
	for (uint64_t left = result->edges; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		w->pending.times[i]++;
		w->pending.invalid[i] += result->code == KERN_INVALID_ADDRESS;
	}
	w->pending.any |= result->edges;
}

static void *
watch_create(const struct program_config *cfg, struct sim *sim)
{
	struct instance *i = memory_new(1, sizeof(*i), "an instance of the target");

	i->watch.checker = judge;
	i->self = real->create(cfg, sim);
	if (i->self != NULL)
		return i;
	free(i);
	return NULL;
}

static void
watch_destroy(void *self)
{
	struct instance *i = self;

	real->destroy(i->self);
	free(i);
}

static void
watch_program(void *self, const struct program *p)
{
	real->program(((struct instance *)self)->self, p);
}

static bool
watch_save(void *self)
{
	struct instance *i = self;

	memcpy(i->watch.saved, i->watch.now, sizeof(i->watch.now));
	return real->save(i->self);
}

static void
watch_restore(void *self)
{
	struct instance *i = self;

	memcpy(i->watch.now, i->watch.saved, sizeof(i->watch.now));
	watch_forget(&i->watch);
	real->restore(i->self);
}

/*
 * Counts only explored steps. The explorer asks for a key after such a step. A step that is executed again is quiet,
 * and a repeated witness asks for no key; nor does an operation that runs alone.
 */
static struct vm_result
watch_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct instance *i = self;
	struct vm_result result = real->apply(i->self, thread, op);

	i->watch.now[thread] |= result.edges;
	if (i->watch.checker == NULL || !i->watch.checker->quiet)
		watch_count(&i->watch, &result);
	if (thread == SIM_INIT_THREAD || real->key == NULL)
		watch_commit(&i->watch);
	return result;
}

static void
watch_dump(void *self, struct vm_state *out)
{
	real->dump(((struct instance *)self)->self, out);
}

static size_t
watch_entries(void *self, uint64_t *starts, size_t max)
{
	return real->entries(((struct instance *)self)->self, starts, max);
}

static void
watch_key(void *self, unsigned nr_threads, struct keybuf *out)
{
	struct instance *i = self;

	watch_commit(&i->watch);
	for (unsigned t = 0; t < nr_threads; t++)
		keybuf_num(out, i->watch.now[t]);
	real->key(i->self, nr_threads, out);
}

static const char *
watch_check(void *self, bool excused, uint32_t *excuse)
{
	return real->check(((struct instance *)self)->self, excused, excuse);
}

static bool
watch_broken_at(void *self, uint64_t *start, uint64_t *end)
{
	return real->broken_at(((struct instance *)self)->self, start, end);
}

static bool
watch_cleaned(void *self, unsigned thread, uint64_t *start, uint64_t *end, bool *dirty)
{
	return real->cleaned(((struct instance *)self)->self, thread, start, end, dirty);
}

static bool
watch_mergeable(void *self, uint64_t start, uint64_t end, uint64_t *page)
{
	return real->mergeable(((struct instance *)self)->self, start, end, page);
}

static void
watch_where(void *self, unsigned thread, char *buf, size_t size)
{
	real->where(((struct instance *)self)->self, thread, buf, size);
}

const struct vm_target *
edges_watch_target(const struct vm_target *target, const struct checker *checker)
{
	assert(target != &watched);
	real = target;
	judge = checker;
	/* Not a copy: a function that is not wrapped here would get the wrong instance. */
	watched = (struct vm_target){ .name = target->name,
		.summary = target->summary,
		.sequential = target->sequential,
		.judged = target->judged,
		.config_reason = target->config_reason,
		.op_reason = target->op_reason,
		.profiles = target->profiles };
	watched.create = watch_create;
	watched.destroy = watch_destroy;
	watched.save = watch_save;
	watched.restore = watch_restore;
	watched.apply = watch_apply;
	watched.dump = watch_dump;
	/* Functions that the target lacks stay NULL. */
	watched.program = target->program != NULL ? watch_program : NULL;
	watched.entries = target->entries != NULL ? watch_entries : NULL;
	watched.key = target->key != NULL ? watch_key : NULL;
	watched.check = target->check != NULL ? watch_check : NULL;
	watched.broken_at = target->broken_at != NULL ? watch_broken_at : NULL;
	watched.cleaned = target->cleaned != NULL ? watch_cleaned : NULL;
	watched.mergeable = target->mergeable != NULL ? watch_mergeable : NULL;
	watched.where = target->where != NULL ? watch_where : NULL;
	return &watched;
}

struct edges_watch *
edges_watch_of(const struct run *r)
{
	return &((struct instance *)r->self)->watch;
}
