/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - benches: what the hot paths cost. A bench is a function and one line in benches.def.
 *
 * Figures depend on the machine: compare ratios of figures in one report, not figures of two reports.
 */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/base.h"

#define BENCH_FIGURES_MAX 32

struct bench_options {
	unsigned threads, ops; /* sched */
	const char *strategy;  /* sched: the name of a strategy, or "explore" */
	double seconds;        /* about how long each measurement takes */
	uint64_t seed;
	const char *corpus; /* explore, reset: the directory of programs */
};

struct bench_report {
	bool live; /* print each figure when it is ready */
	size_t nr;
	struct bench_figure {
		const char *key; /* the JSON key, with its unit: "executions_per_s" */
		double value;
	} figures[BENCH_FIGURES_MAX];
};

void bench_figure(struct bench_report *r, const char *key, double value);
/* Processor seconds of this process, which other load on the machine disturbs least. */
static inline double
bench_now(void)
{
	return clock_processor_seconds(0);
}

#define BENCH(name, function, summary) int function(const struct bench_options *o, struct bench_report *r);
#include "tools/benches.def"
#undef BENCH

#endif
