/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runner-loop.c - see runner.h. The last member to end its round checks the map and starts the next round. The main
 * thread wakes up TICKS_PER_S times a second, or every check_ms, and checks the clock, signals and progress.
 */
#include "stress/runner.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>

#include "engine/native.h"
#include "engine/park.h"
#include "harness/base/base.h"
#include "harness/target/target.h"
#include "stress/check.h"
#include "stress/member.h"
#include "stress/race.h"
#include "stress/relaxed.h"

#define TICKS_PER_S 10
#define MS_PER_S 1000
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000
#define STOP_TIMEOUT_MIN_S 1
#define PANIC_SECONDS_MAX 10
#define PANIC_MS 50       /* time for the other threads to reach a scheduling point */
#define STREAM_CHAOS 0x63 /* separates the random streams of one thread */
#define STREAM_OPS 0x6f
#define STREAM_POISON 0x70

/* Only for the one thread that writes the field. */
#define BUMP(field) STORE(field, LOAD(field) + 1)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static volatile sig_atomic_t signalled;
static struct stress_run *panic_run; /* the run whose members may panic */

static double
runner_seconds_since(const struct timespec *from)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)(t.tv_sec - from->tv_sec) + (double)(t.tv_nsec - from->tv_nsec) / NS_PER_S;
}

void
stress_config_default(struct stress_config *config)
{
	*config = (struct stress_config){
		.threads = 4, .pages = 64, .overlap = 100, .chaos = 5, .check_ms = 100, .hang_s = 20
	};
	workload_mix_default(&config->mix);
}

/* --- findings --- */

static enum program_verdict
runner_verdict(const char *broken)
{
	static const struct {
		const char *begins;
		enum program_verdict verdict;
	} verdicts[] = {
		{ "I22", PROGRAM_VERDICT_LOST_WAKEUP },
		{ "I23", PROGRAM_VERDICT_LOST_WAKEUP },
		{ "wakeup", PROGRAM_VERDICT_LOST_WAKEUP },
		{ "content", PROGRAM_VERDICT_CONTENT },
		{ "deadlock", PROGRAM_VERDICT_DEADLOCK },
		{ "panic", PROGRAM_VERDICT_PANIC },
		{ "data race", PROGRAM_VERDICT_RACE },
		{ "ThreadSanitizer", PROGRAM_VERDICT_RACE },
	};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strncmp(broken, verdicts[i].begins, strlen(verdicts[i].begins)) == 0)
			return verdicts[i].verdict;
	return PROGRAM_VERDICT_INVARIANT;
}

/* Writes the window to a new file. If that fails, to standard error, so that it is not lost. */
static void
runner_write_window(const struct window *w, const char *path, char written[PATH_MAX])
{
	struct strbuf text = { 0 }, name = { 0 };

	if (history_print(w, &text)) {
		if (file_write_numbered(path, &text, &name)) {
			(void)strlcpy(written, strbuf_text(&name), PATH_MAX);
		} else {
			warn("%s: cannot be written; the window goes to standard error", path);
			fputs(strbuf_text(&text), stderr);
		}
	}
	strbuf_free(&text);
	strbuf_free(&name);
}

/* Records the finding with its round, and writes the window. All threads have stopped, or hang. */
static void
runner_found(struct stress_run *run, enum stress_end end, const char *broken)
{
	const struct history *histories[STRESS_THREADS_MAX];
	struct stress_result *result = run->result;
	const struct window w = {
		.config = &run->program,
		.base = &run->base,
		.nr_threads = run->config.threads,
		.histories = histories,
		.world = &run->world,
		.verdict = runner_verdict(broken),
		.detail = broken,
		.repeat = run->config.repeat,
	};

	result->end = end;
	(void)snprintf(result->broken, sizeof(result->broken), "%s (round %ju)", broken, (uintmax_t)run->round + 1);
	if (run->config.window == NULL)
		return;
	for (unsigned i = 0; i < run->config.threads; i++)
		histories[i] = &run->members[i].history;
	runner_write_window(&w, run->config.window, result->window);
}

