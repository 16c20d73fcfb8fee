/* SPDX-License-Identifier: BSD-2-Clause */
/* junit.h - a report of tests in the XML that CI systems read (JUnit's). */
#ifndef HARNESS_CLI_JUNIT_H
#define HARNESS_CLI_JUNIT_H

#include <stddef.h>

struct strbuf;

enum junit_end { JUNIT_PASSED, JUNIT_FAILURE, JUNIT_ERROR, JUNIT_SKIPPED };

struct junit_case {
	const char *name;
	enum junit_end end;
	double seconds;
	const char *text; /* why; its first line is the message */
};

/* Appends the report of these cases. What a file brings is escaped (escape.h). */
void junit_print(const struct junit_case *cases, size_t nr, struct strbuf *out);

#endif
