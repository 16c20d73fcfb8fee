/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runner.c - see runner.h.
 *
 * The threads write to their own struct member only; the main thread reads nr_done, which is atomic, and everything
 * else after the join. It wakes up TICKS_PER_S times a second to look at the clock, at signals and at progress. A hang
 * is told from what the threads wrote without order, by functions that ThreadSanitizer does not see: they are stuck.
 */
#include "stress/runner.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/map.h"
#include "engine/native.h"
#include "engine/thread.h"
#include "harness/engine-op.h"
#include "harness/strbuf.h"
#include "harness/vmt.h"
#include "stress/check.h"

#define TICKS_PER_S 10
#define NS_PER_S 1000000000
#define CACHE_LINE 64
#define ENTRIES_MAX 1000  /* told of a hang */
#define STREAM_CHAOS 0x63 /* tells the streams of one thread apart */
#define STREAM_OPS 0x6f
#define STREAM_POISON 0x70
#define UNSEEN __attribute__((no_sanitize("thread"), noinline))

struct run;

struct member {
	alignas(CACHE_LINE) struct vm_thread td;
	struct run *run;
	struct workload workload;
	struct prng chaos;
	struct vm_op op;   /* under way */
	uint64_t nr_quota; /* operations in this round, drains not counted */
	const char *broken;
	_Atomic uint64_t nr_done;
	struct stress_counts counts;
	pthread_t pthread;
};

struct run {
	struct stress_config config;
	vm_map_t map;
	struct vm_poison *poison;
	struct member *members;
	struct vm_thread main_td;
	struct timespec began;
	uint64_t round;
	atomic_bool stop;

	pthread_mutex_t mutex;
	pthread_cond_t all_ended;
	unsigned nr_running; /* under mutex */

	/* the main thread's */
	uint64_t seen_done; /* at the last progress */
	struct timespec seen_at;
	unsigned seen_second; /* of the last live line */
};

static volatile sig_atomic_t signalled;

static double
seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / NS_PER_S;
}

static struct timespec
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

void
stress_config_default(struct stress_config *config)
{
	*config = (struct stress_config){ .threads = 4, .round_ops = 5000, .pages = 64, .chaos = 5, .hang_s = 20 };
	workload_mix_default(&config->mix);
}

/* --- one thread --- */

static void
point(struct vm_thread *td)
{
	struct member *m = td->world;

	if (m == NULL)
		return; /* the main thread, checking */
	if (m->run->config.on_point != NULL)
		m->run->config.on_point(td);
	if (m->run->config.chaos > 0 && prng_below(&m->chaos, 100) < m->run->config.chaos)
		sched_yield();
}

static void
do_op(struct member *m)
{
	int code = engine_op_apply(m->run->map, &m->op).code;
	const char *broken = workload_done(&m->workload, &m->op, code);

	m->counts.nr[m->op.code][code]++;
	if (broken != NULL && m->broken == NULL) {
		m->broken = broken;
		atomic_store_explicit(&m->run->stop, true, memory_order_relaxed);
	}
	atomic_fetch_add_explicit(&m->nr_done, 1, memory_order_relaxed);
}

static void *
member_main(void *arg)
{
	struct member *m = arg;
	struct run *run = m->run;

	vm_native_thread_init(&m->td, (unsigned)(m - run->members));
	m->td.world = m;
	for (uint64_t i = 0; i < m->nr_quota && !atomic_load_explicit(&run->stop, memory_order_relaxed); i++) {
		workload_next(&m->workload, &m->op);
		do_op(m);
	}
	while (workload_last(&m->workload, &m->op))
		do_op(m);
	m->op.code = VM_OP_INVALID;
	pthread_mutex_lock(&run->mutex);
	if (--run->nr_running == 0)
		pthread_cond_signal(&run->all_ended);
	pthread_mutex_unlock(&run->mutex);
	return NULL;
}

/* --- what the main thread sees meanwhile --- */

static uint64_t
sum_done(struct run *run)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < run->config.threads; i++)
		sum += atomic_load_explicit(&run->members[i].nr_done, memory_order_relaxed);
	return sum;
}

/* memcpy would be seen. */
UNSEEN static void
peek(void *to, const void *from, size_t size)
{
	volatile const char *f = from;
	char *t = to;

	while (size-- > 0)
		*t++ = *f++;
}

/* The entries that somebody may wait for, as they are without the lock: whoever could change them sleeps. */
static void
tell_entries(vm_map_t map)
{
	struct vm_map_entry e;

	peek(&e, &map->header, sizeof(e));
	for (unsigned i = 0; i < ENTRIES_MAX && e.next != &map->header; i++) {
		peek(&e, e.next, sizeof(e));
		if ((e.eflags & MAP_ENTRY_IN_TRANSITION) == 0 && e.wired_count == 0)
			continue;
		fprintf(stderr, "  %ju-%ju: %d system wirings%s%s", (uintmax_t)(e.start >> VM_PAGE_SHIFT),
		    (uintmax_t)(e.end >> VM_PAGE_SHIFT), vm_map_entry_system_wired_count(&e),
		    (e.eflags & MAP_ENTRY_USER_WIRED) != 0 ? ", user-wired" : "",
		    (e.eflags & MAP_ENTRY_NEEDS_WAKEUP) != 0 ? ", waited for" : "");
		if ((e.eflags & MAP_ENTRY_IN_TRANSITION) != 0 && e.wiring_thread != NULL)
			fprintf(stderr, ", in transition by T%u", e.wiring_thread->id);
		fputc('\n', stderr);
	}
}

