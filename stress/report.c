/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - see report.h. */
#include "stress/report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"

#define PREFIX_LEN 5 /* "KERN_" */

static const char *const end_words[] = {
	[STRESS_OK] = "ok",
	[STRESS_BROKEN] = "broken",
	[STRESS_USAGE] = "usage",
	[STRESS_HANG] = "hang",
};

static bool
report_is_bool(unsigned code)
{
	return vm_op_table[code].result == VM_RESULT_BOOL;
}

static uint64_t
report_sum_op(const struct stress_counts *counts, unsigned code)
{
	uint64_t sum = 0;

	for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
		sum += counts->nr[code][kern];
	return sum;
}

/* Has any operation with a KERN_ result returned this code? */
static bool
report_kern_occurs(const struct stress_counts *counts, unsigned kern)
{
	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
		if (!report_is_bool(code) && counts->nr[code][kern] > 0)
			return true;
	return false;
}

/* Prints one row of the table, with a column for each code that occurs, as wide as its name. */
static void
report_print_row(const struct stress_counts *counts, unsigned code)
{
	printf("%-10s %12" PRIu64, vm_op_table[code].name, report_sum_op(counts, code));
	if (report_is_bool(code)) {
		printf("  TRUE %" PRIu64 ", FALSE %" PRIu64 "\n", counts->nr[code][1], counts->nr[code][0]);
		return;
	}
	for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++) {
		int width = (int)strlen(vm_kern_name((int)kern)) - PREFIX_LEN;

		if (width < 9)
			width = 9;
		if (!report_kern_occurs(counts, kern))
			continue;
		if (counts->nr[code][kern] > 0)
			printf("  %*" PRIu64, width, counts->nr[code][kern]);
		else
			printf("  %*s", width, "-");
	}
	putchar('\n');
}

static void
report_print_table(const struct stress_counts *counts)
{
	printf("%-10s %12s", "operation", "finished");
	for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
		if (report_kern_occurs(counts, kern))
			printf("  %9s", vm_kern_name((int)kern) + PREFIX_LEN);
	putchar('\n');
	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
		if (report_sum_op(counts, code) > 0)
			report_print_row(counts, code);
}

/* Prints the edges of KERN_INVALID_ADDRESS, most frequent first. */
static void
report_print_edges(const struct stress_counts *counts)
{
	uint64_t below = UINT64_MAX;

	for (;;) {
		uint64_t next = 0;

		for (unsigned edge = 0; edge < VM_EDGE_COUNT; edge++)
			if (counts->edges[edge] < below && counts->edges[edge] > next)
				next = counts->edges[edge];
		if (next == 0)
			return;
		for (unsigned edge = 0; edge < VM_EDGE_COUNT; edge++)
			if (counts->edges[edge] == next)
				printf("INVALID_ADDRESS by %-22s %12" PRIu64 "\n", vm_edge_table[edge].name, next);
		below = next;
	}
}

static void
report_print_figures(const struct stress_config *config, const struct stress_result *result)
{
	const struct stress_counts *c = &result->counts;

	for (unsigned i = VM_CHANNEL_NONE + 1; i < VM_CHANNEL_COUNT; i++)
		printf("%s%" PRIu64 "%s for %s", i == VM_CHANNEL_NONE + 1 ? "slept " : ", ", c->waits[i],
		    i == VM_CHANNEL_NONE + 1 ? " times" : "", vm_channel_table[i].cause);
	printf("; %" PRIu64 " wakeups\n", c->wakeups);
	printf("%" PRIu64
	       " operations by %u thread%s in %.1f s, %.3f M/s; the busiest thread did %.2f times the work of "
	       "the slowest\n",
	    c->nr_ops, config->threads, plural(config->threads), result->seconds,
	    (double)c->nr_ops / result->seconds / 1e6,
	    (double)c->most_ops / (double)(c->least_ops > 0 ? c->least_ops : 1));
	printf("checked after %" PRIu64 " round%s and at %" PRIu64
	       " stop%s; memory %ld kB, after the first second %ld kB%s\n",
	    result->rounds, plural(result->rounds), result->stops, plural(result->stops), result->rss_kb,
	    result->rss_first_kb, result->interrupted ? "; interrupted" : "");
}

