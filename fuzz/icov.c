/* SPDX-License-Identifier: BSD-2-Clause */
/* icov.c - see icov.h. */
#include "fuzz/icov.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/edge.h"
#include "engine/thread.h"

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
static unsigned long nr_runs, nr_set, first_run[VM_EDGE_COUNT];
static uint64_t edges_ever;
static bool off;

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

struct place {
	unsigned nr_done; /* operations that had ended after the last step */
	bool live;        /* has operations to run */
	uint8_t point;
	uint64_t start, end; /* pages of the present operation */
};

static struct place places[PROGRAM_THREADS_MAX];

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
	const struct vm_op *op;
	struct op_ranges ranges;

	p->nr_done = r->threads[thread].nr_done;
	p->live = p->nr_done < t->nr_ops;
	if (!p->live)
		return;
	op = &t->ops[p->nr_done];
	ranges = op_ranges(op);
	/* An operation without a range overlaps every range. */
	p->start = 0;
	p->end = UINT64_MAX;
	if (ranges.nr > 0) {
		p->start = ranges.at[0].start;
		p->end = ranges.at[0].end > p->start ? ranges.at[0].end : p->start + 1;
	}
}

void
icov_begin(const struct run *r)
{
	nr_runs++;
	if (guarded)
		memset(counters, 0, sizeof(counters)); /* libFuzzer clears them itself */
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		icov_place_op(r, t);
		places[t].point = VM_POINT_none;
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
		/* Without a branch, which would be unpredictable. */
		unsigned meets = (t != thread) & other->live & (p->start < other->end) & (other->start < p->end);

		set_of |= meets << phases[other->point];
	}
	return set_of;
}

void
icov_step(const struct run *r, unsigned thread)
{
	const struct run_thread *t = &r->threads[thread];
	struct place *p = &places[thread];
	unsigned others;
	uint64_t edges = 0;

	/* vm_curthread is still the thread whose step has just ended. */
	p->point = vm_curthread->ctx.point;
	if (t->nr_done == p->nr_done)
		return;
	for (unsigned i = p->nr_done; i < t->nr_done; i++)
		edges |= t->results[i].edges;
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
