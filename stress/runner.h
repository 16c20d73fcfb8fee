/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runner.h - a stress run: real threads on one map of the engine, checked again and again.
 *
 * The run is made of rounds. In a round each thread does some operations, a stream that is fixed by seed, round and
 * thread, then takes its system wirings back (workload.h: why all of it ends). When all are done the map is checked,
 * and remembered as the last good one; a new round goes on with it, and now and then with an empty map. Which
 * interleaving happens is up to the hardware.
 *
 * Between the ends of rounds the world is stopped every check_ms (world.h) and the map checked as it is then, in the
 * middle of operations.
 */
#ifndef STRESS_RUNNER_H
#define STRESS_RUNNER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/edge.h"
#include "engine/mutant.h"
#include "engine/ops.h"
#include "engine/vm.h"
#include "stress/workload.h"
#include "stress/world.h"

#define STRESS_THREADS_MAX WORLD_THREADS_MAX
#define STRESS_MAP_MIN 16      /* the map's first page */
#define STRESS_RESET_OPS 5000  /* after so many operations per thread the next round begins with an empty map */
#define STRESS_ROUND_OPS 24    /* the default: what a window can hold (history.h), drains included */
#define STRESS_ROUND_PAGES 256 /* in larger maps rounds are longer: checking all pages must not be most of the work */

struct stress_config {
	unsigned threads;
	unsigned seconds;   /* ends after these; 0: no limit */
	uint64_t ops;       /* ends after so many operations per thread; 0: no limit. One of the two is given. */
	uint64_t round_ops; /* operations per thread and round; 0: STRESS_ROUND_OPS, more in large maps */
	uint64_t seed;
	uint64_t pages;   /* of the map */
	uint64_t frames;  /* page frames; 0: as the mix has it */
	unsigned overlap; /* percent of the operations that may be anywhere, not in the thread's own part of the map */
	struct vm_profile profile;
	unsigned chaos;        /* percent of the scheduling points and wakeups at which a thread yields */
	unsigned check_ms;     /* stop and check so often; 0: at the ends of rounds only */
	unsigned hang_s;       /* no operation finished for so long: hung */
	bool live;             /* a line on standard error each second */
	bool live_json;        /* it is a JSON object */
	enum vm_mutant mutant; /* the bug that is put back; in the mutant build only */
	struct workload_mix mix;
	/* The file for what led to a failure (history.h); if there is one, another number is added. NULL: none. */
	const char *window;
	const char *repeat; /* the command, for the window; may be NULL */
	/*
	 * For tests: called at each scheduling point; and when all threads have stopped, before the map is checked
	 * (@clean: at the end of a round). NULL: nothing.
	 */
	void (*on_point)(struct world_thread *t);
	void (*before_check)(vm_map_t map, bool clean);
};

enum stress_end {
	STRESS_OK = 0,
	STRESS_BROKEN = 1, /* an invariant, the book, or an assertion */
	STRESS_USAGE = 2,  /* also: no memory, no threads */
	STRESS_HANG = 3,
};

/* What the threads have done so far, summed up. */
struct stress_counts {
	/* How often an operation had a result: by KERN_* code, or 0 and 1 for FALSE and TRUE. */
	uint64_t nr[VM_OP_CODE_MAX + 1][VM_KERN_COUNT];
	uint64_t edges[VM_EDGE_COUNT];  /* passed by operations that gave KERN_INVALID_ADDRESS, and of that code */
	uint64_t waits[WORLD_CHANNELS]; /* by VM_WAITQ_* */
	uint64_t wakeups;
	uint64_t nr_ops;              /* finished, drains included */
	uint64_t least_ops, most_ops; /* of one thread */
};

struct stress_result {
	enum stress_end end;
	char broken[160];          /* STRESS_BROKEN, STRESS_HANG: what */
	char window[PATH_MAX];     /* the file that the window was written to, "": none */
	uint64_t rounds;           /* checked */
	uint64_t stops;            /* checks in the middle of a round */
	double seconds;            /* that the threads ran for, checks included */
	bool interrupted;          /* by SIGINT, SIGTERM or SIGHUP */
	long rss_first_kb, rss_kb; /* the most memory that the process had, after a second and at the end */
	struct stress_counts counts;
};

void stress_config_default(struct stress_config *config);
/*
 * Runs. On STRESS_HANG says on standard error where each thread is; then, and on STRESS_BROKEN found in the middle of a
 * round, the threads are still there, so the process should end. A panic writes the window and ends the process.
 * SIGINT, SIGTERM and, unless it is ignored, SIGHUP end a run early; a second one ends the process.
 */
enum stress_end stress_run(const struct stress_config *config, struct stress_result *result);

#endif
