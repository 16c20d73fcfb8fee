/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pagebits.c - an engine outside the tree of wirestorm: a map of up to 64 pages as four words of bits.
 *
 * Build it with make, or with meson; both ask pkg-config for the installed library and need nothing else. The program
 * has every command of wirestorm: pagebits explore FILE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wirestorm/wirestorm.h>

enum { PAGES_MAX = 64, CHANNEL_BUSY = 1 };

/* The scheduling point at which a thread is suspended. */
enum place { IDLE, START, WAIT_BUSY, PAGE_IN };

struct pagebits {
	struct sim *sim;
	uint64_t min, max;
	struct bits {
		uint64_t mapped, wired, busy; /* one bit for each page; busy: a thread pages it in */
		bool sleepers;                /* threads sleep on CHANNEL_BUSY */
		uint8_t prot[PAGES_MAX], max_prot[PAGES_MAX];
		uint8_t place[SIM_FIBERS_MAX];
	} now, saved;
};

/* No thread holds the lock at a scheduling point. So the lock needs no flag: it is free whenever a thread runs. */
static void
lock(struct pagebits *b, enum place place)
{
	b->now.place[sim_self(b->sim)] = (uint8_t)place;
	sim_point(b->sim);
}

/* The bits of the pages [start, end) that are inside the map. */
static uint64_t
mask(const struct pagebits *b, const struct vm_op *op)
{
	uint64_t bits = 0;

	for (uint64_t page = b->min; page < b->max; page++)
		if (page >= op->start && page < op->end)
			bits |= UINT64_C(1) << (page - b->min);
	return bits;
}

/* Sleeps while a page is busy. The lock is free meanwhile, so the map may have changed on return. */
static void
wait_until_idle(struct pagebits *b, uint64_t pages)
{
	while ((b->now.busy & pages) != 0) {
		b->now.sleepers = true;
		b->now.place[sim_self(b->sim)] = WAIT_BUSY;
		sim_sleep(b->sim, CHANNEL_BUSY);
		lock(b, WAIT_BUSY);
	}
}

static int
insert(struct pagebits *b, const struct vm_op *op, uint64_t pages)
{
	if (op->start >= op->end || op->start < b->min || op->end > b->max)
		return KERN_INVALID_ADDRESS;
	if ((b->now.mapped & pages) != 0)
		return KERN_NO_SPACE;
	b->now.mapped |= pages;
	for (uint64_t page = op->start - b->min; page < op->end - b->min; page++) {
		b->now.prot[page] = op->prot;
		b->now.max_prot[page] = op->max;
	}
	return KERN_SUCCESS;
}

/* Marks the pages busy, pages them in without the lock, and wires them. */
static int
wire(struct pagebits *b, uint64_t pages)
{
	wait_until_idle(b, pages);
	if ((b->now.mapped & pages) != pages)
		return KERN_INVALID_ADDRESS;
	b->now.busy |= pages;
	lock(b, PAGE_IN);
	b->now.busy &= ~pages;
	b->now.wired |= pages;
	if (b->now.sleepers)
		sim_wakeup(b->sim, CHANNEL_BUSY);
	b->now.sleepers = false;
	return KERN_SUCCESS;
}

static int
drop(struct pagebits *b, enum vm_op_code code, uint64_t pages)
{
	wait_until_idle(b, pages);
	if (code == VM_OP_unwire && (b->now.mapped & pages) != pages)
		return KERN_INVALID_ADDRESS;
	b->now.wired &= ~pages;
	if (code == VM_OP_remove)
		b->now.mapped &= ~pages;
	return KERN_SUCCESS;
}

static struct vm_result
apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct vm_result result = { .outcome = VM_OUTCOME_DONE };
	struct pagebits *b = self;
	uint64_t pages = mask(b, op);

	lock(b, START);
	if (op->code == VM_OP_insert)
		result.code = insert(b, op, pages);
	else
		result.code = op->code == VM_OP_wire ? wire(b, pages) : drop(b, op->code, pages);
	b->now.place[thread] = IDLE;
	return result;
}

