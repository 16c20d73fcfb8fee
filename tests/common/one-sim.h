/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * one-sim.h - one simulated world for all tests of a file: one_sim_setup and one_sim_teardown are the group's functions
 * for cmocka. Include it after cmocka.h.
 */
#ifndef TESTS_COMMON_ONE_SIM_H
#define TESTS_COMMON_ONE_SIM_H

#include "harness/sim/sim.h"

static struct sim *sim;

static int
one_sim_setup(void **state)
{
	(void)state;
	sim = sim_create();
	return sim == NULL ? -1 : 0;
}

static int
one_sim_teardown(void **state)
{
	(void)state;
	sim_destroy(sim);
	return 0;
}

#endif
