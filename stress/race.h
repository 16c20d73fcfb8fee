/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race.h - the first ThreadSanitizer report of a run, as one line.
 *
 * During a report, the reported thread holds locks of ThreadSanitizer, for which instrumented code may wait. So the
 * hook only records the report and asks for a stop; race_describe makes the text later. With halt_on_error=1 the
 * process ends with the report, and a line after it says that there is no window.
 */
#ifndef STRESS_RACE_H
#define STRESS_RACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef WS_FIBER_TSAN
/* Starts to watch: the first report sets @stop. NULL ends the watch. */
void race_watch(atomic_bool *stop);
/* Was there a report? */
bool race_met(void);
/* Describes the report. It names functions without line numbers, which change with the code. */
void race_describe(char *text, size_t size);
#else
static inline void
race_watch(atomic_bool *stop)
{
	(void)stop;
}

static inline bool
race_met(void)
{
	return false;
}

static inline void
race_describe(char *text, size_t size)
{
	(void)text;
	(void)size;
}
#endif

#endif
