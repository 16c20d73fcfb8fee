/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - what a stress run found, on standard output: for people, or as one JSON object. */
#ifndef STRESS_REPORT_H
#define STRESS_REPORT_H

#include "stress/runner.h"

void stress_report_text(const struct stress_config *config, const struct stress_result *result, const char *repeat);
/* False: no memory, or standard output cannot be written. */
bool stress_report_json(const struct stress_config *config, const struct stress_result *result, const char *repeat);

#endif
