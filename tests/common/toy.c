/* SPDX-License-Identifier: BSD-2-Clause */
/* toy.c - see toy.h. */
#include "tests/common/toy.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/sim/sim.h"

#define LOCKS 4
#define CHANNEL_FLAG 7
#define CHANNEL_LOCK 10 /* and the lock's number */

struct toy_state {
	uint64_t counter, hidden;
	bool locked[LOCKS], flag;
	/* Of suspended operations, the init thread's among them: how far, and the number they hold. */
	uint32_t pc[SIM_FIBERS_MAX];
	uint64_t local[SIM_FIBERS_MAX];
};

struct toy_self {
	struct sim *sim;
	struct toy_state now, saved;
};

volatile int toy_stop;

static void *
toy_create(const struct program_config *cfg, struct sim *sim)
{
	struct toy_self *self = calloc(1, sizeof(*self));

	(void)cfg;
	if (self != NULL)
		self->sim = sim;
	return self;
}

static bool
toy_save(void *p)
{
	struct toy_self *self = p;

	self->saved = self->now;
	return true;
}

static void
toy_restore(void *p)
{
	struct toy_self *self = p;

	self->now = self->saved;
}

static void
take(struct toy_self *self, unsigned lock)
{
	sim_point(self->sim);
	while (self->now.locked[lock])
		sim_block(self->sim, CHANNEL_LOCK + lock);
	self->now.locked[lock] = true;
}

static void
wait_for_flag(struct toy_self *self, unsigned thread, bool safe)
{
	sim_point(self->sim);
	while (!self->now.flag) {
		if (!safe) {
			self->now.pc[thread] = 1;
			sim_point(self->sim);
			self->now.pc[thread] = 2;
		}
		sim_sleep(self->sim, CHANNEL_FLAG);
		self->now.pc[thread] = 0;
		sim_point(self->sim);
	}
	self->now.pc[thread] = 0;
}

static void
steps(struct toy_self *self, unsigned thread, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		self->now.pc[thread] = (uint32_t)i;
		sim_point(self->sim);
	}
	self->now.pc[thread] = 0;
}

static uint64_t
increment(struct toy_self *self, unsigned thread)
{
	uint64_t *local = &self->now.local[thread], was;

	sim_point(self->sim);
	*local = self->now.counter;
	self->now.pc[thread] = 1;
	sim_point(self->sim);
	was = *local;
	self->now.counter = was + 1;
	self->now.pc[thread] = 0;
	*local = 0;
	return was;
}

static uint64_t
one_step(struct toy_self *self, enum toy_verb verb, uint64_t arg)
{
	struct toy_state *s = &self->now;
	uint64_t was = 0;

	sim_point(self->sim);
	if (verb == TOY_ADD) {
		was = s->counter;
		s->counter += arg;
	} else if (verb == TOY_SIGNAL) {
		s->flag = true;
		sim_wakeup(self->sim, CHANNEL_FLAG);
	} else if (verb == TOY_HIDE) {
		s->hidden = arg;
	} else if (verb == TOY_PEEK) {
		was = s->hidden;
	} else {
		toy_stop = 1;
	}
	return was;
}

static struct vm_result
toy_apply(void *p, unsigned thread, const struct vm_op *op)
{
	struct toy_self *self = p;
	enum toy_verb verb = (enum toy_verb)(op->start % 100);
	uint64_t arg = op->start / 100;
	struct vm_result r = { .outcome = VM_OUTCOME_DONE };

	switch (verb) {
	case TOY_STEPS:
		steps(self, thread, arg);
		break;
	case TOY_INC:
		r.value = increment(self, thread);
		break;
	case TOY_LOCK:
		take(self, (unsigned)arg);
		break;
	case TOY_UNLOCK:
		self->now.locked[arg] = false;
		sim_wakeup(self->sim, CHANNEL_LOCK + (unsigned)arg);
		break;
	case TOY_WAIT:
	case TOY_SAFE:
		wait_for_flag(self, thread, verb == TOY_SAFE);
		break;
	case TOY_SPIN:
		do
			sim_point(self->sim);
		while (!self->now.flag);
		break;
	case TOY_ADD:
	case TOY_SIGNAL:
	case TOY_HIDE:
	case TOY_PEEK:
	case TOY_STOP:
		r.value = one_step(self, verb, arg);
		break;
	case TOY_VERBS:
		errx(1, "no verb of the toy");
	}
	return r;
}

static void
toy_dump(void *p, struct vm_state *out)
{
	struct toy_self *self = p;

	state_clear(out);
	out->user_wired = (int64_t)self->now.counter;
}

static void
toy_key_leaky(void *p, unsigned nr_threads, struct keybuf *k)
{
	struct toy_self *self = p;
	keybuf_num(k, self->now.counter);
	keybuf_u8(k, self->now.flag);
	for (unsigned i = 0; i < LOCKS; i++)
		keybuf_u8(k, self->now.locked[i]);
	for (unsigned i = 0; i < nr_threads; i++) {
		keybuf_num(k, self->now.pc[i]);
		keybuf_num(k, self->now.local[i]);
	}
}

static void
toy_key(void *p, unsigned nr_threads, struct keybuf *k)
{
	toy_key_leaky(p, nr_threads, k);
	keybuf_num(k, ((struct toy_self *)p)->now.hidden);
}

#define TOY_TARGET(the_name, the_key)                                                                                  \
	{                                                                                                              \
		VM_TARGET_INIT, .name = (the_name), .summary = "a toy", .create = toy_create, .destroy = free,         \
		                .save = toy_save, .restore = toy_restore, .apply = toy_apply, .dump = toy_dump,        \
		                .key = (the_key)                                                                       \
	}

const struct vm_target toy = TOY_TARGET("toy", toy_key);
const struct vm_target toy_leaky = TOY_TARGET("toy-leaky", toy_key_leaky);
const struct vm_target toy_no_key = TOY_TARGET("toy-no-key", NULL);

void
toy_add_op(struct program *p, unsigned thread, uint64_t op)
{
	struct program_thread *t = &p->threads[thread];

	if (t->nr_ops == PROGRAM_OPS_MAX)
		errx(1, "too many operations");
	t->ops[t->nr_ops++] = (struct vm_op){ .code = VM_OP_read, .start = op };
}

void
toy_program(struct program *p, unsigned nr_threads, const uint64_t *const ops[])
{
	program_init(p);
	p->threads = calloc(nr_threads, sizeof(*p->threads));
	if (p->threads == NULL)
		err(1, "no memory");
	p->nr_threads = nr_threads;
	for (unsigned t = 0; t < nr_threads; t++)
		for (const uint64_t *op = ops[t]; *op != TOY_END; op++)
			toy_add_op(p, t, *op);
}
