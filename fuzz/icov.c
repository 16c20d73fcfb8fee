/* SPDX-License-Identifier: BSD-2-Clause */
/* icov.c - see icov.h. */
#include "fuzz/icov.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/edge.h"
#include "engine/thread.h"

#define WHERE_SIZE 96
#define HASH_PRIME 2654435761u
#define ICOV_RETURNS (ICOV_SIZE / ICOV_PHASES)

/* libFuzzer clears them before each run and reads them after it. The name of the section is its interface. */
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[ICOV_SIZE];

/*
 * AFL++ does not know that section, but its runtime accepts guards of edges from any code. These guards stand for edges
 * that no code has. libFuzzer's runtime has the same two functions, but they end the program; only AFL++ has a map.
 */
extern uint32_t __afl_map_size __attribute__((weak));
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop) __attribute__((weak));
void __sanitizer_cov_trace_pc_guard(uint32_t *guard) __attribute__((weak));

static uint32_t guards[ICOV_SIZE];
static bool guarded;

/* Runs before AFL++ determines the size of its map, as the compiler's own guards do: priority 2, which gcc reserves. */
#ifdef __clang__
__attribute__((constructor(2)))
#else
__attribute__((unused))
#endif
static void
icov_register_guards(void)
{
	guarded = &__afl_map_size != NULL && __sanitizer_cov_trace_pc_guard_init != NULL;
	if (guarded)
		__sanitizer_cov_trace_pc_guard_init(guards, guards + ICOV_SIZE);
}

static uint8_t ever[ICOV_SIZE];
static unsigned long nr_runs, nr_set, first_run[ICOV_RETURNS];
static uint64_t edges_ever;
static bool off;

enum phase {
	PHASE_START,
	PHASE_LOCK,
	PHASE_SLEEP,
	PHASE_WIRE_FAULT,
	PHASE_WIRE_RELOCK,
	PHASE_FAULT,
	PHASE_FRAME,
	PHASE_SYNC
};

/* A point that sleeps has the phase of its channel; other points without a row count as the start. */
static const uint8_t phases[] = {
	[VM_POINT_none] = PHASE_START,
	[VM_POINT_lock] = PHASE_LOCK,
	[VM_POINT_wire_fault] = PHASE_WIRE_FAULT,
	[VM_POINT_wire_relock] = PHASE_WIRE_RELOCK,
	[VM_POINT_fault] = PHASE_FAULT,
	[VM_POINT_fault_second] = PHASE_FAULT,
	[VM_POINT_sync_relock] = PHASE_SYNC,
	[VM_POINT_relock] = PHASE_START,
	[VM_POINT_upgrade] = PHASE_START,
#define VM_CHANNEL(id, name, letter, condition, cause)
#define VM_SLEEP(point, channel, text)                                                                                 \
	[VM_POINT_##point] = VM_CHANNEL_##channel == VM_CHANNEL_FRAME ? PHASE_FRAME : PHASE_SLEEP,
#include "engine/channels.def"
#undef VM_SLEEP
#undef VM_CHANNEL
};
_Static_assert(PHASE_SYNC < ICOV_PHASES, "each phase has a counter");

struct place {
	unsigned nr_done; /* operations that had ended after the last step */
	bool live;        /* has operations to run */
	uint8_t phase;
	struct op_ranges ranges; /* of the present operation; at least one, none is empty */
};

static struct place places[PROGRAM_THREADS_MAX];

/*
 * The phase of the thread whose step has just ended. Targets other than the engine have no rows for their points: there
 * it is what the thread will do next, without the page numbers in it.
 */
static uint8_t
icov_phase(const struct run *r, unsigned thread)
{
	char where[WHERE_SIZE] = "";
	uint32_t hash = 0;

	if (r->target == &target_engine)
		return phases[vm_curthread->ctx.point];
	if (r->target->where != NULL)
		r->target->where(r->self, thread, where, sizeof(where));
	for (const char *c = where; *c != '\0'; c++)
		if (*c < '0' || *c > '9')
			hash = (hash ^ (uint8_t)*c) * HASH_PRIME;
	return (uint8_t)((hash >> 16) % ICOV_PHASES);
}

/*
 * The named returns of the operations from @first on that @thread has ended. A return without a name counts as one by
 * its operation and its result.
 */
static uint64_t
icov_returns(const struct run *r, unsigned thread, unsigned first)
{
	const struct run_thread *t = &r->threads[thread];
	uint64_t edges = 0;

	for (unsigned i = first; i < t->nr_done; i++) {
		uint32_t code = r->program->threads[thread].ops[i].code, result = (uint32_t)t->results[i].code;

		edges |= t->results[i].edges;
		if (t->results[i].edges == 0 && r->target != &target_engine)
			edges |= UINT64_C(1) << (((code << 8 ^ result) * HASH_PRIME >> 16) % ICOV_RETURNS);
	}
	return edges;
}

void
icov_environment(void)
{
	const char *text = getenv("WS_FUZZ_ICOV");

	off = text != NULL && strcmp(text, "0") == 0;
}

static void
icov_set(unsigned at)
{
	if (counters[at] != 0)
		return;
	nr_set++;
	counters[at] = 1;
	ever[at] = 1;
	if (guarded)
		__sanitizer_cov_trace_pc_guard(&guards[at]);
}

static void
icov_place_op(const struct run *r, unsigned thread)
{
	const struct program_thread *t = &r->program->threads[thread];
	struct place *p = &places[thread];

	p->nr_done = r->threads[thread].nr_done;
	p->live = p->nr_done < t->nr_ops;
	if (p->live)
		p->ranges = strategy_op_ranges(&t->ops[p->nr_done]);
}

void
icov_begin(const struct run *r)
{
	nr_runs++;
	if (guarded)
		memset(counters, 0, sizeof(counters)); /* libFuzzer clears them itself */
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		icov_place_op(r, t);
		places[t].phase = PHASE_START;
	}
}

