/* SPDX-License-Identifier: BSD-2-Clause */
/* junit.h - a test report in JUnit XML, which CI systems read. */
#ifndef HARNESS_CLI_JUNIT_H
#define HARNESS_CLI_JUNIT_H

#include <stddef.h>

struct strbuf;

enum junit_end { JUNIT_PASSED, JUNIT_FAILURE, JUNIT_ERROR, JUNIT_SKIPPED };

struct junit_case {
	const char *name;
	enum junit_end end;
	double seconds;
	const char *text; /* the reason; its first line is the message */
};

/* Appends the report of these cases. Text from files is escaped (escape.h). */
void junit_print(const struct junit_case *cases, size_t nr, struct strbuf *out);

#endif
