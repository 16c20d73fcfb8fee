/* SPDX-License-Identifier: BSD-2-Clause */
/* show-words.h - text for renderings: characters, their width, and lines broken to a width. Private to
 * harness/show/show*.c.
 */
#ifndef HARNESS_SHOW_SHOW_WORDS_H
#define HARNESS_SHOW_SHOW_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at @text, of UTF-8, and its length; of what is no UTF-8 U+FFFD, one byte long. */
uint32_t show_char(const char *text, size_t *len);
/* Columns on a terminal. */
unsigned show_width(const char *text, size_t len);

/* A piece of a text: a line of at most some columns. */
struct show_line {
	const char *text;
	size_t len;
};
/*
 * The next line of *text, which moves on; false: that was all. Lines break at blanks, and within a word that is too
 * long. An empty text has one empty line.
 */
bool show_next_line(const char **text, unsigned width, struct show_line *line);

#endif