/* Recorded with or without counters: their value is measured by it. */
static void
icov_note_edges(uint64_t edges)
{
	uint64_t new = edges & ~edges_ever;

	edges_ever |= new;
	for (; new != 0; new &= new - 1)
		first_run[__builtin_ctzll(new)] = nr_runs;
}

/* The phases of the other threads whose operations overlap the operation of @thread: bit p for phase p. */
static unsigned
icov_phases_of_others(const struct run *r, unsigned thread)
{
	const struct place *p = &places[thread];
	unsigned set_of = 0;

	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		const struct place *other = &places[t];
		unsigned meets = 0;

		for (unsigned i = 0; i < p->ranges.nr; i++)
			for (unsigned j = 0; j < other->ranges.nr; j++)
				meets |= op_ranges_meet(&p->ranges.at[i], &other->ranges.at[j]);
		set_of |= (meets & (t != thread) & other->live) << other->phase;
	}
	return set_of;
}

void
icov_step(const struct run *r, unsigned thread)
{
	struct place *p = &places[thread];
	unsigned others;
	uint64_t edges;

	p->phase = icov_phase(r, thread);
	if (r->threads[thread].nr_done == p->nr_done)
		return;
	edges = icov_returns(r, thread, p->nr_done);
	icov_note_edges(edges);
	others = off || edges == 0 ? 0 : icov_phases_of_others(r, thread);
	for (; edges != 0; edges &= edges - 1)
		for (unsigned left = others; left != 0; left &= left - 1)
			icov_set((unsigned)__builtin_ctzll(edges) * ICOV_PHASES + (unsigned)__builtin_ctz(left));
	icov_place_op(r, thread);
}

struct icov_fill
icov_fill(void)
{
	struct icov_fill f = { .runs = nr_runs };

	for (unsigned i = 0; i < ICOV_SIZE; i++)
		f.ever += ever[i];
	f.set_per_run = nr_runs != 0 ? (double)nr_set / (double)nr_runs : 0;
	return f;
}

unsigned long
icov_first_run(unsigned edge)
{
	assert(edge < VM_EDGE_COUNT);
	return first_run[edge];
}