static void
tell_hang(struct run *run)
{
	struct strbuf text = { 0 };
	char where[128];
	struct vm_op_ctx ctx;
	struct vm_op op;

	fflush(stdout);
	fprintf(stderr, "hung: no operation finished for %u s\n", run->config.hang_s);
	for (unsigned i = 0; i < run->config.threads; i++) {
		uint64_t nr_held;

		peek(&op, &run->members[i].op, sizeof(op));
		peek(&ctx, &run->members[i].td.ctx, sizeof(ctx));
		peek(&nr_held, &run->members[i].workload.nr_held, sizeof(nr_held));
		strbuf_clear(&text);
		if (op.code == VM_OP_INVALID) {
			fprintf(stderr, "  T%u: has ended\n", i);
			continue;
		}
		vmt_print_op(&op, &text);
		if (ctx.point != VM_POINT_none)
			vm_point_describe(&ctx, where, sizeof(where));
		else
			(void)strlcpy(where, "between operations", sizeof(where));
		fprintf(stderr, "  T%u: %s: %s; may hold %ju system wirings\n", i, strbuf_text(&text), where,
		    (uintmax_t)nr_held);
	}
	strbuf_free(&text);
	tell_entries(run->map);
}

static void
tell_live(struct run *run, const struct timespec *t)
{
	double seconds = seconds_between(&run->began, t);

	if (!run->config.live || (unsigned)seconds == run->seen_second)
		return;
	run->seen_second = (unsigned)seconds;
	fprintf(stderr, "\r%5u s  %8.3f M operations/s  %ju rounds ", run->seen_second,
	    (double)sum_done(run) / seconds / 1e6, (uintmax_t)run->round);
}

/* Each tick. False: hung. */
static bool
watch(struct run *run)
{
	struct timespec t = now();
	uint64_t done = sum_done(run);

	if (signalled != 0 || (run->config.seconds != 0 && seconds_between(&run->began, &t) >= run->config.seconds))
		atomic_store_explicit(&run->stop, true, memory_order_relaxed);
	tell_live(run, &t);
	if (done != run->seen_done) {
		run->seen_done = done;
		run->seen_at = t;
		return true;
	}
	if (seconds_between(&run->seen_at, &t) < run->config.hang_s)
		return true;
	tell_hang(run);
	return false;
}

/* False: hung, and threads are still there. */
static bool
await_members(struct run *run)
{
	bool alive = true;

	pthread_mutex_lock(&run->mutex);
	while (run->nr_running > 0 && alive) {
		struct timespec until = now();

		until.tv_nsec += NS_PER_S / TICKS_PER_S;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		if (pthread_cond_timedwait(&run->all_ended, &run->mutex, &until) == ETIMEDOUT) {
			pthread_mutex_unlock(&run->mutex);
			alive = watch(run);
			pthread_mutex_lock(&run->mutex);
		}
	}
	pthread_mutex_unlock(&run->mutex);
	return alive;
}

/* --- rounds --- */

