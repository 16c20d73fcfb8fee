/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rangelock.c - a map of up to 64 pages whose wire and remove lock ranges of pages. There are two range locks, so a
 * thread also waits for a free one. It has profiles of its own: "ranges" is correct, and each switch of "ranges-v1"
 * puts one bug of its first version back. docs/bring-your-own-engine.md explains profiles with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/wirestorm.h"

enum { PAGES_MAX = 64, NR_LOCKS = 2, CHANNEL_LOCK = 1, CHANNEL_RANGE = 2 };
/* The scheduling point at which a thread is suspended. */
enum place { IDLE, START, BEFORE_WAIT, WAIT, PAGE_IN };

/* quote profiles */
enum { R1 = 1 << 0, R2 = 1 << 1 };

static const struct vm_behaviour_desc switches[] = {
	{ "R1", "wait_unlocks_the_map_first",
	    "a thread that finds a range locked unlocks the map, and then goes to sleep", "both are one step" },
	{ "R2", "wire_counts_before_it_sleeps", "wire computes the new count of wired pages before it pages in",
	    "wire counts a page after it is wired" },
	{ 0 },
};
static const struct vm_profile_desc profiles[] = {
	{ "ranges", 0, "", "no switch is on" },
	{ "ranges-v1", R1 | R2, "", "the first version, with both bugs" },
	{ 0 },
};
/* A waiter that nobody wakes is a finding of the harness; those of check() come with their switches. */
static const struct profile_excuse excuses[] = { { "stuck", R1 }, { 0 } };
static const struct profile_set profile_set = { profiles, switches, excuses };
/* end */

struct rangelock {
	struct sim *sim;
	uint64_t min, max;
	uint32_t on; /* switches */
	struct ranges {
		bool mapped[PAGES_MAX], wired[PAGES_MAX];
		struct range {
			bool used;
			uint8_t start, end;
		} locks[NR_LOCKS];
		uint8_t place[SIM_FIBERS_MAX], cursor[SIM_FIBERS_MAX], waits_for[SIM_FIBERS_MAX];
		int32_t nr_wired, next_nr[SIM_FIBERS_MAX];
	} now, saved;
};

/* No thread holds the map lock at a scheduling point, so the lock needs no flag. */
static void
lock_map(struct rangelock *r, enum place place)
{
	r->now.place[sim_self(r->sim)] = (uint8_t)place;
	sim_point(r->sim);
}

/* Unlocks the map meanwhile. With R1, a wakeup just before the sleep is lost. */
static void
wait_for(struct rangelock *r, unsigned channel)
{
	unsigned self = sim_self(r->sim);

	r->now.waits_for[self] = (uint8_t)channel;
	if ((r->on & R1) != 0)
		lock_map(r, BEFORE_WAIT);
	r->now.place[self] = WAIT;
	sim_sleep(r->sim, channel);
	lock_map(r, WAIT);
	r->now.waits_for[self] = 0;
}

static bool
is_locked(const struct rangelock *r, unsigned start, unsigned end)
{
	for (unsigned i = 0; i < NR_LOCKS; i++)
		if (r->now.locks[i].used && r->now.locks[i].start < end && start < r->now.locks[i].end)
			return true;
	return false;
}

static struct range *
free_lock(struct rangelock *r)
{
	for (unsigned i = 0; i < NR_LOCKS; i++)
		if (!r->now.locks[i].used)
			return &r->now.locks[i];
	return NULL;
}

static struct range *
lock_range(struct rangelock *r, unsigned start, unsigned end)
{
	struct range *free;

	for (;;) {
		if (is_locked(r, start, end)) {
			wait_for(r, CHANNEL_RANGE);
			continue;
		}
		free = free_lock(r);
		if (free != NULL) {
			*free = (struct range){ true, (uint8_t)start, (uint8_t)end };
			return free;
		}
		wait_for(r, CHANNEL_LOCK);
	}
}

static void
unlock_range(struct rangelock *r, struct range *range)
{
	*range = (struct range){ 0 };
	sim_wakeup(r->sim, CHANNEL_RANGE);
	sim_wakeup(r->sim, CHANNEL_LOCK);
}

static void
unwire_page(struct rangelock *r, unsigned page)
{
	r->now.nr_wired -= r->now.wired[page];
	r->now.wired[page] = false;
}

static int
range_wire(struct rangelock *r, unsigned thread, unsigned start, unsigned end)
{
	struct range *range = lock_range(r, start, end);
	unsigned page;

	for (page = start; page < end && r->now.mapped[page]; page++) {
		int32_t *next_nr = &r->now.next_nr[thread];

		r->now.cursor[thread] = (uint8_t)page;
		*next_nr = (r->on & R2) != 0 ? r->now.nr_wired + !r->now.wired[page] : 0;
		lock_map(r, PAGE_IN);
		r->now.nr_wired = (r->on & R2) != 0 ? *next_nr : r->now.nr_wired + !r->now.wired[page];
		r->now.wired[page] = true;
		*next_nr = 0;
	}
	for (unsigned i = start; page < end && i < page; i++) /* a hole: undo */
		unwire_page(r, i);
	unlock_range(r, range);
	return page < end ? KERN_INVALID_ADDRESS : KERN_SUCCESS;
}