void
stress_report_text(const struct stress_config *config, const struct stress_result *result, const char *repeat)
{
	assert(repeat != NULL);
	report_print_table(&result->counts);
	report_print_edges(&result->counts);
	report_print_figures(config, result);
	switch (result->end) {
	case STRESS_OK:
		printf("ok: nothing is broken\n");
		break;
	case STRESS_BROKEN:
		printf("BROKEN: %s\n", result->broken);
		break;
	case STRESS_HANG:
		printf("HUNG: %s; standard error says which thread waits for which\n", result->broken);
		break;
	case STRESS_USAGE:
		break;
	}
	if (result->window[0] != '\0')
		printf("window: %s\n", result->window);
	printf("repeat with: %s\n", repeat);
	fflush(stdout);
}

json_t *
report_json_edges(const struct stress_counts *counts)
{
	json_t *o = json_object();

	for (unsigned edge = 0; edge < VM_EDGE_COUNT; edge++)
		if (counts->edges[edge] > 0)
			json_object_set_new(o, vm_edge_table[edge].name, json_integer((json_int_t)counts->edges[edge]));
	return o;
}

json_t *
report_json_waits(const struct stress_counts *counts)
{
	json_t *all = json_object();

	for (unsigned i = VM_CHANNEL_NONE + 1; i < VM_CHANNEL_COUNT; i++)
		json_object_set_new(all, vm_channel_table[i].name, json_integer((json_int_t)counts->waits[i]));
	return all;
}

/* {"wire": {"KERN_SUCCESS": 12, ...}, ...} */
static json_t *
report_json_counts(const struct stress_counts *counts)
{
	json_t *all = json_object();

	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++) {
		json_t *one;

		if (vm_op_table[code].name == NULL)
			continue;
		one = json_object();
		for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++) {
			const char *name =
			    report_is_bool(code) ? (kern == 0 ? "FALSE" : "TRUE") : vm_kern_name((int)kern);

			if (counts->nr[code][kern] > 0)
				json_object_set_new(one, name, json_integer((json_int_t)counts->nr[code][kern]));
		}
		json_object_set_new(all, vm_op_table[code].name, one);
	}
	return all;
}

/* A run's data besides its counts. */
static json_t *
report_json_run(const struct stress_config *config, const struct stress_result *result, const char *repeat)
{
	const struct stress_counts *c = &result->counts;

	return json_pack("{s:s, s:o, s:s, s:i, s:I, s:o, s:f, s:I, s:I, s:I, s:f, s:b, s:I, s:I, s:i, s:i}", "result",
	    end_words[result->end], "repeat", json_text(repeat), "profile", vm_profile_table[config->profile.base].name,
	    "threads", (int)config->threads, "pages", (json_int_t)config->pages, "seed", json_count(config->seed),
	    "seconds", result->seconds, "rounds", (json_int_t)result->rounds, "stops", (json_int_t)result->stops,
	    "operations", (json_int_t)c->nr_ops, "operations_per_second", (double)c->nr_ops / result->seconds,
	    "interrupted", result->interrupted, "least_operations_of_a_thread", (json_int_t)c->least_ops,
	    "most_operations_of_a_thread", (json_int_t)c->most_ops, "memory_first_kb", (int)result->rss_first_kb,
	    "memory_kb", (int)result->rss_kb);
}

bool
stress_report_json(const struct stress_config *config, const struct stress_result *result, const char *repeat)
{
	json_t *o = report_json_run(config, result, repeat);

	assert(repeat != NULL);
	if (o == NULL)
		return false;
	json_object_set_new(o, "counts", report_json_counts(&result->counts));
	json_object_set_new(o, "invalid_address_by_edge", report_json_edges(&result->counts));
	json_object_set_new(o, "waits", report_json_waits(&result->counts));
	json_object_set_new(o, "wakeups", json_integer((json_int_t)result->counts.wakeups));
	if (result->end == STRESS_BROKEN || result->end == STRESS_HANG)
		json_object_set_new(o, "broken", json_text(result->broken));
	if (result->window[0] != '\0')
		json_object_set_new(o, "window", json_text(result->window));
	json_print("stress", o, JSON_INDENT(1), stdout);
	return fflush(stdout) == 0;
}
