/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live.c - progress of a run on standard error, each second: on a terminal one line that the next one replaces,
 * elsewhere one JSON object per line.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "stress/member.h"
#include "stress/report.h"

static uint64_t
live_sum_code(const struct stress_counts *counts, unsigned kern)
{
	uint64_t sum = 0;

	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
		if (vm_op_table[code].name != NULL && vm_op_table[code].result != VM_RESULT_BOOL)
			sum += counts->nr[code][kern];
	return sum;
}

/* The most frequent edge of KERN_INVALID_ADDRESS; VM_EDGE_COUNT: there was none. */
static enum vm_edge
live_top_edge(const struct stress_counts *counts)
{
	enum vm_edge top = VM_EDGE_COUNT;

	for (unsigned edge = 0; edge < VM_EDGE_COUNT; edge++)
		if (counts->edges[edge] > 0 && (top == VM_EDGE_COUNT || counts->edges[edge] > counts->edges[top]))
			top = (enum vm_edge)edge;
	return top;
}

static void
live_tell_line(const struct stress_counts *c, double seconds)
{
	double all = (double)(c->nr_ops > 0 ? c->nr_ops : 1) / 100;
	enum vm_edge top = live_top_edge(c);

	escape_erase_line();
	fprintf(stderr, "%4.0f s %7.3f M/s  ok %.0f%%  INVALID_ADDRESS %.0f%%", seconds,
	    (double)c->nr_ops / seconds / 1e6, (double)live_sum_code(c, KERN_SUCCESS) / all,
	    (double)live_sum_code(c, KERN_INVALID_ADDRESS) / all);
	if (top != VM_EDGE_COUNT)
		fprintf(stderr, " (%s %.0f%%)", vm_edge_table[top].name, (double)c->edges[top] / all);
	fputs("  waits", stderr);
	for (unsigned i = VM_CHANNEL_NONE + 1; i < VM_CHANNEL_COUNT; i++)
		fprintf(stderr, " %s %" PRIu64, vm_channel_table[i].letter, c->waits[i]);
	fprintf(stderr, "  wakeups %" PRIu64, c->wakeups);
}

static void
live_tell_json(const struct stress_counts *c, double seconds)
{
	json_t *codes = json_object(), *o;

	for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
		if (live_sum_code(c, kern) > 0)
			json_object_set_new(
			    codes, vm_kern_name((int)kern), json_integer((json_int_t)live_sum_code(c, kern)));
	o = json_pack("{s:b, s:f, s:I, s:f, s:o, s:o, s:o, s:I}", "live", true, "seconds", seconds, "operations",
	    (json_int_t)c->nr_ops, "operations_per_second", (double)c->nr_ops / seconds, "codes", codes,
	    "invalid_address_by_edge", report_json_edges(c), "waits", report_json_waits(c), "wakeups",
	    (json_int_t)c->wakeups);
	json_print("stress", o, JSON_COMPACT | JSON_REAL_PRECISION(6), stderr);
}

void
live_tell(struct stress_run *run, double seconds)
{
	struct stress_counts counts;

	assert(seconds > 0);
	member_sum(run, &counts);
	if (run->config.live_json)
		live_tell_json(&counts, seconds);
	else
		live_tell_line(&counts, seconds);
}

void
live_end(struct stress_run *run)
{
	if (!run->config.live_json && run->seen_second > 0)
		fputc('\n', stderr);
}