static int
range_remove(struct rangelock *r, unsigned start, unsigned end)
{
	struct range *range = lock_range(r, start, end);

	for (unsigned page = start; page < end; page++) {
		unwire_page(r, page);
		r->now.mapped[page] = false;
	}
	unlock_range(r, range);
	return KERN_SUCCESS;
}

static struct vm_result
apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct vm_result result = { .outcome = VM_OUTCOME_DONE, .code = KERN_SUCCESS };
	struct rangelock *r = self;
	unsigned start = (unsigned)(op->start - r->min), end = (unsigned)(op->end - r->min);

	lock_map(r, START);
	if (op->code == VM_OP_insert)
		memset(&r->now.mapped[start], true, end - start);
	else
		result.code = op->code == VM_OP_wire ? range_wire(r, thread, start, end) : range_remove(r, start, end);
	r->now.place[thread] = IDLE;
	r->now.cursor[thread] = 0;
	return result;
}

/* --- what the harness asks --- */

static const char *
config_reason(const struct program_config *cfg)
{
	if (cfg->max - cfg->min > PAGES_MAX)
		return "the map has more than 64 pages";
	if (cfg->nr_poison != 0 || cfg->limit_given || cfg->frames != 0)
		return "no poison, limit or frames";
	return cfg->kernel || cfg->mutant != NULL ? "no kernel map, no mutants" : NULL;
}

/* quote op_reason */
static const char *
op_reason(const struct program_config *cfg, const struct vm_op *op)
{
	if (op->code != VM_OP_insert && op->code != VM_OP_remove && op->code != VM_OP_wire)
		return "only insert, remove and wire";
	if (op->start >= op->end || op->start < cfg->min || op->end > cfg->max)
		return "a range that is empty or outside the map";
	if (op->code == VM_OP_insert)
		return (op->flags & VM_OPF_GUARD) != 0 ? "no guards" : NULL;
	return op->code == VM_OP_wire && op->flags != VM_OPF_USER ? "only wire user noholes" : NULL;
}
/* end */

static void *
create(const struct program_config *cfg, struct sim *sim)
{
	struct rangelock *r = calloc(1, sizeof(*r));

	if (r != NULL)
		*r = (struct rangelock){ .sim = sim, .min = cfg->min, .max = cfg->max, .on = cfg->profile.on };
	return r;
}

static bool
save(void *self)
{
	struct rangelock *r = self;

	r->saved = r->now;
	return true;
}

static void
restore(void *self)
{
	struct rangelock *r = self;

	r->now = r->saved;
}

static void
dump(void *self, struct vm_state *out)
{
	const struct rangelock *r = self;

	state_clear(out);
	for (unsigned page = 0; page < r->max - r->min; page++)
		if (r->now.mapped[page])
			state_add(out, &(struct vm_run){ .start = r->min + page,
			                   .end = r->min + page + 1,
			                   .prot = VM_PROT_READ,
			                   .max = VM_PROT_READ,
			                   .inherit = VM_INHERIT_COPY,
			                   .user_wired = r->now.wired[page],
			                   .wired_count = r->now.wired[page],
			                   .transition = is_locked(r, page, page + 1) });
	out->user_wired = r->now.nr_wired;
}

static void
key(void *self, unsigned nr_threads, struct keybuf *k)
{
	const struct rangelock *r = self;

	for (unsigned page = 0; page < r->max - r->min; page++)
		keybuf_u8(k, (uint8_t)(r->now.mapped[page] | r->now.wired[page] << 1));
	for (unsigned i = 0; i < NR_LOCKS; i++) {
		keybuf_u8(k, r->now.locks[i].used);
		keybuf_u8(k, r->now.locks[i].start);
		keybuf_u8(k, r->now.locks[i].end);
	}
	keybuf_signed(k, r->now.nr_wired);
	for (unsigned i = 0; i < nr_threads; i++) {
		keybuf_u8(k, r->now.place[i]);
		keybuf_u8(k, r->now.cursor[i]);
		keybuf_u8(k, r->now.waits_for[i]);
		keybuf_signed(k, r->now.next_nr[i]);
	}
}

/* quote check */
static const char *
check(void *self, bool excused, uint32_t *excuse)
{
	const struct rangelock *r = self;
	int32_t nr = 0;

	for (unsigned page = 0; page < PAGES_MAX; page++)
		nr += r->now.wired[page];
	*excuse = R2;
	return nr == r->now.nr_wired || (excused && (r->on & R2) != 0) ? NULL : "L1: the count of wired pages is wrong";
}
/* end */

static void
where(void *self, unsigned thread, char *buf, size_t size)
{
	static const char *const texts[] = { "", "lock the map", "go to sleep", "wait", "" };
	const struct rangelock *r = self;

	if (r->now.place[thread] == PAGE_IN)
		(void)snprintf(buf, size, "page in %u", (unsigned)r->min + r->now.cursor[thread]);
	else
		(void)snprintf(buf, size, "%s", texts[r->now.place[thread]]);
}

/* quote rangelock */
static const struct vm_target rangelock = {
	VM_TARGET_INIT,
	.name = "rangelock",
	.summary = "two range locks, and two bugs to switch on",
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
	.profiles = &profile_set,
};
/* end */

WIRESTORM_MAIN(&rangelock)