/* Called on the thread that panics. The other threads run on; they get PANIC_MS to reach a scheduling point. */
static void
runner_on_panic(struct vm_thread *td, const char *what, const char *file, int line)
{
	static atomic_flag panicked = ATOMIC_FLAG_INIT;
	const struct timespec moment = { .tv_nsec = PANIC_MS * NS_PER_MS };
	struct stress_run *run = panic_run;
	char text[160];

	(void)td;
	(void)alarm(PANIC_SECONDS_MAX); /* the report may hang because of the fault itself */
	if (atomic_flag_test_and_set(&panicked))
		for (;;)
			(void)pause();
	if (run == NULL)
		return;
	atomic_store(&run->world.stop, true);
	(void)nanosleep(&moment, NULL);
	if (file == NULL)
		(void)snprintf(text, sizeof(text), "panic: %s", what);
	else
		(void)snprintf(text, sizeof(text), "panic: %s (%s:%d)", what, file, line);
	runner_found(run, STRESS_BROKEN, text);
	if (run->result->window[0] != '\0')
		fprintf(stderr, "window: %s\n", run->result->window);
	if (run->config.repeat != NULL)
		fprintf(stderr, "repeat with: %s\n", run->config.repeat);
}

/*
 * Handles a crash like a panic, as far as possible. A sanitizer handles these signals itself, and reports more.
 */
static void
runner_on_crash(int number)
{
	char text[64];

	(void)signal(number, SIG_DFL);
	(void)snprintf(text, sizeof(text), "crash: %s", strsignal(number));
	fprintf(stderr, "panic: %s\n", text);
	runner_on_panic(NULL, text, NULL, 0);
	_exit(STRESS_BROKEN);
}

static void
runner_catch_crashes(struct sigaction old[3])
{
#ifndef SANITIZED
	const struct sigaction action = { .sa_handler = runner_on_crash };

	(void)sigaction(SIGSEGV, &action, &old[0]);
	(void)sigaction(SIGBUS, &action, &old[1]);
	(void)sigaction(SIGFPE, &action, &old[2]);
#else
	(void)old;
	(void)runner_on_crash;
#endif
}

static void
runner_let_crash(const struct sigaction old[3])
{
#ifndef SANITIZED
	(void)sigaction(SIGSEGV, &old[0], NULL);
	(void)sigaction(SIGBUS, &old[1], NULL);
	(void)sigaction(SIGFPE, &old[2], NULL);
#else
	(void)old;
#endif
}

/* --- one thread --- */

static void
member_count_edges(struct member *m, uint64_t edges)
{
	for (; edges != 0; edges &= edges - 1) {
		unsigned edge = (unsigned)__builtin_ctzll(edges);

		if (vm_edge_table[edge].code == KERN_INVALID_ADDRESS || vm_edge_table[edge].code == VM_EDGE_VERBATIM)
			BUMP(m->edges[edge]);
	}
}

static void
member_do_op(struct member *m)
{
	unsigned thread = m->world.td.id;
	struct stress_run *run = m->run;
	const char *broken, *lost;
	struct vm_result r;

	book_before(&run->book, thread, &m->op);
	STORE(m->began_ms, LOAD(run->clock_ms));
	history_begin(&m->history, &m->op);
	r = engine_op_apply(run->map, &m->op);
	history_end(&m->history, &r);
	broken = book_after(&run->book, thread, &m->op, &r);
	lost = workload_done(&m->workload, &m->op, r.code);
	BUMP(m->nr[m->op.code][r.code]);
	if (r.code == KERN_INVALID_ADDRESS)
		member_count_edges(m, r.edges);
	BUMP(m->nr_done);
	m->op.code = VM_OP_INVALID;
	if (m->broken == NULL && (broken != NULL || lost != NULL)) {
		m->broken = broken != NULL ? broken : lost;
		STORE(run->stop, true);
	}
	if (LOAD(run->world.stop))
		world_gate(&m->world);
}

