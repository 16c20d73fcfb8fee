/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * member.h - the threads of a stress run from the inside: what runner.c, hang.c and live.c share.
 *
 * A member writes to its own struct only. What others read while it runs is atomic and relaxed; the rest they read when
 * all have stopped, or, to tell of a hang, by functions that ThreadSanitizer does not see.
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
	struct world_thread world; /* first: it is aligned */
	struct stress_run *run;
	struct workload workload;
	struct vm_op op;   /* under way; code VM_OP_INVALID: none */
	uint64_t nr_quota; /* operations in this round, drains not counted */
	const char *broken;
	struct history history;
	pthread_t pthread;
	_Atomic uint32_t began_ms; /* on the run's clock: the operation under way */
	_Atomic uint64_t nr_done;
	_Atomic uint64_t nr[VM_OP_CODE_MAX + 1][VM_KERN_COUNT];
	_Atomic uint64_t edges[VM_EDGE_COUNT];
};

struct stress_run {
	struct stress_config config;
	struct program_config program; /* the same as a program has it */
	vm_map_t map;
	struct vm_poison *poison;
	struct world world;
	struct book book;
	struct history_base base;
	struct member *members;
	struct stress_result *result;
	_Atomic uint32_t clock_ms; /* moved each tick: a clock that costs nothing to read */
	atomic_bool stop;          /* the round is the last, and ends early */

	/* rounds: written by the last member to arrive */
	uint64_t round;
	uint64_t reset_round; /* that began with an empty map */
	_Atomic uint32_t round_number;
	_Atomic unsigned nr_arrived;
	_Atomic uint32_t over;

	/* the main thread's */
	struct vm_thread main_td;
	struct timespec began;
	uint64_t seen_done; /* at the last progress */
	double seen_at;     /* world_watched */
	double checked_at;
	unsigned seen_second; /* of the last live line */
};

/* Sums up what the members have done so far. */
void member_sum(struct stress_run *run, struct stress_counts *counts);

/* hang.c: says on standard error who waits for whom. @why is the first line. */
void hang_tell(struct stress_run *run, const char *why);
/* live.c: one line on standard error. */
void live_tell(struct stress_run *run, double seconds);
/* The same for the last time: ends the line. */
void live_end(struct stress_run *run);

#endif
