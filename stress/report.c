/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - see report.h. */
#include "stress/report.h"

#include <jansson.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX_LEN 5 /* "KERN_" */

static const char *const end_words[] = {
	[STRESS_OK] = "ok",
	[STRESS_BROKEN] = "broken",
	[STRESS_USAGE] = "usage",
	[STRESS_HANG] = "hang",
};

static bool
is_bool(unsigned code)
{
	return vm_op_table[code].result == VM_RESULT_BOOL;
}

static uint64_t
sum_op(const struct stress_counts *counts, unsigned code)
{
	uint64_t sum = 0;

	for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
		sum += counts->nr[code][kern];
	return sum;
}

/* Does a KERN_ operation have this result anywhere? */
static bool
kern_occurs(const struct stress_counts *counts, unsigned kern)
{
	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
		if (!is_bool(code) && counts->nr[code][kern] > 0)
			return true;
	return false;
}

/* One row of the table; a column for each code that occurs, as wide as its name. */
static void
print_row(const struct stress_counts *counts, unsigned code)
{
	printf("%-10s %12" PRIu64, vm_op_table[code].name, sum_op(counts, code));
	if (is_bool(code)) {
		printf("  TRUE %" PRIu64 ", FALSE %" PRIu64 "\n", counts->nr[code][1], counts->nr[code][0]);
		return;
	}
	for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++) {
		int width = (int)strlen(vm_kern_name((int)kern)) - PREFIX_LEN;

		if (width < 9)
			width = 9;
		if (!kern_occurs(counts, kern))
			continue;
		if (counts->nr[code][kern] > 0)
			printf("  %*" PRIu64, width, counts->nr[code][kern]);
		else
			printf("  %*s", width, "-");
	}
	putchar('\n');
}

static void
print_table(const struct stress_counts *counts)
{
	printf("%-10s %12s", "operation", "finished");
	for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
		if (kern_occurs(counts, kern))
			printf("  %9s", vm_kern_name((int)kern) + PREFIX_LEN);
	putchar('\n');
	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
		if (sum_op(counts, code) > 0)
			print_row(counts, code);
}

void
stress_report_text(const struct stress_config *config, const struct stress_result *result, const char *repeat)
{
	if (result->end != STRESS_HANG)
		print_table(&result->counts);
	printf("%" PRIu64 " operations by %u threads in %.1f s, %.3f M/s, %" PRIu64 " rounds%s\n", result->nr_ops,
	    config->threads, result->seconds, (double)result->nr_ops / result->seconds / 1e6, result->rounds,
	    result->interrupted ? ", interrupted" : "");
	switch (result->end) {
	case STRESS_OK:
		printf("ok: checked after each round, nothing is broken\n");
		break;
	case STRESS_BROKEN:
		printf("BROKEN: %s\n", result->broken);
		break;
	case STRESS_HANG:
		printf("HUNG: see standard error\n");
		break;
	case STRESS_USAGE:
		break;
	}
	printf("repeat with: %s\n", repeat);
	fflush(stdout);
}

/* {"wire": {"KERN_SUCCESS": 12, ...}, ...} */
static json_t *
json_counts(const struct stress_counts *counts)
{
	json_t *all = json_object();

	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++) {
		json_t *one;

		if (vm_op_table[code].name == NULL)
			continue;
		one = json_object();
		for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++) {
			const char *name = is_bool(code) ? (kern == 0 ? "FALSE" : "TRUE") : vm_kern_name((int)kern);

			if (counts->nr[code][kern] > 0)
				json_object_set_new(one, name, json_integer((json_int_t)counts->nr[code][kern]));
		}
		json_object_set_new(all, vm_op_table[code].name, one);
	}
	return all;
}

bool
stress_report_json(const struct stress_config *config, const struct stress_result *result, const char *repeat)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:f, s:I, s:I, s:f, s:b, s:o}", "result",
	    end_words[result->end], "repeat", repeat, "profile", config->freebsd12 ? "freebsd12" : "strict", "threads",
	    (int)config->threads, "pages", (json_int_t)config->pages, "seed", (json_int_t)config->seed, "seconds",
	    result->seconds, "rounds", (json_int_t)result->rounds, "operations", (json_int_t)result->nr_ops,
	    "operations_per_second", (double)result->nr_ops / result->seconds, "interrupted", result->interrupted,
	    "counts", json_counts(&result->counts));
	bool written;

	if (o == NULL)
		return false;
	if (result->end == STRESS_BROKEN)
		json_object_set_new(o, "broken", json_string(result->broken));
	written = json_dumpf(o, stdout, JSON_INDENT(1)) == 0 && putchar('\n') != EOF && fflush(stdout) == 0;
	json_decref(o);
	return written;
}