static void
member_do_round(struct member *m)
{
	for (uint64_t i = 0; i < m->nr_quota && !LOAD(m->run->stop); i++) {
		workload_next(&m->workload, &m->op);
		member_do_op(m);
	}
	while (workload_last(&m->workload, &m->op))
		member_do_op(m);
}

static void
runner_begin_round(struct stress_run *run)
{
	const struct stress_config *c = &run->config;
	uint64_t left = c->ops == 0 ? UINT64_MAX : c->ops - run->round * c->round_ops;

	assert(run->round >= run->reset_round);
	for (unsigned i = 0; i < c->threads; i++) {
		struct member *m = &run->members[i];

		workload_seed(&m->workload, prng_mix(c->seed, run->round << 8 | STREAM_OPS, i));
		m->world.chaos = prng_mix(c->seed, run->round << 8 | STREAM_CHAOS, i);
		m->nr_quota = left < c->round_ops ? left : c->round_ops;
		m->history.nr_ops = 0;
	}
	world_round(&run->world);
}

static const char *
runner_check_round(struct stress_run *run)
{
	const char *broken;

	for (unsigned i = 0; i < run->config.threads; i++)
		if (run->members[i].broken != NULL)
			return run->members[i].broken;
	if (run->config.before_check != NULL)
		run->config.before_check(run->map, true);
	broken = stress_check(run->map);
	return broken != NULL ? broken : book_check(&run->book, run->map);
}

/* Called on the last member to end the round; the others are out. */
static void
runner_end_round(struct stress_run *run)
{
	const struct stress_config *c = &run->config;
	const char *broken = runner_check_round(run);

	assert(atomic_load(&run->nr_arrived) == run->config.threads);
	if (broken != NULL)
		runner_found(run, STRESS_BROKEN, broken);
	run->result->rounds = ++run->round;
	if (broken != NULL || LOAD(run->stop) || (c->ops != 0 && run->round * c->round_ops >= c->ops)) {
		atomic_store(&run->over, 1);
		return;
	}
	if ((run->round - run->reset_round) * c->round_ops < STRESS_RESET_OPS) {
		if (c->window != NULL)
			history_base_take(&run->base, run->map);
	} else {
		vm_map_restore(run->map);
		book_clear(&run->book);
		history_base_clear(&run->base);
		run->reset_round = run->round;
	}
	runner_begin_round(run);
}

static void
member_arrive(struct member *m)
{
	struct stress_run *run = m->run;

	/*
	 * Leave first, because world_leave may read the state of all other threads, and of the map that they sleep on.
	 */
	world_leave(&m->world);
	if (atomic_fetch_add(&run->nr_arrived, 1) + 1 < run->config.threads)
		return;
	world_enter(&m->world);
	runner_end_round(run);
	STORE(run->nr_arrived, 0);
	(void)atomic_fetch_add(&run->round_number, 1);
	vm_park_wake(vm_park_word(&run->round_number));
	if (atomic_load(&run->over) != 0)
		vm_park_wake(vm_park_word(&run->over));
	world_leave(&m->world);
}

static void *
member_main(void *arg)
{
	struct member *m = arg;
	struct stress_run *run = m->run;
	uint32_t number = 0;

	world_thread_init(&m->world);
	for (;;) {
		while (atomic_load(&run->round_number) == number)
			vm_park_wait(vm_park_word(&run->round_number), number, NULL);
		number++;
		if (atomic_load(&run->over) != 0)
			return NULL;
		world_enter(&m->world);
		member_do_round(m);
		member_arrive(m);
	}
}

/* --- the main thread during a run --- */

static const char *
runner_check_stopped(struct stress_run *run)
{
	const char *broken;

	if (run->config.before_check != NULL)
		run->config.before_check(run->map, false);
	broken = stress_check_stopped(&run->world);
	return broken != NULL ? broken : book_check(&run->book, run->map);
}

