/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress.h - the progress line of a long command, on standard error.
 *
 * On a terminal it is one line, first after 2 seconds and then each second; the next output replaces it. Elsewhere, and
 * on a terminal without escape sequences (TERM=dumb), it is a line every 10 seconds. The environment variable
 * WIRESTORM_PROGRESS sets both times in seconds; 0 prints a line whenever it can.
 */
#ifndef HARNESS_BASE_PROGRESS_H
#define HARNESS_BASE_PROGRESS_H

#include <stdbool.h>

/* Does this file descriptor accept escape sequences? It is a terminal, and TERM is not "dumb". */
bool progress_escapes(int fd);
/* Starts the clock at the start of a command. Without this call, the first progress_due starts it. */
void progress_begin(void);
/* Is it time for a progress line? It reads a clock, so call it a few times a second, not at each step. */
bool progress_due(void);
/* Prints a progress line; the text has no line end. */
void progress_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Removes the progress line, if there is one. To be called before other output and at the end. */
void progress_erase(void);

#endif
