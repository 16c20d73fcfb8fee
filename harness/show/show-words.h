/* SPDX-License-Identifier: BSD-2-Clause */
/* show-words.h - text for pictures: characters, their width, and breaking lines. Private to show*.c. */
#ifndef HARNESS_SHOW_SHOW_WORDS_H
#define HARNESS_SHOW_SHOW_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The UTF-8 character at @text, and its length; U+FFFD with length 1 if the byte starts no character. */
uint32_t show_char(const char *text, size_t *len);
/* Width in columns on a terminal. */
unsigned show_width(const char *text, size_t len);

/* A line of text, at most some columns wide. */
struct show_line {
	const char *text;
	size_t len;
};
/*
 * Takes the next line of *text, and advances *text. False: no more. Lines break at blanks, and within a word that is
 * too long. An empty text has one empty line.
 */
bool show_next_line(const char **text, unsigned width, struct show_line *line);

#endif
