/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.h - what all JSON of the tool has in common. docs/json.md lists every field; a test compares.
 *
 * A number that may pass 2^53 (a count of schedules, a seed) is a string: many readers of JSON have only doubles.
 */
#ifndef HARNESS_BASE_JSON_H
#define HARNESS_BASE_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Raised when a field changes its type or its meaning, or goes; not when one is added. */
#define JSON_VERSION 1

/* @text as a string; if it is not UTF-8 it is escaped first (escape.h). */
json_t *json_text(const char *text);
json_t *json_count(uint64_t count);
/*
 * Writes @fields to @f as one object of @command, with a line end, and frees it. NULL: there was no memory to make it.
 * Whether it could be written is asked at the end of the program. @flags are jansson's.
 */
void json_print(const char *command, json_t *fields, size_t flags, FILE *f);

#endif
