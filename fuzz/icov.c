/* SPDX-License-Identifier: BSD-2-Clause */
/* icov.c - see icov.h. */
#include "fuzz/icov.h"

#include <stdlib.h>
#include <string.h>

#include "engine/edge.h"
#include "engine/thread.h"

/* libFuzzer clears them before each run and reads them behind it. The name of the section is its interface. */
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[ICOV_SIZE];

static uint8_t ever[ICOV_SIZE];
static unsigned long nr_runs, nr_set, first_run[VM_EDGE_COUNT];
static uint64_t edges_ever;
static unsigned regions = ICOV_SWITCHES_ON | ICOV_PAIRS_ON | ICOV_EDGES_ON;

/* How the ranges of two operations lie to each other. */
enum relation {
	DISJOINT = 0,
	EQUAL,
	AROUND, /* the first around the second */
	WITHIN,
	PARTLY,
};

/* What a thread is about, roughly: few enough that each has a counter of its own with each edge. */
#define PHASES 8
static const uint8_t phases[] = {
	[VM_POINT_none] = 0,
	[VM_POINT_lock] = 1,
	[VM_POINT_transition_wait] = 2,
	[VM_POINT_wiring_wait] = 2,
	[VM_POINT_busy_wait] = 2,
	[VM_POINT_wire_fault] = 3,
	[VM_POINT_wire_relock] = 4,
	[VM_POINT_fault] = 5,
	[VM_POINT_fault_second] = 5,
	[VM_POINT_fault_wait] = 5,
	[VM_POINT_frame_wait] = 6,
	[VM_POINT_sync_relock] = 7,
};
_Static_assert(VM_EDGE_COUNT *PHASES <= ICOV_EDGES, "each edge has its counters");

struct place {
	bool live; /* has operations left */
	unsigned nr_done;
	uint8_t op, point;
	uint16_t site;       /* both */
	uint64_t start, end; /* pages of the operation */
};

static struct place places[PROGRAM_THREADS_MAX];
static unsigned last; /* who made the step before; PROGRAM_THREADS_MAX: nobody */

void
icov_environment(void)
{
	const char *text = getenv("WS_FUZZ_ICOV");

	if (text != NULL)
		regions = (unsigned)strtoul(text, NULL, 10);
}

static enum relation
relation(const struct place *a, const struct place *b)
{
	if (a->start >= b->end || b->start >= a->end)
		return DISJOINT;
	if (a->start == b->start && a->end == b->end)
		return EQUAL;
	if (a->start <= b->start && a->end >= b->end)
		return AROUND;
	return b->start <= a->start && b->end >= a->end ? WITHIN : PARTLY;
}

/* Operation and point in one dense number. */
static uint16_t
site(const struct place *p)
{
	return (uint16_t)(p->op << 4 | p->point);
}

static void
set(unsigned at)
{
	nr_set += counters[at] == 0;
	counters[at] = 1;
	ever[at] = 1;
}

/* Spreads three sites and a relation; the high bits of a product depend on all that went in. */
static unsigned
spread(uint32_t a, uint32_t b, uint32_t c, enum relation r, unsigned size)
{
	uint64_t v = (uint64_t)a << 32 | (uint64_t)b << 18 | (uint64_t)c << 4 | (uint64_t)r;

	v = (v ^ v >> 29) * 0x9e3779b97f4a7c15u;
	return (unsigned)((unsigned __int128)v * size >> 64);
}

static void
place_op(const struct run *r, unsigned thread)
{
	const struct program_thread *t = &r->program->threads[thread];
	struct place *p = &places[thread];
	unsigned i = r->threads[thread].nr_done;
	const struct vm_op *op = &t->ops[i];

	p->nr_done = i;
	p->live = i < t->nr_ops;
	if (!p->live)
		return;
	p->op = op->code;
	p->start = op->start;
	p->end = op->end > op->start ? op->end : op->start + 1;
	/* What names no place has to do with all of them. */
	if (op->start == 0 && vm_op_table[op->code].args[0] != VM_ARG_START)
		p->end = UINT64_MAX;
}

void
icov_begin(const struct run *r)
{
	nr_runs++;
	last = PROGRAM_THREADS_MAX;
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		place_op(r, t);
		places[t].point = VM_POINT_none;
		places[t].site = site(&places[t]);
	}
}

/* Kept whether or not the counters are: it is what they are measured by. */
static void
note_edges(const struct run *r, unsigned thread, unsigned from)
{
	const struct run_thread *t = &r->threads[thread];

	for (unsigned i = from; i < t->nr_done; i++) {
		uint64_t new = t->results[i].edges & ~edges_ever;

		edges_ever |= new;
		for (; new != 0; new &= new - 1)
			first_run[__builtin_ctzll(new)] = nr_runs;
	}
}

/* The named returns of the operations that ended in this step, if another thread was at its own. */
static void
set_edges(const struct run *r, unsigned thread, unsigned from, unsigned phase)
{
	const struct run_thread *t = &r->threads[thread];

	for (unsigned i = from; i < t->nr_done; i++)
		for (uint64_t left = t->results[i].edges; left != 0; left &= left - 1)
			set(ICOV_SWITCHES + ICOV_PAIRS + (unsigned)__builtin_ctzll(left) * PHASES + phase);
}

void
icov_step(const struct run *r, unsigned thread)
{
	struct place *p = &places[thread], before = *p;
	bool ended;

	if (r->threads[thread].nr_done > before.nr_done) {
		place_op(r, thread);
		note_edges(r, thread, before.nr_done);
	}
	if (regions == 0)
		return;
	/* The engine's running thread is still the one whose step has just ended. */
	p->point = vm_curthread->ctx.point;
	p->site = site(p);
	ended = p->nr_done > before.nr_done;
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		const struct place *other = &places[t];
		enum relation now, then;

		if (t == thread || !other->live)
			continue;
		now = relation(p, other);
		if ((regions & ICOV_PAIRS_ON) != 0 && p->live && now != DISJOINT)
			set(ICOV_SWITCHES + spread(p->site, other->site, 0, now, ICOV_PAIRS));
		if (!ended && t != last)
			continue;
		then = ended ? relation(&before, other) : now;
		if (then == DISJOINT)
			continue;
		if ((regions & ICOV_EDGES_ON) != 0 && ended)
			set_edges(r, thread, before.nr_done, phases[other->point]);
		if ((regions & ICOV_SWITCHES_ON) != 0 && t == last && other->point != VM_POINT_none)
			set(spread(before.site, other->site, p->live ? p->site : 0, then, ICOV_SWITCHES));
	}
	last = thread;
}

static unsigned
count(const uint8_t *from, unsigned nr)
{
	unsigned set_ones = 0;

	for (unsigned i = 0; i < nr; i++)
		set_ones += from[i];
	return set_ones;
}

struct icov_fill
icov_fill(void)
{
	return (struct icov_fill){
		.switches = count(ever, ICOV_SWITCHES),
		.pairs = count(ever + ICOV_SWITCHES, ICOV_PAIRS),
		.edges = count(ever + ICOV_SWITCHES + ICOV_PAIRS, ICOV_EDGES),
		.runs = nr_runs,
		.set_per_run = nr_runs != 0 ? (double)nr_set / (double)nr_runs : 0,
	};
}

unsigned long
icov_first_run(unsigned edge)
{
	return first_run[edge];
}
