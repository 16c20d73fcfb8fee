/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.c - see world.h.
 *
 * A stop. The main thread sets `stop`, then reads each thread's status. A thread that starts to run sets its status,
 * then reads `stop`. Both use sequentially consistent order, so at least one sees the other: a thread that the main
 * thread does not see running will see the stop. A sleeper counts as stopped only while its queue's count is the one
 * that it sleeps with, because only a running thread changes a count.
 *
 * All asleep. A thread publishes its queue, then decrements nr_awake. The thread that decrements it to 0 checks all
 * threads. A thread whose count has changed meanwhile is about to run, and does the check itself when it sleeps again.
 *
 * Neither check happens at one instant: a thread that was seen asleep may be woken by one that is not checked yet. So
 * each check is done twice. If no thread started to run in between, all threads were asleep at the instant between the
 * two.
 */
#include "stress/world.h"

#include <assert.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "engine/env.h"
#include "engine/native.h"
#include "engine/park.h"
#include "stress/relaxed.h"

#define POLL_NS 20000
#define LOOK_MAX_S 0.5 /* the most that the time between two calls counts */
#define NS_PER_S 1000000000

#define ADD(field, value) atomic_fetch_add_explicit(&(field), value, memory_order_relaxed)

/* --- all asleep --- */

static uint64_t
world_sum_runs(const struct world *w)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->nr_threads; i++)
		sum += atomic_load(&w->threads[i]->nr_runs);
	return sum;
}

/* The number of the queue that the thread sleeps on; 0: it was woken. */
static unsigned
world_queue_of(const struct world_thread *t)
{
	struct vm_waitq *q = LOAD(t->queue);

	return q != NULL && vm_waitq_sample(q) == LOAD(t->seen) ? q->id : 0;
}

unsigned
world_sleeps_on(const struct world_thread *t)
{
	return atomic_load_explicit(&t->absent, memory_order_acquire) ? world_queue_of(t) : 0;
}

/* One check. *ret_asleep: at least one thread sleeps. */
static bool
world_look_absent(const struct world *w, bool *ret_asleep)
{
	*ret_asleep = false;
	for (unsigned i = 0; i < w->nr_threads; i++) {
		const struct world_thread *t = w->threads[i];

		if (!atomic_load_explicit(&t->absent, memory_order_acquire))
			return false;
		if (LOAD(t->queue) == NULL)
			continue;
		if (world_queue_of(t) == 0)
			return false;
		*ret_asleep = true;
	}
	return true;
}

/* *ret_runs identifies the instant of the result. */
static bool
world_all_asleep(const struct world *w, uint64_t *ret_runs)
{
	uint64_t runs = world_sum_runs(w);
	bool asleep;

	*ret_runs = runs;
	return world_look_absent(w, &asleep) && world_look_absent(w, &asleep) && asleep && world_sum_runs(w) == runs;
}

bool
world_deadlocked(const struct world *w)
{
	uint64_t runs;

	if (!world_all_asleep(w, &runs))
		return false;
	for (unsigned i = 0; i < w->nr_threads; i++)
		if (world_sleeps_on(w->threads[i]) == VM_CHANNEL_FRAME)
			return false;
	return true;
}

/*
 * If all threads sleep for ever and some wait for a frame, the lowest-numbered of these fails. Two threads may call
 * this at the same time.
 */
static void
world_nobody_awake(struct world *w)
{
	struct world_thread *lowest = NULL;
	uint64_t runs, decided = atomic_load(&w->decided);

	if (!world_all_asleep(w, &runs) || decided == runs + 1)
		return;
	for (unsigned i = w->nr_threads; i-- > 0;)
		if (world_sleeps_on(w->threads[i]) == VM_CHANNEL_FRAME)
			lowest = w->threads[i];
	if (lowest == NULL) /* a deadlock, which the main thread will detect */
		return;
	if (!atomic_compare_exchange_strong(&w->decided, &decided, runs + 1))
		return;
	lowest->td.ctx.shortage = true;
	/* The other sleepers wake up, too, and sleep again. */
	vm_env_native.wakeup(&w->map->frames.freed);
}

