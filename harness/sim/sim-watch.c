/* SPDX-License-Identifier: BSD-2-Clause */
/* sim-watch.c - see sim-watch.h. */
#include "harness/sim/sim-watch.h"

#include <sys/time.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/sim/sim-inside.h"

/*
 * The processor time that one step may take, in ticks. The operations are linear in the pages of the map, about a
 * microsecond a page. A process that has abandoned one endless step allows the next ones less time, because a program
 * with such a step usually has it in many states.
 */
#define TICK_US 20000
#ifdef WS_FIBER_ASAN
#define SLOWER 2
#else
#define SLOWER 1
#endif
#define FIRST_TICKS ((uint64_t)50 * SLOWER)
#define AGAIN_TICKS ((uint64_t)5 * SLOWER)
#define PAGES_OF_A_TICK ((uint64_t)1024 / SLOWER)
#define TICKS_MAX ((uint64_t)1000)

static struct {
	bool on;                                   /* sim_watch_crashes was called */
	void (*volatile abandon)(struct sim *sim); /* NULL: the target has nothing to do */
	volatile uint64_t ticks;                   /* allowed for one step, by the size of the map */
	uint64_t thrown;
} watch;

/* Ends the run. The fiber stays suspended at this place, with all that it holds. */
_Noreturn static void
sim_watch_end(struct sim *sim, const char *text)
{
	if (watch.abandon != NULL)
		watch.abandon(sim);
	sim_panic(sim, text);
}

/* --- crashes --- */

#ifndef WS_FIBER_TSAN
static const int crash_signals[] = {
#ifndef WS_FIBER_ASAN
	SIGSEGV, SIGBUS, SIGFPE,
#endif
	SIGILL, SIGABRT
};
#define NR_CRASH_SIGNALS (sizeof(crash_signals) / sizeof(crash_signals[0]))

/* What the signals did before, and do on the owner's side. */
static struct sigaction crash_before[NR_CRASH_SIGNALS];

/* A stack that has overflowed has no room for a signal handler. */
static char crash_stack[64 * 1024];

static bool
watch_is_overflow(const struct sim *sim, const void *at)
{
	const struct fiber *f = &sim->current->fiber;

	return (const char *)at >= (const char *)f->mapping && (const char *)at < f->stack;
}

/*
 * Runs while the crashed fiber is the current one. That fiber stays suspended here, so the signal must stay unblocked
 * for the fiber that runs next.
 */
static void
watch_on_crash(int number, siginfo_t *info, void *context)
{
	struct sim *sim = sim_watched;
	char text[96];

	(void)context;
	if (sim != NULL && sim_inside(sim)) {
		(void)snprintf(text, sizeof(text), "it crashed: %s%s", strsignal(number),
		    number == SIGSEGV && watch_is_overflow(sim, info->si_addr) ? ", its stack is full" : "");
		sim_watch_end(sim, text);
	}
	for (size_t i = 0; i < NR_CRASH_SIGNALS; i++)
		if (crash_signals[i] == number)
			(void)sigaction(number, &crash_before[i], NULL);
	(void)raise(number);
}

static void
watch_catch_crashes(void)
{
	struct sigaction action = { .sa_sigaction = watch_on_crash, .sa_flags = SA_NODEFER | SA_ONSTACK | SA_SIGINFO };
	const stack_t stack = { .ss_sp = crash_stack, .ss_size = sizeof(crash_stack) };
	struct sigaction before;

	(void)sigaltstack(&stack, NULL);
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < NR_CRASH_SIGNALS; i++) {
		(void)sigaction(crash_signals[i], &action, &before);
		if (before.sa_sigaction != watch_on_crash) /* a fork inherits it */
			crash_before[i] = before;
	}
}
#endif

/* --- endless steps --- */

/* Abandons the step. Only a step on a fiber can be abandoned: the owner's code always ends. */
static void
watch_on_tick(int number)
{
	static size_t seen_begun, seen_steps;
	static uint64_t ticks;
	struct sim *sim = sim_watched;
	bool moved;

	(void)number;
	if (sim == NULL || !sim_inside(sim)) {
		ticks = 0;
		return;
	}
	moved = sim->nr_begun != seen_begun || sim->nr_steps != seen_steps;
	seen_begun = sim->nr_begun;
	seen_steps = sim->nr_steps;
	ticks = moved ? 0 : ticks + 1;
	if (ticks < watch.ticks + (watch.thrown > 0 ? AGAIN_TICKS : FIRST_TICKS))
		return;
	ticks = 0;
	watch.thrown++;
	sim_watch_end(sim, "the step does not end: it reaches no scheduling point");
}

/* Signals are set up once for each process: a worker sets its own after the fork. */
static void
watch_process(void)
{
	static pid_t watched; /* the process whose timer runs */
	const struct itimerval tick = { { .tv_usec = TICK_US }, { .tv_usec = TICK_US } };

	if (watched == getpid())
		return;
	watched = getpid();
#ifndef WS_FIBER_TSAN
	watch_catch_crashes();
#endif
	(void)setitimer(ITIMER_VIRTUAL, &tick, NULL);
}

void
sim_watch_steps(struct sim *sim, uint64_t pages)
{
	if (!watch.on)
		return;
	sim_watched = NULL;
	watch.abandon = NULL;
	watch.ticks = pages / PAGES_OF_A_TICK < TICKS_MAX ? pages / PAGES_OF_A_TICK : TICKS_MAX;
	sim_watched = sim;
	watch_process();
}

void
sim_watch_abandon(void (*abandon)(struct sim *sim))
{
	watch.abandon = abandon;
}

uint64_t
sim_watch_thrown(void)
{
	return watch.thrown;
}

void
sim_watch_crashes(void)
{
#ifndef WS_FIBER_TSAN
	struct sigaction tick = { .sa_handler = watch_on_tick, .sa_flags = SA_NODEFER | SA_RESTART };

	(void)sigemptyset(&tick.sa_mask);
	(void)sigaction(SIGVTALRM, &tick, NULL);
	watch.on = true;
#else
	(void)watch_on_tick;
#endif
}
