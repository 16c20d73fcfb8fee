/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race.h - the first report of ThreadSanitizer in a run, in one line.
 *
 * The thread that is reported holds locks of ThreadSanitizer's while it is, and whatever is instrumented may wait for
 * them. So all that is done there is to remember and to ask for a stop; who asks later tells of it. With
 * halt_on_error=1 there is no later, and the report is followed by a word about that.
 */
#ifndef STRESS_RACE_H
#define STRESS_RACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef WS_FIBER_TSAN
/* From now on. @stop is set with the first report; NULL: it is over. */
void race_watch(atomic_bool *stop);
/* Was there one? */
bool race_met(void);
/* What it is. It names functions, as places in them move. */
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
