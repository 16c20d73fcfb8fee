/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * member.h - the threads of a stress run: the structs that runner-loop.c, hang.c and live.c share.
 *
 * A member writes only its own struct. Fields that other threads read while it runs are relaxed atomics. They read the
 * other fields when all members have stopped, or, to report a hang, by functions that ThreadSanitizer does not see.
 */
#ifndef STRESS_MEMBER_H
#define STRESS_MEMBER_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "stress/book.h"
#include "stress/history.h"
#include "stress/runner.h"
#include "stress/workload.h"
#include "stress/world.h"

struct stress_run;

struct member {
	struct world_thread world; /* first, because it is aligned */
	struct stress_run *run;
	struct workload workload;
	struct vm_op op;   /* the running operation; code VM_OP_INVALID: none */
	uint64_t nr_quota; /* operations in this round, without drains */
	const char *broken;
	struct history history;
	pthread_t pthread;
	_Atomic uint32_t began_ms; /* start of the running operation, on the run's clock */
	_Atomic uint64_t nr_done;
	_Atomic uint64_t nr[VM_OP_CODE_MAX + 1][VM_KERN_COUNT];
	_Atomic uint64_t edges[VM_EDGE_COUNT];
};

struct stress_run {
	struct stress_config config;
	struct program_config program; /* the same in a program's form */
	vm_map_t map;
	struct vm_poison *poison;
	struct world world;
	struct book book;
	struct history_base base;
	struct member *members;
	struct stress_result *result;
	_Atomic uint32_t clock_ms; /* updated each tick: a clock that is cheap to read */
	atomic_bool stop;          /* this round is the last, and ends early */

	/* Rounds. The last member to end a round writes these. */
	uint64_t round;
	uint64_t reset_round; /* the last round that started with an empty map */
	_Atomic uint32_t round_number;
	_Atomic unsigned nr_arrived;
	_Atomic uint32_t over;

	/* Of the main thread. */
	struct vm_thread main_td;
	struct timespec began;
	uint64_t seen_done; /* operations done at the last progress */
	double seen_at;     /* world_watched() at the last progress */
	double checked_at;
	unsigned seen_second; /* second of the last live line */
};

/* Sums up the members' counts. */
void member_sum(struct stress_run *run, struct stress_counts *counts);

/* hang.c: prints on standard error which thread waits for which. @why is the first line. */
void hang_tell(struct stress_run *run, const char *why);
/* live.c: prints one line on standard error. */
void live_tell(struct stress_run *run, double seconds);
/* live.c: ends the last line. */
void live_end(struct stress_run *run);

#endif
