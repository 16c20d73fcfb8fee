/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress.h - what a command that takes long says on standard error meanwhile.
 *
 * On a terminal it is one line, first after 2 seconds and then each second, which the next output replaces. Elsewhere,
 * and on a terminal that knows no escape sequences (TERM=dumb), it is a line each 10 seconds. The environment variable
 * WIRESTORM_PROGRESS is the number of seconds for both; 0: whenever there is something to say.
 */
#ifndef HARNESS_BASE_PROGRESS_H
#define HARNESS_BASE_PROGRESS_H

#include <stdbool.h>

/* May escape sequences go to that file descriptor? It is a terminal, and TERM is not "dumb". */
bool progress_escapes(int fd);
/* The command begins. Without it the first progress_due is the beginning. */
void progress_begin(void);
/* Is it time to say something? Reads a clock: several times a second is cheap enough, each step is not. */
bool progress_due(void);
/* Says it, without a line end. */
void progress_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Before other output, and at the end: takes the line away, if there is one. */
void progress_erase(void);

#endif