static bool
runner_stop_world(struct stress_run *run)
{
	unsigned s = run->config.hang_s;

	return world_stop(&run->world, s < STOP_TIMEOUT_MIN_S ? STOP_TIMEOUT_MIN_S : s);
}

/* Handles a ThreadSanitizer report: all threads stop before the round's history is overwritten. */
static void
runner_found_race(struct stress_run *run)
{
	char text[160];

	(void)runner_stop_world(run);
	race_describe(text, sizeof(text));
	runner_found(run, STRESS_BROKEN, text);
}

/* False: there is a finding, and the run ends; stopped threads stay stopped. */
static bool
runner_stop_and_check(struct stress_run *run)
{
	const char *broken;

	if (!runner_stop_world(run)) {
		world_resume(&run->world);
		return true; /* the watchdog will see that there is no progress */
	}
	if (atomic_load(&run->over) == 0) { /* else the last member has checked the map, and its finding counts */
		broken = runner_check_stopped(run);
		if (broken != NULL && runner_verdict(broken) == PROGRAM_VERDICT_LOST_WAKEUP)
			hang_tell(run, broken);
		if (broken != NULL) {
			runner_found(run, STRESS_BROKEN, broken);
			return false;
		}
		run->result->stops++;
	}
	if (race_met())
		return true; /* the next tick reports the race */
	world_resume(&run->world);
	return true;
}

/* False: hung. */
static bool
runner_watch_progress(struct stress_run *run)
{
	double watched = world_watched(&run->world);
	uint64_t done = 0;
	char why[160];

	for (unsigned i = 0; i < run->config.threads; i++)
		done += LOAD(run->members[i].nr_done);
	if (done != run->seen_done) {
		run->seen_done = done;
		run->seen_at = watched;
		return true;
	}
	if (world_deadlocked(&run->world)) {
		const char *lost = stress_check_sleepers(&run->world);

		(void)snprintf(why, sizeof(why), "%s",
		    lost != NULL ? lost : "deadlock: all threads sleep, and no thread can wake them");
	} else if (watched - run->seen_at >= run->config.hang_s) {
		(void)snprintf(why, sizeof(why), "deadlock: no operation finished for %u s", run->config.hang_s);
	} else {
		return true;
	}
	hang_tell(run, why);
	runner_found(run, STRESS_HANG, why);
	return false;
}

/* Called each tick. False: the run is over, hung or broken. */
static bool
runner_watch(struct stress_run *run)
{
	const struct stress_config *c = &run->config;
	double t = runner_seconds_since(&run->began);
	struct rusage usage;

	STORE(run->clock_ms, (uint32_t)(t * MS_PER_S));
	if (race_met()) {
		runner_found_race(run);
		return false;
	}
	if (signalled != 0 || (c->seconds != 0 && t >= c->seconds))
		STORE(run->stop, true);
	if (run->result->rss_first_kb == 0 && t >= 1 && getrusage(RUSAGE_SELF, &usage) == 0)
		run->result->rss_first_kb = usage.ru_maxrss;
	if (c->live && (unsigned)t != run->seen_second) {
		run->seen_second = (unsigned)t;
		live_tell(run, t);
	}
	if (c->check_ms != 0 && (t - run->checked_at) * MS_PER_S >= c->check_ms) {
		if (!runner_stop_and_check(run))
			return false;
		run->checked_at = runner_seconds_since(&run->began);
	}
	return runner_watch_progress(run);
}

static struct timespec
runner_next_tick(const struct stress_run *run)
{
	unsigned ms = MS_PER_S / TICKS_PER_S;
	struct timespec t;

	if (run->config.check_ms != 0 && run->config.check_ms < ms)
		ms = run->config.check_ms;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += (long)ms * NS_PER_MS;
	t.tv_sec += t.tv_nsec / NS_PER_S;
	t.tv_nsec %= NS_PER_S;
	return t;
}

