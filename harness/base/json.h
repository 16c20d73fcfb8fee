/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.h - what all JSON output has in common. docs/json.md lists every field, and a test compares the two.
 *
 * A number that may pass 2^53 (a count of schedules, a seed) is a string, because many JSON readers have only doubles.
 */
#ifndef HARNESS_BASE_JSON_H
#define HARNESS_BASE_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Raise it when a field is removed, or changes its type or meaning. A new field does not change it. */
#define JSON_VERSION 1

/* @text as a JSON string. Text that is not UTF-8 is escaped first (escape.h). */
json_t *json_text(const char *text);
json_t *json_count(uint64_t count);
/*
 * Writes @fields to @f as one object of @command with a line end, and frees it. Ends the program if @fields is NULL (no
 * memory). Write errors are reported at the end of the program. @flags are jansson's.
 */
void json_print(const char *command, json_t *fields, size_t flags, FILE *f);

#endif