/* The fence: the thread that decrements the number to 0 sees what the others published before they decremented it. */
static void
world_leave_awake(struct world_thread *t)
{
	struct world *w = t->world;

	atomic_store_explicit(&t->absent, true, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (ADD(w->nr_awake, -1u) != 1)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	world_nobody_awake(w);
}

static void
world_join_awake(struct world_thread *t)
{
	(void)atomic_fetch_add(&t->nr_runs, 1);
	(void)ADD(t->world->nr_awake, 1);
	STORE(t->absent, false);
}

/* --- the functions of struct vm_env --- */

static void
world_yield(struct world_thread *t)
{
	if (t->world->chaos > 0 && prng_percent(&t->chaos, t->world->chaos))
		(void)sched_yield();
}

static void
world_point(struct vm_thread *td)
{
	struct world_thread *t = td->world;
	uint32_t number;

	if (t->world->on_point != NULL)
		t->world->on_point(t);
	if (LOAD(t->world->stop))
		world_gate(t);
	number = ADD(t->world->nr_steps, 1);
	if (t->nr_points < WORLD_POINTS_MAX)
		t->points[t->nr_points] = number;
	t->nr_points++;
	world_yield(t);
}

static void
world_sleep(struct vm_thread *td, struct vm_waitq *q, uint32_t seen)
{
	struct world_thread *t = td->world;

	(void)ADD(t->nr_waits[q->id], 1);
	STORE(t->queue, q);
	STORE(t->seen, seen);
	world_leave_awake(t);
	atomic_store_explicit(&t->status, WORLD_ASLEEP, memory_order_release);
	vm_env_native.sleep(td, q, seen);
	world_join_awake(t);
	STORE(t->status, WORLD_RUNNING);
}

static void
world_wakeup(struct vm_waitq *q)
{
	struct world_thread *t = vm_curthread->world;

	vm_env_native.wakeup(q);
	(void)ADD(t->nr_wakeups, 1);
	world_yield(t);
}

static VM_NORETURN void
world_panic(struct vm_thread *td, const char *what, const char *file, int line)
{
	vm_env_native.panic(td, what, file, line);
}

static const struct vm_env world_env = {
	.name = "stress",
	.point = world_point,
	.sleep = world_sleep,
	.wakeup = world_wakeup,
	.panic = world_panic,
};

/* --- the thread --- */

void
world_init(struct world *w, vm_map_t map, unsigned percent)
{
	assert(map != NULL && percent <= 100);
	memset(w, 0, sizeof(*w));
	w->map = map;
	w->chaos = percent;
}

void
world_add(struct world *w, struct world_thread *t)
{
	assert(w->nr_threads < WORLD_THREADS_MAX);
	t->world = w;
	STORE(t->absent, true);
	w->threads[w->nr_threads] = t;
	t->td.id = w->nr_threads++;
}

void
world_thread_init(struct world_thread *t)
{
	assert(t->world != NULL);
	vm_native_thread_init(&t->td, t->td.id);
	t->td.env = &world_env;
	t->td.world = t;
}

void
world_gate(struct world_thread *t)
{
	struct world *w = t->world;

	for (;;) {
		uint32_t seen = atomic_load(&w->generation);

		atomic_store(&t->status, WORLD_RUNNING);
		if (!atomic_load(&w->stop))
			return;
		atomic_store(&t->status, WORLD_STOPPED);
		vm_park_wait(vm_park_word(&w->generation), seen, NULL);
	}
}

void
world_enter(struct world_thread *t)
{
	world_join_awake(t);
	world_gate(t);
}

void
world_leave(struct world_thread *t)
{
	STORE(t->queue, NULL);
	world_leave_awake(t);
	atomic_store_explicit(&t->status, WORLD_OUT, memory_order_release);
}

/* --- stops --- */

void
world_round(struct world *w)
{
	STORE(w->nr_steps, 0);
	for (unsigned i = 0; i < w->nr_threads; i++)
		w->threads[i]->nr_points = 0;
}

static bool
world_look_stopped(const struct world *w)
{
	for (unsigned i = 0; i < w->nr_threads; i++) {
		const struct world_thread *t = w->threads[i];
		enum world_status status = atomic_load(&t->status);

		if (status == WORLD_RUNNING || (status == WORLD_ASLEEP && world_queue_of(t) == 0))
			return false;
	}
	return true;
}

static bool
world_all_stopped(const struct world *w)
{
	uint64_t runs = world_sum_runs(w);

	return world_look_stopped(w) && world_look_stopped(w) && world_sum_runs(w) == runs;
}

static double
world_seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / NS_PER_S;
}

double
world_watched(struct world *w)
{
	double now = world_seconds_now(), passed = now - w->looked;

	w->looked = now;
	w->watched += passed < LOOK_MAX_S ? passed : LOOK_MAX_S;
	return w->watched;
}

bool
world_stop(struct world *w, double timeout_s)
{
	const struct timespec nap = { .tv_nsec = POLL_NS };
	double until = world_watched(w) + timeout_s;

	assert(timeout_s > 0);
	atomic_store(&w->stop, true);
	while (!world_all_stopped(w)) {
		if (world_watched(w) >= until)
			return false;
		(void)nanosleep(&nap, NULL);
	}
	return true;
}

void
world_resume(struct world *w)
{
	atomic_store(&w->stop, false);
	(void)atomic_fetch_add(&w->generation, 1);
	vm_park_wake(vm_park_word(&w->generation));
}
