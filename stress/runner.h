/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runner.h - a stress run: real threads on one map of the engine, in rounds, with a check at the end of each.
 *
 * A round starts the threads on an empty map, each with a stream of operations fixed by seed, round and thread; when
 * all have ended (workload.h: why they do) the map is checked. Which interleaving happens is up to the hardware.
 */
#ifndef STRESS_RUNNER_H
#define STRESS_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/mutant.h"
#include "engine/ops.h"
#include "engine/vm.h"
#include "stress/workload.h"

#define STRESS_THREADS_MAX 64
#define STRESS_MAP_MIN 16 /* the map's first page */

struct vm_thread;

struct stress_config {
	unsigned threads;
	unsigned seconds;   /* ends after these; 0: no limit */
	uint64_t ops;       /* ends after so many operations per thread; 0: no limit. One of the two is given. */
	uint64_t round_ops; /* operations per thread and round */
	uint64_t seed;
	uint64_t pages;        /* of the map */
	bool freebsd12;        /* the profile; false: strict */
	unsigned chaos;        /* percent of the calls of point() at which a thread yields */
	unsigned hang_s;       /* no operation finished for so long: hung */
	bool live;             /* a line on standard error each second */
	enum vm_mutant mutant; /* the bug that is put back; in the mutant build only */
	struct workload_mix mix;
	/* For tests: called where native.h's point hook is; and when all threads have ended, before the check. NULL:
	 * nothing.
	 */
	void (*on_point)(struct vm_thread *td);
	void (*before_check)(vm_map_t map);
};

enum stress_end {
	STRESS_OK = 0,
	STRESS_BROKEN = 1, /* an invariant */
	STRESS_USAGE = 2,  /* also: no memory, no threads */
	STRESS_HANG = 3,
};

/* How often an operation had a result: by KERN_* code, or 0 and 1 for FALSE and TRUE. */
struct stress_counts {
	uint64_t nr[VM_OP_CODE_MAX + 1][VM_KERN_COUNT];
};

struct stress_result {
	enum stress_end end;
	char broken[160]; /* STRESS_BROKEN: what */
	uint64_t rounds;  /* checked */
	uint64_t nr_ops;  /* finished, of all threads, drains included */
	double seconds;   /* that the threads ran for, checks included */
	bool interrupted; /* by SIGINT or SIGTERM */
	struct stress_counts counts;
};

void stress_config_default(struct stress_config *config);
/*
 * Runs. On STRESS_HANG says on standard error where each thread is; they are still there, so the process should end.
 * SIGINT and SIGTERM end a run early; a second one ends the process.
 */
enum stress_end stress_run(const struct stress_config *config, struct stress_result *result);

#endif
