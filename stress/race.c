/* SPDX-License-Identifier: BSD-2-Clause */
/* race.c - see race.h. Only for builds with ThreadSanitizer. */
#include "stress/race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/syscall.h>

#include "harness/sim/sim.h"

#define ACCESSES_MAX 2
/* ThreadSanitizer must not see code that runs during a report, nor the call of it. */
#define UNSEEN WS_FIBER_UNINSTRUMENTED __attribute__((noinline))

/* ThreadSanitizer's interface for debuggers, and its symbolizer. No header declares them. */
int __tsan_get_report_data(void *report, const char **description, int *count, int *nr_stacks, int *nr_accesses,
    int *nr_locations, int *nr_mutexes, int *nr_threads, int *nr_unique_threads, void **sleep_trace, size_t trace_size);
int __tsan_get_report_mop(void *report, size_t i, int *thread, void **addr, int *size, int *write, int *atomic,
    void **trace, size_t trace_size);
void __sanitizer_symbolize_pc(void *pc, const char *format, char *text, size_t size);

struct access {
	void *pc[1];
	int write, atomic;
};

static struct {
	atomic_bool *stop; /* NULL: no watch */
	bool halts;        /* the process ends after the report (halt_on_error=1) */
	atomic_flag taken;
	atomic_bool met; /* the other fields are set */
	const char *kind;
	int nr_accesses;
	struct access accesses[ACCESSES_MAX];
} race = { .taken = ATOMIC_FLAG_INIT };

static const char no_window[] = "no window: TSAN_OPTIONS has halt_on_error=1, which ends the process here. Without it, "
                                "stress ends\nafter the first report and writes a window.\n";

UNSEEN static void
race_on_report(void *report)
{
	int thread, size, n[6];
	void *addr, *sleep[1];

	if (race.stop == NULL || atomic_flag_test_and_set(&race.taken))
		return;
	if (race.halts)
		(void)syscall(SYS_write, STDERR_FILENO, no_window, sizeof(no_window) - 1);
	__tsan_get_report_data(
	    report, &race.kind, &n[0], &n[1], &race.nr_accesses, &n[2], &n[3], &n[4], &n[5], sleep, 1);
	for (int i = 0; i < race.nr_accesses && i < ACCESSES_MAX; i++)
		__tsan_get_report_mop(report, (size_t)i, &thread, &addr, &size, &race.accesses[i].write,
		    &race.accesses[i].atomic, race.accesses[i].pc, 1);
	atomic_store(&race.met, true);
	atomic_store(race.stop, true);
}

/* If the option is repeated, the last one counts. */
static bool
race_option_halts(void)
{
	static const char name[] = "halt_on_error=";
	const char *text = getenv("TSAN_OPTIONS");
	bool halts = false;

	if (text == NULL)
		return false;
	while ((text = strstr(text, name)) != NULL) {
		text += sizeof(name) - 1;
		halts = *text == '1' || *text == 't' || *text == 'y';
	}
	return halts;
}

void
race_watch(atomic_bool *stop)
{
	race.stop = stop;
	if (stop == NULL)
		return;
	race.halts = race_option_halts();
	atomic_store(&race.met, false);
	atomic_flag_clear(&race.taken);
	sim_set_report_hook(race_on_report);
}

bool
race_met(void)
{
	return atomic_load(&race.met);
}

/* Appends ": write in vm_map_lock" for the first access, ", ..." for the others. */
static void
race_add_access(const struct access *a, bool first, char *text, size_t size)
{
	char where[64] = "?";

	if (a->pc[0] != NULL)
		__sanitizer_symbolize_pc(a->pc[0], "%f", where, sizeof(where));
	(void)snprintf(text + strlen(text), size - strlen(text), "%s%s%s in %s", first ? ": " : ", ",
	    a->atomic ? "atomic " : "", a->write ? "write" : "read", where);
}

void
race_describe(char *text, size_t size)
{
	if (strcmp(race.kind, "data-race") == 0)
		(void)snprintf(text, size, "data race");
	else
		(void)snprintf(text, size, "ThreadSanitizer: %s", race.kind);
	for (int i = 0; i < race.nr_accesses && i < ACCESSES_MAX; i++)
		race_add_access(&race.accesses[i], i == 0, text, size);
}