static void
start_members(struct run *run)
{
	const struct stress_config *c = &run->config;
	uint64_t left = c->ops == 0 ? UINT64_MAX : c->ops - run->round * c->round_ops;

	sigset_t caught, old;

	/* The threads inherit a mask without the two signals: only the main thread is to get them. */
	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &caught, &old);
	run->nr_running = c->threads;
	for (unsigned i = 0; i < c->threads; i++) {
		struct member *m = &run->members[i];

		workload_seed(&m->workload, prng_mix(c->seed, run->round << 8 | STREAM_OPS, i));
		m->chaos = prng_mix(c->seed, run->round << 8 | STREAM_CHAOS, i);
		m->nr_quota = left < c->round_ops ? left : c->round_ops;
		errno = pthread_create(&m->pthread, NULL, member_main, m);
		if (errno != 0)
			err(STRESS_USAGE, "cannot start a thread");
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* What is broken after the round, or NULL. */
static const char *
check_round(struct run *run)
{
	for (unsigned i = 0; i < run->config.threads; i++)
		if (run->members[i].broken != NULL)
			return run->members[i].broken;
	if (run->config.before_check != NULL)
		run->config.before_check(run->map);
	return stress_check(run->map);
}

static enum stress_end
run_round(struct run *run, struct stress_result *result)
{
	const char *broken;

	start_members(run);
	if (!await_members(run))
		return STRESS_HANG;
	for (unsigned i = 0; i < run->config.threads; i++)
		(void)pthread_join(run->members[i].pthread, NULL);
	broken = check_round(run);
	result->rounds = ++run->round;
	if (broken == NULL) {
		vm_map_restore(run->map);
		return STRESS_OK;
	}
	(void)snprintf(result->broken, sizeof(result->broken), "%s (round %ju)", broken, (uintmax_t)run->round);
	return STRESS_BROKEN;
}

static enum stress_end
run_rounds(struct run *run, struct stress_result *result)
{
	const struct stress_config *c = &run->config;
	enum stress_end end;

	do {
		end = run_round(run, result);
		if (end == STRESS_OK && !watch(run))
			end = STRESS_HANG;
	} while (end == STRESS_OK && !atomic_load_explicit(&run->stop, memory_order_relaxed) &&
	         (c->ops == 0 || run->round * c->round_ops < c->ops));
	return end;
}

/* --- the run --- */

/* One page in 24 has a failing pager. */
static void
make_poison(struct run *run, struct vm_config *config)
{
	struct prng rng = prng_mix(run->config.seed, STREAM_POISON, 0);
	size_t nr = run->config.pages / 24;

	run->poison = calloc(nr + 1, sizeof(*run->poison));
	if (run->poison == NULL)
		err(STRESS_USAGE, NULL);
	for (size_t i = 0; i < nr; i++)
		run->poison[i] = (struct vm_poison){
			.addr = (STRESS_MAP_MIN + i * 24 + prng_below(&rng, 24)) << VM_PAGE_SHIFT,
			.code = KERN_OUT_OF_BOUNDS,
		};
	config->poison = run->poison;
	config->nr_poison = nr;
}

static void
make_map(struct run *run)
{
	const struct stress_config *c = &run->config;
	struct vm_config config = {
		.env = &vm_env_native,
		.min = (vm_offset_t)STRESS_MAP_MIN << VM_PAGE_SHIFT,
		.max = (STRESS_MAP_MIN + c->pages) << VM_PAGE_SHIFT,
		.quirks = c->freebsd12 ? VM_QUIRKS_FREEBSD12 : VM_QUIRKS_STRICT,
		.wire_limit = c->pages / 6,
		.mutant = c->mutant,
	};

	make_poison(run, &config);
	run->map = vm_map_create(&config);
	if (run->map == NULL || !vm_map_save(run->map))
		err(STRESS_USAGE, "cannot make a map");
}

static struct run *
make_run(const struct stress_config *c)
{
	struct run *run = calloc(1, sizeof(*run));
	pthread_condattr_t attr;

	if (run == NULL)
		err(STRESS_USAGE, NULL);
	run->config = *c;
	run->members = aligned_alloc(CACHE_LINE, c->threads * sizeof(*run->members));
	if (run->members == NULL)
		err(STRESS_USAGE, NULL);
	memset(run->members, 0, c->threads * sizeof(*run->members));
	for (unsigned i = 0; i < c->threads; i++) {
		run->members[i].run = run;
		if (!workload_init(
		        &run->members[i].workload, &run->config.mix, STRESS_MAP_MIN, STRESS_MAP_MIN + c->pages))
			err(STRESS_USAGE, NULL);
	}
	pthread_mutex_init(&run->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&run->all_ended, &attr);
	pthread_condattr_destroy(&attr);
	return run;
}

static void
free_run(struct run *run)
{
	vm_map_destroy(run->map);
	for (unsigned i = 0; i < run->config.threads; i++)
		workload_free(&run->members[i].workload);
	pthread_cond_destroy(&run->all_ended);
	pthread_mutex_destroy(&run->mutex);
	free(run->members);
	free(run->poison);
	free(run);
}

static void
on_signal(int number)
{
	(void)number;
	signalled = 1;
}

static void
catch_signals(struct sigaction old[2])
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	signalled = 0;
	sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, &old[0]);
	(void)sigaction(SIGTERM, &action, &old[1]);
}

static void
sum_counts(struct run *run, struct stress_result *result)
{
	for (unsigned i = 0; i < run->config.threads; i++)
		for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
			for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
				result->counts.nr[code][kern] += run->members[i].counts.nr[code][kern];
}

enum stress_end
stress_run(const struct stress_config *config, struct stress_result *result)
{
	struct sigaction old[2];
	struct timespec ended;
	struct run *run = make_run(config);

	*result = (struct stress_result){ 0 };
	vm_native_thread_init(&run->main_td, config->threads);
	make_map(run);
	vm_native_set_point_hook(point);
	catch_signals(old);
	run->began = run->seen_at = now();
	result->end = run_rounds(run, result);
	ended = now();
	(void)sigaction(SIGINT, &old[0], NULL);
	(void)sigaction(SIGTERM, &old[1], NULL);
	result->interrupted = signalled != 0;
	result->seconds = seconds_between(&run->began, &ended);
	result->nr_ops = sum_done(run);
	if (config->live && run->seen_second > 0)
		fputs("\n", stderr);
	if (result->end == STRESS_HANG)
		return result->end; /* what the threads work on stays */
	sum_counts(run, result);
	vm_native_set_point_hook(NULL);
	vm_curthread = NULL;
	free_run(run);
	return result->end;
}