static void
runner_attend(struct stress_run *run)
{
	double tick_at = 0;

	while (atomic_load(&run->over) == 0) {
		struct timespec until = runner_next_tick(run);

		vm_park_wait(vm_park_word(&run->over), 0, &until);
		if (runner_seconds_since(&run->began) - tick_at < 0.5 / MS_PER_S) /* woken too early */
			continue;
		tick_at = runner_seconds_since(&run->began);
		if (atomic_load(&run->over) == 0 && !runner_watch(run))
			return;
	}
}

static void
runner_start_members(struct stress_run *run)
{
	sigset_t caught, old;

	/* The threads inherit a mask that blocks these signals: only the main thread receives them. */
	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &caught, &old);
	runner_begin_round(run);
	for (unsigned i = 0; i < run->config.threads; i++) {
		errno = pthread_create(&run->members[i].pthread, NULL, member_main, &run->members[i]);
		if (errno != 0)
			err(STRESS_USAGE, "cannot start a thread");
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)atomic_fetch_add(&run->round_number, 1);
	vm_park_wake(vm_park_word(&run->round_number));
}

/* --- the run --- */

/* Makes the pager fail for one page in 24. */
static void
runner_make_poison(struct stress_run *run)
{
	struct prng rng = prng_mix(run->config.seed, STREAM_POISON, 0);
	size_t nr = run->config.pages / 24;

	assert(run->program.nr_poison == 0);
	run->poison = memory_new(nr + 1, sizeof(*run->poison), "a stress run");
	run->program.poison = memory_new(nr + 1, sizeof(*run->program.poison), "a stress run");
	run->program.nr_poison = nr;
	for (size_t i = 0; i < nr; i++) {
		run->program.poison[i].page = STRESS_MAP_MIN + i * 24 + prng_below(&rng, 24);
		run->program.poison[i].code = KERN_OUT_OF_BOUNDS;
		run->poison[i].addr = run->program.poison[i].page << VM_PAGE_SHIFT;
		run->poison[i].code = run->program.poison[i].code;
	}
}

static void
runner_make_program(struct stress_run *run)
{
	const struct stress_config *c = &run->config;
	struct program p;

	program_init(&p);
	run->program = p.config;
	run->program.profile_given = true;
	run->program.profile = c->profile;
	run->program.mutant = vm_mutant_table[c->mutant].name;
	run->program.min = STRESS_MAP_MIN;
	run->program.max = STRESS_MAP_MIN + c->pages;
	run->program.limit_given = true;
	run->program.limit = c->pages * c->mix.limit / 100;
	run->program.growsize = STRESS_GROWSIZE;
	run->program.frames = c->frames != 0 ? c->frames : (c->pages * c->mix.frames + 99) / 100;
	program_free(&p);
}

static void
runner_make_map(struct stress_run *run)
{
	const struct program_config *p = &run->program;
	const struct vm_config config = {
		.env = &vm_env_native,
		.min = p->min << VM_PAGE_SHIFT,
		.max = p->max << VM_PAGE_SHIFT,
		.behaviours = p->profile.on,
		.wire_limit = p->limit,
		.nr_frames = p->frames,
		.grow_pages = p->growsize,
		.mutant = run->config.mutant,
		.poison = run->poison,
		.nr_poison = p->nr_poison,
	};

	assert(run->program.min < run->program.max);
	vm_arena_no_memory = memory_out_for_map;
	run->map = vm_map_create(&config);
	if (run->map == NULL || !vm_map_save(run->map))
		memory_out_for_map();
}

static void
runner_make_members(struct stress_run *run)
{
	const struct stress_config *c = &run->config;
	size_t size = c->threads * sizeof(*run->members);

	assert(c->threads > 0 && c->threads <= STRESS_THREADS_MAX);
	run->members = memory_need(aligned_alloc(WORLD_CACHE_LINE, size), "the threads of a stress run");
	memset(run->members, 0, size);
	for (unsigned i = 0; i < c->threads; i++) {
		const struct workload_place place = { .thread = i,
			.nr_threads = c->threads,
			.overlap = c->overlap,
			.min = run->program.min,
			.max = run->program.max };

		run->members[i].run = run;
		world_add(&run->world, &run->members[i].world);
		workload_init(&run->members[i].workload, &run->config.mix, &place);
	}
}

