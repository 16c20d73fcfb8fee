/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - what a stress run found, on standard output: for people, or as one JSON object. */
#ifndef STRESS_REPORT_H
#define STRESS_REPORT_H

#include "stress/runner.h"

struct json_t;

void stress_report_text(const struct stress_config *config, const struct stress_result *result, const char *repeat);
/* False: no memory, or standard output cannot be written. */
bool stress_report_json(const struct stress_config *config, const struct stress_result *result, const char *repeat);

/* Objects: how many operations gave KERN_INVALID_ADDRESS by each edge; how often threads slept, by channel. */
struct json_t *report_json_edges(const struct stress_counts *counts);
struct json_t *report_json_waits(const struct stress_counts *counts);

#endif
