/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - prints the result of a stress run on standard output, as text or as one JSON object. */
#ifndef STRESS_REPORT_H
#define STRESS_REPORT_H

#include "stress/runner.h"

struct json_t;

void stress_report_text(const struct stress_config *config, const struct stress_result *result, const char *repeat);
/* False: out of memory, or standard output cannot be written. */
bool stress_report_json(const struct stress_config *config, const struct stress_result *result, const char *repeat);

/*
 * Objects: the number of operations that returned KERN_INVALID_ADDRESS by each edge; the number of sleeps by channel.
 */
struct json_t *report_json_edges(const struct stress_counts *counts);
struct json_t *report_json_waits(const struct stress_counts *counts);

#endif