static uint64_t
runner_round_ops_default(const struct stress_config *c)
{
	return c->pages <= STRESS_ROUND_PAGES ? STRESS_ROUND_OPS : c->pages / 4;
}

static struct stress_run *
runner_make(const struct stress_config *c, struct stress_result *result)
{
	struct stress_run *run = memory_new(1, sizeof(*run), "a stress run");

	assert(c->threads > 0 && c->threads <= STRESS_THREADS_MAX && c->pages >= WORKLOAD_PAGES_MIN);
	run->config = *c;
	run->result = result;
	if (c->round_ops == 0)
		run->config.round_ops = runner_round_ops_default(c);
	vm_native_thread_init(&run->main_td, c->threads);
	runner_make_program(run);
	runner_make_poison(run);
	runner_make_map(run);
	world_init(&run->world, run->map, c->chaos);
	run->world.on_point = c->on_point;
	runner_make_members(run);
	book_init(&run->book, run->program.min, run->program.max, c->threads);
	history_base_clear(&run->base);
	return run;
}

static void
runner_free(struct stress_run *run)
{
	vm_map_destroy(run->map);
	for (unsigned i = 0; i < run->config.threads; i++)
		workload_free(&run->members[i].workload);
	book_free(&run->book);
	free(run->members);
	free(run->poison);
	free(run->program.poison);
	free(run);
}

static void
runner_on_signal(int number)
{
	(void)number;
	signalled = 1;
}

static void
runner_catch_signals(struct sigaction old[3])
{
	struct sigaction action = { .sa_handler = runner_on_signal, .sa_flags = (int)SA_RESETHAND };

	signalled = 0;
	sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, &old[0]);
	(void)sigaction(SIGTERM, &action, &old[1]);
	(void)sigaction(SIGHUP, NULL, &old[2]);
	if (old[2].sa_handler != SIG_IGN) /* ignored by nohup(1): keep it ignored */
		(void)sigaction(SIGHUP, &action, NULL);
}

static void
runner_sum_up(struct stress_run *run)
{
	struct stress_result *result = run->result;
	struct rusage usage;

	result->interrupted = signalled != 0;
	result->seconds = runner_seconds_since(&run->began);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		result->rss_kb = usage.ru_maxrss;
	if (result->rss_first_kb == 0)
		result->rss_first_kb = result->rss_kb;
	member_sum(run, &result->counts);
}

enum stress_end
stress_run(const struct stress_config *config, struct stress_result *result)
{
	struct sigaction old[3], crashes[3];
	struct stress_run *run;

	assert(config->seconds != 0 || config->ops != 0);
	*result = (struct stress_result){ 0 };
	run = runner_make(config, result);
	panic_run = run;
	vm_native_set_panic_hook(runner_on_panic);
	race_watch(&run->world.stop);
	runner_catch_crashes(crashes);
	runner_catch_signals(old);
	(void)clock_gettime(CLOCK_MONOTONIC, &run->began);
	runner_start_members(run);
	runner_attend(run);
	if (atomic_load(&run->over) != 0 && race_met()) {
		runner_found_race(run);
		world_resume(&run->world);
	}
	race_watch(NULL);
	runner_sum_up(run);
	(void)sigaction(SIGINT, &old[0], NULL);
	(void)sigaction(SIGTERM, &old[1], NULL);
	(void)sigaction(SIGHUP, &old[2], NULL);
	if (config->live)
		live_end(run);
	if (atomic_load(&run->over) == 0)
		return result->end; /* the threads still use the memory, so do not free it */
	for (unsigned i = 0; i < config->threads; i++)
		(void)pthread_join(run->members[i].pthread, NULL);
	vm_native_set_panic_hook(NULL);
	runner_let_crash(crashes);
	panic_run = NULL;
	vm_curthread = NULL;
	runner_free(run);
	return result->end;
}
