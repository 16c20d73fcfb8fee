/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reproducer.h - a finding as a program: the schedule of a run that shows it, its result, and the verdict.
 *
 * What `wirestorm check` follows is in the program then, and what else it expected is gone.
 */
#ifndef HARNESS_HUNT_REPRODUCER_H
#define HARNESS_HUNT_REPRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/check/check.h"
#include "harness/program/program.h"
#include "harness/target/target.h"

/* How the run is chosen: by choice bytes (strategy.h), or by the program's own schedule, followed as far as it goes. */
struct reproducer_way {
	bool by_schedule;
	const uint8_t *choices;
	size_t nr_choices;
};

/*
 * Runs *p, judged, and makes it a reproducer of the first finding: one that no quirk explains if there is one, else
 * any, given in *ret. @sim is used. False: nothing is found, or the target cannot run it, and *p is as it was.
 */
bool reproducer_make(struct program *p, const struct reproducer_way *way, const struct vm_target *t, struct sim *sim,
    struct finding *ret);

/*
 * A reproducer in the profile with the fewest quirks that shows a finding of the same check: strict, strict and one
 * quirk, or as it was. So the profile says which quirk it is about, if any.
 */
void reproducer_reduce_profile(struct program *p, const struct vm_target *t, struct sim *sim, struct finding *f);

#endif
