/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runner.h - a stress run: real threads on one map of the engine, which is checked repeatedly.
 *
 * A run consists of rounds. In a round, each thread does some operations, which seed, round and thread determine, then
 * drains its ledger (workload.h explains why every round ends). When all threads are done, the map is checked and saved
 * as the last good one. The next round goes on with this map, or now and then with an empty one. The hardware decides
 * the interleaving.
 *
 * Within a round, the runner stops the world every check_ms (world.h) and checks the map in the middle of operations.
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
#define STRESS_MAP_MIN 16     /* the map's first page */
#define STRESS_GROWSIZE 2     /* pages by which stacks grow; a map is small */
#define STRESS_RESET_OPS 5000 /* after this many operations per thread, the next round starts with an empty map */
#define STRESS_ROUND_OPS 24   /* the default: as many as a window can hold (history.h), with drains */
#define STRESS_ROUND_PAGES                                                                                             \
	256 /* above this size rounds are longer, so that checking all pages is not most of the work */

struct stress_config {
	unsigned threads;
	unsigned seconds; /* the run ends after these; 0: no limit */
	uint64_t ops;     /* the run ends after this many per thread; 0: no limit. One of the two limits must be set. */
	uint64_t round_ops; /* operations per thread and round; 0: STRESS_ROUND_OPS, more in large maps */
	uint64_t seed;
	uint64_t pages;   /* of the map */
	uint64_t frames;  /* page frames; 0: the mix's value */
	unsigned overlap; /* percent of the operations that may be anywhere in the map, not only in the thread's part */
	struct vm_profile profile;
	unsigned chaos;        /* percent of the scheduling points and wakeups at which a thread yields */
	unsigned check_ms;     /* period of stops and checks; 0: only at the ends of rounds */
	unsigned hang_s;       /* a run without a finished operation for this long is hung */
	bool live;             /* print a line on standard error each second */
	bool live_json;        /* as a JSON object */
	enum vm_mutant mutant; /* the bug that is put back; mutant build only */
	struct workload_mix mix;
	/* The file for the window of a failure (history.h); if it exists, a number is added. NULL: no window. */
	const char *window;
	const char *repeat; /* the command that repeats the run, for the window; may be NULL */
	/*
	 * For tests, or NULL: called at each scheduling point; and when all threads have stopped, before the map is
	 * checked (@clean: at the end of a round).
	 */
	void (*on_point)(struct world_thread *t);
	void (*before_check)(vm_map_t map, bool clean);
};

enum stress_end {
	STRESS_OK = 0,
	STRESS_BROKEN = 1, /* an invariant, the book, or an assertion fails */
	STRESS_USAGE = 2,  /* also: out of memory, or threads cannot be started */
	STRESS_HANG = 3,
};

/* Sums of what the threads have done so far. */
struct stress_counts {
	/* How often each operation had each result: a KERN_* code, or 0 and 1 for FALSE and TRUE. */
	uint64_t nr[VM_OP_CODE_MAX + 1][VM_KERN_COUNT];
	uint64_t edges[VM_EDGE_COUNT]; /* edges with code KERN_INVALID_ADDRESS, passed by operations that returned it */
	uint64_t waits[VM_CHANNEL_COUNT]; /* by VM_CHANNEL_* */
	uint64_t wakeups;
	uint64_t nr_ops;              /* finished operations, with drains */
	uint64_t least_ops, most_ops; /* of one thread */
};

struct stress_result {
	enum stress_end end;
	char broken[160];          /* STRESS_BROKEN, STRESS_HANG: the finding */
	char window[PATH_MAX];     /* the file of the window; "": none */
	uint64_t rounds;           /* checked */
	uint64_t stops;            /* checks in the middle of a round */
	double seconds;            /* run time of the threads, with checks */
	bool interrupted;          /* by SIGINT, SIGTERM or SIGHUP */
	long rss_first_kb, rss_kb; /* peak memory of the process after one second, and at the end */
	struct stress_counts counts;
};

void stress_config_default(struct stress_config *config);
/*
 * Runs the threads until a limit or a finding. On STRESS_HANG, prints on standard error where each thread is. After a
 * hang, and after a finding in the middle of a round, the threads still exist, so the process should end. A panic
 * writes the window and ends the process. SIGINT, SIGTERM and, unless ignored, SIGHUP end a run early; a second signal
 * ends the process.
 */
enum stress_end stress_run(const struct stress_config *config, struct stress_result *result);

#endif
