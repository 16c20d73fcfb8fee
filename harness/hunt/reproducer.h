/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reproducer.h - turns a finding into a program: the schedule of a run that shows it, its result, and the verdict.
 *
 * The program then contains all that `wirestorm check` needs. Its earlier expectations are dropped.
 */
#ifndef HARNESS_HUNT_REPRODUCER_H
#define HARNESS_HUNT_REPRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/check/check.h"
#include "harness/program/program.h"
#include "harness/target/target.h"

/*
 * How the run is chosen: by choice bytes (strategy.h), or by the program's own schedule, as far as it can be followed.
 */
struct reproducer_way {
	bool by_schedule;
	const uint8_t *choices;
	size_t nr_choices;
};

/*
 * Runs *p with a checker, and makes it a reproducer of the first finding, given in *ret: preferably one that no quirk
 * explains. Uses @sim. False: there is no finding, or the target rejects *p, which is unchanged.
 */
bool reproducer_make(struct program *p, const struct reproducer_way *way, const struct vm_target *t, struct sim *sim,
    struct finding *ret);

/*
 * Makes a reproducer in the profile with the fewest quirks that shows a finding of the same check: strict, strict and
 * one quirk, or the original one. The profile then names the quirk concerned, if there is one.
 */
void reproducer_reduce_profile(struct program *p, const struct vm_target *t, struct sim *sim, struct finding *f);

#endif