/* --- what the harness asks --- */

static const char *
config_reason(const struct program_config *config)
{
	if (config->max - config->min > PAGES_MAX)
		return "the map has more than 64 pages";
	if (config->nr_poison != 0 || config->limit_given || config->frames != 0)
		return "no poison, limit or frames";
	return config->kernel || config->mutant != NULL ? "no kernel map, no mutants" : NULL;
}

static const char *
op_reason(const struct program_config *config, const struct vm_op *op)
{
	(void)config;
	if (op->code == VM_OP_insert)
		return (op->flags & VM_OPF_GUARD) != 0 ? "no guards" : NULL;
	if (op->code == VM_OP_wire || op->code == VM_OP_unwire)
		return op->flags != VM_OPF_USER ? "wirings are for the user, without holes, for reading" : NULL;
	return op->code == VM_OP_remove ? NULL : "only insert, remove, wire and unwire";
}

static void *
create(const struct program_config *config, struct sim *sim)
{
	struct pagebits *b = calloc(1, sizeof(*b));

	if (b != NULL)
		*b = (struct pagebits){ .sim = sim, .min = config->min, .max = config->max };
	return b;
}

static bool
save(void *self)
{
	struct pagebits *b = self;

	b->saved = b->now;
	return true;
}

static void
restore(void *self)
{
	struct pagebits *b = self;

	b->now = b->saved;
}

static void
dump(void *self, struct vm_state *out)
{
	const struct pagebits *b = self;

	state_clear(out);
	for (uint64_t i = 0; i < b->max - b->min; i++) {
		bool wired = (b->now.wired >> i & 1) != 0;
		struct vm_run run = { .start = b->min + i, .end = b->min + i + 1, .inherit = VM_INHERIT_COPY };

		if ((b->now.mapped >> i & 1) == 0)
			continue;
		run.prot = b->now.prot[i];
		run.max = b->now.max_prot[i];
		run.user_wired = wired;
		run.wired_count = wired;
		run.transition = (b->now.busy >> i & 1) != 0;
		out->user_wired += wired;
		state_add(out, &run);
	}
}

/* What decides the future. A protection never decides anything here, but the final state shows it. */
static void
key(void *self, unsigned nr_threads, struct keybuf *k)
{
	const struct pagebits *b = self;

	keybuf_num(k, b->now.mapped);
	keybuf_num(k, b->now.wired);
	keybuf_num(k, b->now.busy);
	keybuf_num(k, b->now.sleepers);
	for (uint64_t i = 0; i < b->max - b->min; i++)
		if ((b->now.mapped >> i & 1) != 0)
			keybuf_u8(k, (uint8_t)(b->now.prot[i] | b->now.max_prot[i] << 3));
	for (unsigned i = 0; i < nr_threads; i++)
		keybuf_u8(k, b->now.place[i]);
}

static const char *
check(void *self, bool excused, uint32_t *excuse)
{
	const struct pagebits *b = self;

	(void)excused;
	(void)excuse;
	if ((b->now.wired & ~b->now.mapped) != 0)
		return "P1: a page is wired but not mapped";
	return (b->now.busy & ~b->now.mapped) != 0 ? "P2: a page is busy but not mapped" : NULL;
}

static void
where(void *self, unsigned thread, char *buf, size_t size)
{
	static const char *const texts[] = { "", "lock", "sleep until the pages are idle", "page in" };

	(void)snprintf(buf, size, "%s", texts[((const struct pagebits *)self)->now.place[thread]]);
}

static const struct vm_target pagebits = {
	VM_TARGET_INIT,
	.name = "pagebits",
	.summary = "64 pages as words of bits",
	.config_reason = config_reason,
	.op_reason = op_reason,
	.create = create,
	.destroy = free,
	.save = save,
	.restore = restore,
	.apply = apply,
	.dump = dump,
	.key = key,
	.check = check,
	.where = where,
};

WIRESTORM_MAIN(&pagebits)
