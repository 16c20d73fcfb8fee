/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - what the hot paths cost. A bench is a function and one line in benches.def.
 *
 * Figures are of one run on one machine: compare ratios of figures of the same report, not reports.
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
	const char *corpus; /* explore, decode: where programs are */
};

struct bench_report {
	bool live; /* print each figure when it is there */
	size_t nr;
	struct bench_figure {
		const char *key; /* the JSON key, with its unit: "executions_per_s" */
		double value;
	} figures[BENCH_FIGURES_MAX];
};

void bench_figure(struct bench_report *r, const char *key, double value);
/* Processor seconds of this process: what else the machine does disturbs them least. */
static inline double
bench_now(void)
{
	return clock_processor_seconds(0);
}

#define BENCH(name, function, summary) int function(const struct bench_options *o, struct bench_report *r);
#include "tools/benches.def"
#undef BENCH

#endif
